"""Where errors become exit codes: whatever the streams are, a code means what it says."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest
import typer

from tests.conftest import Project
from tts_assets.cli.error_boundary import handle_errors
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.config.settings import OutputFormat
from tts_assets.errors import UsageError

Command = Callable[[], ExitCode]
Told = pytest.CaptureFixture[str]


def _code(command: Command) -> int:
    with pytest.raises(typer.Exit) as ended:
        handle_errors(command)()
    return ended.value.exit_code


def _line() -> ExitCode:
    CommandOutput(OutputFormat.TEXT).print_line("x")
    return ExitCode.OK


def _table() -> ExitCode:
    CommandOutput(OutputFormat.TEXT).print_table(("a",), [("b",)])
    return ExitCode.OK


def _data() -> ExitCode:
    CommandOutput(OutputFormat.JSON).print_json([1])
    return ExitCode.OK


def _unflushed() -> ExitCode:
    sys.stdout.write("x")
    return ExitCode.FINDINGS


def _wrong() -> ExitCode:
    raise UsageError("it is wrong")


def _broken() -> ExitCode:
    raise ZeroDivisionError


@pytest.mark.parametrize("command", [_line, _table, _data, _unflushed])
def test_results_that_cannot_be_written_are_no_bug_but_4(
    command: Command, full: TextIO, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    monkeypatch.setattr(sys, "stdout", full)
    assert _code(command) == ExitCode.FATAL
    told = capsys.readouterr().err
    assert told.startswith("error: standard output cannot be written: No space left on device; ")
    assert told.count("\n") == 1


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_before_the_command_begins_has_its_own_code(project: Project, name: str) -> None:
    script = (
        "import os, runpy, signal, sys, threading\n"
        "start = threading.Thread.start\n"
        "def stop_at_once(thread):\n"
        f"    os.kill(os.getpid(), signal.{name})\n"
        "    start(thread)\n"
        "threading.Thread.start = stop_at_once\n"
        "sys.argv = ['tts-assets', 'schema', 'ledger']\n"
        "runpy.run_module('tts_assets', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", script],
        env=project.environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 128 + getattr(signal, name)
    assert done.stderr == b""


def test_an_interrupt_that_python_wraps_is_no_bug(capsys: Told) -> None:
    class _Interrupted:
        def __set_name__(self, owner: type, name: str) -> None:
            raise KeyboardInterrupt

    def define_a_class() -> ExitCode:
        # Python 3.11 wraps what the definition of a class raises in a RuntimeError.
        try:
            type("Late", (), {"field": _Interrupted()})
        except KeyboardInterrupt as exc:
            raise RuntimeError("as Python 3.11 does") from exc
        return ExitCode.OK

    assert _code(define_a_class) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("command", "code"), [(_line, 0), (_data, 0), (_wrong, 2), (_broken, 3)])
def test_streams_that_are_not_there_hear_nothing(
    command: Command, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert _code(command) == code


@pytest.mark.parametrize(("command", "code"), [(_wrong, 2), (_broken, 3)])
def test_an_error_that_nobody_reads_keeps_its_code(
    command: Command, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as errors:  # noqa: PTH123 - no path
        monkeypatch.setattr(sys, "stderr", errors)
        assert _code(command) == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device here")
def test_the_code_is_that_of_the_process(project: Project) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        told = subprocess.run(
            project.command("schema", "ledger"),
            env=project.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
        unheard = subprocess.run(
            project.command("schema", "x"), env=project.environment, stderr=full, check=False
        )
    assert (told.returncode, told.stderr.count(b"\n")) == (4, 1)
    assert unheard.returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device here")
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["status", "--help"], ["models"]])
def test_help_that_cannot_be_written_is_no_bug_but_4(project: Project, words: list[str]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            project.command(*words),
            env=project.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 4, done.stderr
    assert done.stderr.startswith("error: standard output cannot be written: No space left on ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [["speak", "--help"], ["explain", "--help"], ["図書館"]])
def test_help_is_shown_where_the_terminal_lacks_japanese(
    project: Project, words: list[str]
) -> None:
    done = subprocess.run(
        project.command(*words),
        env={**project.environment, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        text=True,
        encoding="latin-1",
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == (0 if "--help" in words else 2)
    assert "\\u" in done.stdout + done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="not every system limits memory")
@pytest.mark.parametrize("mebibytes", [22, 45])
def test_too_little_memory_to_start_is_exit_code_4_with_the_remedy(
    project: Project, mebibytes: int
) -> None:
    project.words("犬")
    limited = (
        f"import resource, runpy; resource.setrlimit(resource.RLIMIT_AS, ({mebibytes << 20},) * 2)\n"
        "runpy.run_module('tts_assets', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, "generate", "--provider", "tones"],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "there is not enough memory: close other programs" in done.stderr


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EMFILE])
def test_a_failure_of_the_disk_anywhere_is_exit_code_4_with_its_place(
    number: int, capsys: Told
) -> None:
    def fail() -> ExitCode:
        reason = OSError(number, os.strerror(number), "/usr/lib/entry_points.txt")
        raise ExceptionGroup("tasks", [reason])

    assert _code(fail) == ExitCode.FATAL
    told = capsys.readouterr().err
    assert told.startswith(f"error: /usr/lib/entry_points.txt: {os.strerror(number)}: ")
    assert "Traceback" not in told


@pytest.mark.parametrize(
    "words",
    [
        ("status", "--provider", "tones"),
        ("init", "x" * 300),
        ("speak", "--provider", "tones", "--output", "x" * 300, "犬"),
        ("review", "--export", "x" * 300),
    ],
    ids=lambda words: words[0],
)
def test_a_path_that_is_too_long_is_no_bug(project: Project, words: tuple[str, ...]) -> None:
    project.words("犬")
    if words[0] == "status":
        toml = f'[[source]]\nfiles = "{"*" * 2_000}.json"\nkind = "vocabulary"\n'
        (project.folder / "tts-assets.toml").write_text(toml)
    if words[0] == "review":
        project.generate()
        words = (*words, "--provider", "tones")
    done = project.run(*words)
    assert done.returncode == (4 if words[0] == "speak" else 2), done.stderr
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_a_path_that_may_not_be_used_anywhere_is_exit_code_2_with_its_name(capsys: Told) -> None:
    def fail() -> ExitCode:
        reason = PermissionError(errno.EACCES, os.strerror(errno.EACCES), "audio/page")
        raise ExceptionGroup("tasks", [reason])

    assert _code(fail) == ExitCode.USAGE
    told = capsys.readouterr().err
    assert told.startswith("error: 'audio/page' cannot be used: Permission denied: ")
