"""PocketSphinx understands English, and nothing else."""

import pytest

from tts_assets.errors import UsageError
from tts_assets.recognition import provider_for
from tts_assets.settings import Settings, TranscribeSettings


def test_japanese_is_refused() -> None:
    asked = TranscribeSettings(recognizer="pocketsphinx", language="ja")
    with pytest.raises(UsageError, match=r"pocketsphinx does not understand 'ja'.*: en$"):
        provider_for(Settings(transcribe=asked))
