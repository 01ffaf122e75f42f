"""What is said otherwise is stale, and what is only written otherwise is not."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.edited import (
    BY_RECIPE,
    NEW,
    Edit,
    Edited,
    added,
    all_clips,
    becomes_clean,
    by_both,
    by_id,
    by_recipe,
    entries_are,
    settings_are,
    sound_is,
    spoken,
    to_make,
    word_is,
    words,
)
from tts_assets.model import DictionaryWord, Format


def _examples(*sentences: str) -> Edit:
    examples = [{"japanese": sentence} for sentence in sentences]

    def change(entries: list[dict[str, Any]]) -> None:
        for example, changed in zip(entries[0]["examples"], examples, strict=True):
            example.update(changed)

    return entries_are(change, "grammar")


TOKYO = DictionaryWord(surface="東京", reading="トンキン")


def _dictionary_changed(project: Edited) -> None:
    project.set(words=(TOKYO,))
    project.generate()
    project.set(words=(replace(TOKYO, accent=1),))


#: What changes what is said, or how; the same whatever assets are called.
SAID = [
    pytest.param(word_is(2, word="鳥"), words("2", because="stale: text 猫 -> 鳥"), id="text"),
    pytest.param(
        word_is(2, word="鳥", reading="とり"),
        words("2", because="stale: text 猫 -> 鳥; reading ネコ -> トリ"),
        id="text and reading",
    ),
    pytest.param(
        word_is(2, reading="みけ"), words("2", because="stale: reading ネコ -> ミケ"), id="reading"
    ),
    pytest.param(
        word_is(2, reading=""), words("2", because="stale: reading ネコ -> none"), id="no reading"
    ),
    pytest.param(word_is(2, reading="ネコ"), {}, id="reading in katakana"),
    pytest.param(
        word_is(2, accent=1), words("2", because="stale: accent none -> 1"), id="accent given"
    ),
    pytest.param(
        word_is(1, accent=0), words("1", because="stale: accent 2 -> 0"), id="accent of one of two"
    ),
    pytest.param(word_is(1, meaning="a dog"), {}, id="meaning only"),
    pytest.param(
        word_is(2, tts={"text": "三毛猫"}),
        words("2", because="stale: text 猫 -> 三毛猫"),
        id="override of the text",
    ),
    pytest.param(
        word_is(2, tts={"reading": "ミケ"}),
        words("2", because="stale: reading ネコ -> ミケ"),
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
        settings_are(voice="other"),
        all_clips("stale: voice telling/sine -> telling/other"),
        id="voice",
    ),
    pytest.param(settings_are(speed=1.25), all_clips("stale: speed 1 -> 1.25"), id="speed"),
    pytest.param(
        sound_is(lufs=-16.0), all_clips("stale: sound lufs=-19 -> lufs=-16"), id="loudness"
    ),
    pytest.param(
        sound_is(trail_ms=300), all_clips("stale: sound trail=200 -> trail=300"), id="silence"
    ),
    pytest.param(
        sound_is(rate_hz=16_000), all_clips("stale: sound rate=24000 -> rate=16000"), id="rate"
    ),
    pytest.param(
        sound_is(format=Format.WAV), all_clips("stale: sound format=mp3 -> format=wav"), id="format"
    ),
    pytest.param(
        settings_are(words=(TOKYO,)),
        words("3", "4", because="stale: dictionary none -> 東京=トンキン noun"),
        id="word of the dictionary added",
    ),
    pytest.param(
        _dictionary_changed,
        words("3", "4", because="stale: dictionary 東京=トンキン noun -> 東京=トンキン 1 noun"),
        id="word of the dictionary changed",
    ),
    pytest.param(
        lambda project: (project.set(voice="other"), project.entry(2, word="鳥")),
        all_clips("stale: voice telling/sine -> telling/other")
        | words("2", because="stale: text 猫 -> 鳥; voice telling/sine -> telling/other"),
        id="text and voice",
    ),
]


@by_both
@pytest.mark.parametrize(("edit", "plan"), SAID)
def test_what_is_said_otherwise_is_stale_and_nothing_else(
    edit: Edit, plan: dict[str, str], project: Edited, engine_log: Path
) -> None:
    edit(project)
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)


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
    pytest.param(entries_are(_key_order), id="key order"),
    pytest.param(entries_are(lambda entries: entries.reverse()), id="entries moved"),
    pytest.param(entries_are(lambda entries: entries.pop(1)), id="entry removed"),
    pytest.param(
        lambda project: project.file("vocabulary").rename(project.file("vocabulary-n5")),
        id="file renamed",
    ),
    pytest.param(_moved_to_another_file, id="entry moved to another file"),
    pytest.param(lambda project: project.file("vocabulary").unlink(), id="file removed"),
    pytest.param(settings_are(timeout_seconds=5.0, concurrency=1), id="settings of the run"),
]


@by_both
@pytest.mark.parametrize("edit", NEUTRAL)
def test_what_changes_no_sound_makes_nothing_stale(
    edit: Edit, project: Edited, engine_log: Path
) -> None:
    edit(project)
    before = project.ledger.read_bytes()
    assert to_make(project) == {}
    becomes_clean(project, engine_log, {})
    assert project.ledger.read_bytes() == before


@by_both
@pytest.mark.parametrize("at", [0, 2, 5])
def test_an_entry_that_is_inserted_is_new_wherever_it_stands(
    at: int, project: Edited, engine_log: Path
) -> None:
    added({"id": 9, "word": "鳥"}, at)(project)
    plan = words("9", because=NEW)
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)


@by_both
def test_two_equal_words_are_said_once(project: Edited, engine_log: Path) -> None:
    added({"id": 8, "word": "鳥"})(project)
    added({"id": 9, "word": "鳥"})(project)
    plan = words("8", "9", because=NEW)
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)


@by_recipe
def test_a_word_that_was_said_before_is_fresh_in_a_new_entry(
    project: Edited, engine_log: Path
) -> None:
    added({"id": 9, "word": "猫", "reading": "ねこ"})(project)
    standing = project.status()
    assert (standing.planned, standing.urls_to_write) == ((), 1)
    becomes_clean(project, engine_log, {})


@by_id
def test_a_word_that_was_said_before_gets_its_own_file_without_the_engine(
    project: Edited, engine_log: Path
) -> None:
    added({"id": 9, "word": "猫", "reading": "ねこ"})(project)
    plan = words("9", because="new: vocabulary/2-word.mp3 already has the same audio, moved")
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)


@by_recipe
def test_an_id_says_nothing_where_recipes_name_files(project: Edited, engine_log: Path) -> None:
    project.entry(2, id="neko")
    assert to_make(project) == {}
    becomes_clean(project, engine_log, {})


@by_id
def test_an_id_that_changed_moves_its_file(project: Edited, engine_log: Path) -> None:
    project.entry(2, id="neko")
    why = "stale: template vocabulary/2-word.mp3 -> vocabulary/neko-word.mp3, moved"
    assert to_make(project) == {"neko word": why}
    becomes_clean(project, engine_log, {"neko word": why})


@by_id
def test_an_id_that_went_to_another_word_takes_nothing_from_its_first_owner(
    project: Edited, engine_log: Path
) -> None:
    project.entry(2, id="neko")
    added({"id": 2, "word": "鳥"})(project)
    plan = {
        "neko word": "stale: template vocabulary/2-word.mp3 -> vocabulary/neko-word.mp3, moved",
        "2 word": "stale: text 猫 -> 鳥; reading ネコ -> none",
    }
    assert to_make(project) == plan
    becomes_clean(project, engine_log, plan)


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
    entries_are(edit)(project)
    project.generate()
    assert spoken(engine_log) == said
    assert project.wrong() == []
    assert not project.status(deep=True).stale


@by_both
def test_two_entries_with_one_id_stand_for_one_file_only_where_they_say_the_same(
    project: Edited, engine_log: Path
) -> None:
    project.write([{"id": 2, "word": "猫", "reading": "ねこ"}], "vocabulary-more")
    assert to_make(project) == {}
    becomes_clean(project, engine_log, {})
    project.write([{"id": 2, "word": "鳥"}], "vocabulary-more")
    problems = [str(each) for each in project.status().problems]
    if project.settings.asset == BY_RECIPE:
        assert problems == []
    else:
        assert "change one of their ids" in problems[0]
        # Whose the file is nobody knows: nothing is made, or one of them would say the other's word.
        before = project.asset(2).read_bytes()
        project.generate()
        assert spoken(engine_log) == []
        assert project.asset(2).read_bytes() == before
