"""Overrides on the command line, with real voices: heard, explained, and told where they fail."""

import json
from typing import Any

import pytest

from tests.conftest import Project

NAME = "tts-assets.overrides.json"


@pytest.fixture
def words(project: Project) -> Project:
    entries = [
        {"id": "a", "word": "橋", "reading": "はし", "accent": 2},
        {"id": "b", "word": "犬", "reading": "いぬ"},
    ]
    project.write("data/vocabulary.json", entries)
    return project


def override(project: Project, entry: str, text: str, **say: Any) -> None:
    row = {
        "file": "data/vocabulary.json",
        "source": "built-in",
        "entry": entry,
        "part": "word",
        "text": text,
        "say": say,
        "by": "Mia\u202e\x1b[31m",
    }
    path = project.folder / NAME
    rows = json.loads(path.read_bytes()) if path.exists() else []
    # As somebody may have written them who means no good.
    path.write_text(json.dumps([*rows, row]).replace("\\u001b", ""), encoding="utf-8")


def lines(project: Project) -> dict[str, dict[str, Any]]:
    """What the ledger says of the clips that have their URLs, by their texts."""
    ledger = (project.folder / "audio" / "ledger.jsonl").read_text(encoding="utf-8")
    found = map(json.loads, ledger.splitlines())
    return {line["text"]: line for line in found if f"/audio/{line['asset']}" in project.urls()}


def test_a_real_voice_says_what_a_reviewer_typed(words: Project) -> None:
    assert words.run("generate").returncode == 0
    before, urls = lines(words), words.urls()
    override(words, "a", "橋", accent=1, speed=0.8, voice="openjtalk/mei-low")
    status = words.run("status")
    assert (
        "accent 2 -> 1; voice openjtalk/mei -> openjtalk/mei-low; speed 1 -> 0.8" in status.stdout
    )
    assert words.run("check").returncode == 1
    done = words.run("generate")
    assert (done.returncode, done.stderr.count("warning")) == (0, 0)
    after = lines(words)
    assert after["犬"] == before["犬"]
    assert after["橋"]["spoken"] == "ハ↓シ"
    assert (after["橋"]["voice"], after["橋"]["speed"]) == ("openjtalk/mei-low", 0.8)
    assert after["橋"]["seconds"] > before["橋"]["seconds"]
    assert words.urls()[0] != urls[0]
    assert words.urls()[1] == urls[1]
    assert words.run("check").returncode == 0


def test_explain_tells_of_an_override_and_where_it_stands(words: Project) -> None:
    override(words, "a", "橋", reading="ばし", accent=1)
    (row,) = json.loads(words.run("explain", "a", "--output-format", "json").stdout)
    assert (row["reading"], row["said"]) == ("バシ", "バ↓シ")
    assert row["override"].startswith(f"{NAME}:1: reading = ばし, accent = 1 (Mia")
    shown = words.run("explain", "a").stdout
    assert f"override  {NAME}:1: reading = ばし" in shown
    assert "\u202e" not in shown
    (row,) = json.loads(words.run("explain", "b", "--output-format", "json").stdout)
    assert "override" not in row


@pytest.mark.parametrize("command", ["generate", "check", "status", "lint"])
def test_what_is_wrong_is_told_with_file_and_line(words: Project, command: str) -> None:
    (words.folder / NAME).write_text('[\n{"file": "a", "sya": {}}]', encoding="utf-8")
    done = words.run(command)
    assert done.returncode == 2
    assert f"{NAME}:2: an override has 'sya': did you mean say?" in done.stderr
    assert not (words.folder / "audio").exists()


def test_an_override_that_cannot_be_said_is_an_error_of_its_own(words: Project) -> None:
    override(words, "a", "橋", accent=7)
    done = words.generate()
    assert done.returncode == 2
    assert f"{NAME}:1: entry a: its override (part word) cannot be used: the accent is 7" in (
        done.stdout + done.stderr
    )
    assert [url is None for url in words.urls()] == [True, False]
    explained = words.run("explain", "a")
    assert explained.returncode == 2
    assert f"{NAME}:1: entry a" in explained.stderr


def test_an_override_for_another_text_is_told_and_not_applied(words: Project) -> None:
    override(words, "a", "箸", accent=1)
    done = words.generate()
    assert done.returncode == 0
    assert f"{NAME}:1: the override of entry a (word): not applied" in (done.stdout + done.stderr)
    assert lines(words)["橋"]["accent"] == 2
    explained = words.run("explain", "a").stdout
    assert f"override  {NAME}:1: the override of entry a (word): not applied" in explained


def test_shards_and_their_merge_know_of_overrides(words: Project) -> None:
    override(words, "a", "橋", accent=0)
    for shard in ("1/2", "2/2"):
        assert words.generate("--shard", shard).returncode == 0
    merged = words.run("merge")
    assert merged.returncode == 0, merged.stderr
    assert None not in words.urls()
    assert words.run("check", "--provider", "tones").returncode == 0
    assert lines(words)["橋"]["accent"] == 0


def test_the_file_lies_beside_the_configuration_or_where_that_says(words: Project) -> None:
    override(words, "a", "橋", accent=1)
    (words.folder / "tts-assets.toml").write_text('paths = ["data"]\noutput = "audio"\n')
    below = words.folder / "deep"
    below.mkdir()
    words.folder = below
    (row,) = json.loads(words.run("explain", "a", "--output-format", "json").stdout)
    assert row["said"] == "ハ↓シ"
    (row,) = json.loads(
        words.run(
            "explain", "a", "--output-format", "json", TTS_ASSETS_OVERRIDES="none.json"
        ).stdout
    )
    assert row["said"] == "ハシ↓"
