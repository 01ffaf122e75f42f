"""The engine that a run speaks with, where the choice is left to us."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.stand_ins import kokoro_stand_in, piper_stand_in
from tts_assets.config.settings import KokoroSettings, ModelSettings, PiperSettings, Settings
from tts_assets.config.source_table import parse_source
from tts_assets.engines.registry import choose_engine
from tts_assets.errors import UsageError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("engines")
    kokoro_stand_in.model(root / "model.onnx")
    kokoro_stand_in.voices(root / "voices.bin")
    piper_stand_in.voice(root)
    return root


def _settings(folder: Path, *ready: str, voice: str | None = None) -> Settings:
    nowhere = str(folder / "nowhere")
    return Settings(
        provider="auto",
        voice=voice,
        kokoro=KokoroSettings(
            model=str(folder / "model.onnx") if "kokoro" in ready else f"{nowhere}.onnx",
            voices=str(folder / "voices.bin"),
        ),
        piper=PiperSettings(voices=str(folder) if "piper" in ready else nowhere),
        models=ModelSettings(folder=nowhere),
    )


@pytest.mark.parametrize(
    ("ready", "chosen"),
    [
        ((), "openjtalk"),
        (("kokoro",), "kokoro"),
        (("kokoro", "piper"), "piper"),
    ],
)
def test_the_best_that_is_ready_is_chosen_and_the_reason_said(
    folder: Path, ready: tuple[str, ...], chosen: str
) -> None:
    provider, reason = choose_engine(_settings(folder, *ready))
    assert provider.name == chosen
    assert reason is not None
    assert reason.startswith(f"{chosen}: ")
    passed = [name for name in ("piper", "kokoro") if name not in ready]
    assert all(f"not {name}: " in reason for name in passed)


def test_an_engine_without_the_voice_is_passed_over(folder: Path) -> None:
    provider, _ = choose_engine(_settings(folder, "kokoro", "piper", voice="mei"))
    assert provider.name == "openjtalk"
    with pytest.raises(UsageError, match=r"piper: it has no voice 'nobody'.*openjtalk: it has no"):
        choose_engine(_settings(folder, "kokoro", "piper", voice="nobody"))


def test_the_voices_of_speakers_are_wanted_too(folder: Path) -> None:
    row = {
        "files": "x.json",
        "kind": "listening",
        "voices": {"A": "jm_kumo"},
        "clip": [{"text": "t", "to": "u"}],
    }
    settings = replace(_settings(folder, "kokoro", "piper"), sources=(parse_source(row, ""),))
    provider, reason = choose_engine(settings)
    assert provider.name == "kokoro"
    assert reason is not None
    assert "not piper: it has no voice 'jm_kumo'" in reason


def test_an_engine_that_is_asked_for_needs_no_reason() -> None:
    assert choose_engine(Settings()).reason is None
    with pytest.raises(UsageError, match=r"no provider 'kokoros'.*did you mean kokoro"):
        choose_engine(Settings(provider="kokoros"))


def test_a_run_says_what_it_chose_and_why(project: Project, folder: Path) -> None:
    project.words("水")
    environment = {
        "TTS_ASSETS_KOKORO_MODEL": str(folder / "model.onnx"),
        "TTS_ASSETS_KOKORO_VOICES": str(folder / "voices.bin"),
        "TTS_ASSETS_MODELS_FOLDER": str(project.folder),
        "PATH": str(Path(shutil.which("python3") or "").parent),
    }
    done = project.run("generate", "--provider", "auto", **environment)
    assert done.returncode == 0, done.stderr
    assert "engine    kokoro: a natural voice" in done.stdout
    assert "not piper: there is no voice yet" in done.stdout
