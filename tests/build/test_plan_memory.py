"""Remembered plans: used while nothing changed, and only then. All edits: campaigns/plan_memory.py."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import Project
from tts_assets import Settings
from tts_assets.build import status
from tts_assets.build.plan import plan_memory
from tts_assets.build.plan.make_plan import make_plan
from tts_assets.build.plan.plan_memory import PlanMemory
from tts_assets.engines import registry
from tts_assets.engines.openjtalk import OpenJTalk
from tts_assets.store import failures
from tts_assets.store.ledger_line import LEDGER_NAME

#: A number of fresh clips that only a memory that lies can tell.
LIE = 77


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def settled(project: Project, cache: Path) -> Project:
    """Two words, up to date; what is remembered of them has another number of fresh clips."""
    project.words("犬", "猫")
    assert project.generate().returncode == 0
    assert count_fresh(project, cache) == 2
    (path,) = cache.glob("tts-assets/plans/*.plan")
    known = msgspec.msgpack.decode(path.read_bytes())
    known["states"]["fresh"] = LIE
    path.write_bytes(msgspec.msgpack.encode(known))
    return project


def run(project: Project, cache: Path, command: str, *words: str) -> Any:
    done = project.run(
        command, "--provider", "tones", "--output-format", "json", *words, XDG_CACHE_HOME=str(cache)
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def check(project: Project, cache: Path, *words: str) -> tuple[int, str]:
    done = project.run("check", "--provider", "tones", *words, XDG_CACHE_HOME=str(cache))
    return done.returncode, done.stdout + done.stderr


def count_fresh(project: Project, cache: Path) -> int:
    fresh: int = run(project, cache, "check")["states"]["fresh"]
    return fresh


def test_a_run_with_nothing_to_do_takes_the_remembered_plan(settled: Project, cache: Path) -> None:
    assert count_fresh(settled, cache) == LIE
    assert run(settled, cache, "generate")["states"]["fresh"] == LIE
    # It looks for orphans, which was not done before.
    assert run(settled, cache, "status")["states"]["fresh"] == 2


def _cut(project: Project) -> None:
    asset = next((project.folder / "audio/vocabulary").iterdir())
    os.truncate(asset, asset.stat().st_size - 1)


def _append(name: str, data: bytes) -> Callable[[Project], None]:
    def append(project: Project) -> None:
        path = project.folder / name
        path.write_bytes((path.read_bytes() if path.exists() else b"") + data)

    return append


EDITS: dict[str, Callable[[Project], None]] = {
    "another byte in a catalogue": _append("data/vocabulary.json", b" "),
    "another catalogue": _append("data/grammar.json", b"[]"),
    "another byte in the ledger": _append(f"audio/{LEDGER_NAME}", b"\n"),
    "overrides": _append(Settings().overrides, b"[]"),
    "a configuration": _append("tts-assets.toml", b"speed = 1.1"),
    "an asset is cut": _cut,
    "another sound": _append("audio/vocabulary/x.mp3", b"x"),
    "a killed run": _append("audio/.tts-assets.lock", b""),
    "a link that leads nowhere": lambda project: (
        project.folder / "audio" / failures.NAME
    ).symlink_to("nowhere"),
}


def test_a_change_is_never_overlooked(settled: Project, cache: Path, tmp_path: Path) -> None:
    (known,) = cache.glob("tts-assets/plans/*.plan")
    lie = known.read_bytes()
    shutil.copytree(settled.folder, tmp_path / "saved")
    overlooked = []
    for name, edit in EDITS.items():
        shutil.rmtree(settled.folder)
        shutil.copytree(tmp_path / "saved", settled.folder)
        known.write_bytes(lie)
        edit(settled)
        if str(LIE) in check(settled, cache)[1]:
            overlooked.append(name)
    assert not overlooked


def _edit_entries(edit: Callable[[list[Any]], object]) -> Callable[[Project], None]:
    def edit_catalogue(project: Project) -> None:
        entries = json.loads((project.folder / "data/vocabulary.json").read_text(encoding="utf-8"))
        edit(entries)
        project.write("data/vocabulary.json", entries)

    return edit_catalogue


def _change_and_cut(project: Project) -> None:
    _edit_entries(lambda entries: entries[1].update(word="鳥"))(project)
    _cut(project)


#: Where a full plan is needed to be certain.
DOUBTS: dict[str, Callable[[Project], None]] = {
    "an id that another record has": _edit_entries(lambda all_: all_[1].update(id=all_[0]["id"])),
    "no id": _edit_entries(lambda all_: all_[1].pop("id")),
    "nothing to do": _edit_entries(lambda all_: all_[1].update(note="x")),
    "no list": _append("data/vocabulary.json", b"]"),
    "another catalogue": _append("data/grammar.json", b"[]"),
    "an asset is cut, too": _change_and_cut,
}


def test_only_a_changed_record_is_planned(settled: Project, cache: Path, tmp_path: Path) -> None:
    _edit_entries(lambda entries: entries[1].update(word="鳥", reading="とり"))(settled)
    found = run(settled, cache, "check")
    expected = run(settled, tmp_path / "empty", "check")
    assert found["states"]["fresh"] == LIE - 1
    assert expected["states"]["fresh"] == 1
    for one in (found, expected):
        del one["states"]["fresh"], one["decisions"], one["seconds"]
    assert found == expected


def test_in_doubt_all_records_are_planned(settled: Project, cache: Path, tmp_path: Path) -> None:
    (known,) = cache.glob("tts-assets/plans/*.plan")
    lie = known.read_bytes()
    shutil.copytree(settled.folder, tmp_path / "saved")
    for name, edit in DOUBTS.items():
        shutil.rmtree(settled.folder)
        shutil.copytree(tmp_path / "saved", settled.folder)
        known.write_bytes(lie)
        edit(settled)
        assert count_fresh(settled, cache) <= 2, name


def test_a_damaged_memory_counts_as_none_and_is_replaced(settled: Project, cache: Path) -> None:
    (path,) = cache.glob("tts-assets/plans/*.plan")
    for damage in (b"", b"{", msgspec.msgpack.encode({"others": 5}), b"\xff"):
        path.write_bytes(damage)
        assert count_fresh(settled, cache) == 2, damage
        assert msgspec.msgpack.decode(path.read_bytes())["states"]["fresh"] == 2


def test_nothing_can_be_remembered_in_a_folder_that_is_none(settled: Project) -> None:
    assert count_fresh(settled, Path("/dev/null")) == 2


def test_nothing_is_remembered_of_services_and_of_single_entries(
    project: Project, cache: Path
) -> None:
    project.words("犬")
    project.generate()
    for words in (["--id", "1"], ["--only", "new"], ["--deep"]):
        run(project, cache, "status", *words)
    assert not list(cache.glob("**/*.plan"))


def test_records_of_an_earlier_run_are_cleared_away_by_the_full_plan(
    settled: Project, cache: Path
) -> None:
    record = {"version": 1, "recipe": "0" * 24, "text": "鳥", "reason": "it failed"}
    path = settled.folder / "audio" / failures.NAME
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    # Remembered with that record, which belongs to no clip.
    count_fresh(settled, cache)
    assert run(settled, cache, "generate")["states"]["fresh"] == 2
    assert not path.exists() or "it failed" not in path.read_text(encoding="utf-8")


@pytest.fixture
def words_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """A catalogue without clips in the working folder; what is remembered goes to `cache`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    catalogue = tmp_path / "data/vocabulary.json"
    catalogue.parent.mkdir()
    catalogue.write_text("[]", encoding="utf-8")
    return catalogue


def test_what_changes_while_it_is_planned_is_not_remembered(
    words_here: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan_slowly(*given: Any, **named: Any) -> Any:
        found = make_plan(*given, **named)
        words_here.write_text("[ ]", encoding="utf-8")
        return found

    monkeypatch.setattr("tts_assets.build.plan.make_plan.make_plan", plan_slowly)
    status.summarize_status(Settings())
    assert not list(cache.glob("**/*.plan"))
    status.summarize_status(Settings())
    assert len(list(cache.glob("**/*.plan"))) == 1


def test_only_so_many_plans_are_remembered(
    words_here: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert words_here.exists()
    monkeypatch.setattr(plan_memory, "_MOST", 2)
    for speed in (0.8, 0.9, 1.0, 1.1):
        status.summarize_status(Settings(speed=speed))
    assert len(list(cache.glob("**/*.plan"))) == 2


def test_another_version_of_the_engine_is_not_overlooked(
    words_here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words_here.write_text('[{"id": 1, "word": "犬"}]', encoding="utf-8")
    settings = Settings(overrides="none.json")
    provider = registry.load_engine("openjtalk", settings)
    plan = make_plan(settings, provider)
    memory = PlanMemory(settings, provider)
    assert memory._describe_engines(["mei"]) == plan.engines
    monkeypatch.setattr(OpenJTalk, "engine", lambda *_: "another")
    assert memory._describe_engines(["mei"]) != plan.engines


def test_a_file_whose_name_is_no_unicode_is_planned_each_time(
    words_here: Path, cache: Path
) -> None:
    path = os.path.join(os.fsencode(words_here.parent), b"vocabulary-\xff.json")  # noqa: PTH118
    Path(os.fsdecode(path)).write_text("[]", encoding="utf-8")
    assert status.summarize_status(Settings()).catalogues == 2
    assert status.summarize_status(Settings()).catalogues == 2
    assert not list(cache.glob("**/*.plan"))


SOURCE = """
[[source]]
kind = "vocabulary"
files = ["{files}"]
[[source.clip]]
text = "word"
reading = "yomi"
to = "audioUrl"
"""


def compare(project: Project, cache: Path, edit: Callable[[], object], *words: str) -> None:
    """Remember a plan, edit, and check with it and without."""
    assert project.generate(*words).returncode == 0
    assert check(project, cache, *words)[0] == 0
    assert len(list(cache.glob("**/*.plan"))) == 1
    edit()
    remembered = check(project, cache, *words)
    assert remembered == check(project, cache / "empty", *words)


def test_other_files_of_a_source_are_read_for_what_they_contain(
    project: Project, cache: Path
) -> None:
    project.write("data/a.json", [{"id": 1, "word": "犬"}])
    other = project.write("data/b.json", [{"id": 2, "word": "猫", "yomi": "ネコ"}])
    config = SOURCE.format(files="data/*.json")
    (project.folder / "tts-assets.toml").write_text(config, encoding="utf-8")
    text = other.read_text(encoding="utf-8").replace("yomi", "xomi")
    compare(project, cache, lambda: other.write_text(text, encoding="utf-8"), "data/a.json")


def link(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def test_a_link_may_name_another_catalogue_later(project: Project, cache: Path) -> None:
    for name in ("one", "two"):
        project.write(f"data/{name}.json", [{"id": 1, "word": "犬", "yomi": "イヌ"}])
    current = project.folder / "current.json"
    link(current, "data/one.json")
    config = SOURCE.format(files="current.json") + "speed = 0.8\n"
    (project.folder / "tts-assets.toml").write_text(config, encoding="utf-8")
    compare(project, cache, lambda: link(current, "data/two.json"), "data/one.json")


def test_overrides_may_name_another_catalogue_later(project: Project, cache: Path) -> None:
    project.words("犬")
    project.write("data/grammar.json", [])
    alias = project.folder / "alias.json"
    link(alias, "data/vocabulary.json")
    row = {
        "file": "alias.json", "source": "built-in", "entry": "1", "part": "word", "text": "犬",
        "say": {"speed": 0.8},
    }  # fmt: skip
    project.write(Settings().overrides, [{"version": 1}, row])
    compare(project, cache, lambda: link(alias, "data/grammar.json"))


def test_what_a_plan_is_judged_by_is_never_remembered_wrongly(
    project: Project, cache: Path
) -> None:
    project.words("犬")
    project.generate()
    project.write("data/vocabulary.json", [])
    for path in (project.folder / "audio/vocabulary").iterdir():
        path.unlink()
    project.generate(XDG_CACHE_HOME=str(cache))
    assert check(project, cache) == check(project, cache / "empty")


def test_what_is_remembered_is_no_catalogue(project: Project) -> None:
    project.words("犬")
    project.generate()
    cache = project.folder / "cache"
    assert check(project, cache, ".") == check(project, cache, ".")
