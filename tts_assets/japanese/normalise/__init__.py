"""From what data write to what is said: spoken forms, or the reason why nothing is said."""

from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.normalise.prepared import reading_in_furigana, spelled_with_furigana
from tts_assets.japanese.normalise.sentence import (
    dialogue_lines,
    spoken_dialogue,
    spoken_lines,
    spoken_text,
)
from tts_assets.japanese.normalise.title import spoken_title
from tts_assets.japanese.normalise.word import plain_word, spoken_kana, spoken_word

__all__ = [
    "UnusableTextError",
    "dialogue_lines",
    "plain_word",
    "reading_in_furigana",
    "spelled_with_furigana",
    "spoken_dialogue",
    "spoken_kana",
    "spoken_lines",
    "spoken_text",
    "spoken_title",
    "spoken_word",
]
