"""Runs native engines in one supervised child process, so that the run survives whatever they do."""

from tts_assets.host.child import (
    AnsweringEngine,
    CuttingEngine,
    LearningEngine,
    NativeEngine,
    ReadingEngine,
)
from tts_assets.host.parent import EngineHost, engine_host, reader_host, silence

__all__ = [
    "AnsweringEngine",
    "CuttingEngine",
    "EngineHost",
    "LearningEngine",
    "NativeEngine",
    "ReadingEngine",
    "engine_host",
    "reader_host",
    "silence",
]
