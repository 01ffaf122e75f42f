"""Messages between a run and an engine's process: length-prefixed MessagePack frames."""

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

PREFIX = struct.Struct(">I")  #: bytes in front of every frame: its length, unsigned, big-endian


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The first frame: keyword arguments of the engine's factory, and the user's own dictionary."""

    options: dict[str, str] = field(default_factory=dict)
    words: tuple[DictionaryWord, ...] = ()


class SynthesizeRequest(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A form to synthesize, and with ``sound`` to prepare and encode as well."""

    number: int
    form: SpokenForm
    voice: Voice
    sound: Sound | None = None


class FormsRequest(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Forms whose pronunciations to report, or with ``pauses`` passages to split into segments."""

    number: int
    forms: tuple[SpokenForm, ...]
    pauses: Pauses | None = None


class RawRequest(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A request in the engine's own encoding."""

    number: int
    question: bytes


Request: TypeAlias = SynthesizeRequest | FormsRequest | RawRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The result of a request: a recording, samples and their rate, readings, segments or an error.

    Samples are float32, little-endian. A string in place of a reading or of segments is the reason why
    there are none. READY reports that the engine is loaded, or why it could not be; HEARTBEAT, that
    the process can run Python code. ``answer`` is the result of a RawRequest.
    """

    number: int
    recording: Recording | None = None
    samples: bytes = b""
    rate_hz: int = 0
    pronunciation: Pronunciation | None = None
    results: tuple[Pronunciation | tuple[Segment, ...] | str, ...] = ()
    answer: bytes = b""
    error: str | None = None


READY = -1
HEARTBEAT = -2
BEAT_SECONDS = 0.25  #: seconds between heartbeats


decode_setup = msgspec.msgpack.Decoder(Setup).decode
_request_decoder: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
decode_request = _request_decoder.decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode


def encode_frame(message: Setup | Request | Reply) -> bytes:
    """Encode a message, with its length in front."""
    body = msgspec.msgpack.encode(message)
    return PREFIX.pack(len(body)) + body
