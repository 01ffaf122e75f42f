"""The reading guard, on OpenJTalk's real dictionary."""

from typing import Any

import pytest

from tts_assets.domain import SpokenForm
from tts_assets.errors import ClipError
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.reading import guarded, said


@pytest.fixture(scope="module")
def analyse() -> Any:
    import pyopenjtalk

    return pyopenjtalk.run_frontend


@pytest.mark.parametrize(
    ("text", "reading"), [("食べる", "タベル"), ("今日", "キョウ"), ("橋", "ハシ")]
)
def test_a_spelling_that_is_read_as_given_is_spoken_itself(
    analyse: Any, text: str, reading: str
) -> None:
    nodes = guarded(SpokenForm(text=text, reading=reading), analyse)
    assert "".join(node["string"] for node in nodes) == text


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("開く", "アク"),
        ("一日", "ツイタチ"),
        ("方", "カタ"),
        ("角", "カド"),
        ("辛い", "カライ"),
        ("歯", "ハ"),
    ],
)
def test_a_misread_spelling_is_spoken_from_its_kana(analyse: Any, text: str, reading: str) -> None:
    nodes = guarded(SpokenForm(text=text, reading=reading), analyse)
    assert said(nodes) == pronunciation_key(reading)


def test_without_a_reading_the_dictionary_decides(analyse: Any) -> None:
    assert said(guarded(SpokenForm(text="これは何ですか"), analyse)) == "コレワナンデスカ"


def test_a_wrong_reading_is_never_spoken() -> None:
    def deaf(_: str) -> list[dict[str, str]]:
        return [{"string": "x", "pron": "チガウ"}]

    with pytest.raises(ClipError, match="cannot be made to say"):
        guarded(SpokenForm(text="犬", reading="イヌ"), deaf)
