"""What tests of recognition share: a model of each recognizer, and speech."""

from pathlib import Path

import pytest

from tests import whisper_model
from tts_assets.config.command_options import TranscribeSettings
from tts_assets.config.settings import Settings


@pytest.fixture(scope="session")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny Whisper that hears nothing right."""
    return whisper_model.build(tmp_path_factory.mktemp("whisper"))


@pytest.fixture
def settings(whisper: Path) -> Settings:
    """Those of faster-whisper with that model."""
    return Settings(transcribe=TranscribeSettings(model=str(whisper)))
