"""Rules from text to text, and regular expressions compiled on first use: a run needs few of hundreds."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule: TypeAlias = Callable[[str], str]


class LazyPattern:
    """Stands for a compiled pattern until its first use."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """Compile the pattern, and keep its methods, so that this runs once."""
        compiled = re.compile(self.pattern, self._flags)
        for each in ("search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"):
            setattr(self, each, getattr(compiled, each))
        return getattr(compiled, name)


def compile_lazy(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern as ``re.compile`` makes it, but a wrong one is found when it is first used."""
    return cast("re.Pattern[str]", LazyPattern(pattern, flags))


def replace_matches(
    pattern: str, replacement: str | Callable[[re.Match[str]], str], flags: int = 0
) -> Rule:
    """A rule that replaces each match of a pattern."""
    compiled = compile_lazy(pattern, flags)
    return lambda text: compiled.sub(replacement, text)


def parse_pairs(table: str) -> dict[str, str]:
    """A table out of pairs such as ``や:ヤ`` with spaces between them."""
    return dict(pair.split(":") for pair in table.split())


def pipeline(*rules: Rule) -> Rule:
    """One rule out of several, applied in order."""

    def apply_rules(text: str) -> str:
        for rule in rules:
            text = rule(text)
        return text

    return apply_rules


def skip_if(plain: re.Pattern[str], rule: Rule) -> Rule:
    """The rule, skipped for texts of this pattern, which it would not change.

    ``inspect.unwrap`` gives it back, to show that it does.
    """

    @wraps(rule)
    def apply_rule(text: str) -> str:
        return text if plain.fullmatch(text) else rule(text)

    return apply_rule


def until_stable(rule: Rule) -> Rule:
    """The rule, applied again while it changes something, but five times at most."""

    def apply_until_stable(text: str) -> str:
        for _ in range(5):
            before, text = text, rule(text)
            if text == before:
                break
        return text

    return apply_until_stable
