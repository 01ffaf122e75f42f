"""What is asked of ElevenLabs is what its own library asks for, and what its documentation allows."""

import base64
import io
import json
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import numpy as np
import pytest

from tests.engines import elevenlabs_schema
from tests.engines.loopback import Loopback, LoopbackReply, LoopbackRequest, loopback
from tts_assets.config.keys import Secret
from tts_assets.config.settings import ElevenLabsSettings, Settings, Switch
from tts_assets.engines import elevenlabs_requests
from tts_assets.engines.elevenlabs import ElevenLabs
from tts_assets.engines.elevenlabs_speaker import ElevenLabsSpeaker
from tts_assets.engines.reading_cache import ReadingCache
from tts_assets.model import SpokenForm, Voice

if TYPE_CHECKING:
    from elevenlabs.client import ElevenLabs as Client

pytestmark = pytest.mark.anyio

KEY = "sk_0123456789abcdef"
VOICE = "JBFqnCBsd6RMkjVDRZzb"
WORD = SpokenForm("水", "ミズ")
FORCED = SpokenForm("開く", "アク")
SENTENCES = SpokenForm("今日は雨です。傘を持って行きましょう。「はい」と言った。", sentence=True)
FORMS = (WORD, FORCED, SENTENCES, SpokenForm("コーヒー"), SpokenForm("𩸽を食べた。", sentence=True))


#: As the service shows them, with a value that eleven_v3 does not take, and one of eleven_v4.
STORED = {
    "stability": 0.35,
    "use_speaker_boost": False,
    "similarity_boost": 0.6,
    "style": 0.2,
    "speed": 1.1,
    "clone_strength": 0.5,
}


def _sound() -> bytes:
    """It swells and dies away for 2.4 s: nothing to doubt; a file, which goes for every format."""
    swell = np.sin(np.linspace(0, np.pi, 57_600)) * np.sin(np.linspace(0, 4_000, 57_600))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 24_000, 0, "NONE", ""))
        sound.writeframes((8_000 * swell).astype("<i2").tobytes())
    return file.getvalue()


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """One is enough here: requests are made of values alone."""
    return str(request.param)


@pytest.fixture(scope="module")
def told() -> ReadingCache:
    """Read once, by the real dictionary."""
    told = ReadingCache()
    anyio.run(told.read, FORMS, ())
    return told


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with loopback() as found:
        found.replies = [LoopbackReply(body=_sound(), headers={"character-cost": "2"})]
        found.by_path[f"/v1/voices/{VOICE}/settings"] = LoopbackReply(
            body=json.dumps(STORED).encode()
        )
        yield found


@asynccontextmanager
async def opened(settings: Settings, told: ReadingCache) -> AsyncIterator[ElevenLabsSpeaker]:
    provider = ElevenLabs(settings)
    provider._readings = told
    assert provider.problem() is None
    async with provider.open(workers=1, timeout_seconds=30) as speaker:
        yield speaker


async def ours(
    server: Loopback,
    told: ReadingCache,
    asked: ElevenLabsSettings,
    form: SpokenForm,
    speed: float = 1.0,
) -> list[LoopbackRequest]:
    """Our requests for a form, without the one for the settings of the voice."""
    server.asked.clear()
    settings = Settings(
        voice=VOICE,
        speed=speed,
        keys={"elevenlabs": Secret(KEY)},
        elevenlabs=replace(asked, base_url=server.url),
    )
    async with opened(settings, told) as speaker:
        await speaker.speak(form, Voice(provider="elevenlabs", name=VOICE, speed=speed))
    return [request for request in server.asked if request.method == "POST"]


@contextmanager
def official_client(server: Loopback) -> Iterator["Client"]:
    """The vendor's own library."""
    from elevenlabs.client import ElevenLabs as Client

    # One of its own making would leave its sockets open.
    with httpx.Client() as http:
        yield Client(api_key=KEY, base_url=server.url, httpx_client=http)


def theirs(server: Loopback, **arguments: Any) -> LoopbackRequest:
    """The request of the vendor's own library."""
    server.asked.clear()
    with official_client(server) as client:
        b"".join(client.text_to_speech.convert(VOICE, **arguments))
    (asked,) = server.asked
    return asked


def same(one: LoopbackRequest, other: LoopbackRequest) -> bool:
    def parts(asked: LoopbackRequest) -> tuple[Any, ...]:
        kept = {name: asked.headers[name] for name in ("xi-api-key", "content-type")}
        return (asked.method, asked.path, asked.query, kept, asked.json)

    return parts(one) == parts(other)


def stored_for(model: str) -> dict[str, Any]:
    """The stored settings that a request for a model may repeat."""
    ignored = elevenlabs_schema._IGNORED.get(model, ())
    stored = {name: value for name, value in STORED.items() if name not in ignored}
    return stored | ({"stability": 0.5} if model.startswith("eleven_v3") else {})


def arguments_of(asked: ElevenLabsSettings, text: str, speed: float) -> dict[str, Any]:
    """The same for the vendor's library, by its own names."""
    from elevenlabs import VoiceSettings

    voice: dict[str, Any] = {
        "stability": asked.stability,
        "similarity_boost": asked.similarity_boost,
        "style": asked.style,
        "use_speaker_boost": asked.use_speaker_boost,
        "speed": None if speed == 1.0 else speed,
    }
    voice = {name: value for name, value in voice.items() if value is not None}
    if voice:
        voice = stored_for(asked.model) | voice
    found = {
        "text": text,
        "model_id": asked.model,
        "output_format": asked.output_format,
        "voice_settings": VoiceSettings(**voice) if voice else None,
        "seed": asked.seed,
        "language_code": None if asked.model == "eleven_multilingual_v2" else "ja",
        "apply_text_normalization": asked.text_normalization and asked.text_normalization.value,
        "apply_language_text_normalization": asked.language_text_normalization,
    }
    return {name: value for name, value in found.items() if value is not None}


MODELS = [name for name, model in elevenlabs_requests._MODELS.items() if model.japanese]
EVERY_SETTING = ElevenLabsSettings(
    stability=0.3,
    similarity_boost=0.75,
    style=0.0,
    use_speaker_boost=False,
    seed=0,
    text_normalization=Switch.OFF,
    language_text_normalization=True,
)
MATRIX = [
    *((ElevenLabsSettings(model=model), 1.0) for model in MODELS),
    *((ElevenLabsSettings(model=model, seed=2**32 - 1, stability=0.5), 1.0) for model in MODELS),
    *((ElevenLabsSettings(), speed) for speed in (0.7, 0.85, 1.2)),
    *((ElevenLabsSettings(text_normalization=switch), 1.0) for switch in Switch),
    *((ElevenLabsSettings(use_speaker_boost=switch), 1.0) for switch in (True, False)),
    *(
        (ElevenLabsSettings(output_format=form), 1.0)
        for form in ("pcm_48000", "wav_24000", "mp3_44100_192", "opus_48000_64")
    ),
    (ElevenLabsSettings(similarity_boost=1.0, style=1 / 3), 1.0),
    (ElevenLabsSettings(model="eleven_flash_v2_5", language_text_normalization=False), 1.1),
    (ElevenLabsSettings(model="eleven_v3", language_text_normalization=True), 1.0),
    (EVERY_SETTING, 1.0),
    (EVERY_SETTING, 0.9),
]


@pytest.mark.parametrize(("asked", "speed"), MATRIX)
async def test_it_is_the_request_of_the_vendors_own_library(
    server: Loopback, told: ReadingCache, asked: ElevenLabsSettings, speed: float
) -> None:
    (request,) = await ours(server, told, asked, WORD, speed)
    assert elevenlabs_schema.problems(request) == []
    assert same(request, theirs(server, **arguments_of(asked, "水", speed)))


@pytest.mark.parametrize(
    ("form", "text"),
    list(zip(FORMS, ("水", "あく", SENTENCES.text, "コーヒー", "𩸽を食べた。"), strict=True)),
)
async def test_japanese_is_the_same_in_both(
    server: Loopback, told: ReadingCache, form: SpokenForm, text: str
) -> None:
    (request,) = await ours(server, told, ElevenLabsSettings(), form)
    assert same(request, theirs(server, **arguments_of(ElevenLabsSettings(), text, 1.0)))


@pytest.mark.parametrize("model", MODELS)
async def test_the_parts_of_a_long_text_are_told_what_is_beside_them_where_the_model_takes_that(
    server: Loopback, told: ReadingCache, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = elevenlabs_requests.find_elevenlabs_model(model)
    monkeypatch.setitem(elevenlabs_requests._MODELS, model, replace(known, longest=14))
    asked = ElevenLabsSettings(model=model)
    parts = ("今日は雨です。", "傘を持って行きましょう。", "「はい」と言った。")
    requests = await ours(server, told, asked, SENTENCES)
    assert [request.json["text"] for request in requests] == list(parts)
    beside: list[dict[str, str]] = [
        {"next_text": parts[1] + parts[2]},
        {"previous_text": parts[0], "next_text": parts[2]},
        {"previous_text": parts[0] + parts[1]},
    ]
    for request, text, more in zip(requests, parts, beside, strict=True):
        arguments = arguments_of(asked, text, 1.0) | (more if known.stitches else {})
        assert same(request, theirs(server, **arguments))
        assert elevenlabs_schema.problems(request) == []


async def test_a_request_for_times_is_that_of_the_vendors_own_library(
    server: Loopback, told: ReadingCache
) -> None:
    settings = Settings(
        voice=VOICE,
        keys={"elevenlabs": Secret(KEY)},
        elevenlabs=ElevenLabsSettings(base_url=server.url, seed=7),
    )
    sound = base64.b64encode(_sound()).decode()
    reply = LoopbackReply(body=json.dumps({"audio_base64": sound, "alignment": None}).encode())
    server.by_path[f"/v1/text-to-speech/{VOICE}/with-timestamps"] = reply
    server.asked.clear()
    async with opened(settings, told) as speaker:
        voice = Voice(provider="elevenlabs", name=VOICE)
        speech = await speaker.speak_timed(SENTENCES, voice, ("前。", "後。"))
    assert speech.character_times == ()
    (asked,) = server.asked
    server.asked.clear()
    arguments = arguments_of(settings.elevenlabs, SENTENCES.text, 1.0)
    arguments |= {"previous_text": "前。", "next_text": "後。"}
    with official_client(server) as client:
        client.text_to_speech.convert_with_timestamps(VOICE, **arguments)
    assert same(asked, server.asked[0])
    assert elevenlabs_schema.problems(asked) == []


async def test_the_settings_of_a_voice_are_read_as_by_the_vendors_own_library(
    server: Loopback, told: ReadingCache
) -> None:
    await ours(server, told, ElevenLabsSettings(), WORD, 0.9)
    (asked,) = (request for request in server.asked if request.method == "GET")
    server.asked.clear()
    with official_client(server) as client:
        settings = client.voices.settings.get(VOICE)
    assert settings.model_dump() == STORED
    (official,) = server.asked
    assert (asked.path, asked.query) == (official.path, official.query)
    assert asked.headers["xi-api-key"] == official.headers["xi-api-key"]


RIGHT = LoopbackRequest(
    method="POST",
    path=f"/v1/text-to-speech/{VOICE}",
    query=[("output_format", "pcm_24000")],
    headers={"content-type": "application/json", "xi-api-key": KEY},
    json={"text": "水", "model_id": "eleven_multilingual_v2"},
)


def test_the_schema_takes_what_is_right() -> None:
    assert elevenlabs_schema.problems(RIGHT) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "GET"},
        {"path": "/v1/text-to-speech/../user"},
        {"path": f"/v1/text-to-speech/{VOICE}/stream"},
        {"query": []},
        {"query": [("output_format", "pcm_24001")]},
        {"query": [("output_format", "pcm_24000"), ("enable_logging", "false")]},
        {"headers": {"content-type": "application/json"}},
        {"headers": RIGHT.headers | {"authorization": f"Bearer {KEY}"}},
        {"headers": {"content-type": "text/plain", "xi-api-key": KEY}},
        {"json": ["水"]},
        {"json": {"text": "水"}},
        {"json": {"model_id": "eleven_v4"}},
    ],
)
def test_the_schema_refuses_a_wrong_request(wrong: dict[str, Any]) -> None:
    assert elevenlabs_schema.problems(replace(RIGHT, **wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": None},
        {"text": "水" * 11_001},
        {"model_id": "eleven_multilingual_v1"},
        {"model": "eleven_v4"},
        {"seed": -1},
        {"seed": 2**32},
        {"seed": True},
        {"seed": 1.0},
        {"seed": None},
        {"language_code": "ja"},
        {"language_code": "ja-JP", "model_id": "eleven_v4"},
        {"apply_text_normalization": True},
        {"apply_language_text_normalization": "on"},
        {"apply_language_text_normalization": True, "model_id": "eleven_v4"},
        {"previous_text": "水", "model_id": "eleven_v3"},
        {"next_text": ""},
        {"voice_settings": {}},
        {"voice_settings": {"stability": 1.1}},
        {"voice_settings": {"stability": 0.3}, "model_id": "eleven_v3"},
        {"voice_settings": {"similarity_boost": float("nan")}},
        {"voice_settings": {"speed": 0.69}},
        {"voice_settings": {"speed": 0.9}, "model_id": "eleven_v3"},
        {"voice_settings": {"style": 0.5}, "model_id": "eleven_v4"},
        {"voice_settings": {"use_speaker_boost": 1}},
        {"voice_settings": {"similarity": 0.5}},
        {"pronunciation_dictionary_locators": []},
    ],
)
def test_the_schema_refuses_a_wrong_body(wrong: dict[str, Any]) -> None:
    assert elevenlabs_schema.problems(replace(RIGHT, json=RIGHT.json | wrong))
