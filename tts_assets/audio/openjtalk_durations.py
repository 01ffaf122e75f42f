"""How long OpenJTalk's voice Mei takes for what it says, sound by sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.model import split_morae

if TYPE_CHECKING:
    from tts_assets.model import Pronunciation


#: Seconds of each consonant, and the kana that begin with it. Like all figures here they are those
#: with the least error, relative to the length, over the 850 clips of data/ of up to 80 morae.
_CONSONANTS = {
    "アイウエオ": -0.016,
    "カキクケコ": 0.044,
    "サスセソ": 0.068,
    "シ": 0.091,
    "タテト": 0.020,
    "チ": 0.070,
    "ツ": 0.054,
    "ナニヌネノ": 0.005,
    "ハヒヘホ": 0.037,
    "フ": 0.032,
    "マミムメモ": 0.008,
    "ヤユヨ": 0.020,
    "ラリルレロ": -0.005,
    "ワ": 0.009,
    "ガギグゲゴ": 0.016,
    "ザズゼゾ": 0.043,
    "ジ": 0.040,
    "ダデド": 0.002,
    "バビブベボヴ": 0.002,
    "パピプペポ": 0.025,
}
_CONSONANT = {kana: seconds for row, seconds in _CONSONANTS.items() for kana in row}
_VOWELS = {
    "アカサタナハマヤラワガザダバパァャ": 0.109,
    "イキシチニヒミリギジビピィ": 0.083,
    "ウクスツヌフムユルグズブプゥュヴ": 0.085,
    "エケセテネヘメレゲゼデベペェ": 0.117,
    "オコソトノホモヨロゴゾドボポォョ": 0.108,
}
_VOWEL = {kana: seconds for row, seconds in _VOWELS.items() for kana in row}
_SPECIAL = {"ッ": 0.099, "ン": 0.035, "ー": 0.095}


#: ッ before a fricative (デッサン, けっせい): of 10 such words the mean.
_HISSING_CLOSURE, _HISSING = 0.030, frozenset("サシスセソ")


#: What whispers between two of these: an i or u without voice, which is shorter.
_VOICELESS = frozenset("カキクケコサスセソシタテトチツハヒヘホフパピプペポ")
_CLOSE = frozenset("キシチヒピクスツフプュ")
_WHISPERED = 0.062
_PAUSE = 0.563


#: Beside its sounds, whatever is said.
_ONCE = 0.060


#: What of it does not change with the speed: so much, and a part of the whole.
_STEADY, _STEADY_SHARE = 0.14, 0.07


def mei_seconds(said: Pronunciation, speed: float) -> float:
    """How long it takes, from the first sound to the last."""
    own = _ONCE + sound_seconds(said) + _PAUSE * (len(breaths(said)) - 1)
    steady = _STEADY + _STEADY_SHARE * own
    return max(0.05, steady + (own - steady) / speed)


def sound_seconds(said: Pronunciation) -> float:
    """How long its sounds take at a speed of 1, without the pauses between them."""
    groups = breaths(said)
    sounds = sum(sum(map(_of_mora, group, [*group[1:], ""])) for group in groups)
    # An utterance that ends in ッ ends before it.
    silent = _SPECIAL["ッ"] if groups and groups[-1][-1:] == ["ッ"] else 0.0
    return sounds - silent


def mora_seconds(kana: str) -> list[float]:
    """How long it takes for each mora of what is said in one breath, in seconds."""
    said = split_morae(kana)
    return [
        max(0.02, _of_mora(mora, after)) for mora, after in zip(said, [*said[1:], ""], strict=True)
    ]


def is_whispered(mora: str, after: str) -> bool:
    """Whether a mora is said without voice before another one; "" for the end."""
    voiceless_after = after == "ッ" or after[:1] in _VOICELESS
    return mora[0] in _VOICELESS and mora[-1] in _CLOSE and after != "" and voiceless_after


def _of_mora(mora: str, after: str) -> float:
    if mora == "ッ" and after[:1] in _HISSING:
        return _HISSING_CLOSURE
    if mora in _SPECIAL:
        return _SPECIAL[mora]
    vowel = _WHISPERED if is_whispered(mora, after) else _VOWEL.get(mora[-1], 0.1)
    return _CONSONANT.get(mora[0], 0.02) + vowel


def breaths(said: Pronunciation) -> list[list[str]]:
    """The morae of what is said from one pause to the next."""
    groups: list[list[str]] = [[]]
    for phrase in said.phrases:
        groups[-1] += split_morae(phrase.kana)
        if phrase.pause:
            groups.append([])
    return groups if groups[-1] or len(groups) == 1 else groups[:-1]
