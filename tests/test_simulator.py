"""The simulator bills, refuses and breaks on the wire as it says."""

import asyncio
import base64
import gzip
import http.client
import io
import json
import math
import signal
import socket
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import msgspec
import pytest
import soundfile

from tests.conftest import ROOT
from tests.simulator.chance import Chance
from tests.simulator.running import Simulator, running
from tests.simulator.scenario import SILENT_FAULTS, SPOKEN_FAULTS, Fault, Scenario, voice_id
from tests.simulator.speech import tones
from tests.simulator.times import alignments

KEY = {"xi-api-key": "sk_simulator"}
SPEECH = f"/v1/text-to-speech/{voice_id(1)}?output_format=pcm_24000"
FLASH = {"model_id": "eleven_flash_v2_5"}
#: Texts with these marks meet these faults, in `faulty`.
FAULTS = tuple(Fault(kind=kind, marker=f"<{kind}>") for kind in SPOKEN_FAULTS | SILENT_FAULTS)
PLACE = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Got:
    """A whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        packed = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.body) if packed else self.body)

    @property
    def detail(self) -> Any:
        return self.json["detail"]

    @property
    def code(self) -> tuple[int, str]:
        return (self.status, self.detail["code"])


def _place(simulator: Simulator) -> PLACE:
    host, _, port = simulator.url.removeprefix("http://").partition(":")
    return (host, int(port))


def get(simulator: Simulator, path: str, headers: dict[str, str] = KEY) -> Got:
    return _exchange(simulator, "GET", path, None, headers)


def post(simulator: Simulator, path: str, body: bytes, headers: dict[str, str] = KEY) -> Got:
    return _exchange(simulator, "POST", path, body, headers)


def _exchange(
    simulator: Simulator, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> Got:
    connection = http.client.HTTPConnection(*_place(simulator), timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Got(status=answer.status, headers=told, body=answer.read())
    finally:
        connection.close()


def say(
    simulator: Simulator,
    text: str,
    others: Mapping[str, object] | None = None,
    *,
    path: str = SPEECH,
    headers: dict[str, str] = KEY,
) -> Got:
    body = {"text": text} | dict(others or {})
    return post(simulator, path, json.dumps(body).encode(), headers)


def say_all(simulator: Simulator, texts: list[str]) -> list[Got]:
    """All at once."""
    with ThreadPoolExecutor(len(texts)) as pool:
        return list(pool.map(lambda text: say(simulator, text), texts))


def _request(text: str) -> bytes:
    body = json.dumps({"text": text}).encode()
    head = f"POST {SPEECH} HTTP/1.1\r\nHost: {'127.0.0.1:80'}\r\nxi-api-key: sk_simulator\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def on_the_wire(simulator: Simulator, text: str) -> tuple[bytes, bool]:
    """All the bytes of an answer until its connection ends, and whether a reset ended it."""
    got = bytearray()
    with socket.create_connection(_place(simulator), timeout=20) as connection:
        connection.sendall(_request(text))
        try:
            while piece := connection.recv(1 << 16):
                got += piece
        except ConnectionResetError:
            return bytes(got), True
    return bytes(got), False


def hold_a_slot(simulator: Simulator) -> None:
    """Ask, and go away as soon as the request is let in."""
    with socket.create_connection(_place(simulator)) as connection:
        connection.sendall(_request("雨"))
        while simulator.state()["active"] == 0:
            pass


@contextmanager
def changed(simulator: Simulator, **others: object) -> Iterator[None]:
    """Other values for these fields of its scenario, for a while."""
    usual = msgspec.to_builtins(Scenario())
    simulator.change(**others)
    try:
        yield
    finally:
        simulator.change(**{name: usual[name] for name in others})


def _length(head: bytes) -> int:
    (line,) = [each for each in head.split(b"\r\n") if each.startswith(b"content-length: ")]
    return int(line.split()[1])


def _last_bill(simulator: Simulator) -> dict[str, Any]:
    found: dict[str, Any] = simulator.state()["billing"][-1]
    return found


def _level(pcm: bytes) -> float:
    samples = array("h", pcm)
    return math.sqrt(sum(sample**2 for sample in samples) / len(samples))


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """One that goes well."""
    with running(Scenario(voices=250, keep=3)) as found:
        yield found


@pytest.fixture(scope="module")
def faulty() -> Iterator[Simulator]:
    """One where a text tells what goes wrong with it."""
    with running(Scenario(faults=FAULTS, trickle_seconds=0.0, retry_after="7")) as found:
        yield found


def test_speech_tells_its_cost_its_identifier_and_the_concurrency(simulator: Simulator) -> None:
    got = say(simulator, "日本🎌")
    wanted = {"content-type": "audio/pcm", "character-cost": "3"}
    wanted |= {"current-concurrent-requests": "1", "maximum-concurrent-requests": "5"}
    assert got.status == 200
    assert wanted.items() <= got.headers.items()
    assert _last_bill(simulator)["request_id"] == got.headers["request-id"]


def test_the_concurrency_is_not_told_where_it_is_switched_off(simulator: Simulator) -> None:
    with changed(simulator, tell_concurrency=False):
        assert not any("concurrent" in name for name in say(simulator, "雨").headers)


@pytest.mark.parametrize(("text", "seconds"), [("はし", 0.34), ("学校", 0.6), ("。", 0.22)])
def test_speech_is_as_long_as_its_text(text: str, seconds: float) -> None:
    assert len(tones(text, "a", 24_000, 1.0)) == round(seconds * 48_000)


def test_speech_differs_by_text_and_voice_and_not_by_time() -> None:
    said = {tones(text, voice, 24_000, 1.0) for text in ("はし", "あし") for voice in "ab" * 2}
    assert len(said) == 4


def test_speech_ends_in_silence_and_sounds_wherever_it_might_be_cut() -> None:
    speech = tones("これはながいぶんです。", "a", 24_000, 1.0)
    frame = 2 * 480
    levels = [_level(speech[at : at + frame]) for at in range(0, len(speech) - frame, frame)]
    assert max(levels[-3:]) == 0
    # The last 10 ms before 80 ms of silence.
    assert 0 < _level(speech[-2 * 2160 : -2 * 1920]) < 0.2 * max(levels)
    assert min(levels[1:-8]) > 0.3 * max(levels)


@pytest.mark.parametrize(
    ("output_format", "rate_hz"),
    [("mp3_44100_128", 44_100), ("mp3_22050_32", 22_050), ("wav_16000", 16_000), ("opus_48000_64", 48_000)],
)  # fmt: skip
def test_files_hold_the_speech(simulator: Simulator, output_format: str, rate_hz: int) -> None:
    path = SPEECH.replace("pcm_24000", output_format)
    samples, found_hz = soundfile.read(io.BytesIO(say(simulator, "学校", path=path).body))
    assert found_hz == rate_hz
    assert 0.6 <= samples.size / rate_hz < 0.75


@pytest.mark.parametrize("output_format", ["mp3", "wav", "flac", "opus"])
def test_the_openai_shape_answers_with_a_file(simulator: Simulator, output_format: str) -> None:
    order = {"model": "tts-1", "input": "学校", "voice": "alloy", "response_format": output_format}
    got = post(simulator, "/v1/audio/speech", json.dumps(order).encode(), {})
    assert soundfile.info(io.BytesIO(got.body)).duration == pytest.approx(0.6, abs=0.15)
    assert "character-cost" not in got.headers


def test_the_openai_shape_asks_for_a_bearer_only_where_it_has_a_key(simulator: Simulator) -> None:
    order = json.dumps({"model": "tts-1", "input": "雨", "voice": "alloy"}).encode()
    with changed(simulator, openai_key="sk-1"):
        bearers = [{}, {"Authorization": "Bearer sk-2"}, {"Authorization": "Bearer sk-1"}]
        got = [post(simulator, "/v1/audio/speech", order, each) for each in bearers]
    assert [each.status for each in got] == [401, 401, 200]
    assert got[0].json["error"]["code"] == "invalid_api_key"


def test_openjtalk_really_speaks() -> None:
    with running(Scenario(speech="openjtalk")) as simulator:
        body = say(simulator, "日本語を話します。").body
    assert 1.0 < len(body) / 48_000 < 3.0
    assert _level(body) > 500


def test_a_reset_comes_before_anything_else(faulty: Simulator) -> None:
    assert on_the_wire(faulty, "<reset>") == (b"", True)
    assert _last_bill(faulty)["delivered"] is False


def test_a_reset_comes_in_the_middle_of_the_body(faulty: Simulator) -> None:
    got, reset = on_the_wire(faulty, "<reset_body>")
    head, _, body = got.partition(b"\r\n\r\n")
    assert (len(body), reset) == (_length(head) // 2, True)


def test_a_short_body_ends_before_its_length(faulty: Simulator) -> None:
    got, reset = on_the_wire(faulty, "<short>")
    head, _, body = got.partition(b"\r\n\r\n")
    assert (len(body), reset) == (_length(head) // 2, False)


def test_a_chunk_is_cut(faulty: Simulator) -> None:
    got, reset = on_the_wire(faulty, "<cut_chunk>")
    head, _, body = got.partition(b"\r\n\r\n")
    size, _, data = body.partition(b"\r\n")
    assert b"transfer-encoding: chunked" in head
    assert (len(data), reset) == (int(size, 16) // 2, False)


def test_half_of_the_samples_are_framed_well_and_end_loudly(faulty: Simulator) -> None:
    got, whole = say(faulty, "<half>はい"), tones("<half>はい", voice_id(1), 24_000, 1.0)
    assert got.body == whole[: len(whole) // 4 * 2]
    assert _level(got.body[-960:]) > 0.3 * _level(whole)
    assert _last_bill(faulty)["delivered"] is False


def test_a_trickle_comes_whole_byte_by_byte(faulty: Simulator) -> None:
    assert say(faulty, "<trickle>").body == tones("<trickle>", voice_id(1), 24_000, 1.0)
    assert _last_bill(faulty)["delivered"] is True


def test_nothing_ever_comes_of_a_hang(faulty: Simulator) -> None:
    with socket.create_connection(_place(faulty), timeout=0.1) as connection:
        connection.sendall(_request("<hang>"))
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_body_that_says_gzip_cannot_be_unpacked(faulty: Simulator) -> None:
    got = say(faulty, "<gzip>")
    assert (got.status, got.headers["content-encoding"]) == (200, "gzip")
    with pytest.raises(Exception, match="invalid block type"):
        gzip.decompress(got.body)


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "begins"),
    [
        ("html", 200, "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("empty", 200, "audio/mpeg", b""),
        ("bad_gateway", 502, "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("error_500", 500, "application/json", b'{"detail":{'),
        ("error_503", 503, "application/json", b'{"detail":{'),
        ("insufficient_credits", 402, "application/json", b'{"detail":{'),
        ("unprocessable", 422, "application/json", b'{"detail":[{'),
        ("not_found", 404, "application/json", b'{"detail":"Not Found"}'),
    ],
)
def test_what_is_no_speech_is_not_billed(
    faulty: Simulator, kind: str, status: int, content_type: str, begins: bytes
) -> None:
    before = faulty.state()
    got = say(faulty, f"<{kind}>")
    after = faulty.state()
    assert (got.status, got.headers["content-type"]) == (status, content_type)
    assert got.body.startswith(begins)
    assert bool(got.body) == bool(begins)
    assert (got.headers.get("retry-after") == "7") == (kind == "error_503")
    assert (after["credits"], after["outcomes"][kind]) == (before["credits"], 1)


def test_redirects_lead_to_the_same_place_or_to_another_host(faulty: Simulator) -> None:
    got = [say(faulty, "<redirect>"), say(faulty, "<redirect_away>")]
    port = _place(faulty)[1]
    assert [each.status for each in got] == [307, 307]
    assert [each.headers["location"] for each in got] == [
        SPEECH,
        f"http://localhost:{port}{SPEECH}",
    ]


def test_a_fault_may_hit_only_the_first_time_or_only_so_often() -> None:
    first = Fault(kind="empty", first=True, marker="一")
    twice = Fault(kind="error_500", count=2, marker="二")
    with running(Scenario(faults=(first, twice))) as simulator:
        got = [say(simulator, text).status for text in ("二", "二", "二")]
        sizes = [len(say(simulator, text).body) for text in ("一", "一", "一つ", "一つ")]
    assert got == [500, 500, 200]
    assert [size > 0 for size in sizes] == [False, True, False, True]


def test_faults_and_latencies_come_in_their_shares_and_again_with_the_same_seed() -> None:
    scenario = Scenario(faults=(Fault(kind="html", share=0.1),), busy=0.2, latency_seconds=2.0)
    one, other = Chance(scenario), Chance(scenario)
    seconds = [one.seconds() for _ in range(1000)]
    assert sum(one.fault("雨") is not None for _ in range(1000)) == pytest.approx(100, abs=40)
    assert sum(one.busy() for _ in range(1000)) == pytest.approx(200, abs=60)
    assert sorted(seconds)[500] == pytest.approx(2.0, rel=0.1)
    assert seconds == [other.seconds() for _ in range(1000)]


def test_what_is_over_the_cap_is_refused_as_the_service_does() -> None:
    with running(Scenario(cap=1, latency_seconds=60, refuse_seconds=0)) as simulator:
        hold_a_slot(simulator)
        refused, state = say(simulator, "雪"), simulator.state()
    assert refused.code == (429, "concurrent_limit_exceeded")
    assert "maximum of 1 concurrent" in refused.detail["message"]
    assert refused.headers["transfer-encoding"] == "chunked"
    assert not {"retry-after", "character-cost", "maximum-concurrent-requests"} & set(
        refused.headers
    )
    assert (state["highest"], state["refused"], state["billing"]) == (1, 1, [])


def test_refusals_are_packed_for_who_takes_gzip(simulator: Simulator) -> None:
    with changed(simulator, busy=1, refuse_seconds=0):
        got = say(simulator, "雨", headers=KEY | {"Accept-Encoding": "gzip, deflate"})
    assert (got.headers["content-encoding"], got.code) == ("gzip", (429, "system_busy"))


def test_what_is_over_the_cap_waits_where_there_is_a_queue() -> None:
    with running(Scenario(cap=2, queue=True, latency_seconds=0.1, latency_sigma=0)) as simulator:
        got = say_all(simulator, list("一二三四五六"))
        state = simulator.state()
    assert [each.status for each in got] == [200] * 6
    assert (state["highest"], state["active"], state["waiting"]) == (2, 0, 0)
    assert state["last_seconds"] >= 0.3


def test_a_group_of_models_may_have_a_cap_of_its_own(simulator: Simulator) -> None:
    with changed(simulator, caps={"turbo": 10}):
        caps = [
            say(simulator, "雨", each).headers["maximum-concurrent-requests"]
            for each in (FLASH, {})
        ]
    assert caps == ["10", "5"]  # fmt: skip


def test_a_neighbour_holds_slots_for_a_time(simulator: Simulator) -> None:
    with changed(simulator, cap=3, neighbour=[(3, 0, 0.3)], queue=True):
        began = time.monotonic()
        got = say(simulator, "雨")
        lasted = time.monotonic() - began
    assert got.headers["current-concurrent-requests"] == "1"
    assert lasted >= 0.3


def test_the_neighbour_counts_in_what_is_told(simulator: Simulator) -> None:
    with changed(simulator, cap=3, neighbour=[(2, 0, 60)]):
        assert say(simulator, "雨").headers["current-concurrent-requests"] == "3"
        assert simulator.state()["neighbour"] == 2


def test_the_cap_shrinks_while_it_runs(simulator: Simulator) -> None:
    with changed(simulator, cap=9):
        before = say(simulator, "雨")
        with changed(simulator, shrink=[(0, 4)]):
            after = say(simulator, "雨")
    caps = [each.headers["maximum-concurrent-requests"] for each in (before, after)]
    assert caps == ["9", "4"]


def test_who_goes_away_holds_a_slot_and_is_billed_all_the_same() -> None:
    with running(Scenario(cap=1, latency_seconds=0.6, latency_sigma=0)) as simulator:
        hold_a_slot(simulator)
        refused = say(simulator, "雪")
        while simulator.state()["active"]:
            pass
        state = simulator.state()
    assert refused.status == 429
    assert state["last_seconds"] >= 0.6
    assert state["outcomes"]["gone"] == 1
    assert [(bill["text"], bill["delivered"]) for bill in state["billing"]] == [("雨", False)]


@pytest.mark.parametrize(
    ("model", "others", "credits_"),
    [
        ("eleven_multilingual_v2", {"previous_text": "長い話"}, "3"),
        ("eleven_v4", {"text_of_an_unknown_field": 1}, "3"),
        ("eleven_flash_v2_5", {}, "2"),
    ],
)
def test_code_points_of_the_text_are_billed(
    simulator: Simulator, model: str, others: dict[str, object], credits_: str
) -> None:
    got = say(simulator, "天気𠮷", {"model_id": model} | others)
    assert got.headers["character-cost"] == credits_


@pytest.mark.parametrize(
    ("text", "others", "code"),
    [
        ("雨", {"model_id": "eleven_v3", "previous_text": "雪"}, (400, "unsupported_model")),
        ("雨", {"model_id": "eleven_v4", "apply_language_text_normalization": True}, (400, "unsupported_model")),
        ("雨", {"voice_settings": {"speed": 0.69}}, (400, "invalid_voice_settings")),
        (" ", {"model_id": "eleven_v4"}, (400, "input_text_empty")),
        ("雨" * 5501, {"model_id": "eleven_v3"}, (400, "text_too_long")),
    ],
)  # fmt: skip
def test_a_model_refuses_what_it_cannot_do(
    simulator: Simulator, text: str, others: dict[str, object], code: tuple[int, str]
) -> None:
    assert say(simulator, text, others).code == code


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("雨", {"model_id": "eleven_v4", "voice_settings": {"speed": 2.0}}),
        ("", {}),
        ("雨" * 5500, {"model_id": "eleven_v3"}),
    ],
)
def test_a_model_takes_what_it_ignores_and_a_tenth_more_than_it_says(
    simulator: Simulator, text: str, others: dict[str, object]
) -> None:
    assert say(simulator, text, others).status == 200


def test_what_is_not_there_is_told_in_the_services_shapes(simulator: Simulator) -> None:
    voice = SPEECH.replace(voice_id(1), voice_id(251))
    assert say(simulator, "雨", path=voice).code == (404, "voice_not_found")
    wrong = SPEECH.replace("pcm_24000", "mp3_1_1")
    assert say(simulator, "雨", path=wrong).code == (403, "invalid_output_format")
    old_shape = say(simulator, "雨", {"model_id": "eleven_monolingual_v1"}).detail
    assert (set(old_shape), old_shape["status"]) == ({"status", "message"}, "model_not_found")
    assert get(simulator, "/text-to-speech").detail == "Not Found"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, ["body", "text"]),
        ({"text": 1}, ["body", "text"]),
        ({"text": "雨", "seed": True}, ["body", "seed"]),
        ({"text": "雨", "voice_settings": {"stability": 2}}, ["body", "voice_settings", "stability"]),
        ([], ["body"]),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_told_in_an_array_before_the_key_is_looked_at(
    simulator: Simulator, body: object, place: list[str]
) -> None:
    got = post(simulator, SPEECH, json.dumps(body).encode(), {})
    assert got.status == 422
    assert [each["loc"] for each in got.detail] == [place]


def test_no_key_and_a_wrong_key_are_refused(simulator: Simulator) -> None:
    assert say(simulator, "雨", headers={}).detail["status"] == "needs_authorization"
    wrong = say(simulator, "雨", headers={"xi-api-key": "sk_other"})
    assert wrong.code == (401, "unauthorized")
    assert wrong.detail["request_id"] == wrong.headers["x-trace-id"]


def test_a_key_is_revoked_midway() -> None:
    with running(Scenario(revoke_after=2)) as simulator:
        assert [say(simulator, "雨").status for _ in range(3)] == [200, 200, 401]


def test_the_quota_is_spent_midway_and_the_subscription_tells() -> None:
    with running(Scenario(quota=5)) as simulator:
        got = [say(simulator, "日本") for _ in range(3)]
        told = get(simulator, "/v1/user/subscription").json
    assert [each.status for each in got] == [200, 200, 401]
    assert got[2].code == (401, "quota_exceeded")
    assert "You have 1 credits remaining, while 2 credits are required" in got[2].detail["message"]
    assert (told["character_count"], told["character_limit"]) == (4, 5)


def test_a_key_may_not_read_the_subscription_where_it_is_told_so(simulator: Simulator) -> None:
    with changed(simulator, subscription_readable=False):
        assert get(simulator, "/v1/user/subscription").code == (401, "missing_permissions")


def test_the_times_of_characters_come_with_the_same_sound_for_the_same_price(
    simulator: Simulator,
) -> None:
    plain = say(simulator, "日は、雨")
    timed = say(simulator, "日は、雨", path=SPEECH.replace("?", "/with-timestamps?"))
    assert base64.b64decode(timed.json["audio_base64"]) == plain.body
    assert timed.headers["character-cost"] == plain.headers["character-cost"] == "4"
    times = timed.json["alignment"]
    assert times["characters"] == ["日", "は", "、", "雨"]
    assert times["character_start_times_seconds"] == [0.02, 0.27, 0.39, 0.39]
    assert times["character_end_times_seconds"] == [0.27, 0.39, 0.39, 0.64]
    with changed(simulator, timestamps=False):
        assert say(simulator, "雨", path=SPEECH.replace("?", "/with-timestamps?")).status == 404


def test_openjtalks_times_are_those_of_its_sounds() -> None:
    import pyopenjtalk

    times = asyncio.run(alignments("openjtalk", "今日は、雨です。", 1.0))["alignment"]
    begins, ends = (times[f"character_{edge}_times_seconds"] for edge in ("start", "end"))
    samples, rate_hz = pyopenjtalk.tts("今日は、雨です。")
    # The pause behind 今日は, in its middle, is the silence that it says.
    first, last = (round(edge[3] * rate_hz) for edge in (begins, ends))
    assert last - first > 0.3 * rate_hz
    middle = samples[first + rate_hz // 10 : last - rate_hz // 10]
    assert abs(middle).max() < 0.01 * abs(samples).max()
    assert begins == sorted(begins)
    assert begins[4] == ends[3]


def test_voice_settings_replace_all_that_are_stored(simulator: Simulator) -> None:
    stored = {"stability": 0.3, "speed": 0.8}
    with changed(simulator, voice_settings={voice_id(1): stored}):
        shown = get(simulator, f"/v1/voices/{voice_id(1)}/settings").json
        assert (shown["stability"], shown["speed"], shown["style"]) == (0.3, 0.8, 0.0)
        plain = len(say(simulator, "日本").body)
        replaced = len(say(simulator, "日本", {"voice_settings": {"style": 0.1}}).body)
    assert plain > 1.2 * replaced
    assert simulator.state()["billing"][-1]["settings"]["stability"] == 0.5
    with changed(simulator, settings_readable=False):
        got = get(simulator, f"/v1/voices/{voice_id(1)}/settings")
    assert got.code == (401, "missing_permissions")
    assert get(simulator, "/v1/voices/nobody/settings").code == (404, "voice_not_found")


def test_too_many_in_a_second_are_refused_with_the_wait_that_is_asked_for() -> None:
    with running(Scenario(rate_per_second=2, retry_after="1")) as simulator:
        got = [say(simulator, "雨") for _ in range(3)]
    assert [each.status for each in got] == [200, 200, 429]
    assert (got[2].detail["code"], got[2].headers["retry-after"]) == ("rate_limit_exceeded", "1")


def test_voices_come_in_pages(simulator: Simulator) -> None:
    pages: list[dict[str, Any]] = []
    token: str | None = ""
    while not pages or pages[-1]["has_more"]:
        pages.append(get(simulator, f"/v2/voices?page_size=100&next_page_token={token}").json)
        token = pages[-1]["next_page_token"]
    found = [voice["voice_id"] for page in pages for voice in page["voices"]]
    assert found == [voice_id(number) for number in range(1, 251)]
    assert len(pages) == 3
    assert token is None
    assert get(simulator, "/v2/voices?page_size=101").status == 422
    whole = get(simulator, "/v1/voices").json["voices"]
    assert [voice["voice_id"] for voice in whole] == found
    with changed(simulator, lists=["v1"]):
        assert get(simulator, "/v2/voices").status == 404


def test_models_tell_their_price_and_their_group(simulator: Simulator) -> None:
    models = {model["model_id"]: model for model in get(simulator, "/v1/models").json}
    turbo = models["eleven_v4_turbo"]
    assert turbo["model_rates"]["character_cost_multiplier"] == 0.5
    assert turbo["token_cost_factor"] == 1.0
    assert turbo["concurrency_group"] == models["eleven_v4"]["concurrency_group"]


def test_the_last_requests_are_remembered_as_they_came(simulator: Simulator) -> None:
    for text in "一二三四":
        say(simulator, text)
    found = simulator.requests()
    assert [each["json"]["text"] for each in found] == ["二", "三", "四"]
    assert found[-1]["query"] == {"output_format": "pcm_24000"}
    assert found[-1]["headers"]["xi-api-key"] == "sk_simulator"


def test_a_scenario_has_no_other_fields(simulator: Simulator) -> None:
    for wrong in ({"caps_": 1}, {"cap": "many"}, {"faults": [{"kind": "fire"}]}):
        assert post(simulator, "/_simulator/scenario", json.dumps(wrong).encode()).status == 400


def test_a_connection_takes_one_request_after_the_other(simulator: Simulator) -> None:
    connection = http.client.HTTPConnection(*_place(simulator))
    sizes = []
    for text in ("はし", "学校"):
        # An iterable is sent in chunks.
        connection.request("POST", SPEECH, iter([json.dumps({"text": text}).encode()]), KEY)
        sizes.append(len(connection.getresponse().read()))
    connection.close()
    assert sizes == [round(0.34 * 48_000), round(0.6 * 48_000)]


def test_what_is_no_request_is_told_and_ends_the_connection(simulator: Simulator) -> None:
    with socket.create_connection(_place(simulator), timeout=20) as connection:
        connection.sendall(b"HELLO\r\n\r\n")
        got = connection.makefile("rb").read()
    assert got.startswith(b"HTTP/1.1 400 ")


def _start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-X", "dev", "-m", "tests.simulator", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.parametrize("how", ["signal", "pipe"])
def test_it_ends_quietly_with_requests_still_open(how: str) -> None:
    with _start("--faults", '[{"kind": "hang"}]') as process:
        assert process.stdout is not None
        told = Simulator(**json.loads(process.stdout.readline()))
        with socket.create_connection(_place(told)) as connection:
            connection.sendall(_request("雨"))
            while not told.state()["active"]:
                pass
            if how == "signal":
                process.send_signal(signal.SIGTERM)
                process.wait(10)
            _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


def test_the_help_tells_every_field_and_every_fault() -> None:
    with _start("--help") as process:
        text, _ = process.communicate()
    options = {"--" + each.name.replace("_", "-") for each in fields(Scenario)}
    assert {
        word for word in options | set(SPOKEN_FAULTS | SILENT_FAULTS) if word not in text
    } == set()


def test_a_wrong_option_is_told_in_words() -> None:
    with _start("--cap", "many") as process:
        _, errors = process.communicate()
    assert (process.returncode, errors.splitlines()[-1]) == (2, "python -m tests.simulator: error: Expected `int`, got `str` - at `$.cap`")  # fmt: skip
