"""What every engine keeps to, whatever it is: the seam between engines and all the rest."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import anyio
import numpy as np
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from tests.plugin_engines import Tones
from tests.simulator.running import running
from tests.simulator.scenario import voice_id
from tests.stand_ins import kokoro_stand_in, piper_stand_in, say_stand_in, voicevox_stand_in
from tts_assets.config.load_settings import load
from tts_assets.config.settings import Settings
from tts_assets.engines import registry
from tts_assets.engines.protocol import Provider, Speaker
from tts_assets.engines.registry import load_engine
from tts_assets.errors import ClipError
from tts_assets.model import Speech, SpokenForm, Voice

pytestmark = pytest.mark.anyio

#: Every engine of ours, and one that another package could bring.
ENGINES = (*registry._BUILT_IN, "tones")

#: Those that others speak for: another program, or a service.
OUTSIDE = ("say", "elevenlabs", "openai", "voicevox")

FORMS = [
    SpokenForm("水", "ミズ"),
    SpokenForm("食べる", "タベル"),
    SpokenForm("開く", "アク"),
    SpokenForm("箸", "ハシ", accent=1),
    SpokenForm("ハ", "ハ"),
    SpokenForm("コーヒー"),
    SpokenForm("九州", "キュウシュウ"),
    SpokenForm("これは何ですか。", sentence=True),
    SpokenForm("今日は雨です。傘を持って行きましょう。", sentence=True),
    SpokenForm("「はい」、と言った！", sentence=True),
]
#: With which a process of its own comes to the same settings.
_ENVIRONMENT: dict[str, str] = {}
LONG = SpokenForm("昨日は雨が降りましたが、今日は晴れています。" * 12, sentence=True)


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """One is enough here: the host, the pool and each engine's own tests run on both."""
    return str(request.param)


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings with which every engine is ready, on this machine or in place of another."""
    folder = tmp_path_factory.mktemp("engines")
    (folder / "voices").mkdir()
    piper_stand_in.voice(folder / "voices")
    with (
        pytest.MonkeyPatch.context() as patch,
        running() as simulator,
        voicevox_stand_in.running() as voices,
    ):
        path = f"{say_stand_in.put_into(folder / 'bin').parent}{os.pathsep}{os.environ['PATH']}"
        for name, value in {
            "PATH": path,
            "ELEVENLABS_API_KEY": "sk_simulator",
            "TTS_ASSETS_KOKORO_MODEL": str(kokoro_stand_in.model(folder / "model.onnx")),
            "TTS_ASSETS_KOKORO_VOICES": str(kokoro_stand_in.voices(folder / "voices.bin")),
            "TTS_ASSETS_PIPER_VOICES": str(folder / "voices"),
            "TTS_ASSETS_MODELS_FOLDER": str(folder / "models"),
            "TTS_ASSETS_REMOTE_RATE_PER_SECOND": "1000",
            "TTS_ASSETS_ELEVENLABS_BASE_URL": simulator.url,
            "TTS_ASSETS_ELEVENLABS_VOICES": voice_id(1),
            "TTS_ASSETS_OPENAI_BASE_URL": f"{simulator.url}/v1",
            "TTS_ASSETS_OPENAI_VOICES": "alloy",
            "TTS_ASSETS_VOICEVOX_BASE_URL": voices.url,
            "TTS_ASSETS_VOICEVOX_VOICES": "3",
        }.items():
            patch.setenv(name, value)
        settings = load(flags={}, environment=os.environ, folder=folder)
        # Each test's own environment has none of ours: the process below is given them by hand.
        _ENVIRONMENT.update(os.environ)
        yield settings


@pytest.fixture(params=ENGINES, scope="module")
def provider(request: pytest.FixtureRequest, stand_ins: Settings) -> Provider:
    return Tones(stand_ins) if request.param == "tones" else load_engine(request.param, stand_ins)


class Opened(NamedTuple):
    """An engine with one worker that all forms are asked of, and what runs it."""

    portal: BlockingPortal
    speaker: Speaker
    voice: Voice

    def speak(self, form: SpokenForm, voice: Voice | None = None) -> Speech:
        return self.portal.call(self.speaker.speak, form, voice or self.voice)


@pytest.fixture(scope="module")
def opened(provider: Provider) -> Iterator[Opened]:
    """Started once: to load an engine takes longer than what is asked of it."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(
            provider.open(workers=1, timeout_seconds=60.0)
        ) as speaker,
    ):
        yield Opened(portal, speaker, _voice(provider))


def _voice(provider: Provider) -> Voice:
    return Voice(provider=provider.name, name=provider.voices()[0].name)


async def _said(speaker: Speaker, voice: Voice) -> list[bytes]:
    """All forms, eight at once."""
    heard: dict[int, bytes] = {}
    at_once = anyio.Semaphore(8)

    async def one(number: int) -> None:
        async with at_once:
            speech = await speaker.speak(FORMS[number], voice)
        heard[number] = speech.samples.tobytes()

    async with anyio.create_task_group() as tasks:
        for number in range(len(FORMS)):
            tasks.start_soon(one, number)
    return [heard[number] for number in range(len(FORMS))]


def test_it_is_ready_and_has_a_japanese_voice_first(provider: Provider) -> None:
    assert provider.problem() is None
    offered = provider.voices()
    assert offered[0].language.startswith("ja")
    assert len({voice.name for voice in offered}) == len(offered)
    assert provider.base_mib >= 0
    assert provider.footprint_mib > 0


def test_it_names_its_parts_the_same_way_each_time(provider: Provider) -> None:
    names = [voice.name for voice in provider.voices()]
    parts = [provider.engine(name) for name in names]
    assert all(part and "None" not in part and "\n" not in part for part in parts)
    assert parts == [provider.engine(name) for name in names]


def test_it_speaks_ten_forms(opened: Opened) -> None:
    for form in FORMS:
        speech = opened.speak(form)
        assert speech.samples.dtype == np.float32
        assert speech.samples.ndim == 1
        assert np.isfinite(speech.samples).all()
        assert float(np.abs(speech.samples).max()) > 0.01
        assert 8_000 <= speech.rate_hz <= 48_000


def test_a_form_that_cannot_be_said_costs_that_form_only(opened: Opened) -> None:
    if opened.voice.provider == "tones":
        pytest.skip("says everything")
    for text in ("。",) if opened.voice.provider == "say" else ("。", "😀"):
        with pytest.raises(ClipError):
            opened.speak(SpokenForm(text))
    assert opened.speak(FORMS[0]).samples.size


def test_cancelling_frees_its_place(opened: Opened) -> None:
    async def given_up() -> None:
        with anyio.move_on_after(0.01):
            await opened.speaker.speak(LONG, opened.voice)

    async def next_one() -> Speech:
        with anyio.fail_after(30):
            return await opened.speaker.speak(FORMS[0], opened.voice)

    opened.speak(FORMS[0])
    opened.portal.call(given_up)
    assert opened.portal.call(next_one).samples.size


async def test_eight_at_once_and_two_processes_say_what_one_does(
    provider: Provider, opened: Opened
) -> None:
    alone = [opened.speak(form).samples.tobytes() for form in FORMS]
    async with AsyncExitStack() as stack:
        many, other = [
            await stack.enter_async_context(provider.open(workers=8, timeout_seconds=60.0))
            for _ in range(2)
        ]
        together = await _said(many, opened.voice)
        elsewhere = await _said(other, opened.voice)
    if provider.repeats(opened.voice.name):
        assert together == elsewhere == alone
    else:
        assert [len(each) for each in together] == [len(each) for each in alone]


def test_speed_is_heard_and_does_not_stay(opened: Opened) -> None:
    slow = replace(opened.voice, speed=0.7)
    before = len(opened.speak(FORMS[1]).samples)
    assert len(opened.speak(FORMS[1], slow).samples) > 1.2 * before
    assert len(opened.speak(FORMS[1]).samples) == before


@pytest.mark.parametrize("name", registry._BUILT_IN)
def test_nothing_is_loaded_and_nothing_written_before_it_speaks_or_by_it(
    name: str, stand_ins: Settings, tmp_path: Path
) -> None:
    del stand_ins
    script = f"""
import os, sys
from pathlib import Path
from tts_assets.config.load_settings import load
from tts_assets.engines.registry import load_engine
provider = load_engine({name!r}, load(flags={{}}, environment=os.environ, folder=Path({str(tmp_path)!r})))
assert provider.problem() is None
voice = provider.voices()[0].name
provider.engine(voice), provider.repeats(voice)
native = {{"numpy", "onnxruntime", "kokoro_onnx", "piper", "pyopenjtalk", "soundfile"}}
assert not native & sys.modules.keys(), native & sys.modules.keys()
import anyio
from tts_assets.model import Sound, SpokenForm, Voice
from tts_assets.engines.protocol import Recorder
async def main():
    async with provider.open(workers=2, timeout_seconds=60.0) as speaker:
        form, who = SpokenForm("水", "ミズ"), Voice(provider={name!r}, name=voice)
        await (speaker.record(form, who, Sound()) if isinstance(speaker, Recorder)
               else speaker.speak(form, who))
anyio.run(main)
# Their sound is read in the run's own process.
native -= {{"numpy", "soundfile"}} if {name in OUTSIDE} else set()
assert not native & sys.modules.keys(), native & sys.modules.keys()
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=Path(__file__).parent.parent.parent,
        env=_ENVIRONMENT | {"PYTHONPATH": os.environ["PYTHONPATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
