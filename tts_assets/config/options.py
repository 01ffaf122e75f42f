"""Every setting by its key, and how what is written for it is understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tts_assets.config import values
from tts_assets.config.dictionary_words import parse_dictionary_word
from tts_assets.config.model import (
    Device,
    ElevenLabsSettings,
    KokoroSettings,
    ModelSettings,
    OnEngineChange,
    Only,
    OpenAISettings,
    OutputFormat,
    PiperSettings,
    Progress,
    RemoteSettings,
    Switch,
    VoicevoxSettings,
)
from tts_assets.config.prices import price_of
from tts_assets.config.shard import MOST, shard_of
from tts_assets.config.sources.table import source_of
from tts_assets.config.speakers import SPEED, speaker_of
from tts_assets.config.transcribe import TranscribeSettings
from tts_assets.config.verify import SAMPLE, VerifySettings
from tts_assets.model import Format, Pauses, Sound

if TYPE_CHECKING:
    from collections.abc import Callable


#: Every setting: its key in the file, the field it fills, and how its value is understood.
OPTIONS: dict[str, tuple[str, values.Parse]] = {
    "paths": ("paths", values.many_of(values.path)),
    "type": ("kinds", values.kinds),
    "provider": ("provider", values.text),
    "voice": ("voice", values.text),
    "speed": ("speed", SPEED),
    "concurrency": ("concurrency", values.word_or("auto", values.number(1, 256, whole=True))),
    "timeout": ("timeout_seconds", values.number(0.1, 86_400)),
    "output": ("output", values.path),
    "asset": ("asset", values.text),
    "url": ("url", values.text),
    "update-json": ("update_json", values.switch),
    "max-failures": ("max_failures", values.number(1, 10**9, whole=True)),
    "max-chars": ("max_chars", values.number(0, 10**9, whole=True)),
    "max-cost": ("max_cost", values.number(0, 10**9)),
    "max-clips": ("max_clips", values.number(0, 10**9, whole=True)),
    "max-duration": ("max_duration_seconds", values.duration),
    "on-engine-change": ("on_engine_change", values.one_of(OnEngineChange)),
    "temp": ("temp", values.path),
    "overrides": ("overrides", values.path),
    "remakes": ("remakes", values.number(0, 10, whole=True)),
    "batch-mode": ("batch_mode", values.switch),
    "device": ("device", values.one_of(Device)),
    "progress": ("progress", values.one_of(Progress)),
    "output-format": ("output_format", values.one_of(OutputFormat)),
    "sound.format": ("format", values.one_of(Format)),
    "sound.rate": ("rate_hz", values.number(8_000, 48_000, whole=True)),
    "sound.lufs": ("lufs", values.number(-50, -5)),
    "sound.peak": ("peak_dbtp", values.number(-20, 0)),
    "sound.lead": ("lead_ms", values.number(0, 5_000, whole=True)),
    "sound.trail": ("trail_ms", values.number(0, 5_000, whole=True)),
    "sound.bitrate": ("bitrate_kbps", values.number(8, 320, whole=True)),
    "sound.vorbis-quality": ("vorbis_quality", values.number(0, 1)),
    "pauses.sentence": ("sentence_ms", values.number(0, 10_000, whole=True)),
    "pauses.clause": ("clause_ms", values.number(0, 10_000, whole=True)),
    "pauses.paragraph": ("paragraph_ms", values.number(0, 10_000, whole=True)),
    "pauses.turn": ("turn_ms", values.number(0, 10_000, whole=True)),
    "kokoro.model": ("model", values.path),
    "kokoro.voices": ("voices", values.path),
    "piper.voices": ("voices", values.path),
    "transcribe.recognizer": ("recognizer", values.text),
    "transcribe.model": ("model", values.path),
    "transcribe.language": ("language", values.text),
    "transcribe.concurrency": (
        "concurrency",
        values.word_or("auto", values.number(1, 256, whole=True)),
    ),
    "transcribe.parallel": ("parallel", values.switch),
    "transcribe.chunk-seconds": ("chunk_seconds", values.number(5, 600)),
    "transcribe.chunk-timeout": ("chunk_timeout_seconds", values.number(0.1, 86_400)),
    "transcribe.jobs": ("jobs", values.number(1, 64, whole=True)),
    "verify.sample": ("sample", values.word_or("none", SAMPLE)),
    "verify.seed": ("seed", values.number(0, 2**32 - 1, whole=True)),
    "verify.cer": ("cer", values.number(0, 1)),
    "models.folder": ("folder", values.path),
    "models.mirror": ("mirror", values.address),
    "models.offline": ("offline", values.switch),
    "remote.max-concurrent": ("max_concurrent", values.number(1, 256, whole=True)),
    "remote.rate-per-second": ("rate_per_second", values.number(0.01, 10_000)),
    "elevenlabs.base-url": ("base_url", values.address),
    "elevenlabs.model": ("model", values.text),
    "elevenlabs.voices": ("voices", values.many_of(values.text)),
    "elevenlabs.output-format": ("output_format", values.text),
    "elevenlabs.stability": ("stability", values.number(0, 1)),
    "elevenlabs.similarity-boost": ("similarity_boost", values.number(0, 1)),
    "elevenlabs.style": ("style", values.number(0, 1)),
    "elevenlabs.use-speaker-boost": ("use_speaker_boost", values.switch),
    "elevenlabs.seed": ("seed", values.number(0, 2**32 - 1, whole=True)),
    "elevenlabs.text-normalization": ("text_normalization", values.one_of(Switch)),
    "elevenlabs.language-text-normalization": ("language_text_normalization", values.switch),
    "elevenlabs.check-ends": ("check_ends", values.switch),
    "elevenlabs.history": ("history", values.switch),
    "elevenlabs.timestamps": ("timestamps", values.one_of(Switch)),
    "elevenlabs.api-key-file": ("api_key_file", values.path),
    "openai.base-url": ("base_url", values.address),
    "openai.model": ("model", values.text),
    "openai.voices": ("voices", values.many_of(values.text)),
    "openai.response-format": ("response_format", values.text),
    "openai.instructions": ("instructions", values.text),
    "openai.check-ends": ("check_ends", values.switch),
    "openai.api-key-file": ("api_key_file", values.path),
    "voicevox.base-url": ("base_url", values.address),
    "voicevox.voices": ("voices", values.many_of(values.text)),
}


#: What is said for one run, and stands nowhere else: as in ``OPTIONS``.
FLAGS: dict[str, tuple[str, values.Parse]] = {
    "only": ("only", values.typed_again(values.many_of(values.one_of(Only)))),
    "id": ("ids", values.texts),
    # Names in git may have any bytes.
    "since": ("since", values.path),
    "shard": (
        "shard",
        values.Parse(
            shard_of,
            {"type": "string", "pattern": "^[1-9][0-9]*/[1-9][0-9]*$"},
            f"i/n, such as 2/4: which of how many shards, i from 1 to n, and n {MOST:,} at most",
        ),
    ),
}


#: Tables of a file, each with the type of the field that has its name.
TABLES: dict[str, type] = {
    "sound": Sound,
    "pauses": Pauses,
    "kokoro": KokoroSettings,
    "piper": PiperSettings,
    "models": ModelSettings,
    "transcribe": TranscribeSettings,
    "verify": VerifySettings,
    "remote": RemoteSettings,
    "elevenlabs": ElevenLabsSettings,
    "openai": OpenAISettings,
    "voicevox": VoicevoxSettings,
}


#: Settings that are paths, and seen from the file that they stand in.
PATHS = (
    *("paths", "output", "temp", "overrides", "piper.voices", "models.folder"),
    *("elevenlabs.api-key-file", "openai.api-key-file"),
)


#: Settings that are paths if they look like one, and else the name of a model.
NAMES_OR_PATHS = ("kokoro.model", "kokoro.voices", "transcribe.model")


#: Tables of which a file may have several: their name, and the field that they fill.
ROWS: tuple[tuple[str, str, Callable[[object, str], Any]], ...] = (
    ("source", "sources", source_of),
    ("dictionary", "words", parse_dictionary_word),
    ("price", "prices", price_of),
    ("speaker", "speakers", speaker_of),
)
