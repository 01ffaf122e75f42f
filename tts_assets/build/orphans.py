"""Assets that no catalogue refers to: neither by what is planned for its clips, nor by any text in it."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import chain, product
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tts_assets.build.events import Orphan
from tts_assets.build.plan import planner
from tts_assets.build.plan.recipes import recipes_in
from tts_assets.build.survey import addresses
from tts_assets.catalogues import open_catalogues
from tts_assets.config.sources.builtin import BUILT_IN
from tts_assets.errors import InputError
from tts_assets.model import Format, Kind
from tts_assets.store import names
from tts_assets.store.ledger.origin import origins_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from tts_assets.build.survey.found import Survey
    from tts_assets.catalogues.document import Document
    from tts_assets.config.model import Settings

_BRACES = re.compile(r"\{(\w+)\}")
_ENDING = re.compile("|".join(map(re.escape, names.ENDINGS)), re.IGNORECASE)


#: What stands in no name of ours, and what may stand in one, and before one.
_BETWEEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*#]')
_BEFORE = re.compile(r"[\s'=&(),;\[\]{}]")


#: The longest name, in characters, each byte of it escaped.
_LONGEST = names.LONGEST_BYTES * 3


class _ById:
    """The assets behind URLs that tell neither these nor recipes, only ids."""

    def __init__(self, asset: str, url: str) -> None:
        self._asset = asset
        pattern, seen = "", set[str]()
        for number, piece in enumerate(_BRACES.split(url)):
            if number % 2 == 0:
                pattern += re.escape(piece)
            else:
                pattern += f"(?P={piece})" if piece in seen else f"(?P<{piece}>[^/?#]+)"
                seen.add(piece)
        self._url = re.compile(pattern)

    @staticmethod
    def applies(asset: str, url: str) -> bool:
        """Whether templates are so: a recipe in the name of an asset is in no such URL."""
        return not ("{recipe}" in asset + url or "{asset}" in url)

    def assets_at(self, url: str) -> Iterator[str]:
        """All that a URL may lead to: it need tell neither kind nor format."""
        match = self._url.fullmatch(url)
        if match is not None:
            told = {name: names.escaped(unquote(text)) for name, text in match.groupdict().items()}
            for kind, ext in product(Kind, Format):
                yield names.safe(self._asset.format_map({"kind": kind, "ext": ext} | told))


class References:
    """What catalogues refer to; of their clips and texts only names are kept.

    In doubt an asset is referred to. Whatever rules make of it, every text of a catalogue leads to
    the assets with a file name or a recipe that stands in it, but for the URLs that clips are to
    have: these lead to their own assets only. And what is still to be made may be there already,
    made by an engine that was asked for that time only: assets with the same text are waited for.
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
        self._addresses = addresses.SourceAddresses(settings).every()
        self._by_id = [_ById(*each) for each in sorted(templates) if _ById.applies(*each)]
        # Folded, as there are file systems on which case does not count.
        self._assets: set[str] = set()
        self._files: set[str] = set()
        self._recipes: set[str] = set()
        self._texts: set[str] = set()
        self._urls: set[str] = set()

    def see(self, item: planner.Planned) -> None:
        """Take in what one clip is to refer to."""
        self._assets.add(item.asset.casefold())
        if not item.url.endswith(item.asset):
            # Of the others, a look at the URL tells the asset.
            self._urls.add(item.url)
        if item.timeline is not None:
            self._urls.add(item.timeline)
        if item.held is not None:
            self._assets.add(item.held.casefold())
        # What somebody rejected is there under its own name.
        if item.state in planner.TO_MAKE and item.state is not planner.State.REJECTED:
            self._texts.add(item.clip.form.text)

    def follow(self, found: Sequence[Survey]) -> dict[str, str]:
        """Take in all texts of all files, when all clips were seen, if they can matter.

        Returns:
            A note on each file that cannot be read, by its path: what it refers to is not known.
        """
        last = found[-1]
        if not (self.unnamed(last.recorded) or any(map(_is_sound, self.unnamed(last.present)))):
            return {}
        sources = {read.file: read.source for each in found for read in each.catalogues}
        passed_over = {
            file: BUILT_IN[Kind.VOCABULARY] for each in found for file in each.trouble.passed_over
        }
        unread = {}
        for file, source in (sources | passed_over).items():
            try:
                self.read(open_catalogues.read(file, source))
            except InputError as problem:
                unread[file] = f"{problem}: passed over"
        return unread

    def read(self, document: Document) -> None:
        """Take in what all texts of a file lead to, when all clips were seen."""
        for text in _texts(document.root):
            if (self._by_id or _may_lead(text)) and not self._is_own(text):
                self._assets.update(asset.casefold() for asset in self._assets_by_id(text))
                self._recipes.update(recipes_in(text))
                for each in {text, unquote(text)}:
                    self._files.update(_files_in(each))

    def _is_own(self, text: str) -> bool:
        """Whether it is the URL that a clip is to have."""
        if text in self._urls:
            return True
        assets = (each.asset_at(text) for each in self._addresses)
        return any(asset is not None and asset.casefold() in self._assets for asset in assets)

    def _assets_by_id(self, text: str) -> Iterator[str]:
        return chain.from_iterable(each.assets_at(text) for each in self._by_id)

    def unnamed(self, assets: Iterable[str]) -> list[str]:
        """Those of these assets that no clip has for its own: hardly any of a million."""
        named = self._assets
        return [asset for asset in assets if asset.casefold() not in named]

    def leads_to(self, asset: str, recipe: str) -> bool:
        """Whether a text leads to an asset by its file name or its recipe; "" for an unknown one."""
        file = asset.rpartition("/")[2].casefold()
        return file in self._files or not self._recipes.isdisjoint((recipe, *recipes_in(file)))

    def waited_for(self, lines: bytes | BinaryIO, assets: Iterable[str]) -> set[str]:
        """Those assets, of a ledger's lines, whose text has clips that are still to be made."""
        if not self._texts:
            return set()
        origins = origins_of(lines, frozenset(assets))
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
        references: all clips and texts of all catalogues.
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
        Orphan(
            asset=asset,
            bytes=sum(present.get(file, 0) for file in _files_of(asset, ours=asset in ours)),
            ours=asset in ours,
        )
        for asset in sorted(ours | others)
    ]


def _files_of(asset: str, *, ours: bool) -> tuple[str, ...]:
    """An asset, and what goes with it."""
    return (asset, *names.timelines_of(asset)) if ours else (asset,)


def _is_sound(file: str) -> bool:
    name = file.rpartition("/")[2]
    return name.endswith(names.ENDINGS) and name[0] != "."


def _texts(root: object) -> Iterator[str]:
    """All texts of a parsed document but embedded sounds; those that stand for keys come once."""
    rest, keys = [root], set[str]()
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            # Some hold a whole recording.
            if not value.startswith("data:"):
                yield value
        elif isinstance(value, dict):
            keys.update(value)
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
    yield from keys


def _may_lead(text: str) -> bool:
    return bool(_ENDING.search(text) or recipes_in(text))


def _files_in(text: str) -> Iterator[str]:
    """All that may be the name of a sound in a text: a URL, a tag or a sentence."""
    for piece in _BETWEEN.split(text):
        ends = [found.end() for found in _ENDING.finditer(piece)]
        starts = [0, *(found.end() for found in _BEFORE.finditer(piece))] if ends else []
        for end in ends:
            # Of a long list of names, only what stands close before counts.
            near = bisect_left(starts, end - _LONGEST)
            for start in starts[near : bisect_left(starts, end)]:
                yield piece[start:end].casefold()
