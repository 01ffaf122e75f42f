"""The interface of engines: required methods, and optional abilities as small protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from tts_assets.engines.http.rate_limiter import Limiter
    from tts_assets.model import DictionaryWord, Recording, Sound, Speech, SpokenForm, Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceInfo:
    """A voice on offer.

    Args:
        name: the word after ``--voice``.
        language: its language, as a BCP 47 tag.
        description: a few words about it.
        credit: the line that its licence requires of everyone who publishes its speech; "" for none.
        gender: how it sounds: ``female``, ``male``, or "" where that is unknown.
        speeds: the slowest and the fastest speed; 1.0 is its own.
        whole_speeds: it takes whole numbers only.
    """

    name: str
    language: str
    description: str
    credit: str = ""
    gender: str = ""
    speeds: tuple[float, float] = (0.25, 4.0)
    whole_speeds: bool = False


class Speaker(Protocol):
    """An engine that is ready for one run."""

    async def speak(
        self, form: SpokenForm, voice: Voice, *, on_start: Callable[[], None] | None = None
    ) -> Speech:
        """Synthesize a form; cancelling the call really ends the work.

        Args:
            form: the text with its reading.
            voice: the voice, and its speed.
            on_start: called when the work begins, and again if it has to be restarted through no
                fault of this form: the time before does not count.

        Raises:
            ClipError: this form cannot be synthesized; others may.
            FatalError: no form can be synthesized any more.
        """
        ...


@runtime_checkable
class Recorder(Speaker, Protocol):
    """A speaker in a process of its own, which finishes the sound where the samples are.

    It takes more forms than it has workers: the others wait, and their time does not count.

    Optional: two workers that hand samples over wait for cores and get 1.73 times the clips of
    one; with the whole clip made in one thread it is 1.9 times.
    """

    async def record(
        self,
        form: SpokenForm,
        voice: Voice,
        sound: Sound,
        *,
        on_start: Callable[[], None] | None = None,
    ) -> Recording:
        """Synthesize a form, and finish the sound as :func:`tts_assets.audio.render.finish` does."""
        ...


@runtime_checkable
class Contextual(Speaker, Protocol):
    """A speaker that takes the texts around a segment, and continues from them; optional."""

    async def speak_within(
        self,
        form: SpokenForm,
        voice: Voice,
        around: tuple[str, str],
        *,
        on_start: Callable[[], None] | None = None,
    ) -> Speech:
        """Synthesize a form between two texts that are synthesized by themselves.

        Args:
            form: as in ``speak``.
            voice: as in ``speak``.
            around: the texts before and behind it; "" where there is none.
            on_start: as in ``speak``.
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
        on_start: Callable[[], None] | None = None,
    ) -> Speech:
        """Like ``speak_within``; the speech has ``character_times`` where they are known."""
        ...


@runtime_checkable
class Bounded(Protocol):
    """A speaker that may synthesize fewer forms at once than it was opened for; optional."""

    @property
    def workers(self) -> int:
        """How many it synthesizes at once: at least 1, and constant."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A speaker that waits for a service; optional."""

    @property
    def limiter(self) -> Limiter:
        """Decides how many clips should be in progress, and counts the traffic."""
        ...


@runtime_checkable
class Metered(Protocol):
    """A speaker that knows all charges of its service; optional."""

    @property
    def billed_total(self) -> float | None:
        """Credits of this run so far, including those for answers that were not used."""
        ...


@runtime_checkable
class Remote(Protocol):
    """A provider whose voices are not on this machine; optional."""

    @property
    def max_concurrent(self) -> int:
        """How many requests the settings allow at once, whatever the cores of this machine."""
        ...

    async def listed(self) -> tuple[VoiceInfo, ...]:
        """The voices that the service offers now, by asking it.

        Raises:
            UsageError: it cannot be asked with these settings.
            FatalError: it does not list them.
        """
        ...


@runtime_checkable
class TimestampProvider(Protocol):
    """A provider whose speakers may be a ``TimestampSpeaker``; optional."""

    def wants_timestamps(self, *, is_requested: bool) -> bool:
        """Whether the time line of a passage has words; a record may have requested it."""
        ...


class Charge(NamedTuple):
    """The charge for a form: characters that are sent, and their credits as far as known before."""

    characters: int
    credits: float


class Balance(NamedTuple):
    """The credits that are left, and when they are reset; None where that is unknown."""

    credits: float
    resets: datetime | None = None


@runtime_checkable
class Priced(Protocol):
    """A provider that costs something; optional."""

    @property
    def model(self) -> str:
        """The model, which prices refer to."""
        ...

    async def charges(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...]
    ) -> list[Charge | str]:
        """The charge for each form, or why it cannot be synthesized; nothing is sent.

        Raises:
            FatalError: the dictionary, which decides the text to send, cannot be used.
        """
        ...

    async def balance(self) -> Balance | str:
        """The credits that are left, by asking the service; or why they are unknown."""
        ...

    async def terms(self) -> str:
        """A line about the model's limit and costs, by asking the service."""
        ...


class Provider(Protocol):
    """An engine before any model is loaded; its factory takes the settings of the run."""

    @property
    def name(self) -> str:
        """The word after ``--provider``."""
        ...

    @property
    def base_mib(self) -> int:
        """Memory that the engine needs before it has a worker, in MiB, as measured."""
        ...

    @property
    def footprint_mib(self) -> int:
        """Memory that one more worker needs, in MiB, as measured."""
        ...

    def problem(self) -> str | None:
        """None when the engine can be used here, else what is missing and what to do."""
        ...

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voices, the default one first."""
        ...

    def engine(self, voice: str) -> str:
        """Engine, model and dictionary with their versions: all that can change a voice's sound."""
        ...

    def accents(self, voice: str) -> bool:
        """Whether a voice follows the pitch accents of a form."""
        ...

    def repeats(self, voice: str) -> bool:
        """Whether a voice gives equal samples for equal forms, with any number of workers."""
        ...

    def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[Speaker]:
        """Prepare the engine.

        Args:
            workers: how many forms to synthesize at once; it may be :class:`Bounded` to fewer.
            timeout_seconds: a call is cancelled after that long; for engines that have to
                distinguish a slow call from a dead one sooner.
            words: the user's own dictionary, for engines that read Japanese themselves.
        """
        ...
