"""How `review --serve` begins and ends, as typed: its port, its browser, its signals."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.review.serving import PATIENCE, Reader, received, serving
from tts_assets.review.review_server import open_listener

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project
    from tests.review.serving import Served

_SERVE = ("review", "--serve", "--no-open")


def test_a_port_that_is_taken_is_told_with_what_to_do(project: Project) -> None:
    project.words("犬")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = project.run(*_SERVE, "--port", str(port))
    assert done.returncode == 2
    assert f"--port {port}: another program uses that port: give another port" in done.stderr


def test_a_folder_has_a_port_of_its_own_while_that_is_free(tmp_path: Path) -> None:
    with open_listener(None, tmp_path) as first:
        usual = first.getsockname()
        # Or asyncio leaves Nagle's algorithm on, and each sound begins 40 ms later.
        assert first.proto == socket.IPPROTO_TCP
        first.listen()
        with open_listener(None, tmp_path) as second:
            assert second.getsockname()[1] not in {usual[1], 0}
    with open_listener(None, tmp_path) as third, open_listener(0, tmp_path) as free:
        assert (third.getsockname(), usual[0]) == (usual, "127.0.0.1")
        assert free.getsockname() != usual


def test_nothing_to_hear_is_no_page(project: Project) -> None:
    project.words("犬")
    done = project.run(*_SERVE)
    assert (done.returncode, done.stdout) == (6, "no clip to review\n")
    assert "1 clip is not generated yet: run `generate`" in done.stderr


def test_damaged_files_are_told_before_anything_is_served(made: Path, project: Project) -> None:
    project.folder = made
    for name, code in (("audio/decisions.jsonl", 2), ("tts-assets.overrides.json", 2)):
        (made / name).write_text("nothing\n")
        done = project.run(*_SERVE)
        assert (done.returncode, name in done.stderr) == (code, True), done.stderr
        (made / name).unlink()


def test_only_this_machine_is_listened_to_and_no_output_repeats_the_token(
    made: Path, served: Served
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with serving(made, "--port", str(port)) as own:
        assert own.port == port
        # Every address that begins with 127 is this machine; one is listened to.
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", port), timeout=PATIENCE)
        assert own.token != served.token
        assert len(own.token) == len(served.token) == 43
        # Nor does one run's token open another's page.
        assert own.client.get(f"{own.origin}/{served.token}/").status_code == 404
        own.client.get("")
        own.client.get("none")
        assert own.end() == 0
        out, errors = own.process.communicate(timeout=PATIENCE)
        assert own.token not in out + errors


def test_a_browser_gets_an_address_that_leads_to_the_page_once(made: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    # It runs for as long as its file is there.
    browser.write_text(
        f'#!/bin/sh\nexec > /dev/null\nprintf %s "$1" > {seen}.part\nmv {seen}.part {seen}\n'
        f"while [ -e {browser} ]; do sleep 0.1; done\n"
    )
    browser.chmod(0o755)
    environment = os.environ | {"BROWSER": str(browser), "DISPLAY": ":0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tts_assets", "review", "--serve"],
        cwd=made,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().rpartition(" ")[2].strip()
        end = time.monotonic() + PATIENCE
        while not seen.exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        once = seen.read_text()
        assert once != address
        assert [_visit(once, "HEAD"), _visit(once, "GET"), _visit(once, "GET")] == [
            (404, None),
            (303, re.sub("http://[^/]+", "", address)),
            (404, None),
        ]
        # Nor does an empty path, now that there is none for once any more.
        port = int(address.split(":")[2].partition("/")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as stranger:
            stranger.sendall(f"GET ? HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            assert received(stranger).status == 404
        process.send_signal(signal.SIGTERM)
        # While the browser runs on.
        assert process.wait(PATIENCE) == 0
    finally:
        browser.unlink()
        process.kill()
        process.communicate()


def _visit(address: str, method: str) -> tuple[int, str | None]:
    import httpx

    done = httpx.request(method, address, follow_redirects=False, trust_env=False)
    return done.status_code, done.headers.get("location")


def test_a_second_signal_ends_what_is_in_the_making(project: Project) -> None:
    project.words("犬")
    assert project.generate().returncode == 0
    # A pipe: it is read to its end once the engine has begun to speak.
    begun = project.folder / "begun"
    os.mkfifo(begun)
    environment = {
        "PYTHONPATH": project.environment["PYTHONPATH"],
        "TEST_ENGINE_LOG": str(begun),
    }
    with serving(project.folder, "--provider", "tones", **environment) as served:
        page = Reader(served)
        assert served.again(served.row("1"), text="眠る").status_code == 202
        page.until("making")
        assert begun.read_text() == "眠る\n"
        errors = served.process.stderr
        assert errors is not None
        served.process.send_signal(signal.SIGINT)
        assert any(line.startswith("finishing the requests") for line in errors)
        # It is in flight: the page is still there, and is told that nothing more is taken.
        done = served.again(served.row("1"), text="鳥")
        assert (done.status_code, "being stopped" in done.json()["error"]) == (503, True)
        # Signals within 50 ms count as one.
        time.sleep(0.1)
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(PATIENCE) == 130
    assert json.loads((project.folder / "data/vocabulary.json").read_bytes())[0]["word"] == "犬"
