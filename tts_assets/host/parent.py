"""The run's side of an engine's process: sends orders, and starts the process again when it dies.

A native call cannot be stopped and a crash takes the whole process with it. So an order that is
given up while it is being spoken kills the process; the others in flight are sent again to a new
one, as if nothing had been. After a crash nobody knows which order did it: all that were in flight
are suspects and are spoken one at a time, until the one that crashes alone is found. A process
that gives no sign of life is stuck in native code that lets no other thread run; it counts as
crashed, because the orders beside the guilty one would run out of time with it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

from tts_assets.domain import Speech
from tts_assets.errors import ClipError, EngineCrashError, FatalError, TtsAssetsError
from tts_assets.host import wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import Process

    from tts_assets.domain import Recording, Sound, SpokenForm, Voice

#: Deaths in a row, with nothing being spoken, after which the engine is given up.
_IDLE_DEATHS = 3

#: No healthy engine keeps the interpreter from running for that long.
_SILENCE_SECONDS = 10.0
#: The largest models load in a few seconds; the slowest disks take a minute.
_LOADING_SECONDS = 120.0
#: How long a process may take to end after its last word.
_FAREWELL_SECONDS = 1.0
#: The child finds the same packages as the run itself, wherever that got them from.
_CHILD = "import sys; sys.path[:] = sys.argv[3:]; from tts_assets.host.child import main; main()"


@dataclass(slots=True, kw_only=True, eq=False)
class _Open:
    """An order that is not settled yet."""

    order: wire.Order
    settled: anyio.Event = field(default_factory=anyio.Event)
    reply: wire.Reply | None = None
    error: TtsAssetsError | None = None
    sent: bool = False
    suspect: bool = False
    on_start: Callable[[], None] | None = None

    def settle(
        self, *, reply: wire.Reply | None = None, error: TtsAssetsError | None = None
    ) -> None:
        self.reply = reply
        self.error = error
        self.settled.set()


class EngineHost:
    """One native engine in its own process; made by :func:`engine_host`."""

    def __init__(self, factory: str, *, threads: int, silence_seconds: float) -> None:
        """Prepare to run an engine; see :func:`engine_host`."""
        self._factory = factory
        self._threads = threads
        self._silence_seconds = silence_seconds
        self._heard = 0.0
        self._numbers = itertools.count()
        self._open: dict[int, _Open] = {}
        self._changed = anyio.Event()
        self._process: Process | None = None
        self._ready = False
        self._killed = False
        self._idle_deaths = 0
        self._dead: FatalError | None = None

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

        reply = await self._reply(form, voice, None, on_start)
        return Speech(samples=np.frombuffer(reply.samples, dtype="<f4"), rate_hz=reply.rate_hz)

    async def record(
        self,
        form: SpokenForm,
        voice: Voice,
        sound: Sound,
        *,
        on_start: Callable[[], None] | None = None,
    ) -> Recording:
        """Say it and finish the sound in the engine's process; arguments and errors as in speak."""
        reply = await self._reply(form, voice, sound, on_start)
        assert reply.recording is not None  # noqa: S101 - asked for with a sound
        return reply.recording

    async def _reply(
        self,
        form: SpokenForm,
        voice: Voice,
        sound: Sound | None,
        on_start: Callable[[], None] | None,
    ) -> wire.Reply:
        if self._dead is not None:
            raise self._dead
        order = wire.Order(number=next(self._numbers), form=form, voice=voice, sound=sound)
        entry = _Open(order=order, on_start=on_start)
        self._open[order.number] = entry
        self._notify()
        try:
            await entry.settled.wait()
        finally:
            self._withdraw(entry)
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
            async with await self._start(log) as process:
                self._process = process
                try:
                    await self._converse(process)
                    ours = self._killed
                    # It has closed its output, which it does by ending.
                    with anyio.move_on_after(_FAREWELL_SECONDS):
                        await process.wait()
                finally:
                    with anyio.CancelScope(shield=True):
                        _end(process)
                        status = await process.wait()
            self._after_death(status, _last_words(log), ours=ours)

    async def _start(self, log: IO[bytes]) -> Process:
        self._ready = self._killed = False
        # Not -m: that would run a module which its own package has imported already.
        command = [sys.executable, "-P", "-c", _CHILD]
        # Cancelled half-way, a start would leave a process that nobody ends.
        with anyio.CancelScope(shield=True):
            started = await anyio.open_process(
                [*command, self._factory, str(self._threads), *filter(None, sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Ctrl-C is for the run to answer; the terminal must not reach past it.
                start_new_session=True,
            )
        return started  # noqa: RET504 - inside the scope, mypy takes it for skippable

    async def _converse(self, process: Process) -> None:
        async with anyio.create_task_group() as both:
            both.start_soon(self._send_orders, process)
            both.start_soon(self._watch, process)
            await self._hear_replies(process)
            both.cancel_scope.cancel()

    async def _watch(self, process: Process) -> None:
        """End a process that has fallen silent."""
        begun = self._heard = anyio.current_time()
        while True:
            await anyio.sleep(self._silence_seconds / 4)
            now = anyio.current_time()
            if self._ready and now - self._heard > self._silence_seconds:
                _end(process)
            elif not self._ready and now - begun > _LOADING_SECONDS:
                self._give_up(f"the engine was not loaded after {_LOADING_SECONDS:g} s")
                _end(process)
            for entry in self._open.values():
                # Loading and other clips' crashes are not to be paid for with its time.
                if not entry.sent and entry.on_start is not None:
                    entry.on_start()

    async def _send_orders(self, process: Process) -> None:
        assert process.stdin is not None  # noqa: S101 - opened with a pipe
        while True:
            changed = self._changed
            for entry in self._sendable():
                entry.sent = True
                if entry.on_start is not None:
                    entry.on_start()
                try:
                    await process.stdin.send(wire.frame(entry.order))
                except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
                    return  # The process is dying: the reader hears the end.
            await changed.wait()

    async def _hear_replies(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - opened with a pipe
        stream = BufferedByteReceiveStream(process.stdout)
        try:
            while True:
                (size,) = wire.PREFIX.unpack(await stream.receive_exactly(wire.PREFIX.size))
                self._heard = anyio.current_time()
                self._take(wire.reply(await stream.receive_exactly(size)))
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError):
            return

    def _sendable(self) -> list[_Open]:
        """The orders to send now: as many as there are threads; a suspect only alone."""
        if not self._ready or self._killed:
            return []
        flying = sum(entry.sent for entry in self._open.values())
        waiting = [entry for entry in self._open.values() if not entry.sent]
        suspects = [entry for entry in waiting if entry.suspect]
        if suspects or any(entry.suspect for entry in self._open.values()):
            return suspects[:1] if not flying else []
        return waiting[: max(0, self._threads - flying)]

    def _take(self, reply: wire.Reply) -> None:
        if reply.number == wire.BEAT:
            return
        if reply.number == wire.READY:
            self._ready = reply.error is None
            if reply.error is not None:
                self._give_up(f"the engine could not be loaded: {reply.error}")
        elif (entry := self._open.pop(reply.number, None)) is not None:
            self._idle_deaths = 0
            entry.settle(reply=reply)
        self._notify()

    def _withdraw(self, entry: _Open) -> None:
        """Forget an order; if it is being spoken at this moment, only a kill ends that."""
        if self._open.pop(entry.order.number, None) is not None and entry.sent:
            self._kill()
        self._notify()

    def _kill(self) -> None:
        if self._process is not None and not self._killed:
            self._killed = True
            _end(self._process)

    def _after_death(self, status: int, last_words: str, *, ours: bool) -> None:
        """Decide what becomes of the orders in flight; ``ours`` tells that it died of our kill."""
        self._process = None
        flying = [entry for entry in self._open.values() if entry.sent]
        for entry in flying:
            entry.sent = False
        if ours:
            pass
        elif not self._ready:
            self._give_up(f"the engine's process ended while starting {_how(status)}{last_words}")
        elif len(flying) == 1:
            del self._open[flying[0].order.number]
            flying[0].settle(error=EngineCrashError(self._verdict(status)))
        else:
            self._after_unclear_death(flying, f"{_how(status)}{last_words}")

    def _verdict(self, status: int) -> str:
        if anyio.current_time() - self._heard > self._silence_seconds:
            return f"the engine gave no sign of life for {self._silence_seconds:g} s, and was ended"
        return f"the engine died of it {_how(status)}"

    def _after_unclear_death(self, flying: list[_Open], how: str) -> None:
        for entry in flying:
            entry.suspect = True
        self._idle_deaths = 0 if flying else self._idle_deaths + 1
        if self._idle_deaths >= _IDLE_DEATHS:
            self._give_up(f"the engine's process keeps ending {how}")

    def _give_up(self, why: str) -> None:
        if self._dead is None:
            self._dead = FatalError(f"{why}; `tts-assets doctor` tells what is missing")
        for entry in self._open.values():
            entry.settle(error=self._dead)
        self._open.clear()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


@contextlib.asynccontextmanager
async def engine_host(
    factory: str, *, threads: int, silence_seconds: float = _SILENCE_SECONDS
) -> AsyncIterator[EngineHost]:
    """A running engine process, ended with the block.

    Args:
        factory: ``module:function`` that makes the engine; called inside the process.
        threads: how many orders it speaks at once.
        silence_seconds: after that long without a sign of life the process counts as stuck.
    """
    host = EngineHost(factory, threads=threads, silence_seconds=silence_seconds)
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


def _end(process: Process) -> None:
    """Kill a process, if it still runs."""
    if process.returncode is not None:
        return
    if os.name != "posix":
        process.kill()
        return
    # Process.kill() looks whether it has ended, and so takes its status away from who waits.
    with contextlib.suppress(ProcessLookupError):
        # With all that it has started: it leads a session of its own.
        os.killpg(process.pid, signal.SIGKILL)


def silence(timeout_seconds: float) -> float:
    """How long a process may give no sign of life, where one call may take that long in all."""
    return max(min(_SILENCE_SECONDS, timeout_seconds / 3), 4 * wire.BEAT_SECONDS)


def _how(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"(exit code {status})"
    try:
        return f"(signal {signal.Signals(-status).name})"
    except ValueError:
        return f"(signal {-status})"


def _last_words(log: IO[bytes]) -> str:
    """The last line that the process wrote, to go into a message."""
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {last[:300]}" if last else ""
