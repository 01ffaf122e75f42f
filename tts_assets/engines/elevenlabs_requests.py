"""Requests to ElevenLabs by model, and the errors in its responses.

The table is from the responses of ``GET /v1/models``, those of the speech endpoint to each setting, and
https://elevenlabs.io/docs/overview/models, between 2026-09-24 and 2026-10-06. Settings that a model
refuses or ignores raise an error before anything is paid for. Models that are not in the table accept
every setting: the service reports those that it refuses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tts_assets.config.settings import time_limits
from tts_assets.engines.decode_response import ErrorBody, parse_error_body, quote_service
from tts_assets.engines.http.service_calls import RateLimitedError, ServiceRequest, TransientError
from tts_assets.errors import ClipError, FatalError, UsageError, suggest_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tts_assets.config.settings import ElevenLabsSettings
    from tts_assets.engines.http.service_calls import ServiceResponse
    from tts_assets.model import Voice


#: The service's bounds of ``voice_settings.speed``; outside of them it returns 400.
SPEEDS = (0.7, 1.2)
_RATES_HZ = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)

#: The official values of ``output_format`` that this program can decode, and those it cannot.
FORMATS = (
    *(f"pcm_{rate}" for rate in _RATES_HZ),
    *(f"wav_{rate}" for rate in _RATES_HZ),
    "mp3_22050_32",
    "mp3_24000_48",
    *(f"mp3_44100_{kbps}" for kbps in (32, 64, 96, 128, 192)),
    *(f"opus_48000_{kbps}" for kbps in (32, 64, 96, 128, 192)),
)
UNREADABLE_FORMATS = ("ulaw_8000", "alaw_8000")

_REMOVED = ("eleven_monolingual_v1", "eleven_multilingual_v1")  #: removed on 2026-07-09


@dataclass(frozen=True, slots=True, kw_only=True)
class ElevenLabsModel:
    """A model."""

    longest: int = 5_000  #: the documented maximum of code points; the service accepts a tenth more
    credits: float = 1.0  #: the cost of a code point
    japanese: bool = True  #: whether it speaks Japanese
    language: bool = True  #: whether it accepts a language; others detect it
    speed: bool = True  #: whether it accepts a speed
    style: bool = True  #: whether it accepts this setting, and ``use_speaker_boost``
    #: The allowed values of ``stability``; empty for any from 0 to 1.
    stabilities: tuple[float, ...] = ()
    clone_strength: bool = True  #: whether it accepts this setting
    stitches: bool = True  #: whether it accepts the texts before and after a text
    language_normalization: bool = True  #: whether it accepts ``apply_language_text_normalization``


_V3 = ElevenLabsModel(
    speed=False, style=False, stabilities=(0.0, 0.5, 1.0), clone_strength=False, stitches=False
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
    """The table's entry of a model; an unknown model accepts every setting."""
    return _MODELS.get(name, ElevenLabsModel())


def problem_with(settings: ElevenLabsSettings, speed: float) -> str | None:
    """The problem of a setting that the model refuses, or ignores at full cost; None without one."""
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
    """Why a format cannot be requested."""
    if form in UNREADABLE_FORMATS:
        why = "which cannot be read here: choose one such as pcm_24000 or mp3_44100_128"
    else:
        why = f"which ElevenLabs does not have: {suggest_names(form, FORMATS)}"
    return f"elevenlabs.output-format is {form[:40]!r}, {why}"


def problem_with_speed(name: str, speed: float) -> str | None:
    """Why a model does not support a speed; None if it does."""
    if speed == 1.0:
        return None
    if not find_elevenlabs_model(name).speed:
        return f"{name} has no speed control: omit speed {speed:g}"
    slowest, fastest = SPEEDS
    if slowest <= speed <= fastest:
        return None
    return f"the speed is {speed:g}: ElevenLabs takes {slowest:g} to {fastest:g}"


def _problem_with_voice(
    name: str, model: ElevenLabsModel, settings: ElevenLabsSettings
) -> str | None:
    normalizes = bool(settings.language_text_normalization)
    unsupported = {
        "style": settings.style is not None and not model.style,
        "use-speaker-boost": settings.use_speaker_boost is not None and not model.style,
        "language-text-normalization": normalizes and not model.language_normalization,
    }
    if unknown := [setting for setting, is_unsupported in unsupported.items() if is_unsupported]:
        return f"{name} does not support {', '.join(unknown)}: remove that from [elevenlabs]"
    stability = settings.stability
    if stability is None or not model.stabilities or stability in model.stabilities:
        return None
    values = ", ".join(f"{value:g}" for value in model.stabilities)
    return f"elevenlabs.stability is {stability:g}: {name} takes {values}"


_VOICE = re.compile(r"[A-Za-z0-9_-]{1,64}")  #: ids become part of a URL
_PCM = re.compile(r"pcm_([0-9]+)")
_TIMESTAMPS = "/with-timestamps"
_BESIDE = 500  #: the context sent before and after a part, in code points; it is free


def check_voice_id(voice: str) -> str:
    """Return the id of a voice; UsageError if it is invalid."""
    if _VOICE.fullmatch(voice):
        return voice
    raise UsageError(
        f"{voice[:64]!r} is not the id of an ElevenLabs voice: write an id such as "
        "JBFqnCBsd6RMkjVDRZzb; tts-assets voices --provider elevenlabs lists them"
    )


def pcm_rate_hz(settings: ElevenLabsSettings) -> int | None:
    """The sample rate if bare samples are requested; None if a file is."""
    found = _PCM.fullmatch(settings.output_format)
    return int(found[1]) if found else None


def sound_fields(settings: ElevenLabsSettings) -> dict[str, Any]:
    """The fields of a request that depend on the settings alone, without unset ones."""
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
    """The ``voice_settings`` of the run, without unset ones."""
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
    model: ElevenLabsModel, stored: Mapping[str, Any], own: dict[str, Any]
) -> dict[str, Any]:
    """The stored settings of a voice that a model uses, overridden by those of the run.

    ``voice_settings`` replace all stored ones: in the official schema each absent field has a
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
        # The model refuses other values.
        nearest = min(model.stabilities, key=lambda value: abs(value - kept["stability"]))
        kept["stability"] = nearest
    return kept | own


def build_speech_request(
    settings: ElevenLabsSettings,
    voice: Voice,
    parts: list[str],
    at: int,
    *,
    stored: Mapping[str, Any],
    timeout_seconds: float,
) -> ServiceRequest:
    """A request for one part of a text; UsageError for an invalid voice.

    The stored settings of the voice are used only if the request has to send voice settings.
    """
    model, text, fields = find_elevenlabs_model(settings.model), parts[at], sound_fields(settings)
    if own := build_voice_settings(settings, voice.speed):
        fields["voice_settings"] = _merge_settings(model, stored, own)
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


def with_timestamps(request: ServiceRequest) -> ServiceRequest:
    """The request for the same audio with character times."""
    return replace(request, path=request.path + _TIMESTAMPS)


def without_timestamps(request: ServiceRequest) -> ServiceRequest:
    """The request for the same audio alone."""
    return replace(request, path=request.path.removesuffix(_TIMESTAMPS))


def has_timestamps(request: ServiceRequest) -> bool:
    """Whether the response to a request has character times."""
    return request.path.endswith(_TIMESTAMPS)


def _drop_unset(fields: dict[str, Any]) -> dict[str, Any]:
    """Drop unset fields, like the official library."""
    return {name: value for name, value in fields.items() if value is not None}


# Errors as documented (https://elevenlabs.io/docs/eleven-api/resources/errors, read 2026-11-21), and as
# observed in 2026: ``code``, ``status`` and ``type`` all count, since older responses have only some of
# them; ``detail`` is an object, an array or a bare string.


_TRANSIENT = (408, 425)  #: transient statuses: timeout, too early
ABSENT = (404, 405, 501)  #: statuses of a missing endpoint
MOST_CREDITS = 1e9  #: higher costs of one response are implausible
_CONCURRENCY_CODES = {"concurrent_limit_exceeded", "too_many_concurrent_requests"}

#: The limit of open requests in an error message; such responses lack the header.
_MOST = re.compile(r"maximum of ([0-9]{1,4})\s+concurrent")
_SPENT_CODES = {"quota_exceeded", "insufficient_credits"}
_LEFT = re.compile(r"([0-9]{1,12}) credits? remaining.*?([0-9]{1,12}) credits? (?:are|is) required")
_VOICE_CODES = {"voice_not_found", "invalid_voice_id", "voice_access_denied"}
_TEXT_CODES = {
    *("text_too_long", "max_character_limit_exceeded", "text_too_short", "input_text_empty"),
    *("empty_text", "invalid_text"),
}
_PERMISSION_CODES = {"missing_permissions", "insufficient_permissions"}

#: Fatal errors: the codes of the service, the problem, the remedy.
_FATAL_CODES: tuple[tuple[set[str], str, str], ...] = (
    (
        _PERMISSION_CODES,
        "the API key lacks a permission",
        "add the missing permission at https://elevenlabs.io/app/settings/api-keys",
    ),
    (
        {"detected_unusual_activity"},
        "ElevenLabs suspects unusual activity",
        "switch off VPN and proxy, or use a paid plan",
    ),
    (
        {"paid_plan_required", "limited_access", "subscription_required", "feature_not_available"},
        "the plan of this key does not include that",
        "use another voice, model or output-format, or another plan",
    ),
    (
        {"invalid_output_format"},
        "the output format is refused",
        "set elevenlabs.output-format to pcm_24000, or pay for it (mp3_44100_192: Creator, 44100: Pro)",
    ),
    (
        {"model_not_found", "unsupported_model", "model_access_denied"},
        "the model, or a setting for it, is refused",
        "change elevenlabs.model, or remove the named setting",
    ),
    (
        {"invalid_voice_settings"},
        "the settings of the voice are refused",
        (
            "correct speed, or stability, similarity-boost, style and use-speaker-boost in "
            "[elevenlabs]"
        ),
    ),
    (
        {
            *("invalid_api_key", "missing_api_key", "needs_authorization", "sign_in_required"),
            *("invalid_authorization_header", "unauthorized", "authentication_error"),
        },
        "the API key is refused",
        "set ELEVENLABS_API_KEY or --api-key-file to a valid one",
    ),
)
_quoted = partial(quote_service, who="ElevenLabs")


class VoiceError(ClipError):
    """This voice cannot be used; others may work."""


class NoTimestampsError(ClipError):
    """The service lacks the endpoint with timestamps; the plain one may work."""


def refuse_absent_timestamps(answer: ServiceResponse, hidden: Callable[[str], str]) -> None:
    """Raise NoTimestampsError if the service lacks the endpoint with timestamps."""
    if answer.status in ABSENT and not parse_error_body(answer, hidden).words & _VOICE_CODES:
        raise NoTimestampsError(f"the service has no timestamps ({answer.status})")


def to_elevenlabs_error(
    answer: ServiceResponse, hidden: Callable[[str], str], *, is_first: bool
) -> Exception:
    """The error to raise for a response other than 200.

    ``hidden`` redacts the key in a text; ``is_first``: no request has succeeded yet, so the base URL
    may be wrong.

    Returns:
        TransientError, RateLimitedError, ClipError, VoiceError or FatalError.
    """
    status, body = answer.status, parse_error_body(answer, hidden)
    most = _MOST.search(body.message)
    if body.words & _CONCURRENCY_CODES or (status == 429 and most):
        return RateLimitedError(_quoted("too many requests at once", body), most and int(most[1]))
    if status in (*_TRANSIENT, 429) or not 400 <= status < 500:
        return TransientError.from_response(
            answer, _quoted(f"the service responded with {status}", body)
        )
    if body.words & _SPENT_CODES:
        numbers = _LEFT.search(body.message)
        have = f", {numbers[1]} left and {numbers[2]} needed" if numbers else ""
        return FatalError(
            _quoted(f"the credits are used up{have}: continue when there are more", body)
        )
    if body.words & _VOICE_CODES:
        text = (
            "this voice is not available to your account: tts-assets voices --provider "
            "elevenlabs lists those that are"
        )
        return VoiceError(_quoted(text, body))
    if body.words & _TEXT_CODES or status == 422:
        return ClipError(_quoted("ElevenLabs rejects this text or request", body))
    return _to_permanent_error(status, body, is_first=is_first)


def _to_permanent_error(status: int, body: ErrorBody, *, is_first: bool) -> Exception:
    for codes, problem, remedy in _FATAL_CODES:
        if body.words & codes:
            return FatalError(_quoted(f"{problem}: {remedy}", body))
    if status in (401, 402, 403):
        text = (
            f"ElevenLabs refuses the API key or the plan ({status}): set ELEVENLABS_API_KEY or "
            "--api-key-file to a valid key, and check its plan"
        )
        return FatalError(_quoted(text, body))
    if status in (404, 405) and is_first:
        text = (
            f"there is no such service ({status}): elevenlabs.base-url must be only the "
            "host, such as https://api.elevenlabs.io"
        )
        return FatalError(_quoted(text, body))
    return ClipError(_quoted(f"ElevenLabs refuses this request ({status})", body))


def is_unreadable(answer: ServiceResponse, hidden: Callable[[str], str]) -> bool:
    """Whether the key lacks a permission; it may be valid otherwise."""
    lacks_permission = parse_error_body(answer, hidden).words & _PERMISSION_CODES
    return bool(lacks_permission) or answer.status in (403, 404, 405)


def read_charge(answer: ServiceResponse) -> float | None:
    """The credits that a response cost; None if it does not report them."""
    for header in ("character-cost", "x-character-count"):
        try:
            cost = float(answer.headers.get(header, ""))
        except ValueError:
            continue
        if 0 <= cost <= MOST_CREDITS:
            return cost
    return None


def most_at_once(answer: ServiceResponse) -> int | None:
    """The plan's limit of open requests for this group of models; None if not reported."""
    most = answer.headers.get("maximum-concurrent-requests", "")
    return int(most) or None if re.fullmatch("[0-9]{1,4}", most) else None
