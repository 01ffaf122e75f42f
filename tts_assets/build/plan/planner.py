"""The planner: state and reason of each clip, and what changed since its asset was generated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from tts_assets.build.plan.recipes import recipes_in
from tts_assets.errors import InputError
from tts_assets.store.asset_file_names import TIMELINE_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tts_assets.build.plan.asset_names import Addresses
    from tts_assets.build.plan.recipes import Recipes
    from tts_assets.model import Clip, SpokenForm


class Aspect(StrEnum):
    """A property whose change makes a clip stale."""

    TEXT = "text"
    READING = "reading"
    ACCENT = "accent"
    VOICE = "voice"
    SPEED = "speed"
    ENGINE = "engine"
    MODEL = "model"
    SOUND = "sound"
    DICTIONARY = "dictionary"
    TEMPLATE = "template"


class Change(NamedTuple):
    """A property that changed since a clip was generated.

    Args:
        what: the name of the property.
        before: as the asset has it; "" for nothing.
        now: as its entry and the settings ask for; "" for nothing.
    """

    what: Aspect
    before: str
    now: str

    def __str__(self) -> str:
        return f"{self.what} {self.before or 'none'} -> {self.now or 'none'}"


class Judged(StrEnum):
    """What clips were compared with."""

    #: There are no audio files here: what the ledger says counts.
    LEDGER = "ledger"
    #: Files are there, and have the sizes that the ledger says.
    FILES = "files"
    #: Every file was read, and has the hash that the ledger says.
    BYTES = "bytes"


class KeptClipGroup(NamedTuple):
    """Clips that are kept although another engine or version generated them.

    Args:
        before: the engine or version that generated them.
        now: the current engine or version.
        clips: the number.
    """

    before: str
    now: str
    clips: int


# How every clip stands before a run: missing, stale, fresh or locked, and why.
_FRESH = "its file exists under its recipe"


class State(StrEnum):
    """The state of a clip before a run."""

    #: It was never made.
    NEW = "new"
    #: It was made from something else than its entry asks for now, or has an earlier name.
    STALE = "stale"
    #: It was made, and its file is gone.
    MISSING = "missing"
    #: Its file is not what was made, or nothing tells what it was made from.
    DAMAGED = "damaged"
    #: It is new or stale, and could not be made last time.
    FAILED = "failed"
    #: It is what its entry asks for, and somebody who listened rejected its sound.
    REJECTED = "rejected"
    FRESH = "fresh"
    #: Somebody's recording, which is kept.
    LOCKED = "locked"


#: The states that ask for a new asset.
TO_MAKE = frozenset(
    {State.NEW, State.STALE, State.MISSING, State.DAMAGED, State.FAILED, State.REJECTED}
)


class ClipPlan(NamedTuple):
    """A clip with its names, its state and the reason for it.

    Attributes:
        clip: what is said for an entry.
        recipe: the hash of everything that affects its sound.
        asset: its path, relative to the output folder.
        url: its URL.
        state: its state.
        reason: the reason, as text.
        changes: what changed since it was made; nothing where it is not stale.
        held: the asset that has its sound already under another name, and is moved.
        instead: how it stands if that asset is not what its line says; None where none is held.
        line: the 1-based line of its record, where somebody asked for it.
        timeline: the address of its time line, where the catalogue is to have that.
    """

    clip: Clip
    recipe: str
    asset: str
    url: str
    state: State
    reason: str
    changes: tuple[Change, ...] = ()
    held: str | None = None
    line: int | None = None
    instead: ClipPlan | None = None
    timeline: str | None = None


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
        ledger_alone: bool = False,
    ) -> None:
        """Fix what clips are held against.

        Args:
            recipes: names their sound.
            present: size in bytes of every asset that exists, by path.
            recorded: recipe and size in bytes that the ledger has for an asset, by path; an
                empty recipe where the asset was being replaced when a run was killed.
            force: remake what is fresh, too.
            ledger_alone: there are no files here, and what the ledger says is taken for granted.
        """
        self._recipes = recipes
        self._present = present
        self._recorded = recorded
        self._force = force
        self._ledger_alone = ledger_alone
        self._known: set[str] | None = None
        self._files: dict[str, _Claim] = {}
        self._urls: dict[str, _Claim] = {}
        #: How many recordings have URLs that end as those of their clips' own assets would.
        self.look_alikes = 0
        #: Assets, folded, that two entries would have that say different things.
        self.contested: set[str] = set()

    def state_of(self, clip: Clip, addresses: Addresses, *, keep_foreign: bool = True) -> ClipPlan:
        """The clip with its names, its state and the reason.

        What was made for it under another recipe or another name is not looked for.

        Args:
            clip: one that this planner was not asked about before.
            addresses: names the files and URLs of the clip's source.
            keep_foreign: whether a URL that is not ours locks the clip.

        Raises:
            InputError: its file or URL would be another entry's, too, or its name is too long.
        """
        recipe = self._recipes.of(clip.form, clip.voice, clip.speed)
        asset, url = addresses.of(clip, recipe)
        if clip.url == url and addresses.names_tell and self._is_fresh(asset, recipe, clip):
            return ClipPlan(clip, recipe, asset, url, State.FRESH, _FRESH)
        before = url if clip.url in (None, url) else self._recipe_at(clip.url, addresses, recipe)
        if before is None and keep_foreign:
            reason = "its URL is not one of ours: somebody's recording is kept"
            if asset in self._recorded and clip.url is not None and clip.url.endswith(quote(asset)):
                self.look_alikes += 1
            return ClipPlan(clip, recipe, asset, url, State.LOCKED, reason)
        spare = clip.parallel.spare if clip.parallel and keep_foreign else ()
        if any(self._recipe_at(each, addresses, recipe) is None for each in spare):
            reason = (
                "the list for its URL contains a recording that belongs to none of its "
                "texts; it is left unchanged: move or remove that recording"
            )
            return ClipPlan(clip, recipe, asset, url, State.LOCKED, reason)
        if addresses.by_recipe:
            state, reason = self.asset_state(asset, recipe)
            if state is State.NEW and before not in (None, url, recipe):
                state, reason = State.STALE, f"its input changed since {before}"
        else:
            # Where case does not count in names, two that differ only in it are one file.
            name = asset.casefold()
            try:
                _claim(self._files, name, _Claim(asset, recipe, clip.file, clip.entry))
            except InputError:
                self.contested.add(name)
                raise
            state, reason = self._state_by_ledger(asset, recipe)
        if addresses.url_by_id:
            _claim(self._urls, url, _Claim(url, recipe, clip.file, clip.entry))
        # A URL that tells neither is the same whatever was made.
        told = not (addresses.by_recipe and addresses.url_by_id)
        if state is State.NEW and clip.url == url and told:
            state, reason = State.MISSING, "its file is missing"
        return ClipPlan(clip, recipe, asset, url, state, reason)

    def with_timeline(
        self, item: ClipPlan, addresses: Addresses, *, keep_foreign: bool = True
    ) -> ClipPlan:
        """A clip with the address of its time line, unless somebody's own stands in its place."""
        target = item.clip.timeline
        if target is None:
            return item
        own = timeline_url(item.url, item.asset)
        if keep_foreign:
            spare = target.parallel.spare if target.parallel else ()
            for url in (target.url or own, *spare):
                asset = find_timed_asset(url)
                if url != own and not (asset and self._recipe_at(asset, addresses, item.recipe)):
                    return item
        return item._replace(timeline=own)

    def find_previous(self, clip: Clip, addresses: Addresses, asset: str) -> str | None:
        """The asset, or the recipe, that a clip had before; None where nothing tells."""
        if not addresses.by_recipe and asset in self._recorded:
            return asset
        if clip.url is None:
            return None
        stored = addresses.asset_at(clip.url)
        if stored is not None and stored in self._recorded:
            return stored
        return self._recipe_at(clip.url, addresses, "")

    def _recipe_at(self, url: str, addresses: Addresses, own: str) -> str | None:
        """The recipe behind a URL of ours, of this template or an earlier one; None for others."""
        recipe = addresses.recipe(url)
        if recipe is not None:
            return recipe
        asset = addresses.asset_at(url)
        if asset is not None and asset in self._recorded:
            return self._recorded[asset][0] or asset
        found = recipes_in(url)
        # Its own is ours wherever it lies: a verdict must not wait for the ledger to learn it.
        return next((each for each in found if each == own or each in self._list_recipes()), None)

    def _list_recipes(self) -> set[str]:
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

    def _is_fresh(self, asset: str, recipe: str, clip: Clip) -> bool:
        """Whether a clip with its own URL is surely fresh, as most are: :meth:`asset_state` knows."""
        record = self._recorded.get(asset)
        if record is None or record[0] != recipe or self._force or clip.parallel is not None:
            return False
        size = self._present.get(asset)
        return size == record[1] > 0 or (size is None and self._ledger_alone)

    def asset_state(self, asset: str, recipe: str) -> tuple[State, str]:
        """The state of an asset that was made from this recipe, if it was made, and the reason."""
        size = self._present.get(asset)
        record = self._recorded.get(asset)
        if size is None and record is None:
            return State.NEW, "not generated yet"
        if size is None and not self._ledger_alone:
            return State.MISSING, "its file is missing"
        wrong = _wrong_with(size, record, recipe)
        if wrong is not None:
            return State.DAMAGED, wrong
        if self._force:
            return State.STALE, "--force regenerates it"
        return State.FRESH, _FRESH

    def _state_by_ledger(self, asset: str, recipe: str) -> tuple[State, str]:
        """The state of an asset of which only the ledger says what it was made from."""
        size, record = self._present.get(asset), self._recorded.get(asset)
        before = record[0] if record is not None else ""
        if size and record is None and not self._force:
            # The name says nothing: it may be the only copy of somebody's recording.
            reason = "its file is not in the ledger and is kept; --force regenerates it"
            return State.LOCKED, reason
        if size is None and not self._ledger_alone:
            gone = (State.MISSING, "its file is missing")
            return gone if before else (State.NEW, "not generated yet")
        if record is not None and not before:
            return State.DAMAGED, "its file has no ledger entry"
        if before not in ("", recipe):
            return State.STALE, f"its input changed since {before}"
        state, reason = self.asset_state(asset, recipe)
        return state, "its file was generated from its recipe" if state is State.FRESH else reason


def _wrong_with(size: int | None, record: tuple[str, int] | None, recipe: str) -> str | None:
    """Why a file is not what was made from a recipe; None when it is, or when nothing tells."""
    if size == 0:
        return "its file is empty"
    if record is None:
        return None
    if size not in (None, record[1]):
        return f"its file has {size} bytes instead of {record[1]}"
    return None if record[0] == recipe else "its recipe in the ledger differs from that in its name"


def _claim(claims: dict[str, _Claim], key: str, claim: _Claim) -> None:
    """Give an entry a name, unless another that says something else has it.

    Raises:
        InputError: another has it.
    """
    other = claims.setdefault(key, claim)
    if other[:2] != claim[:2]:
        raise InputError(
            (
                f"{claim.name!r} would be the asset of this entry and of entry {other.entry} in "
                f"{other.file}, which has another text or a name that differs only in case: "
                "change one of their ids, or put {kind} or {recipe} into the templates"
            ),
            file=claim.file,
            entry=f"entry {claim.entry}",
        )


# The URLs that a clip is to have in its catalogue: its own, and that of its time line.


#: The end of the names of time lines that URLs lead to.
_TIMELINE = TIMELINE_ENDINGS[0]
_PATH = re.compile(r"[^?#]*")


def lacks_url(item: ClipPlan) -> bool:
    """Whether the catalogue has another URL for a clip or its time line, or none."""
    clip = item.clip
    if clip.place is not None and clip.url != item.url:
        return True
    return item.timeline is not None and any(True for _ in urls_due(item))


def urls_due(item: ClipPlan) -> Iterator[tuple[Clip, str]]:
    """The URLs that the catalogue lacks, each with what takes it."""
    for clip, url in zip(item.clip.with_timeline(), (item.url, item.timeline), strict=False):
        if url is not None and clip.place is not None and clip.url != url:
            yield clip, url


def timeline_url(url: str, asset: str) -> str:
    """The address of the time line of an asset: that of the asset, with what its name has more.

    Where the address does not tell the asset, that comes behind its path.
    """
    before, stored, behind = url.rpartition(quote(asset))
    if stored:
        return f"{before}{stored}{_TIMELINE}{behind}"
    path = _PATH.match(url)
    end = path.end() if path else 0
    return f"{url[:end]}{_TIMELINE}{url[end:]}"


def find_timed_asset(url: str) -> str | None:
    """The address of the asset whose time line is at this one; None where it is none's."""
    before, ending, behind = url.rpartition(_TIMELINE)
    return before + behind if ending else None


# The work that a plan asks for: one job for each recipe.


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One recipe to make: equal clips are said once, and stored under each name they have.

    Args:
        recipe: what to make.
        form: what is said.
        voice: the name of the voice that the entries ask for; None for the run's own.
        speed: the speed that is asked for; None for the run's own.
        assets: the paths below the output folder, sorted.
        clips: those that want it.
    """

    recipe: str
    form: SpokenForm
    voice: str | None = None
    speed: float | None = None
    assets: tuple[str, ...]
    clips: tuple[Clip, ...]


def list_jobs(planned: Iterable[ClipPlan]) -> list[Job]:
    """The work that a plan asks for, one job for each recipe, in the order of the catalogues.

    What has its sound already under another name is not spoken again.
    """
    wanted: dict[str, list[ClipPlan]] = {}
    for item in planned:
        if item.state in TO_MAKE and item.held is None:
            wanted.setdefault(item.recipe, []).append(item)
    return [
        Job(
            recipe=recipe,
            form=items[0].clip.form,
            voice=items[0].clip.voice,
            speed=items[0].clip.speed,
            assets=tuple(sorted({item.asset for item in items})),
            clips=tuple(item.clip for item in items),
        )
        for recipe, items in wanted.items()
    ]
