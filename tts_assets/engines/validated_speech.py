"""Speech from a service: a text sent in parts, checked, repeated, and joined."""

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


#: Where a text is cut, the best places first: behind a sentence, behind a clause, behind a word.
_PLACES = (
    re.compile(r"[。．！？!?\n…]+[」』）)\]】〉》”’\"]*\s*|\.\s+"),
    re.compile(r"[、，,;；：:]\s*"),
    re.compile(r"\s+"),
)

#: What belongs to the sign before it, beside what Unicode says is combining.
_CLINGING = frozenset("ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々\u200d")
_JOINER = "\u200d"


def split_for_requests(text: str, most: int) -> list[str]:
    """The parts of a text in their order, which put together are the text again.

    Args:
        text: what is to be said.
        most: how many code points a part may have; at least 1.
    """
    parts = []
    while len(text) > most:
        at = _find_split(text, most)
        parts.append(text[:at])
        text = text[at:]
    return [*parts, text]


def _find_split(text: str, most: int) -> int:
    """Where the first part of a text that is too long ends."""
    for place in _PLACES:
        ends = [found.end() for found in place.finditer(text, 0, most)]
        if ends:
            return ends[-1]
    # One sign that is longer than a part is cut all the same.
    return next((at for at in range(most, 0, -1) if not _is_inseparable(text, at)), most)


def _is_inseparable(text: str, at: int) -> bool:
    sign = text[at]
    marks = unicodedata.category(sign).startswith("M") or "\U0001f3fb" <= sign <= "\U0001f3ff"
    return marks or sign in _CLINGING or text[at - 1] == _JOINER


# When each character of a text is spoken, as services report it beside the sound.


#: Where a character begins and ends, in seconds.
Span: TypeAlias = "tuple[float, float]"

#: A service may report other characters than those that it was sent, but not any number of them.
_MOST_PER_CHARACTER, _MOST_MORE = 10, 100

#: Times may lie so much behind the end of the sound: encoders cut and pad.
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
    """The sound of an answer, and the times that came with it."""

    alignment: Alignment | None


def unpack_timed_answer(answer: ServiceResponse) -> ServiceResponse:
    """The sound of an answer in JSON, with its times; the answer as it is where it has no sound."""
    try:
        body = msgspec.json.decode(answer.body, type=_Body)
        sound = base64.b64decode(body.audio_base64, validate=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError):
        return answer
    headers = {name: value for name, value in answer.headers.items() if name != "content-type"}
    alignment = None if body.alignment is None else _to_alignment(body.alignment)
    return TimedAnswer(status=answer.status, headers=headers, body=sound, alignment=alignment)


def add_alignment(answer: ServiceResponse, alignments: bytes | memoryview) -> ServiceResponse:
    """A sound with the times that its item in the history has; as it is where it has none.

    Args:
        answer: the sound.
        alignments: JSON.
    """
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
    """When each character of a text is spoken.

    Args:
        parts: the text, as it was sent.
        alignments: the times of each part.
        seconds: how long the sound of each part is.

    Returns:
        A span for each character, from the beginning of the first sound; empty where some part has
        no times that can be true.
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
    """The times of a text from those of another spelling of it.

    Args:
        text: the spelling that is asked for.
        other: the one with times, such as the same in kana.
        spans: of each character of `other`.
    """
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


# Speech from a service checked before it is stored: attempts, joins, learned speaking rate.


#: Beside the shortest of its own sentences but one in ten.
_OWN_SHARE = 0.85

#: A voice is never taken for as fast as that, whatever was learned: ordinary ones say nine morae a second.
_FASTEST_SHARE = 0.6

#: A word takes longer than its part of a sentence, so that a pace is learned from sentences only.
_SENTENCE_SECONDS = 1.0
_LEAST_SENTENCES = 8

#: So many clips of a voice that end as if cut off, and none that does not: it may be its way.
_ITS_WAY = 3


@dataclass(slots=True)
class VoicePace:
    """The pace of one voice at one speed; nothing is known of it at first."""

    _shares: list[float] = field(default_factory=list)

    def add_sound(self, spoken: float, foreseen: float) -> None:
        """Take in a whole sound: the seconds it spoke, and those foreseen of an ordinary voice."""
        if foreseen >= _SENTENCE_SECONDS:
            insort(self._shares, spoken / foreseen)

    def least_seconds(self, foreseen: float) -> float:
        """The least that the voice speaks where an ordinary one is foreseen to take so long."""
        if foreseen < LEAST_SPOKEN_SECONDS:
            return 0.0
        share = LEAST_SPOKEN_SHARE
        if foreseen >= _SENTENCE_SECONDS and len(self._shares) >= _LEAST_SENTENCES:
            # One that was taken for whole and is not does no harm.
            low = self._shares[1 + len(self._shares) // 10]
            share = max(_FASTEST_SHARE, _OWN_SHARE * low)
        return share * foreseen


class RunVoicePaces:
    """What a run learns of the voices of a service."""

    def __init__(self, table: str) -> None:
        """Begin; `table` of the configuration has the service's settings."""
        self._table = table
        self._paces: defaultdict[Voice, VoicePace] = defaultdict(VoicePace)
        self._cut: Counter[str] = Counter()
        self._whole: set[str] = set()

    def pace_of(self, voice: Voice) -> VoicePace:
        """The pace of a voice at its speed."""
        return self._paces[voice]

    def add_whole(self, voice: str) -> None:
        """A voice has given a whole sound."""
        self._whole.add(voice)

    def add_cut(self, voice: str, *, is_bought: bool) -> None:
        """A voice has given two takes that seem to be cut off.

        Args:
            voice: its name.
            is_bought: in this run. Takes of earlier runs alone never end a run: the service may be
                well again, so that one more clip is bought to find out.

        Raises:
            FatalError: it has given no others, and no more is bought to be thrown away.
        """
        if is_bought or self._cut[voice] + 1 < _ITS_WAY:
            self._cut[voice] += 1
        if not is_bought:
            return
        if self._cut[voice] >= _ITS_WAY and voice not in self._whole:
            raise FatalError(
                f"the first {_ITS_WAY} clips of the voice {voice} all end as if cut off: listen to "
                "it with `tts-assets review`; if that is its way, set check-ends = false in "
                f"[{self._table}], and the next run uses what was paid for"
            )


# A text as a service said it: each part doubted, asked for once more if it cannot be right, and joined.


class CutTwiceError(ClipError):
    """Both takes ended as if cut off: it may be the voice's way.

    Attributes:
        is_bought: at least one of them was bought now; otherwise earlier runs left both.
    """

    is_bought: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSpeech:
    """What a sound is held against.

    Args:
        shortest_seconds: nobody says it in less.
        longest_seconds: nor in more, the silence around it left out.
        check_ends: whether a sound may not end in the middle of a word, nor before its end.
        spoken_seconds: how long an ordinary voice speaks, pauses left out; None where unknown.
        pace: of the voice, learned from what it says.
    """

    shortest_seconds: float
    longest_seconds: float
    check_ends: bool = False
    spoken_seconds: float | None = None
    pace: VoicePace | None = None


#: So many times longer or shorter than its share a part may be.
_LOOSE = 2.0
_ONE_MORA_SECONDS = 0.06


class Attempt(NamedTuple):
    """A part of a text as it was said; the fault is in words, None where there is none."""

    samples: Samples | None
    rate_hz: int
    fault: str | None = None
    is_cut: bool = False
    is_kept: bool = False  #: it is on the disk, so that a person can listen to it
    alignment: Alignment | None = None

    @property
    def seconds(self) -> float:
        """How long it is."""
        return 0.0 if self.samples is None else self.samples.size / self.rate_hz


class JoinedAttempts(NamedTuple):
    """All parts of a text as one sound, and the takes that it is made of."""

    samples: Samples
    rate_hz: int
    takes: tuple[Attempt, ...]


class EarlierAttempts(NamedTuple):
    """What earlier runs left of a part: a sound to use, or takes that a person has to decide."""

    take: Attempt | None = None
    refused: tuple[Attempt, ...] = ()


async def decode_attempt(
    answer: ServiceResponse, expected: ExpectedSpeech, *, pcm_rate_hz: int | None
) -> Attempt:
    """An answer as sound, with its fault; files are decoded in a thread.

    Args:
        answer: what came.
        expected: what it is held against.
        pcm_rate_hz: as in `sent_sound.speech`.
    """
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
    if fault is None and expected.check_ends:
        fault = _find_cut(samples, rate_hz, expected)
        return Attempt(samples, rate_hz, fault, is_cut=fault is not None, alignment=alignment)
    return Attempt(samples, rate_hz, fault, alignment=alignment)


def _find_cut(samples: Samples, rate_hz: int, expected: ExpectedSpeech) -> str | None:
    """Why a sound cannot be whole, by how much is spoken and by how it ends; None where it may be."""
    pace, foreseen = expected.pace or VoicePace(), expected.spoken_seconds
    spoken = decode_response.measure_spoken(samples, rate_hz)
    ends = f"the sound of {samples.size / rate_hz:.2f} s ends as if cut off"
    if foreseen is not None and spoken < (least := pace.least_seconds(foreseen)):
        return f"{ends}: {spoken:.2f} s are speech, and its text takes more than {least:.2f} s"
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
    find_earlier: Callable[[int, ExpectedSpeech], Awaitable[EarlierAttempts]] | None = None,
) -> JoinedAttempts:
    """All parts of a text, one after the other.

    Args:
        parts: the text.
        expected: what all of it is held against; each part has its share of it.
        take: asks for one of the parts, by its number.
        find_earlier: finds what earlier runs left of one; None where nothing is kept.

    Returns:
        Float32 samples of shape (n,), samples per second, and the takes.

    Raises:
        CutTwiceError: both takes of a part ended as if cut off.
        ClipError: both had a fault, or the parts have different rates.
    """
    weights = [_estimate_weight(part) for part in parts]
    found = []
    for at, weight in enumerate(weights):
        share = 1.0 if len(parts) == 1 else weight / max(1, sum(weights))
        # Only a guess: signs that are read, and those that are not, are many.
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
        earlier = EarlierAttempts() if find_earlier is None else await find_earlier(at, its_own)
        found.append(
            earlier.take or await _choose_attempt(partial(take, at, its_own), earlier.refused)
        )
    if (order := find_order()) is not None:
        order.note_spoken()
    return _join_attempts(found)


def _estimate_weight(part: str) -> int:
    """How long a part takes beside others: kanji, digits and letters stand for two morae or so."""
    return sum(1 if is_katakana(kana_to_katakana(sign)) else 2 for sign in part if sign.isalnum())


async def _choose_attempt(
    take: Callable[[], Awaitable[Attempt]], refused: tuple[Attempt, ...]
) -> Attempt:
    """A take that has no fault; of those and the ones refused before there are two at most."""
    takes = list(refused)
    while len(takes) < MOST_TAKES:
        found = await take()
        if found.fault is None:
            return found
        takes.append(found)
    first, second = takes[-MOST_TAKES:]
    kind = CutTwiceError if first.is_cut and second.is_cut else ClipError
    advice = ADVICE if first.is_kept or second.is_kept else ""
    before = "" if first.fault == second.fault else f", as before: {first.fault}"
    error = kind(f"{second.fault}; it was asked for twice{before}{advice}")
    if isinstance(error, CutTwiceError):
        error.is_bought = len(refused) < MOST_TAKES
    raise error


def _join_attempts(takes: list[Attempt]) -> JoinedAttempts:
    import numpy as np  # noqa: PLC0415 - heavy, and not needed before something is said

    rates = {take.rate_hz for take in takes}
    if len(rates) > 1:
        raise ClipError(f"the parts of the text came at different rates: {sorted(rates)} Hz")
    found = [take.samples for take in takes if take.samples is not None]
    samples = found[0] if len(found) == 1 else np.concatenate(found)
    return JoinedAttempts(samples, rates.pop(), tuple(takes))
