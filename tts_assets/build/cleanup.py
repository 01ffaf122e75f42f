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
from tts_assets.build.plan import make_plan, output_folder, plan_types, planner
from tts_assets.build.plan.planner import Judged
from tts_assets.build.plan.recipes import recipes_in
from tts_assets.catalogues.open_catalogues import read_document
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.engines import registry
from tts_assets.errors import FatalError, InputError
from tts_assets.model import Format, Kind
from tts_assets.store import asset_file_names, atomic_files, ledger, ledger_line, timelines
from tts_assets.store.asset_file_names import is_asset_name, timelines_of
from tts_assets.store.ledger import asset_of, origins_of, without
from tts_assets.store.ledger_line import LEDGER_NAME
from tts_assets.store.timelines import render_timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import BinaryIO

    from tts_assets.build.events import Event
    from tts_assets.build.plan.plan_types import Plan
    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.config.settings import Settings

_BRACES = re.compile(r"\{(\w+)\}")
_ENDING = re.compile("|".join(map(re.escape, asset_file_names.ENDINGS)), re.IGNORECASE)

#: What stands in no name of ours, and what may stand in one, and before one.
_BETWEEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*#]')
_BEFORE = re.compile(r"[\s'=&(),;\[\]{}]")

#: The longest name, in characters, each byte of it escaped.
_LONGEST = asset_file_names.LONGEST_BYTES * 3


class _ById:
    """The assets behind URLs that tell neither these nor recipes, only ids."""

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
        """Whether templates are so: a recipe in the name of an asset is in no such URL."""
        return not ("{recipe}" in asset + url or "{asset}" in url)

    def assets_at(self, url: str) -> Iterator[str]:
        """All that a URL may lead to: it need tell neither kind nor format."""
        match = self._url.fullmatch(url)
        if match is not None:
            told = {
                name: asset_file_names.escape_id(unquote(text))
                for name, text in match.groupdict().items()
            }
            for kind, ext in product(Kind, Format):
                yield asset_file_names.safe(
                    self._asset.format_map({"kind": kind, "ext": ext} | told)
                )


class References:
    """What catalogues refer to; of their clips and texts only names are kept.

    In doubt an asset is referred to. Whatever rules make of it, every text of a catalogue leads to
    the assets with a file name or a recipe that stands in it, but for the URLs that clips are to
    have: these lead to their own assets only. And what is still to be made may be there already,
    made by an engine that was asked for that time only: assets with the same text are waited for.
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
        self._addresses = plan_types.SourceAddresses(settings).every()
        self._by_id = [_ById(*each) for each in sorted(templates) if _ById.applies(*each)]
        # Folded, as there are file systems on which case does not count.
        self._assets: set[str] = set()
        self._files: set[str] = set()
        self._recipes: set[str] = set()
        self._texts: set[str] = set()
        self._urls: set[str] = set()

    def see(self, item: planner.ClipPlan) -> None:
        """Take in what one clip is to refer to."""
        self._assets.add(item.asset.casefold())
        if not item.url.endswith(item.asset):
            # Of the others, a look at the URL tells the asset.
            self._urls.add(item.url)
        if item.timeline is not None:
            self._urls.add(item.timeline)
        if item.held is not None:
            self._assets.add(item.held.casefold())
        # What somebody rejected is there under its own name.
        if item.state in planner.TO_MAKE and item.state is not planner.State.REJECTED:
            self._texts.add(item.clip.form.text)

    def follow(self, found: Sequence[Plan]) -> dict[str, str]:
        """Take in all texts of all files, when all clips were seen, if they can matter.

        Returns:
            A note on each file that cannot be read, by its path: what it refers to is not known.
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
        """Take in what all texts of a file lead to, when all clips were seen."""
        for text in _texts(document.root):
            if (self._by_id or _may_lead(text)) and not self._is_own(text):
                self._assets.update(asset.casefold() for asset in self._assets_by_id(text))
                self._recipes.update(recipes_in(text))
                for each in {text, unquote(text)}:
                    self._files.update(_files_in(each))

    def _is_own(self, text: str) -> bool:
        """Whether it is the URL that a clip is to have."""
        if text in self._urls:
            return True
        assets = (each.asset_at(text) for each in self._addresses)
        return any(asset is not None and asset.casefold() in self._assets for asset in assets)

    def _assets_by_id(self, text: str) -> Iterator[str]:
        return chain.from_iterable(each.assets_at(text) for each in self._by_id)

    def find_unnamed(self, assets: Iterable[str]) -> list[str]:
        """Those of these assets that no clip has for its own: hardly any of a million."""
        named = self._assets
        return [asset for asset in assets if asset.casefold() not in named]

    def leads_to(self, asset: str, recipe: str) -> bool:
        """Whether a text leads to an asset by its file name or its recipe; "" for an unknown one."""
        file = asset.rpartition("/")[2].casefold()
        return file in self._files or not self._recipes.isdisjoint((recipe, *recipes_in(file)))

    def find_awaited(self, lines: bytes | BinaryIO, assets: Iterable[str]) -> set[str]:
        """Those assets, of a ledger's lines, whose text has clips that are still to be made."""
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

    Of files that the ledger does not know, only sounds can be assets: those with the extension of
    one of our formats and no dot in front. All others are somebody's, and nobody's business.

    Args:
        references: all clips and texts of all catalogues.
        present: the size in bytes of every file in the assets' folders, by its path.
        recorded: recipe and size in bytes that the ledger has for an asset, by its path.
        lines: the ledger itself, or an open one.
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
    return [
        Orphan(
            asset=asset,
            bytes=sum(present.get(file, 0) for file in _files_of(asset, ours=asset in ours)),
            ours=asset in ours,
        )
        for asset in sorted(ours | others)
    ]


def _files_of(asset: str, *, ours: bool) -> tuple[str, ...]:
    """An asset, and what goes with it."""
    return (asset, *asset_file_names.timelines_of(asset)) if ours else (asset,)


def _is_sound(file: str) -> bool:
    name = file.rpartition("/")[2]
    return name.endswith(asset_file_names.ENDINGS) and name[0] != "."


def _texts(root: object) -> Iterator[str]:
    """All texts of a parsed document but embedded sounds; those that stand for keys come once."""
    rest, keys = [root], set[str]()
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            # Some hold a whole recording.
            if not value.startswith("data:"):
                yield value
        elif isinstance(value, dict):
            keys.update(value)
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
    yield from keys


def _may_lead(text: str) -> bool:
    return bool(_ENDING.search(text) or recipes_in(text))


def _files_in(text: str) -> Iterator[str]:
    """All that may be the name of a sound in a text: a URL, a tag or a sentence."""
    for piece in _BETWEEN.split(text):
        ends = [found.end() for found in _ENDING.finditer(piece)]
        starts = [0, *(found.end() for found in _BEFORE.finditer(piece))] if ends else []
        for end in ends:
            # Of a long list of names, only what stands close before counts.
            near = bisect_left(starts, end - _LONGEST)
            for start in starts[near : bisect_left(starts, end)]:
                yield piece[start:end].casefold()


# The use case `prune`: find the assets that no catalogue refers to, and delete those that we made.


class Spared(NamedTuple):
    """An orphan that was to be deleted and was not, and why."""

    asset: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What a look for orphans found, and what became of them.

    Args:
        orphans: assets that no catalogue refers to, in the order of their paths.
        deleted: those of them that are not there any more.
        spared: those that were to be deleted and were not.
        forgotten: lines of orphans that the ledger lost.
        catalogues: files that were read, once for each source that reads them.
        problems: entries and files that cannot be used; while there are any, nothing is deleted.
        passed_over: files that may be catalogues, and cannot be read; while there are any, nothing
            is deleted.
        notes: why nothing can be deleted in this folder.
        remarks: what else the look brought up; nothing that keeps anything from being deleted.
        fatal: why the deletion ended early; None when it did not.
    """

    orphans: tuple[Orphan, ...]
    deleted: tuple[Orphan, ...] = ()
    spared: tuple[Spared, ...] = ()
    forgotten: int = 0
    catalogues: int = 0
    problems: tuple[InputError, ...] = ()
    passed_over: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    fatal: str | None = None

    @property
    def may_delete(self) -> bool:
        """Whether every reference is known, and the folder is one of ours."""
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

    All catalogues of the configuration are looked at, whatever the settings select. A file goes only
    if it has the bytes that its line in the ledger says; then its line goes, too.

    Args:
        settings: which catalogues, what sound, which folder.
        delete: whether to delete; else nothing is changed.
        on_event: called while another run is at work in the folder.
        among: picks those that matter from all orphans, by the ledger; None for all.

    Returns:
        What was found and done; it does not raise for catalogues that cannot be used.

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
    """The orphans, and the ledger that they were found with."""
    provider = registry.choose_engine(settings).provider
    references = References(settings)

    def see(item: ClipPlan) -> bool:
        references.see(item)
        return False

    found = [
        make_plan.make_plan(each, provider, see, may_lack_files=True) for each in _ways(settings)
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


def _ways(settings: Settings) -> Iterator[Settings]:
    """What leads to all catalogues: the files of the sources, and the paths beside them."""
    if settings.paths and settings.sources:
        yield replace(settings, paths=())
    yield settings


def _remarks(found: Iterable[Plan], unread: Container[str]) -> Iterator[str]:
    """What is told of everything else."""
    for each in found:
        told = {note for file, note in each.trouble.passed_over.items() if file in unread}
        if each.catalogues:
            yield from (note for note in each.trouble.notes if note not in told)


def _notes(settings: Settings, found: Sequence[Plan]) -> Iterator[str]:
    for each in found:
        if not each.catalogues:
            # A path that is wrong looks like one whose catalogues are gone.
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
    """Delete the orphans that are ours; only under the folder's lock."""
    ours = {each.asset: each for each in found.orphans if each.ours}
    _refuse_strange(ours.keys(), lines, str(store.root / LEDGER_NAME))
    sums = _sums(ours, lines)
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
    """See that each of these names can be that of an asset: ledgers are edited by hand, too.

    Raises:
        InputError: one cannot.
    """
    strange = {asset for asset in assets if not is_asset_name(asset)}
    if strange:
        number, asset = next(
            (number, asset)
            for number, line in enumerate(ledger_line.lines_of(lines), 1)
            if (asset := asset_of(line)) in strange
        )
        raise InputError(
            (
                f"{asset!r} is not the name of an asset: delete the line, then run again; "
                "nothing was deleted"
            ),
            file=file,
            line=number,
        )


def _sums(assets: Container[str], lines: bytes) -> dict[str, set[str]]:
    """The hashes that the ledger has for each asset; none where it takes back what it said.

    And those of the files with its time line, if it has one.
    """
    found: dict[str, set[str]] = {}
    for origin in origins_of(lines, assets):
        if not origin.recipe:
            found[origin.asset] = set()
        else:
            found.setdefault(origin.asset, set()).add(origin.sha256)
    for line in ledger.passages(lines, assets):
        for file, data in render_timeline(timelines.of_line(line)).items():
            found.setdefault(file, set()).add(atomic_files.sha256(data))
    return found


def _remove(
    store: atomic_files.Storage, asset: str, sums: Mapping[str, AbstractSet[str]]
) -> Iterator[Spared]:
    """Delete an asset and the files with its time line, each if it has one of its hashes.

    Yields:
        What was spared; with the asset all is.

    Raises:
        FatalError: one cannot be read or deleted.
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
    # Last, or nothing would tell whose the others are.
    store.delete(asset)


def _reason_to_spare(store: atomic_files.Storage, file: str, sums: AbstractSet[str]) -> str | None:
    """Why a file must not be deleted; None where it may be, or is gone.

    Raises:
        FatalError: it cannot be read.
    """
    found = store.find_link(file)
    if found is None and store.hash_of(file) not in {None, *sums}:
        return "its bytes differ from those in the ledger: it was replaced by hand"
    return found


def _forget(store: atomic_files.Storage, gone: AbstractSet[str], lines: bytes) -> None:
    """Take the lines of assets that are gone out of the ledger.

    Raises:
        OSError: a folder cannot be brought to the disk.
        FatalError: the ledger cannot be written.
    """
    if not gone:
        return
    data, file = without(lines, gone), str(store.root / LEDGER_NAME)
    if not ledger.read_ledger(data, file=file, hash_of=store.hash_of).tidy:
        data = ledger.compact_ledger(data, file=file, hash_of=store.hash_of)
    store.replace(LEDGER_NAME, data)
