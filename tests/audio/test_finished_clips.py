"""Finishing: the promise on loudness and peak, exact silence, equal bytes, and clear refusals."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.audio.sounds import (
    SENTENCES,
    WORDS,
    measure_integrated_lufs,
    scaled,
    spoken,
    tone,
    true_peak_dbtp,
)
from tts_assets.audio.codec import decode
from tts_assets.audio.render import finish
from tts_assets.errors import ClipError
from tts_assets.model import Format, Recording, Sound, Speech

if TYPE_CHECKING:
    from tts_assets.model import Samples

_WAV = Sound(format=Format.WAV)
_DESU = spoken("です")


def _heard(recording: Recording) -> tuple[float, float, float]:
    """Seconds, loudness and true peak of the file as it decodes."""
    samples, rate_hz = decode(recording.data)
    return (
        samples.size / rate_hz,
        measure_integrated_lufs(samples, rate_hz),
        true_peak_dbtp(samples, rate_hz),
    )


def _silences(recording: Recording) -> tuple[float, float]:
    """Milliseconds before and after anything sounds."""
    samples, rate_hz = decode(recording.data)
    (sounding,) = np.nonzero(samples)
    return sounding[0] * 1000 / rate_hz, (samples.size - 1 - sounding[-1]) * 1000 / rate_hz


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("text", WORDS + SENTENCES)
def test_every_clip_is_at_its_loudness_and_under_the_ceiling(text: str, format_: Format) -> None:
    recording = finish(spoken(text), Sound(format=format_))
    seconds, lufs, peak = _heard(recording)
    assert peak <= -1.5
    if seconds > 0.4:
        assert lufs == pytest.approx(-19.0, abs=0.5)
    assert recording.seconds == pytest.approx(seconds, abs=0.001)
    assert recording.lufs == pytest.approx(lufs, abs=0.011)
    assert recording.peak_dbtp == pytest.approx(peak, abs=0.011)


@pytest.mark.parametrize(
    "sound",
    [
        Sound(lufs=-16.0),
        Sound(lufs=-35.0),
        Sound(bitrate_kbps=16),
        Sound(rate_hz=48_000, bitrate_kbps=128),
        Sound(format=Format.OPUS, bitrate_kbps=12),
        Sound(format=Format.OPUS, lufs=-16.0),
        Sound(format=Format.OGG, vorbis_quality=0.0),
        Sound(format=Format.FLAC, rate_hz=44_100, lufs=-16.0),
    ],
)
def test_the_promise_holds_at_other_settings(sound: Sound) -> None:
    for text in ("円", "ふく", "ホテル", SENTENCES[1]):
        _, lufs, peak = _heard(finish(spoken(text), sound))
        assert lufs == pytest.approx(sound.lufs, abs=0.5)
        assert peak <= sound.peak_dbtp


def test_a_low_ceiling_wins_over_the_loudness() -> None:
    for format_ in Format:
        _, lufs, peak = _heard(finish(_DESU, Sound(format=format_, lufs=-10.0, peak_dbtp=-12.0)))
        assert peak <= -12.0
        assert lufs < -14.0


@pytest.mark.parametrize(("lead_ms", "trail_ms"), [(100, 200), (0, 0), (37, 501), (1_000, 0)])
@pytest.mark.parametrize("rate_hz", [24_000, 44_100])
def test_lead_and_trail_are_as_set(lead_ms: int, trail_ms: int, rate_hz: int) -> None:
    sound = replace(_WAV, rate_hz=rate_hz, lead_ms=lead_ms, trail_ms=trail_ms)
    bare = finish(_DESU, replace(sound, lead_ms=0, trail_ms=0))
    recording = finish(_DESU, sound)
    lead, trail = _silences(recording)
    # The speech itself begins and ends with a fade from below the last bit.
    assert lead_ms <= lead + 0.05 < lead_ms + 15
    grown = 51 if trail_ms else 0
    assert trail_ms <= trail + 0.05 < trail_ms + 15 + grown
    least = bare.seconds + (lead_ms + trail_ms) / 1000
    assert least - 0.0015 < recording.seconds < least + grown / 1000 + 0.0015


@pytest.mark.parametrize("format_", Format)
def test_players_hear_the_speech_start_where_it_should(format_: Format) -> None:
    early, late = (
        int(np.argmax(np.abs(decode(finish(_DESU, sound).data)[0]) > 0.05))
        for sound in (_WAV, Sound(format=format_))
    )
    assert abs(early - late) <= 48


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("factor", [1e-3, 30.0])
def test_any_scale_is_brought_to_the_same_level(factor: float, format_: Format) -> None:
    recording = finish(scaled(_DESU, factor), Sound(format=format_))
    assert recording.lufs == pytest.approx(-19.0, abs=0.3)
    assert recording.seconds == finish(_DESU, _WAV).seconds


@pytest.mark.parametrize("format_", Format)
def test_fifty_milliseconds_are_enough(format_: Format) -> None:
    speech = Speech(samples=tone(300, 0.05), rate_hz=48_000)
    recording = finish(speech, Sound(format=format_))
    assert recording.seconds == 0.4
    assert recording.peak_dbtp <= -1.5


@pytest.mark.parametrize("format_", [Format.WAV, Format.MP3])
def test_a_minute_is_not_too_much(format_: Format) -> None:
    minute = np.tile(spoken(SENTENCES[0]).samples, 40)[: 60 * 48_000]
    recording = finish(Speech(samples=minute, rate_hz=48_000), Sound(format=format_))
    seconds, lufs, peak = _heard(recording)
    assert seconds == pytest.approx(60, abs=1)
    assert lufs == pytest.approx(-19.0, abs=0.5)
    assert peak <= -1.5


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 24_000, 44_100])
def test_every_rate_in_is_brought_to_the_rate_out(rate_hz: int) -> None:
    recording = finish(Speech(samples=tone(440, 0.5, rate_hz=rate_hz), rate_hz=rate_hz), _WAV)
    samples, found = decode(recording.data)
    spectrum = np.abs(np.fft.rfft(samples))
    assert found == 24_000
    assert np.argmax(spectrum) * found / samples.size == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    ("sound", "changed"),
    [
        (_WAV, replace(_WAV, lufs=-25.0)),
        (_WAV, replace(_WAV, peak_dbtp=-9.0)),
        (_WAV, replace(_WAV, lead_ms=150)),
        (_WAV, replace(_WAV, trail_ms=0)),
        (_WAV, replace(_WAV, rate_hz=16_000)),
        (Sound(), Sound(bitrate_kbps=96)),
        (Sound(format=Format.OPUS), Sound(format=Format.OPUS, bitrate_kbps=32)),
        (Sound(format=Format.OGG), Sound(format=Format.OGG, vorbis_quality=0.9)),
    ],
)
def test_every_setting_changes_the_file(sound: Sound, changed: Sound) -> None:
    assert finish(_DESU, sound).data != finish(_DESU, changed).data


def test_what_a_format_does_not_use_does_not_change_it() -> None:
    assert finish(_DESU, _WAV) == finish(_DESU, replace(_WAV, bitrate_kbps=8, vorbis_quality=0.0))


_PROBE = """
import hashlib, numpy as np
from tts_assets.audio.render import finish
from tts_assets.model import Format, Sound, Speech
samples = np.load(__import__("sys").argv[1])
for format_ in Format:
    data = finish(Speech(samples=samples, rate_hz=48_000), Sound(format=format_, lufs=-17.0)).data
    print(hashlib.sha256(data).hexdigest())
"""


def test_another_process_makes_the_same_bytes(tmp_path_factory: pytest.TempPathFactory) -> None:
    speech = spoken("円")
    path = tmp_path_factory.mktemp("speech") / "samples.npy"
    np.save(path, speech.samples)
    there = subprocess.run(
        [sys.executable, "-c", _PROBE, path], capture_output=True, text=True, check=True
    ).stdout.split()
    here = [
        hashlib.sha256(finish(speech, Sound(format=format_, lufs=-17.0)).data).hexdigest()
        for format_ in Format
    ]
    assert here == there


def _at(samples: Samples, value: float) -> Samples:
    changed = samples.copy()
    changed[1_000] = value
    return changed


_SILENT = np.zeros(48_000, dtype=np.float32)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (_SILENT[:0], "0 samples"),
        (_SILENT[:100], "100 samples, 0.002 s"),
        (_SILENT, "48000 samples of silence"),
        (_DESU.samples / 10_000, "silence .* of full scale"),
        (_at(_DESU.samples, math.nan), "nan times full scale"),
        (_at(_DESU.samples, math.inf), "inf times full scale"),
        (_at(_DESU.samples, 65.0), "65 times full scale"),
        (_SILENT.reshape(2, -1), r"shape \(2, 24000\)"),
    ],
)
def test_samples_that_are_no_speech_are_refused_with_what_was_measured(
    samples: Samples, words: str
) -> None:
    with pytest.raises(ClipError, match=words):
        finish(Speech(samples=samples, rate_hz=48_000), Sound())
