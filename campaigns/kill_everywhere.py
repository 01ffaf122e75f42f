"""Kill a small run, or fail it with EIO, at every file-changing system call it makes.

    python campaigns/kill_everywhere.py [--jobs 2] [--only rename,fsync]

Needs Linux and strace, and the development packages. A run over four clips is started up to the
point where it would read its first file; strace is attached, and one system call of one thread is
made to fail or to kill the process. Then nothing under a final name may be damaged, the catalogue
must be the old or the new one and nothing between, and the next run must make only what is missing
and end in the same bytes as a run that nobody disturbed. Every call is visited: the last line says
how many points there were, and the exit code is 1 if any of them did harm.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tts_assets.catalogue.edit import set_urls

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = "data/vocabulary.json"
CALLS = (
    "openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2",
    "unlink", "unlinkat", "mkdir", "mkdirat", "close", "ftruncate", "fchmod", "fchown", "flock",
)  # fmt: skip
WORDS = [
    {"id": 1, "word": "犬", "audioUrl": None},
    {"id": 2, "word": "猫"},
    {"id": 3, "word": "鳥", "audioUrl": ""},
    {"id": 4, "word": "犬", "examples": []},
]


@dataclass(frozen=True)
class Point:
    """One place to strike: the n-th call of that name in any thread, and what happens there."""

    call: str
    number: int
    action: str


def main() -> int:
    """Strike everywhere; 1 if there was any harm."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="only these calls, separated by commas")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="kill-everywhere-"))
    try:
        return _campaign(work, options.jobs, set(options.only.split(",")) - {""})
    finally:
        shutil.rmtree(work)


def _campaign(work: Path, jobs: int, only: set[str]) -> int:
    expected = _undisturbed(work / "undisturbed")
    counts = _counted(work / "counted")
    points = [
        Point(call, number, action)
        for call, most in sorted(counts.items())
        if not only or call in only
        for number in range(1, most + 1)
        for action in ("signal=KILL", "error=EIO")
        # Linux frees the descriptor before close() fails, so no program can do better than go on.
        if (call, action) != ("close", "error=EIO")
    ]
    print(
        f"{len(points)} points: " + ", ".join(f"{call} {n}" for call, n in sorted(counts.items()))
    )
    struck, harm = 0, []
    with ThreadPoolExecutor(jobs) as threads:
        for point, hit, found in threads.map(
            lambda numbered: _strike(work / f"point{numbered[0]}", numbered[1], expected),
            enumerate(points),
        ):
            struck += hit
            if found:
                harm.append(point)
                print(f"HARM at {point}: {found}")
    print(f"{struck} of {len(points)} points struck, {len(harm)} did harm")
    return 1 if harm or not struck else 0


def _undisturbed(folder: Path) -> dict[str, bytes]:
    _project(folder)
    _resume(folder)
    return _files(folder)


def _counted(folder: Path) -> Counter[str]:
    """How many calls of each name the busiest thread makes, from start to end."""
    _project(folder)
    log = folder.with_suffix(".trace")
    _run_traced(folder, ["-y", "-e", f"trace={','.join(CALLS)}", "-o", str(log)])
    by_thread: Counter[tuple[str, str]] = Counter()
    threads = set()
    for line in log.read_text().splitlines():
        if found := re.match(r"(\d+) +(\w+)\(", line):
            by_thread[found[1], found[2]] += 1
            if any(mark in line for mark in (f"{folder}/", '"data', '"audio')):
                threads.add(found[1])
    # strace counts for each thread: were there two, one would hide calls of the other.
    assert len(threads) == 1, f"files are changed by {len(threads)} threads"
    most: Counter[str] = Counter()
    for (_, call), count in by_thread.items():
        most[call] = max(most[call], count)
    return most


def _strike(
    folder: Path, point: Point, expected: dict[str, bytes]
) -> tuple[Point, bool, str | None]:
    """Strike once, look, resume, look again; True when it was struck, and the harm if any."""
    _project(folder)
    log = folder.with_suffix(".trace")
    inject = f"inject={point.call}:{point.action}:when={point.number}"
    _run_traced(folder, ["-e", f"trace={point.call}", "-e", inject, "-o", str(log)])
    trace = log.read_text(errors="replace")
    hit = "INJECTED" in trace or "killed by SIGKILL" in trace
    harm = _harm_before_resume(folder, expected)
    if harm is None:
        missing = sum(1 for name in expected if name.endswith(".mp3")) - sum(
            1 for name in _files(folder) if name.endswith(".mp3")
        )
        made = _resume(folder)
        if made != missing:
            harm = f"{missing} clips were missing and {made} were made"
        elif _files(folder) != expected:
            different = {n for n in _files(folder).keys() | expected.keys()
                         if _files(folder).get(n) != expected.get(n)}  # fmt: skip
            harm = f"after the resume these differ: {sorted(different)}"
    shutil.rmtree(folder)
    log.unlink()
    return point, hit, harm


def _harm_before_resume(folder: Path, expected: dict[str, bytes]) -> str | None:
    files = _files(folder)
    for name, data in files.items():
        if name.endswith(".mp3") and data != expected.get(name):
            return f"{name} is damaged"
    if CATALOGUE not in files:
        return "the catalogue is gone"
    return _harm_to_catalogue(files[CATALOGUE], expected[CATALOGUE])


def _harm_to_catalogue(data: bytes, expected: bytes) -> str | None:
    """It must be the old one with some of the new one's URLs, and every other byte as it was."""
    urls = {}
    for index, (entry, new) in enumerate(zip(json.loads(data), json.loads(expected), strict=True)):
        if entry.get("audioUrl") == new["audioUrl"]:
            urls[index, "audioUrl"] = new["audioUrl"]
    if set_urls(_catalogue().decode(), urls, file=CATALOGUE).encode() != data:
        return "the catalogue is neither the old one nor that with its URLs"
    return None


def _project(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / CATALOGUE).write_bytes(_catalogue())


def _catalogue() -> bytes:
    return json.dumps(WORDS, ensure_ascii=False, indent=4).encode()


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _run_traced(folder: Path, strace: list[str]) -> None:
    """One run with strace attached from before its first file to its end."""
    run = subprocess.Popen(
        [sys.executable, __file__, "--victim"],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert run.stdin is not None
    assert run.stdout is not None
    assert run.stdout.readline() == b"ready\n"
    tracer = subprocess.Popen(
        ["strace", "-f", "-p", str(run.pid), *strace],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert tracer.stderr is not None
    assert b"attached" in tracer.stderr.readline()
    run.stdin.write(b"go\n")
    run.stdin.close()
    try:
        run.wait(60)
        tracer.wait(60)
    finally:
        run.kill()
        tracer.send_signal(signal.SIGINT)
    run.stdout.close()
    tracer.stderr.close()


def _victim() -> None:
    """The run that is struck: ready, it waits for its word to go."""
    import anyio.to_thread

    from tests.engines import Paid
    from tts_assets import generate
    from tts_assets.providers import registry

    registry._BUILT_IN[Paid.name] = "tests.engines:Paid"
    settings = _settings()

    async def go() -> None:
        # The thread that does all blocking work is there before strace counts its calls.
        await anyio.to_thread.run_sync(partial(print, "ready", flush=True))
        await anyio.to_thread.run_sync(sys.stdin.readline)
        await generate(settings)

    anyio.run(go)


def _settings() -> object:
    from tts_assets import Settings

    return Settings(provider="paid", concurrency=1)


def _resume(folder: Path) -> int:
    """A run that nobody disturbs, in a process of its own; how many clips it made."""
    script = (
        "from campaigns.kill_everywhere import _settings\n"
        "from tts_assets import generate_sync\n"
        "from tts_assets.providers import registry\n"
        "registry._BUILT_IN['paid'] = 'tests.engines:Paid'\n"
        "print(generate_sync(_settings()).made)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    return int(done.stdout)


if __name__ == "__main__":
    if "--victim" in sys.argv:
        _victim()
    else:
        sys.exit(main())
