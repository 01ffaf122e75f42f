"""What an answer of ElevenLabs means: whose fault it is, and what to do about it."""

import json

import pytest

from tts_assets.config.keys import Secret, redact
from tts_assets.engines.elevenlabs_requests import (
    VoiceError,
    most_at_once,
    read_charge,
    to_elevenlabs_error,
)
from tts_assets.engines.http.service_calls import RateLimitedError, ServiceResponse, TransientError
from tts_assets.errors import ClipError, FatalError

KEY = "sk_0123456789abcdef"


def answer(status: int, detail: object = None, **headers: str) -> ServiceResponse:
    body = detail if isinstance(detail, bytes) else json.dumps({"detail": detail}).encode()
    return ServiceResponse(status=status, headers=headers, body=body)


def meant(
    status: int, detail: object = None, wait: str = "", *, is_first: bool = False
) -> Exception:
    told = {"retry-after": wait} if wait else {}
    return to_elevenlabs_error(
        answer(status, detail, **told), lambda text: redact(text, (Secret(KEY),)), is_first=is_first
    )


def words(code: str = "", status: str = "", kind: str = "", message: str = "why") -> object:
    told = {"code": code, "status": status, "type": kind, "message": message}
    return {name: value for name, value in told.items() if value}


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (meant(429, words("rate_limit_exceeded")), TransientError, "429.*why"),
        (meant(429, words(status="system_busy")), TransientError, "429.*why"),
        (meant(429, b"<html>"), TransientError, "responded with 429$"),
        (meant(500, words("internal_error")), TransientError, "500"),
        (meant(503, words("maintenance")), TransientError, "503"),
        (meant(502, b"<html>Bad Gateway</html>"), TransientError, "502 .*: Bad Gateway"),
        (meant(408), TransientError, "408"),
        (meant(204), TransientError, "204"),
        (meant(401, words("quota_exceeded")), FatalError, "credits are used up"),
        (meant(402, words("insufficient_credits")), FatalError, "credits are used up"),
        (meant(402, words(kind="payment_required")), FatalError, "plan.*402"),
        (
            meant(402, words("paid_plan_required", "limited_access")),
            FatalError,
            "the plan of this key does not include that",
        ),
        (meant(401, words("unauthorized", "invalid_api_key")), FatalError, "key is refused"),
        (meant(401, words(kind="authentication_error")), FatalError, "key is refused"),
        (meant(401, "Unauthorized"), FatalError, "Unauthorized"),
        (
            meant(401, words(status="missing_permissions", kind="authentication_error")),
            FatalError,
            "lacks a permission: add the missing permission at .*: why",
        ),
        (meant(401, words(status="detected_unusual_activity")), FatalError, "VPN"),
        (meant(403, words("invalid_output_format")), FatalError, r"elevenlabs\.output-format"),
        (meant(403, b"<html>"), FatalError, r"\(403\): set ELEVENLABS_API_KEY"),
        (meant(400, words(status="model_not_found")), FatalError, r"elevenlabs\.model"),
        (meant(400, words("unsupported_model")), FatalError, "remove the named setting"),
        (meant(400, words("invalid_voice_settings")), FatalError, "correct speed"),
        (meant(404, words("voice_not_found")), VoiceError, "is not available to your account"),
        (meant(400, words("text_too_long", "max_character_limit_exceeded")), ClipError, "text"),
        (meant(400, words(status="input_text_empty")), ClipError, "rejects this text"),
        (meant(400, words("bad_request")), ClipError, "400.*why"),
        (meant(404, "Not Found", is_first=True), FatalError, "base-url"),
        (meant(404, "Not Found"), ClipError, "404.*Not Found"),
        (meant(422, [{"loc": ["body", "seed"], "msg": "no"}]), ClipError, r"body\.seed: no"),
        (meant(422, [1, {"loc": 1, "msg": "no"}, {}]), ClipError, "ElevenLabs: 1; no"),
        (meant(422, []), ClipError, "rejects"),
        (meant(400, b"\xff"), ClipError, "400"),
        (meant(400, {"message": 1, "code": []}), ClipError, "400"),
        (meant(400, b'{"message": "why"}'), ClipError, "why"),
    ],
)
def test_an_answer_means(error: Exception, kind: type[Exception], message: str) -> None:
    assert type(error) is kind
    with pytest.raises(kind, match=message):
        raise error


@pytest.mark.parametrize(
    ("detail", "most"),
    [
        (words("concurrent_limit_exceeded", message="a maximum of 4 concurrent requests"), 4),
        (words(status="too_many_concurrent_requests", message="a maximum of x concurrent"), None),
        ("associated with a maximum of 12\nconcurrent requests", 12),
    ],
)
def test_a_refusal_for_want_of_room_tells_how_many_are_taken(
    detail: object, most: int | None
) -> None:
    error = meant(429, detail)
    assert isinstance(error, RateLimitedError)
    assert error.most == most


def test_a_wait_that_the_service_asks_for_is_told() -> None:
    error = meant(429, words("rate_limit_exceeded"), "7")
    assert isinstance(error, TransientError)
    assert error.seconds == 7


def test_what_the_service_says_is_shown_in_one_short_line_without_the_key() -> None:
    shown = str(meant(400, words(message=f"a\x1b[31m {KEY}\n" + "b" * 1_000)))
    assert KEY not in shown
    assert shown.isprintable()
    assert len(shown) < 400


@pytest.mark.parametrize(
    ("headers", "cost"),
    [
        ({"character-cost": "3"}, 3.0),
        ({"character-cost": "0", "x-character-count": "9"}, 0.0),
        ({"x-character-count": "9"}, 9.0),
        ({"character-cost": "nan", "x-character-count": "2"}, 2.0),
        ({"character-cost": "-1"}, None),
        ({"character-cost": "1e9"}, 1e9),
        ({"character-cost": "1e308"}, None),
        ({"character-cost": "inf", "x-character-count": "2"}, 2.0),
        ({}, None),
    ],
)
def test_the_cost_is_what_a_header_says(headers: dict[str, str], cost: float | None) -> None:
    assert read_charge(answer(200, **headers)) == cost


@pytest.mark.parametrize(
    ("value", "most"),
    [("5", 5), ("0", None), ("-1", None), ("many", None), ("99999", None), ("", None)],
)
def test_a_maximum_that_makes_no_sense_is_none(value: str, most: int | None) -> None:
    assert most_at_once(answer(200, **{"maximum-concurrent-requests": value})) == most


@pytest.mark.parametrize("size", [4_086, 4_090, 2_000])
def test_a_key_at_the_end_of_what_is_read_of_an_error_is_hidden(size: int) -> None:
    shown = str(meant(500, b" " * size + f"{KEY} {'あ' * 2_000}".encode()))
    assert KEY[:4] not in shown
    assert "500" in shown


def test_a_long_error_in_japanese_is_shown() -> None:
    assert "あああ" in str(meant(500, ("xx" + "あ" * 3_000).encode()))
