"""Time lines through whole runs: made with their assets, healed, shared, merged and moved."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.plugin_engines import Telling
from tts_assets import FatalError, Settings, generate_sync
from tts_assets.build.events import Report
from tts_assets.build.migrate import migrate
from tts_assets.build.shards.merge_shards import merge
from tts_assets.build.status import summarize_status
from tts_assets.config.command_options import Shard
from tts_assets.config.source_table import parse_source
from tts_assets.engines import registry
from tts_assets.store import timelines
from tts_assets.store.atomic_files import Storage
from tts_assets.store.portable_names import timelines_of
from tts_assets.store.timelines import Timeline

BY_RECIPE = "{kind}/{recipe}.{ext}"
BY_ID = "{kind}/{id}-{part}.{ext}"
TEXTS = {
    "a": "男：すみません。\n女：はい、どうぞ。",
    "b": "A：今日は雨ですね。\nB：そうですね。傘を持って来ました。",
    "c": "店員：いらっしゃいませ。\n客：これをください。\n店員：はい。",
}
ENDINGS = timelines_of("")


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._BUILT_IN, "telling", f"{Telling.__module__}:Telling")


@pytest.fixture(params=[BY_RECIPE, BY_ID], ids=["by recipe", "by id"])
def template(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Dialogues, and a word that has no time line."""
    return _project(tmp_path / "project")


def _project(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    _write(folder, TEXTS)
    words = [{"id": 1, "word": "犬"}]
    (folder / "data/vocabulary.json").write_text(json.dumps(words), encoding="utf-8")
    return folder


def _write(folder: Path, texts: dict[str, str]) -> None:
    entries = [{"id": name, "title": name, "text": text} for name, text in texts.items()]
    text = json.dumps(entries, ensure_ascii=False, indent=1)
    (folder / "data/listening.json").write_text(text, encoding="utf-8")


def _settings(folder: Path, **more: Any) -> Settings:
    file = str(folder / "data/listening.json")
    rule = {
        "part": "text",
        "say": "dialogue",
        "text": "text",
        "to": "audioUrl",
        "timeline": "times",
    }
    source = parse_source({"files": file, "kind": "listening", "clip": [rule]}, "c.toml: source 1")
    values: dict[str, Any] = {
        "paths": (str(folder / "data"),),
        "output": str(folder / "audio"),
        "temp": str(folder / "temp"),
        "sources": (source,),
        "concurrency": 2,
    }
    return Settings(provider="telling", **(values | more))


def _run(folder: Path, **more: Any) -> Report:
    report = generate_sync(_settings(folder, **more))
    assert (report.fatal, report.failures, report.problems) == (None, (), ())
    return report


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _entries(folder: Path) -> Any:
    return json.loads((folder / "data/listening.json").read_bytes())


def _timelines(folder: Path) -> Iterator[Timeline]:
    """Those that the catalogue leads to; each with its two other files."""
    for entry in _entries(folder):
        path = folder / entry["times"].lstrip("/")
        found = timelines.read(path.read_bytes(), file=str(path))
        assert f"/audio/{found.asset}" == entry["audioUrl"]
        for file, data in timelines.render_timeline(found).items():
            assert (folder / "audio" / file).read_bytes() == data
        yield found


def test_a_run_makes_them_with_all_that_is_said(folder: Path, template: str) -> None:
    assert _run(folder, asset=template).urls_written == 7
    for found, text in zip(_timelines(folder), TEXTS.values(), strict=True):
        said = [line.partition("：") for line in text.split("\n")]
        assert "".join(cue.text for cue in found.cues) == "".join(each for _, _, each in said)
        assert {cue.speaker for cue in found.cues} == {name for name, _, _ in said}
        times = [time for cue in found.cues for time in cue[:2]]
        assert all(one < other for one, other in pairwise([0.0, *times, found.seconds]))
    assert sum(name.endswith(ENDINGS) for name in _files(folder / "audio")) == 9
    assert not summarize_status(_settings(folder, asset=template)).stale


def test_what_is_lost_comes_back_without_an_engine(
    folder: Path, template: str, engine_log: Path
) -> None:
    _run(folder, asset=template)
    before = _files(folder / "audio")
    engine_log.unlink()
    lost = [name for name in before if name.endswith(ENDINGS)][:4]
    for name in lost:
        (folder / "audio" / name).unlink()
    dry = generate_sync(_settings(folder, asset=template), dry_run=True)
    assert (dry.timelines_to_write, dry.timelines_written) == (2, 0)
    report = _run(folder, asset=template)
    assert (report.timelines_to_write, report.timelines_written, report.made) == (2, 2, 0)
    assert _files(folder / "audio") == before
    assert not engine_log.exists()
    assert _run(folder, asset=template).timelines_to_write == 0


def test_what_somebody_changed_is_mended_by_a_deep_run(folder: Path) -> None:
    _run(folder)
    before = _files(folder / "audio")
    name = next(name for name in before if name.endswith(".lrc"))
    (folder / "audio" / name).write_bytes(b"[00:00.00]mine\n")
    assert _run(folder).timelines_written == 0
    assert _run(folder, deep=True).timelines_written == 1
    assert _files(folder / "audio") == before


def test_a_run_that_ends_between_them_is_taken_up_again(
    folder: Path, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _project(folder.parent / "other")
    _run(expected, asset=template)
    put = Storage.put

    def full(store: Storage, name: str, data: Any) -> None:
        if name.endswith(".vtt"):
            raise FatalError("the disk is full")
        put(store, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "put", full)
        assert generate_sync(_settings(folder, asset=template)).fatal == "the disk is full"
    _run(folder, asset=template)
    assert _files(folder / "audio") == _files(expected / "audio")
    assert not summarize_status(_settings(folder, asset=template, deep=True)).stale


def test_a_run_that_ends_in_another_text_leaves_no_old_one(
    folder: Path, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(folder, asset=template)
    _write(folder, TEXTS | {"a": "男：ありがとう。"})
    put = Storage.put

    def full(store: Storage, name: str, data: Any) -> None:
        if name.endswith(ENDINGS):
            raise FatalError("the disk is full")
        put(store, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "put", full)
        assert generate_sync(_settings(folder, asset=template)).fatal == "the disk is full"
    assert summarize_status(_settings(folder, asset=template)).timelines_to_write == 1
    report = _run(folder, asset=template)
    assert (report.made, report.timelines_written) == (0, 1)
    assert [cue.text for cue in next(_timelines(folder)).cues] == ["ありがとう。"]


def test_another_text_under_the_same_name_gets_another(folder: Path) -> None:
    _run(folder, asset=BY_ID)
    _write(folder, TEXTS | {"a": "男：ありがとう。"})
    _run(folder, asset=BY_ID)
    first = next(_timelines(folder))
    assert [cue.text for cue in first.cues] == ["ありがとう。"]


def test_shards_and_their_merge_are_one_run(folder: Path, template: str) -> None:
    single = _project(folder.parent / "single")
    _run(single, asset=template)
    for index in (1, 2, 3):
        _run(folder, asset=template, shard=Shard(index=index, count=3))
    merge(_settings(folder, asset=template))
    assert _files(folder / "audio") == _files(single / "audio")
    assert _files(folder / "data") == _files(single / "data")
    lost = next((folder / "audio").rglob("*.vtt"))
    lost.unlink()
    # As after a merge that was killed.
    merge(_settings(folder, asset=template))
    assert lost.exists()


def test_a_shard_that_was_killed_heals_its_own(folder: Path) -> None:
    shard = Shard(index=1, count=1)
    _run(folder, shard=shard)
    part = Path(_settings(folder, shard=shard).folder)
    before = _files(part)
    next(part.rglob("*.lrc")).unlink()
    assert _run(folder, shard=shard).timelines_written == 1
    assert _files(part) == before


def test_a_shard_leaves_those_of_the_output_folder_alone(folder: Path) -> None:
    _run(folder)
    lost = next((folder / "audio").rglob("*.lrc"))
    lost.unlink()
    report = _run(folder, shard=Shard(index=1, count=1))
    assert (report.timelines_to_write, report.notes) == (0, ())
    assert not lost.exists()


@pytest.mark.anyio
async def test_they_move_with_their_assets(folder: Path, template: str) -> None:
    import anyio.to_thread

    await anyio.to_thread.run_sync(lambda: _run(folder, asset=template))
    other = BY_ID if template == BY_RECIPE else BY_RECIPE
    migrated = await migrate(_settings(folder, asset=other))
    assert migrated.report.moved == 4
    assert len(list(_timelines(folder))) == 3
    names = _files(folder / "audio").keys()
    assert sum(name.endswith(ENDINGS) for name in names) == 9
    assert sum(name.endswith(".mp3") for name in names) == 4


def test_names_that_change_places_take_theirs_along(folder: Path) -> None:
    _run(folder, asset=BY_ID)
    before = {found.asset: found.cues for found in _timelines(folder)}
    _write(folder, {"a": TEXTS["b"], "b": TEXTS["a"], "c": TEXTS["c"]})
    report = _run(folder, asset=BY_ID)
    assert (report.made, report.moved) == (0, 2)
    after = {found.asset: found.cues for found in _timelines(folder)}
    a, b = "listening/a-text.mp3", "listening/b-text.mp3"
    assert (after[a], after[b]) == (before[b], before[a])
    assert not any("moving" in name for name in _files(folder / "audio"))
