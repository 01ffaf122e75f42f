"""An engine without a voice, and what those with one build on: tells how a form would be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.domain import DictionaryWord, Pronunciation, SpokenForm


class Reader:
    """Runs inside an engine's process; may be asked from several threads at once."""

    def __init__(self) -> None:
        """Load the dictionary, so that what is missing shows at once."""
        self._dictionary = Dictionary()
        self._dictionary.best("")

    def learn(self, words: Sequence[DictionaryWord]) -> None:
        """Read these words as they say.

        Raises:
            UsageError: they cannot be learned.
        """
        self._dictionary.learn(words)

    def read(self, form: SpokenForm) -> Pronunciation:
        """How a form is said.

        Raises:
            ClipError: it cannot be said as the entry says.
        """
        return guarded(form, self._dictionary).pronunciation
