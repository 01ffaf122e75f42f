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
    from collections.abc import Container

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
            item if item.asset in run.moved else item.instead or item for item in run.survey.planned
        ]
        run.jobs = jobs_of(run)


def _move(run: Run, store: Storage, held: list[plan.Planned]) -> None:
    held_in = Path(run.settings.output)
    due: dict[str, list[plan.Planned]] = {}
    for item in held:
        due.setdefault(item.held or "", []).append(item)
    lines = _lines(held_in, due.keys())
    log = AppendLog(store.root / ledger.NAME)
    try:
        while due:
            sounds = [(first := next(iter(due)), _bytes(held_in / first))]
            while sounds:
                source, data = sounds.pop()
                for item in due.pop(source):
                    line = lines.get((source, item.recipe, sha256(data)))
                    if line is None:
                        continue
                    if item.asset in due:
                        # Ids that changed places: others wait for what this name has until now.
                        sounds.append((item.asset, _bytes(held_in / item.asset)))
                    moved = msgspec.structs.replace(line, asset=item.asset, billed=None)
                    store_asset(moved, data, store, log)
                    run.moved.add(item.asset)
    finally:
        log.close()


def _lines(folder: Path, assets: Container[str]) -> dict[tuple[str, str, str], ledger.Line]:
    """The lines of these assets, by asset, recipe and hash: one that git merged may have several."""
    return {
        (line.asset, line.recipe, line.sha256): line
        for line in ledger.whole_lines((folder / ledger.NAME).read_bytes())
        if line.asset in assets
    }


def _bytes(path: Path) -> bytes:
    """The bytes of a file; none where it is gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
