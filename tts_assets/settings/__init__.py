"""What a run is told to do, gathered once: command line over environment over file over default."""

from tts_assets.settings.file import FILE, find
from tts_assets.settings.load import is_path, load
from tts_assets.settings.model import (
    Device,
    KokoroSettings,
    ModelSettings,
    OutputFormat,
    PiperSettings,
    Progress,
    Settings,
)
from tts_assets.settings.options import OPTIONS

__all__ = [
    "FILE",
    "OPTIONS",
    "Device",
    "KokoroSettings",
    "ModelSettings",
    "OutputFormat",
    "PiperSettings",
    "Progress",
    "Settings",
    "find",
    "is_path",
    "load",
]
