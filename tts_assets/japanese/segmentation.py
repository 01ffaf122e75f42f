"""Segments of running text: cut at sentences, then at clauses, phrases and words."""

from __future__ import annotations

import itertools
import operator
import unicodedata
from bisect import bisect_left, bisect_right
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tts_assets.japanese.kana import kana_to_hiragana
from tts_assets.japanese.reading_override import split_line_by_words
from tts_assets.japanese.reading_spans import locate_spans
from tts_assets.japanese.spoken_signs import find_empty_reason
from tts_assets.japanese.text_annotations import (
    LONGEST_SENTENCE,
    add_turn_stops,
    find_pauses,
    order_readings,
)
from tts_assets.japanese.text_rules import compile_lazy
from tts_assets.japanese.word_boundaries import insert_boundaries
from tts_assets.model import Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tts_assets.japanese.alignment import ReadingSpan
    from tts_assets.japanese.analysis import DictionaryEntry
    from tts_assets.japanese.dictionary import Dictionary
    from tts_assets.model import Pauses, SpokenForm, Turn

OPENING, _CLOSING = "「『（(“〈《【〔［[｛{", "」』）)”〉》】〕］]｝}"

#: What belongs to what follows: no piece ends with it.
_BEFORE_NEXT = f"{OPENING} \u3000\t\n"
_PARTNER = dict(zip(_CLOSING, OPENING, strict=True))
_QUOTE = compile_lazy(r"[「『（(“〈《【〔［\[｛{」』）)”〉》】〕］\]｝}]")

#: Marks in a row, and the blanks around them; not the signs that are said, as % and ○.
_MARKS = compile_lazy(r"[^\w%％&＆@＠+＋÷×○△◎℃♂♀〒¥￥$＄€£]+")
_QUOTE_END = compile_lazy(r"[」』）)”〉》】〕］\]｝}]")
_STOP = compile_lazy(r"[。！？!?]")

#: A stop in Japanese; in numbers and Latin letters it may belong to a word.
_DOT = compile_lazy(r"[.．]")
_CLAUSE = compile_lazy(r"[、，；：;:…‥―—」』）)”〉》】〕］\]｝}]|[,.．]\s")
_IN_NUMBER = compile_lazy(r"[.,:、，．：/／・’'-]")
_NUMERALS = frozenset("一二三四五六七八九十百千万億兆〇零")


class EdgeMark(Enum):
    """What stands before an edge."""

    STOP = "stop"
    CLAUSE = "clause"
    #: A blank, or nothing.
    NONE = "none"


class TextEdge(NamedTuple):
    """Where a text may be cut: before the character ``at``, behind the mark; perhaps inside a quotation."""

    at: int
    mark: EdgeMark
    inside: bool


def find_edges(text: str, longest: int) -> Iterator[TextEdge]:
    """The edges of a line; a quotation of up to ``longest`` characters may be kept whole."""
    quotations = _find_quotations(text, longest)
    passed = 0
    for marks in _MARKS.finditer(text):
        begin, end = marks.span()
        if not begin or end == len(text):
            continue
        at = begin + len(marks.group().rstrip(_BEFORE_NEXT))
        mark = _classify_mark(text, begin, at, end)
        if mark is None:
            continue
        while passed < len(quotations) and quotations[passed][1] < at:
            passed += 1
        inside = passed < len(quotations) and quotations[passed][0] < at
        yield TextEdge(at, mark, inside)


def _classify_mark(text: str, begin: int, at: int, end: int) -> EdgeMark | None:
    """What the marks from ``begin`` to ``at`` mean; None where they are within a word.

    From ``at`` to ``end`` are marks that open what follows.
    """
    before, after = text[begin - 1], text[end]
    marks, opening = text[begin:at], text[at:end].strip() != ""
    if end - begin == 1 and _is_within_word(before, text[begin], after):
        return None
    last = marks if opening else _QUOTE_END.split(marks)[-1]
    japanese = not before.isascii()
    if _STOP.search(last) or (japanese and _DOT.search(last)):
        return EdgeMark.STOP
    if opening or _STOP.search(marks) or _CLAUSE.search(text[begin:end]):
        return EdgeMark.CLAUSE
    return EdgeMark.NONE if not text[begin:end].strip() else None


def _is_within_word(before: str, mark: str, after: str) -> bool:
    """Whether a mark belongs to what stands around it: 3.5, 二、三, Yahoo!ニュース."""
    if _IN_NUMBER.match(mark):
        return _is_digit(before) and _is_digit(after)
    return mark in "!?" and before.isascii()


def _is_digit(character: str) -> bool:
    return character.isdigit() or character in _NUMERALS


def _find_quotations(text: str, longest: int) -> list[tuple[int, int]]:
    opened: dict[str, list[int]] = {mark: [] for mark in OPENING}
    found = []
    for quote in _QUOTE.finditer(text):
        mark, at = quote.group(), quote.start()
        if mark in opened:
            opened[mark].append(at)
        elif opened[_PARTNER[mark]]:
            begin = opened[_PARTNER[mark]].pop()
            if at + 1 - begin <= longest:
                found.append((begin, at))
    return merge_spans(found)


def merge_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order; those that overlap are one."""
    whole: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if whole and begin < whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((begin, end))
    return whole


# Edges of phrases and words, as a dictionary finds them in text without marks.

#: Characters to analyse behind the last place for a cut, so that the words before it are right.
CONTEXT_CHARS = 30

#: No dictionary sees over a blank.
_WORDS = compile_lazy(r"\S+")

#: What leans on the word before it.
_LEANING = frozenset({"助詞", "助動詞", "記号"})
_DEPENDENT = frozenset({"接尾", "非自立"})

#: What a noun before another noun, or any other word before it, is one with.
_STEMS = frozenset({"名詞", "接頭詞"})


def find_phrase_edges(text: str, dictionary: Dictionary) -> tuple[list[int], list[int], list[int]]:
    """Where phrases (bunsetsu) begin; where words do that no phrase is torn at; where any word does.

    Nothing where the dictionary spells the text otherwise.
    """
    tokens = dictionary.list_tokens(text)
    starts = list(itertools.accumulate((len(token.surface) for token in tokens), initial=0))
    if starts[-1] != len(text):
        return [], [], []
    pairs = list(zip(starts[1:-1], tokens, tokens[1:], strict=False))
    whole = [pair for pair in pairs if _separates_words(*pair[1:])]
    phrases = [at for at, before, _ in whole if before.grammar[0] not in _STEMS]
    return phrases, [at for at, _, _ in whole], [at for at, _, _ in pairs]


def split_phrases(text: str, dictionary: Dictionary) -> tuple[str, ...]:
    """The phrases (bunsetsu) of a text, with the marks around them; together they are the text."""
    cuts = {0, len(text)}
    for word in _WORDS.finditer(text):
        phrases, _, words = find_phrase_edges(word.group(), dictionary)
        # By its marks where the dictionary does not help.
        starts = phrases if words else [edge.at for edge in find_edges(word.group(), len(text))]
        # A quotation begins with its mark.
        cuts.update(len(text[: word.start() + at].rstrip(OPENING)) for at in (0, *starts))
    found: list[str] = []
    silent = ""
    for begin, end in itertools.pairwise(sorted(cuts)):
        piece = silent + text[begin:end]
        silent = ""
        if any(map(str.isalnum, piece)):
            found.append(piece)
        elif found:
            found[-1] += piece
        else:
            silent = piece
    return (*found, silent) if silent else tuple(found)


def _separates_words(before: DictionaryEntry, after: DictionaryEntry) -> bool:
    """Whether a word stands for itself: no particle, no ending, no digit of a number."""
    alone = after.grammar[0] not in _LEANING and after.grammar[1] not in _DEPENDENT
    number = before.grammar[1] == after.grammar[1] == "数"
    return alone and not number and before.grammar[0] != "接頭詞" and after.base != "する"


# Pieces of a line, none too long to be said at once, and few that are too short to sound well.


if TYPE_CHECKING:
    #: Where a window of the text, by its begin and end, may be cut; the best first.
    Levels: TypeAlias = Callable[[int, int], Iterator[Sequence[int]]]


#: Shorter ones are joined: 15 characters are about two seconds of speech.
MIN_SEGMENT_CHARS = 15

#: Characters that every engine takes at once. Kokoro's limit is the narrowest, with 510 phonemes:
#: 100 characters of usual text without any mark have 230 to 285 (measured over what the
#: repository's example data say), the longest readings, which numbers have, 450. Only letters such
#: as W and numbers with a comma in every few digits have more, up to 820: that engine parts them
#: once more at its own words.
MAX_SEGMENT_CHARS = LONGEST_SENTENCE

#: What no piece begins with, as it belongs to the character before it.
_JOINED = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮー々ゝゞヽヾ゛゜、。，．！？…」』）")


class SegmentSpan(NamedTuple):
    """A piece of a text, from ``begin`` up to ``end``, and the mark at its end."""

    begin: int
    end: int
    mark: EdgeMark


class _CutPlaces(NamedTuple):
    """Where a line may be cut: by marks, the best places first, and never inside what is kept."""

    text: str
    levels: tuple[list[int], ...]
    marks: dict[int, EdgeMark]
    kept: Sequence[tuple[int, int]]
    dictionary: Dictionary | None


def split_turn(
    text: str,
    begin: int,
    end: int,
    kept: Sequence[tuple[int, int]],
    dictionary: Dictionary | None,
) -> list[SegmentSpan] | None:
    """The segments of a line, which are never cut inside the spans that are kept.

    Returns:
        None where a dictionary is needed and not given.
    """
    there = [
        TextEdge(edge.at + begin, edge.mark, edge.inside)
        for edge in find_edges(text[begin:end], MAX_SEGMENT_CHARS)
        if not _is_protected(edge.at + begin, kept)
    ]
    marked = [edge for edge in there if edge.mark is not EdgeMark.NONE]
    cuts = _CutPlaces(
        text=text,
        levels=(
            [edge.at for edge in marked if not edge.inside],
            [edge.at for edge in marked if edge.inside],
            [edge.at for edge in there if edge.mark is EdgeMark.NONE],
        ),
        marks={edge.at: edge.mark for edge in there},
        kept=kept,
        dictionary=dictionary,
    )
    stops = [edge.at for edge in marked if edge.mark is EdgeMark.STOP and not edge.inside]
    found: list[SegmentSpan] = []
    for first, last in itertools.pairwise([begin, *stops, end]):
        ends = _find_span_ends(first, last, cuts)
        if ends is None:
            return None
        found += [
            SegmentSpan(start, stop, cuts.marks.get(stop, EdgeMark.NONE))
            for start, stop in itertools.pairwise([first, *ends])
        ]
    return [piece for piece in _join_short_spans(text, found) if _is_speakable(text, piece)]


def _join_short_spans(text: str, pieces: Sequence[SegmentSpan]) -> list[SegmentSpan]:
    """Short pieces joined with the next, or with the one before where that does not fit."""
    found: list[SegmentSpan] = []
    for piece in pieces:
        if found and _is_short(text, found[-1]):
            if piece.end - found[-1].begin <= MAX_SEGMENT_CHARS:
                piece = piece._replace(begin=found.pop().begin)  # noqa: PLW2901 - it has grown
            else:
                _join_last_span(found)
        found.append(piece)
    if found and _is_short(text, found[-1]):
        _join_last_span(found)
    return found


def _join_last_span(pieces: list[SegmentSpan]) -> None:
    if len(pieces) > 1 and pieces[-1].end - pieces[-2].begin <= MAX_SEGMENT_CHARS:
        last = pieces.pop()
        pieces[-1] = last._replace(begin=pieces[-1].begin)


def _is_short(text: str, piece: SegmentSpan) -> bool:
    return piece.end - piece.begin < MIN_SEGMENT_CHARS or not _is_speakable(text, piece)


def _is_speakable(text: str, piece: SegmentSpan) -> bool:
    return find_empty_reason(text[piece.begin : piece.end]) is None


def _find_span_ends(begin: int, end: int, cuts: _CutPlaces) -> list[int] | None:
    """Where the pieces of a sentence end; None where only a dictionary knows."""
    ends = []
    while end - begin > MAX_SEGMENT_CHARS:
        at = _choose_cut(begin, end, cuts)
        if at is None:
            return None
        ends.append(at)
        begin = at
    return [*ends, end]


def _choose_cut(begin: int, end: int, cuts: _CutPlaces) -> int | None:
    """The best place to end the first piece: that which leaves pieces of one size."""
    count = -(-(end - begin) // MAX_SEGMENT_CHARS)
    middle = begin + (end - begin) // count
    first, last = begin + MIN_SEGMENT_CHARS, min(begin + MAX_SEGMENT_CHARS, end - MIN_SEGMENT_CHARS)
    for level in (*cuts.levels, *_find_unmarked_cuts(begin, end, cuts)):
        low, high = bisect_left(level, first), bisect_right(level, last)
        if low < high:
            near = bisect_left(level, middle, low, high)
            return min(
                level[max(low, near - 1) : min(near + 1, high)], key=lambda at: abs(at - middle)
            )
    return None


def _find_unmarked_cuts(begin: int, end: int, cuts: _CutPlaces) -> Iterator[list[int]]:
    """Where a text without marks may be cut, the best first; in the end anywhere."""
    if cuts.dictionary is None:
        return
    window = cuts.text[begin : min(end, begin + MAX_SEGMENT_CHARS + CONTEXT_CHARS)]
    levels = [*find_phrase_edges(window, cuts.dictionary), _find_character_edges(window)]
    places = [[begin + at for at in level] for level in levels]
    for level in places:
        yield [at for at in level if not _is_protected(at, cuts.kept)]
    # Only what is too long itself is torn.
    yield from places
    yield list(range(begin + 1, begin + len(window)))


def _find_character_edges(text: str) -> list[int]:
    return [
        at
        for at in range(1, len(text))
        if text[at] not in _JOINED and not unicodedata.combining(text[at])
    ]


def _is_protected(at: int, kept: Sequence[tuple[int, int]]) -> bool:
    number = bisect_left(kept, at, key=operator.itemgetter(1))
    return number < len(kept) and kept[number][0] < at < kept[number][1]


# The kana line of a passage, cut where its text is cut.
_MARKED = compile_lazy(r"[^、。]+[、。]?")
_SILENT = compile_lazy(r"[^\w]*")


def split_kana_line(
    form: SpokenForm, pieces: Sequence[tuple[int, int]], dictionary: Dictionary | None
) -> Sequence[str | None] | None:
    """The part of a form's reading for each segment of its text.

    Returns:
        None for each piece where there is no reading, or one that contradicts the text's own
        kana, which the dictionary is then followed in; None where it is needed and not given.
    """
    if form.reading is None or len(pieces) == 1:
        return [form.reading] * len(pieces)
    found = _split_by_marks(form, form.reading, [end for _, end in pieces[:-1]])
    if found is not None or dictionary is None:
        return found
    analyses = []
    for begin, end in pieces:
        inside = [each - begin for each in form.boundaries if begin < each < end]
        text = insert_boundaries(form.text[begin:end], inside).strip()
        analyses.append(dictionary.analyze_best(text))
    return split_line_by_words(analyses, form.reading, dictionary) or [None] * len(pieces)


def _split_by_marks(form: SpokenForm, reading: str, ends: Sequence[int]) -> list[str] | None:
    """The line cut at the marks that it has of the text; None where some cut is at none."""
    text, put = add_turn_stops(form.text, form.turns)
    kana = _MARKED.findall(reading)
    marks = find_pauses(text, stops_only="、" not in reading)
    if len(kana) != len(marks) + 1:
        return None
    behind = [mark.end() for mark in marks]
    cuts = [0]
    for end in ends:
        # Stops that stand only behind the lines of a reading come before it.
        place = end + bisect_right(put, end)
        count = bisect_right(behind, place)
        if not count or _SILENT.fullmatch(text, behind[count - 1], place) is None:
            return None
        cuts.append(count)
    cuts.append(len(kana))
    return ["".join(kana[begin:end]).rstrip("、。") for begin, end in itertools.pairwise(cuts)]


# Passages in segments: pieces that any engine says in one call, and the pauses between them.
#
# A segment ends at the end of a sentence. Sentences of under MIN_SEGMENT_CHARS are joined with the
# next, as engines give very short texts an odd melody and every call has a cost of its own. Those of
# over MAX_SEGMENT_CHARS are cut at clauses, then at the edges of phrases that a dictionary finds.


def split_segments(
    form: SpokenForm, pauses: Pauses, dictionary: Dictionary | None = None
) -> tuple[Segment, ...] | None:
    """The segments of a passage, in order; each has at most MAX_SEGMENT_CHARS of one turn.

    Their texts together are that of the form, without the blanks around them, and without what
    cannot be spoken where it is too long to be said with its neighbour. A pause is that of a clause
    or a sentence by the mark before it, and none where there is no mark; that of a paragraph
    behind a line, and that of a turn where another speaker follows.

    Args:
        form: what is said; it has turns.
        pauses: how long they are.
        dictionary: finds words and phrases. Where it is not needed it changes nothing.

    Returns:
        None where it is needed and not given: a sentence is too long and has no marks, or its
        kana line cannot be cut by the marks that both have.
    """
    spans = locate_spans(form.text, form.readings)
    names = () if dictionary is None else dictionary.find_names(form.text)
    kept = merge_spans(
        [
            *((each.start, each.end) for each in spans),
            # What stands behind the stop of モーニング娘。 goes on with the sentence.
            *((begin, end + 1) for begin, end in names),
        ]
    )
    turns: list[tuple[Turn, list[SegmentSpan]]] = []
    at = 0
    for turn in form.turns:
        found = split_turn(form.text, at, at + turn.size, kept, dictionary)
        if found is None:
            return None
        turns.append((turn, found))
        at += turn.size
    pieces = [piece for _, found in turns for piece in found]
    lines = split_kana_line(form, [(piece.begin, piece.end) for piece in pieces], dictionary)
    if lines is None:
        return None
    pauses_after = _assign_pauses([each for each in turns if each[1]], pauses)
    return tuple(
        Segment(_slice_form(form, piece, line, spans), turn.speaker, turn.voice, pause)
        for piece, line, (turn, pause) in zip(pieces, lines, pauses_after, strict=True)
    )


def _assign_pauses(
    turns: Sequence[tuple[Turn, Sequence[SegmentSpan]]], pauses: Pauses
) -> Iterator[tuple[Turn, int]]:
    behind = {
        EdgeMark.STOP: pauses.sentence_ms,
        EdgeMark.CLAUSE: pauses.clause_ms,
        EdgeMark.NONE: 0,
    }
    for (turn, pieces), after in itertools.zip_longest(turns, turns[1:]):
        for piece in pieces[:-1]:
            yield turn, behind[piece.mark]
        if after is None:
            yield turn, 0
        else:
            other = after[0].speaker != turn.speaker
            yield turn, pauses.turn_ms if other else pauses.paragraph_ms


def _slice_form(
    form: SpokenForm, piece: SegmentSpan, line: str | None, spans: Sequence[ReadingSpan]
) -> SpokenForm:
    """The part of a form that a segment speaks, with its part of the kana line."""
    text = form.text[piece.begin : piece.end]
    start = piece.begin + len(text) - len(text.lstrip())
    first = bisect_left(spans, piece.begin, key=operator.attrgetter("start"))
    last = bisect_right(spans, piece.end, key=operator.attrgetter("end"))
    readings = [
        (
            each.start - start,
            each.end - start,
            kana_to_hiragana(each.reading) if each.perhaps else each.reading,
        )
        for each in spans[first:last]
    ]
    return form._replace(
        text=text.strip(),
        reading=line,
        readings=order_readings(text.strip(), readings),
        turns=(),
        boundaries=tuple(each - start for each in form.boundaries if start < each < piece.end),
    )
