"""The pitch of speech, mora by mora: what an accent is to the ear."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading_resolver import resolve_reading
from tts_assets.model import SpokenForm, split_morae

#: Mei's voice stays between these.
LOWEST_HZ, HIGHEST_HZ = 120.0, 700.0
_STEP_SECONDS = 0.005
#: Frames whose autocorrelation stays below are voiceless (Praat's voicing threshold).
_VOICED = 0.45
#: How much a candidate must gain for each octave that it lies lower (Praat's octave cost).
_OCTAVE_COST = 0.01
#: Quieter than this part of the peak is silence.
_SILENCE = 0.01
BOUND = frozenset("ンッー")
_SOUND_AND_MORA = re.compile(r"-([a-zA-Z]+)\+.*/A:[-\d]+\+(\d+)\+.*/F:(\d+_\d+)#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Melody:
    """A word as the voice said it, with が behind it.

    Args:
        morae: its kana.
        accent: the accent that it was to have.
        hertz: the pitch of each mora and of が; nan where no vowel is voiced.
    """

    morae: tuple[str, ...]
    accent: int
    hertz: tuple[float, ...]


def melody(
    form: SpokenForm, dictionary: Dictionary, synthesiser: Any, *, half_tones: float = 0
) -> Melody:
    """The pitch of each mora of a word, said within 「…がある」.

    が makes a fall after the last mora heard, and ある keeps the fall that ends every utterance away
    from it. The pitch of a mora is the median over the second half of its vowel: in Tokyo the peak
    comes late, often only in the mora after the accent (M. Sugito's ososagari).

    Args:
        form: the word.
        dictionary: which reads it.
        synthesiser: which says it.
        half_tones: by how many it is set higher than Mei's voice.
    """
    assert form.accent is not None
    assert form.reading is not None
    subject = SpokenForm(text=f"{form.text}が", reading=f"{form.reading}ガ", accent=form.accent)
    nodes = [*resolve_reading(subject, dictionary).parts[0], *dictionary.analyze_best("ある")]
    labels = dictionary.make_labels(nodes)
    samples = synthesiser.synthesize(labels)
    track = pitch(samples, synthesiser.get_sampling_frequency(), half_tones=half_tones)
    hertz = [
        _median(track[round((begin + end) / 2 / _STEP_SECONDS) : round(end / _STEP_SECONDS)])
        for begin, end in _last_sounds(labels, synthesiser)
    ]
    return Melody(
        morae=tuple(split_morae(form.reading)),
        accent=form.accent,
        hertz=tuple(hertz[: -len("アル")]),
    )


def accents(reading: str) -> list[int]:
    """The accents that a word can have: ン, ッ and ー are part of a syllable, and carry none."""
    return [0, *(place for place, mora in enumerate(split_morae(reading), 1) if mora not in BOUND)]


def difference(one: Melody, other: Melody) -> float:
    """By how many semitones two melodies of the same kana differ as their accents ask for.

    Only accent 1 begins high; else the pitch of が tells, which is the lower the earlier the fall.
    It also tells in words such as 電話, as a long first syllable begins high with any accent (J.
    Pierrehumbert and M. Beckman, Japanese Tone Structure, 1988). Below 0 they differ the wrong way round; nan where the
    mora that tells is devoiced.
    """
    earlier, later = sorted((one, other), key=lambda melody: melody.accent or len(melody.hertz))
    if earlier.accent == 1 and earlier.morae[1] not in BOUND:
        return _semitones(later.hertz[0], earlier.hertz[0])
    return _semitones(earlier.hertz[-1], later.hertz[-1])


def pitch(
    samples: NDArray[np.floating[Any]], rate_hz: int, *, half_tones: float = 0
) -> NDArray[np.float64]:
    """The fundamental frequency every 5 ms, in Hz; nan where nothing is voiced.

    Autocorrelation of a windowed frame over that of its window, as P. Boersma describes it:
    "Accurate short-term analysis of the fundamental frequency" (IFA Proceedings 17, 1993).

    Args:
        samples: shape (n,).
        rate_hz: samples per second.
        half_tones: by how many the voice is higher than Mei's.
    """
    lowest, highest = (hertz * 2 ** (half_tones / 12) for hertz in (LOWEST_HZ, HIGHEST_HZ))
    size = int(3 / lowest * rate_hz)
    # A frame's time is that of its middle.
    padded = np.concatenate([np.zeros(size // 2), samples, np.zeros(size)])
    starts = np.arange(0, len(samples), int(_STEP_SECONDS * rate_hz))
    frames = padded[starts[:, None] + np.arange(size)]
    window = np.hanning(size)
    power = np.abs(np.fft.rfft((frames - frames.mean(1, keepdims=True)) * window, 2 * size)) ** 2
    own = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * size)) ** 2)[:size]
    found = np.fft.irfft(power)[:, :size]
    quiet = np.sqrt((frames**2).mean(1)) < _SILENCE * np.abs(samples).max()
    lags = np.arange(int(rate_hz / highest), int(rate_hz / lowest) + 1)
    loudness = np.where(quiet, 1.0, found[:, 0])[:, None]
    strength = (found[:, lags] / loudness) / (own[lags] / own[0])
    best = np.argmax(strength - _OCTAVE_COST * np.log2(lags / lags[0]), axis=1)
    voiced = (strength[np.arange(len(best)), best] > _VOICED) & ~quiet
    return np.where(voiced, rate_hz / lags[best], np.nan)


def _last_sounds(labels: Sequence[str], synthesiser: Any) -> list[tuple[float, float]]:
    """Where the last sound of each mora begins and ends, in seconds.

    The voice tells no times; but how long it makes a sound depends on that sound's label alone.
    """
    rate_hz = synthesiser.get_sampling_frequency()
    lengths = [len(synthesiser.synthesize([label])) / rate_hz for label in labels]
    last: dict[tuple[str, str], tuple[float, float]] = {}
    end = 0.0
    for label, length in zip(labels, lengths, strict=True):
        begin, end = end, end + length
        sound = _SOUND_AND_MORA.search(label)
        if sound is not None:
            last[sound[3], sound[2]] = (begin, end)
    return list(last.values())


def _median(track: NDArray[np.float64]) -> float:
    voiced = track[~np.isnan(track)]
    return float(np.median(voiced)) if len(voiced) else float("nan")


def _semitones(low: float, high: float) -> float:
    return float(12 * np.log2(high / low))
