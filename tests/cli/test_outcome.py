"""How commands end: a report's files come first, and no trouble in telling hides how a run went."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import pytest

from tests.cli.output.conftest import Words, words
from tests.cli.output.samples import REPORT
from tts_assets import Settings, generate_sync
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.generate_command import run_generate
from tts_assets.cli.init_command import _walk_files
from tts_assets.cli.lint_command import run_lint
from tts_assets.cli.output.command_output import (
    CommandOutput,
    finish_command,
    prepare_report_folder,
)
from tts_assets.cli.prune_command import run_prune
from tts_assets.cli.status_command import run_check, run_status
from tts_assets.cli.typer_apps import ALL_FORMATS, read_command_settings
from tts_assets.config.settings import OutputFormat
from tts_assets.config.source_table import parse_source
from tts_assets.errors import FatalError, UsageError

__all__ = ["words"]
NAMES = ["junit.xml", "report.html", "report.json", "summary.md"]
Told = pytest.CaptureFixture[str]


def _files(folder: str) -> list[str]:
    return sorted(each.name for each in Path(folder).iterdir())


def test_files_of_a_report_are_there_although_nothing_can_be_shown(
    words: Words, full: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = words("一番")
    monkeypatch.setattr(sys, "stdout", full)
    with pytest.raises(FatalError, match="standard output"):
        run_check(settings, report="checked")
    with pytest.raises(FatalError, match="standard output"):
        run_generate(settings, dry_run=False, report="made")
    assert (_files("checked"), _files("made")) == (NAMES, NAMES)
    assert json.loads(Path("made/report.json").read_bytes())["made"] == 1


def test_a_step_s_summary_that_cannot_be_written_is_told_after_all_else(
    words: Words, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(Path.cwd()))
    bad = replace(words("例外"), output_format=OutputFormat.GITHUB)
    assert run_generate(bad, dry_run=False, report="r") == ExitCode.FINDINGS
    assert run_check(bad, report="r") == ExitCode.FINDINGS
    out, err = capsys.readouterr()
    assert "generated 0 clips" in out
    assert err.splitlines()[-1].startswith("error: GITHUB_STEP_SUMMARY: ")
    Path("poems.json").write_text("[7]")
    noted = replace(bad, paths=(".",))
    assert run_check(noted, report=None) == ExitCode.FINDINGS
    sorts = [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()]
    assert sorts == ["note", "error"]
    good = replace(words("一番"), output_format=OutputFormat.GITHUB)
    assert run_generate(good, dry_run=False, report="r") == ExitCode.USAGE
    assert _files("r") == NAMES


def test_findings_are_told_and_counted_although_the_summary_cannot_be_written(
    words: Words, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(Path.cwd()))
    settings = replace(words(), paths=(".",))
    Path("::error title=pwn::kanji.json").write_text("[7]")
    assert run_lint(replace(settings, output_format=OutputFormat.GITHUB)) == ExitCode.FINDINGS
    out, err = capsys.readouterr()
    assert out.startswith("::error file=")
    assert err.startswith("error: GITHUB_STEP_SUMMARY: ")
    assert run_lint(settings) == ExitCode.FINDINGS
    told = capsys.readouterr().out
    assert "title=pwn" in told
    assert [line for line in told.splitlines() if line.lstrip().startswith("::")] == []


def test_files_that_cannot_be_written_any_more_keep_nothing_from_being_shown(
    tmp_path: Path, capsys: Told
) -> None:
    (tmp_path / "r").write_text("x")
    show = CommandOutput(OutputFormat.TEXT)
    codes = [
        finish_command(show, REPORT, tmp_path / "r", code) for code in (ExitCode.OK, ExitCode.LIMIT)
    ]
    assert codes == [ExitCode.USAGE, ExitCode.LIMIT]
    out, err = capsys.readouterr()
    assert "everything is up to date" in out
    assert err.startswith("error: --report: ")


@pytest.mark.parametrize("given", ["", "  "])
def test_a_report_has_a_folder_with_a_name(given: str) -> None:
    with pytest.raises(UsageError, match="--report is blank: name a folder"):
        prepare_report_folder(given)


def test_a_tilde_is_one_s_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert prepare_report_folder("~/r") == tmp_path / "r"
    assert (tmp_path / "r").is_dir()
    with pytest.raises(UsageError, match="--report: ~nobody-at-all"):
        prepare_report_folder("~nobody-at-all/r")


def _with_source(settings: Settings) -> Settings:
    row = {"files": "**/*.json", "kind": "vocabulary", "clip": [{"text": "word", "to": "audioUrl"}]}
    return replace(settings, paths=(), sources=(parse_source(row, "x"),))


@pytest.mark.parametrize("by_source", [False, True])
def test_a_report_among_catalogues_is_none(words: Words, *, by_source: bool) -> None:
    settings = replace(words("一番"), paths=(".",))
    if by_source:
        settings = _with_source(settings)
    assert run_generate(settings, dry_run=False, report="vocabulary") == ExitCode.OK
    again = generate_sync(settings)
    assert (again.catalogues, again.problems, again.notes) == (1, (), ())
    assert run_check(settings, report="vocabulary") == ExitCode.OK
    assert run_prune(settings, yes=True) == ExitCode.OK


def test_a_report_is_proposed_as_no_catalogue(words: Words) -> None:
    assert run_generate(words("一番"), dry_run=False, report="r") == ExitCode.OK
    assert [file.name for file in _walk_files("r")] == []
    Path("r/junit.xml").unlink()
    assert [file.name for file in _walk_files("r")] == ["report.json"]


def test_a_file_of_that_name_alone_is_read_as_any_other(words: Words) -> None:
    settings = replace(words("一番"), paths=(".",))
    Path("vocabulary").mkdir()
    Path("vocabulary/report.json").write_text("{")
    assert len(generate_sync(settings).problems) == 1


def test_status_always_ends_with_0(words: Words, capsys: Told) -> None:
    unknown = replace(words("例外"), ids=("nobody",))
    assert run_status(unknown, report=None) == ExitCode.OK
    assert "error: no id matches" in capsys.readouterr().err
    Path("vocabulary.json").write_text("[7]")
    assert run_status(words(), report=None) == ExitCode.OK


def test_a_format_that_was_not_typed_gives_way_to_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTS_ASSETS_OUTPUT_FORMAT", "jsonl")
    assert read_command_settings(None).output_format is OutputFormat.TEXT
    assert read_command_settings(None, ALL_FORMATS).output_format is OutputFormat.JSONL
    with pytest.raises(UsageError, match="jsonl: give text or json"):
        read_command_settings(None, **{"output-format": "jsonl"})
