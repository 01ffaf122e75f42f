"""From settings to a recognizer that can hear: chosen, found whole, and started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.engines import machine
from tts_assets.engines.asr import registry
from tts_assets.errors import FatalError, UsageError

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tts_assets.config.model import Settings
    from tts_assets.engines.asr.protocol import Recognizer, RecognizerProvider


#: The length of sound, in seconds, that footprints are measured with.
_MEASURED_SECONDS = 30.0


def provider_for(settings: Settings, *, language: str | None = None) -> RecognizerProvider:
    """The recognizer that the settings name, known to be usable here.

    Args:
        settings: ``config.transcribe`` names it.
        language: what it is to understand; None for that of ``config.transcribe``.

    Raises:
        UsageError: there is none of that name, or it does not understand the language.
        FatalError: its package or its model is missing.
    """
    wanted = settings.transcribe.language if language is None else language
    provider = registry.get(settings.transcribe.recognizer, settings)
    known = provider.languages()
    if wanted not in known:
        raise UsageError(
            f"the recognizer {provider.name} does not understand {wanted!r}: choose another by "
            f"--recognizer, or one of its languages by --language: {', '.join(known)}"
        )
    if (problem := provider.problem()) is not None:
        raise FatalError(f"{provider.name}: {problem}")
    return provider


def open_recognizer(
    provider: RecognizerProvider,
    *,
    workers: int | None = None,
    timeout_seconds: float,
    seconds: float = _MEASURED_SECONDS,
    voice_only: bool = False,
) -> AbstractAsyncContextManager[Recognizer]:
    """A recognizer ready to hear, ended with the block.

    Args:
        provider: as :func:`provider_for` gives it.
        workers: how many recordings it hears at once; None for as many as the machine has cores
            and memory for.
        timeout_seconds: after that long the caller cancels a call.
        seconds: how long recordings are at most: the longer, the fewer at once.
        voice_only: leave out what is no voice.
    """
    most = workers or fitting_workers(provider, seconds)
    return provider.open(workers=most, timeout_seconds=timeout_seconds, voice_only=voice_only)


def fitting_workers(provider: RecognizerProvider, seconds: float = _MEASURED_SECONDS) -> int:
    """How many recordings of that length this machine can hear at once."""
    footprint = provider.footprint_mib * max(1.0, seconds / _MEASURED_SECONDS)
    return machine.workers(provider.base_mib, round(footprint))
