"""The columns of a CSV file that does not name them, guessed by what is in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tts_assets.catalogues.csv_table import is_anki, table_of
from tts_assets.catalogues.csv_text import records, values
from tts_assets.catalogues.detect.clip_rules import NEW_COLUMN
from tts_assets.catalogues.detect.fields import MOST
from tts_assets.catalogues.detect.names import Role, name_of
from tts_assets.catalogues.detect.values import cleaned, content_of, is_japanese, share_that_fits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.catalogues.detect.values import Content

_LOOKED_AT = 400
_NEARLY_ALL = 0.9
_HALF = 0.5
_NO_NAME = re.compile(r"[\d.,:/-]+|.*[/\\[].*")


# Anki's own columns: https://docs.ankiweb.net/importing/text-files.html
_OF_ANKI = re.compile(r"^#(guid|notetype|deck|tags) column:(\d+)", re.MULTILINE | re.IGNORECASE)


def columns_of(text: str, *, file: str) -> tuple[tuple[str, ...], str] | None:
    """Names for the columns of a table, and its delimiter; None where its first line has them.

    Raises:
        InputError: the text is no table.
    """
    table = table_of(text, file=file, columns=())
    if re.match(r"(?:#[^\n]*\n)*#columns:", text, re.IGNORECASE):
        return None
    rows: list[list[str]] = []
    for start, end in records(text, table.delimiter, table.start, file=file):
        rows.append(values(text[start:end], table.delimiter))
        if len(rows) > _LOOKED_AT:
            break
    if not rows or (not is_anki(text) and _are_names(rows[0])):
        return None
    width = max(map(len, rows))
    columns = [[row[at] for row in rows if at < len(row)] for at in range(width)]
    names = _named(columns, _of_anki(text[: table.start]))
    return tuple(names if NEW_COLUMN in names else [*names, NEW_COLUMN]), table.delimiter


def has_tabs(text: str) -> bool:
    """Whether most lines of a text file have a tab, as rows of a table do."""
    lines = [line for line in text.splitlines() if line.strip()][:_LOOKED_AT]
    return sum("\t" in line.strip() for line in lines) > _NEARLY_ALL * len(lines)


def _are_names(row: Sequence[str]) -> bool:
    """Whether a row names columns, rather than being a record like those below it."""
    filled = [cell.strip() for cell in row if cell.strip()]
    if not filled or any(_NO_NAME.fullmatch(cell) for cell in filled):
        return False
    known = sum(bool(set(name_of((cell,)).roles) - {Role.FORM}) for cell in filled)
    return known >= len(filled) / 2 or not any(map(is_japanese, filled))


def _of_anki(lines: str) -> dict[int, str]:
    return {int(found[2]) - 1: found[1].lower() for found in _OF_ANKI.finditer(lines)}


def _named(columns: Sequence[Sequence[str]], known: dict[int, str]) -> list[str]:
    contents = [content_of(column) for column in columns]
    roles = [known.get(at) or _role(content) for at, content in enumerate(contents)]
    spelled = [at for at, role in enumerate(roles) if role in {"word", "sentence"}]
    for at, content in enumerate(contents):
        if roles[at] not in {"kana", "word"} or content.kana <= _HALF:
            continue
        # What is read has less kana; a few readings that are none are told of their entries.
        own = next(
            (
                one
                for one in spelled
                if contents[one].kana < content.kana and _is_read(columns[one], columns[at])
            ),
            None,
        )
        roles[at] = "word" if own is None else "reading" if roles[own] == "word" else "kana"
    sounds = [at for at, role in enumerate(roles) if role == NEW_COLUMN]
    for at, own in list(zip(sounds, spelled, strict=False))[1:]:
        roles[at] = f"{roles[own]}_{NEW_COLUMN}"
    named: list[str] = []
    for at, role in enumerate(roles):
        name = role or f"column{at + 1}"
        named.append(name if name not in named else f"{name}{at + 1}")
    return named


def _role(content: Content) -> str:
    if content.sound > MOST:
        return NEW_COLUMN
    if content.language:
        return "lang"
    if content.kana > _NEARLY_ALL:
        return "kana"
    if content.japanese > MOST and content.distinct > 1 - MOST:
        return "sentence" if content.running > MOST else "word"
    return ""


def _is_read(texts: Sequence[str], kana: Sequence[str]) -> bool:
    pairs = [
        (cleaned(text), cleaned(reading))
        for text, reading in zip(texts, kana, strict=False)
        if text and reading
    ]
    return share_that_fits(pairs) > MOST
