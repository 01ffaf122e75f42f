"""Clips that are not up to date by recipe and name, resolved by one look-up in the ledger."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from tts_assets.build.plan.planner import Aspect, Change, KeptClipGroup, State, timeline_url
from tts_assets.japanese.word_boundaries import BOUNDARY, insert_boundaries

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from tts_assets.build.plan.asset_names import Addresses
    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.store.ledger import Provenance

#: The states of assets that were generated and are lost.
_LOST = frozenset({State.MISSING, State.DAMAGED})

#: The names of an engine's parts that are its model.
_MODEL = frozenset({"model", "model_id", "voices"})

_PAUSES = re.compile(r" pause-\S+")  #: the pauses in the sound of a passage; single clips have none


class UnresolvedClip(NamedTuple):
    """A clip without an asset of its own, and the keys to find an earlier one."""

    item: ClipPlan  #: the clip by its own recipe and name
    addresses: Addresses  #: names the files and URLs of its source
    brief: str  #: the hash of its request to the engine
    before: str | None  #: the asset, or the recipe, that it had before; None if unknown

    def names(self) -> tuple[str, ...]:
        """The keys of the ledger lines to find."""
        return (self.brief,) if self.before is None else (self.brief, self.before)


class LedgerMatcher:
    """Resolves the states of clips by the ledger lines of earlier assets."""

    def __init__(
        self,
        origins: Iterable[Provenance],
        *,
        stands: Callable[[Provenance], tuple[State, str]],
        now: Callable[[ClipPlan, str], Provenance],
        keep: bool,
        rejected: Container[str] = frozenset(),
    ) -> None:
        """Index the ledger lines for all pending clips.

        Args:
            origins: lines of the ledger.
            stands: the state of a line's asset and the reason; fresh if it matches the line.
            now: the line that a clip with a brief would get if it were generated now.
            keep: whether to keep an asset of another engine if nothing else changed.
            rejected: the assets whose audio a reviewer rejected; other clips don't reuse them.
        """
        self.kept: Counter[tuple[str, str]] = Counter()
        self._stands = stands
        self._now = now
        self._keep = keep
        self._rejected = rejected
        self._by_brief: dict[str, _Takes] = {}
        self._by_name: dict[str, Provenance] = {}
        fresh = set[str]()
        for origin in origins:
            # A line without a text revokes the lines before it.
            if not origin.text:
                continue
            names = {origin.asset, origin.recipe}
            if stands(origin)[0] is State.FRESH:
                if origin.brief and origin.recipe:
                    self._by_brief.setdefault(origin.brief, _Takes()).add(origin)
                fresh |= names
            else:
                names -= fresh
            self._by_name.update(dict.fromkeys(names, origin))

    def list_kept_clips(self) -> tuple[KeptClipGroup, ...]:
        """The clips that are kept although their engine changed, the most common change first."""
        return tuple(KeptClipGroup(*parts, clips) for parts, clips in self.kept.most_common())

    def resolve(self, pending: UnresolvedClip) -> ClipPlan:
        """The clip with its state by its earlier assets."""
        item = pending.item
        before = self._by_name.get(pending.before or "")
        if before is None and pending.brief not in self._by_brief:
            return item
        now = self._now(item, pending.brief)
        found = self._best(pending, before, now)
        if found is None:
            return self._resolve_without_asset(pending, before, now)
        upgraded = engine_changes(found.engine, now.engine)
        if upgraded and not self._keep:
            return _plan_changed(item, upgraded)
        asset, url = pending.addresses.fill_templates(item.clip, found.recipe)
        timeline = None if item.timeline is None else timeline_url(url, asset)
        item = replace(item, recipe=found.recipe, asset=asset, url=url, timeline=timeline)
        if asset != found.asset:
            return _plan_held(item, found, pending.item, earlier=found is before)
        if upgraded:
            self.kept[_parts(found.engine, now.engine), _parts(now.engine, found.engine)] += 1
        return replace(
            item,
            state=State.FRESH,
            reason="its file was generated from the same input, by another engine or version",
        )

    def _best(
        self, pending: UnresolvedClip, before: Provenance | None, now: Provenance
    ) -> Provenance | None:
        """The best asset for a clip: in its place, its own, by the same engine, by name."""
        item = pending.item
        # Don't replace a lost asset of this engine with one of an earlier engine.
        engines = [now.engine] if item.state in _LOST else None
        if before is not None and before.brief == pending.brief:
            engines = [now.engine, before.engine]

        address = partial(pending.addresses.asset, item.clip)

        def fit(origin: Provenance) -> tuple[bool, ...]:
            same_engine = not engine_changes(origin.engine, now.engine)
            # Prefer the asset that another clip just regenerated, to not regenerate it again.
            is_regenerated = same_engine and not self._keep
            in_place = address(origin.recipe) == origin.asset
            own_recipe = origin.recipe == item.recipe
            return (is_regenerated, in_place, origin is before, own_recipe, same_engine)

        found = [
            origin
            for origin in self._by_brief.get(pending.brief, _Takes()).list_candidates(address)
            if origin.asset != item.asset or item.state is State.STALE
            if origin is before
            or origin.asset not in self._rejected
            or address(origin.recipe) == origin.asset
            if engines is None or any(not engine_changes(origin.engine, one) for one in engines)
        ]
        return max(sorted(found, key=lambda origin: origin.asset), key=fit, default=None)

    def _resolve_without_asset(
        self, pending: UnresolvedClip, before: Provenance | None, now: Provenance
    ) -> ClipPlan:
        """A clip without a usable earlier asset."""
        item = pending.item
        if before is None or item.state in _LOST:
            return item
        found = changes(before, now)
        if before.brief == pending.brief and (self._keep or not found):
            # The asset would have been kept, so only its loss matters.
            state, reason = self._stands(before)
            return replace(item, state=state, reason=reason) if state in _LOST else item
        return _plan_changed(item, found)


class _Takes:
    """The assets of one brief; of many equivalent ones, a few are enough to choose from."""

    def __init__(self) -> None:
        self._by_asset: dict[str, Provenance] = {}
        self._equivalent: dict[tuple[str, str], list[Provenance]] = {}

    def add(self, origin: Provenance) -> None:
        """Add an asset."""
        self._by_asset[origin.asset] = origin
        equivalent = self._equivalent.setdefault((origin.engine, origin.recipe), [])
        # Keep two, as the clip's own may be the damaged one.
        if len(equivalent) < 2:
            equivalent.append(origin)

    def list_candidates(self, address: Callable[[str], str]) -> list[Provenance]:
        """The assets to choose from; ``address``: the clip's own asset for a recipe."""
        found: dict[str, Provenance] = {}
        for (_, recipe), equivalent in self._equivalent.items():
            own = self._by_asset.get(address(recipe))
            found.update({each.asset: each for each in (*equivalent, *([own] if own else ()))})
        return list(found.values())


def changes(before: Provenance, now: Provenance) -> tuple[Change, ...]:
    """All differences between two ledger lines."""
    found = [
        Change(what, _show_value(getattr(before, name)), _show_value(getattr(now, name)))
        for what, name in (
            (Aspect.TEXT, "text"),
            (Aspect.READING, "reading"),
            (Aspect.READING, "readings"),
            (Aspect.ACCENT, "accent"),
            (Aspect.VOICE, "voice"),
            (Aspect.SPEED, "speed"),
            (Aspect.DICTIONARY, "words"),
        )
        if getattr(before, name) != getattr(now, name)
    ]
    if before.speakers and now.speakers and before.speakers != now.speakers:
        found.append(Change(Aspect.VOICE, _cast(before), _cast(now)))
    if before.reading == now.reading and before.romanized != now.romanized:
        found.append(Change(Aspect.READING, _script(before), _script(now)))
    if before.text == now.text and before.boundaries != now.boundaries:
        found.append(Change(Aspect.TEXT, _show_boundaries(before), _show_boundaries(now)))
    # Lines of the first version have no sentence field.
    if before.sound and before.sentence != now.sentence:
        found.append(Change(Aspect.TEXT, _manner(before), _manner(now)))
    return (*found, *_sound_changes(before, now), *engine_changes(before.engine, now.engine))


def _show_boundaries(origin: Provenance) -> str:
    """A text with its boundaries as spaces."""
    return insert_boundaries(origin.text, origin.boundaries).replace(BOUNDARY, " ")


def _script(origin: Provenance) -> str:
    return "in Latin letters" if origin.romanized else "in kana"


def _sound_changes(before: Provenance, now: Provenance) -> list[Change]:
    """The changes of the sound, and between one piece and segments."""
    found, sounds = [], (before.sound, now.sound)
    if bool(before.speakers) is not bool(now.speakers):
        found.append(Change(Aspect.SOUND, _describe_making(before), _describe_making(now)))
        # Clips in one piece have no pauses to compare.
        sounds = _PAUSES.sub("", before.sound), _PAUSES.sub("", now.sound)
    if before.sound and sounds[0] != sounds[1]:
        found.append(Change(Aspect.SOUND, *_both_ways(*sounds)))
    return found


@cache
def engine_changes(before: str, now: str) -> tuple[Change, ...]:
    """The changes of an engine and its model; parts not installed on this machine are skipped."""
    unknown = {part.partition("=")[0] for part in now.split() if part.endswith("=None")}
    found = []
    for what, is_model in ((Aspect.ENGINE, False), (Aspect.MODEL, True)):
        one, other = (
            " ".join(
                part
                for part in parts.split()
                if (name := part.partition("=")[0]) not in unknown and (name in _MODEL) is is_model
            )
            for parts in (before, now)
        )
        if one != other:
            found.append(Change(what, *_both_ways(one, other)))
    return tuple(found)


def _plan_changed(item: ClipPlan, found: tuple[Change, ...]) -> ClipPlan:
    """A clip that was generated before, with the changes since."""
    if item.state not in {State.NEW, State.STALE} or not found:
        return item
    reason = "; ".join(map(str, found))
    return replace(item, state=State.STALE, reason=reason, changes=found)


def _plan_held(item: ClipPlan, found: Provenance, instead: ClipPlan, *, earlier: bool) -> ClipPlan:
    """A clip whose audio exists under another name."""
    if not earlier:
        reason = f"{found.asset} already has the same audio"
        return replace(item, held=found.asset, reason=reason, instead=instead)
    change = Change(Aspect.TEMPLATE, found.asset, item.asset)
    return replace(
        item,
        state=State.STALE,
        reason=str(change),
        changes=(change,),
        held=found.asset,
        instead=instead,
    )


def _describe_making(origin: Provenance) -> str:
    return "in segments" if origin.speakers else "in one piece"


def _cast(origin: Provenance) -> str:
    return ", ".join(
        f"{name or 'narrator'}={voice} {pace:g}" for name, voice, pace in origin.speakers
    )


def _manner(origin: Provenance) -> str:
    return "running text" if origin.sentence else "a word"


def _both_ways(before: str, now: str) -> tuple[str, str]:
    return _parts(before, now), _parts(now, before)


def _parts(one: str, other: str) -> str:
    """The parts of an engine that the other does not have."""
    return " ".join((Counter(one.split()) - Counter(other.split())).elements())


def _show_value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join("=".join(each) if isinstance(each, tuple) else each for each in value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
