"""Recognizers for tests: one that hears tones as words, and breaks in every way when told to.

A tone of 300 Hz is the word w0, of 320 Hz w1 and so on; tones above 2,500 Hz tell what happens.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tts_assets.engines.asr.hosted_recognizer import NativeRecognizer, host_recognizer
from tts_assets.engines.asr.recognizer_protocol import (
    RATE_HZ,
    Recognized,
    Recognizer,
    Utterance,
    Word,
)
from tts_assets.engines.process.supervisor import limit_silence
from tts_assets.errors import ClipError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

    from tts_assets.config.settings import Settings
    from tts_assets.model import Samples

FAILS, HANGS, DIES, FAILS_ONCE, SLOW = 3_000, 3_200, 3_400, 3_600, 3_800
_LOWEST, _STEP = 300, 20
#: Frames of a tenth of a second: the peak of each is right to 10 Hz.
_FRAME = RATE_HZ // 10


def tone(hertz: float, seconds: float, rate_hz: int = RATE_HZ) -> Samples:
    """A tone that is heard as one word, or that breaks the recognizer."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    return (0.3 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def spoken(numbers: range | list[int], *, pause: float = 0.4, rate_hz: int = RATE_HZ) -> Samples:
    """Words of 0.6 seconds by their numbers, with a pause behind each."""
    still = np.zeros(round(pause * rate_hz), dtype=np.float32)
    parts = [
        part for number in numbers for part in (tone(_LOWEST + _STEP * number, 0.6, rate_hz), still)
    ]
    return np.concatenate(parts)


def words(numbers: range | list[int]) -> list[str]:
    """The same as the recognizer hears them."""
    return [f"w{number}" for number in numbers]


class ToneRecognizerEngine(NativeRecognizer):
    """Hears tones; each call leaves a line in the file named by TEST_ENGINE_LOG."""

    def recognize(self, samples: Samples, *, language: str, prompt: str) -> Recognized:
        del language, prompt
        pitches = list(_pitches(samples))
        before = _log(str(sorted({round(pitch) for pitch in pitches if pitch > 2_500})))
        if FAILS in pitches or (FAILS_ONCE in pitches and not before):
            raise ClipError("the recognizer was told to fail")
        if HANGS in pitches:
            time.sleep(3600)
        if DIES in pitches:
            os.abort()
        if SLOW in pitches:
            time.sleep(0.5)
        return Recognized(tuple(_utterances(pitches)))


def _pitches(samples: Samples) -> Iterator[float]:
    """The pitch of each frame; 0 in silence."""
    for begin in range(0, samples.size - _FRAME + 1, _FRAME):
        frame = samples[begin : begin + _FRAME]
        loud = float(np.abs(frame).mean()) > 0.1
        yield float(np.argmax(np.abs(np.fft.rfft(frame))) * 10) if loud else 0.0


def _utterances(pitches: list[float]) -> Iterator[Utterance]:
    begin = 0
    for at in range(1, len(pitches) + 1):
        if at < len(pitches) and abs(pitches[at] - pitches[begin]) <= 10:
            continue
        if at - begin >= 3 and 0 < pitches[begin] < 2_500:
            number = round((pitches[begin] - _LOWEST) / _STEP)
            word = Word(begin / 10, at / 10, f" w{number}", 0.9)
            yield Utterance(word.begin, word.end, word.text, 0.9, (word,))
        begin = at


def _log(line: str) -> int:
    """How often the same was written before."""
    path = os.environ.get("TEST_ENGINE_LOG")
    if path is None:
        return 0
    lines = Path(path).read_text("utf-8").splitlines() if Path(path).exists() else []
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    return lines.count(line)


class ToneRecognizer:
    """The provider."""

    name = "tones"
    model = "scale"
    base_mib = footprint_mib = 10

    def __init__(self, settings: Settings) -> None:
        del settings

    def problem(self) -> str | None:
        return os.environ.get("TEST_ENGINE_PROBLEM")

    def languages(self) -> tuple[str, ...]:
        return ("ja",)

    def open(
        self, *, workers: int, timeout_seconds: float, voice_only: bool = False
    ) -> AbstractAsyncContextManager[Recognizer]:
        del voice_only
        return host_recognizer(
            "tests.recognizers:ToneRecognizerEngine",
            threads=workers,
            silence_seconds=limit_silence(timeout_seconds),
            options={},
        )


def register(folder: Path) -> None:
    """Make them plug-ins of whoever has the folder on its path."""
    info = folder / "test_recognizers-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: test-recognizers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[tts_assets.recognizers]\n"
        "tones = tests.recognizers:ToneRecognizer\n"
        "broken = tests.recognizers:missing\n"
    )
