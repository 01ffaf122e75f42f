"""Parsers of configuration values, with their JSON Schemas and errors that name the key."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar
from urllib.parse import urlsplit

from tts_assets.errors import UsageError, show_value, suggest, suggest_names
from tts_assets.model import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from enum import StrEnum

Schema: TypeAlias = "dict[str, Any]"

TEXT: Schema = {"type": "string", "pattern": r"\S"}  #: text that is not empty
#: The same without NUL, which no path and no request may contain.
_TEXT_WITHOUT_NUL: Schema = {"type": "string", "pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}
BUCKET_SCHEMES = ("s3://", "gs://", "az://")  #: the URL schemes of buckets

STRING: Schema = {"type": "string"}  #: any text

#: One text, or a list of them.
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}

SWITCH: Schema = {"type": "boolean"}  #: true or false


def build_enum_schema(choices: Iterable[str]) -> Schema:
    """One of the values of an enumeration."""
    return {"enum": [str(choice) for choice in choices]}


def build_array_schema(item: Schema) -> Schema:
    """A list, which may be empty."""
    return {"type": "array", "items": item}


def build_table_schema(
    keys: Mapping[str, Schema], *, required: Iterable[str] = (), **more: Any
) -> Schema:
    """A table with the schema of each key; ``more``: other keywords of the schema."""
    required_keys = list(required)
    return {
        "type": "object",
        "properties": dict(keys),
        **({"required": required_keys} if required_keys else {}),
        "additionalProperties": False,
        **more,
    }


E = TypeVar("E", bound="StrEnum")


class TableKey(NamedTuple):
    """A key of a table in the configuration."""

    parse: Callable[[Any], Any]  #: raises ValueError, TypeError or OverflowError for invalid values
    schema: Schema  #: the valid values
    default: Any = ...  #: its value if it is absent; ``...`` if it is required


def build_keys_schema(keys: Mapping[str, TableKey], **more: Any) -> Schema:
    """A table with these keys; ``more``: other keywords of the schema."""
    required = [name for name, key in keys.items() if key.default is ...]
    return build_table_schema(
        {name: key.schema for name, key in keys.items()}, required=required, **more
    )


def parse_table(
    values: object, where: str, keys: Mapping[str, TableKey], **parsers: Callable[[Any], Any]
) -> dict[str, Any]:
    """The values of a table, by its keys with ``_`` for ``-``.

    Args:
        values: the table, as TOML gives it.
        where: its name in messages, such as ``tts-assets.toml: speaker 2``.
        keys: its keys.
        parsers: other parsers of some keys.

    Raises:
        UsageError: it is not a table, a key is unknown or missing, or a value is wrong.
    """
    if not isinstance(values, dict):
        raise UsageError(f"{where} is {show_value(values)}, but must be a table")
    found = {}
    for name, key in keys.items():
        field = name.replace("-", "_")
        if name in values:
            try:
                found[field] = parsers.get(name, key.parse)(values[name])
            except (ValueError, TypeError, OverflowError, RecursionError, re.error) as exc:
                raise UsageError(f"{where}: {name} = {show_value(values[name])}: {exc}") from exc
        elif key.default is ...:
            raise UsageError(f"{where}: {name} is missing")
        else:
            found[field] = key.default
    for name in values:
        if name not in keys:
            hint = suggest_names(name, keys)
            raise UsageError(f"{where}: there is no key {show_value(name)}; {hint}")
    return found


def require_texts(value: Any) -> tuple[str, ...]:
    """One text, or a list of them."""
    values = value if isinstance(value, list) else [value]
    if not values:
        raise ValueError("it must not be empty")
    return tuple(map(require_text, values))


def require_text(value: Any) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise TypeError("it must be text that is not empty")
    return value


def string(value: Any) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise TypeError("it must be text")
    return value


def require_switch(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError("it must be true or false")
    return value


def require_one_of(choices: type[E]) -> Callable[[Any], E]:
    """One of the values of an enumeration."""

    def parse(value: Any) -> E:
        if value not in list(choices):
            hint = suggest(str(value), choices)
            raise ValueError(f"it must be one of {', '.join(choices)}{hint}")
        return choices(value)

    return parse


class Parse:
    """The parser of a setting.

    In a file, a value has its own type. Text for a number or a switch is accepted for the
    environment and the command line; the schema does not include it.
    """

    def __init__(
        self, parse: Callable[[Any], Any], schema: Schema, words: str | None = None
    ) -> None:
        """Describe a function that parses values.

        Args:
            parse: raises ValueError, TypeError, KeyError, AttributeError or OverflowError for
                invalid values.
            schema: the valid values in a file.
            words: the same in words that complete a sentence; None for the function's docstring.
        """
        self._parse = parse
        self.schema = schema
        self.__doc__ = words or parse.__doc__

    def __call__(self, value: Any) -> Any:
        """Parse a value."""
        return self._parse(value)


def _with_schema(schema: Schema) -> Callable[[Callable[[Any], Any]], Parse]:
    return lambda parse: Parse(parse, schema)


def number(low: float, high: float, *, whole: bool = False) -> Parse:
    """A number within bounds, which are included."""

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
        f"a {'whole ' if whole else ''}number from {_format_number(low)} to {_format_number(high)}",
    )


def _format_number(number: float) -> str:
    return f"{number:,}".removesuffix(".0")


SPEED = number(0.25, 4.0)  #: the parser of ``speed``


def parse_speed(value: Any) -> float:
    """Parse the speed in a table of the configuration."""
    try:
        # Only the command line and the environment write numbers as text.
        return float(SPEED(None if isinstance(value, str) else value))
    except (TypeError, ValueError, OverflowError) as exc:
        raise ValueError(f"it must be {SPEED.__doc__}") from exc


def word_or(word: str, other: Parse) -> Parse:
    """A word that stands for None, or another value."""

    def parse(value: Any) -> Any:
        return None if value == word else other(value)

    either = {"anyOf": [{"const": word}, other.schema]}
    return Parse(parse, either, f"{word!r} or {other.__doc__}")


def choice_value(choices: type[StrEnum]) -> Parse:
    """One of the values of an enumeration."""

    def parse(value: Any) -> StrEnum:
        return choices(value)

    return Parse(parse, build_enum_schema(choices), f"one of {', '.join(choices)}")


def many_of(parse_one: Parse, item: str = r"[^,]*[^,\s][^,]*") -> Parse:
    """A list, or a text with commas between its items; ``item`` is the pattern of one item."""

    def parse(value: Any) -> tuple[Any, ...]:
        values = value.split(",") if isinstance(value, str) else value
        if not isinstance(values, list | tuple):
            raise TypeError
        return tuple(parse_one(one.strip() if isinstance(one, str) else one) for one in values)

    text = {"type": "string", "pattern": f"^{item}(,{item})*$"}
    either = {"anyOf": [text, build_array_schema(parse_one.schema)]}
    return Parse(parse, either, f"a list, each {parse_one.__doc__}")


@_with_schema(_TEXT_WITHOUT_NUL)
def path(value: Any) -> str:
    """text that is not empty"""  # noqa: D403, D415 - it completes a sentence
    if not isinstance(value, str):
        raise TypeError
    # No system allows a NUL in a path.
    if not value.strip() or "\0" in value:
        raise ValueError
    return value


paths = many_of(path)  #: a list of paths

#: A path if it looks like one, and otherwise the name of a model.
name_or_path = Parse(path, path.schema, path.__doc__)


#: A bucket or an account without a user, a port or a query, and a prefix without control characters and empty parts.
_BUCKET_URL = re.compile(
    r"(s3|gs|az)://[A-Za-z0-9][A-Za-z0-9._-]{1,254}(/(?!\.{1,2}(/|$))[^/\x00-\x20\x7f?#\\]+)*/*"
)
_FOLDER_URL = re.compile(r"file://(localhost)?/(?![^?#]*%00)[^\x00]*")
_PLACE_PATTERN = (
    rf"^({_BUCKET_URL.pattern}|{_FOLDER_URL.pattern}|(?![\s\S]*://)[^\x00]*[^\s\x00][^\x00]*)$"
)


@_with_schema({"type": "string", "pattern": _PLACE_PATTERN})
def output_place(value: Any) -> str:
    """a folder, or a bucket such as s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://ACCOUNT/CONTAINER"""  # noqa: D403, D415 - see path
    place = str(path(value))
    if "://" not in place:
        return place
    if _FOLDER_URL.fullmatch(place):
        from urllib.request import url2pathname  # noqa: PLC0415 - loads HTTP and TLS

        return url2pathname(urlsplit(place).path)
    if not _BUCKET_URL.fullmatch(place):
        raise ValueError
    return place.rstrip("/")


#: The parsers of paths.
PATH_PARSERS = (path, paths, output_place)


@_with_schema(_TEXT_WITHOUT_NUL)
def text_value(value: Any) -> str:
    """text that is not empty"""  # noqa: D403, D415 - see path
    # File names may contain any bytes, but text sent to services or written to files must be UTF-8.
    path(value).encode()
    return str(value)


@_with_schema({"type": "string", "pattern": r"^https?://[^\x00]*$"})
def address(value: Any) -> str:
    """an address that begins with https:// or http://"""  # noqa: D403, D415 - see path
    if not value.startswith(("https://", "http://")):
        raise ValueError
    return str(text_value(value)).rstrip("/")


_CLUSTER = re.compile(
    r"local:[1-9][0-9]{0,2}|(tcp|tls|ws|wss)://[^\s/:]+:[0-9]{1,5}|(tcp|tls)://\[[0-9a-fA-F:]+\]:[0-9]{1,5}"
)


@_with_schema({"type": "string", "pattern": f"^({_CLUSTER.pattern})$"})
def cluster_address(value: Any) -> str:
    """the address of a Dask scheduler such as tcp://HOST:8786, or local:N for N processes on this machine"""  # noqa: D403, D415 - see path
    if not _CLUSTER.fullmatch(value):
        raise ValueError
    return str(value)


@_with_schema(build_array_schema(_TEXT_WITHOUT_NUL))
def text_values(value: Any) -> tuple[str, ...]:
    """texts that are not empty"""  # noqa: D403, D415 - see path
    return tuple(text_value(one) for one in value)


_SECONDS = {"s": 1, "m": 60, "h": 3600}
_MOST_SECONDS = 10**8
_AS_SECONDS = number(0, _MOST_SECONDS)


def _build_number_pattern(most: int) -> str:
    """A pattern for the whole numbers up to ``most``."""
    digits = str(most)
    fewer_digits = rf"\d{{1,{len(digits) - 1}}}"
    smaller = [
        rf"{digits[:at]}[0-{int(digit) - 1}]\d{{{len(digits) - at - 1}}}"
        for at, digit in enumerate(digits)
        if digit != "0"
    ]
    return f"0*({'|'.join([fewer_digits, *smaller, digits])})"


def _build_duration_pattern() -> str:
    """A pattern for a duration with its unit, which is optional for seconds."""
    alternatives = []
    for unit, seconds in _SECONDS.items():
        most = _MOST_SECONDS // seconds
        optional = "?" if seconds == 1 else ""
        alternatives.append(
            rf"({_build_number_pattern(most - 1)}(\.\d+)?|0*{most}){unit}{optional}"
        )
    return f"^({'|'.join(alternatives)})$"


@_with_schema(
    {"anyOf": [_AS_SECONDS.schema, {"type": "string", "pattern": _build_duration_pattern()}]}
)
def duration(value: Any) -> float:
    """seconds, such as 90, or a number with its unit: 90s, 30m, 2h"""  # noqa: D415 - see path
    if isinstance(value, str) and value[-1:] in _SECONDS:
        return float(_AS_SECONDS(_AS_SECONDS(value[:-1]) * _SECONDS[value[-1]]))
    return float(_AS_SECONDS(value))


@_with_schema(SWITCH)
def switch_value(value: Any) -> bool:
    """true or false"""  # noqa: D403, D415 - see path
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return value if isinstance(value, bool) else words[value.lower()]


def _parse_kinds(value: Any) -> tuple[Kind, ...]:
    values = many_of(text_value)(value)
    return () if "all" in values else tuple(Kind(one) for one in values)


_KINDS = ("all", *Kind)
kinds = Parse(
    _parse_kinds,
    many_of(Parse(str, build_enum_schema(_KINDS)), rf"\s*({'|'.join(_KINDS)})\s*").schema,
    f"all, or some of {', '.join(Kind)}",
)


def allow_repeats(parse: Parse) -> Parse:
    """A parser for an option that may be repeated, with comma-separated values each time."""

    def parse_all(values: Any) -> Any:
        return parse([one for each in values for one in each.split(",")])

    return Parse(parse_all, parse.schema, parse.__doc__)
