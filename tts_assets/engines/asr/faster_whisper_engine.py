"""faster-whisper inside its process: one model for all threads, each with one core."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tts_assets.engines.asr.hosted_recognizer import answer
from tts_assets.engines.asr.recognizer_protocol import RATE_HZ, Recognized, Utterance, Word
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment

    from tts_assets.model import Samples


#: What the makers of Whisper search with (arxiv.org/abs/2212.04356, section 4.5).
_BEAMS = 5


#: A shorter sound has no word in it.
_LEAST_SECONDS = 0.05


class WhisperEngine:
    """Whisper; made in the process, and asked from several threads."""

    def __init__(
        self, *, model: str, device: str, arithmetic: str, workers: str, voice_only: str
    ) -> None:
        """Load a model from its folder.

        Raises:
            UsageError: it is damaged, or the device is not there.
        """
        from faster_whisper import WhisperModel  # noqa: PLC0415 - native, in its process only

        try:
            self._model = WhisperModel(
                model,
                device=device,
                compute_type=arithmetic,
                # One core each: what is heard must not depend on how many work.
                cpu_threads=1,
                num_workers=int(workers),
                local_files_only=True,
            )
        except Exception as exc:  # CTranslate2 and tokenizers have no common base
            raise UsageError(
                f"{model} cannot be loaded ({_brief(exc)}): fetch or convert the model again"
            ) from exc
        self._voice_only = bool(voice_only)

    def answer(self, question: bytes) -> bytes:
        """Answer a question of a recognizer's kind."""
        return answer(self, question)

    def recognize(self, samples: Samples, *, language: str, prompt: str) -> Recognized:
        """Tell what is said, the same each time: nothing is drawn by chance."""
        if samples.size < _LEAST_SECONDS * RATE_HZ:
            return Recognized()
        heard, _ = self._model.transcribe(
            samples,
            language=language,
            beam_size=_BEAMS,
            # Above 0 a worker draws from what the others left of one series of random numbers.
            temperature=0.0,
            condition_on_previous_text=False,
            initial_prompt=prompt or None,
            word_timestamps=True,
            vad_filter=self._voice_only,
        )
        return Recognized(tuple(map(_utterance, heard)))


def _utterance(segment: Segment) -> Utterance:
    words = tuple(
        Word(float(word.start), float(word.end), word.word, float(word.probability))
        for word in segment.words or ()
    )
    sure = math.exp(min(0.0, segment.avg_logprob))
    return Utterance(float(segment.start), float(segment.end), segment.text, sure, words)


def _brief(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]
