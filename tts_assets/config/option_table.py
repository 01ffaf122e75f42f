"""All settings: key, field and parser; ``[[speaker]]`` and ``[[dictionary]]`` tables."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from tts_assets.config import option_values
from tts_assets.config.command_options import (
    MOST_SHARDS,
    SAMPLE,
    AccentScope,
    shard_of,
)
from tts_assets.config.option_values import TableKey, parse_table, require_one_of, require_text
from tts_assets.config.prices import parse_price
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
from tts_assets.errors import UsageError, format_count, show_value
from tts_assets.model import (
    DictionaryWord,
    Format,
    WordKind,
    is_katakana,
    kana_to_katakana,
    split_morae,
)

if TYPE_CHECKING:
    from collections.abc import Callable


_SPEAKER_KEYS = {
    "name": TableKey(lambda value: require_text(value).strip(), option_values.TEXT),
    "voice": TableKey(require_text, option_values.TEXT, None),
    "speed": TableKey(option_values.parse_speed, option_values.SPEED.schema, None),
}

SPEAKER_SCHEMA = option_values.build_keys_schema(_SPEAKER_KEYS)  #: the schema of ``[[speaker]]``


def parse_speaker(values: object, where: str) -> SpeakerSettings:
    """The speaker that a table describes; arguments as in `parse_table`."""
    return SpeakerSettings(**parse_table(values, where, _SPEAKER_KEYS))


#: Kana, and their compatibility forms, which normalisation composes.
_KANA = "ぁ-ゖゟァ-ヺーヿ\u3099\u309a\u32d0-\u32fe\u3300-\u3357\uff66-\uff9f"


def parse_dictionary_word(values: object, where: str) -> DictionaryWord:
    """The word that a table describes; arguments as in `parse_table`."""
    word = DictionaryWord(**parse_table(values, where, _DICTIONARY_KEYS))
    count = len(split_morae(word.reading))
    if word.accent is not None and word.accent > count:
        raise UsageError(
            f"{where}: accent = {show_value(word.accent)}: {word.reading} has only "
            f"{format_count(count, 'mora', 'morae')}; give the mora after which the pitch falls, or 0"
        )
    return word


def _parse_surface(value: Any) -> str:
    surface = unicodedata.normalize("NFC", require_text(value)).strip()
    if any(unicodedata.category(character)[0] in "CZ" for character in surface):
        raise ValueError("it must be one word without spaces or control characters")
    return surface


def _parse_word_reading(value: Any) -> str:
    reading = kana_to_katakana(require_text(value).strip())
    if not is_katakana(reading):
        raise ValueError("it must be kana")
    return reading


def _parse_word_accent(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("it must be a whole number: the mora after which the pitch falls, or 0")
    return value


_DICTIONARY_KEYS = {
    "surface": TableKey(_parse_surface, {"type": "string", "pattern": r"^\s*\S+\s*$"}),
    "reading": TableKey(_parse_word_reading, {"type": "string", "pattern": rf"^\s*[{_KANA}]+\s*$"}),
    "accent": TableKey(_parse_word_accent, {"type": "integer", "minimum": 0}, None),
    "kind": TableKey(
        require_one_of(WordKind), option_values.build_enum_schema(WordKind), WordKind.NOUN
    ),
}

#: The schema of ``[[dictionary]]``; the parser checks the rest.
DICTIONARY_SCHEMA = option_values.build_keys_schema(_DICTIONARY_KEYS)


#: The parser of each key in the file, and its field where that has another name.
_OPTIONS: dict[str, option_values.Parse | tuple[str, option_values.Parse]] = {
    "paths": option_values.paths,
    "type": ("kinds", option_values.kinds),
    "provider": option_values.text_value,
    "voice": option_values.text_value,
    "speed": option_values.SPEED,
    "concurrency": option_values.word_or("auto", option_values.number(1, 256, whole=True)),
    "cluster": option_values.cluster_address,
    "timeout": ("timeout_seconds", option_values.number(0.1, 86_400)),
    "output": option_values.output_place,
    "state": option_values.path,
    "asset": option_values.text_value,
    "url": option_values.text_value,
    "update-json": option_values.switch_value,
    "max-failures": option_values.number(1, 10**9, whole=True),
    "max-chars": option_values.number(0, 10**9, whole=True),
    "max-cost": option_values.number(0, 10**9),
    "max-clips": option_values.number(0, 10**9, whole=True),
    "max-duration": ("max_duration_seconds", option_values.duration),
    "on-engine-change": option_values.choice_value(OnEngineChange),
    "temp": option_values.path,
    "overrides": option_values.path,
    "remakes": option_values.number(0, 10, whole=True),
    "batch-mode": option_values.switch_value,
    "device": option_values.choice_value(Device),
    "progress": option_values.choice_value(Progress),
    "output-format": option_values.choice_value(OutputFormat),
    "sound.format": option_values.choice_value(Format),
    "sound.rate": ("rate_hz", option_values.number(8_000, 48_000, whole=True)),
    "sound.lufs": option_values.number(-50, -5),
    "sound.peak": ("peak_dbtp", option_values.number(-20, 0)),
    "sound.lead": ("lead_ms", option_values.number(0, 5_000, whole=True)),
    "sound.trail": ("trail_ms", option_values.number(0, 5_000, whole=True)),
    "sound.bitrate": ("bitrate_kbps", option_values.number(8, 320, whole=True)),
    "sound.vorbis-quality": option_values.number(0, 1),
    "pauses.sentence": ("sentence_ms", option_values.number(0, 10_000, whole=True)),
    "pauses.clause": ("clause_ms", option_values.number(0, 10_000, whole=True)),
    "pauses.paragraph": ("paragraph_ms", option_values.number(0, 10_000, whole=True)),
    "pauses.turn": ("turn_ms", option_values.number(0, 10_000, whole=True)),
    "kokoro.model": option_values.name_or_path,
    "kokoro.voices": option_values.name_or_path,
    "kokoro.accent": option_values.choice_value(AccentControl),
    "piper.voices": option_values.path,
    "piper.accent": option_values.choice_value(AccentControl),
    "transcribe.recognizer": option_values.text_value,
    "transcribe.model": option_values.name_or_path,
    "transcribe.language": option_values.text_value,
    "transcribe.concurrency": option_values.word_or(
        "auto", option_values.number(1, 256, whole=True)
    ),
    "transcribe.parallel": option_values.switch_value,
    "transcribe.chunk-seconds": option_values.number(5, 600),
    "transcribe.chunk-timeout": ("chunk_timeout_seconds", option_values.number(0.1, 86_400)),
    "transcribe.jobs": option_values.number(1, 64, whole=True),
    "verify.sample": option_values.word_or("none", SAMPLE),
    "verify.seed": option_values.number(0, 2**32 - 1, whole=True),
    "verify.cer": option_values.number(0, 1),
    "verify.accents": option_values.choice_value(AccentScope),
    "models.folder": option_values.path,
    "models.mirror": option_values.address,
    "models.offline": option_values.switch_value,
    "remote.max-concurrent": option_values.number(1, 256, whole=True),
    "remote.rate-per-second": option_values.number(0.01, 10_000),
    "elevenlabs.base-url": option_values.address,
    "elevenlabs.model": option_values.text_value,
    "elevenlabs.voices": option_values.many_of(option_values.text_value),
    "elevenlabs.output-format": option_values.text_value,
    "elevenlabs.stability": option_values.number(0, 1),
    "elevenlabs.similarity-boost": option_values.number(0, 1),
    "elevenlabs.style": option_values.number(0, 1),
    "elevenlabs.use-speaker-boost": option_values.switch_value,
    "elevenlabs.seed": option_values.number(0, 2**32 - 1, whole=True),
    "elevenlabs.text-normalization": option_values.choice_value(Switch),
    "elevenlabs.language-text-normalization": option_values.switch_value,
    "elevenlabs.check-ends": option_values.switch_value,
    "elevenlabs.history": option_values.switch_value,
    "elevenlabs.timestamps": option_values.choice_value(Switch),
    "elevenlabs.accent": option_values.choice_value(AccentControl),
    "elevenlabs.api-key-file": option_values.path,
    "openai.base-url": option_values.address,
    "openai.model": option_values.text_value,
    "openai.voices": option_values.many_of(option_values.text_value),
    "openai.response-format": option_values.text_value,
    "openai.instructions": option_values.text_value,
    "openai.check-ends": option_values.switch_value,
    "openai.accent": option_values.choice_value(AccentControl),
    "openai.api-key-file": option_values.path,
    "voicevox.base-url": option_values.address,
    "voicevox.voices": option_values.many_of(option_values.text_value),
    "bucket.endpoint": option_values.address,
    "bucket.region": option_values.text_value,
    "bucket.profile": option_values.text_value,
    "bucket.cache-control": option_values.text_value,
}

#: All settings: key in the file, field, parser.
OPTIONS: dict[str, tuple[str, option_values.Parse]] = {
    key: given if isinstance(given, tuple) else (key.rpartition(".")[2].replace("-", "_"), given)
    for key, given in _OPTIONS.items()
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
            f"i/n, such as 2/4: shard i of n, with i from 1 to n and n at most {MOST_SHARDS:,}",
        ),
    ),
}

#: Settings that are paths, relative to the file that contains them.
PATHS = [key for key, (_, parse) in OPTIONS.items() if parse in option_values.PATH_PARSERS]

#: Settings that are paths if they look like one, and otherwise the name of a model.
NAMES_OR_PATHS = [key for key, (_, parse) in OPTIONS.items() if parse is option_values.name_or_path]

#: Arrays of tables: name, field, parser.
ROWS: tuple[tuple[str, str, Callable[[object, str], Any]], ...] = (
    ("source", "sources", parse_source),
    ("dictionary", "words", parse_dictionary_word),
    ("price", "prices", parse_price),
    ("speaker", "speakers", parse_speaker),
)
