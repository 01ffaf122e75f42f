"""The server: connections, one request after the other on each, until it is told to end."""

import asyncio
import contextlib
import json
import os
import signal
import stat
import sys
import threading

from tests.simulator.scenario import Scenario
from tests.simulator.service import SimulatedService
from tests.simulator.wire import MalformedError, WireResponse, read_request, send

_BACKLOG = 1024


async def serve(scenario: Scenario, port: int) -> None:
    """Listen on 127.0.0.1, tell the address in one line of JSON, and serve until the end."""
    service = SimulatedService(scenario)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_connection(service, reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    end = _end()
    server = await asyncio.start_server(connected, "127.0.0.1", port, backlog=_BACKLOG)
    address, port = server.sockets[0].getsockname()
    print(json.dumps({"url": f"http://{address}:{port}", "pid": os.getpid()}), flush=True)
    await end.wait()
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _connection(
    service: SimulatedService, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        while not writer.is_closing() and not await _exchange(service, reader, writer):
            pass
    except MalformedError as exc:
        bad = WireResponse(
            status=400, headers={"content-type": "text/plain"}, body=str(exc).encode()
        )
        await send(reader, writer, bad, last=True)
    finally:
        writer.close()


async def _exchange(
    service: SimulatedService, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """One request and its answer; True at the end of the connection."""
    request = await read_request(reader)
    if request is None:
        return True
    answer = await service.answer(request)
    delivered = False
    try:
        delivered = await send(reader, writer, answer, last=request.last)
    finally:
        service.sent(answer, delivered=delivered)
    return request.last


def _end() -> asyncio.Event:
    """Set by SIGTERM, SIGINT, or the end of the pipe at the standard input, if it is one."""
    end, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Windows has no such handlers; there the pipe's end does it.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, end.set)

    def watch(number: int) -> None:
        while os.read(number, 1 << 10):
            pass
        # The loop may have ended by a signal meanwhile.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(end.set)

    if sys.stdin is not None and stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        threading.Thread(target=watch, args=(sys.stdin.fileno(),), daemon=True).start()
    return end
