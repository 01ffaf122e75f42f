"""Edges of phrases and words, as a dictionary finds them in text without marks."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tts_assets.japanese.regex import compile_lazy
from tts_assets.japanese.segments.edges import OPENING, find_edges

if TYPE_CHECKING:
    from tts_assets.japanese.analyses import JapaneseAnalyzer
    from tts_assets.japanese.entries import DictionaryEntry

#: Characters to look at behind the last place for a cut, so that the words before it are right.
CONTEXT_CHARS = 30
#: No dictionary sees over a blank.
_WORDS = compile_lazy(r"\S+")
#: What leans on the word before it.
_LEANING = frozenset({"助詞", "助動詞", "記号"})
_DEPENDENT = frozenset({"接尾", "非自立"})
#: What a noun before another noun, or any other word before it, is one with.
_STEMS = frozenset({"名詞", "接頭詞"})


def find_phrase_edges(
    text: str, dictionary: JapaneseAnalyzer
) -> tuple[list[int], list[int], list[int]]:
    """Where phrases (bunsetsu) begin; where words do that no phrase is torn at; where any word does.

    Nothing where the dictionary spells the text otherwise.
    """
    tokens = dictionary.list_tokens(text)
    starts = list(itertools.accumulate((len(token.surface) for token in tokens), initial=0))
    if starts[-1] != len(text):
        return [], [], []
    pairs = list(zip(starts[1:-1], tokens, tokens[1:], strict=False))
    phrases = [at for at, before, after in pairs if _separates_phrases(before, after)]
    whole = [at for at, before, after in pairs if _separates_words(before, after)]
    return phrases, whole, [at for at, _, _ in pairs]


def split_phrases(text: str, dictionary: JapaneseAnalyzer) -> tuple[str, ...]:
    """The phrases (bunsetsu) of a text, with the marks around them; together they are the text."""
    cuts = {0, len(text)}
    for word in _WORDS.finditer(text):
        starts = (0, *_find_phrase_starts(word.group(), dictionary))
        # A quotation begins with its mark.
        cuts.update(len(text[: word.start() + at].rstrip(OPENING)) for at in starts)
    found: list[str] = []
    silent = ""
    for begin, end in itertools.pairwise(sorted(cuts)):
        piece = silent + text[begin:end]
        silent = ""
        if any(map(str.isalnum, piece)):
            found.append(piece)
        elif found:
            found[-1] += piece
        else:
            silent = piece
    return (*found, silent) if silent else tuple(found)


def _find_phrase_starts(text: str, dictionary: JapaneseAnalyzer) -> list[int]:
    """Where phrases begin in a text without blanks; by its marks where no dictionary helps."""
    phrases, _, words = find_phrase_edges(text, dictionary)
    return phrases if words else [edge.at for edge in find_edges(text, len(text))]


def _separates_phrases(before: DictionaryEntry, after: DictionaryEntry) -> bool:
    return _separates_words(before, after) and before.grammar[0] not in _STEMS


def _separates_words(before: DictionaryEntry, after: DictionaryEntry) -> bool:
    """Whether a word stands for itself: no particle, no ending, no digit of a number."""
    alone = after.grammar[0] not in _LEANING and after.grammar[1] not in _DEPENDENT
    number = before.grammar[1] == after.grammar[1] == "数"
    return alone and not number and before.grammar[0] != "接頭詞" and after.base != "する"
