"""The commands `auth set|list|remove` and the option `--api-key-file`, as strangers type them."""

import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.test_extras import _Bare
from tests.conftest import Project

KEY = "sk_0123456789abcdef+/0123456789"
OTHER = "sk_fedcba9876543210+/9876543210"
CTRL_C, CTRL_D = b"\x03", b"\x04"
#: Makes the terminal the process's own, as a shell does: /dev/tty is it, and Ctrl-C comes from it.
_OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@dataclass
class AuthShell:
    """The command line with a keyring of its own and no key from outside."""

    project: Project
    ring: Path

    def __post_init__(self) -> None:
        for variable in ("ELEVENLABS_API_KEY", "OPENAI_API_KEY"):
            self.project.environment.pop(variable, None)
        self.project.environment |= {
            "PYTHON_KEYRING_BACKEND": "tests.keyrings.InFile",
            "TEST_KEYRING": str(self.ring),
            "COLUMNS": "250",
        }

    def __call__(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return _told(self.project.run("auth", *words, **environment))

    def pipe(
        self, typed: bytes, *words: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.project.command("auth", *words),
            cwd=self.project.folder,
            env=self.project.environment | environment,
            input=typed,
            capture_output=True,
            check=False,
            timeout=60,
        )
        out, errors = done.stdout.decode(), done.stderr.decode()
        return _told(subprocess.CompletedProcess(done.args, done.returncode, out, errors))

    def answer(self, typed: bytes, *words: str) -> tuple[int, str]:
        """The exit code and the screen of a run on a terminal, where somebody types."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", _OWN_TERMINAL, *self.project.command("auth", *words)],
            cwd=self.project.folder,
            env=self.project.environment | {"TERM": "dumb"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        screen = b""
        try:
            while piece := os.read(ours, 4096):
                screen += piece
                if typed and b"(not shown): " in screen:
                    os.write(ours, typed)
                    typed = b""
        except OSError:
            # How Linux says that nobody has the terminal open any more.
            pass
        os.close(ours)
        return process.wait(60), screen.decode()

    def store(self, key: str) -> None:
        """Put a key of openai into the keyring."""
        self.ring.write_text(json.dumps({"tts-assets/openai": key}))

    def stored(self) -> dict[str, str]:
        return dict(json.loads(self.ring.read_bytes())) if self.ring.exists() else {}

    def sources(self, *words: str, **environment: str) -> dict[str, str]:
        done = self("list", "--output-format", "json", *words, **environment)
        assert (done.returncode, done.stderr) == (0, "")
        return {row["provider"]: row["key from"] for row in json.loads(done.stdout)}


def _told(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """The same, once no key and no bug is in what it told."""
    assert [key for key in (KEY[:8], OTHER[:8]) if key in done.stdout + done.stderr] == []
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def shell(project: Project, tmp_path: Path) -> AuthShell:
    return AuthShell(project, tmp_path / "keyring.json")


def test_a_key_is_typed_on_a_terminal_that_does_not_show_it(shell: AuthShell) -> None:
    code, screen = shell.answer(f"{KEY}\n".encode(), "set", "elevenlabs")
    assert (code, KEY in screen, KEY[:8] in screen) == (0, False, False), screen
    assert "API key of elevenlabs (not shown): \r\n" in screen
    assert "elevenlabs: stored in the keyring" in screen
    assert shell.stored() == {"tts-assets/elevenlabs": KEY}


@pytest.mark.parametrize(
    ("typed", "code"),
    [(b"\n", 2), (b"sk_a b\n", 2), (b"sk_a\xff\n", 2), (CTRL_C, 130), (CTRL_D, 130)],
)
def test_who_types_no_key_stores_none(shell: AuthShell, typed: bytes, code: int) -> None:
    ended, screen = shell.answer(typed, "set", "elevenlabs")
    assert (ended, "Traceback" in screen, "sk_a" in screen) == (code, False, False), screen
    assert ("terminal: this API key cannot be used" in screen) == (code == 2)
    assert shell.stored() == {}


@pytest.mark.parametrize("typed", [KEY, f"\ufeff{KEY}\r\nuser: me\n"])
def test_a_piped_key_is_the_first_line(shell: AuthShell, typed: str) -> None:
    done = shell.pipe(typed.encode(), "set", "openai")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "openai: stored in the keyring (keyrings InFile)\n"
    assert shell.stored() == {"tts-assets/openai": KEY}


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        (b"", "it is empty"),
        (b"\n" + KEY.encode(), "it is empty"),
        (KEY.encode() * 100_000, "longer than 1,000 characters"),
    ],
)
def test_what_is_no_key_is_told_and_not_stored(shell: AuthShell, typed: bytes, fault: str) -> None:
    done = shell.pipe(typed, "set", "openai")
    assert (done.returncode, done.stdout, shell.stored()) == (2, "", {})
    assert "error: standard input: this API key cannot be used: " in done.stderr
    assert fault in done.stderr


def test_a_key_is_no_argument(shell: AuthShell) -> None:
    done = shell("set", "elevenlabs", KEY)
    assert (done.returncode, shell.stored()) == (2, {})
    assert "type tts-assets auth set elevenlabs alone, or pipe the key into it" in done.stderr


@pytest.mark.parametrize("command", ["set", "remove"])
def test_an_unknown_name_is_wrong_use_and_not_shown(shell: AuthShell, command: str) -> None:
    done = shell.pipe(KEY.encode(), command, OTHER)
    assert (done.returncode, done.stdout, shell.stored()) == (2, "", {})
    assert "one of elevenlabs, openai" in done.stderr


def test_a_stored_key_is_replaced_and_removed(shell: AuthShell) -> None:
    shell.store(OTHER)
    assert shell.pipe(KEY.encode(), "set", "openai").returncode == 0
    assert shell.stored() == {"tts-assets/openai": KEY}
    removed = [shell("remove", "openai") for _ in range(2)]
    assert [done.stdout for done in removed] == [
        "openai: removed from the keyring\n",
        "openai: the keyring had no key\n",
    ]
    assert [done.returncode for done in removed] == [0, 0]
    assert shell.stored() == {}


def test_list_tells_where_each_key_is_from(shell: AuthShell) -> None:
    shell.store(KEY)
    assert shell.sources() == {"elevenlabs": "none", "openai": "keyring"}
    given = {"OPENAI_API_KEY": OTHER, "ELEVENLABS_API_KEY": KEY}
    assert shell.sources(**given) == {
        "elevenlabs": "environment (ELEVENLABS_API_KEY)",
        "openai": "environment (OPENAI_API_KEY)",
    }
    (shell.project.folder / "other.toml").write_text('[elevenlabs]\napi-key-file = "key.txt"\n')
    (shell.project.folder / "key.txt").write_text(KEY)
    filed = shell.sources("--config", "other.toml", **given)
    assert filed == {
        "elevenlabs": "file (key.txt)",
        "openai": "environment (OPENAI_API_KEY)",
    }


def test_list_tells_what_to_do_where_there_is_no_keyring(shell: AuthShell) -> None:
    none = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    done = shell("list", OPENAI_API_KEY=f"{KEY} {KEY}", **none)
    assert (done.returncode, done.stderr) == (0, "")
    elevenlabs, openai = done.stdout.splitlines()[1:]
    assert elevenlabs.startswith("elevenlabs  none")
    assert openai.startswith("openai      none")
    assert "set ELEVENLABS_API_KEY or give --api-key-file FILE, or store it" in elevenlabs
    assert (
        "environment (OPENAI_API_KEY): this API key cannot be used: it contains a space" in openai
    )


def test_list_goes_on_with_a_locked_keyring(shell: AuthShell) -> None:
    locked = shell("list", PYTHON_KEYRING_BACKEND="tests.keyrings.Locked", OPENAI_API_KEY=KEY)
    assert (locked.returncode, locked.stderr) == (0, "")
    assert "the keyring cannot be read: it is locked" in locked.stdout
    assert "environment (OPENAI_API_KEY)" in locked.stdout


@pytest.mark.parametrize(
    ("backend", "told"),
    [
        ("keyring.backends.fail.Keyring", "this machine has no keyring that could store a key"),
        ("tests.keyrings.Talkative", "the keyring cannot be written: RuntimeError"),
        ("tests.nowhere.Keyring", "the keyring cannot be opened: ModuleNotFoundError"),
    ],
)
def test_a_keyring_that_refuses_ends_it(shell: AuthShell, backend: str, told: str) -> None:
    done = shell.pipe(KEY.encode(), "set", "openai", PYTHON_KEYRING_BACKEND=backend)
    assert (done.returncode, done.stdout) == (4, "")
    assert told in done.stderr


def test_without_the_extra_the_command_to_install_it_is_told(
    shell: AuthShell, project: Project, tmp_path: Path
) -> None:
    bare = AuthShell(_Bare(project, tmp_path / "packages"), shell.ring)
    done = bare.pipe(KEY.encode(), "set", "openai")
    assert (done.returncode, done.stdout) == (4, "")
    assert "setup keyring" in done.stderr
    assert bare.sources(OPENAI_API_KEY=KEY) == {
        "elevenlabs": "none",
        "openai": "environment (OPENAI_API_KEY)",
    }


@pytest.mark.parametrize("command", ["generate -n", "voices", "doctor"])
def test_a_path_may_be_given_and_a_key_may_not(shell: AuthShell, command: str) -> None:
    shell.project.words("犬")
    words = (*command.split(), "--provider", "tones")
    done = shell.project.run(*words, "--api-key-file", "key.txt")
    assert (done.returncode, "error" in done.stderr) == (0, False)
    refused = shell.project.run(*words, "--api-key", KEY)
    assert (refused.returncode, KEY in refused.stdout + refused.stderr) == (2, False)
    assert "--api-key-file" in refused.stderr


def test_a_key_in_the_configuration_ends_it_unseen(shell: AuthShell) -> None:
    (shell.project.folder / "tts-assets.toml").write_text(f'[elevenlabs]\napi-key = "{KEY}"\n')
    done = shell("list")
    assert (done.returncode, "put keys into ELEVENLABS_API_KEY" in done.stderr) == (2, True)


def test_help_loads_no_keyring(shell: AuthShell) -> None:
    script = (
        "import sys\n"
        "from tts_assets.__main__ import main\n"
        "sys.argv[1:] = ['auth', 'set', '--help']\n"
        "try:\n    main()\n"
        "finally:\n    print('LOADED', 'keyring' in sys.modules, 'getpass' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=shell.project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "without echo" in done.stdout
    assert "LOADED False" in done.stdout
