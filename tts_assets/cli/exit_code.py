"""Exit codes, and the signals that end commands.

The first signal lets a command finish; the second ends the process at once.

A thread receives signals, so the second one works in every state: while the main thread is inside
a native call, while a file blocks, while the event loop waits for a thread. Python itself would
run no handler then, and would wait for every thread before it exits.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar

from tts_assets.engines.process.child_registry import kill_children

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Iterator
    from types import FrameType

T = TypeVar("T")


class ExitCode(IntEnum):
    """The exit codes. Of 0 to 4, the highest one that applies wins; 5 and 6 replace 0."""

    #: Success.
    OK = 0
    #: Some clips failed, or something is stale.
    FINDINGS = 1
    #: The command, the configuration or an entry of a catalogue is wrong.
    USAGE = 2
    #: A bug in tts-assets.
    BUG = 3
    #: The engine or the disk ended the run: model missing, key revoked, disk full, results that
    #: cannot be written.
    FATAL = 4
    #: The run reached its limit of clips, time, characters or cost; run again to continue.
    LIMIT = 5
    #: The selection matched nothing.
    NOTHING = 6
    #: The terminal is closed (SIGHUP).
    HANGUP = 129
    #: Ctrl-C (SIGINT).
    INTERRUPTED = 130
    #: The reader of the output closed the pipe (SIGPIPE).
    PIPE = 141
    #: SIGTERM.
    TERMINATED = 143


def choose_exit_code(
    *,
    fatal: object = None,
    problems: object = (),
    findings: object = False,
    limit: object = False,
    nothing: object = False,
) -> ExitCode:
    """Choose the exit code of a result by what is true of it; OK if nothing is.

    Args:
        fatal: why it ended early; None if it did not.
        problems: unusable entries and files.
        findings: whether something failed, or is stale.
        limit: whether it reached a limit.
        nothing: whether the selection matched nothing.
    """
    codes = (
        (fatal is not None, ExitCode.FATAL),
        (problems, ExitCode.USAGE),
        (findings, ExitCode.FINDINGS),
        (limit, ExitCode.LIMIT),
        (nothing, ExitCode.NOTHING),
    )
    return next((code for applies, code in codes if applies), ExitCode.OK)


_CODES = {
    "SIGINT": ExitCode.INTERRUPTED,
    "SIGTERM": ExitCode.TERMINATED,
    # Windows has no SIGHUP.
    "SIGHUP": ExitCode.HANGUP,
}

#: Signals closer together count as one. `timeout` sends a signal twice without a pause; on logout,
#: the shell and the terminal each send SIGHUP.
_ONE_REQUEST_SECONDS = 0.005
_ONE_HANGUP_SECONDS = 0.1

#: Time for the command to end by itself after a second signal, and to clean up.
_GRACE_SECONDS = 0.4

#: Time limit of the summary, because standard output may block.
_SUMMARY_SECONDS = 1.0
_SHOW_CURSOR = "\x1b[?25h"

#: Interrupts a blocking call of the main thread; ignored by default. Windows has no SIGURG.
_NUDGE_SIGNAL: signal.Signals | None = getattr(signal, "SIGURG", None)
_MAX_NUDGES = 20
_NUDGE_SECONDS = 0.1


class SignalWatch:
    """Receives SIGINT, SIGTERM and SIGHUP while a command runs; see :func:`watch_signals`."""

    def __init__(self) -> None:
        """Start without signals."""
        self.first: signal.Signals | None = None
        #: Called in a thread before a second signal ends the process.
        self.show_summary: Callable[[], None] = _do_nothing
        self._first_at = 0.0
        #: Whether an event loop handles signals.
        self.is_attended = False
        self._interrupted = False
        self._to_loop: socket.socket | None = None
        self._loop_end: socket.socket | None = None

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the first signal; that of SIGINT if there was none."""
        return ExitCode.INTERRUPTED if self.first is None else _CODES[self.first.name]

    @contextmanager
    def receive_signals(self) -> Iterator[None]:
        """Receive signals for as long as the block lasts."""
        import socket  # noqa: PLC0415 - not needed for --help

        receiver, sender = socket.socketpair()
        self._loop_end, self._to_loop = socket.socketpair()
        for end in (sender, self._loop_end, self._to_loop):
            end.settimeout(0)
        previous_handlers = {
            number: signal.signal(number, self._handle_interrupt) for number in _list_signals()
        }
        if _NUDGE_SIGNAL is not None:
            previous_handlers[_NUDGE_SIGNAL] = signal.signal(_NUDGE_SIGNAL, lambda *_: None)
        previous_fd = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._read_signals, args=(receiver,), daemon=True).start()
        with sender, self._loop_end, self._to_loop:
            try:
                yield
            finally:
                signal.set_wakeup_fd(previous_fd)
                for number, handler in previous_handlers.items():
                    signal.signal(number, signal.SIG_DFL if handler is None else handler)
                self._loop_end = self._to_loop = None
                # End the thread: it reads the end of the stream.
                sender.shutdown(socket.SHUT_RDWR)

    async def answer_signals(
        self, on_first: Callable[[], None], on_second: Callable[[], None]
    ) -> None:
        """Call the callbacks in the event loop when signals arrive, until cancelled."""
        import anyio  # noqa: PLC0415 - heavy for --help

        if self._loop_end is None:
            await anyio.sleep_forever()
            return
        handlers = iter((on_first, on_second))
        while True:
            await anyio.wait_readable(self._loop_end)
            for _ in self._loop_end.recv(16):
                next(handlers, _do_nothing)()

    def _handle_interrupt(self, number: int, _: FrameType | None) -> None:
        """Interrupt the main thread if no event loop handles signals."""
        self.first = self.first or signal.Signals(number)
        if not (self.is_attended or self._interrupted):
            self._interrupted = True
            raise KeyboardInterrupt

    def _read_signals(self, receiver: socket.socket) -> None:
        """Read signals as they arrive; runs in its own thread."""
        with receiver, suppress(OSError):
            while numbers := receiver.recv(64):
                for number in filter(_list_signals().__contains__, numbers):
                    self._handle_signal(signal.Signals(number))

    def _handle_signal(self, received: signal.Signals) -> None:
        now = time.monotonic()
        is_hangup = received.name == "SIGHUP"
        seconds = _ONE_HANGUP_SECONDS if is_hangup else _ONE_REQUEST_SECONDS
        if not self._first_at:
            self.first, self._first_at = self.first or received, now
            self._wake_loop()
            threading.Thread(target=self._nudge_main_thread, daemon=True).start()
        elif now - self._first_at > seconds:
            self._wake_loop()
            time.sleep(_GRACE_SECONDS)
            self._end_process()

    def _nudge_main_thread(self) -> None:
        """Interrupt a call that blocked before Python could run the signal's handler.

        The system may also deliver the signal to another thread; a read from the terminal would
        then continue.
        """
        main = threading.main_thread().ident
        for _ in range(_MAX_NUDGES):
            time.sleep(_NUDGE_SECONDS)
            if self.is_attended or self._interrupted or _NUDGE_SIGNAL is None or main is None:
                return
            signal.pthread_kill(main, _NUDGE_SIGNAL)

    def _wake_loop(self) -> None:
        if self._to_loop is not None:
            with suppress(OSError):
                self._to_loop.send(b"!")

    def _end_process(self) -> None:
        """Kill all children, print the summary and exit, without waiting for threads."""
        kill_children()
        summary = threading.Thread(target=self._print_summary, daemon=True)
        summary.start()
        summary.join(_SUMMARY_SECONDS)
        os._exit(self.exit_code)

    def _print_summary(self) -> None:
        # An error or a hang costs only the summary.
        with suppress(Exception):
            if sys.stderr.isatty():
                sys.stderr.write(f"{_SHOW_CURSOR}\n")
            self.show_summary()
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()


@contextmanager
def watch_signals() -> Iterator[SignalWatch]:
    """Receive signals while a command runs; Python delivers them only to the main thread."""
    global _watch  # noqa: PLW0603 - a process has one signal handler
    _watch = SignalWatch()
    if threading.current_thread() is not threading.main_thread():
        yield _watch
        return
    with _watch.receive_signals():
        yield _watch


def get_received_signal() -> signal.Signals | None:
    """The first signal received; None if there was none."""
    return _watch.first


def get_signal_code() -> ExitCode:
    """The exit code for the first signal."""
    return _watch.exit_code


def run_until_signal(
    work: Callable[[], Awaitable[T]],
    *,
    on_first: Callable[[], None] | None = None,
    show_summary: Callable[[], None] | None = None,
) -> T:
    """Run async work until it ends or a signal arrives.

    Args:
        work: the work to run.
        on_first: called in the event loop on the first signal, to ask the work to end; None to
            cancel it.
        show_summary: called, possibly in another thread, if a second signal ends the work before
            it has a result.

    Raises:
        KeyboardInterrupt: a signal ended the work before it had a result.
    """
    from tts_assets.build.pool import run_async  # noqa: PLC0415 - see answer_signals

    _watch.show_summary = show_summary or _do_nothing
    _watch.is_attended = True
    try:
        done = run_async(_run_with_signals, work, on_first)
    finally:
        _watch.is_attended = False
        _watch.show_summary = _do_nothing
    if not done:
        if show_summary is not None:
            show_summary()
        raise KeyboardInterrupt
    return done[0]


async def _run_with_signals(
    work: Callable[[], Awaitable[T]], on_first: Callable[[], None] | None
) -> list[T]:
    """Return the result in a list; an empty list if a signal cancelled the work."""
    import anyio  # noqa: PLC0415 - see answer_signals

    failure: Exception | None = None
    done: list[T] = []
    async with anyio.create_task_group() as tasks:
        cancel = tasks.cancel_scope.cancel
        tasks.start_soon(_watch.answer_signals, on_first or cancel, cancel)
        try:
            done.append(await work())
        except Exception as exc:  # noqa: BLE001 - raised again below, outside the task group
            failure = exc
        cancel()
    if failure is not None:
        raise failure
    return done


def end_process(code: ExitCode) -> None:
    """Kill all children and exit with this code, without waiting for threads."""
    kill_children()
    os._exit(code)


def _list_signals() -> tuple[signal.Signals, ...]:
    """The signals that end a command, without SIGHUP if nohup made the process ignore it."""
    ending = [each for each in signal.Signals if each.name in _CODES]
    return tuple(
        each
        for each in ending
        if each.name != "SIGHUP" or signal.getsignal(each) is not signal.SIG_IGN
    )


def _do_nothing() -> None:
    pass


_watch = SignalWatch()  #: the watch of the running command; commands are not nested
