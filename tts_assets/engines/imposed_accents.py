"""Impose accents on finished speech: its morae are located, and its pitch follows their tones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soxr

from tts_assets.audio.measure import HOP_SECONDS, pitch
from tts_assets.engines.accent_recognizer import (
    MOST_SECONDS,
    RATE_HZ,
    EmbeddedVoice,
    align_morae,
    compute_features,
)
from tts_assets.errors import ClipError
from tts_assets.japanese.analysis import nodes_to_text, to_accent_phrases
from tts_assets.japanese.engine_notation import find_questions
from tts_assets.japanese.melody import MoraTones, compute_tones, place_tones
from tts_assets.model import split_morae

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from tts_assets.engines.accent_recognizer import MoraTime
    from tts_assets.japanese.analysis import Nodes
    from tts_assets.japanese.dictionary import Dictionary
    from tts_assets.model import Phrase, Samples

#: What the voices themselves hardly leave.
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 600.0

#: The formants of voices, relative to those of the embedded one.
_FORMANTS = (1.0, 0.88, 0.76)

#: The distance of a sound from its reading, relative to that from two other readings: limits for so many
#: morae and more. Of words and sentences of two voices of Kokoro, 1 in 100 exceeds them. Another reading
#: of as many morae does in all of 46 sentences, in 29 of 34 longer words, and in a third of the shorter
#: ones; with the embedded voice, in 6 of 12 sentences. A single mora does not tell, and cannot be
#: misplaced.
_MOST_DISTANCES = ((13, 0.9), (4, 0.96), (2, 1.03), (0, np.inf))

#: A reading becomes another one of as many morae by moving each of its kana on in this list.
_KANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワ"
    "ガギグゲゴザジズゼゾダデドバビブベボパピプペポ"
)
_MOVES = (22, 36)
_ENDS_OF_SYLLABLES = frozenset("ンッー")


class AccentImposer:
    """Imposes accents in a process that has the dictionary; may be asked from several threads."""

    def __init__(self, dictionary: Dictionary) -> None:
        """Load the embedded voice; the dictionary makes its labels."""
        self._embedded_voice = EmbeddedVoice(dictionary)

    def impose(
        self, samples: Samples, rate_hz: int, sentences: Sequence[Nodes], *, asks: bool = False
    ) -> Samples | None:
        """The speech with the melody of its accents, as long as before.

        Args:
            samples: shape (n,), any scale.
            rate_hz: samples per second.
            sentences: the analysis of what is spoken.
            asks: the last sentence is a question, with or without a mark.

        Returns:
            None if the morae cannot be located: another reading was spoken, or the sound is too long.
        """
        phrases: list[Phrase] = []
        tones: list[MoraTones] = []
        for place, nodes in enumerate(sentences):
            own = to_accent_phrases(nodes)
            asking: Collection[int] = find_questions(own, nodes_to_text(nodes))
            if asks and place == len(sentences) - 1:
                asking = {*asking, len(own) - 1}
            tones += compute_tones(own, asking)
            phrases += [*own[:-1], own[-1]._replace(pause=True)]
        morae = self.locate_morae(samples, rate_hz, phrases)
        if morae is None:
            return None
        hertz = pitch(samples, rate_hz)
        return change_pitch(samples, rate_hz, hertz, _compute_target(hertz, tones, morae))

    def locate_morae(
        self, samples: Samples, rate_hz: int, phrases: Sequence[Phrase]
    ) -> list[MoraTime] | None:
        """When the morae of phrases are spoken; None if they cannot be located."""
        if samples.size > MOST_SECONDS * rate_hz:
            return None
        low = soxr.resample(samples, rate_hz, RATE_HZ)
        try:
            reference = self._embedded_voice.speak_phrases(phrases)
            expected = compute_features(reference.samples, 1.0)
            heard = [compute_features(low, formants) for formants in _FORMANTS]
            found = [align_morae(each, expected, reference.morae) for each in heard]
            best = int(np.argmin([each.distance for each in found]))
            others = []
            for move in _MOVES:
                other = self._embedded_voice.speak_phrases(_change_reading(phrases, move))
                features = compute_features(other.samples, 1.0)
                others.append(align_morae(heard[best], features, other.morae).distance)
        except ClipError:
            # Silence, or morae that the embedded voice does not know.
            return None
        most = next(most for morae, most in _MOST_DISTANCES if len(reference.morae) >= morae)
        is_sure = found[best].distance <= most * float(np.mean(others))
        return found[best].morae if is_sure else None


def _change_reading(phrases: Sequence[Phrase], move: int) -> list[Phrase]:
    """Phrases with other sounds."""

    def change_mora(mora: str) -> str:
        if mora in _ENDS_OF_SYLLABLES:
            return mora
        return _KANA[(_KANA.find(mora[0]) + move) % len(_KANA)]

    return [
        phrase._replace(kana="".join(map(change_mora, split_morae(phrase.kana))))
        for phrase in phrases
    ]


def _compute_target(
    hertz: NDArray[np.float32], tones: Sequence[MoraTones], morae: Sequence[MoraTime]
) -> NDArray[np.float64]:
    """The melody of tones every 10 ms in Hz, as high in the middle as the voice."""
    spans = [(each.begin / HOP_SECONDS, each.end / HOP_SECONDS) for each in morae]
    melody = place_tones([each.tones for each in tones], spans, hertz.size)
    differences = 12 * np.log2(hertz) - melody
    voiced = differences[np.isfinite(differences)]
    middle = voiced.mean() if voiced.size else 0.0
    return np.clip(2 ** ((melody + middle) / 12), _LOWEST_HZ, _HIGHEST_HZ)


# The pitch: time-domain pitch-synchronous overlap-add, as E. Moulines and F. Charpentier describe it
# (Speech Communication 9, 1990). Periods are moved closer together or apart.

#: A period differs from what is expected by this part at most.
_SEARCH = 0.2

#: Gaps of so many steps within a voice are errors of the pitch.
_MOST_GAP = 3

#: A voice reaches as far as each period is like the one before: the least correlation.
_LEAST_LIKENESS = 0.4

#: Fewer periods are left as they are.
_FEWEST_MARKS = 3


class _Stretch(NamedTuple):
    """Where a sound is voiced, in samples, and the period at each of them; it may reach to the limits."""

    begin: int
    periods: NDArray[np.float64]
    lowest: int
    highest: int

    @property
    def end(self) -> int:
        return self.begin + self.periods.size


def change_pitch(
    samples: Samples, rate_hz: int, hertz: NDArray[np.float32], target_hz: NDArray[np.float64]
) -> Samples:
    """The sound with another pitch where it is voiced, as long as before.

    Args:
        samples: shape (n,).
        rate_hz: samples per second.
        hertz: its pitch every 10 ms, as `measure.pitch` returns it; nan where nothing is voiced.
        target_hz: the new pitch at the same times, whether voiced or not.
    """
    changed = samples.copy()
    times = np.arange(hertz.size) * HOP_SECONDS * rate_hz
    for stretch in _find_voiced(hertz, rate_hz, samples.size):
        marks = _mark_periods(samples, stretch)
        if marks.size >= _FEWEST_MARKS:
            _move_periods(samples, changed, marks, rate_hz / np.interp(marks, times, target_hz))
    return changed


def _find_voiced(hertz: NDArray[np.float32], rate_hz: int, size: int) -> Iterator[_Stretch]:
    (at,) = np.nonzero(np.isfinite(hertz))
    parts = np.split(at, np.flatnonzero(np.diff(at) > _MOST_GAP + 1) + 1)
    hop = HOP_SECONDS * rate_hz
    spans = [
        (round(part[0] * hop), min(size, round(part[-1] * hop) + 1))
        for part in parts
        if part.size > 1
    ]
    edges = [(0, 0), *spans, (size, size)]
    for (_, before), (begin, end), (after, _) in zip(edges, spans, edges[2:], strict=False):
        periods = np.interp(np.arange(begin, end), at * hop, rate_hz / hertz[at])
        yield _Stretch(begin, periods, (before + begin) // 2, (end + after) // 2)


def _mark_periods(samples: Samples, stretch: _Stretch) -> NDArray[np.int64]:
    """A moment in each period, at the same phase: where it is most like the period before."""
    middle = stretch.periods.size // 2
    half = round(stretch.periods[middle] / 2)
    begin = max(stretch.begin, stretch.begin + middle - half)
    strongest = begin + int(np.argmax(np.abs(samples[begin : min(stretch.end, begin + 2 * half)])))
    backward, forward = (
        list(_follow_periods(samples, stretch, strongest, direction)) for direction in (-1, 1)
    )
    return np.array([*backward[::-1], strongest, *forward])


def _follow_periods(
    samples: Samples, stretch: _Stretch, mark: int, direction: int
) -> Iterator[int]:
    period = 0.0
    while True:
        inside = stretch.begin <= mark < stretch.end
        period = float(stretch.periods[mark - stretch.begin]) if inside else period
        half = round(period / 2)
        low, high = round((1 - _SEARCH) * period), round((1 + _SEARCH) * period)
        first = mark + (low if direction > 0 else -high)
        if min(mark, first) < half or max(mark, first + high - low) + half > samples.size:
            return
        one = samples[mark - half : mark + half]
        others = np.lib.stride_tricks.sliding_window_view(
            samples[first - half : first + high - low + half], 2 * half
        )
        powers = np.einsum("ij,ij->i", others, others) * (one @ one)
        likeness = others @ one / np.sqrt(np.maximum(powers, np.finfo(np.float32).tiny))
        best = int(np.argmax(likeness))
        found = first + best
        if not stretch.begin <= found < stretch.end:
            if likeness[best] < _LEAST_LIKENESS or not stretch.lowest <= found < stretch.highest:
                return
            period = float(abs(found - mark))
        mark = found
        yield mark


def _move_periods(
    samples: Samples, changed: Samples, marks: NDArray[np.int64], targets: NDArray[np.float64]
) -> None:
    """Write a voiced stretch with its new periods, between its first mark and its last.

    Args:
        samples: the whole sound.
        changed: where to write.
        marks: a moment in each period.
        targets: the new period at each mark.
    """
    first, last = int(marks[0]), int(marks[-1])
    gaps = np.diff(marks)
    places = _place_periods(marks, targets)
    nearest = np.abs(marks[None, :] - places[:, None]).argmin(axis=1)
    moved = np.zeros(last - first, dtype=np.float32)
    for place, source in zip(places.round().astype(int), nearest, strict=True):
        mark = int(marks[source])
        before, after = int(gaps[max(0, source - 1)]), int(gaps[min(gaps.size - 1, source)])
        begin = max(0, before - mark, before - (place - first))
        end = min(before + after, samples.size - mark + before, last - place + before)
        window = np.append(np.hanning(2 * before + 1)[:before], np.hanning(2 * after + 1)[after:-1])
        shift = mark - before
        part = window[begin:end] * samples[shift + begin : shift + end]
        moved[place - before - first + begin : place - before - first + end] += part
    fade = np.ones(moved.size, dtype=np.float32)
    head, tail = int(gaps[0]), int(gaps[-1])
    fade[:head] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(head) / head)
    fade[fade.size - tail :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(tail) / tail)
    own = samples[first:last]
    changed[first:last] = own + fade * (moved - own)


def _place_periods(marks: NDArray[np.int64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moments of the new periods, the first and the last where they were."""
    phase = np.append(0.0, np.cumsum(2 * np.diff(marks) / (targets[1:] + targets[:-1])))
    count = max(1, round(phase[-1]))
    places: NDArray[np.float64] = np.interp(np.arange(count + 1), phase * count / phase[-1], marks)
    return places
