"""What a run is told to do, gathered once: command line over environment over file over default."""

from tts_assets.settings.file import FILE, find
from tts_assets.settings.load import is_path, load
from tts_assets.settings.model import (
    Device,
    ElevenLabsSettings,
    KokoroSettings,
    ModelSettings,
    OnEngineChange,
    Only,
    OpenAISettings,
    OutputFormat,
    PiperSettings,
    Progress,
    RemoteSettings,
    Settings,
    SpeakerSettings,
    Switch,
    VoicevoxSettings,
    time_limits,
)
from tts_assets.settings.options import OPTIONS
from tts_assets.settings.reports import REPORT_FILES, is_report
from tts_assets.settings.shard import Shard, is_part, part_folders, place_of
from tts_assets.settings.transcribe import TranscribeSettings
from tts_assets.settings.verify import Sample, VerifySettings

__all__ = [
    "FILE",
    "OPTIONS",
    "REPORT_FILES",
    "Device",
    "ElevenLabsSettings",
    "KokoroSettings",
    "ModelSettings",
    "OnEngineChange",
    "Only",
    "OpenAISettings",
    "OutputFormat",
    "PiperSettings",
    "Progress",
    "RemoteSettings",
    "Sample",
    "Settings",
    "Shard",
    "SpeakerSettings",
    "Switch",
    "TranscribeSettings",
    "VerifySettings",
    "VoicevoxSettings",
    "find",
    "is_part",
    "is_path",
    "is_report",
    "load",
    "part_folders",
    "place_of",
    "time_limits",
]
