"""What is measured block by block is what is measured at once."""

import numpy as np
import pytest

from tests.audio.sounds import measure_integrated_lufs, true_peak_dbtp
from tts_assets.audio.measure import compute_block_size, measure_sound

RATE_HZ = 22_050


def test_loudness_and_peak_are_those_of_the_whole() -> None:
    times = np.arange(50 * RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(5).normal(0, 0.1, times.size)
    sound = (noise * (1 + np.sin(times / 3))).astype(np.float32)
    size = compute_block_size(RATE_HZ)
    blocks = [sound[start : start + size] for start in range(0, sound.size, size)]
    assert len(blocks) > 2
    heard = measure_sound(blocks, RATE_HZ, measure_level=True)
    assert heard.lufs == pytest.approx(measure_integrated_lufs(sound, RATE_HZ), abs=0.01)
    assert heard.peak_dbtp == pytest.approx(true_peak_dbtp(sound, RATE_HZ), abs=0.01)
    assert heard.seconds == pytest.approx(50.0)
    assert heard.powers.mean() == pytest.approx(np.square(sound).mean(), rel=0.01)


def test_only_the_beginning_is_listened_to_for_a_voice() -> None:
    sound = np.zeros(compute_block_size(8_000), np.float32)
    heard = measure_sound([sound] * 4, 8_000, measure_level=False)
    assert heard.beginning.size == 30 * 8_000
    assert heard.hertz.size == 3_000
    assert heard.powers.size == 8_000


def test_nothing_is_heard_in_nothing() -> None:
    heard = measure_sound([], RATE_HZ, measure_level=True)
    assert (heard.size, heard.hertz.size, heard.lufs) == (0, 0, -np.inf)
