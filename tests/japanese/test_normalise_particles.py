"""は, へ and endings that stand alone, and what a wave or a title says of them."""

import pytest

from tests.japanese.normalised import pairs
from tts_assets.japanese.spoken_signs import find_particle_sound
from tts_assets.japanese.word_forms import build_title_forms, build_word_forms


@pytest.mark.parametrize(
    ("text", "sound"),
    [("〜は", "ワ"), ("～へ", "エ"), ("…は", "ワ"), ("は", None), ("へ", None), ("〜はい", None)],
)
def test_a_wave_before_it_makes_a_kana_a_particle(text: str, sound: str | None) -> None:
    assert find_particle_sound(text) == sound


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("〜は", [("は", "ワ")]),
        ("へ", [("へ", "エ")]),
        ("〜は／〜が", [("は", "ワ"), ("が", None)]),
        ("〜はい", [("はい", None)]),
    ],
)
def test_the_particles_of_a_title_are_said_as_they_sound(
    title: str, said: list[tuple[str, str | None]]
) -> None:
    assert pairs(build_title_forms(title)) == said


def test_a_kana_letter_is_no_particle() -> None:
    assert pairs(build_word_forms("は")) == [("は", None)]


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("〜間に", [("間に", "アイダニ")]),
        ("〜度に", [("度に", "タビニ")]),
        ("〜気味", [("気味", "ギミ")]),
        ("〜下で", [("下で", "モトデ")]),
        ("〜うちに／〜間に", [("うちに", None), ("間に", "アイダニ")]),
        ("気味", [("気味", None)]),
    ],
)
def test_an_ending_behind_a_wave_is_read_as_one(
    title: str, said: list[tuple[str, str | None]]
) -> None:
    assert pairs(build_title_forms(title)) == said


def test_the_reading_of_a_title_is_stronger_than_its_wave() -> None:
    assert pairs(build_title_forms("〜気味", "きみ")) == [("気味", "キミ")]
