"""OpenJTalk, the embedded default: dictionary and voice come inside its wheel; no key, no download."""

from __future__ import annotations

import threading
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from tts_assets.domain import Speech
from tts_assets.errors import ClipError
from tts_assets.host import engine_host, silence
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.reading import guarded
from tts_assets.providers.protocol import VoiceInfo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    import numpy as np
    from numpy.typing import NDArray

    from tts_assets.domain import DictionaryWord, Pronunciation, SpokenForm, Voice
    from tts_assets.host import EngineHost
    from tts_assets.japanese.nodes import Nodes

#: The packages whose versions can change a reading, an accent or a sample.
_PARTS = ("pyopenjtalk-plus", "sudachidict-core", "onnxruntime")

#: Credit as the voice's licence (CC BY 3.0, htsvoice/LICENSE_mei_normal.htsvoice) asks for.
_CREDIT = 'HTS Voice "Mei" (c) 2009-2013 Nagoya Institute of Technology, CC BY 3.0'

#: The engine's floats are on the scale of 16-bit integers, and go past it.
_INT16_SCALE = 32768.0
#: Peaks of real sentences stay below 2 on this scale; a runaway filter reaches 1e97.
_WILD = 64.0


class OpenJTalk:
    """The provider; nothing native is loaded into this process."""

    name = "openjtalk"
    footprint_mib = 90

    def problem(self) -> str | None:
        """None when the packages are installed, else what to install."""
        missing = [name for name in _PARTS if _version(name) is None]
        if missing:
            return (
                f"{', '.join(missing)} not installed: pip install 'pyopenjtalk-plus[onnxruntime]'"
            )
        return None

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The one voice of the wheel."""
        return (
            VoiceInfo(
                name="mei",
                language="ja",
                description="female, neutral (MMDAgent's Mei)",
                credit=_CREDIT,
            ),
        )

    def engine(self) -> str:
        """Library, dictionary and runtime with their versions."""
        return " ".join(f"{name}={_version(name)}" for name in _PARTS)

    def open(
        self, *, workers: int, timeout_seconds: float, words: tuple[DictionaryWord, ...] = ()
    ) -> AbstractAsyncContextManager[EngineHost]:
        """Start the engine's process with that many threads."""
        return engine_host(
            f"{__name__}:Engine",
            threads=workers,
            silence_seconds=silence(timeout_seconds),
            words=words,
        )


class Engine:
    """The engine inside its process: a dictionary, and a synthesiser for each thread."""

    def __init__(self) -> None:
        """Load dictionary and voice, so that what is missing shows at once."""
        self._own = threading.local()
        self._dictionary = Dictionary()
        self._dictionary.best("")
        self._synthesiser()

    def learn(self, words: Sequence[DictionaryWord]) -> None:
        """Read these words as they say, before anything is spoken.

        Raises:
            UsageError: they cannot be learned.
        """
        self._dictionary.learn(words)

    def read(self, form: SpokenForm) -> Pronunciation:
        """How a form is said.

        Raises:
            ClipError: it cannot be said as the entry says, or is too long.
        """
        return guarded(form, self._dictionary).pronunciation

    def speak(self, form: SpokenForm, voice: Voice) -> Speech:
        """Say a form, sentence by sentence.

        Returns:
            float32 samples, shape (n,), on a scale where 1.0 is 16-bit full scale and may be
            exceeded; 48000 Hz; and how it was said.

        Raises:
            ClipError: it cannot be said as given, is too long, or comes out empty or wild.
        """
        import numpy as np  # noqa: PLC0415 - never loaded into the run's own process from here

        found = guarded(form, self._dictionary)
        samples = np.concatenate([self._say(nodes, voice) for nodes in found.parts])
        return Speech(
            samples=_sane(samples / _INT16_SCALE).astype(np.float32),
            rate_hz=self._synthesiser().get_sampling_frequency(),
            pronunciation=found.pronunciation,
        )

    def _say(self, nodes: Nodes, voice: Voice) -> NDArray[np.float64]:
        synthesiser = self._synthesiser()
        # The setting is lost with every synthesis.
        synthesiser.set_speed(voice.speed)
        labels = self._dictionary.labels(nodes)
        samples: NDArray[np.float64] = synthesiser.synthesize(labels)
        return samples

    def _synthesiser(self) -> Any:
        """This thread's own: sharing one would serialise the threads."""
        if not hasattr(self._own, "synthesiser"):
            from pyopenjtalk import DEFAULT_HTS_VOICE  # noqa: PLC0415 - native, see Engine.speak
            from pyopenjtalk.htsengine import HTSEngine  # noqa: PLC0415

            self._own.synthesiser = HTSEngine(DEFAULT_HTS_VOICE)
        return self._own.synthesiser


def _sane(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np  # noqa: PLC0415 - see Engine.speak

    if not samples.size:
        raise ClipError("the engine had nothing to say: the text has no word it knows")
    peak = float(np.abs(samples).max())
    if not np.isfinite(samples).all() or peak > _WILD:
        raise ClipError(f"the engine's samples ran wild (peak {peak:.3g} times full scale)")
    return samples


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
