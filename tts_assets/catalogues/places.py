"""Where the URLs of clips go: the paths of a clip rule, made ready to go through many records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.catalogues.fields import EntryProblemError, current
from tts_assets.config.sources.path import ShapeError, Step
from tts_assets.model import Parallel, Place, Target

if TYPE_CHECKING:
    from tts_assets.catalogues.fields import Subject
    from tts_assets.config.sources.path import Path
    from tts_assets.config.sources.source import ClipRule


class Position(NamedTuple):
    """Which of all that a rule says in a record this is.

    Args:
        item: the last step to its item; None where the rule goes through no items.
        number: which of the alternatives of a text it is, from 0.
        out_of: how many alternatives the text has.
    """

    item: str | int | None
    number: int
    out_of: int


class UrlPath:
    """A path to where a URL goes."""

    def __init__(self, to: Path, rule: ClipRule) -> None:
        """Compile the path of a rule."""
        self._to = to
        self._each = rule.each
        self._row = to.steps.index(Step.SAME) if Step.SAME in to.steps else None
        key = to.steps[0] if len(to.steps) == 1 and not to.from_record else None
        #: The common case: the URL lies in the item itself, under one key.
        self._key = key if isinstance(key, str) else None

    def target(self, subject: Subject, position: Position) -> Target | None:
        """The place for a URL, and what is there now.

        None where there is none: all alternatives of a text but the first may have no place.

        Raises:
            EntryProblemError: something else is on the way.
        """
        if position.number and (self._row is None or position.item is not None):
            return None
        to, at, item = self._to, subject.at, subject.item
        if self._key is not None and type(item) is dict:
            return Target((*at, self._key), item.get(self._key))
        base, value = (subject.record_at, subject.record) if to.from_record else (at, item)
        row = position.number if position.item is None else position.item
        # No EVERY is left in a target.
        steps: Place = tuple(row if step is Step.SAME else step for step in to.steps)  # type: ignore[misc]
        try:
            url = current(value, steps, self._row)
        except ShapeError as problem:
            raise EntryProblemError(f"no URL can go to {to.text}: {problem}", base) from problem
        parallel = (
            None if self._row is None else self._parallel(subject, base, value, position.out_of)
        )
        return Target((*base, *steps), url, parallel)

    def _parallel(self, subject: Subject, base: Place, value: Any, count: int) -> Parallel:
        """The list that the URL lies in: as long as the list of the items, or of alternatives."""
        before: Place = self._to.steps[: self._row]  # type: ignore[assignment] # [#] is the first
        place = (*base, *before)
        there = current(value, before)
        if self._each is None:
            return Parallel(place, count, None, _spare(there, count))
        beside = subject.at[:-1]
        items: Any = subject.record
        for step in beside[len(subject.record_at) :]:
            items = items[step]
        same_object = beside[:-1] == place[:-1] and isinstance(beside[-1], str)
        key = str(beside[-1]) if same_object else None
        return Parallel(place, len(items), key, _spare(there, len(items)))


def _spare(value: Any, count: int) -> tuple[str, ...]:
    """The texts in a list that are more than it has items; a text in the place of a list, too."""
    rest = value[count:] if isinstance(value, list) else [value]
    return tuple(each for each in rest if isinstance(each, str) and each)
