"""The right level for a sound: one gain to its loudness, and a limiter where peaks stand in the way."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tts_assets.audio.limiter import limited
from tts_assets.audio.loudness import (
    block_powers,
    gated_lufs,
    hop_energies,
    hop_energies_near,
    powers_of,
)
from tts_assets.audio.peaks import highest_dbtp, rising_dbtp
from tts_assets.audio.waveform import BLOCK, Waveform, amplified, doubled, held, in_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tts_assets.model import Samples


# A limiter driven further shapes the sound more than it holds its peaks.
_MOST_LIMITING_DB = 20.0
_TOLERANCE_LU = 0.05
_ROUNDS = 8


class Measured(NamedTuple):
    """Integrated loudness in LUFS and true peak in dBTP (ITU-R BS.1770-4)."""

    lufs: float
    peak_dbtp: float


class Way(NamedTuple):
    """How a sound came to its level; the same way leads to the same samples.

    Args:
        gain: what its samples were multiplied with.
        ceiling: the magnitude that a limiter then held them under; None if they needed none.
        lowering: what was multiplied with at last; None if nothing was.
    """

    gain: np.float32
    ceiling: np.float32 | None = None
    lowering: np.float32 | None = None


class Levelled(NamedTuple):
    """A sound at its level, and how it came there."""

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
    """Bring a sound to a loudness with its true peak under a ceiling; the ceiling wins.

    A gain alone does it for nine words of ten. For the rest a look-ahead limiter holds single
    peaks, and the gain rises by what that took from the loudness.

    Args:
        wave: the sound, its peak near 1.
        rate_hz: samples per second.
        lufs: integrated loudness to reach (ITU-R BS.1770-4).
        peak_dbtp: true-peak ceiling.
        energies: of its hops, where they were measured before.
    """
    if energies is None:
        energies = hop_energies(wave, rate_hz)
    powers = powers_of(energies, wave.size, rate_hz)
    if gated_lufs(powers) == -math.inf:
        powers = audible_powers(wave, rate_hz)
    gain_db = _gain_db(powers, lufs)
    peak = _peak(wave, rate_hz, peak_dbtp - gain_db)
    if peak + gain_db > peak_dbtp:
        gains_db = (gain_db, peak_dbtp - peak + _MOST_LIMITING_DB)
        driven = _Driven(wave, rate_hz, energies, _factor(peak_dbtp))
        levelled = _driven(driven, lufs=lufs, peak_dbtp=peak_dbtp, gains_db=gains_db)
    else:
        gain = _factor(gain_db)
        levelled = Levelled(held(amplified(wave, gain)), Way(gain))
    return levelled._replace(wave=replace(levelled.wave, most=float(_factor(peak_dbtp))))


def _peak(wave: Waveform, rate_hz: int, over_dbtp: float) -> float:
    """The true peak if it is above that; of a long sound no more than that it is."""
    if wave.size <= BLOCK:
        return highest_dbtp(wave, rate_hz, over_dbtp=over_dbtp)
    peak = -math.inf
    for peak in rising_dbtp(wave, rate_hz, over_dbtp=over_dbtp):
        if peak > over_dbtp:
            break
    return peak


def measured(wave: Waveform, rate_hz: int) -> Measured:
    """How loud a sound is, and how high it rises; its blocks are made once for both."""
    ours, theirs = doubled(in_blocks(wave.blocks()))
    rising = rising_dbtp(Waveform(size=wave.size, blocks=lambda: theirs), rate_hz)
    peaks: list[float] = []

    def blocks() -> Iterator[Samples]:
        for block in ours:
            yield block
            peaks.extend(islice(rising, 1))

    lufs = gated_lufs(block_powers(Waveform(size=wave.size, blocks=blocks), rate_hz))
    if lufs == -math.inf:
        lufs = gated_lufs(audible_powers(wave, rate_hz))
    *_, peak_dbtp = (*peaks, *rising)
    return Measured(lufs, peak_dbtp)


def audible_powers(wave: Waveform, rate_hz: int) -> NDArray[np.float64]:
    """Block powers; with silence after a clip that ends before a block of it is complete.

    A sound shorter than 100 ms after a long lead would otherwise count for nothing.
    """
    powers = block_powers(wave, rate_hz)
    if gated_lufs(powers) > -math.inf:
        return powers

    def blocks() -> Iterator[Samples]:
        yield from wave.blocks()
        yield np.zeros(rate_hz, dtype=np.float32)

    return block_powers(Waveform(size=wave.size + rate_hz, blocks=blocks), rate_hz)


def _gain_db(powers: NDArray[np.float64], lufs: float) -> float:
    """Gain to a loudness; more than one step only where it moves blocks across the gate."""
    gain_db = 0.0
    for _ in range(_ROUNDS):
        miss = lufs - gated_lufs(powers * 10.0 ** (gain_db / 10.0))
        gain_db += miss
        if abs(miss) < _TOLERANCE_LU / 10.0:
            break
    # Noise in the last bits of a measurement must not reach the samples.
    return round(gain_db, 2)


class _Driven(NamedTuple):
    """A sound that a limiter is to hold.

    Args:
        wave: the sound.
        rate_hz: samples per second.
        energies: of its hops.
        ceiling: a magnitude.
    """

    wave: Waveform
    rate_hz: int
    energies: NDArray[np.float64]
    ceiling: np.float32

    def at(self, gain: np.float32) -> Waveform:
        """The sound after a gain, limited."""
        return held(limited(held(amplified(self.wave, gain)), self.rate_hz, self.ceiling))

    def lufs_at(self, gain: np.float32) -> float:
        """Loudness of that; what the limiter leaves as it was is not measured again."""
        ours, theirs = doubled(amplified(self.wave, gain).blocks())
        once = Waveform(size=self.wave.size, blocks=lambda: ours)
        plain = Waveform(size=self.wave.size, blocks=lambda: theirs)
        loud = limited(once, self.rate_hz, self.ceiling)
        known = self.energies * float(gain) ** 2
        energies = hop_energies_near(loud, self.rate_hz, plain, known)
        return gated_lufs(powers_of(energies, loud.size, self.rate_hz))

    def measured_at(self, gain: np.float32, loud: Waveform, peak_dbtp: float) -> Measured:
        """What is heard of that; a long one is taken to rise to the ceiling, but for hundredths."""
        if loud.size > BLOCK:
            lufs = self.lufs_at(gain)
            if lufs > -math.inf:
                return Measured(lufs, peak_dbtp)
        return measured(loud, self.rate_hz)


def _driven(
    driven: _Driven, *, lufs: float, peak_dbtp: float, gains_db: tuple[float, float]
) -> Levelled:
    """Limit after the first gain or a higher one, up to the second, as the loudness demands."""
    least_db, most_db = gains_db
    gain_db = min(least_db, most_db)
    tried: list[tuple[float, float]] = []
    while True:
        gain = _factor(gain_db)
        loud = driven.at(gain)
        found = driven.measured_at(gain, loud, peak_dbtp)
        levelled = Levelled(loud, Way(gain, driven.ceiling))
        over_db = max(0.0, found.peak_dbtp - peak_dbtp)
        tried.append((gain_db, found.lufs - over_db))
        miss = lufs - tried[-1][1]
        exhausted = gain_db == most_db and miss > 0.0
        if abs(miss) <= _TOLERANCE_LU or exhausted or len(tried) == _ROUNDS:
            return _lowered(levelled, over_db)
        gain_db = min(most_db, round(gain_db + miss / _slope(tried), 2))


def _slope(tried: list[tuple[float, float]]) -> float:
    """How much loudness one decibel of gain brought, within sane bounds (secant method)."""
    if len(tried) < 2 or tried[-1][0] == tried[-2][0]:
        return 1.0
    (gain_before, lufs_before), (gain, lufs) = tried[-2:]
    return min(1.0, max(0.15, (lufs - lufs_before) / (gain - gain_before)))


def _lowered(levelled: Levelled, over_db: float) -> Levelled:
    """Take away the hundredths by which the limiter's own slope lifted a peak."""
    if not over_db:
        return levelled
    lowering = _factor(-over_db)
    wave = held(amplified(levelled.wave, lowering))
    return Levelled(wave, levelled.way._replace(lowering=lowering))


def _factor(gain_db: float) -> np.float32:
    return np.float32(10.0 ** (gain_db / 20.0))
