"""The client over real sockets: whole answers in time, lost ones told, keys to nobody else."""

import contextlib
import gzip
import logging
import re
import socket
import threading
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import hypercorn.asyncio
import pytest
import trustme
from hypercorn.config import Config

from tests.simulator.running import Simulator, running
from tests.simulator.scenario import voice_id
from tts_assets.config.keys import Secret
from tts_assets.engines.http.http_client import Client, Endpoint, open_client, refuse_unsafe
from tts_assets.engines.http.service_calls import ServiceRequest, ServiceResponse, TransientError
from tts_assets.errors import ClipError, ClipTimeoutError, FatalError, UsageError

pytestmark = pytest.mark.anyio

KEY = Secret("sk_simulator")
HEADERS = {"xi-api-key": KEY.reveal()}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running() as started:
        yield started


def noting(heads: list[ServiceResponse]) -> ServiceRequest:
    return replace(speech(), on_headers=heads.append)


@asynccontextmanager
async def client(url: str) -> AsyncIterator[Client]:
    async with open_client(Endpoint(base_url=url, headers=HEADERS, secret=KEY), most=2) as made:
        yield made


def speech(text: str = "犬", seconds: float = 20.0) -> ServiceRequest:
    body = {"text": text, "model_id": "eleven_multilingual_v2"}
    path = f"v1/text-to-speech/{voice_id(1)}"
    query = {"output_format": "pcm_24000"}
    return ServiceRequest(method="POST", path=path, query=query, json=body, seconds=seconds)


async def test_an_answer_comes_whole_whatever_its_status(simulator: Simulator) -> None:
    simulator.change(faults=[])
    async with client(simulator.url) as ours:
        good = await ours.ask(speech())
        assert (good.status, good.media_type) == (200, "audio/pcm")
        assert len(good.body) == int(good.headers["content-length"])
        bad = await ours.ask(ServiceRequest(method="GET", path="v1/nothing", seconds=20.0))
        assert (bad.status, bad.json()) == (404, {"detail": "Not Found"})
        assert good.json() is None


@pytest.mark.parametrize("kind", ["reset", "reset_body", "short", "cut_chunk", "gzip"])
async def test_an_answer_that_is_lost_on_its_way_is_told(simulator: Simulator, kind: str) -> None:
    simulator.change(faults=[{"kind": kind}])
    async with client(simulator.url) as ours:
        with pytest.raises(TransientError, match="lost"):
            await ours.ask(speech())
        simulator.change(faults=[])
        assert (await ours.ask(speech())).status == 200


@pytest.mark.parametrize("kind", ["reset_body", "short", "cut_chunk", "gzip"])
async def test_the_headers_of_a_broken_answer_arrive_before_its_body(
    simulator: Simulator, kind: str
) -> None:
    simulator.change(faults=[{"kind": kind}])
    heads: list[ServiceResponse] = []
    async with client(simulator.url) as ours:
        with pytest.raises(TransientError):
            await ours.ask(noting(heads))
    bill = simulator.state()["billing"][-1]
    assert [(each.status, each.body) for each in heads] == [(200, b"")]
    assert heads[0].headers["character-cost"] == str(bill["credits"])
    assert heads[0].headers["request-id"] == bill["request_id"]


async def test_the_headers_of_an_answer_that_takes_too_long_arrive(simulator: Simulator) -> None:
    simulator.change(faults=[{"kind": "trickle"}], trickle_seconds=0.05)
    heads: list[ServiceResponse] = []
    async with client(simulator.url) as ours:
        with pytest.raises(ClipTimeoutError):
            await ours.ask(replace(noting(heads), seconds=0.4))
    assert [each.headers["character-cost"] for each in heads] == ["1"]


async def test_no_headers_are_reported_where_none_arrive(simulator: Simulator) -> None:
    simulator.change(faults=[{"kind": "reset"}])
    heads: list[ServiceResponse] = []
    async with client(simulator.url) as ours:
        with pytest.raises(TransientError):
            await ours.ask(noting(heads))
    assert heads == []


async def test_each_redirect_reports_its_headers(simulator: Simulator) -> None:
    simulator.change(faults=[])
    simulator.change(faults=[{"kind": "redirect", "count": 1}])
    heads: list[ServiceResponse] = []
    async with client(simulator.url) as ours:
        await ours.ask(noting(heads))
    assert [each.status for each in heads] == [307, 200]


@pytest.mark.parametrize("kind", ["trickle", "hang"])
async def test_the_time_for_the_whole_answer_is_kept(simulator: Simulator, kind: str) -> None:
    simulator.change(faults=[{"kind": kind}], trickle_seconds=0.05)
    async with client(simulator.url) as ours:
        begun = anyio.current_time()
        with pytest.raises(
            ClipTimeoutError,
            match=r"within the time limit of 0\.4 s; to change the limit, set --timeout",
        ):
            await ours.ask(speech(seconds=0.4))
        assert anyio.current_time() - begun < 2
        simulator.change(faults=[])
        assert (await ours.ask(speech())).status == 200


async def test_no_other_host_is_gone_to(simulator: Simulator) -> None:
    simulator.change(faults=[{"kind": "redirect_away"}])
    before = len(simulator.requests())
    async with client(simulator.url) as ours:
        with pytest.raises(
            FatalError, match=r"redirects to http://localhost:\d+/.*set the base-url"
        ):
            await ours.ask(speech())
    assert len(simulator.requests()) == before + 1


async def test_a_service_that_sends_on_to_itself_for_ever_is_given_up(simulator: Simulator) -> None:
    simulator.change(faults=[{"kind": "redirect"}])
    async with client(simulator.url) as ours:
        with pytest.raises(TransientError, match="repeatedly"):
            await ours.ask(speech())


@contextmanager
def saying(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers each connection with these bytes, and keeps what it was asked."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                with contextlib.suppress(OSError):
                    connection, _ = listening.accept()
                    with connection:
                        heard.append(connection.recv(65_536))
                        # Each answer has a connection of its own: none may be asked again on it.
                        connection.sendall(
                            re.sub(rb"^(HTTP/1.1 [^\r]*\r\n)", rb"\1Connection: close\r\n", answer)
                        )
                        # A socket that is closed with unread bytes resets the connection.
                        connection.shutdown(socket.SHUT_WR)
                        connection.settimeout(0.2)
                        while connection.recv(65_536):
                            pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def moved(location: str) -> bytes:
    return f"HTTP/1.1 307 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("location", ["http://[bad", "http://a.invalid:99999/", "//b.invalid/x"])
async def test_a_redirect_to_what_is_no_address_ends_the_run(location: str) -> None:
    with saying(moved(location)) as (url, _):
        async with client(url) as ours:
            with pytest.raises(FatalError, match="set the base-url"):
                await ours.ask(speech())


async def test_a_key_that_a_service_repeats_is_in_no_message() -> None:
    for answer in (
        moved(f"http://b.invalid/echo/{KEY.reveal()}"),
        f"HTTP/1.1 200 OK\r\nyou sent {KEY.reveal()} {'x' * 9_000}\r\n\r\n".encode(),
    ):
        with saying(answer) as (url, _):
            async with client(url) as ours:
                with pytest.raises((FatalError, TransientError)) as caught:
                    await ours.ask(speech())
        assert KEY.reveal() not in str(caught.value)
        assert "***" in str(caught.value)
        assert len(str(caught.value)) < 1_000


async def test_no_proxy_stands_between_us_and_this_machine(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.change(faults=[])
    with saying() as (proxy, heard):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        async with client(simulator.url) as ours:
            assert (await ours.ask(speech())).status == 200
    assert heard == []


@pytest.mark.parametrize("cut", [False, True])
async def test_what_was_packed_on_the_way_is_unpacked_if_it_is_whole(*, cut: bool) -> None:
    packed = gzip.compress(b"who") + gzip.compress(b"le") + b"\0\0"
    packed = packed[:-12] if cut else packed
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    with saying(head.encode() + packed) as (url, _):
        async with client(url) as ours:
            if cut:
                with pytest.raises(TransientError, match="lost"):
                    await ours.ask(speech())
            else:
                assert (await ours.ask(speech())).body == b"whole"


def _bare_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


SAMPLES = bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("deflate", zlib.compress(SAMPLES)),
        ("Deflate", _bare_deflate(SAMPLES)),
        ("x-gzip", gzip.compress(SAMPLES)),
        ("identity", SAMPLES),
    ],
)
async def test_every_common_packing_is_undone(coding: str, packed: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n"
    with saying(head.encode() + packed) as (url, _):
        async with client(url) as ours:
            assert (await ours.ask(speech())).body == SAMPLES


@pytest.mark.parametrize("packed", [zlib.compress(SAMPLES)[:-9], _bare_deflate(SAMPLES)[:-9]])
async def test_half_a_packed_answer_was_lost_on_its_way(packed: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: {len(packed)}\r\n\r\n"
    with saying(head.encode() + packed) as (url, _):
        async with client(url) as ours:
            with pytest.raises(TransientError, match="lost"):
                await ours.ask(speech())


async def test_a_packing_that_cannot_be_undone_ends_the_run_at_the_first_answer() -> None:
    head = b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n"
    with saying(b"HTTP/1.1 200 OK\r\n" + head + b"ab", b"HTTP/1.1 503 No\r\n" + head + b"ab") as (
        url,
        _,
    ):
        async with client(url) as ours:
            with pytest.raises(FatalError, match=r"encoding 'br'.*disable it"):
                await ours.ask(speech())
            busy = await ours.ask(speech())
    assert (busy.status, busy.body) == (503, b"")


async def test_a_packing_of_many_members_keeps_nobody_waiting() -> None:
    packed = gzip.compress(b"") * 400_000 + gzip.compress(b"whole")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    with saying(head.encode() + packed) as (url, _):
        async with client(url) as ours:
            begun = time.monotonic()
            assert (await ours.ask(speech())).body == b"whole"
            assert time.monotonic() - begun < 10


@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_of_an_error_only_the_beginning_is_read(coding: str) -> None:
    body = b'{"detail": "' + b"x" * 30_000_000
    body = body if coding == "identity" else gzip.compress(body, 1)
    head = f"HTTP/1.1 400 No\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n"
    with saying(head.encode() + body) as (url, _):
        async with client(url) as ours:
            answer = await ours.ask(speech())
    assert answer.status == 400
    assert len(answer.body) <= 2**20


async def test_half_a_character_costs_that_clip_only(simulator: Simulator) -> None:
    async with client(simulator.url) as ours:
        with pytest.raises(ClipError, match="is half a character"):
            await ours.ask(speech("犬\ud800"))


async def test_another_address_of_the_same_service_is_gone_on_to(simulator: Simulator) -> None:
    simulator.change(faults=[{"kind": "redirect", "count": 1}])
    async with client(simulator.url) as ours:
        assert (await ours.ask(speech("一度"))).status == 200
    sent = simulator.requests()[-2:]
    assert [each["json"] for each in sent] == [speech("一度").json] * 2
    assert sent[0]["query"] == sent[1]["query"]


async def test_nobody_there_is_told_with_the_address() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/path"
        async with client(url) as ours:
            with pytest.raises(TransientError, match=f"{url}/v1/text.* cannot be reached"):
                await ours.ask(speech())


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://a.invalid", "https://", "https://u:p@a.invalid", "http://[", "https://a?b", "a"),
        *("http://127.0.0.1/\x7f", "https://\u2028x", "https://a b"),
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(
        UsageError, match=r"^the base-url is not an address: write https://host/path"
    ):
        refuse_unsafe(url, None)


@pytest.mark.parametrize(
    "host",
    [
        "a.invalid",
        "128.0.0.1",
        "0.0.0.0",
        "127.0.0.1.a.invalid",
        "localhost.a.invalid",
        "notlocalhost",
        "host.docker.internal.a.invalid",
        "[::2]",
        "10.0.0.1",
    ],
)
def test_a_key_goes_over_no_open_line_to_another_machine(host: str) -> None:
    with pytest.raises(UsageError, match="is not encrypted, so others"):
        refuse_unsafe(f"http://{host}/v1", KEY)
    refuse_unsafe(f"http://{host}/v1", None)
    refuse_unsafe(f"https://{host}/v1", KEY)


LOCAL = [
    *("127.0.0.1", "127.0.1.1", "127.255.255.254", "[::1]", "[::ffff:127.0.0.1]"),
    *("localhost", "LOCALHOST", "localhost.", "tts.localhost", "host.docker.internal"),
]


@pytest.mark.parametrize("host", LOCAL)
def test_a_key_may_go_unencrypted_to_this_machine(host: str) -> None:
    refuse_unsafe(f"http://{host}:8011", KEY)


async def test_a_server_is_asked_at_any_loopback_address_without_a_proxy(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.change(faults=[])
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    port = simulator.url.rpartition(":")[2]
    async with client(f"http://[::ffff:127.0.0.1]:{port}") as ours:
        assert (await ours.ask(speech())).status == 200


@pytest.mark.parametrize(
    ("host", "address", "is_refused"),
    [
        ("host.docker.internal", "192.168.65.254", False),
        ("host.docker.internal", "172.17.0.1", False),
        ("host.docker.internal", "fd00::1", False),
        ("host.docker.internal", "93.184.216.34", True),
        ("host.docker.internal", "2606:4700::1", True),
        ("tts.localhost", "127.0.0.1", False),
        ("tts.localhost", "192.168.1.6", True),
    ],
)
async def test_a_local_name_that_leads_to_another_machine_gets_no_key(
    monkeypatch: pytest.MonkeyPatch, host: str, address: str, *, is_refused: bool
) -> None:
    async def resolve(*_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))]

    # What a resolver answers is the one thing that no test may change on its machine.
    monkeypatch.setattr(anyio, "getaddrinfo", resolve)
    if is_refused:
        with pytest.raises(UsageError, match=rf"{host} resolves to .*another machine.*https://"):
            async with client(f"http://{host}:1"):
                pytest.fail("it must not open")
    else:
        async with client(f"http://{host}:1"):
            pass
    async with open_client(Endpoint(base_url=f"http://{host}:1", headers={}), most=1):
        pass


async def test_https_to_a_plain_server_is_reported_once_and_with_the_remedy() -> None:
    with saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (url, _):
        async with client(url.replace("http://", "https://")) as ours:
            with pytest.raises(FatalError, match=r"https://127.*does not use TLS; write http:// "):
                await ours.ask(speech())


async def test_https_to_a_plain_server_that_waits_for_more_names_the_remedy_too(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts_assets.engines.http.http_client._CONNECT_SECONDS", 0.3)
    async with client(simulator.url.replace("http://", "https://")) as ours:
        with pytest.raises(TransientError, match=r"the connection.* \(for"):
            await ours.ask(speech())


async def test_neither_key_nor_address_gets_into_logs(
    simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.change(faults=[])
    caplog.set_level(logging.INFO)
    async with client(simulator.url) as ours:
        async with client(simulator.url):
            pass
        await ours.ask(speech())
    assert KEY.reveal() not in caplog.text
    assert simulator.url not in caplog.text


async def test_what_a_service_repeats_is_told_without_the_key(simulator: Simulator) -> None:
    async with client(simulator.url) as ours:
        assert ours.redact("the key sk_simulator is wrong") == "the key *** is wrong"


@contextmanager
def over_tls(folder: Path, authority: trustme.CA) -> Iterator[str]:
    """A server of others over TLS that offers HTTP/2 and tells which version it was asked in."""
    certificate = folder / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = Config.from_mapping(
        bind=f"127.0.0.1:{port}", certfile=str(certificate), keyfile=str(certificate)
    )
    config.loglevel = "CRITICAL"
    ready, ended = threading.Event(), threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            ready.set()
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["http_version"].encode()})

    async def until_ended() -> None:
        await anyio.to_thread.run_sync(ended.wait)

    async def serve() -> None:
        await hypercorn.asyncio.serve(app, config, shutdown_trigger=until_ended)

    thread = threading.Thread(target=anyio.run, args=(serve,))
    thread.start()
    try:
        assert ready.wait(10)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except ConnectionRefusedError:
                ended.wait(0.05)
        yield f"https://127.0.0.1:{port}"
    finally:
        ended.set()
        thread.join()


async def test_a_service_that_offers_http_2_is_asked_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with over_tls(tmp_path, authority) as url:
        async with client(url) as ours:
            answer = await ours.ask(ServiceRequest(method="GET", path="", seconds=20.0))
    assert answer.body == b"2"
    # The library of HTTP/2 would log each header.
    assert KEY.reveal() not in caplog.text


async def test_a_service_that_nobody_vouches_for_is_not_asked(tmp_path: Path) -> None:
    with over_tls(tmp_path, trustme.CA()) as url:
        async with client(url) as ours:
            with pytest.raises(FatalError, match=r"cannot be verified: .*SSL_CERT_FILE"):
                await ours.ask(speech())


async def test_an_answer_that_no_clip_can_be_is_not_read_to_its_end(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.change(faults=[])
    monkeypatch.setattr("tts_assets.engines.http.http_client._MAX_BYTES", 1_000)
    async with client(simulator.url) as ours:
        with pytest.raises(ClipError, match="the limit for a clip"):
            await ours.ask(speech())
