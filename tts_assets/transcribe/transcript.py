"""What was said in a recording: utterances in their order, and gaps where nothing could be heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

# Needed at run time by who looks at the types of plain data.
from tts_assets.recognition import Utterance


class TranscriptGap(NamedTuple):
    """A stretch that could not be transcribed, in seconds from the beginning of the recording."""

    begin: float
    end: float
    reason: str


TranscriptPiece: TypeAlias = Utterance | TranscriptGap


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said in one recording.

    Args:
        file: its path, as it was given or found.
        name: the path that its transcript has in an output folder, without its ending.
        seconds: how long it sounds.
        language: what was spoken.
        recognizer: who heard it.
        model: with which model, where it has several.
        pieces: what was said, in its order.
        chunks: in how many parts it was heard.
        failed: how many of them are gaps.
        problem: why it ends before the recording does; None where it does not.
    """

    file: str
    name: str
    seconds: float
    language: str
    recognizer: str
    model: str
    pieces: tuple[TranscriptPiece, ...]
    chunks: int
    failed: int
    problem: str | None = None
