"""For programs: the main use cases without the command line."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tts_assets.build.build import generate
from tts_assets.build.pool import run_async
from tts_assets.build.status import summarize_status
from tts_assets.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.build.events import Event, Report, Standing


def generate_sync(
    settings: Settings | None = None,
    *,
    dry_run: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> Report:
    """The same as :func:`generate`, for programs without an event loop.

    Args:
        settings: the settings; None is the same as the command line without options.
        dry_run: only report what would be generated.
        on_event: called with each event.

    Raises:
        UsageError: the settings are wrong.
        InputError: the ledger is damaged.
        FatalError: the engine is missing, or the output folder cannot be used.
    """
    work = partial(generate, settings or Settings(), dry_run=dry_run, on_event=on_event)
    return run_async(work)


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
