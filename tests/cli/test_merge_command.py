"""`generate --shard` and `merge` as people type them: exit codes, words, and shards that are killed."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.plugin_engines import Telling
from tts_assets import Settings, generate_sync
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.merge_command import run_merge
from tts_assets.config.command_options import Shard
from tts_assets.config.load_settings import load
from tts_assets.config.settings import OutputFormat
from tts_assets.engines import registry
from tts_assets.errors import InputError, UsageError

WORDS = ("犬", "猫", "鳥", "魚", "馬", "虎")
PARTS = tuple(f"audio-shard-{index}-of-3" for index in (1, 2, 3))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A project with the parts of three shards."""
    monkeypatch.setitem(registry._BUILT_IN, "telling", f"{Telling.__module__}:Telling")
    monkeypatch.chdir(tmp_path)
    _write(WORDS)
    settings = Settings(provider="telling")
    for index in (1, 2, 3):
        generate_sync(replace(settings, shard=Shard(index=index, count=3)))
    return settings


def _write(words: tuple[str, ...]) -> None:
    entries = [{"id": number, "word": word} for number, word in enumerate(words, 1)]
    Path("data").mkdir()
    Path("data/vocabulary.json").write_text(json.dumps(entries))


def test_what_was_merged_and_that_the_parts_may_go_is_told(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_merge(settings, []) is ExitCode.OK
    assert capsys.readouterr().out.splitlines() == [
        "merged    3 shards: 6 assets",
        "URLs      6 written",
        f"shards    no longer needed; you can delete them: {', '.join(PARTS)}",
    ]
    assert run_merge(settings, []) is ExitCode.OK
    assert "0 assets; 6 others already present" in capsys.readouterr().out


def test_missing_shards_are_told_and_are_a_finding(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_merge(settings, ["audio-shard-2-of-3"]) is ExitCode.FINDINGS
    told = capsys.readouterr().out
    assert "missing   shards 1/3, 3/3: merge them when they are generated\n" in told
    assert "to write when the last shard is merged" in told
    assert "you can delete them: audio-shard-2-of-3\n" in told
    assert run_merge(settings, ["audio-shard-3-of-3", "audio-shard-1-of-3"]) is ExitCode.OK


def test_programs_are_told_all_of_it(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree("audio-shard-3-of-3")
    assert run_merge(replace(settings, output_format=OutputFormat.JSON), []) is ExitCode.FINDINGS
    told = json.loads(capsys.readouterr().out)
    waiting = told.pop("urls_waiting")
    assert told == {
        "parts": ["audio-shard-1-of-3", "audio-shard-2-of-3"], "count": 3, "missing": [3],
        "copied": waiting, "there": 0, "changed": [], "failed": 0, "left": 0, "urls_written": 0,
        "urls_missed": 0, "problems": [],
    }  # fmt: skip


def test_entries_that_changed_since_are_told_and_are_a_finding(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("data/vocabulary.json")
    path.write_text(path.read_text().replace(json.dumps("犬"), json.dumps("狼")))
    assert run_merge(settings, []) is ExitCode.FINDINGS
    assert "URLs      5 written; 1 entry changed since" in capsys.readouterr().out


def test_a_folder_that_is_no_part_is_named(settings: Settings) -> None:
    with pytest.raises(InputError, match="data: this is not the folder of a run"):
        run_merge(settings, ["data"])
    with pytest.raises(
        InputError, match=r"nowhere: this is not the folder of a run .* there is no such folder"
    ):
        run_merge(settings, ["nowhere"])


@pytest.mark.parametrize("wrong", ["0/4", "5/4", "4", "1/0", "a/b", "1/1001", "-1/4", "1/4/2", ""])
def test_a_shard_that_cannot_be_is_refused(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--shard is .* such as 2/4"):
        load(flags={"shard": wrong}, environment={}, folder=tmp_path)


def test_a_shard_is_said_for_one_run_only(tmp_path: Path) -> None:
    assert load(flags={"shard": "2/4"}, environment={}, folder=tmp_path).shard == Shard(
        index=2, count=4
    )
    with pytest.raises(UsageError, match="TTS_ASSETS_SHARD"):
        load(flags={}, environment={"TTS_ASSETS_SHARD": "2/4"}, folder=tmp_path)


def test_a_killed_shard_is_no_part_until_it_was_run_again(
    project: Project, engine_log: Path
) -> None:
    project.environment["TEST_ENGINE_LOG"] = str(engine_log)
    words = [f"遅い{number}" for number in range(4)]
    project.words(*words)
    process = project.start("--shard", "1/1", "--concurrency", "1")
    part = project.folder / "audio-shard-1-of-1"
    _until(lambda: bool(list(part.glob("vocabulary/*.mp3"))))
    process.kill()
    process.communicate()
    with pytest.raises(InputError, match="the run of shard 1/1 was killed or is still in progress"):
        run_merge(Settings(), [str(part)])
    assert project.generate("--shard", "1/1").returncode == 0
    spoken = engine_log.read_text().split()
    assert sorted(set(spoken)) == words
    # Only what was in the engine's mouth when the run was killed is said again.
    assert len(spoken) <= len(words) + 1
    assert not (project.folder / "audio").exists()
    assert project.urls() == [None] * len(words)
    done = project.run("merge")
    assert done.returncode == ExitCode.OK, done.stderr
    assert None not in project.urls()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
