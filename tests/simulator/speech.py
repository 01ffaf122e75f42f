"""Speech for a text: tones in the rhythm of its letters, or OpenJTalk's voice, in any format."""

import asyncio
import io
import math
import struct
import unicodedata
import zlib
from array import array
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

SECONDS_PER_LETTER = 0.12
#: Kanji and digits stand for about two morae.
SECONDS_PER_KANJI = 0.25

LEAD_SECONDS = 0.02
_TAIL_SECONDS = 0.08

_LOWEST_HZ = 150.0
_STEP_HZ = 1.0 / SECONDS_PER_LETTER
_PITCHES = 31

_PEAK = 12_000
# Of the peak, between syllables: loud enough for a cut there to be heard.
_DIP = 0.45

_CACHE_BYTES = 64 << 20

_LIBSNDFILE = {
    "flac": ("FLAC", "PCM_16"),
    "opus": ("OGG", "OPUS"),
    "ulaw": ("RAW", "ULAW"),
    "alaw": ("RAW", "ALAW"),
}

CONTENT_TYPES = {
    "pcm": "audio/pcm",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "opus": "audio/ogg",
    "ulaw": "audio/basic",
    "alaw": "audio/basic",
}


@dataclass(frozen=True, slots=True)
class SpeechFormat:
    """How speech is stored: codec, samples per second, and kbit/s where it has them."""

    codec: str
    rate_hz: int
    kbps: int = 0


@dataclass(slots=True)
class Speeches:
    """Makes speech, and remembers what was dear to make (64 MiB of it)."""

    _made: OrderedDict[tuple[object, ...], bytes] = field(default_factory=OrderedDict)
    _bytes: int = 0

    async def make(
        self, engine: str, text: str, voice: str, form: SpeechFormat, *, speed: float, half: bool
    ) -> bytes:
        """One text as a sound file, or as bare samples; half: only the first half of the samples."""
        if engine == "tones" and form.codec in ("pcm", "wav"):
            return _encoded(_cut(tones(text, voice, form.rate_hz, speed), half=half), form)
        key = (engine, text, voice, form, speed, half)
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        if engine == "tones":
            pcm = tones(text, voice, form.rate_hz, speed)
        else:
            pcm = await asyncio.to_thread(_spoken, text, voice, form.rate_hz, speed)
        data = _encoded(_cut(pcm, half=half), form)
        self._remember(key, data)
        return data

    def _remember(self, key: tuple[object, ...], data: bytes) -> None:
        if key not in self._made:
            self._made[key] = data
            self._bytes += len(data)
        while self._bytes > _CACHE_BYTES:
            self._bytes -= len(self._made.popitem(last=False)[1])


def tones(text: str, voice: str, rate_hz: int, speed: float) -> bytes:
    """16-bit samples: a syllable for each letter, whose pitch depends on voice, text and place.

    Syllables join without silence and the last one dies away, so that a cut ends loudly. Texts
    without a letter sound as one syllable.
    """
    letters = [seconds for seconds in map(seconds_of, text) if seconds] or [SECONDS_PER_LETTER]
    chance = zlib.crc32(f"{voice}\n{text}".encode())
    parts = [bytes(2 * round(LEAD_SECONDS * rate_hz))]
    for place, seconds in enumerate(letters, 1):
        # Numerical Recipes' quick generator; its high bits are the good ones.
        chance = (chance * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
        hz = _LOWEST_HZ + _STEP_HZ * ((chance >> 16) % _PITCHES)
        size = round(seconds * rate_hz / speed)
        parts.append(_syllable(size, round(hz * size / rate_hz), place == len(letters)))
    parts.append(bytes(2 * round(_TAIL_SECONDS * rate_hz)))
    return b"".join(parts)


def seconds_of(letter: str) -> float:
    """How long a letter sounds; 0 for marks and blanks."""
    category = unicodedata.category(letter)
    if "\u3400" <= letter <= "\u9fff" or category == "Nd":
        return SECONDS_PER_KANJI
    return SECONDS_PER_LETTER if category[0] == "L" else 0.0


@lru_cache(maxsize=1024)
def _syllable(size: int, cycles: int, last: bool) -> bytes:  # noqa: FBT001 - lru_cache keys are quicker without names
    """Whole cycles of a tone with two overtones, swelling and sinking; the last one to nothing."""
    samples = array("h", bytes(2 * size))
    for place in range(size):
        turn = place / size
        phase = 2.0 * math.pi * cycles * turn
        wave = math.sin(phase) + 0.5 * math.sin(2 * phase) + 0.25 * math.sin(3 * phase)
        level = _DIP + (1.0 - _DIP) * math.sin(math.pi * turn)
        if last:
            level *= 1.0 - turn**4
        samples[place] = round(_PEAK * level * wave / 1.75)
    return samples.tobytes()


def _spoken(text: str, voice: str, rate_hz: int, speed: float) -> bytes:
    """OpenJTalk's voice, a little higher or lower for each voice."""
    import numpy as np
    import pyopenjtalk
    import soxr

    half_tones = zlib.crc32(voice.encode()) % 5 - 2
    samples, own_rate_hz = pyopenjtalk.tts(text, speed=speed, half_tone=float(half_tones))
    resampled: Any = soxr.resample(samples, own_rate_hz, rate_hz)
    whole: bytes = np.clip(np.rint(resampled), -32_768, 32_767).astype("<i2").tobytes()
    return whole


def _cut(pcm: bytes, *, half: bool) -> bytes:
    return pcm[: len(pcm) // 4 * 2] if half else pcm


def _encoded(pcm: bytes, form: SpeechFormat) -> bytes:
    match form.codec:
        case "pcm":
            return pcm
        case "wav":
            return _wav(pcm, form.rate_hz)
        case "mp3":
            return _mp3(pcm, form)
        case _:
            return _by_libsndfile(pcm, form)


def _wav(pcm: bytes, rate_hz: int) -> bytes:
    """RIFF with the 16 bytes of a PCM format (Microsoft and IBM, 1991)."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", 4 + len(form) + 8 + len(pcm), b"WAVE")
    return head + form + struct.pack("<4sI", b"data", len(pcm)) + pcm


def _mp3(pcm: bytes, form: SpeechFormat) -> bytes:
    import lameenc

    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(form.rate_hz)
    encoder.set_out_sample_rate(form.rate_hz)
    encoder.set_bit_rate(form.kbps)
    encoder.set_quality(7)
    return bytes(encoder.encode(pcm) + encoder.flush())


def _by_libsndfile(pcm: bytes, form: SpeechFormat) -> bytes:
    import soundfile

    container, subtype = _LIBSNDFILE[form.codec]
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", samplerate=form.rate_hz, channels=1, format=container, subtype=subtype
    ) as file:
        file.buffer_write(pcm, dtype="int16")
    return buffer.getvalue()
