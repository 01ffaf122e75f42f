"""What somebody should look at, by its causes: what differs from clip to clip is left out of messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.cli.output.text import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tts_assets.cli.output.items import Item


#: Longer messages differ in their beginnings where they differ at all.
_LONGEST = 300


#: What a message says of one clip alone: what it quotes, what is not English, hashes and numbers.
_QUOTED = re.compile(
    r"""(?<!\w)(['"`]).{1,80}?\1(?!\w)|(?:[^\x00-\x7f]+\s?)+(?<!\s)|\\u[0-9a-f]{4}"""
)
_NUMBER = re.compile(r"\b[0-9a-f]{12,}\b|\d+(?:[.,:]\d+)*")


#: So many groups of a section are told, then one of all the rest, and so many of their clips.
_GROUPS = 40
_EXAMPLES = 200
_LEAST_EXAMPLES = 3


class Example(NamedTuple):
    """One clip of a group, in words that are safe to show.

    Args:
        where: file and line.
        who: which entry, and what it says.
        what: all that the message says.
    """

    where: str
    who: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Things to look at that have one cause.

    Args:
        sort: ``failed``, a state, a rule.
        cause: the message without what is of one clip alone.
        count: how many there are.
        examples: the first of them.
    """

    sort: str
    cause: str
    count: int
    examples: tuple[Example, ...]


def cause(message: str) -> str:
    """A message without what it says of one clip alone."""
    return _NUMBER.sub("#", _QUOTED.sub("…", message[:_LONGEST]))


def by_cause(items: Iterable[Item]) -> tuple[Group, ...]:
    """Groups of one sort and one cause each, the largest first."""
    return _groups(items, lambda item: (item.sort, cause(item.what)))


def by_sort(items: Iterable[Item]) -> tuple[Group, ...]:
    """Groups of one sort each, such as a rule; their cause is that of the first."""
    return _groups(items, lambda item: item.sort)


def _groups(items: Iterable[Item], key: Callable[[Item], object]) -> tuple[Group, ...]:
    found: dict[object, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    largest = sorted(found.values(), key=len, reverse=True)
    told, others = largest[:_GROUPS], largest[_GROUPS:]
    most = max(_LEAST_EXAMPLES, _EXAMPLES // max(1, len(told)))
    groups = [_group(group[0].sort, _shared(group), group, most) for group in told]
    if others:
        rest = list(chain.from_iterable(others))
        groups.append(_group("", many(len(others), "other cause"), rest, most))
    return tuple(groups)


def _group(sort: str, told: str, items: Sequence[Item], most: int) -> Group:
    examples = tuple(map(_example, items[:most]))
    return Group(sort=sort, cause=told, count=len(items), examples=examples)


def _shared(items: Sequence[Item]) -> str:
    """What all of them say: the whole message, where it is the same."""
    first = items[0].what
    same = all(item.what == first for item in items)
    return first[:_LONGEST] if same else cause(first)


def _example(item: Item) -> Example:
    who = f"{item.kind} {item.name}".strip()
    return Example(item.where[-_LONGEST:], who[:_LONGEST], item.what[: 2 * _LONGEST])
