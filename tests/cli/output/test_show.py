"""What a command says in each format: the data alone on standard output, all else beside it."""

import json
import os
import sys
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper
from operator import itemgetter
from pathlib import Path
from typing import TextIO
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from tests.cli.output.conftest import HOSTILE, Words
from tests.cli.output.samples import REPORT, STANDING, failed, planned, standing
from tts_assets import generate_sync
from tts_assets.build.events import Event, Waiting
from tts_assets.build.plan.planner import Judged, State
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.progress_view import show_build_progress
from tts_assets.config.settings import OutputFormat, Progress
from tts_assets.errors import FatalError

Shown = pytest.CaptureFixture[str]


def test_a_standing_lists_its_clips_with_file_line_state_asset_and_reason(capsys: Shown) -> None:
    CommandOutput(OutputFormat.TEXT).show_result(standing(planned()))
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "a.json:3: stale: vocabulary 1 word 猫 -> vocabulary/0.mp3 (text 犬 -> 猫)",
        "to make   1 clip: 1 stale; `tts-assets generate` generates it",
        "URLs      2 of up-to-date clips to write",
        "kept      4 clips of tones=1; it is now tones=2",
        '          on-engine-change = "remake" regenerates them',
        "fresh     7",
        "errors    1 in catalogues, overrides or sources",
        "orphans   1 asset (1.5 MB) that no catalogue refers to; tts-assets prune lists them",
        "judged by names and sizes of the audio files; --deep reads them",
    ]
    assert err == "error: b.json:9: entry 2: the id is missing\n"


def test_a_standing_says_what_to_run_unless_a_person_has_to_decide(capsys: Shown) -> None:
    CommandOutput(OutputFormat.TEXT).show_result(replace(STANDING, urls_to_write=2))
    assert "URLs      2 of up-to-date clips to write; `tts-assets generate` writes them\n" in (
        capsys.readouterr().out
    )
    CommandOutput(OutputFormat.TEXT).show_result(replace(STANDING, states={State.REJECTED: 1}))
    assert "to make   1 clip: 1 rejected\n" in capsys.readouterr().out


def test_a_standing_without_audio_files_says_that_the_ledger_was_believed(capsys: Shown) -> None:
    CommandOutput(OutputFormat.TEXT).show_result(replace(STANDING, judged_by=Judged.LEDGER))
    assert "judged by the ledger alone" in capsys.readouterr().out


def test_of_many_clips_twenty_are_listed_and_the_others_counted(capsys: Shown) -> None:
    CommandOutput(OutputFormat.TEXT).show_result(replace(STANDING, planned=(planned(),) * 23))
    lines = capsys.readouterr().out.splitlines()
    assert sum("stale: " in line for line in lines) == 20
    assert lines[20].startswith("... and 3 more")


def test_a_dry_run_lists_clips_as_a_standing_does(capsys: Shown) -> None:
    CommandOutput(OutputFormat.TEXT).show_result(
        replace(REPORT, dry_run=True, planned=(planned(),), to_move=2)
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("a.json:3: stale: vocabulary 1 word 猫 -> vocabulary/0.mp3")
    assert "to move   2 assets to other names, without synthesis" in lines


def test_a_run_tells_what_it_moved_and_what_a_bound_left(capsys: Shown) -> None:
    CommandOutput(OutputFormat.TEXT).show_result(
        replace(REPORT, moved=3, left=5, bound="max-clips 10")
    )
    out = capsys.readouterr().out
    assert "moved     3 assets" in out
    assert "left      5 clips for another run, because of max-clips 10; run the same" in out


def test_a_failed_clip_has_its_file_and_line_on_standard_error(capsys: Shown) -> None:
    CommandOutput(OutputFormat.TEXT).show_result(failed(planned(), planned("犬")))
    assert capsys.readouterr().err == (
        "failed: a.json:3: vocabulary 1 word 猫: the engine was told to fail\n"
    )


def test_json_of_a_standing_is_one_document_alone(capsys: Shown) -> None:
    CommandOutput(OutputFormat.JSON).show_result(replace(standing(planned()), notes=("a note",)))
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert err == ""
    assert told["stale"] is True
    assert told["judged_by"] == "files"
    assert (told["states"]["stale"], told["states"]["fresh"]) == (1, 7)
    assert told["kept"] == [{"before": "tones=1", "now": "tones=2", "clips": 4}]
    assert told["orphans"] == [{"asset": "vocabulary/9.mp3", "bytes": 1_500_000, "ours": True}]
    (item,) = told["planned"]
    assert (item["line"], item["state"], item["held"]) == (3, "stale", None)
    assert item["changes"] == [{"what": "text", "before": "犬", "now": "猫"}]


def test_lines_of_json_tell_a_run_while_it_goes_on(words: Words, capsys: Shown) -> None:
    show = CommandOutput(OutputFormat.JSONL)
    lines = []

    def tell(event: Event) -> None:
        show.show_event(event)
        lines.append(capsys.readouterr().out)

    show.show_result(generate_sync(words("一番", "例外"), on_event=tell))
    lines.append(capsys.readouterr().out)
    assert [line.count("\n") for line in lines] == [1, 1, 1, 1]
    started, *clips, report = map(json.loads, lines)
    assert (started["event"], started["jobs"], started["states"]["new"]) == ("started", 2, 2)
    broken, made = sorted(clips, key=itemgetter("event"))
    assert (made["event"], made["clips"][0]["text"]) == ("clip-made", "一番")
    assert (broken["event"], broken["clips"][0]["entry"]) == ("clip-failed", "2")
    assert (report["event"], report["failed"][0]["line"]) == ("report", 6)


def test_a_line_is_out_at_once_and_nobody_to_read_it_stops_no_run(
    words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = CommandOutput(OutputFormat.JSONL)
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8", closefd=False) as out:
        monkeypatch.setattr(sys, "stdout", out)
        event = Waiting(path="x")
        show.show_event(event)
        assert json.loads(os.read(reading, 100)) == {"event": "waiting", "path": "x"}
        os.close(reading)
        show.show_event(event)
        assert generate_sync(words("一番"), on_event=show.show_event).made == 1
        with pytest.raises(BrokenPipeError):
            show.show_result(REPORT)
        # What is still to be written goes nowhere, when the file is closed.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), writing)
    os.close(writing)


def test_events_are_no_part_of_other_formats(words: Words, capsys: Shown) -> None:
    generate_sync(words("一番"), on_event=CommandOutput(OutputFormat.JSON).show_event)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("output_format", list(OutputFormat))
def test_nothing_from_data_acts_on_terminals_or_workflows(
    output_format: OutputFormat, capsys: Shown
) -> None:
    item = planned(HOSTILE, file=HOSTILE, entry=HOSTILE)
    show = CommandOutput(output_format)
    show.show_result(replace(standing(item), notes=(HOSTILE,), chosen=HOSTILE))
    show.show_result(
        replace(failed(item, reason=HOSTILE), credit=HOSTILE, made=1, notes=(HOSTILE,))
    )
    out, err = capsys.readouterr()
    for character in "\x07\x1b\u202e":
        assert character not in out + err
    assert "##[" not in out + err
    starts = [line for line in (out + err).splitlines() if line.lstrip().startswith("::error::")]
    assert starts == []


def test_github_annotates_the_entry_and_keeps_the_figures(
    capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    CommandOutput(OutputFormat.GITHUB).show_result(standing(planned()))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "::error file=b.json,line=9,title=error::entry 2: the id is missing",
        (
            "::warning file=a.json,line=3,title=stale::vocabulary 1 word 猫 "
            "-> vocabulary/0.mp3 (text 犬 -> 猫)"
        ),
        "to make   1 clip: 1 stale; `tts-assets generate` generates it",
    ]


def test_no_room_for_lines_of_json_stops_no_run_but_is_told_at_its_end(
    words: Words, full: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = CommandOutput(OutputFormat.JSONL)
    monkeypatch.setattr(sys, "stdout", full)
    assert generate_sync(words("一番"), on_event=show.show_event).made == 1
    with pytest.raises(FatalError, match="standard output cannot be written: No space left"):
        show.show_result(REPORT)


@pytest.mark.parametrize("progress", [Progress.LINES, Progress.BAR])
def test_errors_and_progress_that_cannot_be_written_stop_no_run(
    words: Words, full: TextIO, monkeypatch: pytest.MonkeyPatch, progress: Progress
) -> None:
    monkeypatch.setattr(sys, "stderr", full)
    show = CommandOutput(OutputFormat.TEXT)
    show.print_error("nobody hears it")
    with show_build_progress(progress, show.errors) as tell:
        assert generate_sync(words("一番", "例外"), on_event=tell).made == 1
    assert show.errors._buffer == []


def test_a_stream_that_is_closed_or_gone_stops_no_run(
    words: Words, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    show = CommandOutput(OutputFormat.JSONL)
    with (tmp_path / "closed").open("w") as closed:
        pass
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        show.print_error("nobody hears it")
        assert generate_sync(words("一番"), on_event=show.show_event).failures == ()


@pytest.mark.parametrize(
    "output_format", [OutputFormat.JSON, OutputFormat.JSONL, OutputFormat.JUNIT]
)
@pytest.mark.parametrize("encoding", ["ascii", "cp932"])
def test_data_are_utf_8_whatever_standard_output_is(
    output_format: OutputFormat, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = BytesIO()
    out = TextIOWrapper(written, encoding=encoding, errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", out)
    CommandOutput(output_format).show_result(standing(planned("猫鿿\U0001f600")))
    told = written.getvalue()
    assert "猫鿿\U0001f600" in told.decode("utf-8")
    if output_format is OutputFormat.JUNIT:
        ET.fromstring(told)
    else:
        json.loads(told)


@pytest.mark.parametrize("before", ["", " \u3000\t"])
def test_a_file_that_is_named_like_a_command_of_a_workflow_is_none(
    before: str, capsys: Shown
) -> None:
    item = planned(file=f"{before}::error title=pwn::kanji.json")
    show = CommandOutput(OutputFormat.TEXT)
    show.show_result(standing(item))
    show.show_result(replace(failed(item), dry_run=True))
    show.print_table(("a", "b"), [(item.clip.file, f"{'x' * 80}{item.clip.file * 9}")])
    out, err = capsys.readouterr()
    assert "pwn" in out
    assert [line for line in (out + err).split("\n") if line.lstrip().startswith("::")] == []


def test_that_one_waits_is_one_line_of_json_for_each_folder(capsys: Shown) -> None:
    show = CommandOutput(OutputFormat.JSONL)
    for path in ("a", "a", "b", "a"):
        show.show_event(Waiting(path=path))
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["a", "b"]


def test_a_dry_run_has_no_command_to_run_again(capsys: Shown) -> None:
    report = replace(REPORT, dry_run=True, to_make=5, left=3, bound="max-clips = 2")
    CommandOutput(OutputFormat.TEXT).show_result(report)
    out = capsys.readouterr().out
    assert "left      3 clips of these for another run, because of max-clips = 2\n" in out
    assert "again" not in out


def test_what_was_not_chosen_is_counted(capsys: Shown) -> None:
    report = replace(REPORT, passed_over=1_200)
    CommandOutput(OutputFormat.TEXT).show_result(report)
    CommandOutput(OutputFormat.JSON).show_result(report)
    text, _, data = capsys.readouterr().out.partition("{")
    assert "skipped   1,200 clips (--only)\n" in text
    assert json.loads("{" + data)["passed_over"] == 1_200


def test_one_of_something_is_no_plural_and_thousands_are_parted(capsys: Shown) -> None:
    show = CommandOutput(OutputFormat.TEXT)
    show.show_result(replace(REPORT, made=1, audio_seconds=1.0, to_make=1, urls_missed=1))
    show.show_result(replace(REPORT, made=1_234, urls_written=1_234, doubts=()))
    show.show_result(standing())
    out = capsys.readouterr().out
    assert "generated 1 clip," in out
    assert "generated 1,234 clips," in out
    assert "URLs      0 written; 1 entry changed meanwhile" in out
    assert "URLs      1,234 written" in out
    assert "errors    1 in catalogues, overrides or sources" in out


def test_a_run_that_ends_before_it_starts_leaves_no_bar() -> None:
    terminal = StringIO()
    with show_build_progress(Progress.BAR, Console(file=terminal, force_terminal=True, width=80)):
        pass
    assert "━" not in terminal.getvalue()
