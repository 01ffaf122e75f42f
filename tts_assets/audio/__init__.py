"""Sound: from an engine's samples to a finished, measured and reproducible audio file."""

from __future__ import annotations

from tts_assets.audio.codec import decode
from tts_assets.audio.finish import finish
from tts_assets.audio.joining import Joined, Joint, join
from tts_assets.audio.loudness import integrated_lufs
from tts_assets.audio.peaks import true_peak_dbtp
from tts_assets.audio.ready import Ready, ready

__all__ = [
    "Joined",
    "Joint",
    "Ready",
    "decode",
    "finish",
    "integrated_lufs",
    "join",
    "ready",
    "true_peak_dbtp",
]
