"""`review --serve` as a process of its own, and who asks it: over real sockets, as itself or as a stranger."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: How long anything may take on a slow machine, in seconds.
PATIENCE = 30.0
_DATA = re.compile(r'id="review-data">(.*?)</script>', re.DOTALL)
_SERVE = (sys.executable, "-m", "tts_assets", "review", "--serve", "--no-open")


class PageResponse(NamedTuple):
    """What came back over a socket.

    Args:
        status: the HTTP status; 0 where the connection was closed without an answer.
        headers: by their names in lower case.
        body: what follows.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class Served:
    """A server that runs."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address
        self.origin, _, self.token = address.rstrip("/").rpartition("/")
        self.port = int(self.origin.rpartition(":")[2])
        self.client = httpx.Client(
            base_url=address, headers={"Origin": self.origin}, timeout=PATIENCE, trust_env=False
        )

    def rows(self) -> list[dict[str, Any]]:
        """What the page shows now."""
        found = _DATA.search(self.client.get("").text)
        assert found is not None
        rows: list[dict[str, Any]] = json.loads(found.group(1))["clips"]
        return rows

    def row(self, entry: str) -> dict[str, Any]:
        """The row of the first clip of an entry."""
        return next(row for row in self.rows() if any(use["entry"] == entry for use in row["uses"]))

    def decide(self, *decisions: object) -> dict[str, Any]:
        """What becomes of decisions."""
        done = self.client.post("decisions", json={"decisions": decisions})
        assert done.status_code == 200, done.text
        answer: dict[str, Any] = done.json()
        return answer

    def again(self, row: dict[str, Any], use: int = 0, **say: object) -> httpx.Response:
        """The answer to an order to make a clip again."""
        order = {"asset": row["asset"], "sha256": row["sha256"], "use": use, "say": say}
        return self.client.post("again", json=order)

    def ask(self, head: str, body: bytes = b"") -> PageResponse:
        """What is answered to a request as it is typed; ``{host}`` and the like are filled in.

        Lines end in line feeds; a line ``Host`` is added where there is none.
        """
        lines = head.format(host=f"127.0.0.1:{self.port}", origin=self.origin, token=self.token)
        every = lines.strip().splitlines()
        if not any(line.lower().startswith("host:") for line in every):
            every.append(f"Host: 127.0.0.1:{self.port}")
        request = "\r\n".join([*every, "", ""]).encode("latin-1") + body
        return self.send(request)

    def send(self, request: bytes) -> PageResponse:
        """What is answered to these bytes, up to the end of one answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(request)
            return received(connection)

    def end(self) -> int:
        """Press Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


def received(connection: socket.socket) -> PageResponse:
    """One answer, which tells its length."""
    with connection.makefile("rb") as stream:
        first = stream.readline().split()
        if len(first) < 2:
            return PageResponse(0, {}, b"")
        headers = {}
        while line := stream.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return PageResponse(
            int(first[1]), headers, stream.read(int(headers.get("content-length", 0)))
        )


@contextmanager
def serving(folder: Path, *words: str, **environment: str) -> Iterator[Served]:
    """A server of the project in a folder; whatever happens, it is gone afterwards."""
    process = subprocess.Popen(
        [*_SERVE, *words],
        cwd=folder,
        env=os.environ | {"PYTHONWARNINGS": "error"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().rpartition(" ")[2].strip()
        assert address.startswith("http://127.0.0.1:"), process.communicate(timeout=PATIENCE)
        served = Served(process, address)
        with served.client:
            yield served
    finally:
        process.kill()
        process.communicate()


class Reader:
    """A page that listens to what happens."""

    def __init__(self, served: Served, last: str | None = None) -> None:
        self.numbers: list[str] = []
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._ready = threading.Event()
        self._told = {} if last is None else {"Last-Event-ID": last}
        self._served = served
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    def until(self, *states: str) -> list[dict[str, Any]]:
        """All events up to, and with, the next one in one of these states."""
        found = [self._events.get(timeout=PATIENCE)]
        while found[-1]["state"] not in states:
            # Or it would be waited for in vain.
            assert found[-1]["state"] in {"queued", "making"}, found[-1]["message"]
            found.append(self._events.get(timeout=PATIENCE))
        return found

    def ended(self) -> bool:
        """Whether the server ends it."""
        self._thread.join(PATIENCE)
        return not self._thread.is_alive()

    def _listen(self) -> None:
        # A server that is killed is not heard to its end.
        with suppress(httpx.HTTPError):
            self._read()

    def _read(self) -> None:
        with httpx.stream(
            "GET",
            f"{self._served.address}events",
            headers=self._told,
            timeout=PATIENCE,
            trust_env=False,
        ) as answer:
            for line in answer.iter_lines():
                # The first thing that it is told, before all events.
                self._ready.set()
                if line.startswith("id: "):
                    self.numbers.append(line.removeprefix("id: "))
                if line.startswith("data: "):
                    self._events.put(json.loads(line.removeprefix("data: ")))
