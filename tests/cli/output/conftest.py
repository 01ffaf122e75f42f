"""A project of a few words, and an engine that speaks in the process of the tests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.plugin_engines import Paid
from tts_assets import Settings
from tts_assets.engines import registry

Words: TypeAlias = Callable[..., Settings]

#: Acts on terminals, in logs of workflows, in Markdown and in XML, if it is let.
HOSTILE = "\x1b]0;x\x07 ##[warning]<b>&|]]>\u202e\ufffe\n::error::x"


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Words:
    """Writes a vocabulary of these words, and gives the settings that read it; 例外 fails."""
    monkeypatch.setitem(registry._BUILT_IN, Paid.name, f"{Paid.__module__}:{Paid.__name__}")
    monkeypatch.chdir(tmp_path)

    def write(*some: str) -> Settings:
        entries = [{"id": number, "word": word} for number, word in enumerate(some, 1)]
        Path("vocabulary.json").write_text(json.dumps(entries, indent=0), encoding="utf-8")
        return Settings(paths=("vocabulary.json",), provider=Paid.name, concurrency=1)

    return write
