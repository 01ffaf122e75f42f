"""The command line without the wait for its imports: a process that has them forks for each run.

A run is a process of its own all the same: with its own working folder, environment and output. It
ends as any interpreter does, but for the modules: taking them all apart, one after the other, takes
more time than most runs, as it writes to every page of memory that is shared until then.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).parent.parent
#: What nothing reads while it is imported: by name, and by how the name begins.
_FREE = {
    *("CI", "COLUMNS", "GITHUB_STEP_SUMMARY", "HOME", "NO_PROXY", "PATH", "PYTHONPATH"),
    *("PYTHONWARNINGS", "PYTHON_KEYRING_BACKEND", "SSL_CERT_DIR", "TMPDIR", "XDG_CACHE_HOME"),
}
_FREE_STARTS = ("AWS_", "MOTO_", "ELEVENLABS_", "OPENAI_", "PYTEST_", "TEST_", "TTS_ASSETS_")
#: Imported by commands once they need them.
_LATER = (
    *("anyio._backends._asyncio", "anyio._core._signals", "anyio._core._subprocesses", "httpcore"),
    *("h2.connection", "httpx", "keyring", "numpy", "platformdirs", "psutil", "rich.progress"),
    *("pydantic.type_adapter", "rich.traceback", "soundfile", "soxr", "typer.rich_utils"),
    *("filelock", "tts_assets.audio.render"),
)
_COMMAND = (sys.executable, "-m", "tts_assets")
#: What may be done about warnings of a run; imports must give none.
_ACTIONS = ("error", "ignore")
_SIZE_BYTES = 8


class ForkServer:
    """A process that forks runs of the command line, one after the other."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start it in an environment; only runs in one like it are forked."""
        self._environment = _read_by_imports(environment)
        self._channel, far = socket.socketpair()
        with far:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", str(far.fileno())],
                cwd=_ROOT,
                env=self._environment | {"PYTHONWARNINGS": "error"},
                pass_fds=[far.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        # Or what it dies of while it imports would be told as the end of a connection.
        self._number()

    def fits(self, command: Sequence[str], environment: Mapping[str, str]) -> bool:
        """Whether that command would import the same modules just so in that environment."""
        return (
            (*command[:3],) == _COMMAND
            and environment.get("PYTHONWARNINGS") in _ACTIONS
            and _read_by_imports(environment) == self._environment
        )

    def run(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """What a command that fits does, and its output.

        Raises:
            subprocess.TimeoutExpired: it took longer, and was killed.
        """
        order = json.dumps([command[3:], str(folder), dict(environment)]).encode()
        pipes = [os.pipe(), os.pipe()]
        fds = [write for _, write in pipes]
        socket.send_fds(self._channel, [len(order).to_bytes(_SIZE_BYTES)], fds)
        self._channel.sendall(order)
        for fd in fds:
            os.close(fd)
        pid = self._number()
        with open(pipes[0][0], "rb") as out, open(pipes[1][0], "rb") as err:  # noqa: PTH123 - descriptors
            try:
                said = _all_of([out, err], time.monotonic() + timeout_s)
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                self._number()
                raise subprocess.TimeoutExpired(command, timeout_s) from None
        return subprocess.CompletedProcess(command, self._number(), *said)

    def close(self) -> None:
        """End it."""
        self._channel.close()
        self._process.communicate()

    def _number(self) -> int:
        told = self._channel.recv(_SIZE_BYTES, socket.MSG_WAITALL)
        assert told, self._process.communicate()[1].decode()
        return int.from_bytes(told, signed=True)


def _read_by_imports(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name not in _FREE and not name.startswith(_FREE_STARTS)
    }


def _all_of(streams: list[IO[bytes]], until: float) -> list[str]:
    """The text of each, as :func:`subprocess.run` gives it."""
    parts = {stream.fileno(): b"" for stream in streams}
    with selectors.DefaultSelector() as selector:
        for fd in parts:
            selector.register(fd, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                data = os.read(key.fd, 1 << 16)
                parts[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
    texts = [part.decode("utf-8") for part in parts.values()]
    return [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]


def _import_all() -> None:
    cli = importlib.import_module("tts_assets.cli")
    registry = importlib.import_module("tts_assets.engines.registry")
    commands = [each.name for each in pkgutil.walk_packages(cli.__path__, "tts_assets.cli.")]
    providers = [place.partition(":")[0] for place in registry._BUILT_IN.values()]
    for name in (*commands, *providers, *_LATER):
        importlib.import_module(name)


def _become_a_run(channel: socket.socket) -> bool:
    """Fork for each order; False in the server once there are no more, True in each child."""
    channel.sendall(bytes(_SIZE_BYTES))
    while True:
        size, fds, _, _ = socket.recv_fds(channel, _SIZE_BYTES, 2)
        if not size:
            return False
        order = channel.recv(int.from_bytes(size), socket.MSG_WAITALL)
        pid = os.fork()
        if not pid:
            channel.close()
            _take_over(json.loads(order), fds)
            return True
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(BrokenPipeError):
            channel.sendall(pid.to_bytes(_SIZE_BYTES, signed=True))
            _, status = os.waitpid(pid, 0)
            code = os.waitstatus_to_exitcode(status)
            channel.sendall(code.to_bytes(_SIZE_BYTES, signed=True))


def _take_over(order: tuple[list[str], str, dict[str, str]], fds: list[int]) -> None:
    """Become a process that was started with this order."""
    words, folder, environment = order
    for number, fd in enumerate(fds, 1):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # As -m has it: the working folder comes first.
    paths = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = [folder, *filter(None, paths)]
    sys.argv[:] = ["-m", *words]
    warnings.simplefilter(environment["PYTHONWARNINGS"])  # type: ignore[arg-type]


def _run() -> int:
    """Do what -m does; the exit code."""
    try:
        runpy._run_module_as_main("tts_assets")  # type: ignore[attr-defined]
    except SystemExit as exc:
        if not isinstance(exc.code, int | None):
            raise
        return exc.code or 0
    return 0


def _end(code: int) -> None:
    """End with that code, once all is done that an interpreter does before it forgets its modules."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    # What was left open is told of as it goes.
    gc.collect()
    with contextlib.suppress(OSError, ValueError):
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
        os._exit(code)
    # What cannot be written, the interpreter tells in its own way.
    sys.exit(code)


if __name__ == "__main__":
    _import_all()
    # What all runs share need not be looked through at the end of each.
    gc.freeze()
    if _become_a_run(socket.socket(fileno=int(sys.argv[1]))):
        _end(_run())
