"""Where a sound holds speech, and how fast a voice speaks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tts_assets.audio.expected_length import Bounds, breaths, is_whispered, margins
from tts_assets.audio.measure import HOP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tts_assets.audio.measure import AudioMeasurements
    from tts_assets.model import Pronunciation, Samples


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


# A voice's pace: how long it takes for what it says, learned from clips that it has said.


#: From fewer clips nothing is learned.
LEAST_CLIPS = 40

#: What takes time, with the seconds that it takes of Japanese that is read aloud, and how far
#: voices are from that; from "whispered" on, beside an ordinary mora.
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
_VOICELESS = frozenset("カキクケコサスセソシタテトチツハヒヘホフパピプペポ")
_NO_CONSONANT = frozenset("アイウエオ")
_NARROW = frozenset("イキシチニヒミリギジビピィウクスツヌフムユルグズブプゥュ")
_UNIT_SECONDS, _UNIT_SHARE = 0.06, 0.06

#: Steps of the fit; it changes by less than a thousandth after ten.
_STEPS = 20

#: What is as many spreads off is no such clip, and half a spread is as good as none.
_OFF, _NEAR = 4.0, 0.5

#: The least spread, beside the margin of a known voice; and how sure one is of what is not learned.
_LEAST_SPREAD, _FIRST_SPREAD = 0.2, 0.5

#: The part of clips on either side that the spread does not see, and where that part of a normal
#: distribution begins: up to a fifth of the clips may be wrong.
_UNSEEN, _UNSEEN_AT = 0.1, 1.28

#: So many spreads less or more a clip may have: of clips that were not learned from, of three
#: voices, one in 200 has at most.
_SPREADS = 3.5

#: A mora that is all a clip says has so much less or more, as voices draw some out and clip others:
#: of the gojuon by Kokoro's five voices, ジュ takes half of what is learned from the others.
_ALONE_SHARE = 0.65


class Example(NamedTuple):
    """A clip whose length is known.

    Args:
        said: what it says.
        seconds: how long it takes, from its first sound to its last.
    """

    said: Pronunciation
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpeakingRate:
    """How long a voice takes at one speed.

    Args:
        times: seconds of each of the kinds that take time, shape (kinds,).
        doubt: how unsure they are, shape (kinds, kinds), beside the margin of a known voice.
        less: how far shorter clips are from what is foreseen, in such margins.
        more: how far longer ones are.
    """

    times: NDArray[np.float64]
    doubt: NDArray[np.float64]
    less: float
    more: float

    def bounds(self, said: Pronunciation) -> Bounds:
        """What a clip may have; wider where little of what it says was learned."""
        counts = _counts(said)
        foreseen = float(counts @ self.times)
        unit = float(_margin(np.asarray(foreseen)))
        unsure = _SPREADS * unit * float(np.sqrt(1 + counts @ self.doubt @ counts / unit**2))
        less, more = margins(foreseen)
        alone = _ALONE_SHARE * foreseen if _is_alone(said) else 0.0
        less, more = max(less, alone, unsure * self.less), max(more, alone, unsure * self.more)
        return Bounds(foreseen - less, foreseen + more)


def learn_pace(examples: Sequence[Example]) -> SpeakingRate | None:
    """The pace of a voice; None where too few of its clips are known.

    Least absolute deviations, by least squares that are weighted anew at each step (E. Schlossmacher,
    1973), so that one clip in ten may be wrong; beside what is known of Japanese, for what the clips
    do not tell.

    Args:
        examples: clips of one voice at one speed.
    """
    if len(examples) < LEAST_CLIPS:
        return None
    counts = np.array([_counts(each.said) for each in examples])
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
    """What lengths are measured in: how much less nearly every clip of a known voice has."""
    return _UNIT_SECONDS + _UNIT_SHARE * np.maximum(foreseen, 0.05)


def _weights(off: NDArray[np.float64]) -> NDArray[np.float64]:
    off = np.abs(off)
    off /= max(float(np.median(off)) / 0.6745, _LEAST_SPREAD)
    return np.where(off < _OFF, 1 / np.maximum(off, _NEAR), 0.0)


def _spreads(off: NDArray[np.float64]) -> tuple[float, float]:
    low, middle, high = np.quantile(off, [_UNSEEN, 0.5, 1 - _UNSEEN])
    # What was learned from few clips fits them better than it fits others.
    unsure = off.size / (off.size - len(_KINDS)) / _UNSEEN_AT
    return float(middle - low) * unsure, float(high - middle) * unsure


def _counts(said: Pronunciation) -> NDArray[np.float64]:
    """How often it has each of the kinds, shape (kinds,)."""
    groups = breaths(said)
    found = dict.fromkeys(_KINDS, 0)
    found["once"], found["pause"], found["phrase"] = 1, len(groups) - 1, len(said.phrases) - 1
    found["alone"] = int(_is_alone(said))
    for group in groups:
        for mora, after in zip(group, [*group[1:], ""], strict=True):
            for kind in _kinds(mora, after):
                found[kind] += 1
    if groups[-1][-1:] == ["ッ"]:
        # An utterance that ends in it ends before it.
        found["ッ"] -= 1
    return np.array(list(found.values()), dtype=np.float64)


def _is_alone(said: Pronunciation) -> bool:
    """Whether it is a single mora."""
    return sum(map(len, breaths(said))) == 1


def _kinds(mora: str, after: str) -> list[str]:
    if mora in _SPECIAL:
        return [mora]
    first = mora[0]
    return [
        "mora",
        *(["whispered"] if is_whispered(mora, after) else []),
        *(["fricative"] if first in _FRICATIVE else []),
        *(["voiceless"] if first in _VOICELESS else []),
        *(["no consonant"] if first in _NO_CONSONANT else []),
        *(["narrow vowel"] if mora[-1] in _NARROW else []),
        *(["glide"] if len(mora) > 1 else []),
    ]
