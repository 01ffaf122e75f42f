"""Names and URLs of assets: templates with fields in braces, checked before the run."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from tts_assets.build.plan.recipes import DIGITS
from tts_assets.catalogues.catalogue_files import NAMES_BESIDE_CLIPS
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.errors import InputError, UsageError, suggest_names
from tts_assets.model import Format, Kind
from tts_assets.store import portable_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.settings import Settings
    from tts_assets.model import Clip

_NAMES = ("kind", "recipe", "ext", "id", "part")
_BRACES = re.compile(r"\{([^{}]*)\}")

# The predecessor of this tool had recipes of 8 digits. They must contain letters and digits: a date or
# a number in the name of a recording is not a recipe.
_OF_8_DIGITS = "(?=[0-9]{0,7}[a-f])(?=[a-f]{0,7}[0-9])[0-9a-f]{8}"

#: The patterns of the fields in a URL.
_PATTERNS = {
    "kind": "|".join(Kind),
    "recipe": rf"[0-9a-f]{{{DIGITS}}}|{_OF_8_DIGITS}",
    "ext": "|".join(Format),
    # Escaped, each of the 200 bytes of an id takes three or five characters.
    "id": "[^/?#]{1,1000}",
    "part": "[^/?#]{1,1000}",
    "asset": "[^?#]+",
}

#: The fields that have the same text everywhere in one URL.
_FIXED = frozenset({"kind", "recipe", "ext", "asset"})


def check_asset(template: str, ext: Format) -> None:
    """Check that a template gives each clip its own file below the output folder.

    Raises:
        UsageError: it does not.
    """
    used = _names_in(template, "asset", _NAMES)
    if not ("recipe" in used or {"id", "part"} <= used):
        raise _wrong("asset", template, "must have {recipe}, or both {id} and {part}")
    if not template.endswith(".{ext}"):
        raise _wrong("asset", template, "must end in .{ext}")
    example = {
        "kind": max(Kind, key=len), "recipe": "0" * DIGITS, "ext": ext, "id": "1", "part": "word",
    }  # fmt: skip
    for name in template.split("/"):
        # A template may contain %, which begins an escape only in ids.
        problem = portable_names.problem_with(name.replace("%", "_").format_map(example))
        if problem is not None:
            raise _wrong("asset", template, problem)
    # Some file systems do not distinguish case.
    first = template.partition("/")[0]
    if first.lower() in NAMES_BESIDE_CLIPS:
        problem = f"has the folder {first}, but that is a file of the output folder: rename it"
        raise _wrong("asset", template, problem)


def check_url(template: str) -> None:
    """Check that a template gives different clips different URLs.

    Raises:
        UsageError: it does not.
    """
    used = _names_in(template, "URL", (*_NAMES, "asset"))
    if not (used & {"asset", "recipe"} or {"id", "part"} <= used):
        raise _wrong("URL", template, "must have {asset}, {recipe}, or both {id} and {part}")


def fill_kind(template: str, kind: Kind, ext: Format) -> str:
    """The template with the fields that all clips of a kind have in common."""
    return template.replace("{kind}", kind).replace("{ext}", ext)


def has_ids(template: str) -> bool:
    """Whether the name depends on ids."""
    return "{id}" in template or "{part}" in template


def folder_of(template: str) -> str:
    """The folder that all names of a template share; "" if they share none."""
    return template.partition("{")[0].rpartition("/")[0]


def pattern(template: str) -> re.Pattern[str]:
    """A pattern for the URLs of a template, with a group for each fixed field."""
    found, seen = "", set[str]()
    for number, piece in enumerate(_BRACES.split(template)):
        if number % 2 == 0:
            found += re.escape(piece)
        elif piece in seen:
            found += f"(?P={piece})"
        elif piece in _FIXED:
            seen.add(piece)
            found += f"(?P<{piece}>{_PATTERNS[piece]})"
        else:
            found += _PATTERNS[piece]
    return re.compile(found)


def _names_in(template: str, what: str, allowed: Sequence[str]) -> set[str]:
    every = ", ".join(f"{{{name}}}" for name in allowed)
    used = set(_BRACES.findall(template))
    for name in sorted(used.difference(allowed)):
        hint = suggest_names(name, allowed, show="{{{}}}".format, others="")
        raise _wrong(
            what, template, f"has {{{name}}}: {f'{hint} It' if hint else 'it'} may have {every}"
        )
    if re.search("[{}]", _BRACES.sub("", template)):
        raise _wrong(what, template, f"has an unmatched brace: it may contain {every}")
    return used


def _wrong(what: str, template: str, problem: str) -> UsageError:
    return UsageError(f"the {what} template {template!r} {problem}")


# The path and the URL of a clip, and which URLs are ours.


class Addresses:
    """Assigns paths and URLs to clips, and recognizes its own URLs."""

    def __init__(self, asset: str, url: str, ext: Format) -> None:
        """Check the templates of a source.

        Args:
            asset: template of the path below the output folder, with ``{kind}``, ``{recipe}``, ``{ext}``,
                ``{id}`` and ``{part}``.
            url: template with the same fields, and ``{asset}`` for that path.
            ext: the file extension.

        Raises:
            UsageError: a template has unknown or too few fields, or an invalid file name.
        """
        asset = unicodedata.normalize("NFC", asset)
        check_asset(asset, ext)
        check_url(url)
        #: The asset's name carries the recipe, so that it can only ever hold one sound.
        self.by_recipe = "{recipe}" in asset
        #: The URL carries neither recipe nor asset, so that only ids tell URLs apart.
        self.url_by_id = "{recipe}" not in url and "{asset}" not in url
        #: The URL shows whether its asset was generated: one by id alone may be of another recipe.
        self.url_shows_asset = not (self.by_recipe and self.url_by_id)
        #: Both names carry the recipe, so that no two sounds can have one of them.
        self.names_tell = self.by_recipe and not self.url_by_id
        # With {asset} written out; the braces contain values that are escaped already.
        whole = url.replace("{asset}", quote(asset, safe="/{}"))
        self._ours = pattern(whole) if "{recipe}" in whole else None
        self._stored = pattern(url) if "{asset}" in url else None
        self._assets = {kind: fill_kind(asset, kind, ext) for kind in Kind}
        self._urls = {kind: fill_kind(url, kind, ext) for kind in Kind}
        self._ids_in_url = has_ids(url)
        self._around: dict[Kind, tuple[list[str], list[str]]] | None = None
        if not has_ids(asset + url):
            # Split at the recipe for speed: a run needs one URL for each clip.
            self._around = {
                kind: (
                    path.split("{recipe}"),
                    fill_kind(whole, kind, ext).split("{recipe}"),
                )
                for kind, path in self._assets.items()
            }

    def fill_templates(self, clip: Clip, recipe: str) -> tuple[str, str]:
        """The path of a clip's asset below the output folder, and its URL.

        Ids are escaped in file names, and percent-encoded in URLs (RFC 3986).

        Raises:
            InputError: its id gives a name that is too long.
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
        """The path of a clip's asset; see :meth:`fill_templates`."""
        return self.fill_templates(clip, recipe)[0]

    def url(self, clip: Clip, recipe: str) -> str:
        """The URL of a clip's asset; see :meth:`fill_templates`."""
        return self.fill_templates(clip, recipe)[1]

    def folders(self) -> list[str]:
        """The folders that can contain assets, below the output folder; "" for itself."""
        return sorted({folder_of(path) for path in self._assets.values()})

    def recipe(self, url: str) -> str | None:
        """The recipe in a URL of this template; None for a foreign URL, or if it has none."""
        match = self._ours.fullmatch(url) if self._ours else None
        return match["recipe"] if match else None

    def asset_at(self, url: str) -> str | None:
        """The asset at a URL of this template; None for a foreign URL."""
        match = self._stored.fullmatch(url) if self._stored else None
        return unquote(match["asset"]) if match else None

    def _path(self, clip: Clip, recipe: str) -> str:
        values = {
            "recipe": recipe,
            "id": portable_names.escape_id(clip.entry),
            "part": portable_names.escape_id(clip.part),
        }
        path = portable_names.safe(self._assets[clip.kind].format_map(values))
        longest = portable_names.timelines_of(path)[0] if clip.form.turns else path
        if portable_names.is_too_long(longest):
            raise InputError(
                f"its id gives a file name of more than {portable_names.LONGEST_BYTES} "
                "bytes: shorten the id, or name assets by {recipe} alone",
                file=clip.file,
                entry=f"entry {clip.entry}",
            )
        return path


class SourceAddresses:
    """The templates of assets and URLs of each source."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._addresses: dict[tuple[str, str], Addresses] = {}
        for source in (*settings.sources, *BUILT_IN.values()):
            self.find(source)

    def find(self, source: Source) -> Addresses:
        settings = self._settings
        names = (source.asset or settings.asset, source.url or settings.url)
        if names not in self._addresses:
            try:
                self._addresses[names] = Addresses(*names, settings.sound.format)
            except UsageError as problem:
                if source.asset is None and source.url is None:
                    raise
                raise UsageError(f"{source.name}: {problem}") from problem
            if settings.bucket_url is not None and not self._addresses[names].by_recipe:
                raise UsageError(
                    f"asset: the template {names[0]!r} has no {{recipe}}, which names in a bucket need: "
                    "its objects are cached forever, and two runs must not write different sounds "
                    "under one name"
                )
        return self._addresses[names]

    def list_all(self) -> list[Addresses]:
        """The addresses of all sources, each pair of templates once."""
        return [each for _, each in sorted(self._addresses.items(), key=lambda each: each[0])]

    def folders(self) -> list[str]:
        """The folders below the output folder that can contain assets."""
        return sorted({folder for names in self._addresses.values() for folder in names.folders()})
