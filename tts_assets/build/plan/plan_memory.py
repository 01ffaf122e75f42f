"""Remembers plans that found nothing to do: the next run only compares hashes.

If since then only records of catalogues changed, a new plan can leave out all other records.

What is remembered lies in the cache folder of the user, never in a project: no repository can bring
it, and deleting it changes nothing but the time that the next run takes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

import tts_assets
from tts_assets.build.plan.planner import Judged, State
from tts_assets.build.plan.recipes import describe_engine
from tts_assets.catalogues.catalogue_files import Catalogue, LoadProblems, list_catalogue_files
from tts_assets.config.catalogue_sources import BUILT_IN, IdOrigin
from tts_assets.config.command_options import TranscribeSettings, VerifySettings
from tts_assets.config.settings import OutputFormat, Progress, Verbosity
from tts_assets.engines.protocol import Remote
from tts_assets.errors import TtsAssetsError
from tts_assets.model import Unspoken
from tts_assets.regular_files import open_regular
from tts_assets.store import failures
from tts_assets.store.atomic_files import Storage, atomic_write, sweep
from tts_assets.store.ledger_line import LEDGER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tts_assets.build.plan.plan import Plan
    from tts_assets.catalogues.catalogue_reader import CatalogueReader
    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Clip, Format

_VERSION = 2  #: increment if the format or the meaning of remembered plans changes

#: The states of clips for which there is nothing to do.
_SETTLED = frozenset({State.FRESH, State.LOCKED})

_MOST = 64  #: how many plans are remembered, for all projects of a user
_STREAMS = ("/dev/", "/proc/")  #: where systems keep streams, which may be regular files
_ENDING = ".plan"  #: no catalogue has this ending, whatever folder is searched for them
_BATCH = 4096  #: names of files that are hashed at once

_HASH_BYTES = 16  #: the bytes of a record's hash that are kept
_MOST_CLIPS = 255  #: of one record that is remembered


class Inputs(NamedTuple):
    """What a plan is made from, besides assets and engines."""

    others: str  #: the hash of the settings, of the names of all catalogues, and of the ledger
    contents: dict[str, bytes]  #: the hash of each catalogue's bytes, by its path


class SettledRecords(msgspec.Struct, frozen=True, kw_only=True):
    """The records of a catalogue of which each clip is fresh, whatever its other records are."""

    format: str  #: how the text of the catalogue is written
    fresh: int  #: the number of fresh clips of the catalogue
    locked: int  #: the number of its locked clips
    hashes: bytes  #: the hashes of the records
    counts: bytes  #: the number of clips of each


class SettledCatalogue(msgspec.Struct, frozen=True, kw_only=True):
    """What one source reads from one catalogue."""

    file: str  #: its path as given
    source: int  #: the source that reads it; those of the settings come first
    records: SettledRecords | None  #: None if its records depend on each other


class SettledPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan that found nothing to do, and what it was made from."""

    program: str  #: the hash of the program
    others: str  #: as in `Inputs`
    contents: dict[str, bytes]  #: as in `Inputs`
    files: str  #: the hash of the names and sizes of all files in the folders
    folders: tuple[str, ...]  #: the folders of assets, below the output folder
    engines: dict[str, str]  #: for each voice that speaks, its engine with versions and models
    states: dict[State, int]  #: the number of clips in each state
    approvals: int  #: how many fresh clips have a sound that was approved
    judged_by: Judged  #: what the clips were held against
    notes: tuple[str, ...]  #: as in Plan
    catalogues: tuple[SettledCatalogue, ...]
    unspoken: tuple[Unspoken, ...]  #: texts without a clip
    without_orphans: bool  #: each asset is known to be referred to


class PlanMemory:
    """What is remembered of the plan of a run for all clips of its catalogues.

    If anything that the plan depends on has another byte, or is in doubt, the plan is made again.
    Modification times are ignored.
    """

    def __init__(self, settings: Settings, provider: Provider) -> None:
        """Nothing is read yet; of services and of runs for some clips, nothing is remembered."""
        self._settings, self._provider = settings, provider
        self._sources = [*settings.sources, *BUILT_IN.values()]
        self._inputs: Inputs | None = None
        self._changed: SettledPlan | None = None  #: the plan that catalogues changed since
        self._records: dict[str, SettledRecords] = {}  #: those of the new plan, by file
        self._storage = Storage(Path(settings.state_folder))
        some = settings.ids or settings.since or settings.only or settings.shard
        special = settings.deep or settings.force or not settings.update_json
        away = settings.bucket_url is not None or isinstance(provider, Remote)
        self._is_used = not (some or special or away)

    def recall(
        self,
        *,
        may_lack_files: bool = False,
        all_approved: bool = False,
        without_orphans: bool = False,
    ) -> SettledPlan | None:
        """The plan, if nothing that it depends on has changed since it found nothing to do.

        Args:
            may_lack_files: it may have been made by the ledger alone.
            all_approved: only if the sounds of all fresh clips are approved.
            without_orphans: only if no asset is an orphan.

        Returns:
            The plan as it was remembered.
        """
        if not self._is_used:
            return None
        # A new plan reports files that cannot be read.
        with contextlib.suppress(OSError, TtsAssetsError, UnicodeEncodeError):
            self._inputs = self._hash_inputs()
            known = _read(self._find_path())
            if (
                known is not None
                and known.others == self._inputs.others
                and known.program == _hash_program()
                and (may_lack_files or known.judged_by is Judged.FILES)
                and (not all_approved or known.approvals == known.states.get(State.FRESH, 0))
                and (known.without_orphans or not without_orphans)
                and known.engines == self._describe_engines(known.engines)
                and not self._storage.has_leftovers()
            ):
                if known.contents != self._inputs.contents:
                    self._changed = known
                elif known.files == _hash_files(self._storage.iter_sizes(known.folders)):
                    return known
        return None

    def plan_changes(self, make: Callable[..., Plan]) -> Plan | None:
        """Plan the records that changed since a plan found nothing to do; all others are as then.

        Args:
            make: makes a plan with settings, and with the `folder` and `iter_clips` of `make_plan`.

        Returns:
            The plan for all records, which lacks the data of single assets. None if `recall` was
            not called or may have found one, if there is nothing to do, or in any doubt: for
            instance, if a catalogue can be used only in part.
        """
        from tts_assets.catalogues.open_catalogues import (  # noqa: PLC0415 - a recalled plan needs none
            pause_garbage_collector,
        )

        if self._changed is None:
            return None
        # Of what the plan would report, nothing is known here: a new one reports it.
        doubts = (OSError, TtsAssetsError, UnicodeEncodeError, msgspec.DecodeError)
        with (
            contextlib.suppress(*doubts, NotImplementedError, _DoubtError),
            pause_garbage_collector(),
        ):
            return self._plan_changes(self._changed, make)
        return None

    def _plan_changes(self, known: SettledPlan, make: Callable[..., Plan]) -> Plan:
        from tts_assets.build.plan.output_folder import (  # noqa: PLC0415 - seldom needed
            SettledFolder,
            open_ledger,
        )

        changes = _ChangedRecords(known, self._find_contents(), self._sources)
        present = dict(self._storage.iter_sizes(known.folders))
        is_same = known.files == _hash_files(present.items())
        if known.notes or not is_same or os.path.lexists(self._settings.overrides):
            raise _DoubtError
        settings = replace(self._settings, paths=tuple(changes.files))
        with open_ledger(self._storage.root) as lines:
            folder = SettledFolder(settings, lines, present, known.judged_by)
            plan = make(settings, folder=folder, iter_clips=changes.iter_clips)
        if plan.trouble.problems or plan.trouble.notes or not plan.planned:
            raise _DoubtError
        changes.complete(plan, self.restore(known))
        return plan

    def iter_clips(self, reader: CatalogueReader, plan: Plan) -> Iterator[Clip]:
        """Yield the clips of a catalogue for a new plan, and hash the records that are settled."""
        if self._inputs is None or not self._may_settle(reader, plan):
            yield from reader.iter_clips()
            return
        states, indexes, fresh = plan.states, list[Any](), list[int]()
        locked = states[State.LOCKED]
        for clip in reader.iter_clips():
            indexes.append(clip.at[0])
            # The clips before this one are counted.
            fresh.append(states[State.FRESH])
            yield clip
        fresh.append(states[State.FRESH])
        # Such a catalogue is always planned as a whole.
        with contextlib.suppress(*_NO_HASH):
            found = _hash_records(reader, indexes, fresh, states[State.LOCKED] - locked)
            if found is not None:
                self._records[reader.document.file] = found

    def _may_settle(self, reader: CatalogueReader, plan: Plan) -> bool:
        """Whether all clips so far are settled, and no record of a catalogue affects another."""
        settings, source = self._settings, reader.source
        return (
            reader.has_root_records
            and source.id.of is IdOrigin.FIELD
            and _names_tell(
                source.asset or settings.asset, source.url or settings.url, settings.sound.format
            )
            and not (plan.approved or plan.rejected)
            and all(state in _SETTLED for state, count in plan.states.items() if count)
        )

    def remember(self, plan: Plan, *, without_orphans: bool = False) -> None:
        """Keep a plan if it found nothing to do, and nothing changed while it was made.

        Args:
            plan: one for all clips, for which `recall` found nothing; no URL is to be written.
            without_orphans: each asset is known to be referred to.
        """
        if self._inputs is None or plan.recalled or not _is_settled(plan):
            return
        # Names that are no Unicode cannot be stored.
        with contextlib.suppress(OSError, TtsAssetsError, UnicodeEncodeError):
            if self._hash_inputs() != self._inputs:
                return
            path = self._find_path()
            found = SettledPlan(
                program=_hash_program(),
                **self._inputs._asdict(),
                files=_hash_files(plan.present.items()),
                folders=plan.folders,
                engines=plan.engines,
                states=plan.states,
                approvals=plan.approvals,
                judged_by=plan.judged_by,
                notes=tuple(plan.trouble.notes),
                catalogues=tuple(
                    SettledCatalogue(
                        file=each.file,
                        source=self._sources.index(each.source),
                        records=self._records.get(each.file),
                    )
                    for each in plan.catalogues
                ),
                unspoken=tuple(each for one in plan.catalogues for each in one.unspoken),
                without_orphans=without_orphans,
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            sweep(path.parent)
            atomic_write(path, msgspec.msgpack.encode(found), sync=False)
            _drop_oldest(path.parent)

    def restore(self, known: SettledPlan) -> Plan:
        """A remembered plan as a new one, for those who go on to build it."""
        from tts_assets.build.plan.plan import Plan  # noqa: PLC0415 - `check` needs none

        catalogues = [
            Catalogue(file=each.file, source=self._sources[each.source])
            for each in known.catalogues
        ]
        for each in known.unspoken:
            next(one for one in catalogues if one.file == each.file).unspoken.append(each)
        return Plan(
            catalogues=catalogues,
            trouble=LoadProblems(notes=list(known.notes)),
            states=dict.fromkeys(State, 0) | known.states,
            approvals=known.approvals,
            judged_by=known.judged_by,
            recalled=True,
        )

    def _find_path(self) -> Path:
        from platformdirs import user_cache_path  # noqa: PLC0415 - not needed for --help

        folder = user_cache_path("tts-assets")
        if not folder.is_absolute():
            raise FileNotFoundError(f"{folder} is in no home folder")
        name = hashlib.sha256(self._describe_settings().encode()).hexdigest()
        return folder / "plans" / f"{name[:32]}{_ENDING}"

    def _describe_settings(self) -> str:
        """What a plan depends on, as far as it is no file."""
        settings = replace(
            self._settings,
            concurrency=None,
            cluster=None,
            timeout_seconds=60.0,
            remakes=0,
            transcribe=TranscribeSettings(),
            verify=VerifySettings(),
            keys={},
            max_failures=None,
            max_chars=None,
            max_cost=None,
            max_clips=None,
            max_duration_seconds=None,
            prices=(),
            accept_doubtful=False,
            batch_mode=False,
            progress=Progress.AUTO,
            output_format=OutputFormat.TEXT,
            verbosity=Verbosity.NORMAL,
        )
        place = Path.cwd(), os.path.realpath(settings.state_folder)
        return repr((_VERSION, sys.version, *place, settings, self._provider.name))

    def _describe_engines(self, voices: Iterable[str]) -> dict[str, str]:
        """What the recipes of voices depend on, as in `Plan`."""
        provider = self._provider
        return {
            name: describe_engine(provider.engine(name), says_accents=provider.accents(name))
            for name in voices
        }

    def _hash_inputs(self) -> Inputs:
        """The hashes of all files that a plan reads, and of what else it depends on.

        Raises:
            OSError: a file cannot be read, or is none.
            TtsAssetsError: a path or a pattern leads nowhere.
        """
        settings = self._settings
        total = hashlib.sha256(self._describe_settings().encode())
        total.update(repr(self._provider.voices()).encode())
        trouble, contents = LoadProblems(), dict[str, bytes]()
        for file in list_catalogue_files(settings, trouble):
            total.update(repr((os.path.realpath(file.path), *file)).encode())
            contents[file.path] = _hash_file(file.path)
        for problem in trouble.problems:
            raise problem
        for place in _find_overridden(settings.overrides):
            total.update(repr(place).encode())
        root = self._storage.root
        # Where the tool writes, the plan follows no links.
        for path, follow in (
            (settings.overrides, True),
            (str(root / LEDGER_NAME), False),
            (str(root / failures.NAME), False),
        ):
            try:
                total.update(_hash_file(path, follow_links=follow))
            except (FileNotFoundError, NotADirectoryError):
                total.update(b"none")
        return Inputs(total.hexdigest(), contents)

    def _find_contents(self) -> dict[str, bytes]:
        return {} if self._inputs is None else self._inputs.contents


class _DoubtError(Exception):
    """It is not certain that nothing but single records changed."""


class _ChangedRecords:
    """The catalogues that changed since a plan found nothing to do, and their new records."""

    def __init__(
        self, known: SettledPlan, contents: dict[str, bytes], sources: list[Source]
    ) -> None:
        """Compare the hashes of the catalogues.

        Raises:
            _DoubtError: a file changed that is no catalogue, or whose records affect each other.
        """
        self.files = [file for file, each in known.contents.items() if contents[file] != each]
        self._contents, self._sources = contents, sources
        self._before: dict[str, tuple[SettledCatalogue, SettledRecords]] = {}
        sources_of = Counter(each.file for each in known.catalogues)
        for each in known.catalogues:
            if each.records is not None and sources_of[each.file] == 1:
                self._before[each.file] = each, each.records
        if any(file not in self._before or str(Path(file)) != file for file in self.files):
            raise _DoubtError

    def iter_clips(self, reader: CatalogueReader, plan: Plan) -> Iterator[Clip]:
        """The clips of the records that changed; those of the others are counted."""
        from tts_assets.catalogues.catalogue_reader import UnusedPaths  # noqa: PLC0415 - seldom needed

        document = reader.document
        catalogue, records = self._before[document.file]
        unused = UnusedPaths(reader.source)
        unused.check_records(reader)
        if (
            document.digest != self._contents[document.file]
            or document.format != records.format
            or not reader.has_root_records
            or not unused.is_empty
            or self._sources.index(reader.source) != catalogue.source
        ):
            raise _DoubtError
        hashes = range(0, len(records.hashes), _HASH_BYTES)
        counts = {
            records.hashes[start : start + _HASH_BYTES]: count
            for start, count in zip(hashes, records.counts, strict=True)
        }

        def skips(record: Any) -> bool:
            try:
                count = counts.get(_hash_record(record))
            except _NO_HASH:
                return False
            plan.states[State.FRESH] += count or 0
            return count is not None

        return reader.iter_clips(skips)

    def complete(self, plan: Plan, before: Plan) -> None:
        """Add the catalogues that did not change to a plan of the others."""
        found = {each.file: each for each in plan.catalogues}
        if found.keys() != set(self.files):
            raise _DoubtError
        plan.catalogues = [found.get(each.file, each) for each in before.catalogues]
        for state, count in before.states.items():
            plan.states[state] += count
        for _, records in map(self._before.__getitem__, self.files):
            plan.states[State.FRESH] -= records.fresh
            plan.states[State.LOCKED] -= records.locked
        plan.recalled = True


def _find_overridden(path: str) -> Iterable[str]:
    """The real path of the catalogue of each override."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return ()
    except ValueError:
        # No path at all, which the reader explains.
        pass
    # Heavy, and few projects have overrides.
    from tts_assets.catalogues.override_file import read_overrides  # noqa: PLC0415
    from tts_assets.catalogues.review_edits import resolve_catalogue_path  # noqa: PLC0415

    return [resolve_catalogue_path(each.file, path) for each in read_overrides(path)]


def _is_settled(plan: Plan) -> bool:
    """Whether a plan found nothing to do, and nothing to report about single clips."""
    reported = plan.trouble.problems or plan.kept or plan.unmatched
    # Commands that need no files would judge by the ledger.
    lacks_files = bool(plan.recorded) and plan.recorded.keys().isdisjoint(plan.present)
    return (
        not (reported or plan.planned or plan.untimed or plan.untidy or plan.passed_over)
        and plan.judged_by is (Judged.LEDGER if lacks_files else Judged.FILES)
        and all(state in _SETTLED for state, count in plan.states.items() if count)
    )


def _read(path: Path) -> SettledPlan | None:
    try:
        with open_regular(path) as file:
            return msgspec.msgpack.decode(file.read(), type=SettledPlan)
    except (OSError, ValueError, msgspec.DecodeError):
        return None


def _drop_oldest(folder: Path) -> None:
    """Delete the oldest plans beyond the maximum number."""
    paths = sorted(folder.glob(f"*{_ENDING}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in paths[_MOST:]:
        path.unlink(missing_ok=True)


@cache
def _names_tell(asset: str, url: str, ext: Format) -> bool:
    """Whether the names of assets and URLs by these templates contain recipes."""
    from tts_assets.build.plan.asset_names import Addresses  # noqa: PLC0415 - a recalled plan needs none

    return Addresses(asset, url, ext).names_tell


#: The errors for a record that cannot be hashed.
_NO_HASH = (UnicodeEncodeError, OverflowError, RecursionError)


def _hash_record(record: Any) -> bytes:
    """The hash of a parsed record."""
    return hashlib.sha256(msgspec.msgpack.encode(record)).digest()[:_HASH_BYTES]


def _hash_records(
    reader: CatalogueReader, indexes: Sequence[int], fresh: Sequence[int], locked: int
) -> SettledRecords | None:
    """The records that are settled whatever other records contain; None if in doubt.

    Args:
        reader: has read all clips.
        indexes: the index of each clip's record.
        fresh: the number of fresh clips before each clip, and after the last one.
        locked: the number of locked clips.
    """
    if fresh[-1] - fresh[0] + locked < len(indexes):
        return None
    counts = Counter(indexes)
    open_records = {index for at, index in enumerate(indexes) if fresh[at] == fresh[at + 1]}
    open_records.update(each.at[0] for each in reader.unspoken if isinstance(each.at[0], int))
    open_records.update(index for index, count in counts.items() if count > _MOST_CLIPS)
    root = reader.document.root
    settled = [index for index in range(len(root)) if index not in open_records]
    return SettledRecords(
        format=reader.document.format,
        fresh=fresh[-1] - fresh[0],
        locked=locked,
        hashes=b"".join([_hash_record(root[index]) for index in settled]),
        counts=bytes(map(counts.__getitem__, settled)),
    )


def _hash_file(path: str, *, follow_links: bool = True) -> bytes:
    # Path refuses some names.
    status = os.stat(path, follow_symlinks=follow_links)  # noqa: PTH116
    if not stat.S_ISREG(status.st_mode) or path.startswith(_STREAMS):
        # A stream can be read only once.
        raise OSError(f"{path} is no file")
    with open_regular(Path(path), follow_links=follow_links) as file:
        return hashlib.file_digest(file, "sha256").digest()


def _hash_files(sizes: Iterable[tuple[str, int]]) -> str:
    """The hash of names and sizes of files, in the order in which they come."""
    total, rest = hashlib.sha256(), iter(sizes)
    while batch := [f"{path}\0{size}\0" for path, size in islice(rest, _BATCH)]:
        total.update("".join(batch).encode("utf-8", "surrogateescape"))
    return total.hexdigest()


@cache
def _hash_program() -> str:
    """The hash of the program's source: plans of other code are not used, whatever the version."""
    total = hashlib.sha256(tts_assets.__version__.encode())
    for path in sorted(Path(tts_assets.__file__).parent.rglob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()
