"""What every engine offers to the rest of the program."""

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
        name: what to type after ``--voice``.
        language: what it speaks, as a BCP 47 tag.
        description: who it is, in a few words.
        credit: the line its licence asks everyone to show who publishes its speech; "" for none.
        gender: as whose it is heard: ``female``, ``male``, or "" where nobody says.
        speeds: the slowest and the fastest that it speaks; 1.0 is its own pace.
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
    """An engine made ready for one run."""

    async def speak(
        self, form: SpokenForm, voice: Voice, *, on_start: Callable[[], None] | None = None
    ) -> Speech:
        """Say it; cancelling the call really ends the work.

        Args:
            form: what to say.
            voice: who says it, and how fast.
            on_start: called when the work begins, and again if it has to begin anew through no
                fault of this form: the time before does not count.

        Raises:
            ClipError: this form cannot be said; others may.
            FatalError: nothing can be said any more.
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
        """Say it, and finish the sound as :func:`tts_assets.audio.finish` does."""
        ...


@runtime_checkable
class Contextual(Speaker, Protocol):
    """A speaker that is told what is said around a segment, and speaks on from it; optional."""

    async def speak_within(
        self,
        form: SpokenForm,
        voice: Voice,
        around: tuple[str, str],
        *,
        on_start: Callable[[], None] | None = None,
    ) -> Speech:
        """Say it between two texts that are said by themselves; the rest is as in ``speak``.

        Args:
            form: what to say.
            voice: who says it, and how fast.
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
        """Say it as ``speak_within`` does; the speech has ``character_times`` where they are known."""
        ...


@runtime_checkable
class Bounded(Protocol):
    """A speaker that may say fewer forms at once than it was opened for; optional."""

    @property
    def workers(self) -> int:
        """How many it says at once: at least 1, and always as many."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A speaker that waits for a service; optional."""

    @property
    def limiter(self) -> Limiter:
        """Tells how many clips should be in hand, and what went to and fro."""
        ...


@runtime_checkable
class Metered(Protocol):
    """A speaker that knows all that its service charged; optional."""

    @property
    def billed_total(self) -> float | None:
        """Credits of this run so far, those for answers of which no clip came among them."""
        ...


@runtime_checkable
class Remote(Protocol):
    """A provider whose voices are not on this machine; optional."""

    @property
    def max_concurrent(self) -> int:
        """How many requests the settings allow at once; this machine's cores do not matter."""
        ...

    async def listed(self) -> tuple[VoiceInfo, ...]:
        """The voices that the service offers now, by asking it.

        Raises:
            UsageError: it cannot be asked with these settings.
            FatalError: it does not tell.
        """
        ...


@runtime_checkable
class TimestampProvider(Protocol):
    """A provider whose speakers may be a ``TimestampSpeaker``; optional."""

    def wants_timestamps(self, *, is_requested: bool) -> bool:
        """Whether the time line of a passage is to have words.

        Args:
            is_requested: a record takes the address of the time line.
        """
        ...


class Charge(NamedTuple):
    """What saying a form is charged for.

    Args:
        characters: how many are sent.
        credits: what the service counts for them, as far as is known before.
    """

    characters: int
    credits: float


class Balance(NamedTuple):
    """What is left of what was paid for.

    Args:
        credits: how many may still be used.
        resets: when there are more again; None where nobody says.
    """

    credits: float
    resets: datetime | None = None


@runtime_checkable
class Priced(Protocol):
    """A provider that costs something; optional."""

    @property
    def model(self) -> str:
        """What prices go by."""
        ...

    async def charges(
        self, forms: Sequence[SpokenForm], words: tuple[DictionaryWord, ...]
    ) -> list[Charge | str]:
        """What each form would be charged for, or why it cannot be said; nothing is sent.

        Raises:
            FatalError: the dictionary, which tells what has to be sent, cannot be used.
        """
        ...

    async def balance(self) -> Balance | str:
        """What is left, by asking the service; or why that cannot be known."""
        ...

    async def terms(self) -> str:
        """What the model takes and counts, by asking the service; a line for people."""
        ...


class Provider(Protocol):
    """An engine as the program knows it before any model is loaded.

    Made by calling its class, or another factory, with the settings of the run.
    """

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
        """Engine, model and dictionary with their versions: all that can change a voice's sound.

        Args:
            voice: the name of one of its voices.
        """
        ...

    def accents(self, voice: str) -> bool:
        """Whether a voice says the pitch accents that it is given."""
        ...

    def repeats(self, voice: str) -> bool:
        """Whether a voice says one form in the same bits each time, with any number of workers."""
        ...

    def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[Speaker]:
        """Make the engine ready.

        Args:
            workers: how many forms it is to say at once; it may be :class:`Bounded` to fewer.
            timeout_seconds: after that long a call is cancelled; for engines that have to tell
                a slow call from a dead one sooner.
            words: the user's own dictionary, for engines that read Japanese themselves.
        """
        ...
