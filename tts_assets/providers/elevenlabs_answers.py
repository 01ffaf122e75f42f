"""What ElevenLabs means by an answer: whose fault it is, who can mend it, and how.

As its page on errors says (https://elevenlabs.io/docs/eleven-api/resources/errors, read 2026-11-21),
and as answers of 2026 were seen to be: the words of ``code``, ``status`` and ``type`` all count,
since older answers have only some of them; ``detail`` is an object, an array or a bare string.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.errors import ClipError, FatalError
from tts_assets.remote import PassingError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.remote import Answer

#: More of a message is not shown.
_SHOWN = 300
#: Answers about one text tell no more problems than that.
_PROBLEMS = 5

#: Statuses that may be others another time: timeout, too early.
_PASSING = (408, 425)

_ROOM = {"concurrent_limit_exceeded", "too_many_concurrent_requests"}
#: Nothing else tells how many are taken at once: a refusal has no such header.
_MOST = re.compile(r"maximum of ([0-9]{1,4})\s+concurrent")

_SPENT = {"quota_exceeded", "insufficient_credits"}
_LEFT = re.compile(r"([0-9]{1,12}) credits? remaining.*?([0-9]{1,12}) credits? (?:are|is) required")

_VOICE = {"voice_not_found", "invalid_voice_id", "voice_access_denied"}
_TEXT = {
    "text_too_long",
    "max_character_limit_exceeded",
    "text_too_short",
    "input_text_empty",
    "empty_text",
    "invalid_text",
}

#: What no other clip would be spared either: words of the service, what is wrong, what to do.
_FOR_ALL: tuple[tuple[set[str], str, str], ...] = (
    (
        {"missing_permissions", "insufficient_permissions"},
        "the API key lacks a permission",
        "give it Text to Speech at https://elevenlabs.io/app/settings/api-keys",
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


class VoiceError(ClipError):
    """This voice cannot be used; others may be."""


class Told(NamedTuple):
    """What an answer that is no speech says.

    Args:
        words: the service's own, for what happened.
        message: one line, without the key, bounded; "" for none.
    """

    words: frozenset[str]
    message: str


def told(answer: Answer, hidden: Callable[[str], str]) -> Told:
    """What an answer says, whatever shape it has.

    Args:
        answer: any.
        hidden: takes the key out of a text.
    """
    body = answer.json()
    detail = body.get("detail", body) if isinstance(body, dict) else body
    words: frozenset[str] = frozenset()
    match detail:
        case dict():
            names = (detail.get(name) for name in ("code", "status", "type"))
            words = frozenset(name for name in names if isinstance(name, str))
            text = detail.get("message")
        case list():
            text = "; ".join(map(_problem, detail[:_PROBLEMS]))
        case _:
            text = detail
    line = " ".join(_printable(hidden(text)).split()) if isinstance(text, str) else ""
    return Told(words, line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…")


def failure(answer: Answer, hidden: Callable[[str], str], *, is_first: bool) -> Exception:
    """The error that an answer other than 200 stands for, to be raised.

    Args:
        answer: the answer.
        hidden: takes the key out of a text.
        is_first: whether nothing has gone well yet, so that the address may be the fault.

    Returns:
        PassingError, RefusedError, ClipError, VoiceError or FatalError.
    """
    status, said = answer.status, told(answer, hidden)
    most = _MOST.search(said.message)
    if said.words & _ROOM or (status == 429 and most):
        return RefusedError(_quoted("too many requests at once", said), most and int(most[1]))
    if status in (*_PASSING, 429) or not 400 <= status < 500:
        return PassingError.of(answer, _quoted(f"the service answered {status}", said))
    if said.words & _SPENT:
        return FatalError(_spent(said))
    if said.words & _VOICE:
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


def _for_all(status: int, said: Told, *, is_first: bool) -> Exception:
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


def _spent(said: Told) -> str:
    numbers = _LEFT.search(said.message)
    have = f": {numbers[1]} are left and {numbers[2]} needed" if numbers else ""
    return _quoted(
        f"the credits are spent{have}; when there are more, the same command goes on from here",
        said,
    )


def _quoted(text: str, said: Told) -> str:
    return f"{text} (ElevenLabs: {said.message})" if said.message else text


def _problem(item: Any) -> str:
    """One of the problems with a request, with the path of its field."""
    if not isinstance(item, dict):
        return str(item)
    path = item.get("loc")
    where = ".".join(map(str, path)) if isinstance(path, list) else ""
    return f"{where}: {item.get('msg', '')}"


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def charged(answer: Answer) -> float | None:
    """The credits that an answer cost; None where it does not tell."""
    for header in ("character-cost", "x-character-count"):
        try:
            cost = float(answer.headers.get(header, ""))
        except ValueError:
            continue
        if math.isfinite(cost) and cost >= 0:
            return cost
    return None


def most_at_once(answer: Answer) -> int | None:
    """How many requests of this model's group the plan takes at once; None where it is not told."""
    told_most = answer.headers.get("maximum-concurrent-requests", "")
    return int(told_most) or None if re.fullmatch("[0-9]{1,4}", told_most) else None
