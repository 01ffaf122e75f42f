"""Files of a part: read whole, or told to be torn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.errors import InputError
from tts_assets.regular_files import read_regular

if TYPE_CHECKING:
    from pathlib import Path


#: What to do about a part that is damaged.
AGAIN = "run that shard again, which goes on where it ended, or leave its folder out"


def data_of(path: Path) -> bytes | None:
    """A file of a part; None where there is none.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return read_regular(path, follow_links=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise InputError(f"cannot be read: {exc.strerror}", file=str(path)) from exc


def whole_lines_of(path: Path) -> bytes:
    """A file of lines that a run has finished; nothing where there is none.

    Raises:
        InputError: it cannot be read, or its last line is torn.
    """
    data = data_of(path) or b""
    if data and not data.endswith(b"\n"):
        line = data.count(b"\n") + 1
        raise InputError(f"its last line is torn: {AGAIN}", file=str(path), line=line)
    return data
