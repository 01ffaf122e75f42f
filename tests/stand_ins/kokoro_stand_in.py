"""Small models that kokoro-onnx loads and runs: each symbol is a tone, so that texts can be told apart.

The inputs and outputs are those of the published exports: ``tokens``, ``style`` and ``speed`` to
``audio``, or ``input_ids`` and so on to ``waveform`` and ``duration``.
"""

from __future__ import annotations

import ctypes
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from kokoro_onnx.config import DEFAULT_VOCAB
from onnx import TensorProto, helper, numpy_helper

from tts_assets.engines.kokoro import MELODY_VALUES
from tts_assets.engines.kokoro_engine import KokoroEngine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tts_assets.model import Samples

RATE_HZ = 24_000
#: Samples of one frame, and frames of one symbol at speed 1: 0.06 s.
FRAME = 600
FRAMES = 2.4

VOICES = (
    "jf_alpha",
    "jf_gongitsune",
    "jf_nezumi",
    "jf_tebukuro",
    "jm_kumo",
    "af_heart",
    "bm_lewis",
)


class Crashing(KokoroEngine):
    """The real engine, with memory that is read where there is none, at the word 熊."""

    def _synthesize(self, symbols: str, style: Any, speed: float, tones: Any) -> Samples:
        if symbols == "kɯma":
            ctypes.string_at(0)
        return super()._synthesize(symbols, style, speed, tones)


def model(
    path: Path,
    *,
    new: bool = False,
    whole_speeds: bool = False,
    noise: bool = False,
    hangs_at: str | None = None,
    vocabulary: Mapping[str, int] | None = None,
) -> Path:
    """Write a model.

    Args:
        path: where to.
        new: with the names and the second output of newer exports.
        whole_speeds: its speed is an integer, as in some exports.
        noise: it adds random numbers, as the published ones do.
        hangs_at: at this symbol it never comes to an end, inside native code.
        vocabulary: what it calls its symbols; None for the library's own list.
    """
    tokens, audio = ("input_ids", "waveform") if new else ("tokens", "audio")
    nodes = [*_lengths(tokens), *_tones(), *_faded(audio, noise=noise)]
    if hangs_at is not None:
        nodes += _endless()
    outputs = [helper.make_tensor_value_info(audio, TensorProto.FLOAT, ["samples"])]
    if new:
        nodes.append(helper.make_node("Expand", ["frames", "count"], ["duration"]))
        outputs.append(helper.make_tensor_value_info("duration", TensorProto.INT64, ["n"]))
    speed = TensorProto.INT32 if whole_speeds else TensorProto.FLOAT
    inputs = [
        helper.make_tensor_value_info(tokens, TensorProto.INT64, [1, "n"]),
        helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
        helper.make_tensor_value_info("speed", speed, [1]),
    ]
    if hangs_at is not None:
        outputs.append(helper.make_tensor_value_info("turns", TensorProto.INT64, []))
    number = DEFAULT_VOCAB[hangs_at] if hangs_at else 0
    graph = helper.make_graph(nodes, "stand-in", inputs, outputs, _constants(number))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if vocabulary is not None:
        helper.set_model_props(made, {"kokoro_config": json.dumps({"vocab": dict(vocabulary)})})
    onnx.checker.check_model(made, full_check=True)
    onnx.save(made, path)
    return path


#: Each symbol of a melodic model has two frames of 25 ms, with two steps of the pitch each.
LENGTH, STEPS, STEP = 2.0, 4, 300
OWN_HZ = 200.0


def melodic(path: Path, *, steps: int = STEPS, precision: int = TensorProto.FLOAT) -> Path:
    """Write a model that makes up pitch, loudness, sounds and lengths before the sound, as real ones do.

    Its own melody is flat; its sound is a sine of the pitch, silent where that is low, and in the
    padding.

    Args:
        path: where to.
        steps: of the pitch for each symbol; real models have two for each frame.
        precision: of the numbers of the pitch.
    """
    node = helper.make_node
    pitch, loudness, sounds, lengths = MELODY_VALUES
    nodes = [
        node("Reshape", ["tokens", "all"], ["symbols"]),
        node("Cast", ["symbols"], ["there"], to=TensorProto.BOOL),
        node("Cast", ["there"], ["spoken"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["spoken", "second_axis"], [sounds]),
        # The speed counts for nothing.
        node("Pow", ["speed", "zero"], ["one"]),
        node("Mul", ["one", "length"], ["usual"]),
        node("Shape", ["symbols"], ["count"]),
        node("Expand", ["usual", "count"], ["exact"]),
        node("Clip", ["exact", "length"], [lengths]),
        node("Expand", [sounds, "steps"], ["rows"]),
        node("Reshape", ["rows", "row"], ["voiced"]),
        node("ReduceMean", ["style"], ["voice"], keepdims=0),
        node("Exp", ["voice"], ["times"]),
        node("Mul", ["times", "own_hertz"], ["height"]),
        node("Mul", ["voiced", "height"], ["flat"]),
        node("Reshape", ["flat", "row"], ["exact_pitch"]),
        node("Cast", ["exact_pitch"], [pitch], to=precision),
        node("Cast", [pitch], ["sung"], to=TensorProto.FLOAT),
        node("Mul", ["voiced", "above"], ["over"]),
        node("Add", ["over", "silence"], ["levels"]),
        node("Reshape", ["levels", "row"], [loudness]),
        node("Reshape", ["sung", "one_column"], ["hertz"]),
        node("Greater", [loudness, "silence"], ["sounding"]),
        node("Cast", ["sounding"], ["loud"], to=TensorProto.FLOAT),
        node("ReduceMax", [sounds], ["most"], keepdims=0),
        node("Mul", ["loud", "most"], ["volume"]),
        node("Reshape", ["volume", "one_column"], ["volumes"]),
        node("Expand", ["hertz", "samples"], ["held"]),
        node("Expand", ["volumes", "samples"], ["held_volume"]),
        node("Reshape", ["held", "all"], ["each"]),
        node("Mul", ["each", "turn"], ["advance"]),
        node("CumSum", ["advance", "first_axis"], ["phase"]),
        node("Sin", ["phase"], ["sine"]),
        node("Reshape", ["held_volume", "all"], ["gain"]),
        node("Mul", ["sine", "gain"], ["tone"]),
        node("Mul", ["tone", "amplitude"], ["audio"]),
    ]
    values = {
        "all": np.array([-1], np.int64),
        "row": np.array([1, -1], np.int64),
        "one_column": np.array([-1, 1], np.int64),
        "first_axis": np.int64(0),
        "second_axis": np.array([1], np.int64),
        "steps": np.array([1, steps], np.int64),
        "samples": np.array([1, STEP], np.int64),
        "zero": np.float32(0),
        "length": np.float32(LENGTH),
        "own_hertz": np.float32(OWN_HZ),
        "above": np.float32(17),
        "silence": np.float32(-9),
        "turn": np.float32(2 * np.pi / RATE_HZ),
        "amplitude": np.float32(0.3),
    }
    inputs = [
        helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "n"]),
        helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
        helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
    ]
    outputs = [helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["n_samples"])]
    constants = [numpy_helper.from_array(np.asarray(each), name) for name, each in values.items()]
    graph = helper.make_graph(nodes, "melodic", inputs, outputs, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    onnx.save(made, path)
    return path


def voices(path: Path, names: tuple[str, ...] = VOICES, *, width: int = 256) -> Path:
    """Write a voices file: each voice speaks at a height of its own."""
    styles = {
        name: np.full((510, 1, width), 0.1 * number, dtype=np.float32)
        for number, name in enumerate(names)
    }
    # Given a name, numpy would add .npz to it.
    with path.open("wb") as file:
        np.savez(file, **styles)  # type: ignore[arg-type]
    return path


def _lengths(tokens: str) -> list[Any]:
    """How many symbols there are, and how many samples each has."""
    node = helper.make_node
    return [
        node("Reshape", [tokens, "all"], ["symbols"]),
        node("Shape", ["symbols"], ["count"]),
        node("Cast", ["speed"], ["pace"], to=TensorProto.FLOAT),
        node("Div", ["frames_of_one", "pace"], ["exact"]),
        node("Ceil", ["exact"], ["whole"]),
        node("Cast", ["whole"], ["frames"], to=TensorProto.INT64),
        node("Mul", ["frames", "frame"], ["length"]),
        node("Squeeze", ["length"], ["samples"]),
    ]


def _tones() -> list[Any]:
    """A sine for each symbol: the higher its number, and its voice, the higher the tone."""
    node = helper.make_node
    return [
        node("Cast", ["symbols"], ["numbers"], to=TensorProto.FLOAT),
        node("ReduceMean", ["style"], ["voice"], keepdims=0),
        node("Mul", ["numbers", "step"], ["octaves"]),
        node("Add", ["octaves", "voice"], ["height"]),
        node("Pow", ["two", "height"], ["times"]),
        node("Mul", ["times", "lowest"], ["hertz"]),
        node("Unsqueeze", ["hertz", "second_axis"], ["column"]),
        node("Range", ["none", "samples", "one"], ["at"]),
        node("Cast", ["at"], ["moment"], to=TensorProto.FLOAT),
        node("Mul", ["moment", "turn"], ["angle"]),
        node("Mul", ["column", "angle"], ["phase"]),
        node("Sin", ["phase"], ["sines"]),
    ]


def _faded(audio: str, *, noise: bool) -> list[Any]:
    """Each tone in a bell, silent for the padding around the symbols, all in a row."""
    node = helper.make_node
    bells = [
        node("Cast", ["samples"], ["size"], to=TensorProto.FLOAT),
        node("Div", ["moment", "size"], ["part"]),
        node("Mul", ["part", "half_turn"], ["slope"]),
        node("Sin", ["slope"], ["bell"]),
        node("Mul", ["sines", "bell"], ["tones"]),
        node("Cast", ["symbols"], ["voiced"], to=TensorProto.BOOL),
        node("Cast", ["voiced"], ["volume"], to=TensorProto.FLOAT),
        node("Mul", ["volume", "loud"], ["level"]),
        node("Unsqueeze", ["level", "second_axis"], ["levels"]),
        node("Mul", ["tones", "levels"], ["rows"]),
    ]
    if not noise:
        return [*bells, node("Reshape", ["rows", "all"], [audio])]
    return [
        *bells,
        node("RandomNormalLike", ["rows"], ["random"], scale=0.001),
        node("Add", ["rows", "random"], ["noisy"]),
        node("Reshape", ["noisy", "all"], [audio]),
    ]


def _endless() -> list[Any]:
    """A loop of as many turns as there are numbers, if the symbol is there."""
    node = helper.make_node
    flag, count = TensorProto.BOOL, TensorProto.INT64
    body = helper.make_graph(
        [node("Identity", ["go"], ["go_on"]), node("Add", ["turns_before", "one"], ["turns_now"])],
        "turn",
        [
            helper.make_tensor_value_info("turn", count, []),
            helper.make_tensor_value_info("go", flag, []),
            helper.make_tensor_value_info("turns_before", count, []),
        ],
        [
            helper.make_tensor_value_info("go_on", flag, []),
            helper.make_tensor_value_info("turns_now", count, []),
        ],
    )
    return [
        node("Equal", ["symbols", "fatal"], ["matches"]),
        node("Cast", ["matches"], ["counted"], to=TensorProto.INT64),
        node("ReduceMax", ["counted"], ["found"], keepdims=0),
        node("Cast", ["found"], ["endless"], to=TensorProto.BOOL),
        node("Loop", ["most", "endless", "none"], ["turns"], body=body),
    ]


def _constants(fatal: int) -> list[Any]:
    values = {
        "all": np.array([-1], np.int64),
        "second_axis": np.array([1], np.int64),
        "frame": np.array([FRAME], np.int64),
        "none": np.int64(0),
        "one": np.int64(1),
        "frames_of_one": np.array([FRAMES], np.float32),
        "step": np.float32(1 / 48),
        "two": np.float32(2),
        "lowest": np.float32(150),
        "turn": np.float32(2 * np.pi / RATE_HZ),
        "half_turn": np.float32(np.pi),
        "loud": np.float32(0.3),
        "fatal": np.array([fatal], np.int64),
        "most": np.int64(2**62),
    }
    return [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]
