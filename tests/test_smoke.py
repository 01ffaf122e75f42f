"""Every benchmark and campaign runs: each as a process of its own, for seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

#: What each prints, whatever it measures.
SCRIPTS = {
    "benchmarks/bucket_speed.py": "the time of obstore alone",
    "benchmarks/check_scale.py": "generate, with audio",
    "benchmarks/cluster_overhead.py": "100 clips",
    "benchmarks/engine_scaling.py": "clips/s",
    "benchmarks/guard_cost.py": "us a word",
    "benchmarks/joining.py": "peak MiB",
    "benchmarks/long_text.py": "bytes equal",
    "benchmarks/neural_speed.py": "assets at 1 workers: identical",
    "benchmarks/pool_overhead.py": "ratio",
    "benchmarks/service_overhead.py": "ours / bare",
    "campaigns/accents.py": "jf_alpha words",
    "campaigns/cluster.py": "0 of them stored",
    "campaigns/heard_accents.py": "wrong accents found",
    "campaigns/long_recording.py": "exit code 0",
    "campaigns/passages.py": "0 faults",
    "campaigns/pitch.py": "3 of 3 words",
    "campaigns/plan_memory.py": "0 differ",
    "campaigns/real_models.py": "2 workers: the same bytes",
    "campaigns/services.py": "alone",
    "campaigns/stops.py": "yes",
}


_WORDS = [
    ("橋", "はし", "2"),
    ("箸", "はし", "1"),
    ("食べ物", "たべもの", "2,3"),
    ("学校", "がっこう", "0"),
    ("猫", "ねこ", "0"),
]
#: The last line differs from what the dictionary says, as that of a misread sentence does.
_SENTENCES = [
    ("わたしは学生です。", "わたしはがくせいです"),
    ("本を読みました。", "hon wo yomimashita"),
    ("花が咲きます。", "はながちります"),
]


def _run_script(script: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / script), *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110
    )


@pytest.mark.parametrize(("script", "printed"), SCRIPTS.items(), ids=list(SCRIPTS))
def test_a_script_runs(script: str, printed: str) -> None:
    done = _run_script(script, "--smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    assert printed in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="its faults are those of Linux")
def test_a_few_faults_do_no_harm() -> None:
    done = _run_script("campaigns/faults.py", "--smoke", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 times harm, " in done.stdout.splitlines()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="its faults are those of Linux")
def test_the_table_has_sixty_kinds_of_faults_with_names_of_their_own() -> None:
    done = _run_script("campaigns/faults.py", "--list")
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert len(set(names)) == len(names) >= 60


@pytest.mark.skipif(sys.platform != "linux", reason="its faults are those of Linux")
def test_a_name_that_no_fault_has_is_refused() -> None:
    done = _run_script("campaigns/faults.py", "--only", "nonsense")
    assert (done.returncode, "--list" in done.stderr) == (1, True)


def test_no_half_is_taken_for_whole_and_no_whole_sound_for_a_half() -> None:
    done = _run_script("campaigns/halves.py", "--smoke")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "| all | 52 | 100.0% | 100.0% | 28 | 0 of 78 |"


def test_few_clips_give_a_false_alarm_and_loud_puffs_are_found() -> None:
    done = _run_script("campaigns/false_alarms.py", "--smoke")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[1] == "  known: 0 false alarms in 80 clips"
    (puffs,) = {line.partition("-30:")[2] for line in lines if line.startswith("  puffs by level")}
    assert puffs == " 100% of 7; -25: 100% of 7; -20: 100% of 7; -12: 100% of 7"


def test_two_runs_of_the_same_code_leave_the_same() -> None:
    done = _run_script("campaigns/golden.py", "--smoke")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    recorded, compared = done.stdout.splitlines()
    assert compared == f"{recorded}, 0 differences"


def test_each_table_counts_what_is_right_and_wrong(tmp_path: Path) -> None:
    words = [{"id": word, "word": word, "reading": kana} for word, kana, _ in _WORDS]
    examples = [{"japanese": text, "reading": line} for text, line in _SENTENCES]
    (tmp_path / "vocabulary.json").write_text(json.dumps(words), encoding="utf-8")
    grammar = [{"id": 1, "title": "x", "examples": examples}]
    (tmp_path / "grammar.json").write_text(json.dumps(grammar), encoding="utf-8")
    accents = tmp_path / "accents.txt"
    lines = ["\t".join(row) for row in _WORDS]
    accents.write_text("\n".join(lines), encoding="utf-8")
    options = ("--accents", str(accents), "--smoke", "--list")
    done = _run_script("campaigns/japanese.py", str(tmp_path), *options)
    assert (done.returncode, done.stderr) == (1, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "readings 5 words with a reading: 0 wrong (spelling 5)" in lines
    assert "accents 5 words listed: 4 of 5 (80.0%) right (spelling 4 of 5 (80.0%))" in lines
    assert "spelling 猫: ネコ1, listed [0]" in lines
    assert any(line.startswith("sentences 3 with their line hidden: 1 misread") for line in lines)
    assert "spaced 2 sentences: 0 misread" in lines
    assert "pitch 4 words of openjtalk/mei: 4 of 4 (100.0%) right" in lines
