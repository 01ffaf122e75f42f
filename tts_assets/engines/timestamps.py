"""When each character of a text is spoken, as services report it beside the sound."""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from tts_assets.engines.http.service_calls import ServiceResponse
from tts_assets.model import Alignment

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def unpack(answer: ServiceResponse) -> ServiceResponse:
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
        spans = None if alignment is None else _read(alignment, part, length)
        if spans is None:
            return ()
        found += [(start + begin, start + end) for begin, end in spans]
    return tuple(found)


def transfer(text: str, other: str, spans: Sequence[Span]) -> tuple[Span, ...]:
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
            found += _divide((spans[begin][0], spans[end - 1][1]), last - first)
        else:
            edge = spans[begin][0] if begin < len(spans) else spans[-1][1]
            found += [(edge, edge)] * (last - first)
    return tuple(found)


def _read(alignment: Alignment, text: str, seconds: float) -> tuple[Span, ...] | None:
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
        for span in _divide(whole, len(character))
    ]
    return transfer(text, written, each)


def _is_plausible(spans: Sequence[Span], seconds: float) -> bool:
    times = [time for span in spans for time in span]
    is_in_order = all(begin <= end for begin, end in spans) and all(
        one[0] <= other[0] for one, other in pairwise(spans)
    )
    is_inside = all(math.isfinite(time) and time >= 0 for time in times)
    return is_inside and is_in_order and 0 < max(times) <= seconds + _SLACK_SECONDS


def _divide(span: Span, count: int) -> list[Span]:
    begin, step = span[0], (span[1] - span[0]) / max(1, count)
    return [(begin + number * step, begin + (number + 1) * step) for number in range(count)]
