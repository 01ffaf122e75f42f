"""Servers of OpenAI's shape: asked as the official library asks, and every answer told for what it is."""

import io
import re
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import anyio
import msgspec
import numpy as np
import pytest
import soundfile

from tests.engines.loopback import Loopback, LoopbackReply
from tests.simulator.running import Simulator, running
from tests.simulator.scenario import Scenario
from tts_assets.config.catalogue_sources import Source
from tts_assets.config.keys import Secret
from tts_assets.config.prices import Price
from tts_assets.config.settings import OpenAISettings, RemoteSettings, Settings
from tts_assets.engines.http.service_calls import (
    RateLimitedError,
    RetryPolicy,
    ServiceResponse,
    TransientError,
)
from tts_assets.engines.openai import OpenAI, OpenAISpeaker, openai, to_openai_error
from tts_assets.engines.protocol import Bounded, Charge, Paced, Priced, Remote
from tts_assets.engines.reading_cache import ReadingCache
from tts_assets.engines.registry import load_engine
from tts_assets.errors import ClipError, FatalError, UsageError
from tts_assets.model import AccentBasis, Kind, Speech, SpokenForm, Voice

pytestmark = pytest.mark.anyio

KEY = "sk-proj-0123456789abcdefghij"
WATER = SpokenForm("水", "ミズ")
OPEN = SpokenForm("開く", "アク")
KYUSHU = SpokenForm("九州", "キュウシュウ")
PASSAGE = SpokenForm("今日は雨です。傘を持って行きましょう。" * 90, sentence=True)
MARK = SpokenForm("。")
AT_ONCE = RetryPolicy(
    first_seconds=0.001, longest_seconds=0.002, jitter_seconds=0.001, refused_seconds=0.02
)
on_both = pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """One is enough for most: the client, calls and limiter below have tests on both."""
    return str(request.param)


@pytest.fixture(scope="module")
def told() -> ReadingCache:
    """Read once, by the real dictionary."""
    told = ReadingCache()
    anyio.run(told.read, (WATER, OPEN, KYUSHU, PASSAGE, MARK), ())
    return told


@pytest.fixture(scope="module")
def started() -> Iterator[Simulator]:
    with running(Scenario(refuse_seconds=0.02)) as simulator:
        yield simulator


@pytest.fixture
def simulator(started: Simulator) -> Simulator:
    started.change(cap=5, quota=None, openai_key="", faults=[])
    return started


def settings_for(url: str = "http://127.0.0.1:1", key: str = "", **asked: Any) -> Settings:
    return Settings(
        voice="alloy",
        keys={"openai": Secret(key)} if key else {},
        remote=RemoteSettings(rate_per_second=10_000),
        openai=OpenAISettings(base_url=f"{url}/v1", **asked),
    )


@asynccontextmanager
async def opened(
    settings: Settings, told: ReadingCache, *, workers: int = 5
) -> AsyncIterator[OpenAISpeaker]:
    provider = OpenAI(settings, retry_policy=AT_ONCE)
    provider._readings = told
    async with provider.open(workers=workers, timeout_seconds=20.0) as speaker:
        yield speaker


async def say(
    speaker: OpenAISpeaker, form: SpokenForm = WATER, voice: str = "alloy", speed: float = 1.0
) -> Speech:
    return await speaker.speak(form, Voice(provider="openai", name=voice, speed=speed))


def tone(seconds: float = 0.5, rate_hz: int = 24_000) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A tone that fades at its end, as speech does."""
    times = np.arange(int(seconds * rate_hz))
    fade = np.minimum(1.0, (times.size - times) / (0.05 * rate_hz)) ** 2
    return (0.3 * fade * np.sin(times / 20)).astype(np.float32)


def sound(
    container: str, subtype: str | None = None, *, seconds: float = 0.5, rate_hz: int = 24_000
) -> bytes:
    buffer = io.BytesIO()
    samples = tone(seconds, rate_hz)
    soundfile.write(buffer, samples, rate_hz, format=container, subtype=subtype)
    return buffer.getvalue()


def pcm(seconds: float = 0.5) -> bytes:
    return (tone(seconds) * 32_767).astype("<i2").tobytes()


def wav(length: int | None = None, seconds: float = 0.5, *, silent: bool = False) -> bytes:
    """A WAV file that tells this length of its sound, or the true one."""
    data = bytes(len(pcm(seconds))) if silent else pcm(seconds)
    told_length = len(data) if length is None else length
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 24_000, 48_000, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", min(told_length + 36, 0xFFFFFFFF), b"WAVE")
    return head + form + struct.pack("<4sI", b"data", told_length) + data


def streamed_flac() -> bytes:
    """As servers send it that encode while they speak: the number of samples and the sum are 0."""
    data = bytearray(sound("FLAC", "PCM_16"))
    data[21] &= 0xF0
    data[22:42] = bytes(20)
    return bytes(data)


def reply(body: bytes, kind: str = "", status: int = 200, **headers: str) -> LoopbackReply:
    return LoopbackReply(
        status=status, body=body, headers=headers | ({"content-type": kind} if kind else {})
    )


def as_json(value: object, status: int = 200) -> LoopbackReply:
    return reply(msgspec.json.encode(value), "application/json", status)


@on_both
async def test_it_speaks_and_tells_how_it_should_sound(
    simulator: Simulator, told: ReadingCache
) -> None:
    async with opened(settings_for(simulator.url), told, workers=3) as speaker:
        speech = await say(speaker, OPEN)
        assert speech.samples.dtype == np.float32
        assert (speech.rate_hz, speech.billed) == (24_000, None)
        assert speech.pronunciation is not None
        assert speech.pronunciation.accent_basis is AccentBasis.ENGINE
        assert [phrase.kana for phrase in speech.pronunciation.phrases] == ["アク"]
        assert isinstance(speaker, Bounded)
        assert isinstance(speaker, Paced)
        assert (speaker.workers, speaker.limiter.measure_traffic().requests) == (3, 1)


async def test_nothing_is_sent_but_what_was_asked_for(server: Loopback, told: ReadingCache) -> None:
    server.replies = [reply(wav(), "audio/wav")]
    async with opened(settings_for(server.url), told) as speaker:
        await say(speaker)
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/v1/audio/speech", [])
    assert asked.json == {
        "model": "gpt-4o-mini-tts",
        "input": "水",
        "voice": "alloy",
        "response_format": "wav",
    }
    assert "authorization" not in asked.headers


async def test_speed_instructions_model_format_and_key_are_sent_as_they_are_set(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [reply(pcm(), "audio/pcm")]
    settings = settings_for(
        server.url, KEY, model="kokoro", response_format="pcm", instructions="ゆっくり\n."
    )
    async with opened(settings, told) as speaker:
        await say(speaker, OPEN, voice="af_sky+af_bella", speed=1.5)
    (asked,) = server.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.json == {
        "model": "kokoro",
        "input": "あく",
        "voice": "af_sky+af_bella",
        "response_format": "pcm",
        "instructions": "ゆっくり\n.",
        "speed": 1.5,
    }


@pytest.mark.parametrize("form", ["wav", "flac", "mp3", "opus", "pcm"])
async def test_every_format_is_heard_the_same(
    simulator: Simulator, told: ReadingCache, form: str
) -> None:
    async with opened(settings_for(simulator.url, response_format=form), told) as speaker:
        speech = await say(speaker, KYUSHU)
    # libsndfile has no Opus but at 48 kHz.
    assert speech.rate_hz in (24_000, 48_000)
    assert speech.samples.size / speech.rate_hz == pytest.approx(0.6, abs=0.1)


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("wav", wav()),
        ("wav", wav(0xFFFFFFFF)),
        ("wav", wav(0)),
        ("flac", sound("FLAC", "PCM_16")),
        ("flac", streamed_flac()),
        ("mp3", sound("MP3")),
        ("opus", sound("OGG", "OPUS")),
        ("pcm", pcm()),
        ("pcm", wav()),
    ],
)
async def test_what_came_is_known_by_its_first_bytes_and_read_to_its_end(
    server: Loopback, told: ReadingCache, form: str, body: bytes
) -> None:
    server.replies = [reply(body), reply(body, "application/octet-stream")]
    async with opened(settings_for(server.url, response_format=form), told) as speaker:
        for _ in range(2):
            speech = await say(speaker)
            assert speech.samples.size / speech.rate_hz == pytest.approx(0.5, abs=0.001)


async def test_bare_samples_may_tell_another_rate(server: Loopback, told: ReadingCache) -> None:
    server.replies = [reply(pcm(), "audio/pcm; rate=22050")]
    async with opened(settings_for(server.url, response_format="pcm"), told) as speaker:
        assert (await say(speaker)).rate_hz == 22_050


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (reply(b"", "audio/wav"), "the response was empty"),
        (
            reply(b"<html><title>Sign in</title><style>p{}</style><p>here", "text/html"),
            r"not audio but text/html: openai\.base-url .*says: Sign in here\)",
        ),
        (
            as_json({"error": {"message": "no voice today"}}),
            r"not audio but application/json.*today",
        ),
        (reply(b"ID3 fake", "audio/mpeg"), r"not audio, although its type is audio/mpeg"),
        (reply(b"\x00\x01\x02\xff" * 40, "audio/aac"), "no known audio format"),
        (reply(f"no {KEY}".encode(), "text/plain"), r"says: no \*\*\*\)"),
    ],
)
async def test_a_success_without_sound_is_asked_for_again_and_then_told(
    server: Loopback, told: ReadingCache, answer: LoopbackReply, message: str
) -> None:
    server.replies = [answer]
    async with opened(settings_for(server.url, KEY), told) as speaker:
        with pytest.raises(ClipError, match=rf"{message}.*tried 3 times") as caught:
            await say(speaker)
        assert KEY not in str(caught.value)
        assert "\n" not in str(caught.value)
        assert len(server.asked) == 3
        server.replies = [reply(wav(), "audio/wav")]
        assert (await say(speaker)).samples.size == 12_000


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (wav(48_000), "the audio is incomplete: only 24000 of 48000 bytes"),
        (pcm()[:-1], "not whole 16-bit samples"),
        (wav(seconds=0.1), r"0\.10 s long, but its text takes more than 0\.20 s"),
        (wav(seconds=9.1), r"9\.10 s long, but its text takes less than 9\.00 s"),
        (wav(silent=True), r"the audio of 0\.50 s is silent"),
    ],
)
async def test_a_sound_that_cannot_be_right_is_asked_for_once_more(
    server: Loopback, told: ReadingCache, body: bytes, message: str
) -> None:
    server.replies = [reply(body), reply(wav())]
    async with opened(settings_for(server.url, response_format="pcm"), told) as speaker:
        assert (await say(speaker, KYUSHU)).samples.size == 12_000
        assert len(server.asked) == 2
        server.replies = [reply(body)]
        with pytest.raises(ClipError, match=f"{message}.*requested twice"):
            await say(speaker, KYUSHU)
        assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("speed", "seconds"), [(2.0, 0.25), (0.25, 0.45), (0.25, 26.9), (4.0, 8.9), (1.0, 8.9)]
)
async def test_who_speaks_faster_or_slower_or_ignores_the_speed_is_believed(
    server: Loopback, told: ReadingCache, speed: float, seconds: float
) -> None:
    server.replies = [reply(wav(seconds=seconds))]
    async with opened(settings_for(server.url), told) as speaker:
        speech = await say(speaker, KYUSHU, speed=speed)
    assert speech.samples.size == pytest.approx(seconds * 24_000, abs=1)


def cut(seconds: float = 0.5) -> bytes:
    """Samples that end loudly."""
    return pcm(2 * seconds)[: len(pcm(seconds))]


async def test_what_ends_in_the_middle_of_a_word_is_asked_for_once_more(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [reply(cut()), reply(pcm())]
    async with opened(settings_for(server.url, response_format="pcm"), told) as speaker:
        await say(speaker, KYUSHU)
        assert len(server.asked) == 2
        server.replies = [reply(cut())]
        for _ in range(5):
            with pytest.raises(ClipError, match=r"0\.50 s ends abruptly; it was requested twice"):
                await say(speaker, KYUSHU)


async def test_a_voice_that_always_ends_so_ends_the_run_unless_it_is_known(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [reply(cut())]
    async with opened(settings_for(server.url, response_format="pcm"), told) as speaker:
        for _ in range(2):
            with pytest.raises(ClipError):
                await say(speaker, KYUSHU)
        with pytest.raises(FatalError, match=r"check-ends = false in \[openai\]"):
            await say(speaker, KYUSHU)
    settings = settings_for(server.url, response_format="pcm", check_ends=False)
    async with opened(settings, told) as speaker:
        assert (await say(speaker, KYUSHU)).samples.size == 12_000


async def test_a_server_that_never_marks_the_end_of_ogg_files_is_known_by_three_clips(
    server: Loopback, told: ReadingCache
) -> None:
    pages = sound("OGG", "OPUS", seconds=3.0).split(b"OggS")
    server.replies = [reply(b"OggS".join(pages[:-1]))]
    async with opened(settings_for(server.url, response_format="opus"), told) as speaker:
        for _ in range(2):
            with pytest.raises(ClipError, match="incomplete: its last pages are missing"):
                await say(speaker, KYUSHU)
        with pytest.raises(FatalError, match=r"check-ends = false in \[openai\]"):
            await say(speaker, KYUSHU)
    settings = settings_for(server.url, response_format="opus", check_ends=False)
    async with opened(settings, told) as speaker:
        assert (await say(speaker, KYUSHU)).samples.size


async def test_half_of_what_should_be_said_is_too_little_speech(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [reply(pcm(0.25) + bytes(48_000))]
    async with opened(settings_for(server.url, response_format="pcm"), told) as speaker:
        with pytest.raises(
            ClipError, match=r"abruptly: 0\.2\d s are speech, .* more than 0\.3\d s"
        ):
            await say(speaker, KYUSHU)


async def test_a_part_that_is_too_short_is_asked_for_once_more_by_itself(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [reply(wav(seconds=120.0)), reply(wav()), reply(wav(seconds=20.0))]
    async with opened(settings_for(server.url), told) as speaker:
        assert (await say(speaker, PASSAGE)).samples.size == 140 * 24_000
        first, *others = [asked.json["input"] for asked in server.asked]
        assert first + others[0] == PASSAGE.text
        assert others == [others[0]] * 2
        server.replies = [reply(wav(seconds=120.0)), reply(wav())]
        with pytest.raises(ClipError, match=r"0\.50 s long.*takes more than \d\.\d\d s"):
            await say(speaker, PASSAGE)


async def test_a_long_text_is_said_in_parts_that_are_joined(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [reply(wav(seconds=120.0)), reply(wav(seconds=20.0))]
    async with opened(settings_for(server.url), told) as speaker:
        speech = await say(speaker, PASSAGE)
        assert speech.samples.size == 140 * 24_000
        parts = [asked.json["input"] for asked in server.asked]
        assert "".join(parts) == PASSAGE.text
        assert [len(part) <= 1_500 and part.endswith("。") for part in parts] == [True, True]
        server.replies = [
            reply(sound("WAV", seconds=120.0)),
            reply(sound("WAV", seconds=20.0, rate_hz=8_000)),
        ]
        with pytest.raises(ClipError, match=r"different sample rates: \[8000, 24000\]"):
            await say(speaker, PASSAGE)


async def test_what_the_dictionary_cannot_read_is_not_sent(
    server: Loopback, told: ReadingCache
) -> None:
    async with opened(settings_for(server.url), told) as speaker:
        with pytest.raises(ClipError):
            await say(speaker, MARK)
    assert not server.asked


@pytest.mark.parametrize(
    "kind",
    ["reset", "reset_body", "short", "cut_chunk", "gzip", "error_500", "bad_gateway", "html"],
)
async def test_what_was_lost_is_asked_for_again(
    simulator: Simulator, told: ReadingCache, kind: str
) -> None:
    simulator.change(faults=[{"kind": kind, "count": 1}])
    async with opened(settings_for(simulator.url), told) as speaker:
        assert (await say(speaker)).samples.size
        assert speaker.limiter.measure_traffic().retries == 1


@on_both
async def test_a_spent_quota_ends_the_run(simulator: Simulator, told: ReadingCache) -> None:
    simulator.change(quota=0)
    async with opened(settings_for(simulator.url), told) as speaker:
        with pytest.raises(
            FatalError, match=r"the account has no credit left: continue when it has"
        ):
            await say(speaker)


@pytest.mark.parametrize("key", ["", "sk-another-0123456789abc"])
async def test_a_key_that_is_missed_or_refused_ends_the_run(
    simulator: Simulator, told: ReadingCache, key: str
) -> None:
    simulator.change(openai_key=KEY)
    async with opened(settings_for(simulator.url, key), told) as speaker:
        with pytest.raises(FatalError, match=r"\(401\): set OPENAI_API_KEY or --api-key-file"):
            await say(speaker)
    async with opened(settings_for(simulator.url, KEY), told) as speaker:
        assert (await say(speaker)).samples.size


def judged(status: int, body: object, *, is_first: bool = True, wait: str = "") -> Exception:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    answer = ServiceResponse(status=status, headers={"retry-after": wait}, body=data)
    hidden = lambda text: text.replace(KEY, "***")  # noqa: E731 - as short as that
    return to_openai_error(answer, model="tts-9", hidden=hidden, is_first=is_first)


def error(message: str = "because", **more: object) -> dict[str, object]:
    return {"error": {"message": message} | more}


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (401, error(), FatalError, r"set OPENAI_API_KEY or --api-key-file \(it says: because\)"),
        (403, {"detail": "Not allowed"}, FatalError, r"\(403\).*says: Not allowed"),
        (402, error(), FatalError, "the account has no credit left"),
        (429, error(code="insufficient_quota"), FatalError, "the account has no credit left"),
        (429, error(type="billing_not_active"), FatalError, "the account has no credit left"),
        (
            404,
            {"detail": "Not Found"},
            FatalError,
            r"'tts-9' has no speech endpoint or no such model \(404\).*base-url.*Found",
        ),
        (404, error("Voice x not found"), ClipError, "does not have this voice"),
        (
            404,
            error("The model tts-9 does not exist"),
            FatalError,
            r"model 'tts-9': change openai\.m",
        ),
        (405, b"", FatalError, r"\(405\): openai\.base-url"),
        (501, b"", FatalError, r"\(501\)"),
        (304, b"", FatalError, r"\(304\)"),
        (400, error(), ClipError, r"refuses this request \(400\) \(it says: because\)"),
        (400, error(param="voice"), ClipError, "does not have this voice"),
        (400, error(param="input"), ClipError, r"refuses this request"),
        (400, error(code="invalid_model"), FatalError, r"change openai\.model"),
        (400, {"detail": {"error": "invalid_model", "message": "m"}}, FatalError, r"openai\.model"),
        (400, {"detail": "Unsupported model 'x'. Use 'y'."}, FatalError, r"openai\.model"),
        (400, {"object": "error", "message": "too long", "code": 400}, ClipError, "too long"),
        (
            422,
            {"detail": [{"loc": ["body", "input"], "msg": "short"}]},
            ClipError,
            "body.input: sh",
        ),
        (
            422,
            {"detail": [{"loc": ["body", "speed"], "msg": "le 2"}]},
            FatalError,
            "change --speed",
        ),
        (422, {"detail": [{"msg": "odd"}, 7]}, ClipError, r"says: odd; 7"),
        (400, error(param="response_format"), FatalError, r"change openai\.response-format"),
        (413, b"<html>Too big</html>", ClipError, r"\(413\) \(it says: Too big\)"),
        (500, error(), TransientError, r"responded with 500 \(it says: because\)"),
        (503, b"\xff\xfe", TransientError, "^the server responded with 503$"),
        (
            503,
            error(
                "Model 'x/y' is not installed locally. You can download it using `POST /v1/models`"
            ),
            FatalError,
            r"refuses the model 'tts-9': download it there, or change openai\.model",
        ),
        (503, {"detail": "model tts-9 has not been downloaded"}, FatalError, "download it there"),
        (503, {"detail": "Model files not found! You need to download"}, FatalError, "model"),
        (
            500,
            error("backend not found: piper"),
            FatalError,
            r"'tts-9' has no speech endpoint or no such model \(500\)",
        ),
        (500, error('model "x" not found'), FatalError, r"change openai\.model"),
        (500, error("Voice not found: xy"), ClipError, "does not have this voice"),
        (503, error("Model x is not loaded yet, loading"), TransientError, "responded with 503"),
        (
            503,
            error("model x not found in cache: downloading"),
            TransientError,
            "responded with 503",
        ),
        (503, error("voice not found for the moment"), TransientError, "responded with 503"),
        (502, error("backend not found"), TransientError, "responded with 502"),
        (503, error("Service unavailable"), TransientError, "responded with 503"),
        (404, error("Model 'x' is not installed locally."), FatalError, "download it there"),
        (408, b"a\0b", TransientError, "^the server responded with 408$"),
        (429, error("Rate limit reached"), TransientError, "responded with 429"),
        (400, error(f"a {KEY}\nb\x1b[1m " + "x" * 999), ClipError, r"says: a \*\*\* b \[1m x+…\)$"),
    ],
)
def test_answers_are_told_apart(
    status: int, body: object, kind: type[Exception], message: str
) -> None:
    found = judged(status, body)
    assert type(found) is kind
    assert re.search(message, str(found)), found


def test_a_server_may_say_how_long_to_wait() -> None:
    found = judged(429, error("slow down"), wait="7")
    assert isinstance(found, TransientError)
    assert found.seconds == 7


@pytest.mark.parametrize(
    ("message", "most"),
    [("At most 4 concurrent requests", 4), ("Concurrency limit reached", None)],
)
def test_a_refusal_for_want_of_room_is_one_only_if_it_says_so(
    message: str, most: int | None
) -> None:
    found = judged(429, error(message))
    assert isinstance(found, RateLimitedError)
    assert found.most == most


def test_an_address_that_has_spoken_is_right_later_on() -> None:
    assert type(judged(404, error("No fixture"), is_first=False)) is ClipError


async def test_it_lists_the_voices_of_servers_that_tell_them(server: Loopback) -> None:
    server.replies = [
        as_json({"voices": [{"id": "jf_alpha", "name": "jf_alpha"}, {"id": "b", "name": "Bea"}]}),
        as_json({"voices": ["af_heart", "jm_kumo", "af_heart", 7]}),
        as_json({"voices": [{"name": "jf_nezumi", "language": "ja", "gender": "female"}]}),
        as_json([{"voice_id": "x\x1b[1m", "language": "pt_br", "description": "who\nis it"}]),
        as_json([{"name": "Nanami", "language": "Japanese", "locale": "ja-JP"}]),
    ]
    provider = OpenAI(settings_for(server.url, KEY))
    found = [
        [(voice.name, voice.language, voice.description) for voice in await provider.listed()]
        for _ in range(5)
    ]
    assert found == [
        [("jf_alpha", "und", ""), ("b", "und", "Bea")],
        [("af_heart", "und", ""), ("jm_kumo", "und", "")],
        [("jf_nezumi", "ja", "")],
        [("x [1m", "pt-br", "who is it")],
        [("Nanami", "ja-JP", "")],
    ]
    assert server.asked[0].path == "/v1/audio/voices"
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


async def test_voices_are_looked_for_in_both_common_places(server: Loopback) -> None:
    server.replies = [as_json({"detail": "Not Found"}, 404), as_json({"voices": ["nova"]})]
    (voice,) = await OpenAI(settings_for(server.url)).listed()
    assert voice.name == "nova"
    assert [asked.path for asked in server.asked] == ["/v1/audio/voices", "/v1/voices"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (as_json({"detail": "Not Found"}, 404), r"does not list its voices \(404\): look them up"),
        (as_json({"voices": []}), "does not list its voices"),
        (reply(b"<html>", "text/html"), "does not list its voices"),
        (as_json(error("who?"), 401), r"\(401\): set OPENAI_API_KEY"),
    ],
)
async def test_it_says_where_a_server_does_not_tell_its_voices(
    server: Loopback, answer: LoopbackReply, message: str
) -> None:
    server.replies = [answer]
    with pytest.raises(FatalError, match=message):
        await OpenAI(settings_for(server.url)).listed()


async def test_a_server_that_is_not_there_tells_no_voices() -> None:
    with pytest.raises(FatalError, match=r"127\.0\.0\.1:1/v1 does not list its voices: .* reached"):
        await OpenAI(settings_for()).listed()


async def test_openais_own_voices_are_known_without_asking() -> None:
    names = [voice.name for voice in await OpenAI(Settings()).listed()]
    assert len(names) == 13
    assert {"alloy", "cedar"} <= set(names)


def test_the_voices_are_those_of_the_settings_the_default_one_first() -> None:
    source = Source(name="talk", kind=Kind.LISTENING, clips=(), voices={"A": "echo", "B": "alloy"})
    settings = replace(settings_for(voices=("nova", "alloy")), sources=(source,))
    assert [voice.name for voice in OpenAI(settings).voices()] == ["alloy", "nova", "echo"]
    assert OpenAI(replace(settings, voice=None)).voices()[0].name == "nova"
    with pytest.raises(UsageError, match=r"no voice is set for openai: name one with --voice"):
        OpenAI(Settings()).voices()


def test_only_openai_itself_wants_a_key() -> None:
    assert OpenAI(settings_for()).problem() is None
    own = Settings(voice="alloy")
    assert re.match("OpenAI needs a key: set OPENAI_API_KEY or", OpenAI(own).problem() or "")
    assert OpenAI(replace(own, keys={"openai": Secret(KEY)})).problem() is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (settings_for(response_format="aac"), "'aac': choose one of wav, flac, mp3, opus, pcm"),
        (settings_for("http://192.168.0.9:8880", KEY), "not encrypted, so others"),
        (settings_for("https://user:pass@host"), "the base-url is not an address"),
        (Settings(), "no voice is set"),
    ],
)
async def test_what_can_never_be_had_is_said_before_anything_is_sent(
    settings: Settings, message: str
) -> None:
    provider = OpenAI(settings)
    with pytest.raises(UsageError, match=message):
        provider.problem()
    with pytest.raises(UsageError, match=message):
        async with provider.open(workers=1, timeout_seconds=1.0):
            pytest.fail("it must not open")


async def test_openai_is_not_asked_without_a_key() -> None:
    with pytest.raises(UsageError, match="needs a key"):
        async with OpenAI(Settings(voice="alloy")).open(workers=1, timeout_seconds=1.0):
            pytest.fail("it must not open")


def test_its_parts_name_what_can_be_heard_and_not_where_it_comes_from() -> None:
    one = settings_for("http://127.0.0.1:7", KEY, instructions="slow\nand low")
    parts = OpenAI(one).engine("alloy")
    assert parts == OpenAI(settings_for(instructions="slow\nand low")).engine("alloy")
    assert r'model=gpt-4o-mini-tts response_format=wav instructions="slow\nand low" pyop' in parts
    others = [{"model": "tts-1"}, {"response_format": "mp3"}, {"instructions": "fast"}, {}]
    engines = {OpenAI(settings_for(**each)).engine("alloy") for each in others}
    assert len(engines | {parts}) == 5


def test_it_is_remote_and_promises_nothing() -> None:
    provider = load_engine("openai", settings_for())
    assert isinstance(provider, Remote)
    assert provider.max_concurrent == 5
    assert not provider.accents("alloy")
    assert not provider.repeats("alloy")
    assert not isinstance(provider, Priced)


PRICED = Price(provider="openai", per_1000_credits=0.015, currency="USD", read=date(2026, 11, 22))


@pytest.mark.parametrize(
    "more",
    [
        {"prices": (PRICED,)},
        {"max_chars": 100},
        {"max_cost": 1.0},
        {"openai": OpenAISettings(base_url="https://api.openai.com/v1")},
    ],
)
async def test_it_costs_something_at_openai_and_where_somebody_says_so(
    told: ReadingCache, more: Any
) -> None:
    provider = openai(replace(settings_for(), **more))
    assert isinstance(provider, Priced)
    provider._readings = told
    charges = await provider.charges([OPEN, KYUSHU, MARK], ())
    assert charges[:2] == [Charge(2, 2.0), Charge(2, 2.0)]
    assert isinstance(charges[2], str)
    assert await provider.balance() == "servers with this API do not report the remaining credit"
