"""A merge after which somebody's work is as it was: recordings, URLs and clips that came later."""

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.edited import BY_ID, BY_RECIPE, WORDS, Edited, by_both, by_id
from tests.plugin_engines import Paid
from tts_assets import ClipMade, generate_sync
from tts_assets.build.events import Event
from tts_assets.build.plan.planner import State
from tts_assets.build.shards import shard_record
from tts_assets.build.shards.merge_shards import Merged, merge
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.merge_command import exit_code_for_merge
from tts_assets.cli.merge_command import run_merge as command
from tts_assets.config.command_options import Shard
from tts_assets.engines import registry
from tts_assets.errors import InputError
from tts_assets.store.atomic_files import Storage, sha256
from tts_assets.store.ledger_line import LEDGER_NAME

MINE = "https://else.where/mine.mp3"


@pytest.fixture
def project(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Edited:
    """Five words, named by their ids unless a test wants them otherwise."""
    project = Edited(tmp_path, monkeypatch, asset=getattr(request, "param", BY_ID))
    project.write(WORDS)
    return project


def _shard(project: Edited, index: int = 1, count: int = 2, **more: Any) -> Path:
    settings = replace(project.settings, shard=Shard(index=index, count=count), **more)
    generate_sync(settings)
    return Path(settings.folder)


def _shards(project: Edited) -> None:
    for index in (1, 2):
        _shard(project, index)


def _merge(project: Edited, *folders: Path) -> Merged:
    return merge(project.settings, folders)


def _path(project: Edited, entry: int) -> Path:
    return project.audio / f"vocabulary/{entry}-word.mp3"


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def _files(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_sounds_that_were_made_since_are_not_replaced_by_older_ones(project: Edited) -> None:
    _shards(project)
    _merge(project)
    project.entry(1, word="馬", reading="うま", accent=None)
    project.generate()
    before = _files(project.audio)
    merged = _merge(project)
    assert _files(project.audio) == before
    assert (merged.changed, merged.copied) == (("vocabulary/1-word.mp3",), 0)
    assert exit_code_for_merge(merged) is ExitCode.FINDINGS
    assert project.wrong() == []


def test_what_is_kept_is_named(project: Edited, capsys: pytest.CaptureFixture[str]) -> None:
    _shards(project)
    _path(project, 1).parent.mkdir(parents=True)
    _path(project, 1).write_bytes(b"mine")
    assert command(project.settings, []) is ExitCode.FINDINGS
    assert (
        "kept      1 asset added after the shards were planned: vocabulary/1-word.mp3\n"
    ) in capsys.readouterr().out


@by_both
def test_what_was_remade_since_is_not_replaced_by_an_older_take(project: Edited) -> None:
    project.set(force=True)
    _shards(project)
    _merge(project)
    take = _another_take(project)
    merged = _merge(project)
    assert merged.changed == (take,)
    assert (project.audio / take).read_bytes() == b"take"


def _another_take(project: Edited) -> str:
    first, *rest = project.lines()
    asset = str(first["asset"])
    (project.audio / asset).write_bytes(b"take")
    project.write_lines(first | {"sha256": sha256(b"take"), "bytes": 4}, *rest)
    return asset


@by_both
def test_what_was_to_be_remade_is_replaced(project: Edited) -> None:
    project.generate()
    take = _another_take(project)
    project.set(force=True)
    _shards(project)
    assert _merge(project).changed == ()
    assert (project.audio / take).read_bytes() != b"take"


@by_id
def test_what_was_stale_when_its_shard_was_planned_is_replaced(project: Edited) -> None:
    project.generate()
    project.entry(1, word="馬", reading="うま", accent=None)
    project.entry(2, word="牛", reading="うし")
    # Taken up again, it still knows what it replaces.
    _shard(project, 1, 1, max_clips=1)
    _shard(project, 1, 1)
    assert (_merge(project).changed, project.wrong()) == ((), [])


def test_ids_that_changed_places_are_merged(project: Edited) -> None:
    project.generate()
    first, second = project.entries()[:2]
    project.write([second | {"id": 1}, first | {"id": 2}, *project.entries()[2:]])
    _shards(project)
    assert (_merge(project).changed, project.wrong()) == ((), [])


def test_a_file_that_nobody_knows_is_kept_as_generate_keeps_it(project: Edited) -> None:
    _shards(project)
    path = _path(project, 1)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"mine")
    merged = _merge(project)
    assert (path.read_bytes(), merged.changed) == (b"mine", ("vocabulary/1-word.mp3",))
    assert project.clips()["1 word"].state is State.LOCKED


def test_a_file_that_nobody_knew_goes_where_all_was_to_be_remade(project: Edited) -> None:
    _path(project, 1).parent.mkdir(parents=True)
    _path(project, 1).write_bytes(b"old")
    project.set(force=True)
    _shards(project)
    _path(project, 2).write_bytes(b"new")
    assert _merge(project).changed == ("vocabulary/2-word.mp3",)
    assert _path(project, 1).read_bytes() != b"old"


def test_an_empty_file_is_nobodys_recording(project: Edited) -> None:
    _shards(project)
    _path(project, 1).parent.mkdir(parents=True)
    _path(project, 1).touch()
    assert (_merge(project).changed, project.wrong()) == ((), [])


@by_both
def test_a_url_that_came_after_the_shards_is_kept(project: Edited) -> None:
    _shards(project)
    project.entry(1, audioUrl=MINE)
    merged = _merge(project)
    assert (merged.urls_missed, project.entries()[0]["audioUrl"]) == (1, MINE)
    assert exit_code_for_merge(merged) is ExitCode.FINDINGS


@by_both
def test_a_url_that_comes_while_clips_are_made_is_kept(project: Edited) -> None:
    def edit(event: Event) -> None:
        if isinstance(event, ClipMade):
            project.entry(1, audioUrl=MINE)

    report = generate_sync(project.settings, on_event=edit)
    assert (report.urls_missed, project.entries()[0]["audioUrl"]) == (1, MINE)


def test_a_url_of_ours_that_was_there_gives_way(project: Edited) -> None:
    project.set(asset=BY_RECIPE)
    project.generate()
    project.entry(1, word="馬", reading="うま", accent=None)
    _shards(project)
    merged = _merge(project)
    assert (merged.urls_written, merged.urls_missed, project.wrong()) == (1, 0, [])


def test_clips_that_a_limit_left_are_told(
    project: Edited, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in (1, 2):
        _shard(project, index, max_clips=1)
    assert command(project.settings, []) is ExitCode.FINDINGS
    left = len(project.status().planned)
    assert left > 0
    assert f"left      {left} clip" in capsys.readouterr().out
    _shards(project)
    assert _merge(project).left == 0


def test_clips_that_a_fatal_error_left_are_told(project: Edited) -> None:
    project.write([{"id": 1, "word": "課金"}, {"id": 2, "word": "猫"}])
    project.patch.setitem(registry._BUILT_IN, "paid", f"{Paid.__module__}:Paid")
    project.set(provider="paid")
    _shard(project, 1, 1)
    merged = _merge(project)
    assert merged.left == len(project.status().planned) > 0
    assert exit_code_for_merge(merged) is ExitCode.FINDINGS


def test_shards_that_were_not_merged_stay_missing_where_no_urls_tell(project: Edited) -> None:
    project.set(update_json=False)
    _shards(project)
    first = project.folder / "audio-shard-1-of-2"
    assert _merge(project, first).missing == (2,)
    assert _merge(project, first).missing == (2,)
    assert _merge(project).missing == ()


@pytest.mark.parametrize("project", [BY_RECIPE], indirect=True)
def test_urls_wait_of_all_parts_of_one_shard(project: Edited) -> None:
    part = _shard(project, 1, max_clips=1).rename(project.folder / "a")
    _merge(project, part)
    made = {line["entry"] for line in map(json.loads, _lines(part / shard_record.URLS_NAME))}
    shutil.rmtree(project.audio / "vocabulary")
    project.ledger.rename(project.folder / "kept.jsonl")
    others = tuple(str(each["id"]) for each in project.entries() if str(each["id"]) not in made)
    other = _shard(project, 1, ids=others).rename(project.folder / "b")
    _merge(project, other)
    _merge(project, part)
    _merge(project, _shard(project, 2))
    assert [entry["id"] for entry in project.entries() if not entry.get("audioUrl")] == []


@pytest.mark.parametrize("name", [".gitattributes", "failures.jsonl", "x/../y.mp3", "a//b.mp3"])
def test_a_ledger_of_a_part_names_only_assets(project: Edited, name: str) -> None:
    part = _shard(project, 1, 1)
    first, *rest = map(json.loads, _lines(part / LEDGER_NAME))
    (part / ".gitattributes").write_bytes(b"x")
    (part / "failures.jsonl").write_bytes(b"")
    data = (part / name).read_bytes() if (part / name).exists() else b""
    line = first | {"asset": name, "sha256": sha256(data), "bytes": len(data)}
    lines = sorted([first, line, *rest], key=lambda each: str(each["asset"]))
    (part / LEDGER_NAME).write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in lines))
    with pytest.raises(InputError, match=r"not the name of an asset|outside"):
        _merge(project)
    assert not project.audio.exists()


def test_an_output_folder_may_be_a_link_in_one_clone_and_none_in_another(
    project: Edited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _shard(project, 1)
    other = Edited(tmp_path / "clone", monkeypatch, asset=BY_ID)
    other.write(WORDS)
    (other.folder / "x/y/store").mkdir(parents=True)
    other.audio.symlink_to(other.folder / "x/y/store")
    part = _shard(other, 2)
    assert part.parent == other.folder
    shutil.copytree(project.folder / "audio-shard-1-of-2", other.folder / "audio-shard-1-of-2")
    assert (_merge(other).missing, other.wrong()) == ((), [])
    # What a shard made is no catalogue, beside a link, too.
    (part / "words.json").write_text(json.dumps(WORDS))
    other.set(paths=(str(other.folder),))
    assert other.generate().catalogues == 1


def test_a_damaged_record_of_failures_is_found_before_anything_is_changed(
    project: Edited,
) -> None:
    _shards(project)
    project.audio.mkdir()
    (project.audio / "failures.jsonl").write_bytes(b"no\n")
    before = _files(project.folder)
    with pytest.raises(InputError, match="not a line of a failure record"):
        _merge(project)
    assert _files(project.folder) == before


def test_a_merge_that_is_broken_off_begins_no_other_copy(
    project: Edited, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than there can be threads.
    project.write([{"id": number, "word": f"犬{number}匹"} for number in range(40)])
    _shard(project, 1, 1)
    begun: list[str] = []
    told = threading.Event()
    sweep = Storage.sweep

    def put(_: Storage, asset: str, __: bytes) -> None:
        begun.append(asset)
        assert told.wait(30)

    def last_before_copies(store: Storage, folders: list[str]) -> None:
        sweep(store, folders)
        _break_off(monkeypatch, told)

    monkeypatch.setattr(Storage, "put", put)
    monkeypatch.setattr(Storage, "sweep", last_before_copies)
    with pytest.raises(KeyboardInterrupt):
        _merge(project)
    assert len(begun) < 39


def _break_off(monkeypatch: pytest.MonkeyPatch, told: threading.Event) -> None:
    """Interrupt with 39 calls in line; the threads go on when they are told to end."""
    submit, shutdown = ThreadPoolExecutor.submit, ThreadPoolExecutor.shutdown
    submitted = count(1)

    def interrupted(pool: ThreadPoolExecutor, *call: Any) -> Any:
        if next(submitted) == 40:
            raise KeyboardInterrupt
        return submit(pool, *call)

    def ends(pool: ThreadPoolExecutor, *, cancel_futures: bool = False, **rest: bool) -> None:
        shutdown(pool, wait=False, cancel_futures=cancel_futures)
        told.set()
        shutdown(pool, **rest)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", ends)


def test_how_far_a_long_merge_came_is_told(
    project: Edited, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tts_assets.cli.merge_command._PROGRESS_SECONDS", 0)
    _shards(project)
    command(project.settings, [])
    assert "merged 5 of 5 assets\n" in capsys.readouterr().err
