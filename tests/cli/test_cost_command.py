"""What a run costs, as people type it: told before, bounded, and counted as it is billed."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import Project

TODAY = datetime.now(tz=UTC).date().isoformat()
PRICE = (
    f'[[price]]\nprovider = "priced"\nper-1000-credits = 500\ncurrency = "EUR"\nread = {TODAY}\n'
)


@pytest.fixture
def shop(project: Project) -> Project:
    """A project with five words of two characters each, and the engine that charges."""
    plug_ins = project.folder.parent / "plug-ins/test_engines-1.0.dist-info/entry_points.txt"
    plug_ins.write_text(f"{plug_ins.read_text()}priced = tests.paid:PricedEngine\n")
    project.words("一番", "二番", "三番", "四番", "五番")
    (project.folder / "tts-assets.toml").write_text(PRICE)
    return project


def _generate(shop: Project, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return shop.run("generate", "-p", "priced", *words, **environment)


def test_a_dry_run_tells_characters_credits_money_and_what_is_left(shop: Project) -> None:
    done = _generate(shop, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "cost      priced whole: 10 characters, 10 credits, 5.00 EUR for 5 clips" in done.stdout
    assert "quota     1,000 credits left: enough; more on 2026-12-01 00:00 UTC" in done.stdout


def test_what_cannot_be_said_costs_nothing_and_fails(shop: Project) -> None:
    shop.words("一番", "失敗")
    done = _generate(shop, "--output-format", "json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["made"], len(report["failed"])) == (1, 1, 1)
    assert (report["cost"]["unsayable"], report["cost"]["expected"]["credits"]) == (1, 2.0)
    assert report["traffic"]["requests"] == 1


def test_max_chars_takes_clips_in_order_until_the_next_is_too_much_as_a_dry_run_shows(
    shop: Project, engine_log: Path
) -> None:
    shop.environment["TEST_ENGINE_LOG"] = str(engine_log)
    shop.words("一番", "二番", "三番目と四番目", "五番")
    told = "left      2 clips for another run, because of max-chars = 6: 9 credits, 4.50 EUR"
    dry = _generate(shop, "--max-chars", "6", "-n")
    assert (dry.returncode, told in dry.stdout) == (0, True), dry.stdout
    assert "4 characters, 4 credits, 2.00 EUR for 2 clips" in dry.stdout
    done = _generate(shop, "--max-chars", "6")
    assert (done.returncode, told in done.stdout) == (5, True), done.stderr
    assert sorted(engine_log.read_text().split()) == ["一番", "二番"]
    assert [url is None for url in shop.urls()] == [False, False, True, True]


def test_max_cost_without_a_price_is_refused_with_the_way_out(shop: Project) -> None:
    (shop.folder / "tts-assets.toml").unlink()
    done = _generate(shop, "--max-cost", "1")
    assert done.returncode == 2
    assert "the price of priced for whole is unknown: add [[price]]" in done.stderr
    assert not (shop.folder / "audio").exists()


def test_a_bound_that_is_none_is_refused(shop: Project) -> None:
    done = _generate(shop, "--max-cost", "-1")
    assert done.returncode == 2
    assert "--max-cost is '-1'" in done.stderr


def test_the_summary_sets_what_was_billed_beside_what_was_expected(shop: Project) -> None:
    done = _generate(shop, TEST_PAID_BILLED="1.5")
    assert done.returncode == 0, done.stderr
    assert "generated 5 clips" in done.stdout
    assert "service   5 requests, 0 refused, 0 repeated; 2 to 4 at once; waited" in done.stdout
    assert "billed    15 credits, 7.50 EUR; 10 were expected" in done.stdout
    lines = (shop.folder / "audio/ledger.jsonl").read_text().splitlines()
    assert [json.loads(line)["billed"] for line in lines] == [3.0] * 5


def test_paying_again_is_said_before_anything_is_sent_and_by_a_dry_run(shop: Project) -> None:
    _generate(shop)
    again = ("--voice", "other", "--progress", "none")
    warning = (
        "warning: 5 of 5 clips were already paid for and are regenerated because voice "
        "changed from priced/sine to priced/other: 10 credits, 5.00 EUR"
    )
    dry = _generate(shop, "-n", "--output-format", "json", *again)
    assert dry.stderr == f"{warning}\n"
    assert json.loads(dry.stdout)["cost"]["rebilled"] == {
        "clips": 5, "characters": 10, "credits": 10.0, "money": 5.0, "out_of": 5,
        "reasons": [{"words": "voice changed from priced/sine to priced/other", "clips": 5}],
    }  # fmt: skip
    done = _generate(shop, *again)
    assert done.stderr.splitlines()[0] == f"{warning}; --dry-run looks without paying"
