"""What is refused by `review --serve`, whoever asks: typed into real sockets, byte by byte."""

from __future__ import annotations

import json
import socket
import time

import pytest

from tests.review.serving import PageResponse, Served, received
from tts_assets.review.request_security import MAX_BODY_BYTES

_JSON = "Content-Type: application/json"
_DECISIONS = b'{"decisions":[]}'


def _told(answer: PageResponse) -> str:
    """What an error says, with all that has to go with it."""
    assert answer.headers["content-type"] == "application/json"
    _has_headers(answer.headers)
    words: str = json.loads(answer.body)["error"]
    return words


def _has_headers(headers: dict[str, str]) -> None:
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert not any(name.startswith("access-control-") for name in headers)
    assert "server" not in headers


def test_the_page_is_there_for_whoever_has_the_address(served: Served) -> None:
    for host in ("{host}", f"localhost:{served.port}"):
        answer = served.ask(f"GET /{{token}}/ HTTP/1.1\nHost: {host}")
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        assert b'"mode":"serve"' in answer.body
        _has_headers(answer.headers)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        "127.0.0.1:{port}0",
        "evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
        "localhost.:{port}",
        "LOCALHOST:{port}",
        "[::1]:{port}",
        "0.0.0.0:{port}",
        "127.1:{port}",
        "user@127.0.0.1:{port}",
        "",
    ],
)
def test_a_name_that_others_may_have_given_this_machine_is_refused(
    served: Served, host: str
) -> None:
    host = host.format(port=served.port)
    for path in ("/{token}/", "/"):
        answer = served.ask(f"GET {path} HTTP/1.1\nHost: {host}")
        assert answer.status == 403
        assert f"127.0.0.1:{served.port}" in _told(answer)


def test_a_request_without_a_host_or_with_two_is_refused(served: Served) -> None:
    bare = f"GET /{served.token}/ HTTP/1.0\r\n\r\n".encode()
    assert served.send(bare).status == 403
    assert served.ask("GET /{token}/ HTTP/1.1\nHost: {host}\nHost: {host}").status == 400


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin, cross-site", "x"])
def test_what_another_page_begins_is_refused(served: Served, site: str) -> None:
    answer = served.ask(f"GET /{{token}}/ HTTP/1.1\nSec-Fetch-Site: {site}")
    assert answer.status == 403
    assert "another page" in _told(answer)


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_what_a_person_or_our_page_begins_is_answered(served: Served, site: str) -> None:
    assert served.ask(f"GET /{{token}}/ HTTP/1.1\nSec-Fetch-Site: {site}").status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.example",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}.evil.example",
        "http://localhost:{port}",
        "HTTP://127.0.0.1:{port}",
        "http://127.0.0.1:{port} http://evil.example",
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_origin_that_is_not_exactly_ours_is_refused(
    served: Served, origin: str, method: str
) -> None:
    origin = origin.format(port=served.port)
    head = f"{method} /{{token}}/decisions HTTP/1.1\nOrigin: {origin}\n{_JSON}\nContent-Length: 0"
    assert served.ask(head).status == 403


def test_a_post_that_hides_its_origin_is_refused(served: Served) -> None:
    head = f"POST /{{token}}/decisions HTTP/1.1\n{_JSON}\nContent-Length: {len(_DECISIONS)}"
    answer = served.ask(head, _DECISIONS)
    assert answer.status == 403
    assert "does not name its origin" in _told(answer)
    assert served.ask(f"{head}\nOrigin: {{origin}}", _DECISIONS).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/wrong/",
        "/{token}",
        "/{short}/",
        "/{token}x/",
        "//{token}/",
        "/./{token}/",
        "/x/../{token}/",
        "/{upper}/",
        "/%{hex}/",
        "/favicon.ico",
        "/{token}%2f",
        "http://127.0.0.1/{token}/",
        "/?{token}/",
        "/{token}?/",
    ],
)
def test_every_address_without_the_token_is_none_in_the_same_words(
    served: Served, path: str
) -> None:
    token = served.token
    first = f"{ord(token[0]):02x}{token[1:]}"
    path = path.format(token=token, short=token[:-1], upper=token.swapcase(), hex=first)
    answer = served.ask(f"GET {path} HTTP/1.1")
    assert (answer.status, _told(answer)) == (404, "there is nothing at this address")
    assert token.encode() not in answer.body


@pytest.mark.parametrize(
    "path", ["x", "decisions/", "clips", "clips/", "events/x", "%", "again%00"]
)
def test_with_the_token_an_address_that_is_none_says_the_same(served: Served, path: str) -> None:
    answer = served.ask(f"GET /{{token}}/{path} HTTP/1.1")
    assert (answer.status, _told(answer)) == (404, "there is nothing at this address")


@pytest.mark.parametrize(
    "method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "PROPFIND"]
)
def test_other_methods_are_refused(served: Served, method: str) -> None:
    answer = served.ask(f"{method} /{{token}}/ HTTP/1.1")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert "GET, HEAD and POST" in _told(answer)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "decisions"), ("GET", "again"), ("POST", ""), ("POST", "events")]
)
def test_methods_have_their_addresses(served: Served, method: str, path: str) -> None:
    head = f"{method} /{{token}}/{path} HTTP/1.1"
    if method == "POST":
        head += f"\nOrigin: {{origin}}\n{_JSON}\nContent-Length: 2"
    answer = served.ask(head, b"{}" if method == "POST" else b"")
    assert answer.status == 405
    assert _told(answer) == "Method Not Allowed"


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/jsonp",
        "",
    ],
)
def test_what_forms_of_other_pages_can_send_is_refused(served: Served, kind: str) -> None:
    head = "POST /{token}/decisions HTTP/1.1\nOrigin: {origin}\nContent-Length: 16"
    assert served.ask(f"{head}\nContent-Type: {kind}", _DECISIONS).status == 415
    assert served.ask(head, _DECISIONS).status == 415
    assert served.ask(f"{head}\n{_JSON}\nContent-Encoding: gzip", _DECISIONS).status == 415
    assert served.ask(f"{head}\n{_JSON}; charset=utf-8", _DECISIONS).status == 200


@pytest.mark.parametrize("length", [MAX_BODY_BYTES + 1, 10**12, 10**19])
def test_a_body_that_says_it_is_too_large_is_not_waited_for(served: Served, length: int) -> None:
    head = "POST /{token}/decisions HTTP/1.1\nOrigin: {origin}\nContent-Type: application/json"
    answer = served.ask(f"{head}\nContent-Length: {length}")
    assert answer.status == 413
    assert "1,000,000 bytes" in _told(answer)
    assert answer.headers["connection"] == "close"


def test_a_body_that_becomes_too_large_is_refused(served: Served) -> None:
    head = (
        f"POST /{served.token}/decisions HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
        f"Origin: {served.origin}\r\n{_JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    most = b"%x\r\n%b\r\n" % (MAX_BODY_BYTES, b" " * MAX_BODY_BYTES)
    assert served.send(head.encode() + most + b"1\r\n ").status == 413


def test_a_get_that_brings_something_is_refused(served: Served) -> None:
    assert served.ask("GET /{token}/ HTTP/1.1\nContent-Length: 5", b"hello").status == 413
    chunked = served.ask("GET /{token}/ HTTP/1.1\nTransfer-Encoding: chunked", b"0\r\n\r\n")
    assert chunked.status == 413


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("decisions", b""),
        ("decisions", b"[]"),
        ("decisions", b'{"decisions":{}}'),
        ("decisions", b"\xff\xfe"),
        ("decisions", b"[" * 100_000),
        ("again", b"{}"),
        ("again", b'{"asset":1,"sha256":"x"}'),
        ("again", b'{"asset":"x","sha256":"x","use":"0"}'),
        ("again", b'{"asset":"x","sha256":"x","say":[]}'),
    ],
)
def test_what_no_page_sends_is_told_so(served: Served, path: str, body: bytes) -> None:
    head = f"POST /{{token}}/{path} HTTP/1.1\nOrigin: {{origin}}\n{_JSON}"
    answer = served.ask(f"{head}\nContent-Length: {len(body)}", body)
    assert answer.status == 400
    assert _told(answer).startswith("the request is not what the page sends")


def test_web_sockets_and_huge_heads_get_nothing(served: Served) -> None:
    upgrade = (
        "GET /{token}/events HTTP/1.1\nConnection: Upgrade\nUpgrade: websocket\n"
        "Sec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n"
        "Origin: http://evil.example"
    )
    assert served.ask(upgrade).status == 403
    assert served.ask("GET /{token}/ HTTP/1.1\nX: " + "x" * 1_000_000).status in {0, 400}
    assert served.ask("GET /{token}/ HTTP/1.1").status == 200


def test_heads_that_never_end_keep_nobody_out(served: Served) -> None:
    """As many as there may be at once, each with half a request, and one that says nothing."""
    began = time.monotonic()
    slow = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(70)]
    for each in slow[1:]:
        each.sendall(b"GET / HTTP/1.1\r\nX: ")
    assert served.ask("GET /{token}/ HTTP/1.1").status == 503
    for each in slow:
        each.settimeout(30)
        assert received(each).status == 0
        each.close()
    assert time.monotonic() - began < 25
    assert served.ask("GET /{token}/ HTTP/1.1").status == 200
