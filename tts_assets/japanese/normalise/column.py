"""Rules of one shape, text to text, applied one after another until the text is settled."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

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
