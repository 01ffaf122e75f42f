"""Reports as files in a folder: JSON for programs, JUnit for what shows tests, Markdown for people."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tts_assets.console.data import report_data, standing_data
from tts_assets.console.junit import report_xml, standing_xml
from tts_assets.console.step_summary import report_markdown, standing_markdown
from tts_assets.console.text import document
from tts_assets.errors import UsageError
from tts_assets.events import Report
from tts_assets.storage import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tts_assets.events import Standing


def prepare_report(folder: Path) -> None:
    """Make the folder, and see that files can be written there: better before a run than after it.

    Raises:
        UsageError: they cannot.
    """
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()


def write_report(folder: Path, report: Report | Standing) -> None:
    """Write ``report.json``, ``junit.xml`` and ``summary.md``, each whole or as it was before.

    Raises:
        UsageError: they cannot be written.
    """
    files = _files(report)
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            write_whole(folder / name, data)


def _files(told: Report | Standing) -> dict[str, bytes]:
    if isinstance(told, Report):
        texts = document(report_data(told)), report_xml(told), report_markdown(told)
    else:
        texts = document(standing_data(told)), standing_xml(told), standing_markdown(told)
    names = ("report.json", "junit.xml", "summary.md")
    return {name: text.encode() for name, text in zip(names, texts, strict=True)}


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise UsageError(
            f"--report: {folder} cannot be written: {reason}; name a folder that can be"
        ) from exc
