"""`review apply`, `check --require-approved` and `generate --only rejected` as people type them."""

import json
import os
import shutil
import signal
import subprocess
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from tests.conftest import Project
from tests.test_git_merge import GIT
from tts_assets.store import decisions, ledger, segment_cache
from tts_assets.store.atomic_files import Storage, sha256
from tts_assets.store.ledger_line import LEDGER_NAME

WORDS = ("犬", "猫", "鳥", "魚")
ENGINE = {"TTS_ASSETS_PROVIDER": "tones"}


@pytest.fixture
def made(project: Project) -> Project:
    """A project of four words that were made, with an engine that wanders beside."""
    info = next((project.folder.parent / "plug-ins").rglob("entry_points.txt"))
    info.write_text(f"{info.read_text()}wandering = tests.wandering:Wandering\n")
    project.environment |= ENGINE
    project.words(*WORDS)
    project.generate()
    return project


def _lines(project: Project) -> dict[str, dict[str, Any]]:
    """The line of each text; of several that of the asset to which the catalogue refers."""
    lines = map(json.loads, (project.folder / "audio/ledger.jsonl").read_bytes().splitlines())
    catalogue = (project.folder / "data/vocabulary.json").read_text(encoding="utf-8")
    return {line["text"]: line for line in sorted(lines, key=lambda it: it["asset"] in catalogue)}


def _reviews(project: Project) -> dict[str, str]:
    return {
        text: line["review"]["decided"]
        for text, line in _lines(project).items()
        if "review" in line
    }


def _decision(project: Project, text: str, decided: str, hour: int = 12, **more: str) -> Any:
    line = _lines(project)[text]
    return {
        "asset": line["asset"], "sha256": line["sha256"], "decided": decided,
        "at": f"2026-11-22T{hour:02}:00:00.000Z", "by": "somebody", "reason": "",
        "clips": [{"file": "data/vocabulary.json", "entry": text, "part": "word"}],
    } | more  # fmt: skip


def _save(project: Project, *made: Any, name: str = "decisions.json") -> str:
    """The file that the page gives its reader."""
    data = json.dumps({"version": 1, "decisions": made}, ensure_ascii=False)
    (project.folder / name).write_text(data, encoding="utf-8")
    return name


def test_a_file_without_one_decision_is_not_applied_silently(made: Project) -> None:
    listed = json.dumps([_decision(made, "犬", "rejected")])
    (made.folder / "listed.json").write_text(listed, encoding="utf-8")
    done = made.run("review", "apply", "listed.json")
    assert done.returncode == 2
    assert done.stderr.startswith("error: listed.json:1: its only line is not a decision: give ")


def _apply(project: Project, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return project.run("review", "apply", *words, **environment)


def test_what_the_page_saved_is_taken_into_the_journal_and_the_ledger(made: Project) -> None:
    before = _lines(made)
    file = _save(
        made, _decision(made, "犬", "approved"), _decision(made, "猫", "rejected", reason="低い")
    )
    done = _apply(made, file)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "read      2 decisions, 2 new\napplied   2 decisions: 1 approved, 1 rejected, 0 undecided\n"
    )
    now = _lines(made)
    assert now["猫"].pop("review") == {
        "decided": "rejected", "at": "2026-11-22T12:00:00.000Z", "by": "somebody", "reason": "低い"
    }  # fmt: skip
    assert now["犬"].pop("review")["decided"] == "approved"
    assert now == before
    assert b"decisions.jsonl merge=union\n" in made.assets()[".gitattributes"]
    # Once more, from the file and from the journal, nothing changes.
    whole = made.assets()
    for words in ((file,), (), ("audio/decisions.jsonl",)):
        done = _apply(made, *words)
        assert done.returncode == 0, done.stderr
        assert "0 new" in done.stdout
        assert "known     2 decisions" in done.stdout
    assert made.assets() == whole


def test_programs_are_told_what_became_of_decisions(made: Project) -> None:
    gone = _decision(made, "鳥", "rejected") | {"sha256": "0" * 64}
    file = _save(made, _decision(made, "犬", "approved"), gone)
    done = _apply(made, file, "--output-format", "json")
    assert done.returncode == 1, done.stderr
    clips = gone.pop("clips")
    assert clips
    assert json.loads(done.stdout) == {
        "journal": "audio/decisions.jsonl", "read": 2, "new": 2, "applied": 1, "approved": 1,
        "rejected": 0, "undecided": 0, "known": 0, "stale": [gone],
        "takes": {"approved": 0, "rejected": 0, "undecided": 0},
    }  # fmt: skip


def test_a_decision_on_a_sound_that_is_not_there_any_more_is_told(made: Project) -> None:
    hostile = "::error::\x1b[31m\u202e"
    gone = _decision(made, "鳥", "rejected", by=hostile) | {"sha256": "0" * 64}
    before = made.assets()["ledger.jsonl"]
    done = _apply(made, _save(made, gone))
    assert done.returncode == 1
    assert "stale     1 decision on audio that no longer exists; listen to" in done.stdout
    assert f"stale: {gone['asset']}: rejected by" in done.stderr
    assert not {"\x1b", "\u202e"} & {*done.stderr}
    assert made.assets()["ledger.jsonl"] == before
    # In a journal it is history: clips are made again.
    assert _apply(made).returncode == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ('{"version":1,"decisions":[{"asset":"../x.mp3"}]}', "bad.json: decision 1: "),
        (
            '{"version":9,"decisions":[]}',
            "bad.json: it was saved by the page of another tts-assets",
        ),
        ('{"asset":1}\n{"asset":2}\n', "bad.json:1: this line is not a decision"),
        ("<html>", "bad.json: the page did not save this"),
        (None, "bad.json: cannot be read"),
    ],
)
def test_bad_input_changes_nothing(made: Project, data: str | None, words: str) -> None:
    good = _save(made, _decision(made, "犬", "approved"))
    if data is not None:
        (made.folder / "bad.json").write_text(data)
    before = made.assets()
    done = _apply(made, good, "bad.json")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {words}")
    assert made.assets() == before


def test_without_a_file_or_a_journal_it_is_told_what_to_give(made: Project) -> None:
    done = _apply(made)
    assert done.returncode == 2
    assert "no journal of decisions: give --output, or the file" in done.stderr
    done = _apply(made, "--output", "nowhere", _save(made))
    assert done.returncode == 2
    assert "no such output folder" in done.stderr
    assert not (made.folder / "nowhere").exists()


def test_an_apply_that_was_killed_behind_the_journal_goes_on_where_it_ended(made: Project) -> None:
    file = _save(made, _decision(made, "犬", "approved"))
    store = Storage(made.folder / "audio")
    with store.lock(lambda: None):
        started = subprocess.Popen(
            made.command("review", "apply", file),
            cwd=made.folder,
            env=made.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        # It says so when it waits for the run that holds the folder.
        assert started.stderr is not None
        assert "waiting" in started.stderr.readline()
        started.send_signal(signal.SIGKILL)
        started.communicate()
    assert len(decisions.read_journal(store.root)) == 1
    assert _reviews(made) == {}
    done = _apply(made)
    assert done.returncode == 0, done.stderr
    assert "applied   1 decision: 1 approved" in done.stdout
    assert _reviews(made) == {"犬": "approved"}


def test_what_was_taken_back_since_is_not_brought_back_by_an_older_file(made: Project) -> None:
    old = _save(made, _decision(made, "犬", "approved", 9), name="old.json")
    undone = _decision(made, "犬", "undecided", 10)
    _apply(made, _save(made, _decision(made, "犬", "approved", 9), undone))
    assert _reviews(made) == {"犬": "undecided"}
    # As it is made again, the ledger forgets it, and the journal does not.
    path = made.folder / "audio" / LEDGER_NAME
    path.write_bytes(b"".join(map(_forgetful, path.read_bytes().splitlines())))
    decisions.append_decisions(path.parent, [_sound(_decision(made, "猫", "rejected"))])
    done = _apply(made, old)
    assert (done.returncode, _reviews(made)) == (0, {"犬": "undecided"})
    # Of other sounds nothing is brought back by it.
    assert "applied   1 decision: 0 approved, 0 rejected, 1 undecided" in done.stdout
    assert _apply(made).returncode == 0
    assert _reviews(made) == {"犬": "undecided", "猫": "rejected"}


def _forgetful(line: bytes) -> bytes:
    """A line without what was decided."""
    found = json.loads(line)
    found.pop("review", None)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _sound(made: Any) -> decisions.SoundDecision:
    return msgspec.convert(made, decisions.SoundDecision)


# What other commands make of it.


def _decided(project: Project) -> None:
    """A rejected clip, two that are approved, and one on which nothing was decided."""
    told = (("犬", "approved", ""), ("猫", "rejected", "the accent"), ("鳥", "approved", ""))
    made = (_decision(project, text, decided, reason=reason) for text, decided, reason in told)
    assert _apply(project, _save(project, *made)).returncode == 0


def test_status_and_check_tell_what_was_rejected_and_why(made: Project) -> None:
    done = made.run("status")
    assert "decided" not in done.stdout
    _decided(made)
    for command, code in (("status", 0), ("check", 1)):
        done = made.run(command)
        assert done.returncode == code, done.stderr
        assert "data/vocabulary.json:7: rejected: vocabulary 2 word 猫" in done.stdout
        assert "(rejected by somebody: the accent)" in done.stdout
        assert "to make   1 clip: 1 rejected" in done.stdout
        assert "decided   2 approved, 1 rejected, 1 undecided" in done.stdout
        assert "approval" not in done.stdout


def _machine(project: Project, output_format: str, **environment: str) -> str:
    done = project.run(
        "check", "--require-approved", "--output-format", output_format, **environment
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


def test_check_requires_approval_in_every_format(made: Project) -> None:
    _decided(made)
    told = _machine(made, "text")
    line = json.loads(_machine(made, "json"))["unapproved"][0]["line"]
    assert f"data/vocabulary.json:{line}: unapproved: vocabulary 4 word 魚 -> " in told
    assert "(not approved yet)" in told
    assert "approval  1 clip not approved" in told
    for output_format in ("json", "jsonl"):
        found = json.loads(_machine(made, output_format))
        assert found["decisions"] == {"approved": 2, "rejected": 1, "undecided": 1}
        (lacking,) = found["unapproved"]
        assert (lacking["entry"], lacking["state"], lacking["file"]) == (
            "4", "fresh", "data/vocabulary.json"
        )  # fmt: skip
        assert [each["state"] for each in found["planned"]] == ["rejected"]
    summary = made.folder / "summary.md"
    told = _machine(made, "github", GITHUB_STEP_SUMMARY=str(summary))
    assert f"::warning file=data/vocabulary.json,line={line},title=unapproved::" in told
    assert "unapproved" in summary.read_text(encoding="utf-8")
    suites = ET.fromstring(_machine(made, "junit"))
    failures = {each.get("type"): each for each in suites.iter("failure")}
    assert failures.keys() == {"rejected", "unapproved"}
    made.run("check", "--require-approved", "--report", "report")
    report = json.loads((made.folder / "report/report.json").read_bytes())
    assert len(report["unapproved"]) == 1
    # What was not asked for is not told.
    done = made.run("check", "--output-format", "json")
    assert json.loads(done.stdout)["unapproved"] is None


def test_check_is_content_when_all_is_approved_even_without_audio(made: Project) -> None:
    file = _save(made, *(_decision(made, text, "approved") for text in WORDS))
    done = made.run("check", "--require-approved")
    assert (done.returncode, "approval  4 clips" in done.stdout) == (1, True)
    _apply(made, file)
    assert made.run("check", "--require-approved").returncode == 0
    # As in a checkout that has the ledger alone.
    shutil.rmtree(made.folder / "audio/vocabulary")
    (made.folder / "audio/decisions.jsonl").unlink()
    done = made.run("check", "--require-approved")
    assert done.returncode == 0, done.stdout
    assert "decided   4 approved, 0 rejected, 0 undecided" in done.stdout
    assert "the ledger alone" in done.stdout


def test_a_rejected_clip_is_made_again_only_where_that_makes_a_difference(made: Project) -> None:
    _decided(made)
    whole = made.assets()
    done = made.run("generate")
    assert done.returncode == 0, done.stderr
    assert (
        "note: 1 rejected clip was not regenerated, because this voice would produce the"
        in done.stderr
    )
    assert "everything is up to date" not in done.stdout
    assert made.assets() == whole
    done = made.run("generate", "--only", "rejected")
    assert done.returncode == 0, done.stderr
    assert (
        "note: 1 clip was regenerated with exactly the rejected audio and is still rejected: "
        "set another reading, accent or voice in the entry or in an override"
    ) in done.stderr
    assert "generated 1 clip" in done.stdout
    assert made.assets() == whole
    dry = made.run("generate", "--only", "rejected", "--dry-run")
    assert "rejected: vocabulary 2 word 猫" in dry.stdout


def test_a_voice_that_wanders_makes_another_sound_which_is_undecided(made: Project) -> None:
    made.environment |= {"TTS_ASSETS_PROVIDER": "wandering", "TEST_ENGINE_TAKE": "1"}
    made.run("generate")
    _decided(made)
    before = _lines(made)
    audio = made.folder / "audio"
    old = (audio / before["猫"]["asset"]).read_bytes()
    done = made.run("generate", TEST_ENGINE_TAKE="2")
    assert done.returncode == 0, done.stderr
    assert "generated 1 clip" in done.stdout
    assert _reviews(made) == {"犬": "approved", "鳥": "approved"}
    now = _lines(made)["猫"]
    assert now["sha256"] == sha256(audio / now["asset"]) != sha256(old)
    place = segment_cache.rejected_audio_dir_for(str(made.folder / ".temp-audio"), str(audio))
    kept = segment_cache.find_rejected_audio(place, sha256(old))
    assert kept is not None
    assert kept.read_bytes() == old
    assert made.run("check").returncode == 0
    # When the new one is approved, the old one need not be kept.
    _apply(made, _save(made, _decision(made, "猫", "approved", 13)))
    assert not place.exists()
    # Of what the journal has of the old one nothing is to be done.
    done = _apply(made)
    assert (done.returncode, "stale     1 decision" in done.stdout) == (0, True)


class Branches:
    """A project under git."""

    def __init__(self, project: Project) -> None:
        self._project = project
        (project.folder / ".gitignore").write_text("decisions.json\n")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit()

    def git(self, *words: str) -> None:
        subprocess.run(
            ["git", *words],
            cwd=self._project.folder,
            env=os.environ | GIT,
            capture_output=True,
            check=True,
        )

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "decided")

    def decide(self, *made: Any) -> None:
        assert _apply(self._project, _save(self._project, *made)).returncode == 0
        self.commit()


@pytest.mark.parametrize("template", ["{kind}/{recipe}.{ext}", "{kind}/{id}-{part}.{ext}"])
def test_two_branches_that_decide_differently_merge_to_the_later_decisions(
    project: Project, template: str
) -> None:
    project.environment |= ENGINE
    project.environment["TTS_ASSETS_ASSET"] = template
    project.words(*WORDS)
    project.run("generate")
    branches = Branches(project)
    branches.decide(_decision(project, "魚", "approved", 8))
    branches.git("checkout", "--quiet", "-b", "theirs")
    branches.decide(
        _decision(project, "犬", "approved", 9),
        _decision(project, "猫", "rejected", 14, reason="theirs"),
        _decision(project, "魚", "undecided", 9),
    )
    branches.git("checkout", "--quiet", "main")
    branches.decide(
        _decision(project, "犬", "rejected", 13),
        _decision(project, "猫", "approved", 9),
        _decision(project, "鳥", "approved", 9),
    )
    branches.git("merge", "--quiet", "--no-edit", "theirs")
    # As it was merged, when it was made tidy, and when the journal of both was applied.
    for words in (("status",), ("generate", "--only", "new"), ("review", "apply")):
        done = project.run(*words)
        assert done.returncode == 0, done.stderr
        standing = json.loads(project.run("status", "--output-format", "json").stdout)
        assert standing["decisions"] == {"approved": 1, "rejected": 2, "undecided": 1}, words
        assert {each["text"] for each in standing["planned"]} == {"犬", "猫"}
    assert _reviews(project) == {
        "犬": "rejected", "猫": "rejected", "鳥": "approved", "魚": "undecided"
    }  # fmt: skip
    assert len(decisions.read_journal(project.folder / "audio")) == 7
    assert project.run("check").returncode == 1
    path = project.folder / "audio" / LEDGER_NAME
    assert ledger.read_ledger(path.read_bytes(), file=str(path)).tidy
