"""Which entries are said otherwise since a file of overrides was another one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tts_assets.catalogues.overrides.file import read
from tts_assets.catalogues.overrides.typed import resolved

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.catalogues.overrides.data import Override
    from tts_assets.config.sources.source import Source


class Changed:
    """The overrides that came, went or changed; found out when it is first asked."""

    def __init__(self, path: str, before: Callable[[str], tuple[Override, ...]]) -> None:
        """Begin.

        Args:
            path: the file as it is now.
            before: tells what a file of that path held before.
        """
        self._path = path
        self._before = before
        self._found: frozenset[tuple[str, str, str]] | None = None

    def entries(self, file: str, source: Source) -> frozenset[str]:
        """The ids of the entries of a catalogue that are said otherwise now.

        Raises:
            InputError: the file as it is now cannot be used.
        """
        if self._found is None:
            now, then = (
                {(each.key, each.meaning) for each in overrides}
                for overrides in (read(self._path), self._before(self._path))
            )
            self._found = frozenset(
                (resolved(key.file, self._path), key.source, key.entry) for key, _ in now ^ then
            )
        if not self._found:
            return frozenset()
        here = (os.path.realpath(file), source.short_name)
        return frozenset(entry for *of, entry in self._found if tuple(of) == here)
