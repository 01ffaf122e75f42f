"""For everybody: nothing that axe calls serious, in light and dark, on a desk and on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import served
from tests.browser.visits import picture, serious

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.visits import Visit
    from tests.conftest import Project

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_serious_in_what_a_reviewer_opens(
    visit: Callable[..., Visit],
    spoken: Project,
    screenshots: Path | None,
    theme: str,
    size: dict[str, int],
) -> None:
    name = f"{theme}-{'phone' if size is PHONE else 'desk'}"
    with served(spoken) as address:
        page = visit(address, viewport=size, color_scheme=theme, has_touch=size is PHONE)
        expect(page.at("html")).to_have_attribute("data-theme", theme)
        page.at("#autoplay").click()
        page.hear()
        assert serious(page) == []
        picture(page, screenshots, f"list-{name}")
        page.press("r")
        expect(page.at("#reason")).to_be_visible()
        assert serious(page) == []
        picture(page, screenshots, f"reason-{name}")
        page.press("2")
        for key, opened in (("?", "#help"), ("e", "#again")):
            page.press(key)
            expect(page.at(opened)).to_be_visible()
            assert serious(page) == [], opened
            picture(page, screenshots, f"{opened[1:]}-{name}")
            page.press("Escape")
        if size is PHONE:
            page.press("Enter")
            expect(page.at("#sheet")).to_be_visible()
            assert serious(page) == []
            picture(page, screenshots, f"details-{name}")


def test_a_screen_reader_is_told_what_is_selected_and_what_was_done(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file)
    page.at("#autoplay").click()
    selected = page.at("#list").get_attribute("aria-activedescendant")
    assert page.at(f"#{selected}").get_attribute("aria-selected") == "true"
    assert page.at(f"#{selected} bdi").first.get_attribute("lang") == "ja"
    page.press("a")
    expect(page.at("#live-urgent")).to_contain_text("Listen to the end first")
    page.approve()
    expect(page.at("#live")).to_contain_text("approved")


def test_colours_of_the_readers_own_keep_pitch_and_switches_apart(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(page_file, forced_colors="active")
    low = page.at("#panel .picture-labels .mora:not(.high)").first
    expect(low).to_have_css("border-top-color", "rgba(0, 0, 0, 0)")
    ground = "each => getComputedStyle(each).backgroundColor"
    other = page.at("#undo").evaluate(ground)
    assert page.at("#autoplay").evaluate(ground) != other
    page.at("#autoplay").click()
    expect(page.at("#autoplay")).to_have_css("background-color", other)
