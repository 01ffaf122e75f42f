"""faster-whisper hears through its own process, always alike, and says what is missing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import numpy as np
import pytest

from tts_assets.config.command_options import TranscribeSettings
from tts_assets.config.settings import Device, ModelSettings, Settings
from tts_assets.engines.asr.hosted_recognizer import provider_for
from tts_assets.engines.asr.recognizer_protocol import RATE_HZ, Recognized
from tts_assets.errors import FatalError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tts_assets.model import Samples

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """On one backend: what differs between them is tested with the pool and the engines' contract."""
    return "asyncio"


def _noise(seed: int, seconds: float = 1.0) -> Samples:
    noise = 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))
    return noise.astype(np.float32)


async def _heard(settings: Settings, workers: int, sounds: list[Samples]) -> list[Recognized]:
    heard: dict[int, Recognized] = {}
    opened = provider_for(settings).open(workers=workers, timeout_seconds=60)
    async with opened as recognizer, anyio.create_task_group() as tasks:

        async def hear(number: int, sound: Samples) -> None:
            heard[number] = await recognizer.recognize(sound, language="ja", prompt="ねこ")

        for number, sound in enumerate(sounds):
            tasks.start_soon(hear, number, sound)
    return [heard[number] for number in range(len(sounds))]


async def test_it_hears_the_same_with_any_number_of_workers(settings: Settings) -> None:
    sounds = [_noise(0, 0.0), _noise(0, 0.01), *map(_noise, range(4))]
    alone = await _heard(settings, 1, sounds)
    assert alone == await _heard(settings, 3, sounds)
    assert [each.text for each in alone[:2]] == ["", ""]
    # The words of so small a model depend on the processor; how sure it is depends on the sound.
    assert alone[2] != alone[3]
    for heard in alone:
        words = [word for utterance in heard.utterances for word in utterance.words]
        assert "".join(word.text for word in words).strip() == heard.text
        assert all(0 <= word.begin <= word.end <= 1 for word in words)
        assert all(0 < word.confidence <= 1 for word in words)


async def test_what_is_no_voice_is_left_out_where_that_is_wanted(settings: Settings) -> None:
    provider = provider_for(settings)
    opened = provider.open(workers=1, timeout_seconds=60, voice_only=True)
    async with opened as recognizer:
        heard = await recognizer.recognize(_noise(3), language="ja")
    assert heard.text == ""


async def test_a_damaged_model_is_told_when_it_is_loaded(whisper: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(whisper, tmp_path / "damaged")
    (damaged / "model.bin").write_bytes((whisper / "model.bin").read_bytes()[:1000])
    settings = Settings(transcribe=TranscribeSettings(model=str(damaged)))
    opened = provider_for(settings).open(workers=1, timeout_seconds=60)
    with pytest.raises(FatalError, match=r"damaged cannot be loaded .*: download or convert"):
        async with opened as recognizer:
            await recognizer.recognize(_noise(1), language="ja")


def _problem(model: str) -> str:
    asked = TranscribeSettings(model=model)
    with pytest.raises(FatalError) as refused:
        provider_for(Settings(transcribe=asked, models=ModelSettings(folder="/nowhere")))
    return str(refused.value)


def test_a_model_that_is_not_here_is_not_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert "tts-assets models fetch whisper-tiny" in _problem("tiny")


@pytest.mark.parametrize("name", ["enormous", "no/such/folder"])
def test_a_model_that_does_not_exist_is_told_with_those_that_do(name: str) -> None:
    assert f"there is no model {name!r}" in _problem(name)
    assert "small, medium, large-v2" in _problem(name)


def test_a_folder_tells_what_it_lacks(whisper: Path, tmp_path: Path) -> None:
    half = shutil.copytree(whisper, tmp_path / "half")
    (half / "tokenizer.json").unlink()
    (half / "vocabulary.json").unlink()
    assert "it lacks tokenizer.json, vocabulary.txt" in _problem(str(half))


def test_a_fetched_model_is_found_by_its_name(whisper: Path, tmp_path: Path) -> None:
    shutil.copytree(whisper, tmp_path / "faster-whisper/faster-whisper-tiny")
    settings = Settings(
        transcribe=TranscribeSettings(model="tiny"), models=ModelSettings(folder=str(tmp_path))
    )
    assert provider_for(settings).model == "tiny"


def test_a_device_that_it_does_not_know_is_told(settings: Settings) -> None:
    with pytest.raises(FatalError, match="runs on cpu and cuda, not on coreml"):
        provider_for(replace(settings, device=Device.COREML))


def test_a_language_that_it_does_not_understand_is_refused(settings: Settings) -> None:
    assert "ja" in provider_for(settings).languages()
    with pytest.raises(UsageError, match="faster-whisper does not support 'tlh'"):
        provider_for(settings, language="tlh")


def test_a_larger_model_needs_more_memory(settings: Settings, tmp_path: Path) -> None:
    small = provider_for(settings)
    shutil.copytree(settings.transcribe.model, tmp_path / "large")
    with (tmp_path / "large/model.bin").open("r+b") as file:
        file.truncate(2**30)
    asked = TranscribeSettings(model=str(tmp_path / "large"))
    large = provider_for(Settings(transcribe=asked))
    assert large.base_mib >= small.base_mib + 1000
    assert large.footprint_mib > small.footprint_mib
