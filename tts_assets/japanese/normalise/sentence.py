"""Sentences, passages and dialogues: running text as it is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tts_assets.domain import SpokenForm
from tts_assets.japanese.kana import UnusableTextError, is_katakana, katakana
from tts_assets.japanese.normalise.brackets import (
    asides_said,
    has_brackets,
    with_notes,
    without_faces,
    without_notes,
)
from tts_assets.japanese.normalise.column import column, settled, unless
from tts_assets.japanese.normalise.fit import fits, has_kanji
from tts_assets.japanese.normalise.furigana import (
    has_readings,
    kana_of,
    read,
    spaced_surface,
    surface,
)
from tts_assets.japanese.normalise.numbers import said_numbers
from tts_assets.japanese.normalise.prepared import prepared
from tts_assets.japanese.normalise.signs import said_signs
from tts_assets.japanese.normalise.silence import (
    ABSENT,
    has_small_blank,
    reason_for_silence,
    without_addresses,
    without_dots,
)
from tts_assets.japanese.normalise.speakers import (
    labelled_lines,
    parted_lines,
    with_continued,
    without_labels,
)
from tts_assets.japanese.normalise.stretches import (
    between_pauses,
    between_stops,
    boundaries_in,
    pauses_tell,
    stopped,
    stretches_in_line,
    stretches_marked,
    with_pauses,
    with_stops,
)
from tts_assets.japanese.normalise.turns import (
    ENDS,
    LONGEST_SENTENCE,
    in_turns,
    with_stops_behind,
)
from tts_assets.japanese.regex import regex
from tts_assets.japanese.romaji import to_katakana

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tts_assets.domain import Turn

#: Running text of these characters alone needs no rule.
_PLAIN = regex(
    r"(?![っッー、]+[。？！]?$)[ぁ-ゖァ-ヺー一-鿿々]+(?:、[ぁ-ゖァ-ヺー一-鿿々]+)*[。？！]?"
)
#: Where a line may be broken: between phrases, as a space.
_BREAK = regex(r"\u200b|<wbr\s*/?>", re.IGNORECASE)
_LINES = regex(r"[^\S\n]*\n\s*")
_QUOTED = regex(r"「([^「」]*)」([。．]?)|『([^『』]*)』([。．]?)")
_MARK = regex(r"[^\w]+|_")
_NOT_ROMAJI = regex(r"[0-9０-９「」『』（）()“”\"…:;：；。、！？]+")
_DIGIT = regex("[0-9０-９]")
_ALTERNATIVES = regex("[、，,;；]")
#: A text of more characters is no single word.
_LONGEST_WORD = 8
_LATIN = regex("[A-Za-z]+")


def _lines_joined(text: str) -> str:
    """A line that has no stop at its end gets one: an engine would run on into the next."""
    lines = [line for line in _LINES.split(text.strip()) if line]
    return "".join(line if line.endswith(tuple(ENDS)) else f"{line}。" for line in lines[:-1]) + (
        lines[-1] if lines else ""
    )


#: Running text as it is said, when speakers' labels and readings are taken out.
said_text = unless(
    _PLAIN,
    settled(
        column(
            without_labels, without_addresses, said_numbers, asides_said, _lines_joined, said_signs
        )
    ),
)


def spoken_text(
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
    lines = with_continued(labelled_lines(_prepare_text(text)))
    return _form(lines, reading, voices or {}, passage=passage)


def spoken_dialogue(
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
    lines = parted_lines(_prepare_text(text))
    if reading is not None and any(speaker for speaker, _ in lines):
        reading = "\n".join(words for _, words in parted_lines(prepared(reading)))
    said = [(speaker, _unquoted(words)) for speaker, words in with_continued(lines)]
    return _form(said, reading, voices or {}, passage=passage)


def spoken_lines(
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
        (speaker, _unquoted(line))
        for speaker, words in lines
        for line in _prepare_text(words).split("\n")
    ]
    return _form(said, reading, voices, passage=True)


def dialogue_lines(text: str) -> list[tuple[str | None, str]]:
    """Who says what in a dialogue, in order; None where no name is given.

    Lines with nothing to say, or with a blank to fill in, are left out.

    Raises:
        UnusableTextError: the text is broken.
    """
    lines = []
    for speaker, words in parted_lines(prepared(text)):
        form = _form([("", _unquoted(words))], None, {})
        if not isinstance(form, str):
            lines.append((speaker, form[0].text))
    return lines


def _form(
    lines: Sequence[tuple[str, str]],
    reading: str | None,
    voices: Mapping[str, str],
    *,
    passage: bool = False,
) -> tuple[SpokenForm, ...] | str:
    """The form of lines and of who says each; for turns it is made line by line."""
    written = "\n".join(words for _, words in lines)
    spelled = without_faces(surface(written))
    silence = reason_for_silence(spelled)
    if silence is None and has_small_blank(spelled):
        silence = "the text has a blank to fill in"
    if silence is not None:
        return silence
    said = said_text(without_dots(spelled))
    if (silence := reason_for_silence(said)) is not None:
        return silence
    turns: tuple[Turn, ...] = ()
    if passage or len(said) > LONGEST_SENTENCE:
        speakers = [speaker for speaker, _ in lines]
        said, turns = in_turns(spelled, speakers, _said_line, voices)
        if not turns:
            return "the text has nothing that can be said"
    boundaries = boundaries_in(spaced_surface(written), said) if " " in written else ()
    form = SpokenForm(text=said, sentence=True, turns=turns, boundaries=boundaries)
    line = "" if reading is None else _without_remarks(_line(reading), said)
    kana = _kana_line(line, spelled, reading or "")
    if kana is None and has_readings(written) and (kana := kana_of(written)) is not None:
        line = read(written)
    if kana is None:
        readings = stretches_in_line(said, said_text(line)) or stretches_marked(written, said)
        return (form._replace(readings=readings),)
    is_romaji = _LATIN.search(line) is not None
    return (form._replace(reading=_marked(form, line, kana), romanized=is_romaji),)


def _prepare_text(text: str) -> str:
    """Running text as it is prepared, with a space where its line may be broken."""
    return prepared(_BREAK.sub(" ", text))


def _said_line(words: str) -> str:
    return said_text(without_dots(words))


def _marked(form: SpokenForm, line: str, kana: str) -> str:
    """A reading with the pauses that tell which of it belongs where."""
    if not form.turns and not pauses_tell(form.text):
        return kana
    said, own = form.text, said_text(line)
    if form.turns:
        said, _ = with_stops_behind(form.text, form.turns)
        own = "".join(stopped(said_text(each)) for each in line.split("\n") if each.strip())
    marked = with_pauses(said, [_in_kana(each) or "" for each in between_pauses(own)], kana)
    if marked != kana or not form.turns:
        return marked
    return with_stops(said, [_in_kana(each) or "" for each in between_stops(own)], kana)


def _unquoted(words: str) -> str:
    """A line that is one quotation is said without its marks."""
    quoted = _QUOTED.fullmatch(words.strip())
    return (quoted[1] or quoted[3] or "") + (quoted[2] or quoted[4] or "") if quoted else words


def _line(reading: str) -> str:
    """The line of kana or romaji that the data give; "" where it stands for none."""
    return read(without_labels(prepared("" if reading.strip() in ABSENT else reading)))


def _without_remarks(line: str, said: str) -> str:
    """A line without what it has beside the reading of a text that has no such marks.

    Of しいんと（する） for しいんと the bracket goes, of まわる、まわす for 回る the second reading.
    """
    if has_brackets(line) and not has_brackets(said):
        bare, whole = without_notes(line), with_notes(line)
        line = whole if _is_line_of(whole, said) and not _is_line_of(bare, said) else bare
    if _MARK.search(said) is None and len(said) <= _LONGEST_WORD:
        offered = _ALTERNATIVES.split(line)
        line = next((part for part in offered if _is_line_of(part, said)), line)
    return line


def _is_line_of(line: str, said: str) -> bool:
    kana = _in_kana(line)
    return kana is not None and fits(said, kana)


def _in_kana(line: str) -> str | None:
    """A line of kana or romaji in katakana; None where it is neither."""
    kana = katakana(_MARK.sub("", line))
    return kana if is_katakana(kana) else to_katakana(_NOT_ROMAJI.sub(" ", line))


def _kana_line(line: str, text: str, given: str) -> str | None:
    """A line of kana or romaji in katakana.

    None where it is empty, and where it has numbers, or words in Latin letters that the text has,
    too: they do not tell how they are read.
    """
    kana = katakana(_MARK.sub("", line))
    if not kana:
        return None
    said = _in_kana(line)
    if said is not None:
        return said if is_katakana(kana) or not _DIGIT.search(line) else None
    words = _LATIN.findall(kana)
    if not has_kanji(kana) and all(word in katakana(text) for word in words):
        return None
    raise UnusableTextError(
        f"the kana line {_shortened(given)!r} is not kana: write it in hiragana, katakana or "
        "romaji, or leave it out"
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
