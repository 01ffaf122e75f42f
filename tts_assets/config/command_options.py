"""Options of single commands: verify, transcribe, reports, shards."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from tts_assets.config.option_values import Parse
from tts_assets.errors import UsageError

#: Above 0%, at most 100%.
_PATTERN = r"^(?!0+(\.0+)?%$)([0-9]{1,2}(\.[0-9]{1,6})?|100(\.0+)?)%$"
_SHARE = re.compile(_PATTERN)

MOST = 10**9  #: an upper bound that no real sample reaches


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sample of the clips, as a count or as a percentage."""

    count: int | None = None  #: the number of clips; None for a percentage
    percent: float | None = None  #: above 0 and at most 100; None for a count

    def count_of(self, total: int) -> int:
        """The size of the sample; a percentage gives at least one clip if there are any."""
        if self.percent is None:
            return min(self.count or 0, total)
        return math.ceil(total * self.percent / 100)

    def __str__(self) -> str:
        return str(self.count) if self.percent is None else f"{self.percent:g}%"


def _parse_sample(value: Any) -> Sample:
    share = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if share is not None:
        return Sample(percent=float(value[:-1]))
    count = int(value) if isinstance(value, str) else value
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError
    if not 1 <= count <= MOST:
        raise ValueError
    return Sample(count=count)


#: The parser of ``verify.sample``.
SAMPLE = Parse(
    _parse_sample,
    {
        "anyOf": [
            {"type": "string", "pattern": _PATTERN},
            {"type": "integer", "minimum": 1, "maximum": MOST},
        ]
    },
    "a share of the clips such as 2%, or a number of them such as 50",
)


class AccentScope(StrEnum):
    """The clips whose accents ``verify`` recognizes."""

    #: Those of voices that follow accents.
    FOLLOWED = "followed"
    #: Those of all voices, and recordings.
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifySettings:
    """Settings of speech recognition in ``verify``.

    Args:
        sample: the clips to recognize, as a number or a percentage; None: none.
        seed: another seed draws other clips.
        cer: the maximum share of misrecognized morae, 0 to 1.
        accents: the clips whose accents are recognized: followed, of voices that follow accents; all,
            also of other voices, and recordings.
    """

    sample: Sample | None = None
    seed: int = 0
    cer: float = 0.34
    accents: AccentScope = AccentScope.FOLLOWED

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            UsageError: a value is out of its bounds.
        """
        if not 0 <= self.cer <= 1:
            raise UsageError(f"settings out of bounds: verify.cer={self.cer!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeSettings:
    """Settings of `transcribe`, and of all other speech recognition.

    Args:
        recognizer: ``faster-whisper``, ``pocketsphinx``, or the recognizer of a plug-in.
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


#: The files of a report: for programs, for test viewers, and for people as text and as a page.
REPORT_FILES = ("report.json", "junit.xml", "summary.md", "report.html")

#: The files that identify a report; the page may have been deleted or published elsewhere.
_IDENTIFYING_FILES = REPORT_FILES[:3]


def is_report(file: str) -> bool:
    """Whether a file is a tts-assets report: it has the name, with the other text files beside it."""
    path = Path(file)
    return path.name == _IDENTIFYING_FILES[0] and all(
        path.with_name(name).is_file() for name in _IDENTIFYING_FILES[1:]
    )


#: More runners than any pipeline has.
MOST_SHARDS = 1_000
_SHARD = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of several runs that share the clips.

    Args:
        index: the number of this shard, from 1.
        count: the number of shards.
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
        """The folder of this shard, beside the output folder."""
        path = _shard_folder(output)
        return str(path.with_name(f"{path.name}-shard-{self.index}-of-{self.count}"))


def shard_of(value: Any) -> Shard:
    """which of how many shards, such as 2/4"""  # noqa: D403, D415 - it completes a sentence
    found = _SHARD.fullmatch(value)
    if found is None:
        raise ValueError
    index, count = int(found[1]), int(found[2])
    if not index <= count <= MOST_SHARDS:
        raise ValueError
    return Shard(index=index, count=count)


def part_folders(output: str) -> list[Path]:
    """The folders of shards beside the output folder, in the order of the shards."""
    path = _shard_folder(output)
    match_name = _compile_shard_name(path.name)
    # A missing folder has no shards beside it.
    siblings = os.listdir(path.parent) if path.parent.is_dir() else []  # noqa: PTH208 - only names
    numbered = [
        (int(match[2]), int(match[1]), name) for name in siblings if (match := match_name(name))
    ]
    return [path.with_name(name) for *_, name in sorted(numbered)]


def is_part(folder: str, output: str) -> bool:
    """Whether a folder belongs to a shard of an output folder, or of the target of its link.

    The folder is given by its absolute, real path.
    """
    path = Path(folder)
    if "-shard-" not in path.name:
        return False
    return any(
        path.parent == candidate.parent
        and _compile_shard_name(candidate.name)(path.name) is not None
        for candidate in (Path(place_of(output)), Path(os.path.realpath(output)))
    )


def place_of(output: str) -> str:
    """The absolute path of the output folder; its last name may be a link to it."""
    path = _shard_folder(output)
    return str(Path(os.path.realpath(path.parent), path.name))


def _compile_shard_name(output: str) -> Any:
    """A matcher that extracts index and count from the name of a shard's folder."""
    return re.compile(rf"{re.escape(output)}-shard-([1-9][0-9]*)-of-([1-9][0-9]*)").fullmatch


def _shard_folder(output: str) -> Path:
    """The output folder as a path that ends in its name."""
    path = Path(output)
    return Path(os.path.realpath(path)) if path.name in {"", ".."} else path
