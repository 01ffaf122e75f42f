"""A folder of somebody's files, looked at as `init` does, and read as the proposal says."""

import json
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.detect.proposal import Proposal, propose_sources
from tts_assets.catalogues.detect.proposal_toml import format_toml, preview_sources
from tts_assets.catalogues.open_catalogues import open_catalogues
from tts_assets.config.catalogue_sources import Source
from tts_assets.config.load_settings import load
from tts_assets.config.settings import Settings
from tts_assets.config.source_paths import format_steps
from tts_assets.model import Clip


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What is proposed, and what the written configuration finds."""

    proposal: Proposal
    toml: str
    settings: Settings
    clips: list[Clip]
    unspoken: list[str]

    @property
    def said(self) -> list[str]:
        """The clips, each in a line: its part, its text, its reading and accent, its URL's place."""
        return [_line(clip) for clip in self.clips]

    @property
    def ids(self) -> list[str]:
        return list(dict.fromkeys(clip.entry for clip in self.clips))

    @property
    def kinds(self) -> set[str]:
        return {clip.kind.value for clip in self.clips}

    @property
    def source(self) -> Source:
        (source,) = self.settings.sources
        return source


class Look(Protocol):
    """Looks at files, given as JSON values, texts or bytes."""

    def __call__(self, files: dict[str, Any], *, sound: bool = True) -> Looked: ...


def _line(clip: Clip) -> str:
    form = clip.form
    reading = "" if form.reading in {None, form.text} else f" {form.reading}"
    accent = "" if form.accent is None else f" {form.accent}"
    place = "nowhere" if clip.place is None else format_steps(clip.place)
    return f"{clip.part}: {form.text}{reading}{accent} -> {place}"


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode()


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Propose over files, load what is written, and read it, if they are sound without a problem."""
    monkeypatch.chdir(tmp_path)

    def at(files: dict[str, Any], *, sound: bool = True) -> Looked:
        data = {file: _bytes(value) for file, value in files.items()}
        for file, content in data.items():
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        proposal = propose_sources(data.items())
        sources = [draft.source for draft in proposal.drafts]
        toml = format_toml(proposal, preview_sources(sources, proposal.paths, most=10))
        tomllib.loads(toml)
        if not sources and not proposal.paths:
            return Looked(proposal=proposal, toml=toml, settings=Settings(), clips=[], unspoken=[])
        (tmp_path / "tts-assets.toml").write_bytes(toml.encode())
        settings = load(flags={}, environment={}, folder=tmp_path)
        # What is written means what is proposed.
        assert [replace(each, name="") for each in settings.sources] == [
            replace(each, name="") for each in sources
        ]
        return _read(proposal, toml, settings, sound=sound)

    return at


def _read(proposal: Proposal, toml: str, settings: Settings, *, sound: bool) -> Looked:
    clips: list[Clip] = []
    unspoken: list[str] = []
    trouble = LoadProblems()
    for reader in open_catalogues(settings, trouble):
        clips += reader.iter_clips()
        read = reader.finish()
        assert not (sound and read.problems)
        unspoken += [each.reason for each in read.unspoken]
    assert trouble == LoadProblems()
    return Looked(proposal=proposal, toml=toml, settings=settings, clips=clips, unspoken=unspoken)
