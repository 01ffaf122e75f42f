"""Decode responses of services: speech to samples, errors to messages.

OpenAI returns errors as ``message``, ``type``, ``param`` and ``code`` in ``error``
(https://platform.openai.com/docs/guides/error-codes). Others return a string, an object, or a list with
a path for each problem in ``detail``, as FastAPI does, or these fields at the top level.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.engines.http.service_calls import TransientError
from tts_assets.errors import ClipError, truncate_text
from tts_assets.model import SILENT_PEAK

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.engines.http.service_calls import ServiceResponse
    from tts_assets.model import Samples


#: The magic bytes of files that libsndfile reads: RIFF with WAVE, FLAC, Ogg, and MP3 with tags.
_MAGIC_BYTES = re.compile(rb"RIFF.{4}WAVE|fLaC|OggS|ID3", re.DOTALL)

#: The sync word of an MPEG frame, layer III (ISO 11172-3, 2.4.1.3); samples may match it, too.
_MPEG = re.compile(rb"\xff[\xe2-\xe3\xf2-\xf3\xfa-\xfb]")
_LEAST_FRAMES = 3
_MPEG_KINDS = ("audio/mpeg", "audio/mp3", "audio/mpeg3", "audio/x-mpeg")

_TEXT_TYPES = re.compile(r"text/.*|.*[/+](json|xml)|application/xhtml.*")  #: media types of text
_INSPECTED_HEAD = 64  #: this many bytes of samples are never all text by chance
_TEXT = re.compile(r"[^\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+")
_RIFF_HEAD = 12
_CHUNK_HEAD = 8
_BYTES_PER_SAMPLE = 2
_PCM_SCALE = 32_768

#: The allowed silence around speech: OpenJTalk has 0.7 s around one vowel, and others more.
_AROUND_SECONDS = 3.0

# With OpenJTalk's voice, truncated at random positions in 16 texts: 30 of 48 truncations are detected in
# bare samples, and 28 in MP3 (19 if trailing silence is not skipped), without a false positive.
_END_SECONDS = 0.02
_END_DB = -12.0
_PADDING_SECONDS = 0.15
_SILENCE_DB = -50.0
_TAIL_SAMPLES = 1 << 13
_HOP_SECONDS = 0.01


class EndMissingError(ClipError):
    """An Ogg file lacks its end-of-stream flag, which some servers omit."""


def decode_speech(
    body: bytes, kind: str, *, pcm_rate_hz: int | None, needs_end: bool = True
) -> tuple[Samples, int]:
    """Decode the body of a response; containers are recognized by their first bytes, not their type.

    Args:
        body: the complete body.
        kind: the media type in lower case, without parameters; "" for none.
        pcm_rate_hz: the sample rate if bare samples were requested, 16 bits, mono, little-endian;
            None if a container was.
        needs_end: require the end-of-stream flag of an Ogg file.

    Returns:
        Float32 samples of shape (n,), n >= 1, full scale at -1..1, and samples per second.

    Raises:
        TransientError: the body is not audio.
        ClipError: the audio is damaged or incomplete; EndMissingError if only the flag is missing.
    """
    check_sound_body(body, kind, pcm_rate_hz=pcm_rate_hz)
    if is_sound_file(body, kind, pcm_rate_hz):
        try:
            return _decode_container(body, needs_end=needs_end)
        except ClipError as exc:
            if pcm_rate_hz is None or not _MPEG.match(body):
                raise
            raise ClipError(f"the response is MP3 instead of PCM, and {exc}") from exc
    assert pcm_rate_hz is not None  # noqa: S101 - anything else was refused above
    return _decode_pcm(body), pcm_rate_hz


def check_sound_body(body: bytes, kind: str, *, pcm_rate_hz: int | None) -> None:
    """Raise if a body is not audio; arguments and errors as in `decode_speech`."""
    if not body:
        raise TransientError("the response was empty")
    if _TEXT_TYPES.fullmatch(kind) or _begins_as_text(body):
        # Don't quote the body: it may repeat the request with its key.
        raise TransientError(
            f"the response was not audio but {len(body)} bytes of {kind or 'text'}"
        )
    if not is_sound_file(body, kind, pcm_rate_hz) and (pcm_rate_hz is None or kind in _MPEG_KINDS):
        raise TransientError(
            f"the response has no known audio format: {len(body)} bytes of "
            f"{kind or 'an unknown type'} that begin with {body[:8]!r}"
        )


def _begins_as_text(body: bytes) -> bool:
    """Whether a body begins with UTF-8 text, of which the last character may be cut."""
    try:
        head = codecs.getincrementaldecoder("utf-8")().decode(body[:_INSPECTED_HEAD])
    except UnicodeDecodeError:
        return False
    return bool(_TEXT.fullmatch(head))


def is_sound_file(body: bytes, kind: str, pcm_rate_hz: int | None) -> bool:
    """Whether a body is a file, and not bare samples; arguments as in `decode_speech`."""
    if _MAGIC_BYTES.match(body):
        return True
    may_be_mpeg = pcm_rate_hz is None or kind in _MPEG_KINDS
    return bool(_MPEG.match(body)) and (may_be_mpeg or _has_frames(body))


def _has_frames(body: bytes) -> bool:
    """Whether a body has consecutive MPEG frames, which samples never match by chance."""
    from tts_assets.audio.containers import read_frames  # noqa: PLC0415 - see _decode_pcm

    frames = read_frames(io.BytesIO(body))
    return frames is not None and frames.count + len(frames.tags) >= _LEAST_FRAMES


def _decode_pcm(body: bytes) -> Samples:
    import numpy as np  # noqa: PLC0415 - heavy, and not needed before the first sound

    if len(body) % _BYTES_PER_SAMPLE:
        raise ClipError(f"the audio is incomplete: {len(body)} bytes are not whole 16-bit samples")
    samples = np.frombuffer(body, "<i2").astype(np.float32)
    samples *= np.float32(1 / _PCM_SCALE)
    return samples


def _decode_container(body: bytes, *, needs_end: bool) -> tuple[Samples, int]:
    from tts_assets.audio import containers  # noqa: PLC0415 - see _decode_pcm
    from tts_assets.audio.codec import decode  # noqa: PLC0415 - see _decode_pcm

    if missing := containers.find_fault(io.BytesIO(body), needs_end=needs_end):
        is_end = containers.find_fault(io.BytesIO(body), needs_end=False) is None
        raise (EndMissingError if is_end else ClipError)(f"the audio is incomplete: {missing}")
    samples, rate_hz = decode(_set_lengths(body) if body.startswith(b"RIFF") else body)
    if not samples.size:
        raise ClipError(f"the audio has no samples: {len(body)} bytes of headers")
    return samples, rate_hz


def _set_lengths(body: bytes) -> bytes:
    """Correct the lengths of a WAV file whose header was written before they were known."""
    from tts_assets.audio.containers import UNKNOWN_BYTES  # noqa: PLC0415 - see _decode_pcm

    at = _RIFF_HEAD
    while (begin := at + _CHUNK_HEAD) <= len(body):
        size, remaining = int.from_bytes(body[at + 4 : begin], "little"), len(body) - begin
        if body[at : at + 4] == b"data":
            size = size if 0 < size < UNKNOWN_BYTES else remaining
            riff = (begin - _CHUNK_HEAD + size).to_bytes(4, "little")
            return body[:4] + riff + body[8 : begin - 4] + size.to_bytes(4, "little") + body[begin:]
        # Chunks begin at even offsets.
        at = begin + size + size % 2
    raise ClipError(f"the audio has no samples: {len(body)} bytes of headers")


def find_length_fault(
    samples: Samples, rate_hz: int, *, shortest: float, longest: float
) -> str | None:
    """The reason why the duration does not fit the text; None if it fits.

    The samples have the shape (n,), n >= 1, and full scale at -1..1; ``longest`` excludes surrounding
    silence.
    """
    seconds = samples.size / rate_hz
    template = "the audio is {:.2f} s long, but its text takes {} than {:.2f} s"
    if seconds < shortest:
        return template.format(seconds, "more", shortest)
    if seconds > longest + _AROUND_SECONDS:
        seconds = _count_audible_samples(samples) / rate_hz
    if seconds > longest + _AROUND_SECONDS:
        return template.format(seconds, "less", longest + _AROUND_SECONDS)
    if max(samples.max(), -samples.min()) <= SILENT_PEAK:
        return f"the audio of {seconds:.2f} s is silent"
    return None


def _count_audible_samples(samples: Samples) -> int:
    """The number of samples from the first to the last audible one."""
    silence = max(samples.max(), -samples.min()) * 10 ** (_SILENCE_DB / 20)
    end = _find_audible_end(samples, silence)
    return end - (samples.size - _find_audible_end(samples[::-1], silence)) if end else 0


def is_cut(samples: Samples, rate_hz: int) -> bool:
    """Whether the last 20 ms are nearly as loud as the loudest, as in the middle of a word.

    Trailing samples 50 dB below the peak are skipped: encoders pad truncated audio, by at most
    0.15 s. The samples have the shape (n,), n >= 1, and any scale.
    """
    import numpy as np  # noqa: PLC0415 - see _decode_pcm

    peak = max(samples.max(), -samples.min())
    end = _find_audible_end(samples, peak * 10 ** (_SILENCE_DB / 20))
    hop = min(max(1, round(_END_SECONDS * rate_hz)), end)
    if not hop or samples.size - end > _PADDING_SECONDS * rate_hz:
        return False
    spoken = samples[end % hop : end].reshape(-1, hop)
    energies = np.einsum("ij,ij->i", spoken, spoken)
    return bool(energies[-1] >= energies.max() * 10 ** (_END_DB / 10))


def measure_spoken(samples: Samples, rate_hz: int) -> float:
    """The seconds of speech, without silences longer than 0.15 s; samples as in `is_cut`."""
    import numpy as np  # noqa: PLC0415 - see _decode_pcm

    from tts_assets.audio.speech_activity import count_spoken_hops  # noqa: PLC0415 - see _decode_pcm

    hop = min(max(1, round(_HOP_SECONDS * rate_hz)), samples.size)
    rows = samples[: samples.size // hop * hop].reshape(-1, hop)
    return count_spoken_hops(np.einsum("ij,ij->i", rows, rows)) * hop / rate_hz


def _find_audible_end(samples: Samples, silence: float) -> int:
    """The index after the last louder sample, which is usually near the end; 0 without one."""
    import numpy as np  # noqa: PLC0415 - see _decode_pcm

    for begin in (max(0, samples.size - _TAIL_SAMPLES), 0):
        (audible,) = np.nonzero(np.abs(samples[begin:]) > silence)
        if audible.size:
            return begin + int(audible[-1]) + 1
    return 0


_MAX_MESSAGE_LENGTH = 300  #: longer messages are truncated
_INSPECTED_SIZE = 1 << 12  #: the number of characters of a non-JSON body to search for a message
_MAX_PROBLEMS = 5  #: the maximum of problems shown for one request
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


class ErrorBody(NamedTuple):
    """An error of a service: its codes, the fields at fault, and a redacted, bounded message line."""

    words: frozenset[str]
    fields: frozenset[str]
    message: str


def parse_error_body(response: ServiceResponse, hidden: Callable[[str], str]) -> ErrorBody:
    """Parse the error of a response; ``hidden`` redacts the key in a text."""
    inner = body = response.json()
    if isinstance(body, dict):
        inner = body.get("error") or body.get("detail") or body
    words: tuple[Any, ...] = ()
    fields: tuple[Any, ...] = ()
    match inner:
        case dict():
            words = tuple(inner.get(name) for name in ("code", "status", "type", "error"))
            fields = (inner.get("param"),)
            text = inner.get("message") or inner.get("error") or inner.get("text")
        case list():
            fields = tuple(path[-1] for path in map(_find_field_path, inner) if path)
            text = "; ".join(filter(None, map(_describe_problem, inner[:_MAX_PROBLEMS])))
        case str():
            text = inner
        case _:
            text = _decode_text(response, hidden)
    return ErrorBody(_keep_texts(words), _keep_texts(fields), to_redacted_line(text, hidden))


def to_redacted_line(
    text: Any, hidden: Callable[[str], str], most: int = _MAX_MESSAGE_LENGTH
) -> str:
    """Format a JSON value of a service as a printable, redacted line; "" for no text."""
    if not isinstance(text, str):
        return ""
    plain = "".join(sign if sign.isprintable() else " " for sign in hidden(text))
    line = " ".join(plain.split())
    return truncate_text(line, most + 1)


def choose_language(*tags: Any) -> str:
    """The first valid BCP 47 tag, with - or _; "" if there is none."""
    found = (tag for tag in tags if isinstance(tag, str) and _LANGUAGE.fullmatch(tag))
    return next(found, "").replace("_", "-")


def quote_service(text: str, body: ErrorBody, who: str = "it says") -> str:
    """Append the message of the service to a text, if it has one."""
    return f"{text} ({who}: {body.message})" if body.message else text


def _keep_texts(values: tuple[Any, ...]) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str))


def _decode_text(response: ServiceResponse, hidden: Callable[[str], str]) -> str:
    """The readable text at the beginning of a non-JSON response; "" for none."""
    try:
        # Redact before truncating: a part of a key is not recognised.
        text = hidden(response.body.decode())[:_INSPECTED_SIZE]
    except UnicodeDecodeError:
        return ""
    if "\0" in text:
        return ""
    return _TAG.sub(" ", text) if text.lstrip().startswith("<") else text


def _find_field_path(item: Any) -> list[Any]:
    path = item.get("loc") if isinstance(item, dict) else None
    return path if isinstance(path, list) else []


def _describe_problem(item: Any) -> str:
    """Describe a problem of a request, with the path of its field."""
    if not isinstance(item, dict):
        return str(item)
    return ": ".join(
        filter(None, (".".join(map(str, _find_field_path(item))), str(item.get("msg", ""))))
    )
