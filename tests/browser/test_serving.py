"""The page from `review --serve`: decisions are kept at once, and clips are made again while one looks on."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import exported, served
from tests.browser.visits import expect_decided
from tts_assets.store import ledger
from tts_assets.store.ledger_line import LEDGER_NAME, encode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.visits import Visit
    from tests.conftest import Project

pytestmark = pytest.mark.browser


def _journal(project: Project) -> list[dict[str, Any]]:
    path = project.folder / "audio" / "decisions.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_decisions_are_kept_as_they_are_made(visit: Callable[..., Visit], spoken: Project) -> None:
    with served(spoken) as address:
        page = visit(address)
        beside = visit(address, in_tab_of=page)
        page.at("#autoplay").click()
        approved, rejected = page.approve(), page.reject("4")
        expect(page.at("#saving")).to_have_attribute("data-state", "saved")
        # What the server has, the browser keeps no more; its tabs know it nevertheless.
        for tab in (page, beside):
            expect_decided(tab, rejected, "rejected")
            expect_decided(tab, approved, "approved")
        told = {each["asset"]: (each["decided"], each["reason"]) for each in _journal(spoken)}
        assert told == {approved: ("approved", ""), rejected: ("rejected", "noise")}
        page.press("u")
        expect_decided(page, rejected, "undecided")
        expect_decided(beside, rejected, "undecided")
        expect(page.at("#saving")).to_have_attribute("data-state", "saved")
        # Somebody else sees it, who has a browser that knows nothing.
        other = visit(address)
        expect_decided(other, approved, "approved")
        expect_decided(other, rejected, "undecided")
    assert [each["decided"] for each in _journal(spoken)] == ["approved", "rejected", "undecided"]
    data = (spoken.folder / "audio" / LEDGER_NAME).read_bytes()
    reviews = {each.asset: each.review for each in ledger.whole_lines(data) if each.review}
    assert reviews[approved].decided == "approved"
    assert reviews.get(rejected) is None or reviews[rejected].decided == "undecided"


def test_a_clip_is_made_again_with_another_accent_and_both_can_be_heard(
    visit: Callable[..., Visit], spoken: Project
) -> None:
    with served(spoken) as address:
        page = visit(address)
        page.at("#autoplay").click()
        before = page.reject("2")
        page.press("k")
        assert page.asset == before
        page.until(lambda: before in unquote(page.page.url))
        beside = visit(page.page.url, in_tab_of=page)
        beside.press("r")
        expect(beside.at("#reason")).to_be_visible()
        page.press("e")
        form = page.at("#again")
        expect(form).to_be_visible()
        form.get_by_role("button", name="Regenerate").click()
        expect(page.at("#again-error")).to_contain_text(re.compile("chang", re.IGNORECASE))
        # Where the server says it, that is in the console, too.
        page.wrong[:] = [each for each in page.wrong if "400 (Bad Request)" not in each]
        form.get_by_role("radio", name="0, no fall").check()
        form.get_by_role("button", name="Regenerate").click()
        expect(form).to_be_hidden()
        expect(page.at("#jobs")).to_contain_text("Made again")
        expect(page.row(before)).to_have_count(0)
        # Who was about to reject the sound that is no more does not reject the new one.
        expect(beside.row(before)).to_have_count(0)
        expect(beside.at("#reason")).to_be_hidden()
        expect(beside.at("#list")).to_be_focused()
        beside.page.close()
        after = page.asset
        expect_decided(page, after, "undecided")
        page.press("a")
        expect(page.at("#message")).to_contain_text("Listen to the end first")
        expect(page.at(".compare")).to_be_visible()
        # The old one by one key, then the new one; only that one counts as heard.
        with page.page.expect_request(lambda request: "/earlier/" in request.url):
            page.press("o")
        page.until(lambda: page.plays)
        page.until(lambda: not page.plays)
        assert page.heard == 0
        page.hear().press("a")
        expect_decided(page, after, "approved")
        expect(page.at("#saving")).to_have_attribute("data-state", "saved")
    overrides = (spoken.folder / "tts-assets.overrides.json").read_text("utf-8")
    assert '"accent":0' in overrides.replace(" ", "")
    # The run agrees with what was made: nothing is stale.
    assert spoken.run("check").returncode == 0
    assert spoken.read()[3]["audioUrl"] == f"/audio/{after}"


def test_who_has_not_the_address_sees_nothing(visit: Callable[..., Visit], spoken: Project) -> None:
    with served(spoken) as address:
        page = visit(address)
        root = "/".join(address.split("/")[:3])
        answer = page.page.request.get(f"{root}/")
        assert answer.status in {403, 404}
        assert "review-data" not in answer.text()


def test_decisions_wait_while_the_server_is_away_and_nothing_is_lost(
    visit: Callable[..., Visit], spoken: Project
) -> None:
    with served(spoken, "--port", "0") as address:
        page = visit(address)
        page.at("#autoplay").click()
        page.hear()
    asset = page.asset
    page.press("a")
    expect_decided(page, asset, "approved")
    expect(page.at("#saving")).to_have_attribute("data-state", "failed")
    expect(page.at("#save")).to_be_visible()
    with page.page.expect_download() as download:
        page.at("#save").click()
    download.value.save_as(spoken.folder / "decisions.json")
    # That nobody answers is in the console, as it should be.
    page.wrong.clear()
    assert spoken.run("review", "apply", "decisions.json").returncode == 0
    assert [each["asset"] for each in _journal(spoken)] == [asset]


def test_the_accents_of_the_shown_clip_are_recognized_and_compared(
    visit: Callable[..., Visit], spoken: Project, screenshots: Path | None
) -> None:
    path = spoken.folder / "audio" / LEDGER_NAME
    lines = [
        msgspec.structs.replace(line, spoken="ネコ") if line.text == "猫" else line
        for line in ledger.whole_lines(path.read_bytes())
    ]
    path.write_bytes(b"".join(map(encode, lines)))
    with served(spoken) as address:
        page = visit(address)
        heard = page.at(".picture-accents")
        page.rows.filter(has_text="猫").click()
        expect(heard).to_contain_text("not as expected")
        expect(heard).to_contain_text("Expected")
        expect(heard.locator(".accents-other .falls")).to_have_text("ネ↓")
        page.rows.filter(has_text="魚").click()
        expect(heard).not_to_contain_text("not as expected")
        expect(heard).to_contain_text("サカナ")
        expect(heard.locator(".accents-verdict")).to_contain_text("as expected")
        if screenshots is not None:
            page.page.screenshot(path=screenshots / "accents.png")
        page.page.close()
    # The exported page has what was recognized before.
    kept = visit(exported(spoken))
    kept.rows.filter(has_text="猫").click()
    expect(kept.at(".picture-accents")).to_contain_text("not as expected")
    kept.rows.filter(has_text="犬").first.click()
    expect(kept.at(".picture-accents")).to_be_hidden()
