"""The clips of a shard, selected by hash: evenly, and hardly affected by other clips."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.build.plan.recipes import DIGITS
from tts_assets.config.command_options import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.config.command_options import Shard

_PART, _WHOLE = 1, 20  #: the size of a shard differs from its fair share by at most a twentieth

#: Half of a recipe's digits: the first half determines its shard, the second its rank.
_HALF = DIGITS // 2
_BITS = 4 * _HALF


def assign_shards(recipes: Iterable[str], count: int) -> list[set[str]]:
    """The recipes of each shard.

    A recipe is in the shard that its hash points to. Only if that shard has over 5 % more than its
    fair share, or another over 5 % less, the recipes of the highest rank go to the next shard with
    room. So the result depends only on the set of recipes, and

    - the size of each shard is its fair share within 5 %, or within one clip if that is more;
    - one recipe more or less moves hardly any other. Measured with 1,000 recipes, an insertion
      moves 0.1 others in the mean with 2 shards, 0.6 with 4, 1.5 with 8, 2.6 with 20, at most 9,
      and none at all in 95, 59, 37 and 23 of 100 times; sorted hashes cut into equal runs move
      0.5, 1.3, 2.6 and 6.8, whatever their number is. With 10,000 recipes and 4 shards: none.

    Args:
        recipes: the recipes of all clips; equal ones count once.
        count: the number of shards.

    Returns:
        One set for each shard; each recipe is in exactly one of them.
    """
    by_hash: list[list[str]] = [[] for _ in range(count)]
    for recipe in set(recipes):
        by_hash[int(recipe[:_HALF], 16) * count >> _BITS].append(recipe)
    least, most = _compute_bounds(sum(map(len, by_hash)), count)
    movers = _find_movers(by_hash, least, most)
    moving = set(movers)
    found = [set(shard) - moving for shard in by_hash]
    _place(movers, found, least, most)
    return found


def _compute_bounds(total: int, count: int) -> tuple[int, int]:
    """The fewest and the most recipes that a shard may have."""
    least = min(-(-total * (_WHOLE - _PART) // (count * _WHOLE)), total // count)
    most = max(total * (_WHOLE + _PART) // (count * _WHOLE), -(-total // count))
    return least, most


def _find_movers(by_hash: list[list[str]], least: int, most: int) -> list[str]:
    """The recipes that cannot stay in the shard of their hash, by rank."""
    movers: list[str] = []
    spare: list[str] = []
    for shard in by_hash:
        shard.sort(key=_get_rank)
        spare += shard[least:most]
        movers += shard[most:]
    lacking = _count_lacking(by_hash, least)
    if len(movers) < lacking:
        movers += sorted(spare, key=_get_rank)[len(movers) - lacking :]
    return sorted(movers, key=_get_rank)


def _place(movers: list[str], found: list[set[str]], least: int, most: int) -> None:
    """Put each recipe into the next shard with room; shards with too few come first."""
    lacking = _count_lacking(found, least)
    for number, mover in enumerate(movers):
        room = least if number < lacking else most
        at = int(mover[_HALF:], 16) % len(found)
        while len(found[at]) >= room:
            at = (at + 1) % len(found)
        found[at].add(mover)


def _count_lacking(found: Iterable[list[str] | set[str]], least: int) -> int:
    return sum(max(0, least - len(shard)) for shard in found)


def _get_rank(recipe: str) -> str:
    return recipe[_HALF:] + recipe[:_HALF]


# The hashes that the shards of one plan have in common.


#: The size of the hashes. They are summed: order doesn't matter, equal clips don't cancel out.
_BYTES = 16


class PlanHashes(NamedTuple):
    """The hashes that the shards of one plan have in common, whatever assets exist."""

    catalogues: str  #: the hash of the spoken forms of all clips and of their places
    plan: str  #: the same with their recipes


class ShardSelection:
    """Collects all clips of the catalogues, and selects those of one shard."""

    def __init__(self, shard: Shard, output: str) -> None:
        """Start without clips; paths of catalogues are relative to the output folder."""
        self._shard = shard
        self._recipes: set[str] = set()
        self._catalogues = self._plan = 0
        self._from_output = cache(lambda file: from_output(file, output))

    def add_clip(self, item: ClipPlan) -> None:
        """Add a clip with its own recipe, whatever assets exist."""
        clip = item.clip
        # Without a speed, keep the hash from before clips could have one.
        speed = () if clip.speed is None else (clip.speed,)
        file = self._from_output(clip.file)
        request = _hash((file, clip.entry, clip.part, clip.voice, *clip.form, *speed))
        self._catalogues += request
        self._plan += request * int(item.recipe, 16)
        self._recipes.add(item.recipe)

    def select_recipes(self) -> set[str]:
        """The recipes of this shard, once all clips are added."""
        return assign_shards(self._recipes, self._shard.count)[self._shard.index - 1]

    def hash_plan(self) -> PlanHashes:
        """The hashes of all added clips."""
        return PlanHashes(_to_hex(self._catalogues), _to_hex(self._plan))


def from_output(file: str, output: str) -> str:
    """The path of a file relative to the output folder, so that it doesn't depend on the machine.

    If the output folder is a link, the path is relative to the link, which is in the project.
    """
    try:
        path = os.path.relpath(os.path.realpath(file), place_of(output))
    except ValueError:
        # On another drive of Windows.
        path = os.path.realpath(file)
    return path.replace(os.sep, "/")


def _hash(parts: tuple[object, ...]) -> int:
    # repr escapes lone surrogates, and keeps the parts apart.
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=_BYTES).digest())


def _to_hex(total: int) -> str:
    return (total % (1 << 8 * _BYTES)).to_bytes(_BYTES).hex()
