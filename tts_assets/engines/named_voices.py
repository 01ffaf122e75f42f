"""Which voices the settings name, for services that are not asked for theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tts_assets.config.model import Settings


def named_voices(settings: Settings, own: tuple[str, ...]) -> tuple[str, ...]:
    """Each name once: the voice that is asked for, the service's own table, those of sources and speakers.

    Args:
        settings: of the run.
        own: the voices in the table of the service, the default one first.
    """
    of_sources = (name for each in settings.sources for name in each.voices.values())
    asked = () if settings.voice is None else (settings.voice,)
    of_speakers = (each.voice for each in settings.speakers if each.voice is not None)
    return tuple(dict.fromkeys((*asked, *own, *of_sources, *of_speakers)))
