"""An engine that charges, as a plug-in: half a credit or one for each character, and a meter.

TEST_PAID_MODEL is its model, one whose name has ``half`` in it charges half; TEST_PAID_BALANCE what is
left, or why nobody knows; TEST_PAID_BILLED how much of what was expected is billed, "" if it does not
tell; TEST_PAID_LOST what is charged once more for answers that are lost. It cannot say 失敗.
"""

import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime

from tests.plugin_engines import Engine, Tones
from tts_assets.config.settings import Settings
from tts_assets.engines.http.rate_limiter import Limiter
from tts_assets.engines.protocol import Balance, Charge, Speaker, VoiceInfo
from tts_assets.errors import ClipError
from tts_assets.model import DictionaryWord, Speech, SpokenForm, Voice


class PricedEngine(Tones):
    """The provider, which charges, and whose voices are elsewhere."""

    name = "priced"
    max_concurrent = 4

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def model(self) -> str:
        return os.environ.get("TEST_PAID_MODEL", "whole")

    def engine(self, voice: str) -> str:
        del voice
        return f"priced=1 model={self.model}"

    async def listed(self) -> tuple[VoiceInfo, ...]:
        return self.voices()

    async def charges(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...]
    ) -> list[Charge | str]:
        del words
        return ["it cannot be said" if "失敗" in form.text else self.charge(form) for form in forms]

    def charge(self, form: SpokenForm) -> Charge:
        return Charge(len(form.text), len(form.text) * (0.5 if "half" in self.model else 1.0))

    async def balance(self) -> Balance | str:
        left = os.environ.get("TEST_PAID_BALANCE", "1000")
        if not left.isdecimal():
            return left
        return Balance(float(left), datetime(2026, 12, 1, tzinfo=UTC))

    async def terms(self) -> str:
        return f"{self.model}: a credit for each character"

    @contextlib.asynccontextmanager
    async def _opened(self, workers: int) -> AsyncIterator[Speaker]:
        knows_all = "TEST_PAID_LOST" in os.environ
        yield _PaidMeter(self, workers) if knows_all else _Speaker(self, workers)

    def open(  # type: ignore[override]
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[Speaker]:
        del timeout_seconds, words
        return self._opened(workers)


class _Speaker:
    """Speaks in the run's own process, and says what each form was charged."""

    def __init__(self, provider: PricedEngine, workers: int) -> None:
        self.limiter = Limiter(most=workers)
        self.provider = provider
        self.total = 0.0

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: object = None
    ) -> Speech:
        del restart_timer
        if "失敗" in form.text:
            raise ClipError("it cannot be said")
        async with self.limiter.slot():
            speech = Engine().speak(form, voice)
        self.limiter.record_success()
        share = os.environ.get("TEST_PAID_BILLED", "1")
        if not share:
            return speech
        billed = self.provider.charge(form).credits * float(share)
        self.total += billed
        return replace(speech, billed=billed)


class _PaidMeter(_Speaker):
    """The same, and it knows of charges that no clip came of."""

    @property
    def billed_total(self) -> float | None:
        return self.total + float(os.environ["TEST_PAID_LOST"]) if self.total else None
