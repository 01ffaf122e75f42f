"""Hearing and deciding: what a reviewer does all day, in the exported page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FLAGGED, WORDS
from tests.browser.visits import expect_decided

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.visits import Visit

pytestmark = pytest.mark.browser
CLIPS = len(WORDS) + 1


def _time(visit: Visit) -> float:
    """Where the sound is, in seconds, as is written beside it."""
    return float(visit.at("#now-state").inner_text().partition(" ")[0])


def test_what_somebody_should_look_at_comes_first(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    assert page.texts()[0] == FLAGGED
    assert sorted(page.texts()) == sorted([each["word"] for each in WORDS] + ["犬がいる。"])
    page.at("#order").select_option("catalogue")
    assert page.texts()[-1] != FLAGGED
    assert page.shown == f"{CLIPS} clips"


def test_a_sound_really_plays_and_stops_with_the_same_key(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    page.press("Space")
    page.until(lambda: _time(page) > 0.1)
    page.press("Space")
    page.until(lambda: not page.plays)
    assert 0 < page.heard < 90
    page.press("Space")
    page.until(lambda: page.may_approve)
    page.until(lambda: not page.plays)


def test_a_clip_that_is_left_shows_at_once_that_it_does_not_play(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    page.press("Home", "Space")
    page.until(lambda: page.plays)
    # The browser reports a pause later than the key: both in one step, so that nothing lies between.
    shown = page.page.evaluate("""() => {
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
      return document.querySelector("#play").dataset.playing;
    }""")
    assert shown == "false"


def test_nothing_is_decided_before_it_was_heard(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    first = page.asset
    page.press("a")
    expect(page.at("#message")).to_contain_text("Listen to the end first")
    page.press("r")
    expect(page.at("#message")).to_contain_text("Listen first")
    expect(page.at("#reason")).to_be_hidden()
    expect_decided(page, first, "undecided")
    page.approve()
    assert page.asset != first
    expect(page.at("#progress")).to_have_attribute("aria-valuenow", "1")


def test_half_a_second_is_enough_to_reject_with_a_reason(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    first = page.asset
    page.press("Space")
    page.until(lambda: page.at("#reject").get_attribute("data-early") == "false")
    page.press("r")
    expect(page.at("#reason-text")).to_be_focused()
    page.page.keyboard.type("a bell rings")
    page.press("Enter")
    expect_decided(page, first, "rejected")
    expect(page.row(first)).to_contain_text("a bell rings")


def test_the_next_clip_plays_by_itself_unless_that_is_switched_off(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    first = page.approve()
    page.until(lambda: page.may_approve)
    second = page.asset
    assert second != first
    page.at("#autoplay").click()
    expect(page.at("#autoplay")).to_have_attribute("aria-pressed", "false")
    page.press("a")
    expect_decided(page, second, "approved")
    page.page.wait_for_timeout(300)
    assert not page.plays
    assert page.heard == 0


def test_what_was_decided_last_is_taken_back_first(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    page.at("#autoplay").click()
    first = page.approve()
    second = page.reject("2")
    page.press("u")
    expect_decided(page, second, "undecided")
    assert page.asset == second
    page.press("u")
    expect_decided(page, first, "undecided")
    page.press("u")
    expect(page.at("#message")).to_contain_text("nothing to undo")
    expect(page.at("#progress")).to_have_attribute("aria-valuenow", "0")


def test_all_is_as_it_was_after_a_reload_and_in_another_tab(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    page.at("#autoplay").click()
    approved, rejected = page.approve(), page.reject("3")
    selected = page.asset
    page.press(".", ".")
    page.until(lambda: selected in unquote(page.page.url))
    page.reload()
    expect_decided(page, approved, "approved")
    expect_decided(page, rejected, "rejected")
    assert page.asset == selected
    assert page.at("#speed").inner_text() == "1.2×"
    # What was heard before need not be heard again.
    page.press("k")
    assert page.heard == 100
    other = visit(page_file, in_tab_of=page)
    expect_decided(other, approved, "approved")


def test_speed_goes_from_half_to_one_and_a_half(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    page.press(*"......")
    assert page.at("#speed").inner_text() == "1.5×"
    length = float(page.at("#now-state").inner_text().split()[2])
    page.press(*",,,,,,,,,,,,")
    assert page.at("#speed").inner_text() == "0.5×"
    begun: Any = page.page.evaluate("performance.now()")
    page.hear()
    page.until(lambda: not page.plays)
    took = (page.page.evaluate("performance.now()") - begun) / 1000
    assert took > 1.5 * length


def test_everything_can_be_decided_without_a_mouse(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    page.press("Space")
    for _ in range(CLIPS):
        page.until(lambda: page.may_approve)
        page.press("a")
    expect(page.at("#progress")).to_have_attribute("aria-valuenow", str(CLIPS))
    expect(page.at("#live")).to_contain_text("All")
    page.press("?")
    expect(page.at("#help")).to_be_visible()
    page.press("Escape")
    page.press("/")
    page.page.keyboard.type("ねこ")
    expect(page.rows).to_have_count(1)
    page.press("Enter")
    assert page.texts() == ["猫"]


def test_a_sound_that_is_missing_can_be_rejected_and_is_tried_again(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    page.at("#autoplay").click()
    folder = Path(unquote(urlsplit(page_file).path)).parent
    (sound,) = folder.rglob(Path(page.asset).name)
    kept = sound.rename(folder / "kept")
    page.press("Space")
    expect(page.at("#message")).to_contain_text("cannot be played")
    expect(page.at("#play")).to_have_attribute("data-playing", "false")
    page.press("a")
    expect(page.at("#message")).to_contain_text("so it cannot be approved")
    page.press("r", "3")
    expect(page.at("#progress")).to_have_attribute("aria-valuenow", "1")
    page.press("k")
    kept.rename(sound)
    page.press("Space")
    page.until(lambda: page.plays)
    page.wrong[:] = [each for each in page.wrong if "ERR_FILE_NOT_FOUND" not in each]


def test_a_browser_that_keeps_nothing_says_so_at_once(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    page.page.add_init_script(
        """Object.defineProperty(window, "localStorage", {
          get() { throw new DOMException("forbidden", "SecurityError"); },
        });"""
    )
    page.reload()
    expect(page.at("#message")).to_contain_text("This browser keeps nothing for this page")
