"""Where a sound holds speech, by levels and by Silero VAD."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tts_assets.audio.measure import HOP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tts_assets.audio.measure import AudioMeasurements
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


# The course of a sound: where it begins and ends, its silences, and what is heard in between.


#: So far below the loudest 10 ms is silence, as where clips are trimmed (``audio.edges``).
_SILENCE_DB = -50.0


#: Shorter silences are closures, in seconds.
LEAST_PAUSE = 0.15


#: What stays below this is not spoken; breath and the noise of codecs do.
_SPOKEN_DB = -40.0


class Gap(NamedTuple):
    """A stretch within a sound in which it stays below a level, in seconds from its beginning."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.begin


@dataclass(frozen=True, kw_only=True)
class SpeechActivity:
    """A sound that is heard, from its first 10 ms that are no silence to its last.

    Args:
        heard: what was measured; some of it is heard.
    """

    heard: AudioMeasurements

    @cached_property
    def _hops(self) -> tuple[int, int]:
        powers = self.heard.powers
        (loud,) = np.nonzero(powers >= powers.max() * 10 ** (_SILENCE_DB / 10))
        return int(loud[0]), int(loud[-1]) + 1

    @property
    def begin(self) -> float:
        """Where it begins, in seconds."""
        return self._hops[0] * HOP_SECONDS

    @property
    def end(self) -> float:
        """Where it ends, in seconds."""
        return min(self._hops[1] * HOP_SECONDS, self.heard.seconds)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.begin

    @cached_property
    def levels_db(self) -> NDArray[np.float32]:
        """How loud each 10 ms of it are, beside the loudest; shape (hops,)."""
        begin, end = self._hops
        powers = self.heard.powers[begin:end]
        least = np.finfo(np.float32).tiny
        levels: NDArray[np.float32] = 10 * np.log10(np.maximum(powers / powers.max(), least))
        return levels

    @property
    def speech_seconds(self) -> float:
        """How long it is without its pauses."""
        return count_spoken_hops(self.heard.powers) * HOP_SECONDS

    @property
    def peaks(self) -> NDArray[np.float32]:
        """The highest magnitude of each 10 ms of it; shape (hops,)."""
        begin, end = self._hops
        return self.heard.peaks[begin:end]

    @property
    def hertz(self) -> NDArray[np.float32]:
        """The pitch of each 10 ms of it, as far as the voice was listened to; shape (hops or less,)."""
        begin, end = self._hops
        return self.heard.hertz[begin:end]

    def gaps(self, below_db: float = _SILENCE_DB) -> list[Gap]:
        """Where it stays below a level, beside its loudest 10 ms."""
        quiet = np.concatenate(([False], self.levels_db < below_db, [False]))
        edges = np.flatnonzero(quiet[1:] != quiet[:-1]) * HOP_SECONDS + self.begin
        return [Gap(*map(float, pair)) for pair in edges.reshape(-1, 2)]


def count_spoken_hops(powers: NDArray[np.float32]) -> int:
    """How many 10 ms a voice speaks, closures counted and pauses not.

    Args:
        powers: mean square of each 10 ms, shape (hops,), one of them at least.
    """
    (spoken,) = np.nonzero(powers >= powers.max() * 10 ** (_SPOKEN_DB / 10))
    steps = np.diff(spoken)
    return 1 + int(np.where(steps > round(LEAST_PAUSE / HOP_SECONDS) + 1, 1, steps).sum())


def stretches(begin: float, end: float, gaps: Sequence[Gap], count: int) -> list[Gap]:
    """What is said in one breath each: what lies between the longest silences of a sound.

    Args:
        begin: where the sound begins, in seconds.
        end: where it ends.
        gaps: the silences within it, in any order.
        count: how many breaths there should be.

    Returns:
        As many; nothing where there are too few silences that are no mere closures.
    """
    pauses = [gap for gap in gaps if gap.seconds >= LEAST_PAUSE]
    pauses = sorted(sorted(pauses, key=lambda gap: -gap.seconds)[: count - 1])
    if len(pauses) != count - 1:
        return []
    begins = [begin, *(gap.end for gap in pauses)]
    ends = [*(gap.begin for gap in pauses), end]
    return list(map(Gap, begins, ends))
