"""The engine's process: loads one native engine, answers orders in worker threads until told to end.

Started with ``MODULE:FACTORY``, the number of threads, and where to find packages. What to set up and
orders arrive on standard input, replies leave on what was standard output; whatever native code
prints goes to the log.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from tts_assets.engines.process import messages
from tts_assets.errors import OUT_OF_MEMORY, ClipError, TtsAssetsError, UsageError, is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.model import (
        DictionaryWord,
        Pauses,
        Pronunciation,
        Segment,
        Speech,
        SpokenForm,
        Voice,
    )


@runtime_checkable
class NativeEngine(Protocol):
    """An engine that runs inside the process; ``speak`` is called from several threads at once."""

    def speak(self, form: SpokenForm, voice: Voice) -> Speech:
        """Say it, or raise ClipError with the reason."""
        ...


@runtime_checkable
class LearningEngine(Protocol):
    """An engine that takes the words of a user's own dictionary, before anything else is asked."""

    def learn(self, words: Sequence[DictionaryWord]) -> None:
        """Read these words as they say, or raise UsageError with the reason."""
        ...


@runtime_checkable
class ReadingEngine(Protocol):
    """An engine that can tell how it would say a form; called from several threads at once."""

    def read(self, form: SpokenForm) -> Pronunciation:
        """Tell its pronunciation, or raise ClipError with the reason."""
        ...


@runtime_checkable
class CuttingEngine(Protocol):
    """An engine that can cut passages; called from several threads at once."""

    def cut(self, form: SpokenForm, pauses: Pauses) -> tuple[Segment, ...]:
        """Tell the segments of a passage, or raise ClipError with the reason."""
        ...


@runtime_checkable
class AnsweringEngine(Protocol):
    """An engine that answers questions of its own kind; called from several threads at once."""

    def answer(self, question: bytes) -> bytes:
        """Answer it, or raise ClipError with the reason."""
        ...


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
            # Nobody is left to hear it: the run is gone, and so must be what it started.
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
        why = str(exc) if isinstance(exc, TtsAssetsError) else _describe_error(exc)
        replies.send(messages.Reply(number=messages.READY, error=why))
        os._exit(1)
    replies.send(messages.Reply(number=messages.READY))
    turn = threading.Lock()
    for _ in range(int(sys.argv[2])):
        threading.Thread(target=_serve_orders, args=(engine, replies, turn)).start()
    while True:
        # Signs of life: they end when native code holds the interpreter's lock for ever.
        time.sleep(messages.BEAT_SECONDS)
        replies.send(messages.Reply(number=messages.HEARTBEAT))


def _serve_orders(engine: object, replies: _Replies, turn: threading.Lock) -> None:
    """Take an order and answer it, again and again.

    The thread that takes an order speaks it: handed on to another, it would wait for a core.
    """
    while True:
        with turn:
            body = _read_frame(sys.stdin.buffer)
        if body is None:
            os._exit(0)
        replies.send(_answer_order(engine, messages.decode_order(body)))


def _private_stdout() -> BinaryIO:
    """Keep standard output for replies, and point its number at the log for everyone else."""
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return private


def _load_engine(factory: str, setup: messages.Setup) -> object:
    module, _, name = factory.partition(":")
    engine: object = getattr(importlib.import_module(module), name)(**setup.options)
    if setup.words:
        if not isinstance(engine, LearningEngine):
            raise UsageError("this engine takes no words of your own: leave out [[dictionary]]")
        engine.learn(setup.words)
    return engine


def _read_frame(stream: BinaryIO) -> bytes | None:
    prefix = stream.read(messages.PREFIX.size)
    if len(prefix) < messages.PREFIX.size:
        return None
    (size,) = messages.PREFIX.unpack(prefix)
    body = stream.read(size)
    return body if len(body) == size else None


def _answer_order(engine: object, order: messages.Order) -> messages.Reply:
    try:
        if isinstance(order, messages.ReadingsRequest):
            readings = tuple(_read_form(engine, form) for form in order.forms)
            return messages.Reply(number=order.number, readings=readings)
        if isinstance(order, messages.SegmentRequest):
            cuts = tuple(_split_form(engine, form, order.pauses) for form in order.forms)
            return messages.Reply(number=order.number, cuts=cuts)
        if isinstance(order, messages.RawRequest):
            return messages.Reply(
                number=order.number, answer=_answer_question(engine, order.question)
            )
        return _synthesize_speech(engine, order)
    except ClipError as exc:
        return messages.Reply(number=order.number, error=str(exc))
    except Exception as exc:  # noqa: BLE001 - an engine's exception is its answer to this order
        return messages.Reply(number=order.number, error=_describe_error(exc))


def _describe_error(error: Exception) -> str:
    return OUT_OF_MEMORY if is_out_of_memory(error) else f"{type(error).__name__}: {error}"


def _answer_question(engine: object, question: bytes) -> bytes:
    if not isinstance(engine, AnsweringEngine):
        raise ClipError("this engine answers no questions")
    return engine.answer(question)


def _synthesize_speech(engine: object, order: messages.SynthesizeRequest) -> messages.Reply:
    from tts_assets.audio.finish import finish  # noqa: PLC0415 - heavy, and only needed in this process

    if not isinstance(engine, NativeEngine):
        raise ClipError("this engine tells readings and has no voice")
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


def _read_form(engine: object, form: SpokenForm) -> Pronunciation | str:
    """One of many: what is wrong with it is its own."""
    if not isinstance(engine, ReadingEngine):
        return "this engine cannot tell how it reads"
    try:
        return engine.read(form)
    except ClipError as exc:
        return str(exc)
    except Exception as exc:  # noqa: BLE001 - see _answer
        return _describe_error(exc)


def _split_form(engine: object, form: SpokenForm, pauses: Pauses) -> tuple[Segment, ...] | str:
    """One of many: what is wrong with it is its own."""
    if not isinstance(engine, CuttingEngine):
        return "this engine cannot cut a passage into segments"
    try:
        return engine.cut(form, pauses)
    except ClipError as exc:
        return str(exc)
    except Exception as exc:  # noqa: BLE001 - see _answer
        return _describe_error(exc)
