"""Forty wrong uses: each ends with 2, 4 or 6, and says what to type next."""

from pathlib import Path

import pytest

from tests.conftest import Project

WORDS = [{"id": 1, "word": "犬", "reading": "いぬ"}, {"id": 2, "word": "橋", "reading": "はし"}]

#: What is typed, the exit code, and a part of the answer.
WRONG = [
    ("genrate", 2, "Did you mean 'generate'"),
    ("generate --providr kokoro", 2, "--provider"),
    ("generate --type vocab", 2, "did you mean vocabulary?"),
    ("generate --only chnaged", 2, "did you mean changed?"),
    ("generate --provider kokor", 2, "did you mean kokoro?"),
    ("generate --provider kokoro", 4, "setup kokoro"),
    ("generate --provider piper", 4, "setup piper"),
    ("generate --provider elevenlabs", 4, "setup elevenlabs"),
    ("generate --provider openai --voice x", 4, "setup openai"),
    ("generate --provider voicevox", 2, "voices --provider voicevox"),
    ("generate --provider say", 4, "choose another engine"),
    ("generate --voice jf_alpha", 2, "add --provider kokoro"),
    ("generate --voice mai", 2, "mei"),
    ("generate --speed 9", 2, "a number from 0.25 to 4"),
    ("generate --concurrency lots", 2, "a whole number from 1 to 256"),
    ("generate --format mp4", 2, "did you mean mp3?"),
    ("generate --id n9*", 6, "use *"),
    ("generate --since nope", 2, "git repository"),
    ("generate --shard 5/4", 2, "such as 2/4"),
    ("generate --max-cost cheap", 2, "a number from 0"),
    ("generate --output-format yaml", 2, "one of text, json"),
    ("generate --config nope.toml", 2, "nope.toml"),
    ("generate data/vocabulry.json", 2, "did you mean vocabulary.json?"),
    ("generate data/**/*.json", 2, "patterns are for `files` of a [[source]] table"),
    ("generate --output /dev/null", 2, "output: /dev/null is a file, but must be a folder"),
    ("explain 99", 6, "no entry has the id"),
    ("voices --provider piperr", 2, "did you mean piper?"),
    ("speak", 2, "missing argument"),
    ("speak 犬 -o x.xyz", 2, "ends in .mp3"),
    ("speak 犬 -o data/", 2, "data/ is a folder: name a file in it"),
    ("speak 犬 -o data", 2, "data is a folder: name a file in it"),
    ("speak 犬 -o new/x.mp3", 2, "there is no folder new: create it first"),
    ("status --config=", 2, "cannot be read: Is a directory"),
    ("verify nothing.mp3", 2, "no such file"),
    ("transcribe nothing.mp3", 2, "nothing.mp3"),
    ("models fetch kokro", 2, "did you mean kokoro"),
    ("models fetch kokoro", 2, "--yes"),
    ("auth set nope", 2, "elevenlabs, openai"),
    ("merge", 2, "generate --shard"),
    ("schema nope", 2, "configuration"),
    ("bench --workers 0", 2, "such as 1,2,4"),
    ("review", 2, "--serve"),
    ("review apply nope.json", 2, "that the review page saved"),
    ("prune --yes --dry-run", 2, "give one of them"),
    ("setup nope", 2, "the names are: openjtalk"),
    ("init nowhere", 2, "nowhere"),
]


@pytest.fixture
def words(project: Project, tmp_path: Path) -> Project:
    project.write("data/vocabulary.json", WORDS)
    project.environment |= {
        "TTS_ASSETS_MODELS_FOLDER": str(tmp_path / "models"),
        "PYTHONWARNINGS": "ignore",
    }
    return project


@pytest.mark.parametrize(("typed", "code", "answer"), WRONG)
def test_a_wrong_use_says_what_is_right(words: Project, typed: str, code: int, answer: str) -> None:
    done = words.run(*typed.split(), ELEVENLABS_API_KEY="", OPENAI_API_KEY="", CI="1")
    assert (done.returncode, answer in done.stderr) == (code, True), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("configuration", "answer"),
    [
        ('provider = "openjtalk"\nvoice = \n', "tts-assets.toml:2:9: is not valid TOML"),
        ('voce = "mei"\n', "did you mean voice?"),
        ('[sound]\nformat = "mp9"\n', "did you mean mp3?"),
        ('[[source]]\nfiles = "data/*.json"\nkind = "vocab"\n', "did you mean vocabulary?"),
        (
            '[[source]]\nfiles = "data/*.json"\nkind = "kanji"\nkinds = ["kanji"]\n',
            "did you mean kind?",
        ),
        ('[[source]]\nfiles = "dat/*.json"\nkind = "kanji"\n', "'dat/*.json' matches no file"),
    ],
)
def test_a_wrong_configuration_says_where(words: Project, configuration: str, answer: str) -> None:
    (words.folder / "tts-assets.toml").write_text(configuration)
    done = words.run("generate")
    assert (done.returncode, answer in done.stderr) == (2, True), done.stderr


def test_where_there_is_nothing_the_way_in_is_shown(project: Project) -> None:
    for command in ("generate", "status", "check", "lint", "verify"):
        done = project.run(command)
        assert done.returncode == 2
        assert "tts_assets init PATH" in done.stderr
    assert project.run("init").returncode == 6


def test_an_entry_is_found_by_its_text_and_its_reading(words: Project) -> None:
    for typed in ("橋", "はし", "ハシ", "2", "[23]"):
        assert "text      橋" in words.run("explain", typed).stdout
