"""Passages are made of segments: by all workers, in order, whole or not at all, and resumed."""

import json
import resource
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.passages import SENTENCES, TEXT, Directed, LongText
from tts_assets.audio.codec import decode
from tts_assets.build.events import ClipMade, Event, SegmentMade
from tts_assets.build.plan.planner import State
from tts_assets.config.settings import OnEngineChange, SpeakerSettings
from tts_assets.japanese.running_text import build_text_forms
from tts_assets.model import Format, Kind, Pauses


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LongText:
    return LongText(tmp_path, monkeypatch)


def normalised(text: str) -> str:
    """A sentence as it is said."""
    said = build_text_forms(text)
    assert not isinstance(said, str)
    return said[0].text


async def test_each_sentence_of_a_passage_is_said_once(project: LongText) -> None:
    report = await project.generate()
    assert report.made == 1
    assert Directed.said == list(SENTENCES)


async def test_segments_that_end_in_reverse_are_joined_in_order(project: LongText) -> None:
    await project.generate(concurrency=1)
    in_order = project.assets
    project.forget()
    Directed.reverse = 3
    await project.generate(concurrency=3)
    assert Directed.ended == [2, 1, 0, 5, 4, 3]
    assert project.assets == in_order


async def test_a_run_that_ended_early_goes_on_inside_the_passage(project: LongText) -> None:
    Directed.fails = {SENTENCES[4]: 9}
    report = await project.generate()
    assert (report.made, len(report.failures)) == (0, 1)
    waiting = len(project.waiting)
    assert waiting >= 4
    Directed.said, Directed.fails = [], {}
    report = await project.generate()
    assert report.made == 1
    assert len(Directed.said) == len(SENTENCES) - waiting
    assert SENTENCES[4] in Directed.said
    resumed = project.assets
    project.forget()
    await project.generate()
    assert project.assets == resumed


async def test_a_passage_that_is_whole_leaves_nothing_behind(project: LongText) -> None:
    await project.generate()
    assert not (project.folder / ".temp-audio").exists()


async def test_a_passage_that_lacks_a_segment_is_not_written(project: LongText) -> None:
    Directed.fails = {SENTENCES[2]: 9}
    await project.generate()
    assert not [name for name in project.assets if name.endswith(".mp3")]


async def test_the_report_names_the_segment_that_failed(project: LongText) -> None:
    Directed.fails = {SENTENCES[2]: 9}
    (failure,) = (await project.generate()).failures
    assert failure.reason.startswith("segment 3 of 6 (鳥が静かな庭")
    assert failure.reason.endswith("told to fail")


async def test_a_segment_is_attempted_three_times(project: LongText) -> None:
    Directed.fails = {SENTENCES[2]: 2}
    report = await project.generate()
    assert (report.made, report.failures) == (1, ())
    assert Directed.said.count(SENTENCES[2]) == 3


async def test_of_a_passage_that_failed_no_more_segments_are_begun(project: LongText) -> None:
    Directed.fails = {SENTENCES[0]: 9}
    await project.generate()
    # One more may be in hand before the failure is known.
    assert len(set(Directed.said)) <= 3


async def test_a_passage_of_which_two_segments_fail_is_one_failure(project: LongText) -> None:
    words = [{"id": 1, "word": "犬", "reading": "いぬ"}, {"id": 2, "word": "猫"}]
    (project.folder / "data" / "vocabulary.json").write_text(json.dumps(words))
    Directed.fails = dict.fromkeys(SENTENCES[:2], 9)
    report = await project.generate(concurrency=2, max_failures=2)
    assert (report.made, len(report.failures), report.stopped) == (2, 1, False)


async def test_of_a_passage_that_failed_no_segment_is_told_as_made(project: LongText) -> None:
    events: list[Event] = []
    # The second fails once, when the first has failed for good.
    Directed.slow, Directed.fails = SENTENCES[1], {SENTENCES[0]: 3, SENTENCES[1]: 9}
    await project.generate(events.append, concurrency=2)
    made = {event.number for event in events if isinstance(event, SegmentMade)}
    assert made.isdisjoint({0, 1})


async def test_a_segment_that_is_lost_before_the_end_is_named_and_made_anew(
    project: LongText,
) -> None:
    def lose(event: Event) -> None:
        if isinstance(event, SegmentMade) and event.number == 0:
            project.waiting[0].write_bytes(b"")

    (failure,) = (await project.generate(lose)).failures
    assert failure.reason.startswith("segment 1 of 6 (犬が静かな庭")
    assert Directed.said == list(SENTENCES)
    Directed.said = []
    assert (await project.generate()).made == 1
    assert Directed.said == [SENTENCES[0]]


@pytest.mark.parametrize("sound_format", [Format.WAV, Format.MP3])
async def test_a_disk_that_is_full_when_segments_are_joined_ends_the_run(
    project: LongText, sound_format: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A module that is first loaded here would be cut, too, and break every later import.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    sound = replace(project.settings.sound, format=sound_format, bitrate_kbps=128)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A segment has 10 kB, and the whole has more.
    resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, before[1]))
    try:
        report = await project.generate(sound=sound)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "cannot write" in (report.fatal or "")
    assert (report.made, report.failures, len(project.waiting)) == (0, (), 6)


async def test_the_ledger_has_what_all_segments_were_billed(project: LongText) -> None:
    Directed.bills, Directed.fails = 2.0, {SENTENCES[4]: 9}
    await project.generate()
    Directed.fails = {}
    await project.generate()
    assert project.lines()[0]["billed"] == 12.0


async def test_a_run_leaves_what_waits_for_another_output_folder(project: LongText) -> None:
    Directed.fails = {SENTENCES[4]: 9}
    await project.generate()
    waiting = project.waiting
    Directed.fails = {}
    project.write("".join(SENTENCES[::-1]))
    report = await project.generate(output=str(project.folder / "other"))
    assert (report.made, project.waiting) == (1, waiting)


async def test_a_passage_counts_as_one_clip(project: LongText) -> None:
    counts = []

    def note(event: Event) -> None:
        if isinstance(event, SegmentMade | ClipMade):
            counts.append((event.counts.done, event.counts.failed))

    await project.generate(note)
    assert counts == [(0, 0)] * 5 + [(1, 0)]


async def test_the_time_line_tells_when_each_segment_is_heard(project: LongText) -> None:
    await project.generate()
    (line,) = project.lines()
    cues = line["cues"]
    assert "".join(cue[3] for cue in cues) == TEXT
    (asset,) = (data for name, data in project.assets.items() if name.endswith(".mp3"))
    samples, rate_hz = decode(asset)
    for number, (begin, end, _, _) in enumerate(cues):
        inside = samples[round((begin + 0.03) * rate_hz) : round((end - 0.03) * rate_hz)]
        assert abs(inside).max() > 0.05
        if number:
            before = samples[round((cues[number - 1][1] + 0.03) * rate_hz) : round((begin - 0.03) * rate_hz)]  # fmt: skip
            assert abs(before).max() < 0.01


async def test_a_change_of_the_pauses_makes_passages_stale(project: LongText) -> None:
    await project.generate()
    first = project.lines()[0]["recipe"]
    Directed.said = []
    report = await project.generate(pauses=Pauses(sentence_ms=700))
    assert report.made == 1
    assert "pause-sentence=350" in report.planned[0].reason
    assert "pause-sentence=700" in report.planned[0].reason
    assert project.lines()[-1]["recipe"] != first or len(project.lines()) == 2


async def test_pauses_that_a_passage_has_not_change_nothing(project: LongText) -> None:
    await project.generate()
    report = await project.generate(pauses=Pauses(paragraph_ms=900, turn_ms=900))
    assert report.states[State.FRESH] == 1
    project.write("犬が静かに歩いて行きました。\n猫も静かに歩いて行きました。")
    await project.generate()
    assert (await project.generate(pauses=Pauses(turn_ms=900))).states[State.FRESH] == 1
    assert (await project.generate(pauses=Pauses(paragraph_ms=900))).made == 1


async def test_a_passage_of_an_earlier_version_is_told_as_made_in_one_piece(
    project: LongText,
) -> None:
    await project.generate()
    (line,) = project.lines()
    (asset,) = (name for name in project.assets if name.endswith(".mp3"))
    recipe = "0" * 24
    own = line["asset"].replace(line["recipe"], recipe)
    (project.folder / "audio" / asset).rename(project.folder / "audio" / own)
    sound = line["sound"].partition(" pause-")[0]
    earlier = line | {"asset": own, "recipe": recipe, "brief": recipe, "sound": sound}
    for name in ("speakers", "cues"):
        del earlier[name]
    (project.folder / "audio" / "ledger.jsonl").write_text(json.dumps(earlier) + "\n")
    path = project.folder / "data" / "reading.json"
    path.write_text(path.read_text().replace(line["recipe"], recipe))
    for keeps in OnEngineChange:
        report = await project.generate(on_engine_change=keeps, max_clips=0)
        assert report.planned[0].reason == "sound in one piece -> in segments"


async def test_speakers_of_a_dialogue_have_voices_of_their_own(project: LongText) -> None:
    (project.folder / "data" / "reading.json").unlink()
    project.write(
        "男：今日はとても暖かい一日ですね。\n女：そうですね、散歩に行きましょう。", "listening"
    )
    await project.generate()
    (line,) = project.lines()
    assert [each[:2] for each in line["speakers"]] == [
        ["男", "directed/sine"],
        ["女", "directed/other"],
    ]
    assert [cue[2] for cue in line["cues"]] == ["男", "女"]


async def test_another_voice_for_a_speaker_makes_only_dialogues_with_them_stale(
    project: LongText,
) -> None:
    project.write(
        "男：今日はとても暖かい一日ですね。\n女：そうですね、散歩に行きましょう。", "listening"
    )
    await project.generate()
    report = await project.generate(speakers=(SpeakerSettings(name="女", speed=0.8),))
    assert (report.made, report.states[State.FRESH]) == (1, 1)
    assert report.planned[0].reason == (
        "voice 男=directed/sine 1, 女=directed/other 1 -> 男=directed/sine 1, 女=directed/other 0.8"
    )


async def test_a_new_name_of_a_speaker_makes_a_dialogue_stale(project: LongText) -> None:
    dialogue = "男：今日はとても暖かい一日ですね。\n女：そうですね、散歩に行きましょう。"
    project.write(dialogue, "listening")
    await project.generate()
    path = project.folder / "data" / "listening.json"
    path.write_text(path.read_text().replace(json.dumps("女")[1:-1], json.dumps("母")[1:-1]))
    report = await project.generate()
    assert report.made == 1
    assert "女=directed/other 1 -> " in report.planned[0].reason


async def test_what_waits_for_nobody_any_more_is_deleted(project: LongText) -> None:
    Directed.fails = {SENTENCES[4]: 9}
    await project.generate()
    assert project.waiting
    project.write("".join(SENTENCES[::-1]))
    Directed.fails = {}
    await project.generate()
    assert not (project.folder / ".temp-audio").exists()


async def test_a_run_for_some_clips_leaves_what_waits_for_others(project: LongText) -> None:
    Directed.fails = {SENTENCES[4]: 9}
    await project.generate()
    waiting = project.waiting
    await project.generate(kinds=(Kind.LISTENING,))
    assert project.waiting == waiting


async def test_many_failures_leave_one_worker_until_it_goes_well_again(project: LongText) -> None:
    sentences = [
        f"{number}番の猫が静かな庭の中をゆっくりと歩いて行きました。" for number in range(40)
    ]
    project.write("".join(sentences))
    Directed.fails = dict.fromkeys((normalised(each) for each in sentences[:8]), 2)
    report = await project.generate(concurrency=4)
    assert report.made == 1
    assert Directed.most[0] == 4
    eased = Directed.most.index(1)
    # Two at a time come after one, and all after that.
    assert max(Directed.most[eased:]) > 2


async def test_a_word_is_made_in_one_piece(project: LongText) -> None:
    (project.folder / "data" / "reading.json").unlink()
    words = [{"id": 1, "word": "犬", "reading": "いぬ"}]
    (project.folder / "data" / "vocabulary.json").write_text(json.dumps(words))
    events: list[Event] = []
    await project.generate(events.append)
    assert not [event for event in events if isinstance(event, SegmentMade)]
    assert "cues" not in project.lines()[0]
