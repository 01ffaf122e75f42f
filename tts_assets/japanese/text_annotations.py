"""Readings, boundaries, pauses and speaker turns carried over to the spoken text."""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import TYPE_CHECKING, TypeAlias

from tts_assets.japanese.alignment import has_kanji, map_positions
from tts_assets.japanese.furigana import split_marked_text
from tts_assets.japanese.kana import parse_kana
from tts_assets.japanese.spoken_signs import find_empty_reason
from tts_assets.japanese.text_rules import compile_lazy
from tts_assets.model import Turn, is_katakana, kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

#: As in SpokenForm: spans of a text with their katakana.
Readings: TypeAlias = tuple[tuple[str, str], ...]
_SPACE = compile_lazy(r"\s+")
_MARK = compile_lazy(r"[^\w]+|_")
_ALNUM = "[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]"

#: Runs that a kana line keeps as written: 3, 1,000, JR.
_RUN = compile_lazy(rf"{_ALNUM}+(?:[,，.．]{_ALNUM}+)*")
_STOP = compile_lazy(r"[\s、。，．,.！？!?…「」『』・：:]+")
_KANJI = "[\u3400-\u9fff々〆〇]"
_PAUSE = compile_lazy(r"[、。！？!?，．]+")
_PAUSE_IN_LINE = compile_lazy(r"[、。！？!?，．,.]+")

#: As in _STOP.
_MARKS_AT_END = " \n\t\r\u3000、。，．,.！？!?…「」『』・：:"
_STOPS = compile_lazy(r"[。！？!?．][、。！？!?，．]*")
_STOPS_IN_LINE = compile_lazy(r"[。！？!?．.][、。！？!?，．,.]*")
_JAPANESE = "[ぁ-ゖァ-ヺー\u3400-\u9fff々〆〇]"

#: Not behind numbers and Latin letters: 3 じ, T シャツ.
_SPACE_BETWEEN = compile_lazy(rf"(?<={_JAPANESE}) +(?={_JAPANESE}|{_ALNUM})")

#: Letter-spacing for emphasis: お し ら せ.
_LETTER_SPACED = compile_lazy(r"\s*(?:\S[、。，．！？]?\s+){2,}\S[、。，．！？]?\s*")

#: The longest difference between written and spoken text: a number, a sign or a dropped note.
_LONGEST_DIFFERENCE = 120

#: This many equal characters mean that the texts agree again.
_ALIKE = 3
_NO_WORD = compile_lazy(r"[^\w]*")
_BETWEEN_KANJI = compile_lazy(rf"{_KANJI}{_PAUSE.pattern}{_KANJI}")


def find_furigana_spans(written: str, spoken: str) -> Readings:
    """Find the readings of spans that furigana give."""
    spelled, found = "", []
    for piece, reading in split_marked_text(written):
        begin = len(spelled)
        spelled += _SPACE.sub("", piece)
        kana = _MARK.sub("", reading or "")
        if parse_kana(kana) and not parse_kana(piece):
            found.append((begin, len(spelled), kana))
    starts, ends = map_positions(spelled, spoken) if found else ({}, {})
    spans = [
        (starts[begin], ends[end], kana)
        for begin, end, kana in found
        if begin in starts
        and end in ends
        and spelled[begin:end] == spoken[starts[begin] : ends[end]]
    ]
    return order_readings(spoken, spans)


def find_line_spans(spoken: str, line: str) -> Readings:
    """Find the readings of spans in a kana line with numbers or Latin letters: the kana between them.

    Empty if the line does not have the same numbers and letters as the text.
    """
    parts, kana = _find_run_gaps(spoken), _find_run_gaps(line)
    if len(parts) == 1 or len(parts) != len(kana) or _find_runs(spoken) != _find_runs(line):
        return ()
    found: list[tuple[int, int, str]] = []
    for (begin, end), (kana_begin, kana_end) in zip(parts, kana, strict=True):
        pieces = list(_split_span(spoken, begin, end))
        lines = list(_split_span(line, kana_begin, kana_end))
        if pieces and lines and len(pieces) != len(lines):
            pieces, lines = [(pieces[0][0], pieces[-1][1])], [(lines[0][0], lines[-1][1])]
        for (start, stop), (first, last) in zip(pieces, lines, strict=False):
            reading = kana_to_katakana(_MARK.sub("", line[first:last]))
            if has_kanji(spoken[start:stop]) and is_katakana(reading):
                found.append((start, stop, reading))
    return order_readings(spoken, found)


def find_boundaries(written: str, spoken: str) -> tuple[int, ...]:
    """Find the word boundaries in a spoken text from the spaces of the written one.

    Such a space is behind a Japanese character and before a word. A text with a space between all
    characters has none.
    """
    places = [found.start() for found in _SPACE_BETWEEN.finditer(written)]
    if not places or _LETTER_SPACED.fullmatch(written):
        return ()
    kept = list(itertools.accumulate((not each.isspace() for each in written), initial=0))
    compact = _SPACE.sub("", written)
    positions = _map_text_positions(compact, spoken)
    found = (positions[kept[place]] for place in places)
    return tuple(at for at in found if at is not None)


def _map_text_positions(one: str, other: str) -> list[int | None]:
    """Map each position of one text to one in a slightly different text; None inside differences."""
    found: list[int | None] = [None] * (len(one) + 1)
    begin, across = 0, 0
    while begin < len(one) and across < len(other):
        if one[begin] == other[across]:
            begin, across = begin + 1, across + 1
            found[begin] = across
            continue
        found[begin] = None
        step = next(
            (
                (left, total - left)
                for total in range(1, _LONGEST_DIFFERENCE)
                for left in range(total + 1)
                if one[begin + left : begin + left + _ALIKE]
                == other[across + total - left : across + total - left + _ALIKE]
            ),
            None,
        )
        if step is None:
            break
        begin, across = begin + step[0], across + step[1]
    return found


def needs_pauses(spoken: str) -> bool:
    """Whether a pause is between kanji: the kana cannot be assigned to them without it."""
    return _BETWEEN_KANJI.search(spoken) is not None


def insert_pauses(
    spoken: str, pieces: Sequence[str], whole: str, *, stops_only: bool = False
) -> str:
    """Insert the pauses of a text, or only its sentence ends, into its reading.

    ``pieces`` are the reading split at its own pauses. If their number does not match the text,
    return the reading unchanged.
    """
    pauses = find_pauses(spoken, stops_only=stops_only)
    if len(pieces) != len(pauses) + 1 or "".join(pieces) != whole:
        return whole
    marks = ["、" if pause.group()[0] in "、，," else "。" for pause in pauses]
    return "".join(each for pair in zip(pieces, [*marks, ""], strict=True) for each in pair)


def find_pauses(spoken: str, *, stops_only: bool = False) -> list[re.Match[str]]:
    """Find the pauses within a text, or only its sentence ends."""
    pattern = _STOPS if stops_only else _PAUSE
    return list(pattern.finditer(spoken, *_find_text_edges(spoken)))


def end_with_stop(line: str) -> str:
    """End a line with a stop, also behind 」 and …."""
    end = _NO_WORD.match(line[::-1])
    return line if end and _PAUSE_IN_LINE.search(end.group()) else f"{line}。"


def split_at_pauses(line: str, *, stops_only: bool = False) -> list[str]:
    """Split a line of kana or romaji at its pauses, or only at its sentence ends."""
    begin, end = _find_text_edges(line)
    return (_STOPS_IN_LINE if stops_only else _PAUSE_IN_LINE).split(line[begin:end])


def _find_text_edges(text: str) -> tuple[int, int]:
    """Find the begin and end of a text without the marks around it."""
    begun = _STOP.match(text)
    begin = begun.end() if begun else 0
    end = len(text.rstrip(_MARKS_AT_END))
    return begin, max(begin, end)


def _find_runs(text: str) -> list[str]:
    return [re.sub("[,.]", "", kana_to_katakana(run)).lower() for run in _RUN.findall(text)]


def _find_run_gaps(text: str) -> list[tuple[int, int]]:
    edges = [0, *(edge for run in _RUN.finditer(text) for edge in run.span()), len(text)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _split_span(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    stops = [edge for stop in _STOP.finditer(text, begin, end) for edge in stop.span()]
    edges = [begin, *stops, end]
    yield from ((at, to) for at, to in zip(edges[::2], edges[1::2], strict=True) if at < to)


def order_readings(spoken: str, found: Iterable[tuple[int, int, str]]) -> Readings:
    """Order readings so that a search from left to right finds their spans."""
    readings: list[tuple[str, str]] = []
    at = 0
    for begin, end, kana in found:
        spelling = spoken[begin:end]
        while (passed := spoken.find(spelling, at)) < begin:
            readings.append((spelling, ""))
            at = passed + len(spelling)
        readings.append((spelling, kana))
        at = end
    return tuple(readings)


# Passages: lines of running text with their speakers.

#: Running text of more characters is a passage; see ``japanese.segmentation``.
LONGEST_SENTENCE = 100

#: Marks at the end of a line; others get a stop, because an engine would run on into the next line.
ENDS = "。．.！？!?、，…」』"
_PAUSES = ("、", "，")


def build_turns(
    text: str, speakers: Sequence[str], verbalize: Callable[[str], str], voices: Mapping[str, str]
) -> tuple[str, tuple[Turn, ...]]:
    """Build the spoken text of a passage, and its turns.

    Lines with nothing to speak are omitted; a line that ends in a comma continues in the next.

    Args:
        text: its lines.
        speakers: the speaker of each line. If the numbers differ, the text is one turn.
        verbalize: the rules of running text.
        voices: the voice of each speaker.
    """
    lines = text.split("\n")
    if len(lines) != len(speakers):
        lines, speakers = [text], [""]
    # Ａ and A are one speaker, named as in the first line.
    first_names: dict[str, str] = {}
    names = [first_names.setdefault(_to_speaker_key(name), name) for name in speakers]
    voice_by_key = {_to_speaker_key(name): voice for name, voice in voices.items()}
    spoken = [
        (speaker, words)
        for speaker, written in _join_wrapped_lines(zip(names, lines, strict=True))
        if find_empty_reason(words := verbalize(written).lstrip("。 ")) is None
    ]
    texts = [words if words.endswith(tuple(ENDS)) else f"{words}。" for _, words in spoken[:-1]]
    texts += [words for _, words in spoken[-1:]]
    turns = tuple(
        Turn(len(words), speaker, voice_by_key.get(_to_speaker_key(speaker)))
        for (speaker, _), words in zip(spoken, texts, strict=True)
    )
    return "".join(texts), turns


def _to_speaker_key(name: str) -> str:
    return unicodedata.normalize("NFKC", name)


def add_turn_stops(text: str, turns: Iterable[Turn]) -> tuple[str, list[int]]:
    """Add a stop behind each turn that lacks one; return the text and the places of added stops."""
    whole, added, at = "", [], 0
    for turn in turns:
        line = text[at : at + turn.size]
        at += turn.size
        with_stop = end_with_stop(line)
        added += [at] if with_stop != line else []
        whole += with_stop
    return whole, added


def _join_wrapped_lines(lines: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Join lines that end in a comma with the next line of the same speaker."""
    joined: list[tuple[str, str]] = []
    for speaker, line in lines:
        words = line.strip()
        if joined and joined[-1][0] == speaker and joined[-1][1].endswith(_PAUSES):
            joined[-1] = (speaker, joined[-1][1] + words)
        elif words:
            joined.append((speaker, words))
    return joined
