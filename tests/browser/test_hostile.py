"""Texts and ids that would do something if they were taken for anything but text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FLAGGED, altered, exported, served
from tests.browser.visits import expect_decided, picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.visits import Visit
    from tests.conftest import Project

pytestmark = pytest.mark.browser

TONES = ("--provider", "tones")
IMAGE = "<img src=x onerror=alert(1)>"
HOSTILE = [
    {"id": IMAGE, "word": f"{IMAGE}犬", "reading": "いぬ", "level": IMAGE},
    {"id": "</script><script>alert(2)</script>", "word": "</script><script>alert(2)</script>猫"},
    {"id": "<!--", "word": "<!--<script>雨"},
    {"id": "\u202eevil\u202c", "word": "\u202e逆さ\u2067魚\u2066", "reading": "さかさま"},
    {"id": "../../../etc/passwd", "word": "橋", "reading": "はし"},
    {"id": "javascript:alert(3)", "word": "{{7*7}}${7*7}`鳥`", "reading": "とり"},
    {"id": "a\u0301 \u200b", "word": "山\u2028川\ufeff\u200b", "reading": "やまかわ"},
    {"id": "long" * 50, "word": "長" * 40 + "い", "reading": "なが" * 40 + "い"},
    {"id": "# % ? & = ; \" ' \\", "word": "𠮟る👩‍👩‍👧‍👦e\u0301\u0301\u0301", "reading": "しかる"},
    {"id": "__proto__", "word": "constructor", "reading": "こんすとらくたー", "level": "__proto__"},
]
#: 10,000 bytes without a place to break.
SENTENCE = "ながい" * 1111 + "。"


@pytest.fixture
def hostile(project: Project) -> Project:
    project.write("data/vocabulary.json", HOSTILE)
    project.write(
        f"data/reading {IMAGE.replace('/', '')}.json",
        [{"id": IMAGE, "text": f"{IMAGE}\n{SENTENCE}"}],
    )
    (project.folder / "tts-assets.toml").write_text('asset = "{kind}/{id}-{part}.{ext}"\n', "utf-8")
    # The longest takes a while with a real voice; what it sounds like does not matter here.
    done = project.generate()
    assert done.returncode == 0, done.stderr
    return project


def _look_everywhere(page: Visit, clips: int) -> None:
    """Go through all clips with their details, and to everything that shows data."""
    for _ in range(clips):
        page.press("j")
    page.press("?", "Escape")
    for name in ("level", "kind", "voice"):
        for choice in page.at(f'#filters input[name="{name}"]').all():
            if choice.is_visible():
                choice.check()
                choice.uncheck()
    page.press("/")
    page.at("#search").fill(IMAGE)
    page.press("Enter", "Space")
    page.page.wait_for_timeout(300)
    page.press("/")
    page.at("#search").fill("")
    page.press("Enter")


def _assert_only_shown(page: Visit) -> None:
    """No element came of data, and the texts are there as they are."""
    assert page.at("img, iframe, object, embed, [onerror]").count() == 0
    ours = page.page.evaluate(
        "[...document.scripts].filter(each => each.type !== 'application/json').length"
    )
    assert ours == 2
    assert (
        page.page.evaluate("({}).polluted === undefined && typeof ({}).constructor") == "function"
    )


@pytest.mark.parametrize("how", ["file", "server"])
def test_what_is_hostile_is_only_shown(
    visit: Callable[..., Visit], hostile: Project, screenshots: Path | None, how: str
) -> None:
    if how == "file":
        _visited(visit, exported(hostile, "review", *TONES), screenshots)
        return
    with served(hostile, *TONES) as address:
        _visited(visit, address, screenshots)


def _visited(visit: Callable[..., Visit], address: str, screenshots: Path | None) -> None:
    page = visit(address)
    clips = page.rows.count()
    assert clips >= len(HOSTILE) - 1
    page.at("#order").select_option("catalogue")
    _look_everywhere(page, clips)
    _assert_only_shown(page)
    picture(page, screenshots, "hostile")
    page.press("Home")
    asset = page.reject("1")
    expect_decided(page, asset, "rejected")
    if address.startswith("file:"):
        page.reload()
    expect(page.at("#progress")).to_have_attribute("aria-valuenow", "1")


def test_nothing_is_wider_than_a_phone(visit: Callable[..., Visit], hostile: Project) -> None:
    page = visit(exported(hostile, "review", *TONES), viewport={"width": 360, "height": 740})
    for _ in range(page.rows.count()):
        page.press("j")
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 360
    page.press("Enter")
    expect(page.at("#sheet")).to_be_visible()
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 360


#: Turns from left to right around, and does not turn back; the end of what it stands in would close the last mark only.
TURNED = "\u2067\u202e\u2067ab"
#: The texts of an element that do not stand behind the one before, as eyes go.
_MISPLACED = """place => {
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT), parts = [];
  while (walker.nextNode()) {
    if (walker.currentNode.parentElement.matches(".visually-hidden")) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const boxes = [...range.getClientRects()].filter(box => box.width > 0);
    if (boxes.length > 0) parts.push({ text: range.toString(), boxes });
  }
  const follows = (before, after) => {
    const top = Math.min(...after.map(box => box.top)), end = Math.max(...before.map(box => box.bottom));
    if (top > end - 4) return true;
    const last = before.filter(box => box.bottom > end - 4), first = after.filter(box => box.top < top + 4);
    return Math.min(...first.map(box => box.left)) >= Math.max(...last.map(box => box.right)) - 1;
  };
  return parts.slice(1).filter((part, index) => !follows(parts[index].boxes, part.boxes)).map(part => part.text);
}"""
#: Where each letter of an element with one text begins.
_LETTERS = """place => [...place.textContent].map((_, index) => {
  const range = document.createRange();
  range.setStart(place.firstChild, index);
  range.setEnd(place.firstChild, index + 1);
  return range.getBoundingClientRect().left;
})"""


def _turned(data: dict[str, Any]) -> None:
    for clip in data["clips"]:
        if clip["text"] == FLAGGED:
            clip |= {"voice": TURNED, "speed": 1.25}
            use = clip["uses"][0] | {"entry": TURNED}
            clip["uses"] = [use, use]
            at = "2026-01-01T00:00:00.000Z"
            clip["decision"] = {"decided": "rejected", "at": at, "by": TURNED, "reason": TURNED}


def test_a_text_that_turns_others_around_turns_only_itself(
    visit: Callable[..., Visit], page_file: str
) -> None:
    page = visit(altered(page_file, _turned))
    page.press("Home")
    row = page.row(page.asset)
    expect(row).to_contain_text("ab")
    letters = row.locator(".row-rest").evaluate(_LETTERS)
    assert letters == sorted(letters)
    places = [
        row,
        *page.at("#panel .decision-told, #panel .uses li, #panel .facts dd:has(> bdi)").all(),
    ]
    places += page.at("#filters label.choice").all()
    assert [found for place in places if (found := place.evaluate(_MISPLACED))] == []
