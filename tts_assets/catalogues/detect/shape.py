"""The shape of a document: which objects, lists and texts stand where, seen over many records."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.detect.names import Role, is_metadata, name_of
from tts_assets.catalogues.detect.values import cleaned, is_japanese
from tts_assets.config.sources.path import KEY, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.config.sources.path import Steps


#: So many values of one place are looked at, from its whole length.
_LOOKED_AT = 400
_DEEPEST = 12
_MOST_ROWS = 0.8


#: More lists than this are no copies of each other.
_MOST_LISTS = 20


#: An object with more fields than this is no record.
_MOST_FIELDS = 200


@dataclass(slots=True, kw_only=True)
class Shape:
    """What stands at one place of all records.

    Args:
        values: some of the values, null and "" included.
        texts: those that are texts, blank ones left out.
        fields: the fields of those that are objects, or of rows: lists of one length.
        items: what lists hold; for an object whose keys are data, what stands under them.
    """

    values: list[Any]
    texts: list[str] = field(default_factory=list)
    fields: dict[str | int, Shape] = field(default_factory=dict)
    items: Shape | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing but null, blanks and empty lists ever stands here."""
        return all(map(is_blank, self.values))

    @property
    def always(self) -> bool:
        """It is filled everywhere it stands."""
        return not any(map(is_blank, self.values))

    @property
    def is_list(self) -> bool:
        """Lists stand here, at least as many as texts."""
        lists = sum(isinstance(value, list) for value in self.values)
        return lists > 0 and lists >= len(self.texts)


def is_blank(value: object) -> bool:
    """Whether a value says nothing: null, an empty list, or a text of nothing but spaces."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def shape_of(values: Sequence[Any], depth: int = 0) -> Shape:
    """The shape that values of one place have in common."""
    some = _spread(values)
    shape = Shape(
        values=some, texts=[each for each in some if isinstance(each, str) and each.strip()]
    )
    objects = [each for each in some if isinstance(each, dict) and each]
    lists = [each for each in some if isinstance(each, list) and each]
    if depth > _DEEPEST or len(shape.texts) > max(len(objects), len(lists)):
        return shape
    if len(objects) > len(lists):
        if (items := _beside_metadata(objects, depth)) is not None:
            shape.items = items
        elif _keys_are_data(objects):
            shape.items = shape_of([value for each in objects for value in _under(each)], depth + 1)
        else:
            shape.fields = _fields(objects, depth)
    elif lists:
        width = _width(lists) if depth else None
        if width is not None:
            shape.fields = {
                at: shape_of([row[at] for row in lists], depth + 1) for at in range(width)
            }
        else:
            shape.items = shape_of([value for each in lists for value in each], depth + 1)
    return shape


def objects_in(shape: Shape, steps: Steps = ()) -> Iterator[tuple[Steps, Shape]]:
    """Every object with fields that the root is, or that is an item of a list, outer ones first."""
    if shape.fields:
        yield steps, shape
        yield from _below(shape, steps)
    elif shape.items is not None:
        yield from objects_in(shape.items, (*steps, Step.EVERY))


def _below(shape: Shape, steps: Steps) -> Iterator[tuple[Steps, Shape]]:
    for key, inner in shape.fields.items():
        if inner.items is not None:
            yield from objects_in(inner.items, (*steps, key, Step.EVERY))
        elif inner.fields:
            yield from _below(inner, (*steps, key))


def _spread(values: Sequence[Any]) -> list[Any]:
    """Some of the values, from the first to the last."""
    if len(values) <= _LOOKED_AT:
        return list(values)
    return [values[at * len(values) // _LOOKED_AT] for at in range(_LOOKED_AT)]


def _fields(objects: list[dict[str, Any]], depth: int) -> dict[str | int, Shape]:
    keys = dict.fromkeys(key for each in objects for key in each)
    if len(keys) > _MOST_FIELDS:
        return {}
    return {
        key: shape_of([each[key] for each in objects if key in each], depth + 1)
        for key in keys
        if _is_text(key)
    }


def _is_text(key: str) -> bool:
    """Whether a key can be written into a file at all."""
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return bool(key)


def _keys_are_data(objects: list[dict[str, Any]]) -> bool:
    """Whether the keys are words or numbers of records, and not the names of fields."""
    counts = Counter(key for each in objects for key in each)
    if len(objects) > 2 and counts.most_common(1)[0][1] > len(objects) / 2:
        return False
    named = sum(1 for key in counts if set(name_of((key,)).roles) - {Role.FORM})
    if named > 0.4 * len(counts):
        return False
    if sum(map(is_japanese, counts)) > 0.6 * len(counts):
        return True
    values = [value for each in objects for value in each.values()]
    return len(values) > 1 and _are_alike(values) and not _repeat_items(values)


def _repeat_items(values: list[Any]) -> bool:
    """Whether one of several lists of objects only repeats items of another."""
    rows = [[each for each in value if isinstance(each, dict)] for value in values if value]
    if len(rows) > _MOST_LISTS or not all(rows):
        return False
    sets = [{json.dumps(each, sort_keys=True) for each in row} for row in rows]
    return any(one <= other for one, other in permutations(sets, 2))


def _beside_metadata(objects: list[dict[str, Any]], depth: int) -> Shape | None:
    """The records under keys that are data, where objects with metadata stand among them."""
    keyed = [
        {key: value for key, value in each.items() if not is_metadata(key)} for each in objects
    ]
    about = [value for each in objects for key, value in each.items() if is_metadata(key)]
    filled = [each for each in keyed if each]
    if not about or not filled or not all(isinstance(value, dict) for value in about):
        return None
    if not _keys_are_data(filled):
        return None
    items = shape_of([value for each in filled for value in _under(each)], depth + 1)
    return items if items.fields else None


def _under(keyed: dict[str, Any]) -> list[Any]:
    """What stands under keys; where these are texts that the objects lack, as a field of theirs."""
    values = list(keyed.values())
    rows = [[each] if isinstance(each, dict) else each for each in values]
    if not all(isinstance(row, list) and all(isinstance(one, dict) for one in row) for row in rows):
        return values
    lack = sum(
        all(key not in one.values() for one in row) for key, row in zip(keyed, rows, strict=True)
    )
    if sum(map(is_japanese, keyed)) <= 0.6 * len(keyed) or lack <= 0.6 * len(keyed):
        return values
    return [
        [{KEY.text: key, **one} for one in row]
        if isinstance(value, list)
        else {KEY.text: key, **value}
        for (key, value), row in zip(keyed.items(), rows, strict=True)
    ]


def _are_alike(values: list[Any]) -> bool:
    """Whether values are records of one shape, or lists of such."""
    rows = [each for each in values if isinstance(each, list)]
    if len(rows) == len(values):
        firsts = [row[0] for row in rows if row]
        texts = all(isinstance(each, str) and is_japanese(each) for each in firsts)
        return len(firsts) > 1 and (texts or _are_alike(firsts))
    if not all(isinstance(each, dict) and each for each in values):
        return False
    if _keys_are_data(values):
        return True
    counts = Counter(key for each in values for key in each)
    common = {key for key, count in counts.items() if count >= 0.6 * len(values)}
    return bool(common) and all(2 * len(common & set(each)) >= len(each) for each in values)


def _width(rows: list[list[Any]]) -> int | None:
    """The length of rows such as ["会う", "あう", "to meet"]; None if these are lists of items."""
    # The last cells of a row may be left out.
    width, count = max(map(len, rows)), Counter(map(len, rows))
    if len(rows) < 2 or not 1 < width < 30 or count[width] < _MOST_ROWS * len(rows):
        return None
    columns = [[row[at] for row in rows if at < len(row)] for at in range(width)]
    if any(
        isinstance(cell, dict) or (isinstance(cell, list) and not isinstance(column[0], list))
        for column in columns
        for cell in column
    ):
        return None
    # Columns differ from each other; items of a list do not.
    japanese = [
        sum(is_japanese(cleaned(str(cell))) for cell in column) / len(column) for column in columns
    ]
    is_table = max(japanese) >= _MOST_ROWS and min(japanese) <= 1 - _MOST_ROWS
    return width if is_table else None
