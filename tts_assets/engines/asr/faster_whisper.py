"""OpenAI's Whisper through faster-whisper.

This module downloads nothing: a model is a folder, or was fetched by `models fetch`, or is in the cache
of the Hugging Face hub.
"""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.config.settings import Device
from tts_assets.engines import onnx_models
from tts_assets.engines.asr.hosted_recognizer import NativeRecognizer, host_recognizer
from tts_assets.engines.asr.recognizer_protocol import RATE_HZ, Recognized, Utterance, Word
from tts_assets.engines.machine import find_missing_packages
from tts_assets.engines.models.known_models import REPOSITORIES
from tts_assets.engines.models.model_cache import ModelCache
from tts_assets.engines.process.supervisor import limit_silence
from tts_assets.errors import UsageError, format_command

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from faster_whisper.transcribe import Segment

    from tts_assets.config.settings import ModelSettings, Settings
    from tts_assets.engines.asr.recognizer_protocol import Recognizer
    from tts_assets.model import Samples


WEIGHTS = "model.bin"  #: the file with the weights

#: The required files, by alternatives; without them, the library would query the hub, or fail.
_PARTS = ((WEIGHTS,), ("config.json",), ("tokenizer.json",), ("vocabulary.txt", "vocabulary.json"))


def find_whisper_folder(name: str, settings: ModelSettings) -> Path:
    """The folder of a model, given as a size such as ``small`` or as a path; UsageError for none."""
    if name not in REPOSITORIES:
        path = Path(name).expanduser()
        if path.is_dir():
            return path
        raise UsageError(
            f"there is no model {name!r}: name a folder that contains {WEIGHTS}, or one of "
            f"{', '.join(REPOSITORIES)}"
        )
    fetched = ModelCache.from_settings(settings).whisper_folder(name)
    if (fetched / WEIGHTS).is_file():
        return fetched
    if (cached := _in_cache(REPOSITORIES[name])) is not None:
        return cached
    raise UsageError(
        f"the model {name!r} is not installed: run tts-assets models fetch whisper-{name}, "
        f"or set model in [transcribe] to a folder that contains {WEIGHTS}"
    )


def find_folder_flaw(folder: Path) -> str | None:
    """Name the missing files of a model's folder; None if it is complete."""
    lacking = [names[0] for names in _PARTS if not any((folder / name).is_file() for name in names)]
    if not lacking:
        return None
    return (
        f"{folder} is not a complete Whisper model in CTranslate2 format: it lacks "
        f"{', '.join(lacking)}; download or convert it again"
    )


def _in_cache(repository: str) -> Path | None:
    """The folder of a model in the cache of the hub's library, without a download."""
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 - for this engine only

    found = try_to_load_from_cache(repository, WEIGHTS)
    return Path(found).parent if isinstance(found, str) else None


#: The devices of CTranslate2, and the fastest compute type of each.
_ARITHMETIC = {Device.CPU: "int8", Device.CUDA: "float16"}

#: The languages of Whisper's tokens (github.com/openai/whisper, tokenizer.py); the last one only
#: since large-v3.
_LANGUAGES = (
    "ja en zh de es ru ko fr pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th "
    "ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr "
    "pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt "
    "haw ln ha ba jw su yue"
)

# Peak memory of the process over chunks of 30 s, with random weights: in the dimensions of tiny, 200
# MiB with one thread, 298 with two (two processes: 407); in those of small, 523 with one.
_LIBRARIES_MIB = 190
_WORKER_MIB = 80


class FasterWhisper:
    """The provider; nothing native is loaded into this process."""

    name = "faster-whisper"

    def __init__(self, settings: Settings) -> None:
        """Search for no model yet."""
        self._model_name = settings.transcribe.model
        self._settings = settings.models
        self._device = settings.device

    @property
    def model(self) -> str:
        """The size of the model, or the name of its folder."""
        return self._model_name if self._model_name in REPOSITORIES else self._model_folder.name

    @property
    def base_mib(self) -> int:
        """The libraries and the model, which is as large in memory as on disk."""
        return _LIBRARIES_MIB + self._model_mib

    @property
    def footprint_mib(self) -> int:
        """The activations of one worker in all layers; they grow with the model."""
        return _WORKER_MIB + self._model_mib // 4

    def problem(self) -> str | None:
        """None if package, device and model are available; otherwise the problem and its remedy."""
        if find_missing_packages(("faster-whisper",)):
            return f"faster-whisper is not installed: {format_command('setup', 'asr')}"
        if self._device not in _ARITHMETIC:
            return f'it runs on cpu and cuda, not on {self._device}: set device = "cpu"'
        try:
            return find_folder_flaw(self._model_folder)
        except UsageError as exc:
            return str(exc)

    def languages(self) -> tuple[str, ...]:
        """The languages of Whisper; only English for models whose names end in .en."""
        return ("en",) if self._model_name.endswith(".en") else tuple(_LANGUAGES.split())

    def open(
        self, *, workers: int, timeout_seconds: float, voice_only: bool = False
    ) -> AbstractAsyncContextManager[Recognizer]:
        """Start a process with one thread for each worker; they share one model."""
        return host_recognizer(
            "tts_assets.engines.asr.faster_whisper:WhisperEngine",
            threads=workers,
            silence_seconds=limit_silence(timeout_seconds),
            options={
                "model": str(self._model_folder),
                "device": self._device,
                "arithmetic": _ARITHMETIC[self._device],
                "workers": str(workers),
                "voice_only": "yes" if voice_only else "",
            },
        )

    @functools.cached_property
    def _model_folder(self) -> Path:
        return find_whisper_folder(self._model_name, self._settings)

    @property
    def _model_mib(self) -> int:
        return (self._model_folder / WEIGHTS).stat().st_size // 2**20


_BEAMS = 5  #: the beam size in the paper on Whisper (arxiv.org/abs/2212.04356, section 4.5)
_LEAST_SECONDS = 0.05  #: shorter audio has no words


class WhisperEngine(NativeRecognizer):
    """The engine in its process: one model for all threads, with one core for each."""

    def __init__(
        self, *, model: str, device: str, arithmetic: str, workers: str, voice_only: str
    ) -> None:
        """Load a model from its folder.

        Raises:
            UsageError: it is damaged, or the device is not available.
        """
        from faster_whisper import WhisperModel  # noqa: PLC0415 - native, in its process only

        try:
            self._model = WhisperModel(
                model,
                device=device,
                compute_type=arithmetic,
                # One core for each worker, so that the text does not depend on the number of workers.
                cpu_threads=1,
                num_workers=int(workers),
                local_files_only=True,
            )
        except Exception as exc:  # CTranslate2 and tokenizers have no common base
            raise UsageError(
                f"{model} cannot be loaded ({onnx_models.shorten_error(exc)}): download or "
                "convert the model again"
            ) from exc
        self._voice_only = bool(voice_only)

    def recognize(self, samples: Samples, *, language: str, prompt: str) -> Recognized:
        """Transcribe deterministically, without sampling."""
        if samples.size < _LEAST_SECONDS * RATE_HZ:
            return Recognized()
        segments, _ = self._model.transcribe(
            samples,
            language=language,
            beam_size=_BEAMS,
            # Above 0, all workers would draw from the same random generator.
            temperature=0.0,
            condition_on_previous_text=False,
            initial_prompt=prompt or None,
            word_timestamps=True,
            vad_filter=self._voice_only,
        )
        return Recognized(tuple(map(_to_utterance, segments)))


def _to_utterance(segment: Segment) -> Utterance:
    words = tuple(
        Word(float(word.start), float(word.end), word.word, float(word.probability))
        for word in segment.words or ()
    )
    confidence = math.exp(min(0.0, segment.avg_logprob))
    return Utterance(float(segment.start), float(segment.end), segment.text, confidence, words)
