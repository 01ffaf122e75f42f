"""Which clips belong to which shard: all of them, evenly, and hardly moved by others."""

import hashlib
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_assets.build.plan.recipes import DIGITS
from tts_assets.build.plan.shard_selection import assign_shards


def _recipe(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:DIGITS]


def _recipes(count: int, *, start: int = 0) -> list[str]:
    return [_recipe(number) for number in range(start, start + count)]


def _moved(before: list[set[str]], after: list[set[str]]) -> int:
    """How many recipes that are in both are in another shard."""
    return sum(
        len(one & other)
        for index, one in enumerate(before)
        for other_index, other in enumerate(after)
        if index != other_index
    )


@given(st.sets(st.integers(0, 10**6), max_size=300), st.integers(1, 40))
def test_every_recipe_is_in_one_shard(numbers: set[int], count: int) -> None:
    found = assign_shards(map(_recipe, numbers), count)
    assert len(found) == count
    assert set().union(*found) == {_recipe(number) for number in numbers}
    assert all(one.isdisjoint(other) for one, other in combinations(found, 2))


@given(st.integers(0, 2_000), st.integers(1, 40), st.integers(0, 10**6))
def test_shards_have_their_due_within_a_twentieth_or_one_clip(
    total: int, count: int, start: int
) -> None:
    due = total / count
    for shard in assign_shards(_recipes(total, start=start), count):
        assert abs(len(shard) - due) <= max(due / 20, 0.999) + 1e-9


@given(st.permutations(_recipes(40)), st.integers(1, 8))
def test_the_order_does_not_matter_and_equal_recipes_are_one(
    recipes: list[str], count: int
) -> None:
    assert assign_shards([*recipes, *recipes[:7]], count) == assign_shards(_recipes(40), count)


def test_one_shard_is_everything_and_no_clips_are_no_shards_trouble() -> None:
    assert assign_shards(_recipes(30), 1) == [set(_recipes(30))]
    assert assign_shards([], 4) == [set()] * 4


def test_more_shards_than_clips_have_one_or_none() -> None:
    assert {len(shard) for shard in assign_shards(_recipes(5), 12)} == {0, 1}


@pytest.mark.parametrize(("count", "mean", "most"), [(2, 0.2, 1), (4, 0.9, 6), (8, 2.1, 12)])
def test_an_insertion_moves_hardly_any_other_clip(count: int, mean: float, most: int) -> None:
    moved = []
    for start in range(0, 120_000, 2_000):
        before = _recipes(1_000, start=start)
        after = assign_shards([*before, _recipe(start - 1)], count)
        moved.append(_moved(assign_shards(before, count), after))
    assert max(moved) <= most
    assert sum(moved) / len(moved) <= mean


def test_among_many_clips_an_insertion_moves_none() -> None:
    before = _recipes(10_000)
    assert _moved(assign_shards(before, 4), assign_shards([*before, _recipe(10_000)], 4)) == 0


def test_a_shard_is_the_same_tomorrow() -> None:
    # Parts of two versions can be merged as long as this holds.
    found = [sorted(map(_recipes(9).index, shard)) for shard in assign_shards(_recipes(9), 3)]
    assert found == [[3, 4, 8], [0, 1, 7], [2, 5, 6]]
