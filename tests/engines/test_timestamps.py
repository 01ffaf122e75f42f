"""Times of characters as a service reports them: believed only where they can be true."""

import base64
import json
from typing import Any

import pytest

from tts_assets.engines.http.service_calls import ServiceResponse
from tts_assets.engines.validated_speech import (
    TimedAnswer,
    add_alignment,
    join_times,
    transfer_times,
    unpack_timed_answer,
)
from tts_assets.model import Alignment


def alignment(text: str, begins: tuple[float, ...], ends: tuple[float, ...]) -> Alignment:
    return Alignment(tuple(text), begins, ends)


def reply(body: object) -> ServiceResponse:
    headers = {"content-type": "application/json", "character-cost": "3"}
    return ServiceResponse(status=200, headers=headers, body=json.dumps(body).encode())


def test_the_times_of_parts_are_those_of_their_sounds_in_a_row() -> None:
    first = alignment("今日", (0.1, 0.3), (0.3, 0.5))
    second = alignment("は", (0.0,), (0.25,))
    assert join_times(["今日", "は"], [first, second], [0.6, 0.3]) == (
        (0.1, 0.3),
        (0.3, 0.5),
        (0.6, 0.85),
    )


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        alignment("", (), ()),
        alignment("今日", (0.1,), (0.2, 0.3)),
        alignment("今日", (0.3, 0.1), (0.4, 0.2)),
        alignment("今日", (0.1, 0.3), (0.0, 0.5)),
        alignment("今日", (-0.1, 0.3), (0.3, 0.5)),
        alignment("今日", (float("nan"), 0.3), (0.3, 0.5)),
        alignment("今日", (0.1, 0.3), (0.3, 99.0)),
        alignment("今日", (0.0, 0.0), (0.0, 0.0)),
        alignment("今" * 1_000, (0.1,) * 1_000, (0.2,) * 1_000),
    ],
)
def test_times_that_cannot_be_true_are_none(wrong: Alignment | None) -> None:
    assert join_times(["今日"], [wrong], [0.6]) == ()


def test_characters_that_the_service_joins_or_changes_have_times_all_the_same() -> None:
    joined = Alignment(("今日", "は", "!"), (0.0, 0.4, 0.5), (0.4, 0.5, 0.5))
    assert join_times(["今日は。"], [joined], [0.6]) == (
        (0.0, 0.2),
        (0.2, 0.4),
        (0.4, 0.5),
        (0.5, 0.5),
    )


def test_a_text_that_was_sent_in_kana_has_the_times_of_its_kana() -> None:
    spans = [(0.0, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4)]
    # 辛 is one character, からい are three of which the last is its own.
    assert transfer_times("辛い", "からい", spans[:3]) == ((0.0, 0.2), (0.2, 0.3))
    assert transfer_times("明日は", "あすは", spans[:3]) == ((0.0, 0.1), (0.1, 0.2), (0.2, 0.3))
    assert transfer_times("は…い", "はい", spans[:2]) == ((0.0, 0.1), (0.1, 0.1), (0.1, 0.2))
    assert transfer_times("はい", "はい", []) == ()


def test_the_sound_is_unpacked_with_its_times_and_without_the_type_of_the_json() -> None:
    times = {
        "characters": ["は"],
        "character_start_times_seconds": [0],
        "character_end_times_seconds": [0.2],
    }
    sound = base64.b64encode(b"\0\1").decode()
    found = unpack_timed_answer(reply({"audio_base64": sound, "alignment": times, "other": 1}))
    assert isinstance(found, TimedAnswer)
    assert (found.body, found.media_type, found.headers["character-cost"]) == (b"\0\1", "", "3")
    assert found.alignment == alignment("は", (0.0,), (0.2,))
    without = unpack_timed_answer(reply({"audio_base64": sound, "alignment": None}))
    assert isinstance(without, TimedAnswer)
    assert without.alignment is None


@pytest.mark.parametrize(
    "body",
    [
        {"audio_base64": "!!!"},
        {"audio_base64": "YWI"},
        {"audio_base64": 7},
        {"alignment": None},
        [],
    ],
)
def test_an_answer_without_a_sound_stays_as_it_is(body: Any) -> None:
    answer = reply(body)
    assert unpack_timed_answer(answer) is answer


TIMES = (
    '{"characters": %s, "character_start_times_seconds": [%s], "character_end_times_seconds": [1]}'
)


@pytest.mark.parametrize(
    "times",
    [
        "7",
        '[{"characters": 1}]',
        '{"characters": ["a"]}',
        TIMES % ('["a"]', "null"),
        TIMES % ('["a"]', "NaN"),
        TIMES % ('["a"]', "1e999"),
        TIMES % ('["a"]', "9" * 400),
        TIMES % ('["\\ud83d"]', "0"),
        "[" * 500 + "]" * 500,
    ],
)
def test_a_sound_that_is_paid_for_is_used_whatever_its_times_are(times: str) -> None:
    sound = base64.b64encode(b"\0\1").decode()
    body = f'{{"audio_base64": "{sound}", "alignment": {times}}}'.encode()
    found = unpack_timed_answer(ServiceResponse(status=200, headers={}, body=body))
    assert isinstance(found, TimedAnswer)
    assert (found.body, found.alignment) == (b"\0\1", None)


@pytest.mark.parametrize(
    "data", [b"", b"null", b"{}", b'{"alignment": {"characters": 1}}', b"\xff"]
)
def test_a_sound_of_the_history_is_good_without_times(data: bytes) -> None:
    answer = ServiceResponse(status=200, headers={}, body=b"sound")
    assert add_alignment(answer, data) is answer


def test_a_sound_of_the_history_has_the_times_of_its_item() -> None:
    times = {
        "characters": ["は"],
        "character_start_times_seconds": [0],
        "character_end_times_seconds": [0.2],
    }
    data = json.dumps({"alignment": times, "normalized_alignment": times}).encode()
    found = add_alignment(ServiceResponse(status=200, headers={}, body=b"sound"), data)
    assert isinstance(found, TimedAnswer)
    assert (found.body, found.alignment) == (b"sound", alignment("は", (0.0,), (0.2,)))
