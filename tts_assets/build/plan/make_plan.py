"""Makes the plan of a run from the selected clips of all catalogues, without changing anything."""

from __future__ import annotations

import fnmatch
import os
import re
import unicodedata
from contextlib import ExitStack
from functools import partial
from glob import has_magic
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from tts_assets.build.plan import asset_names, planner
from tts_assets.build.plan.ledger_matcher import LedgerMatcher, UnresolvedClip
from tts_assets.build.plan.output_folder import Folder, Timelines, open_ledger
from tts_assets.build.plan.plan import Plan, add_line_numbers
from tts_assets.build.plan.planner import TO_GENERATE, Judged, State
from tts_assets.build.plan.shard_selection import ShardSelection
from tts_assets.build.plan.voice_selection import (
    ProvenanceBuilder,
    check_voices,
    create_recipes,
    list_speakers,
)
from tts_assets.catalogues.git import GitRevision
from tts_assets.catalogues.open_catalogues import (
    RecordLines,
    open_catalogues,
    pause_garbage_collector,
)
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
    from tts_assets.model import Clip, Decision, Place

    ClipIterator = Callable[[CatalogueReader, Plan], Iterator[Clip]]

_STATES = {
    Only.NEW: frozenset({State.NEW}),
    Only.MISSING: frozenset({State.NEW, State.MISSING, State.DAMAGED}),
    Only.CHANGED: frozenset({State.STALE}),
    Only.FAILED: frozenset({State.FAILED}),
    Only.REJECTED: frozenset({State.REJECTED}),
}

_NAMED = 5  #: the most unmatched globs to list; the rest are counted


class Selection:
    """The clips that match all of ``--only``, ``--id`` and ``--since``.

    ``--id`` and ``--since`` select entries: others are not generated and get no URL. ``--only``
    selects among the clips to generate; fresh clips still get their URLs.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin.

        Raises:
            UsageError: the value of ``--since`` cannot be a revision.
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
        #: The states of stale or missing clips that ``--only`` excludes from this run.
        self.passed_over = (
            TO_GENERATE - frozenset().union(*chosen) if settings.only else frozenset()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def build_clip_filter(self, reader: CatalogueReader) -> Callable[[Clip], bool] | None:
        """A filter for the clips of a catalogue; None if the run includes all of them.

        Call it for every clip, or the clip's id counts as unmatched.

        Raises:
            UsageError: the revision is unknown, or git is missing.
        """
        takes_entry = self.build_entry_filter(reader)
        return None if takes_entry is None else lambda clip: takes_entry(clip.entry)

    def build_entry_filter(self, reader: CatalogueReader) -> Callable[[str], bool] | None:
        """The same as ``build_clip_filter``, for the ids of entries.

        Raises:
            UsageError: the revision is unknown, or git is missing.
        """
        changed = None if self._since is None else self._since.find_changed_entries(reader)
        ids = self._ids
        if ids is None and changed is None:
            return None
        if ids is None:
            return lambda entry: changed is None or entry in changed
        if changed is None:
            return ids.match
        # Match the id first, so that it counts as matched even if the entry did not change.
        return lambda entry: ids.match(entry) and entry in changed

    def has_id(self, entry: str) -> bool:
        """Whether ``--id`` selects an entry, regardless of ``--since``."""
        return self._ids is None or self._ids.match(entry)

    def finish_catalogue(self, read: Catalogue) -> None:
        """Match the ids of the entries that have no clip or cannot be used."""
        if self._ids is not None:
            for each in read.unspoken:
                self._ids.match(each.entry)
            for problem in read.problems:
                self._ids.match((problem.entry or "").removeprefix("entry "))

    def notes(self) -> tuple[str, ...]:
        """The notes about the selection, for the report."""
        return tuple(self._notes)

    def describe_unmatched(self) -> str | None:
        """The message about ids that no entry has; None if each glob matched, or there is none."""
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
        # A glob may also be a literal id.
        self._plain = {_compose(glob): glob for glob in self._unused}
        self._patterns = {
            glob: re.compile(fnmatch.translate(_compose(glob)))
            for glob in self._unused
            if has_magic(glob)
        }
        self._last: tuple[str, bool] = ("", False)

    def match(self, entry: str) -> bool:
        """Whether a glob matches an id; cached, as the clips of an entry follow each other."""
        if self._last[0] != entry:
            self._last = (entry, self._matches(_compose(entry)))
        return self._last[1]

    def find_unused(self) -> tuple[str, ...]:
        """The globs that have matched nothing."""
        return tuple(self._unused)

    def _matches(self, entry: str) -> bool:
        found = [glob for glob, pattern in self._patterns.items() if pattern.match(entry)]
        if entry in self._plain:
            found.append(self._plain[entry])
        for glob in found:
            self._unused.pop(glob, None)
        return bool(found)


def _compose(text: str) -> str:
    """Normalise to NFC: keyboards compose kana, and some file systems decompose it."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


# Makes the plan of a run from all catalogues, without changing anything.


#: The states of clips that may have an asset under another recipe or name.
_UNRESOLVED = frozenset({State.NEW, State.STALE, State.MISSING, State.DAMAGED})


def make_plan(  # noqa: PLR0913 - in what its callers differ
    settings: Settings,
    provider: Provider,
    matters: Callable[[planner.ClipPlan], bool] = lambda _: True,
    *,
    may_lack_files: bool = False,
    lines: bool = False,
    unapproved: bool = False,
    folder: Folder | None = None,
    iter_clips: ClipIterator = lambda reader, _: reader.iter_clips(),
) -> Plan:
    """Read the catalogues and scan the output folder; change nothing.

    Args:
        settings: the catalogues, the sound and the output folder.
        provider: the engine that the clips are for.
        matters: the clips to keep; most are fresh, and irrelevant to most callers.
        may_lack_files: use the ledger alone if there are no audio files at all.
        lines: whether to find the lines of the records of the clips to generate at once, because
            the catalogues will change before the lines are requested.
        unapproved: whether to keep fresh clips without approved audio, too.
        folder: the output folder; it is scanned if None.
        iter_clips: yields the clips of a catalogue that this plan needs.

    Raises:
        UsageError: a path, the voice or the URL template is wrong.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be listed.
    """
    with pause_garbage_collector():
        builder = _PlanBuilder(
            settings,
            provider,
            matters,
            folder,
            iter_clips,
            may_lack_files=may_lack_files,
            lines=lines,
        )
        plan = builder.plan
        builder.reviews = Reviews(plan, unapproved=unapproved)
        with builder.selection:
            for reader in open_catalogues(settings, plan.trouble, plan.overrides):
                builder.add_catalogue(reader)
                # Free the document, so that the garbage collector does not traverse it again.
                del reader
            builder.resolve_pending()
            builder.drop_conflicting_assets()
            builder.timelines.settle()
            builder.report_foreign_url_matches()
    return plan


class Reviews:
    """Applies the decisions of reviewers to fresh clips."""

    def __init__(self, plan: Plan, *, unapproved: bool) -> None:
        """Take a plan with its decisions; ``unapproved``: fresh clips need approved audio."""
        self._plan = plan
        self._unapproved = unapproved

    def apply_review(self, item: planner.ClipPlan, own: planner.ClipPlan) -> planner.ClipPlan:
        """A fresh clip with its state by the decision on its audio.

        ``own`` is the clip by its own recipe: this engine regenerates the asset of another one.
        """
        decision = self._plan.rejected.get(item.asset)
        if decision is not None:
            return replace(own, state=State.REJECTED, reason=_describe_rejection(decision))
        self._plan.approvals += item.asset in self._plan.approved
        return item

    def matters(self, item: planner.ClipPlan) -> bool:
        """Whether a fresh clip lacks approval, if unapproved clips were requested."""
        return (
            self._unapproved and item.state is State.FRESH and item.asset not in self._plan.approved
        )

    def may_matter(self, item: planner.ClipPlan) -> bool:
        """Whether a clip may turn out to be unapproved or rejected."""
        return item.asset in self._plan.rejected or self.matters(item)


def _describe_rejection(decision: Decision) -> str:
    """Who rejected the audio, and why, if known."""
    who = f"rejected by {decision.by}" if decision.by else "a reviewer rejected it"
    return f"{who}: {decision.reason}" if decision.reason else who


class _PlanBuilder:
    """Builds one plan."""

    def __init__(  # noqa: PLR0913 - the arguments of `make_plan`
        self,
        settings: Settings,
        provider: Provider,
        matters: Callable[[planner.ClipPlan], bool],
        folder: Folder | None,
        iter_clips: ClipIterator,
        *,
        may_lack_files: bool,
        lines: bool,
    ) -> None:
        self.plan = Plan()
        self.selection = Selection(settings)
        self._settings = settings
        self._provider = provider
        self._matters = matters
        self._lines = lines
        self._iter_clips = iter_clips
        self.reviews = Reviews(self.plan, unapproved=False)
        check_voices(settings, provider)
        self._addresses = asset_names.SourceAddresses(settings)
        self._recipes = create_recipes(settings, provider)
        self._provenance = ProvenanceBuilder(settings, provider)
        self.plan.overrides = OverrideSet(
            settings.overrides, partial(list_speakers, settings, provider)
        )
        self._pending: dict[int, UnresolvedClip] = {}
        shard = settings.shard
        self._shared = None if shard is None else ShardSelection(shard, settings.state_folder)
        self._folder = folder or Folder(
            settings, self._addresses.folders(), may_lack_files=may_lack_files
        )
        self.plan.recorded = self._folder.recorded
        self.plan.present = self._folder.present
        self.plan.untidy = self._folder.untidy
        self.plan.approved = self._folder.approved
        self.plan.rejected = self._folder.rejected
        self.plan.judged_by = self._folder.judged_by
        self.plan.folders = self._folder.folders
        self.plan.engines = self._recipes.engines
        self.timelines = Timelines(settings, self.plan)
        self._planner = planner.Planner(
            recipes=self._recipes,
            present=self.plan.present,
            recorded=self.plan.recorded,
            force=settings.force,
            ledger_alone=self.plan.judged_by is Judged.LEDGER,
        )

    def add_catalogue(self, reader: CatalogueReader) -> None:
        """Determine the states of the clips of one reader."""
        plan, source = self.plan, reader.source
        names = self._addresses.find(source)
        keep_foreign = source.overwrite is OverwritePolicy.OURS
        refused: list[tuple[Place, InputError]] = []
        first = len(plan.planned)
        is_selected = self.selection.build_clip_filter(reader)
        file = os.path.realpath(reader.document.file)
        lines = RecordLines(file, reader.document.digest, source)
        # Without ledger lines, there are no earlier assets to compare with.
        may_pend = bool(plan.recorded) and not self._settings.force
        for clip in self._iter_clips(reader, plan):
            selected = is_selected is None or is_selected(clip)
            try:
                if source.files:
                    plan.claim(clip, file)
                item = self._planner.state_of(clip, names, keep_foreign=keep_foreign, lines=lines)
                if clip.timeline is not None:
                    item = self._planner.with_timeline(item, names, keep_foreign=keep_foreign)
            except InputError as problem:
                refused.append((clip.at, problem))
                continue
            if self._shared is not None:
                self._shared.add_clip(item)
            if not selected:
                continue
            if may_pend and item.state in _UNRESOLVED:
                self._pend(item, names)
            elif self._shared or (item.state is State.FRESH and plan.judged_by is Judged.BYTES):
                plan.planned.append(item)
            else:
                self._count(item, plan.planned)
        plan.trouble.problems.extend(add_line_numbers(reader.document, refused))
        kept = islice(plan.planned, first, None)
        # Not the clips: they refer to these lines, and the garbage collector does not track them.
        lines.places = [item.clip.at for item in kept if self._may_matter(item)]
        if self._lines:
            lines.find(reader.document)
        read = reader.finish()
        plan.catalogues.append(read)
        self.selection.finish_catalogue(read)
        plan.trouble.problems.extend(read.problems)

    def resolve_pending(self) -> None:
        """Resolve the states that need the ledger or the files, in one pass over them."""
        plan = self.plan
        plan.unmatched = self.selection.describe_unmatched()
        plan.trouble.notes += self.selection.notes()
        deep = plan.judged_by is Judged.BYTES
        if not (self._pending or deep or self._shared):
            return
        provisional, plan.planned = plan.planned, []
        names = {name for each in self._pending.values() for name in each.names()}
        with open_ledger(Path(self._settings.state_folder)) as lines:
            matcher = LedgerMatcher(
                origins_of(lines, names),
                stands=self._stands,
                now=self._origin_now,
                keep=self._settings.on_engine_change is OnEngineChange.KEEP,
                rejected=plan.rejected,
            )
        items = []
        for number, item in self._own(provisional):
            pending = self._pending.get(number)
            if pending is not None:
                pending = pending._replace(item=item)
                item = self._add_last_failure(matcher.resolve(pending))  # noqa: PLW2901
            items.append((item, pending))
        damaged = self._find_damaged({item.asset for item, _ in items}) if deep else frozenset()
        for item, pending in items:
            if item.state is State.FRESH and item.asset in damaged:
                reason = (
                    "its file differs from what was generated: `generate --deep` regenerates it"
                )
                # Regenerate the asset of another engine with this one, under its own name.
                own = item if pending is None else pending.item
                item = replace(own, state=State.DAMAGED, reason=reason)  # noqa: PLW2901
            if pending is not None or deep or self._shared:
                self._count(item, plan.planned, own=None if pending is None else pending.item)
            else:
                plan.planned.append(item)
        plan.kept = matcher.list_kept_clips()

    def drop_conflicting_assets(self) -> None:
        """Leave files alone that two entries claim: it is unknown which entry they belong to."""
        plan, conflicting = self.plan, self._planner.conflicting_assets
        if not conflicting:
            return
        kept = []
        for item in plan.planned:
            is_claimed = item.asset in plan.recorded and item.asset.casefold() in conflicting
            if is_claimed and item.state in planner.TO_GENERATE:
                plan.states[item.state] -= 1
            else:
                kept.append(item)
        plan.planned = kept

    def report_foreign_url_matches(self) -> None:
        """Note the clips that may be locked only because the URL template changed."""
        if count := self._planner.foreign_url_matches:
            self.plan.trouble.notes.append(
                f"kept as recordings: {count} with a URL of another template that ends with "
                "the name of the clip's own asset; if tts-assets wrote these URLs, set "
                '`overwrite = "always"` for their source to replace them'
            )

    def _own(self, provisional: list[planner.ClipPlan]) -> Iterator[tuple[int, planner.ClipPlan]]:
        """The clips of this run or shard, with their numbers."""
        if self._shared is None:
            yield from enumerate(provisional)
            return
        self.plan.hashes = self._shared.hash_plan()
        own = self._shared.select_recipes()
        yield from (each for each in enumerate(provisional) if each[1].recipe in own)

    def _count(
        self,
        item: planner.ClipPlan,
        planned: list[planner.ClipPlan],
        own: planner.ClipPlan | None = None,
    ) -> None:
        """Count a clip, and keep it if it matters; ``own``: its plan by its own recipe."""
        if item.state is State.FRESH:
            if item.clip.form.turns:
                self.timelines.add_passage(item.asset)
            item = self.reviews.apply_review(item, own or item)
        elif own is None:
            item = self._add_last_failure(item)
        self.plan.states[item.state] += 1
        if item.state in self.selection.passed_over:
            self.plan.passed_over += 1
        elif self._matters(item) or self.reviews.matters(item):
            planned.append(item)

    def _find_damaged(self, assets: set[str]) -> frozenset[str]:
        """The assets whose files differ from their hashes in the ledger."""
        damaged, unknown = self._folder.find_damaged(assets)
        if unknown:
            self.plan.trouble.notes.append(
                f"{unknown} files are not in the ledger: they count as up to date by their names"
            )
        return damaged

    def _pend(self, item: planner.ClipPlan, names: asset_names.Addresses) -> None:
        clip = item.clip
        before = self._planner.find_previous(clip, names, item.asset)
        brief = self._recipes.hash_request(clip.form, clip.voice, clip.speed)
        self._pending[len(self.plan.planned)] = UnresolvedClip(item, names, brief, before)
        self.plan.planned.append(item)

    def _may_matter(self, item: planner.ClipPlan) -> bool:
        """Whether the report may list a clip, once its state is resolved."""
        return item.state in planner.TO_GENERATE or self.reviews.may_matter(item)

    def _stands(self, origin: Provenance) -> tuple[State, str]:
        """The state of an asset by one of its ledger lines, and the reason."""
        state, reason = self._planner.asset_state(origin.asset, origin.recipe)
        record = self.plan.recorded.get(origin.asset)
        if state is State.FRESH and record != (origin.recipe, origin.bytes):
            return State.DAMAGED, "the ledger contradicts itself about its file"
        return state, reason

    def _origin_now(self, item: planner.ClipPlan, brief: str) -> Provenance:
        """The ledger line that a clip would get if it were generated now."""
        clip = item.clip
        now = self._provenance.build(clip.form, clip.voice, item.recipe, clip.speed)
        return replace(now, asset=item.asset, brief=brief)

    def _add_last_failure(self, item: planner.ClipPlan) -> planner.ClipPlan:
        """Mark a clip that failed in the last run."""
        reason = self._folder.failed.get(item.recipe)
        if reason is None or self._settings.force:
            return item
        if item.state not in {State.NEW, State.STALE} or item.held:
            return item
        return replace(item, state=State.FAILED, reason=f"it failed in the last run: {reason}")
