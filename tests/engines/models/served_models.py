"""A real HTTP server on 127.0.0.1 that sends files, and breaks in every way when told to."""

import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def model(content: bytes) -> bytes:
    """The same with a beginning that makes it an ONNX file: one field, the graph, and its length."""
    rest = len(content) - 4
    length = (rest & 0x7F | 0x80, rest >> 7 & 0x7F | 0x80, rest >> 14)
    return bytes([0x3A, *length]) + content[4:]


#: Big enough to come in several pieces, and to be cut between them.
CONTENT = model(bytes(range(256)) * 2_000)
CONFIGURATION = b'{"audio": {"sample_rate": 22050}, "phoneme_id_map": {"a": [1]}}'
PROBE = "bytes=0-0"


@dataclass(kw_only=True)
class Act:
    """What happens to one request; by default it is answered as it should be.

    Args:
        status: answer with this and no file.
        location: for a redirect.
        cut: end the connection after so many bytes of the file.
        hold: after so many bytes wait until `Server.release`.
        shift: begin so many bytes after the one that was asked for, and say so.
        headers: others, with an answer of no file.
        raw: send this, whatever it is, and end the connection.
    """

    status: int = 200
    location: str = ""
    cut: int | None = None
    hold: int | None = None
    shift: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""


@dataclass(kw_only=True)
class File:
    """A file and how the server tells of it.

    Args:
        content: all of its bytes.
        etag: its validator; None for none.
        ranges: whether a part of it can be asked for.
        length: how its end is known: ``told`` before, ``chunked``, or only by ``closing``.
        headers: others.
        acts: what happens to the next requests.
    """

    content: bytes = CONTENT
    etag: str | None = '"1"'
    ranges: bool = True
    length: str = "told"
    headers: dict[str, str] = field(default_factory=dict)
    acts: deque[Act] = field(default_factory=deque)


@dataclass(frozen=True, kw_only=True)
class ServedRequest:
    """A request that came."""

    path: str
    headers: dict[str, str]

    @property
    def range(self) -> str | None:
        return self.headers.get("range")


class ModelServer:
    """Files by path, and what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.all_asked: list[ServedRequest] = []
        self.sent = 0
        self.held = threading.Event()
        self._released = threading.Event()
        self._http = _Http(self)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    @property
    def asked(self) -> list[ServedRequest]:
        """The requests for files, without the looks at their size."""
        return [each for each in self.all_asked if each.range != PROBE]

    def add(self, path: str, *acts: Act, **how: Any) -> File:
        self.files[path] = File(acts=deque(acts), **how)
        return self.files[path]

    def release(self) -> None:
        """Let go on what waits."""
        self._released.set()

    def wait(self) -> None:
        self.held.set()
        self._released.wait()

    @contextmanager
    def running(self) -> Iterator["ModelServer"]:
        thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.release()
            self._http.shutdown()
            thread.join()
            self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: "ModelServer") -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _ModelHandler)

    def handle_error(self, *_: object) -> None:
        """Whoever asked goes away when they know enough, or are killed."""


class _ModelHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _owner(self) -> ModelServer:
        assert isinstance(self.server, _Http)
        return self.server.owner

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._owner.all_asked.append(ServedRequest(path=self.path, headers=headers))
        file = self._owner.files.get(path)
        probe = headers.get("range") == PROBE
        act = Act(status=404) if file is None else Act()
        if file is not None and file.acts and not probe:
            act = file.acts.popleft()
        if act.raw:
            self.wfile.write(act.raw)
            self.close_connection = True
        elif file is None or act.status != 200:
            self._bare(act)
        else:
            self._send(file, act, headers)

    def _bare(self, act: Act) -> None:
        self.send_response(act.status)
        if act.location:
            self.send_header("Location", act.location)
        for name, value in act.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, file: File, act: Act, headers: dict[str, str]) -> None:
        start, end = self._span(file, headers)
        start += act.shift
        whole = len(file.content)
        if start >= whole:
            self._bare(Act(status=416))
            return
        self.send_response(206 if (start, end) != (0, whole) else 200)
        if (start, end) != (0, whole):
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{whole}")
        if file.etag:
            self.send_header("ETag", file.etag)
        for name, value in file.headers.items():
            self.send_header(name, value)
        if file.length == "told":
            self.send_header("Content-Length", str(end - start))
        elif file.length == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        self._body(file, act, file.content[start:end])

    def _span(self, file: File, headers: dict[str, str]) -> tuple[int, int]:
        """Which bytes are wanted, and may be had."""
        whole = len(file.content)
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        if_range = headers.get("if-range")
        if not (found and file.ranges) or (if_range is not None and if_range != file.etag):
            return (0, whole)
        return (int(found[1]), min(int(found[2]) + 1, whole) if found[2] else whole)

    def _body(self, file: File, act: Act, body: bytes) -> None:
        stop = act.cut if act.cut is not None else act.hold
        self._write(file, body[:stop])
        if act.cut is not None:
            self.close_connection = True
            self.connection.shutdown(2)
            return
        if act.hold is not None:
            self._owner.wait()
            self._write(file, body[stop:])
        if file.length == "chunked":
            self.wfile.write(b"0\r\n\r\n")

    def _write(self, file: File, data: bytes) -> None:
        # Counted before: who asked may go on, or be gone, before this thread does.
        self._owner.sent += len(data)
        try:
            if file.length == "chunked":
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            else:
                self.wfile.write(data)
            self.wfile.flush()
        except OSError:
            # It was killed, or knows enough.
            self.close_connection = True
