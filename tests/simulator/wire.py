"""HTTP/1.1 on asyncio's streams: requests read, answers sent, whole or broken on purpose."""

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

_LARGEST_BODY = 1 << 24

# Seconds for the client to read what came before a reset.
_BEFORE_RESET = 0.05

_REASONS = {status.value: status.phrase for status in HTTPStatus}


#: The damages that `send` does.
WIRE_FAULTS = ("hang", "reset", "reset_body", "short", "cut_chunk", "trickle")


class MalformedError(Exception):
    """What came is no request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """A request that came whole.

    Args:
        method: in capitals.
        path: decoded, without the query.
        target: path and query as they came.
        headers: by their names in lower case.
        body: its bytes.
        last: whether the connection ends with it.
    """

    method: str
    path: str
    target: str
    headers: dict[str, str]
    body: bytes
    last: bool

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


@dataclass(slots=True, kw_only=True)
class WireResponse:
    """An answer, and how it is broken.

    Args:
        status: of HTTP.
        headers: without those of the framing.
        body: its bytes, as they are framed.
        chunked: framed by chunks instead of a length.
        damage: a fault of the wire; None if it goes well.
        trickle_seconds: between bytes of a trickle.
        outcome: under what it is counted.
        job: what the service remembers of it until it is sent.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunked: bool = False
    damage: str | None = None
    trickle_seconds: float = 0.0
    outcome: str = ""
    job: Any = None


async def read_request(reader: asyncio.StreamReader) -> WireRequest | None:
    """The next request of a connection; None at its end.

    Raises:
        MalformedError: what came is no request.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError as exc:
        raise MalformedError("the head is too long") from exc
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise MalformedError(f"{first!r} is no request line")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise MalformedError(f"{line!r} is no header")
        headers[name.lower()] = value.strip()
    try:
        body = await _body(reader, headers)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return WireRequest(
        method=words[0],
        path=unquote(words[1].partition("?")[0]),
        target=words[1],
        headers=headers,
        body=body,
        last=words[2] == "HTTP/1.0" or headers.get("connection", "").lower() == "close",
    )


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader)
    told = headers.get("content-length", "0")
    if not (told.isascii() and told.isdigit()) or int(told) > _LARGEST_BODY:
        raise MalformedError(f"{told!r} is no length of a body")
    return await reader.readexactly(int(told)) if int(told) else b""


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError as exc:
            raise MalformedError(f"{line!r} is no length of a chunk") from exc
        if size < 0 or len(body) + size > _LARGEST_BODY:
            raise MalformedError(f"{line!r} is no length of a chunk")
        body += (await reader.readexactly(size + 2))[:-2]
        if size == 0:
            return bytes(body)


async def send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: WireResponse, *, last: bool
) -> bool:
    """Send an answer as its damage says; the connection ends with it if that breaks the framing.

    Returns:
        Whether all of it went out to a client that was still there.
    """
    if answer.damage == "hang":
        await _gone(reader)
    if reader.at_eof() or answer.damage == "hang":
        writer.close()
        return False
    try:
        match answer.damage:
            case None:
                await _whole(writer, answer, last=last)
            case "trickle":
                await _trickle(reader, writer, answer)
            case "reset":
                _reset(writer)
            case _:
                await _broken(writer, answer)
    except ConnectionError:
        writer.close()
        return False
    return not writer.is_closing() and not reader.at_eof()


async def _whole(writer: asyncio.StreamWriter, answer: WireResponse, *, last: bool) -> None:
    head = _head(answer, len(answer.body), last=last)
    writer.write(head + (_chunk(answer.body) + b"0\r\n\r\n" if answer.chunked else answer.body))
    await writer.drain()


async def _trickle(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: WireResponse
) -> None:
    writer.write(_head(answer, len(answer.body)))
    for place in range(len(answer.body)):
        writer.write(answer.body[place : place + 1])
        await writer.drain()
        await asyncio.sleep(answer.trickle_seconds)
        if reader.at_eof():
            raise ConnectionResetError


async def _broken(writer: asyncio.StreamWriter, answer: WireResponse) -> None:
    """Half of a body, then the end: by a reset, or in order where more was promised."""
    half = answer.body[: len(answer.body) // 2]
    answer.chunked = answer.damage == "cut_chunk"
    promised = b"%x\r\n" % len(answer.body) if answer.chunked else b""
    writer.write(_head(answer, len(answer.body)) + promised + half)
    await writer.drain()
    if answer.damage == "reset_body":
        await asyncio.sleep(_BEFORE_RESET)
        _reset(writer)
    writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST: what closes without lingering sends one."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _gone(reader: asyncio.StreamReader) -> None:
    """Until the client goes away."""
    try:
        while await reader.read(1 << 16):
            pass
    except ConnectionError:
        return


def _head(answer: WireResponse, length: int, *, last: bool = False) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, '')}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    lines.append("transfer-encoding: chunked" if answer.chunked else f"content-length: {length}")
    if last:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
