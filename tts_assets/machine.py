"""What this machine has to offer: cores and memory, as far as this process may use them."""

from __future__ import annotations

import math
import os
from pathlib import Path

#: No engine gains from more; the original tool had the same bound.
MOST_WORKERS = 16


def workers(base_mib: int, footprint_mib: int) -> int:
    """How many workers keep this machine busy and leave it usable.

    Physical cores, one left free above four, capped by what is left of the free memory over the
    footprint and by 16.

    Args:
        base_mib: memory that the engine takes without a worker, in MiB.
        footprint_mib: memory that each worker takes, in MiB.
    """
    count = cores()
    by_memory = (_free_mib() - base_mib) // max(1, footprint_mib)
    return max(1, min(count - 1 if count > 4 else count, by_memory, MOST_WORKERS))


def cores() -> int:
    """How many physical cores this process may keep busy."""
    import psutil  # noqa: PLC0415 - not needed for --help

    limits = [psutil.cpu_count(logical=False) or os.cpu_count() or 1]
    if hasattr(os, "sched_getaffinity"):
        limits.append(len(os.sched_getaffinity(0)))
    if (quota := _container_cores()) is not None:
        limits.append(quota)
    return max(1, min(limits))


def _free_mib() -> int:
    import psutil  # noqa: PLC0415 - see cores

    return int(psutil.virtual_memory().available) // 2**20


def _container_cores(file: Path = Path("/sys/fs/cgroup/cpu.max")) -> int | None:
    """The processor quota of a container (cgroup v2: ``quota period``); None without one."""
    try:
        quota, period = file.read_text("ascii").split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):
        return None
