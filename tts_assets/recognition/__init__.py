"""Speech recognition: what a recording says, told by engines chosen by name and loaded only then."""

from __future__ import annotations

from tts_assets.recognition.opening import open_recognizer, provider_for
from tts_assets.recognition.protocol import (
    RATE_HZ,
    Recognized,
    Recognizer,
    RecognizerProvider,
    Utterance,
    Word,
)
from tts_assets.recognition.registry import get, names

__all__ = [
    "RATE_HZ",
    "Recognized",
    "Recognizer",
    "RecognizerProvider",
    "Utterance",
    "Word",
    "get",
    "names",
    "open_recognizer",
    "provider_for",
]
