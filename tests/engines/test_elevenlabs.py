"""ElevenLabs: paid once, doubted once, and every answer told for what it is."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, get_args

import anyio
import numpy as np
import pytest

from tests.engines.loopback import Loopback, LoopbackReply
from tests.simulator.running import Simulator, running
from tests.simulator.scenario import Scenario, voice_id
from tts_assets.config.catalogue_sources import Source
from tts_assets.config.keys import Secret
from tts_assets.config.settings import ElevenLabsSettings, RemoteSettings, Settings, Switch
from tts_assets.engines import elevenlabs_requests
from tts_assets.engines.elevenlabs import ElevenLabs
from tts_assets.engines.elevenlabs_speaker import ElevenLabsSpeaker
from tts_assets.engines.http.service_calls import RetryPolicy
from tts_assets.engines.protocol import (
    Balance,
    Bounded,
    Charge,
    Paced,
    Priced,
    Remote,
    TimestampProvider,
)
from tts_assets.engines.reading_cache import ReadingCache
from tts_assets.errors import ClipError, ClipTimeoutError, FatalError, UsageError
from tts_assets.model import Kind, Speech, SpokenForm, Voice

pytestmark = pytest.mark.anyio

KEY = "sk_simulator"
VOICE = voice_id(1)
WATER = SpokenForm("水", "ミズ")
OPEN = SpokenForm("開く", "アク")
RAIN = SpokenForm("今日は雨です。傘を持って行きましょう。", sentence=True)
MARK = SpokenForm("。")
WORDS = tuple(
    SpokenForm(word)
    for word in ["山", "川", "空", "海", "花", "月", "星", "雪", "鳥", "夢", "森", "風"]
)
AT_ONCE = RetryPolicy(
    first_seconds=0.01, longest_seconds=0.02, jitter_seconds=0.01, refused_seconds=0.02
)
#: What a simulator is brought back to before each test.
PLAIN: dict[str, Any] = {
    "cap": 5,
    "busy": 0.0,
    "quota": None,
    "revoke_after": None,
    "latency_seconds": 0.0,
    "voices": 3,
    "subscription_readable": True,
    "voice_settings": {},
    "settings_readable": True,
    "lists": ["v1", "v2"],
    "timestamps": True,
    "faults": [],
}
on_both = pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """One is enough for most: the client, calls and limiter below have tests on both."""
    return str(request.param)


@pytest.fixture(scope="module")
def told() -> ReadingCache:
    """Read once, by the real dictionary."""
    told = ReadingCache()
    anyio.run(told.read, (WATER, OPEN, RAIN, MARK, *WORDS), ())
    return told


@pytest.fixture(scope="module")
def started() -> Iterator[Simulator]:
    with running(Scenario(refuse_seconds=0.02, trickle_seconds=0.02)) as simulator:
        yield simulator


@pytest.fixture
def simulator(started: Simulator) -> Simulator:
    started.change(**PLAIN)
    return started


def settings_for(url: str = "https://api.elevenlabs.io", **asked: Any) -> Settings:
    return Settings(
        voice=VOICE,
        keys={"elevenlabs": Secret(KEY)},
        remote=RemoteSettings(rate_per_second=10_000),
        elevenlabs=ElevenLabsSettings(base_url=url, **asked),
    )


@asynccontextmanager
async def opened(
    settings: Settings,
    told: ReadingCache,
    *,
    seconds: float = 20.0,
    retry_policy: RetryPolicy = AT_ONCE,
) -> AsyncIterator[ElevenLabsSpeaker]:
    provider = ElevenLabs(settings, retry_policy=retry_policy)
    provider._readings = told
    async with provider.open(workers=5, timeout_seconds=seconds) as speaker:
        yield speaker


async def say(
    speaker: ElevenLabsSpeaker, form: SpokenForm = WATER, voice: str = VOICE, speed: float = 1.0
) -> Speech:
    return await speaker.speak(form, Voice(provider="elevenlabs", name=voice, speed=speed))


def faults(simulator: Simulator, kind: str, **more: object) -> None:
    simulator.change(faults=[{"kind": kind, **more}])


@on_both
async def test_it_speaks_and_tells_how_and_for_how_much(
    simulator: Simulator, told: ReadingCache
) -> None:
    async with opened(settings_for(simulator.url), told) as speaker:
        speech = await say(speaker, OPEN)
        assert speech.samples.dtype == np.float32
        assert (speech.rate_hz, speech.billed, speaker.billed_total) == (24_000, 2.0, 2.0)
        assert speech.pronunciation is not None
        assert [phrase.kana for phrase in speech.pronunciation.phrases] == ["アク"]
        assert isinstance(speaker, Bounded)
        assert isinstance(speaker, Paced)
        assert speaker.workers == 5


@pytest.mark.parametrize("form", ["wav_24000", "mp3_44100_128", "opus_48000_64", "pcm_16000"])
async def test_every_format_is_heard_the_same(
    simulator: Simulator, told: ReadingCache, form: str
) -> None:
    async with opened(settings_for(simulator.url, output_format=form), told) as speaker:
        speech = await say(speaker, RAIN)
    assert speech.rate_hz == int(form.split("_")[1])
    assert speech.samples.size / speech.rate_hz == pytest.approx(3.15, abs=0.3)


@pytest.mark.parametrize(
    "kind",
    [
        "reset",
        "reset_body",
        "short",
        "cut_chunk",
        "gzip",
        "html",
        "empty",
        "error_500",
        "error_503",
        "bad_gateway",
        "redirect",
    ],
)
async def test_what_was_lost_is_asked_for_again(
    simulator: Simulator, told: ReadingCache, kind: str
) -> None:
    faults(simulator, kind, count=1)
    before = len(simulator.requests())
    # The headers of a body that breaks tell its cost.
    billed = 2.0 if kind in ("reset_body", "short", "cut_chunk", "gzip") else 1.0
    async with opened(settings_for(simulator.url), told) as speaker:
        assert (await say(speaker)).billed == speaker.billed_total == billed
    assert len(simulator.requests()) == before + 2


async def test_what_is_lost_every_time_costs_that_clip_only(
    simulator: Simulator, told: ReadingCache
) -> None:
    faults(simulator, "html", marker="水")
    async with opened(settings_for(simulator.url), told) as speaker:
        with pytest.raises(ClipError, match=r"not audio but .* of text/html.*tried 3 times"):
            await say(speaker)
        assert (await say(speaker, OPEN)).billed == 2.0


@pytest.mark.parametrize("form", ["pcm_24000", "wav_24000"])
async def test_a_sound_that_was_cut_is_asked_for_once_more_and_both_are_counted(
    simulator: Simulator, told: ReadingCache, form: str
) -> None:
    faults(simulator, "half", count=1)
    async with opened(settings_for(simulator.url, output_format=form), told) as speaker:
        speech = await say(speaker, RAIN)
        assert speech.samples.size / speech.rate_hz > 2.5
        assert speech.billed == speaker.billed_total == 2 * len(RAIN.text)


def pcm(seconds: float, *, ends_loudly: bool = False, peak: int = 8_000) -> LoopbackReply:
    times = np.arange(int(seconds * 24_000))
    envelope = np.ones(times.size) if ends_loudly else np.linspace(1, 0, times.size) ** 2
    sound = peak * envelope * np.sin(times / 20)
    return LoopbackReply(
        body=sound.astype("<i2").tobytes(),
        headers={"content-type": "audio/pcm", "character-cost": "1"},
    )


async def test_two_takes_that_were_cut_are_not_believed_even_if_alike(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [pcm(0.5, ends_loudly=True)]
    async with opened(settings_for(server.url), told) as speaker:
        with pytest.raises(ClipError, match=r"0\.50 s ends abruptly.*twice"):
            await say(speaker)
        assert speaker.billed_total == 2.0


async def test_a_voice_that_always_ends_so_is_bought_three_times_and_no_more(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [pcm(0.5, ends_loudly=True)]
    async with opened(settings_for(server.url), told) as speaker:
        for _ in range(2):
            with pytest.raises(ClipError):
                await say(speaker)
        with pytest.raises(
            FatalError, match=r"the first 3 clips of the voice .* check-ends = false"
        ):
            await say(speaker)


async def test_after_a_whole_sound_a_voice_may_be_cut_more_often(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [pcm(0.5)]
    async with opened(settings_for(server.url), told) as speaker:
        await say(speaker)
        server.replies = [pcm(0.5, ends_loudly=True)]
        for _ in range(7):
            with pytest.raises(ClipError):
                await say(speaker)


async def test_who_knows_that_a_voice_ends_so_has_it_believed(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [pcm(0.5, ends_loudly=True)]
    async with opened(settings_for(server.url, check_ends=False), told) as speaker:
        assert (await say(speaker)).billed == 1.0


async def test_what_is_too_short_to_say_it_is_never_believed(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [pcm(0.09)]
    async with opened(settings_for(server.url), told) as speaker:
        with pytest.raises(ClipError, match=r"0\.09 s long.*more than 0\.10 s"):
            await say(speaker)
    assert len(server.asked) == 2


async def test_what_rambles_is_asked_for_once_more(server: Loopback, told: ReadingCache) -> None:
    server.replies = [pcm(7.0), pcm(5.9)]
    async with opened(settings_for(server.url), told) as speaker:
        assert (await say(speaker)).billed == 2.0
        server.replies = [pcm(7.0)]
        with pytest.raises(ClipError, match=r"6\.\d\d s long.*less than 6\.00 s.*twice"):
            await say(speaker)


async def test_silence_is_asked_for_once_more_and_is_no_whole_sound(
    server: Loopback, told: ReadingCache
) -> None:
    async with opened(settings_for(server.url), told) as speaker:
        server.replies = [pcm(0.5, peak=0), pcm(0.5, ends_loudly=True)]
        with pytest.raises(ClipError, match=r"ends abruptly.*twice.* is silent"):
            await say(speaker)
        server.replies = [pcm(0.5, ends_loudly=True)]
        for _ in range(2):
            with pytest.raises(ClipError):
                await say(speaker)
        with pytest.raises(FatalError, match="the first 3 clips"):
            await say(speaker)


async def test_a_fast_voice_may_be_shorter(server: Loopback, told: ReadingCache) -> None:
    server.replies = [pcm(0.17)]
    server.by_path[f"/v1/voices/{VOICE}/settings"] = LoopbackReply(body=b"{}")
    async with opened(settings_for(server.url), told) as speaker:
        assert (await say(speaker, speed=1.2)).billed == 1.0


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (LoopbackReply(headers={"character-cost": "1"}), "empty"),
        (replace(pcm(0.5), body=b"\0\0\0"), "not whole 16-bit samples"),
        (LoopbackReply(body=b'{"audio": 1}', headers={"character-cost": "1"}), "not audio"),
    ],
)
async def test_what_was_paid_for_and_is_no_sound_is_asked_for_twice_and_not_thrice(
    server: Loopback, told: ReadingCache, reply: LoopbackReply, message: str
) -> None:
    server.replies = [reply]
    async with opened(settings_for(server.url), told) as speaker:
        with pytest.raises(ClipError, match=f"{message}.*twice"):
            await say(speaker)
        assert speaker.billed_total == 2.0
    assert len(server.asked) == 2


async def test_a_service_that_tells_no_cost_is_believed_to_bill_nobody_knows_what(
    server: Loopback, told: ReadingCache
) -> None:
    server.replies = [replace(pcm(0.5), headers={"content-type": "audio/pcm"})]
    async with opened(settings_for(server.url), told) as speaker:
        assert (await say(speaker)).billed is None


async def test_a_voice_that_is_not_there_is_asked_for_once(
    simulator: Simulator, told: ReadingCache
) -> None:
    before = len(simulator.requests())
    async with opened(settings_for(simulator.url), told) as speaker:
        for form in (WATER, OPEN):
            with pytest.raises(ClipError, match=r"tts-assets voices.*'Nobody' was not found"):
                await say(speaker, form, "Nobody")
        assert (await say(speaker)).billed == 1.0
    assert len(simulator.requests()) == before + 2


@pytest.mark.parametrize("voice", ["../../v1/user", "a b", "", "ä", "x" * 65, "a?b", "a%2fb"])
async def test_a_voice_that_can_be_none_never_reaches_an_address(
    server: Loopback, told: ReadingCache, voice: str
) -> None:
    async with opened(settings_for(server.url), told) as speaker:
        with pytest.raises(ClipError, match="is not the id"):
            await say(speaker, WATER, voice)
    with pytest.raises(UsageError, match="is not the id"):
        ElevenLabs(replace(settings_for(), voice=voice or " ")).voices()
    assert not server.asked


@on_both
async def test_a_quota_that_is_spent_ends_the_run_and_says_how_to_go_on(
    simulator: Simulator, told: ReadingCache
) -> None:
    simulator.change(quota=simulator.state()["credits"] + 3)
    async with opened(settings_for(simulator.url), told) as speaker:
        await say(speaker, OPEN)
        with pytest.raises(FatalError, match=r"1 left and 2 needed: continue when there are more"):
            await say(speaker, OPEN)


async def test_a_key_that_is_revoked_ends_the_run_and_is_not_shown(
    simulator: Simulator, told: ReadingCache
) -> None:
    simulator.change(revoke_after=0)
    async with opened(settings_for(simulator.url), told) as speaker:
        with pytest.raises(FatalError, match=r"API key is refused.*ELEVENLABS_API_KEY") as caught:
            await say(speaker)
    assert KEY not in str(caught.value)


async def test_a_service_that_sends_us_elsewhere_gets_no_second_request(
    simulator: Simulator, told: ReadingCache
) -> None:
    faults(simulator, "redirect_away", count=1)
    before = len(simulator.requests())
    async with opened(settings_for(simulator.url), told) as speaker:
        with pytest.raises(FatalError, match="not followed"):
            await say(speaker)
    assert len(simulator.requests()) == before + 1


async def test_nothing_waits_beyond_its_time_limit(
    simulator: Simulator, told: ReadingCache
) -> None:
    mountain, river, *_ = WORDS
    simulator.change(faults=[{"kind": "hang", "marker": "山"}, {"kind": "trickle", "marker": "川"}])

    async def is_late(form: SpokenForm) -> None:
        with pytest.raises(ClipTimeoutError, match=r"0\.6 s"):
            await say(speaker, form)

    async with opened(settings_for(simulator.url), told, seconds=0.6) as speaker:
        with anyio.fail_after(3):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(is_late, mountain)
                tasks.start_soon(is_late, river)
        assert (await say(speaker, OPEN)).billed == 2.0


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("unprocessable", r"rejects this text.*body\.text: Field required"),
        ("not_found", r"refuses this request \(404\).*Not Found"),
    ],
)
async def test_a_request_that_is_refused_is_not_repeated(
    simulator: Simulator, told: ReadingCache, kind: str, message: str
) -> None:
    faults(simulator, kind, marker="水")
    before = len(simulator.requests())
    async with opened(settings_for(simulator.url), told) as speaker:
        await say(speaker, OPEN)
        with pytest.raises(ClipError, match=message):
            await say(speaker)
    assert len(simulator.requests()) == before + 2


async def test_a_wrong_address_ends_the_run_at_once(
    simulator: Simulator, told: ReadingCache
) -> None:
    async with opened(settings_for(f"{simulator.url}/v1"), told) as speaker:
        with pytest.raises(FatalError, match="base-url must be only the host"):
            await say(speaker)


async def test_a_service_that_has_no_room_or_no_time_gets_all_clips_made_once(
    simulator: Simulator, told: ReadingCache
) -> None:
    simulator.change(cap=2, busy=0.1, latency_seconds=0.01)
    before = len(simulator.state()["billing"])
    retry_policy = replace(AT_ONCE, attempts=9)
    async with opened(settings_for(simulator.url), told, retry_policy=retry_policy) as speaker:
        async with anyio.create_task_group() as tasks:
            for form in WORDS:
                tasks.start_soon(say, speaker, form)
        assert speaker.limiter.limit <= 2
    bills = simulator.state()["billing"][before:]
    assert sorted(bill["text"] for bill in bills) == sorted(form.text for form in WORDS)


async def test_the_maximum_in_the_header_is_gone_up_to_at_once(
    simulator: Simulator, told: ReadingCache
) -> None:
    simulator.change(cap=4)
    async with opened(settings_for(simulator.url), told) as speaker:
        await say(speaker)
        assert speaker.limiter.limit == 4


async def test_a_form_that_cannot_be_said_is_not_asked_for(
    server: Loopback, told: ReadingCache
) -> None:
    async with opened(settings_for(server.url), told) as speaker:
        with pytest.raises(ClipError):
            await say(speaker, MARK)
        with pytest.raises(ClipError, match=r"takes 0\.7 to 1\.2"):
            await say(speaker, speed=0.5)
    assert not server.asked


STORED = {
    "stability": 0.3,
    "similarity_boost": 0.9,
    "style": 0.4,
    "speed": 0.8,
    "use_speaker_boost": False,
}


def effective_settings(simulator: Simulator) -> list[dict[str, Any]]:
    """The voice settings of all speech so far, as the simulator applied them."""
    return [bill["settings"] for bill in simulator.state()["billing"]]


def settings_requests(simulator: Simulator) -> list[str]:
    return [each["path"] for each in simulator.requests() if each["path"].endswith("/settings")]


@pytest.mark.parametrize(
    ("asked", "speed", "changed"),
    [
        ({}, 0.9, {"speed": 0.9}),
        ({"style": 0.1}, 1.0, {"style": 0.1}),
        ({"use_speaker_boost": True}, 1.2, {"use_speaker_boost": True, "speed": 1.2}),
    ],
)
async def test_one_setting_leaves_the_other_stored_settings_of_the_voice(
    simulator: Simulator,
    told: ReadingCache,
    asked: dict[str, Any],
    speed: float,
    changed: dict[str, Any],
) -> None:
    simulator.change(voice_settings={VOICE: STORED})
    before, read = len(effective_settings(simulator)), len(settings_requests(simulator))
    async with opened(settings_for(simulator.url, **asked), told) as speaker:
        for form in (WATER, OPEN):
            await say(speaker, form, speed=speed)
    assert effective_settings(simulator)[before:] == [STORED | changed] * 2
    assert settings_requests(simulator)[read:] == [f"/v1/voices/{VOICE}/settings"]


async def test_without_a_setting_none_is_read_and_none_is_sent(
    simulator: Simulator, told: ReadingCache
) -> None:
    simulator.change(voice_settings={VOICE: STORED})
    before, read = len(effective_settings(simulator)), len(settings_requests(simulator))
    async with opened(settings_for(simulator.url), told) as speaker:
        await say(speaker)
    assert "voice_settings" not in simulator.requests()[-1]["json"]
    assert effective_settings(simulator)[before:] == [STORED]
    assert settings_requests(simulator)[read:] == []


async def test_settings_are_read_once_by_clips_that_begin_together(
    simulator: Simulator, told: ReadingCache
) -> None:
    voices = [voice_id(1), voice_id(2)]
    read = len(settings_requests(simulator))
    async with (
        opened(settings_for(simulator.url), told) as speaker,
        anyio.create_task_group() as tasks,
    ):
        for number, form in enumerate(WORDS):
            tasks.start_soon(say, speaker, form, voices[number % 2], 0.9)
    assert sorted(settings_requests(simulator)[read:]) == [
        f"/v1/voices/{voice}/settings" for voice in voices
    ]


async def test_settings_that_cannot_be_read_end_the_run_before_anything_is_paid(
    simulator: Simulator, told: ReadingCache
) -> None:
    simulator.change(settings_readable=False)
    before = len(effective_settings(simulator))
    async with opened(settings_for(simulator.url), told) as speaker:
        with pytest.raises(
            FatalError,
            match=r"cannot be read.*give the API key read access.*leave out.*voices_read",
        ):
            await say(speaker, speed=0.9)
    assert len(effective_settings(simulator)) == before


async def test_a_refused_key_is_reported_as_such_by_the_settings_too(
    simulator: Simulator, told: ReadingCache
) -> None:
    simulator.change(revoke_after=0)
    async with opened(settings_for(simulator.url), told) as speaker:
        with pytest.raises(FatalError, match=r"^the API key is refused"):
            await say(speaker, speed=0.9)


async def test_the_settings_of_a_voice_that_is_not_there_are_asked_for_once(
    simulator: Simulator, told: ReadingCache
) -> None:
    read = len(settings_requests(simulator))
    async with opened(settings_for(simulator.url), told) as speaker:
        for form in (WATER, OPEN):
            with pytest.raises(ClipError, match="'Nobody' was not found"):
                await say(speaker, form, "Nobody", speed=0.9)
    assert len(settings_requests(simulator)) == read + 1


async def say_timed(speaker: ElevenLabsSpeaker, form: SpokenForm = RAIN) -> Speech:
    voice = Voice(provider="elevenlabs", name=VOICE)
    return await speaker.speak_timed(form, voice, ("", ""))


@pytest.mark.parametrize("form", ["wav_24000", "mp3_44100_128", "opus_48000_64", "pcm_16000"])
async def test_the_times_of_characters_come_with_the_same_sound(
    simulator: Simulator, told: ReadingCache, form: str
) -> None:
    async with opened(settings_for(simulator.url, output_format=form), told) as speaker:
        plain = await say(speaker, RAIN)
        timed = await say_timed(speaker)
        assert speaker.billed_total == 2 * len(RAIN.text)
    assert np.array_equal(plain.samples, timed.samples)
    assert timed.billed == plain.billed == len(RAIN.text)
    assert plain.character_times == ()
    assert len(timed.character_times) == len(RAIN.text)
    # A tone for each letter: 日 lasts 0.25 s, and は 0.12 s.
    assert timed.character_times[:3] == ((0.02, 0.27), (0.27, 0.52), (0.52, 0.64))
    paths = [each["path"] for each in simulator.requests()[-2:]]
    assert paths[1] == f"{paths[0]}/with-timestamps"


async def test_the_times_of_a_word_that_is_sent_in_kana_are_those_of_its_spelling(
    simulator: Simulator, told: ReadingCache
) -> None:
    async with opened(settings_for(simulator.url), told) as speaker:
        timed = await say_timed(speaker, OPEN)
    assert simulator.requests()[-1]["json"]["text"] == "あく"
    opened_at, ended_at = timed.character_times
    assert opened_at == pytest.approx((0.02, 0.14))
    assert ended_at == pytest.approx((0.14, 0.26))


async def test_the_times_of_a_long_text_go_on_from_part_to_part(
    simulator: Simulator, told: ReadingCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(settings_for(simulator.url), told) as speaker:
        whole = await say_timed(speaker)
        short = replace(
            elevenlabs_requests.find_elevenlabs_model("eleven_multilingual_v2"), longest=10
        )
        monkeypatch.setitem(elevenlabs_requests._MODELS, "eleven_multilingual_v2", short)
        parts = await say_timed(speaker)
    assert len(parts.character_times) == len(RAIN.text)
    # Each part has 0.1 s of silence of its own.
    shifts = [
        one[0] - other[0]
        for one, other in zip(parts.character_times, whole.character_times, strict=True)
    ]
    assert shifts[:7] == pytest.approx([0.0] * 7)
    assert shifts[7:17] == pytest.approx([0.1] * 10)
    assert shifts[17:19] == pytest.approx([0.2] * 2)


@pytest.mark.parametrize("kind", ["reset_body", "short", "gzip", "html", "empty", "error_503"])
async def test_an_answer_with_times_that_is_lost_is_asked_for_again(
    simulator: Simulator, told: ReadingCache, kind: str
) -> None:
    faults(simulator, kind, count=1)
    before = len(simulator.requests())
    async with opened(settings_for(simulator.url), told) as speaker:
        assert (await say_timed(speaker)).character_times
    assert len(simulator.requests()) == before + 2


async def test_half_a_sound_with_times_is_asked_for_once_more_and_both_are_counted(
    simulator: Simulator, told: ReadingCache
) -> None:
    faults(simulator, "half", count=1)
    async with opened(settings_for(simulator.url), told) as speaker:
        speech = await say_timed(speaker)
    assert speech.billed == 2 * len(RAIN.text)
    assert speech.character_times


@pytest.mark.parametrize("body", [b'{"audio_base64": "%%%"}', b"{}", b"[]"])
async def test_paid_json_without_a_sound_is_asked_for_twice_and_not_thrice(
    server: Loopback, told: ReadingCache, body: bytes
) -> None:
    headers = {"content-type": "application/json", "character-cost": "1"}
    server.replies = [LoopbackReply(body=body, headers=headers)]
    async with opened(settings_for(server.url), told) as speaker:
        with pytest.raises(ClipError, match=r"not audio but .* of application/json.*twice"):
            await say_timed(speaker)
        assert speaker.billed_total == 2.0


async def test_a_service_without_times_is_asked_for_the_sound_alone(
    simulator: Simulator, told: ReadingCache
) -> None:
    simulator.change(timestamps=False)
    before = len(simulator.requests())
    async with opened(settings_for(simulator.url), told) as speaker:
        for form in (RAIN, OPEN):
            speech = await say_timed(speaker, form)
            assert (speech.character_times, speech.billed) == ((), len(form.text))
    paths = [each["path"].rpartition("/")[2] for each in simulator.requests()[before:]]
    assert paths == ["with-timestamps", VOICE, VOICE]


async def test_a_quota_that_is_spent_ends_a_run_with_times_too(
    simulator: Simulator, told: ReadingCache
) -> None:
    simulator.change(quota=simulator.state()["credits"] + 3)
    async with opened(settings_for(simulator.url), told) as speaker:
        with pytest.raises(FatalError, match="continue when there are more"):
            await say_timed(speaker)
        with pytest.raises(FatalError, match="continue when there are more"):
            await say_timed(speaker, OPEN)


async def test_a_wrong_address_ends_a_run_with_times_at_once(
    simulator: Simulator, told: ReadingCache
) -> None:
    async with opened(settings_for(f"{simulator.url}/v1"), told) as speaker:
        with pytest.raises(FatalError, match="base-url must be only the host"):
            await say_timed(speaker)


@pytest.mark.parametrize(
    ("switch", "expected"),
    [(Switch.AUTO, (True, False)), (Switch.ON, (True, True)), (Switch.OFF, (False, False))],
)
def test_times_are_wanted_where_a_record_takes_them_or_as_it_is_set(
    switch: Switch, expected: tuple[bool, bool]
) -> None:
    provider = ElevenLabs(settings_for(timestamps=switch))
    assert isinstance(provider, TimestampProvider)
    wanted = [provider.wants_timestamps(is_requested=requested) for requested in (True, False)]
    assert tuple(wanted) == expected


async def test_a_long_text_is_one_sound(
    simulator: Simulator, told: ReadingCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = replace(elevenlabs_requests.find_elevenlabs_model("eleven_multilingual_v2"), longest=10)
    monkeypatch.setitem(elevenlabs_requests._MODELS, "eleven_multilingual_v2", short)
    before = len(simulator.requests())
    async with opened(settings_for(simulator.url), told) as speaker:
        speech = await say(speaker, RAIN)
    texts = [request["json"]["text"] for request in simulator.requests()[before:]]
    assert texts == ["今日は雨です。", "傘を持って行きましょう。"[:10], "う。"]
    assert speech.billed == len(RAIN.text)
    assert speech.samples.size / speech.rate_hz > 2.5


async def test_voices_are_listed_page_by_page(simulator: Simulator) -> None:
    simulator.change(voices=250)
    provider = ElevenLabs(settings_for(simulator.url), retry_policy=AT_ONCE)
    assert isinstance(provider, Remote)
    before = len(simulator.requests())
    voices = await provider.listed()
    assert [voice.name for voice in voices] == [voice_id(number) for number in range(1, 251)]
    assert {voice.language for voice in voices} == {"ja-JP"}
    assert [request["query"]["page_size"] for request in simulator.requests()[before:]] == [
        "100"
    ] * 3


async def test_voices_come_from_the_older_list_where_that_is_all_there_is(
    simulator: Simulator,
) -> None:
    simulator.change(lists=["v1"])
    provider = ElevenLabs(settings_for(simulator.url), retry_policy=AT_ONCE)
    before = len(simulator.requests())
    assert [voice.name for voice in await provider.listed()] == [voice_id(n) for n in (1, 2, 3)]
    paths = [request["path"] for request in simulator.requests()[before:]]
    assert paths == ["/v2/voices", "/v1/voices"]
    simulator.change(lists=[])
    with pytest.raises(FatalError, match=r"no such service \(404\): elevenlabs.base-url"):
        await provider.listed()


@pytest.mark.parametrize(
    ("voice", "language"),
    [
        ({"verified_languages": [{"language": "en", "locale": "en-GB"}]}, "en-GB"),
        ({"verified_languages": [{"language": "ja"}]}, "ja"),
        (
            {"verified_languages": [{"language": "en"}, {"language": "ja", "locale": "ja_JP"}]},
            "ja-JP",
        ),
        ({"labels": {"language": "Japanese", "locale": "ja-JP"}}, "ja-JP"),
        ({"labels": {"language": "en"}, "verified_languages": None}, "en"),
        ({"verified_languages": [{"language": "?", "locale": "a b"}]}, "und"),
        ({}, "und"),
    ],
)
async def test_the_language_of_a_voice_is_its_locale_where_there_is_one(
    server: Loopback, voice: dict[str, Any], language: str
) -> None:
    server.replies = [
        LoopbackReply(body=json.dumps({"voices": [{"voice_id": VOICE} | voice]}).encode())
    ]
    (listed,) = await ElevenLabs(settings_for(server.url), retry_policy=AT_ONCE).listed()
    assert listed.language == language


def test_the_formats_are_those_of_the_vendors_own_library() -> None:
    from elevenlabs.text_to_speech.types import TextToSpeechConvertRequestOutputFormat

    literal, _ = get_args(TextToSpeechConvertRequestOutputFormat)
    ours = (*elevenlabs_requests.FORMATS, *elevenlabs_requests.UNREADABLE_FORMATS)
    assert sorted(ours) == sorted(get_args(literal))
    assert len(ours) == 28


async def test_what_a_voice_is_called_is_one_short_line_without_the_key(server: Loopback) -> None:
    voice = {"voice_id": VOICE, "name": f"a\n{KEY}\x1b[1m", "description": "b" * 999}
    server.replies = [LoopbackReply(body=json.dumps({"voices": [voice]}).encode())]
    (listed,) = await ElevenLabs(settings_for(server.url), retry_policy=AT_ONCE).listed()
    assert listed.description.startswith("a *** [1m, bbb")
    assert len(listed.description) < 200


async def test_the_balance_is_told_or_why_it_is_not(simulator: Simulator) -> None:
    provider = ElevenLabs(settings_for(simulator.url), retry_policy=AT_ONCE)
    assert isinstance(provider, Priced)
    simulator.change(quota=simulator.state()["credits"] + 7)
    balance = await provider.balance()
    assert isinstance(balance, Balance)
    assert balance.credits == 7
    assert balance.resets is not None
    simulator.change(subscription_readable=False)
    why = await provider.balance()
    assert isinstance(why, str)
    assert "lacks a permission: add the missing permission" in why
    assert "user_read" in why


async def test_what_the_service_says_of_a_model_is_held_against_what_is_reckoned_with(
    server: Loopback,
) -> None:
    told = {"model_id": "eleven_v3", "maximum_text_length_per_request": 5000}
    other = {"model_id": "eleven_flash_v2_5", "model_rates": {"character_cost_multiplier": 0.6}}
    server.replies = [LoopbackReply(body=json.dumps([told, other]).encode())]

    async def terms(model: str) -> str:
        settings = settings_for(server.url, model=model)
        return await ElevenLabs(settings, retry_policy=AT_ONCE).terms()

    assert await terms("eleven_v3") == ("eleven_v3: 5,000 characters at most; credits for each: 1")
    assert await terms("eleven_flash_v2_5") == (
        "eleven_flash_v2_5 takes 0.6 credits for a character, instead of the expected 0.5"
    )
    assert await terms("eleven_v9") == (
        "the service has no model 'eleven_v9'; it has: eleven_v3, eleven_flash_v2_5"
    )


async def test_who_is_not_elevenlabs_is_found_out(server: Loopback) -> None:
    server.replies = [LoopbackReply(body=b"[]")]
    provider = ElevenLabs(settings_for(server.url), retry_policy=AT_ONCE)
    with pytest.raises(FatalError, match="base-url"):
        await provider.listed()


@pytest.mark.parametrize(
    ("model", "price"), [("eleven_multilingual_v2", 1.0), ("eleven_flash_v2_5", 0.5)]
)
async def test_charges_are_those_of_what_would_be_sent(
    told: ReadingCache, model: str, price: float
) -> None:
    provider = ElevenLabs(settings_for(model=model))
    provider._readings = told
    water, opening, mark = await provider.charges((WATER, OPEN, MARK), ())
    assert water == Charge(1, 1 * price)
    assert opening == Charge(len("あく"), 2 * price)
    assert isinstance(mark, str)


def test_the_voices_are_those_of_the_settings_the_default_first() -> None:
    source = Source(kind=Kind.LISTENING, clips=(), voices={"A": "two", "B": "three"})
    settings = replace(settings_for(voices=("one", VOICE, "two")), sources=(source,))
    names = [voice.name for voice in ElevenLabs(settings).voices()]
    assert names == [VOICE, "one", "two", "three"]


def test_no_voice_is_chosen_for_anybody() -> None:
    provider = ElevenLabs(replace(settings_for(), voice=None))
    with pytest.raises(UsageError, match="tts-assets voices --provider elevenlabs"):
        provider.voices()
    with pytest.raises(UsageError, match="tts-assets voices --provider elevenlabs"):
        provider.problem()


async def test_it_is_not_asked_without_a_key() -> None:
    with pytest.raises(UsageError, match="there is no API key"):
        async with ElevenLabs(replace(settings_for(), keys={})).open(workers=1, timeout_seconds=1):
            pytest.fail("it must not open")


def test_without_a_key_it_says_where_to_put_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    problem = ElevenLabs(replace(settings_for(), keys={})).problem()
    assert problem is not None
    for place in ("ELEVENLABS_API_KEY", "--api-key-file", "tts-assets auth set elevenlabs"):
        assert place in problem


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"model": "eleven_multilingual_v1"}, "was removed"),
        ({"model": "eleven_flash_v2"}, "English only"),
        ({"model": "eleven_v4", "style": 0.0}, "does not support style"),
        ({"model": "eleven_v4", "language_text_normalization": True}, "language-text-norm"),
        ({"model": "eleven_v3", "use_speaker_boost": False}, "use-speaker-boost"),
        ({"model": "eleven_v3", "stability": 0.3}, "eleven_v3 takes 0, 0.5, 1"),
        ({"output_format": "ulaw_8000"}, "cannot be read here"),
        ({"output_format": "alaw_8000"}, "cannot be read here"),
        ({"output_format": "pcm_24000&x=1"}, r"does not have: did you mean pcm_24000\?"),
        ({"output_format": "mp3_24000_64"}, r"does not have: did you mean mp3_24000_48\?"),
        ({"output_format": "opus_24000_64"}, r"does not have: did you mean opus_48000_64\?"),
        ({"output_format": "flac"}, r"does not have: there are: pcm_8000, .*opus_48000_192"),
        ({"url": "http://api.elevenlabs.io"}, "not encrypted"),
        ({"url": "https://user:password@host"}, "base-url is not an address"),
    ],
)
async def test_what_can_never_be_had_is_told_before_anything_is_paid(
    asked: dict[str, Any], message: str
) -> None:
    provider = ElevenLabs(settings_for(**asked))
    with pytest.raises(UsageError, match=message):
        provider.problem()
    with pytest.raises(UsageError, match=message):
        async with provider.open(workers=1, timeout_seconds=1):
            pass


@pytest.mark.parametrize(
    ("model", "speed", "message"),
    [
        ("eleven_v3", 0.9, "no speed control"),
        ("eleven_v4_turbo", 1.1, "no speed control"),
        ("eleven_multilingual_v2", 0.69, r"takes 0\.7 to 1\.2"),
        ("eleven_flash_v2_5", 1.21, r"takes 0\.7 to 1\.2"),
    ],
)
def test_a_speed_that_the_model_does_not_know_is_refused(
    model: str, speed: float, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        ElevenLabs(replace(settings_for(model=model), speed=speed)).problem()


@pytest.mark.parametrize(
    ("model", "speeds"), [("eleven_v3", (1.0, 1.0)), ("eleven_flash_v2_5", (0.7, 1.2))]
)
def test_voices_have_the_speeds_of_their_model(model: str, speeds: tuple[float, float]) -> None:
    assert {each.speeds for each in ElevenLabs(settings_for(model=model)).voices()} == {speeds}


@pytest.mark.parametrize("speed", [0.7, 1.0, 1.2])
def test_with_a_key_and_a_voice_it_is_ready(speed: float) -> None:
    assert ElevenLabs(replace(settings_for(), speed=speed)).problem() is None


def test_a_model_that_nobody_knew_is_left_to_the_service() -> None:
    assert ElevenLabs(settings_for(model="eleven_v5", style=0.5, stability=0.3)).problem() is None


@pytest.mark.parametrize(
    "heard",
    [
        {"model": "eleven_v3"},
        {"output_format": "mp3_44100_128"},
        {"stability": 0.0},
        {"similarity_boost": 0.0},
        {"style": 0.0},
        {"use_speaker_boost": False},
        {"seed": 0},
        {"text_normalization": Switch.AUTO},
        {"language_text_normalization": False},
    ],
)
def test_what_can_be_heard_is_part_of_the_engine(heard: dict[str, Any]) -> None:
    assert ElevenLabs(settings_for(**heard)).engine(VOICE) != ElevenLabs(settings_for()).engine(
        VOICE
    )


def test_address_key_and_voice_are_no_part_of_the_engine() -> None:
    other = replace(settings_for("https://api.eu.residency.elevenlabs.io"), voice="x", keys={})
    engine = ElevenLabs(settings_for()).engine(VOICE)
    assert ElevenLabs(other).engine("x") == engine
    assert "pyopenjtalk-plus=" in engine
    assert not ElevenLabs(other).accents("x")
    assert not ElevenLabs(other).repeats("x")
