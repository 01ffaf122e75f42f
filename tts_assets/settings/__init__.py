"""What a run is told to do, gathered once: command line over environment over file over default."""

from tts_assets.settings.file import FILE, find
from tts_assets.settings.load import load
from tts_assets.settings.model import OutputFormat, Progress, Settings
from tts_assets.settings.options import OPTIONS

__all__ = ["FILE", "OPTIONS", "OutputFormat", "Progress", "Settings", "find", "load"]
