"""ElevenLabs with little patience: for tests that need not wait as people's runs do."""

from tts_assets.providers.elevenlabs import ElevenLabs
from tts_assets.remote import Patience
from tts_assets.settings import Settings

PATIENCE = Patience(first_seconds=0.05, longest_seconds=0.2, jitter_seconds=0.05)


def hasty(settings: Settings) -> ElevenLabs:
    """The provider under the name ``hasty``."""
    return ElevenLabs(settings, patience=PATIENCE)
