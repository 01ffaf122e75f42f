"""The overrides of a run: applied to the clips that they are for, and told where they are for none."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from tts_assets.catalogues.overrides.file import read
from tts_assets.catalogues.overrides.form import said
from tts_assets.catalogues.overrides.typed import resolved
from tts_assets.errors import InputError
from tts_assets.model import kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.catalogues.overrides.data import Override
    from tts_assets.catalogues.overrides.speaking import Speaking
    from tts_assets.model import Clip, SpokenForm


#: Makes of a clip what is said instead; raises InputError where that cannot be said.
Amends: TypeAlias = Callable[["Clip"], "Clip"]


#: More notes of one kind are counted, not told.
_TOLD = 5


class Book:
    """All overrides of a run, by the catalogues that they are for."""

    def __init__(
        self, path: str | None = None, speaking: Callable[[], Speaking] | None = None
    ) -> None:
        """Read the file of overrides.

        Args:
            path: where it lies; where it does not, or for None, nothing is overridden.
            speaking: tells who can speak; without it voices and speeds stay as they are.

        Raises:
            InputError: something in it cannot be meant.
        """
        self.path = path or ""
        overrides = read(path) if path else ()
        self._speaking = None if speaking is None or not overrides else speaking()
        self._by_file: dict[str, dict[tuple[str, str, str], Override]] = {}
        for each in overrides:
            self._add(each)
        #: Those that are at work, by file, source, entry and part of their clips.
        self.at_work: dict[tuple[str, str, str, str], Override] = {}
        #: Why others are not, though their clips are there, by the same.
        self.outdated: dict[tuple[str, str, str, str], str] = {}
        self._read: set[tuple[str, str]] = set()
        self._matched: set[Override] = set()

    def _add(self, override: Override) -> None:
        """Take one in; its file may be spelled otherwise than that of another for the same clip."""
        rows = self._by_file.setdefault(resolved(override.file, self.path), {})
        other = rows.setdefault((override.source, override.entry, override.part), override)
        if other is not override:
            raise InputError(
                f"line {other.line} is for the same clip, whose file it calls {other.file!r:.80}: "
                "keep one of them",
                file=self.path,
                entry=f"entry {override.entry}",
                line=override.line,
            )

    def of(self, clip: Clip) -> Override | None:
        """The override that is at work for a clip that was read; None where there is none."""
        return self.at_work.get((clip.file, clip.source, clip.entry, clip.part))

    def amends(self, file: str, source: str) -> Amends | None:
        """What applies the overrides of a catalogue to its clips; None where it has none.

        Args:
            file: its path as given.
            source: the name of the source that reads it.
        """
        if not self._by_file:
            return None
        real, short = os.path.realpath(file), source.rpartition(": ")[2]
        self._read.add((real, short))
        rows = {
            (each.entry, each.part): each
            for each in self._by_file.get(real, {}).values()
            if each.source == short
        }
        if not rows:
            return None

        def amend(clip: Clip) -> Clip:
            override = rows.get((clip.entry, clip.part))
            return clip if override is None else self._applied(clip, override)

        return amend

    def notes(self, *, whole: bool, unread: Iterable[str] = ()) -> list[str]:
        """What is to be told of overrides that are not at work, when all catalogues were read.

        Args:
            whole: whether there are no other catalogues than those that were read.
            unread: files that could not be read, whose overrides wait.
        """
        waiting = {os.path.realpath(file) for file in unread}
        idle = [
            f"{self._where(each)}: it matches no clip of {each.file}: mend it, or remove it"
            for real, each in self._unmatched()
            if real not in waiting and (whole or (real, each.source) in self._read)
        ]
        return [*_first(list(self.outdated.values())), *_first(idle)]

    def _unmatched(self) -> Iterator[tuple[str, Override]]:
        for real, rows in self._by_file.items():
            yield from ((real, each) for each in rows.values() if each not in self._matched)

    def _applied(self, clip: Clip, override: Override) -> Clip:
        self._matched.add(override)
        if not _is_meant(override, clip.form):
            then = _told(override.text, kana_to_katakana(override.reading))
            now = _told(clip.form.text, (clip.form.reading or "") if override.reading else "")
            self.outdated[clip.file, clip.source, clip.entry, clip.part] = (
                f"{self._where(override)}: it is not applied: it was written when the entry said "
                f"{then}, which says {now} now: write it anew, or remove it"
            )
            return clip
        try:
            amended = clip._replace(form=said(clip.form, override.say))
            if self._speaking is not None:
                amended = self._speaking.applied(amended, override.say)
        except ValueError as problem:
            raise InputError(
                f"its override (part {override.part}) cannot be used: {problem}",
                file=self.path,
                entry=f"entry {clip.entry}",
                line=override.line,
            ) from problem
        self.at_work[clip.file, clip.source, clip.entry, clip.part] = override
        return amended

    def _where(self, override: Override) -> str:
        line = "" if override.line is None else f":{override.line}"
        return f"{self.path}{line}: the override of entry {override.entry} ({override.part})"


def _first(notes: list[str]) -> list[str]:
    """The first of many notes, and how many more there are."""
    more = len(notes) - _TOLD
    return notes if more <= 0 else [*notes[:_TOLD], f"and {more:,} more such overrides"]


def _is_meant(override: Override, form: SpokenForm) -> bool:
    """Whether an entry is still the word, or the sentence, that an override was written for."""
    # An entry may have taken the typed reading over.
    readings = {kana_to_katakana(each) for each in (override.reading, override.say.reading) if each}
    is_read_so = not override.reading or kana_to_katakana(form.reading or "") in readings
    return form.text == override.text and is_read_so


def _told(text: str, reading: str) -> str:
    return f"{_short(text)} ({_short(reading)})" if reading else _short(text)


def _short(text: str) -> str:
    told = repr(text)
    return told if len(told) <= 40 else f"{told[:39]}…"
