"""Tables of the configuration, taken apart key by key, with errors that name what is wrong."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, TypeVar

from tts_assets.errors import UsageError, show_value

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

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
            raise UsageError(f"{where} is {show_value(values)}, and must be a table")
        self._left = dict(values)
        self._known: list[str] = []
        self._where = where

    def take(self, key: str, parse: Callable[[Any], T], default: D) -> T | D:
        """The value of a key, or the default where it is absent.

        Raises:
            UsageError: ``parse`` refused it, or it is more than can be computed with.
        """
        self._known.append(key)
        return self._parsed(key, parse) if key in self._left else default

    def need(self, key: str, parse: Callable[[Any], T]) -> T:
        """The value of a key that must be there; errors as in ``take``."""
        self._known.append(key)
        if key not in self._left:
            raise UsageError(f"{self._where}: {key} is missing")
        return self._parsed(key, parse)

    def _parsed(self, key: str, parse: Callable[[Any], T]) -> T:
        value = self._left.pop(key)
        try:
            return parse(value)
        except (ValueError, TypeError, OverflowError, RecursionError, re.error) as exc:
            raise UsageError(f"{self._where}: {key} = {show_value(value)}: {exc}") from exc

    def end(self) -> None:
        """Refuse the first key that was not taken."""
        for key in self._left:
            near = difflib.get_close_matches(key, self._known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(self._known)}"
            raise UsageError(f"{self._where}: there is no key {show_value(key)}; {hint}")


def texts(value: Any) -> tuple[str, ...]:
    """One text, or a list of them."""
    values = value if isinstance(value, list) else [value]
    if not values:
        raise ValueError("it must not be empty")
    return tuple(map(text, values))


def text(value: Any) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise TypeError("it must be text that is not empty")
    return value


def string(value: Any) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise TypeError("it must be text")
    return value


def switch(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError("it must be true or false")
    return value


def one_of(choices: type[E]) -> Callable[[Any], E]:
    """One of the values of an enumeration."""

    def parse(value: Any) -> E:
        if value not in list(choices):
            raise ValueError(f"it must be one of {', '.join(choices)}")
        return choices(value)

    return parse
