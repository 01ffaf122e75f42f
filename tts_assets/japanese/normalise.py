"""From an entry's text to a spoken form, or to the reason why there is nothing to say."""

from __future__ import annotations

import re
import unicodedata

from tts_assets.domain import SpokenForm
from tts_assets.japanese.kana import is_katakana, katakana

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_SPEAKER = re.compile(r"^[ \t　]*[A-ZＡ-Ｚ男女](?:[：:][ \t　]*|(?=[「『]))", re.MULTILINE)
_NAME = re.compile(r"^[ \t　]*[^\s\d「『（(。、！？!?：:]{1,10}[：:][ \t　]*", re.MULTILINE)
_BLANK = re.compile(r"[_＿]{2,}|[（(][\s　]*[)）]")
_BROKEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
#: Words of these characters alone need no rule: the common case, decided at once.
_PLAIN = re.compile(r"[ぁ-ゖァ-ヺー一-鿿々]+")
_NOTE = re.compile(r"[（(［\[【][^（()）［\[\]］【】]*[)）\]］】]")
_MARK = re.compile(r"[～〜~_!^＾＿]")
_READING_MARK = re.compile(r"[～〜~_!^＾＿.．・、。,，!！?？「」\-‐－\s]")
#: Marks between alternatives; not in dates, fractions and addresses.
_ALTERNATIVE = re.compile(r"\s*(?:[;；]|(?<![\d:/])[/／](?![\d/]))\s*")
#: Marks that part alternative readings, where the word itself does not have them.
_READING_ALTERNATIVES = "/／;；、,，・"
_BETWEEN_JAPANESE = re.compile(
    r"(?<=[\u3040-\u30ff\u3400-\u9fff々〆。、])[ \t　]+(?=[\u3040-\u30ff\u3400-\u9fff々〆])"
)
#: Unicode categories of characters an engine can say: letters, numbers, % and currency signs.
_SPEAKABLE = re.compile(r"[^\W_]|[%％¥￥$＄€£+＋=＝×÷°℃]")


class UnusableTextError(ValueError):
    """A text that cannot be what its author meant: broken characters, a reading that is not kana."""


def spoken_word(text: str, reading: str | None = None) -> SpokenForm | str:
    """What is said for a word or a reading, or why nothing is.

    Args:
        text: the spelling: 食べる, 〜製, ひと.つ, 朗らか(な).
        reading: its kana, when the entry gives one.

    Returns:
        The spoken form, or a reason in words when there is nothing to say.

    Raises:
        UnusableTextError: the text holds broken characters, or the reading is not kana.
    """
    if _PLAIN.fullmatch(text):
        return SpokenForm(text=text, reading=_reading(reading, text))
    word = _first(_drop_notes(_drop_tags(_checked(text))))
    word = _close_up(_MARK.sub("", word)).strip()
    if is_katakana(katakana(_READING_MARK.sub("", word))):
        word = _READING_MARK.sub("", word)
    if not _SPEAKABLE.search(word):
        return _nothing(text)
    return SpokenForm(text=word, reading=_reading(reading, text))


def spoken_kana(kana: str) -> SpokenForm | str:
    """What is said for a reading that stands alone: ショク, た.べる, ひと-; or why nothing is.

    Raises:
        UnusableTextError: it is not kana.
    """
    reading = _reading(kana, "")
    if reading is None:
        return _nothing(kana)
    return SpokenForm(text=reading, reading=reading)


def spoken_text(text: str) -> SpokenForm | str:
    """What is said for a sentence or a passage, or why nothing is.

    Raises:
        UnusableTextError: the text holds broken characters.
    """
    said = _close_up(_SPEAKER.sub("", _drop_tags(_checked(text)))).strip()
    if _BLANK.search(said):
        return "the text has a blank to fill in"
    if not _SPEAKABLE.search(said):
        return _nothing(text)
    return SpokenForm(text=said)


def spoken_dialogue(text: str) -> SpokenForm | str:
    """What is said for a dialogue: its lines without the names of who speaks them.

    Raises:
        UnusableTextError: the text holds broken characters.
    """
    return spoken_text(_NAME.sub("", text))


def _nothing(text: str) -> str:
    return "the text is empty" if not text.strip() else "the text has nothing that can be said"


def _checked(text: str) -> str:
    """The text composed (NFC), if every character of it can be said, shown and stored."""
    broken = _BROKEN.search(text)
    if broken is not None:
        code = ord(broken.group())
        what = "half of a surrogate pair" if code >= 0xD800 else "a control character"
        raise UnusableTextError(
            f"character {broken.start() + 1} of the text is U+{code:04X}, {what}: remove it"
        )
    return unicodedata.normalize("NFC", text)


def _reading(reading: str | None, text: str) -> str | None:
    """A reading in plain katakana, of alternatives the first; None when there is none."""
    if reading is None:
        return None
    if _PLAIN.fullmatch(reading) and is_katakana(plain := katakana(reading)):
        return plain
    first = _drop_notes(_drop_tags(_checked(reading)))
    for mark in _READING_ALTERNATIVES:
        if mark not in text:
            first = next((part for part in first.split(mark) if part.strip()), first)
    plain = katakana(_READING_MARK.sub("", first))
    if not plain:
        return None
    if not is_katakana(plain):
        raise UnusableTextError(
            f"the reading {reading!r} is not kana: write it in hiragana or katakana"
        )
    return plain


def _drop_tags(text: str) -> str:
    return _TAG.sub("", text.replace("&nbsp;", " "))


def _drop_notes(text: str) -> str:
    """A note in brackets is not said, unless the text is nothing else."""
    return _NOTE.sub("", text) if _NOTE.sub("", text).strip() else text


def _first(text: str) -> str:
    """The first of alternatives such as 丸い; 円い."""
    return next((part for part in _ALTERNATIVE.split(text) if part), text)


def _close_up(text: str) -> str:
    """Spaces between Japanese characters only help the eye; an engine pauses at them."""
    return _BETWEEN_JAPANESE.sub("", text)
