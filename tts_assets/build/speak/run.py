"""From one text to its sound: cut into segments, said by all workers, put together in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from tts_assets.build import studios
from tts_assets.build.make_passage import Passage
from tts_assets.build.plan import jobs
from tts_assets.build.pool import Stop
from tts_assets.build.speak.sayer import Sayer
from tts_assets.build.survey import voices
from tts_assets.engines import choosing, readings
from tts_assets.engines.protocol import Bounded, Remote
from tts_assets.errors import ClipError
from tts_assets.model import Segment
from tts_assets.store import waiting
from tts_assets.store.storage import check_target, fatal, sweep, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from tts_assets.build.speak.words import Words
    from tts_assets.config.model import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Finding, SpokenForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What was said.

    Args:
        segments: how many calls of the engine it took.
        seconds: how long it sounds.
        findings: what is wrong with how it sounds.
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
    provider, _ = choosing.choose(settings)
    studios.check_ready(settings, provider)
    form = words.form()
    if isinstance(into, Path):
        await anyio.to_thread.run_sync(check_target, into)
        temp = waiting.place_for(settings.temp, str(into))
        await anyio.to_thread.run_sync(waiting.refuse_links, temp)
    parts = await _cut(form, settings)
    workers = _workers(settings, provider, len(parts))
    async with provider.open(
        workers=workers, timeout_seconds=settings.timeout_seconds, words=settings.words
    ) as speaker:
        if isinstance(speaker, Bounded):
            workers = min(workers, speaker.workers)
        studio = studios.studio_of(settings, provider, speaker, workers)
        if isinstance(into, Path):
            studio = replace(studio, temp=waiting.place_for(settings.temp, str(into)))
        job = jobs.Job(recipe=studio.recipes.of(form), form=form, assets=(), clips=())
        passage = Passage(job, parts, studio)
        sayer = Sayer(settings, studio, passage, on_segment or (lambda _, __: None), stop or Stop())
        if isinstance(into, Path):
            # Segments of an earlier text for this file, whose process was killed.
            await anyio.to_thread.run_sync(waiting.sweep, studio.temp, {job.recipe})
            seconds, findings = await _to_file(sayer, passage, into, studio.temp)
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
    (told,) = await readings.cut([form], settings.pauses, settings.words)
    if isinstance(told, str):
        raise ClipError(told)
    return told


def _workers(settings: Settings, provider: Provider, parts: int) -> int:
    wanted = settings.concurrency
    if wanted is None:
        wanted = studios.auto_workers(provider)
    elif isinstance(provider, Remote):
        wanted = min(wanted, provider.max_concurrent)
    return max(1, min(wanted, parts))


async def _to_file(
    sayer: Sayer, passage: Passage, path: Path, temp: Path
) -> tuple[float, tuple[Finding, ...]]:
    await sayer.keep_all()

    def write() -> tuple[float, tuple[Finding, ...]]:
        content = passage.joined()
        with fatal(f"cannot write {path}"):
            sweep(path.parent)
            write_whole(path, content.data)
        passage.clear()
        waiting.leave(temp)
        return content.made.seconds, content.made.findings

    return await anyio.to_thread.run_sync(write)


def _credit(settings: Settings, provider: Provider, passage: Passage) -> str:
    """The lines of the voices that spoke, and those that came with the sound."""
    own = voices.voice_info(settings, provider)
    by_name = {voice.name: voice for voice in provider.voices()}
    spoke = [by_name.get(name, own).credit for name in passage.voices]
    return "; ".join(dict.fromkeys(line for line in (*spoke, *passage.credits) if line))
