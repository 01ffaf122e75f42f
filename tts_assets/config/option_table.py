"""All settings: key, field and parser; ``[[speaker]]`` tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tts_assets.config import option_values
from tts_assets.config.command_options import (
    MOST_SHARDS,
    SAMPLE,
    AccentScope,
    shard_of,
)
from tts_assets.config.dictionary_words import parse_dictionary_word, price_of
from tts_assets.config.option_values import TableKey, require_text
from tts_assets.config.settings import (
    AccentControl,
    Device,
    OnEngineChange,
    Only,
    OutputFormat,
    Progress,
    SpeakerSettings,
    Switch,
)
from tts_assets.config.source_table import parse_source
from tts_assets.model import Format

if TYPE_CHECKING:
    from collections.abc import Callable


_SPEAKER_KEYS = {
    "name": TableKey(lambda value: require_text(value).strip(), option_values.TEXT),
    "voice": TableKey(require_text, option_values.TEXT, None),
    "speed": TableKey(option_values.parse_speed, option_values.SPEED.schema, None),
}

SCHEMA = option_values.build_keys_schema(_SPEAKER_KEYS)  #: the schema of ``[[speaker]]``


def speaker_of(values: object, where: str) -> SpeakerSettings:
    """The speaker that a table describes; arguments as in `parse_table`."""
    return SpeakerSettings(**option_values.parse_table(values, where, _SPEAKER_KEYS))


#: All settings: key in the file, field, parser.
OPTIONS: dict[str, tuple[str, option_values.Parse]] = {
    "paths": ("paths", option_values.many_of(option_values.path)),
    "type": ("kinds", option_values.kinds),
    "provider": ("provider", option_values.text_value),
    "voice": ("voice", option_values.text_value),
    "speed": ("speed", option_values.SPEED),
    "concurrency": (
        "concurrency",
        option_values.word_or("auto", option_values.number(1, 256, whole=True)),
    ),
    "cluster": ("cluster", option_values.cluster_address),
    "timeout": ("timeout_seconds", option_values.number(0.1, 86_400)),
    "output": ("output", option_values.output_place),
    "state": ("state", option_values.path),
    "asset": ("asset", option_values.text_value),
    "url": ("url", option_values.text_value),
    "update-json": ("update_json", option_values.switch_value),
    "max-failures": ("max_failures", option_values.number(1, 10**9, whole=True)),
    "max-chars": ("max_chars", option_values.number(0, 10**9, whole=True)),
    "max-cost": ("max_cost", option_values.number(0, 10**9)),
    "max-clips": ("max_clips", option_values.number(0, 10**9, whole=True)),
    "max-duration": ("max_duration_seconds", option_values.duration),
    "on-engine-change": ("on_engine_change", option_values.choice_value(OnEngineChange)),
    "temp": ("temp", option_values.path),
    "overrides": ("overrides", option_values.path),
    "remakes": ("remakes", option_values.number(0, 10, whole=True)),
    "batch-mode": ("batch_mode", option_values.switch_value),
    "device": ("device", option_values.choice_value(Device)),
    "progress": ("progress", option_values.choice_value(Progress)),
    "output-format": ("output_format", option_values.choice_value(OutputFormat)),
    "sound.format": ("format", option_values.choice_value(Format)),
    "sound.rate": ("rate_hz", option_values.number(8_000, 48_000, whole=True)),
    "sound.lufs": ("lufs", option_values.number(-50, -5)),
    "sound.peak": ("peak_dbtp", option_values.number(-20, 0)),
    "sound.lead": ("lead_ms", option_values.number(0, 5_000, whole=True)),
    "sound.trail": ("trail_ms", option_values.number(0, 5_000, whole=True)),
    "sound.bitrate": ("bitrate_kbps", option_values.number(8, 320, whole=True)),
    "sound.vorbis-quality": ("vorbis_quality", option_values.number(0, 1)),
    "pauses.sentence": ("sentence_ms", option_values.number(0, 10_000, whole=True)),
    "pauses.clause": ("clause_ms", option_values.number(0, 10_000, whole=True)),
    "pauses.paragraph": ("paragraph_ms", option_values.number(0, 10_000, whole=True)),
    "pauses.turn": ("turn_ms", option_values.number(0, 10_000, whole=True)),
    "kokoro.model": ("model", option_values.path),
    "kokoro.voices": ("voices", option_values.path),
    "kokoro.accent": ("accent", option_values.choice_value(AccentControl)),
    "piper.voices": ("voices", option_values.path),
    "piper.accent": ("accent", option_values.choice_value(AccentControl)),
    "transcribe.recognizer": ("recognizer", option_values.text_value),
    "transcribe.model": ("model", option_values.path),
    "transcribe.language": ("language", option_values.text_value),
    "transcribe.concurrency": (
        "concurrency",
        option_values.word_or("auto", option_values.number(1, 256, whole=True)),
    ),
    "transcribe.parallel": ("parallel", option_values.switch_value),
    "transcribe.chunk-seconds": ("chunk_seconds", option_values.number(5, 600)),
    "transcribe.chunk-timeout": ("chunk_timeout_seconds", option_values.number(0.1, 86_400)),
    "transcribe.jobs": ("jobs", option_values.number(1, 64, whole=True)),
    "verify.sample": ("sample", option_values.word_or("none", SAMPLE)),
    "verify.seed": ("seed", option_values.number(0, 2**32 - 1, whole=True)),
    "verify.cer": ("cer", option_values.number(0, 1)),
    "verify.accents": ("accents", option_values.choice_value(AccentScope)),
    "models.folder": ("folder", option_values.path),
    "models.mirror": ("mirror", option_values.address),
    "models.offline": ("offline", option_values.switch_value),
    "remote.max-concurrent": ("max_concurrent", option_values.number(1, 256, whole=True)),
    "remote.rate-per-second": ("rate_per_second", option_values.number(0.01, 10_000)),
    "elevenlabs.base-url": ("base_url", option_values.address),
    "elevenlabs.model": ("model", option_values.text_value),
    "elevenlabs.voices": ("voices", option_values.many_of(option_values.text_value)),
    "elevenlabs.output-format": ("output_format", option_values.text_value),
    "elevenlabs.stability": ("stability", option_values.number(0, 1)),
    "elevenlabs.similarity-boost": ("similarity_boost", option_values.number(0, 1)),
    "elevenlabs.style": ("style", option_values.number(0, 1)),
    "elevenlabs.use-speaker-boost": ("use_speaker_boost", option_values.switch_value),
    "elevenlabs.seed": ("seed", option_values.number(0, 2**32 - 1, whole=True)),
    "elevenlabs.text-normalization": ("text_normalization", option_values.choice_value(Switch)),
    "elevenlabs.language-text-normalization": (
        "language_text_normalization",
        option_values.switch_value,
    ),
    "elevenlabs.check-ends": ("check_ends", option_values.switch_value),
    "elevenlabs.history": ("history", option_values.switch_value),
    "elevenlabs.timestamps": ("timestamps", option_values.choice_value(Switch)),
    "elevenlabs.accent": ("accent", option_values.choice_value(AccentControl)),
    "elevenlabs.api-key-file": ("api_key_file", option_values.path),
    "openai.base-url": ("base_url", option_values.address),
    "openai.model": ("model", option_values.text_value),
    "openai.voices": ("voices", option_values.many_of(option_values.text_value)),
    "openai.response-format": ("response_format", option_values.text_value),
    "openai.instructions": ("instructions", option_values.text_value),
    "openai.check-ends": ("check_ends", option_values.switch_value),
    "openai.accent": ("accent", option_values.choice_value(AccentControl)),
    "openai.api-key-file": ("api_key_file", option_values.path),
    "voicevox.base-url": ("base_url", option_values.address),
    "voicevox.voices": ("voices", option_values.many_of(option_values.text_value)),
    "bucket.endpoint": ("endpoint", option_values.address),
    "bucket.region": ("region", option_values.text_value),
    "bucket.profile": ("profile", option_values.text_value),
    "bucket.cache-control": ("cache_control", option_values.text_value),
}

#: Options of the command line only, as in ``OPTIONS``.
FLAGS: dict[str, tuple[str, option_values.Parse]] = {
    "only": (
        "only",
        option_values.allow_repeats(option_values.many_of(option_values.choice_value(Only))),
    ),
    "id": ("ids", option_values.text_values),
    # Names in git may contain any bytes.
    "since": ("since", option_values.path),
    "shard": (
        "shard",
        option_values.Parse(
            shard_of,
            {"type": "string", "pattern": "^[1-9][0-9]*/[1-9][0-9]*$"},
            (f"i/n, such as 2/4: shard i of n, with i from 1 to n and n at most {MOST_SHARDS:,}"),
        ),
    ),
}

#: Settings that are paths, relative to the file that contains them.
PATHS = (
    *("paths", "output", "state", "temp", "overrides", "piper.voices", "models.folder"),
    *("elevenlabs.api-key-file", "openai.api-key-file"),
)

#: Settings that are paths if they look like one, and otherwise the name of a model.
NAMES_OR_PATHS = ("kokoro.model", "kokoro.voices", "transcribe.model")

#: Arrays of tables: name, field, parser.
ROWS: tuple[tuple[str, str, Callable[[object, str], Any]], ...] = (
    ("source", "sources", parse_source),
    ("dictionary", "words", parse_dictionary_word),
    ("price", "prices", price_of),
    ("speaker", "speakers", speaker_of),
)
