"""Whether a file that nobody pins can be what it is called, asked before its sum is trusted for ever."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from tts_assets.regular_files import open_regular, read_regular

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


def flaw(path: Path, name: str) -> str | None:
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
        tag, length = _number(file), _number(file)
        if tag is None or length is None or tag & 7 not in (_NUMBER, _BYTES):
            return False
        has_graph = has_graph or tag == _GRAPH
        if tag & 7 == _BYTES:
            if length > size - place:
                return False
            file.seek(length, os.SEEK_CUR)
    return has_graph and place == size


def _number(file: BinaryIO) -> int | None:
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
