"""The command line as a whole, with all of its commands."""

from tts_assets.cli.apps import app
from tts_assets.cli.commands import (
    auth,
    bench,
    generate,
    look,
    models,
    review,
    speak,
    transcribe,
    verify,
)

__all__ = [
    "app",
    "auth",
    "bench",
    "generate",
    "look",
    "models",
    "review",
    "speak",
    "transcribe",
    "verify",
]
