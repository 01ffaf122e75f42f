"""What tests of transcription share: recognizers in reach, and recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests import recognizers
from tts_assets.config.command_options import TranscribeSettings
from tts_assets.config.settings import Settings
from tts_assets.engines.asr.recognizer_protocol import RATE_HZ

if TYPE_CHECKING:
    from pathlib import Path

    from tts_assets.model import Samples


class Desk:
    """A folder of recordings, and how they are transcribed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def record(self, name: str, samples: Samples, rate_hz: int = RATE_HZ) -> str:
        """A recording as a file; more columns are more channels."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate_hz)
        return str(path)

    def settings(self, **table: object) -> Settings:
        """Those of the tones, heard in chunks of 6 seconds by two workers."""
        asked = {"recognizer": "tones", "chunk_seconds": 6.0, "concurrency": 2} | table
        return Settings(transcribe=TranscribeSettings(**asked))  # type: ignore[arg-type]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An empty desk, with the tones as a plug-in."""
    recognizers.register(tmp_path / "plug-ins")
    monkeypatch.syspath_prepend(str(tmp_path / "plug-ins"))
    return Desk(tmp_path / "recordings")


def silence(seconds: float) -> Samples:
    """Nothing at all."""
    return np.zeros(round(seconds * RATE_HZ), dtype=np.float32)
