"""The planner: state and reason of each clip, and what changed since its asset was generated."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from tts_assets.build.plan.recipes import recipes_in
from tts_assets.errors import InputError
from tts_assets.model import Clip, SpokenForm
from tts_assets.store.portable_names import TIMELINE_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.build.plan.asset_names import Addresses
    from tts_assets.build.plan.recipes import Recipes
    from tts_assets.model import Place


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
    """A property that changed since a clip was generated."""

    what: Aspect  #: the name of the property
    before: str  #: as the asset has it; "" for nothing
    now: str  #: as its entry and the settings ask for; "" for nothing

    def __str__(self) -> str:
        return f"{self.what} {self.before or 'none'} -> {self.now or 'none'}"


class Judged(StrEnum):
    """What clips were compared with."""

    #: The ledger alone: there are no audio files on this machine.
    LEDGER = "ledger"
    #: The files, by their sizes in the ledger.
    FILES = "files"
    #: The bytes of every file, by their hashes in the ledger.
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


# The state of each clip before a run, and the reason for it.
_FRESH = "its file exists under its recipe"


class State(StrEnum):
    """The state of a clip before a run."""

    #: It was never generated.
    NEW = "new"
    #: Its input changed since it was generated, or it has an earlier name.
    STALE = "stale"
    #: It was generated, and its file is gone.
    MISSING = "missing"
    #: Its file differs from the generated one, or has no ledger entry.
    DAMAGED = "damaged"
    #: It is new or stale, and failed in the last run.
    FAILED = "failed"
    #: It is up to date, but a reviewer rejected it.
    REJECTED = "rejected"
    FRESH = "fresh"
    #: A recording that is not managed by tts-assets; it is left unchanged.
    LOCKED = "locked"


#: The states that need a new asset.
TO_GENERATE = frozenset(
    {State.NEW, State.STALE, State.MISSING, State.DAMAGED, State.FAILED, State.REJECTED}
)


# The garbage collector need not track them: nothing that they refer to refers back to them.
class ClipPlan(msgspec.Struct, frozen=True, gc=False):
    """A clip with its names, its state and the reason for it.

    Attributes:
        clip: the clip of an entry.
        recipe: the hash of everything that affects its sound.
        asset: its path, relative to the output folder.
        url: its URL.
        state: its state.
        reason: the reason, as text.
        changes: the changes since it was generated; empty if it is not stale.
        held: the asset to move, which has the same audio under another name.
        instead: the plan if that asset differs from its ledger line; None if there is none.
        lines: the lines of the records of its document, by place.
        timeline: the URL of its time line, if the catalogue has a field for it.
    """

    clip: Clip
    recipe: str
    asset: str
    url: str
    state: State
    reason: str
    changes: tuple[Change, ...] = ()
    held: str | None = None
    lines: _Lines | None = None
    instead: ClipPlan | None = None
    timeline: str | None = None

    @property
    def line(self) -> int | None:
        """The 1-based line of its record; None if unknown."""
        return None if self.lines is None else self.lines.get(self.clip.at)


class _Names(NamedTuple):
    """The names of a clip, as in ClipPlan."""

    recipe: str
    asset: str
    url: str


class _Lines(Protocol):
    """The lines of records; it must not refer to the clips that refer to it."""

    def get(self, place: Place, /) -> int | None: ...


class _Claim(NamedTuple):
    """A name, its recipe, and the entry that it belongs to."""

    name: str
    recipe: str
    file: str
    entry: str


class Planner:
    """Determines the state of one clip after the other."""

    def __init__(
        self,
        *,
        recipes: Recipes,
        present: Mapping[str, int],
        recorded: Mapping[str, tuple[str, int]],
        force: bool = False,
        ledger_alone: bool = False,
    ) -> None:
        """Set the data to compare clips with.

        Args:
            recipes: hashes the inputs of clips.
            present: size in bytes of every asset that exists, by path.
            recorded: recipe and size in bytes that the ledger has for an asset, by path; an
                empty recipe if a run was killed while it replaced the asset.
            force: also regenerate fresh clips.
            ledger_alone: trust the ledger, as there are no audio files on this machine.
        """
        self._recipes = recipes
        self._present = present
        self._recorded = recorded
        self._force = force
        self._ledger_alone = ledger_alone
        self._known_recipes: set[str] | None = None
        self._files: dict[str, _Claim] = {}
        self._urls: dict[str, _Claim] = {}
        #: The number of foreign URLs that end with the name of the clip's own asset.
        self.foreign_url_matches = 0
        #: The case-folded assets that two entries with different texts claim.
        self.conflicting_assets: set[str] = set()

    def state_of(
        self,
        clip: Clip,
        addresses: Addresses,
        *,
        keep_foreign: bool = True,
        lines: _Lines | None = None,
    ) -> ClipPlan:
        """The clip with its names, its state and the reason.

        It does not search for assets with another recipe or another name.

        Args:
            clip: a clip that this planner has not seen yet.
            addresses: names the files and URLs of the clip's source.
            keep_foreign: whether a foreign URL locks the clip.
            lines: the lines of the records of the clip's document.

        Raises:
            InputError: another entry has the same file or URL, or its name is too long.
        """
        recipe = self._recipes.hash_clip(clip.form, clip.voice, clip.speed)
        asset, url = addresses.fill_templates(clip, recipe)
        is_own = clip.url is None or clip.url == url
        if is_own and addresses.names_tell and clip.parallel is None:
            # Only the asset matters, as for most clips.
            state, reason = self.asset_state(asset, recipe)
        else:
            names = _Names(recipe, asset, url)
            state, reason = self._judge(clip, names, addresses, keep_foreign=keep_foreign)
        if state is State.NEW and clip.url == url and addresses.url_shows_asset:
            state, reason = State.MISSING, "its file is missing"
        return ClipPlan(clip, recipe, asset, url, state, reason, lines=lines)

    def _judge(
        self, clip: Clip, names: _Names, addresses: Addresses, *, keep_foreign: bool
    ) -> tuple[State, str]:
        """The state of a clip, after checking who else has its names and what its URLs are."""
        recipe, asset, url = names
        is_own = clip.url is None or clip.url == url
        before = url if clip.url is None or is_own else self._recipe_at(clip.url, addresses, recipe)
        if before is None and keep_foreign:
            reason = "its URL is not one of ours: somebody's recording is kept"
            if asset in self._recorded and clip.url is not None and clip.url.endswith(quote(asset)):
                self.foreign_url_matches += 1
            return State.LOCKED, reason
        spare = clip.parallel.spare if clip.parallel and keep_foreign else ()
        if any(self._recipe_at(each, addresses, recipe) is None for each in spare):
            reason = (
                "the list for its URL contains a recording that belongs to none of its "
                "texts; it is left unchanged: move or remove that recording"
            )
            return State.LOCKED, reason
        if addresses.by_recipe:
            state, reason = self.asset_state(asset, recipe)
            if state is State.NEW and before not in (None, url, recipe):
                state, reason = State.STALE, f"its input changed since {before}"
        else:
            # On case-insensitive file systems, names that differ only in case are one file.
            name = asset.casefold()
            try:
                _claim(self._files, name, _Claim(asset, recipe, clip.file, clip.entry))
            except InputError:
                self.conflicting_assets.add(name)
                raise
            state, reason = self._state_by_ledger(asset, recipe)
        if addresses.url_by_id:
            _claim(self._urls, url, _Claim(url, recipe, clip.file, clip.entry))
        return state, reason

    def with_timeline(
        self, item: ClipPlan, addresses: Addresses, *, keep_foreign: bool = True
    ) -> ClipPlan:
        """A clip with the URL of its time line, unless the catalogue has a foreign one there."""
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
        return replace(item, timeline=own)

    def find_previous(self, clip: Clip, addresses: Addresses, asset: str) -> str | None:
        """The asset, or the recipe, that a clip had before; None if unknown."""
        if not addresses.by_recipe and asset in self._recorded:
            return asset
        if clip.url is None:
            return None
        stored = addresses.asset_at(clip.url)
        if stored is not None and stored in self._recorded:
            return stored
        return self._recipe_at(clip.url, addresses, "")

    def _recipe_at(self, url: str, addresses: Addresses, own: str) -> str | None:
        """The recipe behind a URL of this template or an earlier one; None for a foreign URL."""
        recipe = addresses.recipe(url)
        if recipe is not None:
            return recipe
        asset = addresses.asset_at(url)
        if asset is not None and asset in self._recorded:
            return self._recorded[asset][0] or asset
        found = recipes_in(url)
        # Accept the clip's own recipe even if the ledger doesn't contain it yet.
        return next((each for each in found if each == own or each in self._list_recipes()), None)

    def _list_recipes(self) -> set[str]:
        """Every recipe of the ledger, and those in the names of files that it does not contain."""
        if self._known_recipes is None:
            self._known_recipes = {recipe for recipe, _ in self._recorded.values()}
            # Skip the names of recorded files: an id may look like a recipe.
            self._known_recipes.update(
                asset.rpartition("/")[2].partition(".")[0]
                for asset in self._present
                if asset not in self._recorded
            )
        return self._known_recipes

    def asset_state(self, asset: str, recipe: str) -> tuple[State, str]:
        """The state of the asset of a recipe, and the reason."""
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
        """The state of an asset whose name has no recipe: only the ledger contains it."""
        size, record = self._present.get(asset), self._recorded.get(asset)
        before = record[0] if record is not None else ""
        if size and record is None and not self._force:
            # The name has no recipe: this may be the only copy of a user's recording.
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
    """Why a file is not the one generated from a recipe; None if it is, or if unknown."""
    if size == 0:
        return "its file is empty"
    if record is None:
        return None
    if size not in (None, record[1]):
        return f"its file has {size} bytes instead of {record[1]}"
    return None if record[0] == recipe else "its recipe in the ledger differs from that in its name"


def _claim(claims: dict[str, _Claim], key: str, claim: _Claim) -> None:
    """Assign a name to an entry.

    Raises:
        InputError: an entry with another recipe has that name.
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


# The URLs that a catalogue should contain: those of its clips and of their time lines.


#: The suffix of time lines in URLs.
_TIMELINE = TIMELINE_ENDINGS[0]
_PATH = re.compile(r"[^?#]*")


def lacks_url(item: ClipPlan) -> bool:
    """Whether the catalogue lacks the URL of a clip or its time line."""
    clip = item.clip
    if clip.place is not None and clip.url != item.url:
        return True
    return item.timeline is not None and bool(urls_due(item))


def urls_due(item: ClipPlan) -> list[tuple[Clip, str]]:
    """The URLs that the catalogue lacks, each with the clip or time line that it belongs to."""
    named = [(item.clip, item.url)]
    if item.timeline is not None:
        named += [(clip, item.timeline) for clip in item.clip.with_timeline()[1:]]
    return [(clip, url) for clip, url in named if clip.place is not None and clip.url != url]


def timeline_url(url: str, asset: str) -> str:
    """The URL of an asset's time line: the URL of the asset with the suffix of time lines.

    If the URL does not contain the asset's name, append the suffix to the path of the URL.
    """
    before, stored, behind = url.rpartition(quote(asset))
    if stored:
        return f"{before}{stored}{_TIMELINE}{behind}"
    path = _PATH.match(url)
    end = path.end() if path else 0
    return f"{url[:end]}{_TIMELINE}{url[end:]}"


def find_timed_asset(url: str) -> str | None:
    """The URL of the asset whose time line has this URL; None if it is no time line's URL."""
    before, ending, behind = url.rpartition(_TIMELINE)
    return before + behind if ending else None


# The jobs of a plan: one for each recipe.


class Job(msgspec.Struct, frozen=True, gc=False):
    """One recipe to generate: equal clips are spoken once, and stored under each of their names."""

    recipe: str  #: the recipe
    form: SpokenForm  #: the spoken form
    assets: tuple[str, ...]  #: the paths below the output folder, sorted
    clips: tuple[Clip, ...]  #: the clips that share the recipe
    #: The name of the voice that the entries request; None for the run's own.
    voice: str | None = None
    speed: float | None = None  #: the speed that the entries request; None for the run's own


def list_jobs(planned: Iterable[ClipPlan]) -> list[Job]:
    """The jobs of a plan, one for each recipe, in the order of the catalogues.

    Clips whose audio exists under another name need no job.
    """
    jobs: dict[str, Job] = {}
    equal: dict[str, list[ClipPlan]] = {}
    for item in planned:
        if item.state in TO_GENERATE and item.held is None:
            recipe, clip = item.recipe, item.clip
            job = Job(recipe, clip.form, (item.asset,), (clip,), clip.voice, clip.speed)
            if jobs.setdefault(recipe, job) is not job:
                equal.setdefault(recipe, []).append(item)
    for recipe, items in equal.items():
        job = jobs[recipe]
        jobs[recipe] = replace(
            job,
            assets=tuple(sorted({*job.assets, *(item.asset for item in items)})),
            clips=(*job.clips, *(item.clip for item in items)),
        )
    return list(jobs.values())
