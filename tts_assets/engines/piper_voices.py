"""The Piper voices in a folder, by what their configurations say; no model is opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

from tts_assets.errors import UsageError
from tts_assets.regular_files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

_Count = Annotated[int, msgspec.Meta(ge=0)]


#: The most that a known voice has is 904 (en_US-libritts); a wrong number must not be counted up to.
_Speakers = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


#: What the ids of every text begin with, are parted by, and end with.
_FRAME = ("^", "_", "$")


#: Phonemes that Piper makes only with more than its own package has.
_NEEDS_MORE = {
    "pinyin": "Chinese phonemes, for which Piper needs g2pW",
    "hebrew": "Hebrew phonemes, for which Piper needs Nakdimon",
    "thai": "Thai phonemes, for which Piper needs TLTK",
}
_KINDS = ("espeak", "text", "japanese")


class _Audio(msgspec.Struct, frozen=True):
    # The rates of telephones and of studios; other numbers are mistakes, and would take all memory.
    sample_rate: Annotated[int, msgspec.Meta(ge=8_000, le=192_000)]
    quality: str | None = None


class _Espeak(msgspec.Struct, frozen=True):
    voice: str


class _VoiceLanguage(msgspec.Struct, frozen=True):
    code: str | None = None
    name_english: str | None = None


class _Inference(msgspec.Struct, frozen=True):
    noise_scale: float = 0.667
    # Wide bounds: a slower voice would take all memory, and a faster one have no sound.
    length_scale: Annotated[float, msgspec.Meta(ge=0.05, le=20)] = 1.0
    noise_w: float = 0.8


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """A voice's ``.onnx.json``, as far as it matters; defaults are those of Piper (config.py)."""

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
    """A model with its configuration.

    Args:
        model: the ``.onnx`` file.
        configuration: what stands in the file beside it.
    """

    model: Path
    configuration: Configuration

    @property
    def beside(self) -> Path:
        """The file of the configuration."""
        return _beside(self.model)

    @property
    def language(self) -> str:
        """What it speaks, as a BCP 47 tag."""
        if self.has_accents:
            return "ja-JP"
        said = self.configuration
        code = said.language and said.language.code
        return _tag(code or said.espeak.voice or self.model.name.partition("-")[0])

    @property
    def language_name(self) -> str:
        """The same in words, where they are known."""
        said = self.configuration.language
        return (said and said.name_english) or self.language

    @property
    def has_accents(self) -> bool:
        """Whether its phonemes tell where the pitch falls."""
        return self.configuration.phoneme_type == "japanese"

    @property
    def is_japanese(self) -> bool:
        """Whether it speaks Japanese."""
        return self.language.partition("-")[0] == "ja"

    @property
    def is_noisy(self) -> bool:
        """Whether it asks its model for chance in the sound or in the lengths."""
        scales = self.configuration.inference
        return scales.noise_scale != 0 or scales.noise_w != 0

    @property
    def speakers(self) -> dict[str, int]:
        """The ids of its speakers, by each of their names, or by number where they have none."""
        count = self.configuration.num_speakers
        if count <= 1:
            return {}
        given = (self.configuration.speaker_id_map or {}).items()
        names = {name: number for name, number in given if name.isprintable()}
        numbers = {str(number): number for number in set(range(count)).difference(names.values())}
        return dict(sorted((numbers | names).items(), key=lambda speaker: speaker[1]))


class Offered(NamedTuple):
    """A voice as it is chosen: a file, and the speaker in it; None where it has one only."""

    file: VoiceFile
    speaker: int | None


class VoiceDirectory(NamedTuple):
    """What a folder has.

    Args:
        offered: the voices by name, the Japanese ones first, and of these the ones that know accents.
        faults: what is wrong with those that cannot be used, by name.
    """

    offered: dict[str, Offered]
    faults: dict[str, str]

    def voice(self, name: str) -> Offered:
        """The voice of that name.

        Raises:
            UsageError: it is not there, or cannot be used.
        """
        if name in self.offered:
            return self.offered[name]
        fault = self.faults.get(name.partition("#")[0])
        raise UsageError(fault or f"there is no voice {name!r} any more: list them again")


def voices_in(folder: Path) -> VoiceDirectory:
    """The voices in a folder: every ``NAME.onnx`` with its ``NAME.onnx.json``.

    A voice of several speakers is there as ``NAME``, for the one it has by default, and once more
    as ``NAME#SPEAKER`` for each.
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
    offered: dict[str, Offered] = {}
    for name, file in sorted(files.items(), key=lambda item: _rank(item[1])):
        speakers = file.speakers
        offered[name] = Offered(file, file.configuration.default_speaker_id if speakers else None)
        for speaker, number in speakers.items():
            offered.setdefault(f"{name}#{speaker}", Offered(file, number))
    return VoiceDirectory(offered, faults)


def _rank(file: VoiceFile) -> int:
    if file.has_accents:
        return 0
    return 1 if file.is_japanese else 2


def _voice_file(model: Path) -> VoiceFile:
    """A voice, as its configuration says.

    Raises:
        UsageError: there is none, or it cannot be used.
    """
    if not model.stem.isprintable():
        raise UsageError(
            f"{model.parent} has a voice {model.stem!r}, whose name cannot be shown: "
            "rename both of its files"
        )
    path = _beside(model)
    try:
        configuration = _decoder.decode(read_regular(path))
    except OSError as exc:
        raise UsageError(
            f"the voice {model} needs its configuration {path.name} beside it, which cannot be "
            f"read ({exc.strerror}): fetch both again"
        ) from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise UsageError(
            f"{path} is no configuration of a Piper voice ({exc}): fetch it again"
        ) from exc
    if problem := _problem_with(configuration):
        raise UsageError(f"{path} {problem}")
    return VoiceFile(model=model, configuration=configuration)


def _problem_with(configuration: Configuration) -> str | None:
    """What keeps a configuration of the right shape from being used."""
    if needs := _NEEDS_MORE.get(configuration.phoneme_type):
        return f"is of a voice with {needs}: it cannot be used here, take another"
    if configuration.phoneme_type not in _KINDS:
        return (
            "is of another kind of Piper voice, with phonemes of the type "
            f"{configuration.phoneme_type!r}: it cannot be used here, take another"
        )
    ids = configuration.phoneme_id_map
    if absent := [sign for sign in _FRAME if not ids.get(sign)]:
        return f"has no ids for {' '.join(absent)} in its phoneme_id_map: fetch it again"
    named = (configuration.speaker_id_map or {}).values()
    speakers = max([*named, configuration.default_speaker_id])
    if speakers >= max(1, configuration.num_speakers):
        return (
            f"names a speaker {speakers}, but has only {configuration.num_speakers}, counted from 0: "
            "fetch it again"
        )
    return None


def _beside(model: Path) -> Path:
    return model.with_name(f"{model.name}.json")


def _tag(code: str) -> str:
    """A BCP 47 tag of a locale or an espeak voice: en_US and en-us are en-US, ja_JA is ja-JP."""
    language, *rest = re.split("[-_]", code)
    if rest and len(rest[0]) == 2:
        # Piper's first Japanese voice has the language where its name should have the country.
        rest[0] = "JP" if (language, rest[0]) == ("ja", "JA") else rest[0].upper()
    return "-".join([language.lower(), *rest])
