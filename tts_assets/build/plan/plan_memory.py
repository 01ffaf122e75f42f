"""Remembers plans that found nothing to do: the next run only compares hashes.

What is remembered lies in the cache folder of the user, never in a project: no repository can bring
it, and deleting it changes nothing but the time that the next run takes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import tts_assets
from tts_assets.build.plan.planner import Judged, State
from tts_assets.build.plan.recipes import describe_engine
from tts_assets.catalogues.catalogue_files import Catalogue, LoadProblems, list_catalogue_files
from tts_assets.config.catalogue_sources import BUILT_IN
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
    from collections.abc import Iterable

    from tts_assets.build.plan.plan import Plan
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider

_VERSION = 1  #: increment if the format or the meaning of remembered plans changes

#: The states of clips for which there is nothing to do.
_SETTLED = frozenset({State.FRESH, State.LOCKED})

_MOST = 64  #: how many plans are remembered, for all projects of a user
_STREAMS = ("/dev/", "/proc/")  #: where systems keep streams, which may be regular files
_ENDING = ".plan"  #: no catalogue has this ending, whatever folder is searched for them
_BATCH = 4096  #: names of files that are hashed at once


class SettledPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan that found nothing to do, and what it was made from."""

    program: str  #: the hash of the program
    inputs: str  #: the hash of the settings, the catalogues and the ledger
    files: str  #: the hash of the names and sizes of all files in the folders
    folders: tuple[str, ...]  #: the folders of assets, below the output folder
    engines: dict[str, str]  #: for each voice that speaks, its engine with versions and models
    states: dict[State, int]  #: the number of clips in each state
    approvals: int  #: how many fresh clips have a sound that was approved
    judged_by: Judged  #: what the clips were held against
    notes: tuple[str, ...]  #: as in Plan
    #: Each file, and which of the sources reads it; those of the settings come first.
    catalogues: tuple[tuple[str, int], ...]
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
        self._inputs: str | None = None
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
                and known.inputs == self._inputs
                and known.program == _hash_program()
                and (may_lack_files or known.judged_by is Judged.FILES)
                and (not all_approved or known.approvals == known.states.get(State.FRESH, 0))
                and (known.without_orphans or not without_orphans)
                and known.engines == self._describe_engines(known.engines)
                and not self._storage.has_leftovers()
                and known.files == _hash_files(self._storage.iter_sizes(known.folders))
            ):
                return known
        return None

    def remember(self, plan: Plan, *, without_orphans: bool = False) -> None:
        """Keep a plan if it found nothing to do, and nothing changed while it was made.

        Args:
            plan: one for all clips, for which `recall` found nothing; no URL is to be written.
            without_orphans: each asset is known to be referred to.
        """
        if self._inputs is None or not _is_settled(plan):
            return
        # Names that are no Unicode cannot be stored.
        with contextlib.suppress(OSError, TtsAssetsError, UnicodeEncodeError):
            if self._hash_inputs() != self._inputs:
                return
            sources = [*self._settings.sources, *BUILT_IN.values()]
            path = self._find_path()
            found = SettledPlan(
                program=_hash_program(),
                inputs=self._inputs,
                files=_hash_files(plan.present.items()),
                folders=plan.folders,
                engines=plan.engines,
                states=plan.states,
                approvals=plan.approvals,
                judged_by=plan.judged_by,
                notes=tuple(plan.trouble.notes),
                catalogues=tuple(
                    (each.file, sources.index(each.source)) for each in plan.catalogues
                ),
                unspoken=tuple(each for one in plan.catalogues for each in one.unspoken),
                without_orphans=without_orphans,
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            sweep(path.parent)
            atomic_write(path, msgspec.json.encode(found), sync=False)
            _drop_oldest(path.parent)

    def restore(self, known: SettledPlan) -> Plan:
        """A remembered plan as a new one, for those who go on to build it."""
        from tts_assets.build.plan.plan import Plan  # noqa: PLC0415 - `check` needs none

        sources = [*self._settings.sources, *BUILT_IN.values()]
        catalogues = [Catalogue(file=file, source=sources[at]) for file, at in known.catalogues]
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

    def _hash_inputs(self) -> str:
        """The hash of all files that a plan reads, and of what else it depends on.

        Raises:
            OSError: a file cannot be read, or is none.
            TtsAssetsError: a path or a pattern leads nowhere.
        """
        settings = self._settings
        total = hashlib.sha256(self._describe_settings().encode())
        total.update(repr(self._provider.voices()).encode())
        trouble = LoadProblems()
        for file in list_catalogue_files(settings, trouble):
            total.update(repr((os.path.realpath(file.path), *file)).encode())
            total.update(_hash_file(file.path))
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
        return total.hexdigest()


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
            return msgspec.json.decode(file.read(), type=SettledPlan)
    except (OSError, ValueError, msgspec.DecodeError):
        return None


def _drop_oldest(folder: Path) -> None:
    """Delete the oldest plans beyond the maximum number."""
    paths = sorted(folder.glob(f"*{_ENDING}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in paths[_MOST:]:
        path.unlink(missing_ok=True)


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
