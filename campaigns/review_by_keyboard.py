"""A hundred clips heard and decided with no mouse, as quickly as the page lets somebody.

    python campaigns/review_by_keyboard.py [--clips 100] [--speed 1.0] [--pictures DIR]

Clips of `data/`, really spoken, are shown by `review --serve` in Chromium, to somebody who listens to
each until it may be approved, approves nine of ten and rejects the tenth for the second reason. Each
clip but the first plays by itself. Told is how long a decision took, and how much of it was not
listening: what the page adds, and the looks at it from outside, twenty milliseconds apart.

Then the server is ended, and the ledger is asked. The exit code is 1 when a decision is missing there or
is another one, or when the page adds half a second to a decision.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.opening import chromium, serving
from tests.browser.visits import Visit

#: What must be heard of a clip before it can be approved.
_ENOUGH = 0.9
_MOST_ADDED_SECONDS = 0.5
_REJECT_EACH = 10
_COMMAND = [sys.executable, "-m", "tts_assets"]


class Decided(NamedTuple):
    """A decision: how long it took since the one before, and how much of that was listening."""

    seconds: float
    listening: float


def main() -> int:
    """Decide all; 1 when that is not what the ledger says, or when it is slow."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--speed", type=float, default=1.0, help="0.5 to 1.5, in tenths")
    parser.add_argument("--pictures", type=Path, help="keep pictures of the page in this folder")
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    options = parser.parse_args()
    if options.smoke:
        options.clips = 3
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "data", folder / "data")
        made = [*_COMMAND, "generate", "--max-clips", str(options.clips), "--progress", "none"]
        subprocess.run(made, cwd=folder, env=environment, check=False, capture_output=True)
        page = [*_COMMAND, "review", "--serve", "--no-open", "--progress", "none"]
        with serving(page, folder, environment) as address, chromium() as browser:
            visit = Visit(browser.new_page(viewport={"width": 1280, "height": 800})).open(address)
            done = decide(visit, options.speed)
            if options.pictures is not None:
                options.pictures.mkdir(parents=True, exist_ok=True)
                visit.page.screenshot(path=options.pictures / "decided.png")
        found = kept(folder)
    return tell(done, found, visit.wrong)


def decide(visit: Visit, speed: float) -> list[Decided]:
    """Hear and decide all clips of the page by keys."""
    clips = int(visit.at("#progress").get_attribute("aria-valuemax") or 0)
    step = "." if speed > 1 else ","
    visit.press(*[step] * round(abs(speed - 1) * 10), "Space")
    done = []
    for number in range(clips):
        begun = time.perf_counter()
        length = float(visit.at("#now-state").inner_text().split()[2])
        visit.until(lambda: visit.may_approve)
        if number % _REJECT_EACH == _REJECT_EACH - 1:
            visit.press("r", "2")
        else:
            visit.press("a")
        now = str(number + 1)
        visit.until(lambda now=now: visit.at("#progress").get_attribute("aria-valuenow") == now)
        done.append(Decided(time.perf_counter() - begun, _ENOUGH * length / speed))
    visit.until(lambda: visit.at("#saving").get_attribute("data-state") == "saved")
    return done


def kept(folder: Path) -> Counter[tuple[str, str]]:
    """What the ledger says was decided, with the reasons."""
    from tts_assets.store.ledger import whole_lines
    from tts_assets.store.ledger_line import LEDGER_NAME

    lines = whole_lines((folder / "audio" / LEDGER_NAME).read_bytes())
    return Counter((line.review.decided.value, line.review.reason) for line in lines if line.review)


def tell(done: list[Decided], found: Counter[tuple[str, str]], wrong: list[str]) -> int:
    """Print the table; the exit code."""
    rejected = len(done) // _REJECT_EACH
    wanted = {("approved", ""): len(done) - rejected, ("rejected", "wrong accent"): rejected}
    total = sum(each.seconds for each in done)
    added = statistics.median(each.seconds - each.listening for each in done)
    print(f"decided    {len(done)} clips in {total:.1f} s, without a mouse")
    print(f"decision   {statistics.median(each.seconds for each in done):.2f} s usually")
    print(f"listening  {statistics.median(each.listening for each in done):.2f} s of it")
    print(
        f"the rest   {added:.2f} s, {max(each.seconds - each.listening for each in done):.2f} s at most"
    )
    print(f"ledger     {', '.join(f'{count} {key[0]}' for key, count in sorted(found.items()))}")
    for each in wrong:
        print(f"wrong      {each}")
    is_right = dict(found) == {key: count for key, count in wanted.items() if count} and not wrong
    return int(not is_right or added > _MOST_ADDED_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
