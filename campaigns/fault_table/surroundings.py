"""Faults of the machine: kills, errors of the system, disks, limits, clocks, locales, streams."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from campaigns.fault_table.fault import ANY_END, Fault, Plant

if TYPE_CHECKING:
    import subprocess

    from campaigns.fault_table.project import Project

_OK = frozenset({0})
_FAKETIME_LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def _kills() -> list[Fault]:
    shares = {
        "words": 0.24, "passage": 0.12, "shard": 0.06, "merge": 0.12, "prune": 0.08,
        "migrate": 0.12, "review": 0.08, "speak": 0.06, "models": 0.06, "grown": 0.06,
    }  # fmt: skip
    at_calls = [
        Fault(
            name=f"kill-{base}-at-calls",
            family="kills",
            base=base,
            point=("", "KILL"),
            kills=share * 0.7,
            needs=("strace",),
        )
        for base, share in shares.items()
    ]
    at_moments = [
        Fault(name=f"kill-{base}-at-moments", family="kills", base=base, kills=share * 0.3)
        for base, share in (*shares.items(), ("openjtalk", 0.1))
    ]
    return at_calls + at_moments


def _errors() -> list[Fault]:
    pairs = {
        "ENOSPC": ("openat", "write", "fsync", "mkdir", "rename"),
        "EDQUOT": ("write",),
        "EIO": ("openat", "write", "fsync", "rename", "unlink", "mkdir", "flock"),
        "EROFS": ("openat", "rename", "unlink", "mkdir"),
        "EACCES": ("openat", "rename", "unlink", "mkdir"),
        "EPERM": ("fchmod", "fchown"),
        "EMFILE": ("openat",),
        "ENOLCK": ("flock",),
    }
    return [
        Fault(
            name=f"{error}-{call}",
            family="errors",
            # An entry that is new to a project with a catalogue, a ledger and sounds.
            base="grown",
            point=(call, error),
            tries=6 if call in ("openat", "write", "fsync") else 3,
            needs=("strace",),
        )
        for error, calls in pairs.items()
        for call in calls
    ]


def _disks() -> list[Fault]:
    return [
        Fault(
            name="disk-full",
            family="disks",
            plants=(Plant(path="audio", kind="tmpfs", content=b"size=12k"),),
            codes=frozenset({4}),
            needs=("root",),
        ),
        Fault(
            name="disk-without-inodes",
            family="disks",
            plants=(Plant(path="audio", kind="tmpfs", content=b"size=1m,nr_inodes=4"),),
            codes=frozenset({4}),
            needs=("root",),
        ),
        Fault(
            name="disk-of-data-full",
            family="disks",
            base="passage",
            plants=(Plant(path=".temp-audio", kind="tmpfs", content=b"size=8k"),),
            codes=frozenset({1, 4}),
            needs=("root",),
        ),
        *(
            Fault(
                name=f"read-only-{path}",
                family="disks",
                base="grown",
                plants=(Plant(path=path, kind="read-only"),),
                codes=codes,
                needs=("root",),
            )
            for path, codes in (("audio", frozenset({4})), ("data", frozenset({2, 4})))
        ),
    ]


def _limits() -> list[Fault]:
    def limit(
        name: str, *words: str, codes: frozenset[int] = ANY_END, base: str = "words"
    ) -> Fault:
        wrap = ("prlimit", *words, "--")
        return Fault(name=f"limit-{name}", family="limits", base=base, wrap=wrap, codes=codes)

    return [
        limit("file-size-0", "--fsize=0"),
        limit("file-size-2k", "--fsize=2000"),
        limit("file-size-8k", "--fsize=8000"),
        limit("file-size-passage", "--fsize=4000", base="passage"),
        limit("open-files-16", "--nofile=16"),
        limit("open-files-32", "--nofile=32", base="slow"),
        limit("memory-60m", "--as=60000000"),
        limit("memory-120m", "--as=120000000"),
        limit("memory-400m", "--as=400000000", base="openjtalk"),
        limit("cpu-1s", "--cpu=1", base="openjtalk", codes=frozenset({-9, -24, 0, 1, 4})),
        limit("stack-256k", "--stack=262144"),
    ]


def _clocks() -> list[Fault]:
    def fake(name: str, time_text: str, *, is_monotonic_real: bool = True) -> Fault:
        return Fault(
            name=f"clock-{name}",
            family="clock",
            base="openjtalk",
            environment={
                "LD_PRELOAD": _FAKETIME_LIBRARY,
                "FAKETIME": time_text,
                "FAKETIME_DONT_FAKE_MONOTONIC": "1" if is_monotonic_real else "0",
            },
            codes=_OK,
            needs=("faketime",),
        )

    return [
        fake("in-1970", "@1970-01-01 00:00:01"),
        fake("in-2038", "@2038-01-19 03:14:00"),
        fake("in-2150", "@2150-01-01 00:00:00"),
        fake("twenty-times-as-fast", "+0 x20", is_monotonic_real=False),
        fake("half-as-fast", "+0 x0.5", is_monotonic_real=False),
        Fault(
            name="clock-jumps",
            family="clock",
            base="openjtalk",
            plants=(Plant(path="../tmp/clock", content=b"+0"),),
            environment={
                "LD_PRELOAD": _FAKETIME_LIBRARY,
                "FAKETIME_TIMESTAMP_FILE": "../tmp/clock",
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            },
            during=_jump_clock,
            codes=_OK,
            needs=("faketime",),
        ),
    ]


def _jump_clock(process: subprocess.Popen[bytes], project: Project) -> None:
    while process.poll() is None:
        for offset in ("+30d", "-3000d", "+0"):
            (project.top / "tmp/clock").write_text(offset)
            time.sleep(0.05)


def _locales() -> list[Fault]:
    surroundings = {
        "C": {"LANG": "C", "LC_ALL": "C"},
        "POSIX-without-UTF-8": {
            "LC_ALL": "POSIX",
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
        },
        "ASCII-streams": {"PYTHONIOENCODING": "ascii"},
        "Latin-1": {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
        "EUC-JP": {"PYTHONIOENCODING": "euc-jp:strict"},
        "unknown": {"LANG": "xx_YY.KOI-9", "LC_ALL": "xx_YY.KOI-9"},
        "no-home": {"HOME": "/nowhere/at/all"},
        "no-temp": {"TMPDIR": "/nowhere/at/all"},
        "no-time-zone": {"TZ": "Nowhere/Atall"},
        "optimised": {"PYTHONOPTIMIZE": "2"},
        "other-hashes": {"PYTHONHASHSEED": "4711"},
        "one-column": {"COLUMNS": "1", "TERM": "dumb"},
        "warnings": {"PYTHONWARNINGS": "error"},
    }
    return [
        Fault(name=f"locale-{name}", family="locale", environment=values, codes=_OK)
        for name, values in surroundings.items()
    ]


def _streams() -> list[Fault]:
    def redirect(name: str, words: str, *codes: int, more: str = "") -> Fault:
        script = f'exec "$@" {more} {words}'
        return Fault(
            name=f"stream-{name}",
            family="streams",
            wrap=("sh", "-c", script, "sh"),
            codes=frozenset(codes),
        )

    return [
        redirect("no-input", "<&-", 0),
        redirect("no-output", ">&-", 0, 4),
        redirect("no-errors", "2>&-", 0),
        redirect("none", "<&- >&- 2>&-", 0, 4),
        redirect("full-output", ">/dev/full", 0, 4),
        redirect("full-errors", "2>/dev/full", 0, 4),
        redirect("full-JSON", ">/dev/full", 4, more="--output-format json"),
        redirect("closed-JSON", ">&-", 0, 4, more="--output-format jsonl"),
        Fault(
            name="stream-broken-pipe",
            family="streams",
            wrap=("bash", "-c", '"$@" --output-format jsonl | true; exit ${PIPESTATUS[0]}', "bash"),
            codes=frozenset({0, 141}),
        ),
    ]


def list_faults() -> list[Fault]:
    """The rows of this family of faults."""
    return [
        *_kills(),
        *_errors(),
        *_disks(),
        *_limits(),
        *_clocks(),
        *_locales(),
        *_streams(),
    ]


def find_missing(needs: tuple[str, ...]) -> str:
    """What of this machine is missing for a fault; empty if nothing."""
    import shutil

    has = {
        "root": os.geteuid() == 0 and "TTS_FAULT_MOUNTS" in os.environ,
        "strace": shutil.which("strace") is not None,
        "faketime": Path(_FAKETIME_LIBRARY).exists(),
    }
    return ", ".join(need for need in needs if not has[need])
