"""The use case `transcribe`: what is said in long recordings, heard in parallel, told as one text."""

from __future__ import annotations

from tts_assets.transcribe.events import (
    ChunkHeard,
    Eased,
    Event,
    Report,
    Started,
    Transcribed,
    Unusable,
)
from tts_assets.transcribe.run import transcribe
from tts_assets.transcribe.transcript import Gap, Piece, Transcript

__all__ = [
    "ChunkHeard",
    "Eased",
    "Event",
    "Gap",
    "Piece",
    "Report",
    "Started",
    "Transcribed",
    "Transcript",
    "Unusable",
    "transcribe",
]
