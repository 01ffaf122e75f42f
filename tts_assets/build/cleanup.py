"""Orphans: assets that no catalogue refers to, and how `prune` deletes them."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import chain, product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from tts_assets.build.events import Orphan, Waiting
from tts_assets.build.plan import asset_names, make_plan, output_folder, planner
from tts_assets.build.plan.planner import Judged
from tts_assets.build.plan.recipes import recipes_in
from tts_assets.catalogues.open_catalogues import read_document
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.engines import registry
from tts_assets.errors import FatalError, InputError
from tts_assets.model import Format, Kind
from tts_assets.store import atomic_files, ledger, ledger_line, portable_names, timelines
from tts_assets.store.ledger import asset_of, origins_of, without
from tts_assets.store.ledger_line import LEDGER_NAME
from tts_assets.store.portable_names import is_asset_name, timelines_of
from tts_assets.store.timelines import render_timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import BinaryIO

    from tts_assets.build.events import Event
    from tts_assets.build.plan.plan import Plan
    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.config.settings import Settings

_BRACES = re.compile(r"\{(\w+)\}")
_ENDING = re.compile("|".join(map(re.escape, portable_names.ENDINGS)), re.IGNORECASE)

#: Characters that no asset name contains, and characters that may also precede a name.
_BETWEEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*#]')
_BEFORE = re.compile(r"[\s'=&(),;\[\]{}]")

#: The length of the longest name, in characters, with each byte escaped.
_LONGEST = portable_names.LONGEST_BYTES * 3


class _ById:
    """Finds the assets of URLs that contain only ids, neither assets nor recipes."""

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
        """Whether templates have neither recipes nor assets in URLs."""
        return not ("{recipe}" in asset + url or "{asset}" in url)

    def assets_at(self, url: str) -> Iterator[str]:
        """All assets that a URL may lead to, of any kind and format."""
        match = self._url.fullmatch(url)
        if match is not None:
            ids = {
                name: portable_names.escape_id(unquote(text))
                for name, text in match.groupdict().items()
            }
            for kind, ext in product(Kind, Format):
                yield portable_names.safe(self._asset.format_map({"kind": kind, "ext": ext} | ids))


class References:
    """The assets that catalogues refer to; of their clips and texts only names are kept.

    If in doubt, an asset counts as referred to. Every string of a catalogue refers to the assets
    whose file name or recipe it contains, whatever the rules say; only the URLs of clips refer to
    their own assets alone. A clip to generate may have an asset of another engine, used for one run
    only, so assets with the same text are kept.
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
        self._addresses = asset_names.SourceAddresses(settings).list_all()
        self._by_id = [_ById(*each) for each in sorted(templates) if _ById.applies(*each)]
        # Case-folded, as some file systems are case-insensitive.
        self._assets: set[str] = set()
        self._files: set[str] = set()
        self._recipes: set[str] = set()
        self._texts: set[str] = set()
        self._urls: set[str] = set()

    def add_clip(self, item: planner.ClipPlan) -> None:
        """Add the references of one clip."""
        self._assets.add(item.asset.casefold())
        if not item.url.endswith(item.asset):
            # Other URLs contain their asset.
            self._urls.add(item.url)
        if item.timeline is not None:
            self._urls.add(item.timeline)
        if item.held is not None:
            self._assets.add(item.held.casefold())
        # A rejected asset exists under its own name.
        if item.state in planner.TO_GENERATE and item.state is not planner.State.REJECTED:
            self._texts.add(item.clip.form.text)

    def follow(self, found: Sequence[Plan]) -> dict[str, str]:
        """Add the references in all strings of all files, after all clips, if they can matter.

        Returns:
            A note on each unreadable file, by its path: its references are unknown.
        """
        last = found[-1]
        if not (
            self.find_unnamed(last.recorded) or any(map(_is_sound, self.find_unnamed(last.present)))
        ):
            return {}
        sources = {read.file: read.source for each in found for read in each.catalogues}
        passed_over = {
            file: BUILT_IN[Kind.VOCABULARY] for each in found for file in each.trouble.passed_over
        }
        unread = {}
        for file, source in (sources | passed_over).items():
            try:
                self.read(read_document(file, source))
            except InputError as problem:
                unread[file] = f"{problem}: passed over"
        return unread

    def read(self, document: Document) -> None:
        """Add the references in all strings of a file, after all clips."""
        for text in _texts(document.root):
            recipes = recipes_in(text)
            may_refer = self._by_id or recipes or _ENDING.search(text)
            if may_refer and not self._is_own(text):
                by_id = chain.from_iterable(each.assets_at(text) for each in self._by_id)
                self._assets.update(asset.casefold() for asset in by_id)
                self._recipes.update(recipes)
                for each in {text, unquote(text)}:
                    self._files.update(_files_in(each))

    def _is_own(self, text: str) -> bool:
        """Whether a string is the URL of a clip."""
        if text in self._urls:
            return True
        assets = (each.asset_at(text) for each in self._addresses)
        return any(asset is not None and asset.casefold() in self._assets for asset in assets)

    def find_unnamed(self, assets: Iterable[str]) -> list[str]:
        """The assets that belong to no clip; usually very few."""
        named = self._assets
        return [asset for asset in assets if asset.casefold() not in named]

    def leads_to(self, asset: str, recipe: str) -> bool:
        """Whether a string contains an asset's file name or recipe; "" for an unknown recipe."""
        file = asset.rpartition("/")[2].casefold()
        return file in self._files or not self._recipes.isdisjoint((recipe, *recipes_in(file)))

    def find_awaited(self, lines: bytes | BinaryIO, assets: Iterable[str]) -> set[str]:
        """The assets, of a ledger's lines, whose text belongs to a clip to generate."""
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

    Of the files that are not in the ledger, only audio files can be assets: those with the
    extension of a supported format and no leading dot. All others are ignored.

    Args:
        references: the references of all catalogues.
        present: the size in bytes of every file in the assets' folders, by its path.
        recorded: recipe and size in bytes that the ledger has for an asset, by its path.
        lines: the bytes of the ledger, or its open file.
    """
    ours = {
        asset
        for asset in references.find_unnamed(recorded)
        if not references.leads_to(asset, recorded[asset][0])
    }
    if ours:
        ours -= references.find_awaited(lines, ours)
    others = {
        file
        for file in references.find_unnamed(present)
        if file not in recorded and _is_sound(file) and not references.leads_to(file, "")
    }
    found = []
    for asset in sorted(ours | others):
        files = (asset, *timelines_of(asset)) if asset in ours else (asset,)
        size = sum(present.get(file, 0) for file in files)
        found.append(Orphan(asset=asset, bytes=size, ours=asset in ours))
    return found


def _is_sound(file: str) -> bool:
    name = file.rpartition("/")[2]
    return name.endswith(portable_names.ENDINGS) and name[0] != "."


def _texts(root: object) -> Iterator[str]:
    """All strings of a parsed document except embedded audio; each key once."""
    rest, keys = [root], set[str]()
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            # Data URLs may contain whole recordings.
            if not value.startswith("data:"):
                yield value
        elif isinstance(value, dict):
            keys.update(value)
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
    yield from keys


def _files_in(text: str) -> Iterator[str]:
    """All possible names of audio files in a string: a URL, a tag or a sentence."""
    for piece in _BETWEEN.split(text):
        ends = [found.end() for found in _ENDING.finditer(piece)]
        starts = [0, *(found.end() for found in _BEFORE.finditer(piece))] if ends else []
        for end in ends:
            # Bound the length of candidates, for long lists of names.
            near = bisect_left(starts, end - _LONGEST)
            for start in starts[near : bisect_left(starts, end)]:
                yield piece[start:end].casefold()


# The use case `prune`: find the assets that no catalogue refers to, and delete the generated ones.


class Spared(NamedTuple):
    """An orphan that was not deleted, and why."""

    asset: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """The orphans, and the result of deleting them."""

    orphans: tuple[Orphan, ...]  #: assets that no catalogue refers to, in the order of their paths
    deleted: tuple[Orphan, ...] = ()  #: the deleted orphans
    spared: tuple[Spared, ...] = ()  #: orphans that could not be deleted
    forgotten: int = 0  #: the number of lines removed from the ledger
    catalogues: int = 0  #: the number of files read, once for each source that reads them
    #: Unusable entries and files; if there are any, nothing is deleted.
    problems: tuple[InputError, ...] = ()
    #: Unreadable files that may be catalogues; if there are any, nothing is deleted.
    passed_over: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  #: why nothing can be deleted in this folder
    remarks: tuple[str, ...] = ()  #: other notes, which do not prevent deletion
    fatal: str | None = None  #: why the deletion ended early; None if it did not

    @property
    def may_delete(self) -> bool:
        """Whether all references are known, and the folder has a ledger."""
        unseen = self.problems or self.passed_over or self.notes
        return bool(self.catalogues and not unseen)


def prune(
    settings: Settings,
    *,
    delete: bool = False,
    on_event: Callable[[Event], None] | None = None,
    among: Callable[[Sequence[Orphan], bytes], Iterable[str]] | None = None,
) -> Pruned:
    """Find the orphans of the output folder, and delete those that the ledger knows.

    All catalogues of the configuration are read, whatever the settings select. A file is deleted,
    with its ledger line, only if its bytes match the line.

    Args:
        settings: the catalogues, the sound and the output folder.
        delete: whether to delete; else nothing is changed.
        on_event: called while another run holds the lock of the folder.
        among: selects orphans by the ledger; None for all.

    Returns:
        The result; it does not raise for unusable catalogues.

    Raises:
        UsageError: the settings are wrong.
        InputError: the ledger is damaged, or names something that cannot be an asset.
        FatalError: the folder cannot be listed or locked.
    """
    settings = replace(settings, kinds=(), only=(), ids=(), since=None, shard=None, force=False)
    store = output_folder.open_storage(settings)
    if not (delete and (store.root / LEDGER_NAME).is_file()):
        return _pick_orphans(*_find_orphans(settings), among)
    tell = on_event or (lambda _: None)
    with store.lock(lambda: tell(Waiting(path=str(store.root)))):
        found, lines = _find_orphans(settings)
        found = _pick_orphans(found, lines, among)
        return _delete(store, found, lines) if found.may_delete else found


def _find_orphans(settings: Settings) -> tuple[Pruned, bytes]:
    """The orphans, and the bytes of the ledger."""
    provider = registry.choose_engine(settings).provider
    references = References(settings)

    def add_reference(item: ClipPlan) -> bool:
        references.add_clip(item)
        return False

    # All catalogues: those of the sources, and those of the paths.
    ways = [settings]
    if settings.paths and settings.sources:
        ways.insert(0, replace(settings, paths=()))
    found = [
        make_plan.make_plan(each, provider, add_reference, may_lack_files=True) for each in ways
    ]
    unread = references.follow(found)
    lines = output_folder.ledger_bytes(settings)
    last = found[-1]
    return Pruned(
        orphans=tuple(
            orphans(references, present=last.present, recorded=last.recorded, lines=lines)
        ),
        catalogues=sum(len(each.catalogues) for each in found),
        problems=tuple(problem for each in found for problem in each.trouble.problems),
        passed_over=tuple(unread.values()),
        notes=tuple(_notes(settings, found)),
        remarks=tuple(_remarks(found, unread)),
    ), lines


def _remarks(found: Iterable[Plan], unread: Container[str]) -> Iterator[str]:
    """The notes about everything else."""
    for each in found:
        reported = {note for file, note in each.trouble.passed_over.items() if file in unread}
        if each.catalogues:
            yield from (note for note in each.trouble.notes if note not in reported)


def _notes(settings: Settings, found: Sequence[Plan]) -> Iterator[str]:
    for each in found:
        if not each.catalogues:
            # A wrong path looks the same as a path without catalogues.
            yield from each.trouble.notes
    if not (Path(settings.state_folder) / LEDGER_NAME).is_file():
        yield (
            f"{settings.state_folder} has no {LEDGER_NAME}: without it, no file in the folder is "
            "known to be ours, so none is deleted"
        )
    elif found[-1].judged_by is Judged.LEDGER:
        yield (
            f"none of the files in {Path(settings.state_folder, LEDGER_NAME)} is on this machine: "
            "run prune where the files are"
        )


def _pick_orphans(
    found: Pruned, lines: bytes, among: Callable[[Sequence[Orphan], bytes], Iterable[str]] | None
) -> Pruned:
    if among is None:
        return found
    picked = frozenset(among(found.orphans, lines))
    return replace(found, orphans=tuple(each for each in found.orphans if each.asset in picked))


def _delete(store: atomic_files.Storage, found: Pruned, lines: bytes) -> Pruned:
    """Delete the orphans that are ours; the caller holds the folder's lock."""
    ours = {each.asset: each for each in found.orphans if each.ours}
    _refuse_strange(ours.keys(), lines, str(store.root / LEDGER_NAME))
    sums = _sums(ours.keys(), lines)
    gone, spared, fatal = set[str](), [], None
    try:
        for asset in ours:
            kept = list(_remove(store, asset, sums))
            spared += kept
            if all(each.asset != asset for each in kept):
                gone.add(asset)
    except FatalError as exc:
        fatal = str(exc)
    try:
        _forget(store, gone, lines)
    except (FatalError, OSError) as exc:
        fatal = fatal or str(exc)
    return replace(
        found,
        deleted=tuple(each for each in ours.values() if each.asset in gone and each.bytes),
        spared=tuple(spared),
        forgotten=len(gone),
        fatal=fatal,
    )


def _refuse_strange(assets: AbstractSet[str], lines: bytes, file: str) -> None:
    """Check that each name is a valid asset name: ledgers are edited by hand, too.

    Raises:
        InputError: one is invalid.
    """
    strange = {asset for asset in assets if not is_asset_name(asset)}
    if strange:
        number, asset = next(
            (number, asset)
            for number, line in enumerate(ledger_line.lines_of(lines), 1)
            if (asset := asset_of(line)) in strange
        )
        raise InputError(
            f"{asset!r} is not the name of an asset: delete the line, then run again; "
            "nothing was deleted",
            file=file,
            line=number,
        )


def _sums(assets: AbstractSet[str], lines: bytes) -> dict[str, set[str]]:
    """The hashes that the ledger has for each asset, and for the files of its time line.

    An asset whose lines are revoked has none.
    """
    found: dict[str, set[str]] = {}
    for origin in origins_of(lines, assets):
        if not origin.recipe:
            found[origin.asset] = set()
        else:
            found.setdefault(origin.asset, set()).add(origin.sha256)
    for line in ledger.passages(lines, assets):
        for file, data in render_timeline(timelines.from_line(line)).items():
            found.setdefault(file, set()).add(atomic_files.sha256(data))
    return found


def _remove(
    store: atomic_files.Storage, asset: str, sums: Mapping[str, AbstractSet[str]]
) -> Iterator[Spared]:
    """Delete an asset and the files of its time line, each if it has one of its hashes.

    Yields:
        The files that were spared; if the asset is, its time line is kept, too.
    """
    reason = _reason_to_spare(store, asset, sums.get(asset, frozenset()))
    if reason is not None:
        yield Spared(asset, reason)
        return
    for file in filter(sums.__contains__, timelines_of(asset)):
        reason = _reason_to_spare(store, file, sums[file])
        if reason is None:
            store.delete(file)
        else:
            yield Spared(file, reason)
    # Delete the asset last, so that an interrupted run can still find its other files.
    store.delete(asset)


def _reason_to_spare(store: atomic_files.Storage, file: str, sums: AbstractSet[str]) -> str | None:
    """Why a file must not be deleted; None if it may be, or is gone."""
    found = store.find_link(file)
    if found is None and store.hash_of(file) not in {None, *sums}:
        return "its bytes differ from those in the ledger: it was replaced by hand"
    return found


def _forget(store: atomic_files.Storage, gone: AbstractSet[str], lines: bytes) -> None:
    """Remove the lines of deleted assets from the ledger."""
    if not gone:
        return
    data, file = without(lines, gone), str(store.root / LEDGER_NAME)
    if not ledger.read_ledger(data, file=file, hash_of=store.hash_of).tidy:
        data = ledger.compact_ledger(data, file=file, hash_of=store.hash_of)
    store.replace(LEDGER_NAME, data)
