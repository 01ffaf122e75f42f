"""What Piper's Japanese voices are told to say: sounds in IPA, with the marks of accent between them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The marks that Piper's Japanese voices were trained with (piper-tts, phonemize_japanese).
_PIPER_RISE = "↑"
_PIPER_FALL = "↓"
_PIPER_NEXT_PHRASE = "#"
_PIPER_PAUSE = ","
_PIPER_END = "."
_PIPER_QUESTION = "?"
_MELODY = frozenset({_PIPER_RISE, _PIPER_FALL, _PIPER_NEXT_PHRASE})

#: OpenJTalk's sounds in IPA, where their letters are not IPA themselves.
_PIPER_IPA = {
    "u": "ɯ", "g": "ɡ", "sh": "ɕ", "j": "dʑ", "ch": "tɕ", "f": "ɸ", "y": "j", "r": "ɾ", "N": "ɴ",
    "cl": "ʔ",
}  # fmt: skip
#: How a second letter colours a consonant: ky is a palatal k, kw one with round lips.
_COLOURS = {"y": "ʲ", "w": "ʷ"}
#: The sounds that morae end in; capitals are devoiced vowels, which the voices know as others.
_LAST_OF_MORA = frozenset({*"aiueoAIUEON", "cl"})
#: Labels count no further, so that from here on a place is not told.
_FAR = 49

#: The parts of a full-context label that matter (HTS's lab_format for Japanese): the sound (p3), its
#: mora's place in the accent phrase (a2) and from its end (a3), the phrase's accent (f2).
_LABEL = compile_lazy(r"-(\w+)\+.*/A:[^+]+\+(\w+)\+(\w+)/B.*/F:\w+_(\w+)#")
#: Whether the accent phrase before was a question (e3).
_ASKS = compile_lazy(r"/E:\w+!1_")


class _LabelPhone(NamedTuple):
    """A sound; ``place``, ``left`` and ``accent`` are 0 in pauses.

    Args:
        name: as OpenJTalk writes it.
        place: which mora of its accent phrase it belongs to, from 1.
        left: how many morae the phrase has from there on.
        accent: the mora after which the pitch falls; the last one in flat phrases, too.
    """

    name: str
    place: int
    left: int
    accent: int


def to_piper_phonemes(labels: Sequence[str], *, question: bool = False) -> list[str]:
    """The phonemes of one sentence, each one character, with the marks that tell its melody.

    The same as the library itself makes of the same analysis, but that フュ, which it leaves out, is
    said.

    Args:
        labels: full-context labels, as :meth:`tts_assets.japanese.dictionary.Dictionary.labels`
            makes them.
        question: it is one, even if the labels do not say so.
    """
    found: list[str] = []
    for sound in _parse_labels(labels):
        if sound.name == "pau":
            found = [*_drop_open_mark(found), _PIPER_PAUSE]
            continue
        found += _to_ipa(sound.name)
        if sound.name in _LAST_OF_MORA:
            found += _choose_mark_after(sound)
    return [
        *_drop_open_mark(found),
        _PIPER_QUESTION if question or is_question(labels) else _PIPER_END,
    ]


def is_question(labels: Sequence[str]) -> bool:
    """Whether the labels of a sentence say that it asks."""
    return bool(labels) and _ASKS.search(labels[-1]) is not None


def _drop_open_mark(found: list[str]) -> list[str]:
    """What has been said without a mark at its end, which gives way to a pause or the last mark."""
    return found[:-1] if found and found[-1] in _MELODY else found


def _choose_mark_after(sound: _LabelPhone) -> str:
    """The mark after a mora; "" for most."""
    if sound.left == 1:
        return _PIPER_NEXT_PHRASE
    if sound.place == sound.accent < _FAR:
        return _PIPER_FALL
    return _PIPER_RISE if sound.place == 1 else ""


def _parse_labels(labels: Sequence[str]) -> Iterator[_LabelPhone]:
    for label in labels:
        match = _LABEL.search(label)
        if match is not None and match[1] != "sil":
            place, left, accent = (
                int(part) if part.isdecimal() else 0 for part in match.groups()[1:]
            )
            yield _LabelPhone(match[1], place, left, accent)


@functools.cache
def _to_ipa(name: str) -> str:
    """A sound in IPA: one character or several, each a phoneme of the voices."""
    if name.lower() in {*"aiueo"}:
        name = name.lower()
    elif len(name) == 2 and name[1] in _COLOURS:
        return _to_ipa(name[0]) + _COLOURS[name[1]]
    return _PIPER_IPA.get(name, name)
