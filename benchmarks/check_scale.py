"""What commands cost beside the least that the same work needs, how that grows, and which goals are met.

    python benchmarks/check_scale.py [--clips 10000 100000 1000000] [--repeat 5] [--folder DIR]
        [--commands check generate status] [--work [NAME ...]]

Nothing to do: everything is fresh, ten catalogues with entries as long as those of
data/vocabulary.json, words and readings of their own and URLs in place, a ledger with a line for each,
and the assets. The peer only reads the same JSON with the standard library and lists the same folder.
The first command is measured with an empty cache folder, too, where no plan is remembered; `check` also
without any assets, by the ledger alone, and after one entry has changed.

Other work, with --work: URLs written back into 100,000 entries beside `json.loads` and `json.dumps`, a
plan of 100,000 new entries, one text spoken beside pyopenjtalk and lameenc, `status` of 969 clips, and
`--help` beside an application of Typer with two commands.

All are whole processes, run in turn; medians are printed. Ratios and goals are of the seconds of a
processor, which other work on the machine changes least. The exit code is 1 when a goal is missed, or
when a clip of the largest size costs clearly more than one of the smaller ones. A million clips need
6 GB and as many inodes in DIR.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
DUMPS = """
import glob, json
for name in sorted(glob.glob("data/*.json")):
    with open(name, "rb") as file:
        entries = json.loads(file.read())
    for entry in entries:
        entry["audioUrl"] = "/audio/vocabulary/0123456789abcdef01234567.mp3"
    with open(name, "w", encoding="utf-8") as file:
        file.write(json.dumps(entries, ensure_ascii=False, indent=2))
"""
SPEAK = """
import lameenc, numpy, pyopenjtalk
sound, rate = pyopenjtalk.tts("こんにちは")
encoder = lameenc.Encoder()
encoder.set_in_sample_rate(rate)
encoder.set_channels(1)
encoder.silence()
data = encoder.encode(sound.astype(numpy.int16).tobytes())
with open("peer.mp3", "wb") as file:
    file.write(data + encoder.flush())
"""
TYPER = """
import typer
app = typer.Typer()
@app.command()
def one(text: str): ...
@app.command()
def two(text: str): ...
app()
"""
#: As the installed script begins.
START = "import sys; from tts_assets.__main__ import main; sys.exit(main())"
_FILES = 10
#: How much more of a processor than the floor: with a remembered plan, after one change, without.
_NOTHING, _ONE_CHANGED, _FIRST = 0.7, 1.2, 6.0
#: Below so many clips the start of a process is most of it: seconds are a goal, not a ratio.
_FEW, _FEW_SECONDS = 10_000, 0.35
_LAST_BYTES = 4096  #: at the end of a catalogue, more than one entry
_WORK = ("write-back", "dry-run", "speak", "status", "help")
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
    goal: float
    in_seconds: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it costs no more than its goal."""
        return (self.ours.busy if self.in_seconds else self.ratio) <= self.goal

    def show(self) -> str:
        """The row as text, as wide as the heading."""
        goal = f"{self.goal:.2f} s" if self.in_seconds else f"{self.goal:.2f}x"
        return (
            f"{self.what:24} {self.clips:>9,} {self.floor.seconds:>8.2f} {self.ours.seconds:>7.2f}"
            f" {self.ratio:>6.2f} {self.floor.busy:>10.2f} {self.ours.busy:>9.2f}"
            f" {self.floor.mib:>10.0f} {self.ours.mib:>9.0f}"
            f" {goal:>7} {'met' if self.is_met else 'MISSED'}"
        )


HEADING = (
    f"{'':24} {'clips':>9} {'floor s':>8} {'ours s':>7} {'ratio':>6} {'floor busy':>10}"
    f" {'ours busy':>9} {'floor MiB':>10} {'ours MiB':>9} {'goal':>7}"
)


def main() -> int:
    """Measure all; 1 when a goal is missed, or a clip of the largest size is dearer."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--smoke", action="store_true", help="run for seconds only, to show that it works"
    )
    parser.add_argument("--clips", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--folder", help="where the files are made; a disk with room for them")
    parser.add_argument("--commands", nargs="+", default=["check", "generate", "status"])
    parser.add_argument(
        "--work", nargs="*", choices=_WORK, default=[], help="all, if none is named"
    )
    options = parser.parse_args()
    if "--work" in sys.argv and not options.work:
        options.work = list(_WORK)
    if options.smoke:
        options.clips, options.repeat, options.commands = [50], 1, ["generate"]
        options.work = list(_WORK)
    print(
        f"load {os.getloadavg()[0]:.2f}, {os.cpu_count()} processors, Python {sys.version.split()[0]}"
    )
    print(HEADING)
    rows = []
    for clips in sorted(options.clips):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            os.chdir(folder)
            # A child's peak begins with its parent's size, which therefore must stay small.
            _in_a_process_of_its_own(_prepare, clips)
            for row in _measured(clips, options.commands, options.repeat):
                print(row.show(), flush=True)
                rows.append(row)
            os.chdir(ROOT)
    for name in options.work:
        clips = 50 if options.smoke else 969 if name == "status" else 100_000
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            os.chdir(folder)
            row = _measure_work(name, clips, options.repeat)
            print(row.show(), flush=True)
            rows.append(row)
            os.chdir(ROOT)
    print(f"load {os.getloadavg()[0]:.2f}")
    # Few clips say nothing about the ratio.
    return 0 if options.smoke else _verdict(rows)


def _verdict(rows: list[Row]) -> int:
    """Whether a goal is missed, or the largest size costs more for each clip than smaller ones."""
    wrong = not all(row.is_met for row in rows)
    for what in dict.fromkeys(row.what for row in rows):
        own = [row for row in rows if row.what == what]
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
    """Every command beside the floor; `check` once more after a change, and without the assets."""
    first = _Work(f"{commands[0]}, first time", [commands[0]], _FIRST, cache="new-{number}")
    yield first.measure(clips, repeat)
    for command in commands:
        work = _Work(f"{command}, with audio", [command], _NOTHING)
        yield work.scale(clips).measure(clips, repeat)
    if "check" in commands:
        file = _files()[0]
        shutil.copyfile(file, "whole")
        changed = _Work("check, one entry changed", ["check"], _ONE_CHANGED, code=1)
        changed = changed._replace(before=partial(_change_an_entry, file))
        yield changed.scale(clips).measure(clips, repeat)
        shutil.copyfile("whole", file)
        Path("audio/vocabulary").rename("gone")
        yield _Work("check, ledger alone", ["check"], _NOTHING).scale(clips).measure(clips, repeat)


# Whole catalogues are copied, not read: a child's peak begins with its parent's size.
def _change_an_entry(file: Path, number: int) -> None:
    size = Path("whole").stat().st_size
    shutil.copyfile("whole", file)
    with file.open("r+b") as catalogue:
        catalogue.seek(max(0, size - _LAST_BYTES))
        _, key, rest = catalogue.read().rpartition(b'"reading": "')
        assert key, f"the last {_LAST_BYTES} bytes of {file} have no reading"
        catalogue.seek(-len(rest), os.SEEK_END)
        catalogue.write(f"あい{_in_kana(number)}".encode() + rest[rest.index(b'"') :])


def _measure_work(name: str, clips: int, repeat: int) -> Row:
    """What is to be done, of --work; the folder is empty."""
    if name in {"write-back", "dry-run", "status"}:
        _in_a_process_of_its_own(_prepare, clips)
    match name:
        case "write-back":
            _in_a_process_of_its_own(_keep_without_urls)
            work = _Work("URLs written back", ["generate"], 2.5, floor=("-c", DUMPS))
            work = work._replace(before=_restore)
        case "dry-run":
            Path("audio").rename("gone")
            work = _Work("dry run, all new", ["generate", "--dry-run"], 2.5)
        case "status":
            work = _Work("status", ["status"], 0.25, in_seconds=True)
        case "speak":
            command = ["speak", "こんにちは", "-o", "ours.mp3"]
            work = _Work("speak", command, 1.5, floor=("-c", SPEAK), before=_delete_speech)
            return work.measure(1, repeat)
        case _:
            Path("app.py").write_text(TYPER, encoding="utf-8")
            floor = ("app.py", "--help")
            return _Work("--help", ["--help"], 1.15, floor=floor).measure(1, repeat)
    return work.measure(clips, repeat)


def _delete_speech(number: int) -> None:  # noqa: ARG001 - each time the same
    Path("ours.mp3").unlink(missing_ok=True)


def _keep_without_urls() -> None:
    for file in _files():
        entries = json.loads(file.read_text(encoding="utf-8"))
        _write(file.with_suffix(".kept"), [each | {"audioUrl": None} for each in entries])


def _restore(number: int) -> None:  # noqa: ARG001 - each time the same
    for file in _files():
        shutil.copyfile(file.with_suffix(".kept"), file)


class _Work(NamedTuple):
    """A command, and what it is compared with.

    Args:
        what: the name of the row.
        command: its arguments.
        goal: how many times the floor it may take, or how many seconds of a processor.
        in_seconds: which of both.
        floor: the peer's arguments of Python.
        cache: the user's cache folder for each run.
        code: the exit code that is right.
        before: is called with the number of the run before either runs.
    """

    what: str
    command: list[str]
    goal: float
    in_seconds: bool = False
    floor: tuple[str, ...] = ("-c", FLOOR)
    cache: str = "cache"
    code: int = 0
    before: Callable[[int], None] = lambda _: None

    def scale(self, clips: int) -> _Work:
        """The same work with the goal that holds for so many clips."""
        return self._replace(goal=_FEW_SECONDS, in_seconds=True) if clips <= _FEW else self

    def measure(self, clips: int, repeat: int) -> Row:
        """The command and the floor in turn, after one run each that does not count."""
        ours = [sys.executable, "-c", START, *self.command]
        ours += ["--progress", "none"] if self.command[0] == "generate" else []
        pairs = []
        for number in range(repeat + 1):
            self.before(number)
            bare = _cost([sys.executable, *self.floor])
            self.before(number)
            pairs.append((bare, _cost(ours, self.code, cache=self.cache.format(number=number))))
        return Row(
            self.what,
            clips,
            _median([each for each, _ in pairs[1:]]),
            _median([each for _, each in pairs[1:]]),
            statistics.median(own.busy / bare.busy for bare, own in pairs[1:]),
            self.goal,
            self.in_seconds,
        )


def _median(costs: list[Cost]) -> Cost:
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def _cost(command: list[str], code: int = 0, *, cache: str = "cache") -> Cost:
    """Run a command that must end with that exit code."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(Path.cwd() / cache)}
    # An installed package is compiled, and so must this tree be after its first run.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile() as log:
        begun = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != code:
            log.seek(0)
            raise SystemExit(f"{' '.join(command[2:6])} failed: {log.read().decode()}")
    # In KiB on Linux, in bytes on macOS.
    mib = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, mib)


def _in_a_process_of_its_own(work: Callable[..., None], *args: int) -> None:
    process = multiprocessing.get_context("spawn").Process(target=work, args=args)
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
