"""Clips whose sound is there already under another name get it under theirs, without an engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
import msgspec

from tts_assets import ledger, plan
from tts_assets.generate_clips.state import jobs_of
from tts_assets.make_clip import store_asset
from tts_assets.storage import AppendLog, sha256

if TYPE_CHECKING:
    from tts_assets.generate_clips.state import Run
    from tts_assets.storage import Storage


async def move_held(run: Run, store: Storage) -> None:
    """Store what is held under its new names; what is not as its line says is made anew.

    Raises:
        FatalError: the disk is full, or the ledger cannot be written.
    """
    held = {item.asset: item for item in run.survey.planned if item.held is not None}
    if not held or run.stop.requested:
        return
    await anyio.to_thread.run_sync(_move, run, store, list(held.values()))
    if held.keys() - run.moved:
        run.survey.planned = [
            item if item.asset in run.moved else item._replace(held=None)
            for item in run.survey.planned
        ]
        run.jobs = jobs_of(run)


def _move(run: Run, store: Storage, held: list[plan.Planned]) -> None:
    held_in = Path(run.settings.output)
    wanted = {item.held for item in held}
    lines = {
        line.asset: line
        for line in ledger.whole_lines((held_in / ledger.NAME).read_bytes())
        if line.asset in wanted
    }
    log = AppendLog(store.root / ledger.NAME)
    try:
        for item in held:
            data = _bytes(held_in / (item.held or ""))
            line = lines.get(item.held or "")
            if line is None or data is None or sha256(data) != line.sha256:
                continue
            moved = msgspec.structs.replace(line, asset=item.asset, billed=None)
            store_asset(moved, data, store, log)
            run.moved.add(item.asset)
    finally:
        log.close()


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
