"""What clips are made with, as the settings of a run want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from tts_assets.audio import formats
from tts_assets.build.make_clip import Studio
from tts_assets.build.survey import voices
from tts_assets.engines import machine
from tts_assets.engines.protocol import Priced, Remote
from tts_assets.errors import FatalError, UsageError
from tts_assets.store import waiting

if TYPE_CHECKING:
    from tts_assets.config.model import Settings
    from tts_assets.engines.protocol import Provider, Speaker


def check_ready(settings: Settings, provider: Provider, *, needs_engine: bool = True) -> None:
    """See that clips can be made with these settings here.

    Args:
        settings: what is wanted.
        provider: the engine.
        needs_engine: whether anything is to be said.

    Raises:
        UsageError: the sound cannot be stored so.
        FatalError: the engine is missing.
    """
    problem = formats.problem_with(settings.sound)
    if problem is not None:
        raise UsageError(problem)
    problem = provider.problem() if needs_engine else None
    if problem is not None:
        raise FatalError(f"{provider.name} cannot be used here: {problem}")


def auto_workers(provider: Provider) -> int:
    """What ``--concurrency auto`` means for an engine that has the machine for itself."""
    if isinstance(provider, Remote):
        return provider.max_concurrent
    return machine.workers(provider.base_mib, provider.footprint_mib)


def studio_of(settings: Settings, provider: Provider, speaker: Speaker, workers: int) -> Studio:
    """What the clips of a run are made with.

    Args:
        settings: what is wanted.
        provider: the engine.
        speaker: the engine made ready.
        workers: how many clips are made at once.

    Raises:
        UsageError: the provider has no such voice.
    """
    return Studio(
        speaker=speaker,
        voice=voices.find_voice(settings, provider),
        engine=provider.engine,
        accents=provider.accents,
        repeats=provider.repeats,
        sound=settings.sound,
        recipes=voices.recipes(settings, provider),
        cast=voices.cast(settings, provider),
        temp=waiting.place_for(settings.temp, settings.folder),
        threads=anyio.CapacityLimiter(workers),
        # What is paid for is not bought again because of how it sounds.
        remakes=0 if isinstance(provider, Priced) else settings.remakes,
    )
