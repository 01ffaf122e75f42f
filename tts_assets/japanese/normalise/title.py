"""Titles of grammar patterns: the words that a pattern shows, where it shows nothing but words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tts_assets.japanese.normalise.alternatives import split_alternatives
from tts_assets.japanese.normalise.brackets import drop_notes
from tts_assets.japanese.normalise.furigana import strip_readings
from tts_assets.japanese.normalise.prepared import prepare_text
from tts_assets.japanese.normalise.signs import find_particle_sound
from tts_assets.japanese.normalise.silence import find_silence_reason
from tts_assets.japanese.normalise.word import build_spelling_forms, build_word_forms
from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from tts_assets.domain import SpokenForm

_LATIN_NOTE = compile_lazy(
    r"[(（\[［【〔](?=[^()（）\[\]［］【】〔〕]{0,80}[A-Za-z])[^()（）\[\]［］【】〔〕ぁ-ゖァ-ヺ\u3400-\u9fff]*[)）\]］】〕]"
)
_FORMULA = compile_lazy(
    r"(?<![A-Za-z])(?!or\s)[A-Za-zＡ-Ｚａ-ｚÀ-ÿ][A-Za-zＡ-Ｚａ-ｚÀ-ÿ0-9０-９\- ]*|[+＋]"
)
_PATTERN_NUMBER = compile_lazy(
    r"(?<=[ぁ-ヺー\u3400-\u9fff々〜～])\s*(?:[0-9０-９①-⑳Ⅰ-Ⅻ]+)(?=\s*$|\s*[/／])"
)
_MIDDLE_DOT = compile_lazy(
    r"(?<=[\u3040-\u309f\u3400-\u9fff])・(?=[〜～~\u3040-\u309f\u3400-\u9fff])"
)
_HONORIFIC = compile_lazy(r"^([〜～~]?)お\s*[/／・]\s*ご([〜～~].*)$", re.DOTALL)
#: What the dictionary reads otherwise where it stands alone: a bare 気味 is キミ.
_BEHIND_WAVE = {
    "間": "アイダ",
    "間に": "アイダニ",
    "度に": "タビニ",
    "気味": "ギミ",
    "下で": "モトデ",
}


def build_title_forms(text: str, reading: str | None = None) -> tuple[SpokenForm, ...] | str:
    """What is said for the title of a grammar pattern, or why nothing is.

    Args:
        text: the title: 〜です／〜ます, あまり〜ない, 後で（あとで）.
        reading: its kana or romaji, when the data give one.

    Raises:
        UnusableTextError: the text is broken, or the reading no kana.
    """
    written = _LATIN_NOTE.sub(" ", prepare_text(text))
    title = strip_readings(written)
    formula = _FORMULA.search(title)
    if formula is not None:
        return (
            f"the title is a formula with {formula.group().strip()!r} in it, not words: "
            "say its examples"
        )
    silence = find_silence_reason(title)
    if silence is not None:
        return silence
    shown = _HONORIFIC.sub(
        r"\1お\2／\1ご\2", _PATTERN_NUMBER.sub("", _MIDDLE_DOT.sub("／", written))
    )
    if reading is not None:
        return _apply_pattern_readings(build_word_forms(strip_readings(shown), reading), title)
    return _apply_pattern_readings(
        build_spelling_forms(shown, split_alternatives(drop_notes(strip_readings(shown)), None)),
        title,
    )


def _apply_pattern_readings(
    forms: tuple[SpokenForm, ...] | str, title: str
) -> tuple[SpokenForm, ...] | str:
    """は and へ alone as particles, not letters, and what stands behind a wave as an ending."""
    if isinstance(forms, str):
        return forms
    return tuple(
        form._replace(
            reading=find_particle_sound(f"〜{form.text}") or _choose_ending_reading(form, title)
        )
        for form in forms
    )


def _choose_ending_reading(form: SpokenForm, title: str) -> str | None:
    if form.reading is not None or re.search(f"[〜～~…]\\s*{re.escape(form.text)}", title) is None:
        return form.reading
    return _BEHIND_WAVE.get(form.text)
