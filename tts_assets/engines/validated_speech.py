"""Speech from a service: a text sent in parts, each checked and requested once more if it is faulty."""

from __future__ import annotations

import base64
import binascii
import math
import re
import unicodedata
from bisect import insort
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import anyio.to_thread
import msgspec

from tts_assets.audio.expected_length import LEAST_SPOKEN_SECONDS, LEAST_SPOKEN_SHARE
from tts_assets.engines import decode_response
from tts_assets.engines.http.service_calls import ServiceResponse, TransientError
from tts_assets.errors import ClipError, FatalError
from tts_assets.model import Alignment, is_katakana, kana_to_katakana
from tts_assets.store.paid_speech import ADVICE, MOST_TAKES, find_order

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tts_assets.model import Samples, Voice


#: Where a text is split, the best places first: behind a sentence, a clause, a word.
_PLACES = (
    re.compile(r"[。．！？!?\n…]+[」』）)\]】〉》”’\"]*\s*|\.\s+"),
    re.compile(r"[、，,;；：:]\s*"),
    re.compile(r"\s+"),
)

#: Signs that belong to the one before, beside Unicode's combining marks.
_CLINGING = frozenset("ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々\u200d")
_JOINER = "\u200d"


def split_for_requests(text: str, most: int) -> list[str]:
    """The parts of a text, in order and without loss, with at most so many code points each."""
    parts = []
    while len(text) > most:
        at = _find_split(text, most)
        parts.append(text[:at])
        text = text[at:]
    return [*parts, text]


def _find_split(text: str, most: int) -> int:
    for place in _PLACES:
        ends = [found.end() for found in place.finditer(text, 0, most)]
        if ends:
            return ends[-1]
    # A sign that is longer than a part is split all the same.
    return next((at for at in range(most, 0, -1) if not _is_inseparable(text, at)), most)


def _is_inseparable(text: str, at: int) -> bool:
    sign = text[at]
    marks = unicodedata.category(sign).startswith("M") or "\U0001f3fb" <= sign <= "\U0001f3ff"
    return marks or sign in _CLINGING or text[at - 1] == _JOINER


#: Begin and end of a character, in seconds.
Span: TypeAlias = "tuple[float, float]"

#: A service may report other characters than those of the request, but not any number of them.
_MOST_PER_CHARACTER, _MOST_MORE = 10, 100

#: Times may be so much behind the end of the sound: encoders cut and pad.
_SLACK_SECONDS = 0.5


class _Reported(msgspec.Struct):
    """Characters with their times, as ElevenLabs names them (CharacterAlignmentResponseModel)."""

    characters: tuple[str, ...]
    character_start_times_seconds: tuple[float, ...]
    character_end_times_seconds: tuple[float, ...]


class _Body(msgspec.Struct):
    audio_base64: str
    alignment: _Reported | None = None


class _Alignments(msgspec.Struct):
    alignment: _Reported


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedAnswer(ServiceResponse):
    """The sound of an answer with the times of its characters."""

    alignment: Alignment | None


def unpack_timed_answer(answer: ServiceResponse) -> ServiceResponse:
    """The sound in a JSON answer, with its times; the answer unchanged where it has none."""
    try:
        body = msgspec.json.decode(answer.body, type=_Body)
        sound = base64.b64decode(body.audio_base64, validate=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError):
        return answer
    headers = {name: value for name, value in answer.headers.items() if name != "content-type"}
    alignment = None if body.alignment is None else _to_alignment(body.alignment)
    return TimedAnswer(status=answer.status, headers=headers, body=sound, alignment=alignment)


def add_alignment(answer: ServiceResponse, alignments: bytes | memoryview) -> ServiceResponse:
    """A sound with the times in the JSON of its history item; unchanged where that has none."""
    try:
        found = msgspec.json.decode(alignments, type=_Alignments).alignment
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return answer
    return TimedAnswer(
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        alignment=_to_alignment(found),
    )


def _to_alignment(found: _Reported) -> Alignment:
    return Alignment(
        found.characters, found.character_start_times_seconds, found.character_end_times_seconds
    )


def join_times(
    parts: Sequence[str], alignments: Sequence[Alignment | None], seconds: Sequence[float]
) -> tuple[Span, ...]:
    """A span for each character of a text, from the beginning of the first sound.

    Empty where the times of some part are missing or cannot be true; ``seconds`` are the lengths of
    the parts' sounds.
    """
    found: list[Span] = []
    begins = accumulate(seconds, initial=0.0)
    for part, alignment, length, start in zip(parts, alignments, seconds, begins, strict=False):
        spans = None if alignment is None else _read_spans(alignment, part, length)
        if spans is None:
            return ()
        found += [(start + begin, start + end) for begin, end in spans]
    return tuple(found)


def transfer_times(text: str, other: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """The times of a text from the spans of another spelling of it, such as kana."""
    if text == other or not spans:
        return tuple(spans)
    found: list[Span] = []
    blocks = SequenceMatcher(None, text, other, autojunk=False).get_opcodes()
    for kind, first, last, begin, end in blocks:
        if kind == "equal":
            found += spans[begin:end]
        elif begin < end:
            found += _divide_span((spans[begin][0], spans[end - 1][1]), last - first)
        else:
            edge = spans[begin][0] if begin < len(spans) else spans[-1][1]
            found += [(edge, edge)] * (last - first)
    return tuple(found)


def _read_spans(alignment: Alignment, text: str, seconds: float) -> tuple[Span, ...] | None:
    """A span for each character of a text; None where the times cannot be true."""
    characters, begins, ends = alignment
    if not len(characters) == len(begins) == len(ends):
        return None
    spans = list(zip(begins, ends, strict=True))
    written = "".join(characters)
    if not written or len(written) > _MOST_PER_CHARACTER * len(text) + _MOST_MORE:
        return None
    if not _is_plausible(spans, seconds):
        return None
    each = [
        span
        for character, whole in zip(characters, spans, strict=True)
        for span in _divide_span(whole, len(character))
    ]
    return transfer_times(text, written, each)


def _is_plausible(spans: Sequence[Span], seconds: float) -> bool:
    times = [time for span in spans for time in span]
    is_in_order = all(begin <= end for begin, end in spans) and all(
        one[0] <= other[0] for one, other in pairwise(spans)
    )
    is_inside = all(math.isfinite(time) and time >= 0 for time in times)
    return is_inside and is_in_order and 0 < max(times) <= seconds + _SLACK_SECONDS


def _divide_span(span: Span, count: int) -> list[Span]:
    begin, step = span[0], (span[1] - span[0]) / max(1, count)
    return [(begin + number * step, begin + (number + 1) * step) for number in range(count)]


#: A sound is cut below this share of the rate of nine in ten of its voice's sentences.
_OWN_SHARE = 0.85

#: The fastest rate that is learned, beside the ordinary nine morae a second.
_FASTEST_SHARE = 0.6

#: A word takes longer than its share of a sentence, so only sentences count.
_SENTENCE_SECONDS = 1.0
_LEAST_SENTENCES = 8

#: If so many clips of a voice end as if cut off, and no other does not, the voice may sound so.
_MOST_CUT = 3


@dataclass(slots=True)
class VoicePace:
    """The speaking rate of one voice at one speed, learned from its sounds."""

    _shares: list[float] = field(default_factory=list)

    def add_sound(self, spoken: float, foreseen: float) -> None:
        """Learn from a whole sound: its seconds of speech, and those of an ordinary voice."""
        if foreseen >= _SENTENCE_SECONDS:
            insort(self._shares, spoken / foreseen)

    def least_seconds(self, foreseen: float) -> float:
        """The least seconds of speech for a text that takes an ordinary voice so long."""
        if foreseen < LEAST_SPOKEN_SECONDS:
            return 0.0
        share = LEAST_SPOKEN_SHARE
        if foreseen >= _SENTENCE_SECONDS and len(self._shares) >= _LEAST_SENTENCES:
            # Without the shortest tenth: a cut sound among them does no harm.
            low = self._shares[1 + len(self._shares) // 10]
            share = max(_FASTEST_SHARE, _OWN_SHARE * low)
        return share * foreseen


class RunVoicePaces:
    """What a run learns of a service's voices; ``table`` names its settings in messages."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._paces: defaultdict[Voice, VoicePace] = defaultdict(VoicePace)
        self._cut: Counter[str] = Counter()
        self._whole: set[str] = set()

    def pace_of(self, voice: Voice) -> VoicePace:
        """The speaking rate of a voice at its speed."""
        return self._paces[voice]

    def add_whole(self, voice: str) -> None:
        """Count a whole sound of a voice."""
        self._whole.add(voice)

    def add_cut(self, voice: str, *, is_bought: bool) -> None:
        """Count two attempts of a voice that seem cut off.

        Args:
            voice: its name.
            is_bought: in this run. Earlier attempts alone never end a run: the service may have
                recovered, so one more clip is bought to find out.

        Raises:
            FatalError: the voice has no other sounds, so buying more would be a waste.
        """
        if is_bought or self._cut[voice] + 1 < _MOST_CUT:
            self._cut[voice] += 1
        if not is_bought:
            return
        if self._cut[voice] >= _MOST_CUT and voice not in self._whole:
            raise FatalError(
                f"the first {_MOST_CUT} clips of the voice {voice} all end abruptly: listen "
                "to it with `tts-assets review`; if this voice always ends so, set "
                f"check-ends = false in [{self._table}], and the next run uses the audio "
                "already paid for"
            )


class CutTwiceError(ClipError):
    """Both attempts ended as if cut off; ``is_bought``: at least one of them in this run."""

    is_bought: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSpeech:
    """The bounds of a sound.

    Args:
        shortest_seconds: the least possible.
        longest_seconds: the most possible, without the silence around it.
        check_ends: whether to reject sounds that end in the middle of a word, or too early.
        spoken_seconds: the speech of an ordinary voice without pauses; None where unknown.
        pace: the learned speaking rate of the voice.
    """

    shortest_seconds: float
    longest_seconds: float
    check_ends: bool = False
    spoken_seconds: float | None = None
    pace: VoicePace | None = None


#: A part may be so many times longer or shorter than its share.
_LOOSE = 2.0
_ONE_MORA_SECONDS = 0.06


class Attempt(NamedTuple):
    """A sound for a part of a text, with its fault in words; None where it has none."""

    samples: Samples | None
    rate_hz: int
    fault: str | None = None
    is_cut: bool = False
    is_kept: bool = False  #: it is on the disk, so that a person can listen to it
    alignment: Alignment | None = None

    @property
    def seconds(self) -> float:
        return 0.0 if self.samples is None else self.samples.size / self.rate_hz


class JoinedAttempts(NamedTuple):
    """All parts of a text as one sound, and the attempts that it consists of."""

    samples: Samples
    rate_hz: int
    takes: tuple[Attempt, ...]


async def decode_attempt(
    answer: ServiceResponse, expected: ExpectedSpeech, *, pcm_rate_hz: int | None
) -> Attempt:
    """An answer as sound, with its fault; files are decoded in a thread, bare samples are not."""
    read = partial(
        decode_response.decode_speech,
        answer.body,
        answer.media_type,
        pcm_rate_hz=pcm_rate_hz,
        needs_end=expected.check_ends,
    )
    try:
        samples, rate_hz = await anyio.to_thread.run_sync(read) if pcm_rate_hz is None else read()
    except (TransientError, ClipError) as exc:
        return Attempt(None, 0, str(exc), is_cut=isinstance(exc, decode_response.EndMissingError))
    alignment = answer.alignment if isinstance(answer, TimedAnswer) else None
    fault = decode_response.find_length_fault(
        samples, rate_hz, shortest=expected.shortest_seconds, longest=expected.longest_seconds
    )
    cut = _find_cut(samples, rate_hz, expected) if fault is None and expected.check_ends else None
    return Attempt(samples, rate_hz, fault or cut, is_cut=cut is not None, alignment=alignment)


def _find_cut(samples: Samples, rate_hz: int, expected: ExpectedSpeech) -> str | None:
    """Why a sound is incomplete, by its seconds of speech and by its end; None where it may be whole."""
    pace, foreseen = expected.pace or VoicePace(), expected.spoken_seconds
    spoken = decode_response.measure_spoken(samples, rate_hz)
    ends = f"the audio of {samples.size / rate_hz:.2f} s ends abruptly"
    if foreseen is not None and spoken < (least := pace.least_seconds(foreseen)):
        return f"{ends}: {spoken:.2f} s are speech, but its text takes more than {least:.2f} s"
    # A lone ン has no time to fade.
    may_fade = foreseen is None or foreseen > _ONE_MORA_SECONDS
    if may_fade and decode_response.is_cut(samples, rate_hz):
        return ends
    if foreseen is not None:
        pace.add_sound(spoken, foreseen)
    return None


async def speak_parts(
    parts: list[str],
    expected: ExpectedSpeech,
    take: Callable[[int, ExpectedSpeech], Awaitable[Attempt]],
    find_earlier: Callable[[int, ExpectedSpeech], Awaitable[tuple[Attempt, ...]]] | None = None,
) -> JoinedAttempts:
    """The sound of all parts of a text, one after the other.

    Args:
        parts: the text.
        expected: the bounds of the whole; each part has its share.
        take: requests one of the parts, by its number.
        find_earlier: finds sounds of earlier runs, a usable one alone; None where none are kept.

    Raises:
        CutTwiceError: both attempts of a part ended as if cut off.
        ClipError: both had a fault, or the parts have different rates.
    """
    weights = [_estimate_weight(part) for part in parts]
    found = []
    for at, weight in enumerate(weights):
        share = 1.0 if len(parts) == 1 else weight / max(1, sum(weights))
        # Only a guess, as some signs are not read.
        loose = 1.0 if len(parts) == 1 else _LOOSE
        its_own = replace(
            expected,
            shortest_seconds=expected.shortest_seconds * share / loose,
            longest_seconds=expected.longest_seconds * share * loose,
            spoken_seconds=None
            if expected.spoken_seconds is None
            else expected.spoken_seconds * share / loose,
            pace=expected.pace if len(parts) == 1 else None,
        )
        earlier = () if find_earlier is None else await find_earlier(at, its_own)
        found.append(await _choose_attempt(partial(take, at, its_own), earlier))
    if (order := find_order()) is not None:
        order.note_spoken()
    return _join_attempts(found)


def _estimate_weight(part: str) -> int:
    """The relative length of a part: kanji, digits and letters count as two morae."""
    return sum(1 if is_katakana(kana_to_katakana(sign)) else 2 for sign in part if sign.isalnum())


async def _choose_attempt(
    take: Callable[[], Awaitable[Attempt]], earlier: tuple[Attempt, ...]
) -> Attempt:
    """An attempt without fault; there are two at most, including those of earlier runs."""
    if earlier and earlier[-1].fault is None:
        return earlier[-1]
    takes = list(earlier)
    while len(takes) < MOST_TAKES:
        found = await take()
        if found.fault is None:
            return found
        takes.append(found)
    first, second = takes[-MOST_TAKES:]
    kind = CutTwiceError if first.is_cut and second.is_cut else ClipError
    advice = ADVICE if first.is_kept or second.is_kept else ""
    before = "" if first.fault == second.fault else f", as before: {first.fault}"
    error = kind(f"{second.fault}; it was requested twice{before}{advice}")
    if isinstance(error, CutTwiceError):
        error.is_bought = len(earlier) < MOST_TAKES
    raise error


def _join_attempts(takes: list[Attempt]) -> JoinedAttempts:
    import numpy as np  # noqa: PLC0415 - heavy, and not needed before the first sound

    rates = {take.rate_hz for take in takes}
    if len(rates) > 1:
        raise ClipError(f"the parts of the text have different sample rates: {sorted(rates)} Hz")
    found = [take.samples for take in takes if take.samples is not None]
    samples = found[0] if len(found) == 1 else np.concatenate(found)
    return JoinedAttempts(samples, rates.pop(), tuple(takes))
