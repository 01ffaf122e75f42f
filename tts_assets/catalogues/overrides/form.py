"""What is said of a clip when somebody says it instead of the entry: its form, made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.catalogues.fields import LONGEST_TEXT
from tts_assets.japanese import running_text, word_forms
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.model import is_katakana, kana_to_katakana, split_morae

if TYPE_CHECKING:
    from tts_assets.catalogues.overrides.data import Say
    from tts_assets.model import SpokenForm


def said(form: SpokenForm, say: Say) -> SpokenForm:
    """What is said of a clip.

    What was typed goes through the rules for texts of catalogues: a word through those of words,
    running text and passages through theirs.

    Args:
        form: what its entry says.
        say: what was typed instead.

    Raises:
        UnusableTextError: it cannot be said.
    """
    if say.text is not None:
        form = _normalised(form, say.text, say.reading)
    elif say.reading is not None:
        form = (_reread if form.sentence else _reread_word)(form, say.reading)
    return form if say.accent is None else _accented(form, say.accent)


def written(form: SpokenForm) -> str:
    """A form as somebody would type it: of a dialogue each line behind the name of its speaker."""
    lines, at = [], 0
    for turn in form.turns:
        words = form.text[at : at + turn.size]
        lines.append(f"{turn.speaker}：{words}" if turn.speaker else words)
        at += turn.size
    return "\n".join(lines) if lines else form.text


def problem_with_accent(accent: int, kana: str) -> str | None:
    """What is wrong with an accent of these kana; None where nothing is."""
    count = len(split_morae(kana))
    if accent <= count:
        return None
    return (
        f"the accent is {accent}, and {_short(kana)} has only {count} morae: give the mora after "
        "which the pitch falls, or 0"
    )


def _normalised(form: SpokenForm, text: str, reading: str | None) -> SpokenForm:
    """The one form of a text, made by the rules for the kind of text that the clip has."""
    if form.turns:
        # Their speakers keep their voices.
        voices = {turn.speaker: turn.voice for turn in form.turns if turn.voice is not None}
        named = any(turn.speaker for turn in form.turns)
        spoken = running_text.build_dialogue_forms if named else running_text.build_text_forms
        found = spoken(text, reading, passage=True, voices=voices)
    elif form.sentence:
        found = running_text.build_text_forms(text, reading)
    else:
        _refuse_long(text)
        _refuse_long(reading or "")
        found = word_forms.build_word_forms(text, reading)
    return _only(found, text)


def _refuse_long(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise UnusableTextError(
            f"{_short(text)} has {len(text):,} characters; at most {LONGEST_TEXT:,} make one clip"
        )


def _reread_word(form: SpokenForm, reading: str) -> SpokenForm:
    _refuse_long(reading)
    kana = _only(word_forms.build_kana_forms(reading), reading).reading
    return form._replace(reading=kana, accent=None, readings=())


def _reread(form: SpokenForm, reading: str) -> SpokenForm:
    """Running text with another reading, which it is held against."""
    found = _normalised(form, written(form), reading)
    if found.text != form.text or not (found.reading or found.readings):
        raise UnusableTextError(
            f"the reading {_short(reading)} cannot be laid beside its text: type the text, too, or "
            "write the reading into it, as in 角[かど]"
        )
    return form._replace(
        reading=found.reading, readings=found.readings, accent=None, romanized=found.romanized
    )


def _accented(form: SpokenForm, accent: int) -> SpokenForm:
    if form.sentence:
        raise UnusableTextError(
            "running text has no accent of its own: give that of its word in [[dictionary]]"
        )
    kana = form.reading or kana_to_katakana(form.text)
    problem = problem_with_accent(accent, kana) if is_katakana(kana) else None
    if problem is not None:
        raise UnusableTextError(problem)
    return form._replace(accent=accent)


def _only(found: tuple[SpokenForm, ...] | str, typed: str) -> SpokenForm:
    """The form, where there is one."""
    if isinstance(found, str):
        raise UnusableTextError(f"nothing would be said for {_short(typed)}: {found}")
    if len(found) > 1:
        several = ", ".join(dict.fromkeys(form.reading or form.text for form in found))
        raise UnusableTextError(
            f"{_short(typed)} offers several things to say ({several:.80}): write the one that is meant"
        )
    return found[0]


def _short(text: str) -> str:
    told = repr(text)
    return told if len(told) <= 60 else f"{told[:59]}…"
