"""Everything behind the addresses: what is shown, what is decided, and what is made again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import anyio
import anyio.to_thread

from tts_assets import earlier_sounds
from tts_assets.errors import InputError
from tts_assets.review.rows import load_rows
from tts_assets.review.serve.again import RegenerateContext, RegenerateQueue
from tts_assets.review.serve.desk import RowStore
from tts_assets.review.serve.news import EventStream
from tts_assets.review.serve.votes import DecisionWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.pages import HtmlPage
    from tts_assets.review.rows import ReviewRows
    from tts_assets.review.serve.orders import DecisionBatch, RegenerateRequest
    from tts_assets.review.serve.sounds import OpenedSound
    from tts_assets.settings import Settings


class ReviewService:
    """What answers the page; made by :meth:`open`."""

    def __init__(
        self, settings: Settings, found: ReviewRows, desk: RowStore, means: RegenerateContext
    ) -> None:
        """Begin with what was found."""
        self.found = found
        self.news = means.news
        self._desk = desk
        self._votes = means.votes
        self._again = RegenerateQueue(settings, means)

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
        found = await load_rows(settings, can_make=True, on_progress=on_progress)
        kept = earlier_sounds.folder(settings.temp, settings.output)
        desk = RowStore(found, project=project, kept=kept)
        votes = DecisionWriter(Path(settings.output), desk, note)
        await votes.load_journal()
        return cls(
            settings,
            found,
            desk,
            RegenerateContext(desk=desk, votes=votes, news=EventStream(), bug=bug),
        )

    async def render_page(self) -> HtmlPage:
        """The page as things stand."""
        # Another server, or `review apply`, may have taken decisions meanwhile; who decides here is
        # told where the journal cannot be read.
        with suppress(InputError):
            await self._votes.load_journal()
        return await anyio.to_thread.run_sync(self._desk.render_page)

    def open_sound(self, address: str, tag: str) -> OpenedSound | None:
        """The sound at an address below the page; None where there is none; blocks.

        Args:
            address: as in the rows, not encoded.
            tag: how the hash of its bytes begins; "" for any.
        """
        return self._desk.open_sound(address, tag)

    def report_missing_sound(self, address: str) -> None:
        """See what became of a sound that somebody wanted to hear, and tell all pages."""
        self._again.refresh_asset(address.removeprefix("clips/"))

    async def save_decisions(self, decisions: DecisionBatch) -> dict[str, Any]:
        """Keep decisions; what became of them.

        Raises:
            RefusedError: they cannot be written.
        """
        taken = await self._votes.save_raw(decisions.decisions)
        # The page shows what is not there any more.
        for asset in taken.stale:
            self._again.refresh_asset(asset)
        return taken._asdict()

    async def regenerate_clip(self, order: RegenerateRequest) -> str:
        """Have a clip made again; the number of the job.

        Raises:
            RefusedError: that cannot be done.
        """
        return await self._again.enqueue(order)

    async def run_workers(self) -> None:
        """Do what is to be done beside answering; never ends."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._votes.write_pending)
            tasks.start_soon(self._again.process_requests)

    async def finish_jobs(self) -> None:
        """Let what is in the making end, while pages are still told of it."""
        await self._again.finish()

    async def close(self) -> None:
        """Bring all decisions into the ledger."""
        await self._votes.close()
