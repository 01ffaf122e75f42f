"""What tests share: the folder of the project, engines in reach of child processes, backends."""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from tests.fork_server import ForkServer
from tts_assets.config.keys import ENVIRONMENT

ROOT = Path(__file__).parent.parent
#: Started by the first run of the command line; one for each worker.
_SERVERS: list[ForkServer] = []
#: Of the server: that of the first test to need it may have what no other has.
_ENVIRONMENT: dict[str, str] = {}


def pytest_configure() -> None:
    """What spares time, before anything is imported, and in every process that a test starts."""
    # Of this process alone: imports and the collection of tests create little garbage to search for.
    gc.disable()
    # Their arrays are small: threads that wait for large ones take a fifth of a run's time.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    # Hundreds of them start: they need not compile the same modules each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Plans of test projects are not remembered for the user.
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="tts-assets-tests-")
    # To read all certificates for each client takes longer than most tests.
    os.environ.pop("SSL_CERT_FILE", None)
    os.environ["SSL_CERT_DIR"] = str(ROOT / "tests")
    # `nohup` ignores it, and so would all commands that tests start; a handler ends with this process.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)


def pytest_collection_finish() -> None:
    """Note the environment when all modules are imported, which some of them change; freeze these."""
    _ENVIRONMENT.update(os.environ)
    # Collections need not traverse the tests themselves.
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_xdist_auto_num_workers() -> int | None:
    """Two more workers than there are cores, as much of a run's time is waiting.

    For limits of time, for processes that start and end, for answers of services. With two cores, the run
    takes 265 to 290 s with four workers.
    """
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    affinity = getattr(os, "sched_getaffinity", None)
    return 2 + (os.cpu_count() or 1 if affinity is None else len(affinity(0)))


def pytest_unconfigure() -> None:
    while _SERVERS:
        _SERVERS.pop().close()


@pytest.fixture(autouse=True)
def _engines_in_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Child processes find the tests' engines, and no settings from outside."""
    for name in list(os.environ):
        if name.startswith("TTS_ASSETS_"):
            monkeypatch.delenv(name)
    # Nobody's own keys get into tests, nor does a test reach anybody's keyring.
    for name in ENVIRONMENT.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Everything asynchronous runs on both."""
    return str(request.param)


@pytest.fixture
def engine_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the tone engine writes what it was asked to say."""
    path = tmp_path / "spoken.log"
    monkeypatch.setenv("TEST_ENGINE_LOG", str(path))
    return path


class Project:
    """A stranger's project in a folder of its own, driven through the real command line."""

    def __init__(self, folder: Path, plug_ins: Path) -> None:
        self.folder = folder
        self.environment = {
            **{
                key: value for key, value in os.environ.items() if not key.startswith("TTS_ASSETS_")
            },
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(plug_ins)]),
            "PYTHONWARNINGS": "error",
        }

    def write(self, file: str, entries: object) -> Path:
        """A catalogue, as most people write JSON."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        return path

    def words(self, *words: str) -> Path:
        """A vocabulary with these words."""
        return self.write(
            "data/vocabulary.json",
            [{"id": number, "word": word} for number, word in enumerate(words, 1)],
        )

    def read(self, file: str = "data/vocabulary.json") -> Any:
        return json.loads((self.folder / file).read_bytes())

    def urls(self) -> list[str | None]:
        return [entry.get("audioUrl") for entry in self.read()]

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "tts_assets", *words]

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command to its end, as a process of its own."""
        command, whole = self.command(*words), self.environment | environment
        if not _SERVERS:
            _SERVERS.append(ForkServer(_ENVIRONMENT))
        if _SERVERS[0].fits(command, whole):
            return _SERVERS[0].run(command, self.folder, whole, timeout_s=100.0)
        return subprocess.run(
            command,
            cwd=self.folder,
            env=whole,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=100,
        )

    def generate(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """``generate`` with the tone engine."""
        return self.run("generate", "--provider", "tones", *words, **environment)

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command("generate", "--provider", "tones", *words),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def assets(self) -> dict[str, bytes]:
        """Every file of the output folder, by its path."""
        root = self.folder / "audio"
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project that has the tests' engines as plug-ins."""
    return plugged_in(tmp_path)


def plugged_in(place: Path) -> Project:
    """An empty project in a place of its own, with the tests' engines as plug-ins."""
    plug_ins = place / "plug-ins"
    info = plug_ins / "test_engines-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: test-engines\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[tts_assets.providers]\n"
        "tones = tests.plugin_engines:Tones\n"
        "paid = tests.plugin_engines:Paid\n"
        "hasty = tests.hasty:hasty\n"
        "broken = tests.plugin_engines:missing\n"
    )
    folder = place / "project"
    folder.mkdir()
    return Project(folder, plug_ins)


@pytest.fixture
def full() -> Iterator[TextIO]:
    """A stream on a disk that has no room."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no such device here")
    stream = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - closing it fails
    yield stream
    # What is still to be written goes nowhere, when the file is closed.
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
    stream.close()
