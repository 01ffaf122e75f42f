"""Which clips are listened to: drawn by their hashes, so that the same are drawn in any order."""

from __future__ import annotations

import hashlib
import heapq
import time
from itertools import islice
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread

from tts_assets.audio.expected_length import Rule
from tts_assets.build.plan.output_folder import read_ledger_lines
from tts_assets.build.pool import FailureRules, Pool
from tts_assets.catalogues.open_catalogues import read_document
from tts_assets.engines import machine
from tts_assets.errors import FatalError, InputError
from tts_assets.quality.assets_to_verify import (
    MeasureTask,
    SpeakingRates,
    iter_assets,
    measure_asset,
)
from tts_assets.quality.assets_to_verify import find_assets_to_verify as find
from tts_assets.quality.quality_reports import AssetResult, VerifyReport
from tts_assets.quality.recognition_check import (
    ListenResult,
    ListenTask,
    check_spoken_accents,
    choose_recognizer,
    has_recognizable_accents,
    listen_to_assets,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tts_assets.catalogues.catalogue_files import Catalogue
    from tts_assets.config.command_options import Sample
    from tts_assets.config.settings import Settings
    from tts_assets.model import Finding, Place
    from tts_assets.quality.assets_to_verify import AssetsToVerify
    from tts_assets.quality.quality_reports import ClipName


def sample_assets(assets: Collection[str], sample: Sample, seed: int) -> frozenset[str]:
    """Those of some assets that are listened to.

    The lowest hashes are drawn, so that one asset more or less changes the draw by one at most.

    Args:
        assets: all that could be.
        sample: how many.
        seed: another one draws others.
    """
    key = seed.to_bytes(8)

    def hash_rank(asset: str) -> bytes:
        return hashlib.blake2b(
            asset.encode("utf-8", "surrogateescape"), key=key, digest_size=16
        ).digest()

    return frozenset(heapq.nsmallest(sample.of(len(assets)), assets, key=hash_rank))


# The lines of the records whose assets have something wrong, found when all else is known.


def add_record_lines(
    clips: Mapping[str, tuple[ClipName, ...]], catalogues: Iterable[Catalogue]
) -> dict[str, tuple[ClipName, ...]]:
    """The clips of assets, each with the line of its record where that can be told."""
    places: dict[str, set[Place]] = {}
    for names in clips.values():
        for name in names:
            places.setdefault(name.file, set()).add(name.at)
    sources = {each.file: each.source for each in catalogues}
    lines: dict[str, dict[Place, int]] = {}
    for file, wanted in places.items():
        try:
            lines[file] = read_document(file, sources[file]).find_lines(wanted)
        except InputError:
            # Somebody has changed it meanwhile.
            lines[file] = {}
    return {
        asset: tuple(name._replace(line=lines[name.file].get(name.at)) for name in names)
        for asset, names in clips.items()
    }


# From settings to verdicts: find the assets, measure them all, listen to some.


#: Assets that a thread measures in one go: most take a thousandth of a second.
_BATCH_SIZE = 16


async def verify_assets(
    settings: Settings, *, on_progress: Callable[[int, int], None] = lambda _, __: None
) -> VerifyReport:
    """Measure every asset of the catalogues' clips, and listen to a sample; nothing is changed.

    Args:
        settings: which catalogues or sounds, which folder, how many at once, what is listened to.
        on_progress: called with how many assets were measured so far, and how many there are; then the same
            for recognized accents.

    Raises:
        UsageError: a path or a setting is wrong, or there is no such recognizer.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be listed, or there is no engine.
    """
    begun = time.monotonic()
    fatal = None
    if settings.verify.sample is not None:
        # A name that is wrong is told before anything; what is missing, when all else is done.
        fatal = await to_thread.run_sync(_find_recognizer_problem, settings)
    wanted = await to_thread.run_sync(find, settings)
    # A look at all clips, before any is held against those of its own voice.
    paces = await to_thread.run_sync(
        lambda: SpeakingRates(read_ledger_lines(settings, tidy=wanted.tidy))
    )
    look = _Verification(settings, wanted, paces)
    await look.measure_all(on_progress)
    look.add_accents(*await check_spoken_accents(look.to_recognize, settings, on_progress))
    listened = ListenResult({}, {}, [])
    if look.to_hear and fatal is None:
        try:
            listened = await listen_to_assets(look.to_hear, settings)
        except FatalError as exc:
            fatal = str(exc)
    for asset, finding in listened.findings.items():
        look.add_findings(asset, (finding,))
    return look.build_report(listened, fatal, time.monotonic() - begun)


def _find_recognizer_problem(settings: Settings) -> str | None:
    """Why nobody can listen here, in words that say what to do."""
    try:
        choose_recognizer(settings)
    except FatalError as exc:
        return str(exc)
    return None


class _Verification:
    """One look at all assets that are wanted."""

    def __init__(self, settings: Settings, wanted: AssetsToVerify, paces: SpeakingRates) -> None:
        self.to_hear: list[ListenTask] = []
        self.to_recognize: list[ListenTask] = []
        self._settings = settings
        self._wanted = wanted
        self._paces = paces
        self._drawn = _choose_sample(settings, wanted)
        self._findings: dict[str, tuple[Finding, ...]] = {}
        self._texts: dict[str, str] = {}
        self._notes: list[str] = []
        self._checked = self._foreign = 0

    async def measure_all(self, on_progress: Callable[[int, int], None]) -> None:
        """Measure all, a few at once; only what is wrong is kept."""
        limiter = CapacityLimiter(self._worker_count())

        async def measure_batch(batch: list[MeasureTask]) -> list[tuple[Finding, ...]]:
            return await to_thread.run_sync(list, map(measure_asset, batch), limiter=limiter)

        # Whatever is raised is a bug of ours: what a file is like is in the findings.
        rules = FailureRules(failures=())
        total, done = len(self._wanted.clips), 0
        pool = Pool(measure_batch, limit=self._worker_count(), timeout=None, rules=rules)
        async with pool:
            async for result in pool.run(self._iter_batches()):
                for item, findings in zip(result.job, result.value or (), strict=True):
                    self._add_result(item, findings)
                done += len(result.job)
                on_progress(done, total)

    def add_findings(self, asset: str, findings: tuple[Finding, ...]) -> None:
        """Take in what else is wrong with an asset."""
        self._findings[asset] = (*self._findings.get(asset, ()), *findings)

    def add_accents(self, spoken: Mapping[str, tuple[Finding, ...]], notes: Sequence[str]) -> None:
        """Take in recognized accents, which replace what the pitch at the begin of phrases shows."""
        for asset, findings in spoken.items():
            others = (each for each in self._findings.get(asset, ()) if each.rule != Rule.ACCENT)
            self._findings[asset] = (*others, *findings)
            if not self._findings[asset]:
                del self._findings[asset]
        self._notes.extend(notes)

    def build_report(
        self, listened: ListenResult, fatal: str | None, seconds: float
    ) -> VerifyReport:
        """All that was found."""
        found, errors = self._wanted.found, listened.errors
        clips = {asset: tuple(self._wanted.clips[asset]) for asset in self._findings}
        if found is not None:
            clips = add_record_lines(clips, found.catalogues)
        return VerifyReport(
            verdicts=tuple(self._build_result(asset, clips[asset]) for asset in sorted(clips)),
            checked=self._checked,
            foreign=self._foreign,
            heard=len(errors),
            error_rate=sum(errors.values()) / len(errors) if errors else None,
            unmade=self._wanted.unmade,
            catalogues=0 if found is None else len(found.catalogues),
            problems=() if found is None else tuple(found.trouble.problems),
            notes=(
                *(() if found is None else found.trouble.notes),
                *self._notes,
                *listened.notes,
            ),
            unmatched=None if found is None else found.unmatched,
            seconds=seconds,
            fatal=fatal,
        )

    def _add_result(self, item: MeasureTask, findings: tuple[Finding, ...]) -> None:
        asset, line = item.asset, item.line
        self._checked += item.gone is None
        self._foreign += line is None and item.gone is None
        if findings:
            self._findings[asset] = findings
        if line is not None and (findings or asset in self._drawn):
            self._texts[asset] = line.text
        if line is not None and asset in self._drawn and item.gone is None:
            self.to_hear.append(ListenTask(item.path, line))
        if (
            line is not None
            and item.expected.says_accents
            and has_recognizable_accents(line, findings)
        ):
            self.to_recognize.append(ListenTask(item.path, line))
            self._texts[asset] = line.text

    def _build_result(self, asset: str, clips: tuple[ClipName, ...]) -> AssetResult:
        return AssetResult(
            asset=asset,
            clips=clips,
            text=self._texts.get(asset, ""),
            findings=self._findings[asset],
            ours=asset in self._texts,
        )

    def _iter_batches(self) -> Iterator[list[MeasureTask]]:
        items = iter_assets(self._settings, self._wanted, self._paces)
        while batch := list(islice(items, _BATCH_SIZE)):
            yield batch

    def _worker_count(self) -> int:
        settings = self._settings
        return settings.concurrency or (1 if settings.batch_mode else machine.count_cores())


def _choose_sample(settings: Settings, wanted: AssetsToVerify) -> frozenset[str]:
    """The assets that are listened to: of those with a line in the ledger, and a file."""
    sample = settings.verify.sample
    if sample is None:
        return frozenset()
    known = [
        asset
        for asset in wanted.clips
        if asset in wanted.recorded and asset not in wanted.gone and asset not in wanted.outside
    ]
    return sample_assets(known, sample, settings.verify.seed)
