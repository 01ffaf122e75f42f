"""Who speaks for each speaker of a dialogue."""

from collections.abc import Sequence

import pytest

from tests.plugin_engines import Tones
from tts_assets.build.plan.voice_selection import check_voices
from tts_assets.catalogues.voice_assignment import assign_voices, gender_of
from tts_assets.config.settings import Settings, SpeakerSettings
from tts_assets.engines.openjtalk import OpenJTalk
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.errors import UsageError
from tts_assets.model import Turn, Voice

MEI = Voice(provider="openjtalk", name="mei")
VOICES = OpenJTalk(Settings()).voices()
ALONE = VOICES[:1]


def _cast(
    *speakers: str,
    own: Voice = MEI,
    voices: Sequence[VoiceInfo] = VOICES,
    told: Sequence[SpeakerSettings] = (),
) -> dict[str, tuple[str, float]]:
    turns = [Turn(size=1, speaker=name) for name in speakers]
    return {
        name: (voice.name, voice.speed)
        for name, voice in assign_voices(turns, own, voices, told).items()
    }


def _voice(name: str, language: str = "ja", gender: str = "") -> VoiceInfo:
    return VoiceInfo(name=name, language=language, description="", gender=gender)


@pytest.mark.parametrize(
    ("gender", "names"),
    [
        (
            "male",
            "男 男１ 男A 男の人 男の学生 父 お父さん おじいさん おじ 兄 お兄ちゃん 弟 夫 姉の夫 息子",
        ),
        ("male", "田中君 たけしくん おじいちゃん Man M1 Mr.Brown"),
        (
            "female",
            "女 女２ 女の人 女の店員 母 おかあさん おばあさん おば 姉 妹 妻 田中さんの妻 娘 彼女",
        ),
        ("female", "花子ちゃん 夫人 Woman F"),
        (
            "",
            "店員 先生 田中 A B Ａ 客 姉の友だち 男女 夫婦 父母 弟子 大丈夫 おばけ 君 ちゃん human",
        ),
    ],
)
def test_names_tell_whether_a_man_or_a_woman_speaks(gender: str, names: str) -> None:
    assert {name: gender_of(name) for name in names.split()} == dict.fromkeys(names.split(), gender)


def test_a_man_and_a_woman_have_a_mans_and_a_womans_voice_whoever_speaks_first() -> None:
    assert _cast("男", "女", "男") == {"男": ("mei-low", 1.0), "女": ("mei", 1.0)}
    assert _cast("女", "男") == {"女": ("mei", 1.0), "男": ("mei-low", 1.0)}


def test_the_first_without_a_gender_has_the_voice_of_the_run_and_the_next_another() -> None:
    assert _cast("店員", "田中") == {"店員": ("mei", 1.0), "田中": ("mei-low", 1.0)}


def test_who_may_have_any_voice_is_heard_as_who_is_not_there_yet() -> None:
    voices = [
        _voice("a", gender="female"),
        _voice("b", gender="female"),
        _voice("c", gender="male"),
    ]
    own = Voice(provider="p", name="a")
    assert [name for name, _ in _cast("A", "B", "C", own=own, voices=voices).values()] == [
        "a",
        "c",
        "b",
    ]


def test_a_narrator_has_the_voice_of_the_run_whenever_it_speaks() -> None:
    assert _cast("女", "") == {"女": ("mei-high", 1.0), "": ("mei", 1.0)}
    assert _cast("") == {"": ("mei", 1.0)}


def test_who_has_no_turn_has_no_voice() -> None:
    assert "" not in _cast("A")


def test_a_voice_that_does_not_fit_is_better_than_one_that_another_has() -> None:
    assert _cast("男1", "男2") == {"男1": ("mei-low", 1.0), "男2": ("mei", 1.0)}


def test_a_voice_of_unknown_gender_is_better_than_one_that_does_not_fit() -> None:
    voices = [_voice("a", gender="female"), _voice("b", gender="female"), _voice("c")]
    own = Voice(provider="p", name="a")
    assert _cast("男", own=own, voices=voices) == {"男": ("c", 1.0)}


def test_an_engine_of_one_voice_speaks_for_others_at_other_paces() -> None:
    assert list(_cast(*"ABCD", voices=ALONE).values()) == [
        ("mei", 1.0),
        ("mei", 0.9),
        ("mei", 1.1),
        ("mei", 0.85),
    ]


def test_paces_are_of_the_run_s_and_stay_within_what_the_voice_takes() -> None:
    own = Voice(provider="p", name="x", speed=0.5)
    slow = VoiceInfo(name="x", language="ja", description="", speeds=(0.5, 2.0))
    assert list(_cast("A", "B", own=own, voices=[slow]).values()) == [("x", 0.5), ("x", 0.55)]


def test_a_voice_of_whole_speeds_is_said_again_as_it_is() -> None:
    whole = VoiceInfo(name="mei", language="ja", description="", whole_speeds=True)
    assert list(_cast("A", "B", voices=[whole]).values()) == [("mei", 1.0), ("mei", 1.0)]


def test_more_speakers_than_voices_and_paces_all_have_a_voice() -> None:
    crowd = _cast(*map(str, range(99)), voices=ALONE)
    assert len(crowd) == 99
    assert len(set(crowd.values())) == 7


def test_voices_of_other_languages_are_not_taken() -> None:
    own = Voice(provider="p", name="a")
    voices = [_voice("a"), _voice("b", "en-US"), _voice("c", "ja-JP")]
    assert _cast("A", "B", own=own, voices=voices)["B"] == ("c", 1.0)


def test_what_the_settings_say_of_a_speaker_comes_before_all_defaults() -> None:
    told = [SpeakerSettings(name="Ｂ", voice="mei", speed=1.2)]
    assert _cast("A", "B", told=told) == {"A": ("mei-low", 1.0), "B": ("mei", 1.2)}


def test_a_speed_alone_leaves_the_voice_to_the_names() -> None:
    told = [SpeakerSettings(name="男", speed=0.8)]
    assert _cast("男", "女", told=told) == {"男": ("mei-low", 0.8), "女": ("mei", 1.0)}


def test_the_voice_of_the_source_wins_over_that_of_the_settings() -> None:
    turns = [Turn(size=1, speaker="男"), Turn(size=1, speaker="男", voice="mei-high")]
    told = [SpeakerSettings(name="男", voice="mei-low", speed=0.9)]
    assert assign_voices(turns, MEI, VOICES, told) == {
        "男": Voice(provider="openjtalk", name="mei-high", speed=0.9)
    }


def test_a_voice_of_another_language_speaks_its_own() -> None:
    told = [SpeakerSettings(name="Bob", voice="b")]
    found = assign_voices([Turn(1, "Bob")], MEI, [_voice("b", "en-US")], told)
    assert found["Bob"].language == "en-US"


@pytest.mark.parametrize(
    ("speakers", "message"),
    [
        (
            [SpeakerSettings(name="男", voice="sin")],
            r"'男': tones has no voice 'sin'; it has: sine",
        ),
        ([SpeakerSettings(name="男")] * 2, r"\[\[speaker\]\] '男' occurs twice"),
    ],
)
def test_a_slip_in_what_is_said_of_a_speaker_ends_the_run_before_it_begins(
    speakers: list[SpeakerSettings], message: str
) -> None:
    settings = Settings(speakers=tuple(speakers))
    with pytest.raises(UsageError, match=message):
        check_voices(settings, Tones(settings))


def test_a_speed_that_a_voice_does_not_take_is_told() -> None:
    class SlowVoice(Tones):
        def voices(self) -> tuple[VoiceInfo, ...]:
            return (
                VoiceInfo(name="x", language="ja", description="", speeds=(0.5, 2.0)),
                VoiceInfo(name="y", language="ja", description="", whole_speeds=True),
            )

    settings = Settings(speakers=(SpeakerSettings(name="男", speed=3.0),))
    with pytest.raises(UsageError, match=r"'男': speed = 3: the voice x takes 0\.5 to 2"):
        check_voices(settings, SlowVoice(settings))
    settings = Settings(speakers=(SpeakerSettings(name="男", voice="y", speed=1.5),))
    with pytest.raises(UsageError, match="the voice y takes whole speeds only"):
        check_voices(settings, SlowVoice(settings))


def test_what_is_right_of_speakers_that_nobody_has_is_passed_over() -> None:
    settings = Settings(speakers=(SpeakerSettings(name="誰か", voice="other", speed=2.0),))
    check_voices(settings, Tones(settings))
