"""Clips of the real voice, said once for all tests."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.audio.defects import SOUND, Take
from tts_assets.audio.checks.expected_length import Expected
from tts_assets.audio.finish import finish
from tts_assets.engines.openjtalk_engine import Engine
from tts_assets.model import Speech, SpokenForm, Voice

WORD = SpokenForm(text="学校", reading="ガッコウ")
SENTENCE = SpokenForm(text="今日は、いい天気ですね。", sentence=True)
CHOPSTICKS = SpokenForm(text="箸", reading="ハシ", accent=1)
BRIDGE = SpokenForm(text="橋", reading="ハシ", accent=2)

Say = Callable[[SpokenForm], Speech]


@pytest.fixture(scope="session")
def say() -> Say:
    """The engine, which says each form once."""
    engine = Engine()
    return cache(lambda form: engine.speak(form, Voice(provider="openjtalk", name="mei")))


@pytest.fixture(scope="session")
def take(say: Say) -> Take:
    """A word, and a sentence beside it."""
    speech = say(WORD)
    return Take(speech, finish(speech, SOUND).data, say(SENTENCE))


def expected(speech: Speech, **others: object) -> Expected:
    """What a clip of a speech is held against."""
    told: dict[str, object] = {
        "sound": SOUND,
        "pronunciation": speech.pronunciation,
        "speed": 1.0,
        "voice": "openjtalk/mei",
        "says_accents": True,
    }
    return Expected(**(told | others))  # type: ignore[arg-type]  # the fields are those above
