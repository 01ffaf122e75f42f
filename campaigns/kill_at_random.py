"""Kill a large run at random moments, again and again, and see that nothing is lost or damaged.

    python campaigns/kill_at_random.py [--kills 25] [--seed 1]

The speech of data/ is made with OpenJTalk in a folder of its own. Again and again the run and its
engine are killed with SIGKILL after a random while; each time all files under a final name are
decoded, and the catalogues are compared with what they were apart from their URLs. At the end one
run goes through, and everything must be the same, byte for byte, as after an undisturbed run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile

ROOT = Path(__file__).resolve().parent.parent
URLS = {"audioUrl", "onyomiAudio", "kunyomiAudio"}


def main() -> int:
    """Kill, look, and kill again; 1 if there was any harm."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="kill-at-random-"))
    try:
        return _campaign(work, options.kills, random.Random(options.seed))
    finally:
        shutil.rmtree(work)


def _campaign(work: Path, kills: int, chance: random.Random) -> int:
    undisturbed, disturbed = work / "undisturbed", work / "disturbed"
    for folder in (undisturbed, disturbed):
        shutil.copytree(ROOT / "data", folder / "data")
    begun = time.monotonic()
    _start(undisturbed).wait()
    # Long enough for the longest clip to be made in some of the runs, or none would go past it.
    longest = (time.monotonic() - begun) / 4 + 1.0
    harm = 0
    for number in range(1, kills + 1):
        run = _start(disturbed)
        time.sleep(chance.uniform(0.2, longest))
        run.kill()
        run.wait()
        found = _harm(disturbed, undisturbed)
        harm += bool(found)
        made = len(list(disturbed.glob("audio/*/*.mp3")))
        print(f"kill {number}: {made} clips there, {found or 'no harm'}", flush=True)
        if _files(disturbed).keys() == _files(undisturbed).keys() and number < kills:
            # Nothing is left to be struck: from the beginning.
            shutil.rmtree(disturbed)
            shutil.copytree(ROOT / "data", disturbed / "data")
    if _start(disturbed).wait() != 0 or _files(disturbed) != _files(undisturbed):
        harm += 1
        print("the last run did not end in the bytes of an undisturbed one")
    print(f"{kills} kills, {len(_files(undisturbed))} files, {harm} times harm")
    return 1 if harm else 0


def _start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tts_assets", "generate", "--progress", "none"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _harm(disturbed: Path, undisturbed: Path) -> str | None:
    for path in disturbed.glob("audio/*/*.mp3"):
        if soundfile.info(path).frames == 0:
            return f"{path.name} is damaged"
        if path.read_bytes() != (undisturbed / path.relative_to(disturbed)).read_bytes():
            return f"{path.name} is another clip"
    for path in disturbed.glob("data/*.json"):
        before = json.loads((ROOT / "data" / path.name).read_bytes())
        if _without_urls(json.loads(path.read_bytes())) != _without_urls(before):
            return f"{path.name} is not what it was"
    return None


def _without_urls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_urls(each) for key, each in value.items() if key not in URLS}
    return [_without_urls(each) for each in value] if isinstance(value, list) else value


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


if __name__ == "__main__":
    sys.exit(main())
