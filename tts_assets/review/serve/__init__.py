"""The page served to this machine alone: decisions are taken at once, and clips are made again."""

from tts_assets.review.serve.house import ReviewService
from tts_assets.review.serve.run import ServerHooks, ServerStop, open_listener, serve_review

__all__ = ["ReviewService", "ServerHooks", "ServerStop", "open_listener", "serve_review"]
