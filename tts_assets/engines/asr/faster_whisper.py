"""OpenAI's Whisper through faster-whisper: many languages, with models that lie on this machine.

Nothing is downloaded here: a model is a folder, or was fetched by `models fetch`, or lies in the
cache of the Hugging Face hub already.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from tts_assets.config.settings import Device
from tts_assets.engines.asr import whisper_models
from tts_assets.engines.asr.hosted_recognizer import host_recognizer
from tts_assets.engines.asr.recognizer_registry import absent
from tts_assets.engines.models.known_models import REPOSITORIES
from tts_assets.engines.process.supervisor import silence
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tts_assets.config.settings import Settings
    from tts_assets.engines.asr.recognizer_protocol import Recognizer


#: What CTranslate2 runs on, and the arithmetic that is quickest there.
_ARITHMETIC = {Device.CPU: "int8", Device.CUDA: "float16"}


#: The languages of Whisper's tokens (github.com/openai/whisper, tokenizer.py); the last since
#: large-v3 only.
_LANGUAGES = (
    "ja en zh de es ru ko fr pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th "
    "ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr "
    "pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt "
    "haw ln ha ba jw su yue"
)


# Peaks of the process over chunks of 30 s, with random weights: of the width and depth of tiny, 200
# MiB with one thread, 298 with two (two processes: 407); of small, 523 with one.
_LIBRARIES_MIB = 190
_WORKER_MIB = 80


class FasterWhisper:
    """The provider; nothing native is loaded into this process."""

    name = "faster-whisper"

    def __init__(self, settings: Settings) -> None:
        """Look for nothing yet."""
        self._wanted = settings.transcribe.model
        self._settings = settings.models
        self._device = settings.device

    @property
    def model(self) -> str:
        """Its size, or the name of its folder."""
        return self._wanted if self._wanted in REPOSITORIES else self._folder.name

    @property
    def base_mib(self) -> int:
        """The libraries, and the model: as large in memory as it is on the disk."""
        return _LIBRARIES_MIB + self._model_mib

    @property
    def footprint_mib(self) -> int:
        """What one worker hears, in all layers; it grows with the model."""
        return _WORKER_MIB + self._model_mib // 4

    def problem(self) -> str | None:
        """None when package, device and model are here, else what is missing and what to do."""
        if missing := absent("faster-whisper"):
            return f"{missing} is not installed: pip install 'tts-assets[asr]'"
        if self._device not in _ARITHMETIC:
            return f'it runs on cpu and cuda, not on {self._device}: set device = "cpu"'
        try:
            return whisper_models.flaw(self._folder)
        except UsageError as exc:
            return str(exc)

    def languages(self) -> tuple[str, ...]:
        """Those of Whisper; models whose names end in .en know English only."""
        return ("en",) if self._wanted.endswith(".en") else tuple(_LANGUAGES.split())

    def open(
        self, *, workers: int, timeout_seconds: float, voice_only: bool = False
    ) -> AbstractAsyncContextManager[Recognizer]:
        """Start a process with that many threads; they share one model."""
        return host_recognizer(
            "tts_assets.engines.asr.faster_whisper_engine:WhisperEngine",
            threads=workers,
            silence_seconds=silence(timeout_seconds),
            options={
                "model": str(self._folder),
                "device": self._device,
                "arithmetic": _ARITHMETIC[self._device],
                "workers": str(workers),
                "voice_only": "yes" if voice_only else "",
            },
        )

    @functools.cached_property
    def _folder(self) -> Path:
        return whisper_models.folder_of(self._wanted, self._settings)

    @property
    def _model_mib(self) -> int:
        return (self._folder / whisper_models.WEIGHTS).stat().st_size // 2**20
