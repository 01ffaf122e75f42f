"""Speech for learning content, built like software: catalogues in, fresh audio clips out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tts_assets.build.build import generate, generate_sync
    from tts_assets.build.events import (
        ClipFailed,
        ClipMade,
        Doubt,
        Estimated,
        Event,
        Report,
        SegmentMade,
        ServiceWait,
        Standing,
        Started,
        Waiting,
    )
    from tts_assets.build.plan.planner import ClipPlan, State
    from tts_assets.build.pool import Pool, Stop
    from tts_assets.build.status import status_of
    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.command_options import Shard, TranscribeSettings, VerifySettings
    from tts_assets.config.keys import Secret
    from tts_assets.config.prices import Price
    from tts_assets.config.settings import (
        BucketSettings,
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
        Verbosity,
        VoicevoxSettings,
    )
    from tts_assets.errors import ClipError, FatalError, InputError, TtsAssetsError, UsageError
    from tts_assets.model import DictionaryWord, Format, Kind, Pauses, Sound

__version__ = "0.1.0"
__all__ = [
    "BucketSettings",
    "ClipError",
    "ClipFailed",
    "ClipMade",
    "ClipPlan",
    "Device",
    "DictionaryWord",
    "Doubt",
    "ElevenLabsSettings",
    "Estimated",
    "Event",
    "FatalError",
    "Format",
    "InputError",
    "Kind",
    "KokoroSettings",
    "ModelSettings",
    "OnEngineChange",
    "Only",
    "OpenAISettings",
    "OutputFormat",
    "Pauses",
    "PiperSettings",
    "Pool",
    "Price",
    "Progress",
    "RemoteSettings",
    "Report",
    "Secret",
    "SegmentMade",
    "ServiceWait",
    "Settings",
    "Shard",
    "Sound",
    "Source",
    "SpeakerSettings",
    "Standing",
    "Started",
    "State",
    "Stop",
    "TranscribeSettings",
    "TtsAssetsError",
    "UsageError",
    "Verbosity",
    "VerifySettings",
    "VoicevoxSettings",
    "Waiting",
    "generate",
    "generate_sync",
    "status_of",
]

#: Where the public names live: loaded on first use, so that importing the package costs nothing.
_HOMES = {
    "build.events": (
        "ClipFailed",
        "ClipMade",
        "Doubt",
        "Estimated",
        "Event",
        "Report",
        "SegmentMade",
        "ServiceWait",
        "Standing",
        "Started",
        "Waiting",
    ),
    "build.build": ("generate", "generate_sync"),
    "build.plan.planner": ("ClipPlan", "State"),
    "build.pool": ("Pool", "Stop"),
    "build.status": ("status_of",),
    "config.catalogue_sources": ("Source",),
    "config.command_options": ("Shard", "TranscribeSettings", "VerifySettings"),
    "config.prices": ("Price",),
    "config.keys": ("Secret",),
    "config.settings": (
        "BucketSettings",
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
        "Settings",
        "SpeakerSettings",
        "Verbosity",
        "VoicevoxSettings",
    ),
    "errors": ("ClipError", "FatalError", "InputError", "TtsAssetsError", "UsageError"),
    "model": ("DictionaryWord", "Format", "Kind", "Pauses", "Sound"),
}


def __dir__() -> list[str]:
    return sorted((*globals(), *__all__))


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"tts_assets.{home}"), name)
    raise AttributeError(f"module 'tts_assets' has no attribute {name!r}")
