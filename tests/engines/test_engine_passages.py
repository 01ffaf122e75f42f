"""A passage has the same bytes whatever number of workers says it, with every engine of this machine."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.stand_ins import kokoro_stand_in, piper_stand_in
from tts_assets import generate
from tts_assets.config.settings import KokoroSettings, PiperSettings, Settings

DIALOGUE, *_ = json.loads((ROOT / "data" / "listening.json").read_text(encoding="utf-8"))


@pytest.fixture
def anyio_backend() -> str:
    """One is enough here: passages run on both elsewhere."""
    return "asyncio"


@pytest.fixture(params=["openjtalk", "kokoro", "piper"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    (tmp_path / "data").mkdir()
    lines = DIALOGUE["text"].split("\n")
    entry = {**DIALOGUE, "text": "\n".join(lines[:4]), "audioUrl": None}
    (tmp_path / "data" / "listening.json").write_text(json.dumps([entry]))
    settings = Settings(
        paths=(str(tmp_path / "data"),), provider=request.param, temp=str(tmp_path / "temp")
    )
    if request.param == "kokoro":
        model, voices = (
            kokoro_stand_in.model(tmp_path / "m.onnx"),
            kokoro_stand_in.voices(tmp_path / "v.bin"),
        )
        return replace(settings, kokoro=KokoroSettings(model=str(model), voices=str(voices)))
    if request.param == "piper":
        (tmp_path / "voices").mkdir()
        piper_stand_in.voice(tmp_path / "voices")
        return replace(settings, piper=PiperSettings(voices=str(tmp_path / "voices")))
    return settings


async def test_two_workers_make_the_bytes_of_one(settings: Settings, tmp_path: Path) -> None:
    found = []
    for workers in (1, 2):
        output = tmp_path / f"audio-{workers}"
        report = await generate(replace(settings, output=str(output), concurrency=workers))
        assert (report.made, report.workers) == (1, workers)
        (asset,) = (output / "listening").glob("*.mp3")
        found.append(asset.read_bytes())
    assert found[0] == found[1]
