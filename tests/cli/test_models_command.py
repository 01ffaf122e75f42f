"""The commands `models list|fetch|path|remove`, as strangers type them."""

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.engines.models.served_models import CONFIGURATION, CONTENT, Act, ModelServer

VOICE = "en_US-lessac-medium"
CTRL_C, CTRL_D = b"\x03", b"\x04"
FILES = (f"piper/{VOICE}.onnx", f"piper/{VOICE}.onnx.json")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A mirror with one voice."""
    with ModelServer().running() as running:
        running.add(f"/{FILES[0]}")
        running.add(f"/{FILES[1]}", content=CONFIGURATION)
        yield running


@dataclass
class ModelsShell:
    """The command line with a store and a mirror of its own, and no proxy between."""

    project: Project
    server: ModelServer
    folder: Path

    def __post_init__(self) -> None:
        self.project.environment |= {
            "NO_PROXY": "127.0.0.1",
            "TTS_ASSETS_MODELS_FOLDER": str(self.folder),
            "TTS_ASSETS_MODELS_MIRROR": self.server.url,
        }
        self.project.environment.pop("CI", None)

    def __call__(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.project.run("models", *words, **environment)

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.project.command("models", *words),
            cwd=self.project.folder,
            env=self.project.environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def answer(self, typed: bytes, *words: str, **environment: str) -> tuple[int, str]:
        """The exit code and the screen of a run on a terminal, where somebody types."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            self.project.command("models", *words),
            cwd=self.project.folder,
            env=self.project.environment | {"TERM": "dumb"} | environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        screen = b""
        try:
            while piece := os.read(ours, 4096):
                screen += piece
                if typed and b"Download? [Y/n]: " in screen:
                    if typed == CTRL_C:
                        # What a terminal makes of it; this one has nobody in front.
                        process.send_signal(signal.SIGINT)
                        # Should the signal come just before it reads, it would read on.
                        typed = b"\n"
                    os.write(ours, typed)
                    typed = b""
        except OSError:
            # How Linux says that nobody has the terminal open any more.
            pass
        os.close(ours)
        return process.wait(60), screen.decode()

    def here(self) -> list[str]:
        """The files of the store."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.folder).as_posix() for path in found)


@pytest.fixture
def shell(project: Project, server: ModelServer, tmp_path: Path) -> ModelsShell:
    return ModelsShell(project, server, tmp_path / "store")


def test_everything_known_is_listed_with_its_licence(shell: ModelsShell) -> None:
    done = shell("list")
    assert (done.returncode, done.stderr) == (0, "")
    (kokoro,) = (line for line in done.stdout.splitlines() if "kokoro-v1.0 " in line)
    assert kokoro.split() == ["kokoro-v1.0", "not", "here", "325.5", "MB", "Apache-2.0"]
    (piper,) = (line for line in done.stdout.splitlines() if "ja_JP-hi_fi_captain-medium " in line)
    assert piper.endswith("NOT FOR COMMERCIAL USE")
    assert f"from {shell.server.url}/kokoro\n" in done.stdout
    assert not shell.folder.exists()


def test_a_mirror_that_cannot_be_is_told_and_the_list_is_given(shell: ModelsShell) -> None:
    done = shell("list", TTS_ASSETS_MODELS_MIRROR="https://user:se?cret@host")
    assert (done.returncode, "models.mirror is not an address" in done.stderr) == (0, True)
    assert "kokoro-v1.0 " in done.stdout
    assert "cret" not in done.stdout + done.stderr


def test_a_proxy_that_cannot_be_is_told(shell: ModelsShell) -> None:
    done = shell("fetch", VOICE, "--yes", ALL_PROXY="socks5://user:secret@127.0.0.1:1")
    assert (done.returncode, done.stderr.count("ALL_PROXY")) == (4, 1), done.stderr
    assert "secret" not in done.stderr


def test_a_folder_needs_no_utf_8_name(shell: ModelsShell) -> None:
    shell.folder = shell.folder.with_name(os.fsdecode(b"caf\xe9"))
    shell.project.environment["TTS_ASSETS_MODELS_FOLDER"] = str(shell.folder)
    done = shell("fetch", VOICE, "--yes")
    assert (done.returncode, shell("path", VOICE).returncode) == (0, 0), done.stderr


def test_programs_get_a_list(shell: ModelsShell) -> None:
    shell("fetch", VOICE, "--yes")
    (shell.folder / "kokoro").mkdir()
    (shell.folder / "kokoro/kokoro-v1.0.onnx").write_bytes(b"short")
    rows = {
        row["model"]: row for row in json.loads(shell("list", "--output-format", "json").stdout)
    }
    assert rows[VOICE]["state"] == "here"
    assert rows["kokoro-v1.0"]["state"] == "damaged size"
    assert rows["kokoro-v1.0"]["bytes"] == 325_505_369
    assert rows["kokoro-voices-v1.0"]["state"] == "not here"
    assert {row["provider"] for row in rows.values()} == {"kokoro", "piper"}


def test_where_nothing_is_said_it_comes_from_its_publishers(shell: ModelsShell) -> None:
    del shell.project.environment["TTS_ASSETS_MODELS_MIRROR"]
    done = shell("list")
    assert "from https://github.com/thewh1teagle/kokoro-onnx/releases/download/" in done.stdout
    assert "from https://huggingface.co/rhasspy/piper-voices/resolve/" in done.stdout


def test_size_source_and_licence_come_before_a_download(shell: ModelsShell) -> None:
    done = shell("fetch", VOICE, "--yes")
    assert done.returncode == 0, done.stderr
    told, _, downloads = done.stderr.partition(f"{FILES[0]}: ")
    assert f"{VOICE}: 0.5 MB, Piper voice lessac" in told
    assert f"from     {shell.server.url}/piper\n" in told
    assert "MODEL_CARD" in told
    assert "100%: 0.5 MB of 0.5 MB" in downloads
    assert [(shell.folder / file).stat().st_size for file in FILES] == [
        len(CONTENT),
        len(CONFIGURATION),
    ]
    assert done.stdout.splitlines() == [f"{file}: fetched: {shell.folder / file}" for file in FILES]


def test_the_first_sum_is_told_and_later_ones_have_to_match(shell: ModelsShell) -> None:
    done = shell("fetch", VOICE, "--yes")
    assert done.stderr.count("was recorded on this first download, in") == 2
    assert shell("remove", VOICE).stdout == f"{VOICE}: removed, 0.5 MB freed\n"
    shell.server.add(f"/{FILES[0]}", content=CONTENT[::-1])
    again = shell("fetch", VOICE, "--yes")
    assert (again.returncode, again.stderr.count("SHA-256")) == (4, 1)
    assert set(shell.here()) == {
        f"{FILES[0]}.rejected",
        f"{FILES[0]}.sha256",
        f"{FILES[1]}.sha256",
    }
    assert shell("path", VOICE).returncode == 1


def test_where_nobody_can_be_asked_the_command_is_told(shell: ModelsShell) -> None:
    words = ["fetch", VOICE, "--progress", "none"]
    done = shell(*words)
    assert (done.returncode, done.stdout, shell.server.all_asked) == (2, "", [])
    assert f"{VOICE}: size unknown" in done.stderr
    command = shlex.split(done.stderr.rpartition("without consent; type: ")[2])
    assert command == [sys.executable, "-m", "tts_assets", "models", *words, "--yes"]
    assert shell(*command[4:]).returncode == 0
    assert shell(*words).returncode == 0
    assert len(shell.server.asked) == 2


def test_the_told_command_has_no_password(shell: ModelsShell) -> None:
    done = shell("fetch", VOICE, "--mirror", "https://user:secret@example.invalid/x")
    assert "--mirror MIRROR --yes" in done.stderr
    assert "secret" not in done.stderr


def test_on_a_terminal_it_is_asked_for(shell: ModelsShell) -> None:
    code, screen = shell.answer(b"\n", "fetch", VOICE)
    assert (code, "MODEL_CARD" in screen.partition("Download?")[0]) == (0, True), screen
    assert set(FILES) < set(shell.here())


@pytest.mark.parametrize(("typed", "code"), [(b"n\n", 2), (CTRL_C, 130), (CTRL_D, 130)])
def test_who_says_no_or_ends_it_gets_nothing(shell: ModelsShell, typed: bytes, code: int) -> None:
    ended, screen = shell.answer(typed, "fetch", VOICE)
    assert (ended, "Traceback" in screen) == (code, False), screen
    assert ("nothing was downloaded" in screen) == (code == 2)
    assert (shell.server.asked, shell.here()) == ([], [])


def test_a_build_machine_is_not_asked(shell: ModelsShell) -> None:
    code, screen = shell.answer(b"", "fetch", VOICE, CI="true")
    assert (code, "fetch en_US-lessac-medium --yes" in " ".join(screen.split())) == (2, True)
    assert shell.server.all_asked == []
    assert shell("fetch", VOICE, "--yes", CI="true").returncode == 0


def test_a_group_is_what_an_engine_needs(shell: ModelsShell) -> None:
    done = shell("fetch", "kokoro")
    assert done.returncode == 2
    assert "kokoro-v1.0: 325.5 MB" in done.stderr
    assert "kokoro-voices-v1.0: 28.2 MB" in done.stderr
    assert "NOT FOR COMMERCIAL USE" in shell("fetch", "piper").stderr


def test_a_mirror_with_another_file_is_told(shell: ModelsShell) -> None:
    shell.server.add("/kokoro/kokoro-v1.0.onnx")
    done = shell("fetch", "kokoro", "--yes")
    assert (done.returncode, "512,000 bytes and not 325,505,369" in done.stderr) == (4, True)
    assert shell.here() == []


def test_a_voice_that_is_nowhere_is_told_before_a_question(shell: ModelsShell) -> None:
    code, screen = shell.answer(b"\n", "fetch", "xx_XX-none-low")
    assert (code, "Download?" in screen) == (4, False)
    assert "responds with 404: there is no such file" in " ".join(screen.split())


@pytest.mark.parametrize(
    ("command", "name"),
    [("fetch", "\x1b[2J"), ("path", "-v1.0"), ("remove", "../../etc/passwd")],
)
def test_an_unknown_name_is_wrong_use(shell: ModelsShell, command: str, name: str) -> None:
    done = shell(command, "--", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no model" in done.stderr
    assert "\x1b" not in done.stderr


def test_offline_the_place_is_told(shell: ModelsShell) -> None:
    done = shell("fetch", VOICE, "--yes", TTS_ASSETS_MODELS_OFFLINE="true")
    assert (done.returncode, shell.server.all_asked) == (2, [])
    for file, content in zip(FILES, (CONTENT, CONFIGURATION), strict=True):
        assert f"{shell.server.url}/{file} to {shell.folder / file}" in done.stderr
        (shell.folder / file).parent.mkdir(parents=True, exist_ok=True)
        (shell.folder / file).write_bytes(content)
    done = shell("fetch", VOICE, TTS_ASSETS_MODELS_OFFLINE="true")
    assert (done.returncode, done.stdout.count("here already")) == (0, 2)


def test_a_path_is_one_for_a_shell(shell: ModelsShell) -> None:
    path = str(shell.folder / FILES[0])
    before = [shell("path", VOICE), shell("path")]
    assert [done.stdout for done in before] == [f"{path}\n", f"{shell.folder}\n"]
    assert [done.returncode for done in before] == [1, 0]
    shell("fetch", VOICE, "--yes")
    after = [shell("path", VOICE), shell("path")]
    assert [done.stdout for done in after] == [done.stdout for done in before]
    assert [done.returncode for done in after] == [0, 0]
    assert len(shell("path", "kokoro").stdout.splitlines()) == 2


def test_two_runs_at_once_fetch_once(shell: ModelsShell) -> None:
    shell.server.add(f"/{FILES[0]}", Act(hold=1_000))
    with shell.start("fetch", VOICE, "--yes") as first:
        assert shell.server.held.wait(60)
        with shell.start("fetch", VOICE, "--yes") as second:
            assert second.stderr is not None
            assert any("waiting for it" in line for line in second.stderr)
            shell.server.release()
            outputs = (first.communicate()[0], second.communicate()[0])
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(shell.server.asked) == 2
    assert (outputs[0].count("fetched"), outputs[1].count("here already")) == (2, 2)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_keeps_what_is_here(shell: ModelsShell, number: signal.Signals, code: int) -> None:
    shell.server.add(f"/{FILES[0]}", Act(hold=1_000))
    with shell.start("fetch", VOICE, "--yes") as process:
        assert shell.server.held.wait(60)
        process.send_signal(number)
        _, errors = process.communicate()
    assert (process.returncode, "Traceback" in errors) == (code, False), errors
    shell.server.release()
    assert shell("fetch", VOICE, "--yes").returncode == 0
    assert set(FILES) < set(shell.here())


def test_a_full_disk_ends_the_run(shell: ModelsShell) -> None:
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{limited} from tts_assets.__main__ import main; main()",
            "models",
            "fetch",
            VOICE,
            "--yes",
        ],
        env=shell.project.environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, "cannot write" in done.stderr) == (4, True), done.stderr
    assert (shell.folder / f"{FILES[0]}.part").stat().st_size == 1_000


def test_progress_is_a_bar_or_nothing(shell: ModelsShell) -> None:
    bar = shell("fetch", VOICE, "--yes", "--progress", "bar", FORCE_COLOR="1", COLUMNS="150")
    assert "0.5 MB of 0.5 MB" in bar.stderr
    assert "\x1b[" in bar.stderr
    shell("remove", VOICE)
    quiet = shell("fetch", VOICE, "--yes", "--progress", "none")
    assert (quiet.returncode, "%" in quiet.stderr) == (0, False)
