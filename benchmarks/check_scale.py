"""What it costs to see how clips stand, beside what nobody can do without, and how that grows.

    python benchmarks/check_scale.py [--clips 10000 100000 1000000] [--repeat 3] [--folder DIR]
        [--commands check generate status]

Everything is fresh: ten catalogues with entries as long as those of data/vocabulary.json, words and
readings of their own and URLs in place, a ledger with a line for each, and the assets. The peer only
reads the same JSON with the standard library and lists the same folder. Both are whole processes,
run in turn; medians are printed. The first command is measured with an empty cache folder, too, where
no plan is remembered, and `check` without any assets: by the ledger alone.

The exit code is 1 when the largest size takes more than twice as long as the peer with a remembered
plan, or more than six times as long without one, or costs clearly more for each clip than the smaller
ones. Busy are the seconds of a processor, which other work on the machine changes least. A million
clips need 6 GB and as many inodes in DIR.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
FLOOR = """
import glob, json, os
count = 0
for name in sorted(glob.glob("data/*.json")):
    with open(name, "rb") as file:
        count += len(json.loads(file.read()))
present = os.path.isdir("audio/vocabulary")
names = {entry.name for entry in os.scandir("audio/vocabulary")} if present else set()
print(count, len(names))
"""
_FILES = 10
#: With a remembered plan, and without.
_WORST_RATIO, _WORST_FIRST_RATIO = 2.0, 6.0
#: A clip among a million may cost so much more than one among fewer: caches are only so large.
_WORST_GROWTH = 1.35
_KANJI = re.compile("[一-鿿々]+")
_KANA = "かきくけこさしすせそたちつてとなにぬねのまみむめもらりるれろあいうえおやゆよわ"


class Cost(NamedTuple):
    """What a process took: seconds from start to end, those of a processor, and the most memory."""

    seconds: float
    busy: float
    mib: float


class Row(NamedTuple):
    """One line of the table."""

    what: str
    clips: int
    floor: Cost
    ours: Cost
    ratio: float

    def show(self) -> str:
        """The row as text, as wide as the heading."""
        return (
            f"{self.what:20} {self.clips:>9,} {self.floor.seconds:>8.2f} {self.ours.seconds:>7.2f}"
            f" {self.ratio:>6.2f} {self.floor.busy:>10.2f} {self.ours.busy:>9.2f}"
            f" {self.floor.mib:>10.0f} {self.ours.mib:>9.0f}"
            f" {self.ours.seconds / self.clips * 1e6:>8.1f}"
        )


HEADING = (
    f"{'':20} {'clips':>9} {'floor s':>8} {'ours s':>7} {'ratio':>6} {'floor busy':>10}"
    f" {'ours busy':>9} {'floor MiB':>10} {'ours MiB':>9} {'us/clip':>8}"
)


def main() -> int:
    """Measure every size; 1 when the largest is too slow, or dearer for each clip."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    parser.add_argument("--clips", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", help="where the files are made; a disk with room for them")
    parser.add_argument("--commands", nargs="+", default=["check", "generate", "status"])
    options = parser.parse_args()
    if options.smoke:
        options.clips, options.repeat, options.commands = [50], 1, ["generate"]
    print(HEADING)
    rows = []
    for clips in sorted(options.clips):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            os.chdir(folder)
            # A child's peak begins with its parent's size, which therefore must stay small.
            _in_a_process_of_its_own(clips)
            for row in _measured(clips, options.commands, options.repeat):
                print(row.show(), flush=True)
                rows.append(row)
            os.chdir(ROOT)
    # Few clips say nothing about the ratio.
    return 0 if options.smoke else _verdict(rows)


def _verdict(rows: list[Row]) -> int:
    """Whether the largest size keeps to the bounds."""
    wrong = False
    for what in dict.fromkeys(row.what for row in rows):
        own = [row for row in rows if row.what == what]
        worst = _WORST_FIRST_RATIO if what.endswith("first time") else _WORST_RATIO
        wrong |= own[-1].ratio > worst
        # Between two sizes: what a process takes to start is no matter of clips. And of the
        # processor: what else a machine does is no matter of ours.
        each = [
            (more.ours.busy - less.ours.busy) / (more.clips - less.clips) * 1e6
            for less, more in pairwise(own)
        ]
        if each:
            steps = " then ".join(f"{one:.1f}" for one in each)
            print(f"{what}: each further clip keeps a processor busy for {steps} us")
            wrong |= each[-1] > each[0] * _WORST_GROWTH
    return int(wrong)


def _measured(clips: int, commands: list[str], repeat: int) -> Iterator[Row]:
    """Every command beside the floor; `check` once more when the assets are gone."""
    yield _row(f"{commands[0]}, first time", commands[0], clips, repeat, cache="new-{number}")
    for command in commands:
        yield _row(f"{command}, with audio", command, clips, repeat)
    if "check" in commands:
        Path("audio/vocabulary").rename("gone")
        yield _row("check, ledger alone", "check", clips, repeat)


def _row(what: str, command: str, clips: int, repeat: int, cache: str = "cache") -> Row:
    """One command and the floor in turn, after one run each that does not count.

    Args:
        what: the name of the row.
        command: the command.
        clips: how many there are.
        repeat: how often it is measured.
        cache: the user's cache folder for each run.
    """
    ours = [sys.executable, "-m", "tts_assets", command]
    ours += ["--progress", "none"] if command == "generate" else []
    floor = [sys.executable, "-c", FLOOR]
    pairs = [
        (_cost(floor), _cost(ours, cache=cache.format(number=number)))
        for number in range(repeat + 1)
    ][1:]
    return Row(
        what,
        clips,
        _median([each for each, _ in pairs]),
        _median([each for _, each in pairs]),
        statistics.median(own.seconds / bare.seconds for bare, own in pairs),
    )


def _median(costs: list[Cost]) -> Cost:
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def _cost(command: list[str], *, cache: str = "cache") -> Cost:
    """Run a command that must find nothing to do."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(Path.cwd() / cache)}
    # An installed package is compiled, and so must this tree be after its first run.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile() as told:
        begun = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=told, stderr=told)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            told.seek(0)
            raise SystemExit(f"{' '.join(command[:4])} failed: {told.read().decode()}")
    # In KiB on Linux, in bytes on macOS.
    mib = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, mib)


def _in_a_process_of_its_own(clips: int) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_prepare, args=(clips,))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit("the catalogues could not be made")


def _prepare(clips: int) -> None:
    """Catalogues, assets and a ledger as a finished run leaves them."""
    from tts_assets import Settings
    from tts_assets.build.plan import make_plan as survey
    from tts_assets.engines import registry as providers
    from tts_assets.store import ledger_line as ledger

    settings = Settings()
    provider = providers.load_engine(settings.provider, settings)
    Path("data").mkdir()
    Path("audio/vocabulary").mkdir(parents=True)
    lines = []
    for number, file in enumerate(_files()):
        entries = list(_entries(number * clips // _FILES, (number + 1) * clips // _FILES))
        _write(file, entries)
        # In the output folder there would be more and more to look at.
        alone = replace(settings, paths=(str(file),), output="nowhere")
        planned = survey.make_plan(alone, provider).planned
        for entry, item in zip(entries, planned, strict=True):
            Path("audio", item.asset).write_bytes(b"x" * 100)
            entry["audioUrl"] = item.url
            lines.append(_line(item))
        _write(file, entries)
    lines.sort()
    with Path("audio", ledger.LEDGER_NAME).open("wb") as out:
        out.writelines(lines)


def _files() -> list[Path]:
    return [Path("data", f"vocabulary-{number}.json") for number in range(_FILES)]


def _write(file: Path, entries: list[dict[str, Any]]) -> None:
    file.write_text(json.dumps(entries, ensure_ascii=False, indent=2), encoding="utf-8")


def _entries(start: int, end: int) -> Iterator[dict[str, Any]]:
    """Entries shaped as the real ones, marks and kana of their words included."""
    model = json.loads((ROOT / "data/vocabulary.json").read_text(encoding="utf-8"))
    for number in range(start, end):
        like = model[number % len(model)]
        kana = _in_kana(number)
        own = chr(0x4E00 + number // 1000) + chr(0x5E00 + number % 1000)
        word = _KANJI.sub(own, like["word"], count=1) if _KANJI.search(like["word"]) else kana
        yield like | {"id": number + 1, "word": word, "reading": kana}


def _in_kana(number: int) -> str:
    """A reading of its own for every number, of four kana."""
    kana = ""
    for _ in range(4):
        number, digit = divmod(number, len(_KANA))
        kana += _KANA[digit]
    return kana


def _line(item: Any) -> bytes:
    """A ledger line as long as those of the default engine."""
    from tts_assets import Settings
    from tts_assets.build.plan import recipes as plan
    from tts_assets.store import ledger_line as ledger

    form = item.clip.form
    return ledger.encode(
        ledger.Line(
            asset=item.asset, version=ledger.VERSION, recipe=item.recipe, brief=item.recipe[::-1],
            text=form.text, reading=form.reading, spoken=f"{form.reading}↓", basis="spelling",
            voice="openjtalk/mei", speed=1.0, sound=plan.sound_words(Settings().sound),
            engine="pyopenjtalk-plus=0.4.1.post10 sudachidict-core=20261015 onnxruntime=1.31.1",
            sha256=item.recipe.ljust(64, "0"), bytes=100, seconds=0.7, lufs=-19.0, peak_dbtp=-3.01,
        )
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
