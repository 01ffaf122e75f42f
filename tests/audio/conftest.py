"""Clips of the real voice, said once for all tests."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.audio.defects import SOUND, DamagedTake
from tts_assets.audio.expected_length import ExpectedSound
from tts_assets.audio.render import finish
from tts_assets.engines.openjtalk_engine import OpenJTalkEngine
from tts_assets.model import Speech, SpokenForm, Voice

WORD = SpokenForm(text="学校", reading="ガッコウ")
SENTENCE = SpokenForm(text="今日は、いい天気ですね。", sentence=True)
CHOPSTICKS = SpokenForm(text="箸", reading="ハシ", accent=1)
BRIDGE = SpokenForm(text="橋", reading="ハシ", accent=2)

Say = Callable[[SpokenForm], Speech]


@pytest.fixture(scope="session")
def say() -> Say:
    """The engine, which says each form once."""
    engine = OpenJTalkEngine()
    return cache(lambda form: engine.speak(form, Voice(provider="openjtalk", name="mei")))


@pytest.fixture(scope="session")
def take(say: Say) -> DamagedTake:
    """A word, and a sentence beside it."""
    speech = say(WORD)
    return DamagedTake(speech, finish(speech, SOUND).data, say(SENTENCE))


def expected(speech: Speech, **others: object) -> ExpectedSound:
    """What a clip of a speech is held against."""
    told: dict[str, object] = {
        "sound": SOUND,
        "pronunciation": speech.pronunciation,
        "speed": 1.0,
        "voice": "openjtalk/mei",
        "says_accents": True,
    }
    return ExpectedSound(**(told | others))  # type: ignore[arg-type]  # the fields are those above
