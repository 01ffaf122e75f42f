"""The books of a run: which clip may be asked for next, while bills of others are still to come."""

from pathlib import Path

import anyio
import pytest

from tests.paid import Priced
from tts_assets.domain import Speech, SpokenForm, Voice
from tts_assets.errors import UsageError
from tts_assets.events import Bill
from tts_assets.generate_clips.cost import Books
from tts_assets.plan import Job
from tts_assets.settings import Settings

pytestmark = pytest.mark.anyio

JOBS = [
    Job(recipe=word, form=SpokenForm(word), assets=(word,), clips=()) for word in ("一番", "二番")
]


class Meter:
    """A speaker that is only asked what was charged."""

    billed_total = 0.0

    async def speak(self, form: SpokenForm, voice: Voice, *, on_start: object = None) -> Speech:
        raise NotImplementedError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(provider="priced", output=str(tmp_path), max_chars=4)


async def test_a_clip_waits_for_bills_that_decide_whether_it_fits(settings: Settings) -> None:
    books, meter = Books(settings, Priced(settings)), Meter()
    jobs = books.hand_out(await books.reckon(JOBS), meter)
    first = await anext(jobs)
    # Charged, and not told of any clip yet: it may be this one's, or one more.
    meter.billed_total = 2.0
    taken: list[Job] = []

    async def take() -> None:
        taken.append(await anext(jobs))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        await anyio.wait_all_tasks_blocked()
        assert taken == []
        books.made(first, 2.0)
    assert taken == JOBS[1:]
    await jobs.aclose()


async def test_what_does_not_fit_any_more_is_left(settings: Settings) -> None:
    books, meter = Books(settings, Priced(settings)), Meter()
    jobs = books.hand_out(await books.reckon(JOBS), meter)
    books.made(await anext(jobs), 3.0)
    meter.billed_total = 3.0
    assert [job async for job in jobs] == []
    cost = books.cost()
    assert (cost.expected, cost.left) == (Bill(1, 2, 2.0), Bill(1, 2, 2.0))
    assert (cost.bound, cost.billed) == ("max-chars = 4", 3.0)


async def test_a_failed_clip_may_have_been_charged_and_is_not_counted_twice(
    settings: Settings,
) -> None:
    books, meter = Books(settings, Priced(settings)), Meter()
    jobs = books.hand_out(await books.reckon(JOBS), meter)
    books.failed(await anext(jobs))
    meter.billed_total = 2.0
    assert [job async for job in jobs] == JOBS[1:]


async def test_nothing_to_make_costs_nothing_and_asks_nobody(settings: Settings) -> None:
    books = Books(settings, Priced(settings))
    assert await books.reckon([]) == []
    await books.ask_balance()
    cost = books.cost()
    assert (cost.expected, cost.left, cost.billed, cost.balance) == (Bill(), Bill(), None, None)


@pytest.mark.parametrize("name", ["max_chars", "max_cost"])
async def test_settings_refuse_bounds_below_nothing(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name}=-1"):
        Settings(**{name: -1})  # type: ignore[arg-type]
