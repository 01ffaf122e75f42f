"""Readings from the dictionary's child process, kept for the run."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import msgspec
from anyio import to_thread

from tts_assets.engines.process.supervisor import reader_host
from tts_assets.errors import ClipError
from tts_assets.japanese.segmentation import split_segments

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence

    from anyio.abc import TaskGroup, TaskStatus

    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.model import DictionaryWord, Pauses, Pronunciation, Segment, SpokenForm


async def read_forms(
    forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...] = ()
) -> list[Pronunciation | str]:
    """How forms are said by OpenJTalk's dictionary under the reading guard.

    Starts a process of its own for the dictionary, and ends it.

    Args:
        forms: any number.
        words: the user's own dictionary.

    Returns:
        For each form in order its pronunciation, or why it cannot be said.

    Raises:
        FatalError: the dictionary cannot be loaded, or not with these words.
    """
    if not forms:
        return []
    async with reader_host(words) as host:
        return await host.read_forms(forms)


async def split_passages(
    forms: Sequence[SpokenForm],
    pauses: Pauses,
    words: tuple[DictionaryWord, ...] = (),
    *,
    with_phrases: Collection[int] = (),
) -> list[tuple[Segment, ...] | str]:
    """The segments of passages.

    Starts a process for the dictionary, and ends it, where one of them cannot be cut without.

    Args:
        forms: any number, with turns.
        pauses: the silence between segments.
        words: the user's own dictionary.
        with_phrases: the numbers of the forms whose segments are to have their phrases.

    Returns:
        For each form in order its segments, or why it cannot be cut.

    Raises:
        FatalError: the dictionary cannot be loaded, or not with these words.
    """
    found: list[tuple[Segment, ...] | str | None] = [
        await to_thread.run_sync(split_segments, form, pauses) for form in forms
    ]
    hard = [number for number, each in enumerate(found) if each is None]
    if hard or with_phrases:
        async with reader_host(words) as host:
            told = await host.split_forms([forms[number] for number in hard], pauses)
            for number, each in zip(hard, told, strict=True):
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
        # Its time line has its segments.
        return found
    phrases = msgspec.json.decode(answer, type=list[tuple[str, ...]])
    return tuple(
        segment._replace(phrases=each) for segment, each in zip(found, phrases, strict=True)
    )


# Readings from the dictionary's child process, kept for the run.


class ReadingCache:
    """What the dictionary has told so far; it runs in a process of its own, only when it is asked."""

    def __init__(self) -> None:
        """Know nothing."""
        self._said: dict[SpokenForm, Pronunciation | str] = {}

    async def read(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...]
    ) -> list[Pronunciation | str]:
        """How forms are said, all at once; for each its pronunciation, or why it cannot be said.

        Raises:
            FatalError: the dictionary cannot be loaded, or not with these words.
        """
        new = [form for form in dict.fromkeys(forms) if form not in self._said]
        if new:
            async with reader_host(words) as host:
                self._said |= zip(new, await host.read_forms(new), strict=True)
        return [self._said[form] for form in forms]

    @asynccontextmanager
    async def open(
        self, words: tuple[DictionaryWord, ...]
    ) -> AsyncIterator[Callable[[SpokenForm], Awaitable[Pronunciation]]]:
        """A function that tells how one form is said; it raises ClipError where it cannot be.

        The dictionary's process is started for the first form that is not known yet.
        """
        failure: Exception | None = None
        async with anyio.create_task_group() as tasks:
            try:
                yield _Asked(self._said, tasks, words)
            except Exception as exc:  # noqa: BLE001 - raised again below, outside the task group
                failure = exc
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure


class _Asked:
    """Answers from memory, or else from the dictionary."""

    def __init__(
        self,
        said: dict[SpokenForm, Pronunciation | str],
        tasks: TaskGroup,
        words: tuple[DictionaryWord, ...],
    ) -> None:
        self._said = said
        self._tasks = tasks
        self._words = words
        self._starting = anyio.Lock()
        self._host: EngineHost | None = None

    async def __call__(self, form: SpokenForm) -> Pronunciation:
        if form not in self._said:
            async with self._starting:
                if self._host is None:
                    self._host = await self._tasks.start(self._keep_host)
            (self._said[form],) = await self._host.read_forms([form])
        said = self._said[form]
        if isinstance(said, str):
            raise ClipError(said)
        return said

    async def _keep_host(self, *, task_status: TaskStatus[EngineHost]) -> None:
        async with reader_host(self._words) as host:
            task_status.started(host)
            await anyio.sleep_forever()
