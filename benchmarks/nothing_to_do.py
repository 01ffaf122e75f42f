"""What a run costs that finds everything fresh, beside what nobody can do without.

    python benchmarks/nothing_to_do.py [--entries 100000] [--repeat 5]

The peer only reads the same JSON with the standard library and lists the same folder. Entries are
as long as those of data/vocabulary.json. Both are whole processes, run in turn; medians are
printed, and the exit code is 1 when we take more than three times as long.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tts_assets import Settings, providers, survey
from tts_assets.ledger import NAME, Line, encode

ROOT = Path(__file__).resolve().parent.parent
FLOOR = """
import json, os
entries = json.loads(open("data/vocabulary.json", "rb").read())
names = {entry.name for entry in os.scandir("audio/vocabulary")}
print(len(entries), len(names))
"""


def main() -> int:
    """Measure both in turn; 1 when the ratio is over 3."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        _prepare(options.entries)
        ours = [sys.executable, "-m", "tts_assets", "generate", "--progress", "none"]
        floor = [sys.executable, "-c", FLOOR]
        print(_run(ours)[1].strip())
        times: dict[str, list[float]] = {"ours": [], "floor": []}
        for _ in range(options.repeat):
            times["floor"].append(_run(floor)[0])
            times["ours"].append(_run(ours)[0])
    middle = {name: statistics.median(each) for name, each in times.items()}
    ratios = [ours / floor for ours, floor in zip(times["ours"], times["floor"], strict=True)]
    ratio = statistics.median(ratios)
    print(f"floor {middle['floor']:.2f} s, ours {middle['ours']:.2f} s, ratio {ratio:.2f} (median)")
    return 1 if ratio > 3 else 0


def _prepare(count: int) -> None:
    """A vocabulary of that many entries, all of whose assets exist, are recorded and linked."""
    model = json.loads((ROOT / "data/vocabulary.json").read_bytes())
    entries = []
    for number in range(count):
        entry = dict(model[number % len(model)])
        entry.pop("audioUrl", None)
        entries.append(entry | {"id": number + 1, "word": _kanji(number), "reading": "ごい"})
    path = Path("data/vocabulary.json")
    path.parent.mkdir()
    path.write_text(json.dumps(entries, ensure_ascii=False, indent=2), encoding="utf-8")
    settings = Settings()
    planned = survey.survey(settings, providers.get(settings.provider, settings)).planned
    Path("audio/vocabulary").mkdir(parents=True)
    lines = []
    for entry, item in zip(entries, planned, strict=True):
        Path("audio", item.asset).write_bytes(b"x" * 100)
        entry["audioUrl"] = item.url
        lines.append(_line(item.asset, item.recipe))
    path.write_text(json.dumps(entries, ensure_ascii=False, indent=2), encoding="utf-8")
    Path("audio", NAME).write_bytes(b"".join(sorted(lines)))
    print(f"{count} entries, {path.stat().st_size / 1e6:.0f} MB of JSON")


def _kanji(number: int) -> str:
    """A word of its own for every number."""
    return chr(0x4E00 + number // 1000) + chr(0x5E00 + number % 1000)


def _line(asset: str, recipe: str) -> bytes:
    return encode(
        Line(
            asset=asset, recipe=recipe, text="語", reading="ゴ", voice="openjtalk/mei", speed=1.0,
            engine="", sha256="0" * 64, bytes=100, seconds=0.7, lufs=-19.0, peak_dbtp=-3.0,
        )
    )  # fmt: skip


def _run(command: list[str]) -> tuple[float, str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    # An installed package is compiled, and so must this tree be after its first run.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - begun, done.stdout


if __name__ == "__main__":
    sys.exit(main())
