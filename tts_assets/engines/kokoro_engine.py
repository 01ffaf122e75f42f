"""Kokoro in its process: sessions for all threads, splitting of long texts, melody replacement."""

from __future__ import annotations

import contextlib
import math
import threading
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import kokoro_onnx
import numpy as np

from tts_assets.config.settings import AccentControl
from tts_assets.engines import onnx_models
from tts_assets.engines.kokoro import MELODY_VALUES, takes_whole_speeds, voice_names
from tts_assets.errors import ClipError, UsageError
from tts_assets.japanese.accent_notation import drop_accents
from tts_assets.japanese.analysis import nodes_to_text, to_accent_phrases
from tts_assets.japanese.engine_notation import find_questions, to_kokoro_phonemes
from tts_assets.japanese.melody import Tone, compute_tones, place_tones
from tts_assets.japanese.reading_resolver import FormReader, resolve_reading
from tts_assets.model import Speech

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tts_assets.model import Pronunciation, Samples, SpokenForm, Voice

_RATE_HZ = 24_000

#: The model's limit (kokoro_onnx.config.MAX_PHONEME_LENGTH).
_MOST_SYMBOLS = 510

#: Silence between sentences, and between the parts of a long one, as in kokoro-onnx.
_SENTENCE_SECONDS = 0.25
_CLAUSE_SECONDS = 0.1
_STYLE = 256

#: Pitch steps per length frame, and by how many steps a phoneme precedes its symbol: closures begin 7
#: steps before, and end 1 before (k and t in 60 words of two voices).
_STEPS, _LEAD = 2, 6

#: A frame is voiced above this share of the 0.9 quantile of the pitch.
_VOICED_SHARE, _TOP = 0.4, 0.9

#: The pitch range that the voices rarely leave.
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 600.0

#: A pause has at least this many steps; a phoneme ends where the loudness, on the model's scale, has
#: fallen by this since its last voiced step.
_PAUSE, _FADED = 8, 5.0

#: A phoneme with a lower voiced share is creaky or whispered; after a whispered start, voicing of a
#: vowel begins up to this many steps late.
_LEAST_VOICED, _LATE = 0.5, 3

#: The loudness that a voiced frame gains with each semitone of a raised pitch, and at most, on the
#: model's scale: the model does not raise the pitch of soft sounds.
_LOUDER, _MOST_LOUDER = 0.1, 1.0

#: Lower loudness, on the model's scale, is silence; audio after the end fades within this many steps.
_SILENT_LOUDNESS, _FADE_STEPS = -6.0, 3

#: The lowest pitch of frames at the edge of voicing.
_SILENT_HZ = 30.0

#: Where to split a sentence that is too long, the best places first.
_EDGES = (", ", " ")


class KokoroEngine(FormReader):
    """The engine in its process; all threads share the session, and each has an analyser."""

    def __init__(
        self, model: str, voices: str, device: str, accent: str = AccentControl.VOICE
    ) -> None:
        """Load the model, so that errors are raised at once.

        Args:
            model: the path of the model.
            voices: the path of the file of voices.
            device: the device to run on.
            accent: one of `AccentControl`: whether to replace the melody of the model.

        Raises:
            UsageError: a file is missing, damaged or invalid.
        """
        super().__init__()
        self._voices_path = Path(voices)
        voice_names(self._voices_path)
        self._whole_speeds = takes_whole_speeds(Path(model))
        session = (
            MelodySession(Path(model), device)
            if accent == AccentControl.IMPOSE
            else onnx_models.create_session(Path(model), device)
        )
        self._melodies = session if isinstance(session, MelodySession) else None
        style = next(each.shape[-1] for each in session.get_inputs() if each.name == "style")
        # A dynamic dimension is a name or None.
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
        """The reading, without accents if the model's melody is kept; ClipError if it is impossible."""
        return self._drop_unsaid(super().read(form))

    def _drop_unsaid(self, pronunciation: Pronunciation) -> Pronunciation:
        return drop_accents(pronunciation) if self._melodies is None else pronunciation

    def speak(self, form: SpokenForm, voice: Voice) -> Speech:
        """Synthesize a form, sentence by sentence.

        Returns:
            float32 samples, shape (n,); 24000 Hz; and the pronunciation.

        Raises:
            ClipError: the reading is impossible, the model lacks a symbol, the voice or the speed,
                or the audio is empty.
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
            symbols, morae = to_kokoro_phonemes(nodes, sentence=form.sentence)
            self._check_symbols(symbols, form)
            phrases = to_accent_phrases(nodes)
            tones = compute_tones(phrases, find_questions(phrases, nodes_to_text(nodes)))
            timed = [TimedTones(*place, *each) for place, each in zip(morae, tones, strict=True)]
            for begin, part, pause in _split_symbols(symbols):
                source_pitch = [
                    each.move(-begin) for each in timed if begin <= each.begin < begin + len(part)
                ]
                silence = np.zeros(round(pause * _RATE_HZ), dtype=np.float32)
                sounds += [self._synthesize(part, style, voice.speed, source_pitch), silence]
        return Speech(
            samples=np.concatenate(sounds[:-1]),
            rate_hz=_RATE_HZ,
            pronunciation=self._drop_unsaid(found.pronunciation),
        )

    def _synthesize(
        self, symbols: str, style: NDArray[np.float32], speed: float, tones: Sequence[TimedTones]
    ) -> Samples:
        with contextlib.nullcontext() if self._melodies is None else self._melodies.use(tones):
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
        """The style of a voice, cached, as reading it takes up to 3 ms."""
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
        """Raise for symbols that the model lacks: the library would skip them and speak another word."""
        unknown = sorted(set(symbols) - self._vocabulary)
        if unknown:
            raise ClipError(
                f"the model has no symbol for {' '.join(unknown)} in {symbols[:40]!r}, the "
                f"phonemes of {form.text[:20]}: use another model"
            )


def _split_symbols(symbols: str) -> Iterator[tuple[int, str, float]]:
    """Split a sentence into parts that the model can process: start, symbols and pause in seconds."""
    begin = 0
    while len(symbols) > _MOST_SYMBOLS:
        for edge in _EDGES:
            end = symbols.rfind(edge, 0, _MOST_SYMBOLS) + len(edge) - 1
            if end >= len(edge):
                break
        else:
            raise ClipError(
                f"a word of {len(symbols)} phonemes exceeds the limit of Kokoro, {_MOST_SYMBOLS}"
            )
        yield begin, symbols[:end].rstrip(), _CLAUSE_SECONDS
        left = symbols[end:].lstrip()
        begin, symbols = begin + len(symbols) - len(left), left
    yield begin, symbols, _SENTENCE_SECONDS


# The melody. The model predicts pitch, loudness and lengths first, then generates the audio from them; it
# is split between these stages.


class TimedTones(NamedTuple):
    """The tones of a mora, the span of its symbols, and whether it is devoiced."""

    begin: int
    end: int
    tones: Sequence[Tone]
    devoiced: bool = False

    def move(self, by: int) -> TimedTones:
        """Shift the span of its symbols."""
        return self._replace(begin=self.begin + by, end=self.end + by)


class MelodySession:
    """A session for kokoro-onnx that runs the model in two parts, and replaces the melody between them."""

    def __init__(self, model: Path, device: str) -> None:
        """Load both parts; UsageError if the model or the device cannot be used."""
        prosody = onnx_models.extract_part(model, (), MELODY_VALUES)
        # The phoneme features already include the lengths.
        outputs = onnx_models.read_graph(model).outputs[:1]
        sound = onnx_models.extract_part(model, MELODY_VALUES[:3], outputs)
        try:
            self._prosody = onnx_models.create_session(model, device, prosody)
            self._sound = onnx_models.create_session(model, device, sound)
        except UsageError as exc:
            # If the whole model fails, too, raise its error instead; half precision, for example, works.
            onnx_models.create_session(model, device)
            raise UsageError(_describe_misfit(model)) from exc
        self._sound_inputs = frozenset(each.name for each in self._sound.get_inputs())
        self._thread = threading.local()
        # kokoro-onnx reads this attribute.
        self._model_path = str(model)

    def __getattr__(self, name: str) -> Any:
        """The other attributes that kokoro-onnx uses: inputs, outputs and properties of the file."""
        return getattr(self._prosody, name)

    def get_outputs(self) -> Any:
        """The output with the audio."""
        return self._sound.get_outputs()

    @contextlib.contextmanager
    def use(self, tones: Sequence[TimedTones]) -> Iterator[None]:
        """Use the melody of these tones for speech of this thread during the block."""
        self._thread.tones = tones
        try:
            yield
        finally:
            del self._thread.tones

    def run(self, names: None, inputs: dict[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """Synthesize, with the interface of onnxruntime."""
        pitch, loudness, sounds, lengths = self._prosody.run(names, inputs)
        tones: Sequence[TimedTones] = self._thread.tones
        prosody = Prosody(pitch.ravel(), loudness.ravel(), lengths.ravel())
        steps = _STEPS * prosody.lengths.sum()
        if not prosody.pitch.size == prosody.loudness.size == steps:
            raise ClipError(_describe_misfit(self._model_path))
        new_pitch, new_loudness, _ = replace_melody(prosody, tones)
        melody = new_pitch.reshape(pitch.shape), new_loudness.reshape(loudness.shape)
        values = dict(zip(MELODY_VALUES, (*melody, sounds), strict=False))
        sound_inputs = {
            name: value for name, value in (inputs | values).items() if name in self._sound_inputs
        }
        samples = self._sound.run(names, sound_inputs)[0]
        return [fade_end(samples.ravel(), prosody, tones).reshape(samples.shape)]


def _describe_misfit(model: Path | str) -> str:
    return (
        f'the melody of {model} cannot be replaced: set accent = "voice" in [kokoro], or use '
        "another model"
    )


class Prosody(NamedTuple):
    """The prosody that the model predicts before it generates audio.

    Args:
        pitch: in Hz, every 12.5 ms; below 10 in unvoiced frames, with transitions at their edges.
        loudness: every 12.5 ms, on the model's scale.
        lengths: of the leading padding, each symbol and the trailing padding, in frames of 25 ms.
    """

    pitch: NDArray[np.float32]
    loudness: NDArray[np.float32]
    lengths: NDArray[np.float32]

    def locate(self, begin: int, end: int) -> tuple[float, float]:
        """The time span of symbols, in steps of 12.5 ms."""
        ends = np.cumsum(self.lengths.astype(np.float64)) * _STEPS - _LEAD
        return float(ends[begin]), float(ends[end])


def replace_melody(prosody: Prosody, tones: Sequence[TimedTones]) -> Prosody:
    """Replace the melody, and keep the mean pitch.

    Voicing stays as predicted, except that morae with a voiced vowel become voiced. Raised steps become
    louder, because the model speaks below the pitch of soft ones.
    """
    source_pitch = prosody.pitch.astype(np.float64)
    voiced = source_pitch > _VOICED_SHARE * np.quantile(source_pitch, _TOP)
    if not voiced.any() or not tones:
        return prosody
    at = np.flatnonzero(voiced)
    interpolated = np.interp(np.arange(source_pitch.size), at, source_pitch[at])
    loudness = prosody.loudness.copy()
    for each in tones:
        if unvoiced_span := _find_unvoiced_span(each, prosody, voiced):
            source_pitch[unvoiced_span] = interpolated[unvoiced_span]
            # The model creaks in soft frames, at any pitch.
            loudness[unvoiced_span] = np.maximum(
                loudness[unvoiced_span], np.median(prosody.loudness[voiced])
            )
    spans = [prosody.locate(each.begin, each.end) for each in tones]
    for place, ((begin, end), (after, _)) in enumerate(pairwise([*spans, (math.inf, math.inf)])):
        last = int(at[max(0, int(np.searchsorted(at, end + _PAUSE)) - 1)])
        if after - end > _PAUSE and not tones[place].devoiced:
            stop = last + _count_loud_steps(prosody.loudness[last:])
            source_pitch[last:stop] = interpolated[last:stop]
            spans[place] = begin, max(begin + 1, min(end, stop))
    melody = place_tones([each.tones for each in tones], spans, source_pitch.size)
    middle = float(np.mean(12 * np.log2(interpolated[voiced]) - melody[voiced]))
    target = np.clip(2 ** ((melody + middle) / 12), _LOWEST_HZ, _HIGHEST_HZ)
    pitch = np.where(source_pitch > _SILENT_HZ, source_pitch * target / interpolated, source_pitch)
    raised = 12 * np.log2(np.maximum(pitch[voiced] / prosody.pitch[voiced], 1.0))
    loudness[voiced] += np.minimum(_LOUDER * raised, _MOST_LOUDER)
    return Prosody(pitch.astype(np.float32), loudness, prosody.lengths)


def _find_unvoiced_span(
    mora: TimedTones, prosody: Prosody, voiced: NDArray[np.bool_]
) -> slice | None:
    """The steps of a mora to make voiced: its vowel, and a voiced consonant; None if it is voiced."""
    if mora.devoiced:
        return None
    vowel, end = (max(0, round(time)) for time in prosody.locate(mora.end - 1, mora.end))
    if voiced[vowel : end + _LATE].sum() >= _LEAST_VOICED * (end - vowel):
        return None
    begin = max(0, round(prosody.locate(mora.begin, mora.end)[0]))
    has_voice = begin < vowel and voiced[begin:vowel].mean() >= _LEAST_VOICED
    return slice(begin if has_voice else vowel, end)


def _count_loud_steps(loudness: NDArray[np.float32]) -> int:
    """The number of steps for which a mora stays loud; creaky voices have no pitch there."""
    quiet = np.flatnonzero(loudness < loudness[0] - _FADED)
    return int(quiet[0]) if quiet.size else 1


def fade_end(samples: Samples, prosody: Prosody, tones: Sequence[TimedTones]) -> Samples:
    """Fade out breath and clicks after the last mora.

    Args:
        samples: shape (n,), as long as the prosody.
        prosody: the prosody of the samples.
        tones: of its morae; without tones, the samples are returned unchanged.
    """
    if not tones:
        return samples
    begin, end = (max(0, round(each)) for each in prosody.locate(tones[-1].end - 1, tones[-1].end))
    # Start at the loudest step: the silence before a one-mora word is not its end.
    begin += int(np.argmax(prosody.loudness[begin : end + _LEAD]))
    silent = np.flatnonzero(prosody.loudness[begin:] < _SILENT_LOUDNESS)
    if not silent.size:
        return samples
    step = samples.size // prosody.loudness.size
    end = (begin + int(silent[0]) + _FADE_STEPS) * step
    faded = samples.copy()
    rest = faded[end - _FADE_STEPS * step : end]
    rest *= np.linspace(1.0, 0.0, rest.size, dtype=np.float32)
    faded[end:] = 0.0
    return faded
