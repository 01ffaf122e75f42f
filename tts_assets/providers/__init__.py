"""The engines that speak: one module each, chosen by name, loaded only then."""

from tts_assets.providers.protocol import Provider, Recorder, Speaker, VoiceInfo
from tts_assets.providers.registry import BrokenProviderWarning, get, names

__all__ = ["BrokenProviderWarning", "Provider", "Recorder", "Speaker", "VoiceInfo", "get", "names"]
