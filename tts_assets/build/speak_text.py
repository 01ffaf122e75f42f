"""Speaks one text: its form, its segments in order, streamed or stored."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import anyio.to_thread

from tts_assets.build.generate import clip
from tts_assets.build.generate.clip import out_of_time
from tts_assets.build.generate.passage import Passage
from tts_assets.build.plan import plan_types, planner
from tts_assets.build.pool import (
    AdaptiveConcurrency,
    FailureRules,
    Pool,
    Stop,
    time_limit_restarter,
)
from tts_assets.config.settings import time_limits
from tts_assets.engines import reading_cache, registry
from tts_assets.engines.protocol import Bounded, Paced, Remote
from tts_assets.errors import (
    OUT_OF_MEMORY,
    ClipError,
    ClipTimeoutError,
    FatalError,
    StoppedError,
    TtsAssetsError,
    UsageError,
)
from tts_assets.japanese import kana, running_text, word_forms
from tts_assets.model import Segment
from tts_assets.store import segment_cache
from tts_assets.store.atomic_files import check_target, fatal, sweep, write_whole

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
    from typing import BinaryIO

    from tts_assets.build.generate.clip import BuildContext
    from tts_assets.build.pool import Result
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Finding, Samples, SpokenForm


#: What no word has within.
_RUNNING = re.compile(r"[\s。、！？!?「」『』：]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is to be said.

    Args:
        text: a word, a sentence, a passage or a dialogue.
        reading: how it is read, in kana or romaji; None to leave it to the dictionary.
        accent: of a word, the mora after which the pitch falls, 0 for none; None for the usual.
    """

    text: str
    reading: str | None = None
    accent: int | None = None

    def form(self) -> SpokenForm:
        """What is said.

        Raises:
            UsageError: nothing can be said of it.
        """
        text = self.text.strip()
        is_word = not _RUNNING.search(text)
        if self.accent is not None and not is_word:
            raise UsageError("an accent applies to one word, but this is running text: omit it")
        try:
            if is_word and (self.reading is not None or self.accent is not None):
                said = word_forms.build_word_forms(text, self.reading, self.accent)
            elif "\n" in text:
                said = running_text.build_dialogue_forms(text, self.reading, passage=True)
            else:
                said = running_text.build_text_forms(text, self.reading, passage=True)
        except kana.UnusableTextError as exc:
            raise UsageError(f"this cannot be spoken: {exc}") from exc
        if isinstance(said, str):
            raise UsageError(f"there is nothing to speak: {said}")
        return said[0]


# Segments of one text, said by all workers: kept until all are there, or sent on in order.
R = TypeVar("R")

#: How often a segment is attempted; the text would end with one that is missing.
_ATTEMPTS = 3

#: So many segments for each worker may be ahead of the one that is waited for: memory stays flat.
_AHEAD = 4


class StreamingSynthesizer:
    """Says the segments of one text."""

    def __init__(
        self,
        settings: Settings,
        context: BuildContext,
        passage: Passage,
        tell: Callable[[int, int], None],
        stop: Stop,
    ) -> None:
        """Begin.

        Args:
            settings: the time limit, and how it sounds.
            context: what it is made with.
            passage: the text.
            tell: called when a segment is there, with how many are, and of how many.
            stop: a request ends the work with the segments in progress.
        """
        self._settings = settings
        self._context = context
        self._passage = passage
        self._tell = tell
        self._stop = stop

    async def keep_all(self) -> None:
        """Say what is not there yet, and keep it.

        Raises:
            ClipError: a segment cannot be said.
            FatalError: nothing can be said any more.
        """
        numbers = await self._passage.find_missing_segments()

        async def work(number: int, on_start: Callable[[], None]) -> None:
            await self._passage.speak(number, on_start=on_start)

        async def take(_: Result[int, None]) -> None:
            """It waits with the others."""

        await self._run(_iter_given(numbers), len(numbers), work, take)

    async def to_stream(self, into: BinaryIO) -> tuple[float, tuple[Finding, ...]]:
        """Say all, and send each segment on as soon as those before it are through.

        Returns:
            How long it sounds, in seconds, and what is wrong with how it sounds.

        Raises:
            ClipError: a segment cannot be said.
            FatalError: nothing can be said any more.
            OSError: the stream cannot be written to.
        """
        from tts_assets.audio.joining import Stream  # noqa: PLC0415 - heavy, as all of audio

        ahead = _AHEAD * self._context.threads.total_tokens
        line = _SpokenLine(len(self._passage), int(ahead))
        findings: dict[int, tuple[Finding, ...]] = {}
        with Stream(self._settings.sound, into) as stream:

            async def take(result: Result[int, tuple[Samples, tuple[Finding, ...]]]) -> None:
                assert result.value is not None  # noqa: S101 - one without raised
                samples, findings[result.job] = result.value
                for number, sound in line.through(result.job, samples):
                    pause = self._passage.pause_ms(number)
                    await anyio.to_thread.run_sync(stream.write, sound, pause)

            await self._run(line.numbers(), len(self._passage), self._take_segment, take)
        in_order = (each for number in sorted(findings) for each in findings[number])
        return stream.seconds, tuple(in_order)

    async def _take_segment(
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
        paced = self._context.speaker if isinstance(self._context.speaker, Paced) else None

        async def attempt(number: int) -> R:
            restart = time_limit_restarter(time_limits(self._passage.characters(number)))
            restart()
            return await work(number, restart)

        pool = Pool(
            attempt,
            limit=max(1, int(self._context.threads.total_tokens)),
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
        easing = AdaptiveConcurrency(pool.limit)
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
                "stopped before all segments were generated: run the same command again to continue"
            )

    def _in_words(self, result: Result[int, R]) -> TtsAssetsError:
        called, error = self._passage.describe_segment(result.job), result.error
        if isinstance(error, FatalError):
            return error
        if str(error) == OUT_OF_MEMORY:
            # The cause is the machine, not this text.
            return FatalError(OUT_OF_MEMORY)
        if isinstance(error, TtsAssetsError):
            return type(error)(f"{called}: {error}")
        limit = self._settings.timeout_seconds * time_limits(self._passage.characters(result.job))
        return ClipTimeoutError(f"{called}: {out_of_time(limit)}")


class _SpokenLine:
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


async def _iter_given(numbers: list[int]) -> AsyncGenerator[int, None]:
    for number in numbers:
        yield number


# From one text to its sound: cut into segments, said by all workers, put together in order.


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What was said.

    Args:
        segments: how many calls of the engine it took.
        seconds: its length.
        findings: the audio checks that it failed.
        credit: the lines that the licences of the voices ask for; "" for none.
    """

    segments: int
    seconds: float
    findings: tuple[Finding, ...]
    credit: str


async def speak(
    settings: Settings,
    words: Words,
    into: Path | BinaryIO,
    *,
    on_segment: Callable[[int, int], None] | None = None,
    stop: Stop | None = None,
) -> Spoken:
    """Say one text, with as many workers as there are.

    Args:
        settings: who says it, and how it sounds.
        words: what is to be said.
        into: a file, which is whole or not there; or a stream, which gets the beginning while the
            rest is still being made. In a file the loudness is that of the whole; in a stream
            each segment is brought to it.
        on_segment: called in the event loop when a segment is there, with how many are, and of how
            many.
        stop: a request ends the work with the segments in progress.

    Raises:
        StoppedError: the work ended before all segments were there; those of a file are kept.
        UsageError: the settings or the words are wrong.
        ClipError: it cannot be said; a stream ends where that is found.
        FatalError: the engine is missing, or the file cannot be written.
        OSError: the stream cannot be written to.
    """
    provider, _ = registry.choose_engine(settings)
    clip.check_ready(settings, provider)
    form = words.form()
    if isinstance(into, Path):
        await anyio.to_thread.run_sync(check_target, into)
        temp = segment_cache.place_for(settings.temp, str(into))
        await anyio.to_thread.run_sync(segment_cache.refuse_links, temp)
    parts = await _cut(form, settings)
    workers = _workers(settings, provider, len(parts))
    async with provider.open(
        workers=workers, timeout_seconds=settings.timeout_seconds, words=settings.words
    ) as speaker:
        if isinstance(speaker, Bounded):
            workers = min(workers, speaker.workers)
        context = clip.create_context(settings, provider, speaker, workers)
        if isinstance(into, Path):
            context = replace(context, temp=segment_cache.place_for(settings.temp, str(into)))
        job = planner.Job(recipe=context.recipes.of(form), form=form, assets=(), clips=())
        passage = Passage(job, parts, context)
        sayer = StreamingSynthesizer(
            settings, context, passage, on_segment or (lambda _, __: None), stop or Stop()
        )
        if isinstance(into, Path):
            # Segments of an earlier text for this file, whose process was killed.
            await anyio.to_thread.run_sync(segment_cache.sweep_segments, context.temp, {job.recipe})
            seconds, findings = await _to_file(sayer, passage, into, context.temp)
        else:
            seconds, findings = await sayer.to_stream(into)
    return Spoken(
        segments=len(parts),
        seconds=seconds,
        findings=findings,
        credit=_credit(settings, provider, passage),
    )


async def _cut(form: SpokenForm, settings: Settings) -> tuple[Segment, ...]:
    if not form.turns:
        return (Segment(form),)
    (told,) = await reading_cache.split_passages([form], settings.pauses, settings.words)
    if isinstance(told, str):
        raise ClipError(told)
    return told


def _workers(settings: Settings, provider: Provider, parts: int) -> int:
    wanted = settings.concurrency
    if wanted is None:
        wanted = clip.auto_workers(provider)
    elif isinstance(provider, Remote):
        wanted = min(wanted, provider.max_concurrent)
    return max(1, min(wanted, parts))


async def _to_file(
    sayer: StreamingSynthesizer, passage: Passage, path: Path, temp: Path
) -> tuple[float, tuple[Finding, ...]]:
    await sayer.keep_all()

    def write() -> tuple[float, tuple[Finding, ...]]:
        content = passage.join_segments()
        with fatal(f"cannot write {path}"):
            sweep(path.parent)
            write_whole(path, content.data)
        passage.clear()
        segment_cache.leave(temp)
        return content.made.seconds, content.made.findings

    return await anyio.to_thread.run_sync(write)


def _credit(settings: Settings, provider: Provider, passage: Passage) -> str:
    """The lines of the voices that spoke, and those that came with the sound."""
    own = plan_types.voice_info(settings, provider)
    by_name = {voice.name: voice for voice in provider.voices()}
    spoke = [by_name.get(name, own).credit for name in passage.voices]
    return "; ".join(dict.fromkeys(line for line in (*spoke, *passage.credits) if line))
