"""Passages cut in an engine's process: by the dictionary, and by one that breaks."""

from tts_assets.engines.process.supervisor import engine_host, reader_host
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.segmentation import split_segments
from tts_assets.model import DictionaryWord, Pauses, Segment, SpokenForm, Turn

LONG = "私は毎朝六時半に起きて顔を洗って窓を開けます"
PAUSES = Pauses(turn_ms=7)


def passage(text: str) -> SpokenForm:
    """A passage of one line."""
    return SpokenForm(text=text, sentence=True, turns=(Turn(len(text), "男", "Mei"),))


async def test_the_dictionary_cuts_in_its_process_as_it_does_here(dictionary: Dictionary) -> None:
    word = DictionaryWord(surface="犬猫" * 10, reading="イヌネコ")
    forms = [passage(f"{LONG * number}。") for number in range(1, 20)]
    async with reader_host((word,)) as host:
        *found, own = await host.split_forms([*forms, passage(word.surface * 12)], PAUSES)
    assert found == [split_segments(form, PAUSES, dictionary) for form in forms]
    assert not isinstance(own, str)
    assert {len(segment.form.text) % len(word.surface) for segment in own} == {0}


async def test_what_is_wrong_with_a_passage_is_told_of_it_alone() -> None:
    forms = [
        passage(text) for text in ("犬です。", "失敗です。", "虫です。", "墜落です。", "猫です。")
    ]
    async with engine_host("tests.japanese.cutter:Cutter", threads=1) as host:
        first, failed, bug, crash, last = await host.split_forms(forms, PAUSES)
    assert first == (Segment(SpokenForm("犬です。", sentence=True), "男", "Mei", 7),)
    assert failed == "the engine was told to fail"
    assert bug == "RuntimeError: the engine has a bug"
    assert "the engine crashed on this clip" in crash
    assert last == (Segment(SpokenForm("猫です。", sentence=True), "男", "Mei", 7),)


async def test_an_engine_that_cannot_cut_says_so() -> None:
    async with engine_host("tests.plugin_engines:Mute", threads=1) as host:
        assert await host.split_forms([passage("犬です。")], PAUSES) == [
            "this engine cannot cut a passage into segments"
        ]
        assert await host.split_forms([], PAUSES) == []
