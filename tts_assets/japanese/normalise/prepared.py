"""Any text made ready for the rules: every character plain, no markup, furigana marked."""

from __future__ import annotations

from tts_assets.japanese.normalise.characters import checked, plain_characters
from tts_assets.japanese.normalise.column import column, unless
from tts_assets.japanese.normalise.furigana import kana_of, surface
from tts_assets.japanese.normalise.markup import unescaped, without_markup
from tts_assets.japanese.normalise.notations import with_furigana
from tts_assets.japanese.regex import regex

#: The beginning of every way of normalising.
prepared = unless(
    regex("[ぁ-ゖァ-ヺー一-鿿々、。？！]*"),
    column(checked, unescaped, checked, plain_characters, without_markup, with_furigana),
)


def spelled_with_furigana(text: str, furigana: str) -> str:
    """The text as it stands with furigana, where these are of that text; else the text alone.

    Raises:
        UnusableTextError: one of them holds broken characters.
    """
    plain, marked = ("".join(surface(prepared(each)).split()) for each in (text, furigana))
    return furigana if plain == marked else text


def reading_in_furigana(text: str) -> str | None:
    """The reading that is written into a text, in katakana: タベル of 食[た]べる.

    None where some of it has no reading.

    Raises:
        UnusableTextError: the text holds broken characters.
    """
    return kana_of(prepared(text))
