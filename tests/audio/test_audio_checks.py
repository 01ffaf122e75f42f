"""Clips of the real voice are found to be right, and what was planted in them is found."""

import io
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.audio.conftest import BRIDGE, CHOPSTICKS, SENTENCE, WORD, Say, expected
from tests.audio.defects import DEFECTS, SOUND, DamagedTake, heard
from tts_assets.audio import speech_activity
from tts_assets.audio.audio_checks import check_bytes, check_file, check_samples
from tts_assets.audio.codec import decode
from tts_assets.audio.expected_length import Rule, estimate_mora_seconds
from tts_assets.audio.render import finish
from tts_assets.model import AccentBasis, Finding, Format, SpokenForm

RATE_HZ = SOUND.rate_hz


def rules(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.rule for finding in findings}


@pytest.mark.parametrize("format", list(Format))
@pytest.mark.parametrize("form", [WORD, SENTENCE, CHOPSTICKS, BRIDGE], ids=lambda form: form.text)
def test_a_clip_of_the_real_voice_breaks_no_rule(
    format: Format,  # noqa: A002 - as the field is called
    form: SpokenForm,
    say: Say,
) -> None:
    speech, sound = say(form), replace(SOUND, format=format)
    clip = finish(speech, sound).data
    assert check_bytes(clip, expected(speech, sound=sound)) == ()
    assert check_bytes(clip, expected(speech, sound=sound, voice="another/voice")) == ()


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found(name: str, take: DamagedTake) -> None:
    defect = DEFECTS[name]
    found = check_bytes(defect.plant(take), expected(take.speech))
    assert rules(found) & defect.rules, found


@pytest.mark.parametrize(
    ("name", "rule", "voice"),
    [
        ("cut at 80 %", Rule.CUT, "openjtalk/mei"),
        ("doubled", Rule.REPEAT, "another/voice"),
        ("noise behind", Rule.TAIL, "another/voice"),
        ("silenced middle", Rule.PAUSE, "openjtalk/mei"),
        ("played 1.5 times as fast", Rule.PITCH, "openjtalk/mei"),
        ("another word behind", Rule.LONG, "openjtalk/mei"),
        ("6 LU too loud", Rule.PEAK, "another/voice"),
    ],
)
def test_a_rule_finds_its_defect_by_itself(
    name: str, rule: Rule, voice: str, take: DamagedTake
) -> None:
    clip = DEFECTS[name].plant(take)
    assert rule in rules(check_bytes(clip, expected(take.speech, voice=voice)))


def test_a_voice_that_nothing_is_known_of_may_end_as_abruptly_as_it_likes(
    take: DamagedTake,
) -> None:
    clip = DEFECTS["cut at 80 %"].plant(take)
    assert Rule.CUT not in rules(check_bytes(clip, expected(take.speech, voice="another/voice")))


def test_what_is_to_be_said_twice_may_be_the_same_twice(take: DamagedTake) -> None:
    twice = expected(take.speech, voice="another/voice")
    assert twice.pronunciation is not None
    phrases = twice.pronunciation.phrases * 2
    twice = replace(twice, pronunciation=replace(twice.pronunciation, phrases=phrases))
    assert Rule.REPEAT not in rules(check_bytes(DEFECTS["doubled"].plant(take), twice))


def test_what_was_measured_already_is_believed(take: DamagedTake) -> None:
    own = expected(take.speech)
    assert check_bytes(take.clip, own, lufs=-19.0, peak_dbtp=-2.0) == ()
    (found,) = check_bytes(take.clip, own, lufs=-30.0, peak_dbtp=-9.0)
    assert (found.rule, found.measured) == (Rule.LOUDNESS, "-30.0 LUFS")


def test_a_finding_tells_what_was_measured_and_the_limit_in_words(take: DamagedTake) -> None:
    clip = finish(take.speech, replace(SOUND, lufs=-30)).data
    assert check_bytes(clip, expected(take.speech)) == (
        Finding("loudness", "-30.0 LUFS", "-19 LUFS", "it has -30.0 LUFS instead of -19"),
    )


@pytest.mark.parametrize(("form", "said"), [(CHOPSTICKS, BRIDGE), (BRIDGE, CHOPSTICKS)])
def test_a_word_said_as_another_with_its_sounds_is_found(
    form: SpokenForm, said: SpokenForm, say: Say
) -> None:
    clip = finish(say(said), SOUND).data
    assert rules(check_bytes(clip, expected(say(form)))) == {Rule.ACCENT}


def test_accents_are_judged_only_where_they_are_sure_and_said(say: Say) -> None:
    clip, wanted = finish(say(BRIDGE), SOUND).data, say(CHOPSTICKS)
    assert check_bytes(clip, expected(wanted, says_accents=False)) == ()
    assert wanted.pronunciation is not None
    guessed = replace(wanted.pronunciation, accent_basis=AccentBasis.GUESSED)
    assert check_bytes(clip, expected(wanted, pronunciation=guessed)) == ()


def test_accents_that_could_not_be_imposed_are_found_in_voices_that_say_them(say: Say) -> None:
    clip, wanted = finish(say(BRIDGE), SOUND).data, say(BRIDGE)
    assert wanted.pronunciation is not None
    own = replace(wanted.pronunciation, accent_basis=AccentBasis.ENGINE)
    assert rules(check_bytes(clip, expected(wanted, pronunciation=own))) == {Rule.ACCENT}
    assert check_bytes(clip, expected(wanted, pronunciation=own, says_accents=False)) == ()


@pytest.mark.parametrize(("accent", "found"), [(2, 0), (1, 1)])
def test_the_morae_of_a_voice_that_draws_the_last_one_out_are_found(
    accent: int, found: int, say: Say
) -> None:
    """A buzz with the pitch of カブル, whose last mora is 2.2 times as long as Mei's."""
    *first, last = estimate_mora_seconds("カブル")
    lengths = [round(RATE_HZ * seconds) for seconds in (*first, 2.2 * last)]
    hertz = np.repeat({1: (300, 250, 190), 2: (200, 330, 190)}[accent], lengths)
    phase = 2 * np.pi * np.cumsum(hertz) / RATE_HZ
    buzz = np.sum([np.sin(number * phase) / number for number in range(1, 6)], axis=0)
    wanted = expected(
        say(SpokenForm("かぶる", "カブル", 2)), voice="kokoro/jf_alpha", is_segment=True
    )
    findings = check_samples(0.2 * buzz.astype(np.float32), RATE_HZ, wanted)
    assert sum(each.rule is Rule.ACCENT for each in findings) == found


@pytest.mark.parametrize("scale", [0.01, 1.0, 3.0])
def test_a_segment_is_of_any_level_and_has_no_silence_around(say: Say, scale: float) -> None:
    speech = say(SENTENCE)
    samples = speech.samples * np.float32(scale)
    assert check_samples(samples, speech.rate_hz, expected(speech, is_segment=True)) == ()


def test_a_segment_that_is_cut_is_found(say: Say) -> None:
    speech = say(SENTENCE)
    half = speech.samples[: speech.samples.size // 2]
    found = check_samples(half, speech.rate_hz, expected(speech, is_segment=True))
    assert Rule.SHORT in rules(found)


def test_half_a_sentence_of_an_unknown_voice_is_too_short(say: Say) -> None:
    speech = say(SENTENCE)
    own = expected(speech, is_segment=True, voice="unknown/voice")
    assert check_samples(speech.samples, speech.rate_hz, own) == ()
    half = speech.samples[: speech.samples.size * 3 // 5]
    (found,) = check_samples(half, speech.rate_hz, own)
    assert found.rule is Rule.SHORT
    assert "a voice speaks for" in found.message


def test_a_file_is_checked_as_its_bytes_are(take: DamagedTake, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp3"
    path.write_bytes(DEFECTS["clipped"].plant(take))
    found = check_file(path, expected(take.speech))
    assert found == check_bytes(path.read_bytes(), expected(take.speech)) != ()


def test_without_a_pronunciation_nothing_is_said_of_its_length(take: DamagedTake) -> None:
    clip = DEFECTS["another word behind"].plant(take)
    assert check_bytes(clip, expected(take.speech, pronunciation=None)) == ()


def test_pauses_between_segments_are_no_defects(say: Say) -> None:
    speech = say(WORD)
    silence = np.zeros(2 * speech.rate_hz, np.float32)
    joined = np.concatenate([heard(speech), silence, heard(speech)])
    assert speech.pronunciation is not None
    twice = replace(speech.pronunciation, phrases=speech.pronunciation.phrases * 2)
    wanted = expected(speech, pronunciation=twice, is_segment=True, voice="another/voice")
    assert Rule.PAUSE in rules(check_samples(joined, speech.rate_hz, wanted))
    wanted = replace(wanted, pauses_ms=(2000,))
    assert Rule.PAUSE not in rules(check_samples(joined, speech.rate_hz, wanted))


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 5000, b"RIFF\x24\0\0\0WAVEfmt ", b"fLaC" + b"x" * 99]
)
def test_what_is_no_sound_is_one_finding(data: bytes, take: DamagedTake) -> None:
    (found,) = check_bytes(data, expected(take.speech))
    assert (found.rule, found.limit) == (Rule.UNDECODABLE, "mp3")


@pytest.mark.parametrize(
    ("rate_hz", "channels"),
    [(8_000, 6), (192_000, 1), (1_000, 2), (2_000_000_000, 1), (2_000, 600)],
)
def test_sound_of_other_rates_and_channels_is_told_as_such(
    rate_hz: int, channels: int, take: DamagedTake
) -> None:
    buffer = io.BytesIO()
    sound = np.random.default_rng(1).normal(0, 0.1, (min(rate_hz // 2, 90_000), channels))
    soundfile.write(buffer, sound, rate_hz, format="WAV")
    found = rules(check_bytes(buffer.getvalue(), expected(take.speech)))
    assert {Rule.FORMAT, Rule.RATE} <= found
    assert (Rule.CHANNELS in found) is (channels > 1)


def test_samples_that_are_no_numbers_are_found(take: DamagedTake) -> None:
    samples = decode(take.clip)[0]
    samples[1000:1010] = np.nan
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE_HZ, format="WAV", subtype="FLOAT")
    assert Rule.BROKEN in rules(check_bytes(buffer.getvalue(), expected(take.speech)))


@pytest.mark.parametrize("peak", [100.0, 1e30, 3e38])
def test_samples_far_over_full_scale_are_broken(peak: float, take: DamagedTake) -> None:
    buffer = io.BytesIO()
    samples = np.full(RATE_HZ, peak, np.float32)
    soundfile.write(buffer, samples, RATE_HZ, format="WAV", subtype="FLOAT")
    assert Rule.BROKEN in rules(check_bytes(buffer.getvalue(), expected(take.speech)))


def test_a_single_sample_is_no_sound(take: DamagedTake) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.ones(1) / 2, RATE_HZ, format="WAV")
    assert Rule.EMPTY in rules(check_bytes(buffer.getvalue(), expected(take.speech)))


def test_a_long_file_takes_little_memory(take: DamagedTake, tmp_path: Path) -> None:
    path, rate_hz = tmp_path / "long.wav", 8_000
    minute = np.resize(decode(take.clip)[0][::3], 60 * rate_hz)
    with soundfile.SoundFile(path, "w", rate_hz, 1, "PCM_16") as file:
        for _ in range(10):
            file.write(minute)
    sound = replace(SOUND, format=Format.WAV, rate_hz=rate_hz)
    wanted = expected(take.speech, pronunciation=None, sound=sound, voice="a/b")
    tracemalloc.start()
    found = check_file(path, wanted)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert Rule.RATE not in rules(found)
    # Ten minutes are 18 MiB of samples.
    assert most < 12 * 2**20


def test_the_model_of_speech_is_asked_only_where_it_is_in_doubt(
    take: DamagedTake, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(
        speech_activity, "measure_speech_probability", lambda samples, _: asked.append(samples.size)
    )
    assert check_bytes(take.clip, expected(take.speech)) == ()
    assert asked == []
    times = np.arange(8 * RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 440 * times) * (1.2 + np.sin(7 * times))
    clip = finish(replace(take.speech, samples=tone.astype(np.float32), rate_hz=RATE_HZ), SOUND)
    check_bytes(clip.data, expected(take.speech))
    # Five seconds are enough.
    assert asked == [5 * RATE_HZ]


def test_noise_that_moves_like_speech_is_none_to_the_model_of_speech(take: DamagedTake) -> None:
    pytest.importorskip("faster_whisper")
    times = np.arange(2 * RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(3).normal(0, 0.2, times.size) * (1.2 + np.sin(7 * times))
    clip = finish(replace(take.speech, samples=noise.astype(np.float32), rate_hz=RATE_HZ), SOUND)
    assert Rule.NO_SPEECH in rules(check_bytes(clip.data, expected(take.speech)))


def test_a_file_that_does_not_tell_its_length_is_heard_to_its_end(take: DamagedTake) -> None:
    sound = replace(SOUND, format=Format.FLAC)
    clip = bytearray(finish(take.speech, sound).data)
    # STREAMINFO counts its samples in 36 bits (RFC 9639, section 8.2); 0 for unknown.
    clip[21] &= 0xF0
    clip[22:26] = bytes(4)
    assert check_bytes(bytes(clip), expected(take.speech, sound=sound)) == ()
