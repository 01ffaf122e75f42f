"""A real S3 server on this machine, and a proxy before it that spoils chosen requests."""

import http.client
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3  # type: ignore[import-untyped]
from moto.server import ThreadedMotoServer

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
BUCKET = "clips"
#: Keys that the server lists at once.
PAGE = 10


@dataclass
class BucketServer:
    """An S3 server with one bucket, seen from outside of the program."""

    endpoint: str

    @property
    def client(self) -> object:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def objects(self) -> dict[str, bytes]:
        """All objects with their bytes."""
        found: dict[str, bytes] = {}
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)  # type: ignore[attr-defined]
        for page in pages:
            for each in page.get("Contents", ()):
                body = self.client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"]  # type: ignore[attr-defined]
                found[each["Key"]] = body.read()
        return found

    def head(self, key: str) -> dict[str, str]:
        return self.client.head_object(Bucket=BUCKET, Key=key)  # type: ignore[attr-defined,no-any-return]

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=data)  # type: ignore[attr-defined]


@contextmanager
def serve_bucket() -> Iterator[BucketServer]:
    """Run the server, with an empty bucket."""
    os.environ["MOTO_S3_DEFAULT_MAX_KEYS"] = str(PAGE)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        found = BucketServer(f"http://127.0.0.1:{port}")
        found.client.create_bucket(Bucket=BUCKET)  # type: ignore[attr-defined]
        yield found
    finally:
        server.stop()


@dataclass
class S3Reply:
    """What a proxy answers in place of the server, or makes of the server's answer."""

    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    #: Bytes of the body that are left out although their number was announced.
    cut: int = 0


def error(status: int, code: str) -> S3Reply:
    """An error as S3 writes it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
    return S3Reply(status, body.encode(), {"Content-Type": "application/xml"})


class FaultProxy:
    """Passes requests on, but for those that a fault picks.

    Attributes:
        fault: called with method and path of each request; None passes it on as it is.
        requests: method and path of all requests.
    """

    def __init__(self, endpoint: str) -> None:
        self.fault: Callable[[str, str], S3Reply | None] = lambda *_: None
        self.requests: list[tuple[str, str]] = []
        host = re.sub("^http://", "", endpoint)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                proxy.requests.append((self.command, self.path))
                reply = proxy.fault(self.command, self.path)
                if reply is not None and reply.body is not None:
                    self._send(reply.status, reply.body, reply.headers, reply.cut)
                    return
                server = http.client.HTTPConnection(host, timeout=30)
                server.request(self.command, self.path, body, dict(self.headers))
                answer = server.getresponse()
                data = answer.read()
                headers = {
                    name: value
                    for name, value in answer.getheaders()
                    if name.lower() not in {"transfer-encoding", "connection", "content-length"}
                }
                if self.command == "HEAD":
                    headers["Content-Length"] = answer.getheader("Content-Length") or "0"
                self._send(answer.status, data, headers | (reply.headers if reply else {}),
                           reply.cut if reply else 0)  # fmt: skip
                server.close()

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_any  # noqa: N815

            def _send(self, status: int, body: bytes, headers: dict[str, str], cut: int) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) - cut] if self.command != "HEAD" else b"")
                if cut:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
