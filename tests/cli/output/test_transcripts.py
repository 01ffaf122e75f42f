"""Transcripts are written as text, JSON and subtitles that mean what was heard, and no more."""

import json
from typing import Any

from tts_assets.cli.output.transcription_progress import (
    TranscriptFormat,
    format_clock,
    format_transcript,
)
from tts_assets.engines.asr.recognizer_protocol import Utterance, Word
from tts_assets.transcribe.transcription_events import Transcript, TranscriptGap, TranscriptPiece

HEARD = Utterance(1.5, 3.25, " いい 天気", 0.87654, (Word(1.5, 3.25, " いい 天気", 0.5),))
GAP = TranscriptGap(30.0, 60.5, "timed out after 300 s")


def _transcript(*pieces: TranscriptPiece) -> Transcript:
    return Transcript(
        file="lesson.flac",
        name="lesson",
        seconds=3661.25,
        language="ja",
        recognizer="faster-whisper",
        model="small",
        pieces=pieces,
        chunks=122,
        failed=1,
    )


def _json(*pieces: TranscriptPiece) -> Any:
    return json.loads(format_transcript(_transcript(*pieces), TranscriptFormat.JSON))


def test_text_has_a_line_for_each_utterance_and_marks_gaps() -> None:
    text = format_transcript(_transcript(HEARD, GAP), TranscriptFormat.TEXT)
    assert text == "いい 天気\n[inaudible 00:30-01:00]\n"


def test_json_has_the_words_and_flags_gaps() -> None:
    found = _json(HEARD, GAP)
    assert found["segments"] == [
        {
            "begin": 1.5,
            "end": 3.25,
            "text": "いい 天気",
            "confidence": 0.8765,
            "inaudible": False,
            "words": [{"begin": 1.5, "end": 3.25, "text": " いい 天気", "confidence": 0.5}],
        },
        {"begin": 30.0, "end": 60.5, "text": "", "inaudible": True, "reason": GAP.reason},
    ]
    assert (found["file"], found["seconds"], found["failed"]) == ("lesson.flac", 3661.25, 1)


def test_subrip_numbers_its_cues() -> None:
    assert format_transcript(_transcript(HEARD, GAP), TranscriptFormat.SRT) == (
        "1\n00:00:01,500 --> 00:00:03,250\nいい 天気\n\n"
        "2\n00:00:30,000 --> 00:01:00,500\n[inaudible]\n"
    )


def test_webvtt_begins_with_its_name() -> None:
    assert format_transcript(_transcript(HEARD), TranscriptFormat.VTT) == (
        "WEBVTT\n\n00:00:01.500 --> 00:00:03.250\nいい 天気\n"
    )


def test_texts_cannot_be_taken_for_something_else() -> None:
    hostile = Utterance(0, 1, " <c.red>a</c> --> 1\n\n2\x1b[31m", 0.5)
    vtt = format_transcript(_transcript(hostile), TranscriptFormat.VTT)
    assert vtt.splitlines()[3] == "&lt;c.red&gt;a&lt;/c&gt; --&gt; 1 2\\u001b[31m"
    srt = format_transcript(_transcript(hostile), TranscriptFormat.SRT)
    assert srt.splitlines()[2] == "<c.red>a</c> -> 1 2\\u001b[31m"
    assert format_transcript(_transcript(hostile), TranscriptFormat.TEXT).count("\n") == 1
    assert "\x1b" not in format_transcript(_transcript(hostile), TranscriptFormat.JSON)


def test_cues_follow_one_another_and_are_seen_for_a_moment() -> None:
    pieces = (Utterance(0, 2, "a", 1), Utterance(1.5, 1.5, "b", 1), Utterance(1.8, 4, "c", 1))
    times = [
        line
        for line in format_transcript(_transcript(*pieces), TranscriptFormat.VTT).splitlines()
        if "-->" in line
    ]
    assert times == [
        "00:00:00.000 --> 00:00:02.000",
        "00:00:02.000 --> 00:00:02.020",
        "00:00:02.020 --> 00:00:04.000",
    ]


def test_nothing_said_is_an_empty_text_and_no_cue() -> None:
    empty = {how: format_transcript(_transcript(), how) for how in TranscriptFormat}
    assert empty[TranscriptFormat.TEXT] == empty[TranscriptFormat.SRT] == ""
    assert empty[TranscriptFormat.VTT] == "WEBVTT\n"
    assert json.loads(empty[TranscriptFormat.JSON])["segments"] == []


def test_times_have_hours_only_where_there_are_some() -> None:
    assert [format_clock(5.9), format_clock(90), format_clock(3661)] == [
        "00:05",
        "01:30",
        "1:01:01",
    ]
