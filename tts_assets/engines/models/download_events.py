"""What happens while models are fetched, told as it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingForDownload:
    """Another run is fetching, or removing, the same file."""

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """More of a file is here.

    Args:
        file: its name in the store.
        done: bytes that are here, those of earlier runs among them.
        total: bytes of the whole; None where the server does not say.
    """

    file: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """A try went wrong, and the next one comes after a wait.

    Args:
        file: its name in the store.
        reason: what went wrong.
        seconds: of the wait.
        anew: whether what is here of it is of no use.
    """

    file: str
    reason: str
    seconds: float
    anew: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A file that was not what it should be has another name now."""

    file: str
    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReady:
    """A file is here and is what it should be.

    Args:
        file: its name in the store.
        path: where it lies.
        fetched: whether it was downloaded now.
        recorded: its sum, if that was recorded now because nobody pins it; else None.
    """

    file: str
    path: Path
    fetched: bool
    recorded: str | None


Event: TypeAlias = WaitingForDownload | Advanced | Retrying | SetAside | ModelReady
