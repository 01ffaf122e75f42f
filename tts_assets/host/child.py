"""The engine's process: loads one native engine, speaks orders in worker threads until told to end.

Started with ``MODULE:FACTORY``, the number of threads, and where to find packages. Orders arrive on
standard input, replies leave on what was standard output; whatever native code prints goes to the log.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, BinaryIO, Protocol

from tts_assets.errors import ClipError
from tts_assets.host import wire

if TYPE_CHECKING:
    from tts_assets.domain import Speech, SpokenForm, Voice


class NativeEngine(Protocol):
    """An engine that runs inside the process; ``speak`` is called from several threads at once."""

    def speak(self, form: SpokenForm, voice: Voice) -> Speech:
        """Say it, or raise ClipError with the reason."""
        ...


class _Replies:
    """The one way out, shared by all worker threads."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, reply: wire.Reply) -> None:
        data = wire.frame(reply)
        try:
            with self._lock:
                self._stream.write(data)
                self._stream.flush()
        except OSError:
            # Nobody is left to hear it: the run is gone, and so must be what it started.
            os._exit(0)


def main() -> None:
    """Serve orders until standard input ends, which it also does when the parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = _Replies(_private_stdout())
    try:
        engine = _load(sys.argv[1])
    except Exception as exc:  # noqa: BLE001 - whatever stops an engine from loading is the answer
        replies.send(wire.Reply(number=wire.READY, error=f"{type(exc).__name__}: {exc}"))
        os._exit(1)
    replies.send(wire.Reply(number=wire.READY))
    turn = threading.Lock()
    for _ in range(int(sys.argv[2])):
        threading.Thread(target=_serve, args=(engine, replies, turn)).start()
    while True:
        # Signs of life: they end when native code holds the interpreter's lock for ever.
        time.sleep(wire.BEAT_SECONDS)
        replies.send(wire.Reply(number=wire.BEAT))


def _serve(engine: NativeEngine, replies: _Replies, turn: threading.Lock) -> None:
    """Take an order and answer it, again and again.

    The thread that takes an order speaks it: handed on to another, it would wait for a core.
    """
    while True:
        with turn:
            body = _read_frame(sys.stdin.buffer)
        if body is None:
            os._exit(0)
        replies.send(_answer(engine, wire.order(body)))


def _private_stdout() -> BinaryIO:
    """Keep standard output for replies, and point its number at the log for everyone else."""
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return private


def _load(factory: str) -> NativeEngine:
    module, _, name = factory.partition(":")
    engine: NativeEngine = getattr(importlib.import_module(module), name)()
    return engine


def _read_frame(stream: BinaryIO) -> bytes | None:
    prefix = stream.read(wire.PREFIX.size)
    if len(prefix) < wire.PREFIX.size:
        return None
    (size,) = wire.PREFIX.unpack(prefix)
    body = stream.read(size)
    return body if len(body) == size else None


def _answer(engine: NativeEngine, order: wire.Order) -> wire.Reply:
    from tts_assets.audio import finish  # noqa: PLC0415 - heavy, and only needed in this process

    try:
        speech = engine.speak(order.form, order.voice)
        if order.sound is not None:
            return wire.Reply(number=order.number, recording=finish(speech, order.sound))
        samples = speech.samples.astype("<f4", copy=False).tobytes()
        return wire.Reply(number=order.number, samples=samples, rate_hz=speech.rate_hz)
    except ClipError as exc:
        return wire.Reply(number=order.number, error=str(exc))
    except Exception as exc:  # noqa: BLE001 - an engine's exception is its answer to this order
        return wire.Reply(number=order.number, error=f"{type(exc).__name__}: {exc}")
