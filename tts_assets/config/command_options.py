"""Options of single commands: verify, transcribe, reports, shards."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts_assets.config.option_values import Parse
from tts_assets.errors import UsageError

#: Above 0%, and 100% at most.
_PATTERN = r"^(?!0+(\.0+)?%$)([0-9]{1,2}(\.[0-9]{1,6})?|100(\.0+)?)%$"
_SHARE = re.compile(_PATTERN)

#: More than anybody can wait for.
MOST = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How many of the clips: so many, or such a share of them.

    Args:
        count: how many; None for a share.
        percent: above 0 and at most 100; None for a count.
    """

    count: int | None = None
    percent: float | None = None

    def of(self, total: int) -> int:
        """How many that are of all; of a share at least one, where there is any."""
        if self.percent is None:
            return min(self.count or 0, total)
        return math.ceil(total * self.percent / 100)

    def __str__(self) -> str:
        return str(self.count) if self.percent is None else f"{self.percent:g}%"


def _sample_of(value: Any) -> Sample:
    share = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if share is not None:
        return Sample(percent=float(value[:-1]))
    count = int(value) if isinstance(value, str) else value
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError
    if not 1 <= count <= MOST:
        raise ValueError
    return Sample(count=count)


#: How it is written.
SAMPLE = Parse(
    _sample_of,
    {
        "anyOf": [
            {"type": "string", "pattern": _PATTERN},
            {"type": "integer", "minimum": 1, "maximum": MOST},
        ]
    },
    "a share of the clips such as 2%, or a number of them such as 50",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifySettings:
    """What speech recognition listens to.

    Args:
        sample: how many clips, or which share, are recognized; None: none.
        seed: another seed draws other clips.
        cer: the share of morae that may be misheard, 0 to 1.
    """

    sample: Sample | None = None
    seed: int = 0
    cer: float = 0.34

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            UsageError: a value is out of its bounds.
        """
        if not 0 <= self.cer <= 1:
            raise UsageError(f"settings out of bounds: verify.cer={self.cer!r}")


# How recordings are transcribed, and which recognizer hears them.


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeSettings:
    """What is told to `transcribe`, and to whatever else recognizes speech.

    Args:
        recognizer: ``faster-whisper``, ``pocketsphinx``, or one of a plug-in.
        model: the name of a known model such as ``small``, or the path of a folder.
        language: language code of the recordings, such as ``ja``.
        concurrency: chunks at the same time; None: as many as the machine can handle.
        parallel: recognize several chunks at the same time.
        chunk_seconds: maximum length of a chunk, in seconds.
        chunk_timeout_seconds: time limit of a chunk, in seconds.
        jobs: recordings at the same time.
    """

    recognizer: str = "faster-whisper"
    model: str = "small"
    language: str = "ja"
    concurrency: int | None = None
    parallel: bool = True
    chunk_seconds: float = 30.0
    chunk_timeout_seconds: float = 300.0
    jobs: int = 1


# The files of a report, by which a folder that holds one is known among catalogues.


#: A report for programs, for what shows tests, and for people, as text and as a page.
REPORT_FILES = ("report.json", "junit.xml", "summary.md", "report.html")

#: Those by which it is known; the page may have been thrown away, or published elsewhere.
_KNOWN_BY = REPORT_FILES[:3]


def is_report(file: str) -> bool:
    """Whether a file is a report of ours: it has its name, and the others of text lie beside it."""
    path = Path(file)
    return path.name == _KNOWN_BY[0] and all(
        path.with_name(name).is_file() for name in _KNOWN_BY[1:]
    )


# The part of the clips that a run makes where several share the work, and the folder it goes into.


#: More runners than any pipeline has.
MOST_SHARDS = 1_000
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
        if not 1 <= self.index <= self.count <= MOST_SHARDS:
            raise UsageError(
                f"shard {self}: there can be 1/n to n/n, n being {MOST_SHARDS:,} at most"
            )

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
    if not index <= count <= MOST_SHARDS:
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
