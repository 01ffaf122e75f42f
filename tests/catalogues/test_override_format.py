"""What is said of a clip when a reviewer says it: through the same rules as what entries say."""

from typing import Any

import pytest

from tests.plugin_engines import Telling
from tts_assets.build.plan.voice_selection import list_speakers
from tts_assets.catalogues.review_edits import (
    AvailableVoices,
    OverrideValues,
    find_edit_problem,
    form_to_text,
    make_override,
    override_form,
)
from tts_assets.config.settings import Settings
from tts_assets.engines.openjtalk import OpenJTalk
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.japanese import running_text
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.model import Clip, Kind, SpokenForm, Turn, Voice

BRIDGE = SpokenForm(text="橋", reading="ハシ", accent=2)
TALK = "男：おはよう。\n女：今日はいい天気ですね。\n男：本当に。"


def form_of(found: tuple[SpokenForm, ...] | str) -> SpokenForm:
    assert not isinstance(found, str)
    return found[0]


CORNER = form_of(running_text.build_text_forms("角で待つ。"))
DIALOGUE = form_of(running_text.build_dialogue_forms(TALK, passage=True, voices={"男": "mei-low"}))
PASSAGE = form_of(running_text.build_text_forms("昔々、川がありました。\n橋はない。", passage=True))


def clip(form: SpokenForm = BRIDGE, **fields: Any) -> Clip:
    return Clip(Kind.VOCABULARY, "words.json", "1", "word", None, form, **fields)


@pytest.fixture(scope="module")
def speaking() -> AvailableVoices:
    settings = Settings()
    return list_speakers(settings, OpenJTalk(settings))


@pytest.mark.parametrize(
    ("say", "form"),
    [
        (OverrideValues(accent=0), BRIDGE._replace(accent=0)),
        (OverrideValues(reading="hashi"), BRIDGE._replace(accent=None)),
        (OverrideValues(reading="バシ", accent=1), BRIDGE._replace(reading="バシ", accent=1)),
        (OverrideValues(text="角[かど]"), SpokenForm(text="角", reading="カド")),
        (OverrideValues(text="箸", reading="はし", accent=1), SpokenForm("箸", "ハシ", 1)),
        (OverrideValues(text="〜製"), SpokenForm(text="製")),
        (OverrideValues(text="\u202e犬\u200b"), SpokenForm(text="犬")),
        (OverrideValues(voice="openjtalk/mei-low", speed=0.5), BRIDGE),
    ],
)
def test_a_word_is_said_as_typed(say: OverrideValues, form: SpokenForm) -> None:
    assert override_form(BRIDGE, say) == form


def test_a_text_and_its_reading_leave_nothing_of_the_old_ones() -> None:
    half = SpokenForm(text="お土産屋", readings=(("お", ""), ("土産", "ミヤゲ")))
    assert override_form(half, OverrideValues(reading="おみやげや")) == SpokenForm(
        "お土産屋", "オミヤゲヤ"
    )
    assert override_form(half, OverrideValues(text="店")) == SpokenForm("店")


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (OverrideValues(accent=3), "the accent is 3, but 'ハシ' has only 2 morae"),
        (OverrideValues(reading="橋"), "the reading '橋' is not kana"),
        (OverrideValues(reading="ハシ・バシ"), "has several alternatives (ハシ, バシ)"),
        (OverrideValues(reading="バ", accent=2), "'バ' has only 1 mora:"),
        (OverrideValues(text="いい/よい"), "has several alternatives"),
        (OverrideValues(text="！？"), "nothing would be spoken for '！？'"),
        (OverrideValues(text="___に行く"), "nothing would be spoken"),
        (OverrideValues(text="犬\x07"), "character 2 of the text is U+0007"),
        (OverrideValues(text="犬" * 5_001), "has 5,001 characters; the limit for a clip is 5,000"),
        (
            OverrideValues(reading="イ" * 5_001),
            "has 5,001 characters; the limit for a clip is 5,000",
        ),
    ],
)
def test_what_no_word_can_be_is_told(say: OverrideValues, words: str) -> None:
    with pytest.raises(UnusableTextError) as caught:
        override_form(BRIDGE, say)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 250


def test_an_accent_of_a_word_whose_reading_nobody_gives_is_left_to_the_dictionary() -> None:
    assert override_form(SpokenForm("橋"), OverrideValues(accent=2)) == SpokenForm("橋", accent=2)
    with pytest.raises(UnusableTextError, match="has only 2 morae"):
        override_form(SpokenForm("はし"), OverrideValues(accent=3))


def test_a_sentence_takes_furigana_and_readings() -> None:
    assert override_form(CORNER, OverrideValues(text="角[かど]で待つ。")).readings == (
        ("角", "カド"),
    )
    assert override_form(CORNER, OverrideValues(reading="かどで まつ")) == CORNER._replace(
        reading="カドデマツ"
    )
    assert override_form(CORNER, OverrideValues(text="角で待った。")).text == "角で待った。"


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (OverrideValues(accent=1), "running text has no accent"),
        (OverrideValues(reading="12"), "cannot be aligned with its text"),
        (OverrideValues(reading="角で"), "is not kana"),
        (OverrideValues(text="（　）で待つ。"), "blank"),
    ],
)
def test_what_no_sentence_can_be_is_told(say: OverrideValues, words: str) -> None:
    with pytest.raises(UnusableTextError) as caught:
        override_form(CORNER, say)
    assert words in str(caught.value)


@pytest.mark.parametrize("form", [BRIDGE, CORNER, DIALOGUE, PASSAGE])
def test_a_form_as_it_is_shown_to_be_edited_is_the_same_form_again(form: SpokenForm) -> None:
    assert (
        override_form(
            form, OverrideValues(text=form_to_text(form), reading=form.reading, accent=form.accent)
        )
        == form
    )


def test_lines_of_a_dialogue_keep_their_speakers_and_these_their_voices() -> None:
    assert form_to_text(DIALOGUE) == TALK
    found = override_form(DIALOGUE, OverrideValues(text="男：おやすみ。\n店員：はい。"))
    assert found.turns == (Turn(5, "男", "mei-low"), Turn(3, "店員"))
    assert found.text == "おやすみ。はい。"


def test_a_dialogue_takes_a_reading_with_and_without_names() -> None:
    bare = "おはよう。きょうはいいてんきですね。ほんとうに。"
    for reading in (bare, "男：おはよう\n女：きょうはいいてんきですね\n男：ほんとうに"):
        found = override_form(DIALOGUE, OverrideValues(reading=reading))
        assert found._replace(reading=None) == DIALOGUE
        assert found.reading == "オハヨウ。キョウハイイテンキデスネ。ホントウニ"


def test_lines_of_a_passage_stay_lines() -> None:
    assert form_to_text(PASSAGE) == "昔々、川がありました。\n橋はない。"
    assert len(override_form(PASSAGE, OverrideValues(text="川。\n橋。\n山。")).turns) == 3
    assert override_form(PASSAGE, OverrideValues(text="川")).turns


def test_what_was_typed_before_stays_until_it_is_typed_anew() -> None:
    before = OverrideValues(text="箸", reading="はし", accent=1, voice="openjtalk/mei", speed=0.9)
    assert OverrideValues(speed=1.0).merge_onto(before) == OverrideValues(
        text="箸", reading="はし", accent=1, voice="openjtalk/mei", speed=1.0
    )
    assert OverrideValues(reading="ばし").merge_onto(before).accent is None
    assert OverrideValues(text="端").merge_onto(before) == OverrideValues(
        text="端", voice="openjtalk/mei", speed=0.9
    )
    assert OverrideValues(accent=0).merge_onto(None) == OverrideValues(accent=0)


def test_an_override_is_made_of_a_clip_and_what_was_typed(speaking: AvailableVoices) -> None:
    first = make_override(
        clip(), OverrideValues(text="箸", reading="はし"), "o.json", by="Mia", at="now"
    )
    assert (first.key, first.text) == (("words.json", "built-in", "1", "word"), "橋")
    overridden = clip(override_form(BRIDGE, first.say), source="/a/tts-assets.toml: source 2")
    second = make_override(overridden, OverrideValues(accent=1), "o.json", earlier=first)
    assert (second.text, second.source, second.by) == ("橋", "source 2", "")
    assert second.say == OverrideValues(text="箸", reading="はし", accent=1)
    assert find_edit_problem(overridden, second.say, speaking) is None


@pytest.mark.parametrize(
    ("form", "say", "words"),
    [
        (
            BRIDGE,
            OverrideValues(voice="openjtalk/mai"),
            "openjtalk has no voice 'openjtalk/mai'; it has: openj",
        ),
        (
            BRIDGE,
            OverrideValues(voice="kokoro/jf_alpha"),
            "'kokoro/jf_alpha' is not a voice of openjtalk",
        ),
        (BRIDGE, OverrideValues(reading="犬"), "not kana"),
        (
            SpokenForm("橋"),
            OverrideValues(accent=3),
            "the accent is 3, but 'ハシ' has only 2 morae",
        ),
        (SpokenForm("橋"), OverrideValues(text="橋架", accent=3), None),
        (BRIDGE, OverrideValues(voice="openjtalk/mei-low", speed=0.9), None),
    ],
)
def test_what_is_wrong_is_told_before_it_is_written(
    speaking: AvailableVoices, form: SpokenForm, say: OverrideValues, words: str | None
) -> None:
    problem = find_edit_problem(clip(form), say, speaking, kana="ハシ")
    assert (problem is None) if words is None else (problem is not None and words in problem)


def test_a_service_takes_the_speeds_that_it_says() -> None:
    whole = VoiceInfo(name="a", language="ja", description="", speeds=(1, 2), whole_speeds=True)
    speaking = AvailableVoices(voice=Voice(provider="paid", name="a"), voices=[whole])
    assert find_edit_problem(clip(), OverrideValues(speed=2), speaking) is None
    assert find_edit_problem(clip(), OverrideValues(speed=1.5), speaking) == (
        "speed = 1.5: the voice a takes whole speeds only"
    )


def test_every_voice_of_a_dialogue_has_to_take_its_speed() -> None:
    voices = [
        VoiceInfo(name="mei", language="ja", description="", speeds=(0.25, 4)),
        VoiceInfo(name="mei-low", language="ja", description="", speeds=(0.5, 2)),
    ]
    speaking = AvailableVoices(voice=Voice(provider="openjtalk", name="mei"), voices=voices)
    assert find_edit_problem(clip(), OverrideValues(speed=3), speaking) is None
    assert find_edit_problem(clip(DIALOGUE), OverrideValues(speed=3), speaking) == (
        "speed = 3: the voice mei-low takes 0.5 to 2"
    )


def test_a_voice_of_another_provider_and_its_speed_mean_nothing() -> None:
    settings = Settings(provider="telling")
    speaking = list_speakers(settings, Telling(settings))
    asked = OverrideValues(voice="openjtalk/mei", speed=0.9, accent=1)
    assert speaking.apply_voice(clip(), asked) == clip()
    assert speaking.apply_voice(clip(), OverrideValues(speed=0.9)) == clip(speed=0.9)
    assert not speaking.is_for_provider(asked)
