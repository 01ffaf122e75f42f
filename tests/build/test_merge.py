"""Shards and their merge: the same as one run, in any order, or an error that changes nothing."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.plugin_engines import Telling
from tts_assets import Settings, generate_sync
from tts_assets.build.events import Event, Waiting
from tts_assets.build.plan.planner import State
from tts_assets.build.shards import merge_patches, shard_record
from tts_assets.build.shards.merge_shards import Merged, merge
from tts_assets.config.command_options import Shard
from tts_assets.config.source_table import parse_source
from tts_assets.engines import registry
from tts_assets.errors import InputError, UsageError
from tts_assets.model import Kind
from tts_assets.store import ledger
from tts_assets.store.atomic_files import Storage, sha256
from tts_assets.store.ledger_line import LEDGER_NAME, VERSION, Line, encode, encode_replacement

COUNT = 4
BY_RECIPE = "{kind}/{recipe}.{ext}"
BY_ID = "{kind}/{id}-{part}.{ext}"
#: What lies in the output folder beside the assets.
_RECORDS = (".gitattributes", "failures.jsonl", "ledger.jsonl")
_VERSION = f'"version":{VERSION}'.encode()
#: Deeper than anybody reads.
_DEEP = b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
#: URL keys that are missing, two to an entry and more: their order is that of one run.
CATALOGUES: dict[str, Any] = {
    "vocabulary": [
        *({"id": number, "word": f"犬{number}匹"} for number in range(1, 9)),
        {"id": 9, "word": "犬1匹"},
        {"id": 10, "word": "失敗"},
        {"id": 11, "word": "猫", "audioUrl": "https://else.where/cat.mp3"},
    ],
    "kanji": [
        {"id": 1, "kanji": "水", "onyomi": ["スイ"], "kunyomi": ["みず", "み"]},
        {"id": 2, "kanji": "山", "onyomi": ["サン", "セン"], "kunyomi": ["やま"]},
    ],
    "own": [{"id": 1, "a": "魚", "b": "鳥", "c": "馬"}, {"id": 2, "a": "虎", "b": "龍", "c": "熊"}],
}


@pytest.fixture(scope="module")
def _engine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry._BUILT_IN, "telling", f"{Telling.__module__}:Telling")
        yield


@pytest.fixture(scope="module", params=[BY_RECIPE, BY_ID], ids=["by recipe", "by id"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _engine: None
) -> tuple[Path, Path]:
    """A project as one run leaves it, and the same with the parts of four shards, in any template."""
    return _both(tmp_path_factory.mktemp("made"), request.param)


@pytest.fixture(scope="module")
def by_recipe(tmp_path_factory: pytest.TempPathFactory, _engine: None) -> Path:
    """A project with the parts of four shards."""
    return _both(tmp_path_factory.mktemp("made"), BY_RECIPE)[1]


@pytest.fixture
def project(by_recipe: Path, tmp_path: Path) -> Path:
    """The same to spoil, in another folder."""
    return Path(shutil.copytree(by_recipe, tmp_path / "elsewhere" / "project"))


def _both(folder: Path, asset: str) -> tuple[Path, Path]:
    single, shared = folder / "single", folder / "shared"
    for project in (single, shared):
        (project / "data").mkdir(parents=True)
        for name, entries in CATALOGUES.items():
            text = json.dumps(entries, ensure_ascii=False, indent=2)
            (project / "data" / f"{name}.json").write_text(text, encoding="utf-8")
    generate_sync(_settings(single, asset=asset))
    for index in range(1, COUNT + 1):
        _shard(shared, index, asset=asset)
    return single, shared


def _settings(project: Path, **more: Any) -> Settings:
    clips = [{"part": key, "text": key, "to": f"{key}Audio"} for key in "abc"]
    own = {"files": str(project / "data/own.json"), "kind": "reading", "clip": clips}
    values: dict[str, Any] = {
        "paths": (str(project / "data"),),
        "output": str(project / "audio"),
        "sources": (parse_source(own, f"{project}/tts-assets.toml: source 1"),),
        "concurrency": 2,
    }
    return Settings(provider="telling", **(values | more))


def _shard(project: Path, index: int, count: int = COUNT, **more: Any) -> Path:
    shard = Shard(index=index, count=count)
    settings = _settings(project, shard=shard, **more)
    assert generate_sync(settings).fatal is None
    return Path(settings.folder)


def _part(project: Path, index: int, count: int = COUNT) -> Path:
    return project / f"audio-shard-{index}-of-{count}"


def _merge(project: Path, *indexes: int, **more: Any) -> Merged:
    return merge(_settings(project, **more), [_part(project, index) for index in indexes])


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _made(project: Path) -> dict[str, bytes]:
    """Catalogues, ledger and assets, and whatever else lies beside them."""
    return _files(project / "data") | _files(project / "audio")


def _refused(project: Path, words: str, *indexes: int, **more: Any) -> InputError:
    """Merging fails with these words, and changes nothing."""
    before = _files(project)
    with pytest.raises(InputError, match=words) as caught:
        _merge(project, *indexes, **more)
    assert _files(project) == before
    return caught.value


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (4, 2, 1, 3), ()])
def test_shards_and_a_merge_are_one_run_byte_for_byte(
    both: tuple[Path, Path], tmp_path: Path, order: tuple[int, ...]
) -> None:
    single, shared = both
    project = Path(shutil.copytree(shared, tmp_path / "project"))
    merged = _merge(project, *order)
    assert _made(project) == _made(single)
    assert (merged.missing, merged.failed) == ((), 1)
    assert merged.copied == len(_files(single / "audio")) - len(_RECORDS)
    assert {part: _files(project / part) for part in _parts(project)} == {
        part: _files(shared / part) for part in _parts(project)
    }


def _parts(project: Path) -> list[str]:
    return [_part(project, index).name for index in range(1, COUNT + 1)]


@pytest.mark.parametrize("order", [((1,), (2,), (3,), (4,)), ((4,), (3, 1), (2,))])
def test_parts_merged_one_after_the_other_are_one_run_byte_for_byte(
    both: tuple[Path, Path], tmp_path: Path, order: tuple[tuple[int, ...], ...]
) -> None:
    single, shared = both
    project = Path(shutil.copytree(shared, tmp_path / "project"))
    for indexes in order:
        merged = _merge(project, *indexes)
        # What was merged is not needed for the rest.
        for index in indexes:
            shutil.rmtree(_part(project, index))
    assert merged.missing == ()
    assert _made(project) == _made(single)


def test_merging_again_changes_nothing(project: Path) -> None:
    _merge(project)
    before = _made(project)
    assert (_merge(project).copied, _merge(project, 2).missing) == (0, ())
    assert _made(project) == before


def test_a_merge_that_was_cut_short_is_done_by_the_next(
    both: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    single, shared = both
    project = Path(shutil.copytree(shared, tmp_path / "project"))
    put = Storage.put
    with monkeypatch.context() as patch:

        def cut_short(store: Storage, asset: str, data: bytes) -> None:
            put(store, asset, data)
            if len(list((project / "audio").rglob("*.mp3"))) >= 5:
                raise ZeroDivisionError

        patch.setattr(Storage, "put", cut_short)
        with pytest.raises(ZeroDivisionError):
            _merge(project)
    _merge(project)
    assert _made(project) == _made(single)


def test_a_merge_waits_for_a_run_in_the_output_folder(project: Path) -> None:
    def give_up(event: Event) -> None:
        assert event == Waiting(path=str(project / "audio"))
        raise LookupError

    output = Storage(project / "audio")
    output.prepare()
    with output.lock(lambda: None), pytest.raises(LookupError):
        merge(_settings(project), on_event=give_up)


def test_merges_of_other_shards_at_the_same_time_are_one_run_byte_for_byte(
    both: tuple[Path, Path], tmp_path: Path
) -> None:
    single, shared = both
    project = Path(shutil.copytree(shared, tmp_path / "project"))
    output, begun = Storage(project / "audio"), threading.Event()
    output.prepare()
    parts = [_part(project, index) for index in (1, 3)]

    def merge_others() -> Merged:
        return merge(_settings(project), parts, on_event=lambda _: begun.set())

    with ThreadPoolExecutor() as pool:
        with output.lock(lambda: None):
            waiting = pool.submit(merge_others)
            assert begun.wait(60)
            # What a merge of the others leaves.
            other = Path(shutil.copytree(shared, tmp_path / "other" / "project"))
            _merge(other, 2, 4)
            shutil.copytree(other / "audio", project / "audio", dirs_exist_ok=True)
        assert waiting.result().missing == ()
    assert _made(project) == _made(single)


def test_what_is_missing_is_told_and_its_urls_wait(project: Path) -> None:
    catalogues = _files(project / "data")
    merged = _merge(project, 3, 1)
    assert merged.missing == (2, 4)
    assert merged.urls_waiting > 0
    assert _files(project / "data") == catalogues
    # Or the shards may be taken over by a run of its own.
    report = generate_sync(_settings(project))
    assert report.made + merged.copied == 20
    assert _merge(project).missing == ()


def test_a_shard_touches_nothing_but_its_own_folder(project: Path) -> None:
    before = _files(project)
    shard = _shard(project, 2, 3)
    after = _files(project)
    assert {name for name in after if not name.startswith(shard.name)} == set(before)
    assert all(after[name] == data for name, data in before.items())


def test_a_shard_that_is_run_again_makes_only_what_failed(project: Path, engine_log: Path) -> None:
    before = _files(project)
    for index in range(1, COUNT + 1):
        _shard(project, index)
    assert set(engine_log.read_text().split()) == {"失敗"}
    assert _files(project) == before


def test_a_dry_run_of_a_shard_changes_nothing_and_tells_its_own_clips(project: Path) -> None:
    before = _files(project)
    settings = _settings(project, shard=Shard(index=2, count=2))
    report = generate_sync(settings, dry_run=True)
    whole = generate_sync(replace(settings, shard=None), dry_run=True)
    assert 0 < report.to_make < whole.to_make
    assert report.states[State.NEW] < whole.states[State.NEW]
    assert _files(project) == before


def test_the_states_of_all_shards_are_those_of_a_whole_run(project: Path) -> None:
    # Fresh clips without URLs are told like all others.
    _merge(project, update_json=False)
    settings = _settings(project)
    shares = [
        generate_sync(replace(settings, shard=Shard(index=index, count=3)), dry_run=True)
        for index in (1, 2, 3)
    ]
    whole = generate_sync(settings, dry_run=True)
    for state, clips in whole.states.items():
        assert sum(share.states[state] for share in shares) == clips
    assert sum(share.urls_to_write for share in shares) == whole.urls_to_write > 0


@pytest.mark.usefixtures("_engine")
def test_more_shards_than_clips_are_one_run_as_well(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    (project / "data/vocabulary.json").write_text('[{"id": 1, "word": "犬"}]')
    settings = Settings(
        paths=(str(project / "data"),), provider="telling", output=str(project / "audio")
    )
    for index in (1, 2, 3):
        generate_sync(replace(settings, shard=Shard(index=index, count=3)))
    merged = merge(settings)
    assert (merged.copied, merged.urls_written, merged.missing) == (1, 1, ())


def test_a_shard_keeps_to_what_the_output_folder_lacks(project: Path, engine_log: Path) -> None:
    _merge(project)
    for index in range(1, COUNT + 1):
        shutil.rmtree(_part(project, index))
        _shard(project, index)
    # It failed before, and is tried again.
    assert set(engine_log.read_text().split()) == {"失敗"}
    before = _made(project)
    assert (_merge(project).copied, _made(project)) == (0, before)


def test_names_of_a_new_template_need_no_engine(
    project: Path, tmp_path: Path, engine_log: Path
) -> None:
    generate_sync(_settings(project))
    engine_log.unlink()
    for index in range(1, COUNT + 1):
        shutil.rmtree(_part(project, index))
    single = Path(shutil.copytree(project, tmp_path / "single"))
    generate_sync(_settings(single, asset=BY_ID))
    for index in range(1, COUNT + 1):
        _shard(project, index, asset=BY_ID)
    _merge(project, asset=BY_ID)
    assert _made(project) == _made(single)
    assert set(engine_log.read_text().split()) == {"失敗"}


def test_an_asset_that_is_there_and_right_is_not_replaced_by_another_take(project: Path) -> None:
    line = _another_take(project)
    _merge(project)
    assert Storage(project / "audio").hash_of(line.asset) == line.sha256
    assert line in ledger.whole_lines((project / "audio" / LEDGER_NAME).read_bytes())


def test_an_asset_that_is_damaged_is_replaced(project: Path) -> None:
    line = _another_take(project)
    (project / "audio" / line.asset).write_bytes(b"damaged")
    _merge(project)
    assert Storage(project / "audio").hash_of(line.asset) == _line(project, 1).sha256


def _line(project: Path, index: int) -> Line:
    """The first line of a part's ledger."""
    return next(ledger.whole_lines((_part(project, index) / LEDGER_NAME).read_bytes()))


def _another_take(project: Path) -> Line:
    """An asset of the first shard that was made from the same recipe before, and sounds otherwise."""
    line = msgspec.structs.replace(_line(project, 1), sha256=sha256(b"take"), bytes=4)
    asset = project / "audio" / line.asset
    asset.parent.mkdir(parents=True)
    asset.write_bytes(b"take")
    (project / "audio" / LEDGER_NAME).write_bytes(encode(line))
    return line


def test_an_entry_that_changed_since_gets_no_url_and_is_counted(project: Path) -> None:
    path = project / "data/vocabulary.json"
    path.write_text(path.read_text(encoding="utf-8").replace("犬2匹", "狼"), encoding="utf-8")
    merged = _merge(project)
    assert merged.urls_missed == 1
    assert "audioUrl" not in json.loads(path.read_bytes())[1]


def test_failures_are_remembered_and_forgotten_when_their_clips_are_made(project: Path) -> None:
    record = project / "audio/failures.jsonl"
    _failed_before(record, _line(project, 3))
    _merge(project)
    assert [json.loads(each)["text"] for each in record.read_bytes().splitlines()] == ["失敗"]


def _failed_before(record: Path, line: Line) -> None:
    record.parent.mkdir()
    one = {"recipe": line.recipe, "text": line.text, "reason": "no"}
    record.write_bytes(msgspec.json.encode(one) + b"\n")


def test_a_record_of_failures_with_nothing_in_it_goes(project: Path) -> None:
    record = project / "audio/failures.jsonl"
    index = next(n for n in range(1, COUNT + 1) if not (_part(project, n) / record.name).exists())
    _failed_before(record, _line(project, index))
    _merge(project, index)
    assert not record.exists()


def test_without_update_json_no_url_is_written(project: Path) -> None:
    catalogues = _files(project / "data")
    assert _merge(project, update_json=False).urls_written == 0
    assert _files(project / "data") == catalogues


def test_no_catalogue_is_looked_for_in_the_folder_of_a_shard(project: Path) -> None:
    shutil.copy(project / "data/kanji.json", _part(project, 1) / "kanji.json")
    report = generate_sync(
        Settings(paths=(str(project),), output=str(project / "audio"), provider="telling"),
        dry_run=True,
    )
    assert report.catalogues == len(CATALOGUES) - 1


def test_no_parts_at_all_is_an_error(project: Path) -> None:
    for index in range(1, COUNT + 1):
        shutil.rmtree(_part(project, index))
    with pytest.raises(UsageError, match="run `tts-assets generate --shard i/n`"):
        _merge(project)


@pytest.mark.parametrize(
    ("name", "spoil", "words"),
    [
        ("shard.json", None, "not the folder of a run with --shard: it has no shard.json"),
        ("shard.json", lambda _: b"{", "not the header of a shard"),
        ("shard.json", lambda data: data.replace(b'"version": 1', b'"version": 9'), "a newer"),
        (
            "shard.json",
            lambda data: data.replace(b"true", b"false"),
            "killed or is still in progress",
        ),
        ("ledger.jsonl", lambda data: data[:-9], "its last line is truncated"),
        ("ledger.jsonl", lambda data: b"<<<<<<< a\n" + data, "is a conflict"),
        ("ledger.jsonl", lambda data: data + data.splitlines()[0] + b"\n", "write such a line"),
        (
            "ledger.jsonl",
            lambda data: data + encode_replacement("x"),
            "not a line of a finished run",
        ),
        ("ledger.jsonl", lambda data: data.replace(_VERSION, b'"version":99'), "a newer"),
        ("ledger.jsonl", lambda data: data.replace(b"kanji/", b"../x/"), "outside"),
        ("urls.jsonl", lambda data: data + b"{}\n", "not the URL of a shard"),
        ("urls.jsonl", lambda data: data[:-3], "its last line is truncated"),
        ("urls.jsonl", lambda _: _DEEP, "not the URL of a shard"),
        ("shard.json", lambda _: _DEEP, "not the header of a shard"),
        ("shard.json", lambda data: _with_count(data, 10**20), "not the header of a shard"),
        ("shard.json", lambda data: _with_count(data, 0), "there is no shard"),
        ("shard.json", lambda data: _with_count(data, 10**9), "there is no shard"),
        ("ledger.jsonl", lambda _: b"", "it has 0 of the . lines that its run wrote"),
        ("urls.jsonl", lambda data: data[data.index(b"\n") + 1 :], "of the . lines that its run"),
        ("failures.jsonl", lambda _: b"{", "its last line is truncated"),
        ("replaced.jsonl", lambda _: _DEEP, "not a record of replaced URLs"),
        ("replaced.jsonl", lambda data: data + b"{}\n", "not a record of replaced URLs"),
        ("replaced.jsonl", lambda data: data + b"{", "its last line is truncated"),
        ("failures.jsonl", lambda _: b"[]\n", "not a line of a failure record"),
    ],
)
def test_a_damaged_part_is_an_error_and_nothing_is_changed(
    project: Path, name: str, spoil: Callable[[bytes], bytes] | None, words: str
) -> None:
    path = next(
        part
        for index in range(1, COUNT + 1)
        if b"kanji/" in (_part(project, index) / "ledger.jsonl").read_bytes()
        for part in [_part(project, index) / name]
    )
    if spoil is None:
        path.unlink()
    else:
        path.write_bytes(spoil(path.read_bytes() if path.exists() else b""))
    assert str(path.parent) in _refused(project, words).file


def _with_count(header: bytes, count: int) -> bytes:
    return header.replace(b'"count": 4', f'"count": {count}'.encode())


@pytest.mark.parametrize("name", ["failures.jsonl", "ledger.jsonl", "urls.jsonl"])
def test_a_part_of_which_a_record_was_not_copied_is_an_error_that_names_it(
    project: Path, name: str
) -> None:
    path = next(path for path in project.glob(f"audio-shard-*/{name}") if path.read_bytes())
    path.unlink()
    assert _refused(project, "copy that folder again").file == str(path)


@pytest.mark.parametrize("name", ["shard.json", "replaced.jsonl"])
def test_a_shard_with_a_damaged_record_is_whole_after_what_the_error_says(
    both: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    single, shared = both
    project = Path(shutil.copytree(shared, tmp_path / "project"))
    path, line = _part(project, 2) / name, _line(project, 1)
    path.write_bytes(b"{")
    if name == "shard.json":
        _refused(project, "delete this file, then run that shard again")
        path.unlink()
    else:
        _refused(project, "delete its folder and run that shard again")
        shutil.rmtree(path.parent)
    _shard(project, 2, asset=BY_RECIPE if line.recipe in line.asset else BY_ID)
    _merge(project)
    assert _made(project) == _made(single)


@pytest.mark.parametrize("lost", [1, 40, 10**6])
def test_a_shard_that_lost_lines_of_its_ledger_and_ran_again_is_whole(
    both: tuple[Path, Path], tmp_path: Path, lost: int
) -> None:
    single, shared = both
    project = Path(shutil.copytree(shared, tmp_path / "project"))
    path = _part(project, 2) / LEDGER_NAME
    path.write_bytes(path.read_bytes()[:-lost])
    line = _line(project, 1)
    _shard(project, 2, asset=BY_RECIPE if line.recipe in line.asset else BY_ID)
    _merge(project)
    assert _made(project) == _made(single)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [(Path.unlink, "is not there"), (lambda path: path.write_bytes(b"x"), "has other bytes")],
)
def test_an_asset_that_is_not_what_its_line_says_is_an_error(
    project: Path, spoil: Callable[[Path], object], words: str
) -> None:
    line = _line(project, 2)
    spoil(_part(project, 2) / line.asset)
    problem = _refused(project, f"its asset {line.asset!r} {words}")
    assert (Path(problem.file).parent, problem.line) == (_part(project, 2), 1)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"count": 3}, "count 4 and 3"),
        ({"voice": "other"}, "voice 'sine at 1' and 'other at 1'"),
        ({"asset": BY_ID}, "templates "),
        ({"kinds": (Kind.VOCABULARY,)}, "catalogues: other files"),
    ],
)
def test_parts_of_different_plans_are_an_error(
    project: Path, more: dict[str, Any], words: str
) -> None:
    if more.get("count") != 3:
        shutil.rmtree(_part(project, 2))
    other = _shard(project, 2, **more)
    before = _files(project)
    with pytest.raises(InputError, match=words) as caught:
        merge(_settings(project), [_part(project, 1), other])
    assert str(_part(project, 1)) in str(caught.value)
    assert caught.value.file == str(other)
    assert _files(project) == before


def test_another_engine_makes_another_plan(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_ENGINE_PARTS", "tones=2")
    shutil.rmtree(_part(project, 2))
    _shard(project, 2)
    _refused(project, "engine 'tones=1' and 'tones=2'", 1, 2)


def test_a_shard_goes_on_with_no_other_plan(project: Path) -> None:
    before = _files(_part(project, 2))
    with pytest.raises(InputError, match="merge or delete it") as caught:
        _shard(project, 2, voice="other")
    assert caught.value.file == str(_part(project, 2))
    assert _files(_part(project, 2)) == before


def test_two_takes_of_one_clip_are_an_error_that_names_both(project: Path) -> None:
    line = msgspec.structs.replace(_line(project, 1), sha256=sha256(b"take"), bytes=4)
    (_part(project, 2) / line.asset).write_bytes(b"take")
    path = _part(project, 2) / LEDGER_NAME
    path.write_bytes(b"".join(sorted([encode(line), *path.read_bytes().splitlines(True)])))  # noqa: FBT003 - keepends
    problem = _refused(project, f"it disagrees about {line.asset!r}")
    assert f"{_part(project, 1) / LEDGER_NAME}:1" in problem.message
    assert problem.file == str(path)


def test_two_urls_of_one_clip_are_an_error_that_names_both(project: Path) -> None:
    _merge(project, 1)
    patch = (_part(project, 1) / shard_record.URLS_NAME).read_bytes().splitlines()[0]
    path = _part(project, 2) / shard_record.URLS_NAME
    other = json.loads(patch) | {"url": "/other.mp3"}
    path.write_bytes(path.read_bytes() + msgspec.json.encode(other) + b"\n")
    lines = len(path.read_bytes().splitlines())
    problem = _refused(project, r"another URL to the '[\w-]+' of entry", 2, 1)
    assert f"{_part(project, 1) / shard_record.URLS_NAME}:1" in problem.message
    assert (problem.file, problem.line) == (str(path), lines)
    # The same of what was merged earlier, and waits.
    problem = _refused(project, r"another URL to the '[\w-]+' of entry", 2)
    assert merge_patches.WAITING_NAME in problem.message


def test_a_catalogue_that_is_gone_is_an_error_and_nothing_is_changed(project: Path) -> None:
    (project / "data/kanji.json").unlink()
    before = _files(project)
    with pytest.raises(
        UsageError, match=r"kanji.json: there is no such file .* put this catalogue"
    ):
        _merge(project)
    assert _files(project) == before
    # As the error says.
    _merge(project, update_json=False)
    report = generate_sync(_settings(project))
    assert (report.made, report.problems, report.urls_written > 0) == (0, (), True)


def test_a_catalogue_that_is_broken_is_an_error_and_nothing_is_changed(project: Path) -> None:
    (project / "data/kanji.json").write_text("[{")
    assert _refused(project, "not JSON|JSON").file.endswith("kanji.json")


def test_a_ledger_with_marks_of_a_conflict_is_an_error_and_nothing_is_changed(
    project: Path,
) -> None:
    (project / "audio").mkdir()
    (project / "audio" / LEDGER_NAME).write_bytes(b"<<<<<<< ours\n")
    _refused(project, "is a conflict")


@pytest.mark.parametrize("data", [b"{}\n", _DEEP])
def test_what_waits_and_is_no_such_thing_is_an_error(project: Path, data: bytes) -> None:
    (project / "audio").mkdir()
    (project / "audio" / merge_patches.WAITING_NAME).write_bytes(data)
    _refused(project, "not write this", 1)


def test_urls_of_an_earlier_plan_do_not_wait_any_more(project: Path) -> None:
    _merge(project, 1)
    waiting = project / "audio" / merge_patches.WAITING_NAME
    waiting.write_bytes(waiting.read_bytes().replace(b'"plan":"', b'"plan":"f'))
    assert _merge(project, 2, 3, 4).missing == (1,)
    assert _merge(project).missing == ()
    assert not waiting.exists()
