"""Level: one gain where it is enough, a limiter where it is not, the ceiling above all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.audio.sounds import gathered, spoken, tone, trim
from tts_assets.audio.level import Measured, level, measure_level
from tts_assets.audio.waveform import whole

if TYPE_CHECKING:
    from tts_assets.model import Samples

RATE_HZ = 48_000
_ROUNDING_DB = 1e-5


def _clip(text: str) -> Samples:
    samples = trim(spoken(text).samples, RATE_HZ)
    return np.pad(samples / np.abs(samples).max(), (4_800, 9_600))


def _level(clip: Samples, *, lufs: float, peak_dbtp: float) -> Samples:
    return gathered(level(whole(clip), RATE_HZ, lufs=lufs, peak_dbtp=peak_dbtp).wave)


def _measured(samples: Samples) -> Measured:
    return measure_level(whole(samples), RATE_HZ)


def test_where_peaks_allow_it_the_level_is_one_gain() -> None:
    clip = _clip("学校")
    levelled = _level(clip, lufs=-23.0, peak_dbtp=-1.5)
    ratio = levelled[clip != 0.0] / clip[clip != 0.0]
    assert np.ptp(ratio) < 1e-6
    assert _measured(levelled).lufs == pytest.approx(-23.0, abs=0.01)


@pytest.mark.parametrize(
    "text", ["円", "雨", "ホテル", "秋", "父は新聞を読みながらコーヒーを飲みます。"]
)
def test_a_limiter_reaches_the_loudness_under_the_ceiling(text: str) -> None:
    clip = _clip(text)
    levelled = _measured(_level(clip, lufs=-18.0, peak_dbtp=-2.0))
    gain = _measured(clip).peak_dbtp - _measured(clip).lufs
    assert gain > -2.0 + 18.0, "the word needs no limiter: choose another"
    assert levelled.lufs == pytest.approx(-18.0, abs=0.06)
    assert levelled.peak_dbtp <= -2.0 + _ROUNDING_DB


def test_the_limiter_leaves_what_is_low_as_it_is() -> None:
    quiet, loud = tone(300, 1.0, dbfs=-20.0), tone(300, 0.002)
    clip = np.concatenate([quiet, loud, quiet])
    levelled = _level(clip, lufs=-14.0, peak_dbtp=-6.0)
    ratio = (
        levelled[:40_000][np.abs(clip[:40_000]) > 0.01]
        / clip[:40_000][np.abs(clip[:40_000]) > 0.01]
    )
    assert np.ptp(ratio) < 1e-5


def test_the_ceiling_wins_over_a_loudness_out_of_reach() -> None:
    levelled = _measured(_level(_clip("円"), lufs=-5.0, peak_dbtp=-9.0))
    assert levelled.peak_dbtp <= -9.0 + _ROUNDING_DB
    assert levelled.lufs < -9.0


def test_a_sound_after_the_last_complete_block_counts() -> None:
    clip = np.pad(tone(500, 0.05), (round(0.41 * RATE_HZ), 0))
    levelled = _measured(_level(clip, lufs=-30.0, peak_dbtp=-1.5))
    assert levelled.lufs == pytest.approx(-30.0, abs=0.1)
