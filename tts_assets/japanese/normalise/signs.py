"""Signs that are said, signs that only part, and signs that nobody says."""

from __future__ import annotations

from tts_assets.japanese.normalise.column import pipeline, skip_if
from tts_assets.japanese.regex import compile_lazy

_CROSS = compile_lazy(r"(?<!○)×(?!\s?[0-9０-９])")
_ZERO_ALONE = compile_lazy(
    r"(?<![0-9０-９一二三四五六七八九十百千〇])〇(?![0-9０-９一二三四五六七八九十百千年〇])"
)
_SPOKEN_SIGNS = str.maketrans({"△": "三角", "◎": "二重丸"})
_ARROW = compile_lazy("[ ]?[→⇒⇔↔←➡]+[ ]?")
_SILENT = (
    r"[※＊*†‡•‣◦●◆◇▲▼▽▶►◀◁■□〃ゝゞヽヾ§¶#＃^＾`´｀|｜\\_＿<>＜＞{}｛｝\[\]［］【】〔〕〈〉《》]+"
)
_UNSAID = compile_lazy(_SILENT)
_BETWEEN_DIGITS = compile_lazy(rf"(?<=[0-9０-９]) ?{_SILENT} ?(?=[0-9０-９])")

_LETTER = r"\u3400-\u9fff々ァ-ヺーA-Za-zＡ-Ｚａ-ｚ"
_FROM_TO = compile_lazy(rf"(?<=[{_LETTER}])\s?[〜～~]+\s?(?=[\u3400-\u9fffァ-ヺA-Za-zＡ-Ｚａ-ｚ])")
#: えーと, すごーい and そうねー; before other kana a wave stands for a word.
_DRAWN_OUT = compile_lazy(
    r"(?<=[えあうん])(?<![ぁ-ゖァ-ヺ\u3400-\u9fff々].)[〜～~]+"
    r"|(?<=[ぁ-ゖァ-ヺ])[〜～~]+(?=[いうね](?![ぁ-ゖ])|ございま|[^\w〜～~]|\Z)"
)
_PLACEHOLDER = compile_lazy(r"(?<=[ぁ-ゖァ-ヺ])[〜～~]+(?=[ぁ-ゖァ-ヺ])")
_WAVE = compile_lazy(r"[〜～~]+")
#: A kana letter stands alone, a particle behind a wave.
_PARTICLE = compile_lazy(r"\s*[〜～~…‥]+\s*([はへ])\s*[〜～~…‥。]*\s*")
_SOUND_OF = {"は": "ワ", "へ": "エ"}
_ALNUM = "A-Za-zＡ-Ｚａ-ｚÀ-ÿ0-9０-９"
_NEEDLESS_SPACE = compile_lazy(rf"(?<![{_ALNUM}.,!?&＆:;'\")/]) +| +(?![{_ALNUM}&＆'\"(/])")
_PAUSES = compile_lazy(r"[、，]\s*(?:[、，]\s*)+")
_PAUSE_AT_END = compile_lazy(r"[、，]\s*(?=[。．！？!?」』\n]|$)|(?:^|(?<=[。「『\n]))[、，・\s]+")
_REPEATED_STOPS = compile_lazy(r"。[。\s]+")


def _verbalize_marks(text: str) -> str:
    """× is バツ, except between numbers; 〇 that is no number is ○, which is said まる."""
    return _ZERO_ALONE.sub("○", _CROSS.sub("バツ", text)).translate(_SPOKEN_SIGNS)


def _replace_arrows(text: str) -> str:
    return _ARROW.sub("、", text)


def _drop_silent_signs(text: str) -> str:
    """Without a pause 3 > 2 would be 32."""
    return _UNSAID.sub("", _BETWEEN_DIGITS.sub("、", text))


def _verbalize_waves(text: str) -> str:
    """東京〜大阪 is said with から, え〜と with a long vowel; other waves are not said."""
    drawn = _DRAWN_OUT.sub("ー", _FROM_TO.sub("から", text))
    return _WAVE.sub("", _PLACEHOLDER.sub("、", drawn))


def _drop_spaces(text: str) -> str:
    """Spaces help only the eye, except between words in Latin letters."""
    return _NEEDLESS_SPACE.sub("", text).strip()


def _tidy_pauses(text: str) -> str:
    """No pause twice, none at the beginning or the end."""
    return _REPEATED_STOPS.sub("。", _PAUSE_AT_END.sub("", _PAUSES.sub("、", text))).strip()


def find_particle_sound(text: str) -> str | None:
    """ワ for 〜は and エ for 〜へ; None for all other texts, the kana letters は and へ included."""
    found = _PARTICLE.fullmatch(text)
    return None if found is None else _SOUND_OF[found[1]]


#: The signs of running text.
verbalize_signs = pipeline(
    _verbalize_marks,
    _replace_arrows,
    _verbalize_waves,
    _drop_silent_signs,
    _drop_spaces,
    _tidy_pauses,
)

#: The signs of a word, whose placeholders have become pauses before.
verbalize_word_signs = skip_if(
    compile_lazy("[ぁ-ゖァ-ヺー一-鿿々]*"),
    pipeline(_verbalize_marks, _replace_arrows, _drop_silent_signs, _drop_spaces, _tidy_pauses),
)
