"""The fields of a record, with what their names and their values say of the parts they play."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.detect.names import Name, Role, name_of, roles_of
from tts_assets.catalogues.detect.shape import is_blank
from tts_assets.catalogues.detect.values import Content, content_of
from tts_assets.config.sources.path import ShapeError, Step, found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.catalogues.detect.shape import Shape
    from tts_assets.config.sources.path import Steps


#: From this share on, what most values are is what the field is.
MOST = 0.6
_NEARLY_ALL = 0.9


#: A reading that is none is told of its entry; without the field, all would be guesses.
_HALF = 0.5
_TEXT_RANKS = {Role.WORD: 0, Role.JAPANESE: 1, Role.SENTENCE: 2, Role.TITLE: 3}


#: The rank of a text whose name says nothing.
UNKNOWN = len(_TEXT_RANKS)


#: A text that stands in all records is a label; with so few of them nobody can tell.
_FEW = 8


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of an object, or of an object in it.

    Args:
        steps: from the object to its texts.
        shape: what stands there.
        position: how many fields stand before it.
        mates: the words of the names of all fields of the object.
        variety: the share of different texts in the field of the object with the most of them.
    """

    steps: Steps
    shape: Shape
    position: int
    mates: frozenset[str] = frozenset()
    variety: float = 1.0

    @cached_property
    def name(self) -> Name:
        """What its name says."""
        return name_of(self.steps)

    @cached_property
    def content(self) -> Content:
        """What its values say."""
        return content_of(self.shape.texts)

    @property
    def listed(self) -> bool:
        """Whether there may be several texts in one object."""
        return Step.EVERY in self.steps

    @property
    def row(self) -> Steps | None:
        """The list whose items the texts are; None if they are no items of a list."""
        if not self.listed:
            return None
        return self.steps[:-1] if self.steps.index(Step.EVERY) == len(self.steps) - 1 else None

    @property
    def is_sound(self) -> bool:
        """Whether it holds, or waits for, the address of a clip."""
        named = self.name.may_be(Role.AUDIO)
        if self.name.foreign:
            return False
        if not self.content.filled:
            return named and self.shape.is_empty
        return self.content.sound >= MOST or (named and self.content.address >= MOST)

    @property
    def is_japanese(self) -> bool:
        """Whether it is Japanese text that could be said."""
        content = self.content
        label = content.filled >= _FEW and content.distinct < (1 - MOST) * self.variety
        return content.japanese >= MOST and not label and not self.name.foreign

    @property
    def is_kana(self) -> bool:
        """Whether it is Japanese, and nothing but kana."""
        return self.content.kana >= _NEARLY_ALL and not self.name.foreign

    @property
    def is_reading(self) -> bool:
        """Whether it says by its name and by its values how another field is read."""
        named = self.name.may_be(Role.READING) and not self.name.foreign
        return named and (self.is_kana or (self.content.kana > _HALF and self._is_called_reading))

    @property
    def _is_called_reading(self) -> bool:
        """Whether its name ends in what means a reading, unlike that of a reading passage."""
        roles = [{*roles_of(token)} - {Role.FORM, Role.JAPANESE} for token in self.name.tokens]
        telling = [each for each in roles if each]
        return bool(telling) and Role.READING in telling[-1]

    @property
    def is_about(self) -> bool:
        """Whether it tells about the entry."""
        return self.name.may_be(Role.ABOUT)

    @property
    def is_sentence(self) -> bool:
        """Whether its name says that it holds sentences."""
        return self.name.may_be(Role.SENTENCE) and not self.name.may_be(Role.WORD)

    @property
    def qualifiers(self) -> frozenset[str]:
        """What the name says before the part it plays: the ``example`` of exampleWord."""
        before, last = self.name.tokens[:-1], self.name.tokens[-1:]
        return frozenset(
            token
            for token in before
            if not {Role.WORD, Role.JAPANESE, Role.FORM} & {*roles_of(token)}
        ) - {*last}

    @property
    def rank(self) -> tuple[int, bool, int]:
        """How likely it is what a record is about, the likeliest first."""
        ranks = [rank for role, rank in _TEXT_RANKS.items() if self.name.may_be(role)]
        return min(ranks, default=UNKNOWN), bool(self.qualifiers), self.position


def fields_of(shape: Shape) -> list[Field]:
    """The fields of an object and of the objects in it; those of objects in lists only by text."""
    leaves = list(_leaves(shape, ()))
    mates = frozenset(token for steps, _ in leaves for token in name_of(steps).tokens)
    shares = [len({*inner.texts}) / len(inner.texts) for _, inner in leaves if inner.texts]
    variety = max(shares, default=1.0)
    return [
        Field(steps=steps, shape=inner, position=at, mates=mates, variety=variety)
        for at, (steps, inner) in enumerate(leaves)
    ]


def _leaves(shape: Shape, steps: Steps) -> Iterator[tuple[Steps, Shape]]:
    for key, inner in shape.fields.items():
        path = (*steps, key)
        if name_of(path).may_be(Role.ACCENT):
            yield path, inner
        elif not inner.fields and inner.items is None:
            yield ((*path, Step.EVERY) if inner.is_list else path), inner
        elif inner.fields:
            yield from _leaves(inner, path)
        elif inner.items is not None:
            yield from _items(inner.items, (*path, Step.EVERY))


def _items(items: Shape, steps: Steps) -> Iterator[tuple[Steps, Shape]]:
    if items.fields:
        yield from _leaves(items, steps)
    elif items.items is None:
        yield steps, items
    else:
        yield from _items(items.items, (*steps, Step.EVERY))


def first(value: Any, steps: Steps) -> Any:
    """The first filled value that the steps lead to; None if there is none."""
    return next((each for each in values_at(value, steps) if not is_blank(each)), None)


def values_at(value: Any, steps: Steps) -> list[Any]:
    """All that the steps lead to, null included; nothing where a value has another shape."""
    try:
        return [each for _, each in found(value, steps)]
    except ShapeError:
        return []
