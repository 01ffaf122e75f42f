"""The interface of recognizers, and the registry of those built in or from other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from tts_assets.engines.registry import PluginRegistry

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tts_assets.engines.protocol import RestartTimer
    from tts_assets.model import Samples


RATE_HZ = 16_000  #: the sample rate of a recognizer's input


class Word(NamedTuple):
    """A recognized word."""

    begin: float  #: its start, in seconds from the start of the recording
    end: float  #: its end
    text: str  #: its spelling, with the leading space if its language has one
    confidence: float  #: 0 to 1


class Utterance(NamedTuple):
    """A segment of speech without a pause; times, spaces and confidence as in Word."""

    begin: float  #: its start
    end: float  #: its end
    text: str  #: its text
    confidence: float  #: 0 to 1
    #: Its words, whose texts concatenate to its text; empty if their times are unknown.
    words: tuple[Word, ...] = ()


class Recognized(NamedTuple):
    """The utterances of a recording, in order."""

    utterances: tuple[Utterance, ...] = ()

    @property
    def text(self) -> str:
        """The text of all utterances; "" for silence."""
        return "".join(utterance.text for utterance in self.utterances).strip()


class Recognizer(Protocol):
    """An open recognizer in child processes."""

    @property
    def workers(self) -> int:
        """The number of recordings it transcribes at once; further calls wait."""
        ...

    async def recognize(
        self,
        samples: Samples,
        *,
        language: str,
        prompt: str = "",
        restart_timer: RestartTimer = None,
    ) -> Recognized:
        """Transcribe a recording; cancelling the call stops the work.

        Equal samples give equal text, independent of concurrent calls.

        Args:
            samples: float32, mono, full scale at -1..1, 16,000 per second.
            language: the spoken language: ``ja``, ``en``...
            prompt: words and names that may occur, for engines that support prompts.
            restart_timer: restarts the time limit: called when work begins, and again if it is restarted
                after a failure that these samples did not cause.

        Raises:
            ClipError: these samples cannot be recognized.
            FatalError: the recognizer cannot process any more recordings.
        """
        ...


class RecognizerProvider(Protocol):
    """A recognizer before any model is loaded; its factory takes the settings of the run."""

    @property
    def name(self) -> str:
        """Its name in ``--recognizer``."""
        ...

    @property
    def model(self) -> str:
        """The name of the model; "" if there is only one."""
        ...

    @property
    def base_mib(self) -> int:
        """The measured memory without workers, in MiB."""
        ...

    @property
    def footprint_mib(self) -> int:
        """The measured memory of each further worker for 30 seconds of audio, in MiB."""
        ...

    def problem(self) -> str | None:
        """None if it can be used on this machine; otherwise the problem and its remedy."""
        ...

    def languages(self) -> tuple[str, ...]:
        """The supported languages, as codes such as ``ja``."""
        ...

    def open(
        self, *, workers: int, timeout_seconds: float, voice_only: bool = False
    ) -> AbstractAsyncContextManager[Recognizer]:
        """Prepare the recognizer.

        Args:
            workers: the number of recordings to transcribe at once.
            timeout_seconds: the time limit of a call.
            voice_only: skip music and noise, if the engine can, so that they give no words.
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
