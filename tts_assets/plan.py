"""What has to be made, and why: recipes, asset names, and the state of every clip."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.domain import Clip, Format, Kind, SpokenForm
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.domain import Sound, Voice

#: Goes up when the same recipe would mean another sound: a change of trimming, say.
SCHEMA = 1

#: Hex digits of a recipe in file names: 96 bits, no collision to fear among 10**9 clips.
_DIGITS = 24
_RECIPE = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{{_DIGITS}}}(?![0-9a-f])")
_FIELDS = {
    "kind": "|".join(Kind),
    "recipe": "[0-9a-f]{8,64}",
    "ext": "|".join(Format),
}
_PIECES = re.compile(r"([^{}]+)|\{([^{}]*)\}|([{}])")


class State(StrEnum):
    """How a clip stands before a run."""

    MISSING = "missing"
    STALE = "stale"
    FRESH = "fresh"
    LOCKED = "locked"


#: The states that ask for a new asset.
TO_MAKE = frozenset({State.MISSING, State.STALE})


class Planned(NamedTuple):
    """A clip with its recipe, its asset's path and URL, its state and the reason for it."""

    clip: Clip
    recipe: str
    asset: str
    url: str
    state: State
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One recipe to make: equal clips are said once, and stored for each kind that has them."""

    recipe: str
    form: SpokenForm
    assets: tuple[str, ...]
    clips: tuple[Clip, ...]


class Recipes:
    """Hashes spoken forms together with everything else that can change their sound."""

    def __init__(self, *, voice: Voice, engine: str, sound: Sound) -> None:
        """Fix what all clips of a run have in common; ``engine`` names all parts and versions."""
        common = {
            "schema": SCHEMA,
            "voice": asdict(voice),
            "engine": engine,
            "sound": asdict(sound),
        }
        self._common = hashlib.sha256(json.dumps(common, sort_keys=True).encode()).digest()

    def of(self, form: SpokenForm) -> str:
        """The recipe of a form: 24 hex digits of BLAKE2b, keyed with what all have in common."""
        # The separator cannot be part of a text: control characters are refused on reading.
        said = f"{form.text}\0{form.reading or ''}".encode()
        return hashlib.blake2b(said, digest_size=_DIGITS // 2, key=self._common).hexdigest()


class Addresses:
    """Turns recipes into paths and URLs, and knows its own URLs from everybody else's."""

    def __init__(self, template: str, ext: Format) -> None:
        """Take a URL template with ``{kind}``, ``{recipe}`` and ``{ext}``, and the assets' format.

        Raises:
            UsageError: the template has other fields, or no ``{recipe}``.
        """
        self._ext = ext
        self._template = template.replace("{ext}", ext)
        pattern, seen = "", set[str]()
        for literal, field, brace in _PIECES.findall(template):
            if brace or (not literal and field not in _FIELDS):
                seen.clear()
                break
            pattern += re.escape(literal) or (
                f"(?P={field})" if field in seen else f"(?P<{field}>{_FIELDS[field]})"
            )
            seen.update([field] if field else [])
        if "recipe" not in seen:
            raise UsageError(
                f"the URL template {template!r} must have {{recipe}}, may have {{kind}} and "
                "{ext}, and no other braces"
            )
        self._ours = re.compile(pattern)
        # Split at the recipe, for each kind: a run asks for as many addresses as there are clips.
        self._urls = {
            kind: self._template.replace("{kind}", kind).split("{recipe}") for kind in Kind
        }

    def asset(self, kind: Kind, recipe: str) -> str:
        """The path of an asset below the output folder."""
        return f"{kind}/{recipe}.{self._ext}"

    def url(self, kind: Kind, recipe: str) -> str:
        """The address of an asset."""
        return recipe.join(self._urls[kind])

    def recipe(self, url: str) -> str | None:
        """The recipe in a URL of this template; None for a stranger's URL."""
        match = self._ours.fullmatch(url)
        return match["recipe"] if match else None


class Planner:
    """Tells the state of one clip after the other."""

    def __init__(
        self,
        *,
        recipes: Recipes,
        addresses: Addresses,
        present: Mapping[str, int],
        recorded: Mapping[str, int],
        force: bool = False,
    ) -> None:
        """Fix what clips are held against.

        Args:
            recipes: names their sound.
            addresses: names their files and URLs.
            present: size in bytes of every asset that exists, by path.
            recorded: size in bytes that the ledger has for an asset, by path.
            force: remake what is fresh, too.
        """
        self._recipes = recipes
        self._addresses = addresses
        self._present = present
        self._recorded = recorded
        self._force = force
        self._known: set[str] | None = None

    def state_of(self, clip: Clip) -> Planned:
        """The clip with its names, its state and the reason."""
        recipe = self._recipes.of(clip.form)
        asset = self._addresses.asset(clip.kind, recipe)
        url = self._addresses.url(clip.kind, recipe)
        before = url if clip.url in (None, url) else self._recipe_in(clip.url)
        if before is None:
            state, reason = State.LOCKED, "its URL is not one of ours: somebody's recording is kept"
        else:
            state, reason = self._state(asset)
            if state is State.MISSING and before != url:
                state, reason = State.STALE, f"text, reading, voice or sound changed since {before}"
            elif state is State.MISSING and clip.url == url:
                reason = "its file is missing"
        return Planned(clip, recipe, asset, url, state, reason)

    def _recipe_in(self, url: str) -> str | None:
        """The recipe in a URL of ours: of this template, or of an earlier one if it is known here."""
        recipe = self._addresses.recipe(url)
        if recipe is None and (found := _RECIPE.search(url)):
            if self._known is None:
                assets = (*self._present, *self._recorded)
                self._known = {asset.rpartition("/")[2].partition(".")[0] for asset in assets}
            recipe = found.group() if found.group() in self._known else None
        return recipe

    def _state(self, asset: str) -> tuple[State, str]:
        size = self._present.get(asset)
        if size is None:
            return State.MISSING, "it was not made yet"
        if size == 0:
            return State.STALE, "its file is empty"
        recorded = self._recorded.get(asset, size)
        if size != recorded:
            return State.STALE, f"its file has {size} bytes and was made with {recorded}"
        if self._force:
            return State.STALE, "it is remade because of --force"
        return State.FRESH, "its file exists under its recipe"


def jobs(planned: Iterable[Planned]) -> list[Job]:
    """The work that a plan asks for, one job for each recipe, in the order of the catalogues."""
    wanted: dict[str, list[Planned]] = {}
    for item in planned:
        if item.state in TO_MAKE:
            wanted.setdefault(item.recipe, []).append(item)
    return [
        Job(
            recipe=recipe,
            form=items[0].clip.form,
            assets=tuple(sorted({item.asset for item in items})),
            clips=tuple(item.clip for item in items),
        )
        for recipe, items in wanted.items()
    ]
