"""Loudness: the figures of ITU-R BS.1770 and EBU Tech 3341, for one channel."""

import math

import numpy as np
import pytest

from tests.audio.sounds import measure_integrated_lufs, tone
from tts_assets.audio.level import (
    measure_block_powers,
    measure_hop_energies,
    update_hop_energies,
)
from tts_assets.audio.waveform import whole

# A sine on one of two channels, or a mono one, is 3.01 LU softer than its peak level.
_ONE_CHANNEL = -3.01


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
def test_a_full_scale_sine_of_997_hz_measures_minus_3_01(rate_hz: int) -> None:
    lufs = measure_integrated_lufs(tone(997, 3, rate_hz=rate_hz), rate_hz)
    assert lufs == pytest.approx(_ONE_CHANNEL, abs=0.005)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
)
def test_the_gated_sequences_of_ebu_tech_3341(
    parts: list[tuple[float, float]], expected: float
) -> None:
    samples = np.concatenate([tone(1000, seconds, dbfs=dbfs) for dbfs, seconds in parts])
    assert measure_integrated_lufs(samples, 48_000) == pytest.approx(
        expected + _ONE_CHANNEL, abs=0.1
    )


def _by_the_letter(samples: list[float]) -> float:
    """Loudness of one 400 ms block, filtered sample by sample with the standard's tables."""
    stages = (
        ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585)),
        ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621)),
    )  # fmt: skip
    for (b0, b1, b2), (a1, a2) in stages:
        x1 = x2 = y1 = y2 = 0.0
        filtered = []
        for x in samples:
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x, x1, y, y1
            filtered.append(y)
        samples = filtered
    return -0.691 + 10 * math.log10(sum(value * value for value in samples) / len(samples))


@pytest.mark.parametrize("hz", [30, 100, 500, 2_000, 10_000, 20_000])
def test_the_weighting_is_that_of_the_standards_filters(hz: float) -> None:
    block = tone(hz, 0.4)
    assert measure_integrated_lufs(block, 48_000) == pytest.approx(
        _by_the_letter(block.tolist()), abs=1e-3
    )


@pytest.mark.parametrize("hz", [100, 500, 2_000, 7_000, 11_000])
def test_the_weighting_is_the_same_at_every_rate(hz: float) -> None:
    expected = measure_integrated_lufs(tone(hz, 2), 48_000)
    for rate_hz in (22_050, 24_000, 44_100, 96_000):
        found = measure_integrated_lufs(tone(hz, 2, rate_hz=rate_hz), rate_hz)
        assert found == pytest.approx(expected, abs=0.005)


def test_a_clip_shorter_than_a_block_is_measured_with_silence_after_it() -> None:
    short = tone(997, 0.1)
    padded = np.pad(short, (0, 48_000 * 3 // 10))
    assert measure_integrated_lufs(short, 48_000) == measure_integrated_lufs(padded, 48_000)
    assert measure_integrated_lufs(short, 48_000) == pytest.approx(-3.01 - 6.02, abs=0.1)


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_silence_has_no_loudness(size: int) -> None:
    assert measure_integrated_lufs(np.zeros(size, dtype=np.float32), 24_000) == -math.inf


def test_there_is_one_block_for_every_100_ms_that_400_fit_into() -> None:
    sizes = [
        measure_block_powers(whole(np.zeros(n, dtype=np.float32)), 24_000).size
        for n in (9_600, 11_999, 12_000)
    ]
    assert sizes == [1, 1, 2]


def test_ten_minutes_measure_like_one_second_of_them() -> None:
    second = tone(997, 1, rate_hz=24_000)
    assert measure_integrated_lufs(np.tile(second, 600), 24_000) == pytest.approx(-3.01, abs=0.005)


@pytest.mark.parametrize("rate_hz", [24_000, 44_100])
def test_measuring_only_what_differs_from_a_known_sound_is_measuring_all(rate_hz: int) -> None:
    sound = tone(440, 7.3, rate_hz=rate_hz)
    other = sound.copy()
    other[3 * rate_hz : 3 * rate_hz + 50] *= np.float32(0.1)
    known = measure_hop_energies(whole(sound), rate_hz)
    near = update_hop_energies(whole(other), rate_hz, whole(sound), known)
    assert np.array_equal(near, measure_hop_energies(whole(other), rate_hz))
    assert not np.array_equal(near, known)
