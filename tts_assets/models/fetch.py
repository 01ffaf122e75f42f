"""The use case: models fetched, looked at, and put where engines find them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from tts_assets import storage
from tts_assets.errors import FatalError, UsageError
from tts_assets.models.address import address, shown
from tts_assets.models.events import Ready, SetAside, Waiting
from tts_assets.models.part import Part, refuse_lack_of_space, written
from tts_assets.models.store import RECORD, REJECTED, beside
from tts_assets.models.sums import sha256_of
from tts_assets.models.transfer import (
    Patience,
    connected,
    size_of,
    transfer,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    import httpx

    from tts_assets.models.events import Event
    from tts_assets.models.known import Model, ModelFile
    from tts_assets.models.store import Store
    from tts_assets.settings import ModelSettings

#: A size is good to know, and nothing to wait for.
_BRIEF = Patience(connect_seconds=5.0, silence_seconds=5.0)
#: Somebody else's lock is looked at that often.
_LOOK_SECONDS = 0.2


class _BusyError(Exception):
    """Somebody else holds the lock."""


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
            await _Errand(store, file, url, client, patience, tell).run()


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
        await _Errand(store, file, "", None, Patience(), tell).run()


@dataclass(frozen=True, slots=True)
class _Errand:
    """One file to bring here; without a client it has to be here already."""

    store: Store
    file: ModelFile
    url: str
    client: httpx.AsyncClient | None
    patience: Patience
    tell: Callable[[Event], None]

    async def run(self) -> None:
        path = self.store.path(self.file)
        if await anyio.to_thread.run_sync(self._is_settled):
            # Without a lock: a folder that cannot be written to serves as well.
            self.tell(self._ready(fetched=False, recorded=None))
            return
        with written(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        async with self._locked():
            fault = await anyio.to_thread.run_sync(self.store.fault, self.file)
            if fault is None:
                recorded = await anyio.to_thread.run_sync(self._recorded_now, path)
                self.tell(self._ready(fetched=False, recorded=recorded))
                return
            if path.exists():
                self._set_aside(path, fault)
            if self.client is None:
                raise FatalError(
                    f"{self.file.name}: {fault}; it is kept as {beside(path, REJECTED)} and not "
                    f"used: put the right file to {path}"
                )
            part = Part(path)
            await transfer(
                self.client, self.file, self.url, part, patience=self.patience, tell=self.tell
            )
            recorded = await anyio.to_thread.run_sync(self._place, part, path)
            self.tell(self._ready(fetched=True, recorded=recorded))

    def _is_settled(self) -> bool:
        """Whether the file is right, and nothing is left to be recorded."""
        file, store = self.file, self.store
        return store.fault(file) is None and (file.sha256 or store.recorded(file)) is not None

    def _ready(self, *, fetched: bool, recorded: str | None) -> Ready:
        return Ready(
            file=self.file.name,
            path=self.store.path(self.file),
            fetched=fetched,
            recorded=recorded,
        )

    @contextlib.asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        """Be the only one at this file; who waits finds it done afterwards."""
        lock = self.store.lock(self.file)
        with contextlib.ExitStack() as held:
            while True:
                enter = partial(held.enter_context, storage.lock(lock, _give_up))
                try:
                    with written(lock):
                        await anyio.to_thread.run_sync(enter)
                    break
                except _BusyError:
                    self.tell(Waiting(file=self.file.name))
                    await anyio.sleep(_LOOK_SECONDS)
            yield

    def _recorded_now(self, path: Path) -> str | None:
        """Record the sum of a file that nobody pins, if it has no record yet."""
        if self.file.sha256 is not None or self.store.recorded(self.file) is not None:
            return None
        with written(path):
            found = sha256_of(path, self.store.folder)
        self._record(path, found)
        return found

    def _record(self, path: Path, sha256: str) -> None:
        """As `sha256sum -c` reads it."""
        with written(beside(path, RECORD)):
            storage.write_whole(beside(path, RECORD), f"{sha256}  {path.name}\n".encode())
            storage.sync_folder(path.parent)

    def _place(self, part: Part, path: Path) -> str | None:
        """Look at the sum of the whole, and give it its name; the sum, if it is recorded now."""
        with written(part.path):
            found = sha256_of(part.path, self.store.folder)
        recorded = self.store.recorded(self.file)
        wanted = self.file.sha256 or recorded
        if wanted not in (None, found):
            self._reject(part, path, found, f"{wanted}")
        if wanted is None:
            self._record(path, found)
        part.place(path)
        return found if wanted is None else None

    def _reject(self, part: Part, path: Path, found: str, wanted: str) -> None:
        rejected = beside(path, REJECTED)
        part.place(rejected)
        advice = (
            "fetch again, or give another --mirror"
            if self.file.sha256 is not None
            else f"if it has rightly changed since its first download, delete {beside(path, RECORD)}"
        )
        raise FatalError(
            f"{self.file.name} from {shown(self.url)} has the SHA-256 {found} and not {wanted}; "
            f"it is kept as {rejected} and not used: {advice}"
        )

    def _set_aside(self, path: Path, fault: str) -> None:
        rejected = beside(path, REJECTED)
        with written(path):
            path.replace(rejected)
        self.tell(SetAside(file=self.file.name, path=rejected, reason=fault))


def _give_up() -> None:
    raise _BusyError
