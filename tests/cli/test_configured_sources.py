"""Catalogues of other shapes through the command line: made, addressed, kept, and made again."""

import json

import pytest

from tests.conftest import Project

WORDS = {"meta": {"n": 2}, "words": [{"w": "犬", "k": "いぬ"}, {"w": "猫", "k": "ねこ", "mp3": ""}]}
SOURCE = """
[[source]]
files = "content/*.json"
kind = "vocabulary"
records = "$.words[*]"
id = "w"
[[source.clip]]
text = "w"
reading = "k"
to = "mp3"
"""


def _configure(project: Project, toml: str) -> None:
    (project.folder / "tts-assets.toml").write_text(toml, encoding="utf-8")


@pytest.fixture
def mapped(project: Project) -> Project:
    """A project with one catalogue of a shape of its own."""
    project.write("content/n5.json", WORDS)
    _configure(project, SOURCE)
    return project


def test_configuration_alone_is_enough_and_only_urls_change(mapped: Project) -> None:
    before = (mapped.folder / "content/n5.json").read_text(encoding="utf-8")
    assert mapped.generate().returncode == 0
    after = (mapped.folder / "content/n5.json").read_text(encoding="utf-8")
    words = json.loads(after)["words"]
    assert [len(word["mp3"]) > 40 for word in words] == [True, True]
    for word in words:
        after = after.replace(f'"{word["mp3"]}"', '""')
    assert after == before.replace('"いぬ"\n', '"いぬ",\n      "mp3": ""\n')
    again = mapped.generate()
    assert (again.returncode, "everything is up to date" in again.stdout) == (0, True)


def test_the_files_of_sources_are_read_whatever_else_lies_there(mapped: Project) -> None:
    mapped.words("鳥")
    done = json.loads(mapped.generate("--dry-run", "--output-format", "json").stdout)
    assert {each["file"] for each in done["planned"]} == {"content/n5.json"}
    done = json.loads(mapped.generate("data", "-n", "--output-format", "json").stdout)
    assert [each["text"] for each in done["planned"]] == ["鳥"]
    done = json.loads(mapped.generate(".", "-n", "--output-format", "json").stdout)
    assert sorted(each["text"] for each in done["planned"]) == ["犬", "猫", "鳥"]


def test_a_pattern_that_matches_nothing_is_told(mapped: Project) -> None:
    _configure(mapped, SOURCE.replace("content/", "contents/"))
    done = mapped.generate()
    assert done.returncode == 2
    assert "source 1: files = 'contents/*.json' matches no file" in done.stderr


def test_somebody_s_recording_is_kept_until_told_otherwise(mapped: Project) -> None:
    mapped.write("content/n5.json", {"words": [{"w": "犬", "k": "", "mp3": "/teacher/inu.mp3"}]})
    done = mapped.generate()
    assert (done.returncode, "1 recording kept" in done.stdout) == (0, True)
    assert mapped.read("content/n5.json")["words"][0]["mp3"] == "/teacher/inu.mp3"
    _configure(mapped, SOURCE.replace('kind = "v', 'overwrite = "always"\nkind = "v'))
    assert mapped.generate().returncode == 0
    url = mapped.read("content/n5.json")["words"][0]["mp3"]
    assert url.startswith("/audio/vocabulary/")
    assert "everything is up to date" in mapped.generate().stdout


def test_a_source_may_name_assets_and_urls_by_ids(mapped: Project) -> None:
    names = 'asset = "n5/{id}-{part}.{ext}"\nurl = "https://cdn.example/{asset}"\n'
    _configure(mapped, SOURCE.replace('id = "w"', f'id = "w"\n{names}'))
    assert mapped.generate().returncode == 0
    assert {"n5/犬-word.mp3", "n5/猫-word.mp3"} <= mapped.assets().keys()
    url = mapped.read("content/n5.json")["words"][0]["mp3"]
    assert url == "https://cdn.example/n5/%E7%8A%AC-word.mp3"
    assert "everything is up to date" in mapped.generate().stdout
    data = mapped.read("content/n5.json")
    data["words"][0]["k"] = "いいぬ"
    mapped.write("content/n5.json", data)
    assert "generated 1" in mapped.generate().stdout


def test_a_recording_under_the_name_of_an_asset_is_kept(mapped: Project) -> None:
    names = 'asset = "{kind}/{id}-{part}.{ext}"'
    _configure(mapped, SOURCE.replace('id = "w"', f'id = "w"\n{names}'))
    path = mapped.folder / "audio/vocabulary/犬-word.mp3"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a teacher")
    assert "locked    1" in mapped.generate().stdout
    assert path.read_bytes() == b"a teacher"
    assert mapped.generate("--force").returncode == 0
    assert path.read_bytes() != b"a teacher"


def test_two_clips_for_one_url_are_refused(mapped: Project) -> None:
    second = '[[source.clip]]\npart = "kana"\nsay = "reading"\nreading = "k"\nto = "mp3"\n'
    _configure(mapped, SOURCE + second)
    done = mapped.generate("--dry-run")
    assert done.returncode == 2
    assert "the URL of its kana would replace that of word" in done.stderr
    _configure(mapped, SOURCE + second.replace('"mp3"', '"mp3kana"'))
    assert mapped.generate().returncode == 0
    assert mapped.read("content/n5.json")["words"][0].keys() == {"w", "k", "mp3", "mp3kana"}


def test_a_speaker_speaks_with_a_voice_of_its_own(mapped: Project) -> None:
    mapped.write("content/n5.json", {"words": [{"w": "犬", "k": "", "by": "B"}, {"w": "猫"}]})
    toml = SOURCE.replace('id = "w"', 'id = "w"\nvoices = { B = "other" }')
    _configure(mapped, f'{toml}speaker = "by"\n')
    assert mapped.generate().returncode == 0
    lines = (mapped.folder / "audio/ledger.jsonl").read_text(encoding="utf-8").splitlines()
    voices = {line["text"]: line["voice"] for line in map(json.loads, lines)}
    assert voices == {"犬": "tones/other", "猫": "tones/sine"}
    _configure(mapped, f'{toml.replace("other", "othr")}speaker = "by"\n')
    done = mapped.generate()
    assert done.returncode == 2
    assert "source 1: voices: tones has no voice 'othr'" in done.stderr


def test_a_word_of_the_dictionary_makes_only_its_own_clips_anew(mapped: Project) -> None:
    assert mapped.generate().returncode == 0
    word = '[[dictionary]]\nsurface = "犬"\nreading = "わんこ"\n'
    _configure(mapped, SOURCE + word)
    done = json.loads(mapped.generate("-n", "--output-format", "json").stdout)
    assert [each["text"] for each in done["planned"]] == ["犬"]


def test_tables_and_lines_are_catalogues_too(project: Project) -> None:
    csv = project.folder / "words.csv"
    csv.write_bytes("w,k\r\n犬,いぬ\r\n".encode())
    lines = project.folder / "words.jsonl"
    lines.write_text('{"w":"猫","k":"ねこ"}', encoding="utf-8")
    _configure(project, SOURCE.replace('"content/*.json"', '["*.csv", "*.jsonl"]').replace(
        'records = "$.words[*]"\n', ""
    ))  # fmt: skip
    done = project.generate()
    assert done.returncode == 0, done.stderr
    assert csv.read_bytes().startswith("w,k,mp3\r\n犬,いぬ,/audio/vocabulary/".encode())
    assert json.loads(lines.read_text(encoding="utf-8"))["mp3"].startswith("/audio/vocabulary/")
    assert "everything is up to date" in project.generate().stdout


def test_a_recording_in_a_list_that_is_too_long_is_kept(mapped: Project) -> None:
    _configure(mapped, SOURCE.replace(
        'text = "w"\nreading = "k"\nto = "mp3"',
        'each = "l[*]"\ntext = "@"\nto = "$.mp3[#]"'
    ))  # fmt: skip
    path = mapped.write("content/n5.json", {"words": [
        {"w": "a", "l": ["犬"], "mp3": [None, "/teacher/inu.mp3"]},
        {"w": "b", "l": ["猫"], "mp3": "/teacher/all.mp3"},
        {"w": "c", "l": ["鳥"], "mp3": [None, None]},
    ]})  # fmt: skip
    before = path.read_text(encoding="utf-8")
    done = mapped.generate()
    assert (done.returncode, "locked    2" in done.stdout) == (0, True)
    after = path.read_text(encoding="utf-8")
    assert after.split('"c"')[0] == before.split('"c"')[0]
    (url,) = mapped.read("content/n5.json")["words"][2]["mp3"]
    mapped.write("content/n5.json", {"words": [{"w": "c", "l": ["鳥"], "mp3": [None, url]}]})
    assert mapped.generate().returncode == 0
    assert mapped.read("content/n5.json")["words"][0]["mp3"] == [url]


def test_urls_of_two_sources_may_not_lie_within_one_another(mapped: Project) -> None:
    inner = SOURCE.replace('to = "mp3"', 'to = "mp3.url"')
    for toml in (SOURCE + inner, inner + SOURCE):
        _configure(mapped, toml)
        mapped.write("content/n5.json", {"words": [{"w": "犬"}]})
        done = mapped.generate("--dry-run")
        assert done.returncode == 2
        assert "would replace that of word" in done.stderr


def test_two_sources_of_one_table_have_the_same_columns(project: Project) -> None:
    (project.folder / "w.csv").write_text("犬,いぬ,,\n", encoding="utf-8")
    source = '[[source]]\nfiles = "w.csv"\nkind = "vocabulary"\nid = "w"\ncolumns = ["w", "r", "a", "b"]\n'
    clip = '[[source.clip]]\ntext = "w"\nreading = "r"\nto = "a"\n'
    other = source.replace('"w", "r"', '"v", "r"').replace('id = "w"', 'id = "v"')
    _configure(project, source + clip + other + clip.replace('"w"', '"v"').replace('"a"', '"b"'))
    done = project.generate()
    assert done.returncode == 2
    assert "source 1 read w.csv with different columns: give both the same" in done.stderr


@pytest.mark.parametrize(
    ("target", "says"),
    [("sound.url", "is not a column of a table"), ("audio", "add it to `columns` of the source")],
)
def test_a_target_that_no_row_can_have_is_told_once_before_anything_is_made(
    project: Project, target: str, says: str
) -> None:
    path = project.folder / "w.csv"
    path.write_text("犬,いぬ\n猫,ねこ\n", encoding="utf-8")
    _configure(
        project,
        '[[source]]\nfiles = "w.csv"\nkind = "vocabulary"\nid = "w"\ncolumns = ["w", "k"]\n'
        f'[[source.clip]]\ntext = "w"\nreading = "k"\nto = "{target}"\n',
    )
    done = project.generate()
    assert done.returncode == 2, done.stderr
    assert done.stderr.count(says) == 1
    assert "w.csv" in done.stderr
    assert project.assets() == {}


def test_a_template_of_a_source_is_refused_with_its_name(mapped: Project) -> None:
    _configure(mapped, SOURCE.replace('id = "w"', 'id = "w"\nasset = "{kind}/{id}.{ext}"'))
    done = mapped.generate()
    assert done.returncode == 2
    assert "tts-assets.toml:2: source 1: the asset template" in done.stderr


def test_a_place_that_two_clips_want_is_told_with_its_line(mapped: Project) -> None:
    _configure(mapped, SOURCE + '[[source.clip]]\npart = "kana"\ntext = "k"\nto = "mp3"\n')
    done = mapped.generate()
    assert done.returncode == 2
    assert "content/n5.json:6: entry 犬: the URL of its kana would replace" in done.stderr


def test_recordings_named_by_date_or_number_are_kept(project: Project) -> None:
    names = ["20240101", "00000002", "deadbeef", "d41d8cd98f00b204e9800998ecf8427e"]
    words = [
        {"id": n, "word": "犬", "audioUrl": f"/audio/vocabulary/{name}.mp3"}
        for n, name in enumerate(names)
    ]
    before = project.write("data/vocabulary.json", words).read_bytes()
    done = project.generate()
    assert "4 recordings kept" in done.stdout
    assert (project.folder / "data/vocabulary.json").read_bytes() == before


def test_a_url_gets_the_same_verdict_in_every_run(project: Project) -> None:
    project.write("data/vocabulary.json", [{"id": 1, "word": "犬"}])
    assert project.generate().returncode == 0
    ours = project.read()[0]["audioUrl"]
    elsewhere = f"https://cdn.example/tts/{ours.rpartition('/')[2]}"
    words = [{"id": 1, "word": "犬", "audioUrl": elsewhere}, {"id": 2, "word": "犬"}]
    project.write("data/vocabulary.json", words)
    (project.folder / "audio/ledger.jsonl").unlink()
    for asset in project.folder.glob("audio/vocabulary/*"):
        asset.unlink()
    assert project.generate().returncode == 0
    assert [word["audioUrl"] for word in project.read()] == [ours, ours]
    assert "everything is up to date" in project.generate().stdout


@pytest.mark.parametrize(
    ("to", "there", "written"),
    [
        ("$.audio[#]", {}, {"masu": True, "te": True}),
        ("$.audio[#]", {"audio": None}, {"masu": True, "te": True}),
        ("$.audio[#]", {"audio": {"te": "mine.mp3"}}, {"masu": True, "te": "mine.mp3"}),
        ("$.audio[#].url", {}, {"masu": {"url": True}, "te": {"url": True}}),
    ],
)
def test_the_values_of_an_object_have_their_urls_in_a_parallel_object(
    project: Project, to: str, there: dict[str, object], written: dict[str, object]
) -> None:
    verb = {"word": "食べる", "forms": {"masu": "食べます", "te": "食べて"}, **there}
    project.write("content/verbs.json", [verb])
    _configure(
        project,
        '[[source]]\nfiles = "content/*.json"\nkind = "vocabulary"\nid = "word"\n'
        f'[[source.clip]]\neach = "forms[*]"\ntext = "@"\nto = "{to}"\n',
    )
    done = project.generate()
    assert (done.returncode, done.stderr.count("error")) == (0, 0), done.stderr
    (after,) = project.read("content/verbs.json")
    urls = json.loads(json.dumps(after["audio"]), object_hook=_mark_urls)
    assert urls == written
    assert {**after, "audio": 0} == {**verb, "audio": 0}
    assert "everything is up to date" in project.generate().stdout


def _mark_urls(each: dict[str, object]) -> dict[str, object]:
    """An object with True in place of each URL of ours."""
    return {key: True if str(url).startswith("/audio/") else url for key, url in each.items()}


def test_a_list_is_not_parallel_to_an_object(project: Project) -> None:
    project.write(
        "content/verbs.json", [{"word": "食べる", "forms": {"te": "食べて"}, "audio": []}]
    )
    _configure(
        project,
        '[[source]]\nfiles = "content/*.json"\nkind = "vocabulary"\nid = "word"\n'
        '[[source.clip]]\neach = "forms[*]"\ntext = "@"\nto = "$.audio[#]"\n',
    )
    done = project.generate()
    assert done.returncode == 2
    assert (
        "content/verbs.json:2: entry 食べる: no URL can be written to $.audio[#]: " in done.stderr
    )
    assert project.read("content/verbs.json")[0]["audio"] == []
