"""One file brought to its place under its lock: looked at, fetched, checked, recorded."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from tts_assets.engines.models.events import Ready, Retrying, SetAside, Waiting
from tts_assets.engines.models.part import Part, written
from tts_assets.engines.models.plausible import flaw
from tts_assets.engines.models.store import RECORD, REJECTED, beside, leftovers
from tts_assets.engines.models.transfer import transfer
from tts_assets.engines.web import shown
from tts_assets.errors import FatalError
from tts_assets.store import storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import httpx

    from tts_assets.engines.models.connection import Patience
    from tts_assets.engines.models.events import Event
    from tts_assets.engines.models.known import ModelFile
    from tts_assets.engines.models.store import Store


#: Somebody else's lock is looked at that often.
_LOOK_SECONDS = 0.2


class _BusyError(Exception):
    """Somebody else holds the lock."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One file to bring here; without a client it has to be here already."""

    store: Store
    file: ModelFile
    url: str
    client: httpx.AsyncClient | None
    patience: Patience
    tell: Callable[[Event], None]

    async def run(self) -> None:
        """Bring it here, if it is not here as it should be.

        Raises:
            FatalError: it cannot be had, is not what it should be, or cannot be written.
        """
        if not await anyio.to_thread.run_sync(self._is_settled):
            try:
                async with self._locked():
                    self.tell(await self._brought())
            except FatalError:
                # A folder that cannot be written to serves what it has.
                if await anyio.to_thread.run_sync(self.store.fault, self.file) is not None:
                    raise
            else:
                return
        self.tell(self._ready(fetched=False, recorded=None))

    def _is_settled(self) -> bool:
        """Whether the file is right, and nothing is left to be recorded or removed."""
        if self.store.fault(self.file) is not None:
            return False
        is_recorded = (self.file.sha256 or self.store.recorded(self.file)) is not None
        # A lock is there while another process is at it, or since one was killed.
        left = (self.store.lock(self.file), *leftovers(self._path))
        return is_recorded and not any(path.exists() for path in left)

    async def _brought(self) -> Ready:
        """Do what has to be done, as the only one at it."""
        fault = await anyio.to_thread.run_sync(self.store.fault, self.file)
        if fault is None:
            recorded = await anyio.to_thread.run_sync(self._record, self._path)
            self._tidy()
            return self._ready(fetched=False, recorded=recorded)
        is_kept = self._path.exists()
        if is_kept:
            self._set_aside(fault)
        if self.client is None:
            raise FatalError(
                f"{self.file.name}: {fault}; it is kept as {beside(self._path, REJECTED)} and not "
                f"used: put the right file to {self._path}"
            )
        recorded = await self._fetched(self.client)
        if not is_kept:
            self._tidy()
        return self._ready(fetched=True, recorded=recorded)

    async def _fetched(self, client: httpx.AsyncClient) -> str | None:
        """Download it; the sum, if that is recorded now."""
        part = Part(self._path)
        bring = partial(
            transfer, client, self.file, self.url, part, patience=self.patience, tell=self.tell
        )
        await bring()
        fault = await anyio.to_thread.run_sync(self._fault, part)
        if fault is not None and part.is_pieced:
            # Perhaps the pieces are of several files: once more, in one piece.
            self.tell(Retrying(file=self.file.name, reason=fault, seconds=0.0, anew=True))
            with written(part.path):
                part.drop()
            await bring()
            fault = await anyio.to_thread.run_sync(self._fault, part)
        return await anyio.to_thread.run_sync(self._place, part, fault)

    @property
    def _path(self) -> Path:
        return self.store.path(self.file)

    def _ready(self, *, fetched: bool, recorded: str | None) -> Ready:
        return Ready(file=self.file.name, path=self._path, fetched=fetched, recorded=recorded)

    @contextlib.asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        """Be the only one at this file; who waits finds it done afterwards."""
        lock = self.store.lock(self.file)
        with written(self._path):
            lock.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            while True:
                enter = partial(held.enter_context, storage.lock(lock, _give_up))
                try:
                    with written(lock):
                        await anyio.to_thread.run_sync(enter)
                    storage.sweep(lock.parent)
                    break
                except _BusyError:
                    self.tell(Waiting(file=self.file.name))
                    await anyio.sleep(_LOOK_SECONDS)
            yield

    def _record(self, path: Path) -> str | None:
        """Record the sum of what nobody pins, as `sha256sum -c` reads it, if it has none yet."""
        if (self.file.sha256 or self.store.recorded(self.file)) is not None:
            return None
        record = beside(self._path, RECORD)
        with written(record):
            found = storage.sha256(path)
            storage.write_whole(record, f"{found}  {self._path.name}\n".encode())
            storage.sync_folder(record.parent)
        return found

    def _fault(self, part: Part) -> str | None:
        """Words on why the whole is not the file; None where it is."""
        wanted = self.file.sha256 or self.store.recorded(self.file)
        with written(part.path):
            if wanted is None:
                return flaw(part.path, self._path.name)
            # Not remembered: it gets another name now.
            found = storage.sha256(part.path)
        return None if found == wanted else f"its SHA-256 is {found} and not {wanted}"

    def _place(self, part: Part, fault: str | None) -> str | None:
        """Give the whole its name; the sum, if that is recorded now."""
        if fault is not None:
            self._reject(part, fault)
        recorded = self._record(part.path)
        part.place(self._path)
        return recorded

    def _reject(self, part: Part, fault: str) -> None:
        rejected, record = beside(self._path, REJECTED), beside(self._path, RECORD)
        part.place(rejected)
        advice = (
            f"if it has rightly changed since its first download, delete {record}"
            if self.file.sha256 is None and record.exists()
            else "fetch again, or give another --mirror"
        )
        raise FatalError(
            f"{self.file.name} from {shown(self.url)}: {fault}; "
            f"it is kept as {rejected} and not used: {advice}"
        )

    def _set_aside(self, fault: str) -> None:
        if self._path.is_dir():
            raise FatalError(f"{self._path} is a folder, where a file goes: move it away")
        rejected = beside(self._path, REJECTED)
        with written(self._path):
            self._path.replace(rejected)
        self.tell(SetAside(file=self.file.name, path=rejected, reason=fault))

    def _tidy(self) -> None:
        for path in leftovers(self._path):
            with written(path):
                path.unlink(missing_ok=True)


def _give_up() -> None:
    raise _BusyError
