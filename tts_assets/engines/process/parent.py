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
import functools
import itertools
import tempfile
from typing import TYPE_CHECKING, TypeVar

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

from tts_assets.engines.process import wire
from tts_assets.engines.process.children import remove_child
from tts_assets.engines.process.orders import OpenOrder, sendable
from tts_assets.engines.process.process import end, how, last_words, start
from tts_assets.errors import ClipError, EngineCrashError, FatalError
from tts_assets.model import Speech

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from anyio.abc import Process

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
        setup: wire.Setup,
    ) -> None:
        """Prepare to run an engine; see :func:`engine_host`."""
        self._factory = factory
        self._setup = setup
        self._threads = threads
        self._silence_seconds = silence_seconds
        self._heard = 0.0
        self._numbers = itertools.count()
        self._open: dict[int, OpenOrder] = {}
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

        order = wire.Say(number=next(self._numbers), form=form, voice=voice)
        reply = await self._reply(order, on_start)
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
        order = wire.Say(number=next(self._numbers), form=form, voice=voice, sound=sound)
        reply = await self._reply(order, on_start)
        assert reply.recording is not None  # noqa: S101 - asked for with a sound
        return reply.recording

    async def ask(self, question: bytes, *, on_start: Callable[[], None] | None = None) -> bytes:
        """What the engine answers, both in its own encoding; arguments and errors as in speak."""
        order = wire.Ask(number=next(self._numbers), question=question)
        return (await self._reply(order, on_start)).answer

    async def read(self, forms: Sequence[SpokenForm]) -> list[Pronunciation | str]:
        """How the engine would say many forms, without saying them.

        Returns:
            For each form in order its pronunciation, or why it has none.

        Raises:
            FatalError: the engine cannot be started.
        """
        return await _in_batches(forms, _READ_AT_ONCE, self._read)

    async def cut(
        self, forms: Sequence[SpokenForm], pauses: Pauses
    ) -> list[tuple[Segment, ...] | str]:
        """The segments of passages, with pauses of these lengths between them.

        Returns:
            For each form in order its segments, or why it cannot be cut.

        Raises:
            FatalError: the engine cannot be started.
        """
        return await _in_batches(forms, _CUT_AT_ONCE, functools.partial(self._cut, pauses=pauses))

    async def _read(self, forms: tuple[SpokenForm, ...]) -> list[Pronunciation | str]:
        """One order's forms; one by one, if the engine dies of them together."""
        order = wire.Read(number=next(self._numbers), forms=forms)
        try:
            return list((await self._reply(order, None)).readings)
        except ClipError as exc:
            if len(forms) == 1:
                return [str(exc)]
        return [reading for form in forms for reading in await self._read((form,))]

    async def _cut(
        self, forms: tuple[SpokenForm, ...], *, pauses: Pauses
    ) -> list[tuple[Segment, ...] | str]:
        """One order's forms, as in _read."""
        order = wire.Cut(number=next(self._numbers), forms=forms, pauses=pauses)
        try:
            return list((await self._reply(order, None)).cuts)
        except ClipError as exc:
            if len(forms) == 1:
                return [str(exc)]
        return [cut for form in forms for cut in await self._cut((form,), pauses=pauses)]

    async def _reply(self, order: wire.Order, on_start: Callable[[], None] | None) -> wire.Reply:
        if self._dead is not None:
            raise self._dead
        entry = OpenOrder(order=order, on_start=on_start)
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
            self._ready = self._killed = False
            async with await start(self._factory, self._threads, log) as process:
                self._process = process
                try:
                    await self._converse(process)
                    ours = self._killed
                    # It has closed its output, which it does by ending.
                    with anyio.move_on_after(_FAREWELL_SECONDS):
                        await process.wait()
                finally:
                    with anyio.CancelScope(shield=True):
                        end(process)
                        status = await process.wait()
                        remove_child(process.pid)
            self._after_death(status, last_words(log), ours=ours)

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
                end(process)
            elif not self._ready and now - begun > _LOADING_SECONDS:
                self._give_up(f"the engine was not loaded after {_LOADING_SECONDS:g} s")
                end(process)
            for entry in self._open.values():
                # Loading and other clips' crashes are not to be paid for with its time.
                if not entry.sent:
                    entry.tell_start()

    async def _send_orders(self, process: Process) -> None:
        assert process.stdin is not None  # noqa: S101 - opened with a pipe
        # When the process is dying, the reader hears the end.
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            await process.stdin.send(wire.frame(self._setup))
            while True:
                changed = self._changed
                for entry in self._sendable():
                    entry.sent = True
                    entry.tell_start()
                    await process.stdin.send(wire.frame(entry.order))
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

    def _sendable(self) -> list[OpenOrder]:
        if not self._ready or self._killed:
            return []
        return sendable(self._open.values(), self._threads)

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

    def _withdraw(self, entry: OpenOrder) -> None:
        """Forget an order; if it is being spoken at this moment, only a kill ends that."""
        if self._open.pop(entry.order.number, None) is not None and entry.sent:
            self._kill()
        self._notify()

    def _kill(self) -> None:
        if self._process is not None and not self._killed:
            self._killed = True
            end(self._process)

    def _after_death(self, status: int, last_words: str, *, ours: bool) -> None:
        """Decide what becomes of the orders in flight; ``ours`` tells that it died of our kill."""
        self._process = None
        flying = [entry for entry in self._open.values() if entry.sent]
        for entry in flying:
            entry.sent = False
        if ours:
            pass
        elif not self._ready:
            self._give_up(f"the engine's process ended while starting {how(status)}{last_words}")
        elif len(flying) == 1:
            del self._open[flying[0].order.number]
            flying[0].settle(error=EngineCrashError(self._verdict(status)))
        else:
            self._after_unclear_death(flying, f"{how(status)}{last_words}")

    def _verdict(self, status: int) -> str:
        if anyio.current_time() - self._heard > self._silence_seconds:
            return f"the engine gave no sign of life for {self._silence_seconds:g} s, and was ended"
        return f"the engine died of it {how(status)}"

    def _after_unclear_death(self, flying: list[OpenOrder], how: str) -> None:
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


async def _in_batches(
    forms: Sequence[SpokenForm],
    size: int,
    told: Callable[[tuple[SpokenForm, ...]], Awaitable[list[_Told | str]]],
) -> list[_Told | str]:
    """What an engine tells of many forms, so many in one order; all orders wait at once."""
    found: list[_Told | str] = [""] * len(forms)
    fatal: list[FatalError] = []

    async def batch(first: int, last: int) -> None:
        try:
            found[first:last] = await told(tuple(forms[first:last]))
        except FatalError as exc:
            fatal.append(exc)

    async with anyio.create_task_group() as tasks:
        for first in range(0, len(forms), size):
            tasks.start_soon(batch, first, min(first + size, len(forms)))
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
    setup = wire.Setup(options=dict(options or {}), words=words)
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


def silence(timeout_seconds: float) -> float:
    """How long a process may give no sign of life, where one call may take that long in all."""
    return max(min(_SILENCE_SECONDS, timeout_seconds / 3), 4 * wire.BEAT_SECONDS)
