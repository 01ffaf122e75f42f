"""CMU PocketSphinx: English only, small, with the model in its package."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tts_assets.engines.asr.hosted_recognizer import NativeRecognizer, host_recognizer
from tts_assets.engines.asr.recognizer_protocol import RATE_HZ, Recognized, Utterance, Word
from tts_assets.engines.machine import find_missing_packages
from tts_assets.errors import format_command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

    from pocketsphinx import Segment

    from tts_assets.config.settings import Settings
    from tts_assets.engines.asr.recognizer_protocol import Recognizer
    from tts_assets.model import Samples


#: Added to the time limit of a call, so that calls within it never count as stuck.
_EXTRA_SECONDS = 10.0


class PocketSphinx:
    """The provider; nothing native is loaded into this process."""

    name = "pocketsphinx"
    model = ""
    # Each worker is a process, as the library holds the GIL while it decodes. One took 159 MiB for 30 s of
    # speech.
    base_mib = 0
    footprint_mib = 160

    def __init__(self, settings: Settings) -> None:
        """Ignore the settings: there are none for it."""
        del settings

    def problem(self) -> str | None:
        """None if the package is installed; otherwise the remedy."""
        if find_missing_packages(("pocketsphinx",)):
            return f"pocketsphinx is not installed: {format_command('setup', 'pocketsphinx')}"
        return None

    def languages(self) -> tuple[str, ...]:
        """The language of the model in its package."""
        return ("en",)

    def open(
        self, *, workers: int, timeout_seconds: float, voice_only: bool = False
    ) -> AbstractAsyncContextManager[Recognizer]:
        """Start a process for each worker; ``voice_only`` has no effect, as the model filters noise anyway."""
        del voice_only
        return host_recognizer(
            "tts_assets.engines.asr.pocketsphinx:PocketSphinxEngine",
            processes=workers,
            # It sends no heartbeats while it decodes.
            silence_seconds=timeout_seconds + _EXTRA_SECONDS,
            options={},
        )


_FRAMES = 100  #: frames per second, as in the training of the model
_PAUSE_SECONDS = 0.3  #: a longer pause begins a new sentence
_MIN_PROBABILITY = 1e-9  #: the least probability, to avoid the logarithm of 0


class PocketSphinxEngine(NativeRecognizer):
    """The engine in its process: one decoder with the English model of the package."""

    def __init__(self) -> None:
        """Load the model."""
        from pocketsphinx import Decoder  # noqa: PLC0415 - native, in its process only

        self._decoder = Decoder(samprate=float(RATE_HZ), frate=_FRAMES, loglevel="FATAL")

    def recognize(self, samples: Samples, *, language: str, prompt: str) -> Recognized:
        """Transcribe; language and prompt have no effect."""
        import numpy as np  # noqa: PLC0415 - in its process only

        del language, prompt
        if samples.size < RATE_HZ // _FRAMES:
            return Recognized()
        loud = np.clip(np.rint(samples * 32_767), -32_768, 32_767).astype("<i2")
        # Reset the features, or the previous recording would influence this one.
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(loud.tobytes(), full_utt=True)
        self._decoder.end_utt()
        return Recognized(tuple(map(_make_utterance, _split_at_pauses(self._list_words()))))

    def _list_words(self) -> Iterator[Word]:
        """The recognized words, without breaths and noises."""
        segments = self._decoder.seg() if self._decoder.hyp() is not None else ()
        for segment in segments:
            if not segment.word.startswith(("<", "[", "++")):
                yield self._to_word(segment)

    def _to_word(self, segment: Segment) -> Word:
        # The dictionary numbers a word's pronunciations: read(2).
        text = segment.word.partition("(")[0]
        confidence = min(1.0, max(0.0, self._decoder.get_logmath().exp(segment.prob)))
        end = (segment.end_frame + 1) / _FRAMES
        return Word(segment.start_frame / _FRAMES, end, f" {text}", confidence)


def _split_at_pauses(words: Iterator[Word]) -> Iterator[list[Word]]:
    """Group words without a pause between them."""
    group: list[Word] = []
    for word in words:
        if group and word.begin - group[-1].end > _PAUSE_SECONDS:
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _make_utterance(words: list[Word]) -> Utterance:
    confidence = math.exp(
        sum(math.log(max(word.confidence, _MIN_PROBABILITY)) for word in words) / len(words)
    )
    text = "".join(word.text for word in words)
    return Utterance(words[0].begin, words[-1].end, text, confidence, tuple(words))
