"""One asset measured: its bytes held against the ledger, its sound against the rules."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.checks import Rule, check_file
from tts_assets.domain import Finding
from tts_assets.verdicts import DAMAGED, MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.checks import Expected
    from tts_assets.ledger import Line

#: What can be asked of any sound, whoever made it and whatever it should say.
_RULES_OF_ANY_SOUND = frozenset(
    {Rule.UNDECODABLE, Rule.EMPTY, Rule.BROKEN, Rule.SILENT, Rule.CLIPPED, Rule.NO_SPEECH}
)

#: What cannot be asked of a passage: pauses between its segments are not those of its phrases.
_RULES_NOT_OF_PASSAGES = frozenset({Rule.SHORT, Rule.LONG})


class MeasureTask(NamedTuple):
    """One asset, and all that is known of it.

    Args:
        asset: its name in verdicts.
        path: its file.
        line: what the ledger says of it; None where it says nothing.
        expected: what it should sound like.
        fault: why its file cannot be what was made; None where it may be.
        gone: why it should be there; None where it is.
    """

    asset: str
    path: str
    line: Line | None
    expected: Expected
    fault: str | None = None
    gone: str | None = None


def measure_asset(item: MeasureTask) -> tuple[Finding, ...]:
    """What is wrong with an asset; its file is read piece by piece."""
    path, line = Path(item.path), item.line
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A named pipe would be waited for, without end.
            return (_report_unreadable("what lies in its place is no file"),)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        found = check_file(path, item.expected)
    except FileNotFoundError:
        told = "there is no such file" if line is None else "its file is gone"
        return (_report_missing(item.gone or told),)
    except OSError as exc:
        return (_report_unreadable(f"its file cannot be read: {exc.strerror}"),)
    if line is None:
        found = tuple(each for each in found if each.rule in _RULES_OF_ANY_SOUND)
        return found if item.fault is None else (_report_damaged(item.fault, size, None), *found)
    if line.cues:
        found = tuple(each for each in found if each.rule not in _RULES_NOT_OF_PASSAGES)
    if item.fault is not None or sha256 != line.sha256:
        told = item.fault or "its file has other bytes than were made"
        return (_report_damaged(told, size, line.bytes), *found)
    return (*found, *_iter_past_findings(line, found))


def _iter_past_findings(line: Line, found: tuple[Finding, ...]) -> Iterator[Finding]:
    """What was found when an asset was made, and is not found once more."""
    rules = {each.rule for each in found}
    for finding in line.findings:
        # Of a passage, one rule may be broken by several segments.
        if finding not in found and (line.cues or finding.rule not in rules):
            yield finding._replace(told=f"{finding.told} (found when it was made)")


def _report_missing(told: str) -> Finding:
    return Finding(MISSING, "no file", "a file", told)


def _report_damaged(told: str, size: int, made: int | None) -> Finding:
    limit = "what was made" if made is None else f"the {made} bytes that were made"
    return Finding(DAMAGED, f"{size} bytes", limit, told)


def _report_unreadable(told: str) -> Finding:
    return Finding(Rule.UNDECODABLE, "no bytes", "a sound file", told)
