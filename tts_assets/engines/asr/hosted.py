"""Recognizers in supervised processes of their own: a call that hangs or crashes spoils no other."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

import anyio
import msgspec

from tts_assets.engines.asr.protocol import Recognized
from tts_assets.engines.process.parent import engine_host

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from tts_assets.engines.process.parent import EngineHost
    from tts_assets.model import Samples


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is asked: samples as float32, little-endian; the rest as in Recognizer."""

    samples: bytes
    language: str
    prompt: str


class NativeRecognizer(Protocol):
    """A recognizer inside its process; called from as many threads as it was opened for."""

    def recognize(self, samples: Samples, *, language: str, prompt: str) -> Recognized:
        """Tell what is said, or raise ClipError with the reason."""
        ...


_question = msgspec.msgpack.Decoder(Question)
_recognized = msgspec.msgpack.Decoder(Recognized)


def answer(recognizer: NativeRecognizer, question: bytes) -> bytes:
    """What a recognizer says to a question, both encoded; for the process's side."""
    import numpy as np  # noqa: PLC0415 - heavy, and only needed in that process

    asked = _question.decode(question)
    samples = np.frombuffer(asked.samples, dtype="<f4").astype(np.float32)
    heard = recognizer.recognize(samples, language=asked.language, prompt=asked.prompt)
    return msgspec.msgpack.encode(heard)


class HostedRecognizer:
    """A recognizer in one process, or in several of which each hears one recording at a time."""

    def __init__(self, hosts: list[EngineHost]) -> None:
        """Use these processes."""
        self._idle = hosts
        self._room = anyio.Semaphore(len(hosts))
        self._is_shared = len(hosts) == 1
        self._workers = sum(host.workers for host in hosts)

    @property
    def workers(self) -> int:
        """How many recordings it hears at once."""
        return self._workers

    async def recognize(
        self,
        samples: Samples,
        *,
        language: str,
        prompt: str = "",
        on_start: Callable[[], None] | None = None,
    ) -> Recognized:
        """Tell what is said; arguments and errors as in Recognizer."""
        data = samples.astype("<f4", copy=False).tobytes()
        question = Question(samples=data, language=language, prompt=prompt)
        body = msgspec.msgpack.encode(question)
        async with self._host() as host:
            return _recognized.decode(await host.ask(body, on_start=on_start))

    @contextlib.asynccontextmanager
    async def _host(self) -> AsyncIterator[EngineHost]:
        """One that has time; a process with several threads has its own queue."""
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
async def hosted(
    factory: str,
    *,
    processes: int = 1,
    threads: int = 1,
    silence_seconds: float,
    options: Mapping[str, str],
) -> AsyncIterator[HostedRecognizer]:
    """A recognizer in processes of its own, ended with the block.

    Args:
        factory: ``module:function`` that makes what answers questions; called in each process.
        processes: how many there are.
        threads: how many recordings each hears at once.
        silence_seconds: after that long without a sign of life a process counts as stuck.
        options: the factory's keyword arguments.
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
