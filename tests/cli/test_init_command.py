"""`init` through the real command line: what it writes, shows, passes over and never overwrites."""

import json
import os
import pty
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project

WORDS = [{"term": "会う", "kana": "あう"}, {"term": "青い", "kana": "あおい"}]
FILE = "tts-assets.toml"


@pytest.fixture
def words(project: Project) -> Project:
    """A project with a catalogue of a shape of its own."""
    project.write("content/n5.json", WORDS)
    return project


def _written(project: Project) -> dict[str, Any]:
    return tomllib.loads((project.folder / FILE).read_text(encoding="utf-8"))


def _files(project: Project) -> list[str]:
    return [source["files"] for source in _written(project)["source"]]


def test_it_writes_a_configuration_and_shows_the_first_clips(words: Project) -> None:
    done = words.run("init")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "content/n5.json: vocabulary, records at $[*], 2 entries, 2 clips"
    assert lines[1].startswith("  vocabulary ")
    assert lines[1].endswith(" word 会う (アウ) -> audioUrl")
    assert lines[3] == "2 clips in all"
    assert lines[4].startswith(f"wrote {FILE}; next: ")
    assert _files(words) == ["content/n5.json"]


def test_fields_that_no_clip_speaks_are_named(project: Project) -> None:
    sentence = {"ja": "犬がいます。", "en": "There is a dog."}
    cat = {**sentence, "ja": "猫がいます。"}
    project.write(
        "words.json",
        [
            {"word": "犬", "notes": {"ja": "動物です。"}, "context_sentences": [sentence]},
            {"word": "猫", "notes": {"ja": "動物です。"}, "context_sentences": [cat]},
        ],
    )
    lines = project.run("init").stdout.splitlines()
    assert lines[-2] == (
        "not spoken: context_sentences[*].ja, notes.ja: see the comments of the configuration"
    )


def test_a_field_with_readings_in_brackets_is_named(project: Project) -> None:
    (project.folder / "deck.txt").write_text(
        "#separator:tab\n#guid column:1\na\t食べる\t食[た]べる\nb\t水\tみず\nc\t橋[はし]\t\n",
        "utf-8",
    )
    assert "\nnot spoken: word3: see the comments" in project.run("init").stdout


def test_an_old_encoding_is_named_with_its_line(words: Project) -> None:
    (words.folder / "old.csv").write_bytes("漢字\n学校\n".encode("cp932"))
    assert "note: old.csv: skipped: line 1: byte 0x8A" in words.run("init").stderr


def test_what_it_writes_is_all_that_generate_needs(words: Project) -> None:
    words.run("init")
    assert words.generate().returncode == 0
    assert all(word["audioUrl"].startswith("/audio/") for word in words.read("content/n5.json"))


def test_words_that_are_the_values_of_an_object_get_their_urls(project: Project) -> None:
    first = {"vocab": {"犬": "いぬ", "猫": "ねこ"}, "dialog": [{"who": "A", "jp": "おはよう。"}]}
    second = {"vocab": {"橋": "はし"}, "dialog": [{"who": "B", "jp": "犬がいます。"}]}
    project.write("lessons.json", {"l1": first, "l2": second})
    project.run("init")
    assert project.generate().returncode == 0
    assert project.read("lessons.json")["l1"]["vocabAudio"].keys() == {"犬", "猫"}
    assert "everything is up to date" in project.generate().stdout


@pytest.mark.parametrize("head", ["", "#separator:tab\r\n#html:true\r\n"])
def test_a_deck_of_anki_has_its_sounds_in_its_own_column(project: Project, head: str) -> None:
    deck = project.folder / "deck.txt"
    rows = ["会う\tあう\t[sound:own.mp3]", "青い\tあおい\t", "水\tみず\t"]
    deck.write_bytes(f"\ufeff{head}{chr(13) + chr(10).join(rows)}".encode())
    project.run("init")
    assert project.run("lint").returncode == 0
    before = deck.read_bytes().decode()
    assert project.generate().returncode == 0
    written = deck.read_bytes().decode()
    sounds = re.findall(r"\[sound:([0-9a-f]+\.mp3)\]", written)
    made = [Path(asset).name for asset in project.assets() if asset.endswith(".mp3")]
    assert sorted(sounds) == sorted(made)
    assert re.sub(r"\[sound:[0-9a-f]+\.mp3\]", "", written) == before
    assert project.generate().returncode == 0
    assert project.run("prune").stdout.startswith("orphans   0 assets")
    assert deck.read_bytes().decode() == written


def test_a_second_look_at_what_was_made_says_the_same(words: Project) -> None:
    words.write("content/kanji.json", [{"literal": "学", "on": ["ガク"], "kun": ["まな.ぶ"]}])
    words.run("init")
    first = _written(words)["source"]
    assert words.generate().returncode == 0
    words.run("init", "--force")
    second = _written(words)["source"]
    assert [source.pop("overwrite") for source in second] == ["ours", "ours"]
    assert second == first


def test_files_and_folders_can_be_named(words: Project) -> None:
    words.write("other/n4.json", WORDS)
    assert words.run("init", "other").returncode == 0
    assert _files(words) == ["other/n4.json"]
    assert words.run("init", "--force", str(words.folder / "content" / "n5.json")).returncode == 0
    assert _files(words) == ["content/n5.json"]


def test_a_path_that_is_not_there_is_a_usage_error(words: Project) -> None:
    done = words.run("init", "nowhere")
    assert done.returncode == 2
    assert "nowhere: there is no such file" in done.stderr
    assert not (words.folder / FILE).exists()


@pytest.mark.parametrize("content", [None, "[]", '[{"word": "dog"}]', '{"name": "日本語"}'])
def test_nothing_to_read_is_told_and_nothing_is_written(
    project: Project, content: str | None
) -> None:
    if content is not None:
        (project.folder / "a.json").write_text(content, encoding="utf-8")
    done = project.run("init")
    assert done.returncode == 6
    assert "no catalogues were found, and nothing was written" in done.stderr
    assert not (project.folder / FILE).exists()


def test_the_problems_are_shown_where_they_leave_no_clip(project: Project) -> None:
    project.write("a.json", [{"id": 1, "word": "橋\x00"}])
    done = project.run("init")
    assert done.returncode == 6
    assert "problem: a.json:4: entry 1: character 2 of the text is U+0000" in done.stdout
    assert "no clips were found, and nothing was written; correct the problems" in done.stderr


def test_broken_json_is_named_with_its_line_and_stops_nothing(words: Project) -> None:
    (words.folder / "broken.json").write_text('[\n {"word": "会う",}\n]', encoding="utf-8")
    done = words.run("init")
    assert done.returncode == 0
    (note,) = done.stderr.splitlines()
    assert note.startswith("note: broken.json: skipped: ")
    assert note.count("broken.json") == note.count("line 2") == 1
    assert _files(words) == ["content/n5.json"]


def test_a_configuration_that_is_there_is_kept_and_the_tables_for_other_files_are_shown(
    words: Project,
) -> None:
    (words.folder / FILE).write_text("# mine\n")
    words.write("b/vocabulary.json", [{"id": 1, "word": "会う", "reading": "あう"}])
    for named in ("content", "b"):
        done = words.run("init", named)
        assert done.returncode == 0
        assert f"{FILE} already" in done.stderr
        assert "--force" in done.stderr
        assert (words.folder / FILE).read_text() == "# mine\n"
        tables = tomllib.loads(done.stdout[done.stdout.index("# How tts-assets reads") :])
        assert [*tables] == ["source"]


def test_tables_that_are_shown_are_all_that_is_to_be_added(words: Project) -> None:
    words.run("init")
    words.write("b.json", [{"id": "b", "term": "水", "yomi": "みず"}])
    shown = words.run("init", "b.json").stdout
    with (words.folder / FILE).open("a", encoding="utf-8") as file:
        file.write(shown[shown.index("# How tts-assets reads") :])
    assert words.generate().returncode == 0
    assert all("audioUrl" in word for word in words.read("b.json"))


def test_force_writes_over_it(words: Project) -> None:
    (words.folder / FILE).write_text("# mine\n")
    assert words.run("init", "--force").returncode == 0
    assert _files(words) == ["content/n5.json"]


@pytest.mark.parametrize(("answer", "kept"), [("n\n", True), ("\n", True), ("y\n", False)])
def test_at_a_terminal_it_asks(words: Project, answer: str, *, kept: bool) -> None:
    (words.folder / FILE).write_text("# mine\n")
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer.encode())
        done = subprocess.run(
            words.command("init"),
            cwd=words.folder,
            env=words.environment,
            stdin=theirs,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0
    assert "Overwrite it? [y/N]" in done.stdout
    assert ((words.folder / FILE).read_text(encoding="utf-8") == "# mine\n") is kept


@pytest.mark.parametrize(
    "folder", ["node_modules/x", ".hidden", "dist", "venv/lib", "__pycache__", "a/b/node_modules"]
)
def test_folders_of_other_tools_are_not_looked_into(words: Project, folder: str) -> None:
    words.write(f"{folder}/words.json", WORDS)
    done = words.run("init")
    assert (done.returncode, done.stderr) == (0, "")
    assert _files(words) == ["content/n5.json"]


def test_settings_of_programs_are_passed_over(words: Project) -> None:
    words.write("package.json", {"name": "x", "description": "日本語", "scripts": {"a": "b"}})
    (words.folder / "tsconfig.json").write_text('{ // comment\n "a": 1 }')
    done = words.run("init")
    assert "note: package.json: skipped: " in done.stderr
    assert "note: 1 file without Japanese skipped" in done.stderr
    assert _files(words) == ["content/n5.json"]


def test_the_output_folder_is_not_looked_into(words: Project) -> None:
    words.run("init")
    words.generate("--output", "public/sound")
    words.write("public/sound/words.json", WORDS)
    done = words.run("init", "--force")
    assert (done.returncode, done.stderr) == (0, "")
    assert _files(words) == ["content/n5.json"]


def test_overrides_are_no_catalogue(project: Project) -> None:
    project.write("content/n5.json", WORDS)
    project.write("tts-assets.overrides.json", [])
    done = project.run("init")
    assert done.returncode == 0, done.stderr
    assert "overrides.json" not in (project.folder / "tts-assets.toml").read_text()


def test_catalogues_where_the_clips_go_are_passed_over_with_a_word(words: Project) -> None:
    words.write("audio/words.json", WORDS)
    done = words.run("init")
    assert done.returncode == 0
    assert "note: audio/words.json: skipped: it is in audio" in done.stderr
    assert _files(words) == ["content/n5.json"]


def test_links_that_lead_nowhere_or_around_in_circles_end(words: Project) -> None:
    (words.folder / "content/around").symlink_to(words.folder, target_is_directory=True)
    (words.folder / "content/nowhere.json").symlink_to("missing.json")
    (words.folder / "content/itself.json").symlink_to("itself.json")
    (words.folder / "content/same.json").symlink_to("n5.json")
    done = words.run("init")
    assert (done.returncode, done.stderr) == (0, "")
    assert _files(words) == ["content/n5.json"]


def test_a_folder_that_cannot_be_listed_is_named(words: Project) -> None:
    (words.folder / "content/far").mkdir()
    # Root may list any folder, so its permissions do not matter.
    script = (
        "import os, runpy, sys\n"
        "scandir = os.scandir\n"
        "def refuse(path):\n"
        "    if str(path).endswith('far'):\n"
        "        raise PermissionError(13, 'Permission denied', str(path))\n"
        "    return scandir(path)\n"
        "os.scandir = refuse\n"
        "sys.argv = ['tts-assets', 'init']\n"
        "runpy.run_module('tts_assets', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=words.folder,
        env=words.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == (
        "note: content/far: skipped: the folder cannot be listed: Permission denied\n"
    )


def test_a_pipe_of_such_a_name_is_not_opened(words: Project) -> None:
    os.mkfifo(words.folder / "pipe.json")
    assert words.run("init").returncode == 0


def test_a_name_that_is_not_utf_8_is_passed_over(words: Project) -> None:
    path = os.path.join(os.fsencode(words.folder), b"\xff.json")  # noqa: PTH118 - bytes
    with open(path, "wb") as file:  # noqa: PTH123 - bytes
        file.write(json.dumps(WORDS).encode())
    done = words.run("init")
    assert done.returncode == 0
    assert "skipped: its name is not UTF-8" in done.stderr
    assert _files(words) == ["content/n5.json"]


def test_nothing_of_the_data_can_act_on_the_terminal(project: Project) -> None:
    evil = "\x1b[2J\x9b31m\u202e"
    rows = [{f"word{evil}": "会う", "id": f"a{evil}"}, {f"word{evil}": "青い", "id": "b"}]
    project.write(f"a{evil}.json", rows)
    (project.folder / f"b{evil}.json").write_text(f'[{{"会": "{evil}"', encoding="utf-8")
    done = project.run("init")
    assert done.returncode == 0
    shown = done.stdout + done.stderr + (project.folder / FILE).read_text(encoding="utf-8")
    assert all(line.isprintable() for line in shown.split("\n"))


def test_markup_of_the_console_is_shown_as_it_is(project: Project) -> None:
    project.write("[red]x[/red].json", [{"[bold]word": "会う"}, {"[bold]word": "水"}])
    assert project.run("init").stdout.startswith("[red]x[/red].json: vocabulary")


def test_a_configuration_that_cannot_be_written_is_a_usage_error(words: Project) -> None:
    (words.folder / FILE).mkdir()
    done = words.run("init", "--force")
    assert done.returncode == 2
    assert f"{FILE} cannot be written" in done.stderr


def test_what_many_files_say_is_kept_short(project: Project) -> None:
    for number in range(30):
        project.write(f"{number}.json", {"name": "日本語"})
    done = project.run("init")
    assert done.stderr.count("note: ") == 21
    assert "note: 10 more files skipped" in done.stderr


def test_help_tells_what_it_does(project: Project) -> None:
    shown = project.run("init", "--help", COLUMNS="120", NO_COLOR="1").stdout
    assert "Inspect your files" in shown
    assert "--force" in shown


def test_settings_that_are_in_effect_are_not_shadowed(words: Project) -> None:
    pyproject = words.folder / "pyproject.toml"
    pyproject.write_text("[tool.tts-assets]\nspeed = 0.8\n", encoding="utf-8")
    done = words.run("init")
    assert done.returncode == 0
    assert "note: pyproject.toml already" in done.stderr
    assert "under its [tool.tts-assets]" in done.stderr
    assert not (words.folder / FILE).exists()
    tables = done.stdout[done.stdout.index("# How tts-assets reads") :]
    pyproject.write_text(f"[tool.tts-assets]\nspeed = 0.8\n{tables}", encoding="utf-8")
    assert words.generate().returncode == 0
    assert all("audioUrl" in word for word in words.read("content/n5.json"))
    assert words.run("init", "--force").returncode == 0
    assert _files(words) == ["content/n5.json"]


def test_settings_of_a_folder_above_are_not_shadowed(words: Project) -> None:
    (words.folder / FILE).write_text("speed = 0.8\n", encoding="utf-8")
    below = Project(words.folder / "content", words.folder)
    below.environment = words.environment
    done = below.run("init")
    assert done.returncode == 0
    assert f"{words.folder / FILE} already" in done.stderr
    assert "with `files` relative to its folder" in done.stderr
    assert "[[source]]" in done.stdout
    assert below.run("init", "--force").returncode == 0


def test_a_pyproject_that_says_nothing_to_us_is_no_obstacle(words: Project) -> None:
    (words.folder / "pyproject.toml").write_text('[project]\nname = "x"\n', encoding="utf-8")
    assert words.run("init").returncode == 0


def test_a_reading_of_the_kanji_alone_is_not_the_reading_of_a_word(project: Project) -> None:
    rows = [
        ("食べる", "た", "taberu"),
        ("飲む", "の", "nomu"),
        ("行う", "おこな", "okonau"),
        ("水", "みず", "mizu"),
    ]
    project.write(
        "content/n5.json",
        [
            {"no": n, "jp": jp, "furi": furi, "romaji": romaji, "sound": None}
            for n, (jp, furi, romaji) in enumerate(rows)
        ],
    )
    done = project.run("init", "content")
    assert "食べる (タベル) -> sound" in done.stdout
    assert 'reading = "romaji"' in (project.folder / "tts-assets.toml").read_text()


def test_a_typing_error_in_the_field_for_a_url_is_noted(project: Project) -> None:
    project.write("content/n5.json", [{"id": 1, "jp": "犬", "audio": None}])
    (project.folder / "tts-assets.toml").write_text(
        '[[source]]\nfiles = "content/*.json"\nkind = "vocabulary"\n'
        '[[source.clip]]\ntext = "jp"\nto = "audoi"\n'
    )
    note = "no record has 'audoi' (source 1, clip word: to), so it is added; did you mean audio?"
    for words in (("generate", "--dry-run"), ("lint",)):
        assert note in project.run(*words).stderr
    configuration = project.folder / "tts-assets.toml"
    configuration.write_text(configuration.read_text().replace("audoi", "speechUrl"))
    assert "is added" not in project.run("lint").stderr
