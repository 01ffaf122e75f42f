"""What an ONNX file says of itself: data in other files is found wherever a tensor may be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from tts_assets.engines import onnx_models
from tts_assets.errors import UsageError


def tensor(*, external: bool) -> Any:
    made = helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])
    if external:
        made.data_location = TensorProto.EXTERNAL
        made.external_data.add(key="location", value="../../secret")
    return made


def graph_with(node: Any) -> Any:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    return helper.make_graph([node], "g", ends[:1], ends[1:])


def model(node: Any) -> Any:
    return helper.make_model(graph_with(node))


def constant(value: Any) -> Any:
    return helper.make_node("Constant", [], ["y"], value=value)


def sparse(value: Any) -> Any:
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    return helper.make_sparse_tensor(value, indices, [1])


def of_initializer(value: Any) -> Any:
    made = model(helper.make_node("Neg", ["x"], ["y"]))
    made.graph.initializer.append(value)
    return made


def of_sparse_initializer(value: Any) -> Any:
    made = model(helper.make_node("Neg", ["x"], ["y"]))
    made.graph.sparse_initializer.append(sparse(value))
    return made


def of_sparse_constant(value: Any) -> Any:
    return model(helper.make_node("Constant", [], ["y"], sparse_value=sparse(value)))


def of_body_in_a_body(value: Any) -> Any:
    inner = helper.make_node("If", ["x"], ["y"], then_branch=graph_with(constant(value)))
    return model(helper.make_node("Loop", ["x"], ["y"], body=graph_with(inner)))


def of_list(value: Any) -> Any:
    made = model(helper.make_node("Neg", ["x"], ["y"]))
    made.graph.node[0].attribute.append(helper.make_attribute("many", [value, value]))
    return made


def of_function(value: Any) -> Any:
    made = model(helper.make_node("Neg", ["x"], ["y"]))
    sets = [helper.make_opsetid("", 17)]
    made.functions.append(helper.make_function("own", "f", [], ["y"], [constant(value)], sets))
    return made


def of_default_of_function(value: Any) -> Any:
    made = of_function(tensor(external=False))
    made.functions[0].attribute_proto.append(helper.make_attribute("default", value))
    return made


def of_training(value: Any) -> Any:
    made = model(helper.make_node("Neg", ["x"], ["y"]))
    made.training_info.add().algorithm.CopyFrom(graph_with(constant(value)))
    return made


PLACES = [
    of_initializer,
    of_sparse_initializer,
    lambda value: model(constant(value)),
    of_sparse_constant,
    of_body_in_a_body,
    of_list,
    of_function,
    of_default_of_function,
    of_training,
]


@pytest.mark.parametrize("put", PLACES)
def test_data_in_another_file_is_refused_wherever_its_tensor_is(
    tmp_path: Path, put: Callable[[Any], Any]
) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(put(tensor(external=False)), path)
    assert "x" in onnx_models.read_graph(path).inputs
    path.write_bytes(put(tensor(external=True)).SerializeToString())
    with pytest.raises(UsageError, match=r"are in other files"):
        onnx_models.read_graph(path)


def test_a_model_of_bodies_in_bodies_is_read_to_its_end(tmp_path: Path) -> None:
    body = graph_with(constant(tensor(external=True)))
    data = body.SerializeToString()
    # Deeper than the library itself would read or write: attribute 6 of node 5 of graph 1.
    for _ in range(3_000):
        for field in (6, 5, 1):
            data = bytes([field << 3 | 2]) + _number(len(data)) + data
    outside = graph_with(helper.make_node("Neg", ["x"], ["y"])).SerializeToString()
    path = tmp_path / "model.onnx"
    path.write_bytes(bytes([7 << 3 | 2]) + _number(len(outside + data)) + outside + data)
    with pytest.raises(UsageError, match=r"are in other files"):
        onnx_models.read_graph(path)


def _number(value: int) -> bytes:
    """A whole number as protocol buffers write it."""
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*data, value])
