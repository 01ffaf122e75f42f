"""Addresses that files are fetched from: which are allowed, and how they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from tts_assets.engines.web import is_loopback, shown
from tts_assets.errors import FatalError, UsageError

if TYPE_CHECKING:
    from tts_assets.engines.models.known import ModelFile


def address(file: ModelFile, mirror: str | None) -> str:
    """Where a file is fetched from: its own address, or the mirror's with the same path below.

    The mirror's user and password are no part of it: see `credentials`.

    Raises:
        UsageError: the mirror's address cannot be one.
    """
    if mirror is None:
        return file.url
    parts = _parts(mirror)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}/{file.name}"


def credentials(mirror: str | None) -> tuple[str, str] | None:
    """The user and the password that a mirror's address has; None where it has none.

    Raises:
        UsageError: the mirror's address cannot be one.
    """
    if mirror is None or (parts := _parts(mirror)).username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def _parts(mirror: str) -> SplitResult:
    try:
        parts = urlsplit(mirror)
        # Asked for, a port that is none raises, too.
        good = bool(parts.hostname) and parts.port != 0 and "@" not in parts.path
    except ValueError:
        good = False
    if not good or "?" in mirror or "#" in mirror:
        # Not shown: what cannot be taken apart may have a password anywhere.
        raise UsageError(
            "models.mirror is no address: write https://host/folder without ? and #, "
            "and in a password %2F %3F %23 %40 for / ? # @"
        )
    return parts


def refuse_unsafe(url: str, mirror: str | None) -> None:
    """Refuse to send or fetch anything without encryption, but where the user asked for that.

    Args:
        url: the next address, be it a file's own or one that a server sent us on to.
        mirror: the mirror in use.

    Raises:
        FatalError: it is not allowed, or no address.
    """
    asked = urlsplit(url)
    named = urlsplit(mirror or "")
    plain = asked.scheme == "http" and (
        is_loopback(asked.hostname) or (named.scheme == "http" and named.hostname == asked.hostname)
    )
    if asked.scheme != "https" and not plain:
        raise FatalError(
            f"{shown(url)} is not https, so nothing is fetched from there; "
            "give a --mirror that you trust"
        )
    try:
        _ = asked.port
    except ValueError as exc:
        raise FatalError(f"{shown(url)} has no port that can be; give another --mirror") from exc
