"""The engine's process: loads one native engine and answers orders in worker threads.

Started with ``MODULE:FACTORY``, the number of threads, and the package path. The setup and orders
arrive on standard input, replies leave on what was standard output; whatever native code prints goes
to the log. An engine has some of these methods, which raise ClipError with the reason; all but
``learn`` are called from several threads at once:

- ``speak(form, voice) -> Speech``
- ``learn(words)``, before anything else, for a user's own dictionary; UsageError if it cannot
- ``read(form) -> Pronunciation``
- ``cut(form, pauses) -> tuple[Segment, ...]``, for passages
- ``answer(question: bytes) -> bytes``, for questions in the engine's own encoding
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from tts_assets.engines.process import messages
from tts_assets.errors import OUT_OF_MEMORY, ClipError, TtsAssetsError, UsageError, is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.model import SpokenForm

Result = TypeVar("Result")


class _Replies:
    """The one way out, shared by all worker threads."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, reply: messages.Reply) -> None:
        data = messages.encode_frame(reply)
        try:
            with self._lock:
                self._stream.write(data)
                self._stream.flush()
        except OSError:
            # The run is gone, and so must be what it started.
            os._exit(0)


def main() -> None:
    """Serve orders until standard input ends, which it also does when the parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = _Replies(_private_stdout())
    setup = _read_frame(sys.stdin.buffer)
    if setup is None:
        os._exit(0)
    try:
        engine = _load_engine(sys.argv[1], messages.decode_setup(setup))
    except Exception as exc:  # noqa: BLE001 - whatever stops an engine from loading is the answer
        replies.send(messages.Reply(number=messages.READY, error=_describe_error(exc)))
        os._exit(1)
    replies.send(messages.Reply(number=messages.READY))
    turn = threading.Lock()
    for _ in range(int(sys.argv[2])):
        threading.Thread(target=_serve_orders, args=(engine, replies, turn)).start()
    while True:
        # Heartbeats end when native code holds the interpreter's lock for ever.
        time.sleep(messages.BEAT_SECONDS)
        replies.send(messages.Reply(number=messages.HEARTBEAT))


def _serve_orders(engine: Any, replies: _Replies, turn: threading.Lock) -> None:
    """Answer orders; the thread that reads one answers it, as another would wait for a core."""
    while True:
        with turn:
            body = _read_frame(sys.stdin.buffer)
        if body is None:
            os._exit(0)
        replies.send(_answer_order(engine, messages.decode_order(body)))


def _private_stdout() -> BinaryIO:
    """Keep standard output for replies, and redirect its descriptor to the log."""
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return private


def _load_engine(factory: str, setup: messages.Setup) -> Any:
    module, _, name = factory.partition(":")
    engine = getattr(importlib.import_module(module), name)(**setup.options)
    if setup.words:
        if not hasattr(engine, "learn"):
            raise UsageError(
                "this engine does not support [[dictionary]]: remove it, or choose another engine"
            )
        engine.learn(setup.words)
    return engine


def _read_frame(stream: BinaryIO) -> bytes | None:
    prefix = stream.read(messages.PREFIX.size)
    if len(prefix) < messages.PREFIX.size:
        return None
    (size,) = messages.PREFIX.unpack(prefix)
    body = stream.read(size)
    return body if len(body) == size else None


def _answer_order(engine: Any, order: messages.Order) -> messages.Reply:
    number = order.number
    try:
        match order:
            case messages.ReadingsRequest():
                _require_method(engine, "read", "this engine cannot tell how it reads")
                readings = _call_for_each(engine.read, order.forms)
                return messages.Reply(number=number, readings=readings)
            case messages.SegmentRequest():
                _require_method(engine, "cut", "this engine cannot cut a passage into segments")
                cuts = _call_for_each(lambda form: engine.cut(form, order.pauses), order.forms)
                return messages.Reply(number=number, cuts=cuts)
            case messages.RawRequest():
                _require_method(engine, "answer", "this engine answers no questions")
                return messages.Reply(number=number, answer=engine.answer(order.question))
            case messages.SynthesizeRequest():
                return _synthesize_speech(engine, order)
    except Exception as exc:  # noqa: BLE001 - an engine's exception is its answer to this order
        return messages.Reply(number=number, error=_describe_error(exc))


def _require_method(engine: object, name: str, problem: str) -> None:
    if not hasattr(engine, name):
        raise ClipError(problem)


def _call_for_each(
    call: Callable[[SpokenForm], Result], forms: tuple[SpokenForm, ...]
) -> tuple[Result | str, ...]:
    """The results for forms; for each that fails, the reason."""

    def call_once(form: SpokenForm) -> Result | str:
        try:
            return call(form)
        except Exception as exc:  # noqa: BLE001 - see _answer_order
            return _describe_error(exc)

    return tuple(map(call_once, forms))


def _describe_error(error: Exception) -> str:
    if isinstance(error, TtsAssetsError):
        return str(error)
    return OUT_OF_MEMORY if is_out_of_memory(error) else f"{type(error).__name__}: {error}"


def _synthesize_speech(engine: Any, order: messages.SynthesizeRequest) -> messages.Reply:
    from tts_assets.audio.render import finish  # noqa: PLC0415 - heavy, and only needed in this process

    _require_method(engine, "speak", "this engine reports readings and has no voice")
    speech = engine.speak(order.form, order.voice)
    if order.sound is not None:
        recording = replace(finish(speech, order.sound), pronunciation=speech.pronunciation)
        return messages.Reply(number=order.number, recording=recording)
    return messages.Reply(
        number=order.number,
        samples=speech.samples.astype("<f4", copy=False).tobytes(),
        rate_hz=speech.rate_hz,
        pronunciation=speech.pronunciation,
    )
