"""Which versions of their packages engines run with: parts of what makes a sound."""

from __future__ import annotations

import functools
from importlib.metadata import PackageNotFoundError, version

#: The packages whose versions can change how Japanese is read, whichever engine speaks it.
READING = ("pyopenjtalk-plus", "sudachidict-core", "unidic-lite")


@functools.cache
def installed(package: str) -> str | None:
    """The version of an installed package; None where it is not."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def missing(packages: tuple[str, ...]) -> list[str]:
    """Those that are not installed."""
    return [package for package in packages if installed(package) is None]


def parts(packages: tuple[str, ...]) -> str:
    """Packages with their versions: ``name=version name=version``."""
    return " ".join(f"{package}={installed(package)}" for package in packages)
