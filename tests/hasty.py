"""ElevenLabs with little patience: for tests that need not wait as people's runs do.

What the dictionary told is kept from run to run in the file named by TEST_TOLD, if there is one.
"""

import os
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tts_assets.config.settings import Settings
from tts_assets.engines.elevenlabs import ElevenLabs
from tts_assets.engines.http.service_calls import RetryPolicy
from tts_assets.engines.reading_cache import ReadingCache
from tts_assets.model import DictionaryWord, Pronunciation, SpokenForm

PATIENCE = RetryPolicy(first_seconds=0.05, longest_seconds=0.2, jitter_seconds=0.05)


def hasty(settings: Settings) -> ElevenLabs:
    """The provider under the name ``hasty``."""
    provider = ElevenLabs(settings, retry_policy=PATIENCE)
    if path := os.environ.get("TEST_TOLD"):
        provider._readings = _Kept(Path(path))
    return provider


class _Kept(ReadingCache):
    """Its process is not started again for what an earlier run has asked."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        if path.exists():
            self._readings |= pickle.loads(path.read_bytes())

    @asynccontextmanager
    async def open(
        self, words: tuple[DictionaryWord, ...]
    ) -> AsyncIterator[Callable[[SpokenForm], Awaitable[Pronunciation]]]:
        async with super().open(words) as read:
            yield read
        self._path.write_bytes(pickle.dumps(self._readings))
