"""Signals, and processes that are suspended or killed while a run goes on."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from campaigns.fault_table.fault import Disturbance, Fault

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from campaigns.fault_table.project import Project

_OK = frozenset({0})


def _wait_for_sound(process: subprocess.Popen[bytes], project: Project) -> bool:
    """Wait until the run has stored a sound; False if it ends before."""
    while process.poll() is None:
        if any(project.folder.glob("audio/*/*.mp3")):
            return True
        time.sleep(0.01)
    return False


def _send_signals(
    *signals: signal.Signals, seconds: float = 0.1
) -> Callable[[subprocess.Popen[bytes], Project], None]:
    def disturb(process: subprocess.Popen[bytes], project: Project) -> None:
        if _wait_for_sound(process, project):
            for number in signals:
                process.send_signal(number)
                time.sleep(seconds)

    return disturb


def _signals() -> list[Fault]:
    ends = {
        "INT": (signal.SIGINT, 130),
        "TERM": (signal.SIGTERM, 143),
        "HUP": (signal.SIGHUP, 129),
    }
    once = [
        Fault(
            name=f"signal-{name}",
            family="signals",
            base="slow",
            during=_send_signals(number),
            codes=frozenset({code}),
            limit_seconds=30,
        )
        for name, (number, code) in ends.items()
    ]
    twice = [
        Fault(
            name=f"signal-{name}-twice",
            family="signals",
            base="slow",
            during=_send_signals(number, number),
            codes=frozenset({code}),
            limit_seconds=30,
        )
        for name, (number, code) in ends.items()
    ]
    others = [
        Fault(
            name="signal-INT-many",
            family="signals",
            base="slow",
            during=_send_signals(*[signal.SIGINT] * 10, seconds=0.01),
            codes=frozenset({130}),
        ),
        Fault(
            name="signal-QUIT",
            family="signals",
            base="slow",
            during=_send_signals(signal.SIGQUIT),
            codes=frozenset({-3, 131}),
        ),
        Fault(
            name="signal-INT-passage",
            family="signals",
            base="passage",
            during=_send_at(0.45, signal.SIGINT),
            codes=frozenset({0, 130}),
        ),
        *(
            Fault(
                name=f"signal-INT-after-{ms}-ms",
                family="signals",
                during=partial(_send_when_busy, seconds=ms / 1000),
                # Before our command runs, the signal itself ends the process.
                codes=frozenset({130, -2}),
            )
            for ms in (80, 150, 250, 350)
        ),
    ]
    return once + twice + others


def _send_at(seconds: float, number: signal.Signals) -> Disturbance:
    def disturb(process: subprocess.Popen[bytes], project: Project) -> None:
        del project
        time.sleep(seconds)
        process.send_signal(number)

    return disturb


def _send_when_busy(process: subprocess.Popen[bytes], project: Project, *, seconds: float) -> None:
    """Send SIGINT once the run has used so much time of a processor."""
    del project
    stat = Path(f"/proc/{process.pid}/stat")
    ticks = os.sysconf("SC_CLK_TCK")
    while process.poll() is None:
        # User and system time: proc(5), fields 14 and 15, behind the name in brackets.
        fields = stat.read_text().rpartition(")")[2].split()
        if (int(fields[11]) + int(fields[12])) / ticks >= seconds:
            process.send_signal(signal.SIGINT)
            return
        time.sleep(0.002)


def _suspend(
    process: subprocess.Popen[bytes], project: Project, *, seconds: float, is_whole: bool
) -> None:
    if not _wait_for_sound(process, project):
        return
    pids = [pid for pid, _ in project._processes()]
    chosen = pids if is_whole else [pid for pid in pids if pid != process.pid]
    for pid in chosen:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    for pid in chosen:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            continue


def _kill_engine(process: subprocess.Popen[bytes], project: Project) -> None:
    if _wait_for_sound(process, project):
        for pid, _ in project._processes():
            if pid != process.pid:
                os.kill(pid, signal.SIGKILL)


def _engines() -> list[Fault]:
    whole = partial(_suspend, seconds=4.0, is_whole=True)
    engine = partial(_suspend, seconds=4.0, is_whole=False)
    limit = ("generate", "--timeout", "2")
    return [
        Fault(
            name="suspend-all", family="suspend", base="slow", words=limit, during=whole, codes=_OK
        ),
        Fault(name="suspend-engine", family="suspend", base="slow", words=limit, during=engine),
        Fault(name="kill-engine", family="kills", base="slow", during=_kill_engine),
    ]


def list_faults() -> list[Fault]:
    """The rows of this family of faults."""
    return [*_signals(), *_engines()]
