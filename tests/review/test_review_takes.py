"""Refused takes on the page: they are played, accepted or rejected, and the next run acts on it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_services import ServiceProject
from tests.conftest import Project
from tests.review.serving import serving
from tests.simulator.running import running
from tests.simulator.scenario import voice_id

TEXT = "一番線"


@pytest.fixture
def shop(project: Project, tmp_path: Path) -> Iterator[ServiceProject]:
    """A project with one clip, whose two takes were refused."""
    project.words(TEXT)
    with running() as simulator:
        made = ServiceProject(project, simulator, tmp_path / "said")
        made.environment |= {"TTS_ASSETS_PROVIDER": "hasty", "TTS_ASSETS_VOICE": voice_id(1)}
        simulator.change(faults=[{"kind": "half"}])
        made.generate(code=1)
        simulator.change(faults=[])
        yield made


def decision(row: dict[str, Any], decided: str) -> dict[str, Any]:
    at = "2026-11-22T13:00:00.000Z"
    return {"asset": row["asset"], "sha256": row["sha256"], "decided": decided, "at": at}


def test_status_lists_kept_takes(shop: ServiceProject) -> None:
    told = shop.project.run("status", **shop.environment)
    assert "doubtful take: 1 word 一番線" in told.stdout
    assert "takes     2 refused takes kept: 2 undecided; listen with `tts-assets" in told.stdout
    data = json.loads(
        shop.project.run("status", "--output-format", "json", **shop.environment).stdout
    )
    first = data["takes"][0]
    bill = shop.simulator.state()["billing"][0]
    assert (first["request_id"], first["history_item_id"]) == (
        bill["request_id"],
        bill["history_item_id"],
    )
    assert (first["text"], first["opinion"], first["billed"]) == (TEXT, "undecided", 3)
    assert (shop.project.folder / first["path"]).is_file()


def test_the_server_plays_a_take_and_an_accepted_one_becomes_the_clip(shop: ServiceProject) -> None:
    with serving(shop.project.folder, **shop.project.environment, **shop.environment) as served:
        row = served.row("1")
        assert (row["text"], row["decision"], row["again"]) == (TEXT, None, False)
        assert row["findings"][0]["rule"] == "doubtful take"
        assert "ends abruptly" in row["findings"][0]["told"]
        sound = served.client.get(row["sound"])
        assert (sound.status_code, sound.content[:4]) == (200, b"RIFF")
        assert served.decide(decision(row, "approved"))["saved"] == 1
        assert served.row("1")["decision"]["decided"] == "approved"
        assert served.end() == 0
    before = len(shop.simulator.requests())
    assert shop.generate()["made"] == 1
    assert len(shop.simulator.requests()) == before
    ledger = json.loads(shop.project.assets()["ledger.jsonl"])
    assert (ledger["text"], ledger["billed"]) == (TEXT, 6)


def test_an_exported_page_has_takes_and_its_decisions_come_back(shop: ServiceProject) -> None:
    done = shop.project.run("review", "--export", "page", **shop.environment)
    assert done.returncode == 0, done.stderr
    html = (shop.project.folder / "page" / "index.html").read_text(encoding="utf-8")
    (row,) = json.loads(html.partition('id="review-data">')[2].partition("</script>")[0])["clips"]
    assert (shop.project.folder / "page" / row["sound"]).read_bytes()[:4] == b"RIFF"
    saved = {"version": 1, "decisions": [decision(row, "rejected")]}
    (shop.project.folder / "saved.json").write_text(json.dumps(saved))
    done = shop.project.run("review", "apply", "saved.json", **shop.environment)
    assert "1 decision on kept takes" in done.stdout, done.stderr
    assert shop.generate()["made"] == 1
    assert shop.bought() == {TEXT: 3}
