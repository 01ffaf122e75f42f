"""Piper: voices in separate files, synthesized by a GPL library that only this engine loads.

Most voices draw random numbers inside their models, scaled by the two noise scales of their
configurations. The published scales are used, as speech without noise sounds flat. Such a voice has
``noise=random`` in its engine version, because no two runs give the same audio. If both scales are 0, or
the model draws no random numbers, equal input gives equal bytes.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

from tts_assets.config.settings import AccentControl, Device
from tts_assets.engines import onnx_models
from tts_assets.engines.machine import (
    IMPOSED_MELODY,
    READING,
    find_missing_packages,
    format_versions,
)
from tts_assets.engines.models.model_cache import ModelCache, sha256_of
from tts_assets.engines.process.supervisor import engine_host, limit_silence
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.errors import UsageError, format_command
from tts_assets.regular_files import read_regular

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tts_assets.config.settings import Settings
    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.model import DictionaryWord

_Count = Annotated[int, msgspec.Meta(ge=0)]

#: At most 904 in known voices (en_US-libritts); the limit keeps a wrong number from filling the memory.
_Speakers = Annotated[int, msgspec.Meta(ge=0, le=10_000)]

_FRAME = ("^", "_", "$")  #: the symbols whose ids start, separate and end every text

#: Phoneme types for which Piper needs additional packages.
_NEEDS_MORE = {
    "pinyin": "Chinese phonemes, for which Piper needs g2pW",
    "hebrew": "Hebrew phonemes, for which Piper needs Nakdimon",
    "thai": "Thai phonemes, for which Piper needs TLTK",
}
_KINDS = ("espeak", "text", "japanese")


class _Audio(msgspec.Struct, frozen=True):
    # From telephone to studio quality; wrong values could use all memory.
    sample_rate: Annotated[int, msgspec.Meta(ge=8_000, le=192_000)]
    quality: str | None = None


class _Espeak(msgspec.Struct, frozen=True):
    voice: str


class _VoiceLanguage(msgspec.Struct, frozen=True):
    code: str | None = None
    name_english: str | None = None


class _Inference(msgspec.Struct, frozen=True):
    noise_scale: float = 0.667
    # Wide bounds: a slower voice would use all memory, and a faster one produce no audio.
    length_scale: Annotated[float, msgspec.Meta(ge=0.05, le=20)] = 1.0
    noise_w: float = 0.8


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a voice's ``.onnx.json`` in use; defaults are those of Piper (config.py)."""

    audio: _Audio
    espeak: _Espeak
    num_symbols: _Count
    num_speakers: _Speakers
    phoneme_id_map: dict[str, list[_Count]]
    phoneme_type: str = "espeak"
    speaker_id_map: dict[str, _Count] | None = None
    default_speaker_id: _Count = 0
    language: _VoiceLanguage | None = None
    inference: _Inference = _Inference()
    vowel_clusters: list[list[str]] = []


_decoder = msgspec.json.Decoder(Configuration)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFile:
    """A voice: the ``.onnx`` model and its configuration."""

    model: Path
    configuration: Configuration

    @property
    def configuration_path(self) -> Path:
        """The file of the configuration."""
        return _configuration_path(self.model)

    @property
    def language(self) -> str:
        """Its language, as a BCP 47 tag."""
        if self.has_accents:
            return "ja-JP"
        configured = self.configuration.language
        code = (configured and configured.code) or self.configuration.espeak.voice
        return _to_language_tag(code or self.model.name.partition("-")[0])

    @property
    def language_name(self) -> str:
        """The English name of its language, if known."""
        configured = self.configuration.language
        return (configured and configured.name_english) or self.language

    @property
    def has_accents(self) -> bool:
        """Whether its phonemes include pitch accents."""
        return self.configuration.phoneme_type == "japanese"

    @property
    def is_japanese(self) -> bool:
        """Whether it speaks Japanese."""
        return self.language.partition("-")[0] == "ja"

    @property
    def takes_imposed_accents(self) -> bool:
        """Whether it speaks Japanese, but its phonemes lack pitch accents."""
        return self.is_japanese and not self.has_accents

    @property
    def is_noisy(self) -> bool:
        """Whether its configuration enables noise in the audio or the durations."""
        scales = self.configuration.inference
        return scales.noise_scale != 0 or scales.noise_w != 0

    @property
    def speaker_ids(self) -> dict[str, int]:
        """The ids of its speakers, by name, or by number if they have no names."""
        count = self.configuration.num_speakers
        if count <= 1:
            return {}
        ids = (self.configuration.speaker_id_map or {}).items()
        names = {name: number for name, number in ids if name.isprintable()}
        numbers = {str(number): number for number in set(range(count)).difference(names.values())}
        return dict(sorted((numbers | names).items(), key=lambda speaker: speaker[1]))


class OfferedVoice(NamedTuple):
    """A selectable voice: a file, and its speaker; None if the file has only one."""

    file: VoiceFile
    speaker: int | None


class VoiceDirectory(NamedTuple):
    """The voices in a folder."""

    #: The usable voices by name: Japanese with accents, other Japanese, the rest.
    offered: dict[str, OfferedVoice]
    faults: dict[str, str]  #: the problems of the unusable voices, by name

    def find_voice(self, name: str) -> OfferedVoice:
        """Find a voice by name.

        Raises:
            UsageError: it is missing, or cannot be used.
        """
        if name in self.offered:
            return self.offered[name]
        fault = self.faults.get(name.partition("#")[0])
        raise UsageError(fault or f"there is no voice {name!r} anymore: list the voices again")


def voices_in(folder: Path) -> VoiceDirectory:
    """The voices in a folder: every ``NAME.onnx`` with its ``NAME.onnx.json``.

    A voice with several speakers is listed as ``NAME``, for the default speaker, and as
    ``NAME#SPEAKER`` for each.
    """
    files: dict[str, VoiceFile] = {}
    faults: dict[str, str] = {}
    for model in sorted(folder.glob("*.onnx")):
        try:
            if model.is_file():
                files[model.stem] = _voice_file(model)
        except UsageError as exc:
            faults[model.stem] = str(exc)
        except OSError as exc:
            faults[model.stem] = f"the voice {model} cannot be read: {exc.strerror}"
    offered: dict[str, OfferedVoice] = {}
    ranked = sorted(
        files.items(), key=lambda item: (not item[1].has_accents, not item[1].is_japanese)
    )
    for name, file in ranked:
        speakers = file.speaker_ids
        offered[name] = OfferedVoice(
            file, file.configuration.default_speaker_id if speakers else None
        )
        for speaker, number in speakers.items():
            offered.setdefault(f"{name}#{speaker}", OfferedVoice(file, number))
    return VoiceDirectory(offered, faults)


def _voice_file(model: Path) -> VoiceFile:
    """A voice with its configuration; UsageError if that is missing or unusable."""
    if not model.stem.isprintable():
        raise UsageError(
            f"{model.parent} has a voice {model.stem!r} with an unprintable name: rename "
            "both of its files"
        )
    path = _configuration_path(model)
    try:
        configuration = _decoder.decode(read_regular(path))
    except OSError as exc:
        raise UsageError(
            f"the voice {model} needs its configuration {path.name} in the same folder, "
            f"which cannot be read ({exc.strerror}): download both again"
        ) from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise UsageError(
            f"{path} is not the configuration of a Piper voice ({exc}): download it again"
        ) from exc
    if problem := _problem_with(configuration):
        raise UsageError(f"{path} {problem}")
    return VoiceFile(model=model, configuration=configuration)


def _problem_with(configuration: Configuration) -> str | None:
    """The reason why a valid configuration cannot be used."""
    if needs := _NEEDS_MORE.get(configuration.phoneme_type):
        return f"belongs to a voice with {needs}, which is not supported: use another voice"
    if configuration.phoneme_type not in _KINDS:
        return (
            "belongs to a Piper voice with phonemes of the type "
            f"{configuration.phoneme_type!r}, which is not supported: use another voice"
        )
    ids = configuration.phoneme_id_map
    if missing := [symbol for symbol in _FRAME if not ids.get(symbol)]:
        return f"has no ids for {' '.join(missing)} in its phoneme_id_map: download it again"
    named = (configuration.speaker_id_map or {}).values()
    speakers = max([*named, configuration.default_speaker_id])
    if speakers >= max(1, configuration.num_speakers):
        return (
            f"names a speaker {speakers}, but has only {configuration.num_speakers}, "
            "counted from 0: download it again"
        )
    return None


def _configuration_path(model: Path) -> Path:
    return model.with_name(f"{model.name}.json")


def _to_language_tag(code: str) -> str:
    """A locale or an espeak voice as a BCP 47 tag: en_US and en-us are en-US, ja_JA is ja-JP."""
    language, *rest = re.split("[-_]", code)
    if rest and len(rest[0]) == 2:
        # Piper's first Japanese voice repeats the language instead of the country.
        rest[0] = "JP" if (language, rest[0]) == ("ja", "JA") else rest[0].upper()
    return "-".join([language.lower(), *rest])


_PARTS = ("piper-tts", "onnxruntime")  #: espeak is inside the wheel of piper-tts


class Piper:
    """The provider; nothing native is loaded into this process."""

    name = "piper"
    # Peaks of the engine with a voice of the usual size (medium: 16.4 million random weights,
    # exported from the model code in piper-tts) over 60 words and 10 sentences of 4 s: 433 MiB with
    # one thread, 558 with two. Together with the process of the run, 493 to 556 MiB were seen with
    # one. There are never more threads than cores.
    # In a run over 8,000 words, mapped pages of UniDic add 200 MiB.
    base_mib = 620
    footprint_mib = 115

    def __init__(self, settings: Settings) -> None:
        """Read no files yet."""
        self._store = ModelCache.from_settings(settings.models)
        configured_folder = settings.piper.voices
        self._folder = (
            Path(configured_folder).expanduser()
            if configured_folder
            else self._store.piper_voices_folder()
        )
        self._is_folder_configured = configured_folder is not None
        self._voice_name = settings.voice
        self._device = settings.device
        self._accent = settings.piper.accent
        self._engines: dict[str, str] = {}

    def problem(self) -> str | None:
        """None if packages, device and voices are available; otherwise the problem and its remedy."""
        voices = self._problem_with_voices()
        if missing := find_missing_packages(_PARTS):
            install = (
                f"{', '.join(missing)} not installed: {format_command('setup', 'piper')} "
                "(piper-tts is under GPL-3.0-or-later)"
            )
            return install if voices is None else f"{install}; {voices}"
        return onnx_models.problem_with(self._device) or voices

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The usable voices in the folder, Japanese ones first."""
        return tuple(
            VoiceInfo(name=name, language=each.file.language, description=_describe_voice(each))
            for name, each in self._voice_directory.offered.items()
        )

    def engine(self, voice: str) -> str:
        """Library and runtime with their versions, the voice's hashes, and the dictionary.

        Raises:
            UsageError: the voice is missing, or its model is not an ONNX file.
        """
        if voice not in self._engines:
            self._engines[voice] = self._describe_engine(voice)
        return self._engines[voice]

    def accents(self, voice: str) -> bool:
        """Voices with Japanese phonemes do; for Japanese voices with espeak's, accents are imposed."""
        offered = self._voice_directory.offered.get(voice)
        return offered is not None and (
            offered.file.has_accents or self._imposes_accents(offered.file)
        )

    def _imposes_accents(self, file: VoiceFile) -> bool:
        return file.takes_imposed_accents and self._accent == AccentControl.IMPOSE

    def repeats(self, voice: str) -> bool:
        """False if its model draws random numbers and its configuration uses them; errors as ``engine``."""
        file = self._voice_directory.find_voice(voice).file
        return not (file.is_noisy and onnx_models.is_random(file.model))

    def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[EngineHost]:
        """Start the engine's process with one thread for each worker; they share a session per voice."""
        first = self._voice_name or next(iter(self._voice_directory.offered), "")
        return engine_host(
            "tts_assets.engines.piper_engine:PiperEngine",
            threads=onnx_models.count_threads(workers),
            silence_seconds=limit_silence(timeout_seconds),
            options={
                "voices": str(self._folder),
                "voice": first,
                "device": self._device,
                "accent": self._accent,
            },
            words=words,
        )

    @functools.cached_property
    def _voice_directory(self) -> VoiceDirectory:
        """The voices, read once: a run keeps the voices it started with."""
        return voices_in(self._folder)

    def _problem_with_voices(self) -> str | None:
        """The reason why the requested voice, or the first one, cannot be used."""
        offered, faults = self._voice_directory
        name = (self._voice_name or "").partition("#")[0]
        if name in faults or (faults and not offered):
            return faults.get(name) or next(iter(faults.values()))
        chosen = offered.get(self._voice_name or "") or next(iter(offered.values()), None)
        if chosen and (self._voice_name or chosen.file.is_japanese):
            try:
                onnx_models.is_random(chosen.file.model)
            except UsageError as exc:
                return str(exc)
            return None
        of_japanese = (fault for name, fault in faults.items() if name.startswith("ja"))
        return next(of_japanese, None) or self._describe_missing_voice(others=bool(offered))

    def _describe_missing_voice(self, *, others: bool) -> str:
        """The remedy if there is no Japanese voice, or none at all."""
        kind = "Japanese voice" if others else "voice"
        alternative = ", or choose another with --voice" if others else ""
        location = f"in {self._folder} " if self._is_folder_configured else ""
        return (
            f"there is no {kind} {location}yet: run tts-assets models fetch "
            "ja_JP-hi_fi_captain-medium, or set voices in [piper] to a folder that "
            f"contains NAME.onnx and NAME.onnx.json{alternative}"
        )

    def _describe_engine(self, voice: str) -> str:
        file = self._voice_directory.find_voice(voice).file
        try:
            hashes = [
                sha256_of(path, self._store.folder)
                for path in (file.model, file.configuration_path)
            ]
        except OSError as exc:
            raise UsageError(f"the voice {file.model} cannot be read: {exc.strerror}") from exc
        parts = [format_versions(_PARTS), "model={} config={}".format(*hashes)]
        if self._device != Device.CPU:
            parts.append(f"device={self._device}")
        if not self.repeats(voice):
            parts.append("noise=random")
        if self._imposes_accents(file):
            parts.append(IMPOSED_MELODY)
        if file.is_japanese:
            parts.append(format_versions(READING))
        return " ".join(parts)


def _describe_voice(offered: OfferedVoice) -> str:
    configuration = offered.file.configuration
    parts = [f"{configuration.audio.quality} quality"] if configuration.audio.quality else []
    if offered.speaker is not None:
        parts.append(f"speaker {offered.speaker + 1} of {configuration.num_speakers}")
    return ", ".join([*parts, f"{configuration.audio.sample_rate} Hz"])
