"""Transcribe a recording of ten hours, and watch the memory: it must not grow with the length.

    python campaigns/long_recording.py [--hours 10]

The recording is faint noise at 8 kHz with a pause now and then; a tiny Whisper with random weights
hears it through the real library. Resident memory of the run and of the recognizer's process is read
twice a second. The exit code is 1 if the last third of the run needs over a tenth more than the first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import psutil
import soundfile

from tests import whisper_model

ROOT = Path(__file__).resolve().parent.parent
RATE_HZ = 8_000


def main() -> int:
    """Make the recording, transcribe it, print what it took; 1 if memory grew."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    options = parser.parse_args()
    hours = 0.1 if options.smoke else options.hours
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "long.flac"
        record(recording, round(60 * hours))
        model = whisper_model.build(Path(folder) / "model")
        begun = time.monotonic()
        code, run, engine = watch(
            ["transcribe", str(recording), "--model", str(model), "--progress", "none"]
        )
    third = len(run) // 3
    grown = [
        # A short run is over before its memory is seen.
        max(each[-third:], default=0) / (max(each[third // 4 : third + third // 4], default=0) or 1)
        for each in (run, engine)
    ]
    print(f"{hours:g} h in {time.monotonic() - begun:.0f} s, exit code {code}")
    for name, each, ratio in zip(("run", "engine"), (run, engine), grown, strict=True):
        print(f"{name:<8} peak {max(each, default=0):,} MiB, last third {ratio:.2f} of the first")
    # A short run still fills its buffers.
    return int(code != 0 or (max(grown) > 1.1 and not options.smoke))


def record(path: Path, minutes: int) -> None:
    """Noise of so many minutes, with two pauses in each."""
    noise = np.random.default_rng(1).normal(0, 0.02, 60 * RATE_HZ)
    for second in (25, 52):
        noise[second * RATE_HZ : (second + 1) * RATE_HZ] = 0
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, format="FLAC", subtype="PCM_16") as file:
        for _ in range(minutes):
            file.write(noise)


def watch(words: list[str]) -> tuple[int, list[int], list[int]]:
    """Run a command; its exit code, and the memory in MiB of it and of what it starts."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-m", "tts_assets", *words], env=environment)
    seen = psutil.Process(process.pid)
    run, engine = [], []
    while process.poll() is None:
        try:
            own = seen.memory_info().rss
            started = sum(child.memory_info().rss for child in seen.children(recursive=True))
        except psutil.Error:
            break
        run.append(own >> 20)
        engine.append(started >> 20)
        time.sleep(0.5)
    return process.wait(), run, engine


if __name__ == "__main__":
    sys.exit(main())
