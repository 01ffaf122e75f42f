"""What every recognizer offers to the rest of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

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
