"""From what data write to what is said: spoken forms, or the reason why nothing is said."""

from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.normalise.prepared import attach_furigana, extract_furigana_reading
from tts_assets.japanese.normalise.sentence import (
    build_dialogue_forms,
    build_line_forms,
    build_text_forms,
    split_dialogue,
)
from tts_assets.japanese.normalise.title import build_title_forms
from tts_assets.japanese.normalise.word import build_kana_forms, build_plain_word, build_word_forms

__all__ = [
    "UnusableTextError",
    "attach_furigana",
    "build_dialogue_forms",
    "build_kana_forms",
    "build_line_forms",
    "build_plain_word",
    "build_text_forms",
    "build_title_forms",
    "build_word_forms",
    "extract_furigana_reading",
    "split_dialogue",
]
