"""The files of a report, by which a folder that holds one is known among catalogues."""

from __future__ import annotations

from pathlib import Path

#: A report for programs, for what shows tests, and for people, as text and as a page.
REPORT_FILES = ("report.json", "junit.xml", "summary.md", "report.html")


#: Those by which it is known; the page may have been thrown away, or published elsewhere.
_KNOWN_BY = REPORT_FILES[:3]


def is_report(file: str) -> bool:
    """Whether a file is a report of ours: it has its name, and the others of text lie beside it."""
    path = Path(file)
    return path.name == _KNOWN_BY[0] and all(
        path.with_name(name).is_file() for name in _KNOWN_BY[1:]
    )
