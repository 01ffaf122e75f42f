"""Piper voices that the real library loads and runs: a tone for each phoneme, at once.

They have the inputs and the output of real ones: ``input`` int64 [1, n], ``input_lengths`` int64 [1],
``scales`` float32 [3] (noise, length, noise of lengths), ``sid`` int64 [1] for several speakers; float32
[1, 1, samples].
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 22_050
#: Of each phoneme at length scale 1; the pads between them are silent.
SAMPLES = 441
SYMBOLS = 256


def voice(
    folder: Path,
    name: str = "ja_JP-tones-medium",
    *,
    phonemes: str = "japanese",
    espeak: str = "ja",
    speakers: int = 1,
    **changes: Any,
) -> Path:
    """A voice whose files belong together; its model.

    Args:
        folder: where its two files are put.
        name: what they are called.
        phonemes: its phoneme type.
        espeak: the voice of espeak that makes its phonemes.
        speakers: how many it has: each speaks higher than the one before.
        changes: members of the configuration that are to be others; None to leave one out.
    """
    path = folder / f"{name}.onnx"
    write_model(path, speakers=speakers)
    changes = {"phoneme_type": phonemes, "espeak": {"voice": espeak}, **changes}
    write_configuration(path, speakers=speakers, **changes)
    return path


def write_configuration(model: Path, *, speakers: int = 1, **changes: object) -> None:
    """The file beside a model."""
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    said: dict[str, Any] = {
        "audio": {"sample_rate": RATE_HZ, "quality": "medium"},
        "espeak": {"voice": "ja"},
        "phoneme_type": "japanese",
        "num_symbols": SYMBOLS,
        "num_speakers": speakers,
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "speaker_id_map": {},
    } | changes
    text = json.dumps({key: value for key, value in said.items() if value is not None})
    model.with_name(f"{model.name}.json").write_text(text, encoding="utf-8")


def write_model(
    path: Path,
    *,
    speakers: int = 1,
    symbols: int = SYMBOLS,
    noisy: bool = False,
    loudness: float = 0.3,
    samples: int = SAMPLES,
    inputs: Sequence[str] = ("input", "input_lengths", "scales", "sid"),
) -> None:
    """A model that sounds.

    Args:
        path: the ``.onnx`` file.
        speakers: it takes ``sid`` if they are several.
        symbols: how many phonemes it knows.
        noisy: it draws chance by the noise scale, as real ones do.
        loudness: the amplitude of its tones.
        samples: how long each is at length scale 1.
        inputs: what its inputs are called.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    ids, lengths, scales, sid = inputs
    constants = {
        "tones": _tones(symbols).astype(np.float32),
        "pitches": (1.0 + 0.5 * np.arange(speakers)).astype(np.float32),
        "samples": np.float32(samples),
        "turn": np.float32(2 * np.pi / RATE_HZ),
        "loudness": np.float32(loudness),
        "zero": np.int64(0),
        "one": np.int64(1),
        "last": np.array([-1]),
        "row": np.array([1, 1, -1]),
    }
    steps = [
        ("Gather", ["tones", ids], "tone"),
        ("Gather", ["pitches", sid if speakers > 1 else "zero"], "pitch"),
        ("Mul", ["tone", "pitch"], "pitched"),
        ("Unsqueeze", ["pitched", "last"], "column"),
        ("Gather", [scales, "one"], "length_scale"),
        ("Mul", ["samples", "length_scale"], "exactly"),
        ("CastLike", ["exactly", "one"], "count"),
        ("Range", ["zero", "count", "one"], "steps"),
        ("CastLike", ["steps", "turn"], "time"),
        ("Mul", ["time", "turn"], "angle"),
        ("Mul", ["column", "angle"], "phase"),
        ("Sin", ["phase"], "wave"),
        ("Mul", ["wave", "loudness"], "clean"),
        ("RandomNormalLike", ["clean"], "noise"),
        ("Gather", [scales, "zero"], "noise_scale"),
        ("Mul", ["noise", "noise_scale"], "scaled_noise"),
        ("Add", ["clean", "scaled_noise"], "sound"),
        ("Reshape", ["sound" if noisy else "clean", "row"], "output"),
    ]
    chance = {"noise", "noise_scale", "scaled_noise", "sound"}
    nodes = [
        helper.make_node(kind, taken, [made])
        for kind, taken, made in steps
        if noisy or made not in chance
    ]
    shapes: list[tuple[str, int, list[int | str]]] = [
        (ids, TensorProto.INT64, [1, "n"]),
        (lengths, TensorProto.INT64, [1]),
        (scales, TensorProto.FLOAT, [3]),
        (sid, TensorProto.INT64, [1]),
    ]
    graph = helper.make_graph(
        nodes,
        "tones",
        [
            helper.make_tensor_value_info(name, kind, shape)
            for name, kind, shape in shapes[: 4 if speakers > 1 else 3]
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, "samples"])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)


def heard(samples: NDArray[np.float32]) -> list[str]:
    """The phonemes of each sentence that a voice's first speaker has said at length scale 1."""
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    names = {ids[0]: phoneme for phoneme, ids in DEFAULT_PHONEME_ID_MAP.items()}
    time = 2 * np.pi / RATE_HZ * np.arange(SAMPLES)
    waves = 0.3 * np.sin(_tones(SYMBOLS)[:, None] * time)
    said = [
        names[int(np.abs(waves - part).sum(axis=1).argmin())]
        for part in samples.reshape(-1, SAMPLES)
    ]
    return ["".join(said[1:-1]).replace("_", "") for said in _parted(said)]


def _parted(said: list[str]) -> list[list[str]]:
    """Sentences, from ^ to $; the pauses between them are left out."""
    begins = [place for place, phoneme in enumerate(said) if phoneme == "^"]
    return [said[begin : said.index("$", begin) + 1] for begin in begins]


def _tones(symbols: int) -> NDArray[np.float64]:
    """The frequency of each phoneme, in Hz; the first one, which only parts the others, is silent."""
    tones = np.linspace(150.0, 145.0 + 5.0 * symbols, symbols)
    tones[0] = 0.0
    return tones
