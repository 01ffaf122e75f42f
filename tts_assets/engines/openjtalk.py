"""OpenJTalk, the embedded default: its wheel contains dictionary and voice; no key, no download."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.engines.machine import READING, find_missing_packages, format_versions
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.errors import format_command

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tts_assets.config.settings import Settings
    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.model import DictionaryWord


#: The packages whose versions can change a reading, an accent or a sample.
_PARTS = (*READING, "onnxruntime")

#: The credit that the voice's licence requires (CC BY 3.0, htsvoice/LICENSE_mei_normal.htsvoice).
_CREDIT = 'HTS Voice "Mei" (c) 2009-2013 Nagoya Institute of Technology, CC BY 3.0'

#: The voices with descriptions and genders, the default one first.
_VOICES = (
    ("mei", "female, neutral (MMDAgent's Mei)", "female"),
    ("mei-low", "Mei's voice an octave lower, as a man's", "male"),
    ("mei-high", "Mei's voice 5 half tones higher, as a child's", "female"),
)


class OpenJTalk:
    """The provider; nothing native is loaded into this process."""

    name = "openjtalk"
    # In a run over 8,000 words, mapped pages of UniDic add 200 MiB.
    base_mib = 410
    footprint_mib = 60

    def __init__(self, settings: Settings) -> None:
        """Ignore the settings: there are none for it."""

    def problem(self) -> str | None:
        """None if the packages are installed; otherwise what to install."""
        if absent := find_missing_packages(_PARTS):
            return f"{', '.join(absent)} not installed: {format_command('setup', 'openjtalk')}"
        return None

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voice in the wheel, and the same at other pitches, for other speakers."""
        return tuple(
            VoiceInfo(name=name, language="ja", description=who, credit=_CREDIT, gender=gender)
            for name, who, gender in _VOICES
        )

    def engine(self, voice: str) -> str:  # noqa: ARG002 - all voices are of one engine
        """Library, dictionary and runtime with their versions."""
        return format_versions(_PARTS)

    def accents(self, voice: str) -> bool:  # noqa: ARG002 - see engine
        """Always."""
        return True

    def repeats(self, voice: str) -> bool:  # noqa: ARG002 - see engine
        """Always."""
        return True

    def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[EngineHost]:
        """Start the engine's process with one thread for each worker."""
        # Import it late: most commands start no engine.
        from tts_assets.engines.process.supervisor import engine_host, limit_silence  # noqa: PLC0415

        return engine_host(
            "tts_assets.engines.openjtalk_engine:OpenJTalkEngine",
            threads=workers,
            silence_seconds=limit_silence(timeout_seconds),
            words=words,
        )
