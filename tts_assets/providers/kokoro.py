"""Kokoro: a small neural model with natural voices, told each reading in phonetic symbols."""

from __future__ import annotations

import functools
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets import models
from tts_assets.errors import UsageError
from tts_assets.host import engine_host, silence
from tts_assets.providers import onnx, onnx_file
from tts_assets.providers.protocol import VoiceInfo
from tts_assets.providers.versions import READING, missing, parts
from tts_assets.settings import Device, is_path

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tts_assets.domain import DictionaryWord
    from tts_assets.host import EngineHost
    from tts_assets.settings import Settings

_LIBRARY = ("kokoro-onnx", "onnxruntime")

#: The voice that is taken where none is asked for: of the Japanese ones that trained on most hours.
_DEFAULT = "jf_alpha"

#: The first letter of a voice's name is its language, the second whether it is a woman's or a
#: man's; so says VOICES.md of huggingface.co/hexgrad/Kokoro-82M.
_LANGUAGES = {
    "a": "en-US",
    "b": "en-GB",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-BR",
    "z": "zh",
}
_WHO = {"f": "female", "m": "male"}

#: The Japanese voices of the published file, for as long as that is not there to be asked.
_PUBLISHED = (_DEFAULT, "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")

#: Voices made from recordings under CC BY 3.0 (VOICES.md; github.com/koniwa/koniwa), by the reading.
_RECORDINGS = {
    "jf_gongitsune": "Gon, the Little Fox",
    "jf_nezumi": "The Mouse's Marriage",
    "jf_tebukuro": "Buying Mittens",
    "jm_kumo": "The Spider's Thread",
}

#: The range that kokoro-onnx takes.
SPEEDS = (0.5, 2.0)

#: Inputs of the two kinds of published exports.
_INPUTS = (frozenset({"tokens", "style", "speed"}), frozenset({"input_ids", "style", "speed"}))


class Kokoro:
    """The provider; nothing native is loaded into this process.

    It has no pitch accent of its own that could be set: 橋 and 箸 sound alike.
    """

    name = "kokoro"
    #: Measured with the full-size model: a process with one worker, and what each more adds.
    base_mib = 720
    footprint_mib = 40
    accents = False

    def __init__(self, settings: Settings) -> None:
        """Find out which files are meant."""
        self._device = settings.device
        self._speed = settings.speed
        self._store = models.Store.of(settings.models)
        self._model = self._file(settings.kokoro.model)
        self._voices = self._file(settings.kokoro.voices)

    def problem(self) -> str | None:
        """None when library and files are there and of the right kind, else what to do."""
        steps = []
        if absent := missing((*_LIBRARY, *READING)):
            steps.append(f"{', '.join(absent)} not installed: pip install 'tts-assets[kokoro]'")
        if absent := [str(file) for file, _ in (self._model, self._voices) if not file.is_file()]:
            steps.append(f"{' and '.join(absent)} not there: tts-assets models fetch kokoro")
        if steps:
            return "; ".join(steps)
        try:
            _check_model(self._model[0])
            voice_names(self._voices[0])
        except UsageError as exc:
            return str(exc)
        low, high = SPEEDS
        if not low <= self._speed <= high:
            return f"it speaks at {low:g} to {high:g} times its pace: set a speed in there"
        return onnx.problem_with(self._device)

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Those of the voices file, the Japanese ones first.

        Raises:
            UsageError: it is not there, or not a file of voices.
        """
        path, published = self._voices
        names = _PUBLISHED if published and not path.is_file() else voice_names(path)
        return tuple(_voice(name) for name in sorted(names, key=_rank))

    def engine(self, voice: str) -> str:  # noqa: ARG002 - all voices are of one file
        """Library, model, voices and dictionary with their versions or hashes."""
        return self._engine

    @functools.cached_property
    def _engine(self) -> str:
        said = [parts(_LIBRARY), f"model={self._sum(*self._model)}"]
        said += [
            f"voices={self._sum(*self._voices)}",
            *(["noise=random"] if self._is_random else []),
        ]
        said += [] if self._device is Device.CPU else [f"device={self._device}"]
        return " ".join([*said, parts(READING)])

    def repeats(self, voice: str) -> bool:  # noqa: ARG002 - see engine
        """Not if the model draws random numbers, as the published ones do."""
        return not self._is_random

    @functools.cached_property
    def _is_random(self) -> bool:
        path, published = self._model
        try:
            return onnx.is_random(path)
        except UsageError:
            # What is published was exported with its noise.
            return published is not None

    def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[EngineHost]:
        """Start the engine's process with that many threads, which share the model."""
        return engine_host(
            "tts_assets.providers.kokoro_engine:Engine",
            threads=onnx.threads(workers),
            silence_seconds=silence(timeout_seconds),
            options={
                "model": str(self._model[0]),
                "voices": str(self._voices[0]),
                "device": self._device,
            },
            words=words,
        )

    def _file(self, name_or_path: str) -> tuple[Path, models.ModelFile | None]:
        """A file, and what is known of it if it is a published one."""
        if is_path(name_or_path):
            return Path(name_or_path).absolute(), None
        published = models.find(name_or_path).files[0]
        return self._store.path(published), published

    def _sum(self, path: Path, published: models.ModelFile | None) -> str:
        """The first 64 bits of a file's SHA-256, in hex."""
        if path.is_file():
            return models.sha256_of(path, self._store.folder)[:16]
        # A plan needs no model where everybody knows what its sum will be.
        return (published.sha256 or "")[:16] if published else "missing"


def _check_model(path: Path) -> None:
    found = onnx_file.graph(path)
    if not any(inputs <= set(found.inputs) for inputs in _INPUTS):
        raise UsageError(
            f"{path} is not a Kokoro model: its inputs are {', '.join(found.inputs)}, and would be "
            "tokens, style and speed; name another in [kokoro] model"
        )


def voice_names(path: Path) -> tuple[str, ...]:
    """The names in a voices file, which is a zip of arrays.

    Raises:
        UsageError: it is not there, cut short, of another kind, or empty.
    """
    try:
        with zipfile.ZipFile(path) as file:
            names = [name.removesuffix(".npy") for name in file.namelist() if name.endswith(".npy")]
    except (OSError, zipfile.BadZipFile) as exc:
        raise UsageError(
            f"{path} is not a whole file of Kokoro voices: tts-assets models fetch kokoro, or "
            "name another in [kokoro] voices"
        ) from exc
    if not names:
        raise UsageError(f"{path} has no voices in it: name another in [kokoro] voices")
    return tuple(names)


def _rank(name: str) -> tuple[bool, bool, str]:
    return (name != _DEFAULT, _language(name) != "ja", name)


def _language(name: str) -> str:
    return _LANGUAGES.get(name[:1], "und") if name[2:3] == "_" else "und"


def _voice(name: str) -> VoiceInfo:
    reading = _RECORDINGS.get(name)
    return VoiceInfo(
        name=name,
        language=_language(name),
        description=_WHO.get(name[1:2], "") if name[2:3] == "_" else "",
        credit=""
        if reading is None
        else f'Kokoro voice {name}, from "{reading}" as read by announcers of Television '
        "Nishinippon for Koniwa, CC BY 3.0",
    )
