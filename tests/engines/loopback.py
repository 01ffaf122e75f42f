"""A server on this machine that writes down what it is asked, and answers what it is told to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopbackRequest:
    """A request as it came; header names in lower case, the JSON parsed."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    json: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopbackReply:
    """An answer: a status, a body, its headers beside the length; chunked: without a length."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunked: bool = False


@dataclass(slots=True)
class Loopback:
    """What was asked, and what is answered next; the last reply again and again.

    Paths of their own have always the same reply.
    """

    url: str = ""
    asked: list[LoopbackRequest] = field(default_factory=list)
    replies: list[LoopbackReply] = field(default_factory=list)
    by_path: dict[str, LoopbackReply] = field(default_factory=dict)

    def next(self, path: str) -> LoopbackReply:
        if path in self.by_path:
            return self.by_path[path]
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def loopback() -> Iterator[Loopback]:
    """A server for as long as the block lasts."""
    book = Loopback()

    class LoopbackHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            parts = urlsplit(self.path)
            book.asked.append(
                LoopbackRequest(
                    method=self.command,
                    path=parts.path,
                    query=parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    json=json.loads(body) if body else None,
                )
            )
            reply = book.next(parts.path)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.chunked:
                self.send_header("transfer-encoding", "chunked")
            else:
                self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(reply.body), reply.body)
            self.wfile.write(chunk if reply.chunked else reply.body)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), LoopbackHandler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        book.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield book
        finally:
            server.shutdown()
            thread.join()
