"""Regular expressions that are compiled when they are first used: a run needs few of hundreds."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable


class LazyPattern:
    """Stands for a compiled pattern until somebody uses it, and hands over to it then."""

    def __init__(self, pattern: str, flags: int) -> None:
        """Remember what to compile."""
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """Compile it, and keep its methods, so that this is not asked for a second time."""
        compiled = re.compile(self.pattern, self._flags)
        for each in ("search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"):
            setattr(self, each, getattr(compiled, each))
        return getattr(compiled, name)


def compile_lazy(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern as ``re.compile`` makes it, but a wrong one is found when it is first used."""
    return cast("re.Pattern[str]", LazyPattern(pattern, flags))


# Rules of one shape, text to text, applied one after another until the text is settled.


if TYPE_CHECKING:
    Rule: TypeAlias = Callable[[str], str]


#: What one rule leaves may be work for one above it; more rounds than this are never of use.
_ROUNDS = 5


def pipeline(*rules: Rule) -> Rule:
    """One rule out of several, which are applied in their order."""

    def apply_rules(text: str) -> str:
        for rule in rules:
            text = rule(text)
        return text

    return apply_rules


def skip_if(plain: re.Pattern[str], rule: Rule) -> Rule:
    """The rule, spared texts of this pattern, which it would leave as they are anyhow.

    ``inspect.unwrap`` gives it back, to show that it does.
    """

    @wraps(rule)
    def apply_rule(text: str) -> str:
        return text if plain.fullmatch(text) else rule(text)

    return apply_rule


def until_stable(rule: Rule) -> Rule:
    """The rule, applied again for as long as it changes something."""

    def apply_until_stable(text: str) -> str:
        for _ in range(_ROUNDS):
            before, text = text, rule(text)
            if text == before:
                break
        return text

    return apply_until_stable
