"""Migrating: a new template moves what is there, makes nothing, and can be stopped anywhere."""

import errno
import itertools
import json
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.plugin_engines import Tones
from tts_assets import Settings, generate, generate_sync
from tts_assets.build.cleanup import Pruned
from tts_assets.build.migrate import Move, migrate
from tts_assets.cli.app import app
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.migrate_command import run_migrate as command
from tts_assets.config.settings import OutputFormat
from tts_assets.engines import registry

pytestmark = pytest.mark.anyio

WORDS = {"dog": "犬", "cat": "猫", "bird": "鳥"}
BY_ID = "{kind}/{id}-{part}.{ext}"
IN_FOLDERS = "by-kind/{kind}/{recipe}.{ext}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Three words with their clips, made once for all tests."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry._BUILT_IN, "tones", f"{Tones.__module__}:Tones")
        patch.setenv("PYTHONPATH", str(ROOT))
        data = folder / "data"
        data.mkdir()
        words = [{"id": name, "word": word} for name, word in WORDS.items()]
        (data / "vocabulary.json").write_text(json.dumps(words))
        assert generate_sync(_settings(folder, asset="{kind}/{recipe}.{ext}")).made == len(WORDS)
        yield folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, engine_log: Path) -> Iterator[Path]:
    """A project of one's own, in which no engine says a word."""
    yield Path(shutil.copytree(made, tmp_path / "project"))
    assert not engine_log.exists()


def _settings(folder: Path, **more: Any) -> Settings:
    values = {
        "paths": (str(folder / "data"),), "output": str(folder / "audio"), "asset": BY_ID, **more
    }  # fmt: skip
    return Settings(provider="tones", **values)


def _entries(folder: Path) -> Any:
    return json.loads((folder / "data/vocabulary.json").read_bytes())


def _write(folder: Path, entries: Any) -> None:
    (folder / "data/vocabulary.json").write_text(json.dumps(entries))


def _old(folder: Path, name: str) -> str:
    """The asset that the URL of an entry leads to."""
    url = next(entry["audioUrl"] for entry in _entries(folder) if entry["id"] == name)
    return str(url.removeprefix("/audio/"))


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _sounds(folder: Path) -> dict[str, bytes]:
    """The bytes of each sound, by the URL that leads to it."""
    root = folder / "audio"
    return {f"/audio/{path.relative_to(root)}": path.read_bytes() for path in root.rglob("*.mp3")}


async def test_a_dry_run_tells_the_names_and_changes_nothing(folder: Path) -> None:
    before = _files(folder)
    migrated = await migrate(_settings(folder), dry_run=True)
    assert Move(_old(folder, "dog"), "vocabulary/dog-word.mp3") in migrated.moves
    assert (len(migrated.moves), migrated.pruned) == (len(WORDS), None)
    assert _files(folder) == before


@pytest.mark.parametrize("asset", [BY_ID, IN_FOLDERS])
async def test_each_entry_plays_the_same_sound_by_another_name_and_the_old_names_are_gone(
    folder: Path, asset: str
) -> None:
    before, played = _sounds(folder), [entry["audioUrl"] for entry in _entries(folder)]
    migrated = await migrate(_settings(folder, asset=asset))
    after, plays = _sounds(folder), [entry["audioUrl"] for entry in _entries(folder)]
    assert [after[url] for url in plays] == [before[url] for url in played]
    assert after.keys() == set(plays)
    assert before.keys().isdisjoint(plays)
    assert (migrated.report.moved, migrated.unmoved) == (len(WORDS), 0)


async def test_after_it_there_is_nothing_to_make_to_move_or_to_write(folder: Path) -> None:
    settings = _settings(folder)
    await migrate(settings)
    before = _files(folder)
    report = await generate(settings, dry_run=True)
    assert (report.to_make, report.to_move, report.urls_to_write) == (0, 0, 0)
    again = await migrate(settings)
    assert (again.moves, again.report.urls_written, _files(folder)) == ((), 0, before)


async def test_where_no_template_changed_nothing_is_touched(folder: Path) -> None:
    before = _files(folder)
    migrated = await migrate(_settings(folder, asset="{kind}/{recipe}.{ext}"))
    assert (migrated.moves, _files(folder)) == ((), before)


async def test_no_engine_is_needed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_ENGINE_PROBLEM", "its model is not installed:")
    assert (await migrate(_settings(folder))).report.moved == len(WORDS)


async def test_a_disk_that_fails_ends_it_before_any_name_is_deleted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _sounds(folder)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", _full)
        migrated = await migrate(_settings(folder))
    assert "No space left" in (migrated.report.fatal or "")
    assert (migrated.pruned, migrated.unmoved) == (None, 0)
    assert before.items() <= _sounds(folder).items()
    assert (await migrate(_settings(folder))).report.moved == len(WORDS)


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_names_that_pass_from_entry_to_entry_take_no_sound_along(folder: Path) -> None:
    settings = _settings(folder)
    await migrate(settings)
    names = ["dog", "cat", "bird", "cow"]
    words = [
        {"id": name, "word": word} for name, word in zip(names[1:], WORDS.values(), strict=True)
    ]
    before = [_sounds(folder)[f"/audio/vocabulary/{name}-word.mp3"] for name in WORDS]
    _write(folder, words)
    migrated = await migrate(settings)
    assert (migrated.report.moved, migrated.unmoved) == (3, 0)
    after = _sounds(folder)
    assert [after[entry["audioUrl"]] for entry in _entries(folder)] == before


async def test_two_entries_that_change_names_keep_their_sounds(folder: Path) -> None:
    settings = _settings(folder)
    await migrate(settings)
    sounds = _sounds(folder)
    dog, cat, *others = _entries(folder)
    _write(folder, [dog | {"word": cat["word"]}, cat | {"word": dog["word"]}, *others])
    assert (await migrate(settings)).report.moved == 2
    after = _sounds(folder)
    assert after[dog["audioUrl"]] == sounds[cat["audioUrl"]]
    assert after[cat["audioUrl"]] == sounds[dog["audioUrl"]]


async def test_what_is_stale_or_new_is_left_as_it_is(folder: Path) -> None:
    entries = _entries(folder)
    entries[0]["word"] = "馬"
    _write(folder, [*entries, {"id": "new", "word": "牛"}])
    stale = entries[0]["audioUrl"]
    migrated = await migrate(_settings(folder))
    assert (migrated.report.moved, migrated.report.left) == (2, 2)
    assert stale in _sounds(folder)
    assert _entries(folder)[0]["audioUrl"] == stale


async def test_a_damaged_sound_is_not_moved_nor_lost(folder: Path) -> None:
    old = _old(folder, "cat")
    file = folder / "audio" / old
    damaged = b"x" * file.stat().st_size
    file.write_bytes(damaged)
    migrated = await migrate(_settings(folder))
    assert (migrated.report.moved, len(migrated.moves), migrated.unmoved) == (2, 2, 1)
    assert _old(folder, "cat") == old
    assert file.read_bytes() == damaged
    assert not (folder / "audio/vocabulary/cat-word.mp3").exists()


async def test_orphans_of_other_sounds_are_left_for_prune(folder: Path) -> None:
    gone = _old(folder, "cat")
    _write(folder, [entry for entry in _entries(folder) if entry["id"] != "cat"])
    migrated = await migrate(_settings(folder))
    assert len(migrated.pruned.deleted if migrated.pruned else ()) == 2
    assert (folder / "audio" / gone).exists()


async def test_earlier_names_stay_while_catalogues_refer_to_them(folder: Path) -> None:
    migrated = await migrate(_settings(folder, update_json=False))
    assert migrated.report.moved == len(WORDS)
    assert len(_sounds(folder)) == 2 * len(WORDS)


async def test_earlier_names_stay_while_a_catalogue_cannot_be_read(folder: Path) -> None:
    (folder / "data/grammar.json").write_text("[{")
    migrated = await migrate(_settings(folder))
    assert migrated.report.urls_written == len(WORDS)
    assert migrated.pruned is not None
    assert (len(migrated.pruned.orphans), migrated.pruned.deleted) == (len(WORDS), ())
    (folder / "data/grammar.json").unlink()
    again = await migrate(_settings(folder))
    assert len(again.pruned.deleted if again.pruned else ()) == len(WORDS)


async def test_an_earlier_name_stays_if_the_sound_is_not_there_under_the_new_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("tts_assets.build.migrate.prune", _no_prune)
        await migrate(_settings(folder))
    (folder / "audio/vocabulary/dog-word.mp3").unlink()
    dog, *others = _entries(folder)
    _write(folder, [dog | {"audioUrl": "https://somebody.example/1.mp3"}, *others])
    migrated = await migrate(_settings(folder))
    assert len(migrated.pruned.deleted if migrated.pruned else ()) == 2


def _no_prune(*_: object, **__: object) -> Pruned:
    return Pruned(orphans=())


@pytest.mark.parametrize("asset", [BY_ID, IN_FOLDERS])
def test_killed_at_any_change_on_the_disk_the_next_run_comes_to_the_same_end(
    folder: Path, asset: str
) -> None:
    _write(folder, _entries(folder)[:2])
    # In a process without threads, as only that can be forked again and again.
    words = [sys.executable, "-c", "import tests.build.test_migrate as it; it.kill_everywhere()"]
    done = subprocess.run([*words, folder, asset], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 5 * 2


def kill_everywhere() -> None:
    """Migrate the project named in the arguments, and be killed before each change on the disk."""
    folder, asset = Path(sys.argv[1]), sys.argv[2]
    registry._BUILT_IN["tones"] = f"{Tones.__module__}:Tones"
    # Or each child would load it.
    anyio.run(anyio.sleep, 0)
    undisturbed = Path(shutil.copytree(folder, folder.parent / "undisturbed"))
    assert _migrated_by_a_child(undisturbed, asset, kill_at=None) == 0
    for number in itertools.count(1):
        killed = Path(shutil.copytree(folder, folder.parent / f"killed-{number}"))
        if _migrated_by_a_child(killed, asset, kill_at=number) == 0:
            print(number)
            return
        played = {entry["audioUrl"] for entry in _entries(killed)}
        assert played <= _sounds(killed).keys(), number
        assert _migrated_by_a_child(killed, asset, kill_at=None) == 0, number
        assert _files(killed) == _files(undisturbed), number


def _migrated_by_a_child(folder: Path, asset: str, *, kill_at: int | None) -> int:
    """The exit code of a process that migrates."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        calls = itertools.count(1)
        for owner, name in ((os, "replace"), (os, "write"), (Path, "unlink")):
            setattr(owner, name, _deadly(getattr(owner, name), calls, kill_at))
        anyio.run(migrate, _settings(folder, asset=asset))
        os._exit(0)
    except BaseException:  # noqa: BLE001 - or this child would go on as its parent
        traceback.print_exc()
    os._exit(1)


def _deadly(
    work: Callable[..., Any], calls: Iterator[int], kill_at: int | None
) -> Callable[..., Any]:
    def call(*args: Any, **more: Any) -> Any:
        if next(calls) == kill_at:
            os._exit(9)
        return work(*args, **more)

    return call


def test_the_command_tells_what_it_moved(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = _old(folder, "dog")
    assert command(_settings(folder), dry_run=True) is ExitCode.OK
    told = capsys.readouterr().out
    assert f"move      {old} -> vocabulary/dog-word.mp3\n" in told
    assert "to move   3 assets; nothing was changed\n" in told
    assert command(_settings(folder), dry_run=False) is ExitCode.OK
    told = capsys.readouterr().out
    assert "moved     3 assets\nURLs      3 written\ndeleted   3 earlier names\n" in told


def test_the_command_says_in_its_exit_code_what_was_not_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "audio" / _old(folder, "cat")
    file.write_bytes(b"x" * file.stat().st_size)
    assert command(_settings(folder), dry_run=False) is ExitCode.FINDINGS
    assert "not moved: 1 asset whose bytes" in capsys.readouterr().err
    (folder / "data/grammar.json").write_text("[{")
    assert command(_settings(folder), dry_run=False) is ExitCode.USAGE
    shutil.rmtree(folder / "data")
    (folder / "data").mkdir()
    assert command(_settings(folder), dry_run=False) is ExitCode.NOTHING


def test_programs_get_one_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = _old(folder, "dog")
    command(_settings(folder, output_format=OutputFormat.JSON), dry_run=False)
    told = json.loads(capsys.readouterr().out)
    assert {"before": old, "now": "vocabulary/dog-word.mp3"} in told["moves"]
    assert (told["moved"], told["urls_written"], len(told["deleted"])) == (3, 3, 3)


def test_typed_it_moves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    Path("tts-assets.toml").write_text(f'provider = "tones"\nasset = "{BY_ID}"\n')
    looked = CliRunner().invoke(app, ["migrate", "--dry-run"])
    assert (looked.exit_code, "to move   3 assets" in looked.stdout) == (ExitCode.OK, True)
    moved = CliRunner().invoke(app, ["migrate"])
    assert (moved.exit_code, "moved     3 assets" in moved.stdout) == (ExitCode.OK, True)
