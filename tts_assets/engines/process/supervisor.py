"""The parent of an engine's child process: requests, heartbeat, restarts, time limits."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, TypeVar

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

from tts_assets.engines.process import messages
from tts_assets.engines.process.child_registry import add_child, remove_child
from tts_assets.errors import ClipError, EngineCrashError, FatalError
from tts_assets.model import Speech

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence

    from anyio.abc import Process

    from tts_assets.errors import TtsAssetsError
    from tts_assets.model import (
        DictionaryWord,
        Pauses,
        Pronunciation,
        Recording,
        Segment,
        Sound,
        SpokenForm,
        Voice,
    )


@dataclass(slots=True, kw_only=True, eq=False)
class PendingRequest:
    """An order that is not settled yet."""

    order: messages.Order
    settled: anyio.Event = field(default_factory=anyio.Event)
    reply: messages.Reply | None = None
    error: TtsAssetsError | None = None
    sent: bool = False
    suspect: bool = False
    on_start: Callable[[], None] | None = None

    def set_result(
        self, *, reply: messages.Reply | None = None, error: TtsAssetsError | None = None
    ) -> None:
        """Say what came of it."""
        self.reply = reply
        self.error = error
        self.settled.set()

    def report_start(self) -> None:
        """Say that its work begins now, or has not begun yet: the time before does not count."""
        if self.on_start is not None:
            self.on_start()


def select_sendable(orders: Collection[PendingRequest], threads: int) -> list[PendingRequest]:
    """The orders to send now: as many as there are threads; a suspect only alone."""
    flying = sum(order.sent for order in orders)
    waiting = [order for order in orders if not order.sent]
    suspects = [order for order in waiting if order.suspect]
    if suspects or any(order.suspect for order in orders):
        return suspects[:1] if not flying else []
    return waiting[: max(0, threads - flying)]


# The engine's process as the operating system sees it: started, ended, and how it went.


#: The child finds the same packages as the run itself, wherever that got them from.
_CHILD = "import sys; sys.path[:] = sys.argv[3:]; from tts_assets.engines.process.child_process import main; main()"


async def start_process(factory: str, threads: int, log: IO[bytes]) -> Process:
    """Start a process that loads an engine and waits for what to do; its caller removes the child.

    Args:
        factory: ``module:function`` that makes the engine.
        threads: how many orders it answers at once.
        log: takes whatever it prints.

    Raises:
        OSError: there is no process to be had.
    """
    # Not -m: that would run a module which its own package has imported already.
    command = [sys.executable, "-P", "-c", _CHILD]
    # Cancelled half-way, a start would leave a process that nobody ends.
    with anyio.CancelScope(shield=True):
        started = await anyio.open_process(
            [*command, factory, str(threads), *filter(None, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            # Ctrl-C is for the run to answer; the terminal must not reach past it.
            start_new_session=True,
        )
    add_child(started.pid, leads_session=True)
    return started


def kill_process(process: Process) -> None:
    """Kill a process, if it still runs."""
    if process.returncode is not None:
        return
    if os.name != "posix":
        process.kill()
        return
    # Process.kill() looks whether it has ended, and so takes its status away from who waits.
    # macOS answers EPERM for a group of which only a process not yet waited for is left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        # With all that it has started: it leads a session of its own.
        os.killpg(process.pid, signal.SIGKILL)


def describe_exit(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"(exit code {status})"
    try:
        return f"(signal {signal.Signals(-status).name})"
    except ValueError:
        return f"(signal {-status})"


def read_stderr_tail(log: IO[bytes]) -> str:
    """The last line that the process wrote, to go into a message."""
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {last[:300]}" if last else ""


# The run's side of an engine's process: sends orders, and starts the process again when it dies.
#
# A native call cannot be stopped and a crash takes the whole process with it. So an order that is
# given up while it is being spoken kills the process; the others in flight are sent again to a new
# one, as if nothing had been. After a crash nobody knows which order did it: all that were in flight
# are suspects and are spoken one at a time, until the one that crashes alone is found. A process
# that gives no sign of life is stuck in native code that lets no other thread run; it counts as
# crashed, because the orders beside the guilty one would run out of time with it.


#: Deaths in a row, with nothing being spoken, after which the engine is given up.
_IDLE_DEATHS = 3

#: No healthy engine keeps the interpreter from running for that long.
_SILENCE_SECONDS = 10.0

#: The largest models load in a few seconds; the slowest disks take a minute.
_LOADING_SECONDS = 120.0

#: How long a process may take to end after its last word.
_FAREWELL_SECONDS = 1.0

#: Forms to read in one order: enough that frames cost little, few enough to share among threads.
_READ_AT_ONCE = 256

#: Passages to cut in one order: the longest take a second each.
_CUT_AT_ONCE = 8
_Told = TypeVar("_Told")


class EngineHost:
    """One native engine in its own process; made by :func:`engine_host`."""

    def __init__(
        self,
        factory: str,
        *,
        threads: int,
        silence_seconds: float,
        setup: messages.Setup,
    ) -> None:
        """Prepare to run an engine; see :func:`engine_host`."""
        self._factory = factory
        self._setup = setup
        self._threads = threads
        self._silence_seconds = silence_seconds
        self._heard = 0.0
        self._numbers = itertools.count()
        self._open: dict[int, PendingRequest] = {}
        self._changed = anyio.Event()
        self._process: Process | None = None
        self._ready = False
        self._killed = False
        self._idle_deaths = 0
        self._dead: FatalError | None = None

    @property
    def workers(self) -> int:
        """How many orders it answers at once."""
        return self._threads

    async def speak(
        self, form: SpokenForm, voice: Voice, *, on_start: Callable[[], None] | None = None
    ) -> Speech:
        """Say it in the engine's process.

        Args:
            form: what to say.
            voice: who says it, and how fast.
            on_start: called while the order waits, when it is sent, and when it is sent again
                through no fault of its own: the time before does not count.

        Raises:
            ClipError: the engine could not say it.
            EngineCrashError: the engine's process died of it.
            FatalError: the engine cannot be started.
        """
        import numpy as np  # noqa: PLC0415 - heavy, and most runs have their sound finished below

        order = messages.SynthesizeRequest(number=next(self._numbers), form=form, voice=voice)
        reply = await self._await_reply(order, on_start)
        return Speech(
            samples=np.frombuffer(reply.samples, dtype="<f4"),
            rate_hz=reply.rate_hz,
            pronunciation=reply.pronunciation,
        )

    async def record(
        self,
        form: SpokenForm,
        voice: Voice,
        sound: Sound,
        *,
        on_start: Callable[[], None] | None = None,
    ) -> Recording:
        """Say it and finish the sound in the engine's process; arguments and errors as in speak."""
        order = messages.SynthesizeRequest(
            number=next(self._numbers), form=form, voice=voice, sound=sound
        )
        reply = await self._await_reply(order, on_start)
        assert reply.recording is not None  # noqa: S101 - asked for with a sound
        return reply.recording

    async def ask(self, question: bytes, *, on_start: Callable[[], None] | None = None) -> bytes:
        """What the engine answers, both in its own encoding; arguments and errors as in speak."""
        order = messages.RawRequest(number=next(self._numbers), question=question)
        return (await self._await_reply(order, on_start)).answer

    async def read_forms(self, forms: Sequence[SpokenForm]) -> list[Pronunciation | str]:
        """How the engine would say many forms, without saying them.

        Returns:
            For each form in order its pronunciation, or why it has none.

        Raises:
            FatalError: the engine cannot be started.
        """
        return await _run_in_batches(forms, _READ_AT_ONCE, self._read_batch)

    async def split_forms(
        self, forms: Sequence[SpokenForm], pauses: Pauses
    ) -> list[tuple[Segment, ...] | str]:
        """The segments of passages, with pauses of these lengths between them.

        Returns:
            For each form in order its segments, or why it cannot be cut.

        Raises:
            FatalError: the engine cannot be started.
        """
        return await _run_in_batches(
            forms, _CUT_AT_ONCE, functools.partial(self._split_batch, pauses=pauses)
        )

    async def _read_batch(self, forms: tuple[SpokenForm, ...]) -> list[Pronunciation | str]:
        """One order's forms; one by one, if the engine dies of them together."""
        order = messages.ReadingsRequest(number=next(self._numbers), forms=forms)
        try:
            return list((await self._await_reply(order, None)).readings)
        except ClipError as exc:
            if len(forms) == 1:
                return [str(exc)]
        return [reading for form in forms for reading in await self._read_batch((form,))]

    async def _split_batch(
        self, forms: tuple[SpokenForm, ...], *, pauses: Pauses
    ) -> list[tuple[Segment, ...] | str]:
        """One order's forms, as in _read."""
        order = messages.SegmentRequest(number=next(self._numbers), forms=forms, pauses=pauses)
        try:
            return list((await self._await_reply(order, None)).cuts)
        except ClipError as exc:
            if len(forms) == 1:
                return [str(exc)]
        return [cut for form in forms for cut in await self._split_batch((form,), pauses=pauses)]

    async def _await_reply(
        self, order: messages.Order, on_start: Callable[[], None] | None
    ) -> messages.Reply:
        if self._dead is not None:
            raise self._dead
        entry = PendingRequest(order=order, on_start=on_start)
        self._open[order.number] = entry
        self._signal_change()
        try:
            await entry.settled.wait()
        finally:
            self._withdraw_order(entry)
        if entry.error is not None:
            raise entry.error
        assert entry.reply is not None  # noqa: S101 - settled with a reply or an error
        if entry.reply.error is not None:
            raise ClipError(entry.reply.error)
        return entry.reply

    async def run(self) -> None:
        """Keep a process alive for the orders until cancelled, or until it cannot be started."""
        while self._dead is None:
            try:
                await self._run_once()
            except OSError as exc:
                # No room for its log, no process to be had, no Python where one was.
                self._give_up(f"the engine's process cannot be started: {exc}")

    async def _run_once(self) -> None:
        with tempfile.TemporaryFile() as log:
            self._ready = self._killed = False
            async with await start_process(self._factory, self._threads, log) as process:
                self._process = process
                try:
                    await self._exchange_messages(process)
                    ours = self._killed
                    # It has closed its output, which it does by ending.
                    with anyio.move_on_after(_FAREWELL_SECONDS):
                        await process.wait()
                finally:
                    with anyio.CancelScope(shield=True):
                        kill_process(process)
                        status = await process.wait()
                        remove_child(process.pid)
            self._after_death(status, read_stderr_tail(log), ours=ours)

    async def _exchange_messages(self, process: Process) -> None:
        async with anyio.create_task_group() as both:
            both.start_soon(self._send_orders, process)
            both.start_soon(self._end_when_silent, process)
            await self._receive_replies(process)
            both.cancel_scope.cancel()

    async def _end_when_silent(self, process: Process) -> None:
        """End a process that has fallen silent."""
        begun = self._heard = anyio.current_time()
        while True:
            await anyio.sleep(self._silence_seconds / 4)
            now = anyio.current_time()
            if self._ready and now - self._heard > self._silence_seconds:
                kill_process(process)
            elif not self._ready and now - begun > _LOADING_SECONDS:
                self._give_up(f"the engine was not loaded after {_LOADING_SECONDS:g} s")
                kill_process(process)
            for entry in self._open.values():
                # Loading and other clips' crashes are not to be paid for with its time.
                if not entry.sent:
                    entry.report_start()

    async def _send_orders(self, process: Process) -> None:
        assert process.stdin is not None  # noqa: S101 - opened with a pipe
        # When the process is dying, the reader hears the end.
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            await process.stdin.send(messages.encode_frame(self._setup))
            while True:
                changed = self._changed
                for entry in self._list_sendable():
                    entry.sent = True
                    entry.report_start()
                    await process.stdin.send(messages.encode_frame(entry.order))
                await changed.wait()

    async def _receive_replies(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - opened with a pipe
        stream = BufferedByteReceiveStream(process.stdout)
        try:
            while True:
                (size,) = messages.PREFIX.unpack(await stream.receive_exactly(messages.PREFIX.size))
                self._heard = anyio.current_time()
                self._handle_reply(messages.decode_reply(await stream.receive_exactly(size)))
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError):
            return

    def _list_sendable(self) -> list[PendingRequest]:
        if not self._ready or self._killed:
            return []
        return select_sendable(self._open.values(), self._threads)

    def _handle_reply(self, reply: messages.Reply) -> None:
        if reply.number == messages.HEARTBEAT:
            return
        if reply.number == messages.READY:
            self._ready = reply.error is None
            if reply.error is not None:
                self._give_up(f"the engine could not be loaded: {reply.error}")
        elif (entry := self._open.pop(reply.number, None)) is not None:
            self._idle_deaths = 0
            entry.set_result(reply=reply)
        self._signal_change()

    def _withdraw_order(self, entry: PendingRequest) -> None:
        """Forget an order; if it is being spoken at this moment, only a kill ends that."""
        if self._open.pop(entry.order.number, None) is not None and entry.sent:
            self._kill_process()
        self._signal_change()

    def _kill_process(self) -> None:
        if self._process is not None and not self._killed:
            self._killed = True
            kill_process(self._process)

    def _after_death(self, status: int, last_words: str, *, ours: bool) -> None:
        """Decide what becomes of the orders in flight; ``ours`` tells that it died of our kill."""
        self._process = None
        flying = [entry for entry in self._open.values() if entry.sent]
        for entry in flying:
            entry.sent = False
        if ours:
            pass
        elif not self._ready:
            self._give_up(
                f"the engine's process ended while starting {describe_exit(status)}{last_words}"
            )
        elif len(flying) == 1:
            del self._open[flying[0].order.number]
            flying[0].set_result(error=EngineCrashError(self._describe_death(status)))
        else:
            self._after_unclear_death(flying, f"{describe_exit(status)}{last_words}")

    def _describe_death(self, status: int) -> str:
        if anyio.current_time() - self._heard > self._silence_seconds:
            return f"the engine gave no sign of life for {self._silence_seconds:g} s, and was ended"
        return f"the engine died of it {describe_exit(status)}"

    def _after_unclear_death(self, flying: list[PendingRequest], how: str) -> None:
        for entry in flying:
            entry.suspect = True
        self._idle_deaths = 0 if flying else self._idle_deaths + 1
        if self._idle_deaths >= _IDLE_DEATHS:
            self._give_up(f"the engine's process keeps ending {how}")

    def _give_up(self, why: str) -> None:
        if self._dead is None:
            self._dead = FatalError(f"{why}; `tts-assets doctor` tells what is missing")
        for entry in self._open.values():
            entry.set_result(error=self._dead)
        self._open.clear()

    def _signal_change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


async def _run_in_batches(
    forms: Sequence[SpokenForm],
    size: int,
    told: Callable[[tuple[SpokenForm, ...]], Awaitable[list[_Told | str]]],
) -> list[_Told | str]:
    """What an engine tells of many forms, so many in one order; all orders wait at once."""
    found: list[_Told | str] = [""] * len(forms)
    fatal: list[FatalError] = []

    async def run_batch(first: int, last: int) -> None:
        try:
            found[first:last] = await told(tuple(forms[first:last]))
        except FatalError as exc:
            fatal.append(exc)

    async with anyio.create_task_group() as tasks:
        for first in range(0, len(forms), size):
            tasks.start_soon(run_batch, first, min(first + size, len(forms)))
    if fatal:
        raise fatal[0]
    return found


@contextlib.asynccontextmanager
async def engine_host(
    factory: str,
    *,
    threads: int,
    silence_seconds: float = _SILENCE_SECONDS,
    options: Mapping[str, str] | None = None,
    words: tuple[DictionaryWord, ...] = (),
) -> AsyncIterator[EngineHost]:
    """A running engine process, ended with the block.

    Args:
        factory: ``module:function`` that makes the engine; called inside the process.
        threads: how many orders it answers at once.
        silence_seconds: after that long without a sign of life the process counts as stuck.
        options: the factory's keyword arguments.
        words: the user's own dictionary, for engines that learn words.
    """
    setup = messages.Setup(options=dict(options or {}), words=words)
    host = EngineHost(factory, threads=threads, silence_seconds=silence_seconds, setup=setup)
    failure: Exception | None = None
    async with anyio.create_task_group() as supervisor:
        supervisor.start_soon(host.run)
        try:
            yield host
        except Exception as exc:  # noqa: BLE001 - raised again below, outside the task group
            failure = exc
        supervisor.cancel_scope.cancel()
    if failure is not None:
        raise failure


def reader_host(
    words: tuple[DictionaryWord, ...] = (),
) -> contextlib.AbstractAsyncContextManager[EngineHost]:
    """The dictionary alone in its process, which tells how forms are said, and says none.

    Args:
        words: the user's own dictionary.
    """
    # One thread: most of the work is Python's own, which threads do not share.
    return engine_host("tts_assets.japanese.reading_resolver:FormReader", threads=1, words=words)


def limit_silence(timeout_seconds: float) -> float:
    """How long a process may give no sign of life, where one call may take that long in all."""
    return max(min(_SILENCE_SECONDS, timeout_seconds / 3), 4 * messages.BEAT_SECONDS)
