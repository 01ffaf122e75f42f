"""CMU PocketSphinx: English only, small, with its model inside the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.engines.asr.hosted_recognizer import host_recognizer
from tts_assets.engines.asr.recognizer_registry import absent

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tts_assets.config.settings import Settings
    from tts_assets.engines.asr.recognizer_protocol import Recognizer


#: No call that ends in its time is stuck.
_PATIENCE_SECONDS = 10.0


class PocketSphinx:
    """The provider; nothing native is loaded into this process."""

    name = "pocketsphinx"
    model = ""
    # Each worker is a process: the library lets no other thread run while it listens. One took 159
    # MiB for 30 s of speech.
    base_mib = 0
    footprint_mib = 160

    def __init__(self, settings: Settings) -> None:
        """There is nothing to choose."""
        del settings

    def problem(self) -> str | None:
        """None when the package is installed, else what to do."""
        if missing := absent("pocketsphinx"):
            return f"{missing} is not installed: pip install 'tts-assets[pocketsphinx]'"
        return None

    def languages(self) -> tuple[str, ...]:
        """The one of the model in its package."""
        return ("en",)

    def open(
        self, *, workers: int, timeout_seconds: float, voice_only: bool = False
    ) -> AbstractAsyncContextManager[Recognizer]:
        """Start a process for each worker; what is no voice is noise to the model anyway."""
        del voice_only
        return host_recognizer(
            "tts_assets.engines.asr.pocketsphinx_engine:PocketSphinxEngine",
            processes=workers,
            # It gives no sign of life while it thinks over what it has heard.
            silence_seconds=timeout_seconds + _PATIENCE_SECONDS,
            options={},
        )
