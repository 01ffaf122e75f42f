"""Split running text into segments: at sentences, then at clauses, phrases and words."""

from __future__ import annotations

import itertools
import operator
import unicodedata
from bisect import bisect_left, bisect_right
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tts_assets.japanese.kana import kana_to_hiragana
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

#: Characters that belong to the text behind them: no segment ends with one.
_BEFORE_NEXT = f"{OPENING} \u3000\t\n"
_PARTNER = dict(zip(_CLOSING, OPENING, strict=True))
_QUOTE = compile_lazy(r"[「『（(“〈《【〔［\[｛{」』）)”〉》】〕］\]｝}]")

#: A run of marks and the spaces around them; spoken signs such as % and ○ are not marks.
_MARKS = compile_lazy(r"[^\w%％&＆@＠+＋÷×○△◎℃♂♀〒¥￥$＄€£]+")
_QUOTE_END = compile_lazy(r"[」』）)”〉》】〕］\]｝}]")
_STOP = compile_lazy(r"[。！？!?]")

#: A stop in Japanese; behind digits and Latin letters it may belong to a word.
_DOT = compile_lazy(r"[.．]")
_CLAUSE = compile_lazy(r"[、，；：;:…‥―—」』）)”〉》】〕］\]｝}]|[,.．]\s")
_IN_NUMBER = compile_lazy(r"[.,:、，．：/／・’'-]")
_NUMERALS = frozenset("一二三四五六七八九十百千万億兆〇零")


class EdgeMark(Enum):
    """The mark before an edge."""

    STOP = "stop"
    CLAUSE = "clause"
    #: A space, or nothing.
    NONE = "none"


class TextEdge(NamedTuple):
    """A place where a text may be cut: before the character ``at``, behind the mark.

    ``inside`` is set inside a quotation.
    """

    at: int
    mark: EdgeMark
    inside: bool


def find_edges(text: str, longest: int) -> Iterator[TextEdge]:
    """Yield the edges of a line; edges in quotations of up to ``longest`` characters are ``inside``."""
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
    """Classify the marks from ``begin`` to ``at``; None if they are within a word.

    The marks from ``at`` to ``end`` open the text behind them.
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
    """Whether a mark belongs to the characters around it: 3.5, 二、三, Yahoo!ニュース."""
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
    """Sort spans and merge those that overlap."""
    whole: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if whole and begin < whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((begin, end))
    return whole


# Edges of phrases and words, found with a dictionary in text without marks.

#: Characters to analyse behind the last possible cut, so that the words before it are right.
CONTEXT_CHARS = 30

_WORDS = compile_lazy(r"\S+")  #: the dictionary does not analyse across a space

#: Parts of speech that attach to the word before them.
_LEANING = frozenset({"助詞", "助動詞", "記号"})
_DEPENDENT = frozenset({"接尾", "非自立"})

_STEMS = frozenset(
    {"名詞", "接頭詞"}
)  #: parts of speech that form one phrase with the word behind them


def find_phrase_edges(text: str, dictionary: Dictionary) -> tuple[list[int], list[int], list[int]]:
    """Find the starts of phrases (bunsetsu), of independent words, and of all words.

    All three are empty if the dictionary changes the spelling of the text.
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
    """Split a text into phrases (bunsetsu), with the marks around them; joined, they are the text."""
    cuts = {0, len(text)}
    for word in _WORDS.finditer(text):
        phrases, _, words = find_phrase_edges(word.group(), dictionary)
        # Split at marks if the dictionary finds no words.
        starts = phrases if words else [edge.at for edge in find_edges(word.group(), len(text))]
        # A quotation begins with its mark.
        cuts.update(len(text[: word.start() + at].rstrip(OPENING)) for at in (0, *starts))
    phrases_found: list[str] = []
    silent = ""
    for begin, end in itertools.pairwise(sorted(cuts)):
        piece = silent + text[begin:end]
        silent = ""
        if any(map(str.isalnum, piece)):
            phrases_found.append(piece)
        elif phrases_found:
            phrases_found[-1] += piece
        else:
            silent = piece
    return (*phrases_found, silent) if silent else tuple(phrases_found)


def _separates_words(before: DictionaryEntry, after: DictionaryEntry) -> bool:
    """Whether a word is independent of the one before: no particle, ending or digit of a number."""
    is_independent = after.grammar[0] not in _LEANING and after.grammar[1] not in _DEPENDENT
    is_number = before.grammar[1] == after.grammar[1] == "数"
    return (
        is_independent and not is_number and before.grammar[0] != "接頭詞" and after.base != "する"
    )


# Segments of a line: none too long for an engine, few too short to sound well.


if TYPE_CHECKING:
    #: The possible cuts of a window of the text, given by its begin and end; the best level first.
    Levels: TypeAlias = Callable[[int, int], Iterator[Sequence[int]]]


#: Shorter segments are joined: 15 characters are about two seconds of speech.
MIN_SEGMENT_CHARS = 15

#: Characters that every engine accepts in one call. Kokoro has the lowest limit, 510 phonemes:
#: 100 characters of usual text without any mark have 230 to 285 (measured on the texts of the
#: repository's example data), numbers, which have the longest readings, 450. Only letters such as W
#: and numbers with a comma every few digits have more, up to 820: that engine splits them again at
#: its own words.
MAX_SEGMENT_CHARS = LONGEST_SENTENCE

#: Characters that belong to the one before them: no segment begins with one.
_JOINED = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮー々ゝゞヽヾ゛゜、。，．！？…」』）")


class SegmentSpan(NamedTuple):
    """A span of a text, from ``begin`` up to ``end``, and the mark at its end."""

    begin: int
    end: int
    mark: EdgeMark


class _CutPlaces(NamedTuple):
    """The possible cuts of a line: at marks, the best level first, never inside protected spans."""

    text: str
    levels: tuple[list[int], ...]
    marks: dict[int, EdgeMark]
    protected: Sequence[tuple[int, int]]
    dictionary: Dictionary | None


def split_turn(
    text: str,
    begin: int,
    end: int,
    protected: Sequence[tuple[int, int]],
    dictionary: Dictionary | None,
) -> list[SegmentSpan] | None:
    """Split a line into segments without cutting inside protected spans.

    Returns:
        None if a dictionary is needed and there is none.
    """
    edges = [
        TextEdge(edge.at + begin, edge.mark, edge.inside)
        for edge in find_edges(text[begin:end], MAX_SEGMENT_CHARS)
        if not _is_protected(edge.at + begin, protected)
    ]
    marked = [edge for edge in edges if edge.mark is not EdgeMark.NONE]
    cuts = _CutPlaces(
        text=text,
        levels=(
            [edge.at for edge in marked if not edge.inside],
            [edge.at for edge in marked if edge.inside],
            [edge.at for edge in edges if edge.mark is EdgeMark.NONE],
        ),
        marks={edge.at: edge.mark for edge in edges},
        protected=protected,
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
    """Join short spans with the next one, or with the one before if the result is too long."""
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
    """Find the ends of the segments of a sentence; None if a dictionary is needed."""
    ends = []
    while end - begin > MAX_SEGMENT_CHARS:
        at = _choose_cut(begin, end, cuts)
        if at is None:
            return None
        ends.append(at)
        begin = at
    return [*ends, end]


def _choose_cut(begin: int, end: int, cuts: _CutPlaces) -> int | None:
    """Choose the end of the first segment: the cut that makes segments most equal in size."""
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
    """Yield the possible cuts of a text without marks, the best level first, finally anywhere."""
    if cuts.dictionary is None:
        return
    window = cuts.text[begin : min(end, begin + MAX_SEGMENT_CHARS + CONTEXT_CHARS)]
    levels = [*find_phrase_edges(window, cuts.dictionary), _find_character_edges(window)]
    places = [[begin + at for at in level] for level in levels]
    for level in places:
        yield [at for at in level if not _is_protected(at, cuts.protected)]
    # Cut inside a protected span only if it is too long itself.
    yield from places
    yield list(range(begin + 1, begin + len(window)))


def _find_character_edges(text: str) -> list[int]:
    return [
        at
        for at in range(1, len(text))
        if text[at] not in _JOINED and not unicodedata.combining(text[at])
    ]


def _is_protected(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    number = bisect_left(spans, at, key=operator.itemgetter(1))
    return number < len(spans) and spans[number][0] < at < spans[number][1]


# The kana line of a passage, cut at the same places as its text.
_MARKED = compile_lazy(r"[^、。]+[、。]?")
_SILENT = compile_lazy(r"[^\w]*")


def split_kana_line(
    form: SpokenForm, pieces: Sequence[tuple[int, int]], dictionary: Dictionary | None
) -> Sequence[str | None] | None:
    """Split a form's reading into the part for each segment of its text.

    Returns:
        A list of None if there is no reading, or if it contradicts the text's own kana: the
        dictionary's reading is then used. None if a dictionary is needed and there is none.
    """
    if form.reading is None or len(pieces) == 1:
        return [form.reading] * len(pieces)
    found = _split_by_marks(form, form.reading, [end for _, end in pieces[:-1]])
    if found is not None or dictionary is None:
        return found
    # Heavy, as all rules for readings; most passages need none.
    from tts_assets.japanese.reading_override import split_line_by_words  # noqa: PLC0415

    analyses = []
    for begin, end in pieces:
        inside = [each - begin for each in form.boundaries if begin < each < end]
        text = insert_boundaries(form.text[begin:end], inside).strip()
        analyses.append(dictionary.analyze_best(text))
    return split_line_by_words(analyses, form.reading, dictionary) or [None] * len(pieces)


def _split_by_marks(form: SpokenForm, reading: str, ends: Sequence[int]) -> list[str] | None:
    """Cut the line at the marks it shares with the text; None if a cut is not at a mark."""
    text, added_stops = add_turn_stops(form.text, form.turns)
    kana = _MARKED.findall(reading)
    marks = find_pauses(text, stops_only="、" not in reading)
    if len(kana) != len(marks) + 1:
        return None
    mark_ends = [mark.end() for mark in marks]
    cuts = [0]
    for end in ends:
        # Count the stops that were added behind turns, which only the reading has.
        place = end + bisect_right(added_stops, end)
        count = bisect_right(mark_ends, place)
        if not count or _SILENT.fullmatch(text, mark_ends[count - 1], place) is None:
            return None
        cuts.append(count)
    cuts.append(len(kana))
    return ["".join(kana[begin:end]).rstrip("、。") for begin, end in itertools.pairwise(cuts)]


# Segments of passages, each for one call of an engine, and the pauses between them.
#
# A segment ends at the end of a sentence. Sentences of under MIN_SEGMENT_CHARS are joined with the
# next, because engines give very short texts an odd melody and every call has overhead. Those of
# over MAX_SEGMENT_CHARS are cut at clauses, then at the edges of phrases that a dictionary finds.


def split_segments(
    form: SpokenForm, pauses: Pauses, dictionary: Dictionary | None = None
) -> tuple[Segment, ...] | None:
    """Split a passage into segments, in order; each has at most MAX_SEGMENT_CHARS of one turn.

    Joined, their texts are that of the form, without the spaces around them, and without unspeakable
    text that is too long to join with its neighbour. The mark before a pause makes it one of a
    clause or a sentence; without a mark there is none. Behind a line is a paragraph pause, or a turn
    pause if another speaker follows.

    Args:
        form: the spoken form; it has turns.
        pauses: the length of each kind of pause.
        dictionary: finds words and phrases. If it is not needed, the result is the same without.

    Returns:
        None if a dictionary is needed and there is none: a sentence is too long and has no marks,
        or its kana line cannot be cut at marks that both have.
    """
    spans = []
    if form.readings:
        from tts_assets.japanese.reading_spans import locate_spans  # noqa: PLC0415 - see above

        spans = locate_spans(form.text, form.readings)
    names = () if dictionary is None else dictionary.find_names(form.text)
    protected = merge_spans(
        [
            *((each.start, each.end) for each in spans),
            # The stop of モーニング娘。 does not end the sentence.
            *((begin, end + 1) for begin, end in names),
        ]
    )
    turns: list[tuple[Turn, list[SegmentSpan]]] = []
    at = 0
    for turn in form.turns:
        found = split_turn(form.text, at, at + turn.size, protected, dictionary)
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
    pause_by_mark = {
        EdgeMark.STOP: pauses.sentence_ms,
        EdgeMark.CLAUSE: pauses.clause_ms,
        EdgeMark.NONE: 0,
    }
    for (turn, pieces), after in itertools.zip_longest(turns, turns[1:]):
        for piece in pieces[:-1]:
            yield turn, pause_by_mark[piece.mark]
        if after is None:
            yield turn, 0
        else:
            speaker_changes = after[0].speaker != turn.speaker
            yield turn, pauses.turn_ms if speaker_changes else pauses.paragraph_ms


def _slice_form(
    form: SpokenForm, piece: SegmentSpan, line: str | None, spans: Sequence[ReadingSpan]
) -> SpokenForm:
    """Cut out the part of a form that a segment speaks, with its part of the kana line."""
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
