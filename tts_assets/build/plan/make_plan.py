"""Makes the plan of a run from the selected clips of all catalogues, without changing anything."""

from __future__ import annotations

import fnmatch
import os
import re
import unicodedata
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from tts_assets.build.plan import asset_names, planner
from tts_assets.build.plan.ledger_matcher import LedgerMatcher, Reviews, UnresolvedClip
from tts_assets.build.plan.output_folder import Folder, Timelines, open_ledger
from tts_assets.build.plan.plan_types import (
    Origins,
    Plan,
    Shared,
    SourceAddresses,
    add_line_numbers,
    check_voices,
    find_lines,
    list_speakers,
    recipes,
)
from tts_assets.build.plan.planner import TO_MAKE, Judged, State
from tts_assets.catalogues.git import GitRevision
from tts_assets.catalogues.open_catalogues import open_catalogues, pause_garbage_collector
from tts_assets.catalogues.override_file import OverrideSet
from tts_assets.config.catalogue_sources import OverwritePolicy
from tts_assets.config.settings import OnEngineChange, Only
from tts_assets.errors import InputError
from tts_assets.store.ledger import Provenance, origins_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tts_assets.catalogues.catalogue_files import Catalogue
    from tts_assets.catalogues.catalogue_reader import CatalogueReader
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Clip, Place

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
        return f"no id matches --id {named}{more} (full match, case-sensitive; use *); `tts-assets explain TEXT` shows the id of a text"


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


# Makes the plan of a run from all catalogues, without changing anything.


#: What may have been made under another recipe or name.
_UNSETTLED = frozenset({State.NEW, State.STALE, State.MISSING, State.DAMAGED})


def make_plan(
    settings: Settings,
    provider: Provider,
    matters: Callable[[planner.ClipPlan], bool] = lambda _: True,
    *,
    may_lack_files: bool = False,
    lines: bool = False,
    unapproved: bool = False,
) -> Plan:
    """Read the catalogues and look at the output folder; nothing is changed.

    Args:
        settings: which catalogues, what sound, which folder.
        provider: the engine that the clips are for.
        matters: which clips to keep; most are fresh, and of no interest to most callers.
        may_lack_files: where there are no files at all, the ledger alone counts.
        lines: whether clips that are to be made are told with the lines of their records.
        unapproved: whether fresh clips are kept, too, that have no sound that somebody approved.

    Raises:
        UsageError: a path, the voice or the URL template is wrong.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be listed.
    """
    with pause_garbage_collector():
        look = _PlanBuilder(settings, provider, matters, may_lack_files=may_lack_files, lines=lines)
        look.reviews = Reviews(look.found, unapproved=unapproved)
        with look.selection:
            for reader in open_catalogues(settings, look.found.trouble, look.found.overrides):
                look.at(reader)
                # Or all of the last document is looked at once more by the collector.
                del reader
            look.settle()
            look.leave_contested()
            look.timelines.settle()
            look.report_foreign_url_matches()
    return look.found


class _PlanBuilder:
    """One look at everything."""

    def __init__(
        self,
        settings: Settings,
        provider: Provider,
        matters: Callable[[planner.ClipPlan], bool],
        *,
        may_lack_files: bool,
        lines: bool,
    ) -> None:
        self.found = Plan()
        self.selection = Selection(settings)
        self._settings = settings
        self._provider = provider
        self._matters = matters
        self._lines = lines
        self.reviews = Reviews(self.found, unapproved=False)
        check_voices(settings, provider)
        self._addresses = SourceAddresses(settings)
        self._recipes = recipes(settings, provider)
        self._origins = Origins(settings, provider)
        self.found.overrides = OverrideSet(
            settings.overrides, partial(list_speakers, settings, provider)
        )
        self._pending: dict[int, UnresolvedClip] = {}
        shard = settings.shard
        self._shared = None if shard is None else Shared(shard, settings.state_folder)
        self._folder = Folder(settings, self._addresses.folders(), may_lack_files=may_lack_files)
        self.found.recorded = self._folder.recorded
        self.found.present = self._folder.present
        self.found.untidy = self._folder.untidy
        self.found.approved = self._folder.approved
        self.found.rejected = self._folder.rejected
        self.found.judged_by = self._folder.judged_by
        self.found.folders = self._folder.folders
        self.found.engines = self._recipes.engines
        self.timelines = Timelines(settings, self.found)
        self._planner = planner.Planner(
            recipes=self._recipes,
            present=self.found.present,
            recorded=self.found.recorded,
            force=settings.force,
            ledger_alone=self.found.judged_by is Judged.LEDGER,
        )

    def at(self, reader: CatalogueReader) -> None:
        """Hold the clips of one reader against what is there."""
        found, source = self.found, reader.source
        names = self._addresses.of(source)
        keep_foreign = source.overwrite is OverwritePolicy.OURS
        refused: list[tuple[Place, InputError]] = []
        first = len(found.planned)
        is_wanted = self.selection.of(reader)
        file = os.path.realpath(reader.document.file)
        for clip in reader.iter_clips():
            wanted = is_wanted is None or is_wanted(clip)
            try:
                if source.files:
                    found.claim(clip, file)
                item = self._planner.state_of(clip, names, keep_foreign=keep_foreign)
                if clip.timeline is not None:
                    item = self._planner.with_timeline(item, names, keep_foreign=keep_foreign)
            except InputError as problem:
                refused.append((clip.at, problem))
                continue
            if self._shared is not None:
                self._shared.see(item)
            if not wanted:
                continue
            if item.state in _UNSETTLED and not self._settings.force:
                self._pend(item, names)
            elif self._shared or (item.state is State.FRESH and found.judged_by is Judged.BYTES):
                found.planned.append(item)
            else:
                self._take(item, found.planned)
        found.trouble.problems.extend(add_line_numbers(reader.document, refused))
        if self._lines:
            find_lines(reader.document, found.planned, first, self._may_matter)
        read = reader.finish()
        found.catalogues.append(read)
        self.selection.finish_catalogue(read)
        found.trouble.problems.extend(read.problems)

    def settle(self) -> None:
        """Settle what the clips alone do not tell, in one look at the ledger, and at the files."""
        found = self.found
        found.unmatched = self.selection.describe_unmatched()
        found.trouble.notes += self.selection.notes()
        deep = found.judged_by is Judged.BYTES
        if not (self._pending or deep or self._shared):
            return
        provisional, found.planned = found.planned, []
        names = {name for each in self._pending.values() for name in each.names()}
        with open_ledger(Path(self._settings.state_folder)) as lines:
            earlier = LedgerMatcher(
                origins_of(lines, names),
                stands=self._stands,
                now=self._origin_now,
                keep=self._settings.on_engine_change is OnEngineChange.KEEP,
                rejected=found.rejected,
            )
        items = []
        for number, item in self._own(provisional):
            pending = self._pending.get(number)
            if pending is not None:
                pending = pending._replace(item=item)
                item = self._add_last_failure(earlier.resolve(pending))  # noqa: PLW2901
            items.append((item, pending))
        damaged = self._find_damaged({item.asset for item, _ in items}) if deep else frozenset()
        for item, pending in items:
            if item.state is State.FRESH and item.asset in damaged:
                reason = (
                    "its file differs from what was generated: `generate --deep` regenerates it"
                )
                # What another engine made is made by this one, under a name of its own.
                own = item if pending is None else pending.item
                item = own._replace(state=State.DAMAGED, reason=reason)  # noqa: PLW2901
            if pending is not None or deep or self._shared:
                self._take(item, found.planned, own=None if pending is None else pending.item)
            else:
                found.planned.append(item)
        found.kept = earlier.list_kept_clips()

    def leave_contested(self) -> None:
        """Leave files alone that two entries have for their own: it is not known whose they are."""
        found, contested = self.found, self._planner.contested
        if not contested:
            return
        kept = []
        for item in found.planned:
            there = item.asset in found.recorded and item.asset.casefold() in contested
            if there and item.state in planner.TO_MAKE:
                found.states[item.state] -= 1
            else:
                kept.append(item)
        found.planned = kept

    def report_foreign_url_matches(self) -> None:
        """Tell of clips that may be locked only because the template of URLs changed."""
        if count := self._planner.look_alikes:
            self.found.trouble.notes.append(
                f"kept as recordings: {count} with a URL of another template that ends with "
                "the name of the clip's own asset; if tts-assets wrote these URLs, set "
                '`overwrite = "always"` for their source to replace them'
            )

    def _own(self, provisional: list[planner.ClipPlan]) -> Iterator[tuple[int, planner.ClipPlan]]:
        """The clips of this run, with their numbers."""
        if self._shared is None:
            yield from enumerate(provisional)
            return
        self.found.sums = self._shared.sums()
        own = self._shared.own()
        yield from (each for each in enumerate(provisional) if each[1].recipe in own)

    def _take(
        self,
        item: planner.ClipPlan,
        planned: list[planner.ClipPlan],
        own: planner.ClipPlan | None = None,
    ) -> None:
        """Count a clip, and keep it if it matters; ``own``: as it stands by its own recipe."""
        if item.state is State.FRESH:
            if item.clip.form.turns:
                self.timelines.see(item.asset)
            item = self.reviews.apply_review(item, own or item)
        self.found.states[item.state] += 1
        if item.state in self.selection.passed_over:
            self.found.passed_over += 1
        elif self._matters(item) or self.reviews.matters(item):
            planned.append(item)

    def _find_damaged(self, assets: set[str]) -> frozenset[str]:
        """The assets whose files have other bytes than the ledger says."""
        damaged, unknown = self._folder.find_damaged(assets)
        if unknown:
            self.found.trouble.notes.append(
                f"{unknown} files are not in the ledger: they count as up to date by their names"
            )
        return damaged

    def _pend(self, item: planner.ClipPlan, names: asset_names.Addresses) -> None:
        clip = item.clip
        before = self._planner.find_previous(clip, names, item.asset)
        brief = self._recipes.brief(clip.form, clip.voice, clip.speed)
        self._pending[len(self.found.planned)] = UnresolvedClip(item, names, brief, before)
        self.found.planned.append(item)

    def _may_matter(self, item: planner.ClipPlan) -> bool:
        """Whether people may be told of a clip, once it is settled how it stands."""
        return item.state in planner.TO_MAKE or self.reviews.may_matter(item)

    def _stands(self, origin: Provenance) -> tuple[State, str]:
        """How an asset stands by one of its lines, and why."""
        state, reason = self._planner.asset_state(origin.asset, origin.recipe)
        record = self.found.recorded.get(origin.asset)
        if state is State.FRESH and record != (origin.recipe, origin.bytes):
            return State.DAMAGED, "the ledger contradicts itself about its file"
        return state, reason

    def _origin_now(self, item: planner.ClipPlan, brief: str) -> Provenance:
        """What the ledger would say of a clip if it were made now."""
        clip = item.clip
        now = self._origins.of(clip.form, clip.voice, item.recipe, clip.speed)
        return msgspec.structs.replace(now, asset=item.asset, brief=brief)

    def _add_last_failure(self, item: planner.ClipPlan) -> planner.ClipPlan:
        """What failed last time is told so."""
        reason = self._folder.failed.get(item.recipe)
        if reason is None or item.held or item.state not in {State.NEW, State.STALE}:
            return item
        return item._replace(state=State.FAILED, reason=f"it failed in the last run: {reason}")
