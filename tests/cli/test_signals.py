"""Signals to real commands: the first finishes what is open, the second ends the process at once."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import Project
from tests.simulator.running import Simulator, running
from tests.simulator.scenario import Scenario, voice_id

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
#: A machine with much to do is slow; without the answer to signals these runs take minutes.
SOON_SECONDS = 10.0


def _until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def _rests(simulator: Simulator) -> bool:
    """Whether no request arrives for a while: all calls rest."""
    before = len(simulator.requests())
    time.sleep(0.5)
    return before > 0 and len(simulator.requests()) == before


def _started(
    project: Project, *words: str, **environment: str
) -> AbstractContextManager[subprocess.Popen[str]]:
    return _open_process(project, project.command(*words), project.environment | environment)


@contextmanager
def _open_process(
    project: Project, command: list[str], environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command,
        cwd=project.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[str, str, float]:
    """Send a signal; what the process wrote, and the seconds until it ended."""
    begun = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=SOON_SECONDS)
    return out, err, time.monotonic() - begun


#: Runs a command in a session whose terminal is its standard input.
IN_A_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
SERVICES = {
    "elevenlabs": ("--provider", "hasty", "--voice", voice_id(1)),
    "openai": ("--provider", "openai", "--voice", "alloy"),
}


def environment_of(simulator: Simulator) -> dict[str, str]:
    return {
        "ELEVENLABS_API_KEY": "sk_simulator",
        "OPENAI_API_KEY": "sk-simulator",
        "TTS_ASSETS_ELEVENLABS_BASE_URL": simulator.url,
        "TTS_ASSETS_OPENAI_BASE_URL": f"{simulator.url}/v1",
        "TTS_ASSETS_REMOTE_RATE_PER_SECOND": "1000",
    }


@pytest.mark.parametrize(
    ("service", "status", "number"),
    [
        ("elevenlabs", 429, signal.SIGINT),
        ("openai", 503, signal.SIGTERM),
        ("elevenlabs", 503, signal.SIGHUP),
    ],
)
def test_a_run_at_a_service_that_refuses_ends_with_the_urls_of_finished_clips(
    project: Project, service: str, status: int, number: signal.Signals
) -> None:
    words = ("generate", *SERVICES[service], "--output-format", "jsonl", "--progress", "lines")
    project.words("犬", "猫", "鳥")
    with running(Scenario(retry_after="300")) as simulator:
        environment = environment_of(simulator)
        done = project.run(*words, **environment)
        assert done.returncode == 0, done.stderr
        project.words("犬", "猫", "鳥", *(f"{count}番線" for count in range(11, 31)))
        refusal = {"busy": 1.0} if status == 429 else {"faults": [{"kind": "error_503"}]}
        simulator.change(**refusal)
        before = len(simulator.requests())
        with _started(project, *words, **environment) as process:
            _until(lambda: len(simulator.requests()) > before and _rests(simulator))
            asked = len(simulator.requests())
            out, err, seconds = _end(process, number)
        assert (process.returncode, seconds < SOON_SECONDS) == (CODES[number], True), err
        assert len(simulator.requests()) == asked
    *events, report = (json.loads(line) for line in out.splitlines())
    assert (report["stopped"], report["failed"], report["made"]) == (True, [], 0)
    # One event for many refusals, as it is sent at most every ten seconds.
    waits = [event for event in events if event["event"] == "service-wait"]
    assert 1 <= len(waits) <= 3
    assert str(status) in waits[0]["reason"]
    assert (waits[0]["seconds"], waits[0]["requests"]) == (300, 1)
    assert "1 request waits for the service, the latest for 300 s: the " in err
    assert [url is not None for url in project.urls()] == [True] * 3 + [False] * 20


def test_speak_keeps_finished_segments_when_it_is_stopped(project: Project) -> None:
    text = "".join(f"{count}番線の電車が静かな駅を出て行きました。" for count in range(11, 15))
    words = ("speak", text, "--provider", "hasty", "--voice", voice_id(1), "-o", "out.mp3")
    with running(Scenario(retry_after="300")) as simulator:
        simulator.change(faults=[{"kind": "error_503", "marker": "14番線"}])
        environment = environment_of(simulator)
        with _started(project, *words, **environment) as process:
            _until(lambda: simulator.state()["outcomes"].get("error_503", 0) > 0)
            _until(lambda: len([*project.folder.rglob("*.segment")]) == 3)
            asked = len(simulator.requests())
            _, err, _ = _end(process, signal.SIGTERM)
        assert (process.returncode, "run the same command again" in err) == (143, True), err
        assert len(simulator.requests()) == asked
        simulator.change(faults=[])
        done = project.run(*words, **environment)
        assert done.returncode == 0, done.stderr
        assert simulator.state()["outcomes"]["speech"] == 4
    assert (project.folder / "out.mp3").stat().st_size > 0


def test_a_run_that_fails_too_often_waits_for_no_retry(project: Project) -> None:
    project.words("犬", *(f"{count}番線" for count in range(11, 31)))
    faults = [{"kind": "unprocessable", "marker": "犬"}, {"kind": "error_503"}]
    with running(Scenario(retry_after="300")) as simulator:
        simulator.change(faults=faults, latency_seconds=0.2)
        done = project.run(
            *("generate", *SERVICES["elevenlabs"], "-x", "--output-format", "json"),
            **environment_of(simulator),
        )
    report = json.loads(done.stdout)
    assert (done.returncode, [each["text"] for each in report["failed"]]) == (1, ["犬"])
    assert report["seconds"] < 60


def test_a_terminal_that_closes_leaves_the_urls(project: Project) -> None:
    project.words("犬", *[f"遅い{count}" for count in range(50)])
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, *project.command("generate", "-p", "tones")],
        cwd=project.folder,
        env=project.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    _until(lambda: bool([*project.folder.glob("audio/vocabulary/*.mp3")]))
    os.close(ours)
    assert process.wait(SOON_SECONDS) == 129
    assert any(project.urls())


def test_nohup_keeps_sighup_ignored(project: Project) -> None:
    project.words(*[f"遅い{count}" for count in range(4)])
    process = subprocess.Popen(
        ["nohup", *project.command("generate", "-p", "tones", "-j", "1", "--progress", "none")],
        cwd=project.folder,
        env=project.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _until(lambda: bool([*project.folder.glob("audio/vocabulary/*.mp3")]))
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "generated 4 clips" in out) == (0, True), err


def test_the_second_signal_ends_a_run_whose_thread_is_stuck(project: Project) -> None:
    """A thread that reads a FIFO without a writer never returns."""
    project.words("犬")
    os.mkfifo(project.folder / "stuck")
    script = (
        "import sys, threading, anyio, anyio.to_thread\n"
        "from tts_assets.cli.error_boundary import handle_errors\n"
        "from tts_assets.cli.exit_code import run_until_signal\n"
        "def read():\n"
        "    print('reading', flush=True)\n"
        "    open('stuck', 'rb').read()\n"
        "async def work():\n"
        "    await anyio.to_thread.run_sync(read)\n"
        "show = lambda: print('summary', flush=True)\n"
        "handle_errors(lambda: run_until_signal(work, show_summary=show))()\n"
    )
    with _python(project, script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        out, err, seconds = _end(process, signal.SIGINT)
    assert (process.returncode, out) == (143, "summary\n"), err
    assert seconds < SOON_SECONDS


def test_the_second_signal_ends_a_command_whose_main_thread_is_in_a_native_call(
    project: Project,
) -> None:
    """Python runs no handler then."""
    script = (
        "import ctypes\n"
        "from tts_assets.cli.error_boundary import handle_errors\n"
        "def command():\n"
        "    mutex, libc = ctypes.create_string_buffer(64), ctypes.CDLL(None)\n"
        "    libc.pthread_mutex_lock(mutex)\n"
        "    print('inside', flush=True)\n"
        "    libc.pthread_mutex_lock(mutex)\n"
        "handle_errors(command)()\n"
    )
    with _python(project, script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "inside\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None
        _, err, seconds = _end(process, signal.SIGINT)
    assert (process.returncode, seconds < SOON_SECONDS) == (130, True), err


@pytest.mark.parametrize("number", CODES)
def test_the_first_signal_ends_a_command_that_reads_without_an_event_loop(
    project: Project, number: signal.Signals
) -> None:
    os.mkfifo(project.folder / "stuck")
    script = (
        "from tts_assets.cli.error_boundary import handle_errors\n"
        "def command():\n"
        "    print('reading', flush=True)\n"
        "    open('stuck', 'rb').read()\n"
        "handle_errors(command)()\n"
    )
    with _python(project, script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        _, err, _ = _end(process, number)
    assert (process.returncode, err) == (CODES[number], "")


def test_a_signal_that_does_not_interrupt_the_main_thread_ends_its_read_all_the_same(
    project: Project,
) -> None:
    """As one that arrives right before the read, or that the system hands to another thread."""
    script = (
        "import os, signal, sys, threading, time\n"
        "from tts_assets.cli.error_boundary import handle_errors\n"
        "def interrupt():\n"
        "    time.sleep(0.3)\n"
        "    signal.pthread_kill(threading.get_ident(), signal.SIGINT)\n"
        "def command():\n"
        "    threading.Thread(target=interrupt).start()\n"
        "    os.read(os.pipe()[0], 1)\n"
        "handle_errors(command)()\n"
    )
    with _python(project, script) as process:
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")


def _python(project: Project, script: str) -> AbstractContextManager[subprocess.Popen[str]]:
    return _open_process(project, [*project.command()[:1], "-c", script], project.environment)


def test_the_second_signal_leaves_no_child_that_is_stuck(
    project: Project, engine_log: Path
) -> None:
    project.environment["TEST_ENGINE_LOG"] = str(engine_log)
    # The first holds the interpreter's lock of the engine's process; the second starts a process.
    project.words("犬", "子", "固まる")
    with _started(project, "generate", "-p", "tones", "-j", "2", "--progress", "none") as process:
        _until(lambda: engine_log.exists() and "固まる" in engine_log.read_text())
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        out, err, seconds = _end(process, signal.SIGINT)
    assert (process.returncode, seconds < SOON_SECONDS) == (130, True), err
    assert "stopped   run the same command again" in out
    _until(lambda: not any(child.is_running() and child.status() != "zombie" for child in children))


def test_two_signals_at_once_count_as_one(project: Project) -> None:
    """As GNU timeout and closing terminals send it."""
    project.words("犬", *[f"遅い{count}" for count in range(50)])
    with _started(project, "generate", "-p", "tones", "-j", "2", "--progress", "none") as process:
        _until(lambda: bool([*project.folder.glob("audio/vocabulary/*.mp3")]))
        # Both wait for it, so they arrive together.
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=SOON_SECONDS)
    assert process.returncode in (129, 143), err
    assert "URLs      0 written" not in out
