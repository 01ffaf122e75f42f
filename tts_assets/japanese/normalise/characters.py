"""Characters: those that cannot be meant are refused, and each thing is written in one way."""

from __future__ import annotations

import unicodedata

from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.normalise.column import pipeline
from tts_assets.japanese.regex import compile_lazy

_BROKEN = compile_lazy(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd-\uffff]")
#: Half-width kana, squared and enclosed words such as ㎏ and ㈱, radicals, digraphs.
_COMPATIBLE = compile_lazy(r"[\uff61-\uff9f\u3300-\u33ff\u3200-\u32ff\u2e80-\u2fdfゟヿℓ]+")
#: Joiners, marks of direction, variation selectors, private characters, marks that found no letter.
_INVISIBLE = compile_lazy(
    r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    r"\u0300-\u036f\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ue000-\uf8ff\U000e0000-\U0010ffff]"
)
#: What programs write for the end of a line may be the beginning of a command, as in \\ruby{.
_LINE_END = compile_lazy(r"\r\n?|[\u2028\u2029]|\\r\\n|\\[rn](?![a-z]+\{)")
_SPACE = compile_lazy(r"(?:[^\S\n]|\\t(?![a-z]+\{))+")
#: Pictures; not ♀ and ♂, which have readings.
_EMOJI = compile_lazy(r"[\U0001f000-\U0001faff\u2600-\u263f\u2641\u2643-\u27bf\u2b00-\u2bff]")
_ONE_SIGN = str.maketrans(
    {
        "㈱": "株式会社",
        "㈲": "有限会社",
        "✕": "×",
        "✖": "×",
        "❌": "×",
        "⭕": "○",
        "◯": "○",
        "№": "No.",
        "〻": "々",
        "≒": "＝",
    }
)
_REPEATED = compile_lazy(r"([ぁ-ゖァ-ヺ])([ゝゞヽヾ]+)")


def check_characters(text: str) -> str:
    """The text as it is, if every character of it can be said, shown and stored.

    Raises:
        UnusableTextError: it holds control characters, or what is left of broken ones.
    """
    broken = _BROKEN.search(text)
    if broken is not None:
        raise UnusableTextError(
            f"character {broken.start() + 1} of the text is U+{ord(broken.group()):04X}, "
            f"{_describe_character(broken.group())}: remove it"
        )
    return text


def _describe_character(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "half of a surrogate pair"
    if character == "\ufffd":
        return "which stands for one that was lost"
    return "no character" if character > "\ufffd" else "a control character"


def _normalize_width(text: str) -> str:
    return _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)


def _compose_kana(text: str) -> str:
    voiced = text.replace("\u309b", "\u3099").replace("\u309c", "\u309a")
    return unicodedata.normalize("NFC", voiced)


def _drop_invisible(text: str) -> str:
    return _INVISIBLE.sub("", text)


def _normalize_spaces(text: str) -> str:
    return _SPACE.sub(" ", _LINE_END.sub("\n", text))


def _unify_signs(text: str) -> str:
    return text.translate(_ONE_SIGN)


def _drop_emoji(text: str) -> str:
    return _EMOJI.sub("", text)


def _expand_iteration_marks(text: str) -> str:
    """こゝろ is こころ, いすゞ is いすず."""
    return _REPEATED.sub(
        lambda found: found[1] + "".join(_repeat_kana(found[1], mark) for mark in found[2]), text
    )


def _repeat_kana(kana: str, mark: str) -> str:
    voiced = unicodedata.normalize("NFC", kana + "\u3099")
    return voiced if mark in "ゞヾ" and len(voiced) == 1 else kana


#: Every character as the rules after this expect it.
clean_characters = pipeline(
    _unify_signs,
    _normalize_width,
    _compose_kana,
    _drop_invisible,
    _normalize_spaces,
    _drop_emoji,
    _expand_iteration_marks,
)
