"""Speech from a service: send a text in parts, check each, and request a faulty one once more."""

from __future__ import annotations

import base64
import json
import math
import re
import unicodedata
from bisect import insort
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

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


#: Where to split a text, the best places first: after a sentence, a clause, a word.
_PLACES = (
    re.compile(r"[。．！？!?\n…]+[」』）)\]】〉》”’\"]*\s*|\.\s+"),
    re.compile(r"[、，,;；：:]\s*"),
    re.compile(r"\s+"),
)

#: Characters that belong to the one before, besides Unicode's combining marks.
_CLINGING = frozenset("ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々\u200d")
_JOINER = "\u200d"


def split_for_requests(text: str, most: int) -> list[str]:
    """Split a text into parts of at most so many code points, without loss."""
    parts = []
    while len(text) > most:
        index = _find_split(text, most)
        parts.append(text[:index])
        text = text[index:]
    return [*parts, text]


def _find_split(text: str, most: int) -> int:
    for pattern in _PLACES:
        ends = [match.end() for match in pattern.finditer(text, 0, most)]
        if ends:
            return ends[-1]
    # Split even a grapheme that is longer than a part.
    return next((index for index in range(most, 0, -1) if not _is_inseparable(text, index)), most)


def _is_inseparable(text: str, index: int) -> bool:
    char = text[index]
    marks = unicodedata.category(char).startswith("M") or "\U0001f3fb" <= char <= "\U0001f3ff"
    return marks or char in _CLINGING or text[index - 1] == _JOINER


Span: TypeAlias = "tuple[float, float]"  #: start and end of a character, in seconds

#: A service may report other characters than those requested, up to this many.
_MOST_PER_CHARACTER, _MOST_MORE = 10, 100

_SLACK_SECONDS = 0.5  #: times may exceed the end of the audio by this much: encoders trim and pad


class _Reported(msgspec.Struct):
    """Characters with their times, in ElevenLabs' schema (CharacterAlignmentResponseModel)."""

    characters: tuple[str, ...]
    character_start_times_seconds: tuple[float, ...]
    character_end_times_seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedAnswer(ServiceResponse):
    """A response with audio and the times of its characters."""

    alignment: Alignment | None


def unpack_timed_answer(answer: ServiceResponse) -> ServiceResponse:
    """Decode the audio and times of a JSON response; return responses without audio unchanged.

    The audio is paid for, so it is used even if the times are invalid.
    """
    try:
        # Unlike msgspec, it accepts NaN and lone surrogates.
        body = json.loads(answer.body)
        sound = base64.b64decode(body["audio_base64"], validate=True)
    except (ValueError, TypeError, LookupError, RecursionError):
        return answer
    headers = {name: value for name, value in answer.headers.items() if name != "content-type"}
    return TimedAnswer(
        status=answer.status,
        headers=headers,
        body=sound,
        alignment=_to_alignment(body.get("alignment")),
    )


def add_alignment(answer: ServiceResponse, alignments: bytes | memoryview) -> ServiceResponse:
    """Add the times of a history item to its audio; unchanged if the item has none."""
    try:
        found = msgspec.json.decode(alignments, type=dict[str, Any]).get("alignment")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return answer
    alignment = _to_alignment(found)
    if alignment is None:
        return answer
    return TimedAnswer(
        status=answer.status, headers=answer.headers, body=answer.body, alignment=alignment
    )


def _to_alignment(value: Any) -> Alignment | None:
    """The times in a JSON value; None if they are invalid, or cannot be stored as JSON."""
    try:
        found = msgspec.json.decode(msgspec.json.encode(value), type=_Reported)
    except (msgspec.MsgspecError, UnicodeError, OverflowError, RecursionError):
        return None
    return Alignment(
        found.characters, found.character_start_times_seconds, found.character_end_times_seconds
    )


def join_times(
    parts: Sequence[str], alignments: Sequence[Alignment | None], seconds: Sequence[float]
) -> tuple[Span, ...]:
    """A span for each character of a text, relative to the start of the first part.

    Empty if the times of a part are missing or implausible; ``seconds`` are the durations of the
    parts.
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
    """Map the spans of another spelling, such as kana, to the characters of a text."""
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
    """A span for each character of a text; None if the times are implausible."""
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
        earlier_span[0] <= other[0] for earlier_span, other in pairwise(spans)
    )
    is_inside = all(math.isfinite(time) and time >= 0 for time in times)
    return is_inside and is_in_order and 0 < max(times) <= seconds + _SLACK_SECONDS


def _divide_span(span: Span, count: int) -> list[Span]:
    begin, step = span[0], (span[1] - span[0]) / max(1, count)
    return [(begin + number * step, begin + (number + 1) * step) for number in range(count)]


#: Audio is truncated below this share of the duration that nine in ten sentences of the voice have.
_OWN_SHARE = 0.85

_FASTEST_SHARE = 0.6  #: the lowest share that is learned, relative to nine morae a second

#: Learn from sentences only: a word takes longer than its share of a sentence.
_SENTENCE_SECONDS = 1.0
_LEAST_SENTENCES = 8

#: If the first clips of a voice, this many, all seem truncated, the voice may just sound so.
_MOST_CUT = 3


@dataclass(slots=True)
class VoicePace:
    """The speaking rate of one voice at one speed, learned from its clips."""

    _shares: list[float] = field(default_factory=list)

    def add_sound(self, spoken: float, foreseen: float) -> None:
        """Learn from complete audio: its seconds of speech, and those of an ordinary voice."""
        if foreseen >= _SENTENCE_SECONDS:
            insort(self._shares, spoken / foreseen)

    def least_seconds(self, foreseen: float) -> float:
        """The least seconds of speech for a text, from those of an ordinary voice."""
        if foreseen < LEAST_SPOKEN_SECONDS:
            return 0.0
        share = LEAST_SPOKEN_SHARE
        if foreseen >= _SENTENCE_SECONDS and len(self._shares) >= _LEAST_SENTENCES:
            # Skip the shortest tenth, which may include truncated audio.
            low = self._shares[1 + len(self._shares) // 10]
            share = max(_FASTEST_SHARE, _OWN_SHARE * low)
        return share * foreseen


class RunVoicePaces:
    """The speaking rates of a service's voices in a run; ``table`` names its settings in messages."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._paces: defaultdict[Voice, VoicePace] = defaultdict(VoicePace)
        self._cut: Counter[str] = Counter()
        self._whole: set[str] = set()

    def pace_of(self, voice: Voice) -> VoicePace:
        """The speaking rate of a voice at its speed."""
        return self._paces[voice]

    def add_whole(self, voice: str) -> None:
        """Record that a voice has complete audio."""
        self._whole.add(voice)

    def add_cut(self, voice: str, *, is_bought: bool) -> None:
        """Count a clip whose two attempts both seem truncated.

        ``is_bought``: at least one attempt is of this run. Attempts of earlier runs alone never end a run:
        the service may have recovered, so one more clip is bought to find out.

        Raises:
            FatalError: the voice has no complete audio, so buying more would be a waste.
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
    """Both attempts seem truncated; ``is_bought``: at least one of them is of this run."""

    is_bought: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSpeech:
    """The bounds of a clip's audio."""

    shortest_seconds: float  #: the least plausible duration
    longest_seconds: float  #: the greatest plausible duration, without surrounding silence
    check_ends: bool = False  #: reject audio that ends in the middle of a word, or too early
    #: The speech of an ordinary voice without pauses; None where unknown.
    spoken_seconds: float | None = None
    pace: VoicePace | None = None  #: the learned speaking rate of the voice


_LOOSE = 2.0  #: a part may be this many times longer or shorter than its share
_ONE_MORA_SECONDS = 0.06


class Attempt(NamedTuple):
    """Audio for a part of a text; ``fault`` is None if it passed the checks."""

    samples: Samples | None
    rate_hz: int
    fault: str | None = None
    is_cut: bool = False
    is_kept: bool = False  #: stored on disk, so that a person can listen to it
    alignment: Alignment | None = None

    @property
    def seconds(self) -> float:
        return 0.0 if self.samples is None else self.samples.size / self.rate_hz


class JoinedAttempts(NamedTuple):
    """The audio of a whole text, and the attempts that it was joined from."""

    samples: Samples
    rate_hz: int
    takes: tuple[Attempt, ...]


async def decode_attempt(
    answer: ServiceResponse, expected: ExpectedSpeech, *, pcm_rate_hz: int | None
) -> Attempt:
    """Decode and check a response; files are decoded in a thread, bare samples are not."""
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
    """The reason why audio seems truncated, by its seconds of speech and its end; None if it does not."""
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
    request_part: Callable[[int, ExpectedSpeech], Awaitable[Attempt]],
    find_earlier: Callable[[int, ExpectedSpeech], Awaitable[tuple[Attempt, ...]]] | None = None,
) -> JoinedAttempts:
    """Synthesize the parts of a text one after the other, and join them.

    The bounds are those of the whole; each part gets its share. ``find_earlier`` returns attempts of
    earlier runs, only the usable one if there is one; None if earlier runs are not searched.

    Raises:
        CutTwiceError: both attempts of a part seem truncated.
        ClipError: both attempts are faulty, or the parts have different sample rates.
    """
    weights = [_estimate_weight(part) for part in parts]
    attempts = []
    for index, weight in enumerate(weights):
        share = 1.0 if len(parts) == 1 else weight / max(1, sum(weights))
        # A rough estimate: some characters are not spoken.
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
        earlier = () if find_earlier is None else await find_earlier(index, its_own)
        attempts.append(await _choose_attempt(partial(request_part, index, its_own), earlier))
    if (order := find_order()) is not None:
        order.note_spoken()
    return _join_attempts(attempts)


def _estimate_weight(part: str) -> int:
    """The relative duration of a part: kanji, digits and letters count as two morae."""
    return sum(1 if is_katakana(kana_to_katakana(char)) else 2 for char in part if char.isalnum())


async def _choose_attempt(
    request_part: Callable[[], Awaitable[Attempt]], earlier: tuple[Attempt, ...]
) -> Attempt:
    """Return the first attempt without a fault, of two at most, including those of earlier runs."""
    if earlier and earlier[-1].fault is None:
        return earlier[-1]
    attempts = list(earlier)
    while len(attempts) < MOST_TAKES:
        attempt = await request_part()
        if attempt.fault is None:
            return attempt
        attempts.append(attempt)
    first, second = attempts[-MOST_TAKES:]
    kind = CutTwiceError if first.is_cut and second.is_cut else ClipError
    advice = ADVICE if first.is_kept or second.is_kept else ""
    before = "" if first.fault == second.fault else f", as before: {first.fault}"
    error = kind(f"{second.fault}; it was requested twice{before}{advice}")
    if isinstance(error, CutTwiceError):
        error.is_bought = len(earlier) < MOST_TAKES
    raise error


def _join_attempts(attempts: list[Attempt]) -> JoinedAttempts:
    import numpy as np  # noqa: PLC0415 - heavy, and not needed before the first sound

    rates = {attempt.rate_hz for attempt in attempts}
    if len(rates) > 1:
        raise ClipError(f"the parts of the text have different sample rates: {sorted(rates)} Hz")
    arrays = [attempt.samples for attempt in attempts if attempt.samples is not None]
    samples = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    return JoinedAttempts(samples, rates.pop(), tuple(attempts))
