"""Pruning: what no catalogue refers to goes, and nothing that anybody else put there."""

import errno
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.plugin_engines import Tones
from tts_assets import FatalError, InputError, Settings, generate_sync
from tts_assets.build.cleanup import prune
from tts_assets.build.events import Event, Orphan, Waiting
from tts_assets.build.status import summarize_status
from tts_assets.cli.app import app
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.prune_command import run_prune as command
from tts_assets.config.command_options import Shard
from tts_assets.config.load_settings import load
from tts_assets.config.settings import OutputFormat
from tts_assets.engines import registry
from tts_assets.model import Kind
from tts_assets.store import atomic_files, ledger
from tts_assets.store.ledger_line import encode_replacement

WORDS = ("犬", "猫", "鳥")
CONFIGURATION = """
paths = "data"
provider = "tones"
[[source]]
files = "words.json"
kind = "vocabulary"
url = "/sound/{asset}"
[[source.clip]]
part = "word"
text = "word"
to = "audioUrl"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Three words with their clips, made once for all tests."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry._BUILT_IN, "tones", f"{Tones.__module__}:Tones")
        patch.setenv("PYTHONPATH", str(ROOT))
        data = folder / "data"
        data.mkdir()
        words = [{"id": word, "word": word} for word in WORDS]
        (data / "vocabulary.json").write_text(json.dumps(words))
        assert generate_sync(_settings(folder)).made == len(WORDS)
        yield folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "project"))


def _settings(folder: Path, **more: Any) -> Settings:
    values = {"paths": (str(folder / "data"),), "output": str(folder / "audio"), **more}
    return Settings(provider="tones", **values)


def _entries(folder: Path) -> Any:
    return json.loads((folder / "data/vocabulary.json").read_bytes())


def _keep(folder: Path, *words: str) -> None:
    """Leave only these words in the catalogue."""
    left = [entry for entry in _entries(folder) if entry["word"] in words]
    (folder / "data/vocabulary.json").write_text(json.dumps(left))


def _asset(folder: Path, word: str) -> str:
    return str(next(line["asset"] for line in _lines(folder) if line["text"] == word))


def _lines(folder: Path) -> list[Any]:
    return [json.loads(line) for line in (folder / "audio/ledger.jsonl").read_bytes().splitlines()]


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _add_line(folder: Path, asset: str, **changes: Any) -> None:
    line = _lines(folder)[0] | {"asset": asset} | changes
    with (folder / "audio/ledger.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def test_a_clip_whose_entry_is_gone_is_listed_and_nothing_is_changed(folder: Path) -> None:
    _keep(folder, "犬", "鳥")
    before = _files(folder)
    found = prune(_settings(folder))
    asset = _asset(folder, "猫")
    assert found.orphans == (Orphan(asset, len(before[f"audio/{asset}"]), ours=True),)
    assert (found.deleted, _files(folder)) == ((), before)


def test_it_is_deleted_with_its_line_and_all_else_stays_as_it_is(folder: Path) -> None:
    gone = _asset(folder, "猫")
    _keep(folder, "犬", "鳥")
    before = _files(folder)
    found = prune(_settings(folder), delete=True)
    assert (found.deleted, found.forgotten) == (found.orphans, 1)
    after = _files(folder)
    assert before.keys() - after.keys() == {f"audio/{gone}"}
    assert {line["text"] for line in _lines(folder)} == {"犬", "鳥"}
    assert all(after[file] == before[file] for file in after if file != "audio/ledger.jsonl")


def test_after_it_nothing_is_left_to_prune_or_to_make(folder: Path) -> None:
    _keep(folder, "犬")
    prune(_settings(folder), delete=True)
    assert prune(_settings(folder), delete=True).orphans == ()
    report = generate_sync(_settings(folder), dry_run=True)
    assert (report.to_make, report.urls_to_write) == (0, 0)
    assert ledger.read_ledger((folder / "audio/ledger.jsonl").read_bytes(), file="l").tidy


def test_what_a_stale_entry_still_plays_stays(folder: Path) -> None:
    entries = _entries(folder)
    entries[0]["word"] = "馬"
    (folder / "data/vocabulary.json").write_text(json.dumps(entries))
    assert prune(_settings(folder), delete=True).orphans == ()


@pytest.mark.parametrize("word", ["〜", "", None], ids=["unsaid", "empty", "none"])
def test_what_an_entry_still_names_stays_though_it_says_nothing_now(
    folder: Path, word: str | None
) -> None:
    entries = _entries(folder)
    entries[0]["word"] = word
    (folder / "data/vocabulary.json").write_text(json.dumps(entries))
    assert not any(each.ours for each in prune(_settings(folder), delete=True).orphans)
    assert len(_lines(folder)) == len(WORDS)


@pytest.mark.parametrize("file", ["words.json", "words.jsonl", "words.csv"])
def test_what_a_catalogue_names_stays_whatever_its_rules_make_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.chdir(folder)
    entries = [each | {"spare": each.pop("audioUrl")} for each in _entries(folder)]
    lines = "\n".join(map(json.dumps, entries))
    rows = [
        "id,word,audioUrl,spare",
        *(f"{each['id']},{each['word']},,{each['spare']}" for each in entries),
    ]
    Path(file).write_text(
        {"words.json": json.dumps(entries), "words.jsonl": lines, "words.csv": "\n".join(rows)}[
            file
        ]
    )
    shutil.rmtree("data")
    configuration = CONFIGURATION.replace('paths = "data"', "").replace("words.json", file)
    Path("tts-assets.toml").write_text(configuration + "skip = [{field = 'id', is = '猫'}]")
    settings = load(flags={}, environment={}, folder=Path.cwd(), config=None)
    found = prune(settings, delete=True)
    assert (found.may_delete, found.orphans) == (True, ())


@pytest.mark.parametrize("file", ["package.json", "counts.csv", "list.jsonl"])
def test_a_file_that_is_no_catalogue_keeps_only_what_it_names(folder: Path, file: str) -> None:
    asset, url = _asset(folder, "猫"), _entries(folder)[1]["audioUrl"]
    _keep(folder, "犬")
    (folder / "data" / file).write_text(
        json.dumps({"x": url}) if "json" in file else f"a,b\n{url},2"
    )
    found = prune(_settings(folder), delete=True)
    assert "skipped" in found.remarks[0]
    assert {line["asset"] for line in _lines(folder)} == {_asset(folder, "犬"), asset}
    (folder / "data" / file).write_text('{"name": "x"}' if "json" in file else "a,b\n1,2")
    assert len(prune(_settings(folder), delete=True).deleted) == 1


def test_status_sees_the_same_orphans(folder: Path) -> None:
    gone = _asset(folder, "鳥")
    entries = _entries(folder)[:2]
    entries[0]["word"] = "〜"
    (folder / "data/vocabulary.json").write_text(json.dumps(entries))
    found = summarize_status(_settings(folder), find_orphans=True).orphans
    assert [each.asset for each in found or ()] == [gone]
    (folder / "data/unlike-anything.json").write_text("[{")
    assert summarize_status(_settings(folder), find_orphans=True).orphans is None


def test_a_recording_under_a_name_of_ours_keeps_the_asset_of_that_name_only(folder: Path) -> None:
    settings = _settings(folder, asset="{kind}/{id}-{part}.{ext}")
    generate_sync(settings)
    entries = _entries(folder)
    entries[0]["audioUrl"] = "https://cdn.example" + entries[0]["audioUrl"].removeprefix("/audio")
    (folder / "data/vocabulary.json").write_text(json.dumps(entries[:2]))
    assert "kept as recordings" in prune(settings, delete=True).remarks[0]
    assert {line["asset"].rpartition("/")[2] for line in _lines(folder)} == {
        "犬-word.mp3", "猫-word.mp3",
    }  # fmt: skip


def test_nothing_is_deleted_where_a_path_has_no_catalogue(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    Path("words.json").write_text(json.dumps(_entries(folder)[:1]))
    Path("data/vocabulary.json").unlink()
    Path("tts-assets.toml").write_text(CONFIGURATION)
    settings = load(flags={}, environment={}, folder=Path.cwd(), config=None)
    found = prune(settings, delete=True)
    assert (found.may_delete, found.deleted) == (False, ())
    assert "there is no catalogue in" in found.notes[0]


def test_clips_that_were_made_by_an_engine_for_that_time_only_stay(folder: Path) -> None:
    entries = [{"id": each["id"], "word": each["word"]} for each in _entries(folder)]
    (folder / "data/vocabulary.json").write_text(json.dumps(entries))
    assert prune(_settings(folder, voice="other"), delete=True).orphans == ()


@pytest.mark.parametrize(
    "selection",
    [
        {"kinds": (Kind.KANJI,)},
        {"ids": ("犬",)},
        {"since": "HEAD"},
        {"shard": Shard(index=1, count=2)},
        {"force": True},
    ],
    ids=str,
)
def test_all_catalogues_count_whatever_the_settings_select(
    folder: Path, selection: dict[str, Any]
) -> None:
    _add_line(folder, "vocabulary/old.mp3")
    found = prune(_settings(folder, **selection))
    assert found.orphans == (Orphan("vocabulary/old.mp3", 0, ours=True),)


def test_files_of_sources_and_the_paths_beside_them_are_both_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    Path("words.json").write_text(json.dumps(_entries(folder)[:1]))
    _keep(folder, "猫")
    Path("tts-assets.toml").write_text(CONFIGURATION)
    settings = load(flags={}, environment={}, folder=Path.cwd(), config=None)
    assert len(prune(settings, delete=True).deleted) == 1
    assert {line["text"] for line in _lines(folder)} == {"犬", "猫"}


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("grammar.json", "[{"),
        ("grammar.json", '[{"id": [], "word": "x"}]'),
        ("unlike-anything.json", "[{"),
        ("counts.csv", 'id,"n'),
    ],
)
def test_nothing_is_deleted_while_a_catalogue_cannot_be_read_whole(
    folder: Path, file: str, content: str
) -> None:
    _keep(folder, "犬")
    (folder / "data" / file).write_text(content)
    before = _files(folder)
    found = prune(_settings(folder), delete=True)
    assert found.problems or found.passed_over
    assert (len(found.orphans), found.deleted, found.may_delete) == (2, (), False)
    assert _files(folder) == before


def test_nothing_is_deleted_while_a_folder_of_catalogues_cannot_be_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "data/n5").mkdir()
    (folder / "data/n5/vocabulary.json").write_text(json.dumps(_entries(folder)[1:]))
    _keep(folder, "犬")
    before = _files(folder)
    scan = os.scandir

    def refuse(path: Any = ".") -> Any:
        if str(path).endswith("n5"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        found = prune(_settings(folder), delete=True)
    assert [(each.file, found.may_delete) for each in found.problems] == [
        (str(folder / "data/n5"), False)
    ]
    assert _files(folder) == before


def test_nothing_is_deleted_where_there_is_no_catalogue(folder: Path) -> None:
    (folder / "data/vocabulary.json").unlink()
    before = _files(folder)
    found = prune(_settings(folder), delete=True)
    assert (found.catalogues, found.deleted, _files(folder)) == (0, (), before)


def test_a_folder_without_a_ledger_is_somebody_elses(folder: Path) -> None:
    (folder / "audio/ledger.jsonl").unlink()
    (folder / "data/vocabulary.json").write_text("[]")
    before = _files(folder)
    found = prune(_settings(folder), delete=True)
    assert [each.ours for each in found.orphans] == [False] * 3
    assert "no ledger.jsonl" in found.notes[0]
    assert _files(folder) == before


def test_no_line_is_dropped_where_none_of_the_files_is(folder: Path) -> None:
    shutil.rmtree(folder / "audio/vocabulary")
    _keep(folder, "犬")
    before = _files(folder)
    found = prune(_settings(folder), delete=True)
    assert "prune where the" in found.notes[0]
    assert _files(folder) == before


def test_the_line_of_an_orphan_whose_file_is_gone_is_dropped(folder: Path) -> None:
    (folder / "audio" / _asset(folder, "猫")).unlink()
    _keep(folder, "犬", "鳥")
    found = prune(_settings(folder), delete=True)
    assert (found.deleted, found.forgotten) == ((), 1)
    assert {line["text"] for line in _lines(folder)} == {"犬", "鳥"}


def test_the_line_of_a_clip_whose_file_is_gone_stays(folder: Path) -> None:
    (folder / "audio" / _asset(folder, "猫")).unlink()
    assert prune(_settings(folder), delete=True).orphans == ()
    assert len(_lines(folder)) == len(WORDS)


def test_a_sound_that_the_ledger_does_not_know_is_listed_and_kept(folder: Path) -> None:
    mine = folder / "audio/vocabulary/mine.wav"
    mine.write_bytes(b"RIFF")
    found = prune(_settings(folder), delete=True)
    assert found.orphans == (Orphan("vocabulary/mine.wav", 4, ours=False),)
    assert mine.exists()


def test_other_bytes_under_a_name_of_ours_are_somebodys(folder: Path) -> None:
    file = folder / "audio" / _asset(folder, "猫")
    size = file.stat().st_size
    file.write_bytes(b"x" * size)
    _keep(folder, "犬", "鳥")
    found = prune(_settings(folder), delete=True)
    assert (found.deleted, found.forgotten) == ((), 0)
    assert "bytes differ" in found.spared[0].reason
    assert file.read_bytes() == b"x" * size
    assert len(_lines(folder)) == len(WORDS)


def test_a_file_that_was_being_replaced_when_a_run_was_killed_is_kept(folder: Path) -> None:
    asset = _asset(folder, "猫")
    with (folder / "audio/ledger.jsonl").open("ab") as file:
        file.write(encode_replacement(asset))
    _keep(folder, "犬", "鳥")
    found = prune(_settings(folder), delete=True)
    assert [each.asset for each in found.spared] == [asset]
    assert (folder / "audio" / asset).exists()


def test_of_the_lines_of_two_branches_the_one_with_the_hash_of_the_file_counts(
    folder: Path,
) -> None:
    asset = _asset(folder, "猫")
    own = next(line for line in _lines(folder) if line["asset"] == asset)
    _add_line(folder, asset, recipe=own["recipe"], sha256="0" * 64, bytes=1)
    _keep(folder, "犬", "鳥")
    assert [each.asset for each in prune(_settings(folder), delete=True).deleted] == [asset]
    assert {line["text"] for line in _lines(folder)} == {"犬", "鳥"}


@pytest.mark.parametrize("torn", ["", "reversed", "without a line feed"])
def test_the_ledger_is_left_as_a_finished_run_leaves_it(folder: Path, torn: str) -> None:
    path = folder / "audio/ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    if torn == "reversed":
        path.write_bytes(b"".join(reversed(lines)))
    elif torn:
        _add_line(folder, "vocabulary/zz.mp3")
        path.write_bytes(path.read_bytes().rstrip())
    _keep(folder, "犬", "鳥")
    prune(_settings(folder), delete=True)
    assert path.read_bytes() == b"".join(line for line in lines if "猫" not in line.decode())


def test_a_link_in_the_place_of_a_file_is_not_deleted_nor_what_it_leads_to(folder: Path) -> None:
    file = folder / "audio" / _asset(folder, "猫")
    outside = file.rename(folder / "outside.mp3")
    file.symlink_to(outside)
    _keep(folder, "犬", "鳥")
    found = prune(_settings(folder), delete=True)
    assert "link" in found.spared[0].reason
    assert file.is_symlink()
    assert outside.exists()


def test_nothing_is_deleted_through_a_folder_that_is_a_link(folder: Path) -> None:
    elsewhere = (folder / "audio/vocabulary").rename(folder / "elsewhere")
    (folder / "audio/vocabulary").symlink_to(elsewhere)
    _keep(folder, "犬")
    found = prune(_settings(folder), delete=True)
    assert (len(found.spared), found.forgotten) == (2, 0)
    assert len(list(elsewhere.iterdir())) == len(WORDS)


def test_the_output_folder_itself_may_be_a_link(folder: Path) -> None:
    elsewhere = (folder / "audio").rename(folder / "elsewhere")
    (folder / "audio").symlink_to(elsewhere)
    _keep(folder, "犬")
    assert len(prune(_settings(folder), delete=True).deleted) == 2


@pytest.mark.parametrize(
    "asset",
    [
        "../outside.mp3", "/etc/outside.mp3", "vocabulary/../../outside.mp3", "a\0b.mp3",
        "C:\\outside.mp3", "./vocabulary/x.mp3", "vocabulary//x.mp3", ".git/config", "ledger.jsonl",
        "notes.txt", "con.mp3", "",
    ],
)  # fmt: skip
def test_a_line_with_a_name_that_is_none_of_ours_is_refused(folder: Path, asset: str) -> None:
    (folder / "outside.mp3").write_bytes(b"somebody's")
    _add_line(folder, asset, sha256=atomic_files.sha256(b"somebody's"))
    _keep(folder, "犬")
    before = _files(folder)
    with pytest.raises(InputError, match="delete the line") as caught:
        prune(_settings(folder), delete=True)
    assert (caught.value.file, caught.value.line) == (str(folder / "audio/ledger.jsonl"), 4)
    assert _files(folder) == before


def test_a_line_that_says_nothing_of_its_bytes_vouches_for_none(folder: Path) -> None:
    file = folder / "audio/vocabulary/x.mp3"
    file.write_bytes(b"x")
    _add_line(folder, "vocabulary/x.mp3", sha256="", bytes=1)
    found = prune(_settings(folder), delete=True)
    assert [each.asset for each in found.spared] == ["vocabulary/x.mp3"]
    assert file.exists()


def test_what_was_deleted_before_the_disk_failed_has_lost_its_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _keep(folder)
    second = sorted(line["asset"] for line in _lines(folder))[1]
    monkeypatch.setattr(Path, "unlink", _failing(Path.unlink, second))
    found = prune(_settings(folder), delete=True)
    assert "Input/output error" in (found.fatal or "")
    assert len(found.deleted) == 1
    assert second in {line["asset"] for line in _lines(folder)}
    assert len(_lines(folder)) == 2


def _failing(unlink: Callable[..., None], asset: str) -> Callable[..., None]:
    def fails(path: Path, **more: bool) -> None:
        if path.as_posix().endswith(asset):
            raise OSError(5, "Input/output error", str(path))
        unlink(path, **more)

    return fails


def test_lines_without_files_that_a_killed_run_left_are_dropped_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _keep(folder, "犬")
    with monkeypatch.context() as patch:
        patch.setattr(atomic_files.Storage, "replace", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            prune(_settings(folder), delete=True)
    assert len(_lines(folder)) == len(WORDS)
    found = prune(_settings(folder), delete=True)
    assert (found.deleted, found.forgotten) == ((), 2)
    assert [line["text"] for line in _lines(folder)] == ["犬"]


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_it_waits_for_another_run_and_looks_only_then(folder: Path) -> None:
    store = atomic_files.Storage(folder / "audio")
    release = threading.Event()
    held = threading.Event()

    def other_run() -> None:
        with store.lock(lambda: None):
            held.set()
            release.wait(10)
            _keep(folder, "犬", "猫")

    thread = threading.Thread(target=other_run)
    thread.start()
    held.wait(10)
    events: list[Event] = []

    def told(event: Event) -> None:
        events.append(event)
        release.set()

    found = prune(_settings(folder), delete=True, on_event=told)
    thread.join()
    assert events[0] == Waiting(path=str(store.root))
    assert len(found.deleted) == 1


def test_a_folder_that_cannot_be_locked_ends_the_run(folder: Path) -> None:
    (folder / "audio/.tts-assets.lock").mkdir()
    with pytest.raises(FatalError, match="cannot lock"):
        prune(_settings(folder), delete=True)


def test_the_command_lists_orphans_with_sizes_and_a_total_and_deletes_when_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asset = _asset(folder, "猫")
    size = (folder / "audio" / asset).stat().st_size
    _keep(folder, "犬", "鳥")
    (folder / "audio/vocabulary/mine\n\x1b[31m.wav").write_bytes(b"RIFF")
    assert command(_settings(folder), yes=False) is ExitCode.OK
    assert capsys.readouterr().out.splitlines() == [
        f"orphan    {asset} ({size:,} bytes)",
        "not ours  vocabulary/mine \\u001b[31m.wav (4 bytes)",
        f"orphans   1 asset, {size:,} bytes; --yes deletes them",
        (
            "          if other projects use this folder, their files are among them: give each "
            "project its own folder"
        ),
        "not ours  1 sound not in the ledger: kept",
    ]
    assert command(_settings(folder), yes=True) is ExitCode.OK
    assert f"deleted   1 asset, {size:,} bytes" in capsys.readouterr().out
    assert command(_settings(folder), yes=True) is ExitCode.OK
    assert "deleted   0 assets, 0 bytes" in capsys.readouterr().out


def test_the_command_says_why_nothing_is_deleted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _keep(folder, "犬")
    (folder / "data/grammar.json").write_text("[{")
    assert command(_settings(folder), yes=True) is ExitCode.USAGE
    told = capsys.readouterr()
    assert "would look like orphans" in told.err
    assert "--yes" not in told.out


def test_the_command_tells_of_a_folder_that_is_not_ours(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(folder, output=str(folder / "elsewhere"))
    assert command(settings, yes=True) is ExitCode.OK
    assert "has no ledger.jsonl" in capsys.readouterr().err
    assert not (folder / "elsewhere").exists()


def test_the_command_finds_nothing_where_there_is_no_catalogue(folder: Path) -> None:
    (folder / "data/vocabulary.json").unlink()
    assert command(_settings(folder), yes=True) is ExitCode.NOTHING


def test_what_was_to_go_and_stays_is_a_finding(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "audio" / _asset(folder, "猫")).write_bytes(b"mine")
    _keep(folder, "犬", "鳥")
    assert command(_settings(folder), yes=True) is ExitCode.FINDINGS
    assert "it was replaced by hand" in capsys.readouterr().err


def test_programs_get_one_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asset = _asset(folder, "猫")
    size = (folder / "audio" / asset).stat().st_size
    _keep(folder, "犬", "鳥")
    command(_settings(folder, output_format=OutputFormat.JSON), yes=True)
    told = json.loads(capsys.readouterr().out)
    assert told["orphans"] == [{"asset": asset, "bytes": size, "ours": True}]
    assert (told["deleted"], told["freed"], told["may_delete"]) == ([asset], size, True)


def test_typed_without_yes_it_lists_and_with_yes_it_deletes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    Path("tts-assets.toml").write_text('provider = "tones"\ntype = "kanji"\n')
    _keep(folder, "犬", "鳥")
    listed = CliRunner().invoke(app, ["prune"])
    assert (listed.exit_code, len(_lines(folder))) == (ExitCode.OK, 3)
    assert "--yes deletes them" in listed.stdout
    deleted = CliRunner().invoke(app, ["prune", "--yes"])
    assert (deleted.exit_code, len(_lines(folder))) == (ExitCode.OK, 2)
