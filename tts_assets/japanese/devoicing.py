"""Vowels that standard Japanese whispers: ク of キク, シ of シタ, ス of デス."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Morae with i or u behind a voiceless consonant, and how morae begin before which they keep it:
#: between two such fricatives the vowel stays, as in スシ and ヒフ.
_CLOSE = {
    **dict.fromkeys("キシチツピク", ""),
    **dict.fromkeys(("プ", "キュ", "シュ", "チュ", "ピュ", "ツィ", "ティ", "テュ", "トゥ"), ""),
    **dict.fromkeys(("ス", "スィ"), "サシスセソ"),
    **dict.fromkeys(("ヒ", "ヒュ", "フ", "フィ"), "ハヒフヘホ"),
}
_VOICELESS = frozenset("カキクケコサシスセソタチツテトハヒフヘホパピプペポ")
#: The polite endings, with the particles that may stand behind them.
_POLITE = compile_lazy("[デマ]ス(?=(?:[ガケシナネノヨワ].{0,3})?$)")


def find_devoiced_morae(
    sounds: Sequence[str], accent: int, following: str, *, asks: bool
) -> frozenset[int]:
    """Which morae of an accent phrase lose their vowel.

    Those with i or u between two voiceless consonants, and ス of the polite endings デス and マス,
    unless the accent is on it, or the mora before has lost its vowel (NHK's accent dictionary,
    appendix on devoicing; OpenJTalk's rules are much the same).

    Args:
        sounds: its morae in katakana, long vowels spelled as vowels.
        accent: the mora after which the pitch falls; 0 for none.
        following: how the next phrase begins; "" where a pause follows.
        asks: the last mora rises, and so keeps its vowel.

    Returns:
        Their places, counted from 0.
    """
    found: set[int] = set()
    polite = _find_polite_su(sounds, accent)
    for place, (sound, after) in enumerate(zip(sounds, [*sounds[1:], following], strict=True)):
        if place + 1 == accent or place - 1 in found or (asks and place + 1 == len(sounds)):
            continue
        close = sound in _CLOSE and after[:1] in _VOICELESS and after[0] not in _CLOSE[sound]
        if close or place == polite:
            found.add(place)
    return frozenset(found)


def _find_polite_su(sounds: Sequence[str], accent: int) -> int | None:
    """Where ス of a polite ending stands; it is low, unlike that of マス (to increase)."""
    for place in range(len(sounds) - 1, 0, -1):
        if sounds[place] == "ス" and _POLITE.match("".join(sounds[place - 1 :])):
            return place if 0 < accent <= place else None
    return None
