"""Titles of grammar patterns: the words that a pattern shows, where it shows nothing but words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tts_assets.japanese.normalise.alternatives import parted
from tts_assets.japanese.normalise.brackets import without_notes
from tts_assets.japanese.normalise.furigana import surface
from tts_assets.japanese.normalise.prepared import prepared
from tts_assets.japanese.normalise.signs import sound_of_particle
from tts_assets.japanese.normalise.silence import reason_for_silence
from tts_assets.japanese.normalise.word import forms_of, spoken_word
from tts_assets.japanese.regex import regex

if TYPE_CHECKING:
    from tts_assets.domain import SpokenForm

_LATIN_NOTE = regex(
    r"[(（\[［【〔](?=[^()（）\[\]［］【】〔〕]{0,80}[A-Za-z])[^()（）\[\]［］【】〔〕ぁ-ゖァ-ヺ\u3400-\u9fff]*[)）\]］】〕]"
)
_FORMULA = regex(
    r"(?<![A-Za-z])(?!or\s)[A-Za-zＡ-Ｚａ-ｚÀ-ÿ][A-Za-zＡ-Ｚａ-ｚÀ-ÿ0-9０-９\- ]*|[+＋]"
)
_NUMBERED = regex(r"(?<=[ぁ-ヺー\u3400-\u9fff々〜～])\s*(?:[0-9０-９①-⑳Ⅰ-Ⅻ]+)(?=\s*$|\s*[/／])")
_MIDDLE_DOT = regex(r"(?<=[\u3040-\u309f\u3400-\u9fff])・(?=[〜～~\u3040-\u309f\u3400-\u9fff])")
_HONORIFIC = regex(r"^([〜～~]?)お\s*[/／・]\s*ご([〜～~].*)$", re.DOTALL)
#: What the dictionary reads otherwise where it stands alone: a bare 気味 is キミ.
_BEHIND_WAVE = {
    "間": "アイダ",
    "間に": "アイダニ",
    "度に": "タビニ",
    "気味": "ギミ",
    "下で": "モトデ",
}


def spoken_title(text: str, reading: str | None = None) -> tuple[SpokenForm, ...] | str:
    """What is said for the title of a grammar pattern, or why nothing is.

    Args:
        text: the title: 〜です／〜ます, あまり〜ない, 後で（あとで）.
        reading: its kana or romaji, when the data give one.

    Raises:
        UnusableTextError: the text is broken, or the reading no kana.
    """
    written = _LATIN_NOTE.sub(" ", prepared(text))
    title = surface(written)
    formula = _FORMULA.search(title)
    if formula is not None:
        return (
            f"the title is a formula with {formula.group().strip()!r} in it, not words: "
            "say its examples"
        )
    silence = reason_for_silence(title)
    if silence is not None:
        return silence
    shown = _HONORIFIC.sub(r"\1お\2／\1ご\2", _NUMBERED.sub("", _MIDDLE_DOT.sub("／", written)))
    if reading is not None:
        return _as_in_patterns(spoken_word(surface(shown), reading), title)
    return _as_in_patterns(forms_of(shown, parted(without_notes(surface(shown)), None)), title)


def _as_in_patterns(
    forms: tuple[SpokenForm, ...] | str, title: str
) -> tuple[SpokenForm, ...] | str:
    """は and へ alone as particles, not letters, and what stands behind a wave as an ending."""
    if isinstance(forms, str):
        return forms
    return tuple(
        form._replace(reading=sound_of_particle(f"〜{form.text}") or _ending(form, title))
        for form in forms
    )


def _ending(form: SpokenForm, title: str) -> str | None:
    if form.reading is not None or re.search(f"[〜～~…]\\s*{re.escape(form.text)}", title) is None:
        return form.reading
    return _BEHIND_WAVE.get(form.text)
