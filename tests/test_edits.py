"""What becomes stale by which edit, and why: exactly that, and exactly that is made."""

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.edited import BY_ID, BY_RECIPE, GRAMMAR, PARTS, WORDS, Edited, told
from tts_assets.domain import DictionaryWord, Format, Kind
from tts_assets.errors import InputError
from tts_assets.mapping import BUILT_IN, Overwrite, Source
from tts_assets.plan import Judged, State
from tts_assets.settings import OnEngineChange

KEEP, REMAKE = OnEngineChange.KEEP, OnEngineChange.REMAKE
ALL = ("1 word", "2 word", "3 word", "4 word", "5 word", "g example-1", "g example-2")
NAMES = {"by recipe": BY_RECIPE, "by id": BY_ID}

Edit = Callable[[Edited], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A project that was made, once for each template."""
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        for template in NAMES.values():
            folders[template] = tmp_path_factory.mktemp("made")
            first = Edited(folders[template], patch, asset=template)
            first.write(WORDS)
            first.write(GRAMMAR, "grammar")
            first.generate()
    return folders


@pytest.fixture
def project(
    request: pytest.FixtureRequest,
    made: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Edited:
    """A copy of it to be edited."""
    template = getattr(request, "param", BY_RECIPE)
    shutil.copytree(made[template], tmp_path / "project")
    return Edited(tmp_path / "project", monkeypatch, asset=template)


by_both = pytest.mark.parametrize("project", NAMES.values(), ids=NAMES, indirect=True)
by_id = pytest.mark.parametrize("project", [BY_ID], ids=["by id"], indirect=True)
by_recipe = pytest.mark.parametrize("project", [BY_RECIPE], ids=["by recipe"], indirect=True)


def _planned(project: Edited, *, deep: bool = False) -> dict[str, str]:
    """What is to be made, and why."""
    return {
        f"{item.clip.entry} {item.clip.part}": told(item)
        for item in project.status(deep=deep).planned
    }


def _spoken(log: Path) -> list[str]:
    """What the engine was asked for since somebody looked last."""
    said = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return sorted(said)


def _becomes_clean(project: Edited, log: Path, plan: dict[str, str]) -> None:
    """Generate makes exactly what was planned, each sound once, and leaves nothing to do."""
    forms = {name: item.clip.form for name, item in project.clips().items()}
    due = {forms[name] for name, why in plan.items() if not why.endswith(", moved")}
    _spoken(log)
    report = project.generate()
    assert (report.fatal, report.failures, report.problems) == (None, (), ())
    assert _spoken(log) == sorted(form.text for form in due)
    after = project.status(deep=True)
    assert (after.planned, after.urls_to_write, after.problems) == ((), 0, ())
    assert project.wrong() == []
    assert project.generate().made == 0


def _all(reason: str) -> dict[str, str]:
    return dict.fromkeys(ALL, reason)


def _words(*entries: str, because: str) -> dict[str, str]:
    return {f"{entry} word": because for entry in entries}


def _set(**settings: object) -> Edit:
    return lambda project: project.set(**settings)


def _sound(**sound: object) -> Edit:
    return lambda project: project.sound(**sound)


def _entry(number: int, **fields: object) -> Edit:
    return lambda project: project.entry(number, **fields)


def _entries(edit: Callable[[list[dict[str, Any]]], object], name: str = "vocabulary") -> Edit:
    def change(project: Edited) -> None:
        entries = project.entries(name)
        edit(entries)
        project.write(entries, name)

    return change


def _examples(*sentences: str) -> Edit:
    examples = [{"japanese": sentence} for sentence in sentences]

    def change(entries: list[dict[str, Any]]) -> None:
        for example, changed in zip(entries[0]["examples"], examples, strict=True):
            example.update(changed)

    return _entries(change, "grammar")


TOKYO = DictionaryWord(surface="東京", reading="トンキン")


def _dictionary_changed(project: Edited) -> None:
    project.set(words=(TOKYO,))
    project.generate()
    project.set(words=(replace(TOKYO, accent=1),))


#: What changes what is said, or how; the same whatever assets are called.
SAID = [
    pytest.param(_entry(2, word="鳥"), _words("2", because="stale: text 猫 -> 鳥"), id="text"),
    pytest.param(
        _entry(2, word="鳥", reading="とり"),
        _words("2", because="stale: text 猫 -> 鳥; reading ネコ -> トリ"),
        id="text and reading",
    ),
    pytest.param(
        _entry(2, reading="みけ"), _words("2", because="stale: reading ネコ -> ミケ"), id="reading"
    ),
    pytest.param(
        _entry(2, reading=""), _words("2", because="stale: reading ネコ -> none"), id="no reading"
    ),
    pytest.param(_entry(2, reading="ネコ"), {}, id="reading in katakana"),
    pytest.param(
        _entry(2, accent=1), _words("2", because="stale: accent none -> 1"), id="accent given"
    ),
    pytest.param(
        _entry(1, accent=0), _words("1", because="stale: accent 2 -> 0"), id="accent of one of two"
    ),
    pytest.param(_entry(1, meaning="a dog"), {}, id="meaning only"),
    pytest.param(
        _entry(2, tts={"text": "三毛猫"}),
        _words("2", because="stale: text 猫 -> 三毛猫"),
        id="override of the text",
    ),
    pytest.param(
        _entry(2, tts={"reading": "ミケ"}),
        _words("2", because="stale: reading ネコ -> ミケ"),
        id="override of the reading",
    ),
    pytest.param(
        _examples("犬がいる。", "山[さん]は高い。"),
        {"g example-2": "stale: reading none -> 山=サン"},
        id="reading in brackets",
    ),
    pytest.param(
        _examples("猫がいる。", "山は高い。"),
        {"g example-1": "stale: text 犬がいる。 -> 猫がいる。"},
        id="sentence",
    ),
    pytest.param(
        _set(voice="other"), _all("stale: voice telling/sine -> telling/other"), id="voice"
    ),
    pytest.param(_set(speed=1.25), _all("stale: speed 1 -> 1.25"), id="speed"),
    pytest.param(_sound(lufs=-16.0), _all("stale: sound lufs=-19 -> lufs=-16"), id="loudness"),
    pytest.param(_sound(trail_ms=300), _all("stale: sound trail=200 -> trail=300"), id="silence"),
    pytest.param(_sound(rate_hz=16_000), _all("stale: sound rate=24000 -> rate=16000"), id="rate"),
    pytest.param(
        _sound(format=Format.WAV), _all("stale: sound format=mp3 -> format=wav"), id="format"
    ),
    pytest.param(
        _set(words=(TOKYO,)),
        _words("3", "4", because="stale: dictionary none -> 東京=トンキン noun"),
        id="word of the dictionary added",
    ),
    pytest.param(
        _dictionary_changed,
        _words("3", "4", because="stale: dictionary 東京=トンキン noun -> 東京=トンキン 1 noun"),
        id="word of the dictionary changed",
    ),
    pytest.param(
        lambda project: (project.set(voice="other"), project.entry(2, word="鳥")),
        _all("stale: voice telling/sine -> telling/other")
        | _words("2", because="stale: text 猫 -> 鳥; voice telling/sine -> telling/other"),
        id="text and voice",
    ),
]


@by_both
@pytest.mark.parametrize(("edit", "plan"), SAID)
def test_what_is_said_otherwise_is_stale_and_nothing_else(
    edit: Edit, plan: dict[str, str], project: Edited, engine_log: Path
) -> None:
    edit(project)
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)


def _accents_are_not_said(project: Edited) -> None:
    project.patch.setenv("TEST_ENGINE_ACCENTLESS", "1")
    # All that had an accent is another clip to such an engine, once.
    project.generate()
    project.entry(1, accent=0)
    project.entry(2, accent=1)


def _reformatted(project: Edited) -> None:
    text = json.dumps(project.entries(), indent="\t").replace("\n", "\r\n")
    project.file("vocabulary").write_bytes(b"\xef\xbb\xbf" + text.encode())


def _moved_to_another_file(project: Edited) -> None:
    entries = project.entries()
    project.write([entries.pop(1)], "vocabulary-more")
    project.write(entries)


def _key_order(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        for key in sorted(entry):
            entry[key] = entry.pop(key)


#: What changes nothing that is heard.
NEUTRAL = [
    pytest.param(_accents_are_not_said, id="accents with a voice that makes its own"),
    pytest.param(_reformatted, id="indentation, line ends, escapes and a byte order mark"),
    pytest.param(_entries(_key_order), id="key order"),
    pytest.param(_entries(lambda entries: entries.reverse()), id="entries moved"),
    pytest.param(_entries(lambda entries: entries.pop(1)), id="entry removed"),
    pytest.param(
        lambda project: project.file("vocabulary").rename(project.file("vocabulary-n5")),
        id="file renamed",
    ),
    pytest.param(_moved_to_another_file, id="entry moved to another file"),
    pytest.param(lambda project: project.file("vocabulary").unlink(), id="file removed"),
    pytest.param(_set(timeout_seconds=5.0, concurrency=1), id="settings of the run"),
]


@by_both
@pytest.mark.parametrize("edit", NEUTRAL)
def test_what_changes_no_sound_makes_nothing_stale(
    edit: Edit, project: Edited, engine_log: Path
) -> None:
    edit(project)
    before = project.ledger.read_bytes()
    assert _planned(project) == {}
    _becomes_clean(project, engine_log, {})
    assert project.ledger.read_bytes() == before


NEW = "new: it was not made yet"


def _add(entry: dict[str, Any], at: int = 0) -> Edit:
    return _entries(lambda entries: entries.insert(at, entry))


@by_both
@pytest.mark.parametrize("at", [0, 2, 5])
def test_an_entry_that_is_inserted_is_new_wherever_it_stands(
    at: int, project: Edited, engine_log: Path
) -> None:
    _add({"id": 9, "word": "鳥"}, at)(project)
    plan = _words("9", because=NEW)
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)


@by_both
def test_two_equal_words_are_said_once(project: Edited, engine_log: Path) -> None:
    _add({"id": 8, "word": "鳥"})(project)
    _add({"id": 9, "word": "鳥"})(project)
    plan = _words("8", "9", because=NEW)
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)


@by_recipe
def test_a_word_that_was_said_before_is_fresh_in_a_new_entry(
    project: Edited, engine_log: Path
) -> None:
    _add({"id": 9, "word": "猫", "reading": "ねこ"})(project)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), 1)
    _becomes_clean(project, engine_log, {})


@by_id
def test_a_word_that_was_said_before_gets_its_own_file_without_the_engine(
    project: Edited, engine_log: Path
) -> None:
    _add({"id": 9, "word": "猫", "reading": "ねこ"})(project)
    plan = _words("9", because="new: vocabulary/2-word.mp3 has its sound already, moved")
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)


@by_recipe
def test_an_id_says_nothing_where_recipes_name_files(project: Edited, engine_log: Path) -> None:
    project.entry(2, id="neko")
    assert _planned(project) == {}
    _becomes_clean(project, engine_log, {})


@by_id
def test_an_id_that_changed_moves_its_file(project: Edited, engine_log: Path) -> None:
    project.entry(2, id="neko")
    why = "stale: template vocabulary/2-word.mp3 -> vocabulary/neko-word.mp3, moved"
    assert _planned(project) == {"neko word": why}
    _becomes_clean(project, engine_log, {"neko word": why})


@by_id
def test_an_id_that_went_to_another_word_takes_nothing_from_its_first_owner(
    project: Edited, engine_log: Path
) -> None:
    project.entry(2, id="neko")
    _add({"id": 2, "word": "鳥"})(project)
    plan = {
        "neko word": "stale: template vocabulary/2-word.mp3 -> vocabulary/neko-word.mp3, moved",
        "2 word": "stale: text 猫 -> 鳥; reading ネコ -> none",
    }
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)


def _renumbered(entries: list[dict[str, Any]]) -> None:
    entries.insert(0, {"id": 0, "word": "鳥"})
    for number, entry in enumerate(entries, 1):
        entry["id"] = number


def _swapped(entries: list[dict[str, Any]]) -> None:
    entries[1]["id"], entries[2]["id"], entries[3]["id"] = 4, 2, 3


@by_id
@pytest.mark.parametrize(("edit", "said"), [(_renumbered, ["鳥"]), (_swapped, [])])
def test_ids_that_are_dealt_out_anew_move_the_files_and_say_nothing_twice(
    edit: Callable[[list[dict[str, Any]]], None],
    said: list[str],
    project: Edited,
    engine_log: Path,
) -> None:
    _entries(edit)(project)
    project.generate()
    assert _spoken(engine_log) == said
    assert project.wrong() == []
    assert not project.status(deep=True).stale


@by_both
def test_two_entries_with_one_id_stand_for_one_file_only_where_they_say_the_same(
    project: Edited, engine_log: Path
) -> None:
    project.write([{"id": 2, "word": "猫", "reading": "ねこ"}], "vocabulary-more")
    assert _planned(project) == {}
    _becomes_clean(project, engine_log, {})
    project.write([{"id": 2, "word": "鳥"}], "vocabulary-more")
    problems = [str(each) for each in project.status().problems]
    if project.settings.asset == BY_RECIPE:
        assert problems == []
    else:
        assert "give one of them another id" in problems[0]
        # Whose the file is nobody knows: nothing is made, or one of them would say the other's word.
        before = project.asset(2).read_bytes()
        project.generate()
        assert _spoken(engine_log) == []
        assert project.asset(2).read_bytes() == before


KNOWN = "/audio/{asset}"
CDN = "https://cdn.example/v2/{asset}"


def _templates(asset: str = BY_RECIPE, url: str = KNOWN) -> Edit:
    return _set(asset=asset, url=url)


def _there_and_back(project: Edited) -> None:
    project.set(asset=BY_ID)
    project.generate()
    project.set(asset=BY_RECIPE)


def _moved(project: Edited) -> dict[str, str]:
    """Every clip is moved from where it is to where it would be, and not said."""
    found = project.clips()
    assert all(item.held not in {None, item.asset} for item in found.values())
    return {
        name: f"stale: template {item.held} -> {item.asset}, moved" for name, item in found.items()
    }


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
    plan = _moved(project)
    assert _planned(project) == plan
    assert plan.keys() == set(ALL)
    _becomes_clean(project, engine_log, plan)


@by_recipe
def test_a_template_that_is_set_back_finds_its_files_again(
    project: Edited, engine_log: Path
) -> None:
    _there_and_back(project)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), len(ALL))
    _becomes_clean(project, engine_log, {})


@by_recipe
def test_another_template_for_urls_alone_writes_them_and_makes_nothing(
    project: Edited, engine_log: Path
) -> None:
    project.set(url=CDN)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), len(ALL))
    _becomes_clean(project, engine_log, {})
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
    assert (project.entries(), _spoken(engine_log)) == (before, [])


def _sources(project: Edited) -> tuple[Source, ...]:
    return tuple(
        replace(
            BUILT_IN[kind],
            files=(str(project.file(kind)),),
            overwrite=Overwrite.ALWAYS,
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
    _becomes_clean(project, engine_log, {})


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
    plan = _all(f"stale: {reason}")
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)
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
    _becomes_clean(project, engine_log, {})
    assert project.entries() == before


@by_both
def test_a_new_word_is_said_by_the_new_engine_and_an_equal_one_by_the_earlier(
    project: Edited, engine_log: Path
) -> None:
    project.engine("tones=2 model=a")
    _add({"id": 8, "word": "鳥"})(project)
    _add({"id": 9, "word": "猫", "reading": "ねこ"})(project)
    plan = _words("8", because=NEW)
    if project.settings.asset == BY_ID:
        plan |= _words("9", because="new: vocabulary/2-word.mp3 has its sound already, moved")
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)
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
    _becomes_clean(project, engine_log, {})


@by_both
@pytest.mark.parametrize("policy", OnEngineChange)
def test_another_version_of_recipes_changes_no_name_no_url_and_no_sound(
    policy: OnEngineChange, project: Edited, engine_log: Path
) -> None:
    before = project.entries(), project.ledger.read_bytes()
    project.patch.setattr("tts_assets.plan.recipes.SCHEMA", 4)
    project.set(on_engine_change=policy)
    standing = project.status()
    assert (standing.stale, standing.kept) == (False, ())
    _becomes_clean(project, engine_log, {})
    assert (project.entries(), project.ledger.read_bytes()) == before


@by_both
def test_what_is_kept_is_moved_under_another_template(project: Edited, engine_log: Path) -> None:
    project.engine("tones=2 model=a")
    project.set(asset=f"v2/{project.settings.asset}")
    plan = _moved(project)
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)
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
    assert _spoken(engine_log) == ["猫"]
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
    plan = _words("2", because="missing: its file is gone")
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)


@by_both
def test_what_is_kept_and_damaged_is_damaged_not_stale(project: Edited, engine_log: Path) -> None:
    project.patch.setattr("tts_assets.plan.recipes.SCHEMA", 4)
    size = project.asset(2).stat().st_size
    project.asset(2).write_bytes(b"half")
    plan = _words("2", because=f"damaged: its file has 4 bytes and was made with {size}")
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)


@by_both
def test_what_was_made_anew_and_is_lost_does_not_come_back_from_the_earlier_engine(
    project: Edited, engine_log: Path
) -> None:
    project.engine("tones=2 model=a")
    project.set(on_engine_change=REMAKE)
    project.generate()
    project.set(on_engine_change=KEEP)
    project.asset(2).unlink()
    plan = _words("2", because="missing: its file is gone")
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)


@by_id
def test_what_was_made_anew_for_one_entry_is_not_said_again_for_its_like(
    project: Edited, engine_log: Path
) -> None:
    project.engine("tones=2 model=a")
    project.set(on_engine_change=REMAKE, ids=("1",))
    project.generate()
    project.set(ids=())
    _spoken(engine_log)
    project.generate()
    assert "犬" not in _spoken(engine_log)
    assert project.wrong() == []


def _url(number: int, url: str | None) -> Edit:
    return _entry(number, audioUrl=url)


@by_both
@pytest.mark.parametrize("url", [None, ""])
def test_a_url_that_was_emptied_is_written_again(
    url: str | None, project: Edited, engine_log: Path
) -> None:
    _url(2, url)(project)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), 1)
    _becomes_clean(project, engine_log, {})


@by_both
def test_a_url_of_a_clip_that_is_kept_is_written_again(project: Edited, engine_log: Path) -> None:
    before = project.entries()
    project.engine("tones=2 model=a")
    _url(2, None)(project)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), 1)
    _becomes_clean(project, engine_log, {})
    assert project.entries() == before


@by_both
def test_a_url_of_somebody_else_locks_its_clip(project: Edited, engine_log: Path) -> None:
    _url(2, "https://teacher.example/neko.mp3")(project)
    _entry(2, word="鳥")(project)
    before = project.entries()
    standing = project.status()
    assert (standing.stale, standing.states[State.LOCKED]) == (False, 1)
    _becomes_clean(project, engine_log, {})
    assert project.entries() == before


def _deleted(asset: Path) -> None:
    asset.unlink()


def _emptied(asset: Path) -> None:
    asset.write_bytes(b"")


def _truncated(asset: Path) -> None:
    asset.write_bytes(asset.read_bytes()[:100])


def _longer(asset: Path) -> None:
    asset.write_bytes(asset.read_bytes() + b"x")


def _changed(asset: Path) -> None:
    data = asset.read_bytes()
    asset.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@by_both
@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (_deleted, "missing: its file is gone"),
        (_emptied, "damaged: its file is empty"),
        (_truncated, "damaged: its file has 100 bytes and was made with SIZE"),
        (_longer, "damaged: its file has MORE bytes and was made with SIZE"),
    ],
)
@pytest.mark.parametrize("number", [2, 1])
def test_a_file_that_is_not_what_was_made_is_made_again(
    number: int, harm: Callable[[Path], None], reason: str, project: Edited, engine_log: Path
) -> None:
    size = project.asset(number).stat().st_size
    reason = reason.replace("SIZE", str(size)).replace("MORE", str(size + 1))
    harm(project.asset(number))
    plan = _words(str(number), because=reason)
    if number == 1 and project.settings.asset == BY_RECIPE:
        plan |= _words("5", because=reason)
    elif number == 1:
        # Its like has a file of its own, with the same sound.
        state = reason.partition(":")[0]
        plan = _words("1", because=f"{state}: vocabulary/5-word.mp3 has its sound already, moved")
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)


@by_both
def test_other_bytes_of_the_same_size_are_found_by_a_deep_look_alone(
    project: Edited, engine_log: Path
) -> None:
    _changed(project.asset(2))
    assert _planned(project) == {}
    standing = project.status(deep=True)
    assert standing.judged_by is Judged.BYTES
    assert standing.stale
    plan = _words("2", because="damaged: its file has other bytes than were made")
    assert {
        name: why.partition(";")[0] for name, why in _planned(project, deep=True).items()
    } == plan
    project.asset(2).unlink()
    _becomes_clean(project, engine_log, _words("2", because="missing"))


@by_both
def test_a_folder_in_the_place_of_a_file_is_told_and_the_rest_is_as_it_was(
    project: Edited, engine_log: Path
) -> None:
    asset = project.asset(2)
    asset.unlink()
    asset.mkdir()
    assert _planned(project) == _words("2", because="missing: its file is gone")
    report = project.generate()
    assert report.fatal is not None
    assert str(asset) in report.fatal
    asset.rmdir()
    _becomes_clean(project, engine_log, _words("2", because="missing"))


@by_both
def test_without_any_files_the_ledger_alone_tells_and_generate_makes_all(
    project: Edited, engine_log: Path
) -> None:
    for kind in ("vocabulary", "grammar"):
        shutil.rmtree(project.audio / kind)
    standing = project.status()
    assert (standing.stale, standing.judged_by) == (False, Judged.LEDGER)
    project.entry(2, word="鳥")
    assert _planned(project) == _words("2", because="stale: text 猫 -> 鳥")
    _becomes_clean(project, engine_log, _all("missing"))


@by_both
def test_one_file_that_is_left_has_all_others_looked_for(project: Edited) -> None:
    shutil.rmtree(project.audio / "grammar")
    gone = "missing: its file is gone"
    assert _planned(project) == {"g example-1": gone, "g example-2": gone}


@by_recipe
def test_without_the_ledger_names_are_believed_that_tell_recipes(
    project: Edited, engine_log: Path
) -> None:
    project.ledger.unlink()
    standing = project.status(deep=True)
    assert not standing.stale
    assert "names were believed" in str(standing.notes)
    project.entry(2, word="鳥")
    (item,) = project.status().planned
    assert (item.state, item.clip.form.text) == (State.STALE, "鳥")
    assert project.generate().made == 1
    assert _spoken(engine_log) == ["鳥"]
    assert not project.status().stale


@by_id
def test_without_the_ledger_files_are_kept_that_are_named_by_ids(
    project: Edited, engine_log: Path
) -> None:
    project.ledger.unlink()
    standing = project.status()
    assert (standing.stale, standing.states[State.LOCKED]) == (False, len(ALL))
    assert project.generate().made == 0
    project.set(force=True)
    project.generate()
    assert len(_spoken(engine_log)) == len(ALL) - 1
    project.set(force=False)
    assert not project.status(deep=True).stale
    assert project.wrong() == []


def _torn(data: bytes) -> bytes:
    return data[:-20]


def _of_windows(data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


def _with_blank_lines(data: bytes) -> bytes:
    return b"\n" + data.replace(b"\n", b"\n \n\n")


def _backwards(data: bytes) -> bytes:
    return b"".join(reversed(data.splitlines(keepends=True)))


@by_both
@pytest.mark.parametrize(
    "harm",
    [
        _of_windows,
        _with_blank_lines,
        _backwards,
        lambda data: data + data,
        lambda data: data + b"{",
    ],
    ids=["line ends", "blank lines", "order", "doubled", "half a line more"],
)
def test_a_ledger_that_says_the_same_otherwise_is_made_tidy(
    harm: Callable[[bytes], bytes], project: Edited, engine_log: Path
) -> None:
    before = project.ledger.read_bytes()
    project.ledger.write_bytes(harm(before))
    assert not project.status(deep=True).stale
    project.entry(2, word="鳥")
    plan = _words("2", because="stale: text 猫 -> 鳥")
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)
    project.entry(2, word="猫")
    project.generate()
    lines = project.ledger.read_bytes().splitlines()
    assert set(before.splitlines()) <= set(lines)
    assert lines == sorted(lines)


@by_recipe
def test_a_ledger_that_is_torn_has_its_last_name_believed(
    project: Edited, engine_log: Path
) -> None:
    project.ledger.write_bytes(_torn(project.ledger.read_bytes()))
    standing = project.status(deep=True)
    assert not standing.stale
    assert "1 files are not in the ledger" in str(standing.notes)
    _add({"id": 9, "word": "鳥"})(project)
    assert project.generate().made == 1
    assert _spoken(engine_log) == ["鳥"]
    assert not project.status().stale


@by_id
def test_a_ledger_that_is_torn_has_its_last_file_kept(project: Edited, engine_log: Path) -> None:
    project.ledger.write_bytes(_torn(project.ledger.read_bytes()))
    standing = project.status()
    assert (standing.stale, standing.states[State.LOCKED]) == (False, 1)
    project.generate()
    assert _spoken(engine_log) == []


def _conflict(lines: list[bytes]) -> list[bytes]:
    return [lines[0], b"<<<<<<< HEAD\n", *lines[1:], b"=======\n", b">>>>>>> other\n"]


def _newer(lines: list[bytes]) -> list[bytes]:
    newer = json.loads(lines[1]) | {"version": 99}
    return [lines[0], json.dumps(newer).encode() + b"\n"]


def _outside(lines: list[bytes]) -> list[bytes]:
    outside = json.loads(lines[1]) | {"asset": "../vocabulary/1.mp3"}
    return [lines[0], json.dumps(outside).encode() + b"\n"]


@by_both
@pytest.mark.parametrize("blank", [[], [b"\n"]])
@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_conflict, "the mark of a conflict"),
        (_newer, "a newer tts-assets wrote this line .version 99"),
        (_outside, "outside of the output folder"),
        (lambda lines: [lines[0], b"oops\n"], "no line of a ledger"),
        (lambda lines: [lines[0], b"[]\n"], "no line of a ledger"),
    ],
    ids=["conflict", "newer", "outside", "no JSON", "no line"],
)
def test_a_ledger_that_cannot_be_trusted_stops_everything_and_is_left_as_it_is(
    blank: list[bytes],
    harm: Callable[[list[bytes]], list[bytes]],
    message: str,
    project: Edited,
    engine_log: Path,
) -> None:
    lines = project.ledger.read_bytes().splitlines(keepends=True)
    bad = b"".join([*blank, *harm(lines)])
    project.ledger.write_bytes(bad)
    with pytest.raises(InputError, match=message) as caught:
        project.status()
    assert (caught.value.file, caught.value.line) == (str(project.ledger), 2 + len(blank))
    with pytest.raises(InputError, match=message):
        project.generate()
    assert (project.ledger.read_bytes(), _spoken(engine_log)) == (bad, [])


def _line(project: Edited, fields: dict[str, Any]) -> None:
    """Edit the line of a word by hand."""
    project.write_lines(
        *(line | (fields if line["text"] == "猫" else {}) for line in project.lines())
    )


@by_both
@pytest.mark.parametrize(
    ("fields", "by_recipe_is", "by_id_is"),
    [
        pytest.param(
            {"recipe": "0" * 24},
            "damaged: the ledger has another recipe for it than its name",
            None,
            id="recipe",
        ),
        pytest.param(
            {"recipe": "0" * 24, "brief": "0" * 24},
            "damaged: the ledger has another recipe for it than its name",
            f"stale: what it is made from changed since {'0' * 24}",
            id="recipe and brief",
        ),
        pytest.param(
            {"bytes": 9},
            "damaged: its file has SIZE bytes and was made with 9",
            "damaged: its file has SIZE bytes and was made with 9",
            id="bytes",
        ),
        pytest.param({"brief": "0" * 24}, None, None, id="brief"),
        pytest.param({"text": "犬も", "engine": "x=1"}, None, None, id="text and engine"),
    ],
)
def test_a_line_that_was_edited_by_hand_makes_no_other_clip_stale(
    fields: dict[str, Any],
    by_recipe_is: str | None,
    by_id_is: str | None,
    project: Edited,
) -> None:
    _line(project, fields)
    reason = by_id_is if project.settings.asset == BY_ID else by_recipe_is
    size = str(project.asset(2).stat().st_size)
    plan = {} if reason is None else _words("2", because=reason.replace("SIZE", size))
    assert _planned(project) == plan
    assert project.generate().made == len(plan)
    assert not project.status().stale


@by_both
def test_a_hash_that_was_edited_by_hand_is_found_by_a_deep_look(project: Edited) -> None:
    _line(project, {"sha256": "0" * 64})
    assert _planned(project) == {}
    (item,) = project.status(deep=True).planned
    assert (item.clip.entry, item.state) == ("2", State.DAMAGED)


def _union(project: Edited, *, ours_last: bool) -> None:
    """The lines of this branch beside those of another that said it with another voice."""
    ours = project.ledger.read_bytes()
    other = [
        line | {"recipe": f"{n:024x}", "sha256": f"{n:064x}"}
        for n, line in enumerate(project.lines())
    ]
    project.write_lines(*other)
    theirs = project.ledger.read_bytes()
    project.ledger.write_bytes(theirs + ours if ours_last else ours + theirs)


@by_both
@pytest.mark.parametrize("ours_last", [True, False])
def test_of_lines_that_git_took_from_both_sides_the_file_tells_which_is_right(
    ours_last: bool,  # noqa: FBT001 - a parameter of the test
    project: Edited,
    engine_log: Path,
) -> None:
    before = project.ledger.read_bytes()
    _union(project, ours_last=ours_last)
    assert not project.status().stale
    assert not project.status(deep=True).stale
    _becomes_clean(project, engine_log, {})
    assert project.ledger.read_bytes() == before


@by_both
@pytest.mark.parametrize("ours_last", [True, False])
def test_what_git_took_from_both_sides_is_moved_by_the_line_of_its_file(
    ours_last: bool,  # noqa: FBT001 - a parameter of the test
    project: Edited,
    engine_log: Path,
) -> None:
    _union(project, ours_last=ours_last)
    project.set(asset=f"v2/{project.settings.asset}")
    plan = _moved(project)
    _becomes_clean(project, engine_log, plan)


@by_both
def test_lines_of_both_sides_vouch_for_nothing_without_their_file(
    project: Edited, engine_log: Path
) -> None:
    _union(project, ours_last=True)
    project.asset(2).unlink()
    assert [told(item).partition(":")[0] for item in project.status().planned] == ["missing"]
    _becomes_clean(project, engine_log, _words("2", because="missing"))


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
    assert {item.reason for item in planned} == {"it failed last time: the engine was told to fail"}
    project.entry(2, word="鳥")
    project.entry(3, word="東京")
    plan = _words("2", because="stale: text 猫 -> 鳥")
    assert _planned(project) == plan
    _becomes_clean(project, engine_log, plan)
    assert not (project.audio / "failures.jsonl").exists()


@by_both
def test_what_failed_is_remembered_while_a_run_looks_at_other_clips_only(
    project: Edited,
) -> None:
    project.entry(2, word="失敗")
    _add({"id": 9, "word": "鳥"})(project)
    project.set(ids=("2",))
    project.generate()
    project.set(ids=("9",))
    project.generate()
    project.set(ids=())
    assert [(item.clip.entry, item.state) for item in project.status().planned] == [
        ("2", State.FAILED)
    ]


@by_recipe
def test_a_voice_that_is_set_back_finds_its_files_again(project: Edited, engine_log: Path) -> None:
    before = project.entries()
    project.set(voice="other")
    project.generate()
    project.set(voice=None)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), len(ALL))
    _becomes_clean(project, engine_log, {})
    assert project.entries() == before


@by_recipe
def test_a_url_that_tells_only_an_id_does_not_say_that_a_new_text_was_made(
    project: Edited, engine_log: Path
) -> None:
    project.set(url="/say/{id}/{part}")
    project.entry(2, word="鳥")
    project.generate()
    _becomes_clean(project, engine_log, {})
    project.entry(2, word="馬")
    assert _planned(project) == _words("2", because=NEW)
    _becomes_clean(project, engine_log, _words("2", because=NEW))


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
    _spoken(engine_log)
    project.generate()
    assert _spoken(engine_log) == ["日"]
    assert not project.status(deep=True).stale
    assert project.wrong() == []


class Life:
    """What may happen to a project between two runs, at random and yet the same each time."""

    def __init__(self, project: Edited, seed: int) -> None:
        self.project = project
        self.random = random.Random(seed)
        self.next_id = 100

    def happen(self) -> None:
        """One edit."""
        edits = (
            self._say, self._say, self._read, self._add, self._remove, self._move, self._renumber,
            self._delete, self._truncate, self._empty_url, self._voice, self._engine, self._names,
            self._tear, self._double, self._some, self._some,
        )  # fmt: skip
        self.random.choice(edits)()

    def _pick(self) -> dict[str, Any]:
        return self.random.choice(self.project.entries())

    def _say(self) -> None:
        self.project.entry(self._pick()["id"], word=self.random.choice("犬猫鳥馬牛魚"))

    def _read(self) -> None:
        self.project.entry(self._pick()["id"], reading=self.random.choice(["", "イヌ", "ネコ"]))

    def _add(self) -> None:
        self.next_id += 1
        word = self.random.choice("犬猫鳥馬牛魚")
        _add({"id": self.next_id, "word": word}, self.random.randrange(3))(self.project)

    def _remove(self) -> None:
        entries = self.project.entries()
        if len(entries) > 3:
            entries.remove(self.random.choice(entries))
        self.project.write(entries)

    def _move(self) -> None:
        entries = self.project.entries()
        self.random.shuffle(entries)
        self.project.write(entries)

    def _renumber(self) -> None:
        entries = self.project.entries()
        ids = [entry["id"] for entry in entries]
        self.random.shuffle(ids)
        for number, entry in zip(ids, entries, strict=True):
            entry["id"] = number
        self.project.write(entries)

    def _delete(self) -> None:
        if files := sorted(self.project.audio.rglob("*.mp3")):
            self.random.choice(files).unlink()

    def _truncate(self) -> None:
        if files := sorted(self.project.audio.rglob("*.mp3")):
            _truncated(self.random.choice(files))

    def _empty_url(self) -> None:
        self.project.entry(self._pick()["id"], audioUrl=None)

    def _voice(self) -> None:
        self.project.set(voice=self.random.choice(["sine", "other"]))

    def _engine(self) -> None:
        self.project.engine(self.random.choice([PARTS, "tones=2 model=a"]))
        self.project.set(on_engine_change=self.random.choice([KEEP, REMAKE]))

    def _names(self) -> None:
        self.project.set(asset=self.random.choice([BY_RECIPE, BY_ID, f"v2/{BY_ID}"]))

    def _some(self) -> None:
        self.project.set(ids=(str(self._pick()["id"]),), max_clips=self.random.choice([0, 1, None]))
        self.project.generate()
        self.project.set(ids=(), max_clips=None)

    def _tear(self) -> None:
        with self.project.ledger.open("ab") as file:
            file.write(b'{"asset":')

    def _double(self) -> None:
        data = self.project.ledger.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        self.project.ledger.write_bytes(_backwards(whole) + data)


@by_both
@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_every_clip_has_its_sound_after_a_run(
    seed: int, project: Edited, engine_log: Path
) -> None:
    project.file("grammar").unlink()
    life = Life(project, seed)
    for _ in range(8):
        for _ in range(life.random.randint(1, 3)):
            life.happen()
        due = {item.clip.form for item in project.status().planned if item.held is None}
        _spoken(engine_log)
        report = project.generate()
        assert (report.fatal, report.failures, report.problems) == (None, (), ())
        # What cannot be moved as its sound is lost meanwhile is said; nothing is said twice.
        assert _spoken(engine_log) == sorted(form.text for form in due)
        assert not project.status(deep=True).stale
        assert project.wrong() == []
