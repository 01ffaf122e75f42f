"""The parent of an engine's child process: requests, heartbeat, restarts, time limits.

A native call cannot be interrupted, and a crash takes the whole process down. So cancelling a request
while the engine works on it kills the process; the other requests in flight are sent again to a new
process. After a crash, the request that caused it is unknown: all requests in flight become suspects
and are sent one at a time, until one crashes alone. A process without a heartbeat is stuck in native
code that holds the interpreter's lock; it counts as crashed, because the other requests in flight
would time out with the one that is stuck.
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
from typing import IO, TYPE_CHECKING, Any

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

from tts_assets.engines.process import messages
from tts_assets.engines.process.child_registry import track_child
from tts_assets.errors import ClipError, EngineCrashError, FatalError
from tts_assets.model import Speech

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

    from anyio.abc import Process, TaskGroup

    from tts_assets.engines.protocol import RestartTimer
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
    """A request without a result yet."""

    request: messages.Request
    done: anyio.Event = field(default_factory=anyio.Event)
    result: messages.Reply | TtsAssetsError | None = None
    sent: bool = False
    suspect: bool = False
    #: Restarts the time limit: called when work begins, and while the request waits.
    restart_timer: Callable[[], None]

    def set_result(self, result: messages.Reply | TtsAssetsError) -> None:
        """Set the result and wake the caller."""
        self.result = result
        self.done.set()


def select_sendable(requests: Collection[PendingRequest], threads: int) -> list[PendingRequest]:
    """The requests to send now: at most one for each thread; a suspect only alone."""
    in_flight = sum(request.sent for request in requests)
    waiting = [request for request in requests if not request.sent]
    suspects = [request for request in waiting if request.suspect]
    if suspects or any(request.suspect for request in requests):
        return suspects[:1] if not in_flight else []
    return waiting[: max(0, threads - in_flight)]


#: The child gets the parent's import path, so it finds the same packages.
_CHILD = "import sys; sys.path[:] = sys.argv[3:]; from tts_assets.engines.process.child_process import main; main()"


#: Errors of a start that may pass: the process limit, too little memory, unreadable memory of this
#: process, and an executable that is still being written.
_PASSING_ERRORS = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EFAULT, errno.ETXTBSY})
_START_AGAIN_SECONDS = (0.1, 1.0)


async def _start_process(
    command: list[str], *, stdin: IO[bytes] | int, stdout: int, stderr: IO[bytes]
) -> Process:
    for seconds in (*_START_AGAIN_SECONDS, None):
        try:
            # In a session of its own, so that Ctrl-C reaches the run alone.
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
    """Run a process during the block; at its end, kill it and all processes that it started.

    Raises:
        OSError: the process cannot be started.
    """
    # A start that is cancelled half-way would leave a running process behind.
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
                    await _close_input(process)


async def _close_input(process: Process) -> None:
    """Close the input and wait for it: otherwise early versions of Python 3.11 log a broken pipe."""
    writer = getattr(process.stdin, "_stream", None)
    if process.stdin is None or writer is None or not hasattr(writer, "wait_closed"):
        return
    with contextlib.suppress(OSError), anyio.move_on_after(_EXIT_SECONDS):
        await process.stdin.aclose()
        await writer.wait_closed()


def kill_process(process: Process) -> None:
    """Kill a process, if it still runs."""
    if process.returncode is not None:
        return
    if os.name != "posix":
        process.kill()
        return
    # Not Process.kill(): it polls the exit status, which the waiting task then misses.
    # macOS raises EPERM for a process group with nothing but a zombie left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        # The whole group: the process leads a session of its own.
        os.killpg(process.pid, signal.SIGKILL)


def describe_exit(status: int) -> str:
    """The exit code or signal of an ended process, for messages."""
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


_IDLE_DEATHS = 3  #: give the engine up after this many crashes in a row with no request in flight
_SILENCE_SECONDS = 10.0  #: no healthy engine holds the interpreter's lock for this long

#: The largest models load in a few seconds; the slowest disks take a minute.
_LOADING_SECONDS = 120.0

_EXIT_SECONDS = 1.0  #: the time a process has to exit after it closed its output

#: Forms to read in one request: enough to make frames cheap, few enough to share among threads.
_READ_AT_ONCE = 256

_SPLIT_AT_ONCE = 8  #: passages to split in one request: the longest take a second each


class EngineHost:
    """One native engine in its own process; created by :func:`engine_host`."""

    def __init__(
        self, factory: str, *, threads: int, silence_seconds: float, setup: messages.Setup
    ) -> None:
        #: The number of requests it handles at once.
        self.workers = threads
        self._factory = factory
        self._setup = setup
        self._silence_seconds = silence_seconds
        self._last_reply = 0.0
        self._numbers = itertools.count()
        self._pending: dict[int, PendingRequest] = {}
        self._changed = anyio.Event()
        self._process: Process | None = None
        self._ready = False
        self._killed = False
        self._idle_deaths = 0
        self._fatal_error: FatalError | None = None

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: RestartTimer = None
    ) -> Speech:
        """Synthesize a form in the engine's process.

        ``restart_timer`` restarts the time limit: it is called while the request waits, when it is sent, and when
        it is sent again after a failure that it did not cause.

        Raises:
            ClipError: the engine cannot synthesize it.
            EngineCrashError: the engine's process crashed on it.
            FatalError: the engine cannot be started.
        """
        import numpy as np  # noqa: PLC0415 - heavy, and most runs use record instead

        request = messages.SynthesizeRequest(number=next(self._numbers), form=form, voice=voice)
        reply = await self._await_reply(request, restart_timer)
        return Speech(
            samples=np.frombuffer(reply.samples, dtype="<f4"),
            rate_hz=reply.rate_hz,
            pronunciation=reply.pronunciation,
        )

    async def record(
        self, form: SpokenForm, voice: Voice, sound: Sound, *, restart_timer: RestartTimer = None
    ) -> Recording:
        """Synthesize and encode a form in the engine's process; arguments and errors as in speak."""
        request = messages.SynthesizeRequest(
            number=next(self._numbers), form=form, voice=voice, sound=sound
        )
        reply = await self._await_reply(request, restart_timer)
        assert reply.recording is not None  # noqa: S101 - requested with a sound
        return reply.recording

    async def ask(self, question: bytes, *, restart_timer: RestartTimer = None) -> bytes:
        """Send a raw request and return the raw answer, in the engine's encoding; errors as in speak."""
        request = messages.RawRequest(number=next(self._numbers), question=question)
        return (await self._await_reply(request, restart_timer)).answer

    async def read_forms(self, forms: Sequence[SpokenForm]) -> list[Pronunciation | str]:
        """The pronunciation of each form, or the reason why it has none.

        Raises:
            FatalError: the engine cannot be started.
        """
        return await self._send_forms(forms, _READ_AT_ONCE)

    async def split_forms(
        self, forms: Sequence[SpokenForm], pauses: Pauses
    ) -> list[tuple[Segment, ...] | str]:
        """The segments of each passage, or the reason why it cannot be split.

        Raises:
            FatalError: the engine cannot be started.
        """
        return await self._send_forms(forms, _SPLIT_AT_ONCE, pauses)

    async def _send_forms(
        self, forms: Sequence[SpokenForm], size: int, pauses: Pauses | None = None
    ) -> list[Any]:
        """Send many forms in batches that run concurrently, and return the results in order."""
        results: list[Any] = [""] * len(forms)
        fatal: list[FatalError] = []

        async def run_batch(first: int, last: int) -> None:
            number, batch = next(self._numbers), tuple(forms[first:last])
            request = messages.FormsRequest(number=number, forms=batch, pauses=pauses)
            try:
                results[first:last] = (await self._await_reply(request, None)).results
            except ClipError as exc:
                if last - first == 1:
                    results[first] = str(exc)
                else:
                    # The engine crashed on one of them: send them one by one.
                    for index in range(first, last):
                        await run_batch(index, index + 1)
            except FatalError as exc:
                fatal.append(exc)

        async with anyio.create_task_group() as tasks:
            for first in range(0, len(forms), size):
                tasks.start_soon(run_batch, first, min(first + size, len(forms)))
        if fatal:
            raise fatal[0]
        return results

    async def _await_reply(
        self, request: messages.Request, restart_timer: RestartTimer
    ) -> messages.Reply:
        if self._fatal_error is not None:
            raise self._fatal_error
        entry = PendingRequest(request=request, restart_timer=restart_timer or (lambda: None))
        self._pending[request.number] = entry
        self._signal_change()
        try:
            await entry.done.wait()
        finally:
            self._withdraw_request(entry)
        match entry.result:
            case messages.Reply(error=None) as reply:
                return reply
            case messages.Reply(error=str(reason)):
                raise ClipError(reason)
            case Exception() as error:
                raise error
        raise AssertionError("a request ends with a reply or an error")

    async def run(self) -> None:
        """Keep a process running until cancelled, or until it cannot be started."""
        while self._fatal_error is None:
            try:
                await self._run_once()
            except OSError as exc:
                # The log cannot be written, the process limit is reached, or Python was removed.
                self._give_up(f"the engine's process could not be started: {exc}")

    async def _run_once(self) -> None:
        with tempfile.TemporaryFile() as log:
            self._ready = self._killed = False
            # Not -m: it would run a module that its package has already imported.
            command = [sys.executable, "-P", "-c", _CHILD, self._factory, str(self.workers)]
            pipe = subprocess.PIPE
            async with run_child(
                [*command, *filter(None, sys.path)], stdin=pipe, stdout=pipe, stderr=log
            ) as process:
                self._process = process
                await self._exchange_messages(process)
                was_killed = self._killed
                # Its output is closed, so it is exiting.
                with anyio.move_on_after(_EXIT_SECONDS):
                    await process.wait()
            self._after_death(await process.wait(), read_stderr_tail(log), was_killed=was_killed)

    async def _exchange_messages(self, process: Process) -> None:
        async with anyio.create_task_group() as both:
            both.start_soon(self._send_requests, process)
            both.start_soon(self._end_when_silent, process)
            await self._receive_replies(process)
            both.cancel_scope.cancel()

    async def _end_when_silent(self, process: Process) -> None:
        """Kill a process without a heartbeat."""
        started = self._last_reply = anyio.current_time()
        while True:
            await anyio.sleep(self._silence_seconds / 4)
            now = anyio.current_time()
            if self._ready and now - self._last_reply > self._silence_seconds:
                kill_process(process)
            elif not self._ready and now - started > _LOADING_SECONDS:
                self._give_up(f"the engine did not load within {_LOADING_SECONDS:g} s")
                kill_process(process)
            for entry in self._pending.values():
                # The time limit leaves out loading, and crashes caused by other clips.
                if not entry.sent:
                    entry.restart_timer()

    async def _send_requests(self, process: Process) -> None:
        assert process.stdin is not None  # noqa: S101 - opened with a pipe
        # If the process dies, _receive_replies returns.
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            await process.stdin.send(messages.encode_frame(self._setup))
            while True:
                changed = self._changed
                ready = self._ready and not self._killed
                for entry in select_sendable(self._pending.values(), self.workers) if ready else ():
                    entry.sent = True
                    entry.restart_timer()
                    await process.stdin.send(messages.encode_frame(entry.request))
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
        elif (entry := self._pending.pop(reply.number, None)) is not None:
            self._idle_deaths = 0
            entry.set_result(reply)
        self._signal_change()

    def _withdraw_request(self, entry: PendingRequest) -> None:
        """Remove a request; if the engine works on it, kill the process, as nothing else stops it."""
        is_open = self._pending.pop(entry.request.number, None) is not None
        if is_open and entry.sent and self._process is not None and not self._killed:
            self._killed = True
            kill_process(self._process)
        self._signal_change()

    def _after_death(self, status: int, stderr_tail: str, *, was_killed: bool) -> None:
        """Resend or fail the requests in flight, or mark them as suspects.

        ``was_killed``: this host killed the process.
        """
        self._process = None
        in_flight = [entry for entry in self._pending.values() if entry.sent]
        for entry in in_flight:
            entry.sent = False
        if was_killed:
            pass
        elif not self._ready:
            self._give_up(
                f"the engine's process ended while starting {describe_exit(status)}{stderr_tail}"
            )
        elif len(in_flight) == 1:
            del self._pending[in_flight[0].request.number]
            in_flight[0].set_result(EngineCrashError(self._describe_death(status)))
        else:
            for entry in in_flight:
                entry.suspect = True
            self._idle_deaths = 0 if in_flight else self._idle_deaths + 1
            if self._idle_deaths >= _IDLE_DEATHS:
                self._give_up(
                    f"the engine's process keeps exiting {describe_exit(status)}{stderr_tail}"
                )

    def _describe_death(self, status: int) -> str:
        if anyio.current_time() - self._last_reply > self._silence_seconds:
            return f"the engine did not respond for {self._silence_seconds:g} s and was terminated"
        return f"the engine crashed on this clip {describe_exit(status)}"

    def _give_up(self, reason: str) -> None:
        if self._fatal_error is None:
            self._fatal_error = FatalError(f"{reason}; `tts-assets doctor` shows what is missing")
        for entry in self._pending.values():
            entry.set_result(self._fatal_error)
        self._pending.clear()

    def _signal_change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


@contextlib.asynccontextmanager
async def open_task_group() -> AsyncIterator[TaskGroup]:
    """A task group that ends with the block, and raises the block's exception without an ExceptionGroup."""
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
    """Run an engine process during the block.

    Args:
        factory: ``module:function`` that creates the engine; called inside the process.
        threads: the number of requests it handles at once.
        silence_seconds: a process without a heartbeat for this long counts as stuck.
        options: the factory's keyword arguments.
        words: the user's own dictionary, for engines that accept words.
    """
    setup = messages.Setup(options=dict(options or {}), words=words)
    host = EngineHost(factory, threads=threads, silence_seconds=silence_seconds, setup=setup)
    async with open_task_group() as tasks:
        tasks.start_soon(host.run)
        yield host


def reader_host(
    words: tuple[DictionaryWord, ...] = (),
) -> contextlib.AbstractAsyncContextManager[EngineHost]:
    """An engine without a voice: the dictionary and the user's own words, for readings."""
    # One thread: most of the work is Python code, which threads do not run in parallel.
    return engine_host("tts_assets.japanese.reading_resolver:FormReader", threads=1, words=words)


def limit_silence(timeout_seconds: float) -> float:
    """The longest time without a heartbeat, for a time limit of one call."""
    return max(min(_SILENCE_SECONDS, timeout_seconds / 3), 4 * messages.BEAT_SECONDS)
