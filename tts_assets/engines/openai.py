"""OpenAI, and servers that are compatible with its ``POST /audio/speech``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tts_assets.config import keys
from tts_assets.config.prices import find_price
from tts_assets.config.settings import OpenAISettings, time_limits
from tts_assets.engines.decode_response import (
    ErrorBody,
    check_sound_body,
    choose_language,
    parse_error_body,
    quote_service,
    to_redacted_line,
)
from tts_assets.engines.http.http_client import (
    Endpoint,
    open_client,
    redact_url,
    refuse_unsafe,
    split_url,
)
from tts_assets.engines.http.service_calls import RateLimitedError, ServiceRequest, TransientError
from tts_assets.engines.machine import IMPOSED_MELODY, READING, format_versions
from tts_assets.engines.paid_purchases import TextService, TextSpeaker
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.engines.validated_speech import split_for_requests
from tts_assets.errors import ClipError, FatalError, UsageError
from tts_assets.japanese.engine_notation import spell_for_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tts_assets.config.settings import Settings
    from tts_assets.engines.http.service_calls import RetryPolicy, ServiceResponse
    from tts_assets.engines.protocol import Charge, RestartTimer
    from tts_assets.model import DictionaryWord, Speech, SpokenForm, Voice


_TRANSIENT = (408, 409, 425)  #: transient statuses: timeout, conflict, too early
_ABSENT = (404, 405, 410, 501)  #: the server has no such endpoint, method or feature
_SPENT = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
_ROOM = re.compile(r"concurren|too many (?:open|running|parallel)", re.IGNORECASE)
_MOST = re.compile(r"([0-9]{1,4})\s+concurrent", re.IGNORECASE)

#: The fields that do not depend on the clip, and their settings.
_FOR_ALL = {
    "model": "openai.model",
    "response_format": "openai.response-format",
    "instructions": "openai.instructions",
    "speed": "--speed",
}
_MODEL = {"model_not_found", "invalid_model", "unsupported_model", "model_not_supported"}

#: The message of servers without an error code.
_MODEL_MESSAGE = re.compile(
    r"\b(?:unsupported|unknown|invalid) model\b"
    r"|\bmodel\b.{0,80}\bnot (?:yet )?(?:been )?"
    r"(?:found|supported|exist|loaded|installed|downloaded)",
    re.IGNORECASE,
)

#: Some servers return 500 or 503 for permanent errors: Speaches and LocalAI, with messages such as "Model 'x' is not installed locally" and "backend not found: piper".
_LACKING = (500, 503)
_LACKS = re.compile(
    r"\b(?:model|voice|speaker|weights?|checkpoint|backend)s?\b.{0,160}?"
    r"\b(?:not|never)\b.{0,24}\b(?:downloaded|installed|found|exist|supported)\b"
    r"|\b(?:no such|unknown|unsupported) (?:model|voice|speaker|backend)\b",
    re.IGNORECASE,
)

#: Errors that may pass: the server is loading.
_GETS_READY = re.compile(
    r"\b(?:loading|downloading|starting|warming|initiali[sz]ing|in progress|again|temporar|moment)",
    re.IGNORECASE,
)
_DOWNLOAD = re.compile(r"\b(?:downloaded|installed)\b", re.IGNORECASE)
_VOICE = {"voice_not_found", "invalid_voice", "unsupported_voice"}


def to_openai_error(
    answer: ServiceResponse, *, model: str, hidden: Callable[[str], str], is_first: bool
) -> Exception:
    """The error to raise for an unsuccessful response.

    ``hidden`` redacts the key in a text; ``is_first``: no request has succeeded yet, so the base URL
    may be wrong.

    Returns:
        TransientError, RateLimitedError, ClipError or FatalError.
    """
    status, body = answer.status, parse_error_body(answer, hidden)
    if body.words & _SPENT or status == 402:
        text = "the account has no credit left: continue when it has"
        return FatalError(quote_service(text, body))
    if status == 429 and _ROOM.search(f"{body.message} {' '.join(body.words)}"):
        most = _MOST.search(body.message)
        return RateLimitedError(
            quote_service("too many requests at once", body), most and int(most[1])
        )
    if status in (429, *_TRANSIENT) or (status > 499 and not _lacks_for_good(status, body)):
        return TransientError.from_response(
            answer, quote_service(f"the server responded with {status}", body)
        )
    if status in (401, 403):
        text = (
            f"the server refuses the key or needs one ({status}): set OPENAI_API_KEY or "
            "--api-key-file"
        )
        return FatalError(quote_service(text, body))
    return _to_refusal_error(status, body, model, is_first=is_first)


def _lacks_for_good(status: int, body: ErrorBody) -> bool:
    """Whether a server error is permanent."""
    if status in _ABSENT:
        return True
    message = body.message
    lacks = status in _LACKING and _LACKS.search(message) is not None
    return lacks and not _GETS_READY.search(message)


def _to_refusal_error(status: int, body: ErrorBody, model: str, *, is_first: bool) -> Exception:
    """The error for a request that the server refuses permanently."""
    if _is_about_voice(status, body):
        text = "the server does not have this voice: tts-assets voices --provider openai may list its voices"
        return ClipError(quote_service(text, body))
    if body.words & _MODEL or _MODEL_MESSAGE.search(body.message):
        body = body._replace(fields=body.fields | {"model"})
    for field in sorted(body.fields & _FOR_ALL.keys()):
        what = f"model {model!r}" if field == "model" else field
        there = "download it there, or " if _DOWNLOAD.search(body.message) else ""
        text = f"the server refuses the {what}: {there}change {_FOR_ALL[field]}"
        return FatalError(quote_service(text, body))
    if (status in _ABSENT and is_first) or not 400 <= status < 500:
        text = (
            f"{model!r} has no speech endpoint or no such model ({status}): openai.base-url "
            "is the part before /audio/speech, and openai.model is a model of that server"
        )
        return FatalError(quote_service(text, body))
    return ClipError(quote_service(f"the server refuses this request ({status})", body))


def _is_about_voice(status: int, body: ErrorBody) -> bool:
    if body.words & _VOICE or "voice" in body.fields:
        return True
    message = body.message.lower()
    is_absent = status in (*_ABSENT, *_LACKING)
    return is_absent and "voice" in message and "model" not in message


def to_no_sound_error(
    answer: ServiceResponse, why: TransientError, hidden: Callable[[str], str]
) -> TransientError:
    """The error for a response without audio: its message, or ``why`` if it has none."""
    body = parse_error_body(answer, hidden)
    if not body.message:
        return why
    what = f"the response was not audio but {answer.media_type or 'text'}"
    if answer.media_type.startswith("audio/"):
        what = f"the response was not audio, although its type is {answer.media_type}"
    elif answer.body.lstrip().startswith(b"<"):
        what += ": openai.base-url must be the part before /audio/speech"
    return TransientError(quote_service(what, body), answer.wait_seconds)


#: OpenAI has no endpoint for its voices; these are in its API reference (createSpeech, read
#: 2026-11-22). They speak whatever language the text is in.
_BUILT_IN_VOICES = tuple(
    # "mul": several languages.
    VoiceInfo(name=name, language="mul", description="built-in voice of OpenAI")
    for name in (
        *("alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer"),
        *("verse", "marin", "cedar"),
    )
)


def voices_in(body: Any, hidden: Callable[[str], str]) -> tuple[VoiceInfo, ...]:
    """The voices in the JSON response to ``GET /audio/voices``; none if it is not a list of voices.

    Kokoro-FastAPI returns objects with ``id`` and ``name`` in ``voices``, older versions plain names;
    Speaches returns objects with ``name`` and ``language``. ``hidden`` redacts the key in a text.
    """
    if isinstance(body, dict):
        body = body.get("voices") or body.get("data")
    rows = body if isinstance(body, list) else []
    found = (_to_voice_info(row, hidden) for row in rows)
    return tuple({each.name: each for each in found if each is not None}.values())


def _to_voice_info(row: Any, hidden: Callable[[str], str]) -> VoiceInfo | None:
    fields = row if isinstance(row, dict) else {"id": row}
    name = to_redacted_line(
        fields.get("id") or fields.get("voice_id") or fields.get("name"), hidden
    )
    if not name:
        return None
    description = to_redacted_line(fields.get("description") or fields.get("name"), hidden)
    return VoiceInfo(
        name=name,
        language=choose_language(fields.get("locale"), fields.get("language")) or "und",
        description="" if description == name else description,
    )


#: pcm is "the raw samples in 24kHz (16-bit signed, low-endian), without the header" (OpenAI's guide
#: to text to speech, supported output formats).
_PCM_HZ = 24_000

#: A parameter of audio/L16 (RFC 2586), which servers also add to other types.
_RATE = re.compile(r";\s*rate=([1-9][0-9]{3,5})\b", re.IGNORECASE)

#: OpenAI accepts 4,096 characters (API reference, createSpeech), but gpt-4o-mini-tts at most 2,000
#: tokens (its model page); this many Japanese characters have fewer.
_LONGEST = 1_500


class OpenAISpeaker(TextSpeaker[OpenAISettings]):
    """A server, connected for one run."""

    name = "openai"
    least_speed = 1.0

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: RestartTimer = None
    ) -> Speech:
        """Synthesize a form; a long text in parts, one after the other.

        Returns:
            float32 samples, shape (n,), full scale at -1..1; the rate that the server chose; and
            the requested pronunciation, as servers do not report their own, with the voice's
            accents unless others were imposed.

        Raises:
            ClipError: the form cannot be synthesized, or no response is usable.
            FatalError: no form can be synthesized, or all clips of the voice seem truncated.
        """
        reading = await self._read(form)
        parts = split_for_requests(spell_for_engine(form, reading), _LONGEST)
        seconds = self._timeout_seconds * time_limits(len(form.text))

        def build_request(at: int) -> ServiceRequest:
            return self._build_request(parts[at], voice, seconds)

        return await self._buy_speech(form, reading, voice, parts, build_request, restart_timer)

    def _build_request(self, text: str, voice: Voice, seconds: float) -> ServiceRequest:
        body: dict[str, Any] = {
            "model": self._own.model,
            "input": text,
            "voice": voice.name,
            "response_format": self._own.response_format,
        }
        if self._own.instructions:
            body["instructions"] = self._own.instructions
        if voice.speed != 1.0:
            body["speed"] = voice.speed
        return ServiceRequest(method="POST", path="audio/speech", json=body, seconds=seconds)

    def _judge_answer(self, request: ServiceRequest, answer: ServiceResponse) -> ServiceResponse:
        """Return a response with audio, damaged or not; raise for any other."""
        del request
        hidden = self._service.client.redact
        if not answer.is_success:
            raise to_openai_error(
                answer, model=self._own.model, hidden=hidden, is_first=self.limiter.is_new
            )
        try:
            check_sound_body(
                answer.body, answer.media_type, pcm_rate_hz=self._find_pcm_rate(answer)
            )
        except TransientError as exc:
            why = exc
        else:
            return answer
        # Outside of the except block: the original error may contain the key.
        raise to_no_sound_error(answer, why, hidden)

    def _find_pcm_rate(self, answer: ServiceResponse) -> int | None:
        """The sample rate of bare samples: OpenAI's, unless the server reports another; None for files."""
        if self._own.response_format != "pcm":
            return None
        rate = _RATE.search(answer.headers.get("content-type", ""))
        return int(rate[1]) if rate else _PCM_HZ


#: The formats of OpenAI that libsndfile reads, unlike aac.
_FORMATS = ("wav", "flac", "mp3", "opus", "pcm")


class OpenAI(TextService[OpenAISettings, OpenAISpeaker]):
    """The provider; servers report no readings, so they cannot be checked."""

    name = "openai"
    # 20 MiB in the run's own process with 1 or 16 open requests, and 97 for the dictionary.
    # In a run over 8,000 words, mapped pages of UniDic add 200 MiB.
    base_mib = 320
    footprint_mib = 1
    _speaker_type = OpenAISpeaker

    def __init__(self, settings: Settings, *, retry_policy: RetryPolicy | None = None) -> None:
        """Don't connect yet; ``retry_policy`` replaces the default."""
        super().__init__(settings, settings.openai, retry_policy)

    def problem(self) -> str | None:
        """None if the server can be used; otherwise a message that OpenAI needs a key.

        Raises:
            UsageError: invalid settings: an unreadable format, no voice, a base URL that is
                invalid or would expose the key.
            FatalError: the keyring cannot be read.
        """
        if self._own.response_format not in _FORMATS:
            raise UsageError(
                f"openai.response-format is {self._own.response_format!r}: "
                f"choose one of {', '.join(_FORMATS)}"
            )
        refuse_unsafe(self._own.base_url, self._api_key)
        self.voices()
        if self._api_key is None and self.is_openai:
            return f"OpenAI needs a key: {keys.advice(self.name)}"
        return None

    def _describe_voice(self, name: str) -> VoiceInfo:
        return VoiceInfo(name=name, language="ja", description="")

    async def listed(self) -> tuple[VoiceInfo, ...]:
        """Request the voices of the server; for OpenAI, which does not list them, the documented ones.

        Raises:
            UsageError: the base URL is invalid, or the key cannot be used.
            FatalError: the server cannot be reached, or does not list its voices.
        """
        if self.is_openai:
            return _BUILT_IN_VOICES
        place, seconds = self._make_endpoint(), self._settings.timeout_seconds
        where = redact_url(place.base_url)
        try:
            async with open_client(place, most=1) as client:
                for path in ("audio/voices", "voices"):
                    request = ServiceRequest(method="GET", path=path, seconds=seconds)
                    answer = await client.ask(request)
                    if answer.status not in _ABSENT:
                        break
                found = voices_in(answer.json(), client.redact) if answer.status == 200 else ()
        except (TransientError, ClipError) as exc:
            raise FatalError(f"{where} does not list its voices: {exc}") from exc
        if not found and answer.status in (401, 403):
            raise to_openai_error(answer, model=self.model, hidden=client.redact, is_first=True)
        if not found:
            raise FatalError(
                f"{where} does not list its voices ({answer.status}): look them up in its "
                "documentation, and name them as voices in [openai], or one with --voice"
            )
        return found

    def engine(self, voice: str) -> str:
        """The model, its instructions, and the versions that determine the text to send."""
        found = [f"openai model={self.model} response_format={self._own.response_format}"]
        if self._own.instructions:
            found.append(f"instructions={json.dumps(self._own.instructions, ensure_ascii=False)}")
        if self.accents(voice):
            found.append(IMPOSED_MELODY)
        return " ".join([*found, format_versions(READING)])

    @property
    def is_openai(self) -> bool:
        """Whether the server is OpenAI, which needs a key and charges for every request."""
        parts = split_url(self._own.base_url)
        return parts is not None and parts.hostname == "api.openai.com"

    def _make_endpoint(self) -> Endpoint:
        key = self._api_key
        headers = {} if key is None else {"Authorization": f"Bearer {key.reveal()}"}
        return Endpoint(base_url=self._own.base_url, headers=headers, secret=key)


class PaidOpenAI(OpenAI):
    """The provider for servers that charge for requests."""

    async def charges(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...]
    ) -> list[Charge | str]:
        """The characters to send for each form, one credit each; see ``_count_charges``."""
        return await self._count_charges(forms, words, 1)

    async def balance(self) -> str:
        """Unknown: the API does not report it."""
        return "servers with this API do not report the remaining credit"

    async def terms(self) -> str:
        """Unknown: the API does not report them."""
        return f"{self.model}: servers with this API do not report its limits"


def openai(settings: Settings) -> OpenAI:
    """The provider; with charges for OpenAI, and for servers with a known price or a cost limit."""
    is_bounded = settings.max_chars is not None or settings.max_cost is not None
    free = OpenAI(settings)
    is_priced = find_price(settings.prices, free.name, free.model) is not None
    return PaidOpenAI(settings) if free.is_openai or is_bounded or is_priced else free
