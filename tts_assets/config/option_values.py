"""Values of the configuration: parsed, described by JSON Schema, with errors that name the key."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from tts_assets.errors import UsageError, show_value, suggest, suggest_names
from tts_assets.model import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from enum import StrEnum

Schema: TypeAlias = "dict[str, Any]"

#: Text that is not empty.
TEXT: Schema = {"type": "string", "pattern": r"\S"}

#: The beginnings of places that are buckets.
BUCKET_SCHEMES = ("s3://", "gs://", "az://")

#: Names of buckets and accounts, without users, ports or queries.
_BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
#: What no key of ours has: control characters, and what begins a query or a fragment.
_NOT_IN_KEYS = re.compile(r"[\x00-\x20\x7f?#\\]")

#: Any text.
STRING: Schema = {"type": "string"}

#: One text, or a list of them.
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}

#: True or false.
SWITCH: Schema = {"type": "boolean"}


def build_enum_schema(choices: Iterable[str]) -> Schema:
    """One of the values of an enumeration."""
    return {"enum": [str(choice) for choice in choices]}


def build_array_schema(item: Schema) -> Schema:
    """A list, which may be empty."""
    return {"type": "array", "items": item}


def build_table_schema(
    keys: Mapping[str, Schema], *, needed: Iterable[str] = (), **more: Any
) -> Schema:
    """A table that has no other keys.

    Args:
        keys: what each key accepts.
        needed: those that must be there.
        more: what else holds.
    """
    required = list(needed)
    return {
        "type": "object",
        "properties": dict(keys),
        **({"required": required} if required else {}),
        "additionalProperties": False,
        **more,
    }


# Values of the configuration parsed and described, with errors that name the key.
T = TypeVar("T")
D = TypeVar("D")
E = TypeVar("E", bound="StrEnum")


class Table:
    """A table whose keys are taken one by one; what is left over is unknown."""

    def __init__(self, values: object, where: str) -> None:
        """Begin a table; ``where`` is how messages call it.

        Raises:
            UsageError: it is none.
        """
        if not isinstance(values, dict):
            raise UsageError(f"{where} is {show_value(values)}, but must be a table")
        self._left = dict(values)
        self._known: list[str] = []
        self._where = where

    def take(self, key: str, parse: Callable[[Any], T], default: D) -> T | D:
        """The value of a key, or the default where it is absent.

        Raises:
            UsageError: ``parse`` refused it, or it is more than can be computed with.
        """
        self._known.append(key)
        return self._parse_value(key, parse) if key in self._left else default

    def need(self, key: str, parse: Callable[[Any], T]) -> T:
        """The value of a key that must be there; errors as in ``take``."""
        self._known.append(key)
        if key not in self._left:
            raise UsageError(f"{self._where}: {key} is missing")
        return self._parse_value(key, parse)

    def _parse_value(self, key: str, parse: Callable[[Any], T]) -> T:
        value = self._left.pop(key)
        try:
            return parse(value)
        except (ValueError, TypeError, OverflowError, RecursionError, re.error) as exc:
            raise UsageError(f"{self._where}: {key} = {show_value(value)}: {exc}") from exc

    def end(self) -> None:
        """Refuse the first key that was not taken."""
        for key in self._left:
            hint = suggest_names(key, self._known)
            raise UsageError(f"{self._where}: there is no key {show_value(key)}; {hint}")


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


# How the values of settings are written, in a file, in the environment and on the command line.


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


def _with_schema(schema: Schema) -> Callable[[Callable[[Any], Any]], Parse]:
    return lambda parse: Parse(parse, schema)


def number(low: float, high: float, *, whole: bool = False) -> Parse:
    """A number within bounds, which it may have."""

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


#: As ``speed`` of the run.
SPEED = number(0.25, 4.0)


def parse_speed(value: Any) -> float:
    """The speed that a table of the configuration gives."""
    try:
        # Text stands for a number on the command line only.
        return float(SPEED(None if isinstance(value, str) else value))
    except (TypeError, ValueError, OverflowError) as exc:
        raise ValueError(f"it must be {SPEED.__doc__}") from exc


def word_or(word: str, other: Parse) -> Parse:
    """A word that stands for nothing, or something else."""

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
    """A list, or a text with commas between its items; ``item``: the pattern of one of them."""

    def parse(value: Any) -> tuple[Any, ...]:
        values = value.split(",") if isinstance(value, str) else value
        if not isinstance(values, list | tuple):
            raise TypeError
        return tuple(parse_one(one.strip() if isinstance(one, str) else one) for one in values)

    text = {"type": "string", "pattern": f"^{item}(,{item})*$"}
    either = {"anyOf": [text, build_array_schema(parse_one.schema)]}
    return Parse(parse, either, f"a list, each {parse_one.__doc__}")


@_with_schema(TEXT)
def path(value: Any) -> str:
    """text that is not empty"""  # noqa: D403, D415 - it completes a sentence
    if not isinstance(value, str):
        raise TypeError
    # No system has a path with a NUL in it.
    if not value.strip() or "\0" in value:
        raise ValueError
    return value


@_with_schema(TEXT)
def output_place(value: Any) -> str:
    """a folder, or a bucket such as s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://ACCOUNT/CONTAINER"""  # noqa: D403, D415 - see path
    place = str(path(value))
    scheme, separator, rest = place.partition("://")
    if not separator:
        return place
    if scheme == "file":
        from urllib.request import url2pathname  # noqa: PLC0415 - loads HTTP and TLS

        return url2pathname(urlsplit(place).path)
    bucket = rest.split("/")[0]
    if f"{scheme}://" not in BUCKET_SCHEMES or not _BUCKET_NAME.fullmatch(bucket):
        raise ValueError
    if _NOT_IN_KEYS.search(rest) or any(
        part in {"", ".", ".."} for part in rest.rstrip("/").split("/")
    ):
        raise ValueError
    return place.rstrip("/")


@_with_schema(TEXT)
def text_value(value: Any) -> str:
    """text that is not empty"""  # noqa: D403, D415 - see path
    # Names of files may have any bytes; what goes into files of ours and to services may not.
    path(value).encode()
    return str(value)


@_with_schema({"type": "string", "pattern": "^https?://"})
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


@_with_schema(build_array_schema(TEXT))
def text_values(value: Any) -> tuple[str, ...]:
    """texts that are not empty"""  # noqa: D403, D415 - see path
    return tuple(text_value(one) for one in value)


_SECONDS = {"s": 1, "m": 60, "h": 3600}
_MOST_SECONDS = 10**8
_AS_SECONDS = number(0, _MOST_SECONDS)


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


@_with_schema({"anyOf": [_AS_SECONDS.schema, {"type": "string", "pattern": _durations()}]})
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
    """What may be typed again and again, and each time with commas."""

    def parse_all(values: Any) -> Any:
        return parse([one for each in values for one in each.split(",")])

    return Parse(parse_all, parse.schema, parse.__doc__)
