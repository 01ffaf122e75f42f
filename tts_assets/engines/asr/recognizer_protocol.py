"""What every recognizer offers; recognizers by name, built in or registered by other packages."""

from __future__ import annotations

import difflib
import importlib
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tts_assets.config.settings import Settings
    from tts_assets.model import Samples


#: Samples per second of what recognizers hear.
RATE_HZ = 16_000


class Word(NamedTuple):
    """A word as it was heard.

    Args:
        begin: when it begins, in seconds from the beginning of what was heard.
        end: when it ends.
        text: its spelling, with the space in front where its language has one.
        confidence: how sure it is, 0 to 1.
    """

    begin: float
    end: float
    text: str
    confidence: float


class Utterance(NamedTuple):
    """What was said in one go; times and spaces as in Word.

    Args:
        begin: when it begins.
        end: when it ends.
        text: what was said.
        confidence: how sure it is, 0 to 1.
        words: its words, whose texts make its text; nothing where their times are not known.
    """

    begin: float
    end: float
    text: str
    confidence: float
    words: tuple[Word, ...] = ()


class Recognized(NamedTuple):
    """All that was heard, in its order."""

    utterances: tuple[Utterance, ...] = ()

    @property
    def text(self) -> str:
        """The whole text; empty where nothing was said."""
        return "".join(utterance.text for utterance in self.utterances).strip()


class Recognizer(Protocol):
    """A recognizer made ready, in processes of its own."""

    @property
    def workers(self) -> int:
        """How many recordings it hears at once; it takes more, and they wait."""
        ...

    async def recognize(
        self,
        samples: Samples,
        *,
        language: str,
        prompt: str = "",
        on_start: Callable[[], None] | None = None,
    ) -> Recognized:
        """Tell what is said; cancelling the call really ends the work.

        Equal samples are heard alike, whatever else is heard at the time.

        Args:
            samples: float32, mono, full scale at -1..1, 16,000 in a second.
            language: what is spoken: ``ja``, ``en``...
            prompt: words and names that may be heard, for engines that take them.
            on_start: called when the work begins, and again if it has to begin anew through no
                fault of these samples: the time before does not count.

        Raises:
            ClipError: these samples cannot be recognized; others may.
            FatalError: nothing can be recognized any more.
        """
        ...


class RecognizerProvider(Protocol):
    """A recognizer as the program knows it before any model is loaded.

    Made by calling its class, or another factory, with the settings of the run.
    """

    @property
    def name(self) -> str:
        """The word after ``--recognizer``."""
        ...

    @property
    def model(self) -> str:
        """Which of its models hears, as people name it; "" where it has one only."""
        ...

    @property
    def base_mib(self) -> int:
        """Memory that it needs before it has a worker, in MiB, as measured."""
        ...

    @property
    def footprint_mib(self) -> int:
        """Memory that one more worker needs for 30 seconds of sound, in MiB, as measured."""
        ...

    def problem(self) -> str | None:
        """None when it can be used here, else what is missing and what to do."""
        ...

    def languages(self) -> tuple[str, ...]:
        """What it understands, as codes such as ``ja``."""
        ...

    def open(
        self, *, workers: int, timeout_seconds: float, voice_only: bool = False
    ) -> AbstractAsyncContextManager[Recognizer]:
        """Make it ready.

        Args:
            workers: how many recordings it is to hear at once.
            timeout_seconds: after that long a call is cancelled.
            voice_only: leave out what is no voice, for engines that can tell: in long recordings
                music and noise are taken for words.
        """
        ...


# Recognizers by name: built in, or registered by other packages.


#: The entry-point group under which a package registers ``name = "module:factory"``.
GROUP = "tts_assets.recognizers"
_BUILT_IN = {
    "faster-whisper": "tts_assets.engines.asr.faster_whisper:FasterWhisper",
    "pocketsphinx": "tts_assets.engines.asr.pocketsphinx:PocketSphinx",
}


def list_recognizer_names() -> tuple[str, ...]:
    """Every recognizer's name, the built-in ones first."""
    return (*_BUILT_IN, *sorted(_list_plugins().keys() - _BUILT_IN.keys()))


def load_recognizer(name: str, settings: Settings) -> RecognizerProvider:
    """The recognizer of that name, its module loaded now.

    Args:
        name: what stands after ``--recognizer``.
        settings: what it may have to know.

    Raises:
        UsageError: there is none, or a plug-in's code is broken.
    """
    target = _BUILT_IN.get(name) or _list_plugins().get(name)
    if target is None:
        near = difflib.get_close_matches(name, list_recognizer_names(), n=1)
        hint = f"did you mean {near[0]}? There are" if near else "there are"
        raise UsageError(
            f"there is no recognizer {name!r}; {hint}: {', '.join(list_recognizer_names())}"
        )
    module, _, factory = target.partition(":")
    try:
        provider: RecognizerProvider = getattr(importlib.import_module(module), factory)(settings)
    except Exception as exc:
        if name in _BUILT_IN:
            raise
        raise UsageError(
            f"the recognizer {name!r} ({target}) could not be loaded: "
            f"{type(exc).__name__}: {exc}; mend or remove its package, or choose another"
        ) from exc
    return provider


def _list_plugins() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group=GROUP)}


# Whether the packages of recognizers are installed, told without loading them.


def find_missing_package(package: str) -> str:
    """The package's name where it is not installed; "" where it is."""
    try:
        version(package)
    except PackageNotFoundError:
        return package
    return ""
