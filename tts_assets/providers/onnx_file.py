"""What an ONNX file says of itself, read without the library that runs it."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Numbers of the fields in onnx.proto (ONNX IR version 3 and later).
_MODEL_GRAPH = 7
_GRAPH_NODE = 1
_GRAPH_INPUT = 11
_GRAPH_OUTPUT = 12
_VALUE_NAME = 1

#: How many bytes a value has, by its wire type; the others tell it themselves.
_FIXED = {1: 8, 5: 4}
_VARINT = 0
_BYTES = 2

#: The operators that draw random numbers, as a node's ``op_type`` (field 4) is written.
_RANDOM = tuple(
    b"\x22" + bytes([len(name)]) + name
    for name in (
        b"RandomNormalLike",
        b"RandomUniformLike",
        b"RandomNormal",
        b"RandomUniform",
        b"Multinomial",
        b"Bernoulli",
    )
)


class Graph(NamedTuple):
    """The outside of a model.

    Args:
        inputs: the names of its inputs.
        outputs: the names of its outputs.
        random: whether it draws random numbers, so that no two runs sound quite the same.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    random: bool


def graph(path: Path) -> Graph:
    """Look at the model in a file; its weights are passed over.

    Raises:
        UsageError: it is not there, cut short, or not ONNX.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _graph(data)
    except OSError as exc:
        raise UsageError(f"the model {path} cannot be read: {exc.strerror}") from exc
    except (ValueError, IndexError) as exc:
        raise UsageError(
            f"{path} is not a whole ONNX model: fetch it again, or name another file"
        ) from exc


def _graph(data: mmap.mmap) -> Graph:
    inputs: list[str] = []
    outputs: list[str] = []
    random = False
    found = False
    for field, begin, end in _fields(data, 0, len(data)):
        if field != _MODEL_GRAPH:
            continue
        found = True
        for inner, first, last in _fields(data, begin, end):
            if inner == _GRAPH_NODE and not random:
                random = any(data.find(name, first, last) >= 0 for name in _RANDOM)
            elif inner == _GRAPH_INPUT:
                inputs.append(_name(data, first, last))
            elif inner == _GRAPH_OUTPUT:
                outputs.append(_name(data, first, last))
    if not found or not outputs:
        raise ValueError
    return Graph(tuple(inputs), tuple(outputs), random)


def _name(data: mmap.mmap, begin: int, end: int) -> str:
    spans = _fields(data, begin, end)
    return next(
        (data[first:last].decode() for field, first, last in spans if field == _VALUE_NAME), ""
    )


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The fields of a message of protocol buffers: number, and where its value begins and ends."""
    while at < end:
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            begin = at
            _, at = _varint(data, at)
        elif kind == _BYTES:
            size, begin = _varint(data, at)
            at = begin + size
        else:
            begin, at = at, at + _FIXED.get(kind, end)
        if at > end:
            raise ValueError
        yield key >> 3, begin, at


def _varint(data: mmap.mmap, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError
