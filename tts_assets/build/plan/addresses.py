"""Where a clip is stored and how it is addressed, and which addresses are ours."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from tts_assets.build.plan import templates
from tts_assets.errors import InputError
from tts_assets.model import Format, Kind
from tts_assets.store import names

if TYPE_CHECKING:
    from tts_assets.model import Clip


class Addresses:
    """Turns clips into paths and URLs, and knows its own URLs from everybody else's.

    Attributes:
        by_recipe: the asset's name carries the recipe, so that it can only ever hold one sound.
        url_by_id: the URL carries neither recipe nor asset, so that only ids tell URLs apart.
        names_tell: both names carry the recipe, so that no two sounds can have one of them.
    """

    def __init__(self, asset: str, url: str, ext: Format) -> None:
        """Take the templates of a source of catalogues, and the assets' format.

        Args:
            asset: path below the output folder, with ``{kind}``, ``{recipe}``, ``{ext}``,
                ``{id}`` and ``{part}``.
            url: the same names, and ``{asset}`` for that path.
            ext: the file extension.

        Raises:
            UsageError: a template has other names, too few, or names no file on every system.
        """
        asset = unicodedata.normalize("NFC", asset)
        templates.check_asset(asset, ext)
        templates.check_url(url)
        self.by_recipe = "{recipe}" in asset
        self.url_by_id = "{recipe}" not in url and "{asset}" not in url
        self.names_tell = self.by_recipe and not self.url_by_id
        # {asset} written out: braces stand for what is escaped already.
        whole = url.replace("{asset}", quote(asset, safe="/{}"))
        self._ours = templates.pattern(whole) if "{recipe}" in whole else None
        self._stored = templates.pattern(url) if "{asset}" in url else None
        self._assets = {kind: templates.filled(asset, kind, ext) for kind in Kind}
        self._urls = {kind: templates.filled(url, kind, ext) for kind in Kind}
        self._ids_in_url = templates.has_ids(url)
        self._around: dict[Kind, tuple[list[str], list[str]]] | None = None
        if not templates.has_ids(asset + url):
            # Split at the recipe: a run asks for as many addresses as there are clips.
            self._around = {
                kind: (
                    path.split("{recipe}"),
                    templates.filled(whole, kind, ext).split("{recipe}"),
                )
                for kind, path in self._assets.items()
            }

    def of(self, clip: Clip, recipe: str) -> tuple[str, str]:
        """The path of a clip's asset below the output folder, and its URL.

        What comes from ids is made safe for names of files, and percent-encoded in URLs (RFC 3986).

        Raises:
            InputError: its id makes a name that is too long.
        """
        if self._around is not None:
            around_asset, around_url = self._around[clip.kind]
            return recipe.join(around_asset), recipe.join(around_url)
        asset = self._path(clip, recipe)
        values = {"recipe": recipe, "asset": quote(asset)}
        if self._ids_in_url:
            values |= {"id": quote(clip.entry, safe=""), "part": quote(clip.part, safe="")}
        return asset, self._urls[clip.kind].format_map(values)

    def asset(self, clip: Clip, recipe: str) -> str:
        """The path of a clip's asset; see :meth:`of`."""
        return self.of(clip, recipe)[0]

    def url(self, clip: Clip, recipe: str) -> str:
        """The address of a clip's asset; see :meth:`of`."""
        return self.of(clip, recipe)[1]

    def folders(self) -> list[str]:
        """The folders below the output folder in or below which assets can lie; "" for itself."""
        return sorted({templates.folder_of(path) for path in self._assets.values()})

    def recipe(self, url: str) -> str | None:
        """The recipe in a URL of this template; None for a stranger's URL, or if it has none."""
        match = self._ours.fullmatch(url) if self._ours else None
        return match["recipe"] if match else None

    def asset_at(self, url: str) -> str | None:
        """The asset that a URL of this template leads to; None for a stranger's URL."""
        match = self._stored.fullmatch(url) if self._stored else None
        return unquote(match["asset"]) if match else None

    def _path(self, clip: Clip, recipe: str) -> str:
        values = {
            "recipe": recipe,
            "id": names.escaped(clip.entry),
            "part": names.escaped(clip.part),
        }
        path = names.safe(self._assets[clip.kind].format_map(values))
        longest = names.timelines_of(path)[0] if clip.form.turns else path
        if names.is_too_long(longest):
            raise InputError(
                f"its id makes a file name of more than {names.LONGEST_BYTES} bytes: make it "
                "shorter, or name assets by {recipe} alone",
                file=clip.file,
                entry=f"entry {clip.entry}",
            )
        return path
