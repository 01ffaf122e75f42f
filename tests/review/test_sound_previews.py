"""What is drawn of a sound."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.audio.sounds import encoded, tone
from tts_assets.model import Format, Sound
from tts_assets.review.sound_previews import SoundPreview, draw_preview

if TYPE_CHECKING:
    from pathlib import Path

    from tests.review.conftest import Shown
    from tts_assets.model import Samples

WAV = Sound(format=Format.WAV, rate_hz=48_000)


def _drawn(folder: Path, samples: Samples, sound: Sound = WAV) -> SoundPreview:
    path = folder / f"clip.{sound.format}"
    path.write_bytes(encoded(samples, sound))
    found = draw_preview(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert found is not None
    return found


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * WAV.rate_hz), dtype=np.float32)


def test_bars_are_the_highest_of_their_part(tmp_path: Path) -> None:
    loud, soft = tone(200, 2.0), tone(200, 2.0, dbfs=-20.0)
    found = _drawn(tmp_path, np.concatenate([loud, soft, _silence(1.0)]))
    assert len(found.peaks) == 200
    assert (found.seconds, found.begin, found.end) == (5.0, 0.0, 4.0)
    assert set(found.peaks[:80]) == {255}
    assert set(found.peaks[81:160]) <= {25, 26}
    assert not any(found.peaks[161:])


def test_a_short_sound_has_a_bar_for_every_ten_milliseconds(tmp_path: Path) -> None:
    assert len(_drawn(tmp_path, tone(200, 0.3)).peaks) == 30
    assert len(_drawn(tmp_path, tone(200, 0.004)).peaks) == 1


@pytest.mark.parametrize("hertz", [100, 200, 400])
def test_the_pitch_is_told_in_steps_of_a_quarter_of_a_semitone(tmp_path: Path, hertz: int) -> None:
    found = _drawn(tmp_path, np.concatenate([_silence(0.2), tone(hertz, 0.6)]))
    assert len(found.pitch) == 40
    assert not any(found.pitch[:9])
    step = 1 + 48 * math.log2(hertz / 50)
    assert found.pitch[20] == pytest.approx(step, abs=1)


def test_silences_are_told_and_closures_are_not(tmp_path: Path) -> None:
    parts = [tone(200, 0.5), _silence(0.1), tone(200, 0.5), _silence(0.4), tone(200, 0.5)]
    ((begin, end),) = _drawn(tmp_path, np.concatenate(parts)).gaps
    assert begin == pytest.approx(1.1, abs=0.02)
    assert end == pytest.approx(1.5, abs=0.02)


def test_the_pitch_of_a_long_sound_ends_after_half_a_minute(tmp_path: Path) -> None:
    found = _drawn(tmp_path, np.tile(tone(200, 1.0), 40))
    assert (len(found.peaks), len(found.pitch), found.seconds) == (200, 1500, 40.0)


def test_silence_and_nothing_have_pictures_too(tmp_path: Path) -> None:
    assert set(_drawn(tmp_path, _silence(0.5)).peaks) == {0}
    assert _drawn(tmp_path, _silence(0.0)).peaks == b""


def test_what_is_no_sound_is_blank(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp3"
    path.write_bytes(b"no sound")
    sha256 = hashlib.sha256(b"no sound").hexdigest()
    assert draw_preview(path, sha256) == SoundPreview(sha256=sha256)


def test_other_bytes_than_were_asked_for_have_none(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    path.write_bytes(encoded(tone(200, 0.1), WAV))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert draw_preview(path, sha256, SoundPreview(sha256=sha256))
    path.write_bytes(encoded(tone(300, 0.1), WAV))
    assert not draw_preview(path, sha256, SoundPreview(sha256=sha256))
    assert draw_preview(path, sha256) is None
    path.unlink()
    assert not draw_preview(path, sha256, SoundPreview(sha256=sha256))
    assert draw_preview(path, sha256) is None
    assert draw_preview(tmp_path, sha256) is None


def test_a_voice_falls_where_its_accent_says(shown: Shown) -> None:
    row = shown.row("cat")
    first, second = row.morae
    assert (first.kana, first.high, second.high) == ("ネ", 1, 0)

    def height(begin: float, end: float) -> float:
        steps = row.pitch[round(begin / 0.02) : round(end / 0.02)]
        return float(np.median([step for step in steps if step]))

    # A semitone, in the steps in which it is told.
    assert height(first.begin, first.end) > height(second.begin, second.end) + 4
