"""One trial of a fault: plant, disturb, check, take away, run again, compare."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from campaigns.fault_table.bases import BASES, find_root
from campaigns.fault_table.fault import ANY_END
from campaigns.fault_table.held import Forker
from campaigns.fault_table.invariants import check_end, check_project, check_run
from campaigns.fault_table.project import Done, Project, create_plug_ins, read_files, write_file
from tests.simulator.running import running
from tests.simulator.scenario import made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from campaigns.fault_table.fault import Fault

KILLED = -9
CALLS = (
    "openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2",
    "unlink", "unlinkat", "mkdir", "mkdirat", "close", "ftruncate", "fchmod", "fchown", "flock",
    "link", "linkat", "symlinkat", "sendfile", "copy_file_range",
)  # fmt: skip
#: How many kills come after each other before a run goes through.
_CHAIN = 4


@dataclass(slots=True, kw_only=True)
class Result:
    """What became of a trial."""

    harm: list[str] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)
    tries: int = 0
    kills: int = 0
    seconds: float = 0.0
    skipped: str = ""

    def add(self, other: Result) -> None:
        """Count another trial in."""
        self.harm += other.harm
        self.codes += other.codes
        self.tries += other.tries
        self.kills += other.kills
        self.seconds += other.seconds
        self.skipped = self.skipped or other.skipped


class Workplace:
    """A folder in which trials happen, and what undisturbed runs come to."""

    def __init__(self, folder: Path) -> None:
        """Lay out the engines that all projects use."""
        self.folder = folder
        self._plug_ins = create_plug_ins(folder / "plug-ins")
        self._guard = threading.Lock()
        self._guards: dict[str, threading.Lock] = {}
        self._ready: dict[str, dict[str, bytes]] = {}
        self._seconds: dict[str, float] = {}
        self._points: dict[str, list[tuple[str, int]]] = {}
        self._number = 0
        self._local = threading.local()
        self._forkers: list[Forker] = []

    @property
    def forker(self) -> Forker:
        """The process of this thread that forks runs."""
        if not hasattr(self._local, "forker"):
            project = Project(top=self.folder, base=BASES["words"], plug_ins=self._plug_ins)
            self._local.forker = Forker(project.variables())
            self._forkers.append(self._local.forker)
        found: Forker = self._local.forker
        return found

    def close(self) -> None:
        """End the processes that fork runs."""
        for forker in self._forkers:
            forker.close()

    @contextmanager
    def open_project(self, base: str) -> Iterator[Project]:
        """A copy of a base to spoil, with the servers that it needs."""
        self.prepare(base)
        with self._guard:
            self._number += 1
            top = self.folder / f"trial{self._number}"
        shutil.copytree(self.folder / "bases" / base, top, symlinks=True)
        with self._served(Project(top=top, base=BASES[base], plug_ins=self._plug_ins)) as project:
            project.remember()
            try:
                yield project
            finally:
                for mount in reversed(project.mounts):
                    subprocess.run(["umount", "--lazy", str(mount)], check=False)
                shutil.rmtree(top)

    def expected(self, base: str) -> dict[str, bytes]:
        """The files that an undisturbed run comes to."""
        self.prepare(base)
        return self._ready[base]

    def seconds(self, base: str) -> float:
        """How long an undisturbed run takes."""
        self.prepare(base)
        return self._seconds[base]

    def prepare(self, base: str) -> None:
        """Create a base and run its command undisturbed, once."""
        with self._guard:
            guard = self._guards.setdefault(base, threading.Lock())
        with guard:
            if base in self._ready:
                return
            top = self.folder / "bases" / base
            Project(top=top, base=BASES[base], plug_ins=self._plug_ins).create_files()
            calm = self.folder / "calm" / base
            shutil.copytree(top, calm, symlinks=True)
            with self._served(
                Project(top=calm, base=BASES[base], plug_ins=self._plug_ins)
            ) as project:
                done = project.run_forked(self.forker)
                if done.code:
                    raise RuntimeError(f"{base} ended with {done.code}: {done.output.decode()}")
                self._seconds[base] = done.seconds
                self._ready[base] = read_files(project.folder)

    @contextmanager
    def _served(self, project: Project) -> Iterator[Project]:
        with ExitStack() as servers:
            if project.base.name == "shop":
                project.simulator = servers.enter_context(running())
                project.environment["TTS_ASSETS_ELEVENLABS_BASE_URL"] = project.simulator.url
            if project.base.name == "models":
                url = servers.enter_context(_serve_files(find_root(project)))
                project.environment["TTS_ASSETS_MODELS_MIRROR"] = url
            yield project

    def points(self, base: str) -> list[tuple[str, int]]:
        """Every call of a run that has to do with the project's files: its name, and which it is.

        Calls are counted for each thread, as strace counts those to strike.
        """
        self.prepare(base)
        with self._guards[base]:
            if base not in self._points:
                with_log = self.folder / f"{base}.trace"
                with self._open_again(base) as project:
                    calls = ",".join(CALLS)
                    strace = ["-y", "-o", str(with_log), "-e", f"trace={calls}"]
                    project.run_forked(self.forker, strace=strace)
                    self._points[base] = sorted(_read_points(with_log, project.folder))
            return self._points[base]

    @contextmanager
    def _open_again(self, base: str) -> Iterator[Project]:
        top = self.folder / f"counted-{base}"
        shutil.copytree(self.folder / "bases" / base, top, symlinks=True)
        with self._served(Project(top=top, base=BASES[base], plug_ins=self._plug_ins)) as project:
            yield project
        shutil.rmtree(top)


def _read_points(log: Path, folder: Path) -> set[tuple[str, int]]:
    counts: Counter[tuple[str, str]] = Counter()
    found = set()
    for line in log.read_text(errors="replace").splitlines():
        if not (call := re.match(r"(\d+) +(\w+)\((.*)", line)):
            continue
        thread, name, arguments = call.groups()
        counts[thread, name] += 1
        if _is_of_project(name, arguments, str(folder)):
            found.add((name, counts[thread, name]))
    return found


def _is_of_project(name: str, arguments: str, folder: str) -> bool:
    path = re.search(r'"([^"]*)"', arguments)
    if name in ("write", "pwrite64") or path is None:
        return f"<{folder}/" in arguments
    # A path from the working folder, or a whole one below it, but for those libsndfile probes.
    return path[1].startswith(folder) or not path[1].startswith(("/", "._", ".AppleDouble"))


@contextmanager
def _serve_files(folder: Path) -> Iterator[str]:
    handler = partial(_Quiet, directory=str(folder))
    server = _QuietServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Say nothing of clients that were killed."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Print nothing."""


def try_fault(workplace: Workplace, fault: Fault, strace: tuple[str, ...] = ()) -> Result:
    """Let a fault happen once; ``strace`` has its arguments where a call is to fail."""
    result = Result(tries=1)
    begin = time.monotonic()
    with workplace.open_project(fault.base) as project:
        undo = [plant.put(project) for plant in fault.plants]
        project.remember()
        if fault.scenario:
            project.simulator.change(**fault.scenario)
        if strace:
            done = project.run_forked(workplace.forker, strace=strace)
        else:
            done = _run_disturbed(project, fault)
        result.codes[done.code] += 1
        result.kills += fault.is_kill and done.code == KILLED
        result.harm += [*check_run(done, fault.codes), *project.notes]
        result.harm += _check_after(workplace, project, fault)
        if fault.is_edited:
            _put_back(project)
        for take_away in reversed(undo):
            take_away()
        if fault.scenario:
            project.simulator.change(**_calm(fault))
        project.remember()
        result.harm += _check_next(workplace, project, fault.finish)
    result.harm = [f"{fault.name}: {each}" for each in result.harm]
    result.seconds = time.monotonic() - begin
    return result


def _run_disturbed(project: Project, fault: Fault) -> Done:
    return project.run(
        fault.words,
        wrap=fault.wrap,
        environment=fault.environment,
        during=fault.during,
        limit_seconds=fault.limit_seconds,
    )


def _calm(fault: Fault) -> dict[str, Any]:
    import msgspec

    calm = msgspec.to_builtins(made({}))
    return {name: calm[name] for name in fault.scenario}


def _put_back(project: Project) -> None:
    """Undo what an editor did."""
    for name, data in project.base.files.items():
        write_file(project.folder / name, data.encode())


def _check_after(workplace: Workplace, project: Project, fault: Fault | None = None) -> list[str]:
    harm = [f"still running: {words}" for words in project.survivors()]
    found = check_project(
        project,
        workplace.expected(project.base.name),
        spoilt=fault.spoilt if fault else "",
        may_add=bool(fault and fault.may_add_outside),
    )
    return [*harm, *found]


def _check_next(
    workplace: Workplace,
    project: Project,
    finish: tuple[tuple[str, ...], ...] = (),
    *,
    is_quick: bool = False,
) -> list[str]:
    """Plain runs end well, and in the bytes of an undisturbed run of the same project."""
    harm: list[str] = []
    for words in (*finish, None):
        done = project.run_forked(workplace.forker) if is_quick else project.run(words)
        codes = frozenset({0}) if words is None else ANY_END
        harm += [f"then: {each}" for each in check_run(done, codes)]
    harm += [f"then: {each}" for each in _check_after(workplace, project)]
    expected = workplace.expected(project.base.name)
    return harm + [f"at the end: {each}" for each in check_end(project, expected)]


def try_kill_at(workplace: Workplace, fault: Fault, point: tuple[str, int]) -> Result:
    """Kill a run at one system call."""
    call, number = point
    result = Result(tries=1)
    begin = time.monotonic()
    with workplace.open_project(fault.base) as project:
        inject = f"inject={call}:signal=KILL:when={number}"
        log = str(project.top / "trace")
        strace = ["-o", log, "-e", f"trace={call}", "-e", inject]
        done = project.run_forked(workplace.forker, strace=strace)
        _judge_kill(workplace, project, fault, done, result)
        result.harm += _check_next(workplace, project, is_quick=True)
    result.harm = [f"{fault.name} at {call} {number}: {each}" for each in result.harm]
    result.seconds = time.monotonic() - begin
    return result


def try_kills_at_moments(
    workplace: Workplace, fault: Fault, count: int, chance: random.Random
) -> Result:
    """Kill some runs in one project after random times, one after the other."""
    result = Result(tries=1)
    begin = time.monotonic()
    with workplace.open_project(fault.base) as project:
        longest = workplace.seconds(fault.base)
        for _ in range(4 * count):
            seconds = chance.uniform(0.05 * longest, longest)
            done = project.run_forked(workplace.forker, kill_seconds=seconds)
            _judge_kill(workplace, project, fault, done, result)
            if result.kills == count:
                break
            # It came to its end before: strike earlier.
            longest *= 1.0 if done.code == KILLED else 0.6
        result.harm += _check_next(workplace, project, is_quick=True)
    result.harm = [f"{fault.name} at a moment: {each}" for each in result.harm]
    result.seconds = time.monotonic() - begin
    return result


def _judge_kill(
    workplace: Workplace, project: Project, fault: Fault, done: Done, result: Result
) -> None:
    result.kills += done.code == KILLED
    result.codes[done.code] += 1
    result.harm += check_run(done, frozenset({0, KILLED}))
    result.harm += _check_after(workplace, project, fault)


def try_error_at(workplace: Workplace, fault: Fault, point: tuple[str, int]) -> Result:
    """Fail one system call of a run."""
    assert fault.point is not None
    call, number = point
    inject = f"inject={call}:error={fault.point[1]}:when={number}"
    result = try_fault(workplace, fault, ("-o", "/dev/null", "-e", f"trace={call}", "-e", inject))
    result.harm = [f"{each} (call {number})" for each in result.harm]
    return result


def list_trials(
    workplace: Workplace, fault: Fault, kills: int, chance: random.Random
) -> list[Callable[[], Result]]:
    """The trials of a fault, ready to be called."""
    if fault.kills and fault.point:
        points = _spread(workplace.points(fault.base), kills)
        return [partial(try_kill_at, workplace, fault, point) for point in points]
    if fault.kills:
        chains = [_CHAIN] * (kills // _CHAIN) + ([kills % _CHAIN] if kills % _CHAIN else [])
        return [
            partial(try_kills_at_moments, workplace, fault, chain, random.Random(chance.random()))
            for chain in chains
        ]
    if fault.point:
        calls = [each for each in workplace.points(fault.base) if each[0] == fault.point[0]]
        return [
            partial(try_error_at, workplace, fault, each) for each in _spread(calls, fault.tries)
        ]
    return [partial(try_fault, workplace, fault)] * fault.tries


def _spread(points: list[tuple[str, int]], count: int) -> list[tuple[str, int]]:
    """So many points, spread evenly over all; from the beginning again where there are fewer."""
    if not points:
        return []
    if count >= len(points):
        return [points[number % len(points)] for number in range(count)]
    return [points[number * len(points) // count] for number in range(count)]
