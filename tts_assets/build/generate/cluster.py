"""Generates clips on the workers of a Dask cluster: the client side and the worker side."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import math
import pickle
import signal
import time
import uuid
from collections import deque
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import anyio
import numpy as np
from anyio import to_thread

from tts_assets import __version__
from tts_assets.build.generate.clip import (
    BuildContext,
    StoredData,
    check_ready,
    create_context,
    record_form,
    to_clip_error,
    to_timeout_error,
)
from tts_assets.build.generate.passage import record_segment
from tts_assets.build.plan.output_folder import open_run_storage
from tts_assets.config.settings import time_limits
from tts_assets.engines import registry
from tts_assets.engines.process.supervisor import open_task_group
from tts_assets.engines.protocol import Recorder
from tts_assets.errors import (
    ClipError,
    ClipTimeoutError,
    FatalError,
    StoppedError,
    TtsAssetsError,
    UsageError,
    format_command,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import TaskGroup

    from tts_assets.build.generate.clip import SegmentTake
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Recording, SpokenForm, Voice


#: The target duration of a batch: long compared with the scheduler's overhead, short enough that
#: a killed worker loses little.
_BATCH_SECONDS = 0.5
_MOST_IN_BATCH = 16

#: Batches in the cluster for each thread of a worker: one in progress, and one waiting.
_BATCHES_AHEAD = 2

#: How long to wait for the first worker, and for a new one when all are gone.
_NO_WORKERS_SECONDS = 60.0
#: The interval of polling the scheduler for its workers, and the timeout of its answer.
_WATCH_SECONDS = 2.0
_ANSWER_SECONDS = 10.0
#: The attempts to query the workers' versions while some of them disconnect.
_MOST_QUESTIONS = 5
_CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 3.0

_IDLE_SECONDS = 60.0  #: how long a worker keeps an idle engine
Made = Any  #: the result of a request: a recording with the data stored of it, or a segment


class _Request(NamedTuple):
    """A clip or a segment to generate."""

    form: SpokenForm  #: the text with its reading
    voice: Voice  #: the voice
    engine: str  #: the run's engine, model and dictionary with their versions
    assets: tuple[str, ...] = ()  #: names under which the worker may store a clip
    around: tuple[str, str] | None = None  #: the texts around a segment; None for a clip
    timed: bool = False  #: whether to request the time of each character of a segment


class _Outcome(NamedTuple):
    """The result of a request; errors are sent as text, as not every exception can be pickled."""

    made: Made = None
    error: str | None = None
    kind: Literal["clip", "timeout", "fatal"] = "clip"


class _Reply(NamedTuple):
    """The reply of a worker to a batch; no outcomes if it needs the setup first."""

    outcomes: tuple[_Outcome, ...]
    seconds: float = 0.0


@dataclass(slots=True, eq=False)
class _Pending:
    """A request without a result yet."""

    request: _Request
    done: anyio.Event = field(default_factory=anyio.Event)
    result: Made = None
    error: TtsAssetsError | None = None

    def fail(self, error: TtsAssetsError) -> None:
        if not self.done.is_set():
            self.error = error
            self.done.set()

    def finish(self, outcome: _Outcome) -> None:
        if outcome.error is None:
            self.result = outcome.made
            self.done.set()
        else:
            kinds = {"clip": ClipError, "timeout": ClipTimeoutError, "fatal": FatalError}
            self.fail(kinds[outcome.kind](outcome.error))


# The client side.


@contextlib.asynccontextmanager
async def open_cluster(
    settings: Settings, provider: Provider, workers: int
) -> AsyncIterator[ClusterExecutor]:
    """Connect to the cluster of a run, and start its engine on the workers.

    Args:
        settings: the settings of the run; keys are not sent.
        provider: the engine on this machine.
        workers: the maximum number of clips generated at the same time.

    Raises:
        UsageError: the run is not in asyncio, or the package is missing.
        FatalError: the scheduler does not answer, has no workers, or they have another engine.
    """
    address = settings.cluster or ""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise UsageError("a cluster needs asyncio: run generate() in it") from None
    try:
        import distributed  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as exc:
        raise FatalError(
            "distributed, which clusters need, is not installed: "
            f"{format_command('setup', 'cluster')}"
        ) from exc
    # The run reports errors itself; each logger below this name has its own level.
    for name in tuple(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)
    async with contextlib.AsyncExitStack() as stack:
        cluster: Any = address
        if address.startswith("local:"):
            cluster = await _start_local(distributed, int(address.removeprefix("local:")))
            stack.push_async_callback(_close, cluster)
        try:
            client: Any = distributed.Client(  # type: ignore[no-untyped-call]
                cluster, asynchronous=True, timeout=_CONNECT_SECONDS
            )
            stack.push_async_callback(_close, client)
            await client
        except (OSError, TimeoutError, ValueError) as exc:
            raise FatalError(
                f"the scheduler at {address} does not answer: start it with `dask scheduler`, or "
                "correct --cluster"
            ) from exc
        group = await stack.enter_async_context(open_task_group())
        executor = ClusterExecutor(client, settings, provider, most=workers, group=group)
        await executor.start()
        yield executor


async def _start_local(distributed: Any, count: int) -> Any:
    """Start a cluster of processes on this machine; other users cannot connect to it."""
    try:
        security = distributed.Security.temporary()
    except ImportError as exc:
        raise FatalError(
            "cryptography, which local clusters need, is not installed: "
            f"{format_command('setup', 'cluster')}"
        ) from exc
    return await distributed.LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        memory_limit=0,
        host="127.0.0.1",
        protocol="tls://",
        security=security,
        # The default HTTP servers would listen on all addresses.
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        asynchronous=True,
    )


async def _close(each: Any) -> None:
    """Close a client or a cluster, which may be gone."""
    with contextlib.suppress(Exception), anyio.move_on_after(_CLOSE_SECONDS, shield=True):
        await each.close()


class ClusterExecutor:
    """A :class:`ClipExecutor` on a Dask cluster: submits batches, in a bounded window."""

    def __init__(
        self, client: Any, settings: Settings, provider: Provider, *, most: int, group: TaskGroup
    ) -> None:
        """Take a connected client; ``most`` is the maximum number of clips in progress."""
        self.on_change: Callable[[], None] = lambda: None
        self._client = client
        self._address = settings.cluster or ""
        self._most, self._group = most, group
        self._setup = _pack_setup(settings, provider)
        self._key = hashlib.sha256(self._setup).hexdigest() + uuid.uuid4().hex
        self._find_engine = lru_cache(maxsize=None)(provider.engine)
        self._threads = self._lanes = 0
        self._batch = 1
        self._clip_seconds: float | None = None
        self._waiting: deque[_Pending] = deque()
        self._more = anyio.Event()
        self._open: set[_Pending] = set()
        self._over: FatalError | None = None
        self._stopped = False

    @property
    def workers(self) -> int:
        """The number of clips in progress: the threads of all workers, up to the maximum."""
        return max(1, min(self._threads, self._most))

    @property
    def target_clips(self) -> int:
        """The number of clips that fills all batches in the cluster."""
        return self._window * _MOST_IN_BATCH

    @property
    def _window(self) -> int:
        ahead = _BATCHES_AHEAD if self._threads <= self._most else 1
        return ahead * self.workers

    async def start(self) -> None:
        """Wait for the first worker, check that the versions match, and start.

        Raises:
            FatalError: there is no worker, or a version differs.
        """
        with anyio.move_on_after(_NO_WORKERS_SECONDS):
            while not await self._count_threads():  # noqa: ASYNC110 - it asks another process
                await anyio.sleep(0.2)
        if not self._threads:
            raise self._lack_workers()
        await self._compare_versions()
        self._group.start_soon(self._watch)
        self._resize()

    async def _compare_versions(self) -> None:
        """Refuse workers with another version of this package.

        Raises:
            FatalError: a worker has another version.
        """
        versions: dict[str, str] = {}
        for left in reversed(range(_MOST_QUESTIONS)):
            try:
                versions = await self._client.run(tell_version)
                break
            except Exception as exc:
                # A disconnecting worker closes its connection: query the others again.
                if not (isinstance(exc, OSError) and left):
                    raise self._lack_packages(exc) from exc
                await anyio.sleep(_WATCH_SECONDS)
        for worker, version in versions.items():
            if version != __version__:
                raise FatalError(
                    f"the worker {worker} has tts-assets {version}, and this machine "
                    f"{__version__}: install the same version"
                )

    def stop(self) -> None:
        self._stopped = True
        while self._waiting:
            self._waiting.popleft().fail(StoppedError("the run stopped before this was sent"))

    async def record_clip(
        self, form: SpokenForm, voice: Voice, assets: tuple[str, ...]
    ) -> tuple[Recording, StoredData | None]:
        made: tuple[Recording, StoredData | None] = await self._ask(
            _Request(form, voice, self._find_engine(voice.name), assets)
        )
        return made

    async def record_segment(
        self, form: SpokenForm, voice: Voice, around: tuple[str, str], *, timed: bool
    ) -> SegmentTake:
        made: SegmentTake = await self._ask(
            _Request(form, voice, self._find_engine(voice.name), (), around, timed)
        )
        return made

    async def _ask(self, request: _Request) -> Made:
        if self._over is not None:
            raise self._over
        if self._stopped:
            raise StoppedError("the run stopped before this was sent")
        pending = _Pending(request)
        self._open.add(pending)
        self._waiting.append(pending)
        self._more.set()
        try:
            await pending.done.wait()
        finally:
            # A cancelled request accepts no result.
            pending.done.set()
            self._open.discard(pending)
        if pending.error is not None:
            raise pending.error
        return pending.result

    async def _run_lane(self, number: int) -> None:
        """Run one batch after the other, while the window includes this lane."""
        try:
            while number < self._window:
                batch = await self._take_batch()
                await self._run_batch(batch)
        finally:
            self._lanes -= 1

    async def _take_batch(self) -> list[_Pending]:
        while True:
            while not self._waiting:
                # All lanes wait for one event; lanes that find nothing wait again.
                if self._more.is_set():
                    self._more = anyio.Event()
                await self._more.wait()
            taken = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
            if batch := [pending for pending in taken if not pending.done.is_set()]:
                return batch

    async def _run_batch(self, batch: list[_Pending]) -> None:
        import distributed  # noqa: PLC0415 - see open_cluster

        requests = tuple(pending.request for pending in batch)
        setup: bytes | None = None
        try:
            while not (reply := await self._submit(setup, requests)).outcomes:
                # The worker has not seen this run, or has closed its engine.
                setup = self._setup
        except distributed.KilledWorker:
            await self._run_apart(batch)
        except (OSError, TimeoutError, distributed.CancelledError):
            self._give_up(self._lack_scheduler())
        except Exception as exc:  # noqa: BLE001 - whatever the worker's Python raises
            self._give_up(self._lack_packages(exc))
        else:
            self._learn_pace(reply)
            for pending, outcome in zip(batch, reply.outcomes, strict=True):
                pending.finish(outcome)

    async def _run_apart(self, batch: list[_Pending]) -> None:
        """Run requests one by one, after several workers were killed by their batch."""
        if len(batch) == 1:
            batch[0].fail(ClipError("several workers were killed while generating this clip"))
            return
        for pending in batch:
            await self._run_batch([pending])

    async def _submit(self, setup: bytes | None, requests: tuple[_Request, ...]) -> _Reply:
        future = self._client.submit(
            run_batch, self._key, setup, requests,
            key=f"tts-assets-{uuid.uuid4().hex}", pure=False,
        )  # fmt: skip
        try:
            reply: _Reply = await future
        finally:
            # Release the result, or cancel the batch if it has not started.
            future.release()
        return reply

    def _learn_pace(self, reply: _Reply) -> None:
        """Adapt the size of batches to their target duration."""
        each = reply.seconds / len(reply.outcomes)
        last = self._clip_seconds
        self._clip_seconds = each if last is None else 0.8 * last + 0.2 * each
        fit = _BATCH_SECONDS / max(self._clip_seconds, 1e-6)
        self._batch = max(1, min(_MOST_IN_BATCH, math.floor(fit)))

    async def _watch(self) -> None:
        """Poll the number of workers, and end the run if the scheduler or all workers are gone."""
        lacking_since: float | None = None
        while True:
            await anyio.sleep(_WATCH_SECONDS)
            if self._client.status != "running":
                # Don't wait for it to reconnect: its batches are lost.
                self._give_up(self._lack_scheduler())
                return
            try:
                threads = await self._count_threads()
            except FatalError as exc:
                self._give_up(exc)
                return
            if threads:
                lacking_since = None
                self._resize()
            elif lacking_since is None:
                lacking_since = time.monotonic()
            elif time.monotonic() - lacking_since > _NO_WORKERS_SECONDS:
                self._give_up(self._lack_workers())
                return

    async def _count_threads(self) -> int:
        try:
            with anyio.fail_after(_ANSWER_SECONDS):
                identity = await self._client.scheduler.identity()
            threads = sum(int(each["nthreads"]) for each in identity["workers"].values())
        except Exception as exc:
            raise self._lack_scheduler() from exc
        # Keep the lanes while no workers are left: they may reconnect.
        self._threads = threads or self._threads
        return threads

    def _resize(self) -> None:
        """Start lanes until there are as many as the window allows."""
        while self._lanes < self._window:
            self._group.start_soon(self._run_lane, self._lanes)
            self._lanes += 1
        self.on_change()

    def _give_up(self, error: FatalError) -> None:
        self._over = self._over or error
        for pending in tuple(self._open):
            pending.fail(self._over)

    def _lack_scheduler(self) -> FatalError:
        return FatalError(
            f"the scheduler at {self._address} is gone: start it, then run again; finished clips "
            "are kept"
        )

    def _lack_packages(self, exc: Exception) -> FatalError:
        return FatalError(
            f"a worker of {self._address} failed with {type(exc).__name__}: {exc}; install the same "
            "packages there as here"
        )

    def _lack_workers(self) -> FatalError:
        start = f": start some with `dask worker {self._address}`, then run again"
        return FatalError(
            f"{self._address} has had no workers for {_NO_WORKERS_SECONDS:g} s"
            f"{'' if self._address.startswith('local:') else start}; finished clips are kept"
        )


def _pack_setup(settings: Settings, provider: Provider) -> bytes:
    """Pack the settings that a worker needs to generate the same clips, without keys."""
    own = replace(
        settings,
        provider=provider.name,
        keys={},
        sources=(),
        paths=(),
        elevenlabs=replace(settings.elevenlabs, api_key_file=None),
        openai=replace(settings.openai, api_key_file=None),
        api_key_file=None,
    )
    return pickle.dumps(own)


# The worker side: everything below runs in a worker's process.


_engines: dict[str, _WorkerEngine] = {}  #: the engines of this process, by the key of their run


def tell_version() -> str:
    """The version of this package in the worker's process."""
    return __version__


async def run_batch(key: str, setup: bytes | None, requests: tuple[_Request, ...]) -> _Reply:
    """Generate a batch of clips; called by Dask in the worker's event loop."""
    begun = time.monotonic()
    engine = _engines.get(key)
    if engine is None:
        if setup is None:
            return _Reply(())
        engine = _engines[key] = _WorkerEngine(key, setup)
    return _Reply(await engine.run(requests), time.monotonic() - begun)


class _WorkerEngine:
    """The engine of one run in a worker's process; closed after a minute without a batch."""

    def __init__(self, key: str, setup: bytes) -> None:
        from distributed import get_worker  # noqa: PLC0415 - see open_cluster

        self._key = key
        self._busy = 0
        self._last = time.monotonic()
        self._threads: int = get_worker().state.nthreads
        self._ready: asyncio.Future[BuildContext] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold(setup))

    async def run(self, requests: tuple[_Request, ...]) -> tuple[_Outcome, ...]:
        self._busy += 1
        try:
            context = await asyncio.shield(self._ready)
        except TtsAssetsError as exc:
            return tuple(_Outcome(error=str(exc), kind="fatal") for _ in requests)
        else:
            return await self._make_all(requests, context)
        finally:
            self._busy -= 1
            self._last = time.monotonic()

    async def _hold(self, setup: bytes) -> None:
        try:
            settings: Settings = pickle.loads(setup)  # noqa: S301 - Dask pickles everything
            if (settings.cluster or "").startswith("local:"):
                # Ctrl-C reaches all processes of a terminal: leave it to the client.
                with contextlib.suppress(ValueError):
                    signal.signal(signal.SIGINT, signal.SIG_IGN)
            provider, _ = await to_thread.run_sync(registry.choose_engine, settings)
            await to_thread.run_sync(check_ready, settings, provider)
            async with provider.open(
                workers=self._threads,
                timeout_seconds=settings.timeout_seconds,
                words=settings.words,
            ) as speaker:
                self._settings, self._provider = settings, provider
                self._find_engine = lru_cache(maxsize=None)(provider.engine)
                self._storage = open_run_storage(settings)
                context = create_context(settings, provider, speaker, self._threads)
                self._ready.set_result(context)
                while self._busy or time.monotonic() - self._last < _IDLE_SECONDS:  # noqa: ASYNC110 - a clock
                    await asyncio.sleep(1)
                _engines.pop(self._key, None)
        except Exception as exc:  # noqa: BLE001 - the run reports it
            _engines.pop(self._key, None)
            if not self._ready.done():
                error = exc if isinstance(exc, TtsAssetsError) else to_clip_error(exc)
                self._ready.set_exception(FatalError(f"{_name_worker()}: {error}"))

    async def _make_all(
        self, requests: tuple[_Request, ...], context: BuildContext
    ) -> tuple[_Outcome, ...]:
        outcomes = [_Outcome()] * len(requests)
        # Let one clip more than the engine's workers wait, as in a run without a cluster.
        at_once = anyio.CapacityLimiter(2 if isinstance(context.speaker, Recorder) else 1)

        async def make(number: int) -> None:
            async with at_once:
                outcomes[number] = await self._make(requests[number], context)

        async with anyio.create_task_group() as tasks:
            for number in range(len(requests)):
                tasks.start_soon(make, number)
        return tuple(outcomes)

    async def _make(self, request: _Request, context: BuildContext) -> _Outcome:
        form, voice = request.form, request.voice
        own = await to_thread.run_sync(self._find_engine, voice.name)
        if own != request.engine:
            problem = f"{_name_worker()} has another engine: {own!r} instead of {request.engine!r}"
            return _Outcome(error=f"{problem}; install the same", kind="fatal")
        count = time_limits(max(len(form.text), len(form.reading or "")))
        seconds = count * self._settings.timeout_seconds
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + seconds) as scope:

                def restart() -> None:
                    scope.deadline = anyio.current_time() + seconds

                return _Outcome(await self._record(request, context, restart))
        except ClipError as exc:
            return _Outcome(error=str(exc))
        except TtsAssetsError as exc:
            return _Outcome(error=f"{_name_worker()}: {exc}", kind="fatal")
        except Exception as exc:  # noqa: BLE001 - the engine's code is not ours
            return _Outcome(error=str(to_clip_error(exc)))
        return _Outcome(error=str(to_timeout_error(seconds)), kind="timeout")

    async def _record(
        self, request: _Request, context: BuildContext, restart: Callable[[], None]
    ) -> Made:
        form, voice = request.form, request.voice
        if request.around is not None:
            (speech, sound), findings = await record_segment(
                form, voice, request.around, context, timed=request.timed, restart_timer=restart
            )
            # Only the prepared audio is joined: don't send the samples of the speech.
            return (replace(speech, samples=np.empty(0, np.float32)), sound), findings
        recording, _ = await record_form(form, voice, context, restart_timer=restart)
        if not request.assets:
            return recording, None
        return await to_thread.run_sync(self._store, recording, request.assets)

    def _store(self, recording: Recording, assets: tuple[str, ...]) -> tuple[Recording, StoredData]:
        for asset in assets:
            self._storage.put(asset, recording.data)
        stored = StoredData(hashlib.sha256(recording.data).hexdigest(), len(recording.data))
        return replace(recording, data=b""), stored


def _name_worker() -> str:
    from distributed import get_worker  # noqa: PLC0415 - see open_cluster

    return f"the worker {get_worker().address}"
