"""What a shard leaves in its folder beside its assets: a header for the merge, and its clips' URLs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tts_assets.build.generate.build_state import to_write
from tts_assets.build.plan import output_folder, planner
from tts_assets.build.shards import shard_header, shard_record
from tts_assets.build.shards.shard_record import URLS_NAME, check_name, encode_urls, patch
from tts_assets.errors import InputError
from tts_assets.regular_files import refuse_link
from tts_assets.store import ledger
from tts_assets.store.atomic_files import Storage, fatal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.build.generate.build_state import BuildState


def refuse_link_to(folder: Path) -> None:
    """Refuse the folder of a shard if it is a link: its name is made up, so no user linked it.

    Raises:
        FatalError: it is one.
    """
    with fatal(f"cannot write to {folder}"):
        refuse_link(folder)


def begin(run: BuildState, store: Storage) -> None:
    """Say what plan this is a shard of, before anything is made for it.

    Raises:
        InputError: the folder has what was made for another plan, or the merge could not find a
            catalogue.
        FatalError: the folder cannot be written to.
    """
    for each in run.survey.catalogues:
        check_name(each.file, run.settings.output)
    now = _header(run, finished=False)
    before = shard_header.read_header(store.root)
    if before is not None:
        different = before.differs(now)
        if different is not None:
            raise InputError(
                f"it is of another plan than this run ({different}): merge it, or delete it, then "
                "run this shard again",
                file=str(store.root),
            )
        now = msgspec.structs.replace(now, forced=now.forced or before.forced)
    _write_replaced(run, store)
    store.replace(shard_header.HEADER_NAME, shard_header.encode_header(now))


def finish(run: BuildState, store: Storage) -> None:
    """Leave the URLs, and then say that all is there.

    Raises:
        FatalError: the folder cannot be written to.
    """
    urls = [
        patch(clip, url, run.settings.output)
        for item in to_write(run)
        for clip, url in planner.urls_due(item)
    ]
    store.replace(URLS_NAME, encode_urls(urls))
    run.urls_written = len(urls)
    told = shard_header.read_header(store.root) or _header(run, finished=True)
    told = msgspec.structs.replace(told, finished=True, left=_count_left(run))
    store.replace(shard_header.HEADER_NAME, shard_header.encode_header(told))


def _count_left(run: BuildState) -> int:
    """The clips that were neither made nor failed: the run was stopped, or came to a bound."""
    return sum(
        item.recipe not in run.made
        and item.asset not in run.moved
        and item.recipe not in run.failures
        for item in run.survey.planned
        if item.state in planner.TO_MAKE
    )


def _write_replaced(run: BuildState, store: Storage) -> None:
    """Say what the output folder has under the names of what is to be made; the rest stays told."""
    assets = {item.asset for item in run.survey.planned if item.state in planner.TO_MAKE}
    before = [each for each in shard_record.read_replaced(store.root) if each.asset not in assets]
    data = shard_record.encode_replaced([*before, *_find_replaced(run, assets)])
    if data:
        store.replace(shard_record.REPLACED_NAME, data)
    else:
        store.remove(shard_record.REPLACED_NAME)


def _find_replaced(run: BuildState, assets: set[str]) -> Iterator[shard_record.Replaced]:
    unknown = set(assets)
    for each in ledger.origins_of(output_folder.ledger_bytes(run.settings), assets):
        if each.asset in assets and each.recipe:
            unknown.discard(each.asset)
            yield shard_record.Replaced(asset=each.asset, recipe=each.recipe, sha256=each.sha256)
    if not run.settings.force:
        return
    # Even what nobody knows is remade then.
    output = Storage(Path(run.settings.output))
    for asset in unknown:
        found = output.hash_of(asset)
        if found is not None:
            yield shard_record.Replaced(asset=asset, recipe="", sha256=found)


def _header(run: BuildState, *, finished: bool) -> shard_header.Header:
    sums = run.survey.sums
    assert sums is not None  # noqa: S101 - the survey of a shard has them
    return shard_header.header(run.settings, run.provider, sums, finished=finished)
