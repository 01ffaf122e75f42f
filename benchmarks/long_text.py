"""One long text: what a second worker brings, whether the bytes stay the same, and what memory grows.

Makes texts of 60 and of 600 sentences with 1 and with 2 workers, through the command line, and prints
medians, the speed-up and the peak memory of all processes together. Some minutes.

    python benchmarks/long_text.py [--sentences 600] [--repeat 3] [--format mp3]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

_DATA = Path(__file__).parent.parent / "data"
_LOOK_SECONDS = 0.05


class Taken(NamedTuple):
    """What a run took: seconds, MiB of memory at its peak, and the hash of what it made."""

    seconds: float
    mib: float
    sha256: str


def sentences() -> list[str]:
    """Sentences of the sample data, each once."""
    found = [
        f"{sentence}。"
        for entry in json.loads((_DATA / "reading.json").read_text(encoding="utf-8"))
        for sentence in entry["text"].replace("\n", "").split("。")
        if len(sentence) >= 12
    ]
    found += [
        example["japanese"]
        for entry in json.loads((_DATA / "grammar.json").read_text(encoding="utf-8"))
        for example in entry["examples"]
        if len(example["japanese"]) >= 15
    ]
    return list(dict.fromkeys(found))


def passage(count: int) -> str:
    """A text of so many sentences, five to a paragraph."""
    chosen = random.Random(7).choices(sentences(), k=count)
    paragraphs = ("".join(chosen[at : at + 5]) for at in range(0, count, 5))
    return "\n".join(paragraphs)


def run(text: str, workers: int, sound_format: str) -> Taken:
    """Make the text in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "data").mkdir()
        entry = [{"id": 1, "title": "long", "level": "N5", "text": text}]
        (root / "data" / "reading.json").write_text(json.dumps(entry), encoding="utf-8")
        command = [sys.executable, "-m", "tts_assets", "generate", "--progress", "none"]
        command += ["--concurrency", str(workers), "--format", sound_format]
        begun = time.perf_counter()
        process = psutil.Popen([*command, "--timeout", "600"], cwd=root)
        peak = _peak(process)
        seconds = time.perf_counter() - begun
        if process.wait():
            raise SystemExit(f"it ended with {process.returncode}")
        (asset,) = (root / "audio" / "reading").glob(f"*.{sound_format}")
        return Taken(seconds, peak, hashlib.sha256(asset.read_bytes()).hexdigest())


def _peak(process: psutil.Popen) -> float:
    """The memory of a process and its children at its peak, in MiB; shared pages count once."""
    peak = 0
    while process.poll() is None:
        total = 0
        for each in (process, *_children(process)):
            try:
                total += each.memory_full_info().uss
            except psutil.Error:
                continue
        peak = max(peak, total)
        time.sleep(_LOOK_SECONDS)
    return peak / 2**20


def _children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def main() -> None:
    """Run, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    parser.add_argument("--sentences", type=int, default=600)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--format", default="mp3")
    wanted = parser.parse_args()
    if wanted.smoke:
        wanted.sentences, wanted.repeat, wanted.format = 2, 1, "wav"
    few = max(1, wanted.sentences // 10)
    texts = {count: passage(count) for count in (few, wanted.sentences)}
    taken: dict[tuple[int, int], list[Taken]] = {}
    for _ in range(wanted.repeat):
        for count, text in texts.items():
            for workers in (1, 2):
                found = run(text, workers, wanted.format)
                taken.setdefault((count, workers), []).append(found)
                print(f"{count:>6} sentences, {workers} workers: {found.seconds:7.2f} s, {found.mib:6.0f} MiB, {found.sha256[:12]}", flush=True)  # fmt: skip
    for count in texts:
        alone, both = ([each.seconds for each in taken[count, workers]] for workers in (1, 2))
        ratios = [one / two for one, two in zip(alone, both, strict=True)]
        same = len({each.sha256 for workers in (1, 2) for each in taken[count, workers]}) == 1
        print(f"{count} sentences: 2 workers {statistics.median(ratios):.3f} x one; bytes {'equal' if same else 'DIFFERENT'}")  # fmt: skip
    for workers in (1, 2):
        small, large = (
            statistics.median(each.mib for each in taken[count, workers]) for count in texts
        )
        print(f"{workers} workers: memory {large:.0f} MiB, {large / small - 1:+.1%} over {few} sentences")  # fmt: skip


if __name__ == "__main__":
    main()
