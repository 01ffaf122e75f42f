"""The sounds that the page shows: of the selected clips, with ledger lines, history and JLPT level."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.build.plan import make_plan
from tts_assets.build.plan.output_folder import open_downloads, open_storage, read_ledger_lines
from tts_assets.build.plan.planner import State
from tts_assets.catalogues.open_catalogues import read_document
from tts_assets.errors import InputError, format_count
from tts_assets.model import Decided
from tts_assets.review.sound_previews import HashedFile
from tts_assets.store import decisions, ledger, paid_journal, segment_cache

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.build.plan.plan import Plan
    from tts_assets.catalogues.catalogue_files import Catalogue
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Clip, Place
    from tts_assets.store.decisions import SoundDecision
    from tts_assets.store.ledger_line import Line
    from tts_assets.store.paid_journal import DoubtfulTake


_SHOWN_STATES = frozenset({State.FRESH, State.REJECTED})  #: the states of clips that have a sound

#: Notes about clips in other states.
_HIDDEN_NOTES = (
    ({State.NEW, State.FAILED}, "{} not generated yet: run `generate`"),
    ({State.STALE}, "{} out of date: run `generate` first"),
    ({State.MISSING}, "{} missing on disk: run `generate`"),
    ({State.DAMAGED}, "{} damaged on disk: run `generate`"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItems:
    """The sounds to show."""

    plan: Plan  #: of the selected clips
    clips: dict[str, list[Clip]]  #: the clips of each asset, in the order of the catalogues
    lines: dict[str, Line]  #: the ledger line of each of these assets
    others: dict[tuple[str, str], Line]  #: the ledger lines of former sounds, by asset and hash
    sums: set[str]  #: the hashes of all assets in the ledger
    #: Paid sounds that were refused, with the clips that would use them.
    takes: list[tuple[DoubtfulTake, list[Clip]]]

    def list_notes(self) -> Iterator[str]:
        """The clips that are not shown, and why."""
        yield from self.plan.trouble.notes
        for states, note in _HIDDEN_NOTES:
            if count := sum(self.plan.states[state] for state in states):
                yield note.format(format_count(count, "clip is", "clips are"))
        unknown = self.clips.keys() - self.lines.keys()
        present = self.plan.present.keys()
        # Replacements, by this engine, of rejected sounds of another one.
        if unmade := sum(len(self.clips[asset]) for asset in unknown - present):
            yield f"{format_count(unmade, 'rejected clip is', 'rejected clips are')} not generated again yet: run `generate`"
        if lost := sum(len(self.clips[asset]) for asset in unknown & present):
            yield (
                f"{format_count(lost, 'clip is', 'clips are')} not in the ledger, which keeps decisions: "
                "run `generate --force`"
            )


def collect_review_items(
    settings: Settings,
    provider: Provider,
    history: SoundHistory,
) -> ReviewItems:
    """Find the sounds to show; changes nothing.

    Args:
        settings: which catalogues, voice and folder.
        provider: the engine of the clips.
        history: the decisions on former sounds of clips.

    Raises:
        UsageError: a path, the voice or a template is wrong.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be listed.
    """
    takes = paid_journal.find_takes(settings.temp, settings.state_folder)
    recipes = {take.purchase.sent.recipe for take in takes}
    plan = make_plan.make_plan(
        settings, provider, lambda item: item.state in _SHOWN_STATES or item.recipe in recipes
    )
    clips: dict[str, list[Clip]] = {}
    take_clips: dict[str, list[Clip]] = {}
    for item in plan.planned:
        if item.state in _SHOWN_STATES:
            clips.setdefault(item.asset, []).append(item.clip)
        if item.recipe in recipes:
            take_clips.setdefault(item.recipe, []).append(item.clip)
    others = history.collect_sounds(clip for each in clips.values() for clip in each)
    items = ReviewItems(
        plan=plan,
        clips=clips,
        lines={},
        others={},
        sums=set(),
        takes=[
            (take, take_clips[take.purchase.sent.recipe])
            for take in takes
            if take.purchase.sent.recipe in take_clips
        ],
    )
    for line in read_ledger_lines(settings, tidy=not plan.untidy):
        items.sums.add(line.sha256)
        if line.asset in clips and plan.recorded.get(line.asset) == (line.recipe, line.bytes):
            items.lines[line.asset] = line
        if (line.asset, line.sha256) in others:
            items.others[line.asset, line.sha256] = line
    return items


CLIPS, EARLIER = "clips", "earlier"  #: the addresses of current and replaced sounds, below the page


class PreviousSound(NamedTuple):
    """A former sound of a clip: its decision, its file, and its address below the page."""

    before: SoundDecision
    sound: HashedFile
    address: str


class SoundHistory:
    """The latest decision on each sound that a clip ever had."""

    def __init__(self, journal: Iterable[SoundDecision], settings: Settings) -> None:
        self._storage = open_storage(settings)
        self._downloads = open_downloads(settings)
        self._place = segment_cache.rejected_audio_dir_for(settings.temp, settings.state_folder)
        self._decisions: dict[tuple[str, str, str], dict[tuple[str, str], SoundDecision]] = {}
        every = list(journal)
        latest = decisions.latest(every)
        for each in every:
            last = latest[each.asset, each.sha256]
            if last.decided is not Decided.UNDECIDED:
                for use in each.clips:
                    sounds = self._decisions.setdefault((use.file, use.entry, use.part), {})
                    sounds[each.asset, each.sha256] = last

    def collect_sounds(self, clips: Iterable[Clip]) -> set[tuple[str, str]]:
        """Assets and hashes of all sounds that these clips had."""
        return {name for clip in clips for name in self._decisions.get(_clip_key(clip), ())}

    def find_latest(self, clips: Iterable[Clip], asset: str, sha256: str) -> PreviousSound | None:
        """The latest decided former sound of these clips whose file exists; does not hash it.

        ``asset`` and ``sha256`` are the name and the hash of the current sound.
        """
        before = {
            name: each
            for clip in clips
            for name, each in self._decisions.get(_clip_key(clip), {}).items()
            if each.sha256 != sha256
        }
        by_time = sorted(before.values(), key=lambda each: ledger.order(each.decision))
        located = (self._locate_sound(each, asset) for each in reversed(by_time))
        return next(filter(None, located), None)

    def _locate_sound(self, before: SoundDecision, asset: str) -> PreviousSound | None:
        path = segment_cache.find_rejected_audio(self._place, before.sha256)
        address = "" if path is None else f"{EARLIER}/{path.name}"
        # The file of the current asset has the current bytes.
        if path is None and before.asset != asset:
            path = self._storage.fetch_known(before.asset, before.sha256, self._downloads)
            address = f"{CLIPS}/{before.asset}"
        if path is None or not path.is_file():
            return None
        return PreviousSound(before, HashedFile(path, before.sha256), address)


def _clip_key(clip: Clip) -> tuple[str, str, str]:
    return clip.file, clip.entry, clip.part


#: Keys of records that may have the JLPT level, in lower case without separators.
_LEVEL_KEYS = ("level", "jlptlevel", "jlpt", "tags", "tag")

#: Only under these keys a bare number is a JLPT level.
_JLPT_KEYS = frozenset({"jlpt", "jlptlevel"})
_LEVEL_PATTERN = re.compile(
    r"(?<![a-z0-9])(?:jlpt[\s_:.-]*n?|n[\s_-]?)([1-5])(?![a-z0-9])", re.IGNORECASE | re.ASCII
)
_BARE_LEVEL_PATTERN = re.compile(r"\s*n?([1-5])\s*", re.IGNORECASE | re.ASCII)

_MAX_TEXT_LENGTH = 200  #: longer texts are not levels


def find_jlpt_level(root: Any, at: Place, file: str) -> str:
    """The JLPT level of the item at a place, such as ``N5``; "" if unknown.

    The innermost one counts: of the item, its record, the objects and keys around, and last the
    names of the file and of its folder.
    """
    path = PurePath(file)
    for value in _list_ancestors(root, at):
        found = _find_in_text(value) if isinstance(value, str) else _find_in_object(value)
        if found:
            return found
    return _find_in_text(path.stem) or _find_in_text(path.parent.name)


def _list_ancestors(root: Any, at: Place) -> list[Any]:
    """The objects and keys on the path to a place, innermost first."""
    found, value = [root], root
    for step in at:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            # The file has changed meanwhile.
            break
        found += [step, value] if isinstance(step, str) else [value]
    return [each for each in reversed(found) if isinstance(each, dict | str)]


def _find_in_object(value: dict[str, Any]) -> str:
    values = {re.sub(r"[\s_-]", "", key).lower(): inner for key, inner in value.items()}
    for key in _LEVEL_KEYS:
        for each in _iter_texts(values.get(key)):
            bare = key in _JLPT_KEYS and _BARE_LEVEL_PATTERN.fullmatch(_normalise_text(each))
            if found := f"N{bare[1]}" if bare else _find_in_text(each):
                return found
    return ""


def _iter_texts(value: Any) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str | int) and not isinstance(each, bool):
            yield str(each)


def _find_in_text(text: str) -> str:
    level = _LEVEL_PATTERN.search(_normalise_text(text))
    return f"N{level[1]}" if level else ""


def _normalise_text(text: str) -> str:
    return unicodedata.normalize("NFKC", text) if len(text) <= _MAX_TEXT_LENGTH else ""


class RecordDetails(NamedTuple):
    """The 1-based line of a clip's record (None if unknown), and its JLPT level or ""."""

    line: int | None
    level: str


def load_record_details(
    clips: Iterable[Clip], catalogues: Iterable[Catalogue]
) -> dict[tuple[str, Place], RecordDetails]:
    """The details of clips, by file and place; each file is scanned once."""
    places: dict[str, set[Place]] = {}
    for clip in clips:
        places.setdefault(clip.file, set()).add(clip.at)
    sources = {each.file: each.source for each in catalogues}
    found: dict[tuple[str, Place], RecordDetails] = {}
    for file, selected in places.items():
        root, lines = None, {}
        # The file may have changed meanwhile.
        with suppress(InputError):
            document = read_document(file, sources[file])
            root, lines = document.root, document.find_lines(selected)
        for at in selected:
            found[file, at] = RecordDetails(lines.get(at), find_jlpt_level(root, at, file))
    return found
