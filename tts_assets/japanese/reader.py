"""An engine without a voice, and what those with one build on: tells how a form would be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading import resolve_reading
from tts_assets.japanese.segments import split_phrases, split_segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.domain import DictionaryWord, Pauses, Pronunciation, Segment, SpokenForm


class FormReader:
    """Runs inside an engine's process; may be asked from several threads at once."""

    def __init__(self) -> None:
        """Load the dictionary, so that what is missing shows at once."""
        self._dictionary = Dictionary()
        self._dictionary.analyze_best("")

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
        return resolve_reading(form, self._dictionary).pronunciation

    def cut(self, form: SpokenForm, pauses: Pauses) -> tuple[Segment, ...]:
        """The segments of a passage.

        Raises:
            ClipError: a piece of it is too long for the dictionary.
        """
        found = split_segments(form, pauses, self._dictionary)
        assert found is not None  # noqa: S101 - with a dictionary all can be cut
        return found

    def answer(self, question: bytes) -> bytes:
        """The phrases of texts; a list of texts in JSON becomes a list of lists."""
        texts = msgspec.json.decode(question, type=list[str])
        return msgspec.json.encode([split_phrases(text, self._dictionary) for text in texts])
