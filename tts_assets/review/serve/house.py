"""Everything behind the addresses: what is shown, what is decided, and what is made again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import anyio
import anyio.to_thread

from tts_assets import earlier_sounds
from tts_assets.errors import InputError
from tts_assets.review.rows import rows
from tts_assets.review.serve.again import Again, Means
from tts_assets.review.serve.desk import Desk
from tts_assets.review.serve.news import News
from tts_assets.review.serve.votes import Votes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.pages import Page
    from tts_assets.review.rows import Rows
    from tts_assets.review.serve.orders import AgainOrder, Decisions
    from tts_assets.review.serve.sounds import Sound
    from tts_assets.settings import Settings


class House:
    """What answers the page; made by :meth:`open`."""

    def __init__(self, settings: Settings, found: Rows, desk: Desk, means: Means) -> None:
        """Begin with what was found."""
        self.found = found
        self.news = means.news
        self._desk = desk
        self._votes = means.votes
        self._again = Again(settings, means)

    @classmethod
    async def open(
        cls,
        settings: Settings,
        *,
        project: str,
        note: Callable[[str], None],
        bug: Callable[[Exception], None],
        on_progress: Callable[[int, int], None] = lambda _, __: None,
    ) -> Self:
        """Look at everything, and be ready to answer.

        Args:
            settings: which clips, and how those that are made again are made.
            project: what the page calls itself, and keeps decisions under.
            note: told, in the event loop, what people should know.
            bug: told what should never be raised; everything else goes on.
            on_progress: called with how many sounds were drawn so far, and how many there are.

        Raises:
            UsageError: the settings are wrong.
            InputError: the ledger, the journal or the overrides file is damaged.
            FatalError: the output folder cannot be used, or there is no engine.
        """
        found = await rows(settings, can_make=True, on_progress=on_progress)
        kept = earlier_sounds.folder(settings.temp, settings.output)
        desk = Desk(found, project=project, kept=kept)
        votes = Votes(Path(settings.output), desk, note)
        await votes.open()
        return cls(settings, found, desk, Means(desk=desk, votes=votes, news=News(), bug=bug))

    async def page(self) -> Page:
        """The page as things stand."""
        # Another server, or `review apply`, may have taken decisions meanwhile; who decides here is
        # told where the journal cannot be read.
        with suppress(InputError):
            await self._votes.open()
        return await anyio.to_thread.run_sync(self._desk.page)

    def sound(self, address: str, tag: str) -> Sound | None:
        """The sound at an address below the page; None where there is none; blocks.

        Args:
            address: as in the rows, not encoded.
            tag: how the hash of its bytes begins; "" for any.
        """
        return self._desk.sound(address, tag)

    def missed(self, address: str) -> None:
        """See what became of a sound that somebody wanted to hear, and tell all pages."""
        self._again.look_at(address.removeprefix("clips/"))

    async def decide(self, decisions: Decisions) -> dict[str, Any]:
        """Keep decisions; what became of them.

        Raises:
            RefusedError: they cannot be written.
        """
        taken = await self._votes.take(decisions.decisions)
        # The page shows what is not there any more.
        for asset in taken.stale:
            self._again.look_at(asset)
        return taken._asdict()

    async def make_again(self, order: AgainOrder) -> str:
        """Have a clip made again; the number of the job.

        Raises:
            RefusedError: that cannot be done.
        """
        return await self._again.order(order)

    async def work(self) -> None:
        """Do what is to be done beside answering; never ends."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._votes.work)
            tasks.start_soon(self._again.work)

    async def finish(self) -> None:
        """Let what is in the making end, while pages are still told of it."""
        await self._again.finish()

    async def close(self) -> None:
        """Bring all decisions into the ledger."""
        await self._votes.close()
