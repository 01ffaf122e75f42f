"""`lint` through the real command line and the real dictionary: its rules, formats and exit codes."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Project
from tts_assets.cli.lint_command import format_lint_annotations, to_lint_markdown
from tts_assets.quality.quality_reports import LintFinding, LintReport, LintRule, Severity

RIGHT = {"id": "right", "word": "猫", "reading": "ねこ"}
NEXT = {"id": "next", "word": "開く", "reading": "あく"}
TYPO = {"id": "typo", "word": "学校", "reading": "がっこ"}
WORDS: list[dict[str, Any]] = [
    RIGHT,
    NEXT,
    TYPO,
    {"id": "next-accent", "word": "開く", "reading": "あく", "accent": 0},
    {"id": "unknown", "word": "本", "reading": "ぴよぴよ"},
    {"id": "known", "word": "本", "reading": "ぴよぴよ", "accent": 1},
    {"id": "mixed", "word": "林檎", "reading": "りンご"},
    {"id": "latin", "word": "犬", "reading": "inu"},
    {"id": "range", "word": "犬", "reading": "いぬ", "accent": 7},
    {"id": "range-alone", "word": "猫", "accent": 9},
    {"id": "accent", "word": "橋", "reading": "はし", "accent": 2},
    {"id": "empty", "word": ""},
    {"id": "list", "word": ["馬"]},
    {"id": "part", "word": "市場[いちば]を見る"},
    {"id": "english", "word": "eat"},
    {"id": "abbreviation", "word": "CD"},
    {"id": "unit", "word": "3 cm × 5 km"},
    {"id": "comparison", "word": "A vs Bを見る"},
    {"id": "city", "word": "New Yorkに行く"},
    {"id": "name", "word": "iPhoneを買う"},
    {"id": "english-read", "word": "Suica", "reading": "スイカ"},
]
SENTENCES = [
    {
        "id": "sentences",
        "title": "〜ます",
        "examples": [
            {"japanese": "犬がいます。", "reading": "いぬがいます。"},
            {"japanese": "犬がいます。", "reading": "いぬがあります。"},
            {"japanese": "ドアが開く。", "reading": "どあがひらく。"},
            {"japanese": "ドアが開く。", "reading": "どあがあく。"},
            {"japanese": "犬がいます。", "reading": "Inu ga imasu."},
            {"japanese": "本を読む。", "reading": "ぴよぴよをよむ。"},
            {"japanese": "今日[こんにち]の社会。"},
            {"japanese": "二[に]人で 行く。"},
            {"japanese": "私は学生です。 (Watashi wa gakusei desu.) - I am a student."},
            {"japanese": "寒いので止めてください。"},
        ],
    }
]
PASSAGES = [{"id": "endless", "title": "犬", "text": "犬と猫が" * 200}]
KANJI = [{"id": "kanji", "kanji": "食", "onyomi": ["ショク", "ジキ"], "kunyomi": ["た.べる"]}]


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one run says of catalogues that break every rule."""
    project = Project(tmp_path_factory.mktemp("project"), Path())
    project.write("data/vocabulary.json", WORDS)
    project.write("data/grammar.json", SENTENCES)
    project.write("data/kanji.json", KANJI)
    project.write("data/reading.json", PASSAGES)
    done = project.run("lint", "--output-format", "json")
    assert done.stderr == ""
    assert done.returncode == 1
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _of(report: dict[str, Any], entry: str, part: str | None = None) -> list[dict[str, Any]]:
    return [
        each
        for each in report["findings"]
        if each["entry"] == entry and part in (None, each["part"])
    ]


def _rules(findings: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["severity"], each["rule"]) for each in findings]


def test_a_reading_that_the_dictionary_knows_is_not_mentioned(looked: dict[str, Any]) -> None:
    assert _of(looked, "right") == []


def test_a_reading_that_another_analysis_has_is_a_note(looked: dict[str, Any]) -> None:
    (found,) = _of(looked, "next")
    assert _rules([found]) == [("note", "reading-differs")]
    assert "ヒラク" in found["message"]
    assert "アク" in found["message"]


def test_a_finding_tells_what_is_said_and_how_high(looked: dict[str, Any]) -> None:
    (found,) = _of(looked, "next-accent")
    assert (found["text"], found["reading"]) == ("開く", "アク")
    assert (found["accent"], found["pitch"]) == ("アク", "LH")


def test_a_reading_that_is_nearly_one_of_the_dictionary_may_be_a_typing_error(
    looked: dict[str, Any],
) -> None:
    found = _of(looked, "typo")
    assert _rules(found)[0] == ("warning", "reading-typo")
    assert "did you mean ガッコウ?" in found[0]["message"]


def test_a_reading_that_the_dictionary_does_not_know_is_forced_and_its_accent_guessed(
    looked: dict[str, Any],
) -> None:
    found = _of(looked, "unknown")
    assert _rules(found) == [("warning", "reading-unknown"), ("note", "accent-guessed")]
    assert "forced" in found[0]["message"]
    assert "guess" not in found[0]["message"]
    assert "give the entry an accent" in found[1]["message"]


def test_an_entry_that_gives_the_accent_of_an_unknown_word_knows_the_word(
    looked: dict[str, Any],
) -> None:
    assert _rules(_of(looked, "known")) == [("note", "reading-unknown")]


def test_a_reading_in_two_scripts_is_a_warning(looked: dict[str, Any]) -> None:
    (found,) = _of(looked, "mixed")
    assert _rules([found]) == [("warning", "reading-mixed")]
    assert "'りンご' mixes ン in katakana" in found["message"]


def test_words_that_are_not_japanese_are_a_warning(looked: dict[str, Any]) -> None:
    (found,) = _of(looked, "english")
    assert _rules([found]) == [("note", "text-latin")]
    assert "a Japanese voice speaks 'eat'" in found["message"]
    sentences = [each for each in _of(looked, "sentences") if each["rule"] == "text-latin"]
    assert [
        each["message"].removeprefix("a Japanese voice speaks ").partition(": ")[0]
        for each in sentences
    ] == ["'I am a student'"]
    assert {each["severity"] for each in sentences} == {"warning"}


def test_two_words_may_be_a_name(looked: dict[str, Any]) -> None:
    assert ("note", "text-latin") in _rules(_of(looked, "city"))


@pytest.mark.parametrize("entry", ["abbreviation", "unit", "comparison", "name", "english-read"])
def test_abbreviations_names_and_words_with_a_reading_are_none_of_them(
    looked: dict[str, Any], entry: str
) -> None:
    assert "text-latin" not in [each["rule"] for each in _of(looked, entry)]


def test_a_reading_in_latin_letters_is_a_note_that_says_what_it_became(
    looked: dict[str, Any],
) -> None:
    (found,) = _of(looked, "latin")
    assert _rules([found]) == [("note", "reading-latin")]
    assert found["message"] == "the reading 'inu' is read as イヌ"


@pytest.mark.parametrize(("entry", "accent"), [("range", 7), ("range-alone", 9)])
def test_an_accent_behind_the_last_mora_is_an_error(
    looked: dict[str, Any], entry: str, accent: int
) -> None:
    (found,) = _of(looked, entry)
    assert _rules([found]) == [("error", "accent-range")]
    assert f"the accent is {accent}" in found["message"]
    assert "only 2 morae" in found["message"]


def test_an_accent_on_the_last_mora_fits(looked: dict[str, Any]) -> None:
    assert _of(looked, "accent") == []


def test_a_text_that_yields_no_clip_is_a_note_with_its_line(looked: dict[str, Any]) -> None:
    (found,) = _of(looked, "empty")
    assert _rules([found]) == [("note", "no-clip")]
    assert "empty" in found["message"]
    assert found["line"] is not None


def test_an_entry_that_cannot_be_used_is_an_error_with_its_line(looked: dict[str, Any]) -> None:
    (found,) = _of(looked, "list")
    assert _rules([found]) == [("error", "entry")]
    assert "must be text" in found["message"]
    assert found["line"] is not None


def test_a_text_that_the_dictionary_cannot_read_is_an_error(looked: dict[str, Any]) -> None:
    assert _rules(_of(looked, "endless")) == [("error", "unreadable")]


@pytest.mark.parametrize("part", ["example-1", "example-3", "example-5"])
def test_a_kana_line_that_the_dictionary_agrees_with_is_not_mentioned(
    looked: dict[str, Any], part: str
) -> None:
    assert _of(looked, "sentences", part) == []


def test_a_kana_line_that_contradicts_the_sentence_is_a_warning_with_both_readings(
    looked: dict[str, Any],
) -> None:
    (found,) = _of(looked, "sentences", "example-2")
    assert _rules([found]) == [("warning", "sentence-reading")]
    assert "アリ" in found["message"]
    assert "イヌガイ" in found["message"]


def test_a_kana_line_that_another_analysis_agrees_with_is_a_note(looked: dict[str, Any]) -> None:
    (found,) = _of(looked, "sentences", "example-4")
    assert _rules([found]) == [("note", "sentence-reading")]


def test_furigana_on_a_word_of_a_text_are_judged_as_a_kana_line_is(looked: dict[str, Any]) -> None:
    assert _rules(_of(looked, "part")) == [("note", "sentence-reading")]
    assert _rules(_of(looked, "sentences", "example-7")) == [("note", "sentence-reading")]


def test_a_word_with_another_common_reading_is_named_with_both(looked: dict[str, Any]) -> None:
    (found,) = _of(looked, "sentences", "example-10")
    assert _rules([found]) == [("note", "ambiguous-reading")]
    assert "止め is read トメ, but can also be read ヤメ" in found["message"]


def test_furigana_that_do_not_fit_are_a_warning_that_names_them(looked: dict[str, Any]) -> None:
    (found,) = _of(looked, "sentences", "example-8")
    assert _rules([found]) == [("warning", "sentence-reading")]
    assert "二人 as ニ, which does not fit" in found["message"]


def test_a_word_forced_in_a_sentence_is_a_warning_and_its_accent_a_guess(
    looked: dict[str, Any],
) -> None:
    found = _of(looked, "sentences", "example-6")
    assert _rules(found) == [("warning", "sentence-reading"), ("note", "accent-guessed")]
    assert "ピヨピヨ" in found[0]["message"]
    assert "that word an accent in [[dictionary]]" in found[1]["message"]


def test_a_reading_of_a_kanji_that_is_no_word_alone_is_only_a_note(looked: dict[str, Any]) -> None:
    assert _rules(_of(looked, "kanji", "onyomi-2")) == [("note", "reading-differs")]


def test_findings_stand_in_the_order_of_the_files_and_their_lines(looked: dict[str, Any]) -> None:
    places = [(each["file"], each["line"]) for each in looked["findings"]]
    assert places == sorted(places)


def test_the_report_counts_findings_and_where_readings_come_from(looked: dict[str, Any]) -> None:
    severities = [each["severity"] for each in looked["findings"]]
    assert looked["counts"] == {
        name: severities.count(name) for name in ("error", "warning", "note")
    }
    assert looked["readings"].keys() == {"spelling", "n-best", "forced", "unchecked"}
    assert looked["catalogues"] == 4
    # Two accents are out of range, and one sentence is too long.
    assert sum(looked["readings"].values()) == looked["clips"] - 3


def test_text_has_a_line_for_each_finding_and_then_a_summary(project: Project) -> None:
    project.write("data/vocabulary.json", [RIGHT, NEXT, TYPO])
    done = project.run("lint", "--verbose")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("data/vocabulary.json:7: note reading-differs: next word: the dict")
    assert lines[1].startswith("data/vocabulary.json:12: warning reading-typo: typo word: the dict")
    assert "0 errors, 1 warning, " in done.stdout
    assert "in 3 clips of 1 catalogue" in done.stdout
    assert "forced" in done.stdout


def test_notes_alone_are_no_reason_to_fail(project: Project) -> None:
    project.write("data/vocabulary.json", [RIGHT, NEXT])
    assert project.run("lint").returncode == 0


def test_text_counts_notes_and_says_what_shows_them(project: Project) -> None:
    project.write("data/vocabulary.json", [RIGHT, NEXT])
    done = project.run("lint")
    assert done.stdout.startswith("0 errors, 0 warnings, 1 note in 2 clips of 1 catalogue\n")
    assert done.stdout.endswith("\n1 note (1 reading-differs): --verbose shows it\n")
    for option in (["--verbose"], ["--severity", "note"]):
        done = project.run("lint", *option)
        assert done.returncode == 0
        assert "reading-differs" in done.stdout
        assert "--verbose" not in done.stdout


def test_findings_of_lower_severity_are_left_out_and_do_not_count_for_the_exit_code(
    project: Project,
) -> None:
    project.write("data/vocabulary.json", [RIGHT, NEXT, TYPO])
    done = project.run("lint", "--severity", "warning")
    assert done.returncode == 1
    assert "reading-typo" in done.stdout
    assert "\n0 errors, 1 warning in 3 clips of 1 catalogue\n" in done.stdout
    done = project.run("lint", "--severity", "error", "--output-format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["findings"] == []


def test_a_severity_that_there_is_not_is_a_usage_error(project: Project) -> None:
    project.words("猫")
    done = project.run("lint", "--severity", "info")
    assert done.returncode == 2
    assert "--severity 'info': there is no such severity: give error, warning or note" in (
        done.stderr
    )


def test_only_entries_with_such_an_id_are_read(project: Project) -> None:
    broken = [{"id": "list", "word": ["馬"]}, {"id": "empty", "word": ""}]
    project.write("data/vocabulary.json", [RIGHT, NEXT, TYPO, *broken])
    done = project.run("lint", "--id", "n*", "--id", "list", "--output-format", "json")
    report = json.loads(done.stdout)
    assert (report["clips"], done.returncode) == (1, 1)
    assert [each["entry"] for each in report["findings"]] == ["next", "list"]


def test_an_id_that_no_entry_has_is_an_empty_selection(project: Project) -> None:
    project.write("data/vocabulary.json", [RIGHT, TYPO])
    done = project.run("lint", "--id", "nope")
    assert done.returncode == 6
    assert "no id matches --id 'nope'" in done.stderr


def test_only_entries_that_changed_since_a_revision_are_read(project: Project) -> None:
    path = project.write("data/vocabulary.json", [RIGHT, TYPO])
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", str(path)], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], cwd=project.folder, check=True, timeout=20)
    project.write("data/vocabulary.json", [RIGHT, TYPO, NEXT])
    report = json.loads(project.run("lint", "--since", "HEAD", "--output-format", "json").stdout)
    assert [each["entry"] for each in report["findings"]] == ["next"]


def test_the_sample_data_show_no_finding_and_count_their_notes(project: Project) -> None:
    done = project.run("lint", str(ROOT / "data"))
    first, *_, notes = done.stdout.splitlines()
    assert done.returncode == 0
    assert first.startswith("0 errors, 0 warnings, ")
    assert re.fullmatch(r"\d+ notes \(\d+ reading-differs, .*\): --verbose shows them", notes)


def test_an_empty_selection_is_told_apart(project: Project) -> None:
    project.words("猫")
    done = project.run("lint", "--type", "kanji")
    assert done.returncode == 6
    assert "no catalogue" in done.stderr


def test_a_path_that_is_not_there_is_a_usage_error(project: Project) -> None:
    done = project.run("lint", "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_a_file_that_cannot_be_read_is_a_finding_among_the_others(project: Project) -> None:
    project.write("data/vocabulary.json", [RIGHT, NEXT])
    (project.folder / "data/grammar.json").write_bytes(b'[{"id": 1,\n')
    done = project.run("lint")
    assert done.returncode == 1
    assert "data/grammar.json:" in done.stdout.splitlines()[0]
    assert "error entry: " in done.stdout.splitlines()[0]
    assert "0 warnings, 1 note in 2 clips" in done.stdout


def test_a_word_of_the_own_dictionary_is_known(project: Project) -> None:
    project.write("data/vocabulary.json", [{"id": 1, "word": "本", "reading": "ぴよぴよ"}])
    assert "reading-unknown" in project.run("lint").stdout
    (project.folder / "tts-assets.toml").write_text(
        '[[dictionary]]\nsurface = "本"\nreading = "ぴよぴよ"\naccent = 1\n',
        encoding="utf-8",
    )
    done = project.run("lint")
    assert done.stdout.startswith("0 errors, 0 warnings, 0 notes in 1 clip of 1 catalogue\n")
    assert done.returncode == 0


def test_github_gets_annotations_and_a_summary_of_its_step(project: Project) -> None:
    project.write("data/vocabulary.json", [RIGHT, NEXT, TYPO])
    summary = project.folder / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    done = project.run("lint", "--output-format", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith(
        "::warning file=data/vocabulary.json,line=12,title=reading-typo::typo word: the dict"
    )
    assert any(
        line.startswith("::notice file=data/vocabulary.json,line=7,title=reading-differs::")
        for line in lines
    )
    written = summary.read_text(encoding="utf-8")
    assert written.startswith("before\n### tts-assets lint\n")
    assert "| warning | reading\\-typo | data\\/vocabulary\\.json\\:12 | typo word\\: " in written


def test_github_without_a_summary_file_gets_the_annotations(project: Project) -> None:
    project.write("data/vocabulary.json", [RIGHT, NEXT, TYPO])
    done = project.run("lint", "--output-format", "github", GITHUB_STEP_SUMMARY="")
    assert done.returncode == 1
    assert done.stdout.startswith("::warning ")


def test_a_summary_that_cannot_be_written_is_told(project: Project) -> None:
    project.words("猫")
    place = str(project.folder)
    done = project.run("lint", "--output-format", "github", GITHUB_STEP_SUMMARY=place)
    assert done.returncode == 2
    assert "GITHUB_STEP_SUMMARY" in done.stderr


def _finding(message: str = "x", *, file: str = "a.json") -> LintFinding:
    return LintFinding(
        rule=LintRule.ENTRY, severity=Severity.ERROR, message=message, file=file, line=3, entry="1"
    )


def test_an_annotation_escapes_what_would_end_it() -> None:
    report = LintReport(findings=(_finding("50% a,b:c\nd", file="a,b:c%.json"),))
    assert list(format_lint_annotations(report)) == [
        "::error file=a%2Cb%3Ac%25.json,line=3,title=entry::1: 50%25 a,b:c d"
    ]


def test_of_many_annotations_the_first_ten_are_shown_and_the_others_counted() -> None:
    report = LintReport(findings=tuple(_finding(str(number)) for number in range(13)))
    lines = list(format_lint_annotations(report))
    assert len(lines) == 11
    assert lines[9].endswith("1: 9")
    assert lines[10] == "+3 more errors"


def test_a_summary_means_nothing_more_to_markdown_than_it_says() -> None:
    text = to_lint_markdown(LintReport(findings=(_finding("<img src=x> | [a](b) `c`\n# d"),)))
    row = text.splitlines()[-1]
    assert row.count(" | ") == 3
    assert "\\<img src\\=x\\> \\| \\[a\\]\\(b\\) \\`c\\` \\# d" in row


def test_a_summary_that_is_too_long_for_github_says_how_much_is_left_out() -> None:
    text = to_lint_markdown(LintReport(findings=(_finding("猫" * 1_000),) * 1_000))
    assert len(text.encode()) < 1 << 20
    shown = text.count("| error |")
    assert 0 < shown < 1_000
    assert text.endswith(f"\n+{1_000 - shown} more\n")


@pytest.mark.parametrize("output_format", ["text", "json", "github"])
def test_nothing_from_data_can_act_on_the_terminal(project: Project, output_format: str) -> None:
    # As escapes, since a file of UTF-8 cannot hold the half of a surrogate pair.
    project.write("data/vocabulary.json", []).write_text(
        json.dumps(
            [
                {"id": "a\x1b]0;owned\x07", "word": "x"},
                {"id": "b", "word": "\u202e猫\n::error::x", "reading": "ね\nこ"},
                {"id": "c\n::error::owned", "word": "猫"},
                {"id": "d", "word": "\ud800"},
                {"id": "e", "word": "猫", "reading": "[link=x]\x85neko"},
            ]
        )
    )
    done = project.run("lint", "--verbose", "--output-format", output_format, FORCE_COLOR="1")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    for character in "\x07\x1b\x85\u202e":
        assert character not in done.stdout
    starts = [line for line in done.stdout.splitlines() if line.startswith("::error::")]
    assert starts == []


def test_equal_texts_are_read_once_so_that_many_clips_take_seconds(project: Project) -> None:
    words = [[RIGHT, NEXT, TYPO][number % 3] | {"id": number} for number in range(10_000)]
    project.write("data/vocabulary.json", words)
    begun = time.monotonic()
    done = project.run("lint", "--output-format", "json")
    assert time.monotonic() - begun < 20
    report = json.loads(done.stdout)
    assert report["clips"] == 10_000
    assert report["readings"]["n-best"] == 3_333
    assert len({each["line"] for each in report["findings"]}) == 6_666


def test_a_key_that_stands_twice_is_an_error_with_its_line(project: Project) -> None:
    path = project.write("data/vocabulary.json", [])
    path.write_text('[{"id": 1, "word": "猫",\n"word": "犬"}]', encoding="utf-8")
    done = project.run("lint")
    assert done.returncode == 1
    assert "vocabulary.json:2: error entry: the key 'word' occurs twice in this object" in (
        done.stdout
    )


def test_a_folder_with_the_output_of_another_command_has_only_its_catalogues(
    project: Project,
) -> None:
    """The output folder is that of the configuration, unless a command names another."""
    project.write("demo/reading.json", [{"id": 1, "text": "猫がいます。犬もいます。"}])
    assert project.generate("demo", "--output", "demo/audio").returncode == 0
    assert list(project.folder.glob("demo/audio/reading/*.timeline.json"))
    done = project.run("lint", "demo")
    assert (done.returncode, done.stderr) == (0, "")
    assert "in 1 clip of 1 catalogue" in done.stdout
    # A catalogue may have the name of a ledger.
    (project.folder / "demo/vocabulary").mkdir()
    (project.folder / "demo/vocabulary/ledger.jsonl").write_text(json.dumps(RIGHT) + "\n", "utf-8")
    assert "in 2 clips of 2 catalogues" in project.run("lint", "demo").stdout
