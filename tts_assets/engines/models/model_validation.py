"""Whether a downloaded file is what its name says, and its SHA-256."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from tts_assets.regular_files import open_regular, read_regular, refuse_link
from tts_assets.store import atomic_files

if TYPE_CHECKING:
    from pathlib import Path


#: Wire types of a protocol buffer; a model's outermost fields have no others.
_NUMBER, _BYTES = 0, 2

#: The field ``graph`` of ModelProto in onnx.proto: number 7, with its length before it.
_GRAPH = 7 << 3 | _BYTES

#: A model of CTranslate2 begins with its version, four bytes, and its kind: a text behind its length.
_VERSION = 4
_WHISPER = bytes(_VERSION) + b"\x0c\x00WhisperSpec\x00"

#: A number has at most so many bytes (protobuf.dev, "Encoding").
_LONGEST = 10


class _Configuration(msgspec.Struct):
    """What no configuration of a Piper voice goes without."""

    audio: dict[str, Any]
    phoneme_id_map: dict[str, Any]


def find_file_flaw(path: Path, name: str) -> str | None:
    """Words on why a file cannot be what its name says; None where it can.

    Args:
        path: where it lies.
        name: its final name: what ends in ``.onnx`` has to be a whole model, what ends in
            ``.onnx.json`` the configuration of a voice, ``model.bin`` a Whisper model, and other
            JSON files have to be JSON.

    Raises:
        OSError: it cannot be read.
    """
    if name.endswith(".onnx"):
        with open_regular(path) as file:
            return None if _is_model(file) else "it is not a whole ONNX model"
    if name.endswith(".onnx.json"):
        try:
            msgspec.json.decode(read_regular(path), type=_Configuration)
        except (ValueError, RecursionError):
            return "it is not the configuration of a voice"
    elif name.endswith(".json"):
        return None if _is_json(path) else "it is not JSON"
    if name == "model.bin":
        with open_regular(path) as file:
            is_one = file.read(len(_WHISPER)).endswith(_WHISPER[_VERSION:])
        return None if is_one else "it is not a Whisper model in the form of CTranslate2"
    return None


def _is_json(path: Path) -> bool:
    try:
        msgspec.json.decode(read_regular(path))
    except (ValueError, RecursionError):
        return False
    return True


def _is_model(file: BinaryIO) -> bool:
    """Whether fields fill the file to its last byte, a graph among them; none is read."""
    size = os.fstat(file.fileno()).st_size
    has_graph = False
    while (place := file.tell()) < size:
        tag, length = _read_number(file), _read_number(file)
        if tag is None or length is None or tag & 7 not in (_NUMBER, _BYTES):
            return False
        has_graph = has_graph or tag == _GRAPH
        if tag & 7 == _BYTES:
            if length > size - place:
                return False
            file.seek(length, os.SEEK_CUR)
    return has_graph and place == size


def _read_number(file: BinaryIO) -> int | None:
    """The number that begins here; None where none does."""
    number = 0
    for place in range(_LONGEST):
        byte = file.read(1)
        if not byte:
            return None
        number |= (byte[0] & 0x7F) << 7 * place
        if byte[0] < 0x80:
            return number
    return None


# The SHA-256 of big files: computed once, remembered for as long as the file stays as it is.


#: Where sums are remembered, below the cache folder.
_FOLDER = ".sums"

#: A file changed so lately may change again within one tick of its clock: FAT's has two seconds.
_TICK_NS = 2_000_000_000


class _Sum(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of a file, and what tells that it is still that file.

    Args:
        path: its bytes in hex; not every path is UTF-8.
    """

    path: str
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    sha256: str = ""


def sha256_of(path: Path, cache: Path) -> str:
    """The SHA-256 of a file, in hex; read only if the file is not as it was the last time.

    It is remembered by path, inode, size and times. A file that was changed within the last two
    seconds is read each time, because its next change might not show in its times.

    Args:
        path: the file.
        cache: a folder for what is remembered; nothing is, where it cannot be written to.

    Raises:
        OSError: the file cannot be read.
    """
    # Before it is read: what changes meanwhile has another time afterwards.
    begun = time.time_ns()
    with open_regular(path) as file:
        now = _find_sum(path, os.fstat(file.fileno()))
        place = cache / _FOLDER / f"{atomic_files.sha256(now.path.encode())[:16]}.json"
        known = _read_remembered(place)
        if known is not None and msgspec.structs.replace(known, sha256="") == now:
            return known.sha256
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if begun - max(now.mtime_ns, now.ctime_ns) > _TICK_NS:
        _remember_sum(place, msgspec.structs.replace(now, sha256=digest))
    return digest


def _find_sum(path: Path, status: os.stat_result) -> _Sum:
    return _Sum(
        path=os.fsencode(os.path.realpath(path)).hex(),
        inode=status.st_ino,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        # Unlike the time of its content, nobody can set this one back.
        ctime_ns=status.st_ctime_ns,
    )


def _read_remembered(place: Path) -> _Sum | None:
    try:
        return msgspec.json.decode(read_regular(place, follow_links=False), type=_Sum)
    except (OSError, ValueError, RecursionError):
        return None


def _remember_sum(place: Path, found: _Sum) -> None:
    # Only time is lost where this fails.
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        refuse_link(place.parent)
        atomic_files.sweep(place.parent)
        atomic_files.write_whole(place, msgspec.json.encode(found))
