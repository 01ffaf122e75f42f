"""Recognize the pitch accent of each phrase in a recording, by the pitch of its morae.

The embedded voice synthesizes the same phrases, and both recordings are aligned by dynamic time
warping over mel cepstra (H. Sakoe and S. Chiba, 1978). The durations of the embedded voice's phonemes
are known, so the alignment gives the times of all morae. The pitch at these times is compared with that of each
possible accent of the phrase: with the tones of the textbook, and with the embedded voice, whose peaks
come late, as those of many speakers do (M. Sugito's ososagari).
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

#: The sample rate of both recordings.
RATE_HZ = 16_000

#: The longest recording to align: time and memory grow with the square of the length.
MOST_SECONDS = 20.0
_LENGTH_ERROR = f"accents are recognized in sounds of up to {MOST_SECONDS:g} seconds"
_SILENT_ERROR = "the sound is silent, or damaged"


class PhraseAccent(NamedTuple):
    """The recognized accent of a phrase whose pitch is clear enough."""

    place: int  #: the index of the phrase
    accent: int  #: the mora after which the pitch falls; 0 for none
    #: By how many semitones the expected accent fits worse, as root mean square over the morae; 0
    #: if the expected accent fits best.
    excess: float
    #: By how many semitones every other accent fits worse than the expected one, in all alignments;
    #: negative if another fits better.
    margin: float = 0.0


#: Voices with a single reference: OpenJTalk's are compared with the embedded voice, and Kokoro's, whose
#: melody is generated from the textbook's tones, with those tones.
_OWN_PITCH, _TEXTBOOK = "openjtalk/", "kokoro/"

#: The excess that correct accents exceed in one phrase of a hundred; for clips by the embedded voice, and
#: for all others.
_LEAST_OWN_EXCESS, _LEAST_EXCESS = 0.3, 0.8


def is_contradiction(found: PhraseAccent, voice: str) -> bool:
    """Whether a phrase certainly has another accent than expected.

    Args:
        found: the recognized accent.
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
    """Run a recognizer in its own process during the block.

    Args:
        timeout_seconds: the longest time without a heartbeat.
    """
    opened = engine_host(
        "tts_assets.engines.accent_recognizer:AccentRecognizer",
        threads=machine.count_cores(),
        silence_seconds=timeout_seconds,
    )
    async with opened as host:
        yield AccentListener(host)


class AccentListener:
    """Sends requests to the process of an accent recognizer."""

    def __init__(self, host: EngineHost) -> None:
        self.workers = host.workers
        self._host = host

    async def recognize_accents(
        self, path: Path, phrases: Sequence[Phrase], voice: str = ""
    ) -> tuple[PhraseAccent, ...]:
        """Recognize the accents in an audio file; cancelling the call stops the work.

        Args:
            path: the file; 20 seconds at most.
            phrases: the spoken phrases, with the expected accents.
            voice: provider and name, as ``openjtalk/mei``; "" for a person or an unknown voice.

        Raises:
            ClipError: the file cannot be read or analysed.
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


# In the child process.

#: The positions in a mora at which its pitch is compared with that of the embedded voice.
_MOMENTS = tuple((at + 0.5) / 12 for at in range(12))
_FEWEST_MOMENTS, _FEWEST_VOICED = 2, 2

#: The least and the greatest range of pitch relative to that of the embedded voice.
_OWN_SCALES, _OTHER_SCALES = (0.9, 1.1), (0.7, 1.3)

#: The interval between low and high morae in semitones, and the fall of a phrase with each mora.
_LEAST_RANGE, _MOST_RANGE = 1.0, 12.0
_SLOPES = (0.0, -0.25, -0.5, -0.75)

#: Voicing starts late in a vowel that begins whispered.
_LATE_SECONDS = 0.03

#: The least number of 10 ms steps in a voiced mora.
_FEWEST_STEPS = 2

#: Morae that end a syllable carry no accent; a first mora before one may be high with any accent (J.
#: Pierrehumbert and M. Beckman, Japanese Tone Structure, 1988).
_SYLLABLE_ENDS = frozenset("ンッー")


class AccentRecognizer:
    """The recognizer in the child process; thread-safe."""

    def __init__(self) -> None:
        """Load the dictionary and the voice, so that a missing package fails at once."""
        from tts_assets.japanese.dictionary import Dictionary  # noqa: PLC0415 - in its process only

        self._embedded_voice = EmbeddedVoice(Dictionary())

    def answer(self, question: bytes) -> bytes:
        """Handle an encoded request."""
        decoded = _question.decode(question)
        samples = np.frombuffer(decoded.samples, dtype="<f4").astype(np.float32)
        return msgspec.msgpack.encode(self.recognize(samples, decoded.phrases, decoded.voice))

    def recognize(
        self, samples: Samples, phrases: Sequence[Phrase], voice: str = ""
    ) -> tuple[PhraseAccent, ...]:
        """Recognize accents; arguments and errors as in AccentListener."""
        if samples.size > MOST_SECONDS * RATE_HZ:
            raise ClipError(_LENGTH_ERROR)
        if not (samples.any() and np.isfinite(samples).all()):
            raise ClipError(_SILENT_ERROR)
        reference = self._embedded_voice.speak_phrases(phrases)
        semitones = _measure_semitones(samples)
        is_embedded = voice.startswith(_OWN_PITCH)
        formant_ratios, floor = (FORMANTS[:1], FAINT_FLOOR) if is_embedded else (FORMANTS, _FLOOR)
        expected = compute_features(reference.samples, 1.0, floor)
        recorded = [compute_features(samples, formants, floor) for formants in formant_ratios]
        alignments = [align_morae(each, expected, reference.morae).morae for each in recorded]
        found: list[PhraseAccent] = []
        begin = 0
        for place, phrase in enumerate(phrases):
            end = begin + len(split_morae(phrase.kana))
            # A contradiction in only one alignment is an error of that alignment.
            options = [
                self._fit_phrase(semitones, morae[begin:end], phrases, place, voice)
                for morae in alignments
            ]
            begin = end
            if all(options):
                own = normalize_accent(phrase)
                candidates = [_choose_accent(place, own, fits) for fits in options]
                margin = min(each.margin for each in candidates)
                best = min(candidates, key=lambda accent: accent.excess)
                found.append(best._replace(margin=margin))
        return tuple(found)

    def _fit_phrase(
        self,
        semitones: Floats,
        times: Sequence[MoraTime],
        phrases: Sequence[Phrase],
        place: int,
        voice: str,
    ) -> dict[int, float]:
        """The misfit of each accent to a phrase, in semitones; empty if the pitch is inconclusive."""
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
            # An accent on the last mora only makes the phrase somewhat higher than without an accent.
            equivalent = accent % len(times)
            found[equivalent] = min(fit, found.get(equivalent, fit))
        return found


def list_accents(phrase: Phrase) -> list[int]:
    """The distinguishable accents of a phrase, including its expected one.

    An accent on the last mora is inaudible if no mora follows. That of ～ます is nearly so, as its ス is
    whispered: of eight false alarms in 160 sentences of Kokoro, six were of it.
    """
    morae = split_morae(phrase.kana)
    possible = {at for at, mora in enumerate(morae, 1) if mora not in _SYLLABLE_ENDS} - {len(morae)}
    own, before_last = normalize_accent(phrase), len(morae) - 1
    accents = {0, own, *possible}
    if before_last in find_devoiced_morae(morae, before_last, "", asks=False):
        accents.discard(0 if own == before_last else before_last)
    return sorted(accents)


def normalize_accent(phrase: Phrase) -> int:
    return 0 if phrase.accent >= len(split_morae(phrase.kana)) else phrase.accent


def _choose_accent(place: int, own: int, fits: Mapping[int, float]) -> PhraseAccent:
    """The accent that fits best, and how the expected one fits compared with the others."""
    best = min(fits, key=fits.__getitem__)
    margin = min(fit for accent, fit in fits.items() if accent != own) - fits[own]
    return PhraseAccent(place, best, fits[own] - fits[best], margin)


def _measure_semitones(samples: Samples) -> Floats:
    semitones: Floats = 12 * np.log2(pitch(samples, RATE_HZ).astype(np.float64))
    return semitones


def _sample_pitch(semitones: Floats, times: Sequence[MoraTime]) -> Floats:
    """The pitch at each position in each mora, shape (morae * moments,); nan if unvoiced."""
    spans = np.array([(each.begin, each.end) for each in times])
    moments = spans[:, :1] + (spans[:, 1:] - spans[:, :1]) * np.array(_MOMENTS)
    steps = np.clip(np.rint(moments.ravel() / HOP_SECONDS).astype(int), 0, semitones.size - 1)
    sampled: Floats = semitones[steps]
    return sampled


def _fit_textbook(
    semitones: Floats, times: Sequence[MoraTime], morae: Sequence[str], accents: Sequence[int]
) -> dict[int, float]:
    """The misfit of low and high tones; empty if too few morae are voiced, or these are inconclusive."""
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
    """The median pitch of the second half of the last phoneme, or of more if that is whispered."""
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
    """Low and high morae as 0 and 1, with both tones of a long first syllable's first mora."""
    places = np.arange(1, len(morae) + 1)
    high = (places <= (accent or len(morae))) & ((places > 1) | (accent == 1))
    yield high.astype(float)
    if accent != 1 and len(morae) > 1 and morae[1] in _SYLLABLE_ENDS:
        yield np.where(places == 1, 1.0, high)


def _fit_tones(heights: Floats, tones: Floats) -> float:
    steps = np.arange(heights.size)
    return min(
        _fit_scale(heights - slope * steps, tones, _LEAST_RANGE, _MOST_RANGE) for slope in _SLOPES
    )


def _fit_scale(measured: Floats, expected: Floats, least: float, most: float) -> float:
    """The root mean square of the residuals after fitting offset and scale within limits."""
    one, other = measured - measured.mean(), expected - expected.mean()
    power = float((other**2).sum())
    scale = float((one * other).sum()) / power if power else 0.0
    return float(np.sqrt(((one - min(most, max(least, scale)) * other) ** 2).mean()))


# Mora times.

#: Cached durations: they depend on the label alone.
_LABELS_KEPT = 20_000
_SOUND = re.compile(r"-([a-zA-Z]+)\+.*/A:[-\d]+\+(\d+)\+.*(/F:[^/]*).*(/I:[^/]*)")


class MoraTime(NamedTuple):
    """The start of a mora, the start of its last phoneme, and its end; in seconds."""

    begin: float
    last: float
    end: float


class SpokenPhrases(NamedTuple):
    """Phrases synthesized by the embedded voice: float32 at 16 kHz, on the scale of 16-bit integers."""

    samples: Samples
    morae: list[MoraTime]


class EmbeddedVoice:
    """Synthesizes phrases and returns their mora times; thread-safe."""

    def __init__(self, dictionary: Dictionary) -> None:
        """Load the voice, so that a missing package fails at once; the dictionary creates labels."""
        self._dictionary = dictionary
        self._thread = threading.local()
        self._measure_label = lru_cache(maxsize=_LABELS_KEPT)(self._synthesize_label)
        self._get_synthesizer()

    def speak_phrases(self, phrases: Sequence[Phrase]) -> SpokenPhrases:
        """Synthesize phrases with the embedded voice.

        Raises:
            ClipError: it does not support all of their morae.
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
        """The duration of a phoneme by the embedded voice, in seconds."""
        size: int = self._get_synthesizer().synthesize([label]).size
        return size / self._rate_hz

    def _get_synthesizer(self) -> Any:
        """The synthesizer of this thread: a shared one would serialise the threads."""
        if not hasattr(self._thread, "synthesizer"):
            from pyopenjtalk import DEFAULT_HTS_VOICE  # noqa: PLC0415 - native, in its process only
            from pyopenjtalk.htsengine import HTSEngine  # noqa: PLC0415 - see above

            self._thread.synthesizer = HTSEngine(DEFAULT_HTS_VOICE)
        return self._thread.synthesizer


def _build_nodes(phrases: Sequence[Phrase]) -> Nodes:
    """Build one noun for each phrase, and a punctuation mark for each pause."""
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


# The fit of accents to the pitch of morae.


# The alignment: mel cepstra and their slopes, 10 ms apart.

_STEP, _WINDOW, _TRANSFORM = 160, 400, 512
_BANDS, _CEPSTRA = 40, 9
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7_600.0

#: Weaker bands count as this much of the strongest one: the noise in the closures of a voice resembles
#: that of no other voice. The embedded voice shares it, and `imposed_accents` is calibrated for the lower one.
_FLOOR, FAINT_FLOOR = 1e-3, 1e-7

#: The pre-emphasis of consonants (6 dB for each octave).
_EMPHASIS = 0.97

#: Silence at both ends, relative to the loudest frame.
_SILENT_POWER = 1e-5

#: Formants relative to the embedded voice: men's are lower.
FORMANTS = (1.0, 0.92, 0.84)

#: The weight of a step in both recordings at once; a step in one weighs 1.
_BOTH_WEIGHT = 1.2


class MoraAlignment(NamedTuple):
    """Mora times in a recording, and the distance of its features from those of the reference."""

    morae: list[MoraTime]
    distance: float


def align_morae(
    recorded: tuple[int, Floats], reference: tuple[int, Floats], morae: Sequence[MoraTime]
) -> MoraAlignment:
    """Find the times of morae in a recording.

    Args:
        recorded: its first frame and its features.
        reference: those of the reference.
        morae: their times in the reference.
    """
    (recorded_begin, features), (begin, expected) = recorded, reference
    path, distance = _align_features(features, expected)
    steps, inverse = np.unique(path[:, 1], return_inverse=True)
    places = np.bincount(inverse, path[:, 0]) / np.bincount(inverse)
    times = np.array(morae) / HOP_SECONDS - begin
    # Both recordings were trimmed: a mora may begin before or end after the rest.
    inside = np.clip(times, steps[0], steps[-1])
    rows = (np.interp(inside, steps, places) + times - inside + recorded_begin) * HOP_SECONDS
    return MoraAlignment([MoraTime(*map(float, row)) for row in rows], distance)


def compute_features(
    samples: Samples, formants: float, floor: float = _FLOOR
) -> tuple[int, Floats]:
    """Compute the features of all frames from the first to the last that is not silent.

    Args:
        samples: at 16 kHz.
        formants: of the voice, relative to those of the embedded voice.
        floor: the power of the weakest bands, relative to the strongest one.

    Returns:
        The index of the first frame; mel cepstra and their slopes with a mean of 0 and a deviation of 1; shape
        (frames, 18).
    """
    if not samples.size:
        raise ClipError(_SILENT_ERROR)
    emphasized = np.append(samples[:1], samples[1:] - _EMPHASIS * samples[:-1])
    count = -(-emphasized.size // _STEP)
    padded = np.zeros(count * _STEP + _WINDOW)
    padded[_WINDOW // 2 :][: emphasized.size] = emphasized
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_STEP][:count]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), _TRANSFORM)) ** 2
    total = power.sum(axis=1)
    (audible,) = np.nonzero(total > total.max() * _SILENT_POWER)
    if not audible.size:
        raise ClipError(_SILENT_ERROR)
    bank, cosines = _create_filters(formants)
    bands = power @ bank.T
    cepstra = np.log(np.maximum(bands, bands.max() * floor)) @ cosines.T
    slopes = np.gradient(np.pad(cepstra, ((2, 2), (0, 0)), "edge"), axis=0)
    smooth = (slopes[1:-3] + slopes[2:-2] + slopes[3:-1]) / 3
    features = np.hstack([cepstra, smooth])[audible[0] : audible[-1] + 1]
    deviation = features.std(axis=0) + np.finfo(np.float32).eps
    return int(audible[0]), (features - features.mean(axis=0)) / deviation


@cache
def _create_filters(formants: float) -> tuple[Floats, Floats]:
    """Triangular filters, evenly spaced in mel, shape (bands, bins), and the cosine transform."""
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
