"""Accents imposed on bought speech: real runs against the simulator, which speaks with other accents."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.cli.test_paid_speech import decide, ledger, refuse_both_takes
from tests.cli.test_services import ServiceProject
from tests.conftest import Project
from tests.engines.loopback import LoopbackReply, loopback
from tests.simulator.running import running
from tests.simulator.scenario import Scenario
from tts_assets.audio.measure import pitch
from tts_assets.engines.openjtalk_engine import OpenJTalkEngine
from tts_assets.model import SpokenForm, Voice

#: The simulator says 山 with a rise, and 春 with a fall.
WRONG = [
    {"id": 1, "word": "山", "reading": "やま", "tts": {"accent": 1}},
    {"id": 2, "word": "春", "reading": "はる", "tts": {"accent": 0}},
]
SERVICES = ("openai", "elevenlabs")


@pytest.fixture
def shop(project: Project, tmp_path: Path) -> Iterator[ServiceProject]:
    project.write("data/vocabulary.json", WRONG)
    with running(Scenario(speech="openjtalk")) as simulator:
        shop = ServiceProject(project, simulator, tmp_path / "told")
        shop.environment["TTS_ASSETS_OPENAI_BASE_URL"] = f"{simulator.url}/v1"
        yield shop


def _generate(shop: ServiceProject, service: str, accent: str, *more: str) -> None:
    accents = {f"TTS_ASSETS_{service.upper()}_ACCENT": accent} if accent else {}
    voice = "alloy" if service == "openai" else "Simulator00000000001"
    words = ("generate", "--provider", service, "--voice", voice, "--format", "wav")
    done = shop.project.run(*words, *more, "--progress", "none", **shop.environment, **accents)
    assert done.returncode in (0, 1), done.stderr


def _lines(shop: ServiceProject) -> dict[str, dict[str, Any]]:
    return {line["text"]: line for line in ledger(shop)}


def _rise(shop: ServiceProject, line: dict[str, Any]) -> float:
    """Semitones from the first voiced steps to the last but one."""
    samples, rate_hz = soundfile.read(shop.project.folder / "audio" / line["asset"])
    hertz = pitch(samples.astype(np.float32), rate_hz)
    voiced = hertz[~np.isnan(hertz)]
    return float(12 * np.log2(np.median(voiced[-6:-1]) / np.median(voiced[:5])))


@pytest.mark.parametrize("service", SERVICES)
def test_bought_words_get_the_accents_of_the_data(shop: ServiceProject, service: str) -> None:
    _generate(shop, service, "impose")
    lines = _lines(shop)
    assert {text: line["spoken"] for text, line in lines.items()} == {"山": "ヤ↓マ", "春": "ハル"}
    assert _rise(shop, lines["山"]) < -4
    assert _rise(shop, lines["春"]) > 2
    assert not any(line.get("findings") for line in lines.values())
    assert all(" melody=imposed-3 " in line["engine"] for line in lines.values())


@pytest.mark.parametrize("service", SERVICES)
def test_without_the_setting_the_voice_chooses_and_no_recipe_names_a_melody(
    shop: ServiceProject, service: str
) -> None:
    _generate(shop, service, "")
    lines = _lines(shop)
    assert {text: line["spoken"] for text, line in lines.items()} == {"山": "ヤマ", "春": "ハル"}
    assert _rise(shop, lines["山"]) > 2
    assert _rise(shop, lines["春"]) < -4
    assert not any("melody" in line["engine"] for line in lines.values())
    recipes = {line["recipe"] for line in lines.values()}
    _generate(shop, service, "voice")
    assert {line["recipe"] for line in _lines(shop).values()} == recipes


def test_a_sound_that_was_bought_before_is_used_with_imposed_accents(
    shop: ServiceProject,
) -> None:
    shop.project.write("data/vocabulary.json", WRONG[:1])
    shop.environment["TTS_ASSETS_ELEVENLABS_CHECK_ENDS"] = "true"
    refuse_both_takes(shop)
    assert decide(shop, "approved").returncode == 0
    before = len(shop.simulator.requests())
    shop.environment["TTS_ASSETS_ELEVENLABS_ACCENT"] = "impose"
    assert shop.generate()["made"] == 1
    assert len(shop.simulator.requests()) == before
    assert "melody=imposed" in ledger(shop)[0]["engine"]


def test_a_sound_with_another_reading_stays_and_is_reported(shop: ServiceProject) -> None:
    form = SpokenForm("明るい部屋には大きな机が二つあります。", sentence=True)
    speech = OpenJTalkEngine().speak(form, Voice(provider="openjtalk", name="mei"))
    sound = io.BytesIO()
    scaled = speech.samples / abs(speech.samples).max() / 2
    soundfile.write(sound, scaled, speech.rate_hz, format="WAV")
    example = {"japanese": "この本はとても面白かったです。"}
    shop.project.write("data/grammar.json", [{"id": 1, "title": "〜です", "examples": [example]}])
    shop.project.write("data/vocabulary.json", [])
    with loopback() as server:
        server.replies = [
            LoopbackReply(body=sound.getvalue(), headers={"content-type": "audio/wav"})
        ]
        shop.environment["TTS_ASSETS_OPENAI_BASE_URL"] = f"{server.url}/v1"
        _generate(shop, "openai", "voice")
        (own,) = ledger(shop)
        _generate(shop, "openai", "impose", "--on-engine-change", "remake")
    (imposed,) = (line for line in ledger(shop) if line["asset"] != own["asset"])
    assert imposed["sha256"] == own["sha256"]
    assert "findings" not in own
    (finding,) = imposed["findings"]
    assert finding[0] == "accent"
    assert "were not found" in finding[3]
