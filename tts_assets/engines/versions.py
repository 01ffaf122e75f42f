"""Which versions of their packages engines run with: parts of what makes a sound."""

from __future__ import annotations

import functools
from importlib.metadata import PackageNotFoundError, version

#: The packages whose versions can change how Japanese is read, whichever engine speaks it.
READING = ("pyopenjtalk-plus", "sudachidict-core", "unidic-lite")


@functools.cache
def find_installed_version(package: str) -> str | None:
    """The version of an installed package; None where it is not."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def find_missing_packages(packages: tuple[str, ...]) -> list[str]:
    """Those that are not installed."""
    return [package for package in packages if find_installed_version(package) is None]


def parts(packages: tuple[str, ...]) -> str:
    """Packages with their versions: ``name=version name=version``."""
    return " ".join(f"{package}={find_installed_version(package)}" for package in packages)
