"""ElevenLabs, ready for one run: each text asked for, its answers doubted once, and what they cost."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from tts_assets.audio.expected_length import (
    estimate_speech_seconds,
    longest_seconds,
    shortest_seconds,
)
from tts_assets.engines import elevenlabs_answers, validated_speech
from tts_assets.engines.decode_response import check
from tts_assets.engines.elevenlabs_account import VoiceSettingsReader
from tts_assets.engines.elevenlabs_history import ElevenLabsHistory
from tts_assets.engines.elevenlabs_requests import (
    build_voice_settings,
    check_voice_id,
    has_timestamps,
    model_of,
    pcm_rate_hz,
    problem_with_speed,
    request,
    with_timestamps,
)
from tts_assets.engines.paid_purchases import PurchasedPart, SpeechPurchaser
from tts_assets.engines.segments import segments
from tts_assets.engines.timestamps import join_times, transfer, unpack
from tts_assets.engines.validated_speech import (
    Attempt,
    CutTwiceError,
    EarlierTakes,
    ExpectedSpeech,
    VoicesOfARun,
)
from tts_assets.errors import ClipError, UsageError
from tts_assets.japanese.accent_notation import drop_accents
from tts_assets.japanese.engine_notation import spell_for_engine
from tts_assets.model import Speech

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from tts_assets.config.settings import ElevenLabsSettings
    from tts_assets.engines.http.rate_limiter import Limiter
    from tts_assets.engines.http.service_calls import ServiceResponse
    from tts_assets.engines.http.service_connection import ServiceConnection
    from tts_assets.model import Pronunciation, SpokenForm, Voice


class ElevenLabsSpeaker:
    """Says forms, as many at once as the limiter lets it."""

    def __init__(
        self,
        service: ServiceConnection,
        read: Callable[[SpokenForm], Awaitable[Pronunciation]],
        settings: ElevenLabsSettings,
        *,
        workers: int,
        timeout_seconds: float,
    ) -> None:
        """Ask a service.

        Args:
            service: ElevenLabs.
            read: tells how a form is said.
            settings: what is asked for.
            workers: how many forms it says at once.
            timeout_seconds: for each 100 characters.
        """
        self.workers = workers
        #: Credits of all replies of the run, those thrown away, too; None before one told any.
        self.billed_total: float | None = None
        self._service = service
        self._read = read
        self._settings = settings
        self._timeout_seconds = timeout_seconds
        self._pcm_rate_hz = pcm_rate_hz(settings)
        history = ElevenLabsHistory(service, seconds=timeout_seconds) if settings.history else None
        self._shop = SpeechPurchaser(
            service, charged=elevenlabs_answers.read_charge, history=history
        )
        self._refused: dict[str, str] = {}
        self._has_timestamps = True
        self._has_spoken = False
        self._stored_settings = VoiceSettingsReader(service, seconds=timeout_seconds)
        self._voices = VoicesOfARun("elevenlabs")

    @property
    def limiter(self) -> Limiter:
        """How many requests may be open."""
        return self._service.limiter

    async def speak(
        self, form: SpokenForm, voice: Voice, *, on_start: Callable[[], None] | None = None
    ) -> Speech:
        """Say it by itself; see ``speak_within``."""
        return await self.speak_within(form, voice, ("", ""), on_start=on_start)

    async def speak_within(
        self,
        form: SpokenForm,
        voice: Voice,
        around: tuple[str, str],
        *,
        on_start: Callable[[], None] | None = None,
    ) -> Speech:
        """Say it, in parts where the model takes no text of that length.

        Returns:
            float32 samples, shape (n,), full scale at -1..1; the pronunciation that the dictionary
            tells, which the service is asked for and does not confirm; and what all replies cost.

        Raises:
            ClipError: this form cannot be said, or this voice cannot be used.
            FatalError: nothing can be said any more.
        """
        return await self._speak(form, voice, around, on_start, is_timed=False)

    async def speak_timed(
        self,
        form: SpokenForm,
        voice: Voice,
        around: tuple[str, str],
        *,
        on_start: Callable[[], None] | None = None,
    ) -> Speech:
        """Say it as ``speak_within`` does, and ask for the times of its characters."""
        return await self._speak(form, voice, around, on_start, is_timed=True)

    async def _speak(
        self,
        form: SpokenForm,
        voice: Voice,
        around: tuple[str, str],
        on_start: Callable[[], None] | None,
        *,
        is_timed: bool,
    ) -> Speech:
        self._refuse(voice)
        said = await self._read(form)
        stored = await self._read_settings(voice, on_start)
        parts = segments(spell_for_engine(form, said), model_of(self._settings.model).longest)
        texts = [around[0], *parts, around[1]]
        bill: list[float] = []

        def part(at: int, expected: ExpectedSpeech) -> PurchasedPart:
            asked = request(
                self._settings,
                voice,
                texts,
                at + 1,
                stored=stored,
                timeout_seconds=self._timeout_seconds,
            )
            return PurchasedPart(
                request=with_timestamps(asked) if is_timed and self._has_timestamps else asked,
                service="elevenlabs",
                voice=voice.name,
                model=self._settings.model,
                text=parts[at],
                expected=expected,
                pcm_rate_hz=lambda _: self._pcm_rate_hz,
                on_charge=partial(self._book, bill),
            )

        async def take(at: int, expected: ExpectedSpeech) -> Attempt:
            try:
                found = await self._buy(part(at, expected), on_start)
            except elevenlabs_answers.NoTimestampsError:
                self._has_timestamps = False
                found = await self._buy(part(at, expected), on_start)
            if found.fault is None:
                self._voices.add_whole(voice.name)
            return found

        async def find_earlier(at: int, expected: ExpectedSpeech) -> EarlierTakes:
            found = await self._shop.find_earlier(part(at, expected), on_start)
            if found.take is not None:
                # A person accepted it, or changed the rules: the voice may end like this.
                self._voices.add_whole(voice.name)
            return found

        expected = ExpectedSpeech(
            shortest_seconds=shortest_seconds(said, voice.speed),
            longest_seconds=longest_seconds(said, voice.speed),
            check_ends=self._settings.check_ends,
            spoken_seconds=estimate_speech_seconds(said, voice.speed),
            pace=self._voices.pace_of(voice),
        )
        try:
            samples, rate_hz, found = await validated_speech.speak_parts(
                parts, expected, take, find_earlier
            )
        except CutTwiceError as exc:
            self._voices.add_cut(voice.name, is_bought=exc.is_bought)
            raise
        return Speech(
            samples=samples,
            rate_hz=rate_hz,
            pronunciation=drop_accents(said),
            billed=sum(bill) if bill else None,
            character_times=_times_of(form.text, parts, found),
        )

    def _refuse(self, voice: Voice) -> None:
        """Raise if a voice cannot be asked for."""
        if problem := problem_with_speed(self._settings.model, voice.speed):
            raise ClipError(problem)
        try:
            check_voice_id(voice.name)
        except UsageError as exc:
            raise ClipError(str(exc)) from exc

    async def _buy(self, part: PurchasedPart, on_start: Callable[[], None] | None) -> Attempt:
        judge = partial(self._judge, is_timed=has_timestamps(part.request))
        with self._remember_refusal(part.voice):
            return await self._shop.buy(part, judge, on_start)

    def _book(self, bill: list[float], cost: float) -> None:
        """Count the cost of an answer when its headers arrive: its body may be lost."""
        self.billed_total = cost + (self.billed_total or 0.0)
        bill.append(cost)

    async def _read_settings(
        self, voice: Voice, on_start: Callable[[], None] | None
    ) -> Mapping[str, Any]:
        """The stored settings of a voice, where a request has to repeat them."""
        if not build_voice_settings(self._settings, voice.speed):
            return {}
        with self._remember_refusal(voice.name):
            return await self._stored_settings.read(voice.name, on_start)

    @contextmanager
    def _remember_refusal(self, voice: str) -> Iterator[None]:
        """Ask for a voice once only, if the service refuses it."""
        if voice in self._refused:
            raise ClipError(self._refused[voice])
        try:
            yield
        except elevenlabs_answers.VoiceError as exc:
            self._refused[voice] = str(exc)
            raise

    def _judge(self, answer: ServiceResponse, *, is_timed: bool) -> ServiceResponse:
        """An answer that is sound, or was paid for."""
        limiter = self._service.limiter
        if answer.status != 200:
            hidden = self._service.client.redact
            if is_timed:
                elevenlabs_answers.refuse_absent_timestamps(answer, hidden)
            raise elevenlabs_answers.failure(answer, hidden, is_first=not self._has_spoken)
        self._has_spoken = True
        if most := elevenlabs_answers.most_at_once(answer):
            limiter.allows(most)
        cost = elevenlabs_answers.read_charge(answer)
        if is_timed:
            answer = unpack(answer)
        if not cost:
            check(answer.body, answer.kind, pcm_rate_hz=self._pcm_rate_hz)
        return answer


def _times_of(
    text: str, parts: Sequence[str], found: Sequence[Attempt]
) -> tuple[tuple[float, float], ...]:
    """When each character of a form's text is spoken, though it was sent in another spelling."""
    spans = join_times(parts, [take.alignment for take in found], [take.seconds for take in found])
    return transfer(text, "".join(parts), spans)
