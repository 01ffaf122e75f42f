"""The engine's process as the operating system sees it: started, ended, and how it went."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import IO, TYPE_CHECKING

import anyio

from tts_assets.engines.process.children import add_child

if TYPE_CHECKING:
    from anyio.abc import Process


#: The child finds the same packages as the run itself, wherever that got them from.
_CHILD = "import sys; sys.path[:] = sys.argv[3:]; from tts_assets.engines.process.child import main; main()"


async def start(factory: str, threads: int, log: IO[bytes]) -> Process:
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


def end(process: Process) -> None:
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


def how(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"(exit code {status})"
    try:
        return f"(signal {signal.Signals(-status).name})"
    except ValueError:
        return f"(signal {-status})"


def last_words(log: IO[bytes]) -> str:
    """The last line that the process wrote, to go into a message."""
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {last[:300]}" if last else ""
