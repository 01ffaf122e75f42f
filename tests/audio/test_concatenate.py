"""Joining: segments in a row, even among voices, level as a whole, and the same bytes every time."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.audio.sounds import SENTENCES, measure_integrated_lufs, pad, scaled, sliced, spoken, tone
from tests.audio.sounds import true_peak_dbtp as true_peak
from tts_assets.audio.codec import decode
from tts_assets.audio.joining import JoinedSound, Joint, join_segments
from tts_assets.audio.prepare import prepare_speech
from tts_assets.audio.render import finish, render
from tts_assets.audio.waveform import BLOCK, Waveform, whole
from tts_assets.errors import ClipError
from tts_assets.model import Format, Sound, Speech

if TYPE_CHECKING:
    from tts_assets.model import Samples

_WAV = Sound(format=Format.WAV)


def _joint(
    speech: Speech, *, voice: str = "a", pause_ms: int = 350, rate_hz: int = 24_000
) -> Joint:
    made = prepare_speech(speech, rate_hz)
    return Joint(
        read=lambda: made.samples, frames=made.samples.size, level=made.level, voice=voice,
        pause_ms=pause_ms,
    )  # fmt: skip


def _joined(*joints: Joint, sound: Sound = _WAV) -> tuple[bytes, JoinedSound]:
    file = io.BytesIO()
    joined = join_segments(joints, sound, file)
    return file.getvalue(), joined


def _part(data: bytes, span: tuple[float, float]) -> Samples:
    samples, rate_hz = decode(data)
    return samples[round(span[0] * rate_hz) : round(span[1] * rate_hz)]


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("text", ["円", "です", SENTENCES[1]])
def test_a_single_segment_has_the_very_bytes_of_a_clip(text: str, format_: Format) -> None:
    sound = Sound(format=format_)
    data, joined = _joined(_joint(spoken(text), pause_ms=0), sound=sound)
    clip = finish(spoken(text), sound)
    assert data == clip.data
    told = (joined.seconds, joined.lufs, joined.peak_dbtp)
    assert told == (clip.seconds, clip.lufs, clip.peak_dbtp)


@pytest.mark.parametrize("format_", Format)
def test_many_segments_are_as_loud_as_asked_for_under_the_ceiling(format_: Format) -> None:
    joints = [_joint(spoken(text)) for text in (*SENTENCES, "円", "はし")]
    data, joined = _joined(*joints, sound=Sound(format=format_))
    samples, rate_hz = decode(data)
    assert measure_integrated_lufs(samples, rate_hz) == pytest.approx(-19.0, abs=0.5)
    assert true_peak(samples, rate_hz) <= -1.5
    assert joined.seconds == pytest.approx(samples.size / rate_hz, abs=0.001)
    assert joined.lufs == pytest.approx(measure_integrated_lufs(samples, rate_hz), abs=0.011)


@pytest.mark.parametrize("rate_hz", [24_000, 44_100])
def test_spans_are_right_to_the_sample(rate_hz: int) -> None:
    bursts = [
        Speech(samples=np.full(size, 0.5, np.float32), rate_hz=rate_hz) for size in (5_001, 7_003)
    ]
    joints = [_joint(burst, pause_ms=333, rate_hz=rate_hz) for burst in bursts]
    data, joined = _joined(*joints, sound=replace(_WAV, rate_hz=rate_hz, lead_ms=37))
    samples, _ = decode(data)
    (edges,) = np.nonzero(np.diff(np.abs(samples) > 1e-4))
    found = (edges + 1) / rate_hz
    told = [moment for span in joined.spans for moment in span]
    # The fades begin and end below the last bits.
    assert np.abs(found - told).max() * rate_hz <= 3


@pytest.mark.parametrize("format_", Format)
def test_segments_one_by_one_are_the_same_as_all_at_once(format_: Format) -> None:
    made = [prepare_speech(spoken(text), 24_000) for text in (*SENTENCES, "円")]
    top = max(each.level for each in made)
    edges = [np.nonzero(np.abs(each.samples) > 10 ** (-50 / 20))[0] for each in made]
    quiet = [
        (int(loud[0]), each.samples.size - 1 - int(loud[-1]))
        for each, loud in zip(made, edges, strict=True)
    ]
    following = [*(before for before, _ in quiet[1:]), 0]
    parts = [
        part
        for each, (_, behind), before in zip(made, quiet, following, strict=True)
        for part in (
            each.samples * np.float32(each.level / top),
            np.zeros(8_400 - behind - before, np.float32),
        )
    ]
    together = pad(np.concatenate(parts), 24_000, lead_ms=100, trail_ms=200)
    file = io.BytesIO()
    render(whole(together), Sound(format=format_), file)
    joints = [_joint(spoken(text)) for text in (*SENTENCES, "円")]
    assert _joined(*joints, sound=Sound(format=format_))[0] == file.getvalue()


def test_pauses_are_exact_and_silent() -> None:
    joints = [_joint(spoken("円"), pause_ms=pause_ms) for pause_ms in (150, 800, 0)]
    data, joined = _joined(*joints)
    gaps = [(joined.spans[i][1], joined.spans[i + 1][0]) for i in (0, 1)]
    assert [round((end - begin) * 24_000) for begin, end in gaps] == [3_600, 19_200]
    # Beside speech whose peaks lie 50 dB higher.
    assert all(np.abs(_part(data, gap)).max() < 0.005 for gap in gaps)


def test_voices_are_brought_to_one_loudness() -> None:
    loud, soft = spoken(SENTENCES[0]), scaled(spoken(SENTENCES[1]), 0.05)
    data, joined = _joined(
        _joint(loud, voice="a"), _joint(soft, voice="b"), _joint(loud, voice="a")
    )
    heard = [measure_integrated_lufs(_part(data, span), 24_000) for span in joined.spans]
    assert np.ptp(heard) < 0.3


def test_within_a_voice_what_is_spoken_softly_stays_soft() -> None:
    loud, soft = spoken(SENTENCES[0]), scaled(spoken(SENTENCES[0]), 0.5)
    data, joined = _joined(_joint(loud), _joint(soft))
    heard = [measure_integrated_lufs(_part(data, span), 24_000) for span in joined.spans]
    assert heard[0] - heard[1] == pytest.approx(6.02, abs=0.1)


def _long() -> Samples:
    """Longer than two blocks, with peaks that a limiter has to hold."""
    rng = np.random.default_rng(1)
    samples = rng.standard_normal(2 * BLOCK + 12_345, dtype=np.float32) * np.float32(0.02)
    samples[::9_973] = 1.0
    return samples


@pytest.mark.parametrize("lufs", [-19.0, -30.0])
def test_how_a_sound_comes_in_blocks_does_not_change_a_byte(lufs: float) -> None:
    files = []
    for size in (30_011, 77_777, 3 * BLOCK):
        file = io.BytesIO()
        render(sliced(_long(), size), Sound(format=Format.MP3, lufs=lufs), file)
        files.append(file.getvalue())
    assert files[0] == files[1] == files[2]


@pytest.mark.parametrize("format_", Format)
def test_what_is_longer_than_a_block_keeps_the_promise(format_: Format) -> None:
    file = io.BytesIO()
    found = render(sliced(_long(), 100_000), Sound(format=format_), file)
    samples, rate_hz = decode(file.getvalue())
    assert samples.size == 2 * BLOCK + 12_345
    assert measure_integrated_lufs(samples, rate_hz) == pytest.approx(found.lufs, abs=0.011)
    assert true_peak(samples, rate_hz) == pytest.approx(found.peak_dbtp, abs=0.011)
    assert found.peak_dbtp <= -1.5


@pytest.mark.parametrize("format_", Format)
def test_joining_again_makes_the_same_bytes(format_: Format) -> None:
    joints = [_joint(spoken(text), voice=text) for text in SENTENCES]
    first, second = (_joined(*joints, sound=Sound(format=format_)) for _ in range(2))
    assert first == second


def test_nothing_is_joined_of_nothing() -> None:
    with pytest.raises(ClipError, match="no segment to join"):
        _joined()


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros(100, np.float32), "Segment 2 of 3 .* reach 0 times"),
        (np.full(100, np.nan, np.float32), "Segment 2 of 3 .* reach nan times"),
        (np.ones(99, np.float32), r"Segment 2 of 3 .* shape \(99,\) instead of 100"),
    ],
)
def test_a_damaged_segment_is_refused_with_its_number(samples: Samples, words: str) -> None:
    good = _joint(spoken("円"))
    bad = Joint(read=lambda: samples, frames=100, level=1.0, voice="a")
    with pytest.raises(ClipError, match=words):
        _joined(good, bad, good)


def test_a_silent_engine_is_refused_before_anything_waits() -> None:
    with pytest.raises(ClipError, match="samples of silence"):
        prepare_speech(Speech(samples=np.zeros(24_000, np.float32), rate_hz=24_000), 24_000)


@pytest.mark.parametrize("format_", [Format.WAV, Format.MP3])
def test_more_than_a_format_can_hold_is_refused(format_: Format) -> None:
    blocks = sliced(tone(440, 0.1, rate_hz=24_000), 2_400).blocks
    endless = Waveform(size=1 << 40, blocks=blocks)
    with pytest.raises(ClipError, match="4 GB limit"):
        render(endless, Sound(format=format_), io.BytesIO())


class _FullDisk(io.BytesIO):
    def write(self, _: object, /) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("format_", Format)
def test_a_full_disk_is_an_error_and_no_short_file(format_: Format) -> None:
    with pytest.raises(OSError, match="No space left"):
        join_segments([_joint(spoken("円"))], Sound(format=format_), _FullDisk())
