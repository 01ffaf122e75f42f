"""The golden run: what users have after a fixed set of commands, to compare two states of the code.

Each scenario is a small project with a list of commands. The record keeps every file that the
commands leave (assets, ledger, catalogues, decisions, time lines, overrides, parts of shards), the
documents they print, exit codes, names of options, and schemas. Kept byte for byte, except: the
wording of messages (``WORDING``), measured times (``TIMES``), and paths of the temporary project.

    python campaigns/golden.py record FOLDER      # before a change
    python campaigns/golden.py compare FOLDER     # after it: prints each difference, exits with 1
    python campaigns/golden.py --smoke            # one scenario, recorded and compared twice

A minute and a half. Records of two machines differ where their encoders or dictionaries do.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.conftest import Project, plugged_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Members of printed documents that hold sentences for people: whether they are there is kept.
WORDING = frozenset(
    {"reason", "message", "fix", "advice", "fatal", "remedy", "description", "title", "problem"}
)
#: Members of printed documents that hold measured times.
TIMES = frozenset({"seconds", "history", "elapsed", "begun_seconds"})
#: Written for people to read, or made of other files of the record.
_FOR_PEOPLE = frozenset({"report.html", "summary.md"})
_ONE_WORKER = ("--concurrency", "1", "--progress", "none")
_MOST_LINES_SHOWN = 12
_TIMEOUT_SECONDS = 300


class Scenario(NamedTuple):
    """A project and what is done in it."""

    name: str
    write: Callable[[Project], None]
    steps: tuple[Step, ...]


class Step(NamedTuple):
    """One command; ``prepare`` changes the project before it."""

    words: tuple[str, ...]
    environment: dict[str, str] = {}  # noqa: RUF012 - never changed
    prepare: Callable[[Project], None] | None = None


def _command(line: str, prepare: Callable[[Project], None] | None = None, **env: str) -> Step:
    """A step as it is typed; generate runs with one worker, which orders its events."""
    words = tuple(line.split())
    return Step(words + (_ONE_WORKER if words[0] == "generate" else ()), env, prepare)


def _generate(line: str = "", prepare: Callable[[Project], None] | None = None, **env: str) -> Step:
    """Generate with the tests' engine, and print every event."""
    return _command(f"generate --provider tones --output-format jsonl {line}", prepare, **env)


#: What every scenario asks at its end.
_QUESTIONS = (
    _command("status --provider tones --output-format json"),
    _command("check --provider tones --output-format junit"),
    _command("check --provider tones --output-format json"),
    _generate("--dry-run"),
    _command("prune --output-format json"),
    _command("lint --output-format json"),
)


def _write_data(project: Project) -> None:
    shutil.copytree(ROOT / "data", project.folder / "data")


def _write_words(project: Project) -> None:
    project.write(
        "data/vocabulary.json",
        [
            {"id": 1, "word": "橋", "reading": "はし", "level": "N5"},
            {"id": 2, "word": "食べる", "reading": "たべる", "tts": {"speed": 0.9}},
            {"id": 3, "word": "雨", "reading": "あめ", "audioUrl": "https://else.where/rain.mp3"},
            {"id": 4, "word": "犬", "reading": "いぬ", "tts": {"accent": 2}},
            {"id": "a/b ü", "word": "猫"},
            {"id": 6, "word": "失敗"},
        ],
    )


def _write_config(project: Project, text: str) -> None:
    (project.folder / "tts-assets.toml").write_text(text, "utf-8")


def _write_shapes(project: Project) -> None:
    """Files that no built-in name fits."""
    _write_tables(project)
    (project.folder / "tts-assets.toml").unlink()


def _write_tables(project: Project) -> None:
    data = project.folder / "data"
    data.mkdir()
    (data / "deck.csv").write_bytes(
        '\ufeffid;front;kana;audio\r\n1;学生;がくせい;\r\n2;"先生; 教師";せんせい;\r\n'.encode()
    )
    (data / "lines.jsonl").write_text(
        '{"key": "x", "ja": "水を飲む。"}\n{"key": "y",   "ja": "山に登る。", "sound": null}\n',
        "utf-8",
    )
    _write_config(
        project,
        """[[source]]
files = "data/deck.csv"
kind = "vocabulary"
id = "id"
[[source.clip]]
part = "word"
text = "front"
reading = "kana"
to = "audio"

[[source]]
files = "data/lines.jsonl"
kind = "grammar"
id = "key"
[[source.clip]]
part = "text"
text = "ja"
to = "sound"
""",
    )


def _write_passages(project: Project) -> None:
    project.write(
        "data/reading.json",
        [{"id": 1, "title": "朝", "text": "朝、起きた。\n水を飲んだ。雨が降っていた。"}],
    )
    project.write(
        "data/listening.json",
        [
            {
                "id": 1,
                "title": "店",
                "text": "男：すみません。\n女：はい、どうぞ。\n男：水をください。",
            }
        ],
    )
    _write_config(project, '[[speaker]]\nname = "女"\nvoice = "other"\n')


def _write_override(project: Project) -> None:
    line = {
        "file": "data/vocabulary.json", "source": "built-in", "entry": "1", "part": "word",
        "text": "橋", "say": {"accent": 0, "speed": 0.8},
    }  # fmt: skip
    text = '[{"version":1}\n,' + json.dumps(line, ensure_ascii=False) + "\n]\n"
    (project.folder / "tts-assets.overrides.json").write_text(text, "utf-8")


def _write_decisions(project: Project) -> None:
    lines = [
        json.loads(line)
        for line in (project.folder / "audio/ledger.jsonl").read_bytes().splitlines()
    ]
    decisions = [
        {
            "asset": line["asset"], "sha256": line["sha256"], "decided": decided,
            "at": "2026-01-02T03:04:05.000Z", "by": "Mia", "reason": "noise", "clips": [],
        }
        for line, decided in zip(lines, ("rejected", "approved"), strict=False)
    ]  # fmt: skip
    project.write("decisions.json", {"version": 1, "decisions": decisions})


def _change_entry(project: Project) -> None:
    entries = project.read()
    entries[0]["reading"] = "きょう"
    project.write("data/vocabulary.json", entries)


def _remove_entry(project: Project) -> None:
    project.write("data/vocabulary.json", project.read()[1:])


def _break_catalogue(project: Project) -> None:
    (project.folder / "data/kanji.json").write_text('[{"id": 1, "kanji": "水"', "utf-8")


def _damage_asset(project: Project) -> None:
    path = min((project.folder / "audio/vocabulary").iterdir())
    path.write_bytes(path.read_bytes()[:-7])


def _name_by_id(project: Project) -> None:
    _write_config(project, 'asset = "{kind}/{id}-{part}.{ext}"\n')


SCENARIOS = (
    Scenario(
        "data",
        _write_data,
        (
            _command("generate --provider openjtalk --output-format jsonl"),
            _command("generate --provider openjtalk --output-format jsonl"),
            _command("status --output-format json"),
            _command("check --output-format json"),
            _command("check --output-format junit"),
            _command("lint --output-format json"),
            _command("verify --output-format json"),
        ),
    ),
    Scenario(
        "words",
        _write_words,
        (
            _generate("--report report"),
            _generate(),
            _generate("", _change_entry),
            _generate("", _damage_asset),
            *_QUESTIONS,
            _command("explain 1 --output-format json --provider tones"),
        ),
    ),
    Scenario("tables", _write_tables, (_generate(), *_QUESTIONS)),
    Scenario("passages", _write_passages, (_generate(), _generate("--format flac"), *_QUESTIONS)),
    Scenario(
        "shards",
        _write_words,
        (
            _generate("--shard 2/3"),
            _generate("--shard 1/3"),
            _generate("--shard 3/3"),
            _command("merge --output-format json"),
            *_QUESTIONS,
        ),
    ),
    Scenario(
        "decisions",
        _write_words,
        (
            _generate(),
            _command("review apply decisions.json --output-format json", _write_decisions),
            _generate(),
            _generate("--only rejected"),
            *_QUESTIONS,
            _command("check --provider tones --require-approved --output-format json"),
        ),
    ),
    Scenario("overrides", _write_words, (_generate(), _generate("", _write_override), *_QUESTIONS)),
    Scenario(
        "engine-change",
        _write_words,
        (
            _generate(),
            _generate("--dry-run", TEST_ENGINE_PARTS="tones=2"),
            _generate("--voice other", TEST_ENGINE_PARTS="tones=2"),
            *_QUESTIONS,
        ),
    ),
    Scenario(
        "names",
        _write_words,
        (
            _generate(),
            _command("migrate --provider tones --output-format json", _name_by_id),
            _command("prune --yes --output-format json", _remove_entry),
            *_QUESTIONS,
        ),
    ),
    Scenario(
        "mistakes",
        _write_words,
        (
            _generate("", _break_catalogue),
            _generate("--type nothing"),
            _generate("--no-such-option"),
            _generate("--id nobody"),
            _command("generate --provider nobody"),
            _command("generate --provider broken"),
            _command("merge"),
            _command("review apply missing.json"),
            _command("check --provider tones", TTS_ASSETS_PROVDER="x"),
        ),
    ),
    Scenario("proposal", _write_shapes, (_command("init"), _generate(), _command("init"))),
    Scenario(
        "schemas",
        lambda _: None,
        tuple(
            _command(f"schema {name}")
            for name in (
                *("configuration", "events", "ledger", "report", "standing", "timeline"),
                *("verdicts", "nothing"),
            )
        ),
    ),
    Scenario(
        "options",
        lambda _: None,
        tuple(
            _command(f"{name} --help")
            for name in (
                *("bench", "generate", "merge", "migrate", "prune", "status", "check", "lint"),
                *("init", "explain", "providers", "voices", "doctor", "schema", "speak"),
                *("transcribe", "verify", "models", "auth", "review", "review apply"),
            )
        ),
    ),
)


def run_scenario(scenario: Scenario) -> dict[str, bytes]:
    """Play a scenario in a temporary project; its record, by names of files."""
    record: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as name:
        project = plugged_in(Path(name))
        scenario.write(project)
        for number, step in enumerate(scenario.steps, 1):
            if step.prepare is not None:
                step.prepare(project)
            # Wide enough that no name of an option is cut.
            done = subprocess.run(
                project.command(*step.words),
                cwd=project.folder,
                env=project.environment | {"COLUMNS": "200"} | step.environment,
                capture_output=True,
                encoding="utf-8",
                check=False,
                timeout=_TIMEOUT_SECONDS,
            )
            output = _options(done.stdout) if "--help" in step.words else _mask(done.stdout)
            head = f"$ {' '.join(step.words)}\nexit {done.returncode}\n"
            record[f"{number:02}.txt"] = (head + output.replace(name, "<folder>") + "\n").encode()
        for path in sorted(project.folder.rglob("*")):
            if path.is_file() and path.name not in _FOR_PEOPLE:
                file = path.relative_to(project.folder)
                record[f"files/{file.as_posix()}"] = _mask_file(path, project.folder)
    return record


def _options(text: str) -> str:
    """The names of options in a help text."""
    return "\n".join(sorted(set(re.findall(r"--[a-z][a-z-]*", text))))


def _mask_file(path: Path, folder: Path) -> bytes:
    """The bytes of a file; of reports and proposals what programs read of them."""
    data = path.read_bytes()
    if path.parent.name == "report":
        return _mask(data.decode()).encode()
    if path.name == "tts-assets.toml":
        return json.dumps(tomllib.loads(data.decode()), ensure_ascii=False, indent=1).encode()
    return data.replace(str(folder).encode(), b"<folder>")


def _mask(text: str) -> str:
    """A printed document without wording and times: JSON, JSON Lines or JUnit; nothing of other text."""
    if text.startswith("<?xml"):
        return re.sub(r'\b(message|time)="[^"]*"', r'\1=""', text)
    try:
        return json.dumps(_masked(json.loads(text)), ensure_ascii=False, indent=1)
    except ValueError:
        return "\n".join(_masked_lines(text))


def _masked_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        try:
            yield json.dumps(_masked(json.loads(line)), ensure_ascii=False)
        except ValueError:
            return


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: "<time>"
        if key in TIMES and isinstance(each, int | float | dict)
        else "<words>"
        if key in WORDING and isinstance(each, str) and each
        else _masked(each)
        for key, each in value.items()
    }


def _show_difference(name: str, before: bytes | None, after: bytes | None) -> None:
    """Print the first lines in which a file of the record differs."""
    if before is None or after is None:
        print(f"{name}: only {'after' if before is None else 'before'}")
        return
    try:
        one, two = before.decode().splitlines(), after.decode().splitlines()
    except UnicodeDecodeError:
        print(f"{name}: {len(before)} bytes before, {len(after)} other bytes after")
        return
    lines = list(difflib.unified_diff(one, two, "before", "after", n=0, lineterm=""))[2:]
    print(f"{name}:", *(f"  {line[:300]}" for line in lines[:_MOST_LINES_SHOWN]), sep="\n")


def write_record(folder: Path, scenario: Scenario) -> int:
    """Play a scenario and write its record; how many files that has."""
    record = run_scenario(scenario)
    for name, data in record.items():
        path = folder / scenario.name / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    print(f"{scenario.name}: {len(record)} files")
    return len(record)


def compare_record(folder: Path, scenario: Scenario) -> int:
    """Play a scenario again; how many files differ from its record."""
    place = folder / scenario.name
    before = {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }
    after = run_scenario(scenario)
    differences = [name for name in sorted(before | after) if before.get(name) != after.get(name)]
    for name in differences:
        _show_difference(f"{scenario.name}/{name}", before.get(name), after.get(name))
    print(f"{scenario.name}: {len(after)} files, {len(differences)} differences")
    return len(differences)


def main() -> None:
    """Record or compare; exits with 1 on any difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("what", nargs="?", choices=("record", "compare"))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--only", action="append", choices=[each.name for each in SCENARIOS])
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    if options.smoke:
        with tempfile.TemporaryDirectory() as name:
            words = next(each for each in SCENARIOS if each.name == "tables")
            write_record(Path(name), words)
            sys.exit(bool(compare_record(Path(name), words)))
    if options.what is None or options.folder is None:
        parser.error("say record or compare, and a folder")
    scenarios = [each for each in SCENARIOS if not options.only or each.name in options.only]
    if options.what == "record" and options.folder.exists() and any(options.folder.iterdir()):
        parser.error(f"{options.folder} is not empty")
    act = write_record if options.what == "record" else compare_record
    with ThreadPoolExecutor(2) as threads:
        counts = list(threads.map(lambda each: act(options.folder, each), scenarios))
    print(f"{sum(counts)} {'files' if options.what == 'record' else 'differences'}")
    sys.exit(options.what == "compare" and bool(sum(counts)))


if __name__ == "__main__":
    main()
