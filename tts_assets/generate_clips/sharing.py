"""What a shard leaves in its folder beside its assets: a header for the merge, and its clips' URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tts_assets import parts
from tts_assets.errors import InputError
from tts_assets.generate_clips.state import to_write

if TYPE_CHECKING:
    from tts_assets.generate_clips.state import Run
    from tts_assets.storage import Storage


def begin(run: Run, store: Storage) -> None:
    """Say what plan this is a shard of, before anything is made for it.

    Raises:
        InputError: the folder has what was made for another plan.
        FatalError: it cannot be written to.
    """
    now = _header(run, finished=False)
    before = parts.read_header(store.root)
    if before is not None:
        different = before.differs(now)
        if different is not None:
            raise InputError(
                f"it is of another plan than this run ({different}): merge it, or delete it, then "
                "run this shard again",
                file=str(store.root),
            )
        now = msgspec.structs.replace(now, forced=now.forced or before.forced)
    store.replace(parts.HEADER_NAME, parts.encoded(now))


def finish(run: Run, store: Storage) -> None:
    """Leave the URLs, and then say that all is there.

    Raises:
        FatalError: the folder cannot be written to.
    """
    urls = [parts.patch(item.clip, item.url, run.settings.output) for item in to_write(run)]
    store.replace(parts.URLS_NAME, parts.encoded_urls(urls))
    run.urls_written = len(urls)
    told = parts.read_header(store.root) or _header(run, finished=True)
    store.replace(parts.HEADER_NAME, parts.encoded(msgspec.structs.replace(told, finished=True)))


def _header(run: Run, *, finished: bool) -> parts.Header:
    sums = run.survey.sums
    assert sums is not None  # noqa: S101 - the survey of a shard has them
    return parts.header(run.settings, run.provider, sums, finished=finished)
