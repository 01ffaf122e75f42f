"""Measure the loudness of a clip (ITU-R BS.1770-4), and set its level by gain and limiter."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tts_assets.audio.limiter import iter_true_peaks, limit, measure_true_peak
from tts_assets.audio.waveform import (
    BLOCK,
    Waveform,
    buffer_short,
    regroup_blocks,
    scale,
    tee_blocks,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tts_assets.model import Samples


# ITU-R BS.1770-4, annex 1, tables 1 and 2: both stages of the K-weighting at 48 kHz.
_STANDARD_HZ = 48_000
_SHELF_B = (1.53512485958697, -2.69169618940638, 1.19839281085285)
_SHELF_A = (1.0, -1.69065929318241, 0.73248077421585)
_HIGH_PASS_B = (1.0, -2.0, 1.0)
_HIGH_PASS_A = (1.0, -1.99004745483398, 0.99007225036621)

# The same annex, equations 2 to 7: the offset, both gates, 400 ms blocks that overlap by 75 %.
_OFFSET_DB = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_HOPS_PER_SECOND = 10
_HOPS_PER_BLOCK = 4

_MEMORY_SECONDS = 0.04  # after this time, the high-pass, the slower stage, has decayed by 80 dB
_LEAST_HOPS_PER_FRAME = 3


def compute_gated_lufs(powers: NDArray[np.float64]) -> float:
    """Integrated loudness in LUFS of block powers; -inf if no block passes the absolute gate."""
    loud = powers[powers > 10.0 ** ((_ABSOLUTE_GATE_LUFS - _OFFSET_DB) / 10.0)]
    if not loud.size:
        return -np.inf
    relative = loud.mean() * 10.0 ** (_RELATIVE_GATE_LU / 10.0)
    return float(_OFFSET_DB + 10.0 * np.log10(loud[loud > relative].mean()))


def measure_block_powers(wave: Waveform, rate_hz: int) -> NDArray[np.float64]:
    """Mean square of every complete, K-weighted 400 ms block, shape (blocks,).

    A gain scales them by its square, so they are measured only once; an hour has 36,000.
    """
    return compute_block_powers(measure_hop_energies(wave, rate_hz), wave.size, rate_hz)


def compute_block_powers(
    energies: NDArray[np.float64], size: int, rate_hz: int
) -> NDArray[np.float64]:
    """Block powers of so many samples, from the result of ``measure_hop_energies``."""
    hop = round(rate_hz / _HOPS_PER_SECOND)
    hops = max(_HOPS_PER_BLOCK, size // hop)
    totals = np.concatenate(([0.0], np.cumsum(energies[:hops])))
    return (totals[_HOPS_PER_BLOCK:] - totals[:-_HOPS_PER_BLOCK]) / (hop * _HOPS_PER_BLOCK)


def measure_hop_energies(wave: Waveform, rate_hz: int) -> NDArray[np.float64]:
    """K-weighted energy of every complete 100 ms hop, and of at least four; shape (n,)."""
    rows = (_energies(*frame, rate_hz) for frame in _frames(wave, rate_hz))
    return np.fromiter(chain.from_iterable(rows), dtype=np.float64)


def update_hop_energies(
    wave: Waveform, rate_hz: int, near: Waveform, energies: NDArray[np.float64]
) -> NDArray[np.float64]:
    """As ``measure_hop_energies``, but reuse those of ``near`` for equal frames."""
    frames = _frames(wave, rate_hz), _frames(near, rate_hz)
    rows = (
        row if np.array_equal(ours[0], theirs[0]) else _energies(*ours, rate_hz)
        for ours, theirs, row in zip(
            *frames, energies.reshape(-1, _sizes(rate_hz).hops), strict=True
        )
    )
    return np.fromiter(chain.from_iterable(rows), dtype=np.float64)


class _Sizes(NamedTuple):
    """The frames of a transform, in samples; they overlap by the memory of the filters."""

    memory: int
    frame: int
    hops: int
    hop: int


def _sizes(rate_hz: int) -> _Sizes:
    hop = round(rate_hz / _HOPS_PER_SECOND)
    memory = round(_MEMORY_SECONDS * rate_hz)
    frame = 1 << (memory + _LEAST_HOPS_PER_FRAME * hop - 1).bit_length()
    return _Sizes(memory, frame, (frame - memory) // hop, hop)


def _frames(wave: Waveform, rate_hz: int) -> Iterator[tuple[Samples, int]]:
    """Frames with some preceding samples, and the number of these."""
    memory, _, hops, hop = _sizes(rate_hz)
    before = np.empty(0, dtype=np.float32)
    for block in regroup_blocks(_extend(wave, _HOPS_PER_BLOCK * hop - wave.size), hops * hop):
        samples = np.concatenate((before, block))
        yield samples, before.size
        before = samples[-memory:]


def _energies(samples: Samples, lead: int, rate_hz: int) -> NDArray[np.float64]:
    _, size, hops, hop = _sizes(rate_hz)
    spectrum = np.fft.rfft(samples, size)
    spectrum *= _k_weighting(size, rate_hz)
    weighted = np.fft.irfft(spectrum, size)[lead:][: hops * hop]
    energies: NDArray[np.float64] = (
        np.square(weighted.reshape(hops, hop)).sum(axis=1).astype(np.float64)
    )
    return energies


def _extend(wave: Waveform, size: int) -> Iterator[Samples]:
    """Append so many samples of silence."""
    yield from wave.blocks()
    yield np.zeros(max(0, size), dtype=np.float32)


@lru_cache(maxsize=8)
def _k_weighting(frame: int, rate_hz: int) -> NDArray[np.complex64]:
    """The response of the standard's 48 kHz filters at each frequency of a real FFT.

    The standard requires "the same frequency response" at other rates: this one is exact, whereas
    redesigned filters are approximate.
    """
    hz = np.minimum(np.fft.rfftfreq(frame, 1.0 / rate_hz), _STANDARD_HZ / 2)
    delay = np.exp(-2j * np.pi * hz / _STANDARD_HZ)
    response = np.ones(hz.size, dtype=np.complex128)
    for b, a in ((_SHELF_B, _SHELF_A), (_HIGH_PASS_B, _HIGH_PASS_A)):
        response *= np.polyval(b[::-1], delay) / np.polyval(a[::-1], delay)
    return response.astype(np.complex64)


_MOST_LIMITING_DB = 20.0  # more limiting would distort the audio
_TOLERANCE_LU = 0.05
_ROUNDS = 8


class Measured(NamedTuple):
    """Integrated loudness in LUFS and true peak in dBTP (ITU-R BS.1770-4)."""

    lufs: float
    peak_dbtp: float


class Way(NamedTuple):
    """The steps of levelling, which determine the samples."""

    gain: np.float32  #: the gain before the limiter
    ceiling: np.float32 | None = None  #: the limiter's ceiling; None without a limiter
    lowering: np.float32 | None = None  #: the gain after the limiter, if any


class Levelled(NamedTuple):
    wave: Waveform
    way: Way


def level(
    wave: Waveform,
    rate_hz: int,
    *,
    lufs: float,
    peak_dbtp: float,
    energies: NDArray[np.float64] | None = None,
) -> Levelled:
    """Bring a sound to a loudness with its true peak under a ceiling, which has priority.

    For nine words of ten, a gain suffices. For the rest, a look-ahead limiter attenuates single peaks,
    and the gain rises to make up for the loss of loudness.

    Args:
        wave: the sound, its peak near 1.
        rate_hz: samples per second.
        lufs: target integrated loudness (ITU-R BS.1770-4).
        peak_dbtp: true-peak ceiling.
        energies: its hop energies, if already measured.
    """
    if energies is None:
        energies = measure_hop_energies(wave, rate_hz)
    powers = compute_block_powers(energies, wave.size, rate_hz)
    if compute_gated_lufs(powers) == -math.inf:
        powers = measure_audible_powers(wave, rate_hz)
    gain_db = _gain_db(powers, lufs)
    peak = _peak(wave, rate_hz, peak_dbtp - gain_db)
    if peak + gain_db > peak_dbtp:
        gains_db = (gain_db, peak_dbtp - peak + _MOST_LIMITING_DB)
        limited = _LimitedSound(wave, rate_hz, energies, _factor(peak_dbtp))
        levelled = _drive(limited, lufs=lufs, peak_dbtp=peak_dbtp, gains_db=gains_db)
    else:
        gain = _factor(gain_db)
        levelled = Levelled(buffer_short(scale(wave, gain)), Way(gain))
    return levelled._replace(wave=replace(levelled.wave, most=float(_factor(peak_dbtp))))


def _peak(wave: Waveform, rate_hz: int, over_dbtp: float) -> float:
    """The true peak if it exceeds a limit; for a long sound, any value above the limit."""
    if wave.size <= BLOCK:
        return measure_true_peak(wave, rate_hz, over_dbtp=over_dbtp)
    peak = -math.inf
    for peak in iter_true_peaks(wave, rate_hz, over_dbtp=over_dbtp):
        if peak > over_dbtp:
            break
    return peak


def measure_level(wave: Waveform, rate_hz: int) -> Measured:
    """Measure loudness and true peak in one pass over the blocks."""
    ours, theirs = tee_blocks(regroup_blocks(wave.blocks()))
    rising = iter_true_peaks(Waveform(size=wave.size, blocks=lambda: theirs), rate_hz)
    peaks: list[float] = []

    def blocks() -> Iterator[Samples]:
        for block in ours:
            yield block
            peaks.extend(islice(rising, 1))

    lufs = compute_gated_lufs(
        measure_block_powers(Waveform(size=wave.size, blocks=blocks), rate_hz)
    )
    if lufs == -math.inf:
        lufs = compute_gated_lufs(measure_audible_powers(wave, rate_hz))
    *_, peak_dbtp = (*peaks, *rising)
    return Measured(lufs, peak_dbtp)


def measure_audible_powers(wave: Waveform, rate_hz: int) -> NDArray[np.float64]:
    """Block powers, with silence appended to a clip that ends before a block is complete.

    Otherwise, a sound shorter than 100 ms after a long lead would have no loudness.
    """
    powers = measure_block_powers(wave, rate_hz)
    if compute_gated_lufs(powers) > -math.inf:
        return powers
    extended = Waveform(size=wave.size + rate_hz, blocks=lambda: _extend(wave, rate_hz))
    return measure_block_powers(extended, rate_hz)


def _gain_db(powers: NDArray[np.float64], lufs: float) -> float:
    """The gain that gives a loudness; iterates only if it moves blocks across the gate."""
    gain_db = 0.0
    for _ in range(_ROUNDS):
        miss = lufs - compute_gated_lufs(powers * 10.0 ** (gain_db / 10.0))
        gain_db += miss
        if abs(miss) < _TOLERANCE_LU / 10.0:
            break
    # Round, so that noise in the last bits of a measurement does not change the samples.
    return round(gain_db, 2)


class _LimitedSound(NamedTuple):
    """A sound to limit, the energies of its hops, and the ceiling as a magnitude."""

    wave: Waveform
    rate_hz: int
    energies: NDArray[np.float64]
    ceiling: np.float32

    def at(self, gain: np.float32) -> Waveform:
        return buffer_short(limit(buffer_short(scale(self.wave, gain)), self.rate_hz, self.ceiling))

    def lufs_at(self, gain: np.float32) -> float:
        """Its loudness with a gain; measures only frames that the limiter changes."""
        ours, theirs = tee_blocks(scale(self.wave, gain).blocks())
        once = Waveform(size=self.wave.size, blocks=lambda: ours)
        plain = Waveform(size=self.wave.size, blocks=lambda: theirs)
        loud = limit(once, self.rate_hz, self.ceiling)
        scaled = self.energies * float(gain) ** 2
        energies = update_hop_energies(loud, self.rate_hz, plain, scaled)
        return compute_gated_lufs(compute_block_powers(energies, loud.size, self.rate_hz))

    def measure_at(self, gain: np.float32, loud: Waveform, peak_dbtp: float) -> Measured:
        """Its level with a gain; long sounds are assumed to reach the ceiling."""
        if loud.size > BLOCK:
            lufs = self.lufs_at(gain)
            if lufs > -math.inf:
                return Measured(lufs, peak_dbtp)
        return measure_level(loud, self.rate_hz)


def _drive(
    limited: _LimitedSound, *, lufs: float, peak_dbtp: float, gains_db: tuple[float, float]
) -> Levelled:
    """Find the gain before the limiter, between two bounds, that gives the loudness."""
    least_db, most_db = gains_db
    gain_db = min(least_db, most_db)
    tried: list[tuple[float, float]] = []
    while True:
        gain = _factor(gain_db)
        loud = limited.at(gain)
        measured = limited.measure_at(gain, loud, peak_dbtp)
        levelled = Levelled(loud, Way(gain, limited.ceiling))
        over_db = max(0.0, measured.peak_dbtp - peak_dbtp)
        tried.append((gain_db, measured.lufs - over_db))
        miss = lufs - tried[-1][1]
        exhausted = gain_db == most_db and miss > 0.0
        if abs(miss) <= _TOLERANCE_LU or exhausted or len(tried) == _ROUNDS:
            return _lower_peak(levelled, over_db)
        gain_db = min(most_db, round(gain_db + miss / _slope(tried), 2))


def _slope(tried: list[tuple[float, float]]) -> float:
    """The change of loudness per decibel of gain, within bounds (secant method)."""
    if len(tried) < 2 or tried[-1][0] == tried[-2][0]:
        return 1.0
    (gain_before, lufs_before), (gain, lufs) = tried[-2:]
    return min(1.0, max(0.15, (lufs - lufs_before) / (gain - gain_before)))


def _lower_peak(levelled: Levelled, over_db: float) -> Levelled:
    """Remove the hundredths of a decibel by which the limiter overshoots the ceiling."""
    if not over_db:
        return levelled
    lowering = _factor(-over_db)
    wave = buffer_short(scale(levelled.wave, lowering))
    return Levelled(wave, levelled.way._replace(lowering=lowering))


def _factor(gain_db: float) -> np.float32:
    return np.float32(10.0 ** (gain_db / 20.0))
