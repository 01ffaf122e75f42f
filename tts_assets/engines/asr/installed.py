"""Whether the packages of recognizers are installed, told without loading them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def absent(package: str) -> str:
    """The package's name where it is not installed; "" where it is."""
    try:
        version(package)
    except PackageNotFoundError:
        return package
    return ""
