"""A project of a few words, a sentence and a dialogue that OpenJTalk has said, for every test a copy."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio
import msgspec
import pytest

from tests.review.serving import Served, serving
from tts_assets import Settings, generate_sync
from tts_assets.review.row_builder import load_rows
from tts_assets.store import ledger
from tts_assets.store.ledger_line import LEDGER_NAME, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.review.review_rows import ReviewRow, ReviewRows

#: Somebody's hands are on them; and two entries say the same, and have one asset.
HOSTILE = "<img src=x onerror=alert(1)>"
WORDS = [
    {"id": "bridge", "word": "橋", "reading": "はし", "accent": 2, "level": "N5"},
    {"id": "cat", "word": "猫", "reading": "ねこ", "tags": ["animal", "jlpt-n4"]},
    {"id": "again", "word": "猫", "reading": "ねこ", "jlpt": 3},
    {"id": HOSTILE, "word": "学校</script>\u202e", "reading": "がっこう"},
    {"id": "tired", "word": "疲れていて、何もしたくなかった。", "sentence": True},
]
DIALOGUE = [{"id": 1, "title": "道", "level": "N2", "text": "男：すみません。\n女：はい、どうぞ。"}]


class Shown(NamedTuple):
    """A project whose clips are made; the working folder is there."""

    folder: Path
    settings: Settings

    def rows(self, **changes: Any) -> ReviewRows:
        """What a reviewer is shown, with these settings."""
        return anyio.run(partial(load_rows, replace(self.settings, **changes)))

    def row(self, entry: str) -> ReviewRow:
        """The row of an entry's first clip."""
        return next(row for row in self.rows().clips if row.uses[0].entry == entry)

    def change_line(self, asset: str, **changes: Any) -> None:
        """Have the ledger say something else of an asset."""
        path = Path("audio", LEDGER_NAME)
        lines = [
            msgspec.structs.replace(line, **changes) if line.asset == asset else line
            for line in ledger.whole_lines(path.read_bytes())
        ]
        path.write_bytes(b"".join(map(encode, lines)))


@pytest.fixture(scope="session")
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "data").mkdir()
    for name, entries in (("vocabulary", WORDS), ("listening", DIALOGUE)):
        text = json.dumps(entries, ensure_ascii=False, indent=1)
        (folder / f"data/{name}.json").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        report = generate_sync(Settings(concurrency=1))
    assert report.made == len(WORDS)
    return folder


@pytest.fixture
def shown(_made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """The project, in a folder of its own that is the working folder."""
    folder = tmp_path / "shown"
    shutil.copytree(_made_once, folder)
    monkeypatch.chdir(folder)
    return Shown(folder, Settings())


@pytest.fixture(scope="session")
def served_folder(_made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that is served, with files that are nobody's business."""
    folder = tmp_path_factory.mktemp("served") / "project"
    shutil.copytree(_made_once, folder)
    (folder / "secret.txt").write_text("secret")
    (folder / "audio/secret.mp3").write_text("secret")
    return folder


@pytest.fixture(scope="session")
def served(served_folder: Path) -> Iterator[Served]:
    """A server that nobody changes anything of."""
    with serving(served_folder) as made:
        yield made


@pytest.fixture
def made(_made_once: Path, tmp_path: Path) -> Path:
    """The project, in a folder of its own."""
    return Path(shutil.copytree(_made_once, tmp_path / "made"))
