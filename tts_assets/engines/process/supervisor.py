"""The parent of an engine's child process: requests, heartbeat, restarts, time limits.

A native call cannot be stopped and a crash takes the whole process with it. So an order that is
cancelled while it is being answered kills the process; the others in flight are sent again to a new
one. After a crash the order that caused it is unknown: all that were in flight are suspects and are
sent one at a time, until the one that crashes alone is found. A process without a heartbeat is stuck
in native code that lets no other thread run; it counts as crashed, because the orders beside the
guilty one would run out of time with it.
"""

from __future__ import annotations

import contextlib
import errno
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
from tts_assets.engines.process.child_registry import track_child
from tts_assets.errors import ClipError, EngineCrashError, FatalError
from tts_assets.model import Speech

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence

    from anyio.abc import Process, TaskGroup

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
    """An order without a result yet."""

    order: messages.Order
    done: anyio.Event = field(default_factory=anyio.Event)
    result: messages.Reply | TtsAssetsError | None = None
    sent: bool = False
    suspect: bool = False
    #: Reports that work begins now, or has not begun yet: the time before does not count.
    on_start: Callable[[], None]

    def set_result(self, result: messages.Reply | TtsAssetsError) -> None:
        """End the wait for this order."""
        self.result = result
        self.done.set()


def select_sendable(orders: Collection[PendingRequest], threads: int) -> list[PendingRequest]:
    """The orders to send now: as many as there are threads; a suspect only alone."""
    flying = sum(order.sent for order in orders)
    waiting = [order for order in orders if not order.sent]
    suspects = [order for order in waiting if order.suspect]
    if suspects or any(order.suspect for order in orders):
        return suspects[:1] if not flying else []
    return waiting[: max(0, threads - flying)]


#: The child finds the same packages as the run itself, wherever that got them from.
_CHILD = "import sys; sys.path[:] = sys.argv[3:]; from tts_assets.engines.process.child_process import main; main()"


#: A start that failed with one of these may succeed a moment later: no room for a process, a program that
#: is just being written, and memory of ours that the kernel could not read just then.
_PASSING_ERRORS = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EFAULT, errno.ETXTBSY})
_START_AGAIN_SECONDS = (0.1, 1.0)


async def _start_process(
    command: list[str], *, stdin: IO[bytes] | int, stdout: int, stderr: IO[bytes]
) -> Process:
    for seconds in (*_START_AGAIN_SECONDS, None):
        try:
            # Ctrl-C is for the run alone.
            return await anyio.open_process(
                command, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
            )
        except OSError as exc:
            if seconds is None or exc.errno not in _PASSING_ERRORS:
                raise
        await anyio.sleep(seconds)
    raise AssertionError("the last attempt returns or raises")


@contextlib.asynccontextmanager
async def run_child(
    command: list[str], *, stdin: IO[bytes] | int, stdout: int, stderr: IO[bytes]
) -> AsyncIterator[Process]:
    """A process for as long as the block lasts; it is killed with all processes that it started.

    Raises:
        OSError: no process can be started.
    """
    # Cancelled half-way, a start would leave a running process behind.
    with anyio.CancelScope(shield=True):
        process = await _start_process(command, stdin=stdin, stdout=stdout, stderr=stderr)
    async with process:
        with track_child(process.pid, leads_session=True):
            try:
                yield process
            finally:
                with anyio.CancelScope(shield=True):
                    kill_process(process)
                    await process.wait()


def kill_process(process: Process) -> None:
    """Kill a process, if it still runs."""
    if process.returncode is not None:
        return
    if os.name != "posix":
        process.kill()
        return
    # Process.kill() polls the status, and so takes it away from the waiting task.
    # macOS answers EPERM for a group of which only a process not yet waited for is left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        # With all that it has started: it leads a session of its own.
        os.killpg(process.pid, signal.SIGKILL)


def describe_exit(status: int) -> str:
    """Exit code or signal of a process that ended, for messages."""
    if status >= 0:
        return f"(exit code {status})"
    try:
        return f"(signal {signal.Signals(-status).name})"
    except ValueError:
        return f"(signal {-status})"


def read_stderr_tail(log: IO[bytes]) -> str:
    """The last line that the process wrote, for messages."""
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {last[:300]}" if last else ""


#: Crashes in a row, with no order in flight, after which the engine is given up.
_IDLE_DEATHS = 3

#: No healthy engine keeps the interpreter from running for that long.
_SILENCE_SECONDS = 10.0

#: The largest models load in a few seconds; the slowest disks take a minute.
_LOADING_SECONDS = 120.0

#: How long a process may take to end after it closed its output.
_EXIT_SECONDS = 1.0

#: Forms to read in one order: enough that frames cost little, few enough to share among threads.
_READ_AT_ONCE = 256

#: Passages to split in one order: the longest take a second each.
_SPLIT_AT_ONCE = 8
Answer = TypeVar("Answer")


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
        #: How many orders it answers at once.
        self.workers = threads
        self._factory = factory
        self._setup = setup
        self._silence_seconds = silence_seconds
        self._last_reply = 0.0
        self._numbers = itertools.count()
        self._open: dict[int, PendingRequest] = {}
        self._changed = anyio.Event()
        self._process: Process | None = None
        self._ready = False
        self._killed = False
        self._idle_deaths = 0
        self._dead: FatalError | None = None

    async def speak(
        self, form: SpokenForm, voice: Voice, *, on_start: Callable[[], None] | None = None
    ) -> Speech:
        """Synthesize a form in the engine's process.

        Args:
            form: the text with its reading.
            voice: the voice, and its speed.
            on_start: called while the order waits, when it is sent, and when it is sent again
                through no fault of its own: the time before does not count.

        Raises:
            ClipError: the engine cannot synthesize it.
            EngineCrashError: the engine's process crashed on it.
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
        """Synthesize and finish a sound in the engine's process; arguments and errors as in speak."""
        order = messages.SynthesizeRequest(
            number=next(self._numbers), form=form, voice=voice, sound=sound
        )
        reply = await self._await_reply(order, on_start)
        assert reply.recording is not None  # noqa: S101 - requested with a sound
        return reply.recording

    async def ask(self, question: bytes, *, on_start: Callable[[], None] | None = None) -> bytes:
        """The engine's answer to a question, both in its own encoding; errors as in speak."""
        order = messages.RawRequest(number=next(self._numbers), question=question)
        return (await self._await_reply(order, on_start)).answer

    async def read_forms(self, forms: Sequence[SpokenForm]) -> list[Pronunciation | str]:
        """For each form in order its pronunciation, or why it has none.

        Raises:
            FatalError: the engine cannot be started.
        """

        async def read_batch(batch: tuple[SpokenForm, ...]) -> Sequence[Pronunciation | str]:
            order = messages.ReadingsRequest(number=next(self._numbers), forms=batch)
            return (await self._await_reply(order, None)).readings

        return await _run_in_batches(forms, _READ_AT_ONCE, read_batch)

    async def split_forms(
        self, forms: Sequence[SpokenForm], pauses: Pauses
    ) -> list[tuple[Segment, ...] | str]:
        """For each passage in order its segments, or why it cannot be split.

        Raises:
            FatalError: the engine cannot be started.
        """

        async def split_batch(batch: tuple[SpokenForm, ...]) -> Sequence[tuple[Segment, ...] | str]:
            number = next(self._numbers)
            order = messages.SegmentRequest(number=number, forms=batch, pauses=pauses)
            return (await self._await_reply(order, None)).cuts

        return await _run_in_batches(forms, _SPLIT_AT_ONCE, split_batch)

    async def _await_reply(
        self, order: messages.Order, on_start: Callable[[], None] | None
    ) -> messages.Reply:
        if self._dead is not None:
            raise self._dead
        entry = PendingRequest(order=order, on_start=on_start or (lambda: None))
        self._open[order.number] = entry
        self._signal_change()
        try:
            await entry.done.wait()
        finally:
            self._withdraw_order(entry)
        match entry.result:
            case messages.Reply(error=None) as reply:
                return reply
            case messages.Reply(error=str(reason)):
                raise ClipError(reason)
            case Exception() as error:
                raise error
        raise AssertionError("an order is done with a reply or an error")

    async def run(self) -> None:
        """Keep a process alive for the orders until cancelled, or until it cannot be started."""
        while self._dead is None:
            try:
                await self._run_once()
            except OSError as exc:
                # No room for its log, no process to be had, no Python where one was.
                self._give_up(f"the engine's process could not be started: {exc}")

    async def _run_once(self) -> None:
        with tempfile.TemporaryFile() as log:
            self._ready = self._killed = False
            # Not -m: that would run a module which its own package has imported already.
            command = [sys.executable, "-P", "-c", _CHILD, self._factory, str(self.workers)]
            pipe = subprocess.PIPE
            async with run_child(
                [*command, *filter(None, sys.path)], stdin=pipe, stdout=pipe, stderr=log
            ) as process:
                self._process = process
                await self._exchange_messages(process)
                was_killed = self._killed
                # It has closed its output, which it does by ending.
                with anyio.move_on_after(_EXIT_SECONDS):
                    await process.wait()
            self._after_death(await process.wait(), read_stderr_tail(log), was_killed=was_killed)

    async def _exchange_messages(self, process: Process) -> None:
        async with anyio.create_task_group() as both:
            both.start_soon(self._send_orders, process)
            both.start_soon(self._end_when_silent, process)
            await self._receive_replies(process)
            both.cancel_scope.cancel()

    async def _end_when_silent(self, process: Process) -> None:
        """Kill a process without a heartbeat."""
        begun = self._last_reply = anyio.current_time()
        while True:
            await anyio.sleep(self._silence_seconds / 4)
            now = anyio.current_time()
            if self._ready and now - self._last_reply > self._silence_seconds:
                kill_process(process)
            elif not self._ready and now - begun > _LOADING_SECONDS:
                self._give_up(f"the engine did not load within {_LOADING_SECONDS:g} s")
                kill_process(process)
            for entry in self._open.values():
                # Loading and crashes of other clips do not count against its time limit.
                if not entry.sent:
                    entry.on_start()

    async def _send_orders(self, process: Process) -> None:
        assert process.stdin is not None  # noqa: S101 - opened with a pipe
        # When the process dies, the reading side ends.
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            await process.stdin.send(messages.encode_frame(self._setup))
            while True:
                changed = self._changed
                ready = self._ready and not self._killed
                for entry in select_sendable(self._open.values(), self.workers) if ready else ():
                    entry.sent = True
                    entry.on_start()
                    await process.stdin.send(messages.encode_frame(entry.order))
                await changed.wait()

    async def _receive_replies(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - opened with a pipe
        stream = BufferedByteReceiveStream(process.stdout)
        try:
            while True:
                (size,) = messages.PREFIX.unpack(await stream.receive_exactly(messages.PREFIX.size))
                self._last_reply = anyio.current_time()
                self._handle_reply(messages.decode_reply(await stream.receive_exactly(size)))
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError):
            return

    def _handle_reply(self, reply: messages.Reply) -> None:
        if reply.number == messages.HEARTBEAT:
            return
        if reply.number == messages.READY:
            self._ready = reply.error is None
            if reply.error is not None:
                self._give_up(f"the engine could not be loaded: {reply.error}")
        elif (entry := self._open.pop(reply.number, None)) is not None:
            self._idle_deaths = 0
            entry.set_result(reply)
        self._signal_change()

    def _withdraw_order(self, entry: PendingRequest) -> None:
        """Forget an order; if it is being answered at this moment, only a kill ends that."""
        is_open = self._open.pop(entry.order.number, None) is not None
        if is_open and entry.sent and self._process is not None and not self._killed:
            self._killed = True
            kill_process(self._process)
        self._signal_change()

    def _after_death(self, status: int, stderr_tail: str, *, was_killed: bool) -> None:
        """Settle the orders in flight, or mark them as suspects; ``was_killed``: by this host."""
        self._process = None
        flying = [entry for entry in self._open.values() if entry.sent]
        for entry in flying:
            entry.sent = False
        if was_killed:
            pass
        elif not self._ready:
            self._give_up(
                f"the engine's process ended while starting {describe_exit(status)}{stderr_tail}"
            )
        elif len(flying) == 1:
            del self._open[flying[0].order.number]
            flying[0].set_result(EngineCrashError(self._describe_death(status)))
        else:
            for entry in flying:
                entry.suspect = True
            self._idle_deaths = 0 if flying else self._idle_deaths + 1
            if self._idle_deaths >= _IDLE_DEATHS:
                self._give_up(
                    f"the engine's process keeps exiting {describe_exit(status)}{stderr_tail}"
                )

    def _describe_death(self, status: int) -> str:
        if anyio.current_time() - self._last_reply > self._silence_seconds:
            return f"the engine did not respond for {self._silence_seconds:g} s and was terminated"
        return f"the engine crashed on this clip {describe_exit(status)}"

    def _give_up(self, why: str) -> None:
        if self._dead is None:
            self._dead = FatalError(f"{why}; `tts-assets doctor` shows what is missing")
        for entry in self._open.values():
            entry.set_result(self._dead)
        self._open.clear()

    def _signal_change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


async def _run_in_batches(
    forms: Sequence[SpokenForm],
    size: int,
    send_order: Callable[[tuple[SpokenForm, ...]], Awaitable[Sequence[Answer | str]]],
) -> list[Answer | str]:
    """The engine's answers for many forms, in orders of a few that all wait at once."""
    found: list[Answer | str] = [""] * len(forms)
    fatal: list[FatalError] = []

    async def run_batch(first: int, last: int) -> None:
        try:
            found[first:last] = await send_order(tuple(forms[first:last]))
        except ClipError as exc:
            if last - first == 1:
                found[first] = str(exc)
            else:
                # The engine crashed on one of them: one by one.
                for at in range(first, last):
                    await run_batch(at, at + 1)
        except FatalError as exc:
            fatal.append(exc)

    async with anyio.create_task_group() as tasks:
        for first in range(0, len(forms), size):
            tasks.start_soon(run_batch, first, min(first + size, len(forms)))
    if fatal:
        raise fatal[0]
    return found


@contextlib.asynccontextmanager
async def open_task_group() -> AsyncIterator[TaskGroup]:
    """Tasks that are cancelled with the block; its own exception leaves it without a group around it."""
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        try:
            yield tasks
        except Exception as exc:  # noqa: BLE001 - raised again below, outside the task group
            failure = exc
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


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
        silence_seconds: a process without a heartbeat for that long counts as stuck.
        options: the factory's keyword arguments.
        words: the user's own dictionary, for engines that learn words.
    """
    setup = messages.Setup(options=dict(options or {}), words=words)
    host = EngineHost(factory, threads=threads, silence_seconds=silence_seconds, setup=setup)
    async with open_task_group() as tasks:
        tasks.start_soon(host.run)
        yield host


def reader_host(
    words: tuple[DictionaryWord, ...] = (),
) -> contextlib.AbstractAsyncContextManager[EngineHost]:
    """The dictionary alone in its process, with the user's own words: readings without a voice."""
    # One thread: most of the work is Python's own, which threads do not share.
    return engine_host("tts_assets.japanese.reading_resolver:FormReader", threads=1, words=words)


def limit_silence(timeout_seconds: float) -> float:
    """How long a process may go without a heartbeat, given the time limit of one call."""
    return max(min(_SILENCE_SECONDS, timeout_seconds / 3), 4 * messages.BEAT_SECONDS)
