"""Files in the output folder that tell of assets: the ledger, and the list of what failed."""

from __future__ import annotations

import io
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tts_assets.errors import InputError
from tts_assets.regular_files import open_regular
from tts_assets.store.ledger import known, line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.config.model import Settings
    from tts_assets.store.storage import Storage


def known_by(storage: Storage) -> known.Known:
    """What the ledger in an output folder says.

    Raises:
        InputError: it cannot be read, or is damaged.
    """
    path = storage.root / line.LEDGER_NAME
    with _opened(path) as stream:
        return known.read_ledger_stream(stream, file=str(path), hash_of=storage.hash_of)


def ledger_bytes(settings: Settings) -> bytes:
    """All of the ledger of the output folder; nothing where there is none.

    Raises:
        InputError: it cannot be read.
    """
    with opened_ledger(Path(settings.output)) as stream:
        return stream.read()


@contextmanager
def opened_ledger(folder: Path) -> Iterator[BinaryIO]:
    """That of a folder, to be read piece by piece: a million lines are as long as catalogues."""
    with _opened(folder / line.LEDGER_NAME) as stream:
        yield stream


def bytes_of(path: Path) -> bytes:
    """A file in the output folder; nothing where there is none.

    Raises:
        InputError: it cannot be read.
    """
    with _opened(path) as stream:
        return stream.read()


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with _stream(path) as stream:
            yield stream
    except OSError as exc:
        raise InputError(f"cannot be read: {exc.strerror}", file=str(path)) from exc


def _stream(path: Path) -> BinaryIO:
    try:
        return open_regular(path, follow_links=False)
    except (FileNotFoundError, NotADirectoryError):
        return io.BytesIO()
