"""The picture of a run: it is drawn, stays within its page, and its texts stay texts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.visits import picture, serious
from tests.cli.output.samples import HISTORY, HOSTILE, failed, planned
from tts_assets.build.events import Flawed
from tts_assets.cli.output.html_report import build_report_page
from tts_assets.model import Finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.visits import Visit

pytestmark = pytest.mark.browser

#: How many points of a canvas have been drawn on.
_INK = """(each) => each.getContext("2d").getImageData(0, 0, each.width, each.height)
    .data.filter((value, at) => at % 4 === 3 && value > 0).length"""


@pytest.fixture
def report(tmp_path: Path) -> str:
    """The address of the page of a run that ended early, all of whose texts are hostile."""
    clips = [planned(f"{HOSTILE} {at}" * 20, file=HOSTILE, entry=f"{HOSTILE}{at}") for at in "abc"]
    made = failed(*clips, reason=HOSTILE * 20)
    finding = Finding("loudness", HOSTILE, HOSTILE, HOSTILE)
    made = replace(
        made,
        history=HISTORY,
        fatal=f"the disk is full {HOSTILE}",
        flawed=(Flawed(clip=clips[1].clip, findings=(finding,)),),
        notes=(HOSTILE,),
    )
    path = tmp_path / "report.html"
    path.write_bytes(build_report_page(made))
    return path.as_uri()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_a_run_is_drawn_and_told_whatever_its_texts_are(
    visit: Callable[..., Visit], report: str, screenshots: Path | None, theme: str, width: int
) -> None:
    page = visit(report, color_scheme=theme, viewport={"width": width, "height": 800})
    expect(page.at("html")).to_have_attribute("data-theme", theme)
    expect(page.at("#ended")).to_contain_text("It ended early: the disk is full </script><script>")
    plots = page.at(".plot canvas")
    expect(plots).to_have_count(5)
    for plot in plots.all():
        plot.scroll_into_view_if_needed()
        assert plot.evaluate(_INK) > 500
    page.at("details").evaluate_all("(all) => all.forEach((each) => { each.open = true; })")
    expect(page.at("#failed .who")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.at("img").count() == 0
    assert page.page.evaluate("document.documentElement.scrollWidth") == width
    assert serious(page) == []
    picture(page, screenshots, f"report-{theme}-{width}")
    # On paper it is light.
    page.page.emulate_media(media="print", color_scheme=theme)  # type: ignore[arg-type]
    expect(page.at("html")).to_have_attribute("data-theme", "light")
