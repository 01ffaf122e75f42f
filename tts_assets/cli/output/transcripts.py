"""Transcripts as text for people, as JSON for programs, and as subtitles: SubRip and WebVTT."""

from __future__ import annotations

import html
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tts_assets.cli.output.text import document, one_line
from tts_assets.transcribe.transcription_events import TranscriptGap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.engines.asr.protocol import Utterance
    from tts_assets.transcribe.transcription_events import Transcript, TranscriptPiece


#: No cue is shorter: players would not show it.
_LEAST_SECONDS = 0.02


class TranscriptFormat(StrEnum):
    """How a transcript is written."""

    TEXT = "text"
    JSON = "json"
    SRT = "srt"
    VTT = "vtt"

    @property
    def ending(self) -> str:
        """The ending of its file's name."""
        return ".txt" if self is TranscriptFormat.TEXT else f".{self.value}"


def written(transcript: Transcript, how: TranscriptFormat) -> str:
    """A transcript as the text of a file; equal ones are equal texts."""
    match how:
        case TranscriptFormat.TEXT:
            return "".join(f"{line}\n" for line in map(_line, transcript.pieces))
        case TranscriptFormat.JSON:
            return document(data(transcript))
        case TranscriptFormat.SRT:
            return "\n".join(_srt(transcript.pieces))
        case TranscriptFormat.VTT:
            return "\n".join(["WEBVTT\n", *_vtt(transcript.pieces)])


def data(transcript: Transcript) -> dict[str, Any]:
    """A transcript as plain data; times in seconds."""
    pieces = transcript.pieces
    return {
        "file": transcript.file,
        "seconds": round(transcript.seconds, 3),
        "language": transcript.language,
        "recognizer": transcript.recognizer,
        "model": transcript.model,
        "chunks": transcript.chunks,
        "failed": transcript.failed,
        "problem": transcript.problem,
        "text": "\n".join(map(_line, pieces)),
        "segments": [
            _gap_data(each) if isinstance(each, TranscriptGap) else _data(each) for each in pieces
        ],
    }


def clock(seconds: float) -> str:
    """A time as people read it: ``01:30``, ``1:01:30``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def _line(piece: TranscriptPiece) -> str:
    if isinstance(piece, TranscriptGap):
        return f"[inaudible {clock(piece.begin)}-{clock(piece.end)}]"
    return one_line(piece.text)


def _data(piece: Utterance) -> dict[str, Any]:
    return {
        "begin": piece.begin,
        "end": piece.end,
        "text": piece.text.strip(),
        "confidence": round(piece.confidence, 4),
        "inaudible": False,
        "words": [
            {
                "begin": word.begin,
                "end": word.end,
                "text": word.text,
                "confidence": round(word.confidence, 4),
            }
            for word in piece.words
        ],
    }


def _gap_data(gap: TranscriptGap) -> dict[str, Any]:
    begin, end = round(gap.begin, 3), round(gap.end, 3)
    return {"begin": begin, "end": end, "text": "", "inaudible": True, "reason": gap.reason}


def _srt(pieces: Sequence[TranscriptPiece]) -> Iterator[str]:
    """Cues of SubRip; a line of text that is a number alone would be the next cue's."""
    for number, (begin, end, text) in enumerate(_cues(pieces), 1):
        times = f"{_stamp(begin, ',')} --> {_stamp(end, ',')}"
        yield f"{number}\n{times}\n{text.replace('-->', '->')}\n"


def _vtt(pieces: Sequence[TranscriptPiece]) -> Iterator[str]:
    """Cues of WebVTT (w3.org/TR/webvtt1), whose texts may have no mark-up and no arrow."""
    for begin, end, text in _cues(pieces):
        times = f"{_stamp(begin, '.')} --> {_stamp(end, '.')}"
        yield f"{times}\n{html.escape(text, quote=False)}\n"


def _cues(pieces: Sequence[TranscriptPiece]) -> Iterator[tuple[float, float, str]]:
    """What is shown, and when: one after the other, each for a moment at least."""
    shown = 0.0
    for piece in pieces:
        text = "[inaudible]" if isinstance(piece, TranscriptGap) else one_line(piece.text)
        if not text:
            continue
        begin = max(piece.begin, shown)
        shown = max(piece.end, begin + _LEAST_SECONDS)
        yield begin, shown, text


def _stamp(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest:02}{point}{thousandths:03}"
