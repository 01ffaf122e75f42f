"""The command line as a whole: importing the commands registers them."""

from tts_assets.cli.apps import app
from tts_assets.cli.commands import (  # noqa: F401 - they register their commands
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

__all__ = ["app"]
