"""When each mora is heard and how high it should be, as far as that can be told beforehand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tts_assets.japanese.accent_notation import parse_accent_phrases
from tts_assets.review.review_rows import TimedMora, predict_morae
from tts_assets.review.sound_previews import SoundPreview

PICTURE = SoundPreview(
    sha256="", seconds=3.0, begin=0.1, end=2.9, gaps=((0.5, 0.55), (1.0, 1.4), (2, 2.2))
)


def _said(notation: str, picture: SoundPreview = PICTURE) -> tuple[TimedMora, ...]:
    return predict_morae(parse_accent_phrases(notation), picture)


@pytest.mark.parametrize(
    ("notation", "pitch"),
    [
        ("ハシ", "LH"),
        ("ハ↓シ", "HL"),
        ("ハシ↓", "LH"),
        ("ココ↓ロ", "LHL"),
        ("キョ↓ーワ/サム↓イデス", "HLLLHLLL"),
        ("ア", "L"),
        ("ア↓", "H"),
    ],
)
def test_they_are_high_and_low_by_the_rules_of_tokyo(notation: str, pitch: str) -> None:
    assert "".join("LH"[mora.high] for mora in _said(notation)) == pitch


def test_they_fill_what_is_heard_one_after_the_other() -> None:
    said = _said("トーキョ↓ー")
    assert [mora.kana for mora in said] == ["ト", "ー", "キョ", "ー"]
    assert (said[0].begin, said[-1].end) == (0.1, 2.9)
    assert all(one.end == other.begin for one, other in pairwise(said))
    assert all(mora.begin < mora.end for mora in said)


def test_a_whispered_vowel_is_shorter_and_a_sibilant_longer() -> None:
    said = {mora.kana: mora.end - mora.begin for mora in _said("クサア")}
    assert said["ク"] < said["サ"] > said["ア"]


def test_what_is_said_in_one_breath_lies_between_silences() -> None:
    said = _said("ネ↓コ、イヌ/ト、トリ")
    assert [(mora.kana, mora.begin) for mora in said if mora.kana in "ネイト"] == [
        ("ネ", 0.1),
        ("イ", 1.4),
        ("ト", pytest.approx(1.8, abs=0.1)),
        ("ト", 2.2),
    ]
    assert [mora.end for mora in said if mora.begin < 1.0][-1] == 1.0


def test_without_the_pauses_that_were_expected_all_is_as_one_breath() -> None:
    still = SoundPreview(sha256="", seconds=1.0, begin=0.1, end=0.9)
    said = _said("ネ↓コ、イヌ", still)
    assert (said[0].begin, said[1].end == said[2].begin, said[-1].end) == (0.1, True, 0.9)


@pytest.mark.parametrize("notation", ["", "<img>", "↓", "/、/", "キ/ャ", "ア↓↓↓", "x/、、/ア、"])
def test_what_somebody_wrote_into_the_ledger_breaks_nothing(notation: str) -> None:
    assert all(mora.begin <= mora.end for mora in _said(notation))
    assert len(_said("キ/ャ")) == 2


def test_of_nothing_that_is_heard_all_is_at_its_beginning() -> None:
    assert {each.end for each in _said("ネコ", SoundPreview(sha256=""))} == {0.0}
