"""Which clips a run is for, and which of those that are to be made it makes."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from tts_assets.build.plan.planner import TO_MAKE, State
from tts_assets.catalogues.git import GitRevision
from tts_assets.config.settings import Only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tts_assets.catalogues.catalogue_reader import Catalogue, CatalogueReader
    from tts_assets.config.settings import Settings
    from tts_assets.model import Clip

_STATES = {
    Only.NEW: frozenset({State.NEW}),
    Only.MISSING: frozenset({State.NEW, State.MISSING, State.DAMAGED}),
    Only.CHANGED: frozenset({State.STALE}),
    Only.FAILED: frozenset({State.FAILED}),
    Only.REJECTED: frozenset({State.REJECTED}),
}


#: More globs that matched nothing are counted, not told.
_NAMED = 5


class Selection:
    """What ``--only``, ``--id`` and ``--since`` choose; a run is for what all of them choose.

    ``--id`` and ``--since`` choose entries: nothing else is made, nor gets a URL. ``--only`` chooses
    among the clips that are to be made; what is fresh gets its URL all the same.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin.

        Raises:
            UsageError: what was said can be no revision.
        """
        self._ids = _Ids(settings.ids) if settings.ids else None
        self._opened = ExitStack()
        self._since = (
            None
            if settings.since is None
            else self._opened.enter_context(GitRevision(settings.since, settings.overrides))
        )
        self._notes = [] if self._since is None else self._since.notes
        chosen = (_STATES[each] for each in settings.only)
        #: The states of clips that this run does not make, although they are to be made.
        self.passed_over = TO_MAKE - frozenset().union(*chosen) if settings.only else frozenset()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def of(self, reader: CatalogueReader) -> Callable[[Clip], bool] | None:
        """What tells whether the run is for a clip of a catalogue; None where it is for all.

        Every clip has to be held up to it, or its id counts as one that no entry has.

        Raises:
            UsageError: the revision is not known, or there is no git.
        """
        takes_entry = self.entry_filter(reader)
        return None if takes_entry is None else lambda clip: takes_entry(clip.entry)

    def entry_filter(self, reader: CatalogueReader) -> Callable[[str], bool] | None:
        """As ``of``, for the ids of entries.

        Raises:
            UsageError: the revision is not known, or there is no git.
        """
        changed = None if self._since is None else self._since.find_changed_entries(reader)
        ids = self._ids
        if ids is None and changed is None:
            return None
        if ids is None:
            return lambda entry: changed is None or entry in changed
        if changed is None:
            return ids.match
        # Both are asked: the id is there, whether it changed or not.
        return lambda entry: ids.match(entry) and entry in changed

    def has_id(self, entry: str) -> bool:
        """Whether ``--id`` chooses an entry, whatever changed in it."""
        return self._ids is None or self._ids.match(entry)

    def finish_catalogue(self, read: Catalogue) -> None:
        """See the entries of a catalogue that have no clip, or cannot be used."""
        if self._ids is not None:
            for each in read.unspoken:
                self._ids.match(each.entry)
            for problem in read.problems:
                self._ids.match((problem.entry or "").removeprefix("entry "))

    def notes(self) -> tuple[str, ...]:
        """What people should know of how it was chosen."""
        return tuple(self._notes)

    def describe_unmatched(self) -> str | None:
        """That no entry has some of the ids; None where each glob matched one, or there is none."""
        unused = () if self._ids is None else self._ids.find_unused()
        if not unused:
            return None
        named = ", ".join(repr(glob) for glob in unused[:_NAMED])
        more = f" and {len(unused) - _NAMED} more" if len(unused) > _NAMED else ""
        return f"no entry has an id like --id {named}{more}: whole ids count, and case does"


class _Ids:
    """Globs of ids, each of which should match some entry."""

    def __init__(self, globs: Iterable[str]) -> None:
        self._unused = dict.fromkeys(globs)
        # A glob that is an id as it stands is meant so, too.
        self._plain = {_compose(glob): glob for glob in self._unused}
        self._patterns = {
            glob: re.compile(fnmatch.translate(_compose(glob)))
            for glob in self._unused
            if re.search(r"[*?[]", glob)
        }
        self._last: tuple[str, bool] = ("", False)

    def match(self, entry: str) -> bool:
        """Whether one of them matches an id; its clips follow each other."""
        if self._last[0] != entry:
            self._last = (entry, self._matches(_compose(entry)))
        return self._last[1]

    def find_unused(self) -> tuple[str, ...]:
        """Those that have matched nothing."""
        return tuple(self._unused)

    def _matches(self, entry: str) -> bool:
        found = [glob for glob, pattern in self._patterns.items() if pattern.match(entry)]
        if entry in self._plain:
            found.append(self._plain[entry])
        for glob in found:
            self._unused.pop(glob, None)
        return bool(found)


def _compose(text: str) -> str:
    """One spelling of what looks the same: keyboards compose kana, and some file systems do not."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
