"""Recognizers in supervised processes, and the number that this machine can run."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import anyio
import msgspec

from tts_assets.engines import machine
from tts_assets.engines.asr import recognizer_protocol
from tts_assets.engines.asr.recognizer_protocol import Recognized
from tts_assets.engines.process.supervisor import engine_host
from tts_assets.errors import FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tts_assets.config.settings import Settings
    from tts_assets.engines.asr.recognizer_protocol import RecognizerProvider
    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.engines.protocol import RestartTimer
    from tts_assets.model import Samples


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a process: samples as float32, little-endian; the rest as in Recognizer."""

    samples: bytes
    language: str
    prompt: str


_question = msgspec.msgpack.Decoder(Question)
_recognized = msgspec.msgpack.Decoder(Recognized)


class NativeRecognizer(ABC):
    """A recognizer in its process; called from as many threads as it was opened for."""

    @abstractmethod
    def recognize(self, samples: Samples, *, language: str, prompt: str) -> Recognized:
        """Transcribe, or raise ClipError with the reason."""

    def answer(self, question: bytes) -> bytes:
        """Handle an encoded request."""
        import numpy as np  # noqa: PLC0415 - heavy, and only needed in that process

        decoded = _question.decode(question)
        samples = np.frombuffer(decoded.samples, dtype="<f4").astype(np.float32)
        recognized = self.recognize(samples, language=decoded.language, prompt=decoded.prompt)
        return msgspec.msgpack.encode(recognized)


class HostedRecognizer:
    """A recognizer in one process, or in several with one recording at a time each."""

    def __init__(self, hosts: list[EngineHost]) -> None:
        self.workers = sum(host.workers for host in hosts)
        self._idle = hosts
        self._room = anyio.Semaphore(len(hosts))
        self._is_shared = len(hosts) == 1

    async def recognize(
        self,
        samples: Samples,
        *,
        language: str,
        prompt: str = "",
        restart_timer: RestartTimer = None,
    ) -> Recognized:
        """Transcribe; arguments and errors as in Recognizer."""
        data = samples.astype("<f4", copy=False).tobytes()
        question = Question(samples=data, language=language, prompt=prompt)
        body = msgspec.msgpack.encode(question)
        async with self._borrow_host() as host:
            return _recognized.decode(await host.ask(body, restart_timer=restart_timer))

    @contextlib.asynccontextmanager
    async def _borrow_host(self) -> AsyncIterator[EngineHost]:
        """Wait for an idle process; a process with several threads has its own queue."""
        if self._is_shared:
            yield self._idle[0]
            return
        async with self._room:
            host = self._idle.pop()
            try:
                yield host
            finally:
                self._idle.append(host)


@contextlib.asynccontextmanager
async def host_recognizer(
    factory: str,
    *,
    processes: int = 1,
    threads: int = 1,
    silence_seconds: float,
    options: Mapping[str, str],
) -> AsyncIterator[HostedRecognizer]:
    """Run a recognizer in child processes during the block.

    Each process transcribes as many recordings at once as it has threads; the rest is as in
    :func:`~tts_assets.engines.process.supervisor.engine_host`.
    """
    async with contextlib.AsyncExitStack() as opened:
        hosts = [
            await opened.enter_async_context(
                engine_host(
                    factory, threads=threads, silence_seconds=silence_seconds, options=options
                )
            )
            for _ in range(processes)
        ]
        yield HostedRecognizer(hosts)


_MEASURED_SECONDS = 30.0  #: the duration of the audio with which footprints are measured


def provider_for(settings: Settings, *, language: str | None = None) -> RecognizerProvider:
    """Load the recognizer that the settings name, and check that it is usable on this machine.

    ``language`` replaces that of ``config.transcribe``.

    Raises:
        UsageError: the name is unknown, or it does not support the language.
        FatalError: its package or its model is missing.
    """
    code = language or settings.transcribe.language
    provider = recognizer_protocol.load_recognizer(settings.transcribe.recognizer, settings)
    known = provider.languages()
    if code not in known:
        raise UsageError(
            f"the recognizer {provider.name} does not support {code!r}: choose another with "
            f"--recognizer, or one of its languages with --language: {', '.join(known)}"
        )
    if (problem := provider.problem()) is not None:
        raise FatalError(f"{provider.name}: {problem}")
    return provider


def count_fitting_workers(provider: RecognizerProvider, seconds: float = _MEASURED_SECONDS) -> int:
    """The number of recordings of a duration that this machine can transcribe at once."""
    footprint = provider.footprint_mib * max(1.0, seconds / _MEASURED_SECONDS)
    return machine.default_worker_count(provider.base_mib, round(footprint))
