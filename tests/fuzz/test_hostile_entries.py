"""Every field of an entry of every kind, with every hostile value: the other entries are done."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.conftest import Bench
from tests.fuzz.hostile import (
    BROKEN,
    EXAMPLES,
    PROFILE,
    json_values,
    places_in,
    put,
    values,
    written,
)
from tts_assets.model import Kind

_TTS = {"text": "犬", "reading": "いぬ", "accent": 2}
_SENTENCE = {"text": "犬です。", "reading": "いぬです。"}
_EXAMPLE = {"word": "犬小屋", "reading": "いぬごや", "accent": 0, "audioUrl": None, "tts": _TTS}
#: An entry of each kind that has all fields that are read.
ENTRIES: dict[Kind, dict[str, Any]] = {
    Kind.VOCABULARY: {
        "id": 1, "word": "犬", "reading": "いぬ", "accent": 2, "pitch": "2", "audioUrl": None,
        "tts": _TTS, "meaning": "dog",
    },
    Kind.GRAMMAR: {
        "id": 1, "title": "〜です", "audioUrl": None,
        "examples": [{**_SENTENCE, "japanese": "犬です。", "audioUrl": None, "tts": _SENTENCE}],
    },
    Kind.KANJI: {
        "id": 1, "kanji": "犬", "onyomi": ["ケン"], "kunyomi": ["いぬ"], "onyomiAudio": [None],
        "kunyomiAudio": [None], "audioUrl": None, "tts": _TTS, "examples": [_EXAMPLE],
    },
    Kind.CHARACTERS: {
        "id": 1, "hiragana": "あ", "katakana": "ア", "audioUrl": None,
        "tts": {"reading": "あ", "accent": 1},
    },
    Kind.READING: {"id": 1, "title": "x", "text": "犬です。", "audioUrl": None, "tts": _SENTENCE},
    Kind.LISTENING: {
        "id": 1, "title": "x", "text": "男：犬です。\n女：猫です。", "audioUrl": None, "tts": _SENTENCE,
    },
}  # fmt: skip
_TONES = ("--provider", "tones")
_PLACES = st.sampled_from([(kind, place) for kind in ENTRIES for place in places_in(ENTRIES[kind])])


def _catalogue(kind: Kind, changes: list[tuple[tuple[str | int, ...], Any]]) -> str:
    """A good entry, one for each change, and another good one."""
    entry = ENTRIES[kind]
    changed = [{"id": f"bad {number}"} for number in range(len(changes))]
    for row, (place, value) in zip(changed, changes, strict=True):
        row.update({**put(entry, place, value), **({} if place == ("id",) else row)})
    return written([{**entry, "id": "first"}, *changed, {**entry, "id": "last"}])


@pytest.mark.parametrize("kind", Kind)
def test_every_value_in_every_field_leaves_the_other_entries_alone(
    bench: Bench, kind: Kind
) -> None:
    step = 1 if EXAMPLES else 9
    changes = [
        (place, value)
        for number, place in enumerate(places_in(ENTRIES[kind]))
        for value in values[number % step :: step]
    ]
    bench.write(f"data/{kind}.json", _catalogue(kind, changes))
    done = bench.run("status", *_TONES, "--output-format", "json")
    assert {"first", "last"} <= {clip["entry"] for clip in json.loads(done.out)["planned"]}
    for line in done.err.splitlines():
        assert line.startswith((f"error: data/{kind}.json:", "note: ", "warning: "))


@pytest.mark.parametrize("broken", BROKEN, ids=lambda text: text[:12])
def test_a_document_that_cannot_be_read_is_one_error_with_its_line(
    bench: Bench, broken: str
) -> None:
    bench.write("data/kanji.json", '[\n{"id": 1, "kanji": "犬",\n"accent": ' + broken + "}\n]")
    bench.write("data/vocabulary.json", written([ENTRIES[Kind.VOCABULARY]]))
    done = bench.run("generate", *_TONES, "--dry-run")
    assert done.code == 2
    (error,) = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert error.startswith("error: data/kanji.json:")
    assert "vocabulary 1 word" in done.out + done.err


@PROFILE
@given(changes=st.lists(st.tuples(_PLACES, json_values), min_size=5, max_size=20))
def test_drawn_values_are_generated_or_are_errors_of_their_entries(
    bench: Bench, changes: list[tuple[tuple[Kind, tuple[str | int, ...]], Any]]
) -> None:
    bench.restore()
    for kind in {kind for (kind, _), _ in changes}:
        own = [(place, value) for (each, place), value in changes if each is kind]
        bench.write(f"data/{kind}.json", _catalogue(kind, own))
    bench.run("generate", *_TONES, "--dry-run")
    done = bench.run("status", *_TONES, "--output-format", "json")
    assert {"first", "last"} <= {clip["entry"] for clip in json.loads(done.out)["planned"]}


@pytest.mark.parametrize("command", ["lint", "generate"])
def test_what_reaches_an_engine_is_no_bug_there(bench: Bench, command: str) -> None:
    numbers = [value for value in values if len(value.text) < 50]
    for kind in (Kind.VOCABULARY, Kind.KANJI, Kind.CHARACTERS):
        changes: list[tuple[tuple[str | int, ...], Any]]
        changes = [(("tts", "accent"), value) for value in numbers]
        changes += [(("tts", "reading"), value) for value in numbers[:40]]
        bench.write(f"data/{kind}.json", _catalogue(kind, changes))
    words = [command, *(_TONES if command == "generate" else ())]
    done = bench.run(*words)
    assert done.code in {1, 2}, done.err
    if command == "generate":
        for kind in (Kind.VOCABULARY, Kind.CHARACTERS):
            rows = json.loads((bench.folder / f"data/{kind}.json").read_bytes())
            assert rows[0]["audioUrl"]
            assert rows[-1]["audioUrl"]
