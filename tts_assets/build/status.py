"""The use case `status`: the states of all clips, without generating any."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tts_assets.audio import formats
from tts_assets.build.events import Standing
from tts_assets.build.plan import planner
from tts_assets.build.plan.plan_memory import PlanMemory
from tts_assets.config.settings import Settings
from tts_assets.engines import registry
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets.build.cleanup import References
    from tts_assets.build.events import Orphan
    from tts_assets.build.plan.plan import Plan
    from tts_assets.build.plan.plan_memory import SettledPlan
    from tts_assets.engines.protocol import Provider
    from tts_assets.store.paid_journal import DoubtfulTake


def status_of(settings: Settings | None = None) -> Standing:
    """The states of all clips, determined without running an engine; changes nothing.

    Args:
        settings: the settings; None is the same as the command line without options.

    Raises:
        UsageError: the settings are wrong.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be read.
    """
    return summarize_status(settings or Settings(), find_orphans=True)


def summarize_status(
    settings: Settings, *, find_orphans: bool = False, require_approved: bool = False
) -> Standing:
    """Determine the states of the clips of all catalogues.

    Without any audio files, as in a checkout without them, use the ledger alone. Otherwise compare
    the files with the sizes in the ledger, or with its hashes.

    Args:
        settings: the catalogues, the sound and the output folder.
        find_orphans: whether to search for assets that no catalogue refers to.
        require_approved: whether to list the fresh clips without approved audio.

    Raises:
        UsageError: the settings are wrong.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be read.
    """
    begun = time.monotonic()
    problem = formats.find_sound_problem(settings.sound)
    if problem is not None:
        raise UsageError(problem)
    provider, reason = registry.choose_engine(settings)
    memory = PlanMemory(settings, provider)
    settled = memory.recall(
        may_lack_files=True, all_approved=require_approved, without_orphans=find_orphans
    )
    if settled is None:
        standing = _describe_new_plan(
            settings, memory, provider, find_orphans=find_orphans, require_approved=require_approved
        )
    else:
        standing = _describe_settled_plan(
            settled, find_orphans=find_orphans, require_approved=require_approved
        )
    return replace(
        standing,
        takes=tuple(_find_takes(settings)),
        provider=provider.name,
        chosen=reason,
        seconds=time.monotonic() - begun,
    )


def _describe_settled_plan(
    settled: SettledPlan, *, find_orphans: bool, require_approved: bool
) -> Standing:
    """The states of a remembered plan, which found nothing to do."""
    return Standing(
        catalogues=len(settled.catalogues),
        states=dict.fromkeys(planner.State, 0) | settled.states,
        planned=(),
        approved=settled.approvals,
        unapproved=() if require_approved else None,
        kept=(),
        orphans=() if find_orphans else None,
        judged_by=settled.judged_by,
        unspoken=settled.unspoken,
        problems=(),
        notes=settled.notes,
        unmatched=None,
        urls_to_write=0,
        provider="",
        chosen=None,
        seconds=0.0,
    )


def _describe_new_plan(
    settings: Settings,
    memory: PlanMemory,
    provider: Provider,
    *,
    find_orphans: bool,
    require_approved: bool,
) -> Standing:
    """The states of a new plan, which is remembered if it finds nothing to do."""
    found, urls_to_write, unused = _make_plan(
        settings, memory, provider, find_orphans=find_orphans, require_approved=require_approved
    )
    if not urls_to_write:
        memory.remember(found, without_orphans=unused == ())
    unapproved = tuple(
        msgspec.structs.replace(item, reason="not approved yet")
        for item in found.planned
        if item.state is planner.State.FRESH
    )
    return Standing(
        catalogues=len(found.catalogues),
        states=found.states,
        planned=tuple(item for item in found.planned if item.state is not planner.State.FRESH),
        approved=found.approvals,
        unapproved=unapproved if require_approved else None,
        kept=found.kept,
        orphans=unused,
        judged_by=found.judged_by,
        unspoken=tuple(each for one in found.catalogues for each in one.unspoken),
        problems=tuple(found.trouble.problems),
        notes=tuple(found.trouble.notes),
        unmatched=found.unmatched,
        urls_to_write=urls_to_write,
        timelines_to_write=len(found.untimed),
        provider="",
        chosen=None,
        seconds=0.0,
    )


def _find_takes(settings: Settings) -> Iterable[DoubtfulTake]:
    if not os.path.isdir(settings.temp):  # noqa: PTH112 - Path refuses some names
        return ()
    from tts_assets.store.paid_journal import find_takes  # noqa: PLC0415 - few projects pay

    return find_takes(settings.temp, settings.state_folder)


def _make_plan(
    settings: Settings,
    memory: PlanMemory,
    provider: Provider,
    *,
    find_orphans: bool,
    require_approved: bool,
) -> tuple[Plan, int, tuple[Orphan, ...] | None]:
    """A new plan, the number of URLs to write, and the orphans as in `Standing`."""
    # Imported late: not needed for a remembered plan, the common case.
    from tts_assets.build.plan.make_plan import make_plan  # noqa: PLC0415

    references = _create_references(settings) if find_orphans else None
    urls_to_write = 0

    def matters(item: planner.ClipPlan) -> bool:
        nonlocal urls_to_write
        if references is not None:
            references.add_clip(item)
        if item.state is planner.State.FRESH and settings.update_json and planner.lacks_url(item):
            urls_to_write += sum(1 for _ in planner.urls_due(item))
        return item.state in planner.TO_GENERATE

    make = partial(
        make_plan,
        provider=provider,
        matters=matters,
        may_lack_files=True,
        unapproved=require_approved,
    )
    # Orphans depend on all catalogues.
    found = None if find_orphans else memory.plan_changes(make)
    if found is None:
        urls_to_write = 0
        found = make(settings, iter_clips=memory.iter_clips)
    unused = None if references is None else _find_orphans(settings, found, references)
    return found, urls_to_write, unused


def _create_references(settings: Settings) -> References:
    from tts_assets.build.cleanup import References  # noqa: PLC0415 - see above

    return References(settings)


def _find_orphans(
    settings: Settings, found: Plan, references: References
) -> tuple[Orphan, ...] | None:
    """Assets that nothing refers to; None if not all references could be read."""
    from tts_assets.build.cleanup import orphans  # noqa: PLC0415 - see above
    from tts_assets.build.plan import output_folder  # noqa: PLC0415 - see above

    if not settings.is_whole or found.trouble.problems or references.follow([found]):
        return None
    with output_folder.open_ledger(Path(settings.state_folder)) as lines:
        return tuple(
            orphans(references, present=found.present, recorded=found.recorded, lines=lines)
        )
