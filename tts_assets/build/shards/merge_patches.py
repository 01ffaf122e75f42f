"""URLs from shards written into catalogues, wherever the project lies on this machine."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tts_assets.build.plan import plan_types
from tts_assets.build.shards.shard_record import (
    Header,
    Patch,
    ShardOutput,
    ShardRecord,
    read_shard,
    short_name,
)
from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.catalogues.override_file import OverrideSet
from tts_assets.config.command_options import part_folders, place_of
from tts_assets.errors import InputError, UsageError
from tts_assets.regular_files import read_regular
from tts_assets.store.atomic_files import Storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tts_assets.catalogues.write_back import ClipAddress, PendingUrl
    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.settings import Settings
    from tts_assets.store.ledger_line import Line


@dataclass(slots=True)
class Readers:
    """Who reads a catalogue."""

    file: str  #: its path from here
    sources: list[Source] = field(default_factory=list)  #: in the order in which they read it
    known: int = 0  #: how many of its URLs it has
    #: What is said instead of its entries.
    overrides: OverrideSet = field(default_factory=OverrideSet)


def readers(
    settings: Settings, urls: Mapping[str, Mapping[ClipAddress, PendingUrl]]
) -> dict[str, Readers]:
    """Who reads each catalogue, by its path as seen from the output folder.

    Args:
        settings: how catalogues are read.
        urls: what they are to get, whose sources are told by their short names.

    Raises:
        UsageError: a catalogue is not there.
        InputError: one cannot be read.
    """
    if not urls:
        return {}
    paths = {_from_here(file, settings.state_folder): file for file in urls}
    trouble = LoadProblems()
    found: dict[str, Readers] = {}
    overrides = OverrideSet(settings.overrides)
    chosen = replace(settings, paths=tuple(paths), kinds=(), partial=True)
    for reader in open_catalogues(chosen, trouble, overrides):
        file = plan_types.from_output(reader.document.file, settings.state_folder)
        each = found.setdefault(file, Readers(reader.document.file, overrides=overrides))
        each.sources.append(reader.source)
        source = short_name(reader.source.name)
        wanted = urls.get(file, {})
        for clip in chain.from_iterable(each.with_timeline() for each in reader.iter_clips()):
            url = wanted.get((source, clip.entry, clip.part, clip.form))
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


def _from_here(file: str, output: str) -> str:
    """The path of a file that is told as seen from the output folder; short where it can be."""
    path = Path(os.path.normpath(Path(place_of(output), file)))
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


# Threads that end with what they have in hand, and leave the rest, when something goes wrong.


@contextmanager
def threads() -> Iterator[ThreadPoolExecutor]:
    """As many as make sense here; on the way out nothing that waits is begun any more."""
    pool = ThreadPoolExecutor()
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


# Parts held against each other and against their files: one plan, one line for each asset, one URL.


#: What was merged before all shards were there: their headers, and their URLs, which wait.
WAITING_NAME = ".tts-assets-merged.jsonl"
_LEAVE_OUT = "each clip belongs to one shard of a plan: leave out the folder of the other run"


class PartLine(NamedTuple):
    """A line of a part's ledger."""

    line: Line
    told: ShardRecord
    part: ShardOutput


class _Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A shard that was merged before all of them were there."""

    header: Header
    urls: list[Patch]


class MergedShards:
    """All parts as one."""

    def __init__(self, settings: Settings, folders: Sequence[Path]) -> None:
        """Read parts, and see that they fit together.

        Args:
            settings: which output folder.
            folders: where the parts are; none for all beside the output folder.

        Raises:
            UsageError: there are no parts.
            InputError: one is none, or is damaged, or they do not fit.
        """
        self.parts = _parts(settings, folders)  #: in the order of the shards
        first = self.parts[0]
        self.count = first.header.count  #: how many shards there are
        for part in self.parts[1:]:
            _refuse_other_plan(part, first)
        self.lines = _lines(self.parts)  #: what is said of each asset
        _refuse_other_files(self.lines.values())
        path = Path(settings.state_folder, WAITING_NAME)
        self._earlier = [
            (each, ShardRecord(str(path), number))
            for number, each in enumerate(_read_waiting(path), 1)
            if each.header.differs(first.header) is None
        ]
        earlier_urls = chain.from_iterable(map(self._iter_earlier_patches, self._earlier))
        patches = chain(earlier_urls, *(part.urls for part in self.parts))
        #: For each catalogue, as seen from the output folder, the URLs of its clips, whose sources
        #: are told by their short names; of shards that were merged earlier, too.
        self.urls = _urls(patches) if settings.update_json else {}
        given = {part.header.index for part in self.parts}
        others = [each for each, _ in self._earlier if each.header.index not in given]
        here = given | {each.header.index for each in others}
        #: The shards that were not merged yet.
        self.missing = tuple(sorted(set(range(1, self.count + 1)) - here))
        headers = [*(part.header for part in self.parts), *(each.header for each in others)]
        self.left = sum(header.left for header in headers)  #: clips that the shards did not come to

    def encode_waiting(self) -> bytes:
        """What is kept in the output folder until all shards are there."""
        headers: dict[int, Header] = {}
        urls: dict[int, list[Patch]] = {}
        for each in self._earlier:
            index = each[0].header.index
            headers[index] = each[0].header
            urls[index] = [patch for patch, _ in self._iter_earlier_patches(each)]
        for part in self.parts:
            index = part.header.index
            headers[index] = part.header
            urls.setdefault(index, []).extend(patch for patch, _ in part.urls)
        waiting = (_Waiting(header=headers[index], urls=urls[index]) for index in sorted(headers))
        return msgspec.json.Encoder().encode_lines(waiting)

    def is_known(self, known: int) -> bool:
        """Whether all shards were merged before, as far as the assets of these are there.

        Only URLs tell: they are written when the last shard is merged.

        Args:
            known: how many of the URLs the catalogues have.
        """
        urls = sum(map(len, self.urls.values()))
        return not self._earlier and known == urls > 0

    def _iter_earlier_patches(
        self, earlier: tuple[_Waiting, ShardRecord]
    ) -> Iterator[tuple[Patch, ShardRecord]]:
        """The URLs that wait for a shard, but for those that its own parts tell now."""
        each, told = earlier
        anew = {
            (patch.file, patch.address)
            for part in self.parts
            if part.header.index == each.header.index
            for patch, _ in part.urls
        }
        yield from ((patch, told) for patch in each.urls if (patch.file, patch.address) not in anew)


def _parts(settings: Settings, folders: Sequence[Path]) -> list[ShardOutput]:
    wanted = {
        os.path.realpath(each): each for each in folders or part_folders(settings.state_folder)
    }
    if not wanted:
        raise UsageError(
            f"there are no shard folders beside {settings.state_folder}: first run `tts-assets "
            "generate --shard i/n` for every i, or name the folders"
        )
    found = [read_shard(folder) for folder in wanted.values()]
    return sorted(found, key=lambda part: (part.header.index, str(part.folder)))


def _refuse_other_plan(part: ShardOutput, first: ShardOutput) -> None:
    different = first.header.differs(part.header)
    if different is not None:
        raise InputError(
            (
                f"its plan differs from that of {first.folder} ({different}): merge only shards "
                "of the same plan"
            ),
            file=str(part.folder),
        )


def _lines(parts: Iterable[ShardOutput]) -> dict[str, PartLine]:
    found: dict[str, PartLine] = {}
    for part in parts:
        for asset, (line, told) in part.lines.items():
            other = found.setdefault(asset, PartLine(line, told, part))
            if other.line != line:
                raise InputError(
                    f"it disagrees about {asset!r} with {other.told}: {_LEAVE_OUT}",
                    file=told.file,
                    line=told.number,
                )
    return found


def _refuse_other_files(lines: Iterable[PartLine]) -> None:
    """Every asset must be there, and have the bytes that its line says."""
    with threads() as pool:
        for problem in pool.map(_problem, lines):
            if problem is not None:
                raise problem


def _problem(each: PartLine) -> InputError | None:
    asset = each.line.asset
    found = Storage(each.part.folder).hash_of(asset)
    if found == each.line.sha256:
        return None
    what = "is not there" if found is None else "has other bytes than this line states"
    return InputError(
        f"its asset {asset!r} {what}: copy that folder again, or run its shard again",
        file=each.told.file,
        line=each.told.number,
    )


def _urls(patches: Iterable[tuple[Patch, ShardRecord]]) -> dict[str, dict[ClipAddress, PendingUrl]]:
    seen: dict[tuple[str, ClipAddress], tuple[str, ShardRecord]] = {}
    found: dict[str, dict[ClipAddress, PendingUrl]] = {}
    for patch, told in patches:
        url, other = seen.setdefault((patch.file, patch.address), (patch.url, told))
        if url != patch.url:
            raise InputError(
                f"it gives another URL to the {patch.part!r} of entry {patch.entry!r} than {other}: "
                f"{_LEAVE_OUT}",
                file=told.file,
                line=told.number,
            )
        found.setdefault(patch.file, {})[patch.address] = patch.pending_url
    return found


def _read_waiting(path: Path) -> list[_Waiting]:
    """What was merged earlier.

    Raises:
        InputError: somebody else wrote into the file.
    """
    try:
        return msgspec.json.Decoder(_Waiting).decode_lines(read_regular(path, follow_links=False))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise InputError(
            f"merge did not write this ({exc}): delete it, and merge all shards at once",
            file=str(path),
        ) from exc
    except OSError as exc:
        raise InputError(f"cannot be read: {exc.strerror}", file=str(path)) from exc
