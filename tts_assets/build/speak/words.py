"""What somebody wants to hear, as a spoken form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts_assets.errors import UsageError
from tts_assets.japanese import kana, running_text, word_forms

if TYPE_CHECKING:
    from tts_assets.model import SpokenForm


#: What no word has within.
_RUNNING = re.compile(r"[\s。、！？!?「」『』：]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is to be said.

    Args:
        text: a word, a sentence, a passage or a dialogue.
        reading: how it is read, in kana or romaji; None to leave it to the dictionary.
        accent: of a word, the mora after which the pitch falls, 0 for none; None for the usual.
    """

    text: str
    reading: str | None = None
    accent: int | None = None

    def form(self) -> SpokenForm:
        """What is said.

        Raises:
            UsageError: nothing can be said of it.
        """
        text = self.text.strip()
        is_word = not _RUNNING.search(text)
        if self.accent is not None and not is_word:
            raise UsageError(
                "an accent is that of one word, and this is running text: leave it out"
            )
        try:
            if is_word and (self.reading is not None or self.accent is not None):
                said = word_forms.build_word_forms(text, self.reading, self.accent)
            elif "\n" in text:
                said = running_text.build_dialogue_forms(text, self.reading, passage=True)
            else:
                said = running_text.build_text_forms(text, self.reading, passage=True)
        except kana.UnusableTextError as exc:
            raise UsageError(f"this cannot be said: {exc}") from exc
        if isinstance(said, str):
            raise UsageError(f"there is nothing to say: {said}")
        return said[0]
