"""Clips per second with OpenJTalk by number of workers: whole clips, from entry to stored file.

    python benchmarks/engine_scaling.py [--workers 1,2] [--clips 240] [--repeat 5] [--cluster]

Words and example sentences of data/ are spoken, trimmed, levelled, encoded and written, with
the engine already loaded. The numbers of workers take turns; ratios are of each turn, medians
are printed. With --cluster, they are workers of a Dask cluster. The last line is how many times faster the last number of workers is than the first.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import anyio

from tts_assets import Settings
from tts_assets.build.generate.clip import (
    ClipExecutor,
    OutputTarget,
    create_context,
    make_clip,
)
from tts_assets.build.generate.cluster import open_cluster
from tts_assets.build.generate.executor import slot_count
from tts_assets.build.plan import make_plan
from tts_assets.build.plan.planner import Job, list_jobs
from tts_assets.build.pool import Pool
from tts_assets.engines import registry
from tts_assets.store import atomic_files

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tts_assets.engines.protocol import Speaker

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    parser.add_argument("--workers", default=f"1,{os.cpu_count() or 1}")
    parser.add_argument("--clips", type=int, default=240)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--cluster", action="store_true")
    options = parser.parse_args()
    if options.smoke:
        options.workers, options.clips, options.repeat = "1", 4, 1
    workers = [int(each) for each in options.workers.split(",")]
    jobs = _jobs(options.clips)
    rates: dict[int, list[float]] = {each: [] for each in workers}
    for _ in range(options.repeat):
        for each in workers:
            rates[each].append(len(jobs) / anyio.run(_seconds, jobs, each, options.cluster))
    print(f"{len(jobs)} clips, {options.repeat} turns, {os.cpu_count()} cores")
    print("workers  clips/s  times the first  efficiency")
    for each in workers:
        turns = zip(rates[each], rates[workers[0]], strict=True)
        ratio = statistics.median(now / first for now, first in turns)
        middle = statistics.median(rates[each])
        efficiency = ratio / (each / workers[0])
        print(f"{each:7}  {middle:7.1f}  {ratio:15.2f}  {efficiency:10.0%}")


def _jobs(count: int) -> list[Job]:
    os.chdir(ROOT)
    settings = Settings(output="does-not-exist")
    planned = make_plan.make_plan(
        settings, registry.load_engine(settings.provider, settings)
    ).planned
    jobs = [job for job in list_jobs(planned) if len(job.form.text) < 60]
    # Every so many, so that words, kana and sentences are in it as they are in the whole.
    return jobs[:: max(1, len(jobs) // count)][:count]


async def _seconds(jobs: list[Job], workers: int, on_cluster: bool) -> float:  # noqa: FBT001 - from anyio.run
    settings = Settings()
    provider = registry.load_engine(settings.provider, settings)
    folder = Path(tempfile.mkdtemp())
    log = atomic_files.AppendLog(folder / "ledger.jsonl")
    try:
        opened: AbstractAsyncContextManager[Speaker | ClipExecutor]
        if on_cluster:
            settings = replace(settings, cluster=f"local:{workers}")
            opened = open_cluster(settings, provider, workers)
        else:
            opened = provider.open(workers=workers, timeout_seconds=60.0)
        async with opened as speaker:
            context = create_context(settings, provider, speaker, workers)
            target = OutputTarget(storage=atomic_files.Storage(folder), log=log)
            make = partial(make_clip, context=context, target=target, restart_timer=lambda: None)
            at_once = slot_count(workers, speaker)
            if isinstance(speaker, ClipExecutor):
                at_once = speaker.target_clips
            async with Pool(make, limit=at_once) as warm:
                _ = [each async for each in warm.run(jobs[: 4 * workers])]
            begun = perf_counter()
            async with Pool(make, limit=at_once) as pool:
                results = [each async for each in pool.run(jobs)]
            seconds = perf_counter() - begun
        bad = [result.error for result in results if not result.ok]
        if bad:
            sys.exit(f"{len(bad)} clips failed: {bad[0]}")
        return seconds
    finally:
        log.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
