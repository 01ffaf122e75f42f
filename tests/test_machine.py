"""How many workers a machine can feed."""

from pathlib import Path

import psutil
import pytest

from tts_assets import machine


@pytest.mark.parametrize(
    ("cores", "expected"), [(1, 1), (2, 2), (4, 4), (5, 4), (8, 7), (16, 15), (64, 16)]
)
def test_one_core_is_left_free_above_four(
    monkeypatch: pytest.MonkeyPatch, cores: int, expected: int
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: cores)
    monkeypatch.setattr(machine, "_free_mib", lambda: 10**6)
    assert machine.workers(0, 100) == expected


@pytest.mark.parametrize(("free", "expected"), [(1000, 3), (50, 1), (10**6, 8)])
def test_memory_bounds_the_workers(
    monkeypatch: pytest.MonkeyPatch, free: int, expected: int
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 9)
    monkeypatch.setattr(machine, "_free_mib", lambda: free)
    assert machine.workers(0, 300) == expected


@pytest.mark.parametrize(
    ("content", "cores"),
    [("max 100000", None), ("150000 100000", 2), ("50000 100000", 1), ("", None)],
)
def test_a_container_s_quota_is_understood(tmp_path: Path, content: str, cores: int | None) -> None:
    path = tmp_path / "cpu.max"
    path.write_text(content)
    assert machine._container_cores(path) == cores
    assert machine._container_cores(tmp_path / "none") is None


def test_this_machine_can_feed_somebody() -> None:
    assert 1 <= machine.workers(200, 90) <= (psutil.cpu_count() or 1)
