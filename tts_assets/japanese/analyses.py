"""What the reading guard asks of a dictionary, and what it settles for a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from tts_assets.domain import AccentBasis, AmbiguousWord, Basis

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from tts_assets.japanese.entries import DictionaryEntry
    from tts_assets.japanese.nodes import Nodes
    from tts_assets.japanese.unidic import UniDic


class JapaneseAnalyzer(Protocol):
    """A dictionary; :class:`tts_assets.japanese.dictionary.Dictionary` says what each call does."""

    @property
    def unidic(self) -> UniDic:
        """The second dictionary."""
        ...

    def analyze_best(self, text: str) -> Nodes:
        """The analysis that it holds for right."""
        ...

    def list_alternatives(self, text: str, most: int) -> Iterable[Nodes]:
        """The analyses that it holds for likely."""
        ...

    def refine_accents(self, text: str, nodes: Nodes) -> Nodes:
        """An alternative with its accents corrected."""
        ...

    def list_tokens(self, text: str) -> list[DictionaryEntry]:
        """The words of the likeliest analysis."""
        ...

    def find_names(self, text: str) -> Iterable[tuple[int, int]]:
        """Where words of the user's lie that have marks in them."""
        ...

    def has_learned(self, nodes: Nodes) -> bool:
        """Whether any of these words is the user's own."""
        ...

    def find_entries(self, surface: str) -> list[DictionaryEntry]:
        """What it knows of a spelling."""
        ...

    def build_analysis(
        self,
        text: str,
        tokens: Sequence[DictionaryEntry],
        settled: Collection[DictionaryEntry] = (),
    ) -> Nodes:
        """An analysis made of given words."""
        ...

    def devoice_vowels(self, nodes: Nodes) -> Nodes:
        """The same words with their vowels devoiced anew."""
        ...


class ResolvedReading(NamedTuple):
    """What is said for a word or a sentence, and why; as in Pronunciation."""

    nodes: Nodes
    basis: Basis
    accent_basis: AccentBasis
    doubt: str | None = None
    near: str | None = None
    ambiguous: tuple[AmbiguousWord, ...] = ()


def accept_unchecked(
    nodes: Nodes, doubt: str | None = None, ambiguous: tuple[AmbiguousWord, ...] = ()
) -> ResolvedReading:
    """What the dictionary alone says."""
    return ResolvedReading(
        nodes=nodes,
        basis=Basis.UNCHECKED,
        accent_basis=AccentBasis.DICTIONARY,
        doubt=doubt,
        ambiguous=ambiguous,
    )
