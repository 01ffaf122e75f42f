"""What goes between a run and its engine's process: length-prefixed MessagePack frames."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from tts_assets.model import (
    DictionaryWord,
    Pauses,
    Pronunciation,
    Recording,
    Segment,
    Sound,
    SpokenForm,
    Voice,
)

#: Bytes in front of every frame: its length, unsigned, big-endian.
PREFIX = struct.Struct(">I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The first frame that a process gets.

    Args:
        options: the keyword arguments of the engine's factory.
        words: the words of the user's own dictionary.
    """

    options: dict[str, str] = field(default_factory=dict)
    words: tuple[DictionaryWord, ...] = ()


class SynthesizeRequest(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One thing to say; with ``sound``, to be finished and encoded as well."""

    number: int
    form: SpokenForm
    voice: Voice
    sound: Sound | None = None


class ReadingsRequest(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Forms to tell the pronunciation of, without saying them."""

    number: int
    forms: tuple[SpokenForm, ...]


class SegmentRequest(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Passages to cut into segments."""

    number: int
    forms: tuple[SpokenForm, ...]
    pauses: Pauses


class RawRequest(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A question in the engine's own encoding, to one that answers in the same."""

    number: int
    question: bytes


Order: TypeAlias = SynthesizeRequest | ReadingsRequest | SegmentRequest | RawRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of an order: a recording, samples and their rate, readings, cuts, an answer, an error.

    Samples are float32, little-endian; a reading or a cut that is a text is the reason why there
    is none.
    Number -1 says that the engine is ready, or why it is not; number -2 only that the process is
    alive and can run its own code.
    """

    number: int
    recording: Recording | None = None
    samples: bytes = b""
    rate_hz: int = 0
    pronunciation: Pronunciation | None = None
    readings: tuple[Pronunciation | str, ...] = ()
    cuts: tuple[tuple[Segment, ...] | str, ...] = ()
    answer: bytes = b""
    error: str | None = None


READY = -1
HEARTBEAT = -2

#: Seconds between two signs of life.
BEAT_SECONDS = 0.25
_setup_decoder = msgspec.msgpack.Decoder(Setup)
_order_decoder: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Order)
_reply_decoder = msgspec.msgpack.Decoder(Reply)


def encode_frame(message: Setup | Order | Reply) -> bytes:
    """The message with its length in front."""
    body = msgspec.msgpack.encode(message)
    return PREFIX.pack(len(body)) + body


def decode_setup(body: bytes) -> Setup:
    """The set-up in a frame's body."""
    return _setup_decoder.decode(body)


def decode_order(body: bytes) -> Order:
    """The order in a frame's body."""
    return _order_decoder.decode(body)


def decode_reply(body: bytes) -> Reply:
    """The reply in a frame's body."""
    return _reply_decoder.decode(body)
