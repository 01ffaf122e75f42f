"""What a GitHub workflow is told: few annotations, and the whole table in the step's summary."""

from pathlib import Path

import pytest

from tests.cli.output.samples import failed, planned, standing
from tts_assets.cli.output.ci_output import (
    format_annotations,
    to_report_markdown,
    to_status_markdown,
)
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.report_data import iter_report_errors, iter_status_items
from tts_assets.config.settings import OutputFormat
from tts_assets.errors import UsageError


def test_ten_annotations_of_a_level_are_shown_and_the_others_counted() -> None:
    lines = list(format_annotations(iter_status_items(standing(*[planned()] * 13))))
    assert [line.split(" ")[0] for line in lines] == ["::error", *["::warning"] * 10, "+3"]
    assert lines[-1] == "+3 more warnings"


def test_a_failed_clip_is_an_error_at_its_line() -> None:
    (line,) = format_annotations(iter_report_errors(failed(planned())))
    assert line.startswith("::error file=a.json,line=3,title=failed::vocabulary 1 word 猫: ")


def test_an_annotation_ends_where_its_text_ends() -> None:
    (line,) = format_annotations(
        iter_report_errors(failed(planned(file="a,b:c%.json"), reason="50%\nof it"))
    )
    assert line.startswith("::error file=a%2Cb%3Ac%25.json,line=3,")
    assert line.endswith(": 50%25 of it")


def test_the_summary_is_added_to_that_of_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    CommandOutput(OutputFormat.GITHUB).show_result(standing(planned()))
    written = summary.read_text(encoding="utf-8")
    assert written.startswith("before\n### tts-assets check\n")
    assert "| stale | a\\.json\\:3 | vocabulary 1 word 猫 | text 犬 \\-\\> 猫 |" in written


def test_a_summary_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    with pytest.raises(UsageError, match="GITHUB_STEP_SUMMARY"):
        CommandOutput(OutputFormat.GITHUB).show_result(failed(planned()))


def test_the_summary_of_a_run_has_its_figures_and_its_failures() -> None:
    text = to_report_markdown(failed(planned(), planned("犬")))
    assert text.startswith("### tts-assets generate\n")
    assert "| failed | 1 |\n" in text
    assert "| failed | a\\.json\\:3 | vocabulary 1 word 猫 | the engine was told to fail |" in text
    assert "犬" not in text


def test_a_summary_is_never_more_than_github_takes() -> None:
    text = to_status_markdown(standing(*[planned("猫" * 40)] * 10_000))
    assert len(text.encode()) < 1 << 20
    shown = text.count("| stale |")
    assert text.endswith(f"\n+{10_000 - shown + 0:,} more\n")
