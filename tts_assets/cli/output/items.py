"""What somebody should look at, in one shape: for lines, annotations, Markdown and JUnit alike."""

from __future__ import annotations

from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.cli.output.data import failure_lines
from tts_assets.cli.output.text import one_line, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.build.events import Report, Standing
    from tts_assets.build.plan.planner import Planned
    from tts_assets.errors import InputError
    from tts_assets.model import Clip
    from tts_assets.store.kept_takes.kept import DoubtfulTake


class Level(StrEnum):
    """How much something matters; the values are GitHub's commands for annotations."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class Item(NamedTuple):
    """One thing to look at; every text is on one line, and safe to show.

    Args:
        level: how much it matters.
        sort: what it is: ``failed``, a state, a rule.
        file: the catalogue's path as given.
        line: where in it, from 1; None where that is not known.
        kind: what the catalogue teaches; "" where no clip is meant.
        name: the entry, its part and the text; as far as they are known.
        what: what is wrong with it.
        asset: what is to be made; "" where that does not matter.
    """

    level: Level
    sort: str
    file: str
    line: int | None
    kind: str
    name: str
    what: str
    asset: str = ""

    @property
    def where(self) -> str:
        """File and line."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    @property
    def told(self) -> str:
        """Who it is about, and what is wrong."""
        who = f"{self.kind} {self.name}".strip()
        if self.asset:
            return f"{who} -> {self.asset} ({self.what})"
        return f"{who}: {self.what}" if who else self.what

    def __str__(self) -> str:
        return f"{self.where}: {self.sort}: {self.told}"


def errors_of(report: Report) -> Iterator[Item]:
    """Entries that cannot be used, and clips that could not be made."""
    lines = failure_lines(report)
    failed = (
        of_clip(Level.ERROR, "failed", each.clip, lines.get(each.clip), each.reason)
        for each in report.failures
    )
    return chain(map(problem, report.problems), failed)


def planned(item: Planned, level: Level = Level.WARNING) -> Item:
    """A clip that is to be made."""
    found = of_clip(level, item.state.value, item.clip, item.line, item.reason)
    return found._replace(asset=one_line(item.asset))


def unapproved(item: Planned) -> Item:
    """A clip with a sound that nobody has approved."""
    found = of_clip(Level.WARNING, "unapproved", item.clip, item.line, item.reason)
    return found._replace(asset=one_line(item.asset))


def describe_take(take: DoubtfulTake) -> Item:
    """A sound that was paid for and refused, and that a person has to decide."""
    sent = take.purchase.sent
    name = f"{one_line(sent.entry)} {one_line(sent.part)} {short(sent.text)}"
    what = f"{take.kept.fault}; {take.opinion.value}, kept as {take.path}"
    return Item(Level.WARNING, "doubtful take", one_line(sent.file), None, "", name, one_line(what))


def problem(each: InputError) -> Item:
    """An entry or a file that cannot be used."""
    file, entry = one_line(each.file), one_line(each.entry or "")
    return Item(Level.ERROR, "error", file, each.line, "", entry, one_line(each.message))


def of_standing(standing: Standing) -> Iterator[Item]:
    """Entries that cannot be used, clips that are to be made, and those that are to be approved."""
    return chain(
        map(problem, standing.problems),
        map(planned, standing.planned),
        map(unapproved, standing.unapproved or ()),
    )


def of_clip(level: Level, sort: str, clip: Clip, line: int | None, what: str) -> Item:
    """A clip, and what is the matter with it."""
    name = f"{one_line(clip.entry)} {one_line(clip.part)} {short(clip.form.text)}"
    return Item(level, sort, one_line(clip.file), line, clip.kind.value, name, one_line(what))
