"""How recordings are transcribed, and which recognizer hears them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeSettings:
    """What is told to `transcribe`, and to whatever else recognizes speech.

    Args:
        recognizer: its name.
        model: the name of a known model such as ``small``, or the path of a folder.
        language: what is spoken, as a code such as ``ja``.
        concurrency: chunks that are heard at once; None for as many as the machine can.
        parallel: False hears one chunk after the other, whatever ``concurrency`` says.
        chunk_seconds: how long a chunk is at most.
        chunk_timeout_seconds: how long a chunk may be heard.
        jobs: recordings that are in hand at once.
    """

    recognizer: str = "faster-whisper"
    model: str = "small"
    language: str = "ja"
    concurrency: int | None = None
    parallel: bool = True
    chunk_seconds: float = 30.0
    chunk_timeout_seconds: float = 300.0
    jobs: int = 1
