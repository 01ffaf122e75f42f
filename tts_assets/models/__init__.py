"""The model store: models known by name, fetched once, whole and checked, found again by engines."""

from __future__ import annotations

from tts_assets.models.address import address
from tts_assets.models.connection import Patience
from tts_assets.models.events import Advanced, Event, Ready, Retrying, SetAside, Waiting
from tts_assets.models.fetch import fetch, measured
from tts_assets.models.known import GROUPS, KNOWN, Model, ModelFile, chosen, find
from tts_assets.models.store import State, Store
from tts_assets.models.sums import sha256_of
from tts_assets.models.whisper import REPOSITORIES as WHISPER_MODELS

__all__ = [
    "GROUPS",
    "KNOWN",
    "WHISPER_MODELS",
    "Advanced",
    "Event",
    "Model",
    "ModelFile",
    "Patience",
    "Ready",
    "Retrying",
    "SetAside",
    "State",
    "Store",
    "Waiting",
    "address",
    "chosen",
    "fetch",
    "find",
    "measured",
    "sha256_of",
]
