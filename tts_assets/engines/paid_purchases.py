"""Buy speech from a service: try stored audio first, then the service's history, then a request."""

from __future__ import annotations

import hashlib
import io
import wave
from abc import ABC, abstractmethod
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio.to_thread
import msgspec

from tts_assets.audio.expected_length import (
    compute_longest_seconds,
    compute_shortest_seconds,
    estimate_speech_seconds,
)
from tts_assets.config import keys
from tts_assets.config.settings import AccentControl
from tts_assets.engines import machine
from tts_assets.engines.decode_response import check_sound_body, is_sound_file
from tts_assets.engines.http.service_calls import ServiceResponse, TransientError
from tts_assets.engines.http.service_connection import connect_service
from tts_assets.engines.protocol import Charge
from tts_assets.engines.reading_cache import ReadingCache
from tts_assets.engines.registry import list_named_voices
from tts_assets.engines.validated_speech import (
    Attempt,
    CutTwiceError,
    ExpectedSpeech,
    RunVoicePaces,
    TimedAnswer,
    decode_attempt,
    join_times,
    speak_parts,
    transfer_times,
)
from tts_assets.errors import ClipError, ClipTimeoutError, FatalError, UsageError
from tts_assets.japanese.accent_notation import doubt_accents, drop_accents
from tts_assets.japanese.engine_notation import spell_for_engine
from tts_assets.model import Format, Speech
from tts_assets.store.paid_journal import Opinion
from tts_assets.store.paid_speech import Ticket, find_order

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from tts_assets.config.keys import Secret
    from tts_assets.config.settings import ElevenLabsSettings, OpenAISettings, Settings
    from tts_assets.engines.elevenlabs_history import ElevenLabsHistory
    from tts_assets.engines.http.http_client import Endpoint
    from tts_assets.engines.http.service_calls import RetryPolicy, ServiceRequest
    from tts_assets.engines.http.service_connection import ServiceConnection
    from tts_assets.engines.imposed_accents import ImposerHost
    from tts_assets.engines.protocol import RestartTimer, VoiceInfo
    from tts_assets.engines.validated_speech import JoinedAttempts
    from tts_assets.model import DictionaryWord, Pronunciation, Samples, SpokenForm, Voice
    from tts_assets.store.paid_journal import Purchase
    from tts_assets.store.paid_speech import ClipRequests

OwnSettings = TypeVar("OwnSettings", bound="ElevenLabsSettings | OpenAISettings")
OpenSpeaker = TypeVar("OpenSpeaker", bound="TextSpeaker[Any]")

#: The start of an Opus stream (RFC 7845, section 5.1), after the first Ogg page header.
_OPUS, _FIRST_PAGE = b"OpusHead", 64
_ENDINGS = {b"RIFF": Format.WAV, b"fLaC": Format.FLAC}
_BYTES_PER_SAMPLE = 2


class TextService(ABC, Generic[OwnSettings, OpenSpeaker]):
    """A provider whose service takes plain text, so readings cannot be checked.

    Texts are sent in kana where the spelling is ambiguous. Accents are the voice's, unless they are
    imposed on the sounds.
    """

    name: str
    _speaker_type: type[OpenSpeaker]

    def __init__(
        self, settings: Settings, own: OwnSettings, retry_policy: RetryPolicy | None
    ) -> None:
        self._settings = settings
        self._own = own
        self._retry_policy = retry_policy
        self._readings = ReadingCache()

    @property
    def model(self) -> str:
        """The model, for its price."""
        return self._own.model

    @property
    def max_concurrent(self) -> int:
        """The maximum of open requests by the settings; the service may allow fewer."""
        return self._settings.remote.max_concurrent

    def accents(self, voice: str) -> bool:  # noqa: ARG002 - the same holds for all
        """Whether accents are imposed: the service does not accept them."""
        return self._own.accent == AccentControl.IMPOSE

    def repeats(self, voice: str) -> bool:  # noqa: ARG002 - the same holds for all
        """Never: no service guarantees it."""
        return False

    @abstractmethod
    def problem(self) -> str | None:
        """As in `Provider`."""

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voices that the settings name, without a request.

        Raises:
            UsageError: there are none, or one is invalid.
        """
        name = self.name
        names = list_named_voices(self._settings, self._own.voices)
        if not names:
            raise UsageError(
                f"no voice is set for {name}: name one with --voice, or several as voices in "
                f"[{name}]; tts-assets voices --provider {name} lists those that it reports"
            )
        return tuple(map(self._describe_voice, names))

    @abstractmethod
    def _describe_voice(self, name: str) -> VoiceInfo: ...

    @asynccontextmanager
    async def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AsyncIterator[OpenSpeaker]:
        """Prepare a connection; the first request is sent for the first clip.

        Raises:
            UsageError: as in ``problem``, or a required key is missing.
            FatalError: as in ``problem``.
        """
        if problem := self.problem():
            raise UsageError(problem)
        most = max(1, min(workers, self.max_concurrent))
        async with (
            self._connect(most, timeout_seconds) as service,
            self._readings.open(words) as read,
            self._open_accents(words, workers=most, timeout_seconds=timeout_seconds) as accents,
        ):
            yield self._speaker_type(
                service,
                read,
                self._own,
                accents=accents,
                workers=most,
                timeout_seconds=timeout_seconds,
            )

    @cached_property
    def _api_key(self) -> Secret | None:
        """The API key, looked up once, as a keyring may open a window."""
        settings = self._settings
        file = settings.key_file(self.name)
        return keys.find(self.name, file=file, environment_key=settings.keys.get(self.name))

    @abstractmethod
    def _make_endpoint(self) -> Endpoint: ...

    def _connect(
        self, most: int = 1, timeout_seconds: float | None = None
    ) -> AbstractAsyncContextManager[ServiceConnection]:
        return connect_service(
            self._make_endpoint(),
            most=most,
            per_second=self._settings.remote.rate_per_second,
            timeout_seconds=timeout_seconds or self._settings.timeout_seconds,
            retry_policy=self._retry_policy,
        )

    @asynccontextmanager
    async def _open_accents(
        self, words: tuple[DictionaryWord, ...], *, workers: int, timeout_seconds: float
    ) -> AsyncIterator[SpeechAccents]:
        """Prepare to impose accents, or to leave them to the voice."""
        if self._own.accent != AccentControl.IMPOSE:
            yield SpeechAccents()
            return
        # Heavy, and rarely needed.
        from tts_assets.engines.imposed_accents import open_accent_imposer  # noqa: PLC0415

        threads = min(workers, machine.count_cores())
        opened = open_accent_imposer(words, threads=threads, timeout_seconds=timeout_seconds)
        async with opened as imposer:
            yield SpeechAccents(imposer)

    async def _count_charges(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...], credits_each: float
    ) -> list[Charge | str]:
        """The characters to send for each form and their credits, or why it has no reading.

        Raises:
            FatalError: the dictionary cannot be used.
        """
        return [
            reading
            if isinstance(reading, str)
            else Charge(count := len(spell_for_engine(form, reading)), count * credits_each)
            for form, reading in zip(forms, await self._readings.read(forms, words), strict=True)
        ]


class SpeechAccents:
    """Gives bought speech its accents: those of its reading if they can be imposed, else the voice's."""

    def __init__(self, imposer: ImposerHost | None = None) -> None:
        """Without an imposer, all accents are the voice's."""
        self._imposer = imposer

    async def apply(
        self,
        form: SpokenForm,
        reading: Pronunciation,
        sound: JoinedAttempts,
        restart_timer: Callable[[], None] | None,
    ) -> tuple[Samples, Pronunciation]:
        """The samples to use, as long as those of the sound, and their pronunciation."""
        if self._imposer is None:
            return sound.samples, drop_accents(reading)
        imposed = await self._imposer.impose(form, sound.samples, sound.rate_hz, restart_timer)
        if imposed is None:
            return sound.samples, doubt_accents(reading)
        return imposed, reading


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasedPart:
    """A part of a text to buy, with its request and the bounds of its audio."""

    request: ServiceRequest
    voice: str
    text: str
    expected: ExpectedSpeech
    #: Called with the cost of each response when its headers arrive, as its body may be lost.
    on_charge: Callable[[float], None]


class TextSpeaker(ABC, Generic[OwnSettings]):
    """A service, connected for one run; buys the speech of the clip that the current task generates."""

    #: The name of the service, and of its table in the configuration.
    name: str
    #: The service may ignore lower speeds.
    least_speed = 0.0

    def __init__(
        self,
        service: ServiceConnection,
        read: Callable[[SpokenForm], Awaitable[Pronunciation]],
        own: OwnSettings,
        *,
        accents: SpeechAccents,
        workers: int,
        timeout_seconds: float,
    ) -> None:
        """Use a connection; ``read`` returns the pronunciation of a form."""
        self.workers = workers
        self.limiter = service.limiter
        self._service = service
        self._read = read
        self._own = own
        self._accents = accents
        self._timeout_seconds = timeout_seconds
        self._paces = RunVoicePaces(self.name)
        self._history: ElevenLabsHistory | None = None

    @abstractmethod
    def _judge_answer(self, request: ServiceRequest, answer: ServiceResponse) -> ServiceResponse:
        """Return a response that has audio, or was paid for; raise for any other."""

    @abstractmethod
    def _find_pcm_rate(self, answer: ServiceResponse) -> int | None:
        """The sample rate of a response with bare samples; None for files."""

    def _read_cost(self, answer: ServiceResponse) -> float | None:  # noqa: ARG002 - unknown here
        """The cost of a response, from its headers."""
        return None

    def _count_cost(self, costs: list[float], cost: float) -> None:
        costs.append(cost)

    async def _buy_speech(
        self,
        form: SpokenForm,
        reading: Pronunciation,
        voice: Voice,
        parts: list[str],
        build_request: Callable[[int], ServiceRequest],
        restart_timer: RestartTimer,
    ) -> Speech:
        """Get all parts of a text, from earlier runs if possible; errors as in `speak_parts`.

        Raises:
            FatalError: also if all clips of the voice seem truncated.
        """
        costs: list[float] = []
        on_charge = partial(self._count_cost, costs)

        def make_part(at: int, bounds: ExpectedSpeech) -> PurchasedPart:
            return PurchasedPart(
                request=build_request(at),
                voice=voice.name,
                text=parts[at],
                expected=bounds,
                on_charge=on_charge,
            )

        async def buy_attempt(at: int, bounds: ExpectedSpeech) -> Attempt:
            attempt = await self._buy_part(make_part(at, bounds), restart_timer)
            if attempt.fault is None:
                self._paces.add_whole(voice.name)
            return attempt

        async def find_earlier(at: int, bounds: ExpectedSpeech) -> tuple[Attempt, ...]:
            return await self._find_earlier(make_part(at, bounds), restart_timer)

        expected = ExpectedSpeech(
            shortest_seconds=compute_shortest_seconds(reading, max(self.least_speed, voice.speed)),
            longest_seconds=compute_longest_seconds(reading, voice.speed),
            check_ends=self._own.check_ends,
            spoken_seconds=estimate_speech_seconds(reading, voice.speed),
            pace=self._paces.pace_of(voice),
        )
        try:
            sound = await speak_parts(parts, expected, buy_attempt, find_earlier)
        except CutTwiceError as exc:
            self._paces.add_cut(voice.name, is_bought=exc.is_bought)
            raise
        alignments = [take.alignment for take in sound.takes]
        spans = join_times(parts, alignments, [take.seconds for take in sound.takes])
        samples, pronunciation = await self._accents.apply(form, reading, sound, restart_timer)
        return Speech(
            samples=samples,
            rate_hz=sound.rate_hz,
            pronunciation=pronunciation,
            billed=sum(costs) if costs else None,
            # The text may have been sent in another spelling.
            character_times=transfer_times(form.text, "".join(parts), spans),
        )

    async def _find_earlier(
        self, part: PurchasedPart, restart_timer: RestartTimer
    ) -> tuple[Attempt, ...]:
        """Find attempts of earlier runs: only the usable one, or those with faults for a person to decide.

        Errors as in `ElevenLabsHistory.fetch`, without TransientError.
        """
        clip_requests = find_order()
        if clip_requests is None:
            return ()
        store, faulty = clip_requests.store, []
        for purchase in store.find_earlier(self._hash_request(part.request)):
            opinion = store.find_opinion(purchase)
            if opinion is Opinion.REJECTED:
                continue
            # Claim it before the first await: tasks with equal segments find the same purchase.
            store.claim(purchase)
            attempt = await self._read_attempt(clip_requests, purchase, part, restart_timer)
            if attempt is None:
                continue
            if opinion is Opinion.ACCEPTED or store.accept:
                attempt = await _accept_attempt(attempt, store.read(purchase))
            elif purchase.kept is not None and purchase.kept.is_unfit:
                attempt = attempt._replace(fault=purchase.kept.fault)
            if attempt.fault is None:
                clip_requests.reuse_purchase(purchase)
                # It passed, was accepted by a person, or the rules changed: the voice may end like this.
                self._paces.add_whole(part.voice)
                return (attempt,)
            store.release(purchase)
            faulty.append(attempt)
        return () if store.buy_again else tuple(faulty)

    def _hash_request(self, request: ServiceRequest) -> str:
        """The hash of the request without its headers."""
        sent = [self.name, request.path, sorted((request.query or {}).items()), request.json]
        return hashlib.sha256(msgspec.json.encode(sent)).hexdigest()

    async def _read_attempt(
        self,
        clip_requests: ClipRequests,
        purchase: Purchase,
        part: PurchasedPart,
        restart_timer: RestartTimer,
    ) -> Attempt | None:
        if data := clip_requests.store.read(purchase):
            alignment = purchase.kept.alignment if purchase.kept else None
            response = TimedAnswer(status=200, headers={}, body=data, alignment=alignment)
            take = await decode_attempt(response, part.expected, pcm_rate_hz=None)
            return take._replace(is_kept=True)
        if purchase.kept is not None:
            return None
        ticket = Ticket(clip_requests.store, purchase)
        found = await self._fetch_paid(ticket, restart_timer)
        if found is None:
            return None
        take = await decode_attempt(found, part.expected, pcm_rate_hz=None)
        return _keep_response(ticket, found, take, pcm_rate_hz=None)

    async def _fetch_paid(
        self, ticket: Ticket, restart_timer: RestartTimer
    ) -> ServiceResponse | None:
        """Fetch the audio of an earlier request from the history of the service, if it has one."""
        if self._history is None:
            return None
        return await self._history.fetch(ticket, restart_timer=restart_timer or (lambda: None))

    async def _buy_part(self, part: PurchasedPart, restart_timer: RestartTimer) -> Attempt:
        """Request a part, and keep its audio until the clip is stored; errors as in `ask`."""
        judge = partial(self._judge_answer, part.request)
        clip_requests = find_order()
        if clip_requests is None:
            request = replace(part.request, on_headers=partial(self._note_cost, part))
            response = await self._service.ask(request, judge, restart_timer)
            rate_hz = self._find_pcm_rate(response)
            return await decode_attempt(response, part.expected, pcm_rate_hz=rate_hz)
        begin_request = partial(
            clip_requests.begin_request,
            key=self._hash_request(part.request),
            text=part.text,
            service=self.name,
            voice=part.voice,
            model=self._own.model,
        )
        attempt = _PaidRequest(self._service, self._history, part, begin_request, self._read_cost)

        def judge_sent(response: ServiceResponse) -> ServiceResponse:
            # Audio from the history is not a response to this request.
            return response if attempt.is_recovered else judge(response)

        response = await self._service.ask(
            part.request, judge_sent, restart_timer, send=attempt.send
        )
        rate_hz = None if attempt.is_recovered else self._find_pcm_rate(response)
        take = await decode_attempt(response, part.expected, pcm_rate_hz=rate_hz)
        if take.samples is None and not attempt.is_recovered:
            # The response was damaged: the history may have complete audio.
            found = await self._fetch_paid(attempt.ticket, restart_timer)
            if found is not None:
                response, rate_hz = found, None
                take = await decode_attempt(found, part.expected, pcm_rate_hz=None)
        return _keep_response(attempt.ticket, response, take, pcm_rate_hz=rate_hz)

    def _note_cost(self, part: PurchasedPart, response: ServiceResponse) -> None:
        cost = self._read_cost(response)
        if cost is not None and response.is_success:
            part.on_charge(cost)


class _PaidRequest:
    """Sends a request, and before each retry searches the history for its audio."""

    def __init__(
        self,
        service: ServiceConnection,
        history: ElevenLabsHistory | None,
        part: PurchasedPart,
        begin_request: Callable[[], Ticket],
        read_cost: Callable[[ServiceResponse], float | None],
    ) -> None:
        self.is_recovered = False
        self._service = service
        self._history = history
        self._part = part
        self._begin_request = begin_request
        self._read_cost = read_cost
        self._tickets: list[Ticket] = []

    @property
    def ticket(self) -> Ticket:
        """The latest request."""
        return self._tickets[-1]

    async def send(self) -> ServiceResponse:
        """Send the request; see `RetryingClient.ask`."""
        if self._tickets and self._history is not None and not self.ticket.is_cancelled:
            found = await self._fetch_lost(self._history)
            if found is not None:
                return found
            # The run may have stopped meanwhile.
            self._service.limiter.raise_if_stopped()
        self._tickets.append(self._begin_request())
        try:
            return await self._service.client.ask(
                replace(self._part.request, on_headers=self._note_headers)
            )
        except TransientError as exc:
            if exc.unpaid:
                self.ticket.record_void()
            else:
                self._note_lost()
            raise
        except (ClipTimeoutError, anyio.get_cancelled_exc_class()):
            self._note_lost()
            raise
        except FatalError:
            # Without headers, the service was not reached, or redirected to another origin.
            if self.ticket.purchase.arrived is None:
                self.ticket.record_void()
            raise

    async def _fetch_lost(self, history: ElevenLabsHistory) -> ServiceResponse | None:
        """Fetch the audio of the latest request, whose response was lost, from the history."""
        had_cost = _cost_of(self.ticket) is not None
        found = await history.fetch(self.ticket)
        cost = _cost_of(self.ticket)
        if cost is not None and not had_cost:
            self._part.on_charge(cost)
            self._service.limiter.note_lost(-1)
        self.is_recovered = found is not None
        return found

    def _note_lost(self) -> None:
        """Count a lost response, unless its headers arrived and reported the cost."""
        if _cost_of(self.ticket) is None:
            self._service.limiter.note_lost(1)

    def _note_headers(self, response: ServiceResponse) -> None:
        if 300 <= response.status < 400:
            return
        if not response.is_success:
            self.ticket.record_void()
            return
        cost = self._read_cost(response)
        if cost is not None:
            self._part.on_charge(cost)
        redact = self._service.client.redact
        ids = [response.headers.get(name, "") for name in ("request-id", "history-item-id")]
        # Don't store an id that contains the key.
        safe_ids = [each if redact(each) == each else "" for each in ids]
        self.ticket.record_arrival(request_id=safe_ids[0], history_item_id=safe_ids[1], billed=cost)


def _cost_of(ticket: Ticket) -> float | None:
    arrived = ticket.purchase.arrived
    return None if arrived is None else arrived.billed


async def _accept_attempt(take: Attempt, data: bytes) -> Attempt:
    """Clear the faults of an attempt that a person accepted; unchanged if it cannot be decoded."""
    if take.samples is None:
        found = await anyio.to_thread.run_sync(_decode_rest, data)
        if found is None:
            return take
        take = take._replace(samples=found[0], rate_hz=found[1])
    return take._replace(fault=None, is_cut=False)


def _decode_rest(data: bytes) -> tuple[Samples, int] | None:
    """Decode a file that may be truncated; None if it has no samples."""
    from tts_assets.audio.codec import decode  # noqa: PLC0415 - heavy, and rarely needed

    try:
        samples, rate_hz = decode(data, may_be_cut=True)
    except ClipError:
        return None
    return (samples, rate_hz) if samples.size else None


def _keep_response(
    ticket: Ticket, response: ServiceResponse, take: Attempt, *, pcm_rate_hz: int | None
) -> Attempt:
    """Store the audio of a response if at least a part of it is playable."""
    found = _to_file(response, pcm_rate_hz)
    if found is None:
        return take
    if take.samples is not None:
        seconds = take.samples.size / take.rate_hz
    elif (playable := _decode_rest(found[0])) is not None:
        seconds = playable[0].size / playable[1]
    else:
        return take
    ticket.keep_sound(*found, seconds=seconds, fault=take.fault or "", alignment=take.alignment)
    return take._replace(is_kept=True)


def _to_file(response: ServiceResponse, pcm_rate_hz: int | None) -> tuple[bytes, Format] | None:
    """The response as an audio file and its format; None if it has no audio."""
    body = response.body
    try:
        check_sound_body(body, response.media_type, pcm_rate_hz=pcm_rate_hz)
    except TransientError:
        return None
    if pcm_rate_hz is not None and not is_sound_file(body, response.media_type, pcm_rate_hz):
        return _to_wav(body, pcm_rate_hz), Format.WAV
    if body.startswith(b"OggS"):
        return body, Format.OPUS if _OPUS in body[:_FIRST_PAGE] else Format.OGG
    return body, _ENDINGS.get(body[:4], Format.MP3)


def _to_wav(body: bytes, rate_hz: int) -> bytes:
    """Wrap bare 16-bit mono samples in a WAV file, so that a person can listen to them."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(_BYTES_PER_SAMPLE)
        writer.setframerate(rate_hz)
        writer.writeframes(body[: len(body) - len(body) % _BYTES_PER_SAMPLE])
    return file.getvalue()
