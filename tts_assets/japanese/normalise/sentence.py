"""Sentences, passages and dialogues: running text as it is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tts_assets.domain import SpokenForm
from tts_assets.japanese.kana import UnusableTextError, is_katakana, kana_to_katakana
from tts_assets.japanese.normalise.brackets import (
    drop_emoticons,
    drop_notes,
    has_brackets,
    keep_notes,
    speak_asides,
)
from tts_assets.japanese.normalise.column import pipeline, skip_if, until_stable
from tts_assets.japanese.normalise.fit import can_spell, has_kanji
from tts_assets.japanese.normalise.furigana import (
    apply_readings,
    find_full_kana,
    has_readings,
    strip_readings,
    strip_spaced_readings,
)
from tts_assets.japanese.normalise.numbers import verbalize_numbers
from tts_assets.japanese.normalise.prepared import prepare_text
from tts_assets.japanese.normalise.signs import verbalize_signs
from tts_assets.japanese.normalise.silence import (
    ABSENT,
    drop_addresses,
    drop_dots,
    find_silence_reason,
    has_small_blank,
)
from tts_assets.japanese.normalise.speakers import (
    assign_speakers,
    drop_labels,
    split_labels,
    split_speakers,
)
from tts_assets.japanese.normalise.stretches import (
    end_with_stop,
    find_boundaries,
    find_furigana_spans,
    find_line_spans,
    insert_pauses,
    insert_stops,
    needs_pauses,
    split_at_pauses,
    split_at_stops,
)
from tts_assets.japanese.normalise.turns import (
    ENDS,
    LONGEST_SENTENCE,
    add_turn_stops,
    build_turns,
)
from tts_assets.japanese.regex import compile_lazy
from tts_assets.japanese.romaji import romaji_to_katakana

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tts_assets.domain import Turn

#: Running text of these characters alone needs no rule.
_PLAIN = compile_lazy(
    r"(?![っッー、]+[。？！]?$)[ぁ-ゖァ-ヺー一-鿿々]+(?:、[ぁ-ゖァ-ヺー一-鿿々]+)*[。？！]?"
)
#: Where a line may be broken: between phrases, as a space.
_BREAK = compile_lazy(r"\u200b|<wbr\s*/?>", re.IGNORECASE)
_LINES = compile_lazy(r"[^\S\n]*\n\s*")
_WHOLE_QUOTATION = compile_lazy(r"「([^「」]*)」([。．]?)|『([^『』]*)』([。．]?)")
_MARK = compile_lazy(r"[^\w]+|_")
_NOT_ROMAJI = compile_lazy(r"[0-9０-９「」『』（）()“”\"…:;：；。、！？]+")
_DIGIT = compile_lazy("[0-9０-９]")
_ALTERNATIVES = compile_lazy("[、，,;；]")
#: A text of more characters is no single word.
_LONGEST_WORD = 8
_LATIN = compile_lazy("[A-Za-z]+")


def _join_lines(text: str) -> str:
    """A line that has no stop at its end gets one: an engine would run on into the next."""
    lines = [line for line in _LINES.split(text.strip()) if line]
    return "".join(line if line.endswith(tuple(ENDS)) else f"{line}。" for line in lines[:-1]) + (
        lines[-1] if lines else ""
    )


#: Running text as it is said, when speakers' labels and readings are taken out.
verbalize_text = skip_if(
    _PLAIN,
    until_stable(
        pipeline(
            drop_labels,
            drop_addresses,
            verbalize_numbers,
            speak_asides,
            _join_lines,
            verbalize_signs,
        )
    ),
)


def build_text_forms(
    text: str,
    reading: str | None = None,
    *,
    passage: bool = False,
    voices: Mapping[str, str] | None = None,
) -> tuple[SpokenForm, ...] | str:
    """What is said for a sentence or a passage, or why nothing is.

    Args:
        text: running text; a label such as 男： at the beginning of a line is not said.
        reading: its line of kana or romaji, when the data give one. Where furigana say every
            kanji, they are the reading; where they say some, or the line leaves numbers open, the
            form has the readings of stretches.
        passage: whether the form has turns though it be short.
        voices: the voice of each speaker; labels are speakers' names.

    Raises:
        UnusableTextError: the text is broken, or the line of kana holds kanji or other words.
    """
    if reading is None and _PLAIN.fullmatch(text) and len(text) <= LONGEST_SENTENCE and not passage:
        return (SpokenForm(text=text, sentence=True),)
    lines = assign_speakers(split_labels(_prepare_running_text(text)))
    return _build_forms(lines, reading, voices or {}, passage=passage)


def build_dialogue_forms(
    text: str,
    reading: str | None = None,
    *,
    passage: bool = False,
    voices: Mapping[str, str] | None = None,
) -> tuple[SpokenForm, ...] | str:
    """What is said for a dialogue: its lines without the names of who speaks them.

    Args:
        text: the lines; a name before ： or 「, or in brackets at the beginning, is not said.
        reading: see ``spoken_text``; names are taken out of it, too.
        passage: see ``spoken_text``.
        voices: see ``spoken_text``.

    Raises:
        UnusableTextError: the text is broken, or the line of kana holds kanji or other words.
    """
    lines = split_speakers(_prepare_running_text(text))
    if reading is not None and any(speaker for speaker, _ in lines):
        reading = "\n".join(words for _, words in split_speakers(prepare_text(reading)))
    said = [(speaker, _strip_quotes(words)) for speaker, words in assign_speakers(lines)]
    return _build_forms(said, reading, voices or {}, passage=passage)


def build_line_forms(
    lines: Iterable[tuple[str, str]], reading: str | None = None, *, voices: Mapping[str, str]
) -> tuple[SpokenForm, ...] | str:
    """What is said for a passage whose speakers are told beside its lines.

    Args:
        lines: the speaker of each, "" for nobody, and the words.
        reading: see ``spoken_text``.
        voices: see ``spoken_text``.

    Raises:
        UnusableTextError: the text is broken, or the line of kana holds kanji or other words.
    """
    said = [
        (speaker, _strip_quotes(line))
        for speaker, words in lines
        for line in _prepare_running_text(words).split("\n")
    ]
    return _build_forms(said, reading, voices, passage=True)


def split_dialogue(text: str) -> list[tuple[str | None, str]]:
    """Who says what in a dialogue, in order; None where no name is given.

    Lines with nothing to say, or with a blank to fill in, are left out.

    Raises:
        UnusableTextError: the text is broken.
    """
    lines = []
    for speaker, words in split_speakers(prepare_text(text)):
        form = _build_forms([("", _strip_quotes(words))], None, {})
        if not isinstance(form, str):
            lines.append((speaker, form[0].text))
    return lines


def _build_forms(
    lines: Sequence[tuple[str, str]],
    reading: str | None,
    voices: Mapping[str, str],
    *,
    passage: bool = False,
) -> tuple[SpokenForm, ...] | str:
    """The form of lines and of who says each; for turns it is made line by line."""
    written = "\n".join(words for _, words in lines)
    spelled = drop_emoticons(strip_readings(written))
    silence = find_silence_reason(spelled)
    if silence is None and has_small_blank(spelled):
        silence = "the text has a blank to fill in"
    if silence is not None:
        return silence
    said = verbalize_text(drop_dots(spelled))
    if (silence := find_silence_reason(said)) is not None:
        return silence
    turns: tuple[Turn, ...] = ()
    if passage or len(said) > LONGEST_SENTENCE:
        speakers = [speaker for speaker, _ in lines]
        said, turns = build_turns(spelled, speakers, _verbalize_line, voices)
        if not turns:
            return "the text has nothing that can be said"
    boundaries = find_boundaries(strip_spaced_readings(written), said) if " " in written else ()
    form = SpokenForm(text=said, sentence=True, turns=turns, boundaries=boundaries)
    line = "" if reading is None else _drop_remarks(_clean_kana_line(reading), said)
    kana = _parse_kana_line(line, spelled, reading or "")
    if kana is None and has_readings(written) and (kana := find_full_kana(written)) is not None:
        line = apply_readings(written)
    if kana is None:
        readings = find_line_spans(said, verbalize_text(line)) or find_furigana_spans(written, said)
        return (form._replace(readings=readings),)
    is_romaji = _LATIN.search(line) is not None
    return (form._replace(reading=_add_reading_pauses(form, line, kana), romanized=is_romaji),)


def _prepare_running_text(text: str) -> str:
    """Running text as it is prepared, with a space where its line may be broken."""
    return prepare_text(_BREAK.sub(" ", text))


def _verbalize_line(words: str) -> str:
    return verbalize_text(drop_dots(words))


def _add_reading_pauses(form: SpokenForm, line: str, kana: str) -> str:
    """A reading with the pauses that tell which of it belongs where."""
    if not form.turns and not needs_pauses(form.text):
        return kana
    said, own = form.text, verbalize_text(line)
    if form.turns:
        said, _ = add_turn_stops(form.text, form.turns)
        own = "".join(
            end_with_stop(verbalize_text(each)) for each in line.split("\n") if each.strip()
        )
    marked = insert_pauses(said, [_line_to_kana(each) or "" for each in split_at_pauses(own)], kana)
    if marked != kana or not form.turns:
        return marked
    return insert_stops(said, [_line_to_kana(each) or "" for each in split_at_stops(own)], kana)


def _strip_quotes(words: str) -> str:
    """A line that is one quotation is said without its marks."""
    quoted = _WHOLE_QUOTATION.fullmatch(words.strip())
    return (quoted[1] or quoted[3] or "") + (quoted[2] or quoted[4] or "") if quoted else words


def _clean_kana_line(reading: str) -> str:
    """The line of kana or romaji that the data give; "" where it stands for none."""
    return apply_readings(drop_labels(prepare_text("" if reading.strip() in ABSENT else reading)))


def _drop_remarks(line: str, said: str) -> str:
    """A line without what it has beside the reading of a text that has no such marks.

    Of しいんと（する） for しいんと the bracket goes, of まわる、まわす for 回る the second reading.
    """
    if has_brackets(line) and not has_brackets(said):
        bare, whole = drop_notes(line), keep_notes(line)
        line = whole if _is_reading_of(whole, said) and not _is_reading_of(bare, said) else bare
    if _MARK.search(said) is None and len(said) <= _LONGEST_WORD:
        offered = _ALTERNATIVES.split(line)
        line = next((part for part in offered if _is_reading_of(part, said)), line)
    return line


def _is_reading_of(line: str, said: str) -> bool:
    kana = _line_to_kana(line)
    return kana is not None and can_spell(said, kana)


def _line_to_kana(line: str) -> str | None:
    """A line of kana or romaji in katakana; None where it is neither."""
    kana = kana_to_katakana(_MARK.sub("", line))
    return kana if is_katakana(kana) else romaji_to_katakana(_NOT_ROMAJI.sub(" ", line))


def _parse_kana_line(line: str, text: str, given: str) -> str | None:
    """A line of kana or romaji in katakana.

    None where it is empty, and where it has numbers, or words in Latin letters that the text has,
    too: they do not tell how they are read.
    """
    kana = kana_to_katakana(_MARK.sub("", line))
    if not kana:
        return None
    said = _line_to_kana(line)
    if said is not None:
        return said if is_katakana(kana) or not _DIGIT.search(line) else None
    words = _LATIN.findall(kana)
    if not has_kanji(kana) and all(word in kana_to_katakana(text) for word in words):
        return None
    raise UnusableTextError(
        f"the kana line {_shorten_line(given)!r} is not kana: write it in hiragana, katakana or "
        "romaji, or leave it out"
    )


def _shorten_line(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
