"""What a run costs, as people type it: told before, bounded, and counted as it is billed."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
    plug_ins.write_text(f"{plug_ins.read_text()}priced = tests.paid:Priced\n")
    project.words("一番", "二番", "三番", "四番", "五番")
    (project.folder / "tts-assets.toml").write_text(PRICE)
    return project


def _generate(shop: Project, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return shop.run("generate", "-p", "priced", *words, **environment)


def _cost(shop: Project, *words: str, **environment: str) -> Any:
    done = _generate(shop, "--output-format", "json", *words, **environment)
    return json.loads(done.stdout)["cost"]


def test_a_dry_run_tells_characters_credits_money_and_what_is_left(shop: Project) -> None:
    done = _generate(shop, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "cost      priced whole: 10 characters, 10 credits, 5.00 EUR for 5 clips" in done.stdout
    assert "quota     1,000 credits left: enough; more on 2026-12-01 00:00 UTC" in done.stdout


def test_a_quota_that_is_too_small_is_told_by_how_much(shop: Project) -> None:
    assert "7 credits left: 3 too few" in _generate(shop, "-n", TEST_PAID_BALANCE="7").stdout
    assert _cost(shop, "-n", TEST_PAID_BALANCE="7")["balance"] == {
        "credits": 7.0, "resets": "2026-12-01T00:00:00+00:00", "too_few": 3.0
    }  # fmt: skip


def test_why_a_quota_is_not_known_is_told(shop: Project) -> None:
    done = _generate(shop, "-n", TEST_PAID_BALANCE="the key may not read it")
    assert "quota     not known: the key may not read it" in done.stdout


def test_equal_clips_are_paid_once_and_fresh_ones_not_at_all(shop: Project) -> None:
    _generate(shop)
    shop.words("一番", "二番", "六番目", "六番目")
    assert _cost(shop, "-n")["expected"] == {
        "clips": 1, "characters": 3, "credits": 3.0, "money": 1.5
    }  # fmt: skip


def test_a_model_may_count_half_a_credit(shop: Project) -> None:
    expected = _cost(shop, "-n", TEST_PAID_MODEL="half")["expected"]
    assert (expected["characters"], expected["credits"], expected["money"]) == (10, 5.0, 2.5)


def test_what_cannot_be_said_costs_nothing_and_fails(shop: Project) -> None:
    shop.words("一番", "失敗")
    done = _generate(shop, "--output-format", "json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["made"], len(report["failed"])) == (1, 1, 1)
    assert (report["cost"]["unsayable"], report["cost"]["expected"]["credits"]) == (1, 2.0)
    assert "1 of them cannot be said, and cost nothing" in _generate(shop, "-n").stdout


def test_without_a_price_money_is_not_known_and_the_way_out_is_told(shop: Project) -> None:
    (shop.folder / "tts-assets.toml").unlink()
    assert "10 credits, money not known: add [[price]]" in _generate(shop, "-n").stdout
    assert _cost(shop, "-n")["expected"]["money"] is None


def test_an_old_price_is_said_to_be_old(shop: Project) -> None:
    (shop.folder / "tts-assets.toml").write_text(PRICE.replace(TODAY, "2020-01-01"))
    assert "price     read 2020-01-01" in _generate(shop, "-n").stdout
    assert _cost(shop, "-n")["price"]["old"]


def test_max_chars_takes_clips_in_order_until_the_next_is_too_much(
    shop: Project, engine_log: Path
) -> None:
    shop.environment["TEST_ENGINE_LOG"] = str(engine_log)
    shop.words("一番", "二番", "三番目と四番目", "五番")
    done = _generate(shop, "--max-chars", "6")
    assert done.returncode == 5, done.stderr
    assert sorted(engine_log.read_text().split()) == ["一番", "二番"]
    assert [url is None for url in shop.urls()] == [False, False, True, True]
    told = "left      2 clips for another run, because of max-chars = 6: 9 credits, 4.50 EUR"
    assert told in done.stdout


def test_a_dry_run_shows_the_same_cut_and_all_is_well(shop: Project) -> None:
    done = _generate(shop, "--max-chars", "5", "-n")
    assert done.returncode == 0
    assert "4 characters, 4 credits, 2.00 EUR for 2 clips" in done.stdout
    assert "left      3 clips for another run, because of max-chars = 5" in done.stdout


def test_runs_with_a_bound_come_to_an_end(shop: Project) -> None:
    codes = [_generate(shop, "--max-cost", "2").returncode for _ in range(4)]
    assert codes == [5, 5, 0, 0]
    assert None not in shop.urls()


def test_max_cost_is_kept_to_the_cent(shop: Project) -> None:
    cost = _cost(shop, "--max-cost", "3.99")
    assert (cost["expected"]["money"], cost["billed"]["money"]) == (3.0, 3.0)
    assert (cost["left"]["clips"], cost["left"]["bound"]) == (2, "max-cost = 3.99")


def test_a_bound_of_nothing_pays_nothing_and_starts_no_engine(
    shop: Project, engine_log: Path
) -> None:
    shop.environment["TEST_ENGINE_LOG"] = str(engine_log)
    assert _generate(shop, "--max-cost", "0").returncode == 5
    assert not engine_log.exists()


def test_max_cost_without_a_price_is_refused_with_the_way_out(shop: Project) -> None:
    (shop.folder / "tts-assets.toml").unlink()
    done = _generate(shop, "--max-cost", "1")
    assert done.returncode == 2
    assert "nobody knows what priced takes for whole: add [[price]]" in done.stderr
    assert not (shop.folder / "audio").exists()


def test_an_engine_that_charges_nothing_is_not_bounded(shop: Project) -> None:
    assert shop.generate("--max-cost", "0", "--max-chars", "0").returncode == 0
    assert "cost" not in shop.generate("-n", "--force").stdout


@pytest.mark.parametrize("flag", ["--max-chars", "--max-cost"])
def test_a_bound_that_is_none_is_refused(shop: Project, flag: str) -> None:
    done = _generate(shop, flag, "-1")
    assert done.returncode == 2
    assert f"{flag}: {flag[2:]} is '-1'" in done.stderr


def test_a_service_that_charges_more_than_expected_is_asked_for_no_more_than_the_bound(
    shop: Project,
) -> None:
    shop.words(*(f"一番{number}" for number in "一二三四五六七八九十"))
    cost = _cost(shop, "-j", "1", "--max-chars", "30", TEST_PAID_BILLED="2")
    # Three clips are in hand before the first bill comes in.
    assert cost["billed"]["credits"] <= 30
    assert cost["left"]["bound"] == "max-chars = 30"
    assert cost["left"]["clips"] + cost["due"]["clips"] == 10
    assert cost["expected"]["clips"] == cost["due"]["clips"]


def test_answers_that_no_clip_came_of_count_for_the_bound(shop: Project) -> None:
    cost = _cost(shop, "--max-cost", "5", TEST_PAID_LOST="3")
    assert cost["billed"] == {"credits": 9.0, "money": 4.5}
    assert (cost["due"]["clips"], cost["left"]["clips"]) == (3, 2)


def test_nothing_is_left_that_fits_to_the_last_credit(shop: Project) -> None:
    done = _generate(shop, "--max-cost", "5", "--max-chars", "10", TEST_PAID_LOST="0")
    assert done.returncode == 0, done.stderr
    assert "made      5 clips" in done.stdout


def test_the_summary_sets_what_was_billed_beside_what_was_expected(shop: Project) -> None:
    done = _generate(shop, TEST_PAID_BILLED="1.5")
    assert "billed    15 credits, 7.50 EUR; 10 were expected" in done.stdout
    lines = (shop.folder / "audio/ledger.jsonl").read_text().splitlines()
    assert [json.loads(line)["billed"] for line in lines] == [3.0] * 5


def test_a_service_that_does_not_tell_is_said_not_to(shop: Project) -> None:
    done = _generate(shop, TEST_PAID_BILLED="")
    assert "billed    10 credits, 5.00 EUR expected; the service tells nothing" in done.stdout


def test_what_went_to_and_fro_is_told(shop: Project) -> None:
    done = _generate(shop)
    assert "service   5 requests, 0 refused, 0 repeated; 2 to 4 at once; waited" in done.stdout
    report = json.loads(_generate(shop, "--force", "--output-format", "json").stdout)
    assert report["traffic"]["requests"] == 5
    assert report["traffic"]["limits"][0] == {"seconds": 0.0, "limit": 2}


@pytest.mark.parametrize(
    ("change", "environment", "reason"),
    [
        (["--voice", "other"], {}, "voice changed from sine to other"),
        (["--speed", "1.5"], {}, "speed changed from 1 to 1.5"),
        ([], {"TEST_PAID_MODEL": "new"}, "engine changed from model=whole to model=new"),
        (["--format", "wav"], {}, "sound, dictionary or the version of tts-assets changed"),
        (["--force"], {}, "of --force"),
    ],
)
def test_paying_again_is_said_before_anything_is_sent(
    shop: Project, change: list[str], environment: dict[str, str], reason: str
) -> None:
    _generate(shop)
    shop.words("一番", "二番", "六番")
    done = _generate(shop, *change, "--progress", "none", **environment)
    assert done.stderr.splitlines()[0] == (
        "warning: 2 of 3 clips were paid for before, and are made again because "
        f"{reason}: 4 credits, 2.00 EUR; --dry-run looks without paying"
    )


def test_a_dry_run_says_so_too_and_programs_are_told_the_same(shop: Project) -> None:
    _generate(shop)
    done = _generate(shop, "-n", "--voice", "other")
    assert "warning: 5 of 5 clips were paid for before" in done.stderr
    assert _cost(shop, "-n", "--voice", "other")["rebilled"] == {
        "clips": 5, "characters": 10, "credits": 10.0, "money": 5.0, "out_of": 5,
        "reasons": [{"words": "voice changed from sine to other", "clips": 5}],
    }  # fmt: skip


def test_files_that_are_gone_are_paid_for_again_and_it_is_said(shop: Project) -> None:
    _generate(shop)
    next((shop.folder / "audio/vocabulary").iterdir()).unlink()
    told = "1 of 1 clips were paid for before, and are made again because their files are gone"
    assert told in _generate(shop).stderr


def test_new_words_and_those_of_other_engines_were_not_paid_for(shop: Project) -> None:
    shop.generate()
    assert _cost(shop, "-n")["rebilled"] is None


def test_words_that_are_said_in_two_voices_are_not_paid_for_twice(shop: Project) -> None:
    _generate(shop)
    source = '[[source]]\nfiles = "data/*.json"\nkind = "vocabulary"\nvoices = { "B" = "other" }\n'
    clip = '[[source.clip]]\ntext = "word"\nspeaker = "who"\nto = "audioUrl"\n'
    (shop.folder / "tts-assets.toml").write_text(PRICE + source + clip)
    shop.write(
        "data/vocabulary.json", [{"id": 1, "word": "一番"}, {"id": 2, "word": "一番", "who": "B"}]
    )
    cost = _cost(shop, "-n")
    assert cost["expected"]["clips"] == 1
    assert cost["rebilled"] is None
