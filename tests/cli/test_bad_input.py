"""Whatever is wrong with the input: a clear error, all else done, nothing damaged, a right code."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.output.conftest import Words, words
from tests.conftest import Project
from tts_assets import generate_sync
from tts_assets.config.command_options import Shard
from tts_assets.errors import InputError

__all__ = ["words"]

#: Catalogues that cannot be read, and what is said of each, beside its name.
BROKEN = (
    (b"", "empty"),
    (b'[{"id": 1, "word": "\xe7\x8a\xac"', ".json:1:"),
    (b'[\n{"id": 1},\n{"id": \xff}]', ".json:3:"),
    (b"\xff\xfe[\x00]\x00", "UTF-8"),
    (b"[" * 100_000 + b"]" * 100_000, "deep"),
    (b'[{"id": ' + b"9" * 5_000 + b"}]", ".json:1:"),
    (b'[{"id": NaN}]', "NaN"),
    (b'{"words": []}', "must be a list of entries"),
    (b'[{"id": 1, "word": "x"}] []', ".json:1:"),
)


def test_catalogues_that_are_broken_stop_no_other(project: Project) -> None:
    project.words("犬")
    files = {
        project.folder / f"data/vocabulary_{number}.json": (data, message)
        for number, (data, message) in enumerate(BROKEN)
    }
    for file, (data, _) in files.items():
        file.write_bytes(data)
    done = project.generate()
    assert done.returncode == 2, done.stderr
    for file, (data, message) in files.items():
        (told,) = [line for line in done.stderr.splitlines() if file.name in line]
        assert told.startswith("error: ")
        assert message in told
        assert file.read_bytes() == data
    assert "Traceback" not in done.stderr
    assert None not in project.urls()


def test_bad_entries_are_named_with_their_lines_and_the_others_are_made(project: Project) -> None:
    entries: list[dict[str, Any]] = [
        {"id": 1, "word": "犬"},
        {"id": 1, "word": "猫"},
        {"id": "a\x00b", "word": "鳥"},
        {"word": "魚"},
        {"id": 5, "word": ["馬"]},
        {"id": 6, "word": "--help; $(touch x) `y` 'z\""},
        {"id": 7, "word": "😀"},
        {"id": 8, "word": ""},
    ]
    path = project.write("data/vocabulary.json", entries)
    done = project.generate("--output-format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 2
    assert [problem["line"] for problem in report["problems"]] == [7, 11, 14, 19]
    assert report["made"] == 2
    assert {each["entry"] for each in report["unspoken"]} == {"7", "8"}
    assert [entry.get("audioUrl") is not None for entry in project.read()] == [
        True, False, False, False, False, True, False, False,
    ]  # fmt: skip
    assert "犬" in path.read_text(encoding="utf-8")


def test_ids_that_look_like_paths_name_files_inside_the_output_folder(project: Project) -> None:
    ids = ["../../x", "/etc/passwd", "..", "a\\b", "nul", "x.", "%2F", "犬 1", "a:b"]
    entries = [{"id": each, "word": f"語{number}"} for number, each in enumerate(ids)]
    project.write("data/vocabulary.json", entries)
    (project.folder / "tts-assets.toml").write_text('asset = "{kind}/{id}-{part}.{ext}"\n')
    done = project.generate()
    assert done.returncode == 0, done.stderr
    assets = [name for name in project.assets() if name.endswith(".mp3")]
    assert len(assets) == len(ids)
    assert all(Path(name).parent == Path("vocabulary") for name in assets)
    assert sorted(each.name for each in project.folder.iterdir()) == [
        "audio",
        "data",
        "tts-assets.toml",
    ]
    assert project.generate("--dry-run").stdout.startswith("everything is up to date")


def test_nothing_from_data_can_act_on_the_terminal(project: Project) -> None:
    project.write(
        "data/vocabulary.json",
        [
            {"id": "a\x1b]0;owned\x07", "word": "x"},
            {"id": "b", "word": "[bold red]失敗[/] \u202e\u0085"},
            {"id": "c\u202eevil", "word": "失敗\u202e<[link=x]>"},
        ],
    )
    done = project.generate(FORCE_COLOR="1")
    for stream in (done.stdout, done.stderr):
        for character in "\x07\x85\u202e":
            assert character not in stream
        assert "\x1b]" not in stream
    assert "c\\u202eevil" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["generate", "nowhere"], "nowhere: there is no such file or folder"),
        (["generate", "--provider", "kokorro"], "there is no provider 'kokorro'"),
        (["generate", "--provider", "broken"], "could not be loaded"),
        (["generate", "--provider", "tones", "--voice", "othr"], "it has: other, sine"),
        (["generate", "--speed", "0"], "--speed is '0'"),
        (["generate", "--concurrency", "many"], "--concurrency"),
        (["generate", "--type", "poems"], "must be all, or some of vocabulary"),
        (["generate", "--format", "aac"], "must be one of mp3"),
        (["generate", "--progress", "loud"], "must be one of auto"),
        (["generate", "--nonsense"], "no such option"),
        (["nonsense"], "no such command"),
    ],
)
def test_wrong_use_exits_2_and_says_what_is_right(
    project: Project, words: list[str], message: str
) -> None:
    project.words("犬")
    done = project.run(*words, PYTHONWARNINGS="ignore")
    assert done.returncode == 2, done.stderr
    assert message in " ".join(done.stderr.split())


def test_opus_at_a_rate_it_does_not_have_is_refused_before_any_work(project: Project) -> None:
    project.words("犬")
    (project.folder / "tts-assets.toml").write_text('[sound]\nformat = "opus"\nrate = 22050\n')
    done = project.generate()
    assert done.returncode == 2
    assert "22050" in done.stderr
    assert not (project.folder / "audio").exists()


def test_a_selection_that_matches_nothing_exits_6(project: Project) -> None:
    project.words("犬")
    done = project.generate("--type", "kanji")
    assert (done.returncode, "no catalogue of the kind kanji in data" in done.stderr) == (6, True)
    (project.folder / "empty").mkdir()
    done = project.generate("empty")
    assert (done.returncode, "there is no catalogue in empty" in done.stderr) == (6, True)


def test_no_clips_is_no_error(project: Project) -> None:
    project.write("data/grammar.json", [{"id": 1, "title": "x", "examples": []}])
    done = project.generate()
    assert (done.returncode, "everything is up to date" in done.stdout) == (0, True)


def test_names_in_capitals_are_found_in_a_folder(project: Project) -> None:
    project.words("犬").rename(project.folder / "data/VOCABULARY.JSON")
    assert "1 clip in all" in project.run("init").stdout
    assert "1 clip;" in project.generate("--dry-run").stdout
    (project.folder / "tts-assets.toml").unlink()
    assert "1 clip;" in project.generate("--dry-run").stdout


def test_clips_may_be_stored_beside_their_catalogues(project: Project) -> None:
    project.write("reading/n5.json", [{"id": 1, "title": "x", "text": "犬です。猫もいます。"}])
    words = ("reading", "--output", "reading")
    assert project.generate(*words).returncode == 0
    assert (project.folder / "reading/ledger.jsonl").exists()
    assert list(project.folder.glob("reading/reading/*.timeline.json"))
    (project.folder / "reading/decisions.jsonl").touch()
    done = project.generate(*words)
    assert (done.returncode, done.stderr) == (0, "")
    done = project.run("check", *words, "--provider", "tones")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_link_that_leads_nowhere_is_called_one(project: Project) -> None:
    project.words("犬")
    (project.folder / "data/lost.json").symlink_to("missing.json")
    done = project.generate("data/lost.json")
    assert done.returncode == 2
    assert (
        done.stderr == "error: data/lost.json: it is a link to missing.json, which leads nowhere\n"
    )


def test_other_json_in_a_folder_is_passed_over_with_a_word(project: Project) -> None:
    project.words("犬")
    project.write("data/settings.json", {"theme": "dark"})
    done = project.generate()
    assert done.returncode == 0
    assert "settings.json: skipped" in done.stderr
    assert project.generate("data/settings.json").returncode == 2


@pytest.mark.parametrize("output", ["taken/below", "/proc/tts-assets"])
def test_an_output_folder_that_cannot_be_ends_the_run_with_4(project: Project, output: str) -> None:
    path = project.words("犬")
    before = path.read_bytes()
    (project.folder / "taken").write_text("a file")
    done = project.generate("--output", output)
    assert done.returncode == 4, done.stderr
    assert output in done.stderr
    assert path.read_bytes() == before


def test_a_provider_with_a_problem_exits_4_and_says_what_to_do(project: Project) -> None:
    project.words("犬")
    done = project.generate(TEST_ENGINE_PROBLEM="pip install tones")
    assert done.returncode == 4
    assert "pip install tones" in done.stderr


def test_a_conflicted_ledger_is_refused_with_its_line(project: Project) -> None:
    project.words("犬")
    project.generate()
    ledger = project.folder / "audio/ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes() + b"<<<<<<< HEAD\n")
    done = project.generate()
    assert done.returncode == 2
    assert "audio/ledger.jsonl:2: this is a conflict marker of git" in done.stderr


def test_a_link_to_something_else_is_named_and_left_alone(project: Project) -> None:
    project.words("犬")
    (project.folder / "data/kanji.json").symlink_to("/proc/version")
    done = project.generate()
    assert done.returncode == 2
    assert "kanji.json" in done.stderr
    assert None not in project.urls()
    assert (project.folder / "data/kanji.json").readlink() == Path("/proc/version")


def test_an_output_folder_that_is_a_file_is_a_mistake_of_use(project: Project) -> None:
    path = project.words("犬")
    before = path.read_bytes()
    done = project.generate("--output", "data/vocabulary.json")
    assert done.returncode == 2
    assert "output: data/vocabulary.json is a file" in done.stderr
    assert path.read_bytes() == before


def test_a_catalogue_in_the_output_folder_is_told(project: Project) -> None:
    project.write("w.json", [{"id": 1, "word": "犬"}])
    toml = 'output = "."\n[[source]]\nfiles = "w.json"\nkind = "vocabulary"\n'
    (project.folder / "tts-assets.toml").write_text(toml, encoding="utf-8")
    done = project.generate()
    assert done.returncode == 2
    assert "files = 'w.json' matches w.json, which is in the output folder" in done.stderr


@pytest.mark.parametrize(("name", "mark"), [("vocabulary.csv", ","), ("n5/kanji/a.tsv", "\t")])
def test_a_table_in_a_folder_is_read_if_its_name_or_folder_tells_what_it_is(
    project: Project, name: str, mark: str
) -> None:
    path = project.folder / "data" / name
    path.parent.mkdir(parents=True)
    path.write_text(f"id{mark}word{mark}kanji\n1{mark}犬{mark}犬\n", encoding="utf-8")
    done = project.generate()
    assert done.returncode == 0, done.stderr
    assert f"{mark}/audio/" in path.read_text(encoding="utf-8")


def test_any_other_table_in_a_folder_is_passed_over_with_a_word(project: Project) -> None:
    path = project.folder / "data/counts.csv"
    path.parent.mkdir()
    path.write_text("word,count\n犬,3\n", encoding="utf-8")
    done = project.generate()
    assert done.returncode == 6
    assert "data/counts.csv: skipped" in done.stderr
    assert "there is no catalogue in data" in done.stderr


def test_a_misspelt_path_exits_2_and_its_clips_are_not_made(project: Project) -> None:
    project.write("w.json", [{"w": "角", "r": "つの"}])
    project.words("犬")
    toml = '[[source]]\nfiles = "w.json"\nkind = "vocabulary"\nid = "w"\n[[source.clip]]\n'
    toml += 'text = "w"\nreading = "kana"\nto = "mp3"\n'
    toml += '[[source]]\nfiles = "data/vocabulary.json"\nkind = "vocabulary"\n'
    (project.folder / "tts-assets.toml").write_text(toml, encoding="utf-8")
    done = project.generate()
    assert done.returncode == 2
    assert "w.json: no record has 'kana' (source 1, clip word: reading)" in done.stderr
    assert "generated 1" in done.stdout
    assert "1 clip is not generated, because of a source that names a field" in done.stderr
    assert project.read("w.json") == [{"w": "角", "r": "つの"}]
    assert None not in project.urls()
    assert "no record has 'kana'" in project.run("lint").stdout


def test_annotations_are_not_for_lists_but_a_setting_for_other_commands_is_no_mistake(
    project: Project,
) -> None:
    done = project.run("providers", "--output-format", "github")
    assert done.returncode == 2
    assert "this command has no output format github: give text or json\n" in done.stderr
    done = project.run("lint", "--output-format", "junit")
    assert "this command has no output format junit: give text, json or github\n" in done.stderr
    assert project.run("models", "path", TTS_ASSETS_OUTPUT_FORMAT="github").returncode != 2


def test_a_shard_makes_nothing_of_a_catalogue_that_its_merge_could_not_name(words: Words) -> None:
    settings = replace(words("一番", "二番"), paths=(".",), shard=Shard(index=1, count=1))
    name = os.fsdecode(b"vocabulary_\xff.json")
    Path("vocabulary.json").rename(name)
    with pytest.raises(InputError, match=r"is not UTF-8, .*: rename it, or omit --shard") as no:
        generate_sync(settings)
    assert no.value.file.endswith(name)
    assert list(Path().rglob("*.mp3")) == []
    assert generate_sync(replace(settings, shard=None)).made == 2


@pytest.mark.parametrize("accent", [2**64, 10**40, 100])
def test_an_accent_that_no_word_has_is_an_error_of_its_entry_alone(
    project: Project, accent: int
) -> None:
    entries = [{"id": 1, "word": "犬"}, {"id": 2, "word": "猫", "accent": accent}]
    project.write("data/vocabulary.json", entries)
    done = project.generate()
    assert done.returncode == 2, done.stderr
    assert "data/vocabulary.json:8: entry 2: the accent 1" in done.stderr
    assert [bool(entry.get("audioUrl")) for entry in project.read()] == [True, False]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("speed = 1\na = " + "[" * 20_000, ":2: lists and tables are nested 20,000 levels deep"),
        ("seed = 0x" + "f" * 5_000, "there is no setting 'seed'"),
        ("speed = 0x" + "f" * 5_000, "speed is a number with too many digits to show, but must be"),
        ("speed = " + "9" * 5_000, "is not valid TOML"),
        (
            f"speaker = 0x{'f' * 5_000}",
            "speaker is a number with too many digits to show; write [[",
        ),
        ("provider" + ".a" * 12_000 + " = 1", "provider is a value nested too deeply to show, but"),
        (f"voice = 1{'0' * 4_000}", "voice is 1000"),
        ('[[price]]\nprovider = "x"\nper-1000-credits = 1' + "0" * 400, "too large to convert"),
        ('[[source]]\nfiles = "x"\nkind = "kanji"\nrecords = 0x' + "f" * 5_000, "records = a num"),
        (
            '[[dictionary]]\nsurface = "犬"\nreading = "いぬ"\naccent = 0x' + "f" * 5_000,
            "accent = a number with too many digits to show: イヌ has only 2 morae",
        ),
        ('output = "a\\u0000b"', "output is 'a\\x00b', but must be a folder"),
        (f'paths = "{"x" * 5_000}"', "there is no such file or folder"),
        (
            '[[source]]\nfiles = "w"\nkind = "kanji"\nasset = "x"',
            "source 1: the asset template 'x'",
        ),
    ],
)
def test_an_absurd_setting_is_an_error_that_names_it(
    project: Project, toml: str, message: str
) -> None:
    project.words("犬")
    (project.folder / "tts-assets.toml").write_text(toml, encoding="utf-8")
    done = project.run("status", "--provider", "tones")
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr) < 10_000 or "paths" in toml
    assert "Traceback" not in done.stderr


def test_a_configuration_in_another_encoding_is_refused_with_its_line(project: Project) -> None:
    (project.folder / "tts-assets.toml").write_bytes(b"speed = 1\nvoice = '\x8c\xa2'\n")
    done = project.run("status")
    assert done.returncode == 2
    assert "tts-assets.toml:2: is not UTF-8: save it in UTF-8" in done.stderr
