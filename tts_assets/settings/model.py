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


class Device(StrEnum):
    """What neural engines run on; each is one of onnxruntime's execution providers."""

    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"
    ROCM = "rocm"
    COREML = "coreml"
    DIRECTML = "directml"
    OPENVINO = "openvino"


@dataclass(frozen=True, slots=True, kw_only=True)
class KokoroSettings:
    """Which model the provider kokoro speaks with.

    Args:
        model: the name of a known model, or the path of an ONNX file.
        voices: the name of a known voices file, or the path of one.
    """

    model: str = "kokoro-v1.0"
    voices: str = "kokoro-voices-v1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class PiperSettings:
    """Which voices the provider piper speaks with.

    Args:
        voices: a folder with voices, each an ``.onnx`` file with its ``.onnx.json``; None for
            those that were fetched.
    """

    voices: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Where models lie, and where they come from.

    Args:
        folder: where they are stored; None for the user's cache folder.
        mirror: an address that has the same files under the same paths, in place of the hosts
            that publish them; None for those.
        offline: nothing is downloaded.
    """

    folder: str | None = None
    mirror: str | None = None
    offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run is told to do.

    Args:
        paths: catalogues, and folders of them; empty for the files of the sources, or ``data``
            where there are none.
        kinds: the kinds to take; empty for all.
        provider: the engine's name, or ``auto`` for the best that is ready.
        voice: the voice's name; None for the engine's default.
        speed: 1.0 is the voice's own pace.
        concurrency: clips at once; None for as many as the machine can feed.
        timeout_seconds: what one clip may take, for every 100 characters of its text.
        output: the folder of the assets.
        asset: template of their paths, with ``{kind}``, ``{recipe}``, ``{id}``, ``{part}`` and
            ``{ext}``.
        url: template of their addresses, with the same and ``{asset}``.
        sources: how catalogues of other shapes are read.
        words: the user's own dictionary.
        sound: how assets sound and are stored.
        device: what neural engines run on.
        kokoro: the model of the provider kokoro.
        piper: the voices of the provider piper.
        models: where models lie and come from.
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
    device: Device = Device.CPU
    kokoro: KokoroSettings = field(default_factory=KokoroSettings)
    piper: PiperSettings = field(default_factory=PiperSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
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
                ("device", isinstance(self.device, Device)),
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
