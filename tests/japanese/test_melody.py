"""The tones of accent phrases, and the curve that they make."""

import numpy as np
import pytest

from tts_assets.japanese.melody import Tone, compute_tones, place_tones
from tts_assets.model import Phrase


def _list_heights(*phrases: Phrase, asking: tuple[int, ...] = ()) -> list[float]:
    """The height of each mora in its second half, where it is heard."""
    tones = [each.tones for each in compute_tones(phrases, asking)]
    spans = [(at * 20.0, at * 20.0 + 20.0) for at in range(len(tones))]
    curve = place_tones(tones, spans, 20 * len(tones))
    return [float(np.median(curve[at * 20 + 10 : at * 20 + 20])) for at in range(len(tones))]


@pytest.mark.parametrize(
    ("kana", "accent", "rises", "falls"),
    [
        ("ハシ", 1, (), (1,)),
        ("ハシ", 2, (1,), ()),
        ("ハシ", 0, (1,), ()),
        ("イノチ", 1, (), (1,)),
        ("タマゴ", 2, (1,), (2,)),
        ("サクラ", 0, (1,), ()),
        ("オトートガ", 4, (1,), (4,)),
        ("デンワ", 0, (1,), ()),
        ("センセー", 3, (1,), (3,)),
    ],
)
def test_a_word_rises_and_falls_where_its_accent_says(
    kana: str, accent: int, rises: tuple[int, ...], falls: tuple[int, ...]
) -> None:
    steps = np.diff(_list_heights(Phrase(kana, accent)))
    assert tuple(at for at, step in enumerate(steps, 1) if step > 1.5) == rises
    assert tuple(at for at, step in enumerate(steps, 1) if step < -2.5) == falls


def test_a_single_mora_falls_only_if_it_is_accented() -> None:
    falling, flat = (compute_tones([Phrase("エ", accent)])[0].tones for accent in (1, 0))
    assert falling[-1].semitones < falling[0].semitones - 4
    assert abs(flat[-1].semitones - flat[0].semitones) < 1


def test_an_accented_mora_begins_to_fall_before_a_devoiced_one() -> None:
    late = compute_tones([Phrase("タマゴ", 2)])[1].tones
    early = compute_tones([Phrase("カキマス", 3)])[2].tones
    assert late[-1].semitones == late[0].semitones
    assert early[-1].semitones - early[0].semitones == pytest.approx(-1.3)


def test_a_mora_that_voices_creak_in_is_higher_than_those_before_it() -> None:
    voiced = [each.tones[0].semitones for each in compute_tones([Phrase("アマガサガ", 3)])]
    devoiced = [each.tones[0].semitones for each in compute_tones([Phrase("カキマス", 3)])]
    assert devoiced[2] == voiced[2] + 1.0
    assert devoiced[1] == pytest.approx(voiced[1] - 0.8)


def test_an_unaccented_phrase_stays_high_to_its_end_before_another_one() -> None:
    def find_end(*phrases: Phrase) -> float:
        return compute_tones(phrases)[2].tones[-1].at

    assert find_end(Phrase("サクラ", 0), Phrase("ガ", 0)) == 0.95
    assert find_end(Phrase("サクラ", 0, pause=True), Phrase("ガ", 0)) < 0.95
    assert find_end(Phrase("サクラ", 0)) < 0.95


def test_peaks_sink_behind_an_accented_phrase_and_rise_again_behind_a_pause() -> None:
    def find_peaks(*, pause: bool) -> list[float]:
        phrases = (Phrase("アオイ", 2), Phrase("カサガ", 1, pause), Phrase("アリマス", 3))
        heights = _list_heights(*phrases)
        return [max(heights[:3]), max(heights[3:6]), max(heights[6:])]

    first, second, third = find_peaks(pause=False)
    assert first > second > third
    assert find_peaks(pause=True)[2] > third


def test_without_an_accent_the_next_phrase_dips_less_than_after_a_pause() -> None:
    heights = _list_heights(Phrase("コノ", 0), Phrase("サクラ", 0))
    alone = _list_heights(Phrase("サクラ", 0))
    assert alone[0] < heights[2] < heights[3]


def test_a_question_rises_at_its_end_alone() -> None:
    told = _list_heights(Phrase("アメデスカ", 1))
    asked = _list_heights(Phrase("アメデスカ", 1), asking=(0,))
    assert asked[-1] > told[-1] + 4
    assert asked[:-2] == told[:-2]


def test_a_curve_goes_through_its_tones_and_stays_level_at_its_ends() -> None:
    curve = place_tones([[Tone(0.5, -3.0)], [Tone(0.5, 4.0)]], [(2.0, 6.0), (6.0, 10.0)], 12)
    assert curve[:3].tolist() == [-3.0] * 3
    assert curve[9:].tolist() == [4.0] * 3
    assert np.all(np.diff(curve) >= 0)


def test_morae_that_lose_their_vowels_are_known() -> None:
    tones = compute_tones([Phrase("ツクエデス", 0), Phrase("タノシイデス", 3)])
    assert [at for at, each in enumerate(tones) if each.devoiced] == [0, 4, 10]
