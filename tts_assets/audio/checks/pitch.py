"""How high a voice is at each moment: its fundamental frequency, by autocorrelation."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soxr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tts_assets.model import Samples


#: What is heard of a voice's pitch lies far below half of this.
_RATE_HZ = 8_000
_STEP = 80


#: A voice whose median is lower is a man's: Kokoro's jm_kumo has 74 to 108 Hz. Its sentences end in
#: creak of 45 to 70 Hz, which lasts for up to 0.4 s.
_LOW_VOICE_HZ = 150.0


#: Longer frames see no more than shorter ones above this.
_CREAK_HZ = 80.0


#: Frames whose autocorrelation stays below are voiceless; Praat's threshold is 0.45.
_VOICED = 0.55


#: What a candidate must gain for each octave that it lies lower; Praat's cost is 0.01.
_OCTAVE_COST = 0.1


#: Quieter than the loudest frame by more than this, it is an echo or noise.
_QUIET_DB = -32.0


#: Pitch that is heard for less than this many frames, or jumps by so many octaves, is an error.
_LEAST_FRAMES = 4
_JUMP_OCTAVES = 0.2


#: Frames that are looked at at once: more do not fit into a processor's cache.
_AT_ONCE = 256
NO_PITCH: NDArray[np.float32] = np.empty(0, dtype=np.float32)


class _Search(NamedTuple):
    """Where a pitch is searched.

    Args:
        lowest_hz: down to this; low men have 70, and less where they creak.
        highest_hz: up to this; women who call stay below 600.
        frame: samples of a frame: two periods of the lowest, and more of the others.
        transform: a frame and the longest lag, without wrapping around.
    """

    lowest_hz: float
    highest_hz: float
    frame: int
    transform: int


_USUAL = _Search(lowest_hz=70.0, highest_hz=600.0, frame=240, transform=360)
_LOW = _Search(lowest_hz=45.0, highest_hz=200.0, frame=400, transform=600)


class _Lags(NamedTuple):
    """What all frames have in common."""

    window: Samples
    lags: NDArray[np.intp]
    #: What the autocorrelation of each lag is divided by.
    own: Samples
    cost: Samples


def pitch(samples: Samples, rate_hz: int) -> NDArray[np.float32]:
    """The fundamental frequency every 10 ms, in Hz; nan where nothing is voiced.

    It is at least 70 Hz. Where the median is a man's, or nothing is voiced, longer frames are
    searched for the creak down to 45 Hz in which men end.

    Autocorrelation of a windowed frame over that of its window, as P. Boersma describes it:
    "Accurate short-term analysis of the fundamental frequency" (IFA Proceedings 17, 1993).

    Args:
        samples: shape (n,), any scale.
        rate_hz: samples per second.
    """
    low = samples if rate_hz == _RATE_HZ else soxr.resample(samples, rate_hz, _RATE_HZ, "LQ")
    if not low.size:
        return NO_PITCH
    hertz = _find_pitch(low, _USUAL)
    empty = np.isnan(hertz)
    if empty.all() or np.median(hertz[~empty]) < _LOW_VOICE_HZ:
        creak = _find_pitch(low, _LOW)
        return np.where(empty & (creak < _CREAK_HZ), creak, hertz)
    return hertz


def _find_pitch(low: Samples, search: _Search) -> NDArray[np.float32]:
    """The same, of samples at 8 kHz and with frames of one length."""
    count, frame = -(-low.size // _STEP), search.frame
    padded = np.zeros(count * _STEP + frame, dtype=np.float32)
    padded[frame // 2 :][: low.size] = low
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::_STEP][:count]
    parts = [frames[at : at + _AT_ONCE] for at in range(0, count, _AT_ONCE)]
    power = np.concatenate([_powers(part) for part in parts])
    loud = power > power.max() * 10 ** (_QUIET_DB / 10)
    # What is quiet is not searched: of short clips that is half.
    found = [
        _of_frames(part[loud[at * _AT_ONCE :][: len(part)]], search)
        for at, part in enumerate(parts)
    ]
    hertz = np.ones(count, dtype=np.float32)
    strength = np.zeros(count, dtype=np.float32)
    hertz[loud], strength[loud] = (np.concatenate(each) for each in zip(*found, strict=True))
    return np.where(_lasting(hertz, strength > _VOICED), hertz, np.float32(np.nan))


def _powers(frames: Samples) -> Samples:
    """The power of each frame beside its mean, shape (frames,)."""
    powers: Samples = (
        np.einsum("ij,ij->i", frames, frames) - frames.shape[1] * frames.mean(axis=1) ** 2
    )
    return powers


def _of_frames(frames: Samples, search: _Search) -> tuple[Samples, Samples]:
    """The likeliest frequency of each frame, and how periodic it is; shape (frames,)."""
    window, lags, own, cost = _lags(search)
    level = frames - frames.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(level * window, search.transform)
    correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, search.transform)
    energy = np.maximum(correlation[:, :1], np.finfo(np.float32).tiny)
    strength = correlation[:, lags] / energy / own
    best = np.argmax(strength - cost, axis=1)
    rows, inner = np.arange(len(frames)), np.clip(best, 1, lags.size - 2)
    left, top, right = (strength[rows, inner + shift] for shift in (-1, 0, 1))
    bend = np.minimum(left - 2 * top + right, -np.finfo(np.float32).eps)
    shift = np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    # The smallest lag is where noise has its maximum.
    found = np.where(best > 0, strength[rows, best], 0)
    return (_RATE_HZ / (lags[inner] + shift)).astype(np.float32), found


@cache
def _lags(search: _Search) -> _Lags:
    window = np.hanning(search.frame).astype(np.float32)
    own = np.fft.irfft(np.abs(np.fft.rfft(window, search.transform)) ** 2, search.transform)
    lags = np.arange(int(_RATE_HZ / search.highest_hz), int(_RATE_HZ / search.lowest_hz) + 1)
    cost = _OCTAVE_COST * np.log2(lags / lags[0])
    shares = (own[lags] / own[0]).astype(np.float32)
    return _Lags(window, lags, shares, cost.astype(np.float32))


def _lasting(hertz: Samples, voiced: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which frames are voiced, and belong to a stretch that lasts and does not jump."""
    octaves = np.log2(hertz)
    linked = voiced[1:] & voiced[:-1] & (np.abs(np.diff(octaves)) < _JUMP_OCTAVES)
    breaks = np.concatenate(([0], np.flatnonzero(~linked) + 1, [voiced.size]))
    lengths = np.diff(breaks)
    return voiced & np.repeat(lengths >= _LEAST_FRAMES, lengths)
