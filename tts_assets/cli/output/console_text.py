"""Escapes text for terminals, workflow logs and JSON, and prints lines to the two streams."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager, suppress
from operator import attrgetter
from typing import IO, TYPE_CHECKING, Any, cast

from tts_assets.config.settings import Progress
from tts_assets.errors import FatalError, truncate_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


def format_megabytes(size: int | None) -> str:
    """Format a size in decimal megabytes, as servers and disk vendors do."""
    return "size unknown" if size is None else f"{size / 1e6:,.1f} MB"


#: Control characters and bidirectional marks, which can rewrite a screen; and the prefix of older
#: GitHub workflow commands, which the runner obeys anywhere in a line.
_UNSAFE_PATTERN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    r"|#(?=#\[)"
)

#: The prefix of current workflow commands, which the runner obeys at the beginning of a line or after spaces.
_COMMAND_PATTERN = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_UNSAFE_JSON_PATTERN = re.compile(
    r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|#(?=#\[)"
)


def escape_unsafe(text: str) -> str:
    """Escape everything in a text that could act on a terminal or a workflow."""
    escaped = _UNSAFE_PATTERN.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
    return _COMMAND_PATTERN.sub(r"\1\\u003a", escaped) if "::" in escaped else escaped


def escape_json_text(document: str) -> str:
    """Escape unsafe characters in a JSON document, without changing its meaning."""
    return _UNSAFE_JSON_PATTERN.sub(lambda match: f"\\u{ord(match.group()):04x}", document)


def to_one_line(text: str) -> str:
    """A text on one line, safe to show."""
    return escape_unsafe(" ".join(text.split()))


def shorten_text(text: str, most: int = 40) -> str:
    """The beginning of a text on one line, safe to show."""
    line = " ".join(text.split())
    return escape_unsafe(truncate_text(line, most))


def to_json_document(value: Any) -> str:
    """Nested data as a JSON document that ends with a line feed."""
    return escape_json_text(json.dumps(to_encodable(value), ensure_ascii=False, indent=2)) + "\n"


def to_json_line(value: Any) -> str:
    """Nested data as one line of JSON Lines."""
    return escape_json_text(json.dumps(to_encodable(value), ensure_ascii=False)) + "\n"


def to_encodable(value: Any) -> Any:
    """Replace lone surrogates in nested data; the JSON escapes handle the rest."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {to_encodable(key): to_encodable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_encodable(each) for each in value]
    return value


#: The keys of fields with another name in documents.
KEYS = {
    "failures": "failed",
    "approved": "decisions",
    "recognized": "heard",
    "ungenerated": "unmade",
}

#: What a document has of some classes, in order: paths of attributes, whose last names are the
#: keys, or names of changes. A clip becomes keys of the document that has it.
_PATHS = {
    "AssetResult": "asset ours text clips findings advice",
    "Clip": "file kind entry part form.text form.reading form.accent",
    "ClipFailed": "job.recipe job.clips reason attempt seconds counts",
    "ClipMade": "job.recipe job.assets job.clips seconds audio_seconds said findings counts",
    "ClipName": "file line kind entry part",
    "ClipPlan": "clip line state reason changes recipe asset url held",
    "Doubt": "clip said pitch pronunciation.basis pronunciation.accent_basis "
    "pronunciation.doubt pronunciation.near",
    "Failure": "clip line reason",
    "Finding": "rule measured limit message",
    "Flawed": "clip findings",
    "InputError": "file line entry message",
    "Migrated": "dry_run moves report.moved unmoved report.urls_to_write report.urls_written "
    "report.urls_missed deleted spared left report.catalogues report.problems report.notes fatal",
    "Pruned": "orphans bytes deleted freed spared forgotten may_delete catalogues problems notes "
    "fatal",
    "SegmentMade": "job.recipe segment segments seconds counts",
    "SlowestClip": "clip line seconds audio_seconds",
    "SoundDecision": "asset sha256 decided at by reason",
    "Started": "jobs workers states",
    "Transcript": "file seconds language recognizer model chunks failed problem text segments",
    "TranscriptGap": "begin end text inaudible reason",
    "Unspoken": "file kind entry part reason",
    "Utterance": "begin end text confidence inaudible words",
}


def to_plain_data(source: Any, **changes: Any) -> dict[str, Any]:
    """The fields of an object under their document keys; times to the millisecond.

    Args:
        source: an object from whose class a document type is derived.
        changes: values that replace those of fields, and values of additional keys, which come
            last.
    """
    name = type(source).__name__
    paths = _PATHS[name].split() if name in _PATHS else _list_fields(source)
    plain: dict[str, Any] = {}
    for path in dict.fromkeys((*paths, *changes)):
        key = path.rpartition(".")[2]
        value = changes[key] if key in changes else _to_plain(key, attrgetter(path)(source))
        plain |= value if path == "clip" else {KEYS.get(key, key): value}
    return plain


def _list_fields(source: Any) -> list[str]:
    """The names of the fields of a named tuple or a dataclass; empty for other objects."""
    return list(getattr(source, "_fields", getattr(source, "__dataclass_fields__", ())))


def _to_plain(name: str, value: Any) -> Any:
    if isinstance(value, float) and name.endswith("seconds"):
        return round(value, 3)
    if type(value).__name__ in _PATHS or _list_fields(value):
        return to_plain_data(value)
    return [_to_plain(name, each) for each in value] if isinstance(value, tuple) else value


# The two streams: results, which must be written, and messages, which may be lost.


@contextmanager
def require_stdout() -> Iterator[None]:
    """Raise an error if the block cannot write to standard output.

    Raises:
        BrokenPipeError: the reader closed the pipe.
        FatalError: standard output cannot be written.
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
    """Write data for programs, in UTF-8 regardless of the terminal's encoding.

    Raises:
        OSError: standard output cannot be written.
        ValueError: standard output is closed.
    """
    if sys.stdout is not None:
        # Flush earlier text first, to keep the order.
        sys.stdout.flush()
        sys.stdout.buffer.write(data.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()


def is_plain_stream(stream: IO[str] | None) -> bool:
    """Whether rich would write plain lines to a standard stream: it takes long to import."""
    forced = {"FORCE_COLOR", "TTY_COMPATIBLE"} & os.environ.keys()
    return stream is not None and not forced and not stream.isatty()


def open_safe_stderr() -> IO[str]:
    """Standard error as a stream that ignores write errors."""
    return cast("IO[str]", _SafeStderr())


#: Styles of the first word of a message on a terminal.
_STYLES = {"error": "bold red", "failed": "bold red", "warning": "bold yellow", "note": "bold cyan"}


def open_error_console() -> Console:
    """A console on standard error."""
    from rich.console import Console  # noqa: PLC0415 - heavy, and few commands need it

    return Console(file=open_safe_stderr(), emoji=False)


def print_message(console: Console, message: str) -> None:
    """Print an escaped line; on a terminal, colour it and wrap it at spaces."""
    from rich.text import Text  # noqa: PLC0415 - see above

    line = escape_unsafe(message)
    text = Text(_wrap_at_blanks(line, console.width) if console.is_terminal else line)
    first = line.partition(":")[0]
    if first in _STYLES:
        text.stylize(_STYLES[first], 0, len(first) + 1)
    console.print(text, soft_wrap=True)


def _wrap_at_blanks(text: str, columns: int) -> str:
    """Wrap text at spaces to this many columns; paths stay whole, so they can be copied."""
    from rich.cells import cell_len  # noqa: PLC0415 - see above

    lines = []
    for line in text.split("\n"):
        current = ""
        for word in re.findall(r" *[^ ]+", line):
            if current and cell_len(current + word) > columns:
                lines.append(current)
                word = word.lstrip()  # noqa: PLW2901 - the word begins a line
                current = ""
            current += word
        lines.append(current)
    return "\n".join(lines)


class _SafeStderr:
    """The part of the stream interface that a console needs; it ignores write errors."""

    @property
    def encoding(self) -> str:
        return getattr(sys.stderr, "encoding", None) or "utf-8"

    def fileno(self) -> int:
        return sys.stderr.fileno()

    def isatty(self) -> bool:
        # A closed stream is no terminal.
        with suppress(ValueError):
            return sys.stderr is not None and sys.stderr.isatty()
        return False

    def write(self, text: str) -> int:
        if sys.stderr is not None:
            # The stream may be full, closed, or a pipe without a reader.
            with suppress(OSError, ValueError):
                sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.flush()


# Progress lines.


#: The message while a command waits for another run.
WAITING_MESSAGE = "another run is using {}: waiting for it to end"


def resolve_progress(progress: Progress, console: Console) -> Progress:
    """Resolve ``auto`` to a bar on a terminal, else to lines."""
    if progress is not Progress.AUTO:
        return progress
    return Progress.BAR if console.is_terminal else Progress.LINES


class LinePrinter:
    """Prints escaped lines on a console."""

    def __init__(self, console: Console) -> None:
        """Print on this console."""
        self._console = console
        self._last_line = ""

    def print_line(self, text: str) -> None:
        """Print a line."""
        print_message(self._console, text)

    def print_once(self, text: str) -> None:
        """Print a line, unless the last call printed the same."""
        if text != self._last_line:
            self._last_line = text
            self.print_line(text)
