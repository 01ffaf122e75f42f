"""An engine whose calls of its library are timed, put in the place of the real one by a benchmark."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Any

import psutil

from tts_assets.engines.process import supervisor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tts_assets.engines.process.supervisor import EngineHost


class Clock:
    """Adds up, in a file, what an engine's process spends inside the library."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def plant(self, provider: Any) -> None:
        """Let the provider start its engine with the clock in it."""
        module = sys.modules[type(provider).__module__]
        if not hasattr(module, "engine_host"):
            # It is imported when the engine is opened.
            module = supervisor
        start = module.engine_host

        def started(factory: str, **given: Any) -> EngineHost:
            options = {**(given.pop("options", None) or {}), "real": factory, "log": self._path}
            return start(f"{__name__}:timed", options=_words(options), **given)

        module.engine_host = started

    def start(self) -> None:
        """Begin to count."""
        self._begun = self._now()

    def outside(self) -> tuple[float, float]:
        """Which share of the time since then, and of the processors' time, was not inside."""
        passed = [now - then for now, then in zip(self._now(), self._begun, strict=True)]
        time, processor, inside_time, inside_processor = passed
        return 1 - inside_time / time, 1 - inside_processor / processor

    def _now(self) -> tuple[float, float, float, float]:
        run = psutil.Process()
        used = [each.cpu_times() for each in (run, *run.children(recursive=True))]
        calls = [line.split() for line in self._path.read_text().splitlines()]
        return (
            perf_counter(),
            sum(each.user + each.system for each in used),
            sum(float(time) for time, _ in calls),
            sum(float(processor) for _, processor in calls),
        )


def _words(options: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in options.items()}


def timed(real: str, log: str, **options: str) -> Any:
    """An engine whose calls of the library are timed; called inside its process.

    Args:
        real: ``module:function`` of the engine.
        log: the file to write the seconds of each call to, by the clock and of the processor.
        options: the engine's own.
    """
    module, _, name = real.partition(":")
    engine = getattr(importlib.import_module(module), name)(**options)
    file = os.open(log, os.O_WRONLY | os.O_APPEND)

    def clocked(call: Callable[..., Any]) -> Callable[..., Any]:
        def timed_call(*args: Any, **kwargs: Any) -> Any:
            begun, used = perf_counter(), thread_time()
            try:
                return call(*args, **kwargs)
            finally:
                # The calling thread is the only one that works: the session has one.
                passed = perf_counter() - begun, thread_time() - used
                os.write(file, b"%.9f %.9f\n" % passed)

        return timed_call

    if "kokoro" in module:
        engine._kokoro.create = clocked(engine._kokoro.create)
    elif "piper" in module:
        for voice in engine._loaded.values():
            voice.phoneme_ids_to_audio = clocked(voice.phoneme_ids_to_audio)
    else:
        engine._dictionary.make_labels = clocked(engine._dictionary.make_labels)
        engine._get_synthesiser = _clocked_synthesisers(engine._get_synthesiser, clocked)
    return engine


def _clocked_synthesisers(make: Callable[[], Any], clocked: Callable[..., Any]) -> Any:
    """As OpenJTalk's synthesisers are native, whose methods cannot be replaced."""
    own = threading.local()

    class Clocked:
        def __init__(self, real: Any) -> None:
            self.set_speed = real.set_speed
            self.add_half_tone = real.add_half_tone
            self.get_sampling_frequency = real.get_sampling_frequency
            self.synthesize = clocked(real.synthesize)

    def made() -> Clocked:
        if not hasattr(own, "made"):
            own.made = Clocked(make())
        return own.made

    return made
