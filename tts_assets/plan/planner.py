"""How every clip stands before a run: missing, stale, fresh or locked, and why."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.errors import InputError
from tts_assets.plan.recipes import DIGITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tts_assets.domain import Clip
    from tts_assets.plan.addresses import Addresses
    from tts_assets.plan.recipes import Recipes

_RECIPE = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{{DIGITS}}}(?![0-9a-f])")


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


class _Claim(NamedTuple):
    """Which entry a name belongs to, and what it is to hold."""

    name: str
    recipe: str
    file: str
    entry: str


class Planner:
    """Tells the state of one clip after the other."""

    def __init__(
        self,
        *,
        recipes: Recipes,
        present: Mapping[str, int],
        recorded: Mapping[str, tuple[str, int]],
        force: bool = False,
    ) -> None:
        """Fix what clips are held against.

        Args:
            recipes: names their sound.
            present: size in bytes of every asset that exists, by path.
            recorded: recipe and size in bytes that the ledger has for an asset, by path; an
                empty recipe where the asset was being replaced when a run was killed.
            force: remake what is fresh, too.
        """
        self._recipes = recipes
        self._present = present
        self._recorded = recorded
        self._force = force
        self._known: set[str] | None = None
        self._files: dict[str, _Claim] = {}
        self._urls: dict[str, _Claim] = {}

    def state_of(self, clip: Clip, addresses: Addresses, *, keep_foreign: bool = True) -> Planned:
        """The clip with its names, its state and the reason.

        Args:
            clip: one that this planner was not asked about before.
            addresses: names the files and URLs of the clip's source.
            keep_foreign: whether a URL that is not ours locks the clip.

        Raises:
            InputError: its file or URL would be another entry's, too, or its name is too long.
        """
        recipe = self._recipes.of(clip.form, clip.voice)
        asset, url = addresses.of(clip, recipe)
        before = url if clip.url in (None, url) else self._recipe_at(clip.url, addresses, recipe)
        if before is None and keep_foreign:
            reason = "its URL is not one of ours: somebody's recording is kept"
            return Planned(clip, recipe, asset, url, State.LOCKED, reason)
        spare = clip.parallel.spare if clip.parallel and keep_foreign else ()
        if any(self._recipe_at(each, addresses, recipe) is None for each in spare):
            reason = (
                "the list for its URL has somebody's recording that belongs to none of its texts, "
                "and is kept: move that recording, or remove it"
            )
            return Planned(clip, recipe, asset, url, State.LOCKED, reason)
        if addresses.by_recipe:
            state, reason = self._state(asset)
            if state is State.MISSING and before not in (None, url, recipe):
                state, reason = State.STALE, f"text, reading, voice or sound changed since {before}"
        else:
            # Where case does not count in names, two that differ only in it are one file.
            _claim(self._files, asset.casefold(), _Claim(asset, recipe, clip.file, clip.entry))
            state, reason = self._state_by_ledger(asset, recipe)
        if addresses.url_by_id:
            _claim(self._urls, url, _Claim(url, recipe, clip.file, clip.entry))
        if state is State.MISSING and clip.url == url:
            reason = "its file is missing"
        return Planned(clip, recipe, asset, url, state, reason)

    def _recipe_at(self, url: str, addresses: Addresses, own: str) -> str | None:
        """The recipe behind a URL of ours, of this template or an earlier one; None for others."""
        recipe = addresses.recipe(url)
        if recipe is not None:
            return recipe
        asset = addresses.asset_at(url)
        if asset is not None and asset in self._recorded:
            return self._recorded[asset][0] or asset
        found = _RECIPE.findall(url)
        # Its own is ours wherever it lies: a verdict must not wait for the ledger to learn it.
        return next((each for each in found if each == own or each in self._known_recipes()), None)

    def _known_recipes(self) -> set[str]:
        """Every recipe that the ledger knows, and those in the names of files that it does not."""
        if self._known is None:
            self._known = {recipe for recipe, _ in self._recorded.values()}
            # Not in the names of the others: an id may look like a recipe.
            self._known.update(
                asset.rpartition("/")[2].partition(".")[0]
                for asset in self._present
                if asset not in self._recorded
            )
        return self._known

    def _state(self, asset: str) -> tuple[State, str]:
        """The state of an asset whose name says what it was made from."""
        size = self._present.get(asset)
        if size is None:
            return State.MISSING, "it was not made yet"
        if size == 0:
            return State.STALE, "its file is empty"
        record = self._recorded.get(asset)
        if record is not None and size != record[1]:
            return State.STALE, f"its file has {size} bytes and was made with {record[1]}"
        if self._force:
            return State.STALE, "it is remade because of --force"
        return State.FRESH, "its file exists under its recipe"

    def _state_by_ledger(self, asset: str, recipe: str) -> tuple[State, str]:
        """The state of an asset of which only the ledger says what it was made from."""
        state, reason = self._state(asset)
        if not self._present.get(asset):
            return state, reason
        if asset not in self._recorded and not self._force:
            # The name says nothing: it may be the only copy of somebody's recording.
            return State.LOCKED, "the ledger does not know its file: it is kept; --force remakes it"
        before, _ = self._recorded.get(asset, ("", 0))
        if not before:
            return State.STALE, "nothing tells what its file was made from"
        if before != recipe:
            return State.STALE, f"text, reading, voice or sound changed since {before}"
        return state, "its file was made from its recipe" if state is State.FRESH else reason


def _claim(claims: dict[str, _Claim], key: str, claim: _Claim) -> None:
    """Give an entry a name, unless another that says something else has it.

    Raises:
        InputError: another has it.
    """
    other = claims.setdefault(key, claim)
    if other[:2] != claim[:2]:
        raise InputError(
            f"{claim.name!r} would stand for it, and for entry {other.entry} in {other.file}, which "
            "says something else or has a name that differs only in case: give one of them "
            "another id, or put {kind} or {recipe} into the templates",
            file=claim.file,
            entry=f"entry {claim.entry}",
        )
