"""The use case `verify`: every asset is measured, and what is wrong with it is told."""

from tts_assets.verify.run import verify_assets

__all__ = ["verify_assets"]
