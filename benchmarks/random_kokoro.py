"""Builds Kokoro-82M at its full size with random weights, for measuring what the real one costs.

    python benchmarks/random_kokoro.py --out kokoro.onnx --voices voices.bin
        [--layout v1.0|new] [--noise] [--int8 kokoro.int8.onnx] [--fp16 kokoro.fp16.onnx]

The architecture is the `kokoro` package's own, the configuration the published one that lies in the
kokoro-onnx package; nothing is downloaded. What comes out is no speech, but takes the time and the
memory of speech, and has its length: about a second for a word. In an environment of its own:

    pip install -r benchmarks/requirements-random.txt
    pip install --no-deps kokoro==0.9.4 kokoro-onnx==0.6.1
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import logging
import math
import sys
import types
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import torch

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

#: Frames of 25 ms for a phoneme, and for the pad before the first and after the last.
_PHONEME_FRAMES = 3.0
_PAD_FRAMES = 9.0
_VOICES = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
#: Input names, output names and type of the speed, as in the exports that people have.
_LAYOUTS = {
    "v1.0": (("tokens", "style", "speed"), ("audio",), torch.float32),
    "new": (("input_ids", "style", "speed"), ("waveform", "duration"), torch.int32),
}
_SEED = 20260801


class _Paced(torch.nn.Module):
    """A duration predictor whose sigmoids sum up to the frames above, whatever the weights say."""

    def __init__(self, predictor: torch.nn.Module, bins: int) -> None:
        super().__init__()
        self.predictor = predictor
        with torch.no_grad():
            predictor.linear_layer.weight.mul_(0.1)
            predictor.linear_layer.bias.fill_(_logit(_PHONEME_FRAMES / bins))
        self.pad = _logit(_PAD_FRAMES / bins) - _logit(_PHONEME_FRAMES / bins)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        logits = self.predictor(hidden)
        return torch.cat([logits[:, :1] + self.pad, logits[:, 1:-1], logits[:, -1:] + self.pad], 1)


class _AudioOnly(torch.nn.Module):
    """The first of the model's two outputs."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.model(*inputs)[0]


def main() -> None:
    """Build what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True, help="the model to write, float32")
    parser.add_argument("--layout", choices=_LAYOUTS, default="v1.0")
    parser.add_argument("--noise", action="store_true", help="keep the graph's random nodes")
    parser.add_argument("--int8", type=Path, help="write a dynamically quantised one, too")
    parser.add_argument("--fp16", type=Path, help="write one of half precision, too")
    parser.add_argument("--voices", type=Path, help="write random voices, too")
    options = parser.parse_args()
    # Both exporters warn of what they find in code that is not ours, at length.
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.manual_seed(_SEED)
    _export(_model(), options.out, options.layout, noise=options.noise)
    if options.int8:
        _quantise(options.out, options.int8)
    if options.fp16:
        _halve(options.out, options.fp16)
    if options.voices:
        _write_voices(options.voices)
    for path in (options.out, options.int8, options.fp16, options.voices):
        if path:
            print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


def _model() -> torch.nn.Module:
    _skip_package_start("kokoro")
    from kokoro.model import KModel, KModelForONNX

    empty = io.BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    model: Any = KModel(
        repo_id="hexgrad/Kokoro-82M", config=_configuration(), model=empty, disable_complex=True
    )
    _make_sane(model)
    millions = sum(each.numel() for each in model.parameters()) / 1e6
    print(f"{millions:.1f} M parameters")
    return KModelForONNX(model).eval()


def _skip_package_start(name: str) -> None:
    """Let a package's modules be imported without its ``__init__``, which wants all of misaki."""
    package = types.ModuleType(name)
    package.__path__ = [str(_folder(name))]
    sys.modules[name] = package


def _configuration() -> dict[str, Any]:
    text = (_folder("kokoro_onnx") / "config.json").read_text("utf-8")
    configuration: dict[str, Any] = json.loads(text)
    return configuration


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        sys.exit(f"{package} is not installed: pip install --no-deps {package}")
    return Path(spec.origin).parent


@torch.no_grad()
def _make_sane(model: Any) -> None:
    """Give random weights the length, the pitch and the loudness of speech."""
    predictor = model.predictor
    bins = predictor.duration_proj.linear_layer.out_features
    predictor.duration_proj = _Paced(predictor.duration_proj, bins)
    # Voiced, so that the source's sines are not silent.
    predictor.F0_proj.bias.fill_(220.0)
    # The first half of this layer's output are the logarithms of the amplitudes, 1.2 kHz each. They
    # fall, as codecs change the loudness of white noise, and begin low, as a constant offset would
    # have peaks without loudness: each would be levelled twice, which speech is not.
    bins = model.decoder.generator.post_n_fft // 2 + 1
    amplitudes = 0.7 - 0.7 * torch.arange(bins)
    amplitudes[0] = -3.0
    model.decoder.generator.conv_post.bias[:bins] = amplitudes


def _export(model: torch.nn.Module, out: Path, layout: str, *, noise: bool) -> None:
    inputs, outputs, speed_type = _LAYOUTS[layout]
    graph = model if len(outputs) > 1 else _AudioOnly(model)
    tokens = torch.randint(1, 100, (1, 50))
    tokens[0, 0] = tokens[0, -1] = 0
    example = (tokens, torch.randn(1, 256) * 0.1, torch.ones(1, dtype=speed_type))
    with nullcontext() if noise else _silent_noise():
        torch.onnx.export(
            graph,
            example,
            str(out),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={inputs[0]: {1: "tokens"}, outputs[0]: {0: "samples"}},
            opset_version=17,
            dynamo=False,
        )


def _silent_noise() -> AbstractContextManager[Any]:
    """Zeros wherever the model draws random numbers, so that a graph repeats itself bit by bit."""

    def zeros(*shape: int, device: Any = None) -> torch.Tensor:
        return torch.zeros(*shape, device=device)

    return mock.patch.multiple(torch, rand=zeros, randn_like=torch.zeros_like)


def _quantise(source: Path, out: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Signed weights would take three times as long: onnxruntime has no fast convolution for them.
    quantize_dynamic(source, out, weight_type=QuantType.QUInt8)


def _halve(source: Path, out: Path) -> None:
    import onnx

    # The converter of onnxconverter-common leaves casts to float32 inside, and such a graph does
    # not load; onnxruntime's own changes them.
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=True), out)


def _write_voices(path: Path) -> None:
    generator = np.random.default_rng(_SEED)
    styles = {
        name: (generator.standard_normal((510, 1, 256)) * 0.1).astype(np.float32)
        for name in _VOICES
    }
    with path.open("wb") as file:
        np.savez(file, **styles)


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


if __name__ == "__main__":
    main()
