"""The interface of engines: the required methods, and a protocol for each optional ability."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, runtime_checkable

from tts_assets.model import VoiceInfo as VoiceInfo  # noqa: PLC0414, TC001 - engines take it from here

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from tts_assets.engines.http.rate_limiter import Limiter
    from tts_assets.model import DictionaryWord, Recording, Sound, Speech, SpokenForm, Voice


#: Restarts the time limit of a call: called when work begins, and again if it is restarted.
RestartTimer: TypeAlias = "Callable[[], None] | None"


class Speaker(Protocol):
    """An engine that is open for one run."""

    async def speak(
        self, form: SpokenForm, voice: Voice, *, restart_timer: RestartTimer = None
    ) -> Speech:
        """Synthesize a form; cancelling the call stops the work.

        Args:
            form: the text with its reading.
            voice: the voice, and its speed.
            restart_timer: restarts the time limit: called when work begins, and again if it is restarted
                after a failure that this form did not cause.

        Raises:
            ClipError: this form cannot be synthesized.
            FatalError: the engine cannot synthesize any more forms.
        """
        ...


@runtime_checkable
class Recorder(Speaker, Protocol):
    """A speaker in its own process, which also prepares and encodes the clip there; optional.

    It accepts more forms than it has workers: time limits leave out the wait for a worker.

    Two workers that hand samples over to the run wait for cores and produce 1.73 times the clips of
    one worker; if one thread produces the whole clip, it is 1.9 times.
    """

    async def record(
        self, form: SpokenForm, voice: Voice, sound: Sound, *, restart_timer: RestartTimer = None
    ) -> Recording:
        """Synthesize a form, and encode it as :func:`tts_assets.audio.render.finish` does."""
        ...


@runtime_checkable
class Contextual(Speaker, Protocol):
    """A speaker that uses the texts before and after a segment as context; optional."""

    async def speak_within(
        self,
        form: SpokenForm,
        voice: Voice,
        around: tuple[str, str],
        *,
        restart_timer: RestartTimer = None,
    ) -> Speech:
        """Synthesize a form with the texts before and after it as context.

        Args:
            form: as in ``speak``.
            voice: as in ``speak``.
            around: the texts before and after it; "" for none.
            restart_timer: as in ``speak``.
        """
        ...


@runtime_checkable
class TimestampSpeaker(Contextual, Protocol):
    """A speaker whose service reports when each character is spoken; optional."""

    async def speak_timed(
        self,
        form: SpokenForm,
        voice: Voice,
        around: tuple[str, str],
        *,
        restart_timer: RestartTimer = None,
    ) -> Speech:
        """Like ``speak_within``; the speech has ``character_times`` if they are known."""
        ...


@runtime_checkable
class Bounded(Protocol):
    """A speaker that may have fewer workers than it was opened for; optional."""

    @property
    def workers(self) -> int:
        """The number of forms it synthesizes at once: constant, at least 1."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A speaker that sends requests to a service; optional."""

    @property
    def limiter(self) -> Limiter:
        """Limits the clips in progress, and counts the traffic."""
        ...


@runtime_checkable
class Metered(Protocol):
    """A speaker whose service reports all charges; optional."""

    @property
    def billed_total(self) -> float | None:
        """Credits of this run so far, including those for unused responses."""
        ...


@runtime_checkable
class Remote(Protocol):
    """A provider whose voices are not on this machine; optional."""

    @property
    def max_concurrent(self) -> int:
        """The maximum of open requests by the settings; independent of this machine's cores."""
        ...

    async def listed(self) -> tuple[VoiceInfo, ...]:
        """Request the voices that the service offers now.

        Raises:
            UsageError: these settings do not allow a request.
            FatalError: the service does not list its voices.
        """
        ...


@runtime_checkable
class TimestampProvider(Protocol):
    """A provider whose speakers may be a ``TimestampSpeaker``; optional."""

    def wants_timestamps(self, *, is_requested: bool) -> bool:
        """Whether the timeline of a passage has words; ``is_requested``: a record has a field for it."""
        ...


class Charge(NamedTuple):
    """The estimated charge for a form: characters to send, and their credits if known."""

    characters: int
    credits: float


class Balance(NamedTuple):
    """The remaining credits, and when they are reset; None if unknown."""

    credits: float
    resets: datetime | None = None


@runtime_checkable
class Priced(Protocol):
    """A provider that charges for speech; optional."""

    @property
    def model(self) -> str:
        """The model, for its price."""
        ...

    async def charges(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...]
    ) -> list[Charge | str]:
        """The charge for each form, or why it cannot be synthesized; sends nothing.

        Raises:
            FatalError: the dictionary, which determines the text to send, cannot be used.
        """
        ...

    async def balance(self) -> Balance | str:
        """Request the remaining credits; returns a text with the reason if they are unknown."""
        ...

    async def terms(self) -> str:
        """Request the model's limit and costs, as a line of text."""
        ...


class Provider(Protocol):
    """An engine before any model is loaded; its factory takes the settings of the run."""

    @property
    def name(self) -> str:
        """Its name in ``--provider``."""
        ...

    @property
    def base_mib(self) -> int:
        """The measured memory of the engine without workers, in MiB."""
        ...

    @property
    def footprint_mib(self) -> int:
        """The measured memory of each further worker, in MiB."""
        ...

    def problem(self) -> str | None:
        """None if the engine can be used on this machine; otherwise the problem and its remedy."""
        ...

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voices, the default one first."""
        ...

    def engine(self, voice: str) -> str:
        """Engine, model and dictionary with their versions: everything that can change a voice's audio."""
        ...

    def accents(self, voice: str) -> bool:
        """Whether a voice follows the pitch accents of a form."""
        ...

    def repeats(self, voice: str) -> bool:
        """Whether a voice is deterministic: equal samples for equal forms, with any number of workers."""
        ...

    def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[Speaker]:
        """Prepare the engine.

        Args:
            workers: the number of forms to synthesize at once; a :class:`Bounded` speaker may have
                fewer.
            timeout_seconds: the time limit of a call, for engines that detect hung processes.
            words: the user's own dictionary, for engines that read Japanese themselves.
        """
        ...
