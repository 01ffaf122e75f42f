"""How many workers a machine can feed."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.conftest import Project
from tts_assets.engines import machine


@pytest.mark.parametrize(
    ("cores", "expected"), [(1, 1), (2, 2), (4, 4), (5, 4), (8, 7), (16, 15), (64, 16)]
)
def test_one_core_is_left_free_above_four(
    monkeypatch: pytest.MonkeyPatch, cores: int, expected: int
) -> None:
    monkeypatch.setattr(machine, "count_cores", lambda: cores)
    monkeypatch.setattr(machine, "free_mib", lambda: 10**6)
    assert machine.default_worker_count(0, 100) == expected


@pytest.mark.parametrize(("free", "expected"), [(1000, 3), (50, 1), (10**6, 8)])
def test_memory_bounds_the_workers(
    monkeypatch: pytest.MonkeyPatch, free: int, expected: int
) -> None:
    monkeypatch.setattr(machine, "count_cores", lambda: 9)
    monkeypatch.setattr(machine, "free_mib", lambda: free)
    assert machine.default_worker_count(0, 300) == expected


@pytest.mark.parametrize(
    ("content", "cores"),
    [("max 100000", None), ("150000 100000", 2), ("50000 100000", 1), ("5 0", None), ("", None)],
)
def test_a_container_s_quota_is_understood(tmp_path: Path, content: str, cores: int | None) -> None:
    path = tmp_path / "cpu.max"
    path.write_text(content)
    assert machine._container_cores(path) == cores
    assert machine._container_cores(tmp_path / "none") is None


def test_this_machine_can_feed_somebody() -> None:
    assert 1 <= machine.default_worker_count(200, 90) <= (psutil.cpu_count() or 1)


#: Hides /proc behind an empty folder, then becomes the command that follows.
_WITHOUT_PROC = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh")


def _can_hide_proc() -> bool:
    if shutil.which("unshare") is None or not sys.platform.startswith("linux"):
        return False
    return not subprocess.run([*_WITHOUT_PROC, "true"], check=False, capture_output=True).returncode


@pytest.mark.skipif(not _can_hide_proc(), reason="hiding /proc takes the rights of root")
def test_without_proc_defaults_are_used_and_clips_are_made(project: Project) -> None:
    project.words("犬", "猫")
    code = "from tts_assets.engines import machine; print(machine.count_cores() >= 1, machine.free_mib())"
    for command, said in (
        ([sys.executable, "-c", code], "True 2048"),
        (project.command("generate", "--provider", "tones"), "generated 2"),
    ):
        done = subprocess.run(
            [*_WITHOUT_PROC, *command],
            cwd=project.folder,
            env=project.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
    assert None not in project.urls()


def test_calls_that_a_sandbox_forbids_leave_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise PermissionError

    if hasattr(os, "sched_getaffinity"):
        monkeypatch.setattr(os, "sched_getaffinity", refuse)
    assert machine.count_cores() >= 1


@pytest.mark.parametrize(
    "folders",
    [
        ["some_engine-1.2.post3.dist-info"],
        ["some_engine-1.2+cpu.dist-info", "some_engine_data-9.dist-info"],
        ["some.engine-3.dist-info"],
        ["some_engine-1.dist-info", "some_engine-2.dist-info"],
        [],
    ],
)
def test_versions_are_those_that_python_finds(
    folders: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in folders:
        name, version = folder.removesuffix(".dist-info").split("-")
        metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n\nVersion: 0\n"
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "METADATA").write_text(metadata, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    machine.find_installed_version.cache_clear()
    try:
        expected = importlib.metadata.version("some-engine")
    except importlib.metadata.PackageNotFoundError:
        expected = None
    assert machine.find_installed_version("some-engine") == expected
