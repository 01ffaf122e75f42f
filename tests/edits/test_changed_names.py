"""Other names: files are moved and URLs written, and nothing is said again."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.edited import (
    ALL,
    BY_ID,
    BY_RECIPE,
    NEW,
    Edit,
    Edited,
    all_moved,
    becomes_clean,
    by_both,
    by_id,
    by_recipe,
    settings_are,
    spoken,
    to_make,
    words,
)
from tts_assets.build.plan.asset_names import Addresses
from tts_assets.build.plan.output_folder import outermost
from tts_assets.build.plan.planner import State
from tts_assets.build.shards.merge_shards import merge
from tts_assets.config.catalogue_sources import BUILT_IN, OverwritePolicy, Source
from tts_assets.config.command_options import Shard
from tts_assets.config.settings import OnEngineChange
from tts_assets.errors import FatalError
from tts_assets.model import Clip, Kind
from tts_assets.store.atomic_files import Storage

KNOWN = "/audio/{asset}"


CDN = "https://cdn.example/v2/{asset}"


def _templates(asset: str = BY_RECIPE, url: str = KNOWN) -> Edit:
    return settings_are(asset=asset, url=url)


def _there_and_back(project: Edited) -> None:
    project.set(asset=BY_ID)
    project.generate()
    project.set(asset=BY_RECIPE)


@pytest.mark.parametrize(
    ("project", "edit"),
    [
        pytest.param(BY_RECIPE, _templates(BY_ID), id="by recipe -> by id"),
        pytest.param(BY_ID, _templates(BY_RECIPE), id="by id -> by recipe"),
        pytest.param(BY_RECIPE, _templates(f"v2/{BY_RECIPE}"), id="a folder before recipes"),
        pytest.param(BY_ID, _templates(f"v2/{BY_ID}"), id="a folder before ids"),
        pytest.param(BY_RECIPE, _templates(BY_ID, CDN), id="by recipe -> by id, and the URLs"),
        pytest.param(BY_RECIPE, _templates("{recipe}.{ext}"), id="without a folder"),
    ],
    indirect=["project"],
)
@pytest.mark.parametrize("policy", OnEngineChange)
def test_another_template_moves_every_file_and_says_nothing(
    policy: OnEngineChange, project: Edited, edit: Edit, engine_log: Path
) -> None:
    edit(project)
    project.set(on_engine_change=policy)
    plan = all_moved(project)
    assert to_make(project) == plan
    assert plan.keys() == set(ALL)
    becomes_clean(project, engine_log, plan)


@by_recipe
def test_a_template_that_is_set_back_finds_its_files_again(
    project: Edited, engine_log: Path
) -> None:
    _there_and_back(project)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), len(ALL))
    becomes_clean(project, engine_log, {})


@by_recipe
def test_another_template_for_urls_alone_writes_them_and_makes_nothing(
    project: Edited, engine_log: Path
) -> None:
    project.set(url=CDN)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), len(ALL))
    becomes_clean(project, engine_log, {})
    assert project.entries()[0]["audioUrl"].startswith("https://cdn.example/v2/vocabulary/")


@by_id
def test_urls_that_look_like_people_s_own_are_kept_and_it_is_said(
    project: Edited, engine_log: Path
) -> None:
    before = project.entries()
    project.set(url=CDN)
    standing = project.status()
    assert (standing.states[State.LOCKED], standing.stale) == (len(ALL), False)
    assert any('overwrite = "always"' in note for note in standing.notes)
    project.generate()
    assert (project.entries(), spoken(engine_log)) == (before, [])


def _sources(project: Edited) -> tuple[Source, ...]:
    return tuple(
        replace(
            BUILT_IN[kind],
            files=(str(project.file(kind)),),
            overwrite=OverwritePolicy.ALWAYS,
            name=kind,
        )
        for kind in (Kind.VOCABULARY, Kind.GRAMMAR)
    )


@by_id
def test_urls_with_ids_get_another_template_where_any_address_is_replaced(
    project: Edited, engine_log: Path
) -> None:
    project.set(url=CDN, sources=_sources(project), paths=())
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), len(ALL))
    becomes_clean(project, engine_log, {})


@by_recipe
def test_a_voice_that_is_set_back_finds_its_files_again(project: Edited, engine_log: Path) -> None:
    before = project.entries()
    project.set(voice="other")
    project.generate()
    project.set(voice=None)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), len(ALL))
    becomes_clean(project, engine_log, {})
    assert project.entries() == before


@by_recipe
def test_a_url_that_tells_only_an_id_does_not_say_that_a_new_text_was_made(
    project: Edited, engine_log: Path
) -> None:
    project.set(url="/say/{id}/{part}")
    project.entry(2, word="鳥")
    project.generate()
    becomes_clean(project, engine_log, {})
    project.entry(2, word="馬")
    assert to_make(project) == words("2", because=NEW)
    becomes_clean(project, engine_log, words("2", because=NEW))


@by_both
def test_readings_that_move_up_in_their_list_are_not_said_again(
    project: Edited, engine_log: Path
) -> None:
    kanji = {"id": 1, "kanji": "日", "onyomi": ["ニチ", "ジツ"], "kunyomi": ["ひ", "か"]}
    project.write([kanji], "kanji")
    project.generate()
    entries = project.entries("kanji")
    entries[0]["onyomi"].pop(0)
    entries[0]["onyomi"].append("ニ")
    entries[0]["kunyomi"].reverse()
    project.write(entries, "kanji")
    spoken(engine_log)
    project.generate()
    assert spoken(engine_log) == ["日"]
    assert not project.status(deep=True).stale
    assert project.wrong() == []


class RenameKilledError(Exception):
    """The run was killed."""


def _killed_after(puts: int, patch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
    """The run dies when it has stored so many assets, or the disk fails."""
    really, count = Storage.put, iter(range(puts))

    def put(storage: Storage, asset: str, data: bytes) -> None:
        if next(count, None) is None:
            raise error or RenameKilledError
        really(storage, asset, data)

    patch.setattr(Storage, "put", put)


@pytest.mark.parametrize("puts", range(6))
@pytest.mark.parametrize("ids", [(2, 1, 3, 4), (2, 3, 1, 4), (11, 1, 2, 3)])
@by_id
def test_ids_that_change_places_lose_no_sound_whenever_the_run_is_killed(
    project: Edited, engine_log: Path, ids: tuple[int, ...], puts: int
) -> None:
    entries = project.entries()
    for entry, number in zip(entries, ids, strict=False):
        entry["id"] = number
    project.write(entries)
    with pytest.MonkeyPatch.context() as patch:
        _killed_after(puts, patch)
        with contextlib.suppress(RenameKilledError):
            project.generate()
    spoken(engine_log)
    project.generate()
    assert spoken(engine_log) == []
    assert (project.status(deep=True).stale, project.wrong()) == (False, [])
    project.generate()
    assert not list(project.audio.rglob("*.moving-*"))
    assert "moving-" not in project.ledger.read_text()


@by_id
def test_a_disk_that_fails_amid_moves_takes_no_url_from_those_that_were_made(
    project: Edited, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.set(asset=f"v2/{BY_ID}")
    _killed_after(3, monkeypatch, FatalError("the disk is full"))
    report = project.generate()
    assert (report.fatal, report.moved, report.urls_written) == ("the disk is full", 3, 3)


@by_id
def test_ids_that_change_places_can_be_moved_by_shards(project: Edited, engine_log: Path) -> None:
    entries = project.entries()
    for one, other in zip(entries[::2], entries[1::2], strict=False):
        one["id"], other["id"] = other["id"], one["id"]
    project.write(entries)
    whole = project.settings
    spoken(engine_log)
    for index in (1, 2):
        project.set(shard=Shard(index=index, count=2))
        project.generate()
    project.set(shard=None)
    assert merge(whole).problems == ()
    assert spoken(engine_log) == []
    assert (project.status(deep=True).stale, project.wrong()) == (False, [])


@by_id
def test_equal_texts_of_another_engine_are_looked_at_once(
    project: Edited, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write([{"id": number, "word": "犬"} for number in range(1, 301)])
    project.generate()
    project.engine("tones=2")
    looks = 0
    really = Addresses.asset

    def asset(addresses: Addresses, clip: Clip, recipe: str) -> str:
        nonlocal looks
        looks += 1
        return really(addresses, clip, recipe)

    monkeypatch.setattr(Addresses, "asset", asset)
    assert not project.status().stale
    assert looks < 300 * 10


def test_thousands_of_folders_of_an_earlier_template_are_gone_through_once() -> None:
    folders = [f"words/{number}" for number in range(20_000)]
    assert outermost([*folders, "words/7/inner", "a", "a-b", "a/c"]) == sorted(
        [*folders, "a", "a-b"]
    )
    assert outermost([*folders, ""]) == [""]
