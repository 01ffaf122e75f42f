"""Where Chromium is, how it is started, and the address of a page that a process serves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playwright.sync_api import Browser

#: What to do where there is no Chromium.
MISSING = (
    "there is no Chromium here: `apt-get install -y chromium fonts-noto-cjk`, or "
    "`playwright install chromium`, or name one in CHROMIUM"
)
_NAMES = ("chromium", "google-chrome", "chromium-browser", "chrome")
_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
_LAST_SECONDS = 20


class NoChromiumError(Exception):
    """There is no Chromium here; the message says what to do."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium: the one that CHROMIUM names, one on the PATH, or playwright's own.

    Raises:
        NoChromiumError: there is none.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = _found(playwright.chromium.executable_path)
        if path is None:
            raise NoChromiumError(MISSING)
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


def _found(own: str) -> str | None:
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    on_path = (shutil.which(name) for name in _NAMES)
    return next((path for path in on_path if path), own if Path(own).exists() else None)


@contextmanager
def serving(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Serve a page from a process of its own, and end it as a person does; the page's address."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().rpartition(" ")[2].strip()
        assert address.startswith("http://127.0.0.1:"), process.communicate(timeout=_LAST_SECONDS)
        yield address
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=_LAST_SECONDS) == 0
    finally:
        process.kill()
        process.communicate()
