"""What can be looked up: voices by pages, models, the subscription."""

import time
from typing import Any

from tests.simulator.contract import MODELS, SimulatedModel, check_voice, stored_settings
from tests.simulator.refusals import SimulatedRefusalError
from tests.simulator.scenario import Scenario, voice_id

_PAGE = 10
_LARGEST_PAGE = 100
_MONTH_SECONDS = 30 * 24 * 3600

#: Credits of a plan, where the scenario has no quota.
_PLENTY = 10_000_000


def all_voices(scenario: Scenario) -> dict[str, Any]:
    """All voices at once, as the older list has them."""
    return {"voices": [_voice(number) for number in range(1, scenario.voices + 1)]}


def voice_settings(voice: str, scenario: Scenario) -> dict[str, Any]:
    """The settings that are stored with a voice; refused where the key may not read them."""
    if not scenario.settings_readable:
        message = (
            "The API key you used is missing the permission voices_read to execute this operation."
        )
        raise SimulatedRefusalError("missing_permissions", message)
    check_voice(voice, scenario)
    return stored_settings(voice, scenario)


def voices(query: dict[str, str], scenario: Scenario) -> dict[str, Any]:
    """One page of the voices; its token tells where the next one begins."""
    told = query.get("page_size", str(_PAGE))
    size = int(told) if told.isdecimal() else 0
    if not 1 <= size <= _LARGEST_PAGE:
        message = f"Input should be a whole number from 1 to {_LARGEST_PAGE}"
        problem = {"type": "range", "loc": ["query", "page_size"], "msg": message, "input": told}
        raise SimulatedRefusalError("unprocessable", detail=[problem])
    token = query.get("next_page_token") or "page-0"
    start = int(token.removeprefix("page-")) if token[5:].isdecimal() else -1
    if not 0 <= start <= scenario.voices:
        raise SimulatedRefusalError("bad_request", "The next_page_token is none of ours.")
    end = min(start + size, scenario.voices)
    more = end < scenario.voices
    return {
        "voices": [_voice(number) for number in range(start + 1, end + 1)],
        "has_more": more,
        "total_count": scenario.voices,
        "next_page_token": f"page-{end}" if more else None,
    }


def _voice(number: int) -> dict[str, Any]:
    return {
        "voice_id": voice_id(number),
        "name": f"Simulator {number}",
        "category": "premade",
        "description": "Tones in the rhythm of the text.",
        "labels": {"language": "ja", "gender": "neutral", "use_case": "testing"},
        "preview_url": None,
        "settings": None,
        "verified_languages": [
            {"language": "ja", "model_id": "eleven_multilingual_v2", "locale": "ja-JP"}
        ],
    }


def models() -> list[dict[str, Any]]:
    """All models, as a bare array."""
    return [_model(model) for model in MODELS.values()]


def _model(model: SimulatedModel) -> dict[str, Any]:
    languages = [{"language_id": "en", "name": "English"}]
    if model.japanese:
        languages.append({"language_id": "ja", "name": "Japanese"})
    return {
        "model_id": model.name,
        "name": model.name.replace("_", " ").title(),
        "can_do_text_to_speech": True,
        "can_use_style": model.name == "eleven_multilingual_v2",
        "can_use_speaker_boost": model.name == "eleven_multilingual_v2",
        "requires_alpha_access": False,
        "token_cost_factor": 1.0,
        "model_rates": {"character_cost_multiplier": model.price},
        "maximum_text_length_per_request": model.longest,
        "concurrency_group": model.group,
        "languages": languages,
    }


def subscription(scenario: Scenario, spent: int) -> dict[str, Any]:
    """What is left; refused where the key may not read it."""
    if not scenario.subscription_readable:
        message = (
            "The API key you used is missing the permission user_read to execute this operation."
        )
        raise SimulatedRefusalError("missing_permissions", message)
    return {
        "tier": "creator",
        "status": "active",
        "character_count": spent,
        "character_limit": _PLENTY if scenario.quota is None else scenario.quota,
        "can_extend_character_limit": False,
        "next_character_count_reset_unix": int(time.time()) + _MONTH_SECONDS,
    }
