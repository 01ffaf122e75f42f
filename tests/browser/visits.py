"""A page that somebody has open: what they press and see, and all that a page must not do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import ConsoleMessage, Dialog, Page, Request

#: How long anything that a page does may take, in seconds; a clip of a second is played in it, too.
PATIENCE_SECONDS = 30.0
expect.set_options(timeout=PATIENCE_SECONDS * 1000)
#: What pages make themselves.
_OWN = ("data:", "blob:")


class Visit:
    """One tab with the review page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        #: Errors, violations of the policy, dialogs, and requests for what is none of ours.
        self.wrong: list[str] = []
        self._base = ""
        page.set_default_timeout(PATIENCE_SECONDS * 1000)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("dialog", self._asked)
        page.on("request", self._wanted)

    def open(self, address: str) -> Visit:
        """Open it, and wait until keys work."""
        self._base = address.partition("#")[0].rpartition("/")[0] + "/"
        self.page.goto(address)
        return self.ready()

    def reload(self) -> Visit:
        self.page.reload()
        return self.ready()

    def ready(self) -> Visit:
        expect(self.page.locator("html")).to_have_attribute("data-ready", "true")
        return self

    def at(self, selector: str) -> Locator:
        return self.page.locator(selector)

    @property
    def rows(self) -> Locator:
        """Those that are in the document: what is seen, and a few more."""
        return self.at("#list [role=option]")

    def row(self, asset: str) -> Locator:
        return self.at(f'#list [role=option][data-asset="{asset}"]')

    @property
    def asset(self) -> str:
        """That of the selected row."""
        found = self.at("#list [role=option][aria-selected=true]").get_attribute("data-asset")
        assert found is not None
        return found

    @property
    def shown(self) -> str:
        return self.at("#shown").inner_text()

    def texts(self) -> list[str]:
        return self.at("#list [role=option] .row-text").all_inner_texts()

    def press(self, *keys: str) -> Visit:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something holds, while the browser tells what happens."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < end, "it did not come to that in time"
            self.page.wait_for_timeout(20)

    def hear(self) -> Visit:
        """Play the selected clip to its end, with the space key, unless it plays already."""
        if not self.plays:
            self.press("Space")
        self.until(lambda: self.may_approve and not self.plays)
        return self

    @property
    def heard(self) -> int:
        """How much of the selected clip was heard, in percent."""
        return int(self.at("#heard").get_attribute("data-heard") or 0)

    @property
    def plays(self) -> bool:
        """Whether a sound is playing, by what is seen of it."""
        return self.at("#play").get_attribute("data-playing") == "true"

    @property
    def may_approve(self) -> bool:
        """Whether enough of the selected clip was heard, by what is seen of it."""
        return self.at("#approve").get_attribute("data-early") == "false"

    def approve(self) -> str:
        """Hear and approve the selected clip; its asset."""
        asset = self.asset
        self.hear().press("a")
        expect_decided(self, asset, "approved")
        return asset

    def reject(self, digit: str = "1") -> str:
        """Hear and reject it, for one of the quick reasons; its asset."""
        asset = self.asset
        self.hear().press("r", digit)
        expect_decided(self, asset, "rejected")
        return asset

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.wrong.append(f"console: {message.text}")

    def _asked(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            self.wrong.append(f"dialog: {dialog.message}")
        dialog.accept()

    def _wanted(self, request: Request) -> None:
        if not request.url.startswith((self._base, *_OWN)):
            self.wrong.append(f"request: {request.url}")


def expect_decided(visit: Visit, asset: str, state: str) -> None:
    """Wait until a clip that is seen is marked as decided so."""
    expect(visit.row(asset)).to_have_attribute("data-decided", state)


def serious(page: Visit) -> list[str]:
    """What axe finds that is serious, and where."""
    from axe_playwright_python.sync_playwright import Axe

    before = list(page.wrong)
    found = Axe().run(page.page).response["violations"]
    # What it tries with styles is against the policy of the page, which knows nothing of it.
    page.wrong[:] = before
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary']}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


def picture(visit: Visit, folder: Path | None, name: str) -> None:
    """Keep a picture of what is seen, for people to look at."""
    if folder is not None:
        visit.page.screenshot(path=folder / f"{name}.png")
