"""One model file over HTTP: resumed, retried, checked, stored under its final name."""

from __future__ import annotations

import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from tts_assets.engines.http.http_client import redact_url
from tts_assets.engines.models.known_models import (
    Advanced,
    ModelReady,
    Quarantined,
    Retrying,
    WaitingForDownload,
)
from tts_assets.engines.models.model_cache import (
    RECORD,
    REJECTED,
    PartialFile,
    list_leftovers,
    path_beside,
    refuse_lack_of_space,
    translate_write_errors,
)
from tts_assets.engines.models.model_server import (
    DownloadRetryPolicy,
    TransientDownloadError,
    build_file_url,
    build_range_headers,
    connect_downloads,
    fetch_size,
    goes_on,
    read_version,
    refuse_unusable,
    translate_http_errors,
)
from tts_assets.engines.models.model_validation import find_file_flaw
from tts_assets.errors import FatalError, UsageError
from tts_assets.store import atomic_files

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    import httpx

    from tts_assets.config.settings import ModelSettings
    from tts_assets.engines.models.known_models import Event, ModelFile, SpeechModel
    from tts_assets.engines.models.model_cache import ModelCache


async def transfer_file(
    client: httpx.AsyncClient,
    file: ModelFile,
    url: str,
    part: PartialFile,
    *,
    patience: DownloadRetryPolicy,
    tell: Callable[[Event], None],
) -> None:
    """Bring the rest of a file into its part, trying again when the connection is cut.

    Tries are counted anew whenever there is more of it than ever before.

    Args:
        client: from `connected`.
        file: which one.
        url: where it is fetched from.
        part: what is here of it; whole at the end, with its sum still to be looked at.
        patience: how long, how often.
        tell: what happens.

    Raises:
        FatalError: it cannot be had, or not be written; what is here of it is kept.
    """
    tries, most = 0, part.size
    while not _is_whole(part, file):
        try:
            await _try_transfer(client, file, url, part, tell)
            return
        except TransientDownloadError as exc:
            tries = 1 if part.size > most else tries + 1
            most = max(most, part.size)
            anew = not build_range_headers(part, file)
            if tries > len(patience.pauses_seconds):
                then = "begin anew" if anew else "go on from where it ended"
                raise FatalError(
                    f"cannot fetch {file.name} from {redact_url(url)}: {exc}, {tries} times; "
                    f"run again to {then}, or give another --mirror"
                ) from exc
            seconds = min(exc.seconds, patience.longest_seconds)
            seconds = max(seconds, patience.pauses_seconds[tries - 1])
            anew = anew and part.size > 0
            tell(Retrying(file=file.name, reason=str(exc), seconds=seconds, anew=anew))
            await anyio.sleep(seconds)


async def _try_transfer(
    client: httpx.AsyncClient,
    file: ModelFile,
    url: str,
    part: PartialFile,
    tell: Callable[[Event], None],
) -> None:
    with translate_http_errors(url):
        async with client.stream("GET", url, headers=build_range_headers(part, file)) as response:
            refuse_unusable(response, file, url)
            total = _begin_part(response, file, url, part)
            await _receive_rest(response, file, part, total, tell)


def _begin_part(
    response: httpx.Response, file: ModelFile, url: str, part: PartialFile
) -> int | None:
    """Decide where the answer's bytes go, and whether they can be those of the file.

    Returns:
        The size of the whole; None where the server does not say.
    """
    version = read_version(response)
    total = version.bytes
    continues = goes_on(response, version, part, file)
    if not continues and response.status_code != 200:
        part.drop()
        raise TransientDownloadError(
            "the server sends another part, or of another file, than was asked for"
        )
    if total is None and file.bytes is None:
        # A cut would look like the end, and its sum would be recorded for ever.
        raise FatalError(f"cannot fetch {file.name}: {redact_url(url)} does not say how long it is")
    if total == 0 or (file.bytes is not None and total not in (None, file.bytes)):
        wanted = "" if file.bytes is None else f" and not {file.bytes:,}"
        raise FatalError(
            f"{redact_url(url)} has another file than {file.name}: {total:,} bytes{wanted}; "
            "nothing was fetched, give another --mirror"
        )
    if not continues:
        part.begin_version(version)
    refuse_lack_of_space(part.path.parent, (total or file.bytes or 0) - part.size)
    return total


async def _receive_rest(
    response: httpx.Response,
    file: ModelFile,
    part: PartialFile,
    total: int | None,
    tell: Callable[[Event], None],
) -> None:
    here = part.size
    # A server that begins at the beginning says again what is here.
    done = here if response.status_code == 206 else 0
    most = total or file.bytes
    tell(Advanced(file=file.name, done=here, total=most))
    with part.open() as append:
        async with _open_chunks(response) as take:
            while chunk := await take():
                await anyio.to_thread.run_sync(append, chunk[max(0, here - done) :])
                done += len(chunk)
                if most is not None and done > most:
                    part.drop()
                    raise TransientDownloadError(f"the server sent more than {most:,} bytes")
                tell(Advanced(file=file.name, done=max(done, here), total=most))
    if most is not None and done < most:
        raise TransientDownloadError(f"the server stopped after {done:,} of {most:,} bytes")


@asynccontextmanager
async def _open_chunks(response: httpx.Response) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
    """What takes the next bytes, none at the end; left early, the answer ends in good order."""
    import httpx  # noqa: PLC0415 - see connected

    stream = response.aiter_raw()

    async def take_chunk() -> bytes:
        return await anext(stream, b"")

    try:
        yield take_chunk
    finally:
        # The library's generators end only by themselves: trio complains of those that are left.
        with anyio.CancelScope(shield=True), contextlib.suppress(httpx.HTTPError, OSError):
            await response.aclose()
            while await take_chunk():
                pass


def _is_whole(part: PartialFile, file: ModelFile) -> bool:
    """Whether every byte is here, be it since an earlier run."""
    version = part.version()
    total = file.bytes or (version and version.bytes)
    return total is not None and version is not None and part.size == total


# One file brought to its place under its lock: looked at, fetched, checked, recorded.


#: Somebody else's lock is looked at that often.
_LOOK_SECONDS = 0.2


class _DownloadBusyError(Exception):
    """Somebody else holds the lock."""


@dataclass(frozen=True, slots=True)
class ModelDownload:
    """One file to bring here; without a client it has to be here already."""

    store: ModelCache
    file: ModelFile
    url: str
    client: httpx.AsyncClient | None
    patience: DownloadRetryPolicy
    tell: Callable[[Event], None]

    async def run(self) -> None:
        """Bring it here, if it is not here as it should be.

        Raises:
            FatalError: it cannot be had, is not what it should be, or cannot be written.
        """
        if not await anyio.to_thread.run_sync(self._is_settled):
            try:
                async with self._hold_lock():
                    self.tell(await self._provide_file())
            except FatalError:
                # A folder that cannot be written to serves what it has.
                if await anyio.to_thread.run_sync(self.store.find_fault, self.file) is not None:
                    raise
            else:
                return
        self.tell(self._make_ready_event(fetched=False, recorded=None))

    def _is_settled(self) -> bool:
        """Whether the file is right, and nothing is left to be recorded or removed."""
        if self.store.find_fault(self.file) is not None:
            return False
        is_recorded = (self.file.sha256 or self.store.find_recorded_sum(self.file)) is not None
        # A lock is there while another process is at it, or since one was killed.
        left = (self.store.lock_path(self.file), *list_leftovers(self._final_path))
        return is_recorded and not any(path.exists() for path in left)

    async def _provide_file(self) -> ModelReady:
        """Do what has to be done, as the only one at it."""
        fault = await anyio.to_thread.run_sync(self.store.find_fault, self.file)
        if fault is None:
            recorded = await anyio.to_thread.run_sync(self._record_sum, self._final_path)
            self._delete_leftovers()
            return self._make_ready_event(fetched=False, recorded=recorded)
        is_kept = self._final_path.exists()
        if is_kept:
            self._set_aside(fault)
        if self.client is None:
            raise FatalError(
                f"{self.file.name}: {fault}; it is kept as {path_beside(self._final_path, REJECTED)} and not "
                f"used: put the right file to {self._final_path}"
            )
        recorded = await self._fetch_file(self.client)
        if not is_kept:
            self._delete_leftovers()
        return self._make_ready_event(fetched=True, recorded=recorded)

    async def _fetch_file(self, client: httpx.AsyncClient) -> str | None:
        """Download it; the sum, if that is recorded now."""
        part = PartialFile(self._final_path)
        bring = partial(
            transfer_file, client, self.file, self.url, part, patience=self.patience, tell=self.tell
        )
        await bring()
        fault = await anyio.to_thread.run_sync(self._find_part_fault, part)
        if fault is not None and part.is_pieced:
            # Perhaps the pieces are of several files: once more, in one piece.
            self.tell(Retrying(file=self.file.name, reason=fault, seconds=0.0, anew=True))
            with translate_write_errors(part.path):
                part.drop()
            await bring()
            fault = await anyio.to_thread.run_sync(self._find_part_fault, part)
        return await anyio.to_thread.run_sync(self._finish_part, part, fault)

    @property
    def _final_path(self) -> Path:
        return self.store.file_path(self.file)

    def _make_ready_event(self, *, fetched: bool, recorded: str | None) -> ModelReady:
        return ModelReady(
            file=self.file.name, path=self._final_path, fetched=fetched, recorded=recorded
        )

    @contextlib.asynccontextmanager
    async def _hold_lock(self) -> AsyncIterator[None]:
        """Be the only one at this file; who waits finds it done afterwards."""
        lock = self.store.lock_path(self.file)
        with translate_write_errors(self._final_path):
            lock.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            while True:
                enter = partial(held.enter_context, atomic_files.lock(lock, _give_up))
                try:
                    with translate_write_errors(lock):
                        await anyio.to_thread.run_sync(enter)
                    atomic_files.sweep(lock.parent)
                    break
                except _DownloadBusyError:
                    self.tell(WaitingForDownload(file=self.file.name))
                    await anyio.sleep(_LOOK_SECONDS)
            yield

    def _record_sum(self, path: Path) -> str | None:
        """Record the sum of what nobody pins, as `sha256sum -c` reads it, if it has none yet."""
        if (self.file.sha256 or self.store.find_recorded_sum(self.file)) is not None:
            return None
        record = path_beside(self._final_path, RECORD)
        with translate_write_errors(record):
            found = atomic_files.sha256(path)
            atomic_files.write_whole(record, f"{found}  {self._final_path.name}\n".encode())
            atomic_files.sync_folder(record.parent)
        return found

    def _find_part_fault(self, part: PartialFile) -> str | None:
        """Words on why the whole is not the file; None where it is."""
        wanted = self.file.sha256 or self.store.find_recorded_sum(self.file)
        with translate_write_errors(part.path):
            if wanted is None:
                return find_file_flaw(part.path, self._final_path.name)
            # Not remembered: it gets another name now.
            found = atomic_files.sha256(part.path)
        return None if found == wanted else f"its SHA-256 is {found} and not {wanted}"

    def _finish_part(self, part: PartialFile, fault: str | None) -> str | None:
        """Give the whole its name; the sum, if that is recorded now."""
        if fault is not None:
            self._reject_part(part, fault)
        recorded = self._record_sum(part.path)
        part.move_to(self._final_path)
        return recorded

    def _reject_part(self, part: PartialFile, fault: str) -> None:
        rejected, record = (
            path_beside(self._final_path, REJECTED),
            path_beside(self._final_path, RECORD),
        )
        part.move_to(rejected)
        advice = (
            f"if it has rightly changed since its first download, delete {record}"
            if self.file.sha256 is None and record.exists()
            else "fetch again, or give another --mirror"
        )
        raise FatalError(
            f"{self.file.name} from {redact_url(self.url)}: {fault}; "
            f"it is kept as {rejected} and not used: {advice}"
        )

    def _set_aside(self, fault: str) -> None:
        if self._final_path.is_dir():
            raise FatalError(f"{self._final_path} is a folder, where a file goes: move it away")
        rejected = path_beside(self._final_path, REJECTED)
        with translate_write_errors(self._final_path):
            self._final_path.replace(rejected)
        self.tell(Quarantined(file=self.file.name, path=rejected, reason=fault))

    def _delete_leftovers(self) -> None:
        for path in list_leftovers(self._final_path):
            with translate_write_errors(path):
                path.unlink(missing_ok=True)


def _give_up() -> None:
    raise _DownloadBusyError


# The use case: models fetched, looked at, and put where engines find them.


#: A size is good to know, and nothing to wait for.
_BRIEF = DownloadRetryPolicy(connect_seconds=5.0, silence_seconds=5.0)


async def download_models(
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
    lacking = [file for file in files if not store.file_path(file).exists()]
    needed = sum(
        max(0, (file.bytes or 0) - PartialFile(store.file_path(file)).size) for file in lacking
    )
    refuse_lack_of_space(store.folder, needed)
    async with connect_downloads(settings.mirror, patience) as client:
        for file in files:
            url = build_file_url(file, settings.mirror)
            await ModelDownload(store, file, url, client, patience, tell).run()


async def measure_models(
    models: Sequence[SpeechModel], settings: ModelSettings
) -> tuple[SpeechModel, ...]:
    """The models with the sizes that servers say, where no size is pinned.

    Raises:
        FatalError: a file is nowhere to be had.
    """
    if all(model.total_bytes is not None for model in models):
        return tuple(models)
    async with connect_downloads(settings.mirror, _BRIEF) as client:
        found = []
        for model in models:
            files = [
                file
                if file.bytes is not None
                else replace(
                    file, bytes=await fetch_size(client, build_file_url(file, settings.mirror))
                )
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
    missing = [file for file in files if not store.file_path(file).exists()]
    if missing:
        where = ", ".join(
            f"{redact_url(build_file_url(file, settings.mirror))} to {store.file_path(file)}"
            for file in missing
        )
        raise UsageError(f"models.offline is set, so nothing is fetched; copy by hand: {where}")
    for file in files:
        await ModelDownload(store, file, "", None, DownloadRetryPolicy(), tell).run()
