"""Readings from the dictionary's child process, cached for the run."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import msgspec
from anyio import to_thread

from tts_assets.engines.process.supervisor import open_task_group, reader_host
from tts_assets.errors import ClipError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence

    from anyio.abc import TaskStatus

    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.model import DictionaryWord, Pauses, Pronunciation, Segment, SpokenForm


async def read_forms(
    forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...] = ()
) -> list[Pronunciation | str]:
    """Read forms with OpenJTalk's dictionary and the user's own words, in a child process.

    Returns:
        The pronunciation of each form, or the reason why it cannot be spoken.

    Raises:
        FatalError: the dictionary or the words cannot be loaded.
    """
    return await ReadingCache().read(forms, words)


async def split_passages(
    forms: Sequence[SpokenForm],
    pauses: Pauses,
    words: tuple[DictionaryWord, ...] = (),
    *,
    with_phrases: Collection[int] = (),
) -> list[tuple[Segment, ...] | str]:
    """Split passages into segments.

    The dictionary's process is started only if a passage cannot be split without it, or
    ``with_phrases`` has indices of forms whose segments get their phrases.

    Returns:
        The segments of each form, or the reason why it cannot be split.

    Raises:
        FatalError: the dictionary or the words cannot be loaded.
    """
    # Heavy, and only passages need it.
    from tts_assets.japanese.segmentation import split_segments  # noqa: PLC0415

    found: list[tuple[Segment, ...] | str | None] = [
        await to_thread.run_sync(split_segments, form, pauses) for form in forms
    ]
    unsplit = [index for index, each in enumerate(found) if each is None]
    if unsplit or with_phrases:
        async with reader_host(words) as host:
            split = await host.split_forms([forms[index] for index in unsplit], pauses)
            for index, each in zip(unsplit, split, strict=True):
                found[index] = each
            for index in with_phrases:
                if isinstance(segments := found[index], tuple):
                    found[index] = await _add_phrases(segments, host)
    return [each for each in found if each is not None]


async def _add_phrases(found: tuple[Segment, ...], host: EngineHost) -> tuple[Segment, ...]:
    texts = [segment.form.text for segment in found]
    try:
        answer = await host.ask(msgspec.json.encode(texts))
    except ClipError:
        # The timeline then has segments only.
        return found
    phrases = msgspec.json.decode(answer, type=list[tuple[str, ...]])
    return tuple(
        segment._replace(phrases=each) for segment, each in zip(found, phrases, strict=True)
    )


class ReadingCache:
    """A cache of readings; the dictionary runs in a child process that starts on demand."""

    def __init__(self) -> None:
        self._readings: dict[SpokenForm, Pronunciation | str] = {}

    async def read(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...]
    ) -> list[Pronunciation | str]:
        """The pronunciation of each form, or the reason why it cannot be spoken.

        Raises:
            FatalError: the dictionary or the words cannot be loaded.
        """
        uncached = [form for form in dict.fromkeys(forms) if form not in self._readings]
        if uncached:
            async with reader_host(words) as host:
                self._readings |= zip(uncached, await host.read_forms(uncached), strict=True)
        return [self._readings[form] for form in forms]

    @asynccontextmanager
    async def open(
        self, words: tuple[DictionaryWord, ...]
    ) -> AsyncIterator[Callable[[SpokenForm], Awaitable[Pronunciation]]]:
        """Yield a function that returns the pronunciation of one form, or raises ClipError.

        The first form that is not cached starts the dictionary's process.
        """
        start_lock = anyio.Lock()
        hosts: list[EngineHost] = []

        async def keep_host(*, task_status: TaskStatus[None]) -> None:
            async with reader_host(words) as host:
                hosts.append(host)
                task_status.started()
                await anyio.sleep_forever()

        async def read_form(form: SpokenForm) -> Pronunciation:
            if form not in self._readings:
                async with start_lock:
                    if not hosts:
                        await tasks.start(keep_host)
                (self._readings[form],) = await hosts[0].read_forms([form])
            reading = self._readings[form]
            if isinstance(reading, str):
                raise ClipError(reading)
            return reading

        async with open_task_group() as tasks:
            yield read_form
