"""Clips made by the workers of a Dask cluster: the same files, and messages when parts of it fail."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Project, plugged_in
from tests.dask_processes import DaskProcesses, run_dask
from tests.simulator.running import running
from tests.simulator.scenario import voice_id
from tests.store.bucket_server import BUCKET, KEYS, serve_bucket
from tts_assets.store.ledger_line import encode_replacement

WORDS = tuple(f"{number}番線" for number in range(1, 41))
DIALOGUE = [
    {"id": 1, "text": "男：今日はとても暖かい一日ですね。\n女：そうですね、散歩に行きましょう。"}
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, DaskProcesses]]:
    """A scheduler with two workers, and a project with their engines."""
    place = tmp_path_factory.mktemp("cluster")
    first = plugged_in(place)
    log = {"TEST_ENGINE_LOG": str(place / "spoken.log"), **KEYS}
    environment = first.environment | log
    environment.pop("SSL_CERT_DIR", None)
    with run_dask(place / "dask", environment, workers=2) as cluster:
        yield first, cluster


@pytest.fixture
def dask(shared: tuple[Project, DaskProcesses], project: Project) -> DaskProcesses:
    project.environment["PYTHONPATH"] = shared[0].environment["PYTHONPATH"]
    project.environment["PYTHONWARNINGS"] = "ignore"
    return shared[1]


def spoken(dask: DaskProcesses) -> list[str]:
    """What the engines of all workers were asked to say, and clear that."""
    log = Path(dask.environment["TEST_ENGINE_LOG"])
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def files(project: Project) -> dict[str, bytes]:
    """Assets, ledger and catalogues."""
    data = project.folder / "data"
    return project.assets() | {path.name: path.read_bytes() for path in data.iterdir()}


def test_a_cluster_makes_the_files_of_one_machine(
    project: Project, dask: DaskProcesses, tmp_path: Path
) -> None:
    alone = plugged_in(tmp_path / "alone")
    for each in (alone, project):
        each.words(*WORDS[:8], "失敗", "眠る", "墜落", "虫")
        each.write("data/listening.json", DIALOGUE)
    spoken(dask)
    on_one = alone.generate("--timeout", "2")
    on_many = project.generate("--timeout", "2", "--cluster", dask.address)
    assert (on_one.returncode, on_many.returncode) == (1, 1), on_many.stderr + on_many.stdout
    assert files(project) == files(alone)
    failures = {line for line in on_one.stderr.splitlines() if "failed:" in line}
    assert len(failures) == 4
    assert {line for line in on_many.stderr.splitlines() if "failed:" in line} == failures
    assert " 2 at a time" in on_many.stdout
    said = spoken(dask)
    assert set(WORDS[:8]) <= set(said)
    assert len([text for text in said if text in WORDS]) == 8


def test_workers_write_into_the_bucket_themselves(
    project: Project, dask: DaskProcesses, tmp_path: Path
) -> None:
    with serve_bucket() as server:
        alone = plugged_in(tmp_path / "alone")
        for each, prefix in ((alone, "alone"), (project, "cluster")):
            each.words(*WORDS[:4], "失敗")
            each.write("data/listening.json", DIALOGUE)
            each.environment |= {**KEYS, "TTS_ASSETS_BUCKET_ENDPOINT": server.endpoint}
            each.environment.pop("SSL_CERT_DIR", None)
            each.environment["TTS_ASSETS_OUTPUT"] = f"s3://{BUCKET}/{prefix}"
            each.environment["PYTHONWARNINGS"] = "ignore"
        assert alone.generate().returncode == 1
        done = project.generate("--cluster", dask.address)
        assert done.returncode == 1, done.stderr
        found = server.objects()
        assets = {key.partition("/")[2]: data for key, data in found.items() if key[0] == "c"}
        assert assets == {
            key.partition("/")[2]: data for key, data in found.items() if key[0] == "a"
        }
        assert len(assets) > 5
        ledgers = [each.folder / ".tts-assets" / "ledger.jsonl" for each in (alone, project)]
        assert ledgers[0].read_bytes() == ledgers[1].read_bytes()
        assert (project.folder / "data" / "vocabulary.json").read_bytes() == (
            alone.folder / "data" / "vocabulary.json"
        ).read_bytes()
        sounds = [asset for asset in assets if asset.endswith(".mp3")]
        # Objects that no line followed, as a killed run leaves them, are made again.
        ledgers[1].write_bytes(b"".join(map(encode_replacement, sounds)))
        again = project.generate("--cluster", dask.address)
        assert "generated 5 clips" in again.stdout
        assert ledgers[0].read_bytes() == ledgers[1].read_bytes()


def test_workers_with_another_engine_are_refused(project: Project, dask: DaskProcesses) -> None:
    project.words(*WORDS[:2])
    done = project.generate("--cluster", dask.address, TEST_ENGINE_PARTS="tones=2")
    assert done.returncode == 4
    assert "has another engine: 'tones=1' instead of 'tones=2'; install the same" in done.stderr
    assert project.assets().keys() <= {"ledger.jsonl", ".gitattributes"}


def test_a_scheduler_that_does_not_answer_ends_the_run(project: Project) -> None:
    project.words(*WORDS[:2])
    project.environment["PYTHONWARNINGS"] = "ignore"
    begun = time.monotonic()
    done = project.generate("--cluster", "tcp://127.0.0.1:1")
    assert done.returncode == 4
    assert "the scheduler at tcp://127.0.0.1:1 does not answer: start it" in done.stderr
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("address", ["local:0", "http://127.0.0.1:1", "tcp://", "local:x", ""])
def test_addresses_that_are_none_are_refused(project: Project, address: str) -> None:
    project.words(*WORDS[:2])
    done = project.generate("--cluster", address)
    assert done.returncode == 2
    assert "the address of a Dask scheduler such as tcp://HOST:8786" in done.stderr


def test_a_killed_scheduler_ends_the_run_and_the_next_one_goes_on(
    project: Project, tmp_path: Path
) -> None:
    words = WORDS[:20]
    project.words(*(f"遅い{word}" for word in words))
    project.environment["PYTHONWARNINGS"] = "ignore"
    log = tmp_path / "spoken.log"
    environment = project.environment | {"TEST_ENGINE_LOG": str(log)}
    with run_dask(tmp_path / "dask", environment, workers=2) as dask:
        run = project.start("--cluster", dask.address)
        while len(project.assets()) < 4 and run.poll() is None:
            time.sleep(0.1)
        dask.kill_scheduler()
        begun = time.monotonic()
        _, told = run.communicate(timeout=60)
        assert time.monotonic() - begun < 30
        assert run.returncode == 4
        assert f"the scheduler at {dask.address} is gone: start it, then run again" in told
        assert "Traceback" not in told
        made = len([name for name in project.assets() if name.endswith(".mp3")])
        assert made >= 1
        done = project.generate("--cluster", "local:1", TEST_ENGINE_LOG=str(log))
        assert done.returncode == 0, done.stderr
        assert f"generated {len(words) - made} clips" in done.stdout
    assert None not in project.urls()


def test_ctrl_c_finishes_what_is_being_made(project: Project, dask: DaskProcesses) -> None:
    project.words(*(f"遅い{word}" for word in WORDS))
    run = project.start("--cluster", dask.address)
    while len(project.assets()) < 4 and run.poll() is None:
        time.sleep(0.1)
    os.kill(run.pid, signal.SIGINT)
    _, told = run.communicate(timeout=20)
    assert run.returncode == 130, told
    made = len([name for name in project.assets() if name.endswith(".mp3")])
    assert 2 <= made < len(WORDS)


def test_a_service_is_asked_from_this_machine(project: Project) -> None:
    project.words(*WORDS[:6])
    with running() as simulator:
        done = project.run(
            *("generate", "--provider", "elevenlabs", "--voice", voice_id(1)),
            *("--cluster", "tcp://127.0.0.1:1"),
            ELEVENLABS_API_KEY="sk_simulator",
            TTS_ASSETS_ELEVENLABS_BASE_URL=simulator.url,
        )
        assert done.returncode == 0, done.stderr
        assert (
            "elevenlabs is a service: this machine sent its requests, not the cluster"
            in done.stderr + done.stdout
        )
