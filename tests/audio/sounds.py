"""Sounds to test with: real words spoken by OpenJTalk, and tones whose figures are known."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyopenjtalk

from tts_assets.audio import prepare
from tts_assets.audio.codec import encode
from tts_assets.audio.level import compute_gated_lufs, measure_block_powers
from tts_assets.audio.limiter import measure_true_peak
from tts_assets.audio.waveform import Waveform, whole
from tts_assets.model import Speech

if TYPE_CHECKING:
    from tts_assets.model import Samples, Sound

#: Weak onsets, devoiced vowels and endings, stops at the end, nasals, long vowels, one mora.
WORDS = (
    "ひと", "した", "です", "ます", "はし", "ふく", "きく", "すし", "しち", "あっ", "ふっ",
    "ひっ", "円", "雨", "ホテル", "泣く", "学校", "コーヒー", "ん",
)  # fmt: skip
SENTENCES = ("今日はいい天気ですね。", "父は新聞を読みながらコーヒーを飲みます。")


@cache
def spoken(text: str) -> Speech:
    """Say a text; OpenJTalk's samples are in the scale of 16-bit integers."""
    samples, rate_hz = pyopenjtalk.tts(text)
    return Speech(samples=(samples / 32_768).astype(np.float32), rate_hz=rate_hz)


def tone(
    hz: float, seconds: float, *, rate_hz: int = 48_000, dbfs: float = 0.0, degrees: float = 0.0
) -> Samples:
    """A sine whose peak is at this level."""
    turns = hz * np.arange(round(seconds * rate_hz)) / rate_hz + degrees / 360.0
    wave: Samples = (10.0 ** (dbfs / 20.0) * np.sin(2.0 * np.pi * turns)).astype(np.float32)
    return wave


def scaled(speech: Speech, factor: float) -> Speech:
    """The same speech, louder or softer."""
    return Speech(samples=speech.samples * np.float32(factor), rate_hz=speech.rate_hz)


def encoded(samples: Samples, sound: Sound) -> bytes:
    """A clip as a file."""
    file = io.BytesIO()
    encode(whole(samples), sound, file)
    return file.getvalue()


def sliced(samples: Samples, size: int) -> Waveform:
    """The same samples in blocks of this size."""
    starts = range(0, samples.size, size)
    return Waveform(
        size=samples.size, blocks=lambda: (samples[start : start + size] for start in starts)
    )


def gathered(wave: Waveform) -> Samples:
    """All samples of a sound."""
    return np.concatenate([np.empty(0, dtype=np.float32), *wave.blocks()])


def measure_integrated_lufs(samples: Samples, rate_hz: int) -> float:
    """Loudness of a whole clip."""
    return compute_gated_lufs(measure_block_powers(whole(samples), rate_hz))


def true_peak_dbtp(samples: Samples, rate_hz: int) -> float:
    """True peak of a whole clip."""
    return measure_true_peak(whole(samples), rate_hz)


def trim(samples: Samples, rate_hz: int) -> Samples:
    """What is left of samples."""
    return prepare.trim(samples, rate_hz)[0]


def pad(samples: Samples, rate_hz: int, *, lead_ms: int, trail_ms: int) -> Samples:
    """Samples with silence around them."""
    silence = prepare.compute_silences(samples.size, rate_hz, lead_ms=lead_ms, trail_ms=trail_ms)
    return np.pad(samples, silence)
