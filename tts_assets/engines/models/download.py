"""Download model files: resume, retry, verify, and store them under their final names."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
from anyio.to_thread import run_sync

from tts_assets.engines.http.http_client import open_chunks, redact_url
from tts_assets.engines.http.service_calls import TransientError
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
    find_file_flaw,
    list_partial_files,
    path_beside,
    require_space,
    translate_write_errors,
)
from tts_assets.engines.models.model_server import (
    DownloadRetryPolicy,
    build_file_url,
    build_range_headers,
    connect_downloads,
    continues_part,
    fetch_size,
    read_version,
    refuse_unusable,
    translate_http_errors,
)
from tts_assets.errors import FatalError, UsageError
from tts_assets.store import atomic_files

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    import httpx

    from tts_assets.config.settings import ModelSettings
    from tts_assets.engines.models.known_models import Event, ModelFile, SpeechModel
    from tts_assets.engines.models.model_cache import ModelCache

_LOCK_SECONDS = 0.2  #: the time between attempts to take a lock that another process holds

#: The size of a download is useful, but not worth a long wait.
_BRIEF = DownloadRetryPolicy(connect_seconds=5.0, silence_seconds=5.0)


async def download_models(
    models: Sequence[SpeechModel],
    store: ModelCache,
    settings: ModelSettings,
    *,
    on_event: Callable[[Event], None],
    retry_policy: DownloadRetryPolicy | None = None,
) -> None:
    """Download the files of models; store each only if it is complete and its SHA-256 matches.

    Existing files are verified, and kept if they match. Interrupted downloads resume, even after a
    killed run. The caller asks for consent.

    Raises:
        UsageError: offline, and a file is missing.
        FatalError: a file cannot be downloaded, has another SHA-256, or cannot be written.
    """
    files = [file for model in models for file in model.files]
    missing = [file for file in files if not store.file_path(file).exists()]
    retry_policy = retry_policy or DownloadRetryPolicy()
    if settings.offline:
        if missing:
            copies = ", ".join(
                f"{redact_url(build_file_url(file, settings.mirror))} to {store.file_path(file)}"
                for file in missing
            )
            raise UsageError(
                f"models.offline is set, so nothing is downloaded; copy by hand: {copies}"
            )
        for file in files:
            await ModelDownload(store, file, "", None, retry_policy, on_event).run()
        return
    sizes = ((file.bytes or 0) - PartialFile(store.file_path(file)).size for file in missing)
    require_space(store.folder, sum(max(0, size) for size in sizes))
    async with connect_downloads(settings.mirror, retry_policy) as client:
        for file in files:
            url = build_file_url(file, settings.mirror)
            await ModelDownload(store, file, url, client, retry_policy, on_event).run()


async def measure_models(
    models: Sequence[SpeechModel], settings: ModelSettings
) -> tuple[SpeechModel, ...]:
    """Fill in the sizes of files without a pinned size, as servers report them.

    Raises:
        FatalError: a file does not exist.
    """
    if all(model.total_bytes is not None for model in models):
        return tuple(models)
    async with connect_downloads(settings.mirror, _BRIEF) as client:

        async def measure_file(file: ModelFile) -> ModelFile:
            if file.bytes is not None:
                return file
            return replace(
                file, bytes=await fetch_size(client, build_file_url(file, settings.mirror))
            )

        return tuple(
            [
                replace(model, files=tuple([await measure_file(file) for file in model.files]))
                for model in models
            ]
        )


class _DownloadBusyError(Exception):
    """Another process holds the lock."""


class ModelDownload:
    """The download of one file; without a client the file has to exist."""

    def __init__(
        self,
        store: ModelCache,
        file: ModelFile,
        url: str,
        client: httpx.AsyncClient | None,
        retry_policy: DownloadRetryPolicy,
        on_event: Callable[[Event], None],
    ) -> None:
        self._store = store
        self._file = file
        self._url = url
        self._client = client
        self._retry_policy = retry_policy
        self._on_event = on_event
        self._final = store.file_path(file)
        self._part = PartialFile(self._final)
        self._rejected = path_beside(self._final, REJECTED)
        self._record = path_beside(self._final, RECORD)

    async def run(self) -> None:
        """Download the file, unless it exists and is valid.

        Raises:
            FatalError: it cannot be downloaded, is invalid, or cannot be written.
        """
        if not await run_sync(self._is_up_to_date):
            try:
                async with self._hold_lock():
                    self._on_event(await self._ensure_file())
            except FatalError:
                # In a read-only folder, use a valid file without the lock.
                if await run_sync(self._store.find_fault, self._file) is not None:
                    raise
            else:
                return
        self._on_event(self._make_ready_event(fetched=False, recorded=None))

    def _is_up_to_date(self) -> bool:
        """Whether the file is valid, and there is no sum to record and nothing to remove."""
        if self._store.find_fault(self._file) is not None or self._find_sum() is None:
            return False
        # A lock file exists while another process downloads, or after one was killed.
        leftovers = (self._store.lock_path(self._file), *list_partial_files(self._final))
        return not any(path.exists() for path in leftovers)

    def _find_sum(self) -> str | None:
        return self._file.sha256 or self._store.find_recorded_sum(self._file)

    @contextlib.asynccontextmanager
    async def _hold_lock(self) -> AsyncIterator[None]:
        lock = self._store.lock_path(self._file)
        with translate_write_errors(self._final):
            lock.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            while True:
                enter = partial(stack.enter_context, atomic_files.lock(lock, _give_up))
                try:
                    with translate_write_errors(lock):
                        await run_sync(enter)
                    atomic_files.sweep(lock.parent)
                    break
                except _DownloadBusyError:
                    self._on_event(WaitingForDownload(file=self._file.name))
                    await anyio.sleep(_LOCK_SECONDS)
            yield

    async def _ensure_file(self) -> ModelReady:
        """Verify, download and record the file; the caller holds the lock."""
        fault = await run_sync(self._store.find_fault, self._file)
        if fault is None:
            recorded = await run_sync(self._record_sum, self._final)
            self._delete_partial_files()
            return self._make_ready_event(fetched=False, recorded=recorded)
        existed = self._final.exists()
        if existed:
            self._quarantine(fault)
        if self._client is None:
            raise FatalError(
                f"{self._file.name}: {fault}; it is kept as {self._rejected} and not used: "
                f"copy the right file to {self._final}"
            )
        recorded = await self._fetch_file(self._client)
        if not existed:
            self._delete_partial_files()
        return self._make_ready_event(fetched=True, recorded=recorded)

    def _make_ready_event(self, *, fetched: bool, recorded: str | None) -> ModelReady:
        return ModelReady(
            file=self._file.name, path=self._final, fetched=fetched, recorded=recorded
        )

    async def _fetch_file(self, client: httpx.AsyncClient) -> str | None:
        """Download the file; return its sum if it was recorded now."""
        await self._transfer_file(client)
        fault = await run_sync(self._find_part_fault)
        if fault is not None and self._part.is_pieced:
            # The ranges may be of different versions: retry in one response.
            self._on_event(Retrying(file=self._file.name, reason=fault, seconds=0.0, restarts=True))
            with translate_write_errors(self._part.path):
                self._part.drop()
            await self._transfer_file(client)
            fault = await run_sync(self._find_part_fault)
        return await run_sync(self._finish_part, fault)

    async def _transfer_file(self, client: httpx.AsyncClient) -> None:
        """Complete the partial file; progress resets the count of attempts."""
        part, pauses = self._part, self._retry_policy.pauses_seconds
        attempts, most = 0, part.size
        while not self._is_complete():
            try:
                await self._try_transfer(client)
            except TransientError as exc:
                attempts = 1 if part.size > most else attempts + 1
                most = max(most, part.size)
                restarts = not build_range_headers(part, self._file)
                if attempts > len(pauses):
                    next_step = "start over" if restarts else "resume"
                    raise FatalError(
                        f"cannot download {self._file.name} from {redact_url(self._url)}: "
                        f"{exc}, {attempts} times; run again to {next_step}, or give another "
                        "--mirror"
                    ) from exc
                seconds = min(exc.seconds, self._retry_policy.longest_seconds)
                seconds = max(seconds, pauses[attempts - 1])
                restarts = restarts and part.size > 0
                self._on_event(
                    Retrying(
                        file=self._file.name, reason=str(exc), seconds=seconds, restarts=restarts
                    )
                )
                await anyio.sleep(seconds)
            else:
                return

    def _is_complete(self) -> bool:
        """Whether the partial file has all bytes, perhaps from an earlier run."""
        version = self._part.version()
        total = self._file.bytes or (version and version.bytes)
        return total is not None and version is not None and self._part.size == total

    async def _try_transfer(self, client: httpx.AsyncClient) -> None:
        headers = build_range_headers(self._part, self._file)
        with translate_http_errors(self._url):
            async with client.stream("GET", self._url, headers=headers) as response:
                refuse_unusable(response, self._file, self._url)
                total = self._begin_part(response)
                await self._receive_rest(response, total)

    def _begin_part(self, response: httpx.Response) -> int | None:
        """Prepare the partial file for a response; return the total size if reported."""
        file, part, shown_url = self._file, self._part, redact_url(self._url)
        version = read_version(response)
        total = version.bytes
        continues = continues_part(response, version, part, file)
        if not continues and response.status_code != 200:
            part.drop()
            raise TransientError("the server sent another part or another file than requested")
        if total is None and file.bytes is None:
            # Without a length, a truncated file would look complete, and its sum would be recorded.
            raise FatalError(f"cannot download {file.name}: {shown_url} does not send its length")
        if total == 0 or (file.bytes is not None and total not in (None, file.bytes)):
            expected = "" if file.bytes is None else f" and not {file.bytes:,}"
            raise FatalError(
                f"{shown_url} has a file that differs from {file.name}: {total:,} bytes{expected}; "
                "nothing was downloaded, give another --mirror"
            )
        if not continues:
            part.begin_version(version)
        require_space(part.path.parent, (total or file.bytes or 0) - part.size)
        return total

    async def _receive_rest(self, response: httpx.Response, total: int | None) -> None:
        part, name = self._part, self._file.name
        existing_bytes = part.size
        # Skip existing bytes if the response starts from the beginning.
        done = existing_bytes if response.status_code == 206 else 0
        most = total or self._file.bytes
        self._on_event(Advanced(file=name, done=existing_bytes, total=most))
        with part.open() as append:
            async with open_chunks(response) as read_chunk:
                while chunk := await read_chunk():
                    await run_sync(append, chunk[max(0, existing_bytes - done) :])
                    done += len(chunk)
                    if most is not None and done > most:
                        part.drop()
                        raise TransientError(f"the server sent more than {most:,} bytes")
                    self._on_event(Advanced(file=name, done=max(done, existing_bytes), total=most))
        if most is not None and done < most:
            raise TransientError(f"the server stopped after {done:,} of {most:,} bytes")

    def _record_sum(self, path: Path) -> str | None:
        """Record the sum of an unpinned file, in the format of `sha256sum -c`, unless it has one."""
        if self._find_sum() is not None:
            return None
        with translate_write_errors(self._record):
            found = atomic_files.sha256(path)
            atomic_files.atomic_write(self._record, f"{found}  {self._final.name}\n".encode())
            atomic_files.sync_folder(self._record.parent)
        return found

    def _find_part_fault(self) -> str | None:
        """The reason why the complete partial file is invalid; None if it is valid."""
        expected = self._find_sum()
        with translate_write_errors(self._part.path):
            if expected is None:
                return find_file_flaw(self._part.path, self._final.name)
            # Don't cache the sum: the file is renamed next.
            found = atomic_files.sha256(self._part.path)
        return None if found == expected else f"its SHA-256 is {found} and not {expected}"

    def _finish_part(self, fault: str | None) -> str | None:
        """Move the complete partial file to its final name; return its sum if it was recorded now."""
        if fault is None:
            recorded = self._record_sum(self._part.path)
            self._part.move_to(self._final)
            return recorded
        self._part.move_to(self._rejected)
        advice = (
            f"if the publisher changed it since the first download, delete {self._record}"
            if self._file.sha256 is None and self._record.exists()
            else "download it again, or give another --mirror"
        )
        raise FatalError(
            f"{self._file.name} from {redact_url(self._url)}: {fault}; "
            f"it is kept as {self._rejected} and not used: {advice}"
        )

    def _quarantine(self, fault: str) -> None:
        if self._final.is_dir():
            raise FatalError(f"{self._final} is a folder, but must be a file: move it away")
        with translate_write_errors(self._final):
            self._final.replace(self._rejected)
        self._on_event(Quarantined(file=self._file.name, path=self._rejected, reason=fault))

    def _delete_partial_files(self) -> None:
        for path in list_partial_files(self._final):
            with translate_write_errors(path):
                path.unlink(missing_ok=True)


def _give_up() -> None:
    raise _DownloadBusyError
