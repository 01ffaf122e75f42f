"""Readings from the dictionary's child process, kept for the run."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from tts_assets.engines.process.supervisor import reader_host
from tts_assets.errors import ClipError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from anyio.abc import TaskGroup, TaskStatus

    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.model import DictionaryWord, Pronunciation, SpokenForm


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
                self._said |= zip(new, await host.read(new), strict=True)
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
                    self._host = await self._tasks.start(self._keep)
            (self._said[form],) = await self._host.read([form])
        said = self._said[form]
        if isinstance(said, str):
            raise ClipError(said)
        return said

    async def _keep(self, *, task_status: TaskStatus[EngineHost]) -> None:
        async with reader_host(self._words) as host:
            task_status.started(host)
            await anyio.sleep_forever()
