"""The command line as a whole, with all of its commands."""

from tts_assets.cli.apps import app
from tts_assets.cli.commands import auth, generate, look, models

__all__ = ["app", "auth", "generate", "look", "models"]
