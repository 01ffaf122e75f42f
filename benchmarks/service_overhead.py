"""What our client of a paid service costs beside a bare loop over httpx, and what memory it takes.

    python benchmarks/service_overhead.py [--clips 2000] [--repeat 5]

Both buy the same clips from the simulator, which answers at once: the bare loop with a semaphore of
five, as anybody would write it, without looking at what comes back; ours as a run does, with limits,
repetition, bills, and sound that is decoded and doubted. They take turns, each in a process of its
own. What the dictionary has to say of the texts is asked before, and shown by itself.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
AT_ONCE = 5
KEY = "sk_simulator"


def texts(clips: int) -> list[str]:
    """So many different ones."""
    return [f"{number}番線" for number in range(1, clips + 1)]


async def bare(url: str, clips: int) -> float:
    """Seconds for all clips by a loop as anybody would write it."""
    import httpx

    from tests.simulator.scenario import voice_id

    at_once = anyio.Semaphore(AT_ONCE)
    begun = time.perf_counter()
    async with httpx.AsyncClient(base_url=url, headers={"xi-api-key": KEY}, timeout=60) as client:

        async def one(text: str) -> None:
            async with at_once:
                answer = await client.post(
                    f"v1/text-to-speech/{voice_id(1)}",
                    params={"output_format": "pcm_24000"},
                    json={"text": text, "model_id": "eleven_multilingual_v2"},
                )
                answer.raise_for_status()

        async with anyio.create_task_group() as tasks:
            for text in texts(clips):
                tasks.start_soon(one, text)
    return time.perf_counter() - begun


async def ours(url: str, clips: int) -> float:
    """Seconds for all clips by our provider, with as many in hand as its limiter wants."""
    # As httpx is for the bare loop, what is loaded once for a run is loaded before the clock runs.
    import httpx  # noqa: F401
    import numpy as np  # noqa: F401

    from tests.simulator.scenario import voice_id
    from tts_assets import Pool
    from tts_assets.config.keys import Secret
    from tts_assets.config.settings import ElevenLabsSettings, RemoteSettings, Settings
    from tts_assets.engines.elevenlabs import ElevenLabs
    from tts_assets.model import SpokenForm, Voice

    voice = Voice(provider="elevenlabs", name=voice_id(1))
    provider = ElevenLabs(
        Settings(
            voice=voice.name,
            keys={"elevenlabs": Secret(KEY)},
            elevenlabs=ElevenLabsSettings(base_url=url),
            remote=RemoteSettings(max_concurrent=AT_ONCE, rate_per_second=10_000),
        )
    )
    forms = [SpokenForm(text) for text in texts(clips)]
    begun = time.perf_counter()
    await provider.charges(forms, ())
    print(f"readings: {time.perf_counter() - begun:.2f} s", file=sys.stderr)
    begun = time.perf_counter()
    async with provider.open(workers=AT_ONCE, timeout_seconds=60.0) as speaker:

        async def say(form: SpokenForm) -> int:
            return int((await speaker.speak(form, voice)).samples.size)

        async with Pool(say, limit=speaker.limiter.target_clips, timeout=60.0) as pool:

            def follow() -> None:
                pool.limit = speaker.limiter.target_clips

            speaker.limiter.on_change = follow
            async for result in pool.run(forms):
                assert result.value, result.error
    return time.perf_counter() - begun


def turn(name: str, clips: int) -> dict[str, Any]:
    """One turn, in a process of its own."""
    from tests.simulator.running import running
    from tests.simulator.scenario import Scenario

    with running(Scenario(cap=AT_ONCE)) as simulator:
        command = [sys.executable, __file__, "--turn", name, simulator.url, "--clips", str(clips)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        paid = simulator.state()["credits"]
    assert paid == sum(map(len, texts(clips))), paid
    return found


def main() -> None:
    """Take turns, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    parser.add_argument("--clips", type=int, default=2_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--turn", nargs=2, metavar=("WHICH", "URL"))
    options = parser.parse_args()
    if options.smoke:
        options.clips, options.repeat = 10, 1
    if options.turn:
        which, url = options.turn
        seconds = anyio.run(bare if which == "bare" else ours, url, options.clips)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "mib": peak}))
        return
    rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
    ratios = []
    for _ in range(options.repeat):
        for clips in (options.clips // 10, options.clips):
            for name in ("bare", "ours"):
                rows.setdefault((name, clips), []).append(turn(name, clips))
        ratios.append(
            rows["bare", options.clips][-1]["seconds"] / rows["ours", options.clips][-1]["seconds"]
        )
    for (name, clips), turns in rows.items():
        pace = statistics.median(clips / each["seconds"] for each in turns)
        peak = statistics.median(each["mib"] for each in turns)
        print(f"{name:5} {clips:6} clips  {pace:7.0f} clips/s  peak {peak:5.0f} MiB")
    each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"ours / bare: {statistics.median(ratios):.2f} (each turn: {each})")


if __name__ == "__main__":
    main()
