"""Assets that no catalogue refers to: neither by what is planned for its clips, nor by its URLs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tts_assets import ledger, plan
from tts_assets.domain import Format
from tts_assets.events import Orphan
from tts_assets.mapping import BUILT_IN
from tts_assets.plan.recipes import DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import BinaryIO

    from tts_assets.settings import Settings

#: A longer URL is none of ours; some hold a whole recording.
_LONGEST_URL = 8_192
_AFTER_PATH = re.compile("[?#]")
_RECIPE = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{{DIGITS}}}(?![0-9a-f])")
_ENDINGS = tuple(f".{each}" for each in Format)


class References:
    """What catalogues refer to, gathered clip by clip; of a clip only names are kept.

    In doubt an asset is referred to. A URL leads to the asset in it, and to every one that has its
    file name, or a recipe that stands in it: the templates may have changed since it was written.
    And what is still to be made may be there already, made by an engine that was asked for that
    time only: assets with the same text are waited for.
    """

    def __init__(self, settings: Settings) -> None:
        """Take the templates of all sources.

        Raises:
            UsageError: a template is wrong.
        """
        templates = {
            (source.asset or settings.asset, source.url or settings.url)
            for source in (*settings.sources, *BUILT_IN.values())
        }
        self._addresses = [
            plan.Addresses(*each, settings.sound.format) for each in sorted(templates)
        ]
        # Folded, as there are file systems on which case does not count.
        self._assets: set[str] = set()
        self._files: set[str] = set()
        self._recipes: set[str] = set()
        self._texts: set[str] = set()

    def see(self, item: plan.Planned) -> None:
        """Take in what one clip refers to."""
        self._assets.add(item.asset.casefold())
        if item.held is not None:
            self._assets.add(item.held.casefold())
        if item.state in plan.TO_MAKE:
            self._texts.add(item.clip.form.text)
        clip = item.clip
        if clip.url is not None and clip.url != item.url:
            self._follow(clip.url)
        if clip.parallel is not None:
            for url in clip.parallel.spare:
                self._follow(url)

    def _follow(self, url: str) -> None:
        if len(url) > _LONGEST_URL:
            return
        for each in self._addresses:
            asset = each.asset_at(url)
            if asset is not None:
                self._assets.add(asset.casefold())
        # All the same: under this template, one of an earlier template may seem to lead elsewhere.
        path = _AFTER_PATH.split(url, maxsplit=1)[0]
        self._files.add(unquote(path.rpartition("/")[2]).casefold())
        self._recipes.update(_RECIPE.findall(url))

    def unnamed(self, assets: Iterable[str]) -> list[str]:
        """Those of these assets that no clip has for its own: hardly any of a million."""
        named = self._assets
        return [asset for asset in assets if asset.casefold() not in named]

    def leads_to(self, asset: str, recipe: str) -> bool:
        """Whether a URL leads to an asset by its file name or its recipe; "" for an unknown one."""
        file = asset.rpartition("/")[2].casefold()
        return file in self._files or not self._recipes.isdisjoint((recipe, *_RECIPE.findall(file)))

    def waited_for(self, lines: bytes | BinaryIO, assets: Iterable[str]) -> set[str]:
        """Those assets, of a ledger's lines, whose text has clips that are still to be made."""
        if not self._texts:
            return set()
        origins = ledger.origins_of(lines, frozenset(assets))
        return {origin.asset for origin in origins if origin.text in self._texts}


def orphans(
    references: References,
    *,
    present: Mapping[str, int],
    recorded: Mapping[str, tuple[str, int]],
    lines: bytes | BinaryIO,
) -> list[Orphan]:
    """The assets that no catalogue refers to, in the order of their paths.

    Of files that the ledger does not know, only sounds can be assets: those with the extension of
    one of our formats and no dot in front. All others are somebody's, and nobody's business.

    Args:
        references: what all clips of all catalogues refer to.
        present: the size in bytes of every file in the assets' folders, by its path.
        recorded: recipe and size in bytes that the ledger has for an asset, by its path.
        lines: the ledger itself, or an open one.
    """
    ours = {
        asset
        for asset in references.unnamed(recorded)
        if not references.leads_to(asset, recorded[asset][0])
    }
    if ours:
        ours -= references.waited_for(lines, ours)
    others = {
        file
        for file in references.unnamed(present)
        if file not in recorded and _is_sound(file) and not references.leads_to(file, "")
    }
    return [
        Orphan(asset=asset, bytes=present.get(asset, 0), ours=asset in ours)
        for asset in sorted(ours | others)
    ]


def _is_sound(file: str) -> bool:
    name = file.rpartition("/")[2]
    return name.endswith(_ENDINGS) and name[0] != "."
