"""The one tree of errors, split by what the caller can do about them.

::

    TtsAssetsError
    ├── UsageError           the command, an option or the configuration is wrong: mend it, run again
    ├── InputError           a catalogue or one entry of it cannot be used: mend the named line
    ├── ClipError            one clip could not be made: the others go on
    │   ├── ClipTimeoutError     it was not ready within its time limit, and was stopped
    │   └── EngineCrashError     the engine's process died while it spoke this clip alone
    ├── FatalError           nothing more can be made: disk full, ledger unwritable
    │   └── EngineNotReadyError  the engine lacks a package, a model, a key or a server
    └── StoppedError         the run stopped before it sent this: run again
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

#: How many characters of a value a message shows.
_SHOWN = 80


def show_value(value: object) -> str:
    """A value from a file as messages show it: on one line, short, and whatever the value is."""
    try:
        shown = repr(value)
    except ValueError:
        # Python converts no integer of more than 4,300 digits to text.
        return "a number with too many digits to show"
    except RecursionError:
        return "a value nested too deeply to show"
    return truncate_text(shown, _SHOWN)


def truncate_text(text: str, most: int) -> str:
    """A text, cut to a number of characters with an ellipsis as the last."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def suggest_names(
    name: str,
    names: Iterable[str],
    *,
    most: int = 1,
    show: Callable[[str], str] = str,
    others: str | None = None,
) -> str:
    """Ask for the names nearest to an unknown one, or list what there is.

    Args:
        name: the unknown name.
        names: all names.
        most: how many of them are suggested.
        show: how messages write a name.
        others: used where none is near; None for the list of all names.
    """
    every = {each.casefold(): each for each in names}
    typed = name[:200].casefold()
    near = difflib.get_close_matches(typed, every, n=most)
    if near := near or [each for each in every if typed and each.startswith(typed)][:1]:
        return f"did you mean {' or '.join(show(every[each]) for each in near)}?"
    return f"there are: {', '.join(map(show, every.values()))}" if others is None else others


def suggest(name: str, names: Iterable[str]) -> str:
    """``; did you mean X?`` for the name that is nearest to a mistyped one; empty where none is near."""
    hint = suggest_names(name, names, others="")
    return f"; {hint}" if hint else ""


def format_command(*words: str) -> str:
    """A command of tts-assets that works where it is typed: it begins as this process was started."""
    program = Path(sys.argv[0])
    if program.stem != "tts-assets":
        return shlex.join([sys.executable, "-m", "tts_assets", *words])
    found = shutil.which(program.stem)
    is_on_path = found is not None and os.path.realpath(found) == os.path.realpath(program)
    return shlex.join([program.stem if is_on_path else str(program), *words])


#: What to do where memory, or the number of threads, is too small.
OUT_OF_MEMORY = (
    "there is not enough memory: close other programs, raise the limit of this process "
    "(`ulimit -v`, `ulimit -u`, or that of its container), or lower --concurrency"
)
_NO_MEMORY = re.compile(
    "failed to map segment|annot allocate memory|can't start new thread|raised unreported exception"
)

#: The disk or the system failed, whatever was asked of it.
_SYSTEM_FAILURES = frozenset(
    getattr(errno, name)
    for name in ("EIO", "ENOSPC", "EDQUOT", "EROFS", "EMFILE", "ENFILE", "ESTALE")
    if hasattr(errno, name)
)

#: A path cannot be used as it is: its name, its links or its permissions are wrong.
_PATH_FAILURES = frozenset(
    getattr(errno, name)
    for name in ("EACCES", "EPERM", "ENAMETOOLONG", "ELOOP", "ENOTDIR")
    if hasattr(errno, name)
)


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one behind it, says that the system gives no more memory or threads."""
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
    """The error of a disk or of the system among an error and those behind it."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _SYSTEM_FAILURES:
            return error
        if isinstance(error, BaseExceptionGroup):
            found = filter(None, map(find_system_failure, error.exceptions))
            return next(found, None)
        error = error.__cause__ or error.__context__
    return None


def find_path_failure(error: BaseException | None) -> OSError | None:
    """The error of a path that cannot be used, if it is the error itself or one of its group."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(find_path_failure, error.exceptions)), None)
    if isinstance(error, OSError) and error.errno in _PATH_FAILURES and error.filename:
        return error
    return None


class TtsAssetsError(Exception):
    """Anything this package raises on purpose."""


class UsageError(TtsAssetsError):
    """The command, an option or the configuration is wrong."""


class ClipError(TtsAssetsError):
    """One clip could not be made; the others go on."""


class ClipTimeoutError(ClipError):
    """One clip was not ready within its time limit and was stopped."""


class EngineCrashError(ClipError):
    """The engine's process died while it spoke this clip and no other."""


class FatalError(TtsAssetsError):
    """Nothing more can be made in this run; what is done is kept."""


#: Engines for which the command ``setup`` can do something.
SETUP_ENGINES = ("kokoro", "piper", "voicevox", "elevenlabs", "openai")


class EngineNotReadyError(FatalError):
    """The engine of a run lacks a package, a model, a key or a server."""

    def __init__(self, provider: str, problem: str) -> None:
        """Say what is missing, and the steps that add it."""
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
        """Say what is wrong and where.

        Args:
            message: what was found and what to do about it.
            file: the catalogue's path as the user gave it.
            entry: the entry's id, or its position such as ``entry 3`` when it has none.
            line: 1-based line in the file, when known.
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
