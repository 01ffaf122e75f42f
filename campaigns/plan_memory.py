"""Whether remembered plans ever change what a command says: random edits, with and without memory.

    python campaigns/plan_memory.py [--cases 2000] [--seed 1] [--kills]
    python campaigns/plan_memory.py --smoke

A small project is edited at random: records of large catalogues (JSON, JSON Lines and CSV), entries, settings, the configuration's words, catalogues, the
ledger, overrides, assets (removed, cut, swapped, added), versions of the engine, leftovers of killed
runs; some edits change nothing, such as times of files. After each, `status`, `check`, `generate
--dry-run` and what `generate` finds to do are asked for twice: with the memory that all earlier cases
left, and with an empty one. Each answer must be the same; now and then everything is brought up to
date, so that there is something to remember.

With --kills, a `check` that remembers its plan is killed before each of its operations on the cache
folder, with and without an older plan there. The next `check` must say what it says with an empty
cache, and in the end nothing but whole plans may be left.

The exit code is 1 if any answer differs, or if hardly any plan was recalled, whole or for the
records that did not change.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tts_assets import Settings, generate
from tts_assets.build.plan import plan_memory, planner
from tts_assets.build.plan.make_plan import make_plan
from tts_assets.build.status import summarize_status
from tts_assets.config.catalogue_sources import ClipRule, IdRule, Source, parse_paths
from tts_assets.config.settings import OnEngineChange
from tts_assets.config.source_paths import parse_path
from tts_assets.engines import openjtalk, registry
from tts_assets.errors import TtsAssetsError
from tts_assets.model import DictionaryWord, Format, Kind
from tts_assets.store import failures, ledger_line
from tts_assets.store.atomic_files import _LOCK

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = ["猫", "犬", "学校", "食べる", "橋", "雨", "朝", "山", "川", "先生"]
READINGS = [
    "ねこ",
    "いぬ",
    "がっこう",
    "たべる",
    "はし",
    "あめ",
    "あさ",
    "やま",
    "かわ",
    "せんせい",
]

#: At least this part of the answers must come from the memory, or it was not tested.
LEAST_RECALLED = 0.1
LEAST_PLANNED = 0.02  #: the same for plans of only the records that changed

#: Catalogues of many records, and how many.
LARGE = ("vocabulary-many.json", "vocabulary-lines.jsonl", "vocabulary-table.csv")
MANY = 40

#: Kills itself before an operation on the files of a folder.
KILLED = """
import os, signal, sys
folder, left = sys.argv[1], int(sys.argv[2])
def watch(event, arguments):
    global left
    names = (os.fspath(each) for each in arguments if isinstance(each, (str, bytes, os.PathLike)))
    if any(os.fsdecode(name).startswith(folder) for name in names):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
from tts_assets.__main__ import main
sys.argv = ["tts-assets", "check"]
main()
"""


class Project:
    """A project that is edited, in the working folder."""

    def __init__(self, chance: random.Random) -> None:
        """A new project."""
        self.chance = chance
        self.settings = Settings()
        self.version = "1"
        self.reset()

    def make_entry(self, number: int) -> dict[str, Any]:
        words = [self.chance.randrange(len(WORDS)) for _ in range(self.chance.choice([1, 2, 3]))]
        word, reading = ("".join(each[at] for at in words) for each in (WORDS, READINGS))
        return {"id": f"e{number}", "word": word, "reading": reading, "audioUrl": None}

    def write(self, path: Path, entries: list[Any]) -> None:
        indent = self.chance.choice([None, 1, 2])
        if path.suffix == ".jsonl":
            text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in entries)
        elif path.suffix == ".csv":
            out = io.StringIO()
            table = csv.DictWriter(
                out, list(dict.fromkeys(key for each in entries for key in each))
            )
            table.writeheader()
            table.writerows(entries)
            text = out.getvalue()
        else:
            text = json.dumps(entries, ensure_ascii=False, indent=indent)
        path.write_text(text, encoding="utf-8", newline="")

    def read(self, path: Path) -> list[Any]:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in text.splitlines() if line]
        if path.suffix == ".csv":
            return list(csv.DictReader(io.StringIO(text)))
        found: list[Any] = json.loads(text)
        return found

    def settle(self) -> None:
        """Leave everything as a finished run does."""
        for leftover in (_LOCK, failures.NAME):
            Path("audio", leftover).unlink(missing_ok=True)
        shutil.rmtree("audio", ignore_errors=True)
        provider = registry.load_engine("openjtalk", self.settings)
        settings = replace(self.settings, kinds=(), paths=())
        lines, urls = dict[str, bytes](), dict[str, list[planner.ClipPlan]]()
        for item in make_plan(settings, provider).planned:
            urls.setdefault(item.clip.file, []).append(item)
            if item.asset not in lines:
                path = Path("audio", item.asset)
                path.parent.mkdir(parents=True, exist_ok=True)
                data = os.urandom(self.chance.randrange(50, 60))
                path.write_bytes(data)
                lines[item.asset] = make_line(item, len(data), provider.engine("mei"))
        for file, items in urls.items():
            self.write_urls(Path(file), items)
        Path("audio").mkdir(exist_ok=True)
        Path("audio", ledger_line.LEDGER_NAME).write_bytes(b"".join(sorted(lines.values())))

    def write_urls(self, path: Path, items: list[planner.ClipPlan]) -> None:
        entries = self.read(path)
        for item in items:
            if item.clip.place is not None:
                target: Any = entries
                for step in item.clip.place[:-1]:
                    target = target[step]
                target[item.clip.place[-1]] = item.url
        self.write(path, entries)

    # The edits. Each may find nothing to edit.

    def edit_entry(self) -> None:
        path = self.pick(Path("data").glob("*.json"))
        entries = json.loads(path.read_text(encoding="utf-8"))
        if not (isinstance(entries, list) and entries):
            return
        at = self.chance.randrange(len(entries))
        match self.chance.randrange(6):
            case 0:
                entries[at] = self.make_entry(at)
            case 1:
                del entries[at]
            case 2:
                entries.append(self.make_entry(len(entries)))
            case 3:
                self.chance.shuffle(entries)
            case 4:
                entries[at]["audioUrl"] = self.chance.choice([None, "https://other/x.mp3", 7])
            case _:
                entries[at]["note"] = str(self.chance.random())
        self.write(path, entries)

    def edit_record(self) -> None:
        """Change one record of a large catalogue, or seldom two."""
        for _ in range(self.chance.choice([1, 1, 1, 2])):
            path = Path("data", self.chance.choice(LARGE))
            try:
                entries = self.read(path)
                self.change_record(entries)
                self.write(path, entries)
            except (OSError, ValueError, AttributeError):
                # An earlier edit broke it.
                return
            if self.chance.random() < 0.2:
                self.edit_bytes(path)

    def change_record(self, entries: list[Any]) -> None:
        chance, at = self.chance, self.chance.randrange(len(entries))
        other = chance.randrange(len(entries))
        match chance.randrange(10):
            case 0:
                entries[at] |= self.make_entry(at)
            case 1:
                entries.insert(at, entries[at] | self.make_entry(len(entries)) | {"id": "new"})
            case 2:
                del entries[at]
            case 3:
                entries[at], entries[other] = entries[other], entries[at]
            case 4:
                entries[at] = entries[other]
            case 5:
                entries[at]["id"] = chance.choice(["E1", "e2", "", None, f"e{at + 100}", other])
            case 6:
                entries[at]["note"] = str(chance.random())
            case 7:
                wrong = [
                    "",
                    None,
                    "x",
                    "ネコ",
                    "\ud800",
                    7,
                    10**20,
                    1.5,
                    ["ねこ"],
                    "https://other/x.mp3",
                ]
                key = chance.choice(["reading", "word", "audioUrl", "accent", "note"])
                entries[at][key] = chance.choice(wrong)
            case 8:
                entries[at]["word"] = chance.choice(
                    ["〜", "いい/よい", "cat", "猫 (ねこ)", "猫" * 9]
                )
            case _:
                entries[at] |= self.make_entry(at) | {"audioUrl": None}

    def edit_bytes(self, path: Path) -> None:
        """Change how a catalogue is written, or break it."""
        data = path.read_bytes()
        at = data.find(b'"word"', self.chance.randrange(len(data) // 2 + 1))
        match self.chance.randrange(6):
            case 0:
                data = b"\xef\xbb\xbf" + data
            case 1:
                data += self.chance.choice([b"\n", b" ", b"x", b"[]", b"\n\n{}"])
            case 2 if at > 0:
                data = data[:at] + b'"word": "x", ' + data[at:]
            case 3:
                data = data.replace(b"\n", b"\r\n")
            case 4:
                data = data[: self.chance.randrange(len(data) + 1)]
            case _:
                data = data.replace(b": ", b":\t").replace(b", ", b",")
        path.write_bytes(data)

    def edit_layout(self) -> None:
        path = self.pick(Path("data").glob("*.json"))
        self.write(path, json.loads(path.read_text(encoding="utf-8")))

    def edit_catalogues(self) -> None:
        data = Path("data")
        match self.chance.randrange(5):
            case 0:
                (data / "kanji.json").write_text("[1, 2", encoding="utf-8")
            case 1:
                (data / "kanji.json").unlink(missing_ok=True)
            case 2:
                self.write(data / "words.json", [self.make_entry(1)])
            case 3:
                (data / "words.json").unlink(missing_ok=True)
            case _:
                (data / "notes.txt").write_text(str(self.chance.random()), encoding="utf-8")

    def edit_settings(self) -> None:
        chance, settings = self.chance, self.settings
        changes: list[dict[str, Any]] = [
            {"speed": chance.choice([1.0, 0.9])},
            {"voice": chance.choice([None, "mei-low", "nobody"])},
            {"sound": replace(settings.sound, lufs=chance.choice([-19.0, -20.0]))},
            {"sound": replace(settings.sound, format=chance.choice([Format.MP3, Format.OPUS]))},
            {"url": chance.choice(["/audio/{asset}", "/other/{asset}"])},
            {"asset": chance.choice(["{kind}/{recipe}.{ext}", "{kind}/{id}.{ext}"])},
            {"words": chance.choice([(), (DictionaryWord(surface="猫", reading="ニャンコ"),)])},
            {"kinds": chance.choice([(), (Kind.VOCABULARY,)])},
            {"paths": chance.choice([(), ("data/vocabulary.json",), ("missing",)])},
            {"on_engine_change": chance.choice(list(OnEngineChange))},
            {"update_json": chance.choice([True, False])},
            {"concurrency": chance.choice([None, 3])},
            {"sources": chance.choice([(), (self.make_source(),)])},
        ]
        self.settings = replace(settings, **chance.choice(changes))

    def edit_assets(self) -> None:
        paths = sorted(path for path in Path("audio").glob("*/*") if path.is_file())
        if len(paths) < 2:
            return
        one, other = self.chance.sample(paths, 2)
        match self.chance.randrange(6):
            case 0:
                one.unlink()
            case 1:
                os.truncate(one, self.chance.randrange(one.stat().st_size + 1))
            case 2:
                data = one.read_bytes()
                one.write_bytes(other.read_bytes())
                other.write_bytes(data)
            case 3:
                (one.parent / "foreign.mp3").write_bytes(b"x" * self.chance.randrange(9))
            case 4:
                one.rename(one.parent / "moved.mp3")
            case _:
                shutil.rmtree("audio/vocabulary", ignore_errors=True)

    def edit_times(self) -> None:
        for path in Path().glob("*/**/*"):
            moment = self.chance.randrange(2_000_000_000)
            os.utime(path, (moment, moment))

    def edit_ledger(self) -> None:
        path = Path("audio", ledger_line.LEDGER_NAME)
        lines = path.read_bytes().splitlines(keepends=True)
        if not lines:
            return
        at = self.chance.randrange(len(lines))
        match self.chance.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.append(lines[at])
            case 2:
                lines[at] = lines[at].replace(b'"bytes":5', b'"bytes":6')
            case _:
                lines.append(b"<<<<<<< HEAD\n")
        path.write_bytes(b"".join(lines))

    def edit_overrides(self) -> None:
        path = Path(self.settings.overrides)
        if self.chance.random() < 0.5:
            path.unlink(missing_ok=True)
            return
        row = {"file": "data/vocabulary.json", "entry": "e1", "part": "word", "reading": "ネコ"}
        path.write_text(json.dumps([{"version": 1}, row]), encoding="utf-8")

    def edit_leftovers(self) -> None:
        Path("audio").mkdir(exist_ok=True)
        match self.chance.randrange(3):
            case 0:
                Path("audio", _LOCK).write_bytes(b"")
            case 1:
                Path("audio", failures.NAME).write_text("{", encoding="utf-8")
            case _:
                Path("audio", _LOCK).unlink(missing_ok=True)
                Path("audio", failures.NAME).unlink(missing_ok=True)

    def edit_versions(self) -> None:
        self.version = self.chance.choice(["1", "2"])

    def reset(self) -> None:
        """Two catalogues, of which all is up to date."""
        Path(self.settings.overrides).unlink(missing_ok=True)
        shutil.rmtree("data", ignore_errors=True)
        Path("data").mkdir()
        self.settings = Settings()
        for name in ("vocabulary.json", "grammar.json"):
            self.write(Path("data", name), [self.make_entry(number) for number in range(6)])
        for name in LARGE:
            self.write(Path("data", name), [self.make_entry(number) for number in range(MANY)])
        if self.chance.random() < 0.3:
            self.settings = replace(self.settings, sources=(self.make_source(),))
        self.settle()

    def make_source(self) -> Source:
        """A source that reads a large catalogue by its own paths; some have many clips a record."""
        word = ClipRule(
            part="word",
            text=parse_paths("word"),
            reading=parse_paths("reading"),
            to=parse_path("audioUrl"),
        )
        spare = replace(word, part="spare", to=parse_path("spareUrl"))
        clips = self.chance.choice([(word,), (word, spare)])
        path = Path("data", self.chance.choice(LARGE))
        names = (str(path),)
        return Source(
            kind=Kind.VOCABULARY,
            clips=clips,
            name="source 1",
            files=names,
            id=IdRule(paths=parse_paths("id")),
        )

    def pick(self, paths: Any) -> Path:
        found = sorted(paths)
        return self.chance.choice(
            [path for path in found if path.name not in {"kanji.json", *LARGE}]
        )

    def list_edits(self) -> list[Callable[[], None]]:
        rare = [self.edit_catalogues, self.edit_ledger, self.edit_overrides, self.edit_leftovers]
        often = [self.edit_entry, self.edit_assets, self.edit_settings, self.edit_versions]
        still = [self.edit_layout, self.edit_times]
        one = [self.edit_record]
        return [*rare, *often, *often, *6 * still, *30 * one, *20 * [self.reset]]


def make_line(item: planner.ClipPlan, size: int, engine: str) -> bytes:
    """A line of the ledger, as a run writes it."""
    form = item.clip.form
    return ledger_line.encode(
        ledger_line.Line(
            asset=item.asset, version=ledger_line.VERSION, recipe=item.recipe,
            brief=item.recipe[::-1], text=form.text, reading=form.reading, spoken="ネコ", basis="spelling",
            voice="openjtalk/mei", speed=1.0, sound="format=mp3", engine=engine,
            sha256=item.recipe.ljust(64, "0"), bytes=size, seconds=0.7, lufs=-19.0, peak_dbtp=-3.01,
        )
    )  # fmt: skip


def answer(ask: Callable[[], Any]) -> str:
    """What a question finds, but for how long that took."""
    try:
        return repr(replace(ask(), seconds=0.0))
    except TtsAssetsError as exc:
        return f"{type(exc).__name__}: {exc}"


def list_questions(settings: Settings) -> dict[str, Callable[[], Any]]:
    """All that a user may ask."""
    return {
        "status": partial(summarize_status, settings, find_orphans=settings.is_whole),
        "check": partial(summarize_status, settings),
        "check --require-approved": partial(summarize_status, settings, require_approved=True),
        "generate --dry-run": partial(anyio.run, partial(generate, settings, dry_run=True)),
        # It writes URLs and clears up, and makes nothing.
        "generate": partial(anyio.run, partial(generate, replace(settings, max_clips=0))),
    }


def kill_writers(root: Path, most: int) -> tuple[int, int]:
    """Kill before each operation on the cache; how often that was, and how many answers differed.

    Args:
        root: an empty folder.
        most: kills with the same plans in the cache.
    """
    (root / "data").mkdir(parents=True)
    entries = [
        {"id": number, "word": word, "reading": reading, "audioUrl": None}
        for number, (word, reading) in enumerate(zip(WORDS, READINGS, strict=True))
    ]
    (root / "data/vocabulary.json").write_text(json.dumps(entries), encoding="utf-8")
    run_command(root, "empty", "-m", "tts_assets", "generate")
    kills = differing = 0
    for has_plan in (False, True):
        for left in range(most):
            cache = root / f"cache-{has_plan}-{left}"
            if has_plan:
                run_command(root, cache.name, "-m", "tts_assets", "check")
                # Another plan for the same settings.
                path = root / "data/vocabulary.json"
                first, *others = json.loads(path.read_text(encoding="utf-8"))
                path.write_text(json.dumps([first | {"note": left}, *others]), encoding="utf-8")
            code, _ = run_command(root, cache.name, "-c", KILLED, str(cache), str(left))
            kills += code == -signal.SIGKILL
            told = [
                run_command(root, name, "-m", "tts_assets", "check", "--output-format", "json")
                for name in (cache.name, f"{cache.name}-empty")
            ]
            rest = [each for each in cache.rglob("*") if each.is_file()]
            differing += told[0] != told[1] or [each.suffix for each in rest] != [".plan"]
            if code != -signal.SIGKILL:
                # A run that has something to do remembers nothing, and shows nothing here.
                differing += code != 0
                break
    return kills, differing


def run_command(root: Path, cache: str, *arguments: str) -> tuple[int, str]:
    """The exit code and the output of Python; times are left out of it."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(root / cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, re.sub(r'"seconds": [\d.e-]+', "", done.stdout)


def main() -> int:
    """Compare all answers; 1 if one differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", action="store_true")
    parser.add_argument("--smoke", action="store_true", help="for seconds only")
    options = parser.parse_args()
    if options.kills or options.smoke:
        with tempfile.TemporaryDirectory() as folder:
            kills, differing = kill_writers(Path(folder).resolve(), 2 if options.smoke else 1000)
        print(f"{kills} kills, {differing} differ")
        if differing or options.kills:
            return int(differing > 0)
    return compare_answers(30 if options.smoke else options.cases, random.Random(options.seed))


def count_remembered() -> Counter[str]:
    """How many plans are recalled, and how many are made of only the records that changed."""
    counts = Counter[str]()
    memory = plan_memory.PlanMemory
    recall, plan_changes = memory.recall, memory.plan_changes

    def count_recalled(own: plan_memory.PlanMemory, **conditions: bool) -> Any:
        found = recall(own, **conditions)
        counts["recalled"] += found is not None
        return found

    def count_planned(own: plan_memory.PlanMemory, make: Any) -> Any:
        found = plan_changes(own, make)
        counts["planned"] += found is not None
        return found

    memory.recall = count_recalled  # type: ignore[method-assign]
    memory.plan_changes = count_planned  # type: ignore[method-assign]
    return counts


def compare_answers(cases: int, chance: random.Random) -> int:
    """Edit and ask; 1 if an answer differs, or the memory hardly answered."""
    differing = asked = 0
    counts = count_remembered()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "project").mkdir()
        os.chdir(root / "project")
        project = Project(chance)
        openjtalk.OpenJTalk.engine = lambda *_: f"engine={project.version}"  # type: ignore[method-assign]
        project.settle()
        for case in range(cases):
            edit = chance.choice(project.list_edits())
            edit()
            questions = list_questions(project.settings)
            for name in ["check", *chance.sample(sorted(questions), 2)]:
                answers, ask = [], questions[name]
                # What an answer changes, the other one must not find done.
                shutil.copytree(".", root / "saved")
                for cache in ("kept", f"empty-{case}"):
                    if answers and name == "generate":
                        for path in ("audio", "data"):
                            shutil.rmtree(path)
                            shutil.copytree(root / "saved" / path, path)
                    os.environ["XDG_CACHE_HOME"] = str(root / cache)
                    answers.append(answer(ask))
                shutil.rmtree(root / "saved")
                shutil.rmtree(root / f"empty-{case}", ignore_errors=True)
                asked += 1
                if answers[0] != answers[1]:
                    differing += 1
                    print(f"case {case}, {edit.__name__}, {name}:", *answers, sep="\n  ")
        os.chdir(ROOT)
    recalled, planned = counts["recalled"], counts["planned"]
    print(
        f"{cases} cases, {asked} answers, {recalled} recalled, {planned} planned by changed "
        f"records, {differing} differ"
    )
    return int(
        differing > 0 or recalled < LEAST_RECALLED * asked or planned < LEAST_PLANNED * asked
    )


if __name__ == "__main__":
    sys.exit(main())
