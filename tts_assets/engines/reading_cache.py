"""Readings from the dictionary's child process, kept for the run."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import msgspec
from anyio import to_thread

from tts_assets.engines.process.supervisor import open_task_group, reader_host
from tts_assets.errors import ClipError
from tts_assets.japanese.segmentation import split_segments

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence

    from anyio.abc import TaskStatus

    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.model import DictionaryWord, Pauses, Pronunciation, Segment, SpokenForm


async def read_forms(
    forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...] = ()
) -> list[Pronunciation | str]:
    """The readings of OpenJTalk's dictionary, with the user's own words, in a process of its own.

    Returns:
        For each form in order its pronunciation, or why it cannot be spoken.

    Raises:
        FatalError: the dictionary cannot be loaded, or not with these words.
    """
    return await ReadingCache().read(forms, words)


async def split_passages(
    forms: Sequence[SpokenForm],
    pauses: Pauses,
    words: tuple[DictionaryWord, ...] = (),
    *,
    with_phrases: Collection[int] = (),
) -> list[tuple[Segment, ...] | str]:
    """The segments of passages.

    A process for the dictionary runs only where one of them cannot be split without it.

    Segments of the forms whose numbers are in ``with_phrases`` get their phrases.

    Returns:
        For each form in order its segments, or why it cannot be split.

    Raises:
        FatalError: the dictionary cannot be loaded, or not with these words.
    """
    found: list[tuple[Segment, ...] | str | None] = [
        await to_thread.run_sync(split_segments, form, pauses) for form in forms
    ]
    hard = [number for number, each in enumerate(found) if each is None]
    if hard or with_phrases:
        async with reader_host(words) as host:
            split = await host.split_forms([forms[number] for number in hard], pauses)
            for number, each in zip(hard, split, strict=True):
                found[number] = each
            for number in with_phrases:
                if isinstance(segments_found := found[number], tuple):
                    found[number] = await _add_phrases(segments_found, host)
    return [each for each in found if each is not None]


async def _add_phrases(found: tuple[Segment, ...], host: EngineHost) -> tuple[Segment, ...]:
    texts = [segment.form.text for segment in found]
    try:
        answer = await host.ask(msgspec.json.encode(texts))
    except ClipError:
        # Its time line then has its segments only.
        return found
    phrases = msgspec.json.decode(answer, type=list[tuple[str, ...]])
    return tuple(
        segment._replace(phrases=each) for segment, each in zip(found, phrases, strict=True)
    )


class ReadingCache:
    """Readings so far; the dictionary runs in a process of its own, which starts when it is needed."""

    def __init__(self) -> None:
        self._readings: dict[SpokenForm, Pronunciation | str] = {}

    async def read(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...]
    ) -> list[Pronunciation | str]:
        """For each form its pronunciation, or why it cannot be spoken.

        Raises:
            FatalError: the dictionary cannot be loaded, or not with these words.
        """
        new = [form for form in dict.fromkeys(forms) if form not in self._readings]
        if new:
            async with reader_host(words) as host:
                self._readings |= zip(new, await host.read_forms(new), strict=True)
        return [self._readings[form] for form in forms]

    @asynccontextmanager
    async def open(
        self, words: tuple[DictionaryWord, ...]
    ) -> AsyncIterator[Callable[[SpokenForm], Awaitable[Pronunciation]]]:
        """A function that returns the pronunciation of one form, or raises ClipError.

        The dictionary's process is started for the first form that is not in the cache.
        """
        starting = anyio.Lock()
        hosts: list[EngineHost] = []

        async def keep_host(*, task_status: TaskStatus[None]) -> None:
            async with reader_host(words) as host:
                hosts.append(host)
                task_status.started()
                await anyio.sleep_forever()

        async def read_form(form: SpokenForm) -> Pronunciation:
            if form not in self._readings:
                async with starting:
                    if not hosts:
                        await tasks.start(keep_host)
                (self._readings[form],) = await hosts[0].read_forms([form])
            reading = self._readings[form]
            if isinstance(reading, str):
                raise ClipError(reading)
            return reading

        async with open_task_group() as tasks:
            yield read_form
