"""Segments of one text, said by all workers: kept until all are there, or sent on in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio.to_thread

from tts_assets.build.easing import Easing
from tts_assets.build.make_clip import out_of_time
from tts_assets.build.pool import FailureRules, Pool, time_limit_restarter
from tts_assets.config.model import time_limits
from tts_assets.engines.protocol import Paced
from tts_assets.errors import (
    OUT_OF_MEMORY,
    ClipError,
    ClipTimeoutError,
    FatalError,
    StoppedError,
    TtsAssetsError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
    from typing import BinaryIO

    from tts_assets.build.make_clip import Studio
    from tts_assets.build.make_passage import Passage
    from tts_assets.build.pool import Result, Stop
    from tts_assets.config.model import Settings
    from tts_assets.model import Finding, Samples

R = TypeVar("R")


#: How often a segment is attempted; the text would end with one that is missing.
_ATTEMPTS = 3


#: So many segments for each worker may be ahead of the one that is waited for: memory stays flat.
_AHEAD = 4


class Sayer:
    """Says the segments of one text."""

    def __init__(
        self,
        settings: Settings,
        studio: Studio,
        passage: Passage,
        tell: Callable[[int, int], None],
        stop: Stop,
    ) -> None:
        """Begin.

        Args:
            settings: the time limit, and how it sounds.
            studio: what it is made with.
            passage: the text.
            tell: called when a segment is there, with how many are, and of how many.
            stop: a request ends the work with the segments in progress.
        """
        self._settings = settings
        self._studio = studio
        self._passage = passage
        self._tell = tell
        self._stop = stop

    async def keep_all(self) -> None:
        """Say what is not there yet, and keep it.

        Raises:
            ClipError: a segment cannot be said.
            FatalError: nothing can be said any more.
        """
        numbers = await self._passage.look()

        async def work(number: int, on_start: Callable[[], None]) -> None:
            await self._passage.speak(number, on_start=on_start)

        async def take(_: Result[int, None]) -> None:
            """It waits with the others."""

        await self._run(_given(numbers), len(numbers), work, take)

    async def to_stream(self, into: BinaryIO) -> tuple[float, tuple[Finding, ...]]:
        """Say all, and send each segment on as soon as those before it are through.

        Returns:
            How long it sounds, in seconds, and what is wrong with how it sounds.

        Raises:
            ClipError: a segment cannot be said.
            FatalError: nothing can be said any more.
            OSError: the stream cannot be written to.
        """
        from tts_assets.audio.streaming import Stream  # noqa: PLC0415 - heavy, as all of audio

        ahead = _AHEAD * self._studio.threads.total_tokens
        line = _Line(len(self._passage), int(ahead))
        findings: dict[int, tuple[Finding, ...]] = {}
        with Stream(self._settings.sound, into) as stream:

            async def take(result: Result[int, tuple[Samples, tuple[Finding, ...]]]) -> None:
                assert result.value is not None  # noqa: S101 - one without raised
                samples, findings[result.job] = result.value
                for number, sound in line.through(result.job, samples):
                    pause = self._passage.pause_ms(number)
                    await anyio.to_thread.run_sync(stream.write, sound, pause)

            await self._run(line.numbers(), len(self._passage), self._taken, take)
        in_order = (each for number in sorted(findings) for each in findings[number])
        return stream.seconds, tuple(in_order)

    async def _taken(
        self, number: int, on_start: Callable[[], None]
    ) -> tuple[Samples, tuple[Finding, ...]]:
        (_, sound), findings = await self._passage.take(number, on_start=on_start)
        return sound.samples, findings

    async def _run(
        self,
        numbers: AsyncIterable[int],
        count: int,
        work: Callable[[int, Callable[[], None]], Awaitable[R]],
        take: Callable[[Result[int, R]], Awaitable[None]],
    ) -> None:
        """Work on segments, and take what comes of them as it comes."""
        paced = self._studio.speaker if isinstance(self._studio.speaker, Paced) else None

        async def attempt(number: int) -> R:
            restart = time_limit_restarter(time_limits(self._passage.characters(number)))
            restart()
            return await work(number, restart)

        pool = Pool(
            attempt,
            limit=max(1, int(self._studio.threads.total_tokens)),
            timeout=self._settings.timeout_seconds,
            rules=FailureRules(
                failures=(ClipError,),
                fatal=(FatalError,),
                dropped=(StoppedError,),
                attempts=1 if paced else _ATTEMPTS,
                most_failures=1,
            ),
        )
        self._stop.attach(pool.stop)
        if paced is not None:
            self._stop.attach(paced.limiter.stop)
        easing = Easing(pool.limit)
        done = 0
        async with pool:
            async for result in pool.run(numbers, total=count):
                if result.error is not None:
                    raise self._in_words(result)
                done += 1
                self._tell(done, len(self._passage))
                limit = easing.saw(result.attempt == 1)
                if limit is not None and paced is None:
                    pool.limit = limit
                await take(result)
        if done < count:
            raise StoppedError(
                "stopped before all segments were there: run the same command again to go on"
            )

    def _in_words(self, result: Result[int, R]) -> TtsAssetsError:
        called, error = self._passage.called(result.job), result.error
        if isinstance(error, FatalError):
            return error
        if str(error) == OUT_OF_MEMORY:
            # The cause is the machine, not this text.
            return FatalError(OUT_OF_MEMORY)
        if isinstance(error, TtsAssetsError):
            return type(error)(f"{called}: {error}")
        limit = self._settings.timeout_seconds * time_limits(self._passage.characters(result.job))
        return ClipTimeoutError(f"{called}: {out_of_time(limit)}")


class _Line:
    """Segments in line: who is ahead waits for those before, and not too many are ahead."""

    def __init__(self, count: int, ahead: int) -> None:
        self._count = count
        self._ahead = ahead
        self._through = 0
        self._waiting: dict[int, Samples] = {}
        self._moved = anyio.Event()

    async def numbers(self) -> AsyncGenerator[int, None]:
        """The segments to say, as soon as they may be."""
        for number in range(self._count):
            while number >= self._through + self._ahead:
                self._moved = anyio.Event()
                await self._moved.wait()
            yield number

    def through(self, number: int, samples: Samples) -> list[tuple[int, Samples]]:
        """Those that may go on, now that this one is there."""
        self._waiting[number] = samples
        found = []
        while self._through in self._waiting:
            found.append((self._through, self._waiting.pop(self._through)))
            self._through += 1
        self._moved.set()
        return found


async def _given(numbers: list[int]) -> AsyncGenerator[int, None]:
    for number in numbers:
        yield number
