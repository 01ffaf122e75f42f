"""PocketSphinx understands English, and nothing else."""

import pytest

from tts_assets.config.command_options import TranscribeSettings
from tts_assets.config.settings import Settings
from tts_assets.engines.asr.hosted_recognizer import provider_for
from tts_assets.errors import UsageError


def test_japanese_is_refused() -> None:
    asked = TranscribeSettings(recognizer="pocketsphinx", language="ja")
    with pytest.raises(UsageError, match=r"pocketsphinx does not support 'ja'.*: en$"):
        provider_for(Settings(transcribe=asked))
