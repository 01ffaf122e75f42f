"""How like speech a sound is to Silero VAD, a small model that comes with faster-whisper."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tts_assets.model import Samples


#: What the model was made for (faster-whisper 1.2.1, silero_vad_v6): frames of 32 ms, each with
#: the last 4 ms of the one before it.
_RATE_HZ = 16_000
_FRAME, _CONTEXT = 512, 64
_STATE = (1, 1, 128)


def likeliest(samples: Samples, rate_hz: int) -> float | None:
    """The probability of speech in the frame that is likest to it; None where there is no model.

    Args:
        samples: shape (n,), full scale at -1..1.
        rate_hz: samples per second.
    """
    model = _model()
    if model is None:
        return None
    import soxr  # noqa: PLC0415 - only needed with the model

    sound = soxr.resample(samples, rate_hz, _RATE_HZ)
    padded = np.zeros(_CONTEXT + -(-sound.size // _FRAME) * _FRAME, dtype=np.float32)
    padded[_CONTEXT:][: sound.size] = sound
    frames = np.lib.stride_tricks.sliding_window_view(padded, _CONTEXT + _FRAME)[::_FRAME]
    state = np.zeros(_STATE, dtype=np.float32)
    found = model.run(None, {"input": np.ascontiguousarray(frames), "h": state, "c": state})
    return float(found[0].max(initial=0.0))


@cache
def _model() -> Any:
    """A session with one thread, which all threads may use; None where it is not installed."""
    package = find_spec("faster_whisper")
    if package is None or package.origin is None:
        return None
    paths = sorted(Path(package.origin).parent.glob("assets/silero_vad*.onnx"))
    if not paths:
        return None
    import onnxruntime  # noqa: PLC0415 - heavy, and only needed with the model

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(paths[-1]), options, providers=["CPUExecutionProvider"])
