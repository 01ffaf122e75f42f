"""Real speech is transcribed by a real recognizer: English, said by a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import english
from tts_assets.config.command_options import TranscribeSettings
from tts_assets.config.settings import Settings
from tts_assets.engines.asr.recognizer_protocol import Utterance
from tts_assets.transcribe.transcription import transcribe_recordings
from tts_assets.transcribe.transcription_events import (
    RecordingTranscribed,
    Transcript,
    TranscriptionEvent,
)

if TYPE_CHECKING:
    from tests.transcribe.conftest import Desk

SAID = "she read the book in the morning and went to school"
SETTINGS = Settings(transcribe=TranscribeSettings(recognizer="pocketsphinx", language="en"))


@pytest.fixture
def anyio_backend() -> str:
    """One is enough here: what this shows is in the recognizer, and takes seconds."""
    return "asyncio"


@pytest.mark.anyio
async def test_spoken_words_are_written_down_alike_whatever_was_heard_before(desk: Desk) -> None:
    speech = english.speech(SAID)
    desk.record("a.flac", speech)
    desk.record("b.flac", 0.3 * speech[8_000:14_000])
    desk.record("c.flac", speech)
    heard: list[Transcript] = []

    def tell(event: TranscriptionEvent) -> None:
        if isinstance(event, RecordingTranscribed):
            heard.append(event.transcript)

    await transcribe_recordings(SETTINGS, [str(desk.folder)], on_event=tell)
    first, _, again = sorted(heard, key=lambda transcript: transcript.name)
    assert first.pieces == again.pieces
    utterances = [piece for piece in first.pieces if isinstance(piece, Utterance)]
    text = "".join(utterance.text for utterance in utterances).strip()
    # Seen: 0.09 to 0.27; the voice has chance in it, and the last words are misheard at times.
    assert english.word_errors(SAID, text) <= 0.5
    words = [word for utterance in utterances for word in utterance.words]
    assert [word.begin for word in words] == sorted(word.begin for word in words)
    assert all(0 <= word.confidence <= 1 for word in words)
