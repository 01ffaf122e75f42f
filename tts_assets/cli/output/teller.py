"""Lines about what happens, told on a console; what is told again and again only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.cli.output.text import safe
from tts_assets.config.model import Progress

if TYPE_CHECKING:
    from rich.console import Console


#: That one waits, and where.
WAITING = "another run is at work in {}: waiting for it to end"


def resolved(wanted: Progress, console: Console) -> Progress:
    """The wanted way to show progress; for auto a bar on a terminal, else lines."""
    if wanted is not Progress.AUTO:
        return wanted
    return Progress.BAR if console.is_terminal else Progress.LINES


class Teller:
    """Writes lines that cannot act on the terminal."""

    def __init__(self, console: Console) -> None:
        """Write to this console."""
        self._console = console
        self._told = ""

    def say(self, words: str) -> None:
        """A line."""
        self._console.print(safe(words), markup=False, highlight=False, soft_wrap=True)

    def once(self, words: str) -> None:
        """A line, unless it was the last one told here."""
        if words != self._told:
            self._told = words
            self.say(words)
