"""Speech from ElevenLabs: the account, its voices and credits, and synthesis."""

from __future__ import annotations

import math
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import msgspec

from tts_assets.config.settings import ElevenLabsSettings
from tts_assets.engines.decode_response import check_sound_body, choose_language, to_redacted_line
from tts_assets.engines.elevenlabs_history import ElevenLabsHistory
from tts_assets.engines.elevenlabs_requests import (
    ABSENT,
    SPEEDS,
    NoTimestampsError,
    VoiceError,
    build_speech_request,
    build_voice_settings,
    check_voice_id,
    find_elevenlabs_model,
    has_timestamps,
    is_unreadable,
    most_at_once,
    pcm_rate_hz,
    problem_with_speed,
    read_charge,
    refuse_absent_timestamps,
    to_elevenlabs_error,
    with_timestamps,
    without_timestamps,
)
from tts_assets.engines.http.service_calls import RateLimitedError, ServiceRequest, TransientError
from tts_assets.engines.paid_purchases import TextSpeaker
from tts_assets.engines.protocol import Balance, VoiceInfo
from tts_assets.engines.validated_speech import split_for_requests, unpack_timed_answer
from tts_assets.errors import ClipError, FatalError, UsageError
from tts_assets.japanese.engine_notation import spell_for_engine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from tts_assets.engines.http.service_calls import ServiceResponse
    from tts_assets.engines.http.service_connection import ServiceConnection
    from tts_assets.engines.paid_purchases import PurchasedPart, SpeechAccents
    from tts_assets.engines.protocol import RestartTimer
    from tts_assets.engines.validated_speech import Attempt
    from tts_assets.model import Pronunciation, Speech, SpokenForm, Voice

Shape = TypeVar("Shape")

_PAGE_SIZE = 100  #: the service's maximum (https://elevenlabs.io/docs/api-reference/voices/search)
_MAX_PAGES = 200  #: a limit, in case the service never ends its list
_MAX_LINE_LENGTH = 80


class _VerifiedLanguage(msgspec.Struct):
    language: str | None = None
    locale: str | None = None


class _Voice(msgspec.Struct):
    voice_id: str
    name: str | None = None
    description: str | None = None
    labels: dict[str, str | None] | None = None
    verified_languages: list[_VerifiedLanguage] | None = None


class _VoicesPage(msgspec.Struct):
    voices: list[_Voice]
    has_more: bool = False
    next_page_token: str | None = None


class _StoredSettings(msgspec.Struct, omit_defaults=True):
    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    use_speaker_boost: bool | None = None
    speed: float | None = None
    clone_strength: float | None = None


class _Rates(msgspec.Struct):
    character_cost_multiplier: float


class _Model(msgspec.Struct):
    model_id: str
    maximum_text_length_per_request: float | None = None
    model_rates: _Rates | None = None


class _Subscription(msgspec.Struct):
    character_count: float
    character_limit: float
    next_character_count_reset_unix: float | None = None


async def list_account_voices(
    service: ServiceConnection, *, seconds: float
) -> tuple[VoiceInfo, ...]:
    """All voices of the account, from the paged endpoint, or from the older one if that is missing.

    Raises:
        ClipError: all attempts failed.
        FatalError: the service refuses, or its response has an unknown schema.
    """
    found: dict[str, VoiceInfo] = {}
    token = None
    judge = _make_judge(service, _VoicesPage, is_first=service.limiter.is_new)

    def judge_page(answer: ServiceResponse) -> _VoicesPage | None:
        return None if answer.status in ABSENT else judge(answer)

    for _ in range(_MAX_PAGES):
        query = {"page_size": _PAGE_SIZE} | ({"next_page_token": token} if token else {})
        request = ServiceRequest(method="GET", path="v2/voices", query=query, seconds=seconds)
        page = await service.ask(request, judge_page)
        if page is None:
            request = ServiceRequest(method="GET", path="v1/voices", seconds=seconds)
            page = await service.ask(request, judge)
        before = len(found)
        found |= _to_voice_infos(page, service.client.redact)
        token = page.next_page_token
        if not page.has_more or not token or len(found) == before:
            break
    return tuple(found.values())


class VoiceSettingsReader:
    """Reads the stored settings of voices, once for each voice."""

    def __init__(self, service: ServiceConnection, *, seconds: float) -> None:
        self._service = service
        self._seconds = seconds
        self._settings_by_voice: dict[str, dict[str, Any]] = {}
        self._locks: dict[str, anyio.Lock] = {}
        self._waiting: list[Callable[[], None]] = []

    async def read(self, voice: str, restart_timer: RestartTimer = None) -> Mapping[str, Any]:
        """The stored settings of a voice, by their names in ``voice_settings``.

        ``restart_timer`` is also called while another caller reads the same voice.

        Raises:
            VoiceError: the account has no such voice.
            ClipError: all attempts failed.
            FatalError: the key may not read them, and without them the voice would sound different.
        """
        if voice not in self._settings_by_voice:
            restart = restart_timer or (lambda: None)
            self._waiting.append(restart)
            try:
                async with self._locks.setdefault(voice, anyio.Lock()):
                    if voice not in self._settings_by_voice:
                        self._settings_by_voice[voice] = await self._request_settings(voice)
            finally:
                self._waiting.remove(restart)
        return self._settings_by_voice[voice]

    async def _request_settings(self, voice: str) -> dict[str, Any]:
        def restart_all() -> None:
            for restart in tuple(self._waiting):
                restart()

        path = f"v1/voices/{voice}/settings"
        request = ServiceRequest(method="GET", path=path, seconds=self._seconds)
        judge = partial(self._judge_settings, voice, _make_judge(self._service, _StoredSettings))
        found = await self._service.ask(request, judge, restart_all)
        stored: dict[str, Any] = msgspec.to_builtins(found)
        return stored

    def _judge_settings(
        self,
        voice: str,
        judge: Callable[[ServiceResponse], _StoredSettings],
        answer: ServiceResponse,
    ) -> _StoredSettings:
        try:
            return judge(answer)
        except (TransientError, RateLimitedError, VoiceError):
            raise
        except (ClipError, FatalError) as exc:
            if not is_unreadable(answer, self._service.client.redact):
                raise
            raise FatalError(
                f"the stored settings of the voice {voice} cannot be read, and a request with a "
                "speed or another voice setting would replace all of them: give the API key read "
                "access to voices, or leave out speed, and stability, similarity-boost, style and "
                f"use-speaker-boost in [elevenlabs] ({exc})"
            ) from exc


async def fetch_balance(service: ServiceConnection, *, seconds: float) -> Balance:
    """The remaining credits; errors as in `list_account_voices`."""
    request = ServiceRequest(method="GET", path="v1/user/subscription", seconds=seconds)
    subscription = await service.ask(request, _make_judge(service, _Subscription))
    left = max(0.0, subscription.character_limit - subscription.character_count)
    if not math.isfinite(left):
        raise FatalError("the service reports credits that are not a number")
    resets = None
    if (reset_unix := subscription.next_character_count_reset_unix) is not None:
        with suppress(ValueError, OverflowError, OSError):
            resets = datetime.fromtimestamp(reset_unix, UTC)
    return Balance(credits=left, resets=resets)


async def fetch_terms(service: ServiceConnection, name: str, *, seconds: float) -> str:
    """Describe a model in a line, and how it differs from the table in elevenlabs_requests.

    Errors as in `list_account_voices`.
    """
    request = ServiceRequest(method="GET", path="v1/models", seconds=seconds)
    models = await service.ask(request, _make_judge(service, list[_Model]))
    model = next((each for each in models if each.model_id == name), None)
    if model is None:
        offered = [
            to_redacted_line(each.model_id, service.client.redact, _MAX_LINE_LENGTH)
            for each in models
        ]
        return f"the service has no model {name!r}; it has: {', '.join(offered)}"
    expected_model, longest, rates = (
        find_elevenlabs_model(name),
        model.maximum_text_length_per_request,
        model.model_rates,
    )
    differences = [
        f"{value:g} {label}, instead of the expected {expected:g}"
        for value, expected, label in (
            (longest, expected_model.longest, "characters at most"),
            (
                rates and rates.character_cost_multiplier,
                expected_model.credits,
                "credits for a character",
            ),
        )
        if value is not None and value != expected
    ]
    if differences:
        return f"{name} takes {' and '.join(differences)}"
    return f"{name}: {expected_model.longest:,} characters at most; credits for each: {expected_model.credits:g}"


def _make_judge(
    service: ServiceConnection, shape: type[Shape], *, is_first: bool | None = None
) -> Callable[[ServiceResponse], Shape]:
    def judge(answer: ServiceResponse) -> Shape:
        if answer.status != 200:
            is_new = service.limiter.is_new if is_first is None else is_first
            raise to_elevenlabs_error(answer, service.client.redact, is_first=is_new)
        value = answer.decode_body(shape)
        if value is None:
            raise FatalError(
                "the server is not ElevenLabs, or its API has changed since 2026: check "
                "elevenlabs.base-url"
            )
        return value

    return judge


def _to_voice_infos(
    page: _VoicesPage, hidden: Callable[[str], str]
) -> Iterator[tuple[str, VoiceInfo]]:
    for voice in page.voices:
        texts = (voice.voice_id, voice.name, voice.description)
        name, *words = (to_redacted_line(text, hidden, _MAX_LINE_LENGTH) for text in texts)
        info = VoiceInfo(
            name=name,
            language=_choose_language(voice),
            description=", ".join(filter(None, words)),
            speeds=SPEEDS,
        )
        yield name, info


def _choose_language(voice: _Voice) -> str:
    """Japanese if the voice speaks it, otherwise its first language; a locale, if there is one."""
    labels = voice.labels or {}
    pairs = [(each.locale, each.language) for each in voice.verified_languages or ()]
    pairs.append((labels.get("locale"), labels.get("language")))
    tags = [tag for pair in pairs if (tag := choose_language(*pair))]
    japanese = (tag for tag in tags if tag.partition("-")[0].lower() == "ja")
    return next(japanese, tags[0] if tags else "und")


class ElevenLabsSpeaker(TextSpeaker[ElevenLabsSettings]):
    """ElevenLabs, connected for one run."""

    name = "elevenlabs"

    def __init__(
        self,
        service: ServiceConnection,
        read: Callable[[SpokenForm], Awaitable[Pronunciation]],
        own: ElevenLabsSettings,
        *,
        accents: SpeechAccents,
        workers: int,
        timeout_seconds: float,
    ) -> None:
        """Use a connection; ``read`` returns the pronunciation of a form."""
        super().__init__(
            service, read, own, accents=accents, workers=workers, timeout_seconds=timeout_seconds
        )
        #: Credits of all responses of the run, including unused ones; None before the first report.
        self.billed_total: float | None = None
        self._pcm_rate_hz = pcm_rate_hz(own)
        if own.history:
            self._history = ElevenLabsHistory(service, seconds=timeout_seconds)
        self._voice_errors: dict[str, str] = {}
        self._has_timestamps = True
        self._has_spoken = False
        self._stored_settings = VoiceSettingsReader(service, seconds=timeout_seconds)

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: RestartTimer = None
    ) -> Speech:
        """Synthesize a form without context; see ``speak_within``."""
        return await self.speak_within(form, voice, ("", ""), restart_timer=restart_timer)

    async def speak_within(
        self,
        form: SpokenForm,
        voice: Voice,
        around: tuple[str, str],
        *,
        restart_timer: RestartTimer = None,
    ) -> Speech:
        """Synthesize a form between two texts, in parts if it is too long for the model.

        Returns:
            float32 samples, shape (n,), full scale at -1..1; the requested pronunciation, which the
            service does not confirm; and the cost of all responses.

        Raises:
            ClipError: this form cannot be synthesized, or this voice cannot be used.
            FatalError: no form can be synthesized any more.
        """
        return await self._speak_parts(form, voice, around, restart_timer, is_timed=False)

    async def speak_timed(
        self,
        form: SpokenForm,
        voice: Voice,
        around: tuple[str, str],
        *,
        restart_timer: RestartTimer = None,
    ) -> Speech:
        """Like ``speak_within``, with character times."""
        return await self._speak_parts(form, voice, around, restart_timer, is_timed=True)

    async def _speak_parts(
        self,
        form: SpokenForm,
        voice: Voice,
        around: tuple[str, str],
        restart_timer: RestartTimer,
        *,
        is_timed: bool,
    ) -> Speech:
        self._check_voice(voice)
        reading = await self._read(form)
        stored = await self._read_settings(voice, restart_timer)
        parts = split_for_requests(
            spell_for_engine(form, reading), find_elevenlabs_model(self._own.model).longest
        )
        texts = [around[0], *parts, around[1]]

        def build_request(at: int) -> ServiceRequest:
            seconds = self._timeout_seconds
            request = build_speech_request(
                self._own, voice, texts, at + 1, stored=stored, timeout_seconds=seconds
            )
            return with_timestamps(request) if is_timed and self._has_timestamps else request

        return await self._buy_speech(form, reading, voice, parts, build_request, restart_timer)

    def _check_voice(self, voice: Voice) -> None:
        """Raise if a voice cannot be requested."""
        if problem := problem_with_speed(self._own.model, voice.speed):
            raise ClipError(problem)
        try:
            check_voice_id(voice.name)
        except UsageError as exc:
            raise ClipError(str(exc)) from exc

    async def _buy_part(self, part: PurchasedPart, restart_timer: RestartTimer) -> Attempt:
        with self._remember_refusal(part.voice):
            try:
                return await super()._buy_part(part, restart_timer)
            except NoTimestampsError:
                self._has_timestamps = False
            plain = replace(part, request=without_timestamps(part.request))
            return await super()._buy_part(plain, restart_timer)

    def _find_pcm_rate(self, answer: ServiceResponse) -> int | None:  # noqa: ARG002 - as requested
        return self._pcm_rate_hz

    def _read_cost(self, answer: ServiceResponse) -> float | None:
        return read_charge(answer)

    def _count_cost(self, costs: list[float], cost: float) -> None:
        self.billed_total = cost + (self.billed_total or 0.0)
        super()._count_cost(costs, cost)

    async def _read_settings(self, voice: Voice, restart_timer: RestartTimer) -> Mapping[str, Any]:
        """The stored settings of a voice, if a request has to repeat them."""
        if not build_voice_settings(self._own, voice.speed):
            return {}
        with self._remember_refusal(voice.name):
            return await self._stored_settings.read(voice.name, restart_timer)

    @contextmanager
    def _remember_refusal(self, voice: str) -> Iterator[None]:
        """Remember an error of the voice, to request a refused voice only once."""
        if voice in self._voice_errors:
            raise ClipError(self._voice_errors[voice])
        try:
            yield
        except VoiceError as exc:
            self._voice_errors[voice] = str(exc)
            raise

    def _judge_answer(self, request: ServiceRequest, answer: ServiceResponse) -> ServiceResponse:
        is_timed = has_timestamps(request)
        if answer.status != 200:
            hidden = self._service.client.redact
            if is_timed:
                refuse_absent_timestamps(answer, hidden)
            raise to_elevenlabs_error(answer, hidden, is_first=not self._has_spoken)
        self._has_spoken = True
        if most := most_at_once(answer):
            self.limiter.set_ceiling(most)
        cost = read_charge(answer)
        if is_timed:
            answer = unpack_timed_answer(answer)
        if not cost:
            check_sound_body(answer.body, answer.media_type, pcm_rate_hz=self._pcm_rate_hz)
        return answer
