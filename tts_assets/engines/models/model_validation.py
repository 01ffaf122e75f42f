"""Whether a downloaded file is what its name says, and its SHA-256."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from typing import TYPE_CHECKING, Any

import msgspec

from tts_assets.engines.onnx_models import is_whole_model
from tts_assets.regular_files import open_regular, read_regular, refuse_link
from tts_assets.store import atomic_files

if TYPE_CHECKING:
    from pathlib import Path


#: A model of CTranslate2 begins with its version, four bytes, and its kind: a text behind its length.
_VERSION = 4
_WHISPER = bytes(_VERSION) + b"\x0c\x00WhisperSpec\x00"


class _Configuration(msgspec.Struct):
    """The required parts of a Piper voice's configuration."""

    audio: dict[str, Any]
    phoneme_id_map: dict[str, Any]


def find_file_flaw(path: Path, name: str) -> str | None:
    """Why a file cannot be what its name says; None where it can.

    Args:
        path: the file, under any name.
        name: its final name: ``.onnx`` has to be a whole model, ``.onnx.json`` the configuration of
            a voice, ``model.bin`` a Whisper model, and other JSON files have to be JSON.

    Raises:
        OSError: it cannot be read.
    """
    if name.endswith(".onnx"):
        return None if is_whole_model(path) else "it is not a whole ONNX model"
    if name.endswith(".onnx.json"):
        return None if _is_json(path, _Configuration) else "it is not the configuration of a voice"
    if name.endswith(".json"):
        return None if _is_json(path, Any) else "it is not JSON"
    if name == "model.bin":
        with open_regular(path) as file:
            is_model = file.read(len(_WHISPER)).endswith(_WHISPER[_VERSION:])
        return None if is_model else "it is not a Whisper model in the form of CTranslate2"
    return None


def _is_json(path: Path, shape: Any) -> bool:
    try:
        msgspec.json.decode(read_regular(path), type=shape)
    except (ValueError, RecursionError):
        return False
    return True


#: The folder of cached sums, below the cache folder.
_FOLDER = ".sums"

#: A file changed so lately may change again within one tick of its clock: FAT's has two seconds.
_TICK_NS = 2_000_000_000


class _Sum(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of a file, and what identifies that file unchanged; the path's bytes are in hex."""

    path: str
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    sha256: str = ""


def sha256_of(path: Path, cache: Path) -> str:
    """The SHA-256 of a file, in hex; read only if the file has changed since the last time.

    The sum is cached by path, inode, size and times, in a folder below ``cache`` if that is writable.
    A file that was changed within the last two seconds is read each time, because its next change
    might not show in its times.

    Raises:
        OSError: the file cannot be read.
    """
    # Before the file is read: a change meanwhile gives it another time.
    begun = time.time_ns()
    with open_regular(path) as file:
        status = os.fstat(file.fileno())
        now = _Sum(
            path=os.fsencode(os.path.realpath(path)).hex(),
            inode=status.st_ino,
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            # Unlike the modification time, this one cannot be set back.
            ctime_ns=status.st_ctime_ns,
        )
        record = cache / _FOLDER / f"{atomic_files.sha256(now.path.encode())[:16]}.json"
        with contextlib.suppress(OSError, ValueError, RecursionError):
            cached = msgspec.json.decode(read_regular(record, follow_links=False), type=_Sum)
            if msgspec.structs.replace(cached, sha256="") == now:
                return cached.sha256
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if begun - max(now.mtime_ns, now.ctime_ns) > _TICK_NS:
        # A failure costs time only.
        with contextlib.suppress(OSError):
            record.parent.mkdir(parents=True, exist_ok=True)
            refuse_link(record.parent)
            atomic_files.sweep(record.parent)
            found = msgspec.structs.replace(now, sha256=digest)
            atomic_files.write_whole(record, msgspec.json.encode(found))
    return digest
