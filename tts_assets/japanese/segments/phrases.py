"""Edges of phrases and words, as a dictionary finds them in text without marks."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tts_assets.japanese.analyses import Analyses
    from tts_assets.japanese.entries import Entry

#: Characters to look at behind the last place for a cut, so that the words before it are right.
CONTEXT = 30
#: What leans on the word before it.
_LEANING = frozenset({"助詞", "助動詞", "記号"})
_DEPENDENT = frozenset({"接尾", "非自立"})
#: What a noun before another noun, or any other word before it, is one with.
_STEMS = frozenset({"名詞", "接頭詞"})


def phrase_edges(text: str, dictionary: Analyses) -> tuple[list[int], list[int], list[int]]:
    """Where phrases (bunsetsu) begin; where words do that no phrase is torn at; where any word does.

    Nothing where the dictionary spells the text otherwise.
    """
    tokens = dictionary.tokens(text)
    starts = list(itertools.accumulate((len(token.surface) for token in tokens), initial=0))
    if starts[-1] != len(text):
        return [], [], []
    pairs = list(zip(starts[1:-1], tokens, tokens[1:], strict=False))
    phrases = [at for at, before, after in pairs if _parts_phrases(before, after)]
    whole = [at for at, before, after in pairs if _parts_words(before, after)]
    return phrases, whole, [at for at, _, _ in pairs]


def _parts_phrases(before: Entry, after: Entry) -> bool:
    return _parts_words(before, after) and before.grammar[0] not in _STEMS


def _parts_words(before: Entry, after: Entry) -> bool:
    """Whether a word stands for itself: no particle, no ending, no digit of a number."""
    alone = after.grammar[0] not in _LEANING and after.grammar[1] not in _DEPENDENT
    number = before.grammar[1] == after.grammar[1] == "数"
    return alone and not number and before.grammar[0] != "接頭詞" and after.base != "する"
