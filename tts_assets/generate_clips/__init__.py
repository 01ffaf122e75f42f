"""The main use case: make every clip that is missing or stale, and write the URLs back."""

from tts_assets.generate_clips.run import generate
from tts_assets.pool import Stop

__all__ = ["Stop", "generate"]
