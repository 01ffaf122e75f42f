"""The commands that only look, and what `--help` costs."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from typer._completion_classes import BashComplete
from typer.main import get_command

from tests.conftest import ROOT, Project
from tts_assets.cli import typer_apps
from tts_assets.cli.app import app
from tts_assets.config.settings import OutputFormat

HEAVY = (
    *("numpy", "httpx", "soundfile", "soxr", "onnxruntime", "pyopenjtalk", "anyio", "psutil"),
    *("platformdirs", "keyring"),
)


@pytest.mark.parametrize(
    "words",
    [["--help"], ["generate", "--help"], ["--version"], ["models", "fetch", "--help"]],
)
def test_help_loads_no_heavy_library(project: Project, words: list[str]) -> None:
    script = (
        "import sys\n"
        "from tts_assets.__main__ import main\n"
        f"sys.argv[1:] = {words!r}\n"
        "try:\n    main()\n"
        "finally:\n"
        "    print('LOADED', sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = done.stdout.rsplit("LOADED", 1)[1]
    assert [name for name in HEAVY if f"'{name}'" in loaded] == []


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        (["explain"], "explain [OPTIONS] ID [PATH]..."),
        (["models", "fetch"], "models fetch [OPTIONS] NAME..."),
        (["merge"], "merge [OPTIONS] [FOLDER]..."),
        (["speak"], "speak [OPTIONS] {TEXT|FILE|-}"),
    ],
)
def test_the_usage_line_shows_which_arguments_are_optional_and_repeatable(
    project: Project, words: list[str], usage: str
) -> None:
    help_text = project.run(*words, "--help", COLUMNS="100").stdout
    assert "<str>" not in help_text
    lines = help_text.splitlines()
    assert lines[1].strip().endswith(f" {usage}")


def test_the_options_of_transcripts_are_not_those_of_sound(project: Project) -> None:
    assert "Voice and sound" not in project.run("transcribe", "--help", COLUMNS="100").stdout


def test_importing_the_package_loads_nothing_else() -> None:
    script = "import sys; before = set(sys.modules); import tts_assets; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert [name for name in done.stdout.split() if name.startswith("tts_assets.")] == []
    assert [name for name in HEAVY if name in done.stdout.split()] == []


def test_explain_tells_what_is_said_and_why_it_is_fresh(project: Project) -> None:
    project.write("data/vocabulary.json", [{"id": "a-1", "word": "開く", "reading": "あく"}])
    words = ["explain", "a-1", "--provider", "tones"]
    before = project.run(*words)
    assert before.returncode == 0
    for expected in ("開く", "アク", "vocabulary a-1 word", "new", "not generated yet"):
        assert expected in before.stdout
    project.generate()
    (item,) = json.loads(project.run(*words, "--output-format", "json").stdout)
    assert item["state"] == "fresh"
    assert (project.folder / "audio" / item["asset"]).exists()
    assert item["url"] == item["in file"] == project.urls()[0]


def test_explain_tells_who_speaks_in_a_passage_and_in_how_many_segments(project: Project) -> None:
    text = "男：今日はとても暖かい一日ですね。\n女：そうですね、散歩に行きましょう。"
    project.write("data/listening.json", [{"id": 1, "text": text}])
    done = project.run("explain", "1", "--provider", "tones", "--output-format", "json")
    (item,) = json.loads(done.stdout)
    assert item["voices"] == "男=tones/sine 1, 女=tones/other 1"
    assert item["segments"] == "2"


def test_explain_tells_why_there_is_no_clip(project: Project) -> None:
    project.words("")
    done = project.run("explain", "1")
    assert (done.returncode, "reason    the text is empty" in done.stdout) == (0, True)
    assert project.run("explain", "2").returncode == 6


def test_providers_are_listed_and_a_broken_one_does_no_harm(project: Project) -> None:
    done = project.run("providers", "--output-format", "json", PYTHONWARNINGS="ignore")
    rows = {row["provider"]: row for row in json.loads(done.stdout)}
    assert rows["openjtalk"]["state"] == rows["tones"]["state"] == "ready"
    assert rows["broken"]["state"] == "not ready"
    assert "could not be loaded" in rows["broken"]["what to do"]


def test_voices_are_listed_with_their_credits(project: Project) -> None:
    done = project.run("voices")
    assert done.returncode == 0
    assert "mei" in done.stdout
    assert "CC BY 3.0" in " ".join(done.stdout.split())


def test_the_voices_of_auto_are_told_with_whose_they_are(project: Project) -> None:
    nothing = {"TTS_ASSETS_MODELS_FOLDER": str(project.folder / "models")}
    done = project.run("voices", "--provider", "auto", **nothing)
    assert (done.returncode, "mei" in done.stdout) == (0, True)
    assert "note: openjtalk: it is always installed; not piper: " in done.stderr


def test_doctor_is_content_on_a_good_machine_and_says_what_is_missing(project: Project) -> None:
    project.words("犬")
    assert project.run("doctor", PYTHONWARNINGS="ignore").returncode == 0
    sick = project.run(
        "doctor", "-p", "tones", TEST_ENGINE_PROBLEM="fetch it", PYTHONWARNINGS="ignore"
    )
    assert sick.returncode == 1
    assert "fetch it" in sick.stdout
    nowhere = project.run("doctor", "--output", "/proc/x", PYTHONWARNINGS="ignore")
    assert (nowhere.returncode, "cannot write" in nowhere.stdout) == (1, True)


def test_a_reader_that_goes_away_is_no_error_but_141(project: Project) -> None:
    project.words(*[f"語{number}" for number in range(3000)])
    command = project.command("generate", "-p", "tones", "--dry-run", "--output-format", "json")
    # Unbuffered, Python itself takes a write that was cut short for a whole one.
    project.environment.pop("PYTHONUNBUFFERED", None)
    process = subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(30), errors) == (141, b"")


def test_progress_is_a_bar_or_lines_or_nothing(project: Project) -> None:
    project.words("犬", "失敗")
    lines = project.generate("--progress", "lines").stderr
    assert "2 clips to generate with tones/sine, 2 at a time" in lines
    assert "100%: 2/2, 1 failed" in lines
    bar = project.generate("--progress", "bar", "--force", FORCE_COLOR="1").stderr
    assert "2/2" in bar
    assert "\x1b[" in bar
    quiet = project.generate("--progress", "none", "--force").stderr
    assert quiet.splitlines() == [
        "failed: data/vocabulary.json:7: vocabulary 2 word 失敗: the engine was told to fail"
    ]


def test_batch_mode_makes_auto_mean_one(project: Project) -> None:
    project.words("犬", "猫", "鳥")
    done = project.generate("--output-format", "json", TTS_ASSETS_BATCH_MODE="1")
    assert json.loads(done.stdout)["workers"] == 1
    done = project.generate(
        "--output-format", "json", "--force", "-j", "2", TTS_ASSETS_BATCH_MODE="1"
    )
    assert json.loads(done.stdout)["workers"] == 2


def test_a_plug_in_whose_check_raises_is_only_not_ready(project: Project) -> None:
    done = project.run(
        "providers", "--output-format", "json", TEST_ENGINE_PROBLEM="raise", PYTHONWARNINGS="ignore"
    )
    rows = {row["provider"]: row for row in json.loads(done.stdout)}
    assert (done.returncode, rows["tones"]["state"]) == (0, "not ready")


def test_a_screen_that_cannot_show_japanese_gets_escapes(project: Project) -> None:
    project.words("犬")
    done = project.generate("-n", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0, done.stderr
    assert "\\u72ac" in done.stdout


def test_json_has_no_raw_controls_from_data(project: Project) -> None:
    project.write(
        "data/vocabulary.json",
        [{"id": 1, "word": "犬", "audioUrl": "a\u009b31m\u202e\nstate fresh"}],
    )
    done = project.run("explain", "1", "-p", "tones", "--output-format", "json")
    assert not {"\u009b", "\u202e"} & set(done.stdout)
    assert json.loads(done.stdout)[0]["in file"] == "a\u009b31m\u202e\nstate fresh"
    assert "\nstate fresh" not in project.run("explain", "1", "-p", "tones").stdout


def test_explain_names_what_is_wrong_with_an_entry(project: Project) -> None:
    project.write("data/vocabulary.json", [{"id": 1, "word": ["犬"]}, {"id": 2, "word": ""}])
    done = project.run("explain", "1")
    assert (done.returncode, "must be text" in done.stderr) == (2, True)
    (silent,) = json.loads(project.run("explain", "2", "--output-format", "json").stdout)
    assert silent["reason"] == "the text is empty"


def _complete(project: Project, line: str) -> list[str]:
    """What a shell is given for the last word of a line."""
    words = line.split(" ")
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts"), "tts-assets")],
        cwd=project.folder,
        env=project.environment
        | {
            "_TTS_ASSETS_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.split()


def _suggest(line: str) -> list[str]:
    """What the shell's script would print, without the start of a process."""
    *words, last = line.split(" ")[1:]
    completion = BashComplete(get_command(app), {}, "tts-assets", "_TTS_ASSETS_COMPLETE")
    return [each.value for each in completion.get_completions(words, last)]


def test_a_shell_completes_engines_voices_kinds_models_schemas_and_ids(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    project.write(
        "data/vocabulary.json", [{"id": "n5-1", "word": "犬"}, {"id": "n4-1", "word": "猫"}]
    )
    assert _complete(project, "tts-assets generate --provider k") == ["kokoro"]
    assert _complete(project, "tts-assets explain n5") == ["n5-1"]
    assert "auto" in _suggest("tts-assets generate --provider a")
    assert _suggest("tts-assets speak x --voice mei-l") == ["mei-low"]
    assert _suggest("tts-assets generate --type vo") == ["vocabulary"]
    assert _suggest("tts-assets generate --format o") == ["opus", "ogg"]
    assert _suggest("tts-assets generate --only re") == ["rejected"]
    assert "kokoro-v1.0" in _suggest("tts-assets models fetch kok")
    assert _suggest("tts-assets schema conf") == ["configuration"]
    project.write("data/vocabulary.json", "no list")
    assert _suggest("tts-assets explain n5") == []


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_help_shows_every_option_whole_at_any_width(project: Project, columns: str) -> None:
    shown = project.run("generate", "--help", COLUMNS=columns).stdout
    for option in ("--on-engine-change", "--accept-doubtful", "--concurrency", "--dry-run"):
        assert option in shown
    assert "tts-assets generate --dry-run" in shown
    assert "<bool>" not in shown
    lines = [line for line in shown.splitlines() if not line.startswith("tts-assets")]
    assert max(map(len, lines)) <= int(columns)


def test_the_commands_are_in_the_order_of_a_user_s_work(project: Project) -> None:
    shown = project.run("--help", COLUMNS="100").stdout
    panels = ["Start", "Quality", "Setup", "Housekeeping", "Also"]
    places = [shown.index(f"─ {panel} ─") for panel in panels]
    assert places == sorted(places)
    assert shown.index(" init ") < shown.index(" generate ") < shown.index(" status ")
    assert "<bool>" not in shown
    assert project.run("-V").stdout.startswith("tts-assets ")


def test_quiet_prints_errors_only_and_verbose_every_clip(project: Project) -> None:
    project.words("犬", "失敗")
    done = project.generate("--quiet")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "failed: data/vocabulary.json:6: vocabulary 2 word 失敗: the engine was told to fail"
    ]
    for command in ("check", "lint"):
        assert (project.run(command, "-q").stdout, project.run(command, "-q").stderr) == ("", "")
    project.words("犬", "猫")
    done = project.generate("-v", "--progress", "none")
    assert "generated data/vocabulary.json: vocabulary 2 word 猫, " in done.stderr


def test_the_formats_that_help_lists_are_those_of_the_settings() -> None:
    assert tuple(OutputFormat) == typer_apps.ALL_FORMATS
