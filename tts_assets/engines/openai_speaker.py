"""OpenAI's ``POST /audio/speech``, asked for one run: requests, answers, and whether they are whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tts_assets.audio.expected_length import (
    estimate_speech_seconds,
    longest_seconds,
    shortest_seconds,
)
from tts_assets.config.settings import time_limits
from tts_assets.engines import validated_speech
from tts_assets.engines.decode_response import check
from tts_assets.engines.http.service_calls import ServiceRequest, TransientError
from tts_assets.engines.openai_messages import failure, no_sound
from tts_assets.engines.paid_purchases import PurchasedPart, SpeechPurchaser
from tts_assets.engines.segments import segments
from tts_assets.engines.validated_speech import (
    Attempt,
    CutTwiceError,
    EarlierTakes,
    ExpectedSpeech,
    VoicesOfARun,
)
from tts_assets.japanese.accent_notation import drop_accents
from tts_assets.japanese.engine_notation import spell_for_engine
from tts_assets.model import Speech

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tts_assets.config.settings import OpenAISettings
    from tts_assets.engines.http.rate_limiter import Limiter
    from tts_assets.engines.http.service_calls import ServiceResponse
    from tts_assets.engines.http.service_connection import ServiceConnection
    from tts_assets.model import Pronunciation, SpokenForm, Voice


#: pcm is "the raw samples in 24kHz (16-bit signed, low-endian), without the header" (OpenAI's guide
#: to text to speech, supported output formats).
_PCM_HZ = 24_000


#: A parameter of audio/L16 (RFC 2586) that servers put behind other types, too.
_RATE = re.compile(r";\s*rate=([1-9][0-9]{3,5})\b", re.IGNORECASE)


#: OpenAI takes 4,096 characters (API reference, createSpeech), but gpt-4o-mini-tts no more than
#: 2,000 tokens (its model page), which so many characters of Japanese are not.
_LONGEST = 1_500


class OpenAISpeaker:
    """A server, ready for one run."""

    def __init__(
        self,
        server: ServiceConnection,
        tell: Callable[[SpokenForm], Awaitable[Pronunciation]],
        *,
        settings: OpenAISettings,
        workers: int,
        timeout_seconds: float,
    ) -> None:
        """Speak through a server; ``tell`` says how a form has to be said."""
        self._server = server
        self._shop = SpeechPurchaser(server)
        self._tell = tell
        self._settings = settings
        self._workers = workers
        self._voices = VoicesOfARun("openai")
        self._timeout_seconds = timeout_seconds

    @property
    def limiter(self) -> Limiter:
        """How many requests may be open."""
        return self._server.limiter

    @property
    def workers(self) -> int:
        """How many forms it says at once."""
        return self._workers

    async def speak(
        self, form: SpokenForm, voice: Voice, *, on_start: Callable[[], None] | None = None
    ) -> Speech:
        """Say it; a long text in parts, one after the other.

        Returns:
            float32 samples, shape (n,), full scale at -1..1; the rate that the server chose; and
            how it should have been said: nobody can tell how the server read it.

        Raises:
            ClipError: it cannot be said, or nothing usable came.
            FatalError: nor will anything for other forms, or the voice only gives what seems cut off.
        """
        said = await self._tell(form)
        parts = segments(spell_for_engine(form, said), _LONGEST)
        seconds = self._timeout_seconds * time_limits(len(form.text))

        def part(at: int, expected: ExpectedSpeech) -> PurchasedPart:
            return PurchasedPart(
                request=self._request(parts[at], voice, seconds),
                service="openai",
                voice=voice.name,
                model=self._settings.model,
                text=parts[at],
                expected=expected,
                pcm_rate_hz=self._pcm_rate_hz,
            )

        async def take(at: int, expected: ExpectedSpeech) -> Attempt:
            found = await self._shop.buy(part(at, expected), self._judge, on_start)
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
            # Some servers ignore a speed below 1.
            shortest_seconds=shortest_seconds(said, max(1.0, voice.speed)),
            longest_seconds=longest_seconds(said, voice.speed),
            check_ends=self._settings.check_ends,
            spoken_seconds=estimate_speech_seconds(said, voice.speed),
            pace=self._voices.pace_of(voice),
        )
        try:
            samples, rate_hz, _ = await validated_speech.speak_parts(
                parts, expected, take, find_earlier
            )
        except CutTwiceError as exc:
            self._voices.add_cut(voice.name, is_bought=exc.is_bought)
            raise
        return Speech(samples=samples, rate_hz=rate_hz, pronunciation=drop_accents(said))

    def _request(self, text: str, voice: Voice, seconds: float) -> ServiceRequest:
        body: dict[str, Any] = {
            "model": self._settings.model,
            "input": text,
            "voice": voice.name,
            "response_format": self._settings.response_format,
        }
        if self._settings.instructions:
            body["instructions"] = self._settings.instructions
        if voice.speed != 1.0:
            body["speed"] = voice.speed
        return ServiceRequest(method="POST", path="audio/speech", json=body, seconds=seconds)

    def _judge(self, answer: ServiceResponse) -> ServiceResponse:
        """An answer that is sound, broken or not."""
        hidden = self._server.client.redact
        if not 200 <= answer.status < 300:
            raise failure(
                answer,
                model=self._settings.model,
                hidden=hidden,
                is_first=self.limiter.is_new,
            )
        try:
            check(answer.body, answer.kind, pcm_rate_hz=self._pcm_rate_hz(answer))
        except TransientError as exc:
            why = exc
        else:
            return answer
        # Outside of the handler: what it quotes may have the key in it.
        raise no_sound(answer, why, hidden)

    def _pcm_rate_hz(self, answer: ServiceResponse) -> int | None:
        """The rate of bare samples: OpenAI's, unless the server tells another; None for files."""
        if self._settings.response_format != "pcm":
            return None
        told = _RATE.search(answer.headers.get("content-type", ""))
        return int(told[1]) if told else _PCM_HZ
