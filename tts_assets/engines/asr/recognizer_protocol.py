"""What every recognizer offers; recognizers by name, built in or registered by other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from tts_assets.engines.registry import PluginRegistry

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tts_assets.model import Samples


#: Samples per second of a recognizer's input.
RATE_HZ = 16_000


class Word(NamedTuple):
    """A recognized word.

    Args:
        begin: when it begins, in seconds from the beginning of the recording.
        end: when it ends.
        text: its spelling, with the space in front where its language has one.
        confidence: how sure it is, 0 to 1.
    """

    begin: float
    end: float
    text: str
    confidence: float


class Utterance(NamedTuple):
    """A stretch of speech without a break; times, spaces and confidence as in Word.

    Args:
        begin: when it begins.
        end: when it ends.
        text: its text.
        confidence: how sure it is.
        words: its words, whose texts make its text; empty where their times are not known.
    """

    begin: float
    end: float
    text: str
    confidence: float
    words: tuple[Word, ...] = ()


class Recognized(NamedTuple):
    """The utterances of a recording, in order."""

    utterances: tuple[Utterance, ...] = ()

    @property
    def text(self) -> str:
        """The whole text; "" for silence."""
        return "".join(utterance.text for utterance in self.utterances).strip()


class Recognizer(Protocol):
    """A recognizer made ready, in processes of its own."""

    @property
    def workers(self) -> int:
        """How many recordings it transcribes at once; more may be given, and wait."""
        ...

    async def recognize(
        self,
        samples: Samples,
        *,
        language: str,
        prompt: str = "",
        on_start: Callable[[], None] | None = None,
    ) -> Recognized:
        """Transcribe a recording; cancelling the call really ends the work.

        Equal samples give equal text, whatever else is transcribed at the time.

        Args:
            samples: float32, mono, full scale at -1..1, 16,000 in a second.
            language: what is spoken: ``ja``, ``en``...
            prompt: words and names that may occur, for engines that take them.
            on_start: called when the work begins, and again if it has to be restarted through no
                fault of these samples: the time before does not count.

        Raises:
            ClipError: these samples cannot be recognized; others may.
            FatalError: nothing can be recognized any more.
        """
        ...


class RecognizerProvider(Protocol):
    """A recognizer before any model is loaded; its factory takes the settings of the run."""

    @property
    def name(self) -> str:
        """The word after ``--recognizer``."""
        ...

    @property
    def model(self) -> str:
        """The name of the model; "" where there is only one."""
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
            workers: how many recordings it transcribes at once.
            timeout_seconds: after that long a call is cancelled.
            voice_only: skip music and noise, which would be taken for words, in engines that can.
        """
        ...


_BUILT_IN = {
    "faster-whisper": "tts_assets.engines.asr.faster_whisper:FasterWhisper",
    "pocketsphinx": "tts_assets.engines.asr.pocketsphinx:PocketSphinx",
}
_recognizers: PluginRegistry[RecognizerProvider] = PluginRegistry(
    "recognizer", "tts_assets.recognizers", _BUILT_IN
)
list_recognizer_names = _recognizers.list_names
load_recognizer = _recognizers.load_plugin
