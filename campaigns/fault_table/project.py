"""A small project in a folder of its own, and the real command line as a process in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from campaigns.fault_table.held import Forker

ROOT = Path(__file__).resolve().parent.parent.parent
#: A command that runs longer counts as hanging.
LIMIT_SECONDS = 90.0
#: Processes of a trial are recognised by this variable.
_MARK = "TTS_FAULT_TRIAL"
_ENGINES = (
    "[tts_assets.providers]\ntones = tests.plugin_engines:Tones\ntelling = tests.plugin_engines:Telling\n"
    "hasty = tests.hasty:hasty\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A kind of project, the command that is disturbed, and what makes it whole again.

    Args:
        name: how faults refer to it.
        provider: the engine.
        files: the files of the project.
        command: the words after ``tts-assets``.
        prepare: brings the project to where the command starts.
        environment: variables of every run.
        is_exact: whether two undisturbed runs give the same ledger to the byte.
    """

    name: str
    provider: str
    files: Mapping[str, str]
    command: tuple[str, ...] = ("generate",)
    prepare: Callable[[Project], None] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    is_exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A command that ended: its exit code (negative for a signal), output and time."""

    code: int
    output: bytes
    seconds: float
    is_hung: bool = False


@dataclass(slots=True, kw_only=True)
class Project:
    """A folder with a project, a home and a place outside that nothing may touch."""

    top: Path
    base: Base
    plug_ins: Path
    environment: dict[str, str] = field(default_factory=dict)
    originals: dict[str, bytes] = field(default_factory=dict)
    outside: dict[str, bytes] = field(default_factory=dict)
    mounts: list[Path] = field(default_factory=list)
    simulator: Any = None
    notes: list[str] = field(default_factory=list)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def folder(self) -> Path:
        """The folder with the project."""
        return self.top / "project"

    def create_files(self) -> None:
        """Write the files of the base, and those outside."""
        for name in ("project", "home", "outside", "tmp"):
            (self.top / name).mkdir(parents=True)
        for name, text in self.base.files.items():
            write_file(self.folder / name, text.encode())
        # No newline at the end: an append log would cut it off.
        write_file(self.top / "outside/profile", b"export PATH\nexport NAME=value")
        write_file(self.top / "outside/folder/kept.txt", b"kept\n")
        if self.base.prepare:
            self.base.prepare(self)

    def remember(self) -> None:
        """Keep the catalogues and the files outside as they are now."""
        self.originals = {
            name: data for name, data in read_files(self.folder).items() if is_catalogue(name)
        }
        self.outside = read_files(self.top / "outside")

    def variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a run: nothing of this machine but the way to programs."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.top / "home"),
            "TMPDIR": str(self.top / "tmp"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(self.plug_ins)]),
            "PYTHONHASHSEED": "0",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "OPENBLAS_NUM_THREADS": "1",
            "SSL_CERT_DIR": str(ROOT / "tests"),
            "NO_PROXY": "127.0.0.1",
            "TTS_ASSETS_PROVIDER": self.base.provider,
            "TTS_ASSETS_CONCURRENCY": "1",
            _MARK: self.mark,
            **self.base.environment,
            **self.environment,
            **(more or {}),
        }

    def start(
        self,
        words: Sequence[str],
        output: IO[bytes],
        *,
        wrap: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a command as a process that leads a group of its own."""
        return subprocess.Popen(
            [*wrap, sys.executable, "-m", "tts_assets", *words],
            cwd=self.folder,
            env=self.variables(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run_forked(
        self,
        forker: Forker,
        *,
        strace: Sequence[str] = (),
        kill_seconds: float | None = None,
    ) -> Done:
        """Run the base's command as a fork of a process that has all modules.

        Args:
            forker: has them.
            strace: what strace, which is attached before the run begins, does to it.
            kill_seconds: when the run is killed, if it has not ended by then.
        """
        name = uuid.uuid4().hex
        output, hold = self.top / f"output-{name}", self.top / f"hold-{name}"
        os.mkfifo(hold)
        begin = time.monotonic()
        pid = forker.start(
            folder=str(self.folder),
            variables=self.variables(),
            output=str(output),
            hold=str(hold),
            words=self.base.command,
        )
        tracer = _attach_strace(pid, strace) if strace else None
        with waiting_for(pid, LIMIT_SECONDS) as is_hung:
            hold.write_bytes(b"go")
            if kill_seconds is not None:
                time.sleep(kill_seconds)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            code = forker.wait()
        if tracer is not None:
            tracer.communicate()
        return Done(
            code=code,
            output=output.read_bytes() if output.exists() else b"",
            seconds=time.monotonic() - begin,
            is_hung=is_hung.is_set(),
        )

    def run(
        self,
        words: Sequence[str] | None = None,
        *,
        wrap: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        during: Callable[[subprocess.Popen[bytes], Project], None] | None = None,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> Done:
        """Run a command to its end; ``during`` disturbs it meanwhile."""
        path = self.top / f"output-{uuid.uuid4().hex}"
        begin = time.monotonic()
        with path.open("wb") as output:
            process = self.start(
                self.base.command if words is None else words,
                output,
                wrap=wrap,
                environment=environment,
            )
            with waiting_for(process.pid, limit_seconds) as is_hung:
                if during:
                    during(process, self)
                process.wait()
        return Done(
            code=process.returncode,
            output=path.read_bytes(),
            seconds=time.monotonic() - begin,
            is_hung=is_hung.is_set(),
        )

    def survivors(self, patience_seconds: float = 15.0) -> list[str]:
        """The processes of this trial that still run after a while."""
        end = time.monotonic() + patience_seconds
        while (found := self._processes()) and time.monotonic() < end:
            time.sleep(0.05)
        for pid, _ in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return [words for _, words in found]

    def _processes(self) -> list[tuple[int, str]]:
        mark = f"{_MARK}={self.mark}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found.append((int(folder.name), words))
        return found


def _attach_strace(pid: int, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    tracer = subprocess.Popen(
        ["strace", "-f", "-p", str(pid), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert tracer.stderr is not None
    assert b"attached" in tracer.stderr.readline()
    return tracer


@contextmanager
def waiting_for(pid: int, limit_seconds: float) -> Iterator[threading.Event]:
    """Kill the whole group of a process that does not end in time; the event says so."""
    is_hung = threading.Event()

    def kill_group() -> None:
        is_hung.set()
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)

    timer = threading.Timer(limit_seconds, kill_group)
    timer.start()
    try:
        yield is_hung
    finally:
        timer.cancel()


def create_plug_ins(folder: Path) -> Path:
    """The entry points of the test engines, as an installed package has them."""
    info = folder / "fault_engines-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fault-engines\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(_ENGINES)
    return folder


def write_file(path: Path, data: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_json(path: Path, value: object) -> None:
    """Write a JSON file as most people do."""
    write_file(path, json.dumps(value, ensure_ascii=False, indent=2).encode())


def is_catalogue(name: str) -> bool:
    """Whether a file of a project is a catalogue."""
    return name.startswith("data/") and name.endswith((".json", ".jsonl", ".csv"))


def read_files(folder: Path) -> dict[str, bytes]:
    """The bytes of each file below a folder; of anything else what it is.

    Links to folders are followed, so that what was stored through them is found; but once only.
    """
    found: dict[str, bytes] = {}
    for top, folders, names in os.walk(folder, followlinks=True):
        inner = Path(top)
        folders[:] = [each for each in folders if not _leads_up(inner / each)]
        for path in (inner / each for each in names):
            name = os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")
            if path.is_symlink():
                found[name] = b"link to " + os.fsencode(path.readlink())
            elif path.is_file():
                found[name] = path.read_bytes()
            else:
                found[name] = b"special file"
    return found


def _leads_up(path: Path) -> bool:
    return path.is_symlink() and path.resolve() in path.parents


def remove_path(path: Path) -> None:
    """Remove a file, a link, a special file or a folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
