"""Creates the context of a run: the engine started, the folders, the preflight checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from tts_assets.audio import formats
from tts_assets.build.generate.clip import BuildContext
from tts_assets.build.plan import plan_voices
from tts_assets.engines import machine
from tts_assets.engines.protocol import Priced, Remote
from tts_assets.errors import FatalError, UsageError
from tts_assets.store import segment_cache

if TYPE_CHECKING:
    from tts_assets.config.settings import Settings
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


def create_context(
    settings: Settings, provider: Provider, speaker: Speaker, workers: int
) -> BuildContext:
    """What the clips of a run are made with.

    Args:
        settings: what is wanted.
        provider: the engine.
        speaker: the engine made ready.
        workers: how many clips are made at once.

    Raises:
        UsageError: the provider has no such voice.
    """
    return BuildContext(
        speaker=speaker,
        voice=plan_voices.find_voice(settings, provider),
        engine=provider.engine,
        accents=provider.accents,
        repeats=provider.repeats,
        sound=settings.sound,
        recipes=plan_voices.recipes(settings, provider),
        cast=plan_voices.cast(settings, provider),
        temp=segment_cache.place_for(settings.temp, settings.folder),
        threads=anyio.CapacityLimiter(workers),
        # What is paid for is not bought again because of how it sounds.
        remakes=0 if isinstance(provider, Priced) else settings.remakes,
    )
