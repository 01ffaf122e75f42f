"""The page of a report: what it draws, and that texts of catalogues are never more than texts."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

from tests.cli.output.samples import HISTORY, HOSTILE, REPORT, failed, planned, standing
from tests.review.markup import elements
from tts_assets.build.events import Charges, Cost, Doubt, Flawed, Report
from tts_assets.build.metrics import Histogram
from tts_assets.build.plan.planner import State
from tts_assets.cli.output.html_report import (
    build_report_page,
    build_status_page,
    build_verify_page,
)
from tts_assets.config.prices import Price
from tts_assets.engines.http.rate_limiter import Traffic
from tts_assets.model import AccentBasis, Basis, Finding, Kind, Pronunciation
from tts_assets.quality.quality_reports import AssetResult, ClipName, VerifyReport


def _data(html: bytes) -> dict[str, Any]:
    (block,) = (
        each for each in elements(html, "script") if each.attributes.get("id") == "report-data"
    )
    data: dict[str, Any] = json.loads(block.text)
    return data


def _sections(html: bytes) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in _data(html)["sections"]}


def _run(report: Report) -> dict[str, dict[str, Any]]:
    return _sections(build_report_page(report))


def test_the_course_of_a_run_is_told_as_rates_without_a_scrap_of_a_step() -> None:
    found = _run(replace(REPORT, made=4, workers=2, history=HISTORY))["course"]["courses"]
    clips, speech, workers = found
    assert [line["name"] for line in clips["lines"]] == ["made", "failed"]
    # The last 10 ms belong to the step before them.
    assert clips["seconds"] == [0.0, 0.5, 1.01]
    assert clips["lines"][0]["values"] == [2.0, round(3 / 0.51, 3)]
    assert speech["lines"][0]["values"] == [2.0, round(3.25 / 0.51, 3)]
    # Of half a second no peak is told.
    assert clips["told"] == "4 clips in 1.0 s, and 1 failed: 4.0 clips a second."
    # One clip stands ready in line: it keeps no worker busy.
    assert workers["lines"][1]["values"] == [2.0, round(1.01 / 0.51, 3)]
    assert workers["told"] == "2.0 of 2 workers were busy on average."
    waiting = replace(HISTORY, in_hand=(3.0, 0.0, 0.0))
    workers = _run(replace(REPORT, workers=2, history=waiting))["course"]["courses"][2]
    assert workers["told"] == "1.0 of 2 workers were busy on average."


def test_few_clips_are_counted_by_the_minute() -> None:
    slow = replace(HISTORY, seconds=101.0, step_seconds=50.0)
    clips = _run(replace(REPORT, history=slow))["course"]["courses"][0]
    assert clips["unit"] == "clips a minute"
    assert clips["lines"][0]["values"] == [1.2, round(60 * 3 / 51, 3)]
    assert clips["told"].endswith(" clips a minute, 3.5 at most.")


def test_of_a_service_its_limit_is_drawn_in_place_of_workers() -> None:
    traffic = Traffic(
        requests=1200,
        lost=0,
        refusals=3,
        retries=2,
        waits=4,
        waited_seconds=12.0,
        limits=((0.0, 2), (0.4, 5), (0.7, 3)),
    )
    found = _run(replace(REPORT, traffic=traffic, history=HISTORY))
    requests = found["course"]["courses"][2]
    assert [line["name"] for line in requests["lines"]] == ["requests allowed", "clips in hand"]
    assert requests["lines"][0]["values"] == [5.0, 3.0]
    assert requests["told"].endswith(
        "3 of 1,200 requests were refused because the limit was reached."
    )
    assert ["waits", "4, 12 s in all"] in found["service"]["table"]["rows"]
    # The first of very many changes are forgotten.
    late = replace(traffic, limits=((0.7, 3),))
    requests = _run(replace(REPORT, traffic=late, history=HISTORY))["course"]["courses"][2]
    assert requests["lines"][0]["values"] == [3.0, 3.0]
    assert requests["told"].startswith("3 were allowed at once")


def test_loudness_is_drawn_with_its_tolerance_and_lengths_by_doubling_steps() -> None:
    loudness, lengths = _run(replace(REPORT, history=HISTORY))["sound"]["bars"]
    band = loudness["band"]
    assert band["label"] == "-19 ± 1 LU"
    assert (band["begin"], band["wanted"], band["end"]) == (4.5, 14.5, 24.5)
    assert loudness["steps"][14:17] == ["-19.0", "-18.9", "-18.8"]
    assert loudness["counts"][13:17] == [0, 3, 1, 0]
    assert {tick["label"]: tick["at"] for tick in loudness["ticks"]}["-19"] == band["wanted"]
    assert loudness["told"].startswith("4 of 4 clips are within 1 LU of the wanted -19 LUFS")
    assert lengths["steps"] == ["0.4 s to 0.8 s", "0.8 s to 1.6 s"]
    assert lengths["counts"] == [3, 1]
    assert lengths["told"].endswith("; all are between 0.4 s and 1.6 s.")


def test_what_is_not_there_has_no_section() -> None:
    assert set(_run(REPORT)) == {"figures"}
    failures_only = replace(
        HISTORY,
        made=(0, 0, 0),
        audio_seconds=(0.0, 0.0, 0.0),
        lengths=Histogram(edges=(), counts=()),
        loudness=Histogram(edges=(), counts=()),
        slowest=(),
    )
    found = _run(replace(REPORT, history=failures_only))
    assert [each["title"] for each in found["course"]["courses"]] == ["Clips", "Workers"]
    assert "sound" not in found


def test_failures_findings_and_doubts_are_grouped_with_their_places() -> None:
    clips = (planned("猫", entry="1"), planned("犬", entry="2", line=9))
    said = Pronunciation(
        phrases=(), basis=Basis.FORCED, accent_basis=AccentBasis.DATA, doubt="it reads 猫 as ネコ"
    )
    loud = Finding("loudness", "-23.1 LUFS", "-19 LUFS", "it has -23.1 LUFS instead of -19")
    report = replace(
        failed(*clips),
        doubts=(Doubt(clip=clips[1].clip, pronunciation=said),),
        flawed=(Flawed(clip=clips[1].clip, findings=(loud,)),),
    )
    found = _run(report)
    assert found["failed"]["groups"][0]["examples"][0] == {
        "where": "a.json:3",
        "who": "vocabulary 1 word 猫",
        "what": "the engine was told to fail",
    }
    assert found["flawed"]["groups"][0]["sort"] == "loudness"
    assert found["flawed"]["groups"][0]["examples"][0]["where"] == "a.json:9"
    assert found["doubts"]["groups"][0]["cause"] == "it reads 猫 as ネコ"
    assert found["planned"]["groups"][0]["cause"] == "text 犬 -> 猫"


def test_a_run_that_ended_early_says_so_first_and_that_equal_clips_are_made_once() -> None:
    clips = [planned(entry=str(number)) for number in range(6)]
    report = replace(failed(*clips), to_make=4, made=1, history=replace(HISTORY, failed=(1, 0, 0)))
    full = replace(report, fatal="the disk is full", made=2)
    assert {"value": "1", "label": "left to make", "mood": "bad"} in _data(build_report_page(full))[
        "tiles"
    ]
    assert _data(build_report_page(full))["ended"] == "It ended early: the disk is full"
    bounded = replace(report, bound="max-clips = 2")
    assert _data(build_report_page(bounded))["ended"] == "It ended early, because of max-clips = 2."
    assert _data(build_report_page(replace(report, stopped=True)))["ended"] == "It was interrupted."
    assert _data(build_report_page(report))["ended"] == ""
    assert _run(report)["planned"]["told"].startswith("6 places in catalogues, 4 sounds: ")
    assert _run(report)["failed"]["told"] == ""


def test_a_run_that_cost_something_says_how_much() -> None:
    price = Price(provider="p", per_1000_credits=100.0, currency="EUR", read=date(2026, 10, 3))
    cost = Cost(
        provider="p",
        model="m",
        price=price,
        expected=Charges(2, 20, 20.0),
        left=Charges(),
        bound=None,
        unsayable=0,
        due=Charges(2, 20, 20.0),
        billed=21.0,
        rebilled=None,
        balance=None,
    )
    tiles = _data(build_report_page(replace(REPORT, cost=cost)))["tiles"]
    assert {"value": "21", "label": "credits", "mood": "plain"} in tiles
    tiles = _data(build_report_page(replace(REPORT, cost=cost, dry_run=True)))["tiles"]
    assert {"value": "20", "label": "credits", "mood": "plain"} in tiles
    assert {"value": "2.00 EUR", "label": "cost", "mood": "plain"} in tiles


def test_hostile_texts_stay_texts_and_the_page_stays_small() -> None:
    clips = [planned(HOSTILE * 50, file=HOSTILE, entry=HOSTILE * 50) for _ in range(500)]
    report = failed(*clips, reason=HOSTILE * 200)
    report = replace(
        report,
        failures=tuple(replace(report.failures[0], clip=each.clip) for each in clips),
        states={State.NEW: 500},
        notes=(HOSTILE,),
    )
    usual, made = build_report_page(failed(planned())), build_report_page(report)
    assert len(made) < 700_000
    for name in ("script", "img", "style", "meta"):
        assert len(elements(made, name)) == len(elements(usual, name)), name
    (group,) = _sections(made)["failed"]["groups"]
    assert group["count"] == 500
    # What turns text around or acts on a screen is shown as an escape.
    assert "\u202e" not in json.dumps(group, ensure_ascii=False)
    assert "\\u202e" in group["examples"][0]["what"]


def test_a_page_of_a_usual_run_is_small_and_always_the_same() -> None:
    clips = [planned(entry=str(number)) for number in range(1000)]
    report = replace(failed(*clips), history=HISTORY)
    assert len(build_report_page(report)) < 300_000
    assert build_report_page(report) == build_report_page(report)


def test_a_standing_shows_what_is_to_be_made_and_verdicts_what_is_wrong() -> None:
    found = _sections(build_status_page(standing(planned(), planned("犬"))))
    assert found["states"]["shares"] == [
        {"name": "stale", "count": 2},
        {"name": "fresh", "count": 7},
    ]
    assert [group["count"] for group in found["planned"]["groups"]] == [2]
    assert found["problems"]["groups"][0]["cause"] == "the id is missing"
    finding = Finding("clipped", "1.2", "1.34", "its waveform is cut off")
    name = ClipName(Kind.VOCABULARY, "a.json", "1", "word", (), 3)
    verdict = AssetResult(asset="a.mp3", clips=(name,), text="猫", findings=(finding,), ours=True)
    report = VerifyReport(
        verdicts=(verdict,),
        checked=5,
        foreign=0,
        recognized=0,
        error_rate=None,
        ungenerated=0,
        catalogues=1,
        problems=(),
        notes=(),
        unmatched=None,
        seconds=0.1,
    )
    html = build_verify_page(report)
    assert _sections(html)["wrong"]["groups"][0]["sort"] == "clipped"
    assert _data(html)["command"] == "tts-assets verify"
