"""What people see: progress while a run goes on, its summary, tables; the only door to rich."""

from tts_assets.console.progress import reporter
from tts_assets.console.show import Show

__all__ = ["Show", "reporter"]
