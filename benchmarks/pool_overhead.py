"""What the pool costs for each job: 10,000 jobs that do nothing, beside a bare task group.

Usage: python benchmarks/pool_overhead.py [--repeats 7]

Prints the medians in milliseconds and their ratio, for asyncio and trio. Exits with 1 when the pool
takes more than three times as long as one task for each job under a capacity limiter.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import anyio

from tts_assets.build.pool import Pool

_JOBS = 10_000
_LIMIT = 8
_WORST_RATIO = 3.0


async def _nothing(_: int) -> None:
    pass


async def _pool() -> None:
    finished = 0
    async with Pool(_nothing, limit=_LIMIT) as pool:
        async for _ in pool.run(range(_JOBS)):
            finished += 1
    assert finished == _JOBS


async def _bare() -> None:
    limiter = anyio.CapacityLimiter(_LIMIT)
    finished = 0

    async def one(job: int) -> None:
        nonlocal finished
        async with limiter:
            await _nothing(job)
        finished += 1

    async with anyio.create_task_group() as group:
        for job in range(_JOBS):
            group.start_soon(one, job)
    assert finished == _JOBS


async def _milliseconds(run: Callable[[], Awaitable[None]]) -> float:
    # What one leaves behind, the other must not clear away.
    gc.collect()
    started = time.perf_counter()
    await run()
    return (time.perf_counter() - started) * 1000


async def _measure(repeats: int) -> tuple[float, float]:
    """Return the medians of the pool and the bare task group, measured in turns."""
    pool, bare = [], []
    for _ in range(repeats):
        pool.append(await _milliseconds(_pool))
        bare.append(await _milliseconds(_bare))
    return statistics.median(pool), statistics.median(bare)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    parser.add_argument("--repeats", type=int, default=7, help="rounds of each (default: 7)")
    options = parser.parse_args()
    if options.smoke:
        options.repeats = 1
    repeats = options.repeats
    worst = 0.0
    print(f"{_JOBS} jobs, {_LIMIT} at once, medians of {repeats}")
    for backend in ("asyncio", "trio"):
        pool, bare = anyio.run(_measure, repeats, backend=backend)
        worst = max(worst, pool / bare)
        print(f"{backend:8} pool {pool:7.1f} ms   bare {bare:7.1f} ms   ratio {pool / bare:.2f}")
    return int(worst > _WORST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
