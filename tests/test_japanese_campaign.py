"""The campaign of readings, accents, sentences and pitch: a few of each, in a catalogue of its own."""

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

WORDS = [
    ("橋", "はし", "2"),
    ("箸", "はし", "1"),
    ("食べ物", "たべもの", "2,3"),
    ("学校", "がっこう", "0"),
    ("猫", "ねこ", "0"),
]
#: The last line differs from what the dictionary says, as that of a misread sentence does.
SENTENCES = [
    ("わたしは学生です。", "わたしはがくせいです"),
    ("本を読みました。", "hon wo yomimashita"),
    ("花が咲きます。", "はながちります"),
]


def test_each_table_counts_what_is_right_and_wrong(tmp_path: Path) -> None:
    words = [{"id": word, "word": word, "reading": kana} for word, kana, _ in WORDS]
    examples = [{"japanese": text, "reading": line} for text, line in SENTENCES]
    (tmp_path / "vocabulary.json").write_text(json.dumps(words), encoding="utf-8")
    grammar = [{"id": 1, "title": "x", "examples": examples}]
    (tmp_path / "grammar.json").write_text(json.dumps(grammar), encoding="utf-8")
    accents = tmp_path / "accents.txt"
    lines = ["\t".join(row) for row in WORDS]
    accents.write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, str(ROOT / "campaigns/japanese.py"), str(tmp_path)]
    done = subprocess.run(
        [*command, "--accents", str(accents), "--smoke", "--list"],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert (done.returncode, done.stderr) == (1, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "readings 5 words with a reading: 0 wrong (spelling 5)" in lines
    assert "accents 5 words listed: 4 of 5 (80.0%) right (spelling 4 of 5 (80.0%))" in lines
    assert "spelling 猫: ネコ1, listed [0]" in lines
    assert any(line.startswith("sentences 3 with their line hidden: 1 misread") for line in lines)
    assert "spaced 2 sentences: 0 misread" in lines
    assert "pitch 4 words of openjtalk/mei: 4 of 4 (100.0%) right" in lines
