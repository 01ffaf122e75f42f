"""Builds a Piper voice of medium quality at its full size with random weights, to measure its cost.

    python benchmarks/random_piper.py --out FOLDER/ja_JP-random-medium.onnx [--noise]

The architecture is piper-tts's own (piper/train), with the settings of its medium voices; nothing is
downloaded. What comes out is no speech, but takes the time and the memory of speech, and has its
length: about 0.8 s for a word. The configuration, for Japanese phonemes, is written beside it. In
an environment of its own:

    pip install -r benchmarks/requirements-random.txt
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import torch
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP
from piper.train.vits.config import ModelAudioConfig, ModelConfig
from piper.train.vits.models import SynthesizerTrn

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

#: Frames for a phoneme id; lengths are rounded up. Words have some 19 ids, with those between.
_FRAMES = 3.5
_SYMBOLS = 256
#: Noise, length and noise of the lengths: what the exports of Piper are made with.
_SCALES = (0.667, 1.0, 0.8)
#: Brings the peaks of the output to about half of full scale.
_GAIN = 30.0
_SEED = 20260801


class _Speaking(torch.nn.Module):
    """The model as a voice calls it: ids, their number and three scales in, samples out."""

    def __init__(self, model: SynthesizerTrn) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, ids: torch.Tensor, lengths: torch.Tensor, scales: torch.Tensor
    ) -> torch.Tensor:
        samples = self.model.infer(
            ids, lengths, noise_scale=scales[0], length_scale=scales[1], noise_scale_w=scales[2]
        )[0]
        return samples.unsqueeze(1)


def main() -> None:
    """Build the voice."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True, help="the model to write")
    parser.add_argument("--noise", action="store_true", help="keep the graph's random nodes")
    options = parser.parse_args()
    # The exporter warns of what it finds in code that is not ours, at length.
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.manual_seed(_SEED)
    configuration = ModelConfig(
        # Medium voices are low ones at a higher rate.
        num_symbols=_SYMBOLS, n_speakers=1, audio=ModelAudioConfig.low_quality(),
    )  # fmt: skip
    _export(_Speaking(_model(configuration)).eval(), options.out, noise=options.noise)
    beside = options.out.with_name(f"{options.out.name}.json")
    beside.write_text(json.dumps(_voice(configuration, noise=options.noise), indent=1), "utf-8")
    print(f"{options.out}  {options.out.stat().st_size / 1e6:.1f} MB")


def _model(said: ModelConfig) -> SynthesizerTrn:
    model = SynthesizerTrn(
        n_vocab=said.num_symbols,
        spec_channels=said.mel.filter_length // 2 + 1,
        segment_size=said.segment_size // said.mel.hop_length,
        inter_channels=said.inter_channels,
        hidden_channels=said.hidden_channels,
        filter_channels=said.filter_channels,
        n_heads=said.n_heads,
        n_layers=said.n_layers,
        kernel_size=said.kernel_size,
        p_dropout=said.p_dropout,
        resblock=said.resblock,
        resblock_kernel_sizes=said.resblock_kernel_sizes,
        resblock_dilation_sizes=said.resblock_dilation_sizes,
        upsample_rates=said.upsample_rates,
        upsample_initial_channel=said.upsample_initial_channel,
        upsample_kernel_sizes=said.upsample_kernel_sizes,
        n_speakers=said.n_speakers,
        gin_channels=said.gin_channels,
        use_sdp=said.use_sdp,
    ).eval()
    model.dec.remove_weight_norm()
    _make_sane(model)
    speaking = (model.enc_p, model.dp, model.flow, model.dec)
    millions = sum(each.numel() for part in speaking for each in part.parameters()) / 1e6
    print(f"{millions:.1f} M parameters")
    return model


@torch.no_grad()
def _make_sane(model: SynthesizerTrn) -> None:
    """Give random weights the length and the loudness of speech."""
    last = model.dp.flows[0]
    # Backwards it computes (z - m) * exp(-logs), the logarithm of the length: let chance change it
    # by a tenth.
    last.logs.fill_(math.log(10))
    last.m.fill_(-math.log(_FRAMES) * 10)
    # The output is otherwise all but constant, and no sound.
    weight = model.dec.conv_post.weight
    weight.sub_(weight.mean(-1, keepdim=True)).mul_(_GAIN)


def _export(model: torch.nn.Module, out: Path, *, noise: bool) -> None:
    ids = torch.randint(0, _SYMBOLS, (1, 50))
    example = (ids, torch.tensor([50]), torch.tensor(_SCALES))
    with nullcontext() if noise else _silent_noise():
        torch.onnx.export(
            model,
            example,
            str(out),
            input_names=["input", "input_lengths", "scales"],
            output_names=["output"],
            dynamic_axes={
                "input": {0: "batch_size", 1: "phonemes"},
                "input_lengths": {0: "batch_size"},
                "output": {0: "batch_size", 2: "time"},
            },
            opset_version=15,
            dynamo=False,
        )


def _silent_noise() -> AbstractContextManager[Any]:
    """Zeros wherever the model draws random numbers, so that a graph repeats itself bit by bit."""
    return mock.patch.multiple(torch, randn=torch.zeros, randn_like=torch.zeros_like)


def _voice(said: ModelConfig, *, noise: bool) -> dict[str, Any]:
    """What stands in the ``.onnx.json`` of a voice."""
    sound, length, lengths = _SCALES if noise else (0.0, 1.0, 0.0)
    return {
        "audio": {"sample_rate": said.mel.sample_rate, "quality": "medium"},
        "espeak": {"voice": "ja"},
        "language": {"code": "ja_JP", "name_english": "Japanese"},
        "phoneme_type": "japanese",
        "inference": {"noise_scale": sound, "length_scale": length, "noise_w": lengths},
        "num_symbols": said.num_symbols,
        "num_speakers": said.n_speakers,
        "phoneme_id_map": {sign: list(ids) for sign, ids in DEFAULT_PHONEME_ID_MAP.items()},
        "speaker_id_map": {},
        "hop_length": said.mel.hop_length,
        "piper_version": "1.8.0",
    }


if __name__ == "__main__":
    main()
