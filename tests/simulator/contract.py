"""What the two services accept as a request for speech, model by model."""

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import msgspec

from tests.simulator.refusals import SimulatedRefusalError
from tests.simulator.scenario import Scenario, voice_id
from tests.simulator.speech import SpeechFormat
from tests.simulator.wire import WireRequest

SPEECH_PATH = "/v1/text-to-speech/"
TIMED = "/with-timestamps"

_V4 = "standard_eleven_v4"
_STITCHING = ("previous_text", "next_text", "previous_request_ids", "next_request_ids")

# What is enforced is the documented limit and a tenth more.
_ALLOWANCE = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedModel:
    """A model: its documented limit in code points, price per code point, and what it refuses."""

    name: str
    longest: int
    price: float = 1.0
    group: str = "standard"
    refuses: tuple[str, ...] = ()
    speeds: tuple[float, float] | None = None
    speaks_empty: bool = False
    japanese: bool = True


_SPEEDS = (0.7, 1.2)
_NORMALIZATION = ("apply_language_text_normalization",)
MODELS = {
    model.name: model
    for model in (
        SimulatedModel(name="eleven_v4", longest=10_000, group=_V4, refuses=_NORMALIZATION),
        SimulatedModel(
            name="eleven_v4_turbo", longest=10_000, price=0.5, group=_V4, refuses=_NORMALIZATION
        ),
        SimulatedModel(name="eleven_v3", longest=5_000, refuses=_STITCHING),
        SimulatedModel(
            name="eleven_v3_conversational", longest=5_000, price=0.5, refuses=_STITCHING
        ),
        SimulatedModel(
            name="eleven_multilingual_v2", longest=10_000, speeds=_SPEEDS, speaks_empty=True
        ),
        *(
            SimulatedModel(
                name=name,
                longest=longest,
                price=0.5,
                group="turbo",
                speeds=_SPEEDS,
                speaks_empty=True,
                japanese=japanese,
            )
            for name, longest, japanese in (
                ("eleven_flash_v2_5", 40_000, True),
                ("eleven_turbo_v2_5", 40_000, True),
                ("eleven_flash_v2", 30_000, False),
                ("eleven_turbo_v2", 30_000, False),
            )
        ),
    )
}

_RATES_HZ = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_MP3 = ((22_050, 32), (24_000, 48), *((44_100, kbps) for kbps in (32, 64, 96, 128, 192)))
FORMATS = {
    **{f"mp3_{rate}_{kbps}": SpeechFormat("mp3", rate, kbps) for rate, kbps in _MP3},
    **{
        f"{codec}_{rate}": SpeechFormat(codec, rate)
        for codec in ("pcm", "wav")
        for rate in _RATES_HZ
    },
    **{f"opus_48000_{kbps}": SpeechFormat("opus", 48_000, kbps) for kbps in (32, 64, 96, 128, 192)},
    **{f"{codec}_8000": SpeechFormat(codec, 8_000) for codec in ("ulaw", "alaw")},
}
#: OpenAI's audio has 24 kHz, in the bare samples of pcm as well.
OPENAI_FORMATS = {
    "mp3": SpeechFormat("mp3", 24_000, 64),
    **{codec: SpeechFormat(codec, 24_000) for codec in ("opus", "flac", "wav", "pcm")},
}
_OPENAI_LONGEST = 4_096
_OPENAI_SPEEDS = (0.25, 4.0)

_KINDS: dict[str, tuple[type | tuple[type, ...], str, str]] = {
    "text": (str, "string_type", "Input should be a valid string"),
    "integer": (int, "int_type", "Input should be a valid integer"),
    "number": ((int, float), "float_type", "Input should be a valid number"),
    "boolean": (bool, "bool_type", "Input should be a valid boolean"),
    "array": (list, "list_type", "Input should be a valid list"),
    "object": (dict, "model_attributes_type", "Input should be a valid dictionary"),
}
_BODY = {
    "text": "text",
    "model_id": "text",
    "language_code": "text",
    "voice_settings": "object",
    "seed": "integer",
    "previous_text": "text",
    "next_text": "text",
    "previous_request_ids": "array",
    "next_request_ids": "array",
    "pronunciation_dictionary_locators": "array",
    "apply_text_normalization": "text",
    "apply_language_text_normalization": "boolean",
}
_SETTINGS = {
    "stability": "number",
    "similarity_boost": "number",
    "style": "number",
    "speed": "number",
    "use_speaker_boost": "boolean",
}
#: Absent fields of voice_settings have these values, whatever is stored with the voice
#: (VoiceSettingsResponseModel of the official schema).
_DEFAULT_SETTINGS = {
    "stability": 0.5,
    "similarity_boost": 0.75,
    "style": 0.0,
    "speed": 1.0,
    "use_speaker_boost": True,
}
_NEVER_NULL = ("text", "model_id", "apply_text_normalization")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedOrder:
    """Speech that is asked for; the family is whose API it came by."""

    family: Literal["elevenlabs", "openai"]
    text: str
    voice: str
    model: SimulatedModel
    format: SpeechFormat
    speed: float
    credits: int
    settings: dict[str, Any] = field(default_factory=dict)
    is_timed: bool = False


def body_of(request: WireRequest) -> Any:
    """The JSON of a request; a 422 where it is none."""
    try:
        return msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        problem = {
            "type": "json_invalid",
            "loc": ["body", 0],
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": str(exc)},
        }
        raise SimulatedRefusalError("unprocessable", "invalid JSON", detail=[problem]) from exc


def check_shape(body: Any) -> None:
    """Types and ranges, which are looked at before the key."""
    if not isinstance(body, dict):
        raise SimulatedRefusalError("unprocessable", detail=[_problem("object", ["body"], body)])
    problems = _wrong_kinds(body, _BODY, ["body"])
    if "text" not in body:
        problems.append(
            {"type": "missing", "loc": ["body", "text"], "msg": "Field required", "input": None}
        )
    if body.get("apply_text_normalization", "auto") not in ("auto", "on", "off"):
        path, message = (
            ["body", "apply_text_normalization"],
            "Input should be 'auto', 'on' or 'off'",
        )
        problems.append({"type": "enum", "loc": path, "msg": message})
    if isinstance(settings := body.get("voice_settings"), dict):
        problems += _wrong_kinds(settings, _SETTINGS, ["body", "voice_settings"])
        problems += _out_of_range(settings)
    if problems:
        raise SimulatedRefusalError("unprocessable", detail=problems)


def _wrong_kinds(given: dict[str, Any], kinds: dict[str, str], path: list[str]) -> list[Any]:
    found = []
    for name, kind in kinds.items():
        value = given.get(name)
        if name not in given or (value is None and name not in _NEVER_NULL):
            continue
        right = isinstance(value, _KINDS[kind][0])
        if not right or (isinstance(value, bool) and kind != "boolean"):
            found.append(_problem(kind, [*path, name], value))
    return found


def _problem(kind: str, path: list[str], value: Any) -> dict[str, Any]:
    _, word, message = _KINDS[kind]
    return {"type": word, "loc": path, "msg": message, "input": value}


def _out_of_range(settings: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for name in ("stability", "similarity_boost"):
        value = settings.get(name)
        if isinstance(value, (int, float)) and not 0 <= value <= 1:
            side, bound = ("less_than_equal", 1) if value > 1 else ("greater_than_equal", 0)
            words = side.replace("_equal", "_or_equal_to").replace("_", " ")
            path = ["body", "voice_settings", name]
            message = f"Input should be {words} {bound}"
            found.append({"type": side, "loc": path, "msg": message, "input": value})
    return found


def elevenlabs_order(
    request: WireRequest, body: dict[str, Any], scenario: Scenario
) -> SimulatedOrder:
    """What is asked of ElevenLabs; refused as the model does."""
    voice = request.path.removeprefix(SPEECH_PATH).removesuffix(TIMED)
    check_voice(voice, scenario)
    name = body.get("model_id", "eleven_multilingual_v2")
    if name not in MODELS:
        raise SimulatedRefusalError(
            "model_not_found", f"A model with model_id '{name}' was not found."
        )
    model, text = MODELS[name], body["text"]
    form = FORMATS.get(request.query.get("output_format", "mp3_44100_128"))
    if form is None:
        known = ", ".join(FORMATS)
        raise SimulatedRefusalError(
            "invalid_output_format", f"Output format must be one of: {known}"
        )
    _check_model(model, body)
    settings = body.get("voice_settings")
    in_effect = stored_settings(voice, scenario) if settings is None else _whole(settings)
    return SimulatedOrder(
        family="elevenlabs",
        text=text,
        voice=voice,
        model=model,
        format=form,
        speed=float(in_effect["speed"]) if model.speeds else 1.0,
        credits=max(1, math.ceil(len(text) * model.price)),
        settings=in_effect,
        is_timed=request.path.endswith(TIMED),
    )


def check_voice(voice: str, scenario: Scenario) -> None:
    """Refuse a voice that is not there."""
    if voice not in _voices(scenario.voices):
        raise SimulatedRefusalError(
            "voice_not_found", f"A voice with voice_id '{voice}' was not found."
        )


def stored_settings(voice: str, scenario: Scenario) -> dict[str, Any]:
    """The settings that are stored with a voice, all of them."""
    return _whole(scenario.voice_settings.get(voice, {}))


def _whole(settings: dict[str, Any]) -> dict[str, Any]:
    return _DEFAULT_SETTINGS | {
        name: value for name, value in settings.items() if value is not None
    }


@cache
def _voices(count: int) -> frozenset[str]:
    return frozenset(voice_id(number) for number in range(1, count + 1))


def _check_model(model: SimulatedModel, body: dict[str, Any]) -> None:
    for name in model.refuses:
        if body.get(name):
            message = f"Providing {name} is not supported with the '{model.name}' model."
            raise SimulatedRefusalError("unsupported_model", message)
    text = body["text"]
    if not text.strip() and not model.speaks_empty:
        raise SimulatedRefusalError("input_text_empty", "Input at position 0 has empty text")
    if len(text) > model.longest * _ALLOWANCE + 1e-6:
        message = f"Request text length ({len(text)}) exceeds the maximum text length of {model.longest} characters"
        raise SimulatedRefusalError("text_too_long", message)
    speed = (body.get("voice_settings") or {}).get("speed")
    if speed is not None and model.speeds and not model.speeds[0] <= speed <= model.speeds[1]:
        least, most = model.speeds
        message = f"Invalid setting for speed received, expected to be greater or equal to {least} and less or equal to {most}, received {speed}"
        raise SimulatedRefusalError("invalid_voice_settings", message)


def openai_order(body: Any) -> SimulatedOrder:
    """What is asked of the OpenAI-shaped service; it says no with 400."""
    given = body if isinstance(body, dict) else {}
    for name in ("model", "input", "voice"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise SimulatedRefusalError(
                "missing_parameter", f"Missing required parameter: '{name}'."
            )
    form = OPENAI_FORMATS.get(given.get("response_format", "mp3"))
    if form is None:
        known = ", ".join(OPENAI_FORMATS)
        raise SimulatedRefusalError("invalid_value", f"'response_format' must be one of: {known}.")
    speed = given.get("speed", 1.0)
    least, most = _OPENAI_SPEEDS
    if not isinstance(speed, (int, float)) or not least <= speed <= most:
        raise SimulatedRefusalError(
            "invalid_value", f"'speed' must lie between {least} and {most}."
        )
    if len(given["input"]) > _OPENAI_LONGEST:
        message = f"'input' has more than {_OPENAI_LONGEST} characters."
        raise SimulatedRefusalError("string_above_max_length", message)
    model = SimulatedModel(name=given["model"], longest=_OPENAI_LONGEST, group="openai")
    return SimulatedOrder(
        family="openai",
        text=given["input"],
        voice=given["voice"],
        model=model,
        format=form,
        speed=float(speed),
        credits=len(given["input"]),
    )
