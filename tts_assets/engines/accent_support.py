from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.engines import registry
from tts_assets.errors import TtsAssetsError

if TYPE_CHECKING:
    from tts_assets.config.model import Settings


class AccentSupport:
    """Tells whether voices say the accents that they are given; each engine is asked once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, bool] = {}

    def has_accent_control(self, voice: str) -> bool:
        """Whether one does; ``voice``: its provider and its name."""
        if voice not in self._known:
            provider, _, name = voice.partition("/")
            try:
                said = registry.get(provider, self._settings).accents(name)
            except TtsAssetsError:
                # An engine that is not here now: nobody knows what it did with them.
                said = False
            self._known[voice] = said
        return self._known[voice]
