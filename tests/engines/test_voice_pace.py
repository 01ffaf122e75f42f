"""How much of a text a voice has spoken, by its own pace; and voices that only give what seems cut."""

import pytest

from tests.audio.conftest import CHOPSTICKS, SENTENCE
from tts_assets.audio.expected_length import estimate_speech_seconds
from tts_assets.engines.decode_response import measure_spoken
from tts_assets.engines.openjtalk_engine import OpenJTalkEngine
from tts_assets.engines.validated_speech import RunVoicePaces, VoicePace
from tts_assets.errors import FatalError
from tts_assets.model import SpokenForm, Voice

MEI = Voice(provider="openjtalk", name="mei")
LONG = SpokenForm(text="宿題が終わったら、ゲームをしてもいいですよ。", sentence=True)


@pytest.fixture(scope="module")
def engine() -> OpenJTalkEngine:
    return OpenJTalkEngine()


@pytest.mark.parametrize("form", [SENTENCE, LONG, CHOPSTICKS])
@pytest.mark.parametrize("speed", [0.5, 1.0, 1.5])
def test_a_whole_sound_has_enough_speech(
    engine: OpenJTalkEngine, form: SpokenForm, speed: float
) -> None:
    speech = engine.speak(form, Voice(provider="openjtalk", name="mei", speed=speed))
    assert speech.pronunciation is not None
    least = VoicePace().least_seconds(estimate_speech_seconds(speech.pronunciation, speed))
    assert measure_spoken(speech.samples, speech.rate_hz) > least


@pytest.mark.parametrize("form", [SENTENCE, LONG])
def test_half_of_a_sentence_has_too_little_wherever_it_pauses(
    engine: OpenJTalkEngine, form: SpokenForm
) -> None:
    speech = engine.speak(form, MEI)
    assert speech.pronunciation is not None
    least = VoicePace().least_seconds(estimate_speech_seconds(speech.pronunciation, 1.0))
    for share in (0.35, 0.5, 0.6):
        half = speech.samples[: int(share * speech.samples.size)]
        assert measure_spoken(half, speech.rate_hz) < least


def test_a_slow_service_may_ignore_the_speed(engine: OpenJTalkEngine) -> None:
    said = engine.speak(LONG, MEI).pronunciation
    assert said is not None
    assert (
        estimate_speech_seconds(said, 0.5)
        == estimate_speech_seconds(said, 1.0)
        == 2 * estimate_speech_seconds(said, 2.0)
    )


def learned(*shares: float, foreseen: float = 2.0) -> VoicePace:
    pace = VoicePace()
    for share in shares:
        pace.add_sound(share * foreseen, foreseen)
    return pace


@pytest.mark.parametrize(
    ("pace", "foreseen", "share"),
    [
        (learned(), 2.0, 0.75),
        (learned(*[1.2] * 7), 2.0, 0.75),
        # The second shortest counts: a half that was taken for whole does no harm.
        (learned(0.76, *[1.2] * 7), 2.0, 0.85 * 1.2),
        (learned(*[1.2] * 8), 0.9, 0.75),
        (learned(*[1.2] * 8, foreseen=0.9), 2.0, 0.75),
        (learned(*[0.8] * 8), 2.0, 0.85 * 0.8),
        (learned(*[0.5] * 8), 2.0, 0.6),
        (learned(), 0.1, 0.0),
    ],
)
def test_the_least_is_that_of_an_ordinary_voice_until_its_own_is_learned(
    pace: VoicePace, foreseen: float, share: float
) -> None:
    assert pace.least_seconds(foreseen) == pytest.approx(share * foreseen)


def test_each_voice_has_a_pace_of_its_own_at_each_speed() -> None:
    voices = RunVoicePaces("openai")
    fast = Voice(provider="openai", name="alloy", speed=2.0)
    slow = Voice(provider="openai", name="alloy", speed=1.0)
    assert voices.pace_of(fast) is voices.pace_of(fast)
    assert voices.pace_of(fast) is not voices.pace_of(slow)


def test_a_voice_that_only_gives_what_seems_cut_ends_the_run() -> None:
    voices = RunVoicePaces("openai")
    voices.add_cut("alloy", is_bought=True)
    voices.add_cut("alloy", is_bought=True)
    voices.add_cut("echo", is_bought=True)
    with pytest.raises(FatalError, match=r"of the voice alloy .* check-ends = false in \[openai\]"):
        voices.add_cut("alloy", is_bought=True)
    voices.add_whole("echo")
    for _ in range(5):
        voices.add_cut("echo", is_bought=True)


def test_cut_takes_of_earlier_runs_alone_end_no_run() -> None:
    voices = RunVoicePaces("openai")
    for _ in range(5):
        voices.add_cut("alloy", is_bought=False)
    with pytest.raises(FatalError, match="of the voice alloy"):
        voices.add_cut("alloy", is_bought=True)
