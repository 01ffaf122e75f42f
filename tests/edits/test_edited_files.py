"""URLs and files that are not as they were left, and clips that failed last time."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.edited import (
    BY_RECIPE,
    Edit,
    Edited,
    added,
    all_clips,
    becomes_clean,
    by_both,
    to_make,
    truncated,
    word_is,
    words,
)
from tts_assets.build.plan.planner import Judged, State


def _url(number: int, url: str | None) -> Edit:
    return word_is(number, audioUrl=url)


@by_both
@pytest.mark.parametrize("url", [None, ""])
def test_a_url_that_was_emptied_is_written_again(
    url: str | None, project: Edited, engine_log: Path
) -> None:
    _url(2, url)(project)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), 1)
    becomes_clean(project, engine_log, {})


@by_both
def test_a_url_of_a_clip_that_is_kept_is_written_again(project: Edited, engine_log: Path) -> None:
    before = project.entries()
    project.engine("tones=2 model=a")
    _url(2, None)(project)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), 1)
    becomes_clean(project, engine_log, {})
    assert project.entries() == before


@by_both
def test_a_url_of_somebody_else_locks_its_clip(project: Edited, engine_log: Path) -> None:
    _url(2, "https://teacher.example/neko.mp3")(project)
    word_is(2, word="鳥")(project)
    before = project.entries()
    standing = project.status()
    assert (standing.stale, standing.states[State.LOCKED]) == (False, 1)
    becomes_clean(project, engine_log, {})
    assert project.entries() == before


def _deleted(asset: Path) -> None:
    asset.unlink()


def _emptied(asset: Path) -> None:
    asset.write_bytes(b"")


def _longer(asset: Path) -> None:
    asset.write_bytes(asset.read_bytes() + b"x")


def _changed(asset: Path) -> None:
    data = asset.read_bytes()
    asset.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@by_both
@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (_deleted, "missing: its file is missing"),
        (_emptied, "damaged: its file is empty"),
        (truncated, "damaged: its file has 100 bytes instead of SIZE"),
        (_longer, "damaged: its file has MORE bytes instead of SIZE"),
    ],
)
@pytest.mark.parametrize("number", [2, 1])
def test_a_file_that_is_not_what_was_made_is_made_again(
    number: int, harm: Callable[[Path], None], reason: str, project: Edited, engine_log: Path
) -> None:
    size = project.asset(number).stat().st_size
    reason = reason.replace("SIZE", str(size)).replace("MORE", str(size + 1))
    harm(project.asset(number))
    plan = words(str(number), because=reason)
    if number == 1 and project.settings.asset == BY_RECIPE:
        plan |= words("5", because=reason)
    elif number == 1:
        # Its like has a file of its own, with the same sound.
        state = reason.partition(":")[0]
        plan = words(
            "1", because=f"{state}: vocabulary/5-word.mp3 already has the same audio, moved"
        )
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)


@by_both
def test_other_bytes_of_the_same_size_are_found_by_a_deep_look_alone(
    project: Edited, engine_log: Path
) -> None:
    _changed(project.asset(2))
    assert to_make(project) == {}
    standing = project.status(deep=True)
    assert standing.judged_by is Judged.BYTES
    assert standing.stale
    why = "damaged: its file differs from what was generated: `generate --deep` regenerates it"
    assert to_make(project, deep=True) == words("2", because=why)
    project.asset(2).unlink()
    becomes_clean(project, engine_log, words("2", because="missing"))


@by_both
def test_a_deep_run_makes_anew_what_only_its_hash_gives_away(project: Edited) -> None:
    right = project.asset(2).read_bytes()
    _changed(project.asset(2))
    assert project.generate().made == 0
    project.set(deep=True)
    assert project.generate().made == 1
    assert project.asset(2).read_bytes() == right
    assert not project.status(deep=True).stale


@by_both
def test_a_folder_in_the_place_of_a_file_is_told_and_the_rest_is_as_it_was(
    project: Edited, engine_log: Path
) -> None:
    asset = project.asset(2)
    asset.unlink()
    asset.mkdir()
    assert to_make(project) == words("2", because="missing: its file is missing")
    report = project.generate()
    # It fails that clip, and not the run.
    assert report.fatal is None
    (failure,) = report.failures
    assert str(asset) in failure.reason
    asset.rmdir()
    becomes_clean(project, engine_log, words("2", because="missing"))


@by_both
def test_without_any_files_the_ledger_alone_tells_and_generate_makes_all(
    project: Edited, engine_log: Path
) -> None:
    for kind in ("vocabulary", "grammar"):
        shutil.rmtree(project.audio / kind)
    standing = project.status()
    assert (standing.stale, standing.judged_by) == (False, Judged.LEDGER)
    project.entry(2, word="鳥")
    assert to_make(project) == words("2", because="stale: text 猫 -> 鳥")
    becomes_clean(project, engine_log, all_clips("missing"))


@by_both
def test_one_file_that_is_left_has_all_others_looked_for(project: Edited) -> None:
    shutil.rmtree(project.audio / "grammar")
    gone = "missing: its file is missing"
    assert to_make(project) == {"g example-1": gone, "g example-2": gone}


@by_both
def test_what_failed_last_time_is_told_with_its_reason_until_its_text_changes(
    project: Edited, engine_log: Path
) -> None:
    project.entry(2, word="失敗")
    project.entry(3, word="失敗した")
    assert len(project.generate().failures) == 2
    planned = project.status().planned
    assert [(item.clip.entry, item.state) for item in planned] == [
        ("2", State.FAILED), ("3", State.FAILED)
    ]  # fmt: skip
    assert {item.reason for item in planned} == {
        "it failed in the last run: the engine was told to fail"
    }
    project.entry(2, word="鳥")
    project.entry(3, word="東京")
    plan = words("2", because="stale: text 猫 -> 鳥")
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)
    assert not (project.audio / "failures.jsonl").exists()


@by_both
def test_what_failed_is_remembered_while_a_run_looks_at_other_clips_only(
    project: Edited,
) -> None:
    project.entry(2, word="失敗")
    added({"id": 9, "word": "鳥"})(project)
    project.set(ids=("2",))
    project.generate()
    project.set(ids=("9",))
    project.generate()
    project.set(ids=())
    assert [(item.clip.entry, item.state) for item in project.status().planned] == [
        ("2", State.FAILED)
    ]


@by_both
def test_a_run_for_some_files_forgets_no_failure_of_the_others(project: Edited) -> None:
    added({"id": 8, "word": "失敗"})(project)
    project.generate()
    project.write([{"id": 1, "word": "新しい"}], "vocabulary_2")
    paths = project.settings.paths
    project.set(paths=(str(project.file("vocabulary_2")),), partial=True)
    assert project.generate().made == 1
    project.set(paths=paths, partial=False)
    assert project.clips()["8 word"].state is State.FAILED
