"""ElevenLabs, ready for one run: each text asked for, its answers doubted once, and what they cost."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import anyio.to_thread

from tts_assets.domain import Speech
from tts_assets.errors import ClipError, FatalError, UsageError
from tts_assets.japanese.accent import without_accents
from tts_assets.japanese.plain_text import given
from tts_assets.providers import elevenlabs_answers as answers
from tts_assets.providers import sent_sound
from tts_assets.providers.elevenlabs_models import model_of, problem_with_speed
from tts_assets.providers.elevenlabs_request import checked_id, pcm_rate_hz, request
from tts_assets.providers.segments import segments
from tts_assets.remote import PassingError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tts_assets.domain import Pronunciation, Samples, SpokenForm, Voice
    from tts_assets.remote import Answer, Limiter, Request, Service
    from tts_assets.settings import ElevenLabsSettings

#: So many clips of a voice that end as if cut off, and none that does not: it may be its way.
_ITS_WAY = 3


class _Take(NamedTuple):
    """A part of a text as it was said; the fault is in words, None where there is none."""

    samples: Samples | None
    rate_hz: int
    fault: str | None = None
    is_cut: bool = False


class ElevenLabsSpeaker:
    """Says forms, as many at once as the limiter lets it."""

    def __init__(
        self,
        service: Service,
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
        self._refused: dict[str, str] = {}
        self._cut: Counter[str] = Counter()
        self._whole: set[str] = set()

    @property
    def limiter(self) -> Limiter:
        """How many requests may be open."""
        return self._service.limiter

    async def speak(
        self, form: SpokenForm, voice: Voice, *, on_start: Callable[[], None] | None = None
    ) -> Speech:
        """Say it, in parts where the model takes no text of that length.

        Returns:
            float32 samples, shape (n,), full scale at -1..1; the pronunciation that the dictionary
            tells, which the service is asked for and does not confirm; and what all replies cost.

        Raises:
            ClipError: this form cannot be said, or this voice cannot be used.
            FatalError: nothing can be said any more.
        """
        if problem := problem_with_speed(self._settings.model, voice.speed):
            raise ClipError(problem)
        try:
            checked_id(voice.name)
        except UsageError as exc:
            raise ClipError(str(exc)) from exc
        said = await self._read(form)
        text = given(form, said)
        parts = segments(text, model_of(self._settings.model).longest)
        shortest = sent_sound.shortest_seconds(said, voice.speed)
        bill: list[float] = []
        takes = []
        for at, part in enumerate(parts):
            asked = request(self._settings, voice, parts, at, timeout_seconds=self._timeout_seconds)
            doubted = partial(self._doubted, shortest * len(part) / len(text))
            takes.append(await self._said(asked, voice.name, doubted, bill, on_start))
        samples, rate_hz = _joined(takes)
        billed = sum(bill) if bill else None
        return Speech(
            samples=samples,
            rate_hz=rate_hz,
            pronunciation=without_accents(said),
            billed=billed,
        )

    async def _said(
        self,
        asked: Request,
        voice: str,
        doubted: Callable[[_Take], _Take],
        bill: list[float],
        on_start: Callable[[], None] | None,
    ) -> _Take:
        """A take that is believed: the first, or else the second."""
        first = doubted(await self._take(asked, voice, bill, on_start))
        if first.fault is None:
            return self._good(first, voice)
        second = doubted(await self._take(asked, voice, bill, on_start))
        if second.fault is None:
            return self._good(second, voice)
        if first.is_cut and second.is_cut:
            self._count_cut(voice)
        raise ClipError(f"{second.fault}; it was asked for twice, as before: {first.fault}")

    def _good(self, take: _Take, voice: str) -> _Take:
        self._whole.add(voice)
        return take

    def _count_cut(self, voice: str) -> None:
        """Raise if a voice has only given what looks cut off: no more is bought to be thrown away."""
        self._cut[voice] += 1
        if self._cut[voice] >= _ITS_WAY and voice not in self._whole:
            raise FatalError(
                f"the first {_ITS_WAY} clips of the voice {voice} all end as if cut off: listen to "
                "it; if that is its way, set check-ends = false in [elevenlabs]"
            )

    async def _take(
        self,
        asked: Request,
        voice: str,
        bill: list[float],
        on_start: Callable[[], None] | None,
    ) -> _Take:
        if voice in self._refused:
            raise ClipError(self._refused[voice])
        try:
            answer = await self._service.ask(asked, partial(self._judge, bill), on_start)
        except answers.VoiceError as exc:
            self._refused[voice] = str(exc)
            raise
        heard = partial(sent_sound.speech, answer.body, answer.kind, pcm_rate_hz=self._pcm_rate_hz)
        try:
            if self._pcm_rate_hz is None:
                return _Take(*await anyio.to_thread.run_sync(heard))
            return _Take(*heard())
        except (PassingError, ClipError) as exc:
            return _Take(None, 0, str(exc))

    def _judge(self, bill: list[float], answer: Answer) -> Answer:
        """An answer that is sound, or was paid for."""
        limiter = self._service.limiter
        if answer.status != 200:
            hidden = self._service.client.hidden
            raise answers.failure(answer, hidden, is_first=limiter.is_new)
        if most := answers.most_at_once(answer):
            limiter.allows(most)
        cost = answers.charged(answer)
        if cost is not None:
            self.billed_total = cost + (self.billed_total or 0.0)
            bill.append(cost)
        if not cost:
            sent_sound.check(answer.body, answer.kind, pcm_rate_hz=self._pcm_rate_hz)
        return answer

    def _doubted(self, shortest_seconds: float, take: _Take) -> _Take:
        """A take with its fault."""
        if take.samples is None:
            return take
        seconds = take.samples.size / take.rate_hz
        if seconds < shortest_seconds:
            fault = (
                f"the sound is {seconds:.2f} s long, and what it should say takes more than "
                f"{shortest_seconds:.2f} s"
            )
            return take._replace(fault=fault)
        if not (self._settings.check_ends and sent_sound.is_cut(take.samples, take.rate_hz)):
            return take
        return take._replace(fault=f"the sound of {seconds:.2f} s ends as if cut off", is_cut=True)


def _joined(takes: list[_Take]) -> tuple[Samples, int]:
    import numpy as np  # noqa: PLC0415 - heavy, and not needed before something is said

    rates = {take.rate_hz for take in takes}
    if len(rates) > 1:
        raise ClipError(f"its parts came with different rates: {sorted(rates)} Hz")
    found = [take.samples for take in takes if take.samples is not None]
    return found[0] if len(found) == 1 else np.concatenate(found), rates.pop()
