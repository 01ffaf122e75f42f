"""PocketSphinx hears real English, and nothing else."""

from __future__ import annotations

import pytest

from tests import english
from tts_assets.errors import UsageError
from tts_assets.recognition import open_recognizer, provider_for
from tts_assets.settings import Settings, TranscribeSettings

SAID = "she read the book in the morning and went to school"
SETTINGS = Settings(transcribe=TranscribeSettings(recognizer="pocketsphinx", language="en"))


@pytest.mark.anyio
async def test_spoken_words_are_heard_in_order_and_alike_whatever_came_before() -> None:
    speech = english.speech(SAID)
    opened = open_recognizer(provider_for(SETTINGS), workers=1, timeout_seconds=60)
    async with opened as recognizer:
        first = await recognizer.recognize(speech, language="en")
        await recognizer.recognize(0.3 * speech[8_000:16_000], language="en")
        again = await recognizer.recognize(speech, language="en")
    assert first == again
    # Seen: 0 to 0.27; the last words are misheard at times.
    assert english.word_errors(SAID, first.text) <= 0.4
    assert first.text.startswith("she read")
    words = [word for utterance in first.utterances for word in utterance.words]
    assert [word.begin for word in words] == sorted(word.begin for word in words)
    assert all(0 <= word.confidence <= 1 for word in words)


def test_japanese_is_refused() -> None:
    with pytest.raises(UsageError, match=r"pocketsphinx does not understand 'ja'.*: en$"):
        provider_for(SETTINGS, language="ja")
