"""The page served to this machine alone: decisions are taken at once, and clips are made again."""

from tts_assets.review.serve.house import House
from tts_assets.review.serve.run import Hooks, Stop, listening, serve

__all__ = ["Hooks", "House", "Stop", "listening", "serve"]
