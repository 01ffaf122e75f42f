"""Text from catalogues made safe for terminals, workflow logs and JSON; lines printed to streams."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, cast

from tts_assets.config.settings import Progress
from tts_assets.errors import FatalError, truncate_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


def format_megabytes(size: int | None) -> str:
    """A size for people; decimal, as servers and disks are counted."""
    return "size unknown" if size is None else f"{size / 1e6:,.1f} MB"


#: Control characters, and marks that turn the direction of text: both can rewrite a screen. And
#: how older commands of a GitHub workflow begin: the runner obeys them anywhere in a line.
_UNSAFE_PATTERN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    r"|#(?=#\[)"
)

#: How its commands begin now: the runner obeys them at the beginning of a line, or behind spaces.
_COMMAND_PATTERN = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_UNSAFE_JSON_PATTERN = re.compile(
    r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|#(?=#\[)"
)


def escape_unsafe(text: str) -> str:
    """The text with all that could act on a terminal or a workflow shown as an escape instead."""
    shown = _UNSAFE_PATTERN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
    return _COMMAND_PATTERN.sub(r"\1\\u003a", shown) if "::" in shown else shown


def escape_json_text(document: str) -> str:
    """A JSON document in which such characters are written as escapes, which mean the same."""
    return _UNSAFE_JSON_PATTERN.sub(lambda found: f"\\u{ord(found.group()):04x}", document)


def to_one_line(text: str) -> str:
    """A text on one line, safe to show."""
    return escape_unsafe(" ".join(text.split()))


def shorten_text(text: str, most: int = 40) -> str:
    """The beginning of a text on one line, safe to show."""
    line = " ".join(text.split())
    return escape_unsafe(truncate_text(line, most))


def format_count(count: int, noun: str, plural: str | None = None) -> str:
    """How many there are of something; ``plural`` where that is not the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def to_json_document(value: Any) -> str:
    """Nested data as a JSON document with its line feed."""
    return escape_json_text(json.dumps(to_encodable(value), ensure_ascii=False, indent=2)) + "\n"


def to_json_line(value: Any) -> str:
    """Nested data as one line of JSON Lines."""
    return escape_json_text(json.dumps(to_encodable(value), ensure_ascii=False)) + "\n"


def to_encodable(value: Any) -> Any:
    """Nested data with every text in it safe to show; for JSON, where escapes do the rest."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {to_encodable(key): to_encodable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_encodable(each) for each in value]
    return value


#: The keys of fields that are called otherwise in documents.
KEYS = {"failures": "failed", "approved": "decisions"}


def to_plain_data(source: Any, **changes: Any) -> dict[str, Any]:
    """The fields of an object by the keys that documents use for them; times to the millisecond.

    Args:
        source: a dataclass or a named tuple, of which the types of documents are derived.
        changes: the values of fields that documents have in another form, and of keys that the
            object has no field for; these come last.
    """
    names = getattr(source, "_fields", None) or source.__dataclass_fields__
    plain = {name: _to_plain(name, getattr(source, name)) for name in names if name not in changes}
    return {
        KEYS.get(name, name): (changes | plain)[name] for name in dict.fromkeys((*names, *changes))
    }


def _to_plain(name: str, value: Any) -> Any:
    if isinstance(value, float) and name.endswith("seconds"):
        return round(value, 3)
    if hasattr(value, "_fields") or hasattr(value, "__dataclass_fields__"):
        return to_plain_data(value)
    return [_to_plain(name, each) for each in value] if isinstance(value, tuple) else value


# The two streams of a command: results, which have to arrive, and words that nobody has to read.


@contextmanager
def require_stdout() -> Iterator[None]:
    """Whatever is written to standard output in here has to arrive there.

    Raises:
        BrokenPipeError: nobody reads it any more.
        FatalError: it cannot be written.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise FatalError(
            f"standard output cannot be written: {exc.strerror}; free some space or "
            "redirect it, then run the command again"
        ) from exc


def write_stdout(data: str) -> None:
    """Write data for programs, which are UTF-8 whatever the terminal takes.

    Raises:
        OSError: they cannot be written.
        ValueError: standard output is closed.
    """
    if sys.stdout is not None:
        # What was written before comes first.
        sys.stdout.flush()
        sys.stdout.buffer.write(data.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()


def open_safe_stderr() -> IO[str]:
    """Standard error; that nobody hears what is said there stops nothing."""
    return cast("IO[str]", _SafeStderr())


#: How the first word of a message is shown on a terminal.
_STYLES = {"error": "bold red", "failed": "bold red", "warning": "bold yellow", "note": "bold cyan"}


def open_error_console() -> Console:
    """A console on standard error."""
    from rich.console import Console  # noqa: PLC0415 - heavy, and needed by few commands

    return Console(file=open_safe_stderr(), emoji=False)


def print_message(console: Console, words: str) -> None:
    """A line that cannot act on the terminal; there it is coloured, and wrapped at blanks."""
    from rich.text import Text  # noqa: PLC0415 - see above

    words = escape_unsafe(words)
    text = Text(_wrap_at_blanks(words, console.width) if console.is_terminal else words)
    first = words.partition(":")[0]
    if first in _STYLES:
        text.stylize(_STYLES[first], 0, len(first) + 1)
    console.print(text, soft_wrap=True)


def _wrap_at_blanks(words: str, columns: int) -> str:
    """Lines of at most so many columns; paths and commands stay whole, to be copied."""
    from rich.cells import cell_len  # noqa: PLC0415 - see above

    lines = []
    for line in words.split("\n"):
        current = ""
        for word in re.findall(r" *[^ ]+", line):
            if current and cell_len(current + word) > columns:
                lines.append(current)
                word = word.lstrip()  # noqa: PLW2901 - it begins a line
                current = ""
            current += word
        lines.append(current)
    return "\n".join(lines)


class _SafeStderr:
    """As much of a stream as a console needs; what cannot be written is left out."""

    @property
    def encoding(self) -> str:
        return getattr(sys.stderr, "encoding", None) or "utf-8"

    def fileno(self) -> int:
        return sys.stderr.fileno()

    def isatty(self) -> bool:
        return sys.stderr is not None and sys.stderr.isatty()

    def write(self, text: str) -> int:
        if sys.stderr is not None:
            # It may be full, closed, or a pipe that nobody reads.
            with suppress(OSError, ValueError):
                sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.flush()


# Lines about what happens, told on a console; what is told again and again only once.


#: That one waits, and where.
WAITING_MESSAGE = "another run is at work in {}: waiting for it to end"


def resolve_progress(wanted: Progress, console: Console) -> Progress:
    """The wanted way to show progress; for auto a bar on a terminal, else lines."""
    if wanted is not Progress.AUTO:
        return wanted
    return Progress.BAR if console.is_terminal else Progress.LINES


class LinePrinter:
    """Writes lines that cannot act on the terminal."""

    def __init__(self, console: Console) -> None:
        """Write to this console."""
        self._console = console
        self._told = ""

    def print_line(self, words: str) -> None:
        """A line."""
        print_message(self._console, words)

    def print_once(self, words: str) -> None:
        """A line, unless it was the last one told here."""
        if words != self._told:
            self._told = words
            self.print_line(words)
