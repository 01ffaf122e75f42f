"""Impose accents on synthesized speech: locate its morae, and change its pitch to their tones."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import soxr

from tts_assets.audio.measure import HOP_SECONDS, pitch
from tts_assets.engines.accent_recognizer import (
    FAINT_FLOOR,
    MOST_SECONDS,
    RATE_HZ,
    EmbeddedVoice,
    align_morae,
    compute_features,
)
from tts_assets.engines.process.supervisor import engine_host, limit_silence
from tts_assets.errors import ClipError
from tts_assets.japanese.analysis import nodes_to_text, to_accent_phrases
from tts_assets.japanese.engine_notation import find_questions
from tts_assets.japanese.melody import MoraTones, compute_tones, place_tones
from tts_assets.japanese.reading_resolver import FormReader, resolve_reading
from tts_assets.model import SpokenForm, split_morae

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from tts_assets.engines.accent_recognizer import MoraTime
    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.japanese.analysis import Nodes
    from tts_assets.japanese.dictionary import Dictionary
    from tts_assets.model import DictionaryWord, Phrase, Samples

#: The pitch range that the voices rarely leave.
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 600.0

#: The formants of voices, relative to those of the embedded voice.
_FORMANTS = (1.0, 0.88, 0.76)

#: Limits of the distance between audio and its reading, relative to that from two other readings, by the
#: least number of morae. Of words and sentences of two Kokoro voices, 1 in 100 exceeds them. Another
#: reading with as many morae exceeds them in all of 46 sentences, in 29 of 34 longer words, and in a third
#: of the shorter ones; with the embedded voice, in 6 of 12 sentences. A single mora has no limit: it is
#: inconclusive, but cannot be misplaced.
_MOST_DISTANCES = ((13, 0.9), (4, 0.96), (2, 1.03), (0, np.inf))

#: Shifting each kana of a reading along this list gives another reading with as many morae.
_KANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワ"
    "ガギグゲゴザジズゼゾダデドバビブベボパピプペポ"
)
_MOVES = (22, 36)
_ENDS_OF_SYLLABLES = frozenset("ンッー")


class AccentImposer:
    """Imposes accents in a process that has the dictionary; thread-safe."""

    def __init__(self, dictionary: Dictionary) -> None:
        """Load the embedded voice; the dictionary creates its labels."""
        self._embedded_voice = EmbeddedVoice(dictionary)

    def impose(
        self, samples: Samples, rate_hz: int, sentences: Sequence[Nodes], *, asks: bool = False
    ) -> Samples | None:
        """Give speech the melody of its accents; the length stays the same.

        Args:
            samples: shape (n,), any scale.
            rate_hz: samples per second.
            sentences: the analysis of the spoken sentences.
            asks: the last sentence is a question, with or without a question mark.

        Returns:
            The new samples; None if the morae cannot be located: the voice spoke another reading, or the
            audio is too long.
        """
        phrases: list[Phrase] = []
        tones: list[MoraTones] = []
        for place, nodes in enumerate(sentences):
            sentence_phrases = to_accent_phrases(nodes)
            questions: Collection[int] = find_questions(sentence_phrases, nodes_to_text(nodes))
            if asks and place == len(sentences) - 1:
                questions = {*questions, len(sentence_phrases) - 1}
            tones += compute_tones(sentence_phrases, questions)
            phrases += [*sentence_phrases[:-1], sentence_phrases[-1]._replace(pause=True)]
        morae = self.locate_morae(samples, rate_hz, phrases)
        if morae is None:
            return None
        hertz = pitch(samples, rate_hz)
        return change_pitch(samples, rate_hz, hertz, _compute_target(hertz, tones, morae))

    def locate_morae(
        self, samples: Samples, rate_hz: int, phrases: Sequence[Phrase]
    ) -> list[MoraTime] | None:
        """The times of the morae of phrases; None if they cannot be located."""
        if samples.size > MOST_SECONDS * rate_hz:
            return None
        low = soxr.resample(samples, rate_hz, RATE_HZ)
        try:
            reference = self._embedded_voice.speak_phrases(phrases)
            expected = compute_features(reference.samples, 1.0, FAINT_FLOOR)
            recorded = [compute_features(low, formants, FAINT_FLOOR) for formants in _FORMANTS]
            found = [align_morae(each, expected, reference.morae) for each in recorded]
            best = int(np.argmin([each.distance for each in found]))
            others = []
            for move in _MOVES:
                other = self._embedded_voice.speak_phrases(_change_reading(phrases, move))
                features = compute_features(other.samples, 1.0, FAINT_FLOOR)
                others.append(align_morae(recorded[best], features, other.morae).distance)
        except ClipError:
            # The audio is silent, or the embedded voice does not support all morae.
            return None
        max_distance = next(
            max_distance for morae, max_distance in _MOST_DISTANCES if len(reference.morae) >= morae
        )
        is_sure = found[best].distance <= max_distance * float(np.mean(others))
        return found[best].morae if is_sure else None


def is_asking_word(form: SpokenForm) -> bool:
    """Whether a word is a question, by its text: an overridden reading has no punctuation."""
    return not form.sentence and form.text.endswith(("?", "？"))


# The accents of bought sounds are imposed in a process of their own.


class _ImposeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to the process: a form and its sound, as float32, little-endian."""

    form: SpokenForm
    samples: bytes
    rate_hz: int


_request = msgspec.msgpack.Decoder(_ImposeRequest)


@contextlib.asynccontextmanager
async def open_accent_imposer(
    words: tuple[DictionaryWord, ...], *, threads: int, timeout_seconds: float
) -> AsyncIterator[ImposerHost]:
    """Run a process that imposes accents during the block.

    Args:
        words: the user's own dictionary.
        threads: the number of sounds at once.
        timeout_seconds: the time limit of a clip.
    """
    opened = engine_host(
        "tts_assets.engines.imposed_accents:BoughtSpeechImposer",
        threads=threads,
        silence_seconds=limit_silence(timeout_seconds),
        words=words,
    )
    async with opened as host:
        yield ImposerHost(host)


class ImposerHost:
    """Sends sounds to the process that imposes accents."""

    def __init__(self, host: EngineHost) -> None:
        self._host = host

    async def impose(
        self,
        form: SpokenForm,
        samples: Samples,
        rate_hz: int,
        restart_timer: Callable[[], None] | None = None,
    ) -> Samples | None:
        """Give the sound of a form the melody of its accents; None if that fails.

        Raises:
            FatalError: the process cannot be started.
        """
        data = samples.astype("<f4", copy=False).tobytes()
        request = _ImposeRequest(form=form, samples=data, rate_hz=rate_hz)
        try:
            answer = await self._host.ask(
                msgspec.msgpack.encode(request), restart_timer=restart_timer
            )
        except ClipError:
            # The process crashed on this sound, which is paid for and can be used as it is.
            return None
        return np.frombuffer(answer, dtype="<f4").astype(np.float32) if answer else None


class BoughtSpeechImposer(FormReader):
    """Imposes accents on bought sounds, in the child process; thread-safe."""

    def __init__(self) -> None:
        """Load the dictionary and the embedded voice, so that a missing package fails at once."""
        super().__init__()
        self._imposer = AccentImposer(self._dictionary)

    def answer(self, question: bytes) -> bytes:
        """Handle an encoded request; the answer has no bytes if the morae cannot be located."""
        request = _request.decode(question)
        samples = np.frombuffer(request.samples, dtype="<f4").astype(np.float32)
        sentences = resolve_reading(request.form, self._dictionary).parts
        asks = is_asking_word(request.form)
        imposed = self._imposer.impose(samples, request.rate_hz, sentences, asks=asks)
        return b"" if imposed is None else imposed.astype("<f4", copy=False).tobytes()


def _change_reading(phrases: Sequence[Phrase], move: int) -> list[Phrase]:
    """Replace the kana of phrases by others."""

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
    """The melody of tones every 10 ms in Hz, with the mean pitch of the voice."""
    spans = [(each.begin / HOP_SECONDS, each.end / HOP_SECONDS) for each in morae]
    melody = place_tones([each.tones for each in tones], spans, hertz.size)
    differences = 12 * np.log2(hertz) - melody
    voiced = differences[np.isfinite(differences)]
    middle = voiced.mean() if voiced.size else 0.0
    return np.clip(2 ** ((melody + middle) / 12), _LOWEST_HZ, _HIGHEST_HZ)


# Pitch changes by time-domain pitch-synchronous overlap-add (E. Moulines and F. Charpentier, Speech
# Communication 9, 1990): periods are moved closer together or apart.

#: The largest relative difference of a period from the expected one.
_SEARCH = 0.2

#: Unvoiced gaps of up to this many steps are errors of the pitch detection.
_MOST_GAP = 3

#: The least correlation with the period before, to extend a voiced segment beyond the detected pitch.
_LEAST_CORRELATION = 0.4

#: Segments with fewer marks are left unchanged.
_FEWEST_MARKS = 3


class _Stretch(NamedTuple):
    """A voiced segment, in samples, with the period at each sample, and the limits of its extension."""

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
    """Change the pitch of voiced segments; the length stays the same.

    Args:
        samples: shape (n,).
        rate_hz: samples per second.
        hertz: its pitch every 10 ms, as `measure.pitch` returns it; nan where unvoiced.
        target_hz: the new pitch at the same times, also where unvoiced.
    """
    changed = samples.copy()
    times = np.arange(hertz.size) * HOP_SECONDS * rate_hz
    for segment in _find_voiced(hertz, rate_hz, samples.size):
        marks = _mark_periods(samples, segment)
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


def _mark_periods(samples: Samples, segment: _Stretch) -> NDArray[np.int64]:
    """Mark each period at the same phase, where it correlates best with the period before."""
    middle = segment.periods.size // 2
    half = round(segment.periods[middle] / 2)
    begin = max(segment.begin, segment.begin + middle - half)
    strongest = begin + int(np.argmax(np.abs(samples[begin : min(segment.end, begin + 2 * half)])))
    backward, forward = (
        list(_follow_periods(samples, segment, strongest, direction)) for direction in (-1, 1)
    )
    return np.array([*backward[::-1], strongest, *forward])


def _follow_periods(
    samples: Samples, segment: _Stretch, mark: int, direction: int
) -> Iterator[int]:
    period = 0.0
    while True:
        inside = segment.begin <= mark < segment.end
        period = float(segment.periods[mark - segment.begin]) if inside else period
        half = round(period / 2)
        low, high = round((1 - _SEARCH) * period), round((1 + _SEARCH) * period)
        first = mark + (low if direction > 0 else -high)
        if min(mark, first) < half or max(mark, first + high - low) + half > samples.size:
            return
        template = samples[mark - half : mark + half]
        others = np.lib.stride_tricks.sliding_window_view(
            samples[first - half : first + high - low + half], 2 * half
        )
        powers = np.einsum("ij,ij->i", others, others) * (template @ template)
        correlation = others @ template / np.sqrt(np.maximum(powers, np.finfo(np.float32).tiny))
        best = int(np.argmax(correlation))
        found = first + best
        if not segment.begin <= found < segment.end:
            if (
                correlation[best] < _LEAST_CORRELATION
                or not segment.lowest <= found < segment.highest
            ):
                return
            period = float(abs(found - mark))
        mark = found
        yield mark


def _move_periods(
    samples: Samples, changed: Samples, marks: NDArray[np.int64], targets: NDArray[np.float64]
) -> None:
    """Write a voiced segment with its new periods, between its first and last mark.

    Args:
        samples: the original audio.
        changed: the output.
        marks: a position in each period.
        targets: the new period at each mark.
    """
    first, last = int(marks[0]), int(marks[-1])
    gaps = np.diff(marks)
    positions = _compute_positions(marks, targets)
    nearest = np.abs(marks[None, :] - positions[:, None]).argmin(axis=1)
    overlapped = np.zeros(last - first, dtype=np.float32)
    for place, source in zip(positions.round().astype(int), nearest, strict=True):
        mark = int(marks[source])
        before, after = int(gaps[max(0, source - 1)]), int(gaps[min(gaps.size - 1, source)])
        begin = max(0, before - mark, before - (place - first))
        end = min(before + after, samples.size - mark + before, last - place + before)
        window = np.append(np.hanning(2 * before + 1)[:before], np.hanning(2 * after + 1)[after:-1])
        shift = mark - before
        part = window[begin:end] * samples[shift + begin : shift + end]
        overlapped[place - before - first + begin : place - before - first + end] += part
    fade = np.ones(overlapped.size, dtype=np.float32)
    head, tail = int(gaps[0]), int(gaps[-1])
    fade[:head] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(head) / head)
    fade[fade.size - tail :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(tail) / tail)
    original = samples[first:last]
    changed[first:last] = original + fade * (overlapped - original)


def _compute_positions(
    marks: NDArray[np.int64], targets: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The positions of the new periods; the first and the last stay the same."""
    phase = np.append(0.0, np.cumsum(2 * np.diff(marks) / (targets[1:] + targets[:-1])))
    count = max(1, round(phase[-1]))
    positions: NDArray[np.float64] = np.interp(
        np.arange(count + 1), phase * count / phase[-1], marks
    )
    return positions
