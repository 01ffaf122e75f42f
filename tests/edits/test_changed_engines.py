"""Another engine, model or version of recipes: what was made stays, unless somebody asks for it anew."""

from pathlib import Path

import pytest

from tests.edited import (
    ALL,
    BY_ID,
    KEEP,
    NEW,
    PARTS,
    REMAKE,
    Edited,
    added,
    all_clips,
    all_moved,
    becomes_clean,
    by_both,
    by_id,
    spoken,
    to_make,
    words,
)
from tts_assets.config.settings import OnEngineChange

ENGINES = [
    pytest.param("tones=2 model=a", "engine tones=1 -> tones=2", id="engine"),
    pytest.param("tones=1 model=b", "model model=a -> model=b", id="model"),
    pytest.param(
        "tones=2 model=b",
        "engine tones=1 -> tones=2; model model=a -> model=b",
        id="engine and model",
    ),
]


@by_both
@pytest.mark.parametrize(("parts", "reason"), ENGINES)
def test_an_engine_that_changed_makes_all_anew_where_that_is_asked_for(
    parts: str, reason: str, project: Edited, engine_log: Path
) -> None:
    project.engine(parts)
    project.set(on_engine_change=REMAKE)
    plan = all_clips(f"stale: {reason}")
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)
    assert {line["engine"] for line in project.lines() if line["recipe"] in _recipes(project)} == {
        parts
    }


def _recipes(project: Edited) -> set[str]:
    return {item.recipe for item in project.clips().values()}


@by_both
@pytest.mark.parametrize(("parts", "reason"), ENGINES)
def test_what_an_earlier_engine_made_is_kept_and_it_is_said(
    parts: str, reason: str, project: Edited, engine_log: Path
) -> None:
    before = project.entries()
    project.engine(parts)
    standing = project.status()
    (kept,) = standing.kept
    assert (standing.stale, kept.clips) == (False, len(ALL))
    assert [f"{kept.before} {kept.now}".count(each) for each in reason.split() if "=" in each]
    becomes_clean(project, engine_log, {})
    assert project.entries() == before


@by_both
def test_a_new_word_is_said_by_the_new_engine_and_an_equal_one_by_the_earlier(
    project: Edited, engine_log: Path
) -> None:
    project.engine("tones=2 model=a")
    added({"id": 8, "word": "鳥"})(project)
    added({"id": 9, "word": "猫", "reading": "ねこ"})(project)
    plan = words("8", because=NEW)
    if project.settings.asset == BY_ID:
        plan |= words("9", because="new: vocabulary/2-word.mp3 already has the same audio, moved")
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)
    engines = {line["text"]: line["engine"] for line in project.lines()}
    assert (engines["鳥"], engines["猫"]) == ("tones=2 model=a", "tones=1 model=a")


@by_both
@pytest.mark.parametrize("policy", OnEngineChange)
@pytest.mark.parametrize("parts", ["tones=None model=a", "tones=1 model=None"])
def test_a_part_that_is_not_installed_here_changes_nothing(
    parts: str, policy: OnEngineChange, project: Edited, engine_log: Path
) -> None:
    project.engine(parts)
    project.set(on_engine_change=policy)
    standing = project.status()
    assert (standing.stale, standing.kept) == (False, ())
    becomes_clean(project, engine_log, {})


@by_both
@pytest.mark.parametrize("policy", OnEngineChange)
def test_another_version_of_recipes_changes_no_name_no_url_and_no_sound(
    policy: OnEngineChange, project: Edited, engine_log: Path
) -> None:
    before = project.entries(), project.ledger.read_bytes()
    project.patch.setattr("tts_assets.build.plan.recipes.SCHEMA", 4)
    project.set(on_engine_change=policy)
    standing = project.status()
    assert (standing.stale, standing.kept) == (False, ())
    becomes_clean(project, engine_log, {})
    assert (project.entries(), project.ledger.read_bytes()) == before


@by_both
def test_what_is_kept_is_moved_under_another_template(project: Edited, engine_log: Path) -> None:
    project.engine("tones=2 model=a")
    project.set(asset=f"v2/{project.settings.asset}")
    plan = all_moved(project)
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)
    assert {line["engine"] for line in project.lines()} == {PARTS}


@by_both
@pytest.mark.parametrize("parts", [PARTS, "tones=2 model=a"])
def test_what_cannot_be_moved_is_said_by_the_engine_of_today_under_its_own_name(
    parts: str, project: Edited, engine_log: Path
) -> None:
    project.engine(parts)
    asset = project.asset(2)
    asset.write_bytes(bytes(reversed(asset.read_bytes())))
    project.set(asset=f"v2/{project.settings.asset}")
    project.generate()
    assert spoken(engine_log) == ["猫"]
    assert project.wrong() == []
    assert not project.status(deep=True).stale
    (line,) = (each for each in project.lines() if each["text"] == "猫" and "v2/" in each["asset"])
    assert line["engine"] == parts


@by_both
def test_what_is_kept_and_lost_is_missing_and_made_by_the_engine_of_today(
    project: Edited, engine_log: Path
) -> None:
    project.engine("tones=2 model=a")
    project.asset(2).unlink()
    plan = words("2", because="missing: its file is missing")
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)


@by_both
def test_what_is_kept_and_damaged_is_damaged_not_stale(project: Edited, engine_log: Path) -> None:
    project.patch.setattr("tts_assets.build.plan.recipes.SCHEMA", 4)
    size = project.asset(2).stat().st_size
    project.asset(2).write_bytes(b"half")
    plan = words("2", because=f"damaged: its file has 4 bytes instead of {size}")
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)


@by_both
def test_what_was_made_anew_and_is_lost_does_not_come_back_from_the_earlier_engine(
    project: Edited, engine_log: Path
) -> None:
    project.engine("tones=2 model=a")
    project.set(on_engine_change=REMAKE)
    project.generate()
    project.set(on_engine_change=KEEP)
    project.asset(2).unlink()
    plan = words("2", because="missing: its file is missing")
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)


@by_id
def test_what_was_made_anew_for_one_entry_is_not_said_again_for_its_like(
    project: Edited, engine_log: Path
) -> None:
    project.engine("tones=2 model=a")
    project.set(on_engine_change=REMAKE, ids=("1",))
    project.generate()
    project.set(ids=())
    spoken(engine_log)
    project.generate()
    assert "犬" not in spoken(engine_log)
    assert project.wrong() == []


@by_both
def test_a_kept_clip_that_only_its_hash_gives_away_is_made_by_today_s_engine_under_its_own_recipe(
    project: Edited,
) -> None:
    before = {line["recipe"] for line in project.lines()}
    project.engine("tones=2 model=b")
    path = project.asset(2)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    project.set(deep=True)
    assert project.generate().made == 1
    anew = {line["recipe"] for line in project.lines() if line["engine"] == "tones=2 model=b"}
    assert anew
    assert anew.isdisjoint(before)
    assert (project.status(deep=True).stale, project.wrong()) == (False, [])
