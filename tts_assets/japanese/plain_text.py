"""What is written to an engine that takes text only, and reads kanji in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.domain import Basis
from tts_assets.japanese.kana import kana_to_hiragana, kana_to_katakana

if TYPE_CHECKING:
    from tts_assets.domain import Pronunciation, SpokenForm

#: Alone and in hiragana they may be taken for particles, and said as ワ and エ.
_PARTICLES = ("ハ", "ヘ")


def spell_in_kana(form: SpokenForm) -> str:
    """A word in the kana of its reading; as it is spelled where it has none, or is kana."""
    reading = form.reading
    if reading is None:
        return form.text
    if reading in _PARTICLES:
        return reading
    return form.text if kana_to_katakana(form.text) == reading else kana_to_hiragana(reading)


def spell_for_engine(form: SpokenForm, said: Pronunciation) -> str:
    """A form as it is spelled, but in kana where its spelling may well be read otherwise.

    The spelling is preferred because only it carries the accent. What a dictionary reads as the
    entry says is hoped to be read so by others; what it does not is not left to chance.

    Args:
        form: what is to be said.
        said: how the reading guard has it said.
    """
    if said.basis in (Basis.SPELLING, Basis.UNCHECKED):
        return form.text
    if not form.sentence:
        return spell_in_kana(form)
    if form.reading is not None:
        return kana_to_hiragana(form.reading)
    return _spell_spans(form)


def _spell_spans(form: SpokenForm) -> str:
    """A text with the stretches whose reading the data give in kana, and the rest as spelled."""
    written, begin = "", 0
    for stretch, kana in form.readings:
        at = form.text.find(stretch, begin)
        if at < 0:
            continue
        written += form.text[begin:at] + (kana_to_hiragana(kana) if kana else stretch)
        begin = at + len(stretch)
    return written + form.text[begin:]
