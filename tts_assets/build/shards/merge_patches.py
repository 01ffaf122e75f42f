"""Shards checked against each other, and the catalogues that get their URLs."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, filterfalse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tts_assets.build.plan import shard_selection
from tts_assets.build.plan.output_folder import bytes_of
from tts_assets.build.shards.shard_record import (
    Header,
    Patch,
    ShardOutput,
    ShardRecord,
    read_shard,
)
from tts_assets.catalogues.catalogue_files import LoadProblems, explain_missing_path
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.catalogues.override_file import OverrideSet
from tts_assets.config.catalogue_sources import shorten_source_name
from tts_assets.config.command_options import part_folders, place_of
from tts_assets.errors import InputError, UsageError
from tts_assets.store.atomic_files import NOT_JSON, Storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tts_assets.catalogues.write_back import ClipAddress, PendingUrl
    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.settings import Settings
    from tts_assets.store.ledger_line import Line


@dataclass(slots=True)
class Readers:
    """A catalogue, and the sources that read it."""

    file: str  #: its path on this machine
    sources: list[Source] = field(default_factory=list)  #: in the order in which they read it
    known: int = 0  #: the number of URLs that it already has
    overrides: OverrideSet = field(default_factory=OverrideSet)  #: the overrides of its entries


def find_readers(
    settings: Settings, urls: Mapping[str, Mapping[ClipAddress, PendingUrl]]
) -> dict[str, Readers]:
    """The sources of each catalogue, by its path relative to the output folder.

    Args:
        settings: how to read catalogues.
        urls: the URLs of each catalogue, with the short names of their sources.

    Raises:
        UsageError: a catalogue is missing.
        InputError: a catalogue cannot be read.
    """
    if not urls:
        return {}
    paths = {_locate(file, settings.state_folder): file for file in urls}
    for path in filterfalse(os.path.exists, paths):
        raise UsageError(
            f"{path}: {explain_missing_path(Path(path))}, but the shards have URLs for it: put this "
            "catalogue back, or merge with `update-json = false`; `tts-assets generate` then "
            "writes the other URLs"
        )
    trouble = LoadProblems()
    found: dict[str, Readers] = {}
    overrides = OverrideSet(settings.overrides)
    chosen = replace(settings, paths=tuple(paths), kinds=(), partial=True)
    for reader in open_catalogues(chosen, trouble, overrides):
        file = shard_selection.from_output(reader.document.file, settings.state_folder)
        each = found.setdefault(file, Readers(reader.document.file, overrides=overrides))
        each.sources.append(reader.source)
        source = shorten_source_name(reader.source.name)
        own = urls.get(file, {})
        for clip in chain.from_iterable(each.with_timeline() for each in reader.iter_clips()):
            url = own.get((source, clip.entry, clip.part, clip.form))
            each.known += url is not None and url.url == clip.url
    for path, file in paths.items():
        if file not in found:
            what = (
                "by this configuration, it is not a catalogue: merge with the configuration of "
                "the shards"
            )
            problems = (problem for problem in trouble.problems if problem.file == path)
            raise next(problems, InputError(what, file=path))
    return found


def _locate(file: str, output: str) -> str:
    """The path of a file given relative to the output folder; relative to the working folder if it is inside."""
    path = Path(os.path.normpath(Path(place_of(output), file)))
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


@contextmanager
def open_threads() -> Iterator[ThreadPoolExecutor]:
    """A thread pool; at the end, also after an error, waiting tasks are dropped."""
    pool = ThreadPoolExecutor()
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


#: The headers and URLs of merged shards, kept until all shards are merged.
WAITING_NAME = ".tts-assets-merged.jsonl"
_LEAVE_OUT = "each clip belongs to one shard of a plan: leave out the folder of the other run"


class ShardAsset(NamedTuple):
    """An asset of a shard: its ledger line, the place of the line, and the shard."""

    line: Line
    record: ShardRecord
    shard: ShardOutput


class _Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A shard that was merged before others."""

    header: Header
    urls: list[Patch]


class MergedShards:
    """Several shards of one plan."""

    def __init__(self, settings: Settings, folders: Sequence[Path]) -> None:
        """Read shards, and check that they belong together.

        Args:
            settings: the output folder.
            folders: the folders of the shards; none for all beside the output folder.

        Raises:
            UsageError: there are no shards.
            InputError: a folder is not that of a shard, is damaged, or contradicts another.
        """
        self.shards = _read_shards(settings, folders)  #: in their order
        first = self.shards[0].header
        for shard in self.shards[1:]:
            _refuse_other_plan(shard, self.shards[0])
        self.count = first.count  #: the number of all shards
        self.assets = _collect_assets(self.shards)  #: by their paths
        _check_files(self.assets.values())
        self._path = Path(settings.state_folder, WAITING_NAME)
        self._waiting = bytes_of(self._path)
        self._earlier = [
            (each, ShardRecord(str(self._path), number))
            for number, each in enumerate(_decode_waiting(self._waiting, self._path), 1)
            if each.header.differs(first) is None
        ]
        earlier_urls = chain.from_iterable(map(self._iter_earlier_patches, self._earlier))
        patches = chain(earlier_urls, *(shard.urls for shard in self.shards))
        #: The URLs for each catalogue, by its path relative to the output folder, with the short
        #: names of their sources; including those of shards that were merged earlier.
        self.urls = _collect_urls(patches) if settings.update_json else {}
        headers = {each.header.index: [each.header] for each, _ in self._earlier}
        headers |= {shard.header.index: [] for shard in self.shards}
        for shard in self.shards:
            headers[shard.header.index].append(shard.header)
        #: The shards that are not merged yet, and the clips that the shards did not generate.
        self.missing = tuple(sorted(set(range(1, self.count + 1)) - headers.keys()))
        self.left = sum(each.left for same in headers.values() for each in same)

    def is_current(self) -> bool:
        """Whether no other merge ended since the shards were read."""
        return bytes_of(self._path) == self._waiting

    def encode_waiting(self) -> bytes:
        """The bytes of the file that is kept until all shards are merged."""
        headers: dict[int, Header] = {}
        urls: dict[int, list[Patch]] = {}
        for each in self._earlier:
            index = each[0].header.index
            headers[index] = each[0].header
            urls[index] = [patch for patch, _ in self._iter_earlier_patches(each)]
        for shard in self.shards:
            index = shard.header.index
            headers[index] = shard.header
            urls.setdefault(index, []).extend(patch for patch, _ in shard.urls)
        waiting = (_Waiting(header=headers[index], urls=urls[index]) for index in sorted(headers))
        return msgspec.json.Encoder().encode_lines(waiting)

    def is_known(self, known: int) -> bool:
        """Whether all shards were merged before, if the output folder has all of their assets.

        Only URLs show it, which are written when the last shard is merged: the catalogues have
        ``known`` of them.
        """
        urls = sum(map(len, self.urls.values()))
        return not self._earlier and known == urls > 0

    def _iter_earlier_patches(
        self, earlier: tuple[_Waiting, ShardRecord]
    ) -> Iterator[tuple[Patch, ShardRecord]]:
        """The URLs of an earlier merge, except those that its shard gives again."""
        each, record = earlier
        repeated = {
            (patch.file, patch.address)
            for shard in self.shards
            if shard.header.index == each.header.index
            for patch, _ in shard.urls
        }
        for patch in each.urls:
            if (patch.file, patch.address) not in repeated:
                yield patch, record


def _read_shards(settings: Settings, folders: Sequence[Path]) -> list[ShardOutput]:
    given = {
        os.path.realpath(each): each for each in folders or part_folders(settings.state_folder)
    }
    if not given:
        raise UsageError(
            f"there are no shard folders beside {settings.state_folder}: first run `tts-assets "
            "generate --shard i/n` for every i, or name the folders"
        )
    found = [read_shard(folder) for folder in given.values()]
    return sorted(found, key=lambda shard: (shard.header.index, str(shard.folder)))


def _refuse_other_plan(shard: ShardOutput, first: ShardOutput) -> None:
    different = first.header.differs(shard.header)
    if different is not None:
        raise InputError(
            f"its plan differs from that of {first.folder} ({different}): merge only shards "
            "of the same plan",
            file=str(shard.folder),
        )


def _collect_assets(shards: Iterable[ShardOutput]) -> dict[str, ShardAsset]:
    found: dict[str, ShardAsset] = {}
    for shard in shards:
        for asset, (line, record) in shard.lines.items():
            other = found.setdefault(asset, ShardAsset(line, record, shard))
            if other.line != line:
                raise record.to_error(
                    f"it disagrees about {asset!r} with {other.record}: {_LEAVE_OUT}"
                )
    return found


def _check_files(assets: Iterable[ShardAsset]) -> None:
    """Check that every asset has a file with the bytes of its line."""
    with open_threads() as pool:
        for problem in pool.map(_find_problem, assets):
            if problem is not None:
                raise problem


def _find_problem(each: ShardAsset) -> InputError | None:
    asset = each.line.asset
    found = Storage(each.shard.folder).hash_of(asset)
    if found == each.line.sha256:
        return None
    what = "is not there" if found is None else "has other bytes than this line states"
    return each.record.to_error(
        f"its asset {asset!r} {what}: copy that folder again, or run its shard again"
    )


def _collect_urls(
    patches: Iterable[tuple[Patch, ShardRecord]],
) -> dict[str, dict[ClipAddress, PendingUrl]]:
    seen: dict[tuple[str, ClipAddress], tuple[str, ShardRecord]] = {}
    found: dict[str, dict[ClipAddress, PendingUrl]] = {}
    for patch, record in patches:
        url, other = seen.setdefault((patch.file, patch.address), (patch.url, record))
        if url != patch.url:
            raise record.to_error(
                f"it gives another URL to the {patch.part!r} of entry {patch.entry!r} than {other}: "
                f"{_LEAVE_OUT}"
            )
        found.setdefault(patch.file, {})[patch.address] = patch.pending_url
    return found


def _decode_waiting(data: bytes, path: Path) -> list[_Waiting]:
    try:
        return msgspec.json.Decoder(_Waiting).decode_lines(data)
    except NOT_JSON as exc:
        raise InputError(
            f"merge did not write this ({exc}): delete it, and merge all shards at once",
            file=str(path),
        ) from exc
