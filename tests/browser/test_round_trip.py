"""From the page to the ledger and back: what somebody decided drives the next run."""

from __future__ import annotations

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FLAGGED, altered, exported
from tests.browser.visits import expect_decided
from tts_assets.store import ledger
from tts_assets.store.ledger_line import LEDGER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.visits import Visit
    from tests.conftest import Project

pytestmark = pytest.mark.browser


def _reviews(project: Project) -> dict[str, str]:
    """What the ledger says was decided, by the asset."""
    data = (project.folder / "audio" / LEDGER_NAME).read_bytes()
    return {
        line.asset: line.review.decided.value for line in ledger.whole_lines(data) if line.review
    }


def _saved(visit: Visit, folder: Path) -> dict[str, Any]:
    """Press the button that saves the decisions; what is in the file."""
    with visit.page.expect_download() as download:
        visit.at("#save").click()
    assert download.value.suggested_filename == "decisions.json"
    path = folder / "decisions.json"
    download.value.save_as(path)
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def test_decisions_come_back_and_what_was_rejected_is_made_again(
    visit: Callable[..., Visit], spoken: Project
) -> None:
    page = visit(exported(spoken))
    page.at("#autoplay").click()
    rejected = page.reject("2")
    approved = page.approve()
    saved = _saved(page, spoken.folder)
    assert [each["decided"] for each in saved["decisions"]] == ["rejected", "approved"]
    assert saved["decisions"][0]["asset"] == rejected
    expect(page.at("#save")).to_have_attribute("data-unsaved", "0")
    done = spoken.run("review", "apply", "decisions.json")
    assert done.returncode == 0, done.stderr
    assert _reviews(spoken) == {rejected: "rejected", approved: "approved"}
    assert spoken.run("check").returncode == 1
    # The voice repeats itself: somebody says what is to be otherwise.
    words = spoken.read()
    for word in words:
        if word["word"] == FLAGGED:
            word["accent"] = 0
    spoken.write("data/vocabulary.json", words)
    done = spoken.run("generate", "--only", "rejected", "--only", "changed")
    assert done.returncode == 0, done.stderr
    assert spoken.read()[3]["audioUrl"] not in {None, f"/audio/{rejected}"}
    assert spoken.run("check").returncode == 0
    assert spoken.run("check", "--require-approved").returncode == 1


def test_the_next_page_knows_what_was_decided(visit: Callable[..., Visit], spoken: Project) -> None:
    page = visit(exported(spoken))
    asset = page.approve()
    # Of a sound that was another, the browser has kept a decision, too.
    page.page.evaluate(
        """() => {
          const key = Object.keys(localStorage).find((each) => each.includes("/decision/"));
          localStorage.setItem(key.replace(/.{64}$/, "0".repeat(64)), localStorage.getItem(key));
        }"""
    )
    page.reload()
    expect(page.at("#message")).to_contain_text("1 decision on sounds that this page does not have")
    expect(page.at("#save")).to_have_attribute("data-unsaved", "2")
    saved = _saved(page, spoken.folder)["decisions"]
    assert [each["asset"] for each in saved] == [asset, asset]
    assert saved[1]["sha256"] == 64 * "0"
    expect(page.at("#save")).to_have_attribute("data-unsaved", "0")
    assert spoken.run("review", "apply", "decisions.json").returncode == 1
    # Somebody else, in a browser that knows nothing.
    other = visit(exported(spoken))
    expect_decided(other, asset, "approved")
    expect(other.at("#progress")).to_have_attribute("aria-valuenow", "1")


def _of_the_future(data: dict[str, Any]) -> None:
    """One clip was approved where a clock goes wrong."""
    at = "2099-01-01T00:00:00.000Z"
    for clip in data["clips"]:
        if clip["text"] == FLAGGED:
            clip["decision"] = {"decided": "approved", "at": at, "by": "", "reason": ""}


def test_a_decision_is_later_than_the_one_that_it_replaces(
    visit: Callable[..., Visit], spoken: Project
) -> None:
    page = visit(altered(exported(spoken), _of_the_future))
    page.press("Home")
    asset = page.asset
    expect_decided(page, asset, "approved")
    assert page.reject() == asset
    (saved,) = _saved(page, spoken.folder)["decisions"]
    assert saved["decided"] == "rejected"
    assert saved["at"] > "2099-01-01T00:00:00.000Z"
    page.reload()
    expect_decided(page, asset, "rejected")


def test_when_all_is_approved_the_check_is_content(
    visit: Callable[..., Visit], spoken: Project
) -> None:
    page = visit(exported(spoken))
    page.at("#autoplay").click()
    for _ in range(6):
        page.hear().press("a")
    expect(page.at("#progress")).to_have_attribute("aria-valuenow", "6")
    _saved(page, spoken.folder)
    assert spoken.run("check", "--require-approved").returncode == 1
    assert spoken.run("review", "apply", "decisions.json").returncode == 0
    assert spoken.run("check", "--require-approved").returncode == 0


def test_one_file_plays_the_sounds_where_they_lie(
    visit: Callable[..., Visit], spoken: Project
) -> None:
    (spoken.folder / "pages").mkdir()
    page = visit(exported(spoken, "pages/review.html"))
    # Its sounds are beside its folder, which a person would not mind.
    page._base = spoken.folder.as_uri()
    page.approve()


def test_an_exported_folder_works_from_any_web_server(
    visit: Callable[..., Visit], spoken: Project
) -> None:
    """As from pages that a CI publishes; this server answers no request for a part of a file."""
    exported(spoken)
    handler = partial(_Quiet, directory=str(spoken.folder / "review"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            page = visit(f"http://127.0.0.1:{server.server_port}/index.html")
            page.at("#autoplay").click()
            page.approve()
            assert len(_saved(page, spoken.folder)["decisions"]) == 1
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tell nothing."""
