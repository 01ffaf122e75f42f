"""The files of a report, by which a folder that holds one is known among catalogues."""

from __future__ import annotations

from pathlib import Path

#: A report for programs, for what shows tests, and for people.
REPORT_FILES = ("report.json", "junit.xml", "summary.md")


def is_report(file: str) -> bool:
    """Whether a file is a report of ours: it has its name, and the others lie beside it."""
    path = Path(file)
    return path.name == REPORT_FILES[0] and all(
        path.with_name(name).is_file() for name in REPORT_FILES[1:]
    )
