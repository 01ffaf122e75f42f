"""Reports as files in a folder: JSON for programs, JUnit for what shows tests, Markdown and a page for people."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.build.events import Report
from tts_assets.cli.output.data import report_data, standing_data
from tts_assets.cli.output.junit import report_xml, standing_xml
from tts_assets.cli.output.report_page import report_page, standing_page, verdicts_page
from tts_assets.cli.output.step_summary import report_markdown, standing_markdown
from tts_assets.cli.output.text import document
from tts_assets.cli.output.verdicts import verdicts_data, verdicts_markdown, verdicts_xml
from tts_assets.config.reports import REPORT_FILES
from tts_assets.errors import UsageError
from tts_assets.quality.quality_reports import VerifyReport
from tts_assets.store.storage import sweep, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.build.events import Standing


def prepare_report(given: str | None) -> Path | None:
    """Make the folder, and see that files can be written there: better before a run than after it.

    Args:
        given: the folder as it was typed; None for none.

    Raises:
        UsageError: they cannot.
    """
    if given is None:
        return None
    if not given.strip():
        raise UsageError("--report is blank: name a folder, such as report, or leave it out")
    with _writing(given):
        folder = Path(given).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    return folder


def write_report(folder: Path, report: Report | Standing | VerifyReport) -> None:
    """Write the files of a report, each whole or as it was before.

    Raises:
        UsageError: they cannot be written.
    """
    files = _files(report)
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        for name, data in files.items():
            write_whole(folder / name, data)


def _files(told: Report | Standing | VerifyReport) -> dict[str, bytes]:
    if isinstance(told, Report):
        texts = document(report_data(told)), report_xml(told), report_markdown(told)
        shown = report_page(told)
    elif isinstance(told, VerifyReport):
        texts = document(verdicts_data(told)), verdicts_xml(told), verdicts_markdown(told)
        shown = verdicts_page(told)
    else:
        texts = document(standing_data(told)), standing_xml(told), standing_markdown(told)
        shown = standing_page(told)
    written = (*(text.encode("utf-8", "backslashreplace") for text in texts), shown)
    return dict(zip(REPORT_FILES, written, strict=True))


@contextmanager
def _writing(folder: Path | str) -> Iterator[None]:
    try:
        yield
    # Also where nobody has such a home.
    except (OSError, ValueError, RuntimeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise UsageError(
            f"--report: {folder} cannot be written: {reason}; name a folder that can be"
        ) from exc
