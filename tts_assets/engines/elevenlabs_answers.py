"""What ElevenLabs means by an answer: whose fault it is, who can mend it, and how.

As its page on errors says (https://elevenlabs.io/docs/eleven-api/resources/errors, read 2026-11-21),
and as answers of 2026 were seen to be: the words of ``code``, ``status`` and ``type`` all count,
since older answers have only some of them; ``detail`` is an object, an array or a bare string.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from tts_assets.engines.error_body import ErrorBody, quote_service, words_of
from tts_assets.engines.http.service_calls import RateLimitedError, TransientError
from tts_assets.errors import ClipError, FatalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.engines.http.service_calls import ServiceResponse


#: Statuses that may be others another time: timeout, too early.
_PASSING = (408, 425)


#: Statuses of a service that does not have an address.
_ABSENT = (404, 405, 501)


#: What one answer may have cost; numbers beyond are none that anybody is charged.
MOST_CREDITS = 1e9
_ROOM = {"concurrent_limit_exceeded", "too_many_concurrent_requests"}


#: Nothing else tells how many are taken at once: a refusal has no such header.
_MOST = re.compile(r"maximum of ([0-9]{1,4})\s+concurrent")
_SPENT = {"quota_exceeded", "insufficient_credits"}
_LEFT = re.compile(r"([0-9]{1,12}) credits? remaining.*?([0-9]{1,12}) credits? (?:are|is) required")
_VOICE_FIELDS = {"voice_not_found", "invalid_voice_id", "voice_access_denied"}
_TEXT = {
    "text_too_long",
    "max_character_limit_exceeded",
    "text_too_short",
    "input_text_empty",
    "empty_text",
    "invalid_text",
}
_PERMISSION = {"missing_permissions", "insufficient_permissions"}


#: What no other clip would be spared either: words of the service, what is wrong, what to do.
_FOR_ALL: tuple[tuple[set[str], str, str], ...] = (
    (
        _PERMISSION,
        "the API key lacks a permission",
        "give it the one that is missing at https://elevenlabs.io/app/settings/api-keys",
    ),
    (
        {"detected_unusual_activity"},
        "ElevenLabs suspects unusual activity",
        "switch off VPN and proxy, or use a paid plan",
    ),
    (
        {"paid_plan_required", "limited_access", "subscription_required", "feature_not_available"},
        "the plan of this key does not have that",
        "use another voice, model or output-format, or another plan",
    ),
    (
        {"invalid_output_format"},
        "the output format is refused",
        "set elevenlabs.output-format to pcm_24000, or pay for it (mp3_44100_192: Creator, 44100: Pro)",
    ),
    (
        {"model_not_found", "unsupported_model", "model_access_denied"},
        "the model is refused, or a setting with it",
        "set elevenlabs.model, or leave out the setting that is named",
    ),
    (
        {"invalid_voice_settings"},
        "the settings of the voice are refused",
        "mend speed, or stability, similarity-boost, style and use-speaker-boost in [elevenlabs]",
    ),
    (
        {
            "invalid_api_key",
            "missing_api_key",
            "needs_authorization",
            "invalid_authorization_header",
            "sign_in_required",
            "unauthorized",
            "authentication_error",
        },
        "the API key is refused",
        "set ELEVENLABS_API_KEY or --api-key-file to a valid one",
    ),
)
_quoted = partial(quote_service, who="ElevenLabs")


class VoiceError(ClipError):
    """This voice cannot be used; others may be."""


class NoTimestampsError(ClipError):
    """The service has no endpoint with timestamps; the plain one may do."""


def refuse_absent_timestamps(answer: ServiceResponse, hidden: Callable[[str], str]) -> None:
    """Raise if a service does not have the endpoint with timestamps.

    Raises:
        NoTimestampsError: it does not.
    """
    if answer.status in _ABSENT and not words_of(answer, hidden).words & _VOICE_FIELDS:
        raise NoTimestampsError(f"the service has no timestamps ({answer.status})")


def failure(answer: ServiceResponse, hidden: Callable[[str], str], *, is_first: bool) -> Exception:
    """The error that an answer other than 200 stands for, to be raised.

    Args:
        answer: the answer.
        hidden: takes the key out of a text.
        is_first: whether nothing has gone well yet, so that the address may be the fault.

    Returns:
        PassingError, RefusedError, ClipError, VoiceError or FatalError.
    """
    status, said = answer.status, words_of(answer, hidden)
    most = _MOST.search(said.message)
    if said.words & _ROOM or (status == 429 and most):
        return RateLimitedError(_quoted("too many requests at once", said), most and int(most[1]))
    if status in (*_PASSING, 429) or not 400 <= status < 500:
        return TransientError.of(answer, _quoted(f"the service answered {status}", said))
    if said.words & _SPENT:
        return FatalError(_describe_spent(said))
    if said.words & _VOICE_FIELDS:
        return VoiceError(
            _quoted(
                "ElevenLabs does not have this voice for you: tts-assets voices "
                "--provider elevenlabs lists those it has",
                said,
            )
        )
    if said.words & _TEXT or status == 422:
        return ClipError(_quoted("ElevenLabs does not take this text or request", said))
    return _for_all(status, said, is_first=is_first)


def _for_all(status: int, said: ErrorBody, *, is_first: bool) -> Exception:
    for words, what, remedy in _FOR_ALL:
        if said.words & words:
            return FatalError(_quoted(f"{what}: {remedy}", said))
    if status in (401, 402, 403):
        return FatalError(_quoted(f"ElevenLabs refuses the API key or the plan ({status})", said))
    if status in (404, 405) and is_first:
        return FatalError(
            _quoted(
                f"there is no such service ({status}): elevenlabs.base-url is the host alone, "
                "such as https://api.elevenlabs.io",
                said,
            )
        )
    return ClipError(_quoted(f"ElevenLabs refuses this request ({status})", said))


def is_unreadable(answer: ServiceResponse, hidden: Callable[[str], str]) -> bool:
    """Whether the service refuses to show something to a key that may otherwise be valid."""
    lacks_permission = words_of(answer, hidden).words & _PERMISSION
    return bool(lacks_permission) or answer.status in (403, 404, 405)


def _describe_spent(said: ErrorBody) -> str:
    numbers = _LEFT.search(said.message)
    have = f", {numbers[1]} are left and {numbers[2]} needed" if numbers else ""
    return _quoted(f"the credits are spent{have}: go on when there are more", said)


def read_charge(answer: ServiceResponse) -> float | None:
    """The credits that an answer cost; None where it does not tell."""
    for header in ("character-cost", "x-character-count"):
        try:
            cost = float(answer.headers.get(header, ""))
        except ValueError:
            continue
        if 0 <= cost <= MOST_CREDITS:
            return cost
    return None


def most_at_once(answer: ServiceResponse) -> int | None:
    """How many requests of this model's group the plan takes at once; None where it is not told."""
    told_most = answer.headers.get("maximum-concurrent-requests", "")
    return int(told_most) or None if re.fullmatch("[0-9]{1,4}", told_most) else None
