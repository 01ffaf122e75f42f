"""What normalising has made of a text, short enough for tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.japanese.running_text import _build_forms, _strip_quotes, split_speakers
from tts_assets.japanese.text_cleanup import prepare_text

if TYPE_CHECKING:
    from tts_assets.model import SpokenForm


def texts(said: tuple[SpokenForm, ...] | str) -> list[str]:
    """The texts that are said, the main one first."""
    assert isinstance(said, tuple), said
    return [form.text for form in said]


def pairs(said: tuple[SpokenForm, ...] | str) -> list[tuple[str, str | None]]:
    """The texts that are said, each with its reading."""
    assert isinstance(said, tuple), said
    return [(form.text, form.reading) for form in said]


def reason(said: tuple[SpokenForm, ...] | str) -> str:
    """Why nothing is said."""
    assert isinstance(said, str), said
    return said


def without_boundaries(said: tuple[SpokenForm, ...] | str) -> tuple[SpokenForm, ...] | str:
    """Forms as if their texts had no spaces."""
    return said if isinstance(said, str) else tuple(each._replace(boundaries=()) for each in said)


def split_dialogue(text: str) -> list[tuple[str | None, str]]:
    """The speaker and the spoken text of each line of a dialogue that can be spoken."""
    lines = []
    for speaker, words in split_speakers(prepare_text(text)):
        said = _build_forms([("", _strip_quotes(words))], None, {})
        if isinstance(said, tuple):
            lines.append((speaker, said[0].text))
    return lines
