"""A paid service that breaks in every way, and the real command line: right clips, paid for once."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project
from tests.simulator.running import Simulator, running
from tests.simulator.scenario import SILENT_FAULTS, SPOKEN_FAULTS, voice_id

WORDS = ("犬", "猫", "鳥", "海", "花", "水", "火", "木", "金", "土", "日", "月")
#: Faults that are over when they are met again.
PASSING = sorted(
    (SPOKEN_FAULTS | SILENT_FAULTS).keys()
    - {"hang", "trickle", "redirect_away", "unprocessable", "not_found", "insufficient_credits"}
)
#: What is said of a clip whose fault stays.
STAYING = {
    "reset": "the response was lost",
    "reset_body": "the response was lost",
    "short": "the response was lost",
    "cut_chunk": "the response was lost",
    "gzip": "cannot be decompressed",
    "half": "ends abruptly",
    "trickle": "the time limit of 2 s",
    "hang": "the time limit of 2 s",
    "html": "tried 3 times",
    "empty": "tried 3 times",
    "redirect": "redirects to itself repeatedly",
    "error_500": "tried 3 times",
    "error_503": "tried 6 times",
    "bad_gateway": "tried 3 times",
    "unprocessable": "text",
    "not_found": "Not Found",
}
#: What ends the run, and what is said of it.
ENDING = {
    "redirect_away": "set the base-url to the service's own address",
    "insufficient_credits": "credits",
}


class ServiceProject:
    """A project whose speech is bought from the simulator."""

    def __init__(self, project: Project, simulator: Simulator, told: Path) -> None:
        self.project = project
        self.simulator = simulator
        self.environment = {
            "ELEVENLABS_API_KEY": "sk_simulator",
            "TTS_ASSETS_ELEVENLABS_BASE_URL": simulator.url,
            "TTS_ASSETS_REMOTE_RATE_PER_SECOND": "1000",
            "TEST_TOLD": str(told),
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.project.run(
            *("generate", "--provider", "hasty", "--voice", voice_id(1)),
            *("--output-format", "json", *words),
            **self.environment,
        )

    def generate(self, *words: str, code: int = 0) -> dict[str, Any]:
        done = self.run(*words)
        assert done.returncode == code, (done.returncode, done.stderr, done.stdout)
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def bought(self) -> Counter[str]:
        """How often each text was paid for."""
        return Counter(bill["text"] for bill in self.simulator.state()["billing"])

    def sound(self) -> dict[str, bytes]:
        """The assets, without what tells of them."""
        return {path: data for path, data in self.project.assets().items() if path.endswith(".mp3")}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs keep how words are said: to load the dictionary takes as long as all the rest."""
    return tmp_path_factory.mktemp("told") / "said"


@pytest.fixture
def shop(project: Project, told: Path) -> Iterator[ServiceProject]:
    project.words(*WORDS)
    with running() as simulator:
        yield ServiceProject(project, simulator, told)


def test_faults_that_pass_cost_no_clip_and_get_into_no_file(shop: ServiceProject) -> None:
    shop.generate()
    undisturbed = shop.sound()
    shop.simulator.change(
        faults=[{"kind": kind, "first": True, "count": 1} for kind in PASSING], busy=0.1
    )
    report = shop.generate("--output", "second")
    assert (report["made"], report["failed"]) == (len(WORDS), [])
    folder = shop.project.folder / "second"
    again = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.mp3")}
    assert again == undisturbed


def test_faults_that_stay_are_told_and_cost_only_their_clips(shop: ServiceProject) -> None:
    texts = [f"{number}番線" for number in range(11, 11 + len(STAYING))]
    shop.project.words(*texts, *WORDS)
    by_text = dict(zip(texts, STAYING, strict=True))
    shop.simulator.change(
        faults=[{"kind": kind, "marker": text} for text, kind in by_text.items()],
        trickle_seconds=0.2,
        history="closed",
    )
    begun = time.monotonic()
    report = shop.generate("--timeout", "2", code=1)
    assert time.monotonic() - begun < 30
    told = {each["text"]: each["reason"] for each in report["failed"]}
    assert told.keys() == by_text.keys()
    assert {
        kind: told[text] for text, kind in by_text.items() if STAYING[kind] not in told[text]
    } == {}
    assert report["made"] == len(WORDS) == len(shop.sound())
    shop.simulator.change(faults=[])
    # The two takes of a half sound are kept, and bought again only where that is asked for.
    undecided = shop.generate(code=1)
    assert undecided["made"] == len(STAYING) - 1
    assert "generate --accept-doubtful" in undecided["failed"][0]["reason"]
    assert shop.generate("--only", "failed")["made"] == 1
    assert {text for text, times in shop.bought().items() if times > 1} <= set(texts)


def test_of_a_passage_that_is_taken_up_again_nothing_is_paid_for_twice(
    shop: ServiceProject,
) -> None:
    sentences = [f"{word}が静かな庭の中をゆっくりと歩いて行きました。" for word in WORDS[:6]]
    (shop.project.folder / "data" / "vocabulary.json").unlink()
    shop.project.write("data/reading.json", [{"id": 1, "text": "".join(sentences)}])
    shop.simulator.change(faults=[{"kind": "not_found", "marker": WORDS[4]}])
    first = shop.generate(code=1)
    assert [each["reason"][:14] for each in first["failed"]] == ["segment 5 of 6"]
    shop.simulator.change(faults=[])
    second = shop.generate()
    assert shop.bought() == dict.fromkeys(sentences, 1)
    bills = [report["cost"]["billed"]["credits"] for report in (first, second)]
    paid = sum(bill["credits"] for bill in shop.simulator.state()["billing"])
    ledger = json.loads((shop.project.folder / "audio" / "ledger.jsonl").read_bytes())
    assert (sum(bills), ledger["billed"]) == (paid, paid)


@pytest.mark.parametrize("kind", ENDING)
def test_a_fault_that_every_clip_would_meet_ends_the_run(shop: ServiceProject, kind: str) -> None:
    shop.simulator.change(faults=[{"kind": kind, "marker": "火"}])
    report = shop.generate(code=4)
    assert ENDING[kind] in report["fatal"]
    assert report["failed"] == []
    shop.simulator.change(faults=[])
    assert shop.generate()["made"] == len(WORDS) - report["made"]
    assert {each["headers"]["host"] for each in shop.simulator.requests()} == {
        shop.simulator.url.removeprefix("http://")
    }
    assert set(shop.bought().values()) == {1}


def test_a_service_slower_than_the_time_limit_ends_the_run_before_all_is_paid_in_vain(
    shop: ServiceProject,
) -> None:
    shop.project.words(*(f"{number}番線" for number in range(11, 51)))
    shop.simulator.change(latency_seconds=3.0, latency_sigma=0.0)
    report = shop.generate("--timeout", "0.2", code=4)
    assert "4 requests in a row" in report["fatal"]
    assert "--timeout" in report["fatal"]
    assert report["traffic"]["requests"] < 20


def test_an_answer_of_the_last_moment_becomes_a_clip(shop: ServiceProject) -> None:
    shop.project.words(*WORDS[:2])
    shop.simulator.change(latency_seconds=2.7, latency_sigma=0.0)
    report = shop.generate("--timeout", "3")
    assert (report["made"], report["failed"]) == (2, [])


def test_fewer_at_once_are_asked_for_if_somebody_says_so(shop: ServiceProject) -> None:
    shop.simulator.change(latency_seconds=0.05, latency_sigma=0.0)
    report = shop.generate("--concurrency", "1")
    assert report["workers"] == shop.simulator.state()["highest"] == 1


@pytest.mark.parametrize("change", [{"quota": 5}, {"revoke_after": 5}])
def test_a_quota_or_a_key_that_ends_ends_the_run_and_the_next_makes_the_rest(
    shop: ServiceProject, change: dict[str, int]
) -> None:
    shop.simulator.change(**change)
    report = shop.generate(code=4)
    assert 0 < report["made"] <= 5
    assert report["failed"] == []
    assert ("credits" if "quota" in change else "key") in report["fatal"]
    urls = [url for url in shop.project.urls() if url]
    assert len(urls) == report["made"]
    shop.simulator.change(quota=None, revoke_after=None)
    again = shop.generate()
    assert again["made"] == len(WORDS) - report["made"]
    assert set(shop.bought().values()) == {1}


def test_a_run_with_nothing_to_do_asks_for_nothing(shop: ServiceProject) -> None:
    shop.generate()
    before = len(shop.simulator.requests())
    report = shop.generate()
    assert (report["to_make"], report["traffic"]) == (0, None)
    assert len(shop.simulator.requests()) == before


def test_the_report_and_the_ledger_tell_what_was_billed(shop: ServiceProject) -> None:
    report = shop.generate()
    assert report["cost"]["billed"]["credits"] == len(WORDS)
    lines = [json.loads(line) for line in shop.project.assets()["ledger.jsonl"].splitlines()]
    assert [line["billed"] for line in lines] == [1.0] * len(WORDS)
    assert report["traffic"]["requests"] == len(WORDS)
    assert report["traffic"]["limits"][-1]["limit"] == 5


def test_the_key_is_in_nothing_that_a_run_writes(shop: ServiceProject) -> None:
    shop.environment["ELEVENLABS_API_KEY"] = key = "sk_0123456789abcdef_wrong"
    said = []
    for words in (
        ("generate", "--provider", "hasty", "--voice", voice_id(1)),
        ("generate", "--provider", "hasty", "--voice", voice_id(1), "--dry-run"),
        ("voices", "--provider", "elevenlabs"),
        ("doctor", "--provider", "elevenlabs"),
        ("explain", "1", "--provider", "elevenlabs", "--voice", voice_id(1)),
    ):
        done = shop.project.run(*words, **shop.environment)
        said.append(done.stdout + done.stderr)
    assert "key" in said[0]
    assert "Traceback" not in "".join(said)
    assert key not in "".join(said)
    files = [path for path in shop.project.folder.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if key.encode() in path.read_bytes()] == []


def test_voices_are_listed_by_asking_for_all_pages(shop: ServiceProject) -> None:
    shop.simulator.change(voices=230)
    done = shop.project.run(
        *("voices", "--provider", "elevenlabs", "--output-format", "json"), **shop.environment
    )
    assert done.returncode == 0, done.stderr
    assert [each["voice"] for each in json.loads(done.stdout)] == [
        voice_id(number) for number in range(1, 231)
    ]


def test_a_dry_run_tells_what_is_left_of_the_quota(shop: ServiceProject) -> None:
    shop.simulator.change(quota=5)
    done = shop.project.run(
        *("generate", "--provider", "hasty", "--voice", voice_id(1), "--dry-run"),
        **shop.environment,
    )
    assert done.returncode == 0, done.stderr
    assert "12 characters" in done.stdout
    assert "7 too few" in done.stdout, done.stdout
    assert shop.bought() == {}


def test_doctor_tells_whether_the_service_answers(shop: ServiceProject) -> None:
    words = ("doctor", "--provider", "elevenlabs", "--output-format", "json")
    environment = shop.environment | {"TTS_ASSETS_VOICE": voice_id(1)}
    shop.simulator.change(quota=500)
    done = shop.project.run(*words, **environment)
    told = {row["what"]: row["details"] for row in json.loads(done.stdout)}
    assert told["service"] == "it answers; voices: 3"
    assert told["model"] == (
        "eleven_multilingual_v2: 10,000 characters at most; credits for each: 1"
    )
    assert told["balance"] == "500 credits are left"
    environment["ELEVENLABS_API_KEY"] = "sk_wrong"
    done = shop.project.run(*words, **environment)
    assert done.returncode == 1
    states = {row["what"]: row["state"] for row in json.loads(done.stdout)}
    assert states["service"] == "missing"
