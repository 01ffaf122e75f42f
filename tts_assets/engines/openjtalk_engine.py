"""OpenJTalk in its process: the dictionary, and a synthesiser for each thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from pyopenjtalk import DEFAULT_HTS_VOICE
from pyopenjtalk.htsengine import HTSEngine

from tts_assets.errors import ClipError
from tts_assets.japanese.reading_resolver import FormReader, resolve_reading
from tts_assets.model import MAX_PEAK, Speech

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tts_assets.japanese.analysis import Nodes
    from tts_assets.model import SpokenForm, Voice


#: The engine's floats are on the scale of 16-bit integers, and may exceed it.
_INT16_SCALE = 32768.0

#: The semitones by which each voice differs from Mei, whose sentences have a median of 350 Hz. An
#: octave lower, nine tenths of the pitch are between 113 and 219 Hz, as for men who read; 5 semitones
#: higher, the median is 460 Hz, as for a child.
HALF_TONES = {"mei": 0.0, "mei-low": -12.0, "mei-high": 5.0}


class OpenJTalkEngine(FormReader):
    """The engine in its process: a dictionary, and a synthesiser for each thread."""

    def __init__(self) -> None:
        """Load dictionary and voice, so that errors are raised at once."""
        super().__init__()
        self._thread = threading.local()
        self._get_synthesiser()

    def speak(self, form: SpokenForm, voice: Voice) -> Speech:
        """Synthesize a form, sentence by sentence.

        Returns:
            float32 samples, shape (n,), on a scale where 1.0 is 16-bit full scale and may be
            exceeded; 48000 Hz; and the pronunciation.

        Raises:
            ClipError: the reading is impossible or too long, or the audio is empty or far too loud.
        """
        found = resolve_reading(form, self._dictionary)
        samples = np.concatenate([self._synthesize(nodes, voice) for nodes in found.parts])
        return Speech(
            samples=_check_samples(samples).astype(np.float32) / np.float32(_INT16_SCALE),
            rate_hz=self._get_synthesiser().get_sampling_frequency(),
            pronunciation=found.pronunciation,
        )

    def _synthesize(self, nodes: Nodes, voice: Voice) -> NDArray[np.float64]:
        synthesiser = self._get_synthesiser()
        # Set the speed each time: synthesis resets it, but not the pitch.
        synthesiser.set_speed(voice.speed)
        synthesiser.add_half_tone(HALF_TONES[voice.name])
        labels = self._dictionary.make_labels(nodes)
        samples: NDArray[np.float64] = synthesiser.synthesize(labels)
        return samples

    def _get_synthesiser(self) -> Any:
        """The synthesiser of this thread: a shared one would serialise the threads."""
        if not hasattr(self._thread, "synthesiser"):
            self._thread.synthesiser = HTSEngine(DEFAULT_HTS_VOICE)
        return self._thread.synthesiser


def _check_samples(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    if not samples.size:
        raise ClipError("the engine found nothing to speak: the text contains no word it knows")
    peak = max(samples.max(), -samples.min()) / _INT16_SCALE
    # Not "peak > MAX_PEAK", which is false for NaN.
    if not peak <= MAX_PEAK:
        raise ClipError(f"the engine's output is broken (peak {peak:.3g} times full scale)")
    return samples
