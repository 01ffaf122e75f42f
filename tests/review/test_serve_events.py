"""What happens, told to many pages: none waits for another, and none misses anything that counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio

from tts_assets.review.event_stream import EventStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def _event(sent: bytes) -> Any:
    """What an event says; None for what is none."""
    data = [line for line in sent.decode().split("\n") if line.startswith("data: ")]
    return json.loads(data[0].removeprefix("data: ")) if data else None


async def _all(read: AsyncIterator[bytes]) -> list[Any]:
    return [event for event in [_event(sent) async for sent in read] if event is not None]


async def test_who_comes_later_is_told_the_last_of_each_subject_in_order() -> None:
    news = EventStream()
    for subject, event in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        news.publish(subject, event)
    news.close()
    assert await _all(news.subscribe()) == [2, 3, 4]
    assert await _all(news.subscribe(3)) == [4]
    assert await _all(news.subscribe(4)) == []
    # A number of an earlier server: nothing that it knows.
    assert await _all(news.subscribe(10**15)) == []
    news.drop_subject("b")
    assert await _all(news.subscribe()) == [3, 4]


async def test_a_reader_that_is_too_slow_is_cut_off_and_others_are_told_everything() -> None:
    news = EventStream()
    slow, quick = news.subscribe(), news.subscribe()
    assert await anext(slow) == await anext(quick) == b"retry: 1000\n\n"
    told: list[int] = []

    async def listen() -> None:
        told.extend(await _all(quick))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        for number in range(1_000):
            news.publish("a", number)
            await anyio.lowlevel.checkpoint()
        # It comes to its end although there will be more.
        with anyio.fail_after(5):
            heard = await _all(slow)
        news.close()
    assert told == list(range(1_000))
    assert heard == list(range(len(heard)))
    assert len(heard) < 1_000
    # It asks again with the last number that it had, and gets what counts.
    assert await _all(news.subscribe(len(heard))) == [999]


async def test_an_event_is_one_line_whatever_it_says() -> None:
    news = EventStream()
    words = "one\ntwo\r\ndata: three\n\nid: 9\u2028\u0000"
    news.publish("a", {"message": words})
    news.close()
    sent = [part async for part in news.subscribe()]
    assert sent[1].count(b"\n") == 3
    assert _event(sent[1]) == {"message": words}
