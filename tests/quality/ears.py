"""A recognizer for tests: it knows recordings by their length, and says what it was told of each."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tts_assets.engines.asr.recognizer_protocol import Recognized, Utterance
from tts_assets.errors import ClipError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tts_assets.config.settings import Settings
    from tts_assets.model import Samples

#: What is heard in recordings of so many samples; an error is raised.
HEARD: dict[int, str | Exception] = {}


class Ears:
    """Hears what HEARD says; without a word about a recording it cannot hear it."""

    name = "ears"
    base_mib = 1
    footprint_mib = 1
    workers = 2
    missing: str | None = None
    #: What the last caller said that a call may take.
    patience = 0.0

    def __init__(self, settings: Settings) -> None:
        del settings

    def problem(self) -> str | None:
        return self.missing

    def languages(self) -> tuple[str, ...]:
        return ("ja",)

    @contextlib.asynccontextmanager
    async def _open(self) -> AsyncIterator[Ears]:
        yield self

    def open(
        self, *, workers: int, timeout_seconds: float, voice_only: bool = False
    ) -> AbstractAsyncContextManager[Ears]:
        del workers, voice_only
        Ears.patience = timeout_seconds
        return self._open()

    async def recognize(
        self,
        samples: Samples,
        *,
        language: str,
        prompt: str = "",
        restart_timer: Callable[[], None] | None = None,
    ) -> Recognized:
        assert (language, prompt, samples.dtype.name) == ("ja", "", "float32")
        if restart_timer is not None:
            restart_timer()
        heard = HEARD.get(samples.size, ClipError("nobody knows this recording"))
        if isinstance(heard, Exception):
            raise heard
        end = samples.size / 16_000
        return Recognized((Utterance(0.0, end, heard, 1.0),) if heard else ())


class Deaf(Ears):
    """One whose model is not here."""

    name = "deaf"
    missing = "its model is not here: fetch it"
