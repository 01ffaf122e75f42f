"""Which sounds a reviewer is shown: those of the clips of the catalogues, with their whole lines."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.build.plan import make_plan
from tts_assets.build.plan.output_folder import read_ledger_lines
from tts_assets.build.plan.planner import State
from tts_assets.catalogues import catalogue_files
from tts_assets.errors import InputError
from tts_assets.model import Decided
from tts_assets.review.sound_previews import HashedFile
from tts_assets.store import decisions, ledger, paid_journal, segment_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tts_assets.build.plan.plan_types import Plan
    from tts_assets.catalogues.catalogue_reader import Catalogue
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Clip, Place
    from tts_assets.store.decisions import SoundDecision
    from tts_assets.store.ledger_line import Line
    from tts_assets.store.paid_journal import DoubtfulTake


#: The states of clips that have a sound to listen to, whatever was decided of it.
_SHOWN_STATES = frozenset({State.FRESH, State.REJECTED})

#: What is told of the others, and what to do.
_HIDDEN_NOTES = (
    ({State.NEW, State.FAILED}, "{} not made yet: `generate` makes them"),
    ({State.STALE}, "{} made from something else than their entries say now: `generate` first"),
    ({State.MISSING}, "{} gone from the disk: `generate` makes them again"),
    ({State.DAMAGED}, "{} damaged on the disk: `generate` makes them again"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItems:
    """What is to be shown.

    Args:
        found: what the look at everything told.
        clips: the clips of each asset, in the order of the catalogues.
        lines: what the ledger says of each of these assets.
        others: what it says of other assets that somebody asked for.
        sums: the hashes of all assets that the ledger knows.
        takes: sounds that were paid for and refused, with the clips that want them.
    """

    found: Plan
    clips: dict[str, list[Clip]]
    lines: dict[str, Line]
    others: dict[tuple[str, str], Line]
    sums: set[str]
    takes: list[tuple[DoubtfulTake, list[Clip]]]

    def list_notes(self) -> Iterator[str]:
        """What is not shown, and why."""
        found = self.found
        yield from found.trouble.notes
        for states, told in _HIDDEN_NOTES:
            if count := sum(found.states[state] for state in states):
                yield told.format(format_count_clause(count, "clip"))
        unknown = self.clips.keys() - self.lines.keys()
        # What this engine makes in the place of what another did, and somebody rejected.
        if unmade := sum(len(self.clips[asset]) for asset in unknown - found.present.keys()):
            yield f"{format_count_clause(unmade, 'rejected clip')} not made again yet: `generate` makes them"
        if lost := sum(len(self.clips[asset]) for asset in unknown & found.present.keys()):
            yield (
                f"{format_count_clause(lost, 'clip')} unknown to the ledger, which keeps decisions: "
                "`generate --force` makes them anew"
            )


def collect_review_items(
    settings: Settings,
    provider: Provider,
    asked: Callable[[list[Clip]], set[tuple[str, str]]],
) -> ReviewItems:
    """Find out what is to be shown; nothing is changed.

    Args:
        settings: which catalogues, what sound, which folder.
        provider: the engine that the clips are for.
        asked: given all clips, the assets and hashes of other sounds whose lines are wanted, too.

    Raises:
        UsageError: a path, the voice or a template is wrong.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be listed.
    """
    takes = paid_journal.find_takes(settings.temp, settings.output)
    recipes = {take.purchase.sent.recipe for take in takes}
    found = make_plan.make_plan(
        settings, provider, lambda item: item.state in _SHOWN_STATES or item.recipe in recipes
    )
    clips: dict[str, list[Clip]] = {}
    of_takes: dict[str, list[Clip]] = {}
    for item in found.planned:
        if item.state in _SHOWN_STATES:
            clips.setdefault(item.asset, []).append(item.clip)
        if item.recipe in recipes:
            of_takes.setdefault(item.recipe, []).append(item.clip)
    others = asked([clip for each in clips.values() for clip in each])
    known = ReviewItems(
        found=found,
        clips=clips,
        lines={},
        others={},
        sums=set(),
        takes=[
            (take, of_takes[take.purchase.sent.recipe])
            for take in takes
            if take.purchase.sent.recipe in of_takes
        ],
    )
    for line in read_ledger_lines(settings, tidy=not found.untidy):
        known.sums.add(line.sha256)
        if line.asset in clips and found.recorded.get(line.asset) == (line.recipe, line.bytes):
            known.lines[line.asset] = line
        if (line.asset, line.sha256) in others:
            known.others[line.asset, line.sha256] = line
    return known


def format_count_clause(count: int, what: str) -> str:
    """So many, as the beginning of a sentence on them."""
    return f"1 {what} is" if count == 1 else f"{count:,} {what}s are"


# Sounds that clips had before, found by what was decided of them, as far as their bytes are there.


#: Where sounds lie below the page, and where those that were replaced.
CLIPS, EARLIER = "clips", "earlier"


class PreviousSound(NamedTuple):
    """A sound that a clip had before, and where it lies.

    Args:
        before: which, and what was decided of it.
        sound: its file.
        address: that of the file below the page.
    """

    before: SoundDecision
    sound: HashedFile
    address: str


class SoundHistory:
    """What was decided of the sounds of each clip, whatever became of them."""

    def __init__(self, journal: Iterable[SoundDecision], settings: Settings) -> None:
        """Take in all decisions.

        Args:
            journal: those that were ever made.
            settings: where assets lie, and sounds that are kept.
        """
        self._output = Path(settings.output)
        self._place = segment_cache.folder(settings.temp, settings.output)
        self._of: dict[tuple[str, str, str], dict[tuple[str, str], SoundDecision]] = {}
        every = list(journal)
        counts = decisions.latest(every)
        for each in every:
            last = counts[each.asset, each.sha256]
            if last.decided is not Decided.UNDECIDED:
                for use in each.clips:
                    sounds = self._of.setdefault((use.file, use.entry, use.part), {})
                    sounds[each.asset, each.sha256] = last

    def collect_sounds(self, clips: Iterable[Clip]) -> set[tuple[str, str]]:
        """Assets and hashes of all that these clips had."""
        return {name for clip in clips for name in self._of.get(_clip_key(clip), ())}

    def find_latest(self, clips: Iterable[Clip], asset: str, sha256: str) -> PreviousSound | None:
        """The other sound of these clips that was decided last and is there; None for none.

        Its bytes are not looked at.

        Args:
            clips: those that a sound is heard in.
            asset: the name of that sound.
            sha256: its hash.
        """
        before = {
            name: each
            for clip in clips
            for name, each in self._of.get(_clip_key(clip), {}).items()
            if each.sha256 != sha256
        }
        by_time = sorted(before.values(), key=lambda each: ledger.order(each.decision))
        there = (self._locate_sound(each, asset) for each in reversed(by_time))
        return next((each for each in there if each is not None), None)

    def _locate_sound(self, before: SoundDecision, asset: str) -> PreviousSound | None:
        path = segment_cache.find(self._place, before.sha256)
        address = "" if path is None else f"{EARLIER}/{path.name}"
        # Under the name of the one there are other bytes than those of the other.
        if path is None and before.asset != asset:
            path, address = self._output / before.asset, f"{CLIPS}/{before.asset}"
        if path is None or not path.is_file():
            return None
        return PreviousSound(before, HashedFile(path, before.sha256), address)


def _clip_key(clip: Clip) -> tuple[str, str, str]:
    return clip.file, clip.entry, clip.part


# How far learners are whom an entry is for: its level of the JLPT, from N5 to N1.


#: The keys under which records tell it, in lower case and without signs between their words.
_LEVEL_KEYS = ("level", "jlptlevel", "jlpt", "tags", "tag")

#: Numbers alone are those of many scales: only these keys tell that it is the JLPT's.
_JLPT_KEYS = frozenset({"jlpt", "jlptlevel"})
_LEVEL_PATTERN = re.compile(
    r"(?<![a-z0-9])(?:jlpt[\s_:.-]*n?|n[\s_-]?)([1-5])(?![a-z0-9])", re.IGNORECASE | re.ASCII
)
_BARE_LEVEL_PATTERN = re.compile(r"\s*n?([1-5])\s*", re.IGNORECASE | re.ASCII)

#: What is longer tells something else.
_MAX_TEXT_LENGTH = 200


def find_jlpt_level(root: Any, at: Place, file: str) -> str:
    """The level of what lies at a place, such as ``N5``; "" where nothing tells.

    The innermost that tells it counts: the item, its record, the objects and keys around, and at last
    the names of the file and of its folder.

    Args:
        root: the value of the document.
        at: the place.
        file: the path of the document.
    """
    path = PurePath(file)
    for value in _list_ancestors(root, at):
        found = _find_in_text(value) if isinstance(value, str) else _find_in_object(value)
        if found:
            return found
    return _find_in_text(path.stem) or _find_in_text(path.parent.name)


def _list_ancestors(root: Any, at: Place) -> list[Any]:
    """The objects on the way to a place, and the keys that led there, the innermost first."""
    found, value = [root], root
    for step in at:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            # Somebody has changed the file meanwhile.
            break
        found += [step, value] if isinstance(step, str) else [value]
    return [each for each in reversed(found) if isinstance(each, dict | str)]


def _find_in_object(value: dict[str, Any]) -> str:
    known = {re.sub(r"[\s_-]", "", key).lower(): inner for key, inner in value.items()}
    for key in _LEVEL_KEYS:
        for each in _iter_texts(known.get(key)):
            alone = (
                _BARE_LEVEL_PATTERN.fullmatch(_normalise_text(each)) if key in _JLPT_KEYS else None
            )
            found = f"N{alone[1]}" if alone else _find_in_text(each)
            if found:
                return found
    return ""


def _iter_texts(value: Any) -> Iterator[str]:
    """What is told under a key, as texts."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str | int) and not isinstance(each, bool):
            yield str(each)


def _find_in_text(text: str) -> str:
    named = _LEVEL_PATTERN.search(_normalise_text(text))
    return f"N{named[1]}" if named else ""


def _normalise_text(text: str) -> str:
    return unicodedata.normalize("NFKC", text) if len(text) <= _MAX_TEXT_LENGTH else ""


# What is told of records beside their clips: the lines where they begin, and their levels.


class RecordDetails(NamedTuple):
    """What is told of the record or item that a clip is said of.

    Args:
        line: the 1-based line where it begins; None where that is not known.
        level: as in :func:`tts_assets.review.review_items.find_jlpt_level`.
    """

    line: int | None
    level: str


def load_record_details(
    clips: Iterable[Clip], catalogues: Iterable[Catalogue]
) -> dict[tuple[str, Place], RecordDetails]:
    """What is told of clips, by file and place; each file is scanned once.

    Args:
        clips: any number, of any files.
        catalogues: those that they come from.
    """
    places: dict[str, set[Place]] = {}
    for clip in clips:
        places.setdefault(clip.file, set()).add(clip.at)
    sources = {each.file: each.source for each in catalogues}
    found: dict[tuple[str, Place], RecordDetails] = {}
    for file, wanted in places.items():
        try:
            document = catalogue_files.read_document(file, sources[file])
        except InputError:
            # Somebody has changed it meanwhile.
            found |= {
                (file, at): RecordDetails(None, find_jlpt_level(None, (), file)) for at in wanted
            }
            continue
        lines = document.find_lines(wanted)
        found |= {
            (file, at): RecordDetails(lines.get(at), find_jlpt_level(document.root, at, file))
            for at in wanted
        }
    return found
