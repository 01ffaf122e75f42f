"""The one tree of errors, split by what the caller can do about them.

::

    TtsAssetsError
    ├── UsageError           the command, an option or the configuration is wrong: correct it, run again
    ├── InputError           a catalogue or one entry of it cannot be used: correct the named line
    ├── ClipError            one clip failed: the others continue
    │   ├── ClipTimeoutError     it timed out
    │   └── EngineCrashError     the engine's process died while it generated this clip alone
    ├── FatalError           no more clips can be generated: disk full, ledger unwritable
    │   └── EngineNotReadyError  the engine lacks a package, a model, a key or a server
    └── StoppedError         the run stopped before it sent this request: run again
"""

import difflib
import errno
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

_MAX_VALUE_LENGTH = 80  #: characters of a value that a message shows


def show_value(value: object) -> str:
    """Any value from a file as shown in messages: short, and on one line."""
    try:
        shown = repr(value)
    except ValueError:
        # Python converts no integer of more than 4,300 digits to text.
        return "a number with too many digits to show"
    except RecursionError:
        return "a value nested too deeply to show"
    return truncate_text(shown, _MAX_VALUE_LENGTH)


def truncate_text(text: str, most: int) -> str:
    """A text truncated to ``most`` characters, the last of which is an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def format_count(count: int, noun: str, plural: str | None = None) -> str:
    """Format a count with its noun; ``plural`` if that is not the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def suggest_names(
    name: str,
    names: Iterable[str],
    *,
    most: int = 1,
    show: Callable[[str], str] = str,
    others: str | None = None,
) -> str:
    """Suggest the names nearest to an unknown one, or list all names.

    Args:
        name: the unknown name.
        names: all names.
        most: the maximum number of suggestions.
        show: formats a name for the message.
        others: the text to use if no name is near; None for the list of all names.
    """
    names_by_fold = {each.casefold(): each for each in names}
    typed = name[:200].casefold()
    near = difflib.get_close_matches(typed, names_by_fold, n=most)
    if near := near or [each for each in names_by_fold if typed and each.startswith(typed)][:1]:
        return f"did you mean {' or '.join(show(names_by_fold[each]) for each in near)}?"
    return (
        f"there are: {', '.join(map(show, names_by_fold.values()))}" if others is None else others
    )


def suggest(name: str, names: Iterable[str]) -> str:
    """``; did you mean X?`` with the name nearest to a mistyped one; empty if none is near."""
    hint = suggest_names(name, names, others="")
    return f"; {hint}" if hint else ""


def format_command(*words: str) -> str:
    """A tts-assets command for the user to run, which begins as this process was started."""
    program = Path(sys.argv[0])
    if program.stem != "tts-assets":
        return shlex.join([sys.executable, "-m", "tts_assets", *words])
    path_on_search_path = shutil.which(program.stem)
    is_on_path = path_on_search_path is not None and os.path.realpath(
        path_on_search_path
    ) == os.path.realpath(program)
    return shlex.join([program.stem if is_on_path else str(program), *words])


#: The message if memory or threads run out.
OUT_OF_MEMORY = (
    "there is not enough memory: close other programs, raise the limit of this process "
    "(`ulimit -v`, `ulimit -u`, or that of its container), or lower --concurrency"
)
_NO_MEMORY = re.compile(
    "failed to map segment|annot allocate memory|can't start new thread|raised unreported exception"
)

#: Failures of the disk or of the system, independent of the path.
_SYSTEM_FAILURES = frozenset(
    getattr(errno, name)
    for name in ("EIO", "ENOSPC", "EDQUOT", "EROFS", "EMFILE", "ENFILE", "ESTALE")
    if hasattr(errno, name)
)

#: Failures of a path: its name, its links or its permissions are wrong.
_PATH_FAILURES = frozenset(
    getattr(errno, name)
    for name in ("EACCES", "EPERM", "ENAMETOOLONG", "ELOOP", "ENOTDIR")
    if hasattr(errno, name)
)


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one of its causes, reports that memory or threads ran out."""
    while error is not None:
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            return True
        if isinstance(error, ImportError | RuntimeError | SystemError) and _NO_MEMORY.search(
            str(error)
        ):
            return True
        if isinstance(error, BaseExceptionGroup):
            return any(map(is_out_of_memory, error.exceptions))
        error = error.__cause__ or error.__context__
    return False


def find_system_failure(error: BaseException | None) -> OSError | None:
    """The failure of the disk or of the system among an error and its causes; None if there is none."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _SYSTEM_FAILURES:
            return error
        if isinstance(error, BaseExceptionGroup):
            failures = filter(None, map(find_system_failure, error.exceptions))
            return next(failures, None)
        error = error.__cause__ or error.__context__
    return None


def find_path_failure(error: BaseException | None) -> OSError | None:
    """The error itself, or one of its group, if it reports an unusable path; otherwise None."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(find_path_failure, error.exceptions)), None)
    if isinstance(error, OSError) and error.errno in _PATH_FAILURES and error.filename:
        return error
    return None


class TtsAssetsError(Exception):
    """The base class of all errors that this package raises on purpose."""


class UsageError(TtsAssetsError):
    """The command, an option or the configuration is wrong."""


class ClipError(TtsAssetsError):
    """One clip failed; the others continue."""


class ClipTimeoutError(ClipError):
    """One clip timed out."""


class EngineCrashError(ClipError):
    """The engine's process died while it generated this clip and no other."""


class FatalError(TtsAssetsError):
    """The run can generate no more clips; finished ones are kept."""


#: Engines that the command ``setup`` supports.
SETUP_ENGINES = ("kokoro", "piper", "voicevox", "elevenlabs", "openai")


class EngineNotReadyError(FatalError):
    """The engine of a run lacks a package, a model, a key or a server."""

    def __init__(self, provider: str, problem: str) -> None:
        """Create the error from the engine's name and its problem; the message lists the next steps."""
        steps = (format_command("setup", provider), "run this command again")
        lines = "".join(f"\n  {number}. {step}" for number, step in enumerate(steps, 1))
        lines = lines if provider in SETUP_ENGINES else ""
        super().__init__(f"{provider} is not ready: {problem}{lines}")
        self.provider = provider


class StoppedError(TtsAssetsError):
    """The run stopped before it sent this request; nothing is wrong with its clip."""


class InputError(TtsAssetsError):
    """A catalogue, or one entry of it, that cannot be used."""

    def __init__(
        self, message: str, *, file: str, entry: str | None = None, line: int | None = None
    ) -> None:
        """Create the error from a message and its location.

        Args:
            message: the problem and its remedy.
            file: the catalogue's path as given.
            entry: the entry's id, or its position such as ``entry 3`` if it has none.
            line: 1-based line in the file; None if unknown.
        """
        super().__init__(message, file, entry, line)
        self.message = message
        self.file = file
        self.entry = entry
        self.line = line

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        who = "" if self.entry is None else f"{self.entry}: "
        return f"{place}: {who}{self.message}"
