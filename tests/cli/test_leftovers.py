"""What a killed command leaves is removed by the next one at the same place."""

import json
from pathlib import Path

import pytest

from tests.conftest import Project
from tts_assets.store.segment_cache import cache_dir_for

PART = ".tts-assets-0a1b2c3d-4e.part"
LOCKS = (".tts-assets.lock", ".tts-assets-decisions.lock")


def leave(*places: Path) -> None:
    """Leave what a kill in the middle of a write leaves."""
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
        (place / PART).write_bytes(b"half")


def left(project: Project) -> list[str]:
    names = [each.name for each in project.folder.rglob(".tts-assets-*")]
    return [*names, *(each.name for each in project.folder.rglob("*.lock"))]


@pytest.mark.parametrize(
    "words",
    [
        ["prune", "--yes"],
        ["review", "apply", "decided.json"],
        ["generate"],
        ["merge"],
    ],
)
def test_in_the_output_folder(project: Project, words: list[str]) -> None:
    project.words("犬")
    assert project.generate("--shard", "1/1").returncode == 0
    assert project.run("merge").returncode == 0
    line = json.loads((project.folder / "audio/ledger.jsonl").read_bytes())
    decision = {key: line[key] for key in ("asset", "sha256")}
    decision |= {"decided": "approved", "at": "2026-01-02T03:04:05.000Z"}
    document = json.dumps({"version": 1, "decisions": [decision]})
    (project.folder / "decided.json").write_text(document)
    leave(project.folder / "audio", project.folder / "audio/of an earlier template")
    for lock in LOCKS:
        (project.folder / "audio" / lock).write_bytes(b"")
    done = project.run(*words, TTS_ASSETS_PROVIDER="tones")
    assert done.returncode == 0, done.stderr
    assert left(project) == []


def test_in_the_folder_of_a_shard(project: Project) -> None:
    project.words("犬")
    assert project.generate("--shard", "1/1").returncode == 0
    shard = project.folder / "audio-shard-1-of-1"
    leave(shard, shard / "vocabulary")
    (shard / LOCKS[0]).write_bytes(b"")
    place = cache_dir_for(str(project.folder / ".temp-audio"), str(shard))
    unwanted = place / ("0" * 24)
    unwanted.mkdir(parents=True)
    (unwanted / "000000-a.segment").write_bytes(b"{}\n")
    assert project.generate("--shard", "1/1").returncode == 0
    assert left(project) == []
    assert not (project.folder / ".temp-audio").exists()


def test_beside_what_is_spoken_and_in_a_report(project: Project) -> None:
    leave(project.folder, project.folder / "report")
    done = project.run("speak", "犬", "--provider", "tones", "--output", "dog.wav")
    assert done.returncode == 0, done.stderr
    project.words("犬")
    project.run("check", "--provider", "tones", "--report", "report")
    assert left(project) == []
