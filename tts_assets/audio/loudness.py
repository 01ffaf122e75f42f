"""How loud a clip is: integrated loudness as ITU-R BS.1770-4 defines it."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tts_assets.audio.waveform import Waveform, in_blocks, whole

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


# The high-pass, the slower stage, has decayed by 80 dB after this time.
_MEMORY_SECONDS = 0.04
_LEAST_HOPS_PER_FRAME = 3


def integrated_lufs(samples: Samples, rate_hz: int) -> float:
    """Measure the integrated loudness of a clip (ITU-R BS.1770-4, mono).

    A clip shorter than one block is measured with silence after it, up to 400 ms.

    Args:
        samples: shape (n,), full scale at -1..1.
        rate_hz: samples per second.

    Returns:
        The loudness in LUFS, ``-inf`` where no block passes the absolute gate.
    """
    return gated_lufs(block_powers(whole(samples), rate_hz))


def gated_lufs(powers: NDArray[np.float64]) -> float:
    """Loudness in LUFS of block powers, shape (blocks,), averaged over what passes both gates."""
    loud = powers[powers > 10.0 ** ((_ABSOLUTE_GATE_LUFS - _OFFSET_DB) / 10.0)]
    if not loud.size:
        return -np.inf
    relative = loud.mean() * 10.0 ** (_RELATIVE_GATE_LU / 10.0)
    return float(_OFFSET_DB + 10.0 * np.log10(loud[loud > relative].mean()))


def block_powers(wave: Waveform, rate_hz: int) -> NDArray[np.float64]:
    """Mean square of every complete, K-weighted 400 ms block, shape (blocks,).

    A gain scales them by its square, so that one measurement serves every gain; an hour has 36,000.
    """
    return powers_of(hop_energies(wave, rate_hz), wave.size, rate_hz)


def powers_of(energies: NDArray[np.float64], size: int, rate_hz: int) -> NDArray[np.float64]:
    """Block powers of a sound of so many samples, from what ``hop_energies`` made of it."""
    hop = round(rate_hz / _HOPS_PER_SECOND)
    hops = max(_HOPS_PER_BLOCK, size // hop)
    totals = np.concatenate(([0.0], np.cumsum(energies[:hops])))
    return (totals[_HOPS_PER_BLOCK:] - totals[:-_HOPS_PER_BLOCK]) / (hop * _HOPS_PER_BLOCK)


def hop_energies(wave: Waveform, rate_hz: int) -> NDArray[np.float64]:
    """K-weighted energy of at least four steps of 100 ms, and of every whole one; shape (n,)."""
    rows = (_energies(frame, rate_hz) for frame in _frames(wave, rate_hz))
    return np.fromiter(chain.from_iterable(rows), dtype=np.float64)


def hop_energies_near(
    wave: Waveform, rate_hz: int, near: Waveform, known: NDArray[np.float64]
) -> NDArray[np.float64]:
    """As ``hop_energies``; where a sound is equal to one whose energies are known, those are taken."""
    frames = _frames(wave, rate_hz), _frames(near, rate_hz)
    found = (
        row if np.array_equal(ours.samples, theirs.samples) else _energies(ours, rate_hz)
        for ours, theirs, row in zip(*frames, known.reshape(-1, _sizes(rate_hz).hops), strict=True)
    )
    return np.fromiter(chain.from_iterable(found), dtype=np.float64)


class _Sizes(NamedTuple):
    """Of the frames of a transform, in samples, and how many hops each yields.

    They overlap by the filters' memory, which keeps them short and the filters exact.
    """

    memory: int
    frame: int
    hops: int
    hop: int


class _Frame(NamedTuple):
    """Samples, the first of which only lead to the others."""

    samples: Samples
    lead: int


def _sizes(rate_hz: int) -> _Sizes:
    hop = round(rate_hz / _HOPS_PER_SECOND)
    memory = round(_MEMORY_SECONDS * rate_hz)
    frame = 1 << (memory + _LEAST_HOPS_PER_FRAME * hop - 1).bit_length()
    return _Sizes(memory, frame, (frame - memory) // hop, hop)


def _frames(wave: Waveform, rate_hz: int) -> Iterator[_Frame]:
    memory, _, hops, hop = _sizes(rate_hz)
    before = np.empty(0, dtype=np.float32)
    for block in in_blocks(_at_least(wave, _HOPS_PER_BLOCK * hop), hops * hop):
        samples = np.concatenate((before, block))
        yield _Frame(samples, before.size)
        before = samples[-memory:]


def _energies(frame: _Frame, rate_hz: int) -> NDArray[np.float64]:
    """Of each hop of a frame, shape (hops,)."""
    _, size, hops, hop = _sizes(rate_hz)
    spectrum = np.fft.rfft(frame.samples, size)
    spectrum *= _k_weighting(size, rate_hz)
    weighted = np.fft.irfft(spectrum, size)[frame.lead :][: hops * hop]
    energies: NDArray[np.float64] = (
        np.square(weighted.reshape(hops, hop)).sum(axis=1).astype(np.float64)
    )
    return energies


def _at_least(wave: Waveform, size: int) -> Iterator[Samples]:
    """A sound with silence behind it up to this size."""
    yield from wave.blocks()
    yield np.zeros(max(0, size - wave.size), dtype=np.float32)


@lru_cache(maxsize=8)
def _k_weighting(frame: int, rate_hz: int) -> NDArray[np.complex64]:
    """Response of the standard's own 48 kHz filters at each frequency of a real transform.

    The standard asks other rates for "the same frequency response"; reading that response at
    the true frequency gives it exactly, where filters designed anew only come near.
    """
    hz = np.minimum(np.fft.rfftfreq(frame, 1.0 / rate_hz), _STANDARD_HZ / 2)
    delay = np.exp(-2j * np.pi * hz / _STANDARD_HZ)
    response = np.ones(hz.size, dtype=np.complex128)
    for b, a in ((_SHELF_B, _SHELF_A), (_HIGH_PASS_B, _HIGH_PASS_A)):
        response *= np.polyval(b[::-1], delay) / np.polyval(a[::-1], delay)
    return response.astype(np.complex64)
