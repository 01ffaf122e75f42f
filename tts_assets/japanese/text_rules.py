"""Text rewriting rules, and regular expressions compiled on first use: a run needs few of hundreds."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule: TypeAlias = Callable[[str], str]


class LazyPattern:
    """A pattern that is compiled on first use."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """Compile the pattern, and set its methods as attributes, so that this runs once."""
        compiled = re.compile(self.pattern, self._flags)
        for each in ("search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"):
            setattr(self, each, getattr(compiled, each))
        return getattr(compiled, name)


def compile_lazy(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Like ``re.compile``, but the pattern is compiled, and errors raised, on first use."""
    return cast("re.Pattern[str]", LazyPattern(pattern, flags))


def replace_matches(
    pattern: str, replacement: str | Callable[[re.Match[str]], str], flags: int = 0
) -> Rule:
    """Create a rule that replaces each match of a pattern."""
    compiled = compile_lazy(pattern, flags)
    return lambda text: compiled.sub(replacement, text)


def parse_pairs(table: str) -> dict[str, str]:
    """Parse pairs such as ``や:ヤ``, separated by spaces."""
    return dict(pair.split(":") for pair in table.split())


def pipeline(*rules: Rule) -> Rule:
    """Create a rule that applies several rules in order."""

    def apply_rules(text: str) -> str:
        for rule in rules:
            text = rule(text)
        return text

    return apply_rules


def skip_if(plain: re.Pattern[str], rule: Rule) -> Rule:
    """Skip a rule for texts that match a pattern, which it must not change.

    ``inspect.unwrap`` returns the rule, so that tests can check this.
    """

    @wraps(rule)
    def apply_rule(text: str) -> str:
        return text if plain.fullmatch(text) else rule(text)

    return apply_rule


def until_stable(rule: Rule) -> Rule:
    """Repeat a rule while it changes the text, at most five times."""

    def apply_until_stable(text: str) -> str:
        for _ in range(5):
            before, text = text, rule(text)
            if text == before:
                break
        return text

    return apply_until_stable
