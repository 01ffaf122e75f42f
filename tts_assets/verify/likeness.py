"""How far what was heard is from what was to be said: the share of wrong morae."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from tts_assets.japanese.kana import pronunciation_key, split_morae

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKS = re.compile(r"[\W_]+")


def kana_error(said: str, heard: str) -> float:
    """The share of morae that are wrong, by how they sound: homophones are equal.

    Args:
        said: the kana that were to be said.
        heard: the kana of what was heard.

    Returns:
        The edits from one to the other, over the number of morae to be said: 0 for all right; above
        1 where more was heard than there was to say.
    """
    return error_rate(split_morae(pronunciation_key(said)), split_morae(pronunciation_key(heard)))


def text_error(text: str, heard: str) -> float:
    """The same by characters as they are written, without marks and spaces."""
    return error_rate(_strip_marks(text), _strip_marks(heard))


def error_rate(said: Sequence[str], heard: Sequence[str]) -> float:
    """The least number of signs put in, left out or changed, over the number to be said."""
    return _edit_distance(said, heard) / max(1, len(said))


def _strip_marks(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", text))


def _edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """The Levenshtein distance (1965), row by row; each row is one step of numpy."""
    import numpy as np  # noqa: PLC0415 - heavy, and only needed where somebody listens

    numbers = {sign: number for number, sign in enumerate({*one, *other})}
    columns = np.array([numbers[sign] for sign in other], dtype=np.int64)
    steps = np.arange(len(other) + 1)
    row = steps
    for index, sign in enumerate(one, 1):
        changed = row[:-1] + (columns != numbers[sign])
        best = np.concatenate(([index], np.minimum(changed, row[1:] + 1)))
        # What is put in costs one more than what stands before it, however far before.
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])
