"""What ElevenLabs is asked for, in the words of its speech endpoint."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tts_assets.config.model import time_limits
from tts_assets.engines.elevenlabs_models import Model, model_of
from tts_assets.engines.http.answers import Request
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tts_assets.config.model import ElevenLabsSettings
    from tts_assets.model import Voice


#: Ids become part of an address.
_VOICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PCM = re.compile(r"pcm_([0-9]+)")
_TIMESTAMPS = "/with-timestamps"


#: Of what stands before and after a part, so many code points are told; that is free.
_BESIDE = 500


def checked_id(voice: str) -> str:
    """The id of a voice.

    Raises:
        UsageError: it can be none.
    """
    if _VOICE.fullmatch(voice):
        return voice
    raise UsageError(
        f"{voice[:64]!r} cannot be a voice of ElevenLabs: write its id, such as "
        "JBFqnCBsd6RMkjVDRZzb; tts-assets voices --provider elevenlabs lists them"
    )


def pcm_rate_hz(settings: ElevenLabsSettings) -> int | None:
    """Samples per second where bare samples are asked for; None where a file is."""
    found = _PCM.fullmatch(settings.output_format)
    return int(found[1]) if found else None


def sound_fields(settings: ElevenLabsSettings) -> dict[str, Any]:
    """The fields of a request that the settings alone decide; without those left to the service."""
    model = model_of(settings.model)
    normalization = settings.text_normalization
    return _told(
        {
            "model_id": settings.model,
            "voice_settings": asked_voice_settings(settings, 1.0) or None,
            "seed": settings.seed,
            "apply_text_normalization": None if normalization is None else normalization.value,
            "apply_language_text_normalization": settings.language_text_normalization
            if model.language_normalization
            else None,
        }
    )


def asked_voice_settings(settings: ElevenLabsSettings, speed: float) -> dict[str, Any]:
    """The ``voice_settings`` that the run sets itself; without those left to the voice.

    Args:
        settings: what is asked for.
        speed: 1.0 is the voice's own pace.
    """
    return _told(
        {
            "stability": settings.stability,
            "similarity_boost": settings.similarity_boost,
            "style": settings.style,
            "use_speaker_boost": settings.use_speaker_boost,
            "speed": None if speed == 1.0 else speed,
        }
    )


def _merge_settings(
    model: Model, stored: Mapping[str, Any], asked: dict[str, Any]
) -> dict[str, Any]:
    """The stored settings of a voice that a model uses, under those that the run sets.

    ``voice_settings`` replace all that is stored: in the official schema each absent field has a
    default (stability 0.5, similarity_boost 0.75, style 0, speed 1, use_speaker_boost true).
    """
    is_used = {
        "style": model.style,
        "use_speaker_boost": model.style,
        "speed": model.speed,
        "clone_strength": model.clone_strength,
    }
    kept = {name: value for name, value in stored.items() if is_used.get(name, True)}
    if model.stabilities and "stability" in kept:
        # A stored value that the model would refuse: the nearest one that it takes.
        nearest = min(model.stabilities, key=lambda value: abs(value - kept["stability"]))
        kept["stability"] = nearest
    return kept | asked


def request(
    settings: ElevenLabsSettings,
    voice: Voice,
    parts: list[str],
    at: int,
    *,
    stored: Mapping[str, Any],
    timeout_seconds: float,
) -> Request:
    """A request for one part of a text.

    Args:
        settings: what is asked for.
        voice: who says it, and how fast.
        parts: the text.
        at: which of its parts.
        stored: the settings that are stored with the voice; used only where some have to be sent.
        timeout_seconds: for each 100 characters.

    Raises:
        UsageError: the voice can be none.
    """
    model, text, fields = model_of(settings.model), parts[at], sound_fields(settings)
    if asked := asked_voice_settings(settings, voice.speed):
        fields["voice_settings"] = _merge_settings(model, stored, asked)
    beside = {
        "previous_text": "".join(parts[:at])[-_BESIDE:] or None,
        "next_text": "".join(parts[at + 1 :])[:_BESIDE] or None,
    }
    language = voice.language.partition("-")[0] if model.language else None
    return Request(
        method="POST",
        path=f"v1/text-to-speech/{checked_id(voice.name)}",
        query={"output_format": settings.output_format},
        json={"text": text}
        | fields
        | _told({"language_code": language} | (beside if model.stitches else {})),
        seconds=timeout_seconds * time_limits(len(text)),
    )


def with_timestamps(asked: Request) -> Request:
    """The same request, answered with the times of characters beside the sound."""
    return replace(asked, path=asked.path + _TIMESTAMPS)


def has_timestamps(asked: Request) -> bool:
    """Whether a request is answered with the times of characters."""
    return asked.path.endswith(_TIMESTAMPS)


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    """What is left to the service is not sent, as by its own library."""
    return {name: value for name, value in fields.items() if value is not None}
