"""ElevenLabs' history: find paid audio of the account by id or text.

Schemas and parameters are those of the vendor's own library, elevenlabs 2.78 (``history/raw_client.py``).
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import anyio
import msgspec

from tts_assets.engines.elevenlabs_requests import MOST_CREDITS, to_elevenlabs_error
from tts_assets.engines.http.service_calls import ServiceRequest
from tts_assets.engines.validated_speech import add_alignment

if TYPE_CHECKING:
    from tts_assets.engines.http.service_calls import ServiceResponse
    from tts_assets.engines.http.service_connection import ServiceConnection
    from tts_assets.engines.protocol import RestartTimer
    from tts_assets.store.paid_journal import Sent
    from tts_assets.store.paid_speech import Ticket

_ID = re.compile("[A-Za-z0-9_-]{1,64}")

_PAGE, _PAGES = 100, 10  #: items per page, and the maximum of pages
_SLACK_SECONDS = 2  #: the tolerance of clocks; the service reports whole seconds

#: The longest duration of a request: basis, for each character, and maximum.
_AT_WORK_SECONDS, _AT_WORK_SECONDS_EACH, _AT_WORK_MOST_SECONDS = 4.0, 0.05, 60.0
_POLL_SECONDS = 1.0

_TRANSIENT = (408, 425, 429)  #: transient statuses below 500


class _Item(msgspec.Struct):
    history_item_id: str
    voice_id: str | None = None
    model_id: str | None = None
    text: str | None = None
    date_unix: float = 0
    character_count_change_from: float = 0
    character_count_change_to: float = 0
    #: Decoded separately: an item is valid without it.
    alignments: msgspec.Raw = msgspec.Raw()


class _HistoryPage(msgspec.Struct):
    history: list[_Item]
    last_history_item_id: str | None = None
    has_more: bool = False


class ElevenLabsHistory:
    """Finds audio that the account has paid for, with a time limit for each request."""

    def __init__(self, service: ServiceConnection, *, seconds: float) -> None:
        self._service = service
        self._seconds = seconds
        #: The key lacks the permission to read the history, or there is none.
        self._is_closed = False

    async def fetch(
        self, ticket: Ticket, *, restart_timer: RestartTimer = None
    ) -> ServiceResponse | None:
        """Fetch the audio of an earlier request as a file; None if the history has none.

        ``restart_timer`` is called while the request may still be in progress; with None, ask once, in the slot
        that the caller holds.

        Raises:
            TransientError: the request failed, and the caller holds a slot.
            ClipError: all attempts failed.
            FatalError: no further request can succeed.
        """
        purchase = ticket.purchase
        if purchase.arrived is None and not await self._recover_item(ticket, restart_timer):
            return None
        item_id = purchase.arrived.history_item_id if purchase.arrived else ""
        if not item_id or self._is_closed:
            return None
        answer = await self._get_answer(f"v1/history/{item_id}", restart_timer)
        item = None if answer is None else answer.decode_body(_Item)
        # Don't trust the id alone: the text has to be the same.
        if item is None or not _belongs_to(item, purchase.sent):
            return None
        sound = await self._get_answer(f"v1/history/{item_id}/audio", restart_timer)
        return None if sound is None else add_alignment(sound, item.alignments)

    async def _recover_item(self, ticket: Ticket, restart_timer: RestartTimer) -> bool:
        """Find and record the item of a request whose headers never arrived."""
        sent = ticket.purchase.sent
        while not self._is_closed:
            item = await self._find_item(ticket, restart_timer)
            if item is not None:
                cost = item.character_count_change_to - item.character_count_change_from
                ticket.record_arrival(
                    request_id="",
                    history_item_id=item.history_item_id,
                    billed=cost if 0 < cost <= MOST_CREDITS else None,
                )
                return True
            if restart_timer is None or not _is_at_work(sent):
                break
            with self._service.limiter.rest():
                await anyio.sleep(_POLL_SECONDS)
            restart_timer()
        return False

    async def _find_item(self, ticket: Ticket, restart_timer: RestartTimer) -> _Item | None:
        """The only item that fits a request; None if there is none, or too many."""
        sent, store = ticket.purchase.sent, ticket.store
        candidates = [
            item
            for item in await self._list_items(sent, restart_timer)
            if _belongs_to(item, sent)
            and item.history_item_id not in store.history_ids
            and item.date_unix >= int(sent.at) - _SLACK_SECONDS
        ]
        lost = store.find_lost(sent)
        is_clear = all(each.sent.key == sent.key for each in lost)
        # If several equal requests were lost, any of their items will do.
        if not candidates or not is_clear or len(candidates) > max(1, len(lost)):
            return None
        return candidates[0]

    async def _list_items(self, sent: Sent, restart_timer: RestartTimer) -> list[_Item]:
        """The items of the voice since the request was sent."""
        found: list[_Item] = []
        query: dict[str, str | int] = {
            "page_size": _PAGE,
            "voice_id": sent.voice,
            "date_after_unix": int(sent.at) - _SLACK_SECONDS,
        }
        for _ in range(_PAGES):
            answer = await self._get_answer("v1/history", restart_timer, query)
            page = None if answer is None else answer.decode_body(_HistoryPage)
            if page is None:
                self._is_closed = True
                break
            found += page.history
            if not page.has_more or not page.last_history_item_id:
                break
            query["start_after_history_item_id"] = page.last_history_item_id
        return found

    async def _get_answer(
        self, path: str, restart_timer: RestartTimer, query: dict[str, str | int] | None = None
    ) -> ServiceResponse | None:
        """A response with status 200; None for permanent errors."""
        request = ServiceRequest(method="GET", path=path, query=query, seconds=self._seconds)
        if restart_timer is None:
            return self._judge_answer(await self._service.client.ask(request))
        return await self._service.ask(request, self._judge_answer, restart_timer)

    def _judge_answer(self, answer: ServiceResponse) -> ServiceResponse | None:
        if answer.status in _TRANSIENT or answer.status >= 500:
            raise to_elevenlabs_error(answer, self._service.client.redact, is_first=False)
        if answer.status in (401, 403):
            self._is_closed = True
        return answer if answer.status == 200 else None


def _is_at_work(sent: Sent) -> bool:
    """Whether a request of an earlier run may still be in progress."""
    longest = min(_AT_WORK_SECONDS + len(sent.text) * _AT_WORK_SECONDS_EACH, _AT_WORK_MOST_SECONDS)
    return 0 <= time.time() - sent.at < longest


def _belongs_to(item: _Item, sent: Sent) -> bool:
    """Whether an item has the text of a request, and a valid id."""
    return (
        bool(_ID.fullmatch(item.history_item_id))
        and item.text == sent.text
        and item.voice_id == sent.voice
        and item.model_id in (None, sent.model)
    )
