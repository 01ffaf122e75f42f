"""Kokoro inside its process: one session for all threads, long texts in parts."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kokoro_onnx
import numpy as np

from tts_assets.engines import onnx_models
from tts_assets.engines.kokoro import takes_whole_speeds, voice_names
from tts_assets.errors import ClipError, UsageError
from tts_assets.japanese.accent_notation import drop_accents
from tts_assets.japanese.engine_notation import to_kokoro_phonemes
from tts_assets.japanese.reading_resolver import FormReader, resolve_reading
from tts_assets.model import Speech

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tts_assets.model import Pronunciation, Samples, SpokenForm, Voice

_RATE_HZ = 24_000

#: The model's limit (kokoro_onnx.config.MAX_PHONEME_LENGTH).
_MOST_SYMBOLS = 510

#: Silence between sentences, and between the parts of a long one, as in kokoro-onnx.
_SENTENCE_SECONDS = 0.25
_CLAUSE_SECONDS = 0.1
_STYLE = 256

#: Where a sentence that is too long is split, the best places first.
_EDGES = (", ", " ")


class KokoroEngine(FormReader):
    """The engine inside its process; all threads share the session, and each has an analyser."""

    def __init__(self, model: str, voices: str, device: str) -> None:
        """Load the model, so that its problems show at once.

        Raises:
            UsageError: a file is missing, damaged or of another kind.
        """
        super().__init__()
        self._voices_path = Path(voices)
        voice_names(self._voices_path)
        self._whole_speeds = takes_whole_speeds(Path(model))
        session = onnx_models.create_session(Path(model), device)
        style = next(each.shape[-1] for each in session.get_inputs() if each.name == "style")
        # An open width has a name, or none.
        if isinstance(style, int) and style != _STYLE:
            raise UsageError(
                f"{model} is of another Kokoro version: its voices have {style} numbers"
            )
        try:
            self._kokoro = kokoro_onnx.Kokoro.from_session(session, voices)
        except Exception as exc:
            raise UsageError(
                f"{voices} cannot be read as Kokoro voices: {type(exc).__name__}: {onnx_models.shorten_error(exc)}"
            ) from exc
        self._vocabulary = frozenset(self._kokoro.tokenizer.vocab)
        self._styles: dict[str, NDArray[np.float32]] = {}
        self._reading_styles = threading.Lock()

    def read(self, form: SpokenForm) -> Pronunciation:
        """A reading without accents, which are the model's own; ClipError if it is impossible."""
        return drop_accents(super().read(form))

    def speak(self, form: SpokenForm, voice: Voice) -> Speech:
        """Synthesize a form, sentence by sentence.

        Returns:
            float32 samples, shape (n,); 24000 Hz; and the pronunciation.

        Raises:
            ClipError: the reading is impossible, the model lacks a symbol, the voice or the speed,
                or there is no sound.
        """
        found = resolve_reading(form, self._dictionary)
        style = self._get_style(voice.name)
        if self._whole_speeds and voice.speed != int(voice.speed):
            raise ClipError(
                "this model was exported for integer speeds and cannot speak at "
                f"{voice.speed:g}: set speed = 1, or use another model"
            )
        sounds: list[Samples] = []
        for nodes in found.parts:
            symbols = to_kokoro_phonemes(nodes, sentence=form.sentence)
            self._check_symbols(symbols, form)
            for part, pause in _split_symbols(symbols):
                silence = np.zeros(round(pause * _RATE_HZ), dtype=np.float32)
                sounds += [self._synthesize(part, style, voice.speed), silence]
        return Speech(
            samples=np.concatenate(sounds[:-1]),
            rate_hz=_RATE_HZ,
            pronunciation=drop_accents(found.pronunciation),
        )

    def _synthesize(self, symbols: str, style: NDArray[np.float32], speed: float) -> Samples:
        samples, _ = self._kokoro.create(
            symbols, style, speed, is_phonemes=True, sentence_pause=0.0, clause_pause=0.0
        )
        if not samples.size or not np.isfinite(samples).all():
            raise ClipError(
                "the model's output is not audio; its file may be damaged: download it again"
            )
        sound: Samples = samples
        return sound

    def _get_style(self, name: str) -> NDArray[np.float32]:
        """A voice, read from its file only once, as that takes up to 3 ms."""
        with self._reading_styles:
            if name not in self._styles:
                self._styles[name] = self._read_style(name)
            return self._styles[name]

    def _read_style(self, name: str) -> NDArray[np.float32]:
        voices: Any = self._kokoro.voices
        if name not in voices:
            raise ClipError(f"{self._voices_path} has no voice {name!r}")
        try:
            style: NDArray[np.float32] = np.asarray(voices[name], dtype=np.float32)
        except Exception as exc:
            raise ClipError(
                f"the voice {name} in {self._voices_path} is damaged: download that file again"
            ) from exc
        if style.ndim != 3 or style.shape[0] < 1 or style.shape[1:] != (1, _STYLE):
            raise ClipError(
                f"the voice {name} in {self._voices_path} has the shape {style.shape} "
                f"instead of (510, 1, {_STYLE})"
            )
        return style

    def _check_symbols(self, symbols: str, form: SpokenForm) -> None:
        """Raise for symbols that the model lacks: the library would skip them, and say another word."""
        unknown = sorted(set(symbols) - self._vocabulary)
        if unknown:
            raise ClipError(
                f"the model has no symbol for {' '.join(unknown)} in {symbols[:40]!r}, the "
                f"phonemes of {form.text[:20]}: use another model"
            )


def _split_symbols(symbols: str) -> Iterator[tuple[str, float]]:
    """The parts of a sentence that the model can take, each with the seconds of its pause."""
    while len(symbols) > _MOST_SYMBOLS:
        for edge in _EDGES:
            end = symbols.rfind(edge, 0, _MOST_SYMBOLS) + len(edge) - 1
            if end >= len(edge):
                break
        else:
            raise ClipError(
                f"a word of {len(symbols)} phonemes exceeds the limit of Kokoro, {_MOST_SYMBOLS}"
            )
        yield symbols[:end].rstrip(), _CLAUSE_SECONDS
        symbols = symbols[end:].lstrip()
    yield symbols, _SENTENCE_SECONDS
