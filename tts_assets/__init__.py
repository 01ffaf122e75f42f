"""Speech for learning content, built like software: catalogues in, fresh audio clips out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tts_assets.api import generate_sync, status_of
    from tts_assets.domain import Format, Kind, Sound
    from tts_assets.errors import ClipError, FatalError, InputError, TtsAssetsError, UsageError
    from tts_assets.events import (
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
    from tts_assets.generate_clips import Stop, generate
    from tts_assets.plan import State
    from tts_assets.pool import Pool
    from tts_assets.settings import Settings

__all__ = [
    "ClipError",
    "ClipFailed",
    "ClipMade",
    "Doubt",
    "Estimated",
    "Event",
    "FatalError",
    "Format",
    "InputError",
    "Kind",
    "Pool",
    "Report",
    "SegmentMade",
    "ServiceWait",
    "Settings",
    "Sound",
    "Standing",
    "Started",
    "State",
    "Stop",
    "TtsAssetsError",
    "UsageError",
    "Waiting",
    "generate",
    "generate_sync",
    "status_of",
]

#: Where the public names live: loaded on first use, so that importing the package costs nothing.
_HOMES = {
    "api": ("generate_sync", "status_of"),
    "domain": ("Format", "Kind", "Sound"),
    "errors": ("ClipError", "FatalError", "InputError", "TtsAssetsError", "UsageError"),
    "events": (
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
    "generate_clips": ("Stop", "generate"),
    "plan": ("State",),
    "pool": ("Pool",),
    "settings": ("Settings",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"tts_assets.{home}"), name)
    raise AttributeError(f"module 'tts_assets' has no attribute {name!r}")
