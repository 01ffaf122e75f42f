"""The engines that speak: one module each, chosen by name, loaded only then."""

from tts_assets.providers.choosing import AUTO, Choice, choose
from tts_assets.providers.protocol import (
    Balance,
    Bounded,
    Charge,
    Contextual,
    Metered,
    Paced,
    Priced,
    Provider,
    Recorder,
    Remote,
    Speaker,
    TimestampProvider,
    TimestampSpeaker,
    VoiceInfo,
)
from tts_assets.providers.registry import BrokenProviderWarning, get, names, no_such

__all__ = [
    "AUTO",
    "Balance",
    "Bounded",
    "BrokenProviderWarning",
    "Charge",
    "Choice",
    "Contextual",
    "Metered",
    "Paced",
    "Priced",
    "Provider",
    "Recorder",
    "Remote",
    "Speaker",
    "TimestampProvider",
    "TimestampSpeaker",
    "VoiceInfo",
    "choose",
    "get",
    "names",
    "no_such",
]
