"""Paths of a source that lead nowhere in all of its records: misspelt, or of another shape."""

from __future__ import annotations

import difflib
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.catalogue.document import DocumentFormat
from tts_assets.errors import InputError
from tts_assets.mapping import FIELDS, OVERRIDE, Path, ShapeError, Step, found, is_built_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.catalogue.read import Reader
    from tts_assets.mapping import ClipRule, Source
    from tts_assets.mapping.path import Steps

#: So many of the keys that are there instead are kept, and named where none is like the path.
_KEPT = 100
_NAMED = 8


class Missing(NamedTuple):
    """Where a path ends too early: the key that is not there, those that are, and how deep."""

    key: str = ""
    keys: tuple[str, ...] = ()
    depth: int = 0


def missing_on(value: Any, steps: Steps, depth: int = 0) -> Missing | None:
    """Where a path from a value ends; None where it leads on, be it to null or an empty list."""
    if not steps or value is None:
        return None
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if isinstance(value, dict) and step in value:
            return missing_on(value[step], rest, depth + 1)
        return Missing(step, tuple(value), depth) if isinstance(value, dict) else Missing()
    if value in ([], {}):
        return None
    deepest = Missing()
    for each in _items_of(value, step):
        missing = missing_on(each, rest, depth + 1)
        if missing is None:
            return None
        deepest = max(deepest, missing, key=attrgetter("depth"))
    return deepest


def _items_of(value: Any, step: int | Step) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values() if step is Step.EVERY else ()
    if not isinstance(value, list):
        return ()
    return value[step : step + 1] if isinstance(step, int) else value


def advice(missing: Missing) -> str:
    """What might have been meant instead."""
    names = [key for key in missing.keys if key]
    close = difflib.get_close_matches(missing.key, names, n=3)
    if close:
        return f": did you mean {' or '.join(map(repr, close))}?"
    if not names:
        return ""
    more = ", ..." if len(names) > _NAMED else ""
    return f": there are {', '.join(map(repr, names[:_NAMED]))}{more}"


class _Use:
    """A path of a clip rule, and what was seen where it should lead to something."""

    def __init__(self, rule: ClipRule, name: str, path: Path) -> None:
        self.label = f"clip {rule.part}: {name}"
        self.path = path
        self.file: str | None = None
        self._each = None if name == "each" or path.from_record else rule.each
        self._missing = Missing()

    def leads_on(self, file: str, records: Iterable[Any]) -> bool:
        """Whether the path leads to something in any of these records."""
        for record in records:
            for item in _items(record, self._each):
                missing = missing_on(item, self.path.steps)
                if missing is None:
                    return True
                if missing.keys:
                    self.file = self.file or file
                    self._keep(missing)
        return False

    def problem(self, source: str) -> InputError | None:
        """What to say of it; None where there was nothing that could have had the key."""
        if self.file is None:
            return None
        hint = advice(self._missing)
        message = f"no record has {self.path.text!r} ({source}, {self.label}){hint}"
        return InputError(message, file=self.file)

    def _keep(self, missing: Missing) -> None:
        if missing.depth > self._missing.depth or not self._missing.keys:
            self._missing = missing
        elif missing.depth == self._missing.depth and len(self._missing.keys) < _KEPT:
            keys = dict.fromkeys((*self._missing.keys, *missing.keys))
            self._missing = missing._replace(keys=tuple(keys)[:_KEPT])


class Unused:
    """The paths of a configured source that have led nowhere so far."""

    def __init__(self, source: Source) -> None:
        """Begin with all its paths; those of the built-in shapes are no one's mistake."""
        self._uses = [] if is_built_in(source) else list(_uses(source))
        self._name = source.short_name

    def look(self, reader: Reader) -> None:
        """Look through the records of a file, for each path up to the first that has it."""
        if not self._uses:
            return
        document = reader.document
        columns: tuple[str, ...] = ()
        if document.format is DocumentFormat.CSV:
            # A row that is cut short lacks a column that the table has.
            columns = document.table().columns
        self._uses = [
            use
            for use in self._uses
            if not (use.path.steps[:1] and use.path.steps[0] in columns)
            and not use.leads_on(document.file, (record for _, record in reader.records()))
        ]

    def problems(self) -> list[InputError]:
        """One for each path that led nowhere."""
        told = [use.problem(self._name) for use in self._uses]
        return [problem for problem in told if problem is not None]


def _uses(source: Source) -> Iterator[_Use]:
    for rule in source.clips:
        if rule.each is not None:
            yield _Use(rule, "each", rule.each)
        for name in FIELDS:
            paths: tuple[Path, ...] = getattr(rule, name)
            # What overrides may be absent: that is what it is for.
            yield from (_Use(rule, name, path) for path in paths if path.steps[:1] != (OVERRIDE,))
        for condition in rule.skip:
            yield _Use(rule, "skip.field", condition.field)


def _items(record: Any, each: Path | None) -> Iterator[Any]:
    if each is None:
        yield record
        return
    try:
        for _, item in found(record, each.steps):
            yield item
    except ShapeError:
        # The reader has told of it.
        return
