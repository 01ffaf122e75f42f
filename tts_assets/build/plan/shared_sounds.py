"""Clips that share a sound or an address, and the plan that shards have in common."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.build.plan import asset_names
from tts_assets.build.plan.shard_selection import shards
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.config.shard import place_of
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.settings import Settings
    from tts_assets.config.shard import Shard


#: Hashes are added up, so that neither order counts nor equal clips cancel each other out.
_BYTES = 16


class Sums(NamedTuple):
    """What the shards of one plan have in common, whatever was made already.

    Args:
        catalogues: hash of all that the clips say, and of where that stands.
        plan: hash of all that, and of their recipes.
    """

    catalogues: str
    plan: str


class Shared:
    """Gathers all clips of the catalogues, and tells those that are of one shard."""

    def __init__(self, shard: Shard, output: str) -> None:
        """Begin.

        Args:
            shard: the one of this run.
            output: the output folder; files are told by their paths from there.
        """
        self._shard = shard
        self._recipes: set[str] = set()
        self._catalogues = self._plan = 0
        self._from_output = cache(lambda file: from_output(file, output))

    def see(self, item: ClipPlan) -> None:
        """Take in a clip, with the recipe that it has whatever was made already."""
        clip = item.clip
        # What has no speed of its own counts as it did before there were any.
        speed = () if clip.speed is None else (clip.speed,)
        file = self._from_output(clip.file)
        asked = _hash((file, clip.entry, clip.part, clip.voice, *clip.form, *speed))
        self._catalogues += asked
        self._plan += asked * int(item.recipe, 16)
        self._recipes.add(item.recipe)

    def own(self) -> set[str]:
        """The recipes of this shard, when all clips were seen."""
        return shards(self._recipes, self._shard.count)[self._shard.index - 1]

    def sums(self) -> Sums:
        """What was seen."""
        return Sums(_hex(self._catalogues), _hex(self._plan))


def from_output(file: str, output: str) -> str:
    """The path of a file as seen from the output folder: the same wherever a project lies.

    Where the output folder is a link, it is seen from the link: that lies in the project.
    """
    try:
        path = os.path.relpath(os.path.realpath(file), place_of(output))
    except ValueError:
        # On another drive of Windows.
        path = os.path.realpath(file)
    return path.replace(os.sep, "/")


def _hash(parts: tuple[object, ...]) -> int:
    # Lone surrogates are escaped by repr, and all that is parted stays so.
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=_BYTES).digest())


def _hex(total: int) -> str:
    return (total % (1 << 8 * _BYTES)).to_bytes(_BYTES).hex()


# The names of assets and URLs, as each source wants them.


class SourceAddresses:
    """The names of assets and URLs, as each source wants them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[tuple[str, str], asset_names.Addresses] = {}
        for source in (*settings.sources, *BUILT_IN.values()):
            self.of(source)

    def of(self, source: Source) -> asset_names.Addresses:
        settings = self._settings
        names = (source.asset or settings.asset, source.url or settings.url)
        if names not in self._made:
            try:
                self._made[names] = asset_names.Addresses(*names, settings.sound.format)
            except UsageError as problem:
                if source.asset is None and source.url is None:
                    raise
                raise UsageError(f"{source.name}: {problem}") from problem
        return self._made[names]

    def every(self) -> list[asset_names.Addresses]:
        """Those of all sources, each pair of templates once."""
        return [made for _, made in sorted(self._made.items(), key=lambda each: each[0])]

    def folders(self) -> list[str]:
        """The folders below the output folder in which assets can lie."""
        return sorted({folder for names in self._made.values() for folder in names.folders()})
