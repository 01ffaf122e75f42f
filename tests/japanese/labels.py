"""Full-context labels read back: the kana and the accents that the voice is given."""

import re
from collections.abc import Iterable

from tts_assets.japanese.kana import pronunciation_key

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "g": "ガギグゲゴ", "s": "サ_スセソ", "z": "ザ_ズゼゾ",
    "t": "タ__テト", "d": "ダ__デド", "n": "ナニヌネノ", "h": "ハヒ_ヘホ", "b": "バビブベボ",
    "p": "パピプペポ", "m": "マミムメモ", "y": "ヤ_ユ_ヨ", "r": "ラリルレロ", "w": "ワ____",
    "sh": "_シ___", "j": "_ジ___", "ch": "_チ___", "ts": "__ツ__", "f": "__フ__", "v": "__ヴ__",
}  # fmt: skip
#: Consonants before a small vowel, and the kana that it stands behind.
_WITH_SMALL_VOWEL = {
    "f": "フ", "v": "ヴ", "ts": "ツ", "w": "ウ", "kw": "ク", "gw": "グ", "s": "ス", "z": "ズ",
    "sh": "シ", "j": "ジ", "ch": "チ", "y": "イ",
}  # fmt: skip
_WITH_SMALL_Y = {
    "ky": "キ", "gy": "ギ", "sh": "シ", "j": "ジ", "ch": "チ", "ny": "ニ", "hy": "ヒ", "by": "ビ",
    "py": "ピ", "my": "ミ", "ry": "リ", "ty": "テ", "dy": "デ", "fy": "フ",
}  # fmt: skip
_KANA = (
    {"N": "ン", "cl": "ッ", "ti": "ティ", "di": "ディ", "tu": "トゥ", "du": "ドゥ"}
    | {
        f"{sound}{vowel}": f"{kana}{small}"
        for sound, kana in _WITH_SMALL_VOWEL.items()
        for vowel, small in zip("aieo", "ァィェォ", strict=True)
    }
    | {
        f"{sound}{vowel}": f"{kana}{small}"
        for sound, kana in _WITH_SMALL_Y.items()
        for vowel, small in zip("aueo", "ャュェョ", strict=True)
    }
    | {
        f"{sound}{vowel}": kana
        for sound, row in _ROWS.items()
        for vowel, kana in zip("aiueo", row, strict=True)
        if kana != "_"
    }
)
_SOUND = re.compile(r"-([a-zA-Z]+)\+")
_PHRASE = re.compile(r"/F:(\d+)_(\d+)#")


def heard(labels: Iterable[str]) -> str:
    """The pronunciation key of what labels say; devoiced vowels, which are capitals, as others."""
    said, consonant = "", ""
    for sound in (_SOUND.findall(label)[0] for label in labels):
        if sound in {"sil", "pau"}:
            continue
        voiced = sound.lower() if sound in "AIUEO" else sound
        if voiced in {*"aiueoN", "cl"}:
            said += _KANA[consonant + voiced]
            consonant = ""
        else:
            consonant += voiced
    assert not consonant
    return pronunciation_key(said)


def nuclei(labels: Iterable[str]) -> list[tuple[int, int]]:
    """Morae and accent nucleus of each phrase; a flat one has as many morae as its nucleus."""
    found: list[tuple[int, int]] = []
    for label in labels:
        phrase = _PHRASE.search(label)
        pair = (int(phrase[1]), int(phrase[2])) if phrase else None
        if pair is not None and pair not in found[-1:]:
            found.append(pair)
    return found
