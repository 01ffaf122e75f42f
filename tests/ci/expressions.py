"""Expressions of GitHub workflows, as far as our own files use them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Function = Callable[..., Any]

_PLACE = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|>|[!(),]|[\w.-]+)")
#: A condition that asks for none of these is about what succeeded only.
_OF_STATUS = re.compile(r"\b(?:always|cancelled|failure|success)\(\)")


class Expressions:
    """Fills what stands in ``${{ }}``, and judges conditions.

    Args:
        contexts: such as ``github`` and ``needs``, each with its values.
        functions: such as ``hashFiles``; those of the status among them.
    """

    def __init__(self, contexts: Mapping[str, Any], functions: Mapping[str, Function]) -> None:
        self._contexts = contexts
        self._functions = functions

    def fill(self, text: str) -> str:
        """The text with the values of its expressions."""
        return _PLACE.sub(lambda found: _as_text(self._value(found[1])), text)

    def fill_all(self, texts: Mapping[str, Any] | None) -> dict[str, str]:
        """The same for each value, such as those of ``env`` or ``with``."""
        return {name: self.fill(_as_text(text)) for name, text in (texts or {}).items()}

    def holds(self, condition: str | None) -> bool:
        """Whether a step or a job with this ``if`` runs."""
        text = _PLACE.sub(r"\1", condition or "success()")
        if not _OF_STATUS.search(text):
            text = f"success() && ({text})"
        return bool(self._value(text))

    def _value(self, text: str) -> Any:
        tokens = _TOKEN.findall(text)
        assert "".join(tokens) == re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", text), text
        reader = _Reader(tokens, self._contexts, self._functions)
        value = reader.any_of()
        assert reader.at_end, f"{text} has more than an expression"
        return value


class _Reader:
    """Reads an expression from left to right; all parts are looked at, as none does anything."""

    def __init__(
        self,
        tokens: Sequence[str],
        contexts: Mapping[str, Any],
        functions: Mapping[str, Function],
    ) -> None:
        self._tokens = list(tokens)
        self._contexts = contexts
        self._functions = functions

    @property
    def at_end(self) -> bool:
        return not self._tokens

    def any_of(self) -> Any:
        value = self._all_of()
        while self._take("||"):
            other = self._all_of()
            value = value or other
        return value

    def _all_of(self) -> Any:
        value = self._compared()
        while self._take("&&"):
            other = self._compared()
            value = value and other
        return value

    def _compared(self) -> Any:
        value = self._one()
        if self._take("=="):
            return value == self._one()
        if self._take("!="):
            return value != self._one()
        if self._take(">"):
            return bool(value > self._one())
        return value

    def _one(self) -> Any:
        token = self._tokens.pop(0)
        if token == "!":
            return not self._one()
        if token == "(":
            value = self.any_of()
            assert self._take(")")
            return value
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.isdigit():
            return int(token)
        if self._take("("):
            return self._functions[token](*self._arguments())
        return self._named(token)

    def _arguments(self) -> list[Any]:
        found = []
        while not self._take(")"):
            found.append(self.any_of())
            self._take(",")
        return found

    def _named(self, path: str) -> Any:
        value: Any = self._contexts
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def _take(self, token: str) -> bool:
        if self._tokens[:1] != [token]:
            return False
        del self._tokens[0]
        return True


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
