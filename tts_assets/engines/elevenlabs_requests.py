"""Requests to ElevenLabs by model, and what its responses mean.

Read between 2026-09-24 and 2026-10-06 in the answers of ``GET /v1/models``, in those of the speech
endpoint to each setting, and at https://elevenlabs.io/docs/overview/models. A setting that a model
refuses or ignores is refused here, before anything is paid for. A model that is not in the table
is asked for as if it took everything: the service says what it does not.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tts_assets.config.settings import time_limits
from tts_assets.engines.decode_response import ErrorBody, parse_error_body, quote_service
from tts_assets.engines.http.service_calls import RateLimitedError, ServiceRequest, TransientError
from tts_assets.errors import ClipError, FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tts_assets.config.settings import ElevenLabsSettings
    from tts_assets.engines.http.service_calls import ServiceResponse
    from tts_assets.model import Voice


#: The service's bounds of ``voice_settings.speed``; outside of them it answers 400.
SPEEDS = (0.7, 1.2)
_RATES_HZ = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)

#: The official values of ``output_format`` that can be read here, and those that cannot.
FORMATS = (
    *(f"pcm_{rate}" for rate in _RATES_HZ),
    *(f"wav_{rate}" for rate in _RATES_HZ),
    "mp3_22050_32",
    "mp3_24000_48",
    *(f"mp3_44100_{kbps}" for kbps in (32, 64, 96, 128, 192)),
    *(f"opus_48000_{kbps}" for kbps in (32, 64, 96, 128, 192)),
)
UNREADABLE_FORMATS = ("ulaw_8000", "alaw_8000")

#: Removed on 2026-07-09.
_REMOVED = ("eleven_monolingual_v1", "eleven_multilingual_v1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ElevenLabsModel:
    """A model.

    Args:
        longest: code points of a text, as documented; a tenth more is taken.
        credits: what a code point costs.
        japanese: whether it speaks it.
        language: whether it is told the language; others find out by themselves.
        speed: whether it says the same faster or slower.
        style: whether it takes that setting, and ``use_speaker_boost``.
        stabilities: the only values of ``stability``; empty for any from 0 to 1.
        clone_strength: whether it takes that setting.
        stitches: whether it is told what stands before and after a text.
        language_normalization: whether it takes ``apply_language_text_normalization``.
    """

    longest: int = 5_000
    credits: float = 1.0
    japanese: bool = True
    language: bool = True
    speed: bool = True
    style: bool = True
    stabilities: tuple[float, ...] = ()
    clone_strength: bool = True
    stitches: bool = True
    language_normalization: bool = True


_V3 = ElevenLabsModel(
    speed=False,
    style=False,
    stabilities=(0.0, 0.5, 1.0),
    clone_strength=False,
    stitches=False,
)
_V4 = ElevenLabsModel(longest=10_000, speed=False, style=False, language_normalization=False)
_FAST = ElevenLabsModel(longest=40_000, credits=0.5, style=False, clone_strength=False)
_ENGLISH = replace(_FAST, longest=30_000, japanese=False, language=False)
_MODELS = {
    "eleven_v4": _V4,
    "eleven_v4_turbo": replace(_V4, credits=0.5),
    "eleven_v3": _V3,
    "eleven_v3_conversational": replace(_V3, credits=0.5),
    "eleven_multilingual_v2": ElevenLabsModel(longest=10_000, language=False, clone_strength=False),
    "eleven_flash_v2_5": _FAST,
    "eleven_turbo_v2_5": _FAST,
    "eleven_flash_v2": _ENGLISH,
    "eleven_turbo_v2": _ENGLISH,
}


def find_elevenlabs_model(name: str) -> ElevenLabsModel:
    """What is known of a model; of one that is not, that it takes everything."""
    return _MODELS.get(name, ElevenLabsModel())


def problem_with(settings: ElevenLabsSettings, speed: float) -> str | None:
    """What the model would refuse, or be paid for and ignore; None where there is nothing.

    Args:
        settings: what is asked for.
        speed: 1.0 is the voice's own pace.
    """
    name, form = settings.model, settings.output_format
    if name in _REMOVED:
        return f"{name} was removed on 2026-07-09: set elevenlabs.model to eleven_multilingual_v2"
    model = find_elevenlabs_model(name)
    if not model.japanese:
        return f"{name} speaks English only: set elevenlabs.model to eleven_flash_v2_5"
    if form not in FORMATS:
        return _problem_with_format(form)
    return problem_with_speed(name, speed) or _problem_with_voice(name, model, settings)


def _problem_with_format(form: str) -> str:
    """Why sound cannot be asked for in a format."""
    if form in UNREADABLE_FORMATS:
        why = "which cannot be read here: choose one such as pcm_24000 or mp3_44100_128"
    elif near := difflib.get_close_matches(form[:40], FORMATS, n=1):
        why = f"which ElevenLabs does not have: did you mean {near[0]}?"
    else:
        why = f"which ElevenLabs does not have; it has {', '.join(FORMATS)}"
    return f"elevenlabs.output-format is {form[:40]!r}, {why}"


def problem_with_speed(name: str, speed: float) -> str | None:
    """Why a model cannot speak that fast or slowly; None where it can."""
    if speed == 1.0:
        return None
    if not find_elevenlabs_model(name).speed:
        return f"{name} speaks at its own speed only: leave out speed {speed:g}"
    slowest, fastest = SPEEDS
    if slowest <= speed <= fastest:
        return None
    return f"the speed is {speed:g}: ElevenLabs takes {slowest:g} to {fastest:g}"


def _problem_with_voice(
    name: str, model: ElevenLabsModel, settings: ElevenLabsSettings
) -> str | None:
    refused = {
        "style": settings.style is not None and not model.style,
        "use-speaker-boost": settings.use_speaker_boost is not None and not model.style,
        "language-text-normalization": bool(settings.language_text_normalization)
        and not model.language_normalization,
    }
    if unknown := [setting for setting, is_refused in refused.items() if is_refused]:
        return f"{name} does not know {', '.join(unknown)}: leave that out of [elevenlabs]"
    stability = settings.stability
    if stability is None or not model.stabilities or stability in model.stabilities:
        return None
    values = ", ".join(f"{value:g}" for value in model.stabilities)
    return f"elevenlabs.stability is {stability:g}: {name} takes {values}"


# What ElevenLabs is asked for, in the words of its speech endpoint.


#: Ids become part of an address.
_VOICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PCM = re.compile(r"pcm_([0-9]+)")
_TIMESTAMPS = "/with-timestamps"

#: Of what stands before and after a part, so many code points are told; that is free.
_BESIDE = 500


def check_voice_id(voice: str) -> str:
    """The id of a voice.

    Raises:
        UsageError: it can be none.
    """
    if _VOICE.fullmatch(voice):
        return voice
    raise UsageError(
        f"{voice[:64]!r} cannot be a voice of ElevenLabs: write its id, such as "
        "JBFqnCBsd6RMkjVDRZzb; tts-assets voices --provider elevenlabs lists them"
    )


def pcm_rate_hz(settings: ElevenLabsSettings) -> int | None:
    """Samples per second where bare samples are asked for; None where a file is."""
    found = _PCM.fullmatch(settings.output_format)
    return int(found[1]) if found else None


def sound_fields(settings: ElevenLabsSettings) -> dict[str, Any]:
    """The fields of a request that the settings alone decide; without those left to the service."""
    model = find_elevenlabs_model(settings.model)
    normalization = settings.text_normalization
    return _drop_unset(
        {
            "model_id": settings.model,
            "voice_settings": build_voice_settings(settings, 1.0) or None,
            "seed": settings.seed,
            "apply_text_normalization": None if normalization is None else normalization.value,
            "apply_language_text_normalization": settings.language_text_normalization
            if model.language_normalization
            else None,
        }
    )


def build_voice_settings(settings: ElevenLabsSettings, speed: float) -> dict[str, Any]:
    """The ``voice_settings`` that the run sets itself; without those left to the voice.

    Args:
        settings: what is asked for.
        speed: 1.0 is the voice's own pace.
    """
    return _drop_unset(
        {
            "stability": settings.stability,
            "similarity_boost": settings.similarity_boost,
            "style": settings.style,
            "use_speaker_boost": settings.use_speaker_boost,
            "speed": None if speed == 1.0 else speed,
        }
    )


def _merge_settings(
    model: ElevenLabsModel, stored: Mapping[str, Any], asked: dict[str, Any]
) -> dict[str, Any]:
    """The stored settings of a voice that a model uses, under those that the run sets.

    ``voice_settings`` replace all that is stored: in the official schema each absent field has a
    default (stability 0.5, similarity_boost 0.75, style 0, speed 1, use_speaker_boost true).
    """
    is_used = {
        "style": model.style,
        "use_speaker_boost": model.style,
        "speed": model.speed,
        "clone_strength": model.clone_strength,
    }
    kept = {name: value for name, value in stored.items() if is_used.get(name, True)}
    if model.stabilities and "stability" in kept:
        # A stored value that the model would refuse: the nearest one that it takes.
        nearest = min(model.stabilities, key=lambda value: abs(value - kept["stability"]))
        kept["stability"] = nearest
    return kept | asked


def build_speech_request(
    settings: ElevenLabsSettings,
    voice: Voice,
    parts: list[str],
    at: int,
    *,
    stored: Mapping[str, Any],
    timeout_seconds: float,
) -> ServiceRequest:
    """A request for one part of a text.

    Args:
        settings: what is asked for.
        voice: who says it, and how fast.
        parts: the text.
        at: which of its parts.
        stored: the settings that are stored with the voice; used only where some have to be sent.
        timeout_seconds: for each 100 characters.

    Raises:
        UsageError: the voice can be none.
    """
    model, text, fields = find_elevenlabs_model(settings.model), parts[at], sound_fields(settings)
    if asked := build_voice_settings(settings, voice.speed):
        fields["voice_settings"] = _merge_settings(model, stored, asked)
    beside = {
        "previous_text": "".join(parts[:at])[-_BESIDE:] or None,
        "next_text": "".join(parts[at + 1 :])[:_BESIDE] or None,
    }
    language = voice.language.partition("-")[0] if model.language else None
    return ServiceRequest(
        method="POST",
        path=f"v1/text-to-speech/{check_voice_id(voice.name)}",
        query={"output_format": settings.output_format},
        json={"text": text}
        | fields
        | _drop_unset({"language_code": language} | (beside if model.stitches else {})),
        seconds=timeout_seconds * time_limits(len(text)),
    )


def with_timestamps(asked: ServiceRequest) -> ServiceRequest:
    """The same request, answered with the times of characters beside the sound."""
    return replace(asked, path=asked.path + _TIMESTAMPS)


def has_timestamps(asked: ServiceRequest) -> bool:
    """Whether a request is answered with the times of characters."""
    return asked.path.endswith(_TIMESTAMPS)


def _drop_unset(fields: dict[str, Any]) -> dict[str, Any]:
    """What is left to the service is not sent, as by its own library."""
    return {name: value for name, value in fields.items() if value is not None}


# What ElevenLabs means by an answer: whose fault it is, who can mend it, and how.
#
# As its page on errors says (https://elevenlabs.io/docs/eleven-api/resources/errors, read 2026-11-21),
# and as answers of 2026 were seen to be: the words of ``code``, ``status`` and ``type`` all count,
# since older answers have only some of them; ``detail`` is an object, an array or a bare string.


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
    if answer.status in _ABSENT and not parse_error_body(answer, hidden).words & _VOICE_FIELDS:
        raise NoTimestampsError(f"the service has no timestamps ({answer.status})")


def to_elevenlabs_error(
    answer: ServiceResponse, hidden: Callable[[str], str], *, is_first: bool
) -> Exception:
    """The error that an answer other than 200 stands for, to be raised.

    Args:
        answer: the answer.
        hidden: takes the key out of a text.
        is_first: whether nothing has gone well yet, so that the address may be the fault.

    Returns:
        PassingError, RefusedError, ClipError, VoiceError or FatalError.
    """
    status, said = answer.status, parse_error_body(answer, hidden)
    most = _MOST.search(said.message)
    if said.words & _ROOM or (status == 429 and most):
        return RateLimitedError(_quoted("too many requests at once", said), most and int(most[1]))
    if status in (*_PASSING, 429) or not 400 <= status < 500:
        return TransientError.from_answer(answer, _quoted(f"the service answered {status}", said))
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
    lacks_permission = parse_error_body(answer, hidden).words & _PERMISSION
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
