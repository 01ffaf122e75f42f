"""Accent notation as the ledger has it, read back to phrases."""

from __future__ import annotations

import re

from tts_assets.domain import Phrase
from tts_assets.japanese.kana import split_morae

_PHRASE = re.compile("([^/、]+)([/、]?)")


def parse_accent_phrases(notation: str) -> tuple[Phrase, ...]:
    """The phrases that ``accent.notation`` wrote; whether a pause follows the last is not told."""
    return tuple(_parse_phrase(written, end) for written, end in _PHRASE.findall(notation))


def _parse_phrase(written: str, end: str) -> Phrase:
    before, fall, after = written.partition("↓")
    return Phrase(
        kana=before + after, accent=len(split_morae(before)) if fall else 0, pause=end == "、"
    )
