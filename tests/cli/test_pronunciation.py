"""What is really said, through the command line and the real dictionary: readings, accents, words."""

import json
from typing import Any

import pytest

from tests.conftest import Project

WORDS = [
    {"id": 1, "word": "橋", "reading": "はし", "accent": "ハシ↓"},
    {"id": 2, "word": "端", "reading": "はし", "accent": 0},
    {"id": 3, "word": "箸", "reading": "はし"},
    {"id": 4, "word": "開く", "reading": "あく"},
    {"id": 5, "word": "犬", "reading": "いに"},
    {"id": 6, "word": "勇人さん"},
]
NAME = '[[dictionary]]\nsurface = "勇人"\nreading = "ゆうと"\naccent = 1\nkind = "name"\n'


@pytest.fixture
def words(project: Project) -> Project:
    """A project whose words each take another step of the ladder, and a word of its own."""
    project.write("data/vocabulary.json", WORDS)
    (project.folder / "tts-assets.toml").write_text(NAME, encoding="utf-8")
    return project


def _explained(project: Project, entry: int) -> dict[str, Any]:
    done = project.run("explain", str(entry), "--output-format", "json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    return dict(row)


@pytest.mark.parametrize(
    ("entry", "said", "pitch", "sure"),
    [
        (1, "ハシ↓", "LH", "reading: spelling, accent: data"),
        (2, "ハシ", "LH", "reading: spelling, accent: data"),
        (3, "ハ↓シ", "HL", "reading: spelling, accent: dictionary"),
        (6, "ユ↓ートサン", "HLLLL", "reading: unchecked, accent: dictionary"),
    ],
)
def test_explain_shows_high_and_low_and_how_sure_they_are(
    words: Project, entry: int, said: str, pitch: str, sure: str
) -> None:
    row = _explained(words, entry)
    assert (row["said"], row["pitch"], row["sure"]) == (said, pitch, sure)
    assert row["doubt"] is None


def test_explain_tells_what_it_did_about_a_reading_that_the_dictionary_has_not(
    words: Project,
) -> None:
    other = _explained(words, 4)
    assert other["sure"].startswith("reading: n-best")
    assert "ヒラク" in other["doubt"]
    forced = _explained(words, 5)
    assert (forced["said"].replace("↓", ""), forced["sure"]) == (
        "イニ",
        "reading: forced, accent: guessed",
    )
    assert forced["doubt"].endswith("did you mean イヌ?")


def test_the_voice_says_what_explain_shows_and_the_ledger_keeps_it(words: Project) -> None:
    done = words.run("generate", "--output-format", "json")
    assert done.returncode == 0, done.stderr
    ledger = (words.folder / "audio/ledger.jsonl").read_text(encoding="utf-8")
    lines = {(line["text"], line["reading"]): line for line in map(json.loads, ledger.splitlines())}
    spoken = {text: line["spoken"] for (text, _), line in lines.items()}
    assert spoken == {
        "橋": "ハシ↓",
        "端": "ハシ",
        "箸": "ハ↓シ",
        "開く": _explained(words, 4)["said"],
        "犬": _explained(words, 5)["said"],
        "勇人さん": "ユ↓ートサン",
    }
    doubts = json.loads(done.stdout)["doubts"]
    assert [each["entry"] for each in doubts] == ["4", "5"]


def test_words_that_differ_in_accent_alone_sound_different(words: Project) -> None:
    assert words.run("generate").returncode == 0
    bridge, _, chopsticks = (words.read()[number]["audioUrl"] for number in range(3))
    assets = words.assets()
    heard = [assets[url.removeprefix("/audio/")] for url in (bridge, chopsticks)]
    assert heard[0] != heard[1]


def test_explain_recognizes_the_accents_of_clips(words: Project) -> None:
    assert words.run("generate", "--id", "1", "--id", "3").returncode == 0
    done = words.run("explain", "はし", "--listen", "--output-format", "json")
    recognized = {row["text"]: row["heard"] for row in json.loads(done.stdout)}
    assert recognized["橋"] == "ハシ↓ as expected"
    assert recognized["箸"] == "ハ↓シ as expected"
    assert recognized["端"].startswith("not recognized: ")
