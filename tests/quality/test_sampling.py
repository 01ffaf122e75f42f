"""The sample: the same in any order, another for another seed, and hardly moved by other clips."""

import random

from tts_assets.config.command_options import Sample
from tts_assets.quality.verify_assets import sample_assets

ASSETS = [f"vocabulary/{number:024x}.mp3" for number in range(200)]


def test_the_same_are_drawn_in_any_order() -> None:
    mixed = random.Random(1).sample(ASSETS, len(ASSETS))
    assert sample_assets(ASSETS, Sample(percent=5), 0) == sample_assets(mixed, Sample(percent=5), 0)


def test_another_seed_draws_others() -> None:
    assert sample_assets(ASSETS, Sample(count=10), 0) != sample_assets(ASSETS, Sample(count=10), 1)


def test_one_asset_more_moves_one_of_the_others_at_most() -> None:
    before = sample_assets(ASSETS, Sample(count=20), 0)
    for number in range(50):
        assert len(before - sample_assets([*ASSETS, f"new/{number}.mp3"], Sample(count=20), 0)) <= 1


def test_of_a_share_at_least_one_is_drawn() -> None:
    assert len(sample_assets(ASSETS[:3], Sample(percent=2), 0)) == 1
    assert len(sample_assets(ASSETS, Sample(percent=2), 0)) == 4
    assert len(sample_assets(ASSETS, Sample(percent=100), 0)) == 200


def test_a_number_is_drawn_as_far_as_there_are_so_many() -> None:
    assert len(sample_assets(ASSETS, Sample(count=50), 0)) == 50
    assert sample_assets(ASSETS[:3], Sample(count=50), 0) == frozenset(ASSETS[:3])
    assert sample_assets([], Sample(percent=50), 0) == frozenset()
