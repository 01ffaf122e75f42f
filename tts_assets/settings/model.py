"""The settings of a run as data, with their defaults and bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tts_assets.domain import Kind, Sound
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from tts_assets.domain import DictionaryWord
    from tts_assets.mapping import Source


class Progress(StrEnum):
    """How the command line shows that work goes on."""

    AUTO = "auto"
    BAR = "bar"
    LINES = "lines"
    NONE = "none"


class OutputFormat(StrEnum):
    """What the command line writes to standard output."""

    TEXT = "text"
    JSON = "json"
    #: Annotations of a GitHub workflow, from ``lint``; other commands write text.
    GITHUB = "github"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run is told to do.

    Args:
        paths: catalogues, and folders of them; empty for the files of the sources, or ``data``
            where there are none.
        kinds: the kinds to take; empty for all.
        provider: the engine's name.
        voice: the voice's name; None for the engine's default.
        speed: 1.0 is the voice's own pace.
        concurrency: clips at once; None for as many as the machine can feed.
        timeout_seconds: what one clip may take.
        output: the folder of the assets.
        asset: template of their paths, with ``{kind}``, ``{recipe}``, ``{id}``, ``{part}`` and
            ``{ext}``.
        url: template of their addresses, with the same and ``{asset}``.
        sources: how catalogues of other shapes are read.
        words: the user's own dictionary.
        sound: how assets sound and are stored.
        update_json: whether URLs are written into the catalogues.
        max_failures: the run ends after that many failed clips; None for never.
        force: remake what is fresh.
        batch_mode: an outer batch runner owns the cores, so None means one clip at a time.
        progress: for the command line only.
        output_format: for the command line only.
    """

    paths: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    provider: str = "openjtalk"
    voice: str | None = None
    speed: float = 1.0
    concurrency: int | None = None
    timeout_seconds: float = 60.0
    output: str = "audio"
    asset: str = "{kind}/{recipe}.{ext}"
    url: str = "/audio/{asset}"
    sources: tuple[Source, ...] = ()
    words: tuple[DictionaryWord, ...] = ()
    sound: Sound = field(default_factory=Sound)
    update_json: bool = True
    max_failures: int | None = None
    force: bool = False
    batch_mode: bool = False
    progress: Progress = Progress.AUTO
    output_format: OutputFormat = OutputFormat.TEXT

    def __post_init__(self) -> None:
        """Refuse what cannot be meant; programs do not come through ``load``.

        Raises:
            UsageError: a value is out of its bounds, or of another type.
        """
        wrong = [
            name
            for name, right in (
                ("paths", isinstance(self.paths, tuple)),
                ("kinds", all(isinstance(kind, Kind) for kind in self.kinds)),
                ("speed", 0.25 <= self.speed <= 4),
                ("concurrency", self.concurrency is None or self.concurrency >= 1),
                ("timeout_seconds", 0 < self.timeout_seconds < math.inf),
                ("max_failures", self.max_failures is None or self.max_failures >= 1),
            )
            if not right
        ]
        if wrong:
            values = ", ".join(f"{name}={getattr(self, name)!r}" for name in wrong)
            raise UsageError(f"settings out of bounds: {values}")
