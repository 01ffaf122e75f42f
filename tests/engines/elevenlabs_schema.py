"""A request for speech as ElevenLabs documents it, and as its models were seen to take it: strict.

The service itself ignores fields that it does not know, so that a typing error there stays unseen.
"""

import math
import re
from collections.abc import Callable
from typing import Any

from tests.engines.loopback import LoopbackRequest

_FORMATS = {
    *(f"mp3_{rate}" for rate in ("22050_32", "24000_48")),
    *(f"mp3_44100_{kbps}" for kbps in (32, 64, 96, 128, 192)),
    *(
        f"{codec}_{rate}"
        for codec in ("pcm", "wav")
        for rate in (8000, 16000, 22050, 24000, 32000, 44100, 48000)
    ),
    *(f"opus_48000_{kbps}" for kbps in (32, 64, 96, 128, 192)),
    "ulaw_8000",
    "alaw_8000",
}

#: Each model's longest text in code points; a tenth more is taken.
_LONGEST = {
    "eleven_v4": 10_000,
    "eleven_v4_turbo": 10_000,
    "eleven_v3": 5_000,
    "eleven_v3_conversational": 5_000,
    "eleven_multilingual_v2": 10_000,
    "eleven_flash_v2_5": 40_000,
    "eleven_turbo_v2_5": 40_000,
}
_REFUSED = {
    "eleven_v4": ("apply_language_text_normalization",),
    "eleven_v4_turbo": ("apply_language_text_normalization",),
    "eleven_v3": ("previous_text", "next_text"),
    "eleven_v3_conversational": ("previous_text", "next_text"),
}
#: Taken and not heard: sent by nobody who means it.
_IGNORED = {
    "eleven_multilingual_v2": ("clone_strength",),
    "eleven_v4": ("style", "speed", "use_speaker_boost"),
    "eleven_v4_turbo": ("style", "speed", "use_speaker_boost"),
    "eleven_v3": ("style", "speed", "use_speaker_boost", "clone_strength"),
    "eleven_v3_conversational": ("style", "speed", "use_speaker_boost", "clone_strength"),
    "eleven_flash_v2_5": ("style", "use_speaker_boost", "clone_strength"),
    "eleven_turbo_v2_5": ("style", "use_speaker_boost", "clone_strength"),
}


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _between(low: float, high: float) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and math.isfinite(value) and low <= value <= high

    return fits


def _switch(value: Any) -> bool:
    return isinstance(value, bool)


_SETTINGS = {
    "stability": _between(0, 1),
    "similarity_boost": _between(0, 1),
    "style": _between(0, 1),
    "speed": _between(0.7, 1.2),
    "use_speaker_boost": _switch,
    # Newer than the schema; the vendor's own library has it.
    "clone_strength": _between(0, 1),
}
_BODY: dict[str, Callable[[Any], bool]] = {
    "text": _text,
    "model_id": lambda value: value in _LONGEST,
    "language_code": lambda value: isinstance(value, str) and bool(re.fullmatch("[a-z]{2}", value)),
    "voice_settings": lambda value: isinstance(value, dict) and bool(value),
    "seed": lambda value: type(value) is int and 0 <= value <= 2**32 - 1,
    "previous_text": _text,
    "next_text": _text,
    "apply_text_normalization": lambda value: value in ("auto", "on", "off"),
    "apply_language_text_normalization": _switch,
}


def problems(asked: LoopbackRequest) -> list[str]:
    """What is wrong with a request; empty for one that is right."""
    body = asked.json
    if not isinstance(body, dict):
        return ["the body is no object"]
    found = _problems_around(asked)
    found += _misfits(body, _BODY, "")
    found += [f"{name} is missing" for name in ("text", "model_id") if name not in body]
    settings = body.get("voice_settings", {})
    if isinstance(settings, dict):
        found += _misfits(settings, _SETTINGS, "voice_settings.")
    return found or _problems_with_model(body)


def _problems_around(asked: LoopbackRequest) -> list[str]:
    wanted = {
        "method": asked.method == "POST",
        "path": bool(
            re.fullmatch(r"/v1/text-to-speech/[A-Za-z0-9_-]{1,64}(/with-timestamps)?", asked.path)
        ),
        "query": [name for name, _ in asked.query] == ["output_format"],
        "output_format": dict(asked.query).get("output_format") in _FORMATS,
        "content-type": asked.headers.get("content-type") == "application/json",
        "xi-api-key": bool(asked.headers.get("xi-api-key")),
        "no bearer": "authorization" not in asked.headers,
    }
    return [name for name, is_right in wanted.items() if not is_right]


def _misfits(given: dict[str, Any], fields: dict[str, Callable[[Any], bool]], at: str) -> list[str]:
    return [
        f"{at}{name}: {value!r}"
        for name, value in given.items()
        if name not in fields or not fields[name](value)
    ]


def _problems_with_model(body: dict[str, Any]) -> list[str]:
    model, settings = body["model_id"], body.get("voice_settings", {})
    found = [f"{model} refuses {name}" for name in _REFUSED.get(model, ()) if name in body]
    found += [f"{model} ignores {name}" for name in _IGNORED.get(model, ()) if name in settings]
    if len(body["text"]) > _LONGEST[model] * 1.1:
        found.append(f"{model} takes {_LONGEST[model]} code points")
    if "language_code" in body and model == "eleven_multilingual_v2":
        found.append(f"{model} ignores language_code")
    if model.startswith("eleven_v3") and settings.get("stability", 0) not in (0, 0.5, 1):
        found.append(f"{model} takes stability 0, 0.5 or 1")
    return found
