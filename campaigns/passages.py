"""Passages of the sample data: the same bytes with one worker and with two, and after a kill.

For each engine, all reading and listening texts of ``data/`` are made with 1 and with 2 workers, and
every byte compared. Then a text of many sentences is killed with SIGKILL in the middle, some times,
and made whole: the next run may only say the segments that were not there. Some minutes.

    python campaigns/passages.py [--engine "openjtalk"] [--engine "kokoro kokoro.model=M kokoro.voices=V"]

An engine is its name and any settings of the configuration, parted by blanks.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
KILLS = 4


class Engine(NamedTuple):
    """An engine with its settings as environment variables."""

    name: str
    variables: dict[str, str]


def engine_of(text: str) -> Engine:
    """Parse an engine from the command line."""
    name, *settings = text.split()
    pairs = (setting.split("=", 1) for setting in settings)
    variables = {
        "TTS_ASSETS_" + key.upper().replace(".", "_").replace("-", "_"): value
        for key, value in pairs
    }
    return Engine(name, variables)


def command(engine: Engine, workers: int) -> list[str]:
    return [
        *(sys.executable, "-m", "tts_assets", "generate", "--provider", engine.name),
        *("--concurrency", str(workers), "--timeout", "600", "--output-format", "jsonl"),
        *("--progress", "none", "--type", "reading", "--type", "listening"),
    ]


def environment(engine: Engine) -> dict[str, str]:
    return {**os.environ, **engine.variables, "PYTHONPATH": str(ROOT)}


#: The size of a text in a smoke run.
_SMOKE_CHARACTERS = 60


def made(
    folder: Path, engine: Engine, workers: int
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Generate everything in a folder; return the messages and the files of the output folder."""
    done = subprocess.run(
        command(engine, workers),
        cwd=folder,
        env=environment(engine),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{engine.name}: {done.returncode}: {done.stderr.decode()[-2000:]}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted((folder / "audio").rglob("*"))
        if path.is_file()
    }
    return lines, files


def same_with_any_number(engine: Engine, most: int | None = None) -> int:
    """Generate the texts of the sample data, or the first few, with one worker and with two."""
    results = []
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as name:
            shutil.copytree(ROOT / "data", Path(name) / "data")
            for file in ("reading", "listening"):
                texts = Path(name) / f"data/{file}.json"
                entries = json.loads(texts.read_text(encoding="utf-8"))[:most]
                if most is not None:
                    entries = [
                        each | {"text": each["text"][:_SMOKE_CHARACTERS]} for each in entries
                    ]
                texts.write_text(json.dumps(entries), encoding="utf-8")
            results.append(made(Path(name), engine, workers)[1])
    one, two = results
    different = sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))
    assets = [name for name in one if name.endswith(".mp3")]
    print(f"{engine.name}: {len(assets)} passages, {len(one)} files, different with 2 workers: {different or 'none'}")  # fmt: skip
    return len(different)


def long_text(folder: Path) -> None:
    """Write a catalogue with one text of many sentences."""
    (folder / "data").mkdir()
    texts = [entry["text"] for entry in json.loads((ROOT / "data" / "reading.json").read_text(encoding="utf-8"))]  # fmt: skip
    entry = {"id": 1, "title": "long", "level": "N5", "text": "\n".join(texts)}
    (folder / "data" / "reading.json").write_text(json.dumps([entry]), encoding="utf-8")


def survives_kills(engine: Engine) -> int:
    """Kill a run in the middle of a text, and resume it."""
    faults = 0
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name) / "whole"
        whole.mkdir()
        long_text(whole)
        lines, expected = made(whole, engine, 2)
        count = next(line["segments"] for line in lines if line["event"] == "segment-made")
        for number in range(KILLS):
            folder = Path(name) / f"killed-{number}"
            folder.mkdir()
            long_text(folder)
            waiting = _killed(folder, engine, at=random.Random(number).randrange(1, count - 1))
            lines, files = made(folder, engine, 2)
            # The resumed run reports the clip instead.
            said = sum(line["event"] == "segment-made" for line in lines) + 1
            right = files == expected and said <= count - waiting
            faults += not right
            print(f"{engine.name}: killed with {waiting} of {count} segments there; then said {said}; bytes {'equal' if files == expected else 'DIFFERENT'}")  # fmt: skip
    return faults


def _killed(folder: Path, engine: Engine, *, at: int) -> int:
    """Kill a run once this many segments exist; return how many exist then."""
    process = subprocess.Popen(
        command(engine, 2), cwd=folder, env=environment(engine), stdout=subprocess.DEVNULL, start_new_session=True
    )  # fmt: skip
    temp = folder / ".temp-audio"
    while process.poll() is None and len(list(temp.rglob("*.segment"))) < at:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return len(list(temp.rglob("*.segment")))


def main() -> None:
    """Run, print the results, and exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", action="append", type=engine_of)
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    wanted = parser.parse_args()
    faults = 0
    for engine in wanted.engine or [engine_of("openjtalk")]:
        faults += same_with_any_number(engine, 1 if wanted.smoke else None)
        faults += 0 if wanted.smoke else survives_kills(engine)
    print(f"{faults} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
