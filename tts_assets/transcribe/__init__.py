"""The use case `transcribe`: what is said in long recordings, heard in parallel, told as one text."""

from __future__ import annotations

from tts_assets.transcribe.events import (
    ChunkRecognized,
    ConcurrencyReduced,
    RecordingTranscribed,
    RecordingUnusable,
    TranscriptionEvent,
    TranscriptionReport,
    TranscriptionStarted,
)
from tts_assets.transcribe.run import transcribe_recordings
from tts_assets.transcribe.transcript import Transcript, TranscriptGap, TranscriptPiece

__all__ = [
    "ChunkRecognized",
    "ConcurrencyReduced",
    "RecordingTranscribed",
    "RecordingUnusable",
    "Transcript",
    "TranscriptGap",
    "TranscriptPiece",
    "TranscriptionEvent",
    "TranscriptionReport",
    "TranscriptionStarted",
    "transcribe_recordings",
]
