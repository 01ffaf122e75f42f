"""The use case: models fetched, looked at, and put where engines find them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tts_assets.engines.http.transport import redact_url
from tts_assets.engines.models.download import ModelDownload
from tts_assets.engines.models.model_server import (
    DownloadRetryPolicy,
    address,
    connect_downloads,
    size_of,
)
from tts_assets.engines.models.partial_file import PartialFile, refuse_lack_of_space
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tts_assets.config.settings import ModelSettings
    from tts_assets.engines.models.download_events import Event
    from tts_assets.engines.models.known_models import ModelFile, SpeechModel
    from tts_assets.engines.models.model_cache import ModelCache


#: A size is good to know, and nothing to wait for.
_BRIEF = DownloadRetryPolicy(connect_seconds=5.0, silence_seconds=5.0)


async def fetch(
    models: Sequence[SpeechModel],
    store: ModelCache,
    settings: ModelSettings,
    *,
    tell: Callable[[Event], None],
    patience: DownloadRetryPolicy | None = None,
) -> None:
    """Bring the files of models here, each whole and with the right sum, or not at all.

    What is here already is looked at, and kept if it is right. A cut download, also one of a
    killed run, goes on from where it was cut. Nobody is asked: that is for the caller to do.

    Args:
        models: which.
        store: where to.
        settings: mirror and offline mode.
        tell: what happens.
        patience: how long, how often.

    Raises:
        UsageError: offline, and a file is not here.
        FatalError: a file cannot be had, has another sum, or cannot be written.
    """
    files = [file for model in models for file in model.files]
    if settings.offline:
        await _check_files(files, store, settings, tell)
        return
    patience = patience or DownloadRetryPolicy()
    lacking = [file for file in files if not store.path(file).exists()]
    needed = sum(max(0, (file.bytes or 0) - PartialFile(store.path(file)).size) for file in lacking)
    refuse_lack_of_space(store.folder, needed)
    async with connect_downloads(settings.mirror, patience) as client:
        for file in files:
            url = address(file, settings.mirror)
            await ModelDownload(store, file, url, client, patience, tell).run()


async def measure_models(
    models: Sequence[SpeechModel], settings: ModelSettings
) -> tuple[SpeechModel, ...]:
    """The models with the sizes that servers say, where no size is pinned.

    Raises:
        FatalError: a file is nowhere to be had.
    """
    if all(model.bytes is not None for model in models):
        return tuple(models)
    async with connect_downloads(settings.mirror, _BRIEF) as client:
        found = []
        for model in models:
            files = [
                file
                if file.bytes is not None
                else replace(file, bytes=await size_of(client, address(file, settings.mirror)))
                for file in model.files
            ]
            found.append(replace(model, files=tuple(files)))
    return tuple(found)


async def _check_files(
    files: Sequence[ModelFile],
    store: ModelCache,
    settings: ModelSettings,
    tell: Callable[[Event], None],
) -> None:
    """Offline: what was put here by hand is looked at, and what is missing is asked for."""
    missing = [file for file in files if not store.path(file).exists()]
    if missing:
        where = ", ".join(
            f"{redact_url(address(file, settings.mirror))} to {store.path(file)}"
            for file in missing
        )
        raise UsageError(f"models.offline is set, so nothing is fetched; copy by hand: {where}")
    for file in files:
        await ModelDownload(store, file, "", None, DownloadRetryPolicy(), tell).run()
