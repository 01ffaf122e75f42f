"""VOICEVOX's engine as a stand-in plays it: told what was settled, believed only what is speech."""

import io
import json
import socket
import wave
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import anyio
import numpy as np
import pytest

from tests.conftest import Project
from tests.stand_ins.voicevox_stand_in import StandInReply, VoicevoxStandIn, running
from tts_assets import generate_sync
from tts_assets.build.plan.planner import State
from tts_assets.config.catalogue_sources import Source
from tts_assets.config.settings import RemoteSettings, Settings, VoicevoxSettings
from tts_assets.engines import voicevox
from tts_assets.engines.protocol import Paced, Remote, Speaker
from tts_assets.engines.reading_cache import ReadingCache
from tts_assets.engines.voicevox import Voicevox
from tts_assets.errors import ClipError, FatalError, TtsAssetsError, UsageError
from tts_assets.model import AccentBasis, Basis, Kind, Phrase, Pronunciation, SpokenForm, Voice

pytestmark = pytest.mark.anyio

WORD = SpokenForm("箸", "ハシ", accent=1)
#: Forms, and what an engine is to be told.
WRITTEN = {
    WORD: "ハ'シ",
    SpokenForm("橋", "ハシ", accent=2): "ハシ'",
    SpokenForm("端", "ハシ", accent=0): "ハシ'",
    SpokenForm("続く", "ツヅク"): "ツズク'",
    SpokenForm("九州", "キュウシュウ"): "キュ'ウシュウ",
    SpokenForm("これは何ですか？", sentence=True): "コレワ'/ナ'ンデ_スカ？",
    SpokenForm("はい、行きます。", sentence=True): "ハ'イ、イキマ'_ス",
}
SILENT = SpokenForm("。")
#: What the dictionary has told: to load it once is enough for all tests.
TOLD = ReadingCache()
VOICE = Voice(provider="voicevox", name="3")
JSON = "application/json"
on_both = pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """One is enough for most: the client, calls and limiter below have tests on both."""
    return str(request.param)


@pytest.fixture(scope="module", autouse=True)
def _told() -> None:
    anyio.run(TOLD.read, [*WRITTEN, SILENT], ())


@pytest.fixture(scope="module")
def started() -> Iterator[VoicevoxStandIn]:
    with running() as engine:
        yield engine


@pytest.fixture
def engine(started: VoicevoxStandIn, monkeypatch: pytest.MonkeyPatch) -> VoicevoxStandIn:
    """An engine that has heard nothing yet, and errors that are tried again at once."""
    started.heard.clear()
    started.twists.clear()
    at_once = replace(voicevox._RETRY_POLICY, first_seconds=0.0, jitter_seconds=0.0)
    monkeypatch.setattr(voicevox, "_RETRY_POLICY", at_once)
    return started


def _provider(
    engine: VoicevoxStandIn, *voices: str, voice: str | None = "3", speed: float = 1
) -> Voicevox:
    provider = Voicevox(
        Settings(
            voice=voice,
            speed=speed,
            remote=RemoteSettings(rate_per_second=10_000),
            voicevox=VoicevoxSettings(base_url=engine.url, voices=voices),
        )
    )
    provider._readings = TOLD
    return provider


def _open(engine: VoicevoxStandIn) -> AbstractAsyncContextManager[Speaker]:
    return _provider(engine).open(workers=2, timeout_seconds=20)


def _free_address() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def _fails(engine: VoicevoxStandIn, form: SpokenForm = WORD) -> TtsAssetsError:
    """Why a form is not said."""
    async with _open(engine) as speaker:
        with pytest.raises(TtsAssetsError) as caught:
            await speaker.speak(form, VOICE)
    return caught.value


def _wav(seconds: float, *, level: int = 9_000) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(np.full(int(seconds * 24_000), level, "<i2").tobytes())
    return buffer.getvalue()


def test_it_is_a_service() -> None:
    provider = Voicevox(Settings(remote=RemoteSettings(max_concurrent=7)))
    assert isinstance(provider, Remote)
    assert provider.max_concurrent == 7


def test_its_voices_are_those_of_the_settings_the_default_first() -> None:
    talks = Source(
        name="talks", kind=Kind.LISTENING, files=("*.json",), clips=(), voices={"A": "9"}
    )
    own = VoicevoxSettings(voices=("3", "2"))
    provider = Voicevox(Settings(voice="8", voicevox=own, sources=(talks,)))
    assert [voice.name for voice in provider.voices()] == ["8", "3", "2", "9"]


def test_without_a_voice_it_tells_how_to_find_one() -> None:
    with pytest.raises(UsageError, match="tts-assets voices --provider voicevox"):
        Voicevox(Settings()).voices()


@pytest.mark.parametrize("name", ["ずんだもん", "3.0", "03", "", "--1"])
def test_a_voice_is_a_number(name: str) -> None:
    with pytest.raises(UsageError, match="a number"):
        Voicevox(Settings(voice=name)).voices()


def test_it_may_be_tried_without_asking_the_engine() -> None:
    assert Voicevox(Settings(voice="3")).problem() is None


def test_an_address_that_is_none_is_told() -> None:
    settings = Settings(voicevox=VoicevoxSettings(base_url="http://a@b"))
    assert "base-url" in str(Voicevox(settings).problem())


def test_a_speed_that_engines_break_at_is_told() -> None:
    assert "0.5 to 2" in str(Voicevox(Settings(speed=2.5)).problem())


def test_the_style_and_the_dictionary_make_a_sound_and_the_server_does_not() -> None:
    here, there = (
        Voicevox(Settings(voicevox=VoicevoxSettings(base_url=url)))
        for url in ("http://127.0.0.1:1", "http://localhost:2")
    )
    assert here.engine("3") == there.engine("3") != here.engine("2")
    assert "pyopenjtalk" in here.engine("3")


async def test_styles_that_speak_are_listed_with_the_credit_that_they_ask_for(
    engine: VoicevoxStandIn,
) -> None:
    listed = await _provider(engine).listed()
    assert [(voice.name, voice.description, voice.credit) for voice in listed] == [
        ("2", "四国めたん, ノーマル", "VOICEVOX:四国めたん"),
        ("36", "四国めたん, ささやき", "VOICEVOX:四国めたん"),
        ("3", "ずんだもん, ノーマル", "VOICEVOX:ずんだもん"),
        ("-1878365376", "ずんだもん, あまあま", "VOICEVOX:ずんだもん"),
    ]


async def test_another_product_is_credited_by_its_name(engine: VoicevoxStandIn) -> None:
    brand = json.dumps({"brand_name": "AivisSpeech\x1b[2J"}).encode()
    engine.twists["/engine_manifest"] = lambda _: StandInReply(200, JSON, brand)
    listed = await _provider(engine).listed()
    assert listed[0].credit == "AivisSpeech [2J:四国めたん"


@pytest.mark.parametrize(("form", "kana"), WRITTEN.items())
async def test_it_is_told_what_was_settled(
    engine: VoicevoxStandIn, form: SpokenForm, kana: str
) -> None:
    async with _open(engine) as speaker:
        await speaker.speak(form, VOICE)
    assert engine.texts() == [kana]


async def test_what_it_says_is_what_it_understood(engine: VoicevoxStandIn) -> None:
    async with _open(engine) as speaker:
        await speaker.speak(WORD, VOICE)
    (query,) = engine.queries()
    assert [phrase["accent"] for phrase in query["accent_phrases"]] == [1]
    assert "".join(mora["text"] for mora in query["accent_phrases"][0]["moras"]) == "ハシ"
    assert query["kana"] == "箸"
    assert query["outputStereo"] is False


@on_both
async def test_speech_comes_with_its_pronunciation_and_credit(engine: VoicevoxStandIn) -> None:
    async with _open(engine) as speaker:
        speech = await speaker.speak(WORD, VOICE)
    assert speech.samples.dtype == np.float32
    assert (len(speech.samples), speech.rate_hz) == (4_800, 24_000)
    assert speech.pronunciation is not None
    assert speech.pronunciation.phrases == (Phrase("ハシ", 1),)
    assert speech.credit == "VOICEVOX:ずんだもん"
    assert speech.billed is None


async def test_another_style_speaks_where_it_is_asked_for(engine: VoicevoxStandIn) -> None:
    whisper = Voice(provider="voicevox", name="36")
    async with _open(engine) as speaker:
        speech = await speaker.speak(WORD, whisper)
    assert speech.credit == "VOICEVOX:四国めたん"
    assert [query["speaker"] for path, query, _ in engine.heard if path == "/synthesis"] == ["36"]


async def test_ids_below_zero_speak(engine: VoicevoxStandIn) -> None:
    name = "-1878365376"
    async with _provider(engine, voice=name).open(workers=1, timeout_seconds=20) as speaker:
        assert (await speaker.speak(WORD, Voice(provider="voicevox", name=name))).samples.size


async def test_a_faster_voice_is_shorter(engine: VoicevoxStandIn) -> None:
    fast = Voice(provider="voicevox", name="3", speed=2)
    async with _open(engine) as speaker:
        speech = await speaker.speak(WORD, fast)
    assert len(speech.samples) == 2_400


async def test_its_pace_and_its_begin_are_told(engine: VoicevoxStandIn) -> None:
    begun: list[None] = []
    async with _open(engine) as speaker:
        await speaker.speak(WORD, VOICE, restart_timer=lambda: begun.append(None))
        assert isinstance(speaker, Paced)
        # Those that ask for its voices and its version, too.
        assert speaker.limiter.measure_traffic().requests == len(engine.heard) == 5
    # Each request of a clip tells that it is sent, and that its answer has come.
    assert len(begun) == 4


@pytest.mark.parametrize("name", ["33", "3002"])
async def test_a_style_that_the_engine_has_not_ends_it_before_it_begins(
    engine: VoicevoxStandIn, name: str
) -> None:
    with pytest.raises(UsageError, match=r"3 \(ずんだもん, ノーマル\)"):
        await _provider(engine, voice=name).open(workers=1, timeout_seconds=20).__aenter__()


async def test_a_style_that_only_some_entry_has_costs_that_clip(engine: VoicevoxStandIn) -> None:
    async with _open(engine) as speaker:
        with pytest.raises(ClipError, match="no voice '33'"):
            await speaker.speak(WORD, Voice(provider="voicevox", name="33"))
        assert (await speaker.speak(WORD, VOICE)).samples.size


async def test_an_engine_that_is_not_there_is_told_at_once_and_how_to_start_it() -> None:
    address = _free_address()
    nowhere = VoicevoxStandIn(url=address)
    with pytest.raises(FatalError, match=f"{address}.*start VOICEVOX"):
        await _provider(nowhere).open(workers=1, timeout_seconds=20).__aenter__()
    with pytest.raises(FatalError, match="start VOICEVOX"):
        await _provider(nowhere).listed()


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        ("/speakers", StandInReply(200, "text/html", b"<html>a router</html>")),
        ("/speakers", StandInReply(404, JSON, b'{"detail":"Not Found"}')),
        ("/speakers", StandInReply(429, "text/plain", b"slow down")),
        ("/engine_manifest", StandInReply(200, JSON, b'"nothing"')),
        ("/audio_query", StandInReply(200, JSON, b"\xff")),
        ("/audio_query", StandInReply(500, "text/plain", b"Internal Server Error")),
    ],
)
async def test_what_is_no_engine_is_told(
    engine: VoicevoxStandIn, path: str, reply: StandInReply
) -> None:
    engine.twists[path] = lambda _: reply
    with pytest.raises(FatalError, match="base-url"):
        await _provider(engine).open(workers=1, timeout_seconds=20).__aenter__()


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (StandInReply(400, JSON, b'{"detail":{"text":"no such kana"}}'), "400: no such kana"),
        (StandInReply(422, JSON, b'{"message":"no such style"}'), "422: no such style"),
        (StandInReply(422, JSON, b'{"detail":[{"msg":"no field"}]}'), "422: no field"),
        (StandInReply(414, "text/plain", b"too\x1blong"), "414: too long"),
    ],
)
async def test_what_the_engine_refuses_costs_that_clip_only(
    engine: VoicevoxStandIn, reply: StandInReply, words: str
) -> None:
    engine.twists["/accent_phrases"] = lambda _: reply
    error = await _fails(engine)
    assert isinstance(error, ClipError)
    assert str(error).endswith(words)
    assert len(engine.texts()) == 1


@on_both
@pytest.mark.parametrize("status", [401, 403, 404])
async def test_what_concerns_every_clip_ends_the_run(engine: VoicevoxStandIn, status: int) -> None:
    engine.twists["/synthesis"] = lambda _: StandInReply(status, "text/plain", b"no")
    error = await _fails(engine)
    assert isinstance(error, FatalError)
    assert str(error).endswith("no; set [voicevox] base-url to the address of an engine")


async def test_an_error_of_the_engine_is_tried_again(engine: VoicevoxStandIn) -> None:
    broken = [StandInReply(500, "text/plain", b"Internal Server Error")]
    engine.twists["/synthesis"] = lambda good: broken.pop() if broken else good
    async with _open(engine) as speaker:
        assert (await speaker.speak(WORD, VOICE)).samples.size
    assert len(engine.queries()) == 2


async def test_a_server_that_is_asked_too_much_is_asked_again(engine: VoicevoxStandIn) -> None:
    broken = [StandInReply(429, "text/plain", b"slow down")]
    engine.twists["/accent_phrases"] = lambda good: broken.pop() if broken else good
    async with _open(engine) as speaker:
        assert (await speaker.speak(WORD, VOICE)).samples.size
        assert isinstance(speaker, Paced)
        assert speaker.limiter.measure_traffic().refusals == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (_wav(0.09), "0.09 s"),
        (_wav(6.1), "takes less than 6.00 s"),
        (_wav(0.5, level=0), "0.50 s is silent"),
        (_wav(0), "no samples"),
        (_wav(1)[:-900], "incomplete"),
        (b"", "empty"),
        (b"<html>", "not audio"),
    ],
)
async def test_what_is_not_all_of_the_speech_is_not_kept(
    engine: VoicevoxStandIn, body: bytes, words: str
) -> None:
    engine.twists["/synthesis"] = lambda _: StandInReply(200, "audio/wav", body)
    error = await _fails(engine)
    assert isinstance(error, ClipError)
    assert words in str(error)


@pytest.mark.parametrize("body", [b"[]", b"{}", b"["])
async def test_an_answer_without_accent_phrases_is_none(
    engine: VoicevoxStandIn, body: bytes
) -> None:
    engine.twists["/accent_phrases"] = lambda _: StandInReply(200, JSON, body)
    assert "no accent phrases" in str(await _fails(engine))


async def test_what_cannot_be_read_costs_that_clip_only(engine: VoicevoxStandIn) -> None:
    async with _open(engine) as speaker:
        with pytest.raises(ClipError):
            await speaker.speak(SILENT, VOICE)
        assert (await speaker.speak(WORD, VOICE)).samples.size
    assert len(engine.texts()) == 1


async def test_what_no_address_can_hold_is_not_sent(engine: VoicevoxStandIn) -> None:
    form = SpokenForm("長い", sentence=True)
    phrases = (Phrase("ナガイ", 2),) * 1_500
    TOLD._readings[form] = Pronunciation(
        phrases=phrases, basis=Basis.SPELLING, accent_basis=AccentBasis.DICTIONARY
    )
    assert "split the text" in str(await _fails(engine, form))
    assert engine.texts() == []


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str, str]:
    """A project whose clips an engine made that has gone, and what two commands printed."""
    project = Project(tmp_path_factory.mktemp("project"), Path())
    project.words("水", "橋")
    with running() as engine:
        address = {"TTS_ASSETS_VOICEVOX_BASE_URL": engine.url}
        listed = project.run("voices", "--provider", "voicevox", **address)
        made = project.run("generate", "--provider", "voicevox", "--voice", "3", **address)
    return project, listed.stdout, made.stdout + made.stderr


def test_the_command_line_lists_its_voices(finished: tuple[Project, str, str]) -> None:
    assert "VOICEVOX:四国めたん" in finished[1]


def test_the_credit_is_in_the_ledger_and_the_report(finished: tuple[Project, str, str]) -> None:
    project, _, made = finished
    lines = [json.loads(line) for line in project.assets()["ledger.jsonl"].splitlines()]
    assert [line["credit"] for line in lines if "credit" in line] == ["VOICEVOX:ずんだもん"] * 2
    assert "VOICEVOX:ずんだもん" in made


def test_a_plan_needs_no_engine(finished: tuple[Project, str, str]) -> None:
    folder = finished[0].folder
    settings = Settings(
        paths=(str(folder / "data"),),
        provider="voicevox",
        voice="3",
        output=str(folder / "audio"),
        voicevox=VoicevoxSettings(base_url=_free_address()),
    )
    assert generate_sync(settings, dry_run=True).states[State.FRESH] == 2
