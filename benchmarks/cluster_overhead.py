"""What a cluster costs for each clip: an engine that does nothing, and the memory of the driver.

    python benchmarks/cluster_overhead.py [--clips 20000] [--workers 2] [--simulate] [--smoke]

Clips go through the driver, Dask's scheduler and its workers to an engine that returns the same sound
at once, and back. With --simulate there are no workers: the replies come from the driver itself, which
shows what its memory does with any number of clips.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import anyio
import anyio.lowlevel
import numpy as np
import psutil
import soundfile

from tts_assets.build.generate import cluster
from tts_assets.build.pool import Pool
from tts_assets.config.settings import Settings
from tts_assets.engines import registry
from tts_assets.engines.process.supervisor import open_task_group
from tts_assets.engines.protocol import VoiceInfo
from tts_assets.model import Format, Recording, Sound, SpokenForm, Voice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

_RATE_HZ = 8_000


@cache
def make_recording() -> Recording:
    """A tone of a tenth of a second."""
    stream = io.BytesIO()
    tone = 0.1 * np.sin(np.arange(_RATE_HZ // 10) / 3)
    soundfile.write(stream, tone, _RATE_HZ, format="WAV")
    return Recording(data=stream.getvalue(), seconds=0.1, lufs=-19.0, peak_dbtp=-20.0)


class Nothing:
    """The provider of an engine that does nothing; it is its own speaker."""

    name = "nothing"
    base_mib = footprint_mib = 1

    def __init__(self, settings: Settings) -> None:
        del settings

    def problem(self) -> str | None:
        return None

    def voices(self) -> tuple[VoiceInfo, ...]:
        return (VoiceInfo(name="none", language="ja", description="nothing"),)

    def engine(self, voice: str) -> str:
        return f"nothing=1 {voice}"

    def accents(self, voice: str) -> bool:
        return bool(voice)

    repeats = accents

    @contextlib.asynccontextmanager
    async def open(self, **_: Any) -> AsyncIterator[Nothing]:
        yield self

    async def speak(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    async def record(self, form: SpokenForm, voice: Voice, sound: Sound, **_: Any) -> Recording:
        del form, voice, sound
        return make_recording()


class SimulatedClient:
    """In place of Dask's: every batch is replied to at once."""

    status = "running"

    @property
    def scheduler(self) -> SimulatedClient:
        return self

    async def identity(self) -> dict[str, Any]:
        return {"workers": {"tcp://127.0.0.1:1": {"nthreads": 100}}}

    async def run(self, work: Callable[[], str]) -> dict[str, str]:
        return {"tcp://127.0.0.1:1": work()}

    def submit(self, work: object, run: str, setup: object, requests: Any, **_: Any) -> Any:
        del work, run, setup
        outcome = cluster._Outcome((make_recording(), None))
        return _Future(cluster._Reply((outcome,) * len(requests), 0.01))


class _Future:
    def __init__(self, reply: object) -> None:
        self._reply = reply

    def __await__(self) -> Iterator[Any]:
        yield from anyio.lowlevel.checkpoint().__await__()
        return self._reply

    def release(self) -> None:
        """Nothing is held."""


async def measure(options: argparse.Namespace) -> None:
    """Make the clips, and print a line every tenth of them."""
    settings = replace(
        Settings(), provider="nothing", cluster=f"local:{options.workers}",
        sound=Sound(format=Format.WAV, rate_hz=_RATE_HZ),
    )  # fmt: skip
    provider = registry.load_engine("nothing", settings)
    async with contextlib.AsyncExitStack() as stack:
        if options.simulate:
            group = await stack.enter_async_context(open_task_group())
            client = SimulatedClient()
            executor = cluster.ClusterExecutor(
                client, settings, provider, most=sys.maxsize, group=group
            )
            await executor.start()
        else:
            opened = cluster.open_cluster(settings, provider, sys.maxsize)
            executor = await stack.enter_async_context(opened)
        voice = Voice(provider="nothing", name="none")

        async def make(number: int) -> int:
            recording, _ = await executor.record_clip(SpokenForm(text=f"{number}番"), voice, ())
            return len(recording.data)

        await run(make, 200, executor.target_clips, "warm")
        await run(make, options.clips, executor.target_clips, "clips")


async def run(make: Callable[[int], Awaitable[int]], clips: int, at_once: int, name: str) -> None:
    process = psutil.Process()
    begun = perf_counter()
    done = 0
    async with Pool(make, limit=at_once, timeout=None) as pool:
        async for result in pool.run(iter(range(clips))):
            if not result.ok:
                raise SystemExit(f"failed: {result.error}")
            done += 1
            if done % max(1, clips // 10) == 0 and name == "clips":
                seconds = perf_counter() - begun
                resident = process.memory_info().rss / 2**20
                print(
                    f"{done:>9,} clips  {done / seconds:7.0f} clips/s  driver {resident:6.1f} MiB"
                )


def main() -> None:
    """Measure, with the engine plugged in for this process and the workers."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--clips", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--simulate", action="store_true")
    parser.add_argument("--smoke", action="store_true", help="a few clips, for seconds")
    options = parser.parse_args()
    if options.smoke:
        options.clips, options.workers = 100, 1
    with tempfile.TemporaryDirectory() as place:
        info = Path(place) / "nothing-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nothing\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(
            "[tts_assets.providers]\nnothing = benchmarks.cluster_overhead:Nothing\n"
        )
        os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), place])
        sys.path.insert(0, place)
        anyio.run(measure, options)


if __name__ == "__main__":
    main()
