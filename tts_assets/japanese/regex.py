"""Regular expressions that are compiled when they are first used: a run needs few of hundreds."""

from __future__ import annotations

import re
from typing import Any, cast


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
