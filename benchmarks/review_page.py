"""How long a reviewer waits for the page of many clips: until it is written, and until it is ready.

    python benchmarks/review_page.py [--clips 10000] [--repeat 3] [--folder DIR]

Clips of four to eight morae, as real as OpenJTalk makes them, under as many names and with as many
hashes as there are to be: a few dozen are made, and each file differs in the tag at its end. The
catalogue, the ledger and the clips are those of a finished run. Cold is the first look at them, in
which every sound is drawn; warm are the next ones, in which each file is still read and hashed. What
is told is written as the page gets it.

Then the page is opened in Chromium, from an exported file and from `review --serve`, each time as by
somebody who was never there: it is ready when its first rows are painted and keys work. Where there is
no Chromium, that is left out and said.

The exit code is 1 when cold keeps a processor busy for a minute, or warm for three seconds, for every
10,000 clips (what else a machine does is no matter of ours), or when the quickest of the visits had to
wait 1.5 seconds.
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
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.store.ledger_line import Line

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.opening import NoChromiumError, chromium, serving

_COLD_SECONDS, _WARM_SECONDS, _READY_SECONDS = 60.0, 3.0, 1.5
#: Clips that are really made; the others are their likes.
_MADE = 48
#: ID3v1 at the end of a file, which every decoder passes over.
_TAG, _TAG_BYTES = b"TAG", 128


class Told(NamedTuple):
    """One look: how long it took, how long a processor was busy with it, and the JSON of the page."""

    seconds: float
    busy: float
    clips: int
    data: bytes


def main() -> int:
    """Measure; 1 when it takes too long."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", help="where the files are made; a disk with room for them")
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    options = parser.parse_args()
    if options.smoke:
        options.clips, options.repeat = 20, 1
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        os.chdir(folder)
        seconds = prepare(options.clips)
        print(f"{options.clips:,} clips, {seconds / 3600:.1f} hours of speech")
        cold = load_page_data()
        warm = [load_page_data() for _ in range(options.repeat)]
        slowest = opened(options.repeat)
        os.chdir(ROOT)
    if cold.clips != options.clips:
        raise SystemExit(f"{cold.clips} of {options.clips} clips are told")
    again = min(warm, key=lambda each: each.busy)
    for name, each in (("cold", cold), ("warm", again)):
        per_clip = each.busy / options.clips * 1e3
        print(
            f"{name}  {each.seconds:7.2f} s, busy {each.busy:7.2f} s, {per_clip:.2f} ms for a clip"
        )
    size = len(cold.data)
    print(f"JSON  {size / 1e6:7.2f} MB, {size / options.clips:.0f} bytes for a clip")
    share = options.clips / 10_000
    too_slow = cold.busy > share * _COLD_SECONDS or again.busy > share * _WARM_SECONDS
    return int(too_slow or slowest > share * _READY_SECONDS)


def load_page_data() -> Told:
    """Return the data of the page for the project in the working folder."""
    import anyio

    from tts_assets import Settings
    from tts_assets.review.review_rows import PageMode, build_payload
    from tts_assets.review.row_builder import load_rows

    begun, idle = time.perf_counter(), time.process_time()
    found = anyio.run(partial(load_rows, Settings()))
    data = build_payload(found, mode=PageMode.EXPORT, project="benchmark")
    seconds, busy = time.perf_counter() - begun, time.process_time() - idle
    return Told(seconds, busy, len(found.clips), data)


def opened(repeat: int) -> float:
    """Open the page of the project in the working folder; the slower of both ways, in seconds."""
    command = [sys.executable, "-m", "tts_assets", "review"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    subprocess.run(
        [*command, "--export", "review"], env=environment, check=True, capture_output=True
    )
    try:
        with chromium() as browser:
            file = _ready(browser, Path("review/index.html").resolve().as_uri(), repeat)
            with serving([*command, "--serve", "--no-open"], Path.cwd(), environment) as address:
                served = _ready(browser, address, repeat)
    except NoChromiumError as exc:
        print(f"the page was not opened: {exc}")
        return 0.0
    for name, seconds in (("file", file), ("http", served)):
        print(
            f"{name}  {seconds[0]:7.2f} s to the first rows, {statistics.median(seconds):.2f} s usually"
        )
    return max(file[0], served[0])


def _ready(browser: Browser, address: str, repeat: int) -> list[float]:
    """Seconds from the start of going there until the page says that it is ready, in order."""
    seconds = []
    for _ in range(repeat):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto(address)
        page.locator("html[data-ready=true]").wait_for(state="attached")
        mark = "performance.getEntriesByName('review-ready')[0].startTime / 1000"
        seconds.append(page.evaluate(mark))
        context.close()
    return sorted(seconds)


def prepare(clips: int) -> float:
    """Make a project in the working folder; seconds of speech in it.

    Args:
        clips: how many, each with an entry of its own.
    """
    from tts_assets import Settings, generate_sync
    from tts_assets.build.plan import make_plan as survey
    from tts_assets.engines import registry as providers
    from tts_assets.store.ledger import whole_lines
    from tts_assets.store.ledger_line import LEDGER_NAME, encode

    # Enough words in kana to be different, and short enough for a second.
    entries = [{"id": number + 1, "word": _word(number)} for number in range(clips)]
    for number, entry in enumerate(entries):
        entry["level"] = f"N{5 - number % 5}"
    file = Path("data/vocabulary.json")
    file.parent.mkdir()
    file.write_text(json.dumps(entries[:_MADE], ensure_ascii=False), encoding="utf-8")
    generate_sync(Settings(update_json=False))
    made = list(whole_lines(Path("audio", LEDGER_NAME).read_bytes()))
    file.write_text(json.dumps(entries, ensure_ascii=False, indent=1), encoding="utf-8")
    settings = Settings()
    planned = survey.make_plan(settings, providers.load_engine(settings.provider, settings)).planned
    known = {line.asset for line in made}
    rest = [item for item in planned if item.asset not in known]
    lines = [*made, *(_like(*pair) for pair in zip(rest, cycle(made), strict=False))]
    lines.sort(key=lambda line: line.asset)
    Path("audio", LEDGER_NAME).write_bytes(b"".join(map(encode, lines)))
    return sum(line.seconds for line in lines)


def _word(number: int) -> str:
    """A word of its own for every number, of four to eight kana."""
    row = "かさたなまらきしちにみりくすつぬむるけせてねめれこそとのもろ"
    word = ""
    for _ in range(4):
        number, digit = divmod(number, len(row))
        word += row[digit]
    return word + word[: number % 5]


def _like(item: ClipPlan, line: Line) -> Line:
    """A clip with the sound of another one, and bytes of its own."""
    import hashlib

    import msgspec

    tag = _TAG + item.recipe.encode().ljust(_TAG_BYTES - len(_TAG), b"\0")
    data: Any = Path("audio", line.asset).read_bytes() + tag
    Path("audio", item.asset).write_bytes(data)
    return msgspec.structs.replace(
        line,
        asset=item.asset,
        recipe=item.recipe,
        brief=item.recipe[::-1],
        text=item.clip.form.text,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
    )


if __name__ == "__main__":
    sys.exit(main())
