"""Find speech and pauses in a sound, and learn the speaking rate of a voice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tts_assets.audio.expected_length import (
    VOICELESS,
    Bounds,
    compute_margins,
    is_whispered,
    split_breaths,
)
from tts_assets.audio.measure import HOP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tts_assets.audio.measure import AudioMeasurements
    from tts_assets.model import Pronunciation, Samples


#: The input of the model (faster-whisper 1.2.1, silero_vad_v6): frames of 32 ms, each preceded by the
#: last 4 ms of the previous one.
_RATE_HZ = 16_000
_FRAME, _CONTEXT = 512, 64
_STATE = (1, 1, 128)


def measure_speech_probability(samples: Samples, rate_hz: int) -> float | None:
    """The highest probability of speech of any frame; None if no model is installed."""
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
    """The session, shared by all threads; each call uses one core."""
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


_SILENCE_DB = -50.0  #: silence relative to the loudest 10 ms, as in ``audio.prepare``
LEAST_PAUSE = 0.15  #: shorter silences are closures; in seconds
_SPOKEN_DB = -40.0  #: speech is louder; breath and the noise of codecs are not


class Gap(NamedTuple):
    """A part of a sound below a level, in seconds from its beginning."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin


@dataclass(frozen=True, kw_only=True)
class SpeechActivity:
    """The audible part of a sound that is not silent."""

    measured: AudioMeasurements

    @cached_property
    def _hops(self) -> tuple[int, int]:
        powers = self.measured.powers
        (loud,) = np.nonzero(powers >= powers.max() * 10 ** (_SILENCE_DB / 10))
        return int(loud[0]), int(loud[-1]) + 1

    @property
    def begin(self) -> float:
        return self._hops[0] * HOP_SECONDS

    @property
    def end(self) -> float:
        return min(self._hops[1] * HOP_SECONDS, self.measured.seconds)

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    @cached_property
    def levels_db(self) -> NDArray[np.float32]:
        """The level of each 10 ms relative to the loudest; shape (hops,)."""
        begin, end = self._hops
        powers = self.measured.powers[begin:end]
        least = np.finfo(np.float32).tiny
        levels: NDArray[np.float32] = 10 * np.log10(np.maximum(powers / powers.max(), least))
        return levels

    @property
    def speech_seconds(self) -> float:
        """Its duration without pauses."""
        return count_spoken_hops(self.measured.powers) * HOP_SECONDS

    @property
    def peaks(self) -> NDArray[np.float32]:
        """The highest magnitude of each 10 ms; shape (hops,)."""
        begin, end = self._hops
        return self.measured.peaks[begin:end]

    @property
    def hertz(self) -> NDArray[np.float32]:
        """The pitch of each 10 ms in the measured part; shape (hops or less,)."""
        begin, end = self._hops
        return self.measured.hertz[begin:end]

    def gaps(self, below_db: float = _SILENCE_DB) -> list[Gap]:
        """The parts below a level relative to the loudest 10 ms."""
        quiet = np.concatenate(([False], self.levels_db < below_db, [False]))
        edges = np.flatnonzero(quiet[1:] != quiet[:-1]) * HOP_SECONDS + self.begin
        return [Gap(*map(float, pair)) for pair in edges.reshape(-1, 2)]


def count_spoken_hops(powers: NDArray[np.float32]) -> int:
    """Count the hops of speech, including closures but not pauses, from the power of each 10 ms."""
    (spoken,) = np.nonzero(powers >= powers.max() * 10 ** (_SPOKEN_DB / 10))
    steps = np.diff(spoken)
    return 1 + int(np.where(steps > round(LEAST_PAUSE / HOP_SECONDS) + 1, 1, steps).sum())


def divide_at_gaps(begin: float, end: float, gaps: Sequence[Gap], count: int) -> list[Gap]:
    """Divide a sound at its longest gaps into so many breath groups; empty if it has too few."""
    pauses = [gap for gap in gaps if gap.seconds >= LEAST_PAUSE]
    pauses = sorted(sorted(pauses, key=lambda gap: -gap.seconds)[: count - 1])
    if len(pauses) != count - 1:
        return []
    begins = [begin, *(gap.end for gap in pauses)]
    ends = [*(gap.begin for gap in pauses), end]
    return list(map(Gap, begins, ends))


LEAST_CLIPS = 40  #: the fewest clips to learn from

#: The features that determine the length, with typical seconds and deviations of voices; those from
#: "whispered" on are added to an ordinary mora.
_KINDS = {
    "once": (0.10, 0.15),
    "pause": (0.50, 0.50),
    "phrase": (0.0, 0.04),
    "alone": (0.0, 0.15),
    "mora": (0.12, 0.06),
    "ー": (0.11, 0.06),
    "ッ": (0.11, 0.06),
    "ン": (0.08, 0.06),
    "whispered": (-0.02, 0.04),
    "fricative": (0.04, 0.04),
    "voiceless": (0.03, 0.04),
    "no consonant": (-0.02, 0.04),
    "narrow vowel": (-0.02, 0.04),
    "glide": (0.0, 0.04),
}
_SPECIAL = frozenset("ーッン")
_FRICATIVE = frozenset("サスセソシチツザズゼゾジ")
_NO_CONSONANT = frozenset("アイウエオ")
_NARROW = frozenset("イキシチニヒミリギジビピィウクスツヌフムユルグズブプゥュ")
_UNIT_SECONDS, _UNIT_SHARE = 0.06, 0.06

_STEPS = 20  #: iterations of the fit; after ten, it changes by less than a thousandth

#: In spreads: residuals above the first are outliers; those below the second count as exact.
_OFF, _NEAR = 4.0, 0.5

#: The least spread, relative to the margin of a calibrated voice; and the weight of the prior.
_LEAST_SPREAD, _FIRST_SPREAD = 0.2, 0.5

#: The share of clips on either side that the spread ignores, and its quantile of a normal
#: distribution: up to a fifth of the clips may be wrong.
_UNSEEN, _UNSEEN_AT = 0.1, 1.28

_SPREADS = 3.5  #: the bounds in spreads: one in 200 other clips of three voices is outside

#: The bounds of a single mora, as voices lengthen some and shorten others: of the gojuon by Kokoro's
#: five voices, ジュ takes half of the learned length.
_ALONE_SHARE = 0.65


class Example(NamedTuple):
    """The pronunciation and length of a clip, from its first sound to its last."""

    spoken: Pronunciation
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpeakingRate:
    """The lengths of the sounds of a voice at one speed."""

    times: NDArray[np.float64]  #: seconds of each feature, shape (kinds,)
    doubt: NDArray[np.float64]  #: their covariance, relative to the margin of a calibrated voice
    less: float  #: the spread of clips shorter than expected, in such margins
    more: float  #: the spread of longer ones

    def bounds(self, spoken: Pronunciation) -> Bounds:
        """The bounds of a clip, wider for rarely learned features."""
        counts = _counts(spoken)
        foreseen = float(counts @ self.times)
        unit = float(_margin(np.asarray(foreseen)))
        unsure = _SPREADS * unit * float(np.sqrt(1 + counts @ self.doubt @ counts / unit**2))
        less, more = compute_margins(foreseen)
        alone = _ALONE_SHARE * foreseen if _is_alone(spoken) else 0.0
        less, more = max(less, alone, unsure * self.less), max(more, alone, unsure * self.more)
        return Bounds(foreseen - less, foreseen + more)


def learn_pace(examples: Sequence[Example]) -> SpeakingRate | None:
    """Learn the speaking rate from clips of one voice at one speed; None if there are too few.

    Least absolute deviations by iteratively reweighted least squares (E. Schlossmacher, 1973), so that
    one clip in ten may be wrong, with a prior of typical Japanese.
    """
    if len(examples) < LEAST_CLIPS:
        return None
    counts = np.array([_counts(each.spoken) for each in examples])
    seconds = np.array([each.seconds for each in examples])
    usual, far = np.array(list(_KINDS.values())).T
    times = usual = usual * np.median(seconds / (counts @ usual))
    prior = np.diag((_FIRST_SPREAD / far) ** 2)
    weights = np.ones(len(examples))
    for step in range(_STEPS):
        unit = _margin(counts @ times)
        if step:
            weights = _weights((seconds - counts @ times) / unit)
        rows = counts / unit[:, None]
        certainty = rows.T @ (rows * weights[:, None]) + prior
        times = np.linalg.solve(certainty, rows.T @ (seconds / unit * weights) + prior @ usual)
    foreseen = counts @ times
    less, more = _spreads((seconds - foreseen) / _margin(foreseen))
    return SpeakingRate(
        times=times, doubt=np.asarray(np.linalg.inv(certainty), np.float64), less=less, more=more
    )


def _margin(foreseen: NDArray[np.float64]) -> NDArray[np.float64]:
    """The unit of residuals: the lower margin of a calibrated voice."""
    return _UNIT_SECONDS + _UNIT_SHARE * np.maximum(foreseen, 0.05)


def _weights(off: NDArray[np.float64]) -> NDArray[np.float64]:
    off = np.abs(off)
    off /= max(float(np.median(off)) / 0.6745, _LEAST_SPREAD)
    return np.where(off < _OFF, 1 / np.maximum(off, _NEAR), 0.0)


def _spreads(off: NDArray[np.float64]) -> tuple[float, float]:
    low, middle, high = np.quantile(off, [_UNSEEN, 0.5, 1 - _UNSEEN])
    # A fit to few clips underestimates the spread of others.
    unsure = off.size / (off.size - len(_KINDS)) / _UNSEEN_AT
    return float(middle - low) * unsure, float(high - middle) * unsure


def _counts(spoken: Pronunciation) -> NDArray[np.float64]:
    """The count of each feature, shape (kinds,)."""
    groups = split_breaths(spoken)
    counts = dict.fromkeys(_KINDS, 0)
    counts["once"], counts["pause"], counts["phrase"] = 1, len(groups) - 1, len(spoken.phrases) - 1
    counts["alone"] = int(_is_alone(spoken))
    for group in groups:
        for mora, after in zip(group, [*group[1:], ""], strict=True):
            for kind in _kinds(mora, after):
                counts[kind] += 1
    if groups[-1][-1:] == ["ッ"]:
        # An utterance that ends in ッ ends before its closure.
        counts["ッ"] -= 1
    return np.array(list(counts.values()), dtype=np.float64)


def _is_alone(spoken: Pronunciation) -> bool:
    return sum(map(len, split_breaths(spoken))) == 1


def _kinds(mora: str, after: str) -> list[str]:
    if mora in _SPECIAL:
        return [mora]
    features = {
        "mora": True,
        "whispered": is_whispered(mora, after),
        "fricative": mora[0] in _FRICATIVE,
        "voiceless": mora[0] in VOICELESS,
        "no consonant": mora[0] in _NO_CONSONANT,
        "narrow vowel": mora[-1] in _NARROW,
        "glide": len(mora) > 1,
    }
    return [kind for kind, applies in features.items() if applies]
