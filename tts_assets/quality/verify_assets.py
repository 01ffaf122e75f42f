"""Verify assets: measure all of them, and recognize a random sample."""

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
    AccentTask,
    ListenResult,
    ListenTask,
    check_spoken_accents,
    choose_recognizer,
    create_accent_task,
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
    """A random sample of assets, independent of their order; another seed draws other assets.

    The lowest hashes are drawn, so that adding or removing an asset changes at most one.
    """
    key = seed.to_bytes(8)

    def hash_rank(asset: str) -> bytes:
        return hashlib.blake2b(
            asset.encode("utf-8", "surrogateescape"), key=key, digest_size=16
        ).digest()

    return frozenset(heapq.nsmallest(sample.count_of(len(assets)), assets, key=hash_rank))


# The line numbers of the records whose assets have findings, looked up last.


def add_record_lines(
    clips: Mapping[str, tuple[ClipName, ...]], catalogues: Iterable[Catalogue]
) -> dict[str, tuple[ClipName, ...]]:
    """The clips of assets, each with the line of its record if it can be found."""
    places: dict[str, set[Place]] = {}
    for names in clips.values():
        for name in names:
            places.setdefault(name.file, set()).add(name.at)
    sources = {each.file: each.source for each in catalogues}
    lines: dict[str, dict[Place, int]] = {}
    for file, file_places in places.items():
        try:
            lines[file] = read_document(file, sources[file]).find_lines(file_places)
        except InputError:
            # The file has changed meanwhile.
            lines[file] = {}
    return {
        asset: tuple(name._replace(line=lines[name.file].get(name.at)) for name in names)
        for asset, names in clips.items()
    }


# From settings to the report: find the assets, measure them all, recognize some.


_BATCH_SIZE = 16  #: assets that a thread measures in one batch: most take 1 ms


async def verify_assets(
    settings: Settings, *, on_progress: Callable[[int, int], None] = lambda _, __: None
) -> VerifyReport:
    """Measure every asset of the catalogues' clips, and recognize a sample; changes nothing.

    Args:
        settings: the catalogues or audio files, the folder, the concurrency and the sample.
        on_progress: called with the number of measured assets, and of all; then the same for
            recognized accents.

    Raises:
        UsageError: a path or a setting is wrong, or there is no such recognizer.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be listed, or there is no engine.
    """
    begun = time.monotonic()
    fatal = None
    if settings.verify.sample is not None:
        # Raise a wrong name now; report a missing package or model with the results.
        fatal = await to_thread.run_sync(_find_recognizer_problem, settings)
    assets = await to_thread.run_sync(find, settings)
    # Learn the rates from all clips before comparing any clip with that of its voice.
    rates = await to_thread.run_sync(
        lambda: SpeakingRates(read_ledger_lines(settings, tidy=assets.tidy))
    )
    verification = _Verification(settings, assets, rates)
    await verification.measure_all(on_progress)
    accents = await check_spoken_accents(verification.accent_tasks, settings, on_progress)
    verification.add_accents(*accents)
    recognized = ListenResult({}, {}, [])
    if verification.text_tasks and fatal is None:
        try:
            recognized = await listen_to_assets(verification.text_tasks, settings)
        except FatalError as exc:
            fatal = str(exc)
    for asset, finding in recognized.findings.items():
        verification.add_findings(asset, (finding,))
    return verification.build_report(recognized, fatal, time.monotonic() - begun)


def _find_recognizer_problem(settings: Settings) -> str | None:
    """Why speech recognition is not usable on this machine, and what to do; None if it is."""
    try:
        choose_recognizer(settings)
    except FatalError as exc:
        return str(exc)
    return None


class _Verification:
    """One verification of all requested assets."""

    def __init__(self, settings: Settings, assets: AssetsToVerify, rates: SpeakingRates) -> None:
        self.text_tasks: list[ListenTask] = []
        self.accent_tasks: list[AccentTask] = []
        self._settings = settings
        self._assets = assets
        self._rates = rates
        self._sample = _choose_sample(settings, assets)
        self._findings: dict[str, tuple[Finding, ...]] = {}
        self._texts: dict[str, str] = {}
        self._notes: list[str] = []
        self._checked = self._foreign = 0

    async def measure_all(self, on_progress: Callable[[int, int], None]) -> None:
        """Measure all assets in parallel; only findings are kept."""
        limiter = CapacityLimiter(self._worker_count())

        async def measure_batch(batch: list[MeasureTask]) -> list[tuple[Finding, ...]]:
            return await to_thread.run_sync(list, map(measure_asset, batch), limiter=limiter)

        # Any exception is a bug of ours: problems of files are findings.
        rules = FailureRules(failures=())
        total, done = len(self._assets.clips), 0
        pool = Pool(measure_batch, limit=self._worker_count(), timeout=None, rules=rules)
        async with pool:
            async for result in pool.run(self._iter_batches()):
                for item, findings in zip(result.job, result.value or (), strict=True):
                    self._add_result(item, findings)
                done += len(result.job)
                on_progress(done, total)

    def add_findings(self, asset: str, findings: tuple[Finding, ...]) -> None:
        """Add further findings of an asset."""
        self._findings[asset] = (*self._findings.get(asset, ()), *findings)

    def add_accents(self, spoken: Mapping[str, tuple[Finding, ...]], notes: Sequence[str]) -> None:
        """Add recognized accents, which replace the findings from the pitch at the begin of phrases."""
        for asset, findings in spoken.items():
            others = (each for each in self._findings.get(asset, ()) if each.rule != Rule.ACCENT)
            self._findings[asset] = (*others, *findings)
            if not self._findings[asset]:
                del self._findings[asset]
        self._notes.extend(notes)

    def build_report(
        self, recognized: ListenResult, fatal: str | None, seconds: float
    ) -> VerifyReport:
        plan, errors = self._assets.found, recognized.errors
        clips = {asset: tuple(self._assets.clips[asset]) for asset in self._findings}
        if plan is not None:
            clips = add_record_lines(clips, plan.catalogues)
        return VerifyReport(
            verdicts=tuple(self._build_result(asset, clips[asset]) for asset in sorted(clips)),
            checked=self._checked,
            foreign=self._foreign,
            recognized=len(errors),
            error_rate=sum(errors.values()) / len(errors) if errors else None,
            ungenerated=self._assets.ungenerated,
            catalogues=0 if plan is None else len(plan.catalogues),
            problems=() if plan is None else tuple(plan.trouble.problems),
            notes=(
                *(() if plan is None else plan.trouble.notes),
                *self._notes,
                *recognized.notes,
            ),
            unmatched=None if plan is None else plan.unmatched,
            seconds=seconds,
            fatal=fatal,
        )

    def _add_result(self, item: MeasureTask, findings: tuple[Finding, ...]) -> None:
        asset, line = item.asset, item.line
        self._checked += item.gone is None
        self._foreign += line is None and item.gone is None
        if findings:
            self._findings[asset] = findings
        if line is not None and (findings or asset in self._sample):
            self._texts[asset] = line.text
        if line is not None and asset in self._sample and item.gone is None:
            self.text_tasks.append(ListenTask(item.path, line))
        if (task := create_accent_task(item, findings)) is not None:
            self.accent_tasks.append(task)
            if line is not None:
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
        items = iter_assets(self._settings, self._assets, self._rates)
        while batch := list(islice(items, _BATCH_SIZE)):
            yield batch

    def _worker_count(self) -> int:
        settings = self._settings
        return settings.concurrency or (1 if settings.batch_mode else machine.count_cores())


def _choose_sample(settings: Settings, assets: AssetsToVerify) -> frozenset[str]:
    """The assets to recognize: a sample of those with a ledger line and a file."""
    sample = settings.verify.sample
    if sample is None:
        return frozenset()
    candidates = [
        asset
        for asset in assets.clips
        if asset in assets.recorded and asset not in assets.gone and asset not in assets.outside
    ]
    return sample_assets(candidates, sample, settings.verify.seed)
