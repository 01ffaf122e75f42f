"""The voices of servers of OpenAI's shape: those of OpenAI itself, and lists in any common form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeGuard

from tts_assets.engines.protocol import VoiceInfo
from tts_assets.engines.service_words import one_line

if TYPE_CHECKING:
    from collections.abc import Callable


#: A language tag of BCP 47, as far as voices have them; some write _ for -.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")


#: BCP 47 for: nobody says which; and for: several.
_UNKNOWN, _SEVERAL = "und", "mul"


#: OpenAI has no list of its voices that could be asked for; these are in its API reference
#: (createSpeech, read 2026-11-22). They speak whatever language the text is in.
BUILT_IN = tuple(
    VoiceInfo(name=name, language=_SEVERAL, description="built-in voice of OpenAI")
    for name in (
        "alloy",
        "ash",
        "ballad",
        "coral",
        "echo",
        "fable",
        "onyx",
        "nova",
        "sage",
        "shimmer",
        "verse",
        "marin",
        "cedar",
    )
)


def voices_in(body: Any, hidden: Callable[[str], str]) -> tuple[VoiceInfo, ...]:
    """The voices of an answer to ``GET /audio/voices``; none where it is no list of any.

    Kokoro-FastAPI has objects with ``id`` and ``name`` in ``voices``, and had plain names; Speaches
    has objects with ``name`` and ``language``.

    Args:
        body: the answer's JSON.
        hidden: takes the key out of a text.
    """
    if isinstance(body, dict):
        body = body.get("voices") or body.get("data")
    rows = body if isinstance(body, list) else []
    found = (_voice(row, hidden) for row in rows)
    return tuple({each.name: each for each in found if each is not None}.values())


def _voice(row: Any, hidden: Callable[[str], str]) -> VoiceInfo | None:
    told = row if isinstance(row, dict) else {"id": row}
    name = one_line(told.get("id") or told.get("voice_id") or told.get("name"), hidden)
    if not name:
        return None
    languages = (told.get("locale"), told.get("language"))
    known = next((each for each in languages if _is_language(each)), _UNKNOWN)
    who = one_line(told.get("description") or told.get("name"), hidden)
    return VoiceInfo(
        name=name,
        language=known.replace("_", "-"),
        description="" if who == name else who,
    )


def _is_language(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None
