"""Finding clips: filters and the search are in the address, and ten thousand rows are no more work than thirty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FLAGGED, altered

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.visits import Visit

pytestmark = pytest.mark.browser
MANY = 10_000


def _choice(visit: Visit, name: str, value: str) -> Any:
    return visit.at(f'#filters input[name="{name}"][value="{value}"]')


def test_filters_are_in_the_address_and_back_and_forward_go_through_them(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    everything = page.texts()
    _choice(page, "level", "N4").check()
    assert sorted(page.texts()) == ["雨", "魚"]
    assert "level=N4" in page.page.url
    _choice(page, "finding", "accent").check()
    assert page.texts() == [FLAGGED]
    address = page.page.url
    page.page.go_back()
    page.until(lambda: sorted(page.texts()) == ["雨", "魚"])
    page.page.go_back()
    page.until(lambda: page.texts() == everything)
    page.page.go_forward()
    page.until(lambda: sorted(page.texts()) == ["雨", "魚"])
    # Somebody else is sent the address.
    other = visit(address)
    assert other.texts() == [FLAGGED]
    assert _choice(other, "level", "N4").is_checked()
    other.at("#clear-filters").click()
    expect(other.at("#list")).to_be_focused()
    assert len(other.texts()) == len(everything)


def test_choices_tell_how_many_clips_they_would_show(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    counts = page.at('label:has(input[name="level"]) .count').all_inner_texts()
    assert sorted(counts) == ["1", "2", "3"]
    page.reject()
    _choice(page, "state", "rejected").check()
    assert page.texts() == [FLAGGED]
    expect(page.at("#shown")).to_contain_text("1 of 6 clips")
    # What is taken back where it is not seen is told.
    _choice(page, "state", "rejected").uncheck()
    _choice(page, "level", "N5").check()
    page.press("u")
    expect(page.at("#message")).to_contain_text("undecided again, and hidden by the filters")


def test_texts_readings_and_entries_are_found(visit: Callable[..., Visit], page_file: str) -> None:
    page = visit(page_file)
    for typed, found in (
        ("犬", {"犬", "犬がいる。"}),
        ("さかな", {"魚"}),
        ("n4-", {"雨", "魚"}),
        ("xyz", set()),
    ):
        page.press("/")
        page.at("#search").fill(typed)
        page.until(lambda found=found: set(page.texts()) == found)  # type: ignore[misc]
        page.press("Escape")
    assert "q=" not in page.page.url


def test_a_clip_that_an_address_names_is_selected(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    page.press("j", "j", "j")
    asset = page.asset
    page.until(lambda: asset in unquote(page.page.url))
    assert visit(page.page.url).asset == asset


def _repeated(data: dict[str, Any]) -> None:
    """Ten thousand clips, all of them with the sounds of a few."""
    rows = data["clips"]
    data["clips"] = [
        rows[number % len(rows)]
        | {
            "asset": f"vocabulary/{number:05}.mp3",
            "sha256": f"{number:064x}",
            "text": f"語{number}",
        }
        for number in range(MANY)
    ]


def test_ten_thousand_clips_are_few_rows_in_the_document(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(altered(page_file, _repeated))
    assert page.shown == "10,000 clips"
    assert page.rows.count() < 60
    page.press("End")
    last = page.at(f'#list [role=option][aria-posinset="{MANY}"]')
    expect(last).to_be_in_viewport()
    expect(last).to_have_attribute("aria-setsize", str(MANY))
    assert page.rows.count() < 60
    page.hear()
    page.at("#list").hover()
    page.page.mouse.wheel(0, -1_000_000)
    expect(page.at('#list [role=option][aria-posinset="1"]')).to_be_in_viewport()
    assert page.rows.count() < 60
    page.press("/")
    page.at("#search").fill("語9999")
    page.until(lambda: page.texts() == ["語9999"])
    expect(page.at("#shown")).to_contain_text("1 of 10,000 clips")
