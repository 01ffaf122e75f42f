"""A project of a few words that OpenJTalk has said, made once, and a copy of it for each test."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import msgspec
import pytest

from tts_assets import Settings, generate_sync
from tts_assets.model import Format, Sound
from tts_assets.quality.quality_reports import AssetResult, VerifyReport
from tts_assets.quality.verify_assets import verify_assets
from tts_assets.store import ledger
from tts_assets.store.ledger_line import LEDGER_NAME, encode

#: Two entries say the same, and have one asset.
WORDS = [
    {"id": "cat", "word": "猫", "reading": "ねこ"},
    {"id": "school", "word": "学校", "reading": "がっこう"},
    {"id": "again", "word": "猫", "reading": "ねこ"},
    {"id": "bridge", "word": "橋", "reading": "はし", "accent": 2},
]
#: Lossless, so that a clip can be written anew and still be as it should.
SOUND = Sound(format=Format.WAV)


class MadeClips(NamedTuple):
    """A project whose clips are made; the working folder is there."""

    folder: Path
    settings: Settings

    def look(self, **changes: Any) -> VerifyReport:
        """What `verify` says, with these settings."""
        settings = replace(self.settings, **changes)
        return anyio.run(lambda: verify_assets(settings))

    def asset(self, entry: str) -> str:
        """The asset of an entry, by the URL that it got."""
        entries = json.loads(Path("data/vocabulary.json").read_bytes())
        url: str = next(each["audioUrl"] for each in entries if each["id"] == entry)
        return url.removeprefix("/audio/")

    def file(self, entry: str) -> Path:
        return Path("audio", self.asset(entry))

    def change_line(self, entry: str, **changes: Any) -> None:
        """Have the ledger say something else of an entry's asset."""
        path = Path("audio", LEDGER_NAME)
        lines = []
        for line in ledger.whole_lines(path.read_bytes()):
            own = line.asset == self.asset(entry)
            lines.append(msgspec.structs.replace(line, **changes) if own else line)
        path.write_bytes(b"".join(map(encode, lines)))


@pytest.fixture(scope="session")
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "data").mkdir()
    (folder / "data/vocabulary.json").write_text(
        json.dumps(WORDS, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        report = generate_sync(Settings(sound=SOUND, concurrency=1))
    assert report.made == 3
    return folder


@pytest.fixture
def made(_made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeClips:
    """The project, in a folder of its own that is the working folder."""
    folder = tmp_path / "made"
    shutil.copytree(_made_once, folder)
    monkeypatch.chdir(folder)
    return MadeClips(folder, Settings(sound=SOUND))


def rules(verdict: AssetResult) -> set[str]:
    return {finding.rule for finding in verdict.findings}
