"""Verdicts on real clips: right ones have none, and each kind of damage is told for what it is."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from tests.quality.conftest import SOUND, MadeClips, rules
from tts_assets import Settings, generate_sync
from tts_assets.audio.expected_length import Rule
from tts_assets.config.command_options import AccentScope, VerifySettings
from tts_assets.engines.openjtalk_engine import OpenJTalkEngine
from tts_assets.errors import UsageError
from tts_assets.model import Cue, Decided, Decision, Finding, Kind, SpokenForm, Voice
from tts_assets.quality.quality_reports import DAMAGED, MISSING, ClipName, VerifyReport
from tts_assets.quality.verify_assets import verify_assets
from tts_assets.store import ledger
from tts_assets.store.atomic_files import sha256
from tts_assets.store.ledger_line import LEDGER_NAME, encode

KEPT = Finding("pause", "400 ms", "at most 200 ms", "it pauses for 400 ms, and may for 200 ms")


def _only(report: VerifyReport) -> set[str]:
    assert len(report.verdicts) == 1
    return rules(report.verdicts[0])


def _rewritten(path: Path, samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    soundfile.write(path, samples, 24_000, format="WAV", subtype="PCM_16")


def test_clips_that_are_right_have_no_verdict(made: MadeClips) -> None:
    report = made.look()
    assert report.verdicts == ()
    assert (report.checked, report.foreign, report.recognized) == (3, 0, 0)
    assert (report.ungenerated, report.catalogues, report.problems) == (0, 1, ())


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_any_number_at_once_says_the_same(made: MadeClips, workers: int) -> None:
    made.file("cat").write_bytes(b"")
    made.file("school").unlink()
    one, some = made.look(concurrency=1), made.look(concurrency=workers)
    assert some.verdicts == one.verdicts
    assert len(one.verdicts) == 2


def _cut(path: Path) -> None:
    samples, _ = soundfile.read(path, dtype="float32")
    _rewritten(path, samples[: samples.size // 3])


def _silenced(path: Path) -> None:
    samples, _ = soundfile.read(path, dtype="float32")
    _rewritten(path, np.zeros_like(samples))


def _overdriven(path: Path) -> None:
    samples, _ = soundfile.read(path, dtype="float32")
    _rewritten(path, np.clip(samples * 30, -1, 1))


def _another(path: Path) -> None:
    other = next(each for each in path.parent.iterdir() if each != path)
    shutil.copy(other, path)


def _at_8_khz(path: Path) -> None:
    samples, _ = soundfile.read(path, dtype="float32")
    soundfile.write(path, samples[::3], 8_000, format="WAV", subtype="PCM_16")


def _as_flac(path: Path) -> None:
    samples, _ = soundfile.read(path, dtype="float32")
    soundfile.write(path, samples, 24_000, format="FLAC")


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _no_sound(path: Path) -> None:
    path.write_bytes(b"<html>404</html>" * 100)


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (_cut, Rule.SHORT),
        (_silenced, Rule.SILENT),
        (_overdriven, Rule.CLIPPED),
        (_at_8_khz, Rule.RATE),
        (_as_flac, Rule.FORMAT),
        (_emptied, Rule.UNDECODABLE),
        (_no_sound, Rule.UNDECODABLE),
        (_another, DAMAGED),
    ],
)
def test_damage_is_told_for_what_it_is(
    made: MadeClips, damage: Callable[[Path], None], rule: str
) -> None:
    damage(made.file("school"))
    assert {DAMAGED, rule} <= _only(made.look())


@pytest.mark.parametrize("form", ["MP3", "OGG", "FLAC", "WAV"])
def test_half_of_a_file_is_found_even_where_the_ledger_knows_those_bytes(
    made: MadeClips, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = made.file("school")
    samples, rate_hz = soundfile.read(path, dtype="float32")
    soundfile.write(path, samples, rate_hz, format=form)
    data = path.read_bytes()
    for half in (data[: len(data) // 2], data[: len(data) // 2 + 1]):
        path.write_bytes(half)
        made.change_line("school", sha256=sha256(half), bytes=len(half))
        (verdict,) = made.look().verdicts
        (finding,) = verdict.findings
        assert (finding.rule, finding.measured) == (Rule.UNDECODABLE, "no sound")
        assert finding.message.startswith("it is incomplete: ")
    assert capfd.readouterr() == ("", "")


def test_other_bytes_of_the_same_size_are_damage(made: MadeClips) -> None:
    path = made.file("cat")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert _only(made.look()) == {DAMAGED}


def test_a_clip_that_was_made_wrong_is_told_by_its_sound_alone(made: MadeClips) -> None:
    path = made.file("school")
    _silenced(path)
    data = path.read_bytes()
    made.change_line("school", sha256=sha256(data), bytes=len(data))
    assert Rule.SILENT in _only(made.look())
    assert DAMAGED not in _only(made.look())


def test_a_file_that_is_gone_is_told(made: MadeClips) -> None:
    made.file("school").unlink()
    report = made.look()
    assert _only(report) == {MISSING}
    assert report.checked == 2


def test_what_was_found_when_a_clip_was_made_is_kept(made: MadeClips) -> None:
    made.change_line("school", findings=(KEPT,))
    (verdict,) = made.look().verdicts
    (kept,) = verdict.findings
    assert kept == KEPT._replace(message=f"{KEPT.message} (found when it was generated)")


def test_a_clip_that_a_reviewer_approved_is_accepted(made: MadeClips) -> None:
    path = made.file("school")
    _silenced(path)
    data = path.read_bytes()
    approved = Decision(decided=Decided.APPROVED, at="2026-11-22T13:00:00.123Z")
    made.change_line("school", sha256=sha256(data), bytes=len(data), review=approved)
    assert made.look().verdicts == ()
    path.write_bytes(data[:-9])
    assert DAMAGED in _only(made.look())


def test_what_was_found_before_is_not_told_twice_nor_of_other_bytes(made: MadeClips) -> None:
    made.change_line("school", findings=(KEPT._replace(rule=Rule.SILENT), KEPT))
    _silenced(made.file("school"))
    (verdict,) = made.look().verdicts
    assert not any("when it was generated" in each.message for each in verdict.findings)
    assert [each.rule for each in verdict.findings].count(Rule.SILENT) == 1


def test_a_verdict_names_every_clip_that_the_asset_is_heard_in(made: MadeClips) -> None:
    made.file("cat").unlink()
    (verdict,) = made.look().verdicts
    assert verdict.asset == made.asset("again")
    file = "data/vocabulary.json"
    assert [(each.file, each.entry, each.part, each.line) for each in verdict.clips] == [
        (file, "cat", "word", 2),
        (file, "again", "word", 14),
    ]
    assert isinstance(verdict.clips[0], ClipName)
    assert verdict.clips[0].kind is Kind.VOCABULARY


def test_only_the_entries_that_are_asked_for_are_measured(made: MadeClips) -> None:
    made.file("cat").unlink()
    report = made.look(ids=("school",))
    assert (report.verdicts, report.checked, report.unmatched) == ((), 1, None)
    assert "--id 'dog'" in (made.look(ids=("dog",)).unmatched or "")


def test_clips_that_are_not_made_yet_are_counted(made: MadeClips) -> None:
    entries = json.loads(Path("data/vocabulary.json").read_bytes())
    entries.append({"id": "new", "word": "犬"})
    Path("data/vocabulary.json").write_text(json.dumps(entries), encoding="utf-8")
    report = made.look()
    assert (report.ungenerated, report.checked, report.verdicts) == (1, 3, ())


def test_a_file_that_nobody_knows_is_asked_only_whether_it_is_sound(made: MadeClips) -> None:
    own = made.file("cat").with_name("mine.wav")
    samples, _ = soundfile.read(made.file("cat"), dtype="float32")
    # Too quiet, without silence around it, at another rate: that is its owner's choice.
    soundfile.write(own, samples[4_000:-6_000] / 4, 16_000)
    report = made.look()
    assert (report.verdicts, report.foreign, report.checked) == ((), 1, 4)
    own.write_bytes(b"RIFF")
    (verdict,) = made.look().verdicts
    assert (verdict.ours, verdict.clips, rules(verdict)) == (False, (), {Rule.UNDECODABLE})


def test_somebodys_recording_behind_a_url_of_ours_is_asked_too(made: MadeClips) -> None:
    entries = json.loads(Path("data/vocabulary.json").read_bytes())
    entries[1]["audioUrl"] = "/audio/recordings/school.wav"
    Path("data/vocabulary.json").write_text(json.dumps(entries, indent=1), encoding="utf-8")
    Path("audio/recordings").mkdir()
    Path("audio/recordings/school.wav").write_bytes(b"RIFF")
    (verdict,) = made.look().verdicts
    assert verdict.asset == "recordings/school.wav"
    assert [each.entry for each in verdict.clips] == ["school"]
    assert not verdict.ours


@pytest.mark.parametrize(
    "url",
    [
        "/audio/../secret.wav",
        "/audio//etc/secret.wav",
        "/audio/%2e%2e/secret.wav",
        "/audio/own.m4a",
    ],
)
def test_no_url_leads_out_of_the_folder_nor_to_what_cannot_be_read(
    made: MadeClips, url: str
) -> None:
    entries = json.loads(Path("data/vocabulary.json").read_bytes())
    entries[1]["audioUrl"] = url
    Path("data/vocabulary.json").write_text(json.dumps(entries), encoding="utf-8")
    Path("secret.wav").write_bytes(b"RIFF")
    Path("audio/own.m4a").write_bytes(b"ftyp")
    report = made.look()
    assert (report.verdicts, report.checked, report.foreign) == ((), 2, 0)


def test_entries_cannot_be_chosen_among_sounds(made: MadeClips) -> None:
    with pytest.raises(UsageError, match=r"is an audio file, but --id, --since and --type"):
        made.look(paths=("audio",), ids=("cat",))


def test_sounds_can_be_named_instead_of_catalogues(made: MadeClips) -> None:
    made.file("cat").write_bytes(b"")
    report = made.look(paths=(str(made.file("cat")), str(made.file("school"))))
    (verdict,) = report.verdicts
    assert (verdict.asset, verdict.text, verdict.clips) == (made.asset("cat"), "猫", ())
    assert (report.checked, report.catalogues) == (2, 0)
    assert made.look(paths=("audio",)).verdicts == report.verdicts


def test_a_sound_from_elsewhere_is_asked_whether_it_is_one(made: MadeClips, tmp_path: Path) -> None:
    other = tmp_path / "other.wav"
    shutil.copy(made.file("school"), other)
    assert made.look(paths=(str(other),)).verdicts == ()
    other.write_bytes(b"RIFF")
    (verdict,) = made.look(paths=(str(other),)).verdicts
    assert (verdict.asset, verdict.ours) == (str(other), False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_waited_for(made: MadeClips) -> None:
    made.file("cat").unlink()
    os.mkfifo(made.file("cat"))
    assert _only(made.look()) == {Rule.UNDECODABLE}


def test_a_ledger_that_somebody_wrote_into_ends_no_look(made: MadeClips) -> None:
    made.change_line("school", speed=0.0)
    assert made.look().checked == 3


def test_a_sound_that_is_not_there_is_a_verdict(made: MadeClips) -> None:
    (verdict,) = made.look(paths=("audio/vocabulary/none.wav",)).verdicts
    assert rules(verdict) == {MISSING}


def test_a_catalogue_that_is_not_there_is_an_error(made: MadeClips) -> None:
    with pytest.raises(UsageError, match=r"none\.json"):
        made.look(paths=("none.json",))


def test_of_several_lines_for_an_asset_the_one_of_its_file_counts(made: MadeClips) -> None:
    path = Path("audio", LEDGER_NAME)
    lines = list(ledger.whole_lines(path.read_bytes()))
    torn = [msgspec.structs.replace(each, sha256="0" * 64, text="other") for each in lines]
    path.write_bytes(b"".join(map(encode, (*lines, *torn))))
    assert made.look().verdicts == ()


def test_what_cannot_be_read_in_a_catalogue_is_told_with_the_rest(made: MadeClips) -> None:
    Path("data/grammar.json").write_text("[{", encoding="utf-8")
    report = made.look()
    assert [each.file for each in report.problems] == ["data/grammar.json"]
    assert report.checked == 3


async def test_progress_counts_up_to_all(made: MadeClips) -> None:
    told: list[tuple[int, int]] = []
    await verify_assets(made.settings, on_progress=lambda *each: told.append(each))
    assert told[-1] == (3, 3)


def test_a_passage_is_measured_as_a_whole_with_its_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    text = "今日は朝から雨が降っています。駅まで傘をさして歩きました。電車は少し遅れていました。"
    Path("data/reading.json").write_text(json.dumps([{"id": 1, "title": "雨", "text": text}]))
    settings = Settings(sound=SOUND, concurrency=1)
    assert generate_sync(settings).made >= 1
    made = MadeClips(tmp_path, settings)
    assert made.look().verdicts == ()
    (line,) = (
        each for each in ledger.whole_lines(Path("audio/ledger.jsonl").read_bytes()) if each.cues
    )
    path = Path("audio", line.asset)
    samples, _ = soundfile.read(path, dtype="float32")
    middle = samples.size // 2
    samples[middle - 24_000 : middle + 24_000] = 0
    _rewritten(path, samples)
    assert {DAMAGED, Rule.PAUSE} <= _only(made.look())


def test_segments_of_a_passage_may_break_one_rule_each(made: MadeClips) -> None:
    cues = (Cue(0.1, 0.4, "", "学"), Cue(0.5, 0.8, "", "校"))
    two = tuple(KEPT._replace(message=f"segment {number}: {KEPT.message}") for number in (1, 2))
    made.change_line("school", cues=cues, findings=two)
    (verdict,) = made.look().verdicts
    assert [each.rule for each in verdict.findings] == ["pause", "pause"]


def test_accents_of_other_engines_are_recognized(made: MadeClips) -> None:
    made.change_line("school", voice="voicevox/2")
    assert made.look().verdicts == ()
    made.change_line("school", spoken="ガ↓ッコー")
    (verdict,) = made.look().verdicts
    (finding,) = verdict.findings
    assert (finding.rule, finding.limit) == ("accent-heard", "ガ↓ッコー")
    approved = Decision(decided=Decided.APPROVED, at="2026-11-22T13:00:00.123Z")
    made.change_line("school", review=approved)
    assert made.look().verdicts == ()


@pytest.mark.parametrize(("accent", "found"), [(0, ()), (1, ("accent-heard",))])
def test_accents_of_recordings_are_recognized_if_that_is_set(
    made: MadeClips, accent: int, found: tuple[str, ...]
) -> None:
    shutil.copy(made.file("school"), "audio/mine.wav")
    path = Path("data/vocabulary.json")
    entries = json.loads(path.read_bytes())
    mine = {"id": "mine", "word": "学校", "reading": "がっこう", "accent": accent}
    path.write_text(json.dumps([*entries, mine | {"audioUrl": "/audio/mine.wav"}]), "utf-8")
    assert made.look().verdicts == ()
    report = made.look(verify=VerifySettings(accents=AccentScope.ALL))
    assert tuple(each.rule for verdict in report.verdicts for each in verdict.findings) == found
    assert [(each.asset, each.ours) for each in report.verdicts] == [("mine.wav", False)] * len(
        found
    )


def test_accents_of_voices_with_their_own_are_recognized_if_that_is_set(made: MadeClips) -> None:
    made.change_line("cat", voice="say/Kyoko")
    everything = VerifySettings(accents=AccentScope.ALL)
    assert made.look(verify=everything).verdicts == ()
    form = SpokenForm("猫", "ネコ", 0)
    speech = OpenJTalkEngine().speak(form, Voice(provider="openjtalk", name="mei"))
    path = made.file("cat")
    soundfile.write(path, speech.samples / abs(speech.samples).max() / 4, speech.rate_hz)
    data = path.read_bytes()
    made.change_line("cat", sha256=sha256(data), bytes=len(data))
    assert "accent-heard" not in _only(made.look())
    assert "accent-heard" in _only(made.look(verify=everything))
