"""`verify` as a command: its formats, its files, its exit codes, and the words that it says."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # has no types

from tests.conftest import Project
from tests.quality.conftest import SOUND, MadeClips, _made_once, made
from tests.quality.ears import Deaf
from tts_assets import Settings
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output import published_schemas
from tts_assets.cli.output.ci_output import to_verify_data
from tts_assets.cli.verify_command import run_verify
from tts_assets.config.command_options import Sample, TranscribeSettings, VerifySettings
from tts_assets.config.load_settings import load
from tts_assets.config.settings import OutputFormat, Progress
from tts_assets.engines.asr import recognizer_protocol
from tts_assets.errors import UsageError

__all__ = ["_made_once", "made"]
Told = pytest.CaptureFixture[str]
QUIET = Settings(sound=SOUND, progress=Progress.NONE)


def _run(output_format: OutputFormat = OutputFormat.TEXT, **changes: object) -> ExitCode:
    settings = replace(QUIET, output_format=output_format, **changes)  # type: ignore[arg-type]
    return run_verify(settings, report=None)


@pytest.mark.usefixtures("made")
def test_all_that_is_right_is_told_in_figures(capsys: Told) -> None:
    assert _run() is ExitCode.OK
    out, err = capsys.readouterr()
    checked, wrong = out.splitlines()
    assert checked.startswith("checked   3 assets of 1 catalogue in ")
    assert (wrong, err) == ("wrong     0 assets", "")


def test_what_is_wrong_is_told_with_its_place_and_what_to_do(made: MadeClips, capsys: Told) -> None:
    made.file("school").unlink()
    made.file("cat").write_bytes(b"")
    assert _run() is ExitCode.FINDINGS
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("wrong     2 assets: ")
    gone = next(line for line in lines if "missing" in line)
    assert gone == (
        "data/vocabulary.json:8: error: missing: vocabulary school word 学校 -> "
        f"{made.asset('school')} (its file is missing; `tts-assets generate "
        "data/vocabulary.json --id school` makes it)"
    )
    damaged = next(line for line in lines if "damaged" in line)
    assert damaged.startswith("data/vocabulary.json:2: error: damaged: vocabulary cat word 猫 -> ")
    assert damaged.endswith(
        "(its file is empty; recognized in 1 more clip; restore the generated file, or "
        "`tts-assets generate data/vocabulary.json --id cat --force`)"
    )


def test_what_cannot_be_read_is_not_to_be_listened_to(made: MadeClips, capsys: Told) -> None:
    made.file("cat").unlink()
    made.file("cat").mkdir()
    assert _run() is ExitCode.FINDINGS
    line = capsys.readouterr().out.splitlines()[0]
    assert "its path is not a file" in line
    assert "restore the generated file, or `tts-assets generate data/vocabulary.json" in line
    assert "listen" not in line


def test_a_name_of_nothing_is_not_to_be_made(made: MadeClips, capsys: Told) -> None:
    made.file("cat").unlink()
    with pytest.raises(UsageError, match=r"none\.mp3: there is no such file or folder"):
        _run(paths=("none.mp3",))
    assert _run(paths=(str(made.file("cat")),)) is ExitCode.FINDINGS
    known = capsys.readouterr().out.splitlines()[0]
    assert known.endswith("its file is missing; `tts-assets generate` makes it")


def test_a_recording_of_somebodys_is_a_warning(made: MadeClips, capsys: Told) -> None:
    made.file("cat").with_name("mine.wav").write_bytes(b"RIFF")
    assert _run() is ExitCode.FINDINGS
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("vocabulary/mine.wav: warning: ")
    assert "it is a recording" in first


def test_an_id_cannot_write_a_command(made: MadeClips, capsys: Told) -> None:
    entries = json.loads(Path("data/vocabulary.json").read_bytes())
    entries[1]["id"] = "$(reboot) '##[error]<b>&|]]>"
    Path("data/vocabulary.json").write_text(json.dumps(entries), encoding="utf-8")
    made.file(entries[1]["id"]).unlink()
    for output_format in OutputFormat:
        assert _run(output_format) is ExitCode.FINDINGS
        out = capsys.readouterr().out
        assert "##[error]" not in out
        if output_format is OutputFormat.TEXT:
            assert """--id '$(reboot) '"'"'""" in out


@pytest.mark.parametrize("output_format", [OutputFormat.JSON, OutputFormat.JSONL])
def test_programs_are_told_what_the_schema_says(
    made: MadeClips, output_format: OutputFormat, capsys: Told
) -> None:
    made.file("school").unlink()
    made.file("cat").with_name("mine.wav").write_bytes(b"RIFF")
    assert _run(output_format) is ExitCode.FINDINGS
    told = json.loads(capsys.readouterr().out)
    if output_format is OutputFormat.JSONL:
        assert told.pop("event") == "verdicts"
    Draft202012Validator(published_schemas.build_schema("verdicts")).validate(told)
    assert (told["wrong"], told["checked"], told["foreign"]) == (True, 3, 1)
    foreign, gone = sorted(told["verdicts"], key=lambda each: each["ours"])
    assert (foreign["ours"], foreign["clips"]) == (False, [])
    assert gone["clips"] == [
        {
            "file": "data/vocabulary.json",
            "line": 8,
            "kind": "vocabulary",
            "entry": "school",
            "part": "word",
        }
    ]
    assert gone["findings"] == [
        {
            "rule": "missing",
            "measured": "no file",
            "limit": "a file",
            "message": "its file is missing",
        }
    ]


def test_a_workflow_gets_annotations_and_a_summary(
    made: MadeClips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    made.file("school").unlink()
    assert _run(OutputFormat.GITHUB) is ExitCode.FINDINGS
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("::error file=data/vocabulary.json,line=8,title=missing::vocabulary ")
    summary = (tmp_path / "summary").read_text("utf-8")
    assert summary.startswith("### tts-assets verify\n")
    assert "| missing |" in summary


def test_the_report_is_written_as_files(made: MadeClips, tmp_path: Path, capsys: Told) -> None:
    made.file("school").unlink()
    folder = tmp_path / "report"
    assert run_verify(QUIET, report=str(folder)) is ExitCode.FINDINGS
    capsys.readouterr()
    told = json.loads((folder / "report.json").read_bytes())
    assert [each["text"] for each in told["verdicts"]] == ["学校"]
    root = ET.parse(folder / "junit.xml").getroot()
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == ("2", "1", "0")
    assert (folder / "summary.md").read_text("utf-8").startswith("### tts-assets verify\n")


@pytest.mark.usefixtures("made")
def test_nothing_chosen_has_an_exit_code_of_its_own(capsys: Told) -> None:
    assert _run(ids=("dog",)) is ExitCode.NOTHING
    assert "error: no id matches --id 'dog'" in capsys.readouterr().err


def test_what_cannot_be_read_is_worse_than_what_sounds_wrong(made: MadeClips, capsys: Told) -> None:
    made.file("school").unlink()
    Path("data/grammar.json").write_text("[{", encoding="utf-8")
    assert _run() is ExitCode.USAGE
    out = capsys.readouterr().out
    assert out.startswith("data/grammar.json:1: error: ")
    assert "errors    1 in the catalogues" in out


def test_a_missing_model_is_fatal_when_all_else_is_told(
    made: MadeClips, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    monkeypatch.setitem(
        recognizer_protocol._BUILT_IN, Deaf.name, f"{Deaf.__module__}:{Deaf.__name__}"
    )
    made.file("school").unlink()
    code = _run(
        verify=VerifySettings(sample=Sample(count=1)),
        transcribe=TranscribeSettings(recognizer="deaf"),
    )
    out, err = capsys.readouterr()
    assert code is ExitCode.FATAL
    assert err == "error: deaf: its model is not here: fetch it\n"
    assert "missing" in out
    assert out.endswith(
        "unheard   recognition failed: correct the error, then verify the sample again\n"
    )


@pytest.mark.parametrize(
    ("written", "sample"),
    [
        ("2%", Sample(percent=2)),
        ("0.5%", Sample(percent=0.5)),
        ("100%", Sample(percent=100)),
        ("50", Sample(count=50)),
        ("none", None),
    ],
)
def test_a_sample_is_a_share_or_a_number(
    tmp_path: Path, written: str, sample: Sample | None
) -> None:
    settings = load(flags={"verify.sample": written}, environment={}, folder=tmp_path)
    assert settings.verify.sample == sample


@pytest.mark.parametrize("written", ["0", "0%", "101%", "-1", "2 %", "half", "1.5", "%"])
def test_another_sample_is_refused_by_name(tmp_path: Path, written: str) -> None:
    with pytest.raises(Exception, match=r"--sample is .* must be .*a share"):
        load(flags={"verify.sample": written}, environment={}, folder=tmp_path)


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    (tmp_path / "tts-assets.toml").write_text("[verify]\nsample = 7\nseed = 3\ncer = 0.5\n")
    environment = {"TTS_ASSETS_VERIFY_SEED": "4", "TTS_ASSETS_VERIFY_CER": "0.25"}
    settings = load(flags={"verify.cer": "0.1"}, environment=environment, folder=tmp_path)
    assert settings.verify == VerifySettings(sample=Sample(count=7), seed=4, cer=0.1)


def test_data_for_programs_keep_to_the_schema_without_anything(made: MadeClips) -> None:
    told = to_verify_data(made.look())
    Draft202012Validator(published_schemas.build_schema("verdicts")).validate(told)
    assert (told["wrong"], told["error_rate"], told["fatal"]) == (False, None, None)


def test_the_command_line_reaches_all_of_it(made: MadeClips, project: Project) -> None:
    made.file("school").write_bytes(b"")
    project.folder = made.folder
    done = project.run(
        *("verify", "data", "--format", "wav", "--type", "vocabulary", "--id", "school"),
        *("-j", "2", "--progress", "none", "--output-format", "json", "--report", "report"),
        *("--sample", "100%", "--seed", "1", "--cer", "0.2", "--model", "no-such-folder"),
    )
    assert done.returncode == ExitCode.FATAL, done.stderr
    told = json.loads(done.stdout)
    assert [each["asset"] for each in told["verdicts"]] == [made.asset("school")]
    assert "no-such-folder" in told["fatal"]
    assert json.loads(Path("report/report.json").read_bytes()) == told
