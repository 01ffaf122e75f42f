"""Every setting by its key, and how what is written for it is understood."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tts_assets import fragments
from tts_assets.domain import Format, Kind, Sound
from tts_assets.japanese.words import word_of
from tts_assets.mapping import source_of
from tts_assets.prices import price_of
from tts_assets.settings.model import (
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
from tts_assets.settings.shard import MOST, shard_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

    from tts_assets.fragments import Schema


class Parse:
    """Understands what is written for a setting.

    In a file a value has its own type; text that stands for a number or a switch is for the
    environment and the command line, and the schema has none of it.
    """

    def __init__(
        self, parse: Callable[[Any], Any], schema: Schema, words: str | None = None
    ) -> None:
        """Tell of a function what it accepts.

        Args:
            parse: raises ValueError, TypeError, KeyError, AttributeError or OverflowError for
                what it does not accept.
            schema: what it accepts in a file.
            words: the same, to complete a sentence; without them the function's docstring.
        """
        self._parse = parse
        self.schema = schema
        self.__doc__ = words or parse.__doc__

    def __call__(self, value: Any) -> Any:
        """The value that is meant."""
        return self._parse(value)


def _accepting(schema: Schema) -> Callable[[Callable[[Any], Any]], Parse]:
    return lambda parse: Parse(parse, schema)


def _number(low: float, high: float, *, whole: bool = False) -> Parse:
    def parse(value: Any) -> float:
        number = float(value) if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise TypeError
        if not math.isfinite(number) or not low <= number <= high or (whole and number % 1):
            raise ValueError
        return int(number) if whole else float(number)

    kind = "integer" if whole else "number"
    return Parse(
        parse,
        {"type": kind, "minimum": low, "maximum": high},
        f"a {'whole ' if whole else ''}number from {_written(low)} to {_written(high)}",
    )


def _written(number: float) -> str:
    return f"{number:,}".removesuffix(".0")


def _or(word: str, other: Parse) -> Parse:
    def parse(value: Any) -> Any:
        return None if value == word else other(value)

    either = {"anyOf": [{"const": word}, other.schema]}
    return Parse(parse, either, f"{word!r} or {other.__doc__}")


def _one_of(choices: type[StrEnum]) -> Parse:
    def parse(value: Any) -> StrEnum:
        return choices(value)

    return Parse(parse, fragments.one_of(choices), f"one of {', '.join(choices)}")


def _many_of(parse_one: Parse, item: str = r"[^,]*[^,\s][^,]*") -> Parse:
    """A list, or a text with commas between its items; ``item``: the pattern of one of them."""

    def parse(value: Any) -> tuple[Any, ...]:
        values = value.split(",") if isinstance(value, str) else value
        if not isinstance(values, list | tuple):
            raise TypeError
        return tuple(parse_one(one.strip() if isinstance(one, str) else one) for one in values)

    text = {"type": "string", "pattern": f"^{item}(,{item})*$"}
    either = {"anyOf": [text, fragments.many_of(parse_one.schema)]}
    return Parse(parse, either, f"a list, each {parse_one.__doc__}")


@_accepting(fragments.TEXT)
def _path(value: Any) -> str:
    """text that is not empty"""  # noqa: D403, D415 - it completes a sentence
    if not isinstance(value, str):
        raise TypeError
    if not value.strip():
        raise ValueError
    return value


@_accepting(fragments.TEXT)
def _text(value: Any) -> str:
    """text that is not empty"""  # noqa: D403, D415 - see _path
    # Names of files may have any bytes; what goes into files of ours and to services may not.
    _path(value).encode()
    return str(value)


@_accepting({"type": "string", "pattern": "^https?://"})
def _address(value: Any) -> str:
    """an address that begins with https:// or http://"""  # noqa: D403, D415 - see _path
    if not value.startswith(("https://", "http://")):
        raise ValueError
    return str(_text(value)).rstrip("/")


@_accepting(fragments.many_of(fragments.TEXT))
def _texts(value: Any) -> tuple[str, ...]:
    """texts that are not empty"""  # noqa: D403, D415 - see _path
    return tuple(_text(one) for one in value)


_SECONDS = {"s": 1, "m": 60, "h": 3600}
_MOST_SECONDS = 10**8
_AS_SECONDS = _number(0, _MOST_SECONDS)


def _up_to(most: int) -> str:
    """The pattern of the whole numbers up to one."""
    digits = str(most)
    shorter = rf"\d{{1,{len(digits) - 1}}}"
    less = [
        rf"{digits[:at]}[0-{int(digit) - 1}]\d{{{len(digits) - at - 1}}}"
        for at, digit in enumerate(digits)
        if digit != "0"
    ]
    return f"0*({'|'.join([shorter, *less, digits])})"


def _durations() -> str:
    """The pattern of a length of time with its unit, which may be left out for seconds."""
    ways = []
    for unit, seconds in _SECONDS.items():
        most = _MOST_SECONDS // seconds
        optional = "?" if seconds == 1 else ""
        ways.append(rf"({_up_to(most - 1)}(\.\d+)?|0*{most}){unit}{optional}")
    return f"^({'|'.join(ways)})$"


@_accepting({"anyOf": [_AS_SECONDS.schema, {"type": "string", "pattern": _durations()}]})
def _duration(value: Any) -> float:
    """seconds, such as 90, or a number with its unit: 90s, 30m, 2h"""  # noqa: D415 - see _path
    if isinstance(value, str) and value[-1:] in _SECONDS:
        return float(_AS_SECONDS(_AS_SECONDS(value[:-1]) * _SECONDS[value[-1]]))
    return float(_AS_SECONDS(value))


@_accepting(fragments.SWITCH)
def _switch(value: Any) -> bool:
    """true or false"""  # noqa: D403, D415 - see _path
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return value if isinstance(value, bool) else words[value.lower()]


def _parsed_kinds(value: Any) -> tuple[Kind, ...]:
    values = _many_of(_text)(value)
    return () if "all" in values else tuple(Kind(one) for one in values)


_KINDS = ("all", *Kind)
_kinds = Parse(
    _parsed_kinds,
    _many_of(Parse(str, fragments.one_of(_KINDS)), rf"\s*({'|'.join(_KINDS)})\s*").schema,
    f"all, or some of {', '.join(Kind)}",
)


def _flags_of(parse: Parse) -> Parse:
    """What may be typed again and again, and each time with commas."""

    def parse_all(values: Any) -> Any:
        return parse([one for each in values for one in each.split(",")])

    return Parse(parse_all, parse.schema, parse.__doc__)


#: Every setting: its key in the file, the field it fills, and how its value is understood.
OPTIONS: dict[str, tuple[str, Parse]] = {
    "paths": ("paths", _many_of(_path)),
    "type": ("kinds", _kinds),
    "provider": ("provider", _text),
    "voice": ("voice", _text),
    "speed": ("speed", _number(0.25, 4.0)),
    "concurrency": ("concurrency", _or("auto", _number(1, 256, whole=True))),
    "timeout": ("timeout_seconds", _number(0.1, 86_400)),
    "output": ("output", _path),
    "asset": ("asset", _text),
    "url": ("url", _text),
    "update-json": ("update_json", _switch),
    "max-failures": ("max_failures", _number(1, 10**9, whole=True)),
    "max-chars": ("max_chars", _number(0, 10**9, whole=True)),
    "max-cost": ("max_cost", _number(0, 10**9)),
    "max-clips": ("max_clips", _number(0, 10**9, whole=True)),
    "max-duration": ("max_duration_seconds", _duration),
    "on-engine-change": ("on_engine_change", _one_of(OnEngineChange)),
    "batch-mode": ("batch_mode", _switch),
    "device": ("device", _one_of(Device)),
    "progress": ("progress", _one_of(Progress)),
    "output-format": ("output_format", _one_of(OutputFormat)),
    "sound.format": ("format", _one_of(Format)),
    "sound.rate": ("rate_hz", _number(8_000, 48_000, whole=True)),
    "sound.lufs": ("lufs", _number(-50, -5)),
    "sound.peak": ("peak_dbtp", _number(-20, 0)),
    "sound.lead": ("lead_ms", _number(0, 5_000, whole=True)),
    "sound.trail": ("trail_ms", _number(0, 5_000, whole=True)),
    "sound.bitrate": ("bitrate_kbps", _number(8, 320, whole=True)),
    "sound.vorbis-quality": ("vorbis_quality", _number(0, 1)),
    "kokoro.model": ("model", _path),
    "kokoro.voices": ("voices", _path),
    "piper.voices": ("voices", _path),
    "models.folder": ("folder", _path),
    "models.mirror": ("mirror", _address),
    "models.offline": ("offline", _switch),
    "remote.max-concurrent": ("max_concurrent", _number(1, 256, whole=True)),
    "remote.rate-per-second": ("rate_per_second", _number(0.01, 10_000)),
    "elevenlabs.base-url": ("base_url", _address),
    "elevenlabs.model": ("model", _text),
    "elevenlabs.voices": ("voices", _many_of(_text)),
    "elevenlabs.output-format": ("output_format", _text),
    "elevenlabs.stability": ("stability", _number(0, 1)),
    "elevenlabs.similarity-boost": ("similarity_boost", _number(0, 1)),
    "elevenlabs.style": ("style", _number(0, 1)),
    "elevenlabs.use-speaker-boost": ("use_speaker_boost", _switch),
    "elevenlabs.seed": ("seed", _number(0, 2**32 - 1, whole=True)),
    "elevenlabs.text-normalization": ("text_normalization", _one_of(Switch)),
    "elevenlabs.language-text-normalization": ("language_text_normalization", _switch),
    "elevenlabs.check-ends": ("check_ends", _switch),
    "elevenlabs.api-key-file": ("api_key_file", _path),
    "openai.base-url": ("base_url", _address),
    "openai.model": ("model", _text),
    "openai.voices": ("voices", _many_of(_text)),
    "openai.response-format": ("response_format", _text),
    "openai.instructions": ("instructions", _text),
    "openai.api-key-file": ("api_key_file", _path),
    "voicevox.base-url": ("base_url", _address),
    "voicevox.voices": ("voices", _many_of(_text)),
}

#: What is said for one run, and stands nowhere else: as in ``OPTIONS``.
FLAGS: dict[str, tuple[str, Parse]] = {
    "only": ("only", _flags_of(_many_of(_one_of(Only)))),
    "id": ("ids", _texts),
    # Names in git may have any bytes.
    "since": ("since", _path),
    "shard": (
        "shard",
        Parse(
            shard_of,
            {"type": "string", "pattern": "^[1-9][0-9]*/[1-9][0-9]*$"},
            f"i/n, such as 2/4: which of how many shards, i from 1 to n, and n {MOST:,} at most",
        ),
    ),
}

#: Tables of a file, each with the type of the field that has its name.
TABLES: dict[str, type] = {
    "sound": Sound,
    "kokoro": KokoroSettings,
    "piper": PiperSettings,
    "models": ModelSettings,
    "remote": RemoteSettings,
    "elevenlabs": ElevenLabsSettings,
    "openai": OpenAISettings,
    "voicevox": VoicevoxSettings,
}

#: Settings that are paths, and seen from the file that they stand in.
PATHS = (
    *("paths", "output", "piper.voices", "models.folder"),
    *("elevenlabs.api-key-file", "openai.api-key-file"),
)

#: Settings that are paths if they look like one, and else the name of a model.
NAMES_OR_PATHS = ("kokoro.model", "kokoro.voices")

#: Tables of which a file may have several: their name, and the field that they fill.
ROWS: tuple[tuple[str, str, Callable[[object, str], Any]], ...] = (
    ("source", "sources", source_of),
    ("dictionary", "words", word_of),
    ("price", "prices", price_of),
)
