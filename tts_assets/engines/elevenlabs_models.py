"""What each of ElevenLabs' models takes, refuses, ignores and costs.

Read between 2026-09-24 and 2026-10-06 in the answers of ``GET /v1/models``, in those of the speech
endpoint to each setting, and at https://elevenlabs.io/docs/overview/models. A setting that a model
refuses or ignores is refused here, before anything is paid for. A model that is not in the table
is asked for as if it took everything: the service says what it does not.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tts_assets.config.model import ElevenLabsSettings


#: The service's bounds of ``voice_settings.speed``; outside of them it answers 400.
SPEEDS = (0.7, 1.2)
_RATES_HZ = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


#: The official values of ``output_format`` that can be read here, and those that cannot.
FORMATS = (
    *(f"pcm_{rate}" for rate in _RATES_HZ),
    *(f"wav_{rate}" for rate in _RATES_HZ),
    "mp3_22050_32",
    "mp3_24000_48",
    *(f"mp3_44100_{kbps}" for kbps in (32, 64, 96, 128, 192)),
    *(f"opus_48000_{kbps}" for kbps in (32, 64, 96, 128, 192)),
)
UNREADABLE_FORMATS = ("ulaw_8000", "alaw_8000")


#: Removed on 2026-07-09.
_REMOVED = ("eleven_monolingual_v1", "eleven_multilingual_v1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model.

    Args:
        longest: code points of a text, as documented; a tenth more is taken.
        credits: what a code point costs.
        japanese: whether it speaks it.
        language: whether it is told the language; others find out by themselves.
        speed: whether it says the same faster or slower.
        style: whether it takes that setting, and ``use_speaker_boost``.
        stabilities: the only values of ``stability``; empty for any from 0 to 1.
        clone_strength: whether it takes that setting.
        stitches: whether it is told what stands before and after a text.
        language_normalization: whether it takes ``apply_language_text_normalization``.
    """

    longest: int = 5_000
    credits: float = 1.0
    japanese: bool = True
    language: bool = True
    speed: bool = True
    style: bool = True
    stabilities: tuple[float, ...] = ()
    clone_strength: bool = True
    stitches: bool = True
    language_normalization: bool = True


_V3 = Model(
    speed=False,
    style=False,
    stabilities=(0.0, 0.5, 1.0),
    clone_strength=False,
    stitches=False,
)
_V4 = Model(longest=10_000, speed=False, style=False, language_normalization=False)
_FAST = Model(longest=40_000, credits=0.5, style=False, clone_strength=False)
_ENGLISH = replace(_FAST, longest=30_000, japanese=False, language=False)
_MODELS = {
    "eleven_v4": _V4,
    "eleven_v4_turbo": replace(_V4, credits=0.5),
    "eleven_v3": _V3,
    "eleven_v3_conversational": replace(_V3, credits=0.5),
    "eleven_multilingual_v2": Model(longest=10_000, language=False, clone_strength=False),
    "eleven_flash_v2_5": _FAST,
    "eleven_turbo_v2_5": _FAST,
    "eleven_flash_v2": _ENGLISH,
    "eleven_turbo_v2": _ENGLISH,
}


def model_of(name: str) -> Model:
    """What is known of a model; of one that is not, that it takes everything."""
    return _MODELS.get(name, Model())


def problem_with(settings: ElevenLabsSettings, speed: float) -> str | None:
    """What the model would refuse, or be paid for and ignore; None where there is nothing.

    Args:
        settings: what is asked for.
        speed: 1.0 is the voice's own pace.
    """
    name, form = settings.model, settings.output_format
    if name in _REMOVED:
        return f"{name} was removed on 2026-07-09: set elevenlabs.model to eleven_multilingual_v2"
    model = model_of(name)
    if not model.japanese:
        return f"{name} speaks English only: set elevenlabs.model to eleven_flash_v2_5"
    if form not in FORMATS:
        return _problem_with_format(form)
    return problem_with_speed(name, speed) or _problem_with_voice(name, model, settings)


def _problem_with_format(form: str) -> str:
    """Why sound cannot be asked for in a format."""
    if form in UNREADABLE_FORMATS:
        why = "which cannot be read here: choose one such as pcm_24000 or mp3_44100_128"
    elif near := difflib.get_close_matches(form[:40], FORMATS, n=1):
        why = f"which ElevenLabs does not have: did you mean {near[0]}?"
    else:
        why = f"which ElevenLabs does not have; it has {', '.join(FORMATS)}"
    return f"elevenlabs.output-format is {form[:40]!r}, {why}"


def problem_with_speed(name: str, speed: float) -> str | None:
    """Why a model cannot speak that fast or slowly; None where it can."""
    if speed == 1.0:
        return None
    if not model_of(name).speed:
        return f"{name} speaks at its own speed only: leave out speed {speed:g}"
    slowest, fastest = SPEEDS
    if slowest <= speed <= fastest:
        return None
    return f"the speed is {speed:g}: ElevenLabs takes {slowest:g} to {fastest:g}"


def _problem_with_voice(name: str, model: Model, settings: ElevenLabsSettings) -> str | None:
    refused = {
        "style": settings.style is not None and not model.style,
        "use-speaker-boost": settings.use_speaker_boost is not None and not model.style,
        "language-text-normalization": bool(settings.language_text_normalization)
        and not model.language_normalization,
    }
    if unknown := [setting for setting, is_refused in refused.items() if is_refused]:
        return f"{name} does not know {', '.join(unknown)}: leave that out of [elevenlabs]"
    stability = settings.stability
    if stability is None or not model.stabilities or stability in model.stabilities:
        return None
    values = ", ".join(f"{value:g}" for value in model.stabilities)
    return f"elevenlabs.stability is {stability:g}: {name} takes {values}"
