"""Any text made ready for the rules: every character plain, no markup, furigana marked."""

from __future__ import annotations

from tts_assets.japanese.normalise.characters import check_characters, clean_characters
from tts_assets.japanese.normalise.column import pipeline, skip_if
from tts_assets.japanese.normalise.furigana import find_full_kana, strip_readings
from tts_assets.japanese.normalise.markup import strip_markup, unescape_entities
from tts_assets.japanese.normalise.notations import mark_furigana
from tts_assets.japanese.regex import compile_lazy

#: The beginning of every way of normalising.
prepare_text = skip_if(
    compile_lazy("[ぁ-ゖァ-ヺー一-鿿々、。？！]*"),
    pipeline(
        check_characters,
        unescape_entities,
        check_characters,
        clean_characters,
        strip_markup,
        mark_furigana,
    ),
)


def attach_furigana(text: str, furigana: str) -> str:
    """The text as it stands with furigana, where these are of that text; else the text alone.

    Raises:
        UnusableTextError: one of them holds broken characters.
    """
    plain, marked = (
        "".join(strip_readings(prepare_text(each)).split()) for each in (text, furigana)
    )
    return furigana if plain == marked else text


def extract_furigana_reading(text: str) -> str | None:
    """The reading that is written into a text, in katakana: タベル of 食[た]べる.

    None where some of it has no reading.

    Raises:
        UnusableTextError: the text holds broken characters.
    """
    return find_full_kana(prepare_text(text))
