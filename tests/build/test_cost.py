"""What a run costs: reckoned before, bounded, counted as it is billed, and told."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import anyio
import pytest

from tests.paid import PricedEngine
from tests.plugin_engines import Tones
from tts_assets import Format, Settings, Sound, generate_sync
from tts_assets.build.events import Charges, Cost
from tts_assets.build.generate.cost import CostTracker
from tts_assets.build.plan.planner import Job
from tts_assets.cli.generate_command import _get_generate_exit_code
from tts_assets.cli.output.cost_report import (
    describe_repeat_charges,
    format_cost_lines,
    to_cost_data,
    to_traffic_data,
)
from tts_assets.config.load_settings import load
from tts_assets.config.prices import Price
from tts_assets.config.settings import OnEngineChange, Only
from tts_assets.engines import registry
from tts_assets.errors import UsageError
from tts_assets.model import Decided, Speech, SpokenForm, Voice
from tts_assets.store import decisions, ledger
from tts_assets.store.atomic_files import Storage
from tts_assets.store.decisions import SoundDecision
from tts_assets.store.ledger_line import LEDGER_NAME

pytestmark = pytest.mark.anyio

JOBS = [
    Job(recipe=word, form=SpokenForm(word), assets=(word,), clips=()) for word in ("一番", "二番")
]
PRICE = Price(
    provider="priced", per_1000_credits=500, currency="EUR", read=datetime.now(tz=UTC).date()
)
WORDS = ("一番", "二番", "三番", "四番", "五番")


class CostMeter:
    """A speaker that is only asked what was charged."""

    billed_total = 0.0

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: object = None
    ) -> Speech:
        raise NotImplementedError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(provider="priced", output=str(tmp_path), prices=(PRICE,), max_cost=2)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Five words of two characters each, and the engine that charges."""
    for engine in (PricedEngine, Tones):
        monkeypatch.setitem(
            registry._BUILT_IN, engine.name, f"{engine.__module__}:{engine.__name__}"
        )
    shop = Settings(
        paths=(str(tmp_path / "vocabulary.json"),),
        provider="priced",
        output=str(tmp_path / "audio"),
        prices=(PRICE,),
    )
    _sell(shop, *WORDS)
    return shop


def _sell(shop: Settings, *words: str) -> None:
    entries = [{"id": number, "word": word} for number, word in enumerate(words, 1)]
    Path(shop.paths[0]).write_text(json.dumps(entries))


def _urls(shop: Settings) -> list[str | None]:
    return [entry.get("audioUrl") for entry in json.loads(Path(shop.paths[0]).read_bytes())]


def _cost(shop: Settings) -> Cost:
    """What a dry run says."""
    cost = generate_sync(shop, dry_run=True).cost
    assert cost is not None
    return cost


def _paid(shop: Settings) -> Cost:
    """What a run says."""
    cost = generate_sync(shop).cost
    assert cost is not None
    return cost


def _told(cost: Cost, *, dry_run: bool = True) -> str:
    return "\n".join(format_cost_lines(cost, dry_run=dry_run))


def _rebilled(cost: Cost) -> str:
    assert cost.rebilled is not None
    return describe_repeat_charges(cost, cost.rebilled)


def test_a_quota_that_is_too_small_is_told_by_how_much(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PAID_BALANCE", "7")
    cost = _cost(shop)
    assert "7 credits left: 3 too few" in _told(cost)
    assert to_cost_data(cost)["balance"] == {
        "credits": 7.0, "resets": "2026-12-01T00:00:00+00:00", "too_few": 3.0
    }  # fmt: skip


def test_why_a_quota_is_not_known_is_told(shop: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PAID_BALANCE", "the key may not read it")
    assert "quota     unknown: the key may not read it" in _told(_cost(shop))


def test_equal_clips_are_paid_once_and_fresh_ones_not_at_all(shop: Settings) -> None:
    generate_sync(shop)
    _sell(shop, "一番", "二番", "六番目", "六番目")
    assert to_cost_data(_cost(shop))["expected"] == {
        "clips": 1, "characters": 3, "credits": 3.0, "money": 1.5
    }  # fmt: skip


def test_a_model_may_count_half_a_credit(shop: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PAID_MODEL", "half")
    expected = to_cost_data(_cost(shop))["expected"]
    assert (expected["characters"], expected["credits"], expected["money"]) == (10, 5.0, 2.5)


def test_what_cannot_be_said_is_told_before(shop: Settings) -> None:
    _sell(shop, "一番", "失敗")
    assert "1 of them cannot be spoken and cost nothing" in _told(_cost(shop))


def test_without_a_price_money_is_not_known_and_the_way_out_is_told(shop: Settings) -> None:
    cost = _cost(replace(shop, prices=()))
    assert "10 credits, price unknown: add [[price]]" in _told(cost)
    assert to_cost_data(cost)["expected"]["money"] is None


def test_an_old_price_is_said_to_be_old(shop: Settings) -> None:
    cost = _cost(replace(shop, prices=(replace(PRICE, read=date(2020, 1, 1)),)))
    assert "price     read on 2020-01-01" in _told(cost)
    price = to_cost_data(cost)["price"]
    assert price is not None
    assert price["old"]


def test_a_clip_that_would_pass_the_bound_by_a_character_is_left(shop: Settings) -> None:
    cost = _cost(replace(shop, max_chars=5))
    assert (cost.expected.clips, cost.left.clips) == (2, 3)
    assert "left      3 clips for another run, because of max-chars = 5" in _told(cost)


def test_runs_with_a_bound_come_to_an_end(shop: Settings) -> None:
    bounded = replace(shop, max_cost=2)
    assert [_get_generate_exit_code(generate_sync(bounded), None) for _ in range(4)] == [5, 5, 0, 0]
    assert None not in _urls(shop)


def test_max_cost_is_kept_to_the_cent(shop: Settings) -> None:
    cost = to_cost_data(_paid(replace(shop, max_cost=3.99)))
    billed = cost["billed"]
    assert billed is not None
    assert (cost["expected"]["money"], billed["money"]) == (3.0, 3.0)
    assert (cost["left"]["clips"], cost["left"]["bound"]) == (2, "max-cost = 3.99")


def test_a_bound_of_nothing_pays_nothing_and_starts_no_engine(
    shop: Settings, engine_log: Path
) -> None:
    assert _get_generate_exit_code(generate_sync(replace(shop, max_cost=0)), None) == 5
    assert not engine_log.exists()


def test_an_engine_that_charges_nothing_is_not_bounded_and_was_not_paid(shop: Settings) -> None:
    free = replace(shop, provider="tones")
    bounded = generate_sync(replace(free, max_cost=0, max_chars=0))
    assert (_get_generate_exit_code(bounded, None), bounded.made) == (0, 5)
    assert generate_sync(replace(free, force=True), dry_run=True).cost is None
    # Nor are words that another engine said paid for again.
    assert _cost(shop).rebilled is None


@pytest.mark.parametrize("name", ["max-chars", "max-cost"])
def test_a_bound_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"--{name} is '-1'"):
        load(flags={name: "-1"}, environment={}, folder=tmp_path)


def test_a_service_that_charges_more_than_expected_is_asked_for_no_more_than_the_bound(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PAID_BILLED", "2")
    _sell(shop, *(f"一番{number}" for number in "一二三四五六七八九十"))
    cost = _paid(replace(shop, concurrency=1, max_cost=15))
    # Three clips are in hand before the first bill comes in.
    assert cost.billed is not None
    assert cost.billed <= 30
    assert cost.bound == "max-cost = 15"
    assert cost.left.clips + cost.due.clips == 10
    assert cost.expected.clips == 10


@pytest.mark.parametrize("bound", [1, 2, 3.5, 7, 10.4, 13])
def test_a_bound_is_kept_where_the_service_bills_more_than_expected(
    shop: Settings, bound: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PAID_BILLED", "1.3")
    _sell(shop, *(f"{number}番" for number in range(10, 30)))
    cost = _paid(replace(shop, max_cost=bound))
    money = cost.money(cost.billed or 0.0)
    # One clip is bought in any case where it fits by what is expected.
    assert money is not None
    assert money <= max(bound, 1.5 * 1.3) * (1 + 1e-9)
    # And nothing is left that fits.
    assert money > bound - 1.5 * 1.3
    assert cost.expected.credits >= cost.due.credits


def test_a_bound_of_characters_counts_no_credits(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PAID_BILLED", "2")
    cost = _paid(replace(shop, max_chars=10))
    assert (cost.due.clips, cost.left.clips, cost.billed) == (5, 0, 20.0)


def test_answers_that_no_clip_came_of_count_for_the_bound(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PAID_LOST", "3")
    cost = _paid(replace(shop, max_cost=5))
    assert to_cost_data(cost)["billed"] == {"credits": 9.0, "money": 4.5}
    assert (cost.due.clips, cost.left.clips) == (3, 2)


def test_nothing_is_left_that_fits_to_the_last_credit(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PAID_LOST", "0")
    report = generate_sync(replace(shop, max_cost=5, max_chars=10))
    assert (_get_generate_exit_code(report, None), report.made) == (0, 5)


def test_a_service_that_does_not_tell_is_said_not_to(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PAID_BILLED", "")
    told = "billed    10 credits, 5.00 EUR expected; the service reports nothing"
    assert told in _told(_paid(shop), dry_run=False)


def test_programs_are_told_what_went_to_and_fro(shop: Settings) -> None:
    traffic = generate_sync(shop).traffic
    assert traffic is not None
    data = to_traffic_data(traffic)
    assert data["requests"] == 5
    assert data["limits"][0] == {"seconds": 0.0, "limit": 2}


@pytest.mark.parametrize(
    ("change", "model", "reason"),
    [
        ({"voice": "other"}, "whole", "voice changed from priced/sine to priced/other"),
        ({"speed": 1.5}, "whole", "speed changed from 1 to 1.5"),
        (
            {"on_engine_change": OnEngineChange.REMAKE},
            "new",
            "model changed from model=whole to model=new",
        ),
        (
            {"sound": Sound(format=Format.WAV)},
            "whole",
            "sound changed from format=mp3 to format=wav",
        ),
        ({"force": True}, "whole", "of --force"),
    ],
)
def test_why_clips_are_paid_for_again_is_told(
    shop: Settings,
    change: Mapping[str, object],
    model: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generate_sync(shop)
    _sell(shop, "一番", "二番", "六番")
    monkeypatch.setenv("TEST_PAID_MODEL", model)
    cost = _cost(replace(shop, **change))  # type: ignore[arg-type]
    assert _rebilled(cost) == (
        f"2 of 3 clips were already paid for and are regenerated because {reason}: 4 "
        "credits, 2.00 EUR"
    )


def test_files_that_are_gone_are_paid_for_again_and_it_is_said(shop: Settings) -> None:
    generate_sync(shop)
    next(Path(shop.output, "vocabulary").iterdir()).unlink()
    cost = _paid(shop)
    told = "1 of 1 clip was already paid for and is regenerated because their files are missing"
    assert told in _rebilled(cost)


def test_what_somebody_rejected_is_paid_for_again_and_it_is_said(shop: Settings) -> None:
    generate_sync(shop)
    store = Storage(Path(shop.output))
    (line, *_) = ledger.whole_lines((store.root / LEDGER_NAME).read_bytes())
    rejected = SoundDecision(
        asset=line.asset, sha256=line.sha256, decided=Decided.REJECTED, at="2026-11-22T12:00:00Z"
    )
    decisions.record_decisions(store, [rejected])
    cost = _paid(replace(shop, only=(Only.REJECTED,)))
    told = "1 of 1 clip was already paid for and is regenerated because a reviewer rejected"
    assert told in _rebilled(cost)


def test_words_that_are_said_in_two_voices_are_not_paid_for_twice(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate_sync(shop)
    monkeypatch.chdir(tmp_path)
    source = '[[source]]\nfiles = "*.json"\nkind = "vocabulary"\nvoices = { "B" = "other" }\n'
    clip = '[[source.clip]]\ntext = "word"\nspeaker = "who"\nto = "audioUrl"\n'
    Path("tts-assets.toml").write_text(source + clip)
    Path("vocabulary.json").write_text(
        '[{"id": 1, "word": "一番"}, {"id": 2, "word": "一番", "who": "B"}]'
    )
    sources = load(flags={}, environment={}, folder=tmp_path).sources
    cost = _cost(replace(shop, paths=(), sources=sources))
    assert cost.expected.clips == 1
    assert cost.rebilled is None


async def test_a_clip_waits_for_bills_that_decide_whether_it_fits(settings: Settings) -> None:
    costs, meter = CostTracker(settings, PricedEngine(settings)), CostMeter()
    jobs = costs.dispatch(await costs.estimate(JOBS), meter)
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
        costs.record_made(first, 2.0)
    assert taken == JOBS[1:]
    await jobs.aclose()


async def test_what_does_not_fit_any_more_is_left(settings: Settings) -> None:
    costs, meter = CostTracker(settings, PricedEngine(settings)), CostMeter()
    jobs = costs.dispatch(await costs.estimate(JOBS), meter)
    costs.record_made(await anext(jobs), 3.0)
    meter.billed_total = 3.0
    assert [job async for job in jobs] == []
    cost = costs.cost()
    assert (cost.expected, cost.left) == (Charges(2, 4, 4.0), Charges(1, 2, 2.0))
    assert (cost.bound, cost.billed) == ("max-cost = 2", 3.0)


async def test_a_failed_clip_may_have_been_charged_and_is_not_counted_twice(
    settings: Settings,
) -> None:
    costs, meter = CostTracker(settings, PricedEngine(settings)), CostMeter()
    jobs = costs.dispatch(await costs.estimate(JOBS), meter)
    costs.record_failed(await anext(jobs))
    meter.billed_total = 2.0
    assert [job async for job in jobs] == JOBS[1:]


async def test_nothing_to_make_costs_nothing_and_asks_nobody(settings: Settings) -> None:
    costs = CostTracker(settings, PricedEngine(settings))
    assert await costs.estimate([]) == []
    await costs.ask_balance()
    cost = costs.cost()
    assert (cost.expected, cost.left, cost.billed, cost.balance) == (
        Charges(),
        Charges(),
        None,
        None,
    )


@pytest.mark.parametrize("name", ["max_chars", "max_cost"])
async def test_settings_refuse_bounds_below_nothing(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name}=-1"):
        Settings(**{name: -1})  # type: ignore[arg-type]
