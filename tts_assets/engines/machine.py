"""This machine: cores and memory for this process, installed packages."""

from __future__ import annotations

import functools
import math
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MOST_WORKERS = 16  #: no engine is faster with more workers

#: Part of the engine version of voices with imposed accents; incremented when the algorithm changes.
IMPOSED_MELODY = "melody=imposed-3"

#: The assumed free memory if the system does not report it: that of a small machine.
_FREE_MIB = 2048


def default_worker_count(base_mib: int, footprint_mib: int) -> int:
    """The number of workers that uses this machine fully but keeps it responsive.

    The physical cores, minus one above four, limited to 16 and by the free memory: the engine takes
    ``base_mib``, and ``footprint_mib`` for each worker.
    """
    count = count_cores()
    by_memory = (free_mib() - base_mib) // max(1, footprint_mib)
    return max(1, min(count - 1 if count > 4 else count, by_memory, MOST_WORKERS))


def count_cores() -> int:
    """The number of physical cores available to this process."""
    import psutil  # noqa: PLC0415 - not needed for --help

    limits = [_or_default(lambda: psutil.cpu_count(logical=False), None) or os.cpu_count() or 1]
    if hasattr(os, "sched_getaffinity"):
        limits.append(_or_default(lambda: len(os.sched_getaffinity(0)), limits[0]))
    if (quota := _container_cores()) is not None:
        limits.append(quota)
    return max(1, min(limits))


def free_mib() -> int:
    """The available memory; a default if the system does not report it."""
    import psutil  # noqa: PLC0415 - see count_cores

    return _or_default(lambda: int(psutil.virtual_memory().available) // 2**20, _FREE_MIB)


def _or_default(measure: Callable[[], T], default: T) -> T:
    """Call a function; return the default if ``/proc`` is hidden, or a sandbox forbids the call."""
    try:
        return measure()
    except (OSError, RuntimeError, LookupError, ValueError):
        return default


def _container_cores(file: Path = Path("/sys/fs/cgroup/cpu.max")) -> int | None:
    """The CPU quota of a container (cgroup v2: ``quota period``); None without one."""
    try:
        quota, period = file.read_text("ascii").split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError, ArithmeticError):
        return None


#: The packages whose versions can change a Japanese reading, for any engine.
READING = ("pyopenjtalk-plus", "sudachidict-core", "unidic-lite")


@functools.cache
def find_installed_version(package: str) -> str | None:
    """The version of a package; None if it is not installed."""
    found = _read_metadata_version(package)
    if found is not None:
        return found
    # Also knows the other ways to install, but takes as long to import as a small plan.
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _read_metadata_version(package: str) -> str | None:
    """The version in the metadata of an ordinary installation; None if there is none."""
    prefix = re.sub(r"[-_.]+", "_", package).lower() + "-"
    for names, folder in zip(map(_list_metadata, sys.path), sys.path, strict=True):
        own = [name for name in names if name.lower().startswith(prefix)]
        if own:
            return _parse_version(Path(folder, own[0], "METADATA")) if len(own) == 1 else None
    return None


@functools.cache
def _list_metadata(folder: str) -> list[str]:
    """The folders and files of metadata in a folder of packages."""
    try:
        return [
            name
            for name in os.listdir(folder or ".")  # noqa: PTH208 - a name suffices
            if name.endswith((".dist-info", ".egg-info"))
        ]
    except OSError:
        return []


def _parse_version(path: Path) -> str | None:
    try:
        head = path.read_text("utf-8").partition("\n\n")[0]
    except (OSError, ValueError):
        return None
    found = re.findall(r"^Version: (\S+)$", head, re.MULTILINE)
    return found[0] if len(found) == 1 else None


def find_missing_packages(packages: tuple[str, ...]) -> list[str]:
    return [package for package in packages if find_installed_version(package) is None]


def format_versions(packages: tuple[str, ...]) -> str:
    """Format packages with their versions: ``name=version name=version``."""
    return " ".join(f"{package}={find_installed_version(package)}" for package in packages)
