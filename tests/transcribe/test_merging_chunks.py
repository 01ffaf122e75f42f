"""Chunks become one text: in order, and what two of them heard is there once."""

from __future__ import annotations

import pytest

from tts_assets.engines.asr.recognizer_protocol import Recognized, Utterance, Word
from tts_assets.transcribe.transcription import ChunkJoiner, RecognizedChunk
from tts_assets.transcribe.transcription_events import TranscriptGap


def _heard(begin: float, end: float, text: str, *, spaces: bool = True) -> RecognizedChunk:
    """A chunk in which the words of a text follow each other evenly; ``_`` is a pause as long."""
    parts = text.split() if spaces else list(text)
    step = (end - begin) / max(1, len(parts))
    words = tuple(
        Word(at * step, (at + 1) * step, f" {part}" if spaces else part, 0.9)
        for at, part in enumerate(parts)
        if part != "_"
    )
    told = "".join(word.text for word in words)
    utterances = (Utterance(words[0].begin, words[-1].end, told, 0.9, words),) if words else ()
    return RecognizedChunk(begin, end, Recognized(utterances))


def _text(*chunks: RecognizedChunk) -> str:
    return "".join(
        "[]" if isinstance(piece, TranscriptGap) else piece.text
        for piece in _joined(*chunks).pieces
    ).strip()


def _joined(*chunks: RecognizedChunk) -> ChunkJoiner:
    joiner = ChunkJoiner()
    for number, chunk in enumerate(chunks):
        joiner.add_chunk(number, chunk)
    return joiner


def test_chunks_that_come_in_any_order_are_told_in_theirs() -> None:
    joiner = ChunkJoiner()
    joiner.add_chunk(2, _heard(4, 6, "e f"))
    joiner.add_chunk(0, _heard(0, 2, "a b"))
    assert [piece.begin for piece in joiner.pieces] == [0]
    joiner.add_chunk(1, _heard(2, 4, "c d"))
    assert [piece.begin for piece in joiner.pieces] == [0, 2, 4]


def test_words_that_both_heard_are_there_once() -> None:
    assert (
        _text(_heard(0, 8, "a b c the cat sat on mat"), _heard(4, 10, "cat sat on mat and ate"))
        == "a b c the cat sat on mat and ate"
    )


def test_a_word_that_was_cut_in_two_comes_from_the_one_that_heard_it_whole() -> None:
    before = _heard(0, 8, "one two three four five six seven ei")
    after = _heard(4, 12, "ve six seven eight nine ten eleven twelve")
    assert _text(before, after) == (
        "one two three four five six seven eight nine ten eleven twelve"
    )


def test_japanese_has_no_spaces_and_is_joined_all_the_same() -> None:
    before = _heard(0, 10, "きょうはいいてんきで", spaces=False)
    after = _heard(6, 14, "てんきですからね", spaces=False)
    assert _text(before, after) == "きょうはいいてんきですからね"


def test_words_divided_otherwise_are_still_the_same() -> None:
    before = _heard(0, 8, "a b c d go ing to town")
    whole = Word(0.0, 2.0, " going", 0.9), Word(2.0, 3.0, " to", 0.9), Word(3.0, 4.0, " town", 0.9)
    joined = before.recognized
    assert isinstance(joined, Recognized)
    pieces = [w._replace(text=w.text.replace(" ing", "ing")) for w in joined.utterances[0].words]
    text = "".join(word.text for word in pieces)
    before = RecognizedChunk(0, 8, Recognized((Utterance(0, 8, text, 0.9, tuple(pieces)),)))
    after = RecognizedChunk(4, 10, Recognized((Utterance(0, 4, " going to town", 0.9, whole),)))
    assert _text(before, after) == "a b c d going to town"


def test_where_they_heard_nothing_alike_the_middle_parts_them() -> None:
    assert _text(_heard(0, 8, "a b c d e f g h"), _heard(4, 10, "q r s t u v")) == (
        "a b c d e f s t u v"
    )


def test_the_same_words_said_twice_stay_twice() -> None:
    # Heard in both chunks, but three seconds apart: it was said again.
    before = _heard(0, 8, "_ _ _ _ tick tock _ _")
    after = _heard(4, 12, "_ _ _ _ tick tock _ _")
    assert _text(before, after) == "tick tock tick tock"


def test_letters_that_are_alike_by_chance_lose_no_words_between_them() -> None:
    # "the" is in both, a second apart; "me" is shorter, and at the same time.
    before = _heard(0, 8, "a b c d e f g h i me when the next bus x y")
    after = _heard(4, 8, "z me fog can in the city leaves")
    assert _text(before, after) == "a b c d e f g h i me fog can in the city leaves"


def test_two_words_with_the_same_letters_inside_do_not_become_a_third() -> None:
    before = _heard(0, 8, "a b c d xx please yy zz")
    after = _heard(4, 12, "qq least rr ss tt uu vv ww")
    assert _text(before, after) == "a b c d xx please rr ss tt uu vv ww"


def test_no_word_is_cut_in_two_where_they_heard_nothing_alike() -> None:
    before = _heard(0, 8, "a b c yesterday kk")
    after = _heard(4, 12, "qq moon ff gg")
    assert _text(before, after) == "a b c yesterday moon ff gg"


def test_chunks_that_do_not_overlap_are_not_compared() -> None:
    assert _text(_heard(0, 4, "no no no no"), _heard(4, 8, "no no no no")) == (
        "no no no no no no no no"
    )


def test_an_utterance_without_words_is_cut_by_its_letters() -> None:
    before = RecognizedChunk(0, 8, Recognized((Utterance(0, 8, "abcdefgh", 0.9),)))
    after = RecognizedChunk(4, 12, Recognized((Utterance(0, 8, "efghijkl", 0.9),)))
    assert _text(before, after) == "abcdefghijkl"
    assert all(not piece.words for piece in _joined(before, after).pieces if len(piece) == 5)


@pytest.mark.parametrize("failed", ["timeout", ""])
def test_a_gap_reaches_from_what_was_heard_before_to_what_was_heard_behind(failed: str) -> None:
    pieces = _joined(
        _heard(0, 6, "a b c d e f"), RecognizedChunk(4, 10, failed), _heard(8, 14, "i j k l m n")
    ).pieces
    assert pieces[1] == TranscriptGap(6, 8, failed)
    assert isinstance(pieces[0], Utterance)
    assert pieces[0].text == " a b c d e f"
    assert isinstance(pieces[2], Utterance)
    assert pieces[2].text == " i j k l m n"


def test_times_are_moved_to_those_of_the_recording() -> None:
    (piece,) = _joined(RecognizedChunk(0, 4, Recognized()), _heard(4, 6, "a b")).pieces
    assert isinstance(piece, Utterance)
    assert (piece.begin, piece.end) == (4, 6)
    assert [(word.begin, word.end) for word in piece.words] == [(4, 5), (5, 6)]
