"""The bill of a run against what the service really billed, whatever is lost on the way."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_services import ServiceProject
from tests.conftest import Project
from tests.simulator.running import running

WORDS = tuple(f"{number}番線" for number in range(11, 23))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs keep how words are said: to load the dictionary takes as long as all the rest."""
    return tmp_path_factory.mktemp("told") / "said"


@pytest.fixture
def shop(project: Project, told: Path) -> Iterator[ServiceProject]:
    project.words(*WORDS)
    with running() as simulator:
        shop = ServiceProject(project, simulator, told)
        shop.environment["TTS_ASSETS_ELEVENLABS_HISTORY"] = "false"
        yield shop


def _billed(shop: ServiceProject) -> float:
    """What the service billed."""
    return float(sum(bill["credits"] for bill in shop.simulator.state()["billing"]))


def _credits(report: dict[str, Any], what: str) -> float:
    found: float = report["cost"][what]["credits"]
    return found


@pytest.mark.parametrize("history", ["true", "false"])
def test_an_answer_whose_body_breaks_is_billed_by_its_headers(
    shop: ServiceProject, history: str
) -> None:
    shop.environment["TTS_ASSETS_ELEVENLABS_HISTORY"] = history
    kinds = ("reset_body", "short", "cut_chunk")
    faults = [
        {"kind": kind, "marker": word, "first": True}
        for kind, word in zip(kinds, WORDS, strict=False)
    ]
    shop.simulator.change(faults=faults)
    report = shop.generate()
    assert report["made"] == len(WORDS)
    assert (_credits(report, "billed"), report["traffic"]["lost"]) == (_billed(shop), 0)
    # What is fetched from the history is not bought again.
    again = 0 if history == "true" else sum(map(len, WORDS[: len(kinds)]))
    assert _billed(shop) == sum(map(len, WORDS)) + again


@pytest.mark.parametrize("history", ["true", "false"])
def test_replies_that_are_lost_with_their_cost_are_counted_unless_the_history_has_them(
    shop: ServiceProject, history: str
) -> None:
    shop.environment["TTS_ASSETS_ELEVENLABS_HISTORY"] = history
    faults = [{"kind": "reset", "marker": word, "first": True} for word in WORDS[:3]]
    shop.simulator.change(faults=faults)
    done = shop.run()
    report = json.loads(done.stdout)
    lost = _billed(shop) - _credits(report, "billed")
    counts = (report["made"], lost, report["traffic"]["lost"])
    assert counts == (len(WORDS), *((0, 0) if history == "true" else (sum(map(len, WORDS[:3])), 3)))


def test_a_run_that_ends_early_counts_the_requests_that_were_sent(shop: ServiceProject) -> None:
    shop.simulator.change(quota=20, latency_seconds=0.1)
    report = shop.generate(code=4)
    assert report["traffic"]["requests"] == len(shop.simulator.requests())


def test_a_service_that_is_not_there_was_sent_no_request(shop: ServiceProject) -> None:
    shop.environment["TTS_ASSETS_ELEVENLABS_BASE_URL"] = "http://127.0.0.1:9"
    report = shop.generate("--max-failures", "1", code=1)
    assert (report["traffic"]["requests"], report["traffic"]["lost"]) == (0, 0)


def test_what_was_expected_stays_so_where_clips_fail(shop: ServiceProject) -> None:
    whole = float(sum(map(len, WORDS)))
    shop.simulator.change(faults=[{"kind": "unprocessable", "marker": WORDS[0]}])
    report = shop.generate(code=1)
    assert (_credits(report, "expected"), _credits(report, "billed")) == (whole, whole - 4)
    shop.simulator.change(faults=[{"kind": "unprocessable"}])
    report = shop.generate("--force", code=1)
    assert (report["made"], _credits(report, "expected")) == (0, whole)


def test_a_passage_that_is_taken_up_again_is_expected_to_cost_its_missing_segments(
    shop: ServiceProject,
) -> None:
    sentences = [f"{word}の電車が静かな駅をゆっくりと出て行きました。" for word in WORDS[:5]]
    (shop.project.folder / "data" / "vocabulary.json").unlink()
    shop.project.write("data/reading.json", [{"id": 1, "text": "".join(sentences)}])
    shop.simulator.change(faults=[{"kind": "not_found", "marker": WORDS[3]}])
    first = shop.generate(code=1)
    shop.simulator.change(faults=[])
    dry = shop.generate("--dry-run")
    second = shop.generate()
    whole = sum(map(len, sentences))
    assert _credits(first, "expected") == whole
    assert _credits(dry, "expected") == _credits(second, "expected") == _credits(second, "billed")
    assert _credits(second, "billed") < whole
