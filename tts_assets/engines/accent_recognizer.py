"""Recognize which accent each phrase of a sound has, by its pitch at the times of its morae.

The embedded voice says the same phrases, and both sounds are aligned by dynamic time warping over
mel cepstra (H. Sakoe and S. Chiba, 1978). How long that voice makes a sound is known, so the times of
all morae are. The pitch there is compared with that of each accent that the phrase can have: with the tones of the
textbook, and with what the embedded voice does, whose peaks come late, as those of many people do
(M. Sugito's ososagari).
"""

from __future__ import annotations

import contextlib
import re
import threading
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import soxr
from anyio import to_thread

from tts_assets.audio.codec import read_mono_blocks
from tts_assets.audio.measure import HOP_SECONDS, pitch
from tts_assets.engines import machine
from tts_assets.engines.process.supervisor import engine_host
from tts_assets.errors import ClipError
from tts_assets.japanese.analysis import DEVOICED
from tts_assets.japanese.engine_notation import find_devoiced_morae
from tts_assets.model import Phrase, split_morae

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.japanese.analysis import Node, Nodes
    from tts_assets.japanese.dictionary import Dictionary
    from tts_assets.model import Samples

    Floats = NDArray[np.float64]

#: Samples per second of the sounds.
RATE_HZ = 16_000

#: Longer sounds are not aligned: time and memory grow with the square of the length.
MOST_SECONDS = 20.0
_LENGTH_ERROR = f"accents are recognized in sounds of up to {MOST_SECONDS:g} seconds"


class PhraseAccent(NamedTuple):
    """The accent that a phrase was recognized with, where its pitch tells.

    Args:
        place: which of the phrases, counted from 0.
        accent: the mora after which the pitch falls; 0 for none.
        excess: by how many semitones the expected accent fits worse, as root mean square over the
            morae; 0 if it fits best.
    """

    place: int
    accent: int
    excess: float


#: Voices that are compared with one kind of pitch only: OpenJTalk's with their own, and Kokoro's, whose
#: melody is made of the textbook's tones, with those.
_OWN_PITCH, _TEXTBOOK = "openjtalk/", "kokoro/"

#: An excess that an accent as expected does not have, but in one phrase of a hundred; of clips by the
#: embedded voice, and of all others.
_LEAST_OWN_EXCESS, _LEAST_EXCESS = 0.3, 0.8


def is_contradiction(found: PhraseAccent, voice: str) -> bool:
    """Whether a phrase surely has another accent than expected.

    Args:
        found: what was recognized.
        voice: provider and name, as ``openjtalk/mei``; "" for a person or an unknown voice.
    """
    least = _LEAST_OWN_EXCESS if voice.startswith(_OWN_PITCH) else _LEAST_EXCESS
    return found.excess > least


class _Question(msgspec.Struct, frozen=True, kw_only=True):
    """A request to the process: samples as float32, little-endian, and the expected phrases."""

    samples: bytes
    phrases: tuple[Phrase, ...]
    voice: str


_question = msgspec.msgpack.Decoder(_Question)
_accents = msgspec.msgpack.Decoder(tuple[PhraseAccent, ...])


@contextlib.asynccontextmanager
async def open_accent_recognizer(*, timeout_seconds: float) -> AsyncIterator[AccentListener]:
    """A recognizer in a process of its own, ended with the block.

    Args:
        timeout_seconds: how long the process may be without a heartbeat.
    """
    opened = engine_host(
        "tts_assets.engines.accent_recognizer:AccentRecognizer",
        threads=machine.count_cores(),
        silence_seconds=timeout_seconds,
    )
    async with opened as host:
        yield AccentListener(host)


class AccentListener:
    """Asks the process of an accent recognizer."""

    def __init__(self, host: EngineHost) -> None:
        self.workers = host.workers
        self._host = host

    async def recognize_accents(
        self, path: Path, phrases: Sequence[Phrase], voice: str = ""
    ) -> tuple[PhraseAccent, ...]:
        """Recognize the accents in a sound file; cancelling the call ends the work.

        Args:
            path: the file; of 20 seconds at most.
            phrases: what is spoken, with the expected accents.
            voice: provider and name, as ``openjtalk/mei``; "" for a person or an unknown voice.

        Raises:
            ClipError: the file cannot be read, or its sound cannot be analysed.
            FatalError: the process cannot be started.
        """
        data = await to_thread.run_sync(_read_sound, path)
        question = _Question(samples=data, phrases=tuple(phrases), voice=voice)
        return _accents.decode(await self._host.ask(msgspec.msgpack.encode(question)))


def _read_sound(path: Path) -> bytes:
    blocks = []
    size = 0
    for block in read_mono_blocks(path, RATE_HZ):
        blocks.append(block)
        size += block.size
        if size > MOST_SECONDS * RATE_HZ:
            raise ClipError(_LENGTH_ERROR)
    return np.concatenate(blocks).astype("<f4").tobytes()


# Inside the process.

#: Where in a mora its pitch is compared with that of the embedded voice.
_MOMENTS = tuple((at + 0.5) / 12 for at in range(12))
_FEWEST_MOMENTS, _FEWEST_VOICED = 2, 2

#: The least and the greatest range of pitch relative to that of the embedded voice.
_OWN_SCALES, _OTHER_SCALES = (0.9, 1.1), (0.7, 1.3)

#: The range between low and high morae, in semitones, and how much a phrase falls with each mora.
_LEAST_RANGE, _MOST_RANGE = 1.0, 12.0
_SLOPES = (0.0, -0.25, -0.5, -0.75)

#: The voice of a vowel that begins whispered comes late.
_LATE_SECONDS = 0.03

#: Steps of 10 ms that a voiced mora has at least.
_FEWEST_STEPS = 2

#: The ends of syllables have no accents, and the first mora before one may be high with any (J.
#: Pierrehumbert and M. Beckman, Japanese Tone Structure, 1988).
_BOUND = frozenset("ンッー")


class AccentRecognizer:
    """The recognizer inside its process; may be asked from several threads at once."""

    def __init__(self) -> None:
        """Load the dictionary and the voice, so that a missing package shows at once."""
        from tts_assets.japanese.dictionary import Dictionary  # noqa: PLC0415 - in its process only

        self._embedded_voice = EmbeddedVoice(Dictionary())

    def answer(self, question: bytes) -> bytes:
        """Answer an encoded question."""
        decoded = _question.decode(question)
        samples = np.frombuffer(decoded.samples, dtype="<f4").astype(np.float32)
        return msgspec.msgpack.encode(self.recognize(samples, decoded.phrases, decoded.voice))

    def recognize(
        self, samples: Samples, phrases: Sequence[Phrase], voice: str = ""
    ) -> tuple[PhraseAccent, ...]:
        """Recognize accents; arguments and errors as in AccentListener."""
        if not 0 < samples.size <= MOST_SECONDS * RATE_HZ or not np.isfinite(samples).all():
            raise ClipError(_LENGTH_ERROR)
        reference = self._embedded_voice.speak_phrases(phrases)
        semitones = _measure_semitones(samples)
        kinds = FORMANTS[:1] if voice.startswith(_OWN_PITCH) else FORMANTS
        expected = compute_features(reference.samples, 1.0)
        alignments = [
            align_morae(compute_features(samples, formants), expected, reference.morae).morae
            for formants in kinds
        ]
        found: list[PhraseAccent] = []
        begin = 0
        for place, phrase in enumerate(phrases):
            end = begin + len(split_morae(phrase.kana))
            # What only one of the alignments shows is an error of the alignment.
            options = [
                self._fit_phrase(semitones, morae[begin:end], phrases, place, voice)
                for morae in alignments
            ]
            begin = end
            if all(options):
                own = normalize_accent(phrase)
                answers = [_choose_accent(place, own, fits) for fits in options]
                found.append(min(answers, key=lambda answer: answer.excess))
        return tuple(found)

    def _fit_phrase(
        self,
        semitones: Floats,
        times: Sequence[MoraTime],
        phrases: Sequence[Phrase],
        place: int,
        voice: str,
    ) -> dict[int, float]:
        """How badly each accent fits a phrase, in semitones; empty if the pitch does not tell."""
        phrase = phrases[place]
        accents = list_accents(phrase)
        if len(accents) < 2:
            return {}
        own = normalize_accent(phrase)
        textbook: dict[int, float] = {}
        scales = _OWN_SCALES
        if not voice.startswith(_OWN_PITCH):
            scales = _OTHER_SCALES
            textbook = _fit_textbook(semitones, times, split_morae(phrase.kana), accents)
            if (
                voice.startswith(_TEXTBOOK)
                or not textbook
                or textbook[own] <= min(textbook.values())
            ):
                return textbook
        similar = self._fit_embedded_voice(semitones, times, phrases, place, accents, scales)
        if not textbook or not similar:
            return similar or textbook
        return {accent: min(textbook[accent], similar[accent]) for accent in accents}

    def _fit_embedded_voice(
        self,
        semitones: Floats,
        times: Sequence[MoraTime],
        phrases: Sequence[Phrase],
        place: int,
        accents: Sequence[int],
        scales: tuple[float, float],
    ) -> dict[int, float]:
        measured = _sample_pitch(semitones, times)
        begin = sum(len(split_morae(phrase.kana)) for phrase in phrases[:place])
        found: dict[int, float] = {}
        for accent in (*accents, len(times)):
            changed = [*phrases]
            changed[place] = phrases[place]._replace(accent=accent)
            reference = self._embedded_voice.speak_phrases(changed)
            own = _measure_semitones(reference.samples)
            expected = _sample_pitch(own, reference.morae[begin : begin + len(times)])
            both = np.isfinite(measured) & np.isfinite(expected)
            voiced = both.reshape(len(times), -1).sum(axis=1) >= _FEWEST_MOMENTS
            if voiced.sum() < _FEWEST_VOICED:
                return {}
            fit = _fit_scale(measured[both], expected[both], *scales)
            # With an accent on the last mora, a phrase without one is somewhat higher.
            same = accent % len(times)
            found[same] = min(fit, found.get(same, fit))
        return found


def list_accents(phrase: Phrase) -> list[int]:
    """The accents that a phrase can have and that sound differently, with its own.

    An accent on the last mora is none where nothing follows.
    """
    morae = split_morae(phrase.kana)
    possible = {at for at, mora in enumerate(morae, 1) if mora not in _BOUND} - {len(morae)}
    return sorted({0, normalize_accent(phrase), *possible})


def normalize_accent(phrase: Phrase) -> int:
    return 0 if phrase.accent >= len(split_morae(phrase.kana)) else phrase.accent


def _choose_accent(place: int, own: int, fits: Mapping[int, float]) -> PhraseAccent:
    """The accent that fits best, and by how much worse a phrase's own one fits."""
    best = min(fits, key=fits.__getitem__)
    return PhraseAccent(place, best, fits[own] - fits[best])


def _measure_semitones(samples: Samples) -> Floats:
    semitones: Floats = 12 * np.log2(pitch(samples, RATE_HZ).astype(np.float64))
    return semitones


def _sample_pitch(semitones: Floats, times: Sequence[MoraTime]) -> Floats:
    """The pitch at each moment of each mora, shape (morae * moments,); nan without a voice."""
    spans = np.array([(each.begin, each.end) for each in times])
    moments = spans[:, :1] + (spans[:, 1:] - spans[:, :1]) * np.array(_MOMENTS)
    steps = np.clip(np.rint(moments.ravel() / HOP_SECONDS).astype(int), 0, semitones.size - 1)
    sampled: Floats = semitones[steps]
    return sampled


def _fit_textbook(
    semitones: Floats, times: Sequence[MoraTime], morae: Sequence[str], accents: Sequence[int]
) -> dict[int, float]:
    """How badly low and high morae fit; empty if too few are voiced, or those do not tell."""
    heights = np.array([_measure_height(semitones, each) for each in times])
    voiced = np.isfinite(heights)
    if voiced.sum() < _FEWEST_VOICED:
        return {}
    found = {
        accent: min(
            _fit_tones(heights[voiced], tones[voiced]) for tones in _list_tones(morae, accent)
        )
        for accent in accents
    }
    return found if max(found.values()) - min(found.values()) > 1e-6 else {}


def _measure_height(semitones: Floats, mora: MoraTime) -> float:
    """The median over the second half of the last sound, or where that is whispered, over more."""
    for begin, end in (
        ((mora.last + mora.end) / 2, mora.end),
        (mora.last, mora.end),
        (mora.begin, mora.end + _LATE_SECONDS),
    ):
        steps = semitones[max(0, round(begin / HOP_SECONDS)) : max(0, round(end / HOP_SECONDS))]
        voiced = steps[np.isfinite(steps)]
        if voiced.size >= _FEWEST_STEPS:
            return float(np.median(voiced))
    return float("nan")


def _list_tones(morae: Sequence[str], accent: int) -> Iterator[Floats]:
    """Low and high morae as 0 and 1, with both ways to begin a long first syllable."""
    places = np.arange(1, len(morae) + 1)
    high = (places <= (accent or len(morae))) & ((places > 1) | (accent == 1))
    yield high.astype(float)
    if accent != 1 and len(morae) > 1 and morae[1] in _BOUND:
        yield np.where(places == 1, 1.0, high)


def _fit_tones(heights: Floats, tones: Floats) -> float:
    steps = np.arange(heights.size)
    return min(
        _fit_scale(heights - slope * steps, tones, _LEAST_RANGE, _MOST_RANGE) for slope in _SLOPES
    )


def _fit_scale(measured: Floats, expected: Floats, least: float, most: float) -> float:
    """The root mean square of what is left after the best offset and scale within limits."""
    one, other = measured - measured.mean(), expected - expected.mean()
    power = float((other**2).sum())
    scale = float((one * other).sum()) / power if power else 0.0
    return float(np.sqrt(((one - min(most, max(least, scale)) * other) ** 2).mean()))


# The times of morae.

#: How long the embedded voice makes a sound depends on its label alone.
_LABELS_KEPT = 20_000
_SOUND = re.compile(r"-([a-zA-Z]+)\+.*/A:[-\d]+\+(\d+)\+.*(/F:[^/]*).*(/I:[^/]*)")


class MoraTime(NamedTuple):
    """When a mora begins, when its last sound begins, and when it ends; in seconds."""

    begin: float
    last: float
    end: float


class SpokenPhrases(NamedTuple):
    """Phrases as the embedded voice says them: float32 at 16 kHz, on the scale of 16-bit integers."""

    samples: Samples
    morae: list[MoraTime]


class EmbeddedVoice:
    """Says phrases, and knows the times of their morae; may be asked from several threads at once."""

    def __init__(self, dictionary: Dictionary) -> None:
        """Load the voice, so that a missing package shows at once; the dictionary makes labels."""
        self._dictionary = dictionary
        self._own = threading.local()
        self._measure_label = lru_cache(maxsize=_LABELS_KEPT)(self._synthesize_label)
        self._get_synthesizer()

    def speak_phrases(self, phrases: Sequence[Phrase]) -> SpokenPhrases:
        """Say phrases with the embedded voice.

        Raises:
            ClipError: it does not know all of their morae.
        """
        labels = self._dictionary.make_labels(_build_nodes(phrases))
        morae: list[MoraTime] = []
        end, before = 0.0, None
        for label in labels:
            begin, end = end, end + self._measure_label(label)
            found = _SOUND.search(label)
            mora = found and found.groups()[1:]
            if mora and mora == before:
                morae[-1] = morae[-1]._replace(last=begin, end=end)
            elif mora:
                morae.append(MoraTime(begin, begin, end))
            before = mora
        if not morae or len(morae) != sum(len(split_morae(phrase.kana)) for phrase in phrases):
            kana = "".join(phrase.kana for phrase in phrases)
            raise ClipError(f"the embedded voice does not know all morae of {kana}")
        samples = self._get_synthesizer().synthesize(labels).astype(np.float32)
        return SpokenPhrases(soxr.resample(samples, self._rate_hz, RATE_HZ), morae)

    @property
    def _rate_hz(self) -> int:
        rate: int = self._get_synthesizer().get_sampling_frequency()
        return rate

    def _synthesize_label(self, label: str) -> float:
        """How many seconds the embedded voice makes a sound."""
        size: int = self._get_synthesizer().synthesize([label]).size
        return size / self._rate_hz

    def _get_synthesizer(self) -> Any:
        """This thread's own: sharing one would serialise the threads."""
        if not hasattr(self._own, "synthesizer"):
            from pyopenjtalk import DEFAULT_HTS_VOICE  # noqa: PLC0415 - native, in its process only
            from pyopenjtalk.htsengine import HTSEngine  # noqa: PLC0415 - see above

            self._own.synthesizer = HTSEngine(DEFAULT_HTS_VOICE)
        return self._own.synthesizer


def _build_nodes(phrases: Sequence[Phrase]) -> Nodes:
    """One noun for each phrase, and a mark for each pause between them."""
    found: Nodes = []
    for phrase, after in zip(phrases, [*phrases[1:], None], strict=True):
        morae = split_morae(phrase.kana)
        following = "" if after is None or phrase.pause else after.kana
        devoiced = find_devoiced_morae(morae, phrase.accent, following, asks=False)
        sounds = (mora + DEVOICED * (at in devoiced) for at, mora in enumerate(morae))
        found.append(_build_node("".join(sounds), "名詞", phrase.accent, len(morae)))
        if phrase.pause and after is not None:
            found.append(_build_node("、", "記号", 0, 0))
    return found


def _build_node(sound: str, part_of_speech: str, accent: int, size: int) -> Node:
    return {
        "string": sound,
        "pos": part_of_speech,
        "pos_group1": "一般",
        "pos_group2": "*",
        "pos_group3": "*",
        "ctype": "*",
        "cform": "*",
        "orig": sound,
        "read": sound,
        "pron": sound,
        "acc": accent,
        "mora_size": size,
        "chain_rule": "*",
        "chain_flag": 0,
        "is_reading_protected": False,
        "is_reading_rewritten": False,
    }


# How an accent fits the pitch of morae.


# The alignment: mel cepstra and their slopes, 10 ms apart.

_STEP, _WINDOW, _TRANSFORM = 160, 400, 512
_BANDS, _CEPSTRA = 40, 9
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7_600.0
_FLOOR = 1e-7

#: Consonants gain what vowels have more (6 dB for each octave).
_EMPHASIS = 0.97

#: Silence at both ends, relative to the loudest frame.
_SILENT_POWER = 1e-5

#: Men's formants are lower than those of the embedded voice by up to this.
FORMANTS = (1.0, 0.92, 0.84)

#: The weight of a step in both sounds at once; one in either counts 1.
_BOTH_WEIGHT = 1.2


class MoraAlignment(NamedTuple):
    """The times of morae in a sound, and how far its features are from those of the reference."""

    morae: list[MoraTime]
    distance: float


def align_morae(
    heard: tuple[int, Floats], spoken: tuple[int, Floats], morae: Sequence[MoraTime]
) -> MoraAlignment:
    """Find the times of morae in a sound.

    Args:
        heard: its first frame and its features.
        spoken: those of the reference.
        morae: their times in the reference.
    """
    (own_begin, own), (begin, expected) = heard, spoken
    path, distance = _align_features(own, expected)
    steps, inverse = np.unique(path[:, 1], return_inverse=True)
    places = np.bincount(inverse, path[:, 0]) / np.bincount(inverse)
    times = np.array(morae) / HOP_SECONDS - begin
    # Both sounds were trimmed, and a mora may begin before or end behind what is left.
    inside = np.clip(times, steps[0], steps[-1])
    rows = (np.interp(inside, steps, places) + times - inside + own_begin) * HOP_SECONDS
    return MoraAlignment([MoraTime(*map(float, row)) for row in rows], distance)


def compute_features(samples: Samples, formants: float) -> tuple[int, Floats]:
    """The first frame that is not silent, and the features of it and all up to the last such.

    Args:
        samples: at 16 kHz.
        formants: of the voice, relative to those of the embedded one.

    Returns:
        Its number, and mel cepstra and their slopes with a mean of 0 and a deviation of 1; shape
        (frames, 18).
    """
    sharp = np.append(samples[:1], samples[1:] - _EMPHASIS * samples[:-1])
    count = -(-sharp.size // _STEP)
    padded = np.zeros(count * _STEP + _WINDOW)
    padded[_WINDOW // 2 :][: sharp.size] = sharp
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_STEP][:count]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), _TRANSFORM)) ** 2
    total = power.sum(axis=1)
    (loud,) = np.nonzero(total > total.max() * _SILENT_POWER)
    if not loud.size:
        raise ClipError("the sound is silent")
    bank, cosines = _create_filters(formants)
    bands = power @ bank.T
    cepstra = np.log(np.maximum(bands, bands.max() * _FLOOR)) @ cosines.T
    slopes = np.gradient(np.pad(cepstra, ((2, 2), (0, 0)), "edge"), axis=0)
    smooth = (slopes[1:-3] + slopes[2:-2] + slopes[3:-1]) / 3
    features = np.hstack([cepstra, smooth])[loud[0] : loud[-1] + 1]
    deviation = features.std(axis=0) + np.finfo(np.float32).eps
    return int(loud[0]), (features - features.mean(axis=0)) / deviation


@cache
def _create_filters(formants: float) -> tuple[Floats, Floats]:
    """Triangles that are evenly spaced in mel, shape (bands, bins), and the cosine transform."""
    low_mel, high_mel = 2595 * np.log10(1 + np.array([_LOWEST_HZ, _HIGHEST_HZ]) / 700)
    edges = 700 * (10 ** (np.linspace(low_mel, high_mel, _BANDS + 2) / 2595) - 1) * formants
    hertz = np.arange(_TRANSFORM // 2 + 1) * RATE_HZ / _TRANSFORM
    low, middle, high = (edges[at : at + _BANDS, None] for at in range(3))
    bank = np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle))
    angles = np.outer(np.arange(_CEPSTRA), np.arange(_BANDS) + 0.5) * np.pi / _BANDS
    return np.maximum(0, bank), np.cos(angles)


def _align_features(one: Floats, other: Floats) -> tuple[NDArray[np.int64], float]:
    """Dynamic time warping, one diagonal at a time.

    Returns:
        The pairs of frames along the best path, shape (pairs, 2), and their mean distance.
    """
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    distance = np.sqrt(np.maximum(0, squares)).ravel()
    rows, columns = len(one), len(other)
    width = columns + 1
    costs = np.full((rows + 1) * width, np.inf)
    costs[0] = 0
    steps = np.zeros(costs.size, dtype=np.int8)
    back = (width + 1, width, 1)
    for diagonal in range(2, rows + columns + 1):
        row = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        cell = row * width + diagonal - row
        here = distance[(row - 1) * columns + diagonal - row - 1]
        ways = (
            costs[cell - back[0]] + _BOTH_WEIGHT * here,
            *(costs[cell - at] + here for at in back[1:]),
        )
        best = np.argmin(ways, axis=0)
        steps[cell] = best
        costs[cell] = np.choose(best, ways)
    path = []
    at = costs.size - 1
    while at > 0:
        path.append((at // width - 1, at % width - 1))
        at -= back[steps[at]]
    pairs = np.array(path[::-1])
    return pairs, float(distance[pairs[:, 0] * columns + pairs[:, 1]].mean())
