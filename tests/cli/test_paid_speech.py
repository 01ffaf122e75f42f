"""What was paid for is kept, found again and never bought twice: real runs against the simulator."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.test_services import WORDS, ServiceProject
from tests.conftest import Project
from tests.simulator.running import running
from tests.simulator.scenario import voice_id
from tts_assets.store.paid_journal import find_takes

SENTENCES = [f"{word}が静かな庭の中をゆっくりと歩いて行きました。" for word in WORDS[:6]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("told") / "said"


@pytest.fixture
def shop(project: Project, told: Path) -> Iterator[ServiceProject]:
    project.words("一番線")
    with running() as simulator:
        yield ServiceProject(project, simulator, told)


def temp_files(shop: ServiceProject) -> list[Path]:
    return [path for path in (shop.project.folder / ".temp-audio").rglob("*") if path.is_file()]


def paid(shop: ServiceProject) -> float:
    return float(sum(bill["credits"] for bill in shop.simulator.state()["billing"]))


def ledger(shop: ServiceProject) -> list[dict[str, Any]]:
    lines = shop.project.assets()["ledger.jsonl"].splitlines()
    return [json.loads(line) for line in lines]


def takes(shop: ServiceProject) -> list[Any]:
    folder = shop.project.folder
    return find_takes(str(folder / ".temp-audio"), str(folder / "audio"))


def decide(shop: ServiceProject, decided: str) -> subprocess.CompletedProcess[str]:
    """Decide of all kept takes as the page does."""
    decisions = [
        {
            "asset": take.file_name,
            "sha256": take.record.sha256,
            "decided": decided,
            "at": "2026-11-22T13:00:00.000Z",
        }
        for take in takes(shop)
    ]
    file = shop.project.folder / "decided.json"
    file.write_text(json.dumps({"version": 1, "decisions": decisions}))
    return shop.project.run("review", "apply", str(file), **shop.environment)


def refuse_both_takes(shop: ServiceProject, *words: str) -> str:
    """Buy a clip that ends as if cut off, twice; the reason that the run gives."""
    shop.simulator.change(faults=[{"kind": "half"}])
    report = shop.generate(*words, code=1)
    shop.simulator.change(faults=[])
    reason: str = report["failed"][0]["reason"]
    return reason


def test_refused_takes_are_kept_with_all_that_is_known_of_them(shop: ServiceProject) -> None:
    reason = refuse_both_takes(shop)
    assert "listen to them with `tts-assets review`" in reason
    bills = shop.simulator.state()["billing"]
    found = takes(shop)
    assert [take.purchase.sent.text for take in found] == ["一番線"] * 2
    assert [take.purchase.sent.entry for take in found] == ["1"] * 2
    assert [take.purchase.arrived.request_id for take in found] == [
        bill["request_id"] for bill in bills
    ]
    assert [take.purchase.arrived.billed for take in found] == [3.0, 3.0]
    assert all("ends abruptly" in take.record.fault for take in found)
    assert {take.path.read_bytes()[:4] for take in found} == {b"RIFF"}
    assert [path for path in temp_files(shop) if b"sk_simulator" in path.read_bytes()] == []


def test_undecided_takes_are_not_bought_again(shop: ServiceProject) -> None:
    refuse_both_takes(shop)
    again = shop.generate(code=1)
    assert "generate --only failed" in again["failed"][0]["reason"]
    assert again["cost"]["expected"]["credits"] == 0
    assert shop.bought() == {"一番線": 2}


def test_a_run_for_failed_clips_buys_new_takes_and_the_ledger_has_all_that_was_paid(
    shop: ServiceProject,
) -> None:
    refuse_both_takes(shop)
    report = shop.generate("--only", "failed")
    assert report["made"] == 1
    assert shop.bought() == {"一番線": 3}
    assert ledger(shop)[0]["billed"] == paid(shop) == 9
    assert report["cost"]["billed"]["credits"] == 3
    assert temp_files(shop) == []


def test_accepted_takes_become_clips_without_a_request(shop: ServiceProject) -> None:
    refuse_both_takes(shop)
    done = decide(shop, "approved")
    assert done.returncode == 0, (done.stdout, done.stderr)
    before = len(shop.simulator.requests())
    assert shop.generate()["made"] == 1
    assert len(shop.simulator.requests()) == before
    assert ledger(shop)[0]["billed"] == paid(shop) == 6
    assert [bool(url) for url in shop.project.urls()] == [True]
    assert temp_files(shop) == []


def test_accept_doubtful_uses_what_is_kept(shop: ServiceProject) -> None:
    refuse_both_takes(shop)
    before = len(shop.simulator.requests())
    assert shop.generate("--accept-doubtful")["made"] == 1
    assert len(shop.simulator.requests()) == before


@pytest.mark.parametrize("form", ["mp3", "wav"])
def test_takes_that_are_not_whole_can_be_accepted(shop: ServiceProject, form: str) -> None:
    words = ("generate", "--provider", "openai", "--progress", "none")
    with halving(shop.simulator.url) as url:
        shop.environment |= {
            "TTS_ASSETS_OPENAI_BASE_URL": f"{url}/v1",
            "TTS_ASSETS_OPENAI_RESPONSE_FORMAT": form,
            "TTS_ASSETS_OPENAI_VOICES": "alloy",
        }
        refused = shop.project.run(*words, **shop.environment)
        assert "its takes are kept" in refused.stderr, refused.stderr
    assert {path.suffix for path in temp_files(shop)} == {".jsonl", f".{form}"}
    accepted = shop.project.run(*words, "--accept-doubtful", **shop.environment)
    assert accepted.returncode == 0, accepted.stderr


def test_a_sound_that_is_not_whole_is_fetched_from_the_history(shop: ServiceProject) -> None:
    with halving(shop.simulator.url) as url:
        shop.environment |= {
            "TTS_ASSETS_ELEVENLABS_BASE_URL": url,
            "TTS_ASSETS_ELEVENLABS_OUTPUT_FORMAT": "wav_24000",
        }
        assert shop.generate()["made"] == 1
    assert shop.bought() == {"一番線": 1}


@contextmanager
def halving(
    target: str, *, parts: int = 2, change: Callable[[bytes], bytes] = lambda body: body
) -> Iterator[str]:
    """A proxy that sends the first part of each sound that is bought, in whole framing.

    Args:
        target: the service.
        parts: how many parts a sound has.
        change: makes another answer of one that is no sound.
    """

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.forward(1)

        def do_POST(self) -> None:
            self.forward(parts)

        def forward(self, parts: int) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {
                name: value
                for name, value in self.headers.items()
                if name in ("xi-api-key", "Content-Type")
            }
            answer = httpx.request(
                self.command, f"{target}{self.path}", content=body, headers=headers, trust_env=False
            )
            is_json = "json" in answer.headers.get("content-type", "")
            content = change(answer.content) if is_json else answer.content
            sent = content[: len(content) // parts]
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name not in ("content-length", "server", "date"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_absurd_cost_in_the_history_is_not_believed(shop: ServiceProject) -> None:
    shop.simulator.change(faults=[{"kind": "reset", "count": 1}])

    def overcharge(body: bytes) -> bytes:
        free, absurd = b'"character_count_change_from":0', b'"character_count_change_from":-1e308'
        changed = re.sub(rb'("character_count_change_to":)[^,]+', rb"\g<1>1e308", body)
        return re.sub(rb'"character_count_change_from": ?0', absurd, changed).replace(free, absurd)

    with halving(shop.simulator.url, parts=1, change=overcharge) as url:
        shop.environment["TTS_ASSETS_ELEVENLABS_BASE_URL"] = url
        report = shop.generate("--max-cost", "100")
    assert report["made"] == 1
    assert shop.bought() == {"一番線": 1}
    assert (ledger(shop)[0].get("billed"), report["cost"]["billed"]) == (None, None)


def test_a_journal_that_cannot_be_read_deletes_no_sound_and_buys_none(shop: ServiceProject) -> None:
    refuse_both_takes(shop)
    (journal,) = [path for path in temp_files(shop) if path.name == "takes.jsonl"]
    data = journal.read_bytes()
    journal.unlink()
    os.mkfifo(journal)
    done = shop.run()
    assert (done.returncode, shop.bought()) == (4, {"一番線": 2})
    assert "takes.jsonl" in done.stderr
    journal.unlink()
    journal.write_bytes(data)
    assert len(takes(shop)) == 2


def test_rejected_takes_may_be_bought_again(shop: ServiceProject) -> None:
    refuse_both_takes(shop)
    decide(shop, "rejected")
    assert shop.generate()["made"] == 1
    assert shop.bought() == {"一番線": 3}


def test_takes_of_an_entry_that_is_gone_are_deleted(shop: ServiceProject) -> None:
    shop.project.words("二番線")
    shop.generate()
    shop.project.words("二番線", "一番線")
    refuse_both_takes(shop)
    shop.project.words("二番線")
    assert shop.generate()["to_make"] == 0
    assert temp_files(shop) == []


def test_a_voice_that_always_ends_as_if_cut_off_is_asked_no_more_until_a_person_decides(
    shop: ServiceProject,
) -> None:
    shop.project.words(*WORDS)
    shop.simulator.change(faults=[{"kind": "half"}])
    report = shop.generate("--concurrency", "1", code=4)
    assert "all end abruptly" in report["fatal"]
    failed = (shop.project.folder / "audio" / "failures.jsonl").read_text().splitlines()
    assert len(failed) >= 3
    first = len(shop.simulator.state()["billing"])
    assert 6 <= first <= 10
    assert "all end abruptly" in shop.generate("--concurrency", "1", code=4)["fatal"]
    # Clips in hand with one take get their second one, and one more clip is bought to find out.
    second, texts = len(shop.simulator.state()["billing"]), len(shop.bought())
    assert second <= first + 5
    shop.environment["TTS_ASSETS_ELEVENLABS_CHECK_ENDS"] = "false"
    shop.generate()
    assert len(shop.simulator.state()["billing"]) == second + len(WORDS) - texts


def test_accepted_takes_let_the_run_go_on_though_others_end_as_if_cut_off(
    shop: ServiceProject,
) -> None:
    shop.project.words(*WORDS[:3])
    shop.simulator.change(faults=[{"kind": "half"}])
    shop.generate("--concurrency", "1", code=4)
    shop.project.words(*WORDS)
    report = shop.generate("--accept-doubtful", "--concurrency", "1", code=1)
    assert (report["fatal"], report["made"], len(report["failed"])) == (None, 3, len(WORDS) - 3)


def test_undecided_takes_do_not_keep_a_service_that_is_well_again_from_the_other_clips(
    shop: ServiceProject,
) -> None:
    shop.project.words(*WORDS)
    shop.simulator.change(faults=[{"kind": "half"}])
    assert "all end abruptly" in shop.generate("--concurrency", "1", code=4)["fatal"]
    shop.simulator.change(faults=[])
    undecided = {text for text, count in shop.bought().items() if count == 2}
    report = shop.generate("--concurrency", "1", code=1)
    assert len(report["failed"]) == len(undecided) >= 3
    assert report["made"] == len(WORDS) - len(undecided)
    assert {text for text, count in shop.bought().items() if count > 2} == set()


def test_kept_takes_outlive_changed_settings_of_the_sound(shop: ServiceProject) -> None:
    refuse_both_takes(shop)
    shop.environment["TTS_ASSETS_SOUND_FORMAT"] = "opus"
    assert "generate --only failed" in shop.generate(code=1)["failed"][0]["reason"]
    assert shop.generate("--accept-doubtful")["made"] == 1
    assert shop.bought() == {"一番線": 2}
    assert ledger(shop)[0]["billed"] == paid(shop) == 6
    shop.generate()
    assert temp_files(shop) == []


@pytest.mark.parametrize(("kind", "history"), [("reset", "on"), ("short", "mp3")])
def test_a_lost_reply_is_fetched_from_the_history(
    shop: ServiceProject, kind: str, history: str
) -> None:
    shop.simulator.change(faults=[{"kind": kind}], history=history)
    assert shop.generate()["made"] == 1
    assert shop.bought() == {"一番線": 1}
    assert ledger(shop)[0]["billed"] == 3


@pytest.mark.parametrize(("forgotten", "bought"), [(0, 3), (1, 4)])
def test_a_request_without_an_answer_is_found_by_its_text_where_only_one_can_be_meant(
    shop: ServiceProject, forgotten: int, bought: int
) -> None:
    shop.simulator.change(faults=[{"kind": "reset"}], history="closed")
    shop.generate(code=1)
    (journal,) = temp_files(shop)
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[forgotten:]))
    shop.simulator.change(faults=[], history="on")
    assert shop.generate()["made"] == 1
    # With a history item more than requests, any of them might be another's.
    assert shop.bought() == {"一番線": bought}


def test_without_a_history_a_lost_reply_is_bought_again(shop: ServiceProject) -> None:
    shop.simulator.change(faults=[{"kind": "short", "count": 1}], history="off")
    assert shop.generate()["made"] == 1
    assert shop.bought() == {"一番線": 2}


def test_the_history_is_left_alone_where_a_setting_says_so(shop: ServiceProject) -> None:
    shop.environment["TTS_ASSETS_ELEVENLABS_HISTORY"] = "false"
    shop.simulator.change(faults=[{"kind": "short", "count": 1}])
    assert shop.generate()["made"] == 1
    assert shop.bought() == {"一番線": 2}
    assert ledger(shop)[0]["billed"] == paid(shop) == 6
    assert not any("history" in each["path"] for each in shop.simulator.requests())


def test_an_answer_that_took_too_long_is_fetched_by_the_next_run(shop: ServiceProject) -> None:
    shop.simulator.change(faults=[{"kind": "trickle"}])
    assert shop.generate("--timeout", "2", code=1)["failed"]
    assert shop.generate()["made"] == 1
    assert shop.bought() == {"一番線": 1}
    assert ledger(shop)[0]["billed"] == 3


def test_a_history_item_of_another_text_is_not_believed(shop: ServiceProject) -> None:
    shop.simulator.change(faults=[{"kind": "trickle"}])
    shop.generate("--timeout", "2", code=1)
    (journal,) = (path for path in temp_files(shop) if path.name == "takes.jsonl")
    journal.write_text(journal.read_text().replace('"text":"一番線"', '"text":"二番線"'))
    shop.simulator.change(faults=[])
    assert shop.generate()["made"] == 1
    assert shop.bought() == {"一番線": 2}


def test_after_kills_nothing_of_a_passage_is_paid_for_twice(shop: ServiceProject) -> None:
    (shop.project.folder / "data" / "vocabulary.json").unlink()
    shop.project.write("data/reading.json", [{"id": 1, "text": "".join(SENTENCES)}])
    shop.simulator.change(latency_seconds=0.5, latency_sigma=0.5)
    kill_when_open(shop, 3)
    assert shop.generate()["made"] == 1
    assert shop.bought() == dict.fromkeys(SENTENCES, 1)
    assert ledger(shop)[0]["billed"] == paid(shop)
    assert temp_files(shop) == []


def kill_when_open(shop: ServiceProject, count: int) -> None:
    """Kill a run as soon as it has sent so many requests more."""
    bought = shop.simulator.state()["requests"] + count
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tts_assets", "generate", "--provider", "hasty"),
            *("--voice", voice_id(1), "--progress", "none"),
        ],
        cwd=shop.project.folder,
        env=os.environ | shop.project.environment | shop.environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    while process.poll() is None and shop.simulator.state()["requests"] < bought:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_files_with_other_bytes_are_ignored(shop: ServiceProject) -> None:
    refuse_both_takes(shop)
    for take in takes(shop):
        take.path.write_bytes(b"RIFF, and another sound")
    assert shop.generate()["made"] == 1
    assert shop.bought() == {"一番線": 3}


def test_no_path_of_a_journal_is_believed(shop: ServiceProject) -> None:
    refuse_both_takes(shop)
    (journal,) = (path for path in temp_files(shop) if path.name == "takes.jsonl")
    private = shop.project.folder / "private.wav"
    private.write_bytes(b"RIFF")
    text = journal.read_text()
    journal.write_text(text.replace('"ending":"wav"', '"ending":"/../../../../private.wav"'))
    assert shop.generate()["made"] == 1
    assert private.read_bytes() == b"RIFF"


def test_a_link_in_the_place_of_the_folder_of_takes_is_refused(shop: ServiceProject) -> None:
    refuse_both_takes(shop)
    (journal,) = (path for path in temp_files(shop) if path.name == "takes.jsonl")
    away = shop.project.folder / "away"
    journal.parent.rename(away)
    journal.parent.symlink_to(away)
    before = {path.name: path.read_bytes() for path in away.iterdir()}
    report = shop.generate(code=4)
    assert "is a symbolic link" in report["fatal"]
    assert {path.name: path.read_bytes() for path in away.iterdir()} == before
