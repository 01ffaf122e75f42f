"""ONNX models: read and split files without the library; execution providers."""

from __future__ import annotations

import contextlib
import functools
import mmap
import subprocess
import sys
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.config.settings import Device
from tts_assets.engines import machine
from tts_assets.errors import UsageError
from tts_assets.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from onnxruntime import InferenceSession


#: Field numbers in onnx.proto (ONNX IR version 3 and later).
_MODEL_GRAPH, _MODEL_FUNCTION = 7, 25
_GRAPH_NODE, _GRAPH_TENSOR, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE = 1, 5, 11, 12, 13
_NODE_INPUT, _NODE_OUTPUT = 1, 2
_VALUE_NAME, _VALUE_TYPE, _TYPE_TENSOR, _TENSOR_ELEMENT = 1, 2, 1, 1
_TENSOR_NAME, _TENSOR_EXTERNAL_DATA, _TENSOR_LOCATION = 8, 13, 14

#: TensorProto.DataLocation and TensorProto.DataType.
_EXTERNAL = 1
_FLOAT = 1
_WHOLE_NUMBERS = frozenset({2, 3, 4, 5, 6, 7, 12, 13})

#: The messages that contain tensors, by field number (onnx.proto).
_INNER: dict[str, dict[int, str]] = {
    "model": {_MODEL_GRAPH: "graph", 20: "training", _MODEL_FUNCTION: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {_GRAPH_NODE: "node", _GRAPH_TENSOR: "tensor", 15: "sparse tensor"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse tensor",
        23: "sparse tensor",
    },
    "sparse tensor": {1: "tensor", 2: "tensor"},
}

_FIXED = {1: 8, 5: 4}  #: the size of a value by wire type; other types encode their length
_VARINT = 0
_BYTES = 2

#: The named messages of a graph except nodes, and the field with their name.
_NAMED = {_GRAPH_TENSOR: _TENSOR_NAME, _GRAPH_INPUT: _VALUE_NAME}

#: The operators that draw random numbers, encoded as a node's ``op_type`` (field 4).
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
    """The interface of a model."""

    inputs: dict[str, bool]  #: its inputs by name, each with whether it takes integers
    random: bool  #: whether it draws random numbers, so that its output differs between runs
    outputs: tuple[str, ...]  #: the names of its outputs


def read_graph(path: Path) -> Graph:
    """The interface of the model in a file; its weights are skipped.

    Raises:
        UsageError: it is missing, truncated, not ONNX, or its weights are in other files.
    """
    try:
        status = path.stat()
        seen = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        found, external = _read_cached_graph(path, seen)
    except OSError as exc:
        raise UsageError(f"the model {path} cannot be read: {exc.strerror}") from exc
    except (ValueError, IndexError) as exc:
        raise UsageError(
            f"{path} is not a complete ONNX model: download it again, or name another file"
        ) from exc
    if external:
        # The hash of the file does not cover them.
        raise UsageError(f"the weights of {path} are in other files: save it as one file")
    return found


@contextlib.contextmanager
def _map_file(path: Path) -> Iterator[mmap.mmap]:
    with open_regular(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


@functools.lru_cache(maxsize=8)
def _read_cached_graph(path: Path, seen: tuple[int, ...]) -> tuple[Graph, bool]:
    """The graph in a file, and whether it has external data; cached until the file changes."""
    del seen
    with _map_file(path) as data:
        return _parse_graph(data), _has_external_data(data)


def is_whole_model(path: Path) -> bool:
    """Whether fields, including a graph, fill a file to its last byte; their values are skipped.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        with _map_file(path) as data:
            return _MODEL_GRAPH in {field for field, _, _ in _iterate_fields(data, 0, len(data))}
    except (ValueError, IndexError):
        return False


def _parse_graph(data: mmap.mmap) -> Graph:
    model = (0, len(data))
    drawing = chain(
        _find_values(data, *model, _MODEL_FUNCTION),
        _find_values(data, *model, _MODEL_GRAPH, _GRAPH_NODE),
    )
    random = any(data.find(name, *each) >= 0 for each in drawing for name in _RANDOM)
    inputs = (
        _parse_input(data, *each) for each in _find_values(data, *model, _MODEL_GRAPH, _GRAPH_INPUT)
    )
    outputs = _parse_names(data, *model, _MODEL_GRAPH, _GRAPH_OUTPUT, _VALUE_NAME)
    if not outputs:
        raise ValueError
    return Graph(dict(inputs), random, tuple(outputs))


def _has_external_data(data: mmap.mmap) -> bool:
    """Whether a tensor has external data, in weights, constants or bodies of loops."""
    left = [("model", 0, len(data))]
    while left:
        kind, begin, end = left.pop()
        inner = _INNER.get(kind)
        for field, first, last in _iterate_fields(data, begin, end):
            if inner is None:
                if field == _TENSOR_EXTERNAL_DATA:
                    return True
                if field == _TENSOR_LOCATION and _parse_varint(data, first)[0] == _EXTERNAL:
                    return True
            elif field in inner:
                left.append((inner[field], first, last))
    return False


def _parse_names(data: mmap.mmap, begin: int, end: int, *path: int) -> list[str]:
    """The strings in the fields at the end of a path, as in `_find_values`."""
    return [data[first:last].decode() for first, last in _find_values(data, begin, end, *path)]


def _parse_input(data: mmap.mmap, begin: int, end: int) -> tuple[str, bool]:
    """The name of an input, and whether it takes integers."""
    names = _parse_names(data, begin, end, _VALUE_NAME)
    kinds = [
        _parse_varint(data, first)[0]
        for first, _ in _find_values(data, begin, end, _VALUE_TYPE, _TYPE_TENSOR, _TENSOR_ELEMENT)
    ]
    return "".join(names[-1:]), not _WHOLE_NUMBERS.isdisjoint(kinds[-1:])


def _find_values(
    data: mmap.mmap, begin: int, end: int, number: int, *rest: int
) -> Iterator[tuple[int, int]]:
    """The spans of the values at a path of field numbers through nested messages."""
    for field, first, last in _iterate_fields(data, begin, end):
        if field == number and rest:
            yield from _find_values(data, first, last, *rest)
        elif field == number:
            yield first, last


def _iterate_fields(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The fields of a protocol buffer: number, start and end of the value."""
    while at < end:
        key, at = _parse_varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            begin = at
            _, at = _parse_varint(data, at)
        elif kind == _BYTES:
            size, begin = _parse_varint(data, at)
            at = begin + size
        else:
            begin, at = at, at + _FIXED.get(kind, end)
        if at > end:
            raise ValueError
        yield key >> 3, begin, at


def _parse_varint(data: mmap.mmap, at: int) -> tuple[int, int]:
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


# Extraction of a part of a model: the nodes between some of its values.


def computes_values(path: Path, names: Iterable[str]) -> bool:
    """Whether a model computes values with these names, at which `extract_part` can split it.

    Raises:
        UsageError: as in `read_graph`.
    """
    read_graph(path)
    with _map_file(path) as data:
        return all(data.find(_build_field(_NODE_OUTPUT, name.encode())) >= 0 for name in names)


class _Field(NamedTuple):
    """A field of a protocol buffer: its number, and the offsets of its key and value."""

    number: int
    key: int
    begin: int
    end: int


class _Node(NamedTuple):
    """The span of a node in the file, and its inputs and outputs."""

    field: _Field
    inputs: frozenset[str]
    outputs: frozenset[str]


def extract_part(path: Path, inputs: Collection[str], outputs: Sequence[str]) -> bytes:
    """Extract a model that computes some values of another model from others.

    Args:
        path: a model that `read_graph` accepts; its nodes are in topological order, as ONNX requires.
        inputs: the values to use as inputs, all of them 32-bit floats; the model's own inputs are
            added if needed.
        outputs: the values to return, all of them 32-bit floats.

    Raises:
        UsageError: the file cannot be read.
        KeyError: the model does not compute an output.
    """
    try:
        with _map_file(path) as data:
            return b"".join(
                _build_field(_MODEL_GRAPH, _extract_nodes(data, field, frozenset(inputs), outputs))
                if field.number == _MODEL_GRAPH
                else data[field.key : field.end]
                for field in _list_fields(data, 0, len(data))
            )
    except OSError as exc:
        raise UsageError(f"the model {path} cannot be read: {exc.strerror}") from exc


def _list_fields(data: mmap.mmap, begin: int, end: int) -> list[_Field]:
    found: list[_Field] = []
    for number, first, last in _iterate_fields(data, begin, end):
        found.append(_Field(number, found[-1].end if found else begin, first, last))
    return found


def _extract_nodes(
    data: mmap.mmap, graph: _Field, given: frozenset[str], outputs: Sequence[str]
) -> bytes:
    """Build the graph of a part."""
    fields = _list_fields(data, graph.begin, graph.end)
    nodes = [_parse_node(data, field) for field in fields if field.number == _GRAPH_NODE]
    missing = {*given, *outputs}.difference(*(node.outputs for node in nodes))
    if missing:
        raise KeyError(*sorted(missing))
    needed = {*outputs}
    kept: list[_Node] = []
    for node in reversed(nodes):
        if not needed.isdisjoint(node.outputs - given):
            kept.append(node)
            needed |= node.inputs
    parts = [data[node.field.key : node.field.end] for node in reversed(kept)]
    for field in fields:
        name = _NAMED.get(field.number)
        if (
            field.number not in (_GRAPH_NODE, _GRAPH_OUTPUT, _GRAPH_VALUE)
            if name is None
            else not needed.isdisjoint(_parse_names(data, field.begin, field.end, name))
        ):
            parts.append(data[field.key : field.end])
    parts += [_build_value(_GRAPH_INPUT, name) for name in sorted(given & needed)]
    parts += [_build_value(_GRAPH_OUTPUT, name) for name in outputs]
    return b"".join(parts)


def _parse_node(data: mmap.mmap, field: _Field) -> _Node:
    """Parse a node; inputs of nodes in its branches and loops count as its own."""
    inputs: set[str] = set()
    left = [("node", field.begin, field.end)]
    while left:
        kind, begin, end = left.pop()
        if kind == "node":
            inputs.update(_parse_names(data, begin, end, _NODE_INPUT))
        left += [
            (_INNER[kind][number], first, last)
            for number, first, last in _iterate_fields(data, begin, end)
            if _INNER[kind].get(number) in ("attribute", "graph", "node")
        ]
    outputs = _parse_names(data, field.begin, field.end, _NODE_OUTPUT)
    return _Node(field, frozenset(inputs), frozenset(outputs))


def _build_value(field: int, name: str) -> bytes:
    """Declare an input or output of floats, of any shape."""
    tensor = _build_varint(_TENSOR_ELEMENT << 3 | _VARINT) + _build_varint(_FLOAT)
    kind = _build_field(_VALUE_TYPE, _build_field(_TYPE_TENSOR, tensor))
    return _build_field(field, _build_field(_VALUE_NAME, name.encode()) + kind)


def _build_field(field: int, value: bytes) -> bytes:
    return _build_varint(field << 3 | _BYTES) + _build_varint(len(value)) + value


def _build_varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


#: Names of onnxruntime's execution providers (onnxruntime.ai/docs/execution-providers).
_EXECUTION = {
    Device.CPU: "CPUExecutionProvider",
    Device.CUDA: "CUDAExecutionProvider",
    Device.TENSORRT: "TensorrtExecutionProvider",
    Device.ROCM: "ROCMExecutionProvider",
    Device.COREML: "CoreMLExecutionProvider",
    Device.DIRECTML: "DmlExecutionProvider",
    Device.OPENVINO: "OpenVINOExecutionProvider",
}

_ERRORS_ONLY = 3  #: onnxruntime's level for errors; its warnings go to standard error


def create_session(path: Path, device: str, part: bytes | None = None) -> InferenceSession:
    """Load an ONNX file, or a part of it, on a device, for any number of threads.

    Each call uses one core: two threads that share a session produce 1.13 times as much speech as one
    call on two cores, and the audio does not depend on the number of cores.

    Raises:
        UsageError: the file is not a model, or this onnxruntime cannot use the device.
    """
    import onnxruntime  # noqa: PLC0415 - native, loaded only inside the engine's process

    # Check first: onnxruntime would read any file that the model names.
    read_graph(path)
    chosen = _EXECUTION[Device(device)]
    if chosen not in onnxruntime.get_available_providers():
        raise UsageError(
            _describe_missing_device(device, _list_devices(onnxruntime.get_available_providers()))
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    execution = list(dict.fromkeys([chosen, _EXECUTION[Device.CPU]]))
    try:
        session = onnxruntime.InferenceSession(part or str(path), options, providers=execution)
    except Exception as exc:  # onnxruntime has a class for each code, and no common base
        raise UsageError(
            f"{path} cannot be loaded ({shorten_error(exc)}): download it again, or name "
            "another model"
        ) from exc
    if part is not None:
        # Free the bytes, which onnxruntime keeps in addition to the weights.
        session._model_bytes = None  # noqa: SLF001
    if chosen not in session.get_providers():
        raise UsageError(
            f'onnxruntime could not start {device} on this machine: set device = "cpu", or '
            "repair the drivers"
        )
    return session


def shorten_error(error: Exception) -> str:
    """The first line of a library's message."""
    return str(error).split("\n", 1)[0][:200]


def count_threads(workers: int) -> int:
    """The number of threads for so many workers: at most one for each core.

    More are not faster, take 100 MB each, and clips would use up their time limits waiting.
    """
    return min(workers, machine.count_cores())


def problem_with(device: str) -> str | None:
    """None if this onnxruntime was built for a device; otherwise the remedy."""
    if device == Device.CPU:
        return None
    return None if device in find_devices() else _describe_missing_device(device, find_devices())


@functools.cache
def find_devices() -> tuple[Device, ...]:
    """The devices of the installed onnxruntime, queried in a child process, as it may crash."""
    code = "import onnxruntime; print(*onnxruntime.get_available_providers())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False
    )
    return _list_devices(done.stdout.split())


def is_random(path: Path) -> bool:
    """Whether a model draws random numbers; errors as in `read_graph`."""
    return read_graph(path).random


def _list_devices(execution_providers: Iterable[str]) -> tuple[Device, ...]:
    return tuple(device for device, name in _EXECUTION.items() if name in execution_providers)


def _describe_missing_device(device: str, offered: Iterable[Device]) -> str:
    devices = ", ".join(offered) or "nothing"
    return (
        f"this onnxruntime supports {devices}, not {device}: install another build of it "
        'instead, such as onnxruntime-gpu for cuda, or set device = "cpu"'
    )
