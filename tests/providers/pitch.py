"""The pitch of speech, mora by mora: what an accent is to the ear."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_assets.japanese.reading import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tts_assets.domain import SpokenForm
    from tts_assets.japanese.dictionary import Dictionary

#: Mei's voice is between these; half a frame more is needed for the slowest.
LOWEST_HZ, HIGHEST_HZ = 120.0, 500.0
_FRAME_SECONDS, _STEP_SECONDS = 3 / LOWEST_HZ, 0.005
#: Frames whose autocorrelation stays below are voiceless (Praat's voicing threshold).
_VOICED = 0.45
#: How much a candidate must gain for each octave that it lies lower (Praat's octave cost).
_OCTAVE_COST = 0.01
#: A fall of fewer semitones from one mora to the next is no accent but declination.
FALL_SEMITONES = 1.5
_MORA = re.compile(r"-([a-zA-Z]+)\+.*/A:[-\dx]+\+([\dx]+)\+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Melody:
    """What was heard of a phrase.

    Args:
        hertz: the pitch of each mora; nan for one without a voiced vowel.
        heard: the mora after which the pitch falls most; 0 if it falls nowhere.
    """

    hertz: tuple[float, ...]
    heard: int


def pitch(samples: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """The fundamental frequency every 5 ms, in Hz; nan where nothing is voiced.

    Autocorrelation of a windowed frame over that of its window, as P. Boersma describes it:
    "Accurate short-term analysis of the fundamental frequency" (IFA Proceedings 17, 1993).

    Args:
        samples: shape (n,).
        rate_hz: samples per second.
    """
    size = int(_FRAME_SECONDS * rate_hz)
    starts = np.arange(0, max(1, len(samples) - size), int(_STEP_SECONDS * rate_hz))
    frames = np.stack([np.resize(samples[start : start + size], size) for start in starts])
    window = np.hanning(size)
    power = np.abs(np.fft.rfft((frames - frames.mean(1, keepdims=True)) * window, 2 * size)) ** 2
    own = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * size)) ** 2)[:size]
    found = np.fft.irfft(power)[:, :size]
    loudest = np.maximum(found[:, :1], 1e-9 * np.abs(samples).max() ** 2 * size + 1e-12)
    lags = np.arange(int(rate_hz / HIGHEST_HZ), int(rate_hz / LOWEST_HZ) + 1)
    strength = (found[:, lags] / loudest) / (own[lags] / own[0])
    best = np.argmax(strength - _OCTAVE_COST * np.log2(lags / lags[0]), axis=1)
    quiet = np.sqrt((frames**2).mean(1)) < 0.01 * np.abs(samples).max()
    voiced = (strength[np.arange(len(best)), best] > _VOICED) & ~quiet
    return np.where(voiced, rate_hz / lags[best], np.nan)


def melody(form: SpokenForm, dictionary: Dictionary, synthesiser: Any) -> Melody:
    """The pitch of each mora of a form, as the voice says it."""
    labels = [label for nodes in guarded(form, dictionary).parts for label in dictionary.labels(nodes)]
    samples = synthesiser.synthesize(labels)
    rate_hz = synthesiser.get_sampling_frequency()
    track = pitch(samples, rate_hz)
    hertz = [
        _middle(track[int(begin / _STEP_SECONDS) : int(end / _STEP_SECONDS) + 1])
        for begin, end in _vowels(labels, synthesiser, rate_hz)
    ]
    return Melody(hertz=tuple(hertz), heard=_heard(hertz))


def _vowels(
    labels: Sequence[str], synthesiser: Any, rate_hz: int
) -> list[tuple[float, float]]:
    """Where the last sound of each mora begins and ends, in seconds from the first frame.

    The voice tells no times; but how long a sound is depends on its own label alone, and so the
    length of all before it is that of the labels cut off there.
    """
    ends = [len(synthesiser.synthesize(list(labels[: n + 1]))) / rate_hz for n in range(len(labels))]
    last: dict[str, tuple[float, float]] = {}
    for number, label in enumerate(labels):
        sound = _MORA.search(label)
        if sound is not None and sound[2] != "xx":
            last[sound[2]] = (ends[number - 1], ends[number])
    # A frame's time is that of its middle.
    shift = _FRAME_SECONDS / 2
    return [(begin - shift, end - shift) for begin, end in last.values()]


def _middle(track: NDArray[np.float64]) -> float:
    voiced = track[~np.isnan(track)]
    return float(np.median(voiced)) if len(voiced) else float("nan")


def _heard(hertz: Sequence[float]) -> int:
    """After which mora the pitch falls most; one without a voiced vowel is as the one before."""
    heights: list[float] = []
    for each in hertz:
        heights.append(each if not np.isnan(each) else heights[-1] if heights else float("nan"))
    falls = [
        12 * np.log2(before / after) for before, after in zip(heights, heights[1:], strict=False)
    ]
    most = int(np.nanargmax(falls)) if falls else 0
    return most + 1 if falls and falls[most] > FALL_SEMITONES else 0
