"""What changed since an asset was made: one aspect after the other, as it was and as it is."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Aspect(StrEnum):
    """What can make a clip stale."""

    TEXT = "text"
    READING = "reading"
    ACCENT = "accent"
    VOICE = "voice"
    SPEED = "speed"
    ENGINE = "engine"
    MODEL = "model"
    SOUND = "sound"
    DICTIONARY = "dictionary"
    TEMPLATE = "template"


class Change(NamedTuple):
    """One thing that changed since a clip was made.

    Args:
        what: which thing.
        before: as the asset has it; "" for nothing.
        now: as its entry and the settings ask for; "" for nothing.
    """

    what: Aspect
    before: str
    now: str

    def __str__(self) -> str:
        return f"{self.what} {self.before or 'none'} -> {self.now or 'none'}"


class Judged(StrEnum):
    """What clips were held against."""

    #: There are no audio files here: what the ledger says counts.
    LEDGER = "ledger"
    #: Files are there, and have the sizes that the ledger says.
    FILES = "files"
    #: Every file was read, and has the hash that the ledger says.
    BYTES = "bytes"


class Kept(NamedTuple):
    """Clips that stay although another engine, model or recipe version made them, and how many."""

    before: str
    now: str
    clips: int
