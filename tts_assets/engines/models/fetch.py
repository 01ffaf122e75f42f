"""The use case: models fetched, looked at, and put where engines find them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tts_assets.engines.models.address import address
from tts_assets.engines.models.connection import Patience, connected, size_of
from tts_assets.engines.models.errand import Errand
from tts_assets.engines.models.part import Part, refuse_lack_of_space
from tts_assets.engines.web import shown
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tts_assets.config.model import ModelSettings
    from tts_assets.engines.models.events import Event
    from tts_assets.engines.models.known import Model, ModelFile
    from tts_assets.engines.models.store import Store


#: A size is good to know, and nothing to wait for.
_BRIEF = Patience(connect_seconds=5.0, silence_seconds=5.0)


async def fetch(
    models: Sequence[Model],
    store: Store,
    settings: ModelSettings,
    *,
    tell: Callable[[Event], None],
    patience: Patience | None = None,
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
        await _look(files, store, settings, tell)
        return
    patience = patience or Patience()
    lacking = [file for file in files if not store.path(file).exists()]
    needed = sum(max(0, (file.bytes or 0) - Part(store.path(file)).size) for file in lacking)
    refuse_lack_of_space(store.folder, needed)
    async with connected(settings.mirror, patience) as client:
        for file in files:
            url = address(file, settings.mirror)
            await Errand(store, file, url, client, patience, tell).run()


async def measured(models: Sequence[Model], settings: ModelSettings) -> tuple[Model, ...]:
    """The models with the sizes that servers say, where no size is pinned.

    Raises:
        FatalError: a file is nowhere to be had.
    """
    if all(model.bytes is not None for model in models):
        return tuple(models)
    async with connected(settings.mirror, _BRIEF) as client:
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


async def _look(
    files: Sequence[ModelFile],
    store: Store,
    settings: ModelSettings,
    tell: Callable[[Event], None],
) -> None:
    """Offline: what was put here by hand is looked at, and what is missing is asked for."""
    missing = [file for file in files if not store.path(file).exists()]
    if missing:
        where = ", ".join(
            f"{shown(address(file, settings.mirror))} to {store.path(file)}" for file in missing
        )
        raise UsageError(f"models.offline is set, so nothing is fetched; copy by hand: {where}")
    for file in files:
        await Errand(store, file, "", None, Patience(), tell).run()
