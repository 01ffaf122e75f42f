"""What the values of a field are: Japanese, kana, romaji, running text, addresses of audio."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts_assets.japanese.kana import romaji_to_katakana
from tts_assets.japanese.running_text import split_speakers
from tts_assets.model import is_katakana, kana_to_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_KANJI = r"一-鿿㐀-䶿豈-﫿々〆〇"
_KANA = r"ぁ-ゖァ-ヺーゝゞヽヾｦ-ﾟ"
_HAS_JAPANESE = re.compile(f"[{_KANJI}{_KANA}]")
_HAS_KANA = re.compile(f"[{_KANA}]")
_HAS_KANJI = re.compile(f"[{_KANJI}]")


#: The same in JSON that escapes what is not ASCII.
_ESCAPED = re.compile(r"\\u(?:30[4-9a-fA-F]|[4-9][0-9a-fA-F]{2})[0-9a-fA-F]")
_LETTER = re.compile(r"[^\W\d_]")
_TAG = re.compile(r"<r([tp])>[^<]*</r\1>|</?[A-Za-z][^<>]*>|\[sound:[^\]]*\]|&nbsp;")
_NOTE = re.compile(r"[（(［\[【〔][^（()）［\[\]］【】〔〕]*[)）\]］】〕]")
_READING_MARK = re.compile(r"[～〜~_!^＾＿.．。!！?？「」『』…\-‐－/／;；・、,，|｜\s]")


# The particle を stands in no word.
_RUNNING = re.compile(r"[。！？!?、]|(?<=.)を(?=.)")


# かれは がくせいです: sentences of beginners, with spaces between phrases.
_SPACED = re.compile(
    f"[{_KANA}{_KANJI}][はがをにでとへも][ \u3000]+[{_KANA}{_KANJI}]"
    f"|[ \u3000][{_KANA}{_KANJI}]*(?:です|ます|ました|でした|ません|ください)か?$"
)


# What a line with a speaker has before its words, or behind the speaker's name.
_MAY_BE_LABELLED = re.compile(r"[：:「『（(【［\[]|^[ \t　]*[A-ZＡ-Ｚ男女－―—–‐-]", re.MULTILINE)
_ASIDE = re.compile(r"(?<=\S) ?[（(][^（()）\n]*[)）]")
_DASH = re.compile(r"^[ \t　]*[－―—–‐-](?=[^－―—–‐\-\d])", re.MULTILINE)
_FURIGANA = re.compile(f"[{_KANJI}][\\[［][{_KANA}]+[\\]］]|<ruby", re.IGNORECASE)
_MARK = re.compile(f"(?<=[{_KANJI}])[\\[［][{_KANA}]+[\\]］]")
_SOUND = re.compile(
    r"\[sound:[^\]]+\]|(?:[^\n]*[/=])?[^/\n]+\.(?:mp3|ogg|oga|opus|wav|m4a|aac|flac|webm)(?:[?#].*)?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?/\S+|[^\s/]+(?:/[^\s/]+)+", re.IGNORECASE)
_JAPANESE = {"ja", "jp", "jpn", "japanese"}
_LANGUAGE = re.compile("[a-z]{2,3}|[a-z]{6,}")


#: Running text is longer than words are.
_LONG = 16
_SHORT = 4
_SEVERAL = re.compile(r"[。！？!?][」』）)]?\s*[^」』）)\s。！？!?]|.\n+.")
_ENDS = set("。！？!?」")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Shares, from 0 to 1, of the filled values that are something.

    Args:
        filled: how many texts were looked at.
        japanese: written in Japanese.
        kana: kana alone, but for marks and notes.
        kanji: with kanji in them.
        romaji: Japanese in Latin letters.
        single: one character.
        letter: one kana, such as ア or キャ.
        running: sentences.
        several: more than one sentence.
        labelled: lines with who speaks them.
        furigana: readings in brackets behind kanji.
        sound: addresses of audio files.
        address: addresses of any files.
        language: whether all are codes of languages, Japanese among them.
        pattern: with a 〜 for what is left open.
        distinct: different from all others.
        length: the mean number of characters.
    """

    filled: int
    japanese: float
    kana: float
    kanji: float
    romaji: float
    single: float
    letter: float
    running: float
    several: float
    labelled: float
    furigana: float
    sound: float
    address: float
    language: bool
    pattern: float
    distinct: float
    length: float


def content_of(texts: Sequence[str]) -> Content:
    """What texts are, those that are empty left out."""
    said = [clean for text in texts if (clean := cleaned(text))]
    filled = [text for text in texts if text.strip()]

    def share(values: Sequence[str], test: Callable[[str], object]) -> float:
        return sum(1 for value in values if test(value)) / len(values) if values else 0.0

    return Content(
        filled=len(filled),
        japanese=share(said, is_japanese) if said else 0.0,
        kana=share(said, is_kana),
        kanji=share(said, _HAS_KANJI.search),
        romaji=share(said, _is_romaji),
        single=share(said, lambda text: len(text) == 1),
        letter=share(said, lambda text: is_kana(text) and len(split_morae(text)) == 1),
        running=share(said, is_running),
        several=share(said, _SEVERAL.search),
        labelled=share(said, lambda text: is_japanese(text) and is_labelled(text)),
        furigana=share(filled, _FURIGANA.search),
        sound=share(filled, _SOUND.fullmatch),
        address=share(filled, lambda text: _ADDRESS.fullmatch(text) or _SOUND.fullmatch(text)),
        language=are_languages(filled),
        pattern=share(said, lambda text: "〜" in text or "～" in text),
        distinct=len(set(said)) / len(said) if said else 0.0,
        length=sum(map(len, said)) / len(said) if said else 0.0,
    )


def are_languages(texts: Sequence[str]) -> bool:
    """Whether texts are codes of languages, such as ja, jpn and ja-JP, Japanese among them."""
    codes = {text.lower().replace("_", "-").split("-")[0] for text in texts}
    return bool(codes & _JAPANESE) and all(_LANGUAGE.fullmatch(code) for code in codes)


def has_japanese(text: str) -> bool:
    """Whether a document has any Japanese in it."""
    return bool(_HAS_JAPANESE.search(text) or _ESCAPED.search(text))


def has_kanji_twice(text: str) -> bool:
    """Whether a text has more than one kanji."""
    return len(_HAS_KANJI.findall(text)) > 1


def cleaned(text: str) -> str:
    """A text without the tags and sounds that flash cards have in their fields."""
    return _TAG.sub("", text).strip()


def without_furigana(text: str) -> str:
    """A text without the readings that are written into it, and without spaces."""
    return "".join(_MARK.sub("", text).split())


def is_japanese(text: str) -> bool:
    """Whether most letters of a text are Japanese."""
    letters = _LETTER.findall(text)
    if len(letters) >= _LONG // 2 and not _HAS_KANA.search(text):
        # So many kanji without kana are Chinese.
        return False
    return len(letters) > 0 and len(_HAS_JAPANESE.findall(text)) >= 0.6 * len(letters)


def is_kana(text: str) -> bool:
    """Whether a text is kana alone, but for marks and notes."""
    return is_katakana(kana_to_katakana(_plain(text)))


def is_running(text: str) -> bool:
    """Whether a text is a sentence or more."""
    if text[-1:] in _ENDS or _SPACED.search(text) is not None:
        return True
    return len(text) >= _LONG or (len(text) > _SHORT and _RUNNING.search(text) is not None)


def is_labelled(text: str) -> bool:
    """Whether lines begin with who speaks them, or with a dash: two of them, or a sentence alone."""
    if _MAY_BE_LABELLED.search(text) is None:
        return False
    # A name may have its reading behind it, and that of a role: 女（おんな）1（先生（せんせい））：
    bare = _ASIDE.sub("", _ASIDE.sub("", text)).replace("　", " ").strip()
    lines = split_speakers(bare)
    named = max(sum(who is not None for who, _ in lines), len(_DASH.findall(bare)))
    return named > 1 or (named == len(lines) == 1 and is_running(bare))


def fits(text: str, reading: str) -> bool:
    """Whether a reading can be that of a text: the kana of the text are in it, in their order."""
    if not is_kana(reading):
        return False
    pattern = re.sub(f"[^{_KANA}]+", "\0", kana_to_katakana(_plain(text))).replace("\0", ".+")
    return re.fullmatch(pattern, kana_to_katakana(_plain(reading))) is not None


def share_that_fits(pairs: Sequence[tuple[str, str]]) -> float:
    """The share of pairs of a text and its reading that fit; 0 of none."""
    return sum(fits(*pair) for pair in pairs) / len(pairs) if pairs else 0.0


def _plain(text: str) -> str:
    bare = _NOTE.sub("", text)
    return _READING_MARK.sub("", bare if bare.strip() else text)


def _is_romaji(text: str) -> bool:
    return _HAS_JAPANESE.search(text) is None and romaji_to_katakana(text) is not None
