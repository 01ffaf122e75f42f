"""Signs that are said, signs that only part, and signs that nobody says."""

from __future__ import annotations

from tts_assets.japanese.normalise.column import column, unless
from tts_assets.japanese.regex import regex

_CROSS = regex(r"(?<!○)×(?!\s?[0-9０-９])")
_ZERO_ALONE = regex(
    r"(?<![0-9０-９一二三四五六七八九十百千〇])〇(?![0-9０-９一二三四五六七八九十百千年〇])"
)
_SAID = str.maketrans({"△": "三角", "◎": "二重丸"})
_ARROW = regex("[ ]?[→⇒⇔↔←➡]+[ ]?")
_SILENT = (
    r"[※＊*†‡•‣◦●◆◇▲▼▽▶►◀◁■□〃ゝゞヽヾ§¶#＃^＾`´｀|｜\\_＿<>＜＞{}｛｝\[\]［］【】〔〕〈〉《》]+"
)
_UNSAID = regex(_SILENT)
_BETWEEN_DIGITS = regex(rf"(?<=[0-9０-９]) ?{_SILENT} ?(?=[0-9０-９])")

_LETTER = r"\u3400-\u9fff々ァ-ヺーA-Za-zＡ-Ｚａ-ｚ"
_FROM_TO = regex(rf"(?<=[{_LETTER}])\s?[〜～~]+\s?(?=[\u3400-\u9fffァ-ヺA-Za-zＡ-Ｚａ-ｚ])")
#: えーと, すごーい and そうねー; before other kana a wave stands for a word.
_DRAWN_OUT = regex(
    r"(?<=[えあうん])(?<![ぁ-ゖァ-ヺ\u3400-\u9fff々].)[〜～~]+"
    r"|(?<=[ぁ-ゖァ-ヺ])[〜～~]+(?=[いうね](?![ぁ-ゖ])|ございま|[^\w〜～~]|\Z)"
)
_PLACEHOLDER = regex(r"(?<=[ぁ-ゖァ-ヺ])[〜～~]+(?=[ぁ-ゖァ-ヺ])")
_WAVE = regex(r"[〜～~]+")
#: A kana letter stands alone, a particle behind a wave.
_PARTICLE = regex(r"\s*[〜～~…‥]+\s*([はへ])\s*[〜～~…‥。]*\s*")
_SOUND_OF = {"は": "ワ", "へ": "エ"}
_ALNUM = "A-Za-zＡ-Ｚａ-ｚÀ-ÿ0-9０-９"
_NEEDLESS_SPACE = regex(rf"(?<![{_ALNUM}.,!?&＆:;'\")/]) +| +(?![{_ALNUM}&＆'\"(/])")
_PAUSES = regex(r"[、，]\s*(?:[、，]\s*)+")
_PAUSE_AT_END = regex(r"[、，]\s*(?=[。．！？!?」』\n]|$)|(?:^|(?<=[。「『\n]))[、，・\s]+")
_STOPS = regex(r"。[。\s]+")


def _marks_said(text: str) -> str:
    """× is バツ, except between numbers; 〇 that is no number is ○, which is said まる."""
    return _ZERO_ALONE.sub("○", _CROSS.sub("バツ", text)).translate(_SAID)


def _arrows_pause(text: str) -> str:
    return _ARROW.sub("、", text)


def _unsaid_dropped(text: str) -> str:
    """Without a pause 3 > 2 would be 32."""
    return _UNSAID.sub("", _BETWEEN_DIGITS.sub("、", text))


def _waves_said(text: str) -> str:
    """東京〜大阪 is said with から, え〜と with a long vowel; other waves are not said."""
    drawn = _DRAWN_OUT.sub("ー", _FROM_TO.sub("から", text))
    return _WAVE.sub("", _PLACEHOLDER.sub("、", drawn))


def _closed_up(text: str) -> str:
    """Spaces help only the eye, except between words in Latin letters."""
    return _NEEDLESS_SPACE.sub("", text).strip()


def _tidy(text: str) -> str:
    """No pause twice, none at the beginning or the end."""
    return _STOPS.sub("。", _PAUSE_AT_END.sub("", _PAUSES.sub("、", text))).strip()


def sound_of_particle(text: str) -> str | None:
    """ワ for 〜は and エ for 〜へ; None for all other texts, the kana letters は and へ included."""
    found = _PARTICLE.fullmatch(text)
    return None if found is None else _SOUND_OF[found[1]]


#: The signs of running text.
said_signs = column(_marks_said, _arrows_pause, _waves_said, _unsaid_dropped, _closed_up, _tidy)

#: The signs of a word, whose placeholders have become pauses before.
said_signs_of_word = unless(
    regex("[ぁ-ゖァ-ヺー一-鿿々]*"),
    column(_marks_said, _arrows_pause, _unsaid_dropped, _closed_up, _tidy),
)
