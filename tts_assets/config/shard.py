"""The part of the clips that a run makes where several share the work, and the folder it goes into."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts_assets.errors import UsageError

#: More runners than any pipeline has.
MOST = 1_000
_WRITTEN = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of several runs that share the clips among them.

    Args:
        index: which of them, from 1.
        count: how many there are.
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            UsageError: there is no such shard.
        """
        if not 1 <= self.index <= self.count <= MOST:
            raise UsageError(f"shard {self}: there can be 1/n to n/n, n being {MOST:,} at most")

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def folder(self, output: str) -> str:
        """Its folder, beside the output folder."""
        path = _shard_folder(output)
        return str(path.with_name(f"{path.name}-shard-{self.index}-of-{self.count}"))


def shard_of(value: Any) -> Shard:
    """which of how many shards, such as 2/4"""  # noqa: D403, D415 - it completes a sentence
    found = _WRITTEN.fullmatch(value)
    if found is None:
        raise ValueError
    index, count = int(found[1]), int(found[2])
    if not index <= count <= MOST:
        raise ValueError
    return Shard(index=index, count=count)


def part_folders(output: str) -> list[Path]:
    """The folders beside the output folder that shards made, the first shard first."""
    path = _shard_folder(output)
    names = _names(path.name)
    # A folder that is not there has no parts beside it.
    found = os.listdir(path.parent) if path.parent.is_dir() else []  # noqa: PTH208 - only names
    numbered = [(int(match[2]), int(match[1]), name) for name in found if (match := names(name))]
    return [path.with_name(name) for *_, name in sorted(numbered)]


def is_part(folder: str, output: str) -> bool:
    """Whether a folder was made by a shard of an output folder, or of one that a link leads to.

    Args:
        folder: its real, whole path.
        output: the output folder as it was given.
    """
    path = Path(folder)
    if "-shard-" not in path.name:
        return False
    return any(
        path.parent == beside.parent and _names(beside.name)(path.name) is not None
        for beside in (Path(place_of(output)), Path(os.path.realpath(output)))
    )


def place_of(output: str) -> str:
    """The whole path of the output folder, whose last name may be that of a link to it."""
    path = _shard_folder(output)
    return str(Path(os.path.realpath(path.parent), path.name))


def _names(output: str) -> Any:
    """Finds index and count in the name of a shard's folder."""
    return re.compile(rf"{re.escape(output)}-shard-([1-9][0-9]*)-of-([1-9][0-9]*)").fullmatch


def _shard_folder(output: str) -> Path:
    """The output folder by a path that ends in its name."""
    path = Path(output)
    return Path(os.path.realpath(path)) if path.name in {"", ".."} else path
