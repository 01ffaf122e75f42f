"""Engines for tests: one that speaks tones at once, and breaks in every way when told to.

Reached as a plug-in (``tests.plugin_engines:Tones``) and inside the engine's process (``Engine``). A text
tells what happens to it: 失敗 fails, 眠る hangs, 固まる hangs and stops every thread, 墜落 kills the process, 無音 gives no samples,
課金 ends the run, 遅い and 鈍い take a while; anything else sounds as a tone that depends on its text.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import time
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.errors import ClipError, FatalError
from tts_assets.model import (
    AccentBasis,
    Basis,
    DictionaryWord,
    Phrase,
    Pronunciation,
    Speech,
    SpokenForm,
    Voice,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from tts_assets.config.settings import Settings
    from tts_assets.engines.process.supervisor import EngineHost
    from tts_assets.engines.protocol import Speaker, VoiceInfo

RATE_HZ = 24_000


class Engine:
    """Speaks tones; each call leaves a line in the file named by TEST_ENGINE_LOG."""

    def __init__(self) -> None:
        # Loaded with the engine: the runs that only name it need not wait for it.
        import numpy as np

        self._np = np

    def learn(self, words: Sequence[DictionaryWord]) -> None:
        for word in words:
            _log(f"learned {word.surface}")

    def read(self, form: SpokenForm) -> Pronunciation:
        _log(f"read {form.text}")
        self._break_down(form)
        return _pronunciation(form)

    def speak(self, form: SpokenForm, voice: Voice) -> Speech:
        _log(form.text)
        self._break_down(form)
        seconds = 0.0 if "無音" in form.text else 0.2 / voice.speed
        tone = 200 + zlib.crc32(form.text.encode()) % 800
        np = self._np
        samples = 0.3 * np.sin(2 * np.pi * tone * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)
        return Speech(
            samples=samples.astype(np.float32),
            rate_hz=RATE_HZ,
            pronunciation=_pronunciation(form),
        )

    def _break_down(self, form: SpokenForm) -> None:
        if "失敗" in form.text:
            raise ClipError("the engine was told to fail")
        if "虫" in form.text:
            raise RuntimeError("the engine has a bug")
        if "子" in form.text:
            subprocess.run(["sleep", "3601"], check=False)
        if "眠る" in form.text:
            time.sleep(3600)
        if "固まる" in form.text:
            # Holds the interpreter's lock, as the worst native code does: only a kill ends it.
            ctypes.PyDLL(None).sleep(3600)
        if "墜落" in form.text:
            print("last words", flush=True)
            os.abort()
        if "遅い" in form.text:
            time.sleep(0.3)
        if "鈍い" in form.text:
            time.sleep(1.0)


class Mute:
    """An engine that only speaks: it learns no words and tells no readings."""

    def speak(self, form: SpokenForm, voice: Voice) -> Speech:
        return Engine().speak(form, voice)


class Unloadable:
    """An engine whose model is not there."""

    def __init__(self) -> None:
        raise FileNotFoundError("model.onnx is missing")


def dies_at_once() -> None:
    """A factory that takes the process with it."""
    print("no such instruction", flush=True)
    os.abort()


class Tones:
    """The provider of the tone engine.

    TEST_ENGINE_PARTS has its version and model; with TEST_ENGINE_ACCENTLESS it says no accents.
    """

    name = "tones"
    base_mib = 10
    footprint_mib = 10

    def __init__(self, settings: Settings) -> None:
        del settings

    def problem(self) -> str | None:
        if os.environ.get("TEST_ENGINE_PROBLEM") == "raise":
            raise ZeroDivisionError
        return os.environ.get("TEST_ENGINE_PROBLEM")

    def voices(self) -> tuple[VoiceInfo, ...]:
        # The engine's process, of which hundreds start, needs none of the run's own modules.
        from tts_assets.engines.protocol import VoiceInfo

        return (
            VoiceInfo(name="sine", language="ja", description="a sine", credit="Credit: a sine"),
            VoiceInfo(name="other", language="ja", description="another"),
        )

    def engine(self, voice: str) -> str:
        del voice
        return os.environ.get("TEST_ENGINE_PARTS", "tones=1")

    def accents(self, voice: str) -> bool:
        del voice
        return "TEST_ENGINE_ACCENTLESS" not in os.environ

    def repeats(self, voice: str) -> bool:
        del voice
        return True

    def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[EngineHost]:
        from tts_assets.engines.process.supervisor import engine_host, limit_silence

        return engine_host(
            "tests.plugin_engines:Engine",
            threads=workers,
            silence_seconds=limit_silence(timeout_seconds),
            words=words,
        )


class Narrow(Tones):
    """The same, with no more than two workers."""

    name = "narrow"

    def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[EngineHost]:
        return super().open(workers=min(workers, 2), timeout_seconds=timeout_seconds, words=words)


class Paid(Tones):
    """A provider called in the run's own process, whose credit runs out; tells no pronunciation."""

    name = "paid"

    @contextlib.asynccontextmanager
    async def _open(self) -> AsyncIterator[Speaker]:
        yield self

    def open(  # type: ignore[override]
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[Speaker]:
        del workers, timeout_seconds, words
        return self._open()

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: object = None
    ) -> Speech:
        del restart_timer
        if "課金" in form.text:
            raise FatalError("the quota is spent")
        if "例外" in form.text:
            raise ValueError("an exception of a stranger")
        return replace(Engine().speak(form, voice), pronunciation=None)


class Telling(Paid):
    """The same, in tones that tell all that it was asked for: no two clips sound alike."""

    name = "telling"

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: object = None
    ) -> Speech:
        del restart_timer
        _log(form.text)
        Engine()._break_down(form)
        return telling(form, voice, self.engine(voice.name))


def telling(form: SpokenForm, voice: Voice, parts: str) -> Speech:
    """A tone that is another for any other form, voice or engine."""
    import numpy as np

    tone = 200 + zlib.crc32(repr((form, voice.name, parts)).encode()) % 4_000
    times = np.arange(int(0.1 / voice.speed * RATE_HZ)) / RATE_HZ
    samples = 0.3 * np.sin(2 * np.pi * tone * times)
    return Speech(samples=samples.astype(np.float32), rate_hz=RATE_HZ)


def _pronunciation(form: SpokenForm) -> Pronunciation:
    """All flat, and never sure."""
    return Pronunciation(
        phrases=(Phrase(kana=form.reading or form.text, accent=form.accent or 0),),
        basis=Basis.UNCHECKED,
        accent_basis=AccentBasis.GUESSED,
    )


def _log(line: str) -> None:
    if path := os.environ.get("TEST_ENGINE_LOG"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
