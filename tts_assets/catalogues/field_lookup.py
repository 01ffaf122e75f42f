"""Looks up the fields of a clip rule in records; lookups are compiled once per rule."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tts_assets.config.catalogue_sources import OVERRIDE_KEY
from tts_assets.config.source_paths import (
    KEY_PATH,
    FieldPath,
    PathStep,
    ShapeError,
    describe_type,
    find_values,
    format_steps,
    quote_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.config.catalogue_sources import SkipCondition
    from tts_assets.config.source_paths import PathSteps
    from tts_assets.model import Place


#: The longest text of a clip; a longer one is an error or belongs in several entries.
MAX_TEXT_LENGTH = 5_000

MAX_PASSAGE_LENGTH = 100_000  #: the longest text that is spoken in segments: five hours of speech


class EntryProblemError(ValueError):
    """An invalid value; ``place`` is its path from the document's root."""

    def __init__(self, message: str, place: Place) -> None:
        """Keep the place of the value."""
        super().__init__(message)
        self.place = place


class ClipSubject:
    """The object that a clip speaks: an item of a record, or the record itself."""

    __slots__ = ("_steps", "at", "item", "record", "record_at")

    def __init__(
        self, record: Any, record_at: Place, item: Any, at: Place, steps: PathSteps
    ) -> None:
        """Keep the values, their places and the path steps from the root to the item."""
        self.record = record
        self.record_at = record_at
        self.item = item
        self.at = at
        self._steps = steps

    def resolve_path(self, path: FieldPath) -> list[tuple[Place, Any]]:
        """All values that a path matches.

        Raises:
            EntryProblemError: a value on the path has another shape.
        """
        if path is KEY_PATH:
            return [((), key) for key in self._wildcard_keys()[-1:]]
        value, at = (self.record, self.record_at) if path.from_record else (self.item, self.at)
        try:
            return list(find_values(value, path.steps))
        except ShapeError as problem:
            place = (*at, *problem.place)
            inner = place[len(self.record_at) :]
            where = quote_path(inner)
            is_list = inner and problem.wrong.startswith("is a list")
            advice = f": write {format_steps(inner)}[*]" if is_list else ""
            raise EntryProblemError(f"{where} {problem.wrong}{advice}", place) from problem

    def _wildcard_keys(self) -> list[str]:
        """The keys that a ``*`` on the path matched."""
        pairs = zip(self.at, self._steps, strict=True)
        return [key for key, step in pairs if step is PathStep.EVERY and isinstance(key, str)]

    def locate_field(self, paths: tuple[FieldPath, ...]) -> Place:
        """The place of the first filled value of these paths; else that of the item."""
        for path in paths:
            for place, value in self.resolve_path(path):
                if value is not None and value != "":
                    return (*(self.record_at if path.from_record else self.at), *place)
        return self.at


#: The value of a field that no path matches; null and "" are present, but empty.
ABSENT: Final = object()


def find_direct_keys(paths: tuple[FieldPath, ...]) -> tuple[str, ...] | None:
    """The item's own keys for a field, without :data:`OVERRIDE_KEY`.

    None if a path leads anywhere else.
    """
    usual = [path for path in paths if not _is_override(path)]
    keys = tuple(
        path.steps[0]
        for path in usual
        if len(path.steps) == 1 and not path.from_record and isinstance(path.steps[0], str)
    )
    return keys if len(keys) == len(usual) else None


def make_getter(paths: tuple[FieldPath, ...]) -> Callable[[ClipSubject], Any]:
    """Make a getter of a field: the first filled value of the first path that has one.

    The getter returns None for an empty field and ABSENT for a missing one. It raises
    EntryProblemError if a value on the path has another shape.
    """
    if not paths:
        return lambda _: ABSENT
    get_value = partial(_get_first_value, paths)
    keys = find_direct_keys(paths)
    if keys is None:
        return get_value

    def get_directly(subject: ClipSubject) -> Any:
        item = subject.item
        if type(item) is not dict or OVERRIDE_KEY in item:
            return get_value(subject)
        seen: Any = ABSENT
        for key in keys:
            if key in item:
                value = item[key]
                if value or not _is_empty(value):
                    return value
                seen = None
        return seen

    return get_directly


def _get_first_value(paths: tuple[FieldPath, ...], subject: ClipSubject) -> Any:
    seen: Any = ABSENT
    for path in paths:
        for _, value in subject.resolve_path(path):
            if not _is_empty(value):
                return value
            seen = None
    return seen


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [])


def _is_override(path: FieldPath) -> bool:
    return path.steps[:1] == (OVERRIDE_KEY,)


def make_joiner(paths: tuple[FieldPath, ...], between: str) -> Callable[[ClipSubject], Any]:
    """Make a getter that joins all values of the first path that has any."""

    def join_values(subject: ClipSubject) -> Any:
        seen: Any = ABSENT
        for path in paths:
            values = [value for _, value in subject.resolve_path(path)]
            texts = [value for value in values if value is not None and value != ""]
            wrong = next((value for value in texts if not isinstance(value, str)), None)
            if wrong is not None:
                return wrong
            if texts:
                return between.join(texts)
            seen = None if values else seen
        return seen

    return join_values


def require_text(
    value: Any, subject: ClipSubject, paths: tuple[FieldPath, ...], most: int = MAX_TEXT_LENGTH
) -> str | None:
    """Require that a field is text of at most ``most`` characters; None if it is absent.

    Raises:
        EntryProblemError: the value is not text, or too long.
    """
    if type(value) is str and len(value) <= most:
        return value
    if value is None or value is ABSENT:
        return None
    place = subject.locate_field(paths)
    name = format_steps(place[len(subject.record_at) :])
    if not isinstance(value, str):
        advice = f": write {name}[0] or {name}[*]" if isinstance(value, list) else ""
        raise EntryProblemError(
            f"{name!r} is {describe_type(value)}, but must be text{advice}", place
        )
    raise EntryProblemError(
        (
            f"{name!r} has {len(value):,} characters; the limit for a clip is {most:,}: split "
            "it into several entries"
        ),
        place,
    )


def describe_missing_field(paths: tuple[FieldPath, ...]) -> str:
    """The message for a field that is absent at all its paths."""
    own = [path for path in paths if not _is_override(path)]
    if len(own) > 1:
        return f"it has none of {', '.join(repr(path.text) for path in own)}"
    message = f"it has no {own[0].text!r}"
    # The rules of built-in shapes cannot be changed; they have an override for each text.
    if own != list(paths) or not own[0].steps:
        return message
    skip = f'skip = {{ field = "{own[0].text}", missing = true }}'
    return f"{message}: if it needs none, set {skip} in the [[source.clip]]"


def find_skip_reason(
    conditions: tuple[SkipCondition, ...], subject: ClipSubject, *, texts: bool = False
) -> str | None:
    """The reason why a rule skips this object; None if it does not.

    Args:
        conditions: the skip conditions of the rule.
        subject: the object that the clip speaks.
        texts: all values are text, as in a table, and are compared as numbers and booleans, too.
    """
    is_equal = _equals_text if texts else _equals_value
    for condition in conditions:
        values = [value for _, value in subject.resolve_path(condition.field)]
        name = condition.field.text
        if condition.missing and all(value is None or value == "" for value in values):
            return f"left out: {name} is missing"
        for value in values:
            if any(is_equal(value, one) for one in condition.values):
                return f"left out: {name} is {value!r}"
            if condition.pattern and isinstance(value, str) and condition.pattern.search(value):
                return f"left out: {name} matches {condition.pattern.pattern!r}"
    return None


def _equals_value(value: Any, expected: object) -> bool:
    # Compare types, because True == 1.
    return type(value) is type(expected) and bool(value == expected)


def _equals_text(value: Any, expected: object) -> bool:
    if isinstance(expected, bool):
        return str(value).strip().lower() == str(expected).lower()
    return str(value) == expected or (
        not isinstance(expected, str) and str(value).strip() == str(expected)
    )


def find_current_value(value: Any, steps: Place, row: int | None = None) -> Any:
    """The current value at the place of a URL; None if there is none.

    Args:
        value: the value where the path begins.
        steps: the path.
        row: the position of the step that is an index of a parallel list.

    Raises:
        ShapeError: a value on the path has another shape.
    """
    for depth, step in enumerate(steps):
        if isinstance(step, str):
            if value is not None and not isinstance(value, dict):
                raise ShapeError(value, "an object", steps[:depth])
            value = None if value is None else value.get(step)
            continue
        fits = isinstance(value, list) and step < len(value)
        # A parallel list of another length is rewritten, as is a scalar in its place.
        if not fits and (depth != row or isinstance(value, dict)):
            more = "a list" if depth == row else f"a list of more than {step} items"
            raise ShapeError(value, more, steps[:depth])
        value = value[step] if fits else None
    return value
