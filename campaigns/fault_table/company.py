"""Faults of others: services that break, runs at the same time, and an editor at work."""

from __future__ import annotations

import json
import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from campaigns.fault_table.fault import ANY_END, Disturbance, Fault
from campaigns.fault_table.project import Project, write_file
from tests.simulator.scenario import SILENT_FAULTS, SPOKEN_FAULTS

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping

_VOCABULARY = "data/vocabulary.json"
_STOPPED = frozenset({143})
_ENDED = frozenset({1, 4})
_BUY = ("generate", "--voice", "Simulator00000000001")
#: A voice with three such halves ends a run: what is left is asked for by the next one.
_BUY_OTHERS = 3 * ((*_BUY, "--only", "failed"), _BUY)


def _services() -> list[Fault]:
    always = {
        kind: {"faults": [{"kind": kind}], "trickle_seconds": 0.2}
        for kind in sorted(SPOKEN_FAULTS | SILENT_FAULTS)
    }
    stays = [
        Fault(
            name=f"service-{kind}",
            family="services",
            base="shop",
            scenario=scenario,
            words=("generate", "--voice", "Simulator00000000001", "--timeout", "1"),
            # A reply that was lost on its way comes out of the history: then all clips are there.
            codes=_ENDED | {0} if kind in SPOKEN_FAULTS else _ENDED,
            # Halves are paid for and kept, until a person asks for others in their place.
            finish=_BUY_OTHERS if kind == "half" else (),
        )
        for kind, scenario in always.items()
    ]
    passes = Fault(
        name="service-each-fault-once",
        family="services",
        base="shop",
        scenario={
            "faults": [
                {"kind": kind, "first": True, "count": 1}
                for kind in ("reset", "reset_body", "short", "gzip", "empty", "html", "error_500")
            ]
        },
        codes=frozenset({0}),
    )
    others: Mapping[str, tuple[dict[str, object], frozenset[int]]] = {
        "quota": ({"quota": 5}, frozenset({4})),
        "key-revoked": ({"revoke_after": 5}, frozenset({4})),
        "rate-limit": ({"rate_per_second": 3}, frozenset({0, 1})),
        "half-busy": ({"busy": 0.5}, frozenset({0, 1})),
        "one-at-a-time": ({"cap": 1}, frozenset({0})),
        "slow": ({"latency_seconds": 0.5}, frozenset({0})),
        "slower-than-the-limit": ({"latency_seconds": 20.0, "latency_sigma": 0.0}, _ENDED),
    }
    rows = [
        Fault(
            name=f"service-{name}",
            family="services",
            base="shop",
            scenario=scenario,
            words=("generate", "--voice", "Simulator00000000001", "--timeout", "2"),
            codes=codes,
        )
        for name, (scenario, codes) in others.items()
    ]
    stopped = [
        Fault(
            name=f"service-only-{name}-stopped",
            family="services",
            base="shop",
            scenario=scenario,
            during=_stop_after_first_request,
            codes=_STOPPED,
            limit_seconds=20,
        )
        for name, scenario in (
            ("429", {"busy": 1.0}),
            ("503", {"faults": [{"kind": "error_503"}], "retry_after": "300"}),
        )
    ]
    killed = Fault(
        name="kill-service",
        family="kills",
        base="shop",
        scenario={"latency_seconds": 0.05},
        during=partial(_kill_after_bills, bills=4),
        codes=frozenset({0, -9}),
        tries=10,
        is_kill=True,
    )
    return [*stays, passes, *rows, *stopped, killed]


def _stop_after_first_request(process: subprocess.Popen[bytes], project: Project) -> None:
    while process.poll() is None and not project.simulator.state()["requests"]:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)


def _kill_after_bills(process: subprocess.Popen[bytes], project: Project, *, bills: int) -> None:
    while process.poll() is None and len(project.simulator.state()["billing"]) < bills:
        time.sleep(0.01)
    process.kill()


def _start_others(*commands: tuple[str, ...]) -> Disturbance:
    """Start other commands in the same folder as soon as the first run is at work."""

    def disturb(process: subprocess.Popen[bytes], project: Project) -> None:
        del process
        with Path(os.devnull).open("wb") as nowhere:
            others = [project.start(words, nowhere) for words in commands]
            for words, other in zip(commands, others, strict=True):
                if other.wait(60) not in (0, 1):
                    project.notes.append(f"{words} ended with {other.returncode}")

    return disturb


def _parallel_runs() -> list[Fault]:
    generate = ("generate",)
    rows: Mapping[str, tuple[str, Disturbance]] = {
        "two": ("words", _start_others(generate)),
        "four": ("words", _start_others(generate, generate, generate)),
        "two-openjtalk": ("openjtalk", _start_others(generate)),
        "two-passages": ("passage", _start_others(generate)),
        "with-prune": ("words", _start_others(("prune", "--yes"))),
        "with-status": ("words", _start_others(("status",), ("check",))),
        "two-shards": ("shard", _start_others(("generate", "--shard", "1/2"))),
        "two-merges": ("merge", _start_others(("merge",))),
        "two-migrations": ("migrate", _start_others(("migrate",), generate)),
        "two-reviews": ("review", _start_others(("review", "apply", "decisions.json"))),
        "two-downloads": (
            "models",
            _start_others(("models", "fetch", "en_US-lessac-medium", "-y")),
        ),
    }
    return [
        Fault(
            name=f"parallel-{name}",
            family="parallel",
            base=base,
            during=disturb,
            codes=frozenset({0}),
            tries=3,
        )
        for name, (base, disturb) in rows.items()
    ]


def _edit(
    change: Callable[[list[dict[str, object]]], object] | bytes | None, *, is_whole: bool = True
) -> Disturbance:
    """Change the catalogue while the run is at work, as an editor does.

    Args:
        change: edits the entries, or the whole content, or None to delete the file.
        is_whole: saved under another name and renamed; else written in place.
    """

    def disturb(process: subprocess.Popen[bytes], project: Project) -> None:
        while process.poll() is None and not any(project.folder.glob("audio/*/*.mp3")):
            time.sleep(0.01)
        path = project.folder / _VOCABULARY
        before = path.read_bytes()
        if change is None:
            path.unlink()
            project.originals.pop(_VOCABULARY)
            return
        if isinstance(change, bytes):
            data = change
        else:
            entries = json.loads(before)
            change(entries)
            data = json.dumps(entries, ensure_ascii=False, indent=2).encode()
        project.originals[_VOCABULARY] = data
        target = path.with_name(".new") if is_whole else path
        write_file(target, data)
        if is_whole:
            target.replace(path)

    return disturb


def _editors() -> list[Fault]:
    def set_word(entries: list[dict[str, object]]) -> None:
        entries[-1]["word"] = "馬"

    def insert_entry(entries: list[dict[str, object]]) -> None:
        entries.insert(0, {"id": 99, "word": "虎"})

    def remove_entry(entries: list[dict[str, object]]) -> None:
        del entries[0]

    def reverse_entries(entries: list[dict[str, object]]) -> None:
        entries.reverse()

    def add_recording(entries: list[dict[str, object]]) -> None:
        entries[-1]["audioUrl"] = "https://elsewhere.example/1.mp3"

    rows: Mapping[str, Disturbance] = {
        "sets-word": _edit(set_word),
        "sets-word-in-place": _edit(set_word, is_whole=False),
        "inserts-entry": _edit(insert_entry),
        "removes-entry": _edit(remove_entry),
        "reverses-entries": _edit(reverse_entries),
        "adds-recording": _edit(add_recording),
        "saves-torn-file": _edit(b'[{"id": 1, "word"', is_whole=False),
        "saves-empty-file": _edit(b"", is_whole=False),
        "deletes-file": _edit(None),
    }
    return [
        Fault(
            name=f"editor-{name}",
            family="editor",
            base="slow",
            during=disturb,
            codes=ANY_END,
            is_edited=True,
            finish=(("generate",), ("prune", "--yes")),
        )
        for name, disturb in rows.items()
    ]


def list_faults() -> list[Fault]:
    """The rows of this family of faults."""
    return [*_services(), *_parallel_runs(), *_editors()]
