"""Measurements of a sound in one pass: levels, pitch by autocorrelation, silences."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soxr

from tts_assets.audio.level import compute_gated_lufs, measure_audible_powers, measure_block_powers
from tts_assets.audio.limiter import measure_true_peak
from tts_assets.audio.waveform import whole
from tts_assets.model import MAX_PEAK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tts_assets.model import Samples


_RATE_HZ = 8_000  #: the analysis rate: the pitch of voices is far below half of it
_STEP = 80

#: A voice with a lower median is male: Kokoro's jm_kumo has 74 to 108 Hz. Its sentences end in creak
#: of 45 to 70 Hz, for up to 0.4 s.
_LOW_VOICE_HZ = 150.0

_CREAK_HZ = 80.0  #: above this pitch, longer frames find no more than shorter ones
_VOICED = 0.55  #: frames with a lower autocorrelation are unvoiced; Praat's threshold is 0.45
_OCTAVE_COST = 0.1  #: the cost of a candidate for each octave that it is lower; Praat's is 0.01
_QUIET_DB = -32.0  #: frames that are quieter relative to the loudest are echo or noise

#: Pitch that lasts for fewer frames, or jumps by more octaves, is a detection error.
_LEAST_FRAMES = 4
_JUMP_OCTAVES = 0.2

_AT_ONCE = 256  #: frames processed at once: more do not fit into a processor's cache
NO_PITCH: NDArray[np.float32] = np.empty(0, dtype=np.float32)


class _Search(NamedTuple):
    """A range of pitch."""

    lowest_hz: float  #: low male voices reach 70, and less in creak
    highest_hz: float  #: calling female voices stay below 600
    frame: int  #: samples of a frame: two periods of the lowest pitch
    transform: int  #: the FFT size: a frame and the longest lag


_USUAL = _Search(lowest_hz=70.0, highest_hz=600.0, frame=240, transform=360)
_LOW = _Search(lowest_hz=45.0, highest_hz=200.0, frame=400, transform=600)


class _Lags(NamedTuple):
    """Constants of all frames; `own` is the autocorrelation of the window."""

    window: Samples
    lags: NDArray[np.intp]
    own: Samples
    cost: Samples


def find_median(values: NDArray[np.float32]) -> np.float32:
    """The median of some values; that of NumPy imports masked arrays, which takes 20 ms."""
    middle: np.float32 = np.sort(values)[(values.size - 1) // 2 : values.size // 2 + 1].mean()
    return middle


def pitch(samples: Samples, rate_hz: int) -> NDArray[np.float32]:
    """The fundamental frequency of samples of any scale every 10 ms, in Hz; nan where unvoiced.

    It is at least 70 Hz. If the median is that of a male voice, or nothing is voiced, longer frames are
    searched for creak down to 45 Hz.

    The autocorrelation of a windowed frame is divided by that of its window (P. Boersma,
    "Accurate short-term analysis of the fundamental frequency", IFA Proceedings 17, 1993).
    """
    low = samples if rate_hz == _RATE_HZ else soxr.resample(samples, rate_hz, _RATE_HZ, "LQ")
    if not low.size:
        return NO_PITCH
    hertz = _find_pitch(low, _USUAL)
    empty = np.isnan(hertz)
    if empty.all() or find_median(hertz[~empty]) < _LOW_VOICE_HZ:
        creak = _find_pitch(low, _LOW)
        return np.where(empty & (creak < _CREAK_HZ), creak, hertz)
    return hertz


def _find_pitch(low: Samples, search: _Search) -> NDArray[np.float32]:
    """The pitch of samples at 8 kHz, with frames of one length."""
    count, frame = -(-low.size // _STEP), search.frame
    padded = np.zeros(count * _STEP + frame, dtype=np.float32)
    padded[frame // 2 :][: low.size] = low
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::_STEP][:count]
    parts = [frames[at : at + _AT_ONCE] for at in range(0, count, _AT_ONCE)]
    power = np.concatenate([_powers(part) for part in parts])
    loud = power > power.max() * 10 ** (_QUIET_DB / 10)
    # Skip quiet frames, which are half of a short clip.
    found = [
        _estimate_frames(part[loud[at * _AT_ONCE :][: len(part)]], search)
        for at, part in enumerate(parts)
    ]
    hertz = np.ones(count, dtype=np.float32)
    strength = np.zeros(count, dtype=np.float32)
    hertz[loud], strength[loud] = (np.concatenate(each) for each in zip(*found, strict=True))
    return np.where(_keep_long_runs(hertz, strength > _VOICED), hertz, np.float32(np.nan))


def _powers(frames: Samples) -> Samples:
    """The power of each frame without its mean, shape (frames,)."""
    powers: Samples = (
        np.einsum("ij,ij->i", frames, frames) - frames.shape[1] * frames.mean(axis=1) ** 2
    )
    return powers


def _estimate_frames(frames: Samples, search: _Search) -> tuple[Samples, Samples]:
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
    # Noise has its maximum at the smallest lag.
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


def _keep_long_runs(hertz: Samples, voiced: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The voiced frames of runs that are long enough and do not jump."""
    octaves = np.log2(hertz)
    linked = voiced[1:] & voiced[:-1] & (np.abs(np.diff(octaves)) < _JUMP_OCTAVES)
    breaks = np.concatenate(([0], np.flatnonzero(~linked) + 1, [voiced.size]))
    lengths = np.diff(breaks)
    return voiced & np.repeat(lengths >= _LEAST_FRAMES, lengths)


HOP_SECONDS = 0.01  #: the resolution of measurements along the sound

#: Steps of loudness measured at once, and those repeated by the next measurement.
_STEPS_AT_ONCE, _STEPS_AGAIN = 200, 4
_STEPS_PER_SECOND = 10

_VOICE_SECONDS = 30  #: the pitch of the first seconds suffices to check the voice


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioMeasurements:
    """The measurements of a sound."""

    rate_hz: int  #: samples per second
    size: int  #: the number of samples
    strange: int  #: the number of samples that are not finite, or far over full scale
    mean: float  #: the mean of all samples
    peak_dbtp: float  #: the true peak, -inf for silence
    lufs: float  #: the integrated loudness, -inf for silence; nan if not measured
    powers: NDArray[np.float32]  #: mean square of each 10 ms, shape (hops,)
    peaks: NDArray[np.float32]  #: highest magnitude of each 10 ms, shape (hops,)
    beginning: Samples  #: the first 30 s
    hertz: NDArray[np.float32]  #: the pitch of the beginning every 10 ms, nan if unvoiced

    @property
    def seconds(self) -> float:
        return self.size / self.rate_hz


def measure_sound(
    blocks: Iterable[Samples], rate_hz: int, *, measure_level: bool
) -> AudioMeasurements:
    """Measure a sound in one pass with little memory.

    Args:
        blocks: mono samples, full scale at -1..1; all but the last of :func:`compute_block_size`.
        rate_hz: samples per second.
        measure_level: whether to measure loudness and true peak, which take the longest.
    """
    meter = _Meter(rate_hz=rate_hz, measure_level=measure_level)
    for block in blocks:
        meter.add(block)
    return meter.finish()


def compute_block_size(rate_hz: int) -> int:
    """The number of samples measured at once."""
    return _STEPS_AT_ONCE * round(rate_hz / _STEPS_PER_SECOND)


@dataclass(slots=True, kw_only=True)
class _Meter:
    """The state of a measurement."""

    rate_hz: int
    measure_level: bool
    size: int = 0
    strange: int = 0
    sum: float = 0.0
    peak_dbtp: float = -math.inf
    before: Samples | None = None
    #: Samples of an incomplete hop.
    rest: Samples = field(default_factory=lambda: np.empty(0, np.float32))
    loudness: list[NDArray[np.float64]] = field(default_factory=list)
    powers: list[NDArray[np.float32]] = field(default_factory=list)
    peaks: list[NDArray[np.float32]] = field(default_factory=list)
    beginning: list[Samples] = field(default_factory=list)

    def add(self, block: Samples) -> None:
        block = self._replace_strange(block)
        if self.size < _VOICE_SECONDS * self.rate_hz:
            self.beginning.append(block)
        self.size += block.size
        self.sum += float(block.sum(dtype=np.float64))
        self._add_hops(np.concatenate([self.rest, block]) if self.rest.size else block)
        if self.measure_level:
            self._add_level(block)

    def finish(self) -> AudioMeasurements:
        self._add_hops(np.pad(self.rest, (0, -self.rest.size % self._hop)))
        beginning = _join_arrays(self.beginning)[: _VOICE_SECONDS * self.rate_hz]
        return AudioMeasurements(
            rate_hz=self.rate_hz,
            size=self.size,
            strange=self.strange,
            mean=self.sum / max(1, self.size),
            peak_dbtp=self.peak_dbtp,
            lufs=self._compute_lufs(beginning) if self.measure_level else math.nan,
            powers=_join_arrays(self.powers),
            peaks=_join_arrays(self.peaks),
            beginning=beginning,
            hertz=pitch(beginning, self.rate_hz) if beginning.size else NO_PITCH,
        )

    @property
    def _hop(self) -> int:
        return max(1, round(HOP_SECONDS * self.rate_hz))

    def _replace_strange(self, block: Samples) -> Samples:
        sane = np.abs(block) <= MAX_PEAK
        if sane.all():
            return block
        self.strange += block.size - int(np.count_nonzero(sane))
        return np.where(sane, block, np.float32(0.0))

    def _add_hops(self, samples: Samples) -> None:
        hops = samples.size // self._hop
        rows = samples[: hops * self._hop].reshape(hops, self._hop)
        self.powers.append(np.einsum("ij,ij->i", rows, rows) / np.float32(self._hop))
        self.peaks.append(np.maximum(rows.max(axis=1, initial=0), -rows.min(axis=1, initial=0)))
        self.rest = samples[hops * self._hop :]

    def _add_level(self, block: Samples) -> None:
        """Measure the level of a block with enough of the preceding one to hide its edge."""
        again = self.before is not None
        window = block if self.before is None else np.concatenate([self.before, block])
        self.peak_dbtp = max(self.peak_dbtp, measure_true_peak(whole(window), self.rate_hz))
        self.loudness.append(measure_block_powers(whole(window), self.rate_hz)[1 if again else 0 :])
        self.before = window[-_STEPS_AGAIN * round(self.rate_hz / _STEPS_PER_SECOND) :]

    def _compute_lufs(self, beginning: Samples) -> float:
        lufs = compute_gated_lufs(np.concatenate([np.empty(0), *self.loudness]))
        if lufs == -math.inf and self.size == beginning.size:
            # A short sound may end before a block is complete.
            return compute_gated_lufs(measure_audible_powers(whole(beginning), self.rate_hz))
        return lufs


def _join_arrays(parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.float32), *parts])
