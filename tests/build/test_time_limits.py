"""How much a run begins: bounds of clips and of time, beside those of characters and money."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import anyio
import pytest

from tests.paid import PricedEngine
from tests.plugin_engines import Paid
from tts_assets import Settings, generate, generate_sync
from tts_assets.build.events import ClipMade, Event, Report, Waiting
from tts_assets.build.generate import cost as limits_module
from tts_assets.build.generate.cost import CostTracker, Limits
from tts_assets.build.plan.planner import Job
from tts_assets.config.prices import Price
from tts_assets.config.settings import Only
from tts_assets.engines import registry
from tts_assets.model import Speech, SpokenForm, Voice
from tts_assets.store.atomic_files import Storage

pytestmark = pytest.mark.anyio

WORDS = ("一", "二番目", "三番", "四", "五番目の")
PRICE = Price(provider="priced", per_1000_credits=500, currency="EUR", read=date(2026, 1, 1))
JOBS = [Job(recipe=word, form=SpokenForm(word), assets=(word,), clips=()) for word in WORDS]


class LimitClock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> LimitClock:
    clock = LimitClock()
    monkeypatch.setattr(limits_module, "time", clock)
    return clock


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Five words, with an engine in this process, whose bills nobody reads."""
    for engine in (PricedEngine, Paid):
        monkeypatch.setitem(
            registry._BUILT_IN, engine.name, f"{engine.__module__}:{engine.__name__}"
        )
    path = tmp_path / "vocabulary.json"
    _write(path, *WORDS)
    return Settings(paths=(str(path),), provider="paid", output=str(tmp_path / "audio"))


def _write(path: Path, *words: str) -> None:
    entries = [{"id": number, "word": word} for number, word in enumerate(words, 1)]
    path.write_text(json.dumps(entries))


def _sell(settings: Settings) -> Settings:
    """The same words, with an engine that charges."""
    return replace(settings, provider="priced")


def _with_urls(settings: Settings) -> list[int]:
    entries = json.loads(Path(settings.paths[0]).read_bytes())
    return [entry["id"] for entry in entries if entry.get("audioUrl")]


def _left(report: Report) -> tuple[int, int, str | None]:
    return report.made, report.left, report.bound


def _advance(clock: LimitClock, seconds: float) -> Callable[[Event], None]:
    """Each clip takes that long."""

    def on_event(event: Event) -> None:
        clock.now += seconds * isinstance(event, ClipMade)

    return on_event


@pytest.mark.parametrize("sold", [False, True])
def test_the_first_clips_of_the_catalogues_are_made_and_the_next_run_goes_on(
    settings: Settings, *, sold: bool
) -> None:
    bounded = replace(_sell(settings) if sold else settings, max_clips=2)
    assert _left(generate_sync(bounded)) == (2, 3, "max-clips = 2")
    assert _with_urls(settings) == [1, 2]
    assert _left(generate_sync(bounded)) == (2, 1, "max-clips = 2")
    assert _left(generate_sync(bounded)) == (1, 0, None)
    assert _with_urls(settings) == [1, 2, 3, 4, 5]


def test_those_that_are_taken_are_begun_longest_first(settings: Settings, engine_log: Path) -> None:
    generate_sync(replace(settings, max_clips=3, concurrency=1))
    assert engine_log.read_text().split() == ["二番目", "三番", "一"]


def test_clips_that_fail_are_clips_that_were_begun(settings: Settings) -> None:
    _write(Path(settings.paths[0]), "失敗", "犬")
    report = generate_sync(replace(settings, max_clips=1))
    assert (len(report.failures), *_left(report)) == (1, 0, 1, "max-clips = 1")


@pytest.mark.parametrize("bound", [{"max_clips": 0}, {"max_duration_seconds": 0.0}])
def test_a_bound_of_nothing_begins_nothing_and_starts_no_engine(
    settings: Settings, bound: dict[str, float], engine_log: Path
) -> None:
    report = generate_sync(replace(settings, **bound))  # type: ignore[arg-type]
    assert (report.made, report.left) == (0, 5)
    assert not engine_log.exists()


def test_nothing_is_left_where_there_is_just_enough(settings: Settings) -> None:
    assert _left(generate_sync(replace(settings, max_clips=5))) == (5, 0, None)


def test_a_dry_run_says_what_it_would_leave(settings: Settings) -> None:
    report = generate_sync(replace(settings, max_clips=2), dry_run=True)
    assert (report.to_make, report.left, report.bound) == (5, 3, "max-clips = 2")


@pytest.mark.parametrize(
    ("bounds", "left", "bound"),
    [
        ({"max_clips": 2, "max_chars": 6}, 3, "max-clips = 2"),
        ({"max_clips": 4, "max_chars": 5}, 3, "max-chars = 5"),
        ({"max_clips": 4, "max_cost": 3.0}, 2, "max-cost = 3"),
        ({"max_clips": 5, "max_chars": 99}, 0, None),
    ],
)
def test_the_bound_that_is_met_first_counts(
    settings: Settings, bounds: dict[str, float], left: int, bound: str | None
) -> None:
    shop = replace(_sell(settings), prices=(PRICE,), **bounds)  # type: ignore[arg-type]
    report = generate_sync(shop, dry_run=True)
    assert report.cost is not None
    assert (report.left, report.bound) == (left, bound)
    assert (report.cost.left.clips, report.cost.bound) == (left, bound)
    assert report.cost.left.characters + report.cost.expected.characters == 11


@pytest.mark.parametrize("sold", [False, True])
async def test_when_time_is_over_what_is_in_flight_is_finished_and_no_more_begun(
    settings: Settings, clock: LimitClock, *, sold: bool
) -> None:
    _write(Path(settings.paths[0]), *(f"犬{number}" for number in range(12)))
    bounded = replace(
        _sell(settings) if sold else settings, max_duration_seconds=90.0, concurrency=1
    )
    report = await generate(bounded, on_event=_advance(clock, 60))
    # Some are done before the first two are told of.
    assert 2 <= report.made <= 6
    assert (report.made + report.left, report.bound) == (12, "max-duration = 90 s")
    assert len(_with_urls(settings)) == report.made
    if report.cost is not None:
        assert (report.cost.left.clips, report.cost.bound) == (report.left, report.bound)
    assert (await generate(replace(bounded, max_duration_seconds=None))).made == report.left


async def test_time_counts_from_the_start_of_the_run(settings: Settings, clock: LimitClock) -> None:
    bound = Limits(replace(settings, max_duration_seconds=30.0))
    clock.now += 29
    assert (bound.take(JOBS), bound.late()) == (JOBS, None)
    clock.now += 1
    assert [job async for job in bound.dispatch(JOBS)] == []
    assert (bound.taken, bound.left, bound.bound) == ([], JOBS, "max-duration = 30 s")


async def test_the_clock_may_take_over_where_the_count_left_off(
    settings: Settings, clock: LimitClock
) -> None:
    bound = Limits(replace(settings, max_duration_seconds=30.0, max_clips=3))
    handed_out = bound.dispatch(bound.take(JOBS))
    await anext(handed_out)
    clock.now += 30
    assert [job async for job in handed_out] == []
    assert (bound.left, bound.bound) == (JOBS[1:], "max-duration = 30 s")


class LimitMeter:
    """A speaker that is only asked what was charged."""

    billed_total = 0.0

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: object = None
    ) -> Speech:
        raise NotImplementedError


async def test_a_clip_that_waits_for_money_is_not_begun_when_time_is_over(
    settings: Settings, clock: LimitClock
) -> None:
    shop = replace(_sell(settings), prices=(PRICE,), max_cost=2, max_duration_seconds=30.0)
    costs, meter = CostTracker(shop, PricedEngine(shop)), LimitMeter()
    jobs = costs.dispatch(await costs.estimate(JOBS[:2]), meter)
    first = await anext(jobs)
    # More than was thought: whether the next fits is known when the first is over.
    meter.billed_total = 3.0
    rest: list[Job] = []

    async def take() -> None:
        rest.extend([job async for job in jobs])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        await anyio.wait_all_tasks_blocked()
        clock.now += 30
        # It was the first alone, and there is room for the next.
        meter.billed_total = 1.0
        costs.record_made(first, 1.0)
    assert rest == []
    assert (costs.limits.left, costs.cost().bound) == (JOBS[1:2], "max-duration = 30 s")


async def test_a_run_that_waits_for_another_gives_up_when_time_is_over(
    settings: Settings, clock: LimitClock
) -> None:
    def on_event(event: Event) -> None:
        clock.now += 10 * isinstance(event, Waiting)

    store = Storage(Path(settings.output))
    store.prepare()
    with store.lock(lambda: None):
        report = await generate(replace(settings, max_duration_seconds=5.0), on_event=on_event)
    assert (*_left(report), report.stopped) == (0, 5, "max-duration = 5 s", False)


async def test_moves_that_wait_for_another_run_are_left_when_time_is_over_too(
    settings: Settings, clock: LimitClock
) -> None:
    def on_event(event: Event) -> None:
        clock.now += 10 * isinstance(event, Waiting)

    await generate(settings)
    renamed = replace(settings, asset="new/{kind}/{recipe}.{ext}", max_duration_seconds=5.0)
    store = Storage(Path(settings.output))
    with store.lock(lambda: None):
        report = await generate(renamed, on_event=on_event)
    assert (*_left(report), report.moved) == (0, 5, "max-duration = 5 s", 0)
    assert (await generate(renamed)).moved == 5


async def test_what_only_leaves_out_is_counted(settings: Settings) -> None:
    await generate(settings)
    _write(Path(settings.paths[0]), *WORDS, "新しい")
    report = await generate(replace(settings, only=(Only.CHANGED,)))
    assert (report.made, report.passed_over, report.left) == (0, 1, 0)
