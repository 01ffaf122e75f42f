"""The engine's process: loads one native engine and handles requests in worker threads.

Its arguments are ``MODULE:FACTORY``, the number of threads, and the package path. It reads the setup
and requests from standard input and writes replies to the original standard output; the output of
native code goes to the log. An engine has some of these methods, which raise ClipError with the reason; all but
``learn`` are called from several threads at once:

- ``speak(form, voice) -> Speech``
- ``learn(words)``, called first, for a user's own dictionary; UsageError if it cannot
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
    """Writes replies, for all worker threads."""

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
            # The parent is gone: exit, too.
            os._exit(0)


def main() -> None:
    """Serve requests until standard input ends, as it does when the parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = _Replies(_private_stdout())
    setup = _read_frame(sys.stdin.buffer)
    if setup is None:
        os._exit(0)
    try:
        engine = _load_engine(sys.argv[1], messages.decode_setup(setup))
    except Exception as exc:  # noqa: BLE001 - the parent reports the error
        replies.send(messages.Reply(number=messages.READY, error=_describe_error(exc)))
        os._exit(1)
    replies.send(messages.Reply(number=messages.READY))
    read_lock = threading.Lock()
    for _ in range(int(sys.argv[2])):
        threading.Thread(target=_serve_requests, args=(engine, replies, read_lock)).start()
    while True:
        # Heartbeats stop when native code never releases the interpreter's lock.
        time.sleep(messages.BEAT_SECONDS)
        replies.send(messages.Reply(number=messages.HEARTBEAT))


def _serve_requests(engine: Any, replies: _Replies, read_lock: threading.Lock) -> None:
    """Handle requests; the thread that reads one also handles it, as another would wait for a core."""
    while True:
        with read_lock:
            body = _read_frame(sys.stdin.buffer)
        if body is None:
            os._exit(0)
        replies.send(_handle_request(engine, messages.decode_request(body)))


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


def _handle_request(engine: Any, request: messages.Request) -> messages.Reply:
    number = request.number
    try:
        match request:
            case messages.FormsRequest(pauses=None):
                _require_method(engine, "read", "this engine cannot tell how it reads")
                results = _call_for_each(engine.read, request.forms)
                return messages.Reply(number=number, results=results)
            case messages.FormsRequest(pauses=pauses):
                _require_method(engine, "cut", "this engine cannot cut a passage into segments")
                results = _call_for_each(lambda form: engine.cut(form, pauses), request.forms)
                return messages.Reply(number=number, results=results)
            case messages.RawRequest():
                _require_method(engine, "answer", "this engine answers no questions")
                return messages.Reply(number=number, answer=engine.answer(request.question))
            case messages.SynthesizeRequest():
                return _synthesize_speech(engine, request)
    except Exception as exc:  # noqa: BLE001 - the parent raises the engine's exception
        return messages.Reply(number=number, error=_describe_error(exc))


def _require_method(engine: object, name: str, problem: str) -> None:
    if not hasattr(engine, name):
        raise ClipError(problem)


def _call_for_each(
    call: Callable[[SpokenForm], Result], forms: tuple[SpokenForm, ...]
) -> tuple[Result | str, ...]:
    """The result for each form, or the reason why it failed."""

    def call_once(form: SpokenForm) -> Result | str:
        try:
            return call(form)
        except Exception as exc:  # noqa: BLE001 - see _handle_request
            return _describe_error(exc)

    return tuple(map(call_once, forms))


def _describe_error(error: Exception) -> str:
    if isinstance(error, TtsAssetsError):
        return str(error)
    return OUT_OF_MEMORY if is_out_of_memory(error) else f"{type(error).__name__}: {error}"


def _synthesize_speech(engine: Any, request: messages.SynthesizeRequest) -> messages.Reply:
    from tts_assets.audio.render import finish  # noqa: PLC0415 - heavy, and only needed in this process

    _require_method(engine, "speak", "this engine reports readings and has no voice")
    speech = engine.speak(request.form, request.voice)
    if request.sound is not None:
        recording = replace(finish(speech, request.sound), pronunciation=speech.pronunciation)
        return messages.Reply(number=request.number, recording=recording)
    return messages.Reply(
        number=request.number,
        samples=speech.samples.astype("<f4", copy=False).tobytes(),
        rate_hz=speech.rate_hz,
        pronunciation=speech.pronunciation,
    )
