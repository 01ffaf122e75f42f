"""What the reading guard asks of a dictionary, and what it settles for a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from tts_assets.domain import AccentBasis, AmbiguousWord, Basis

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from tts_assets.japanese.entries import Entry
    from tts_assets.japanese.nodes import Nodes
    from tts_assets.japanese.unidic import UniDic


class Analyses(Protocol):
    """A dictionary; :class:`tts_assets.japanese.dictionary.Dictionary` says what each call does."""

    @property
    def unidic(self) -> UniDic:
        """The second dictionary."""
        ...

    def best(self, text: str) -> Nodes:
        """The analysis that it holds for right."""
        ...

    def alternatives(self, text: str, most: int) -> Iterable[Nodes]:
        """The analyses that it holds for likely."""
        ...

    def refined(self, text: str, nodes: Nodes) -> Nodes:
        """An alternative with its accents corrected."""
        ...

    def tokens(self, text: str) -> list[Entry]:
        """The words of the likeliest analysis."""
        ...

    def names_in(self, text: str) -> Iterable[tuple[int, int]]:
        """Where words of the user's lie that have marks in them."""
        ...

    def has_learned(self, nodes: Nodes) -> bool:
        """Whether any of these words is the user's own."""
        ...

    def entries(self, surface: str) -> list[Entry]:
        """What it knows of a spelling."""
        ...

    def built(self, text: str, tokens: Sequence[Entry], settled: Collection[Entry] = ()) -> Nodes:
        """An analysis made of given words."""
        ...

    def devoiced(self, nodes: Nodes) -> Nodes:
        """The same words with their vowels devoiced anew."""
        ...


class Settled(NamedTuple):
    """What is said for a word or a sentence, and why; as in Pronunciation."""

    nodes: Nodes
    basis: Basis
    accent_basis: AccentBasis
    doubt: str | None = None
    near: str | None = None
    ambiguous: tuple[AmbiguousWord, ...] = ()


def unchecked(
    nodes: Nodes, doubt: str | None = None, ambiguous: tuple[AmbiguousWord, ...] = ()
) -> Settled:
    """What the dictionary alone says."""
    return Settled(
        nodes=nodes,
        basis=Basis.UNCHECKED,
        accent_basis=AccentBasis.DICTIONARY,
        doubt=doubt,
        ambiguous=ambiguous,
    )
