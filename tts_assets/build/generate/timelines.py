"""Time lines that fresh passages lack are written from the ledger, without an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from tts_assets.store.timelines import files

if TYPE_CHECKING:
    from tts_assets.build.generate.state import Run
    from tts_assets.store.storage import Storage


async def write_timelines(run: Run, store: Storage) -> None:
    """Write them, when the ledger is as a finished run leaves it.

    Raises:
        FatalError: the disk is full, gone or read-only.
    """
    assets = frozenset(run.survey.untimed)
    run.timelines_written = await anyio.to_thread.run_sync(files.heal, store, assets)
