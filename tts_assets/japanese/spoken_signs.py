"""Brackets, signs and blanks: which are spoken, which are pauses, and which are silent."""

from __future__ import annotations

import re

from tts_assets.japanese.kana import PARTICLE_SOUNDS
from tts_assets.japanese.text_rules import compile_lazy, pipeline, replace_matches, skip_if

_OPENING, _CLOSING = "(（[［{｛【〔〈《", ")）]］}｝】〕〉》"
_NOTE = compile_lazy(
    rf"[{re.escape(_OPENING)}][^{re.escape(_OPENING + _CLOSING)}]*[{re.escape(_CLOSING)}]"
)
_SIGN = compile_lazy(f"[{re.escape(_OPENING + _CLOSING)}「」『』]")
_LONE = compile_lazy(f"[{re.escape(_OPENING + _CLOSING)}]")
_OPEN_NOTE = compile_lazy(
    rf"(?<=[^\s{re.escape(_OPENING)}])\s*[{re.escape(_OPENING)}][^{re.escape(_OPENING + _CLOSING)}]*$"
)
_SPACES = compile_lazy(" {2,}")
_STAGE = compile_lazy("笑|泣|汗|涙|怒|爆|爆笑|苦笑|微笑|照|沈黙|拍手|ため息|間")
_COMPANY = {"株": "株式会社", "有": "有限会社"}
_ONLY_STOPS = compile_lazy(r"[。、！？!?]*")
_SPEAKABLE_ASIDE = compile_lazy(r"[ぁ-ゖァ-ヺ\u3400-\u9fff々0-9０-９]|^[A-ZＡ-Ｚ]{2,}$")
_KANA = compile_lazy(r"[ぁ-ゖァ-ヺー]+")

#: Faces made of marks: (^_^), m(_ _)m, ヽ(´▽`)ノ.
_FACE = compile_lazy(
    r"[mｍoｏ＼\\／/ヽヾ٩┐┌<＜=＝]{0,2}"
    r"[(（](?=[^()（）]{0,24}[＾^_´`｀ωдДΩ∀▽△□◇≧≦＞＜><;；゜ﾟ°・T])(?:(?!\d|[ぁ-ゖ\u4e00-\u9fff])[^()（）\n]){1,24}[)）]"
    r"[mｍoｏ＼\\／/ノﾉゞ۶┐┌♪b]{0,2}"
)

_DEEPEST = 20  #: the largest depth of nested brackets


def drop_notes(text: str) -> str:
    """Drop notes in brackets, unless the text is nothing else, and lone brackets."""
    remaining = text
    for _ in range(_DEEPEST):
        shorter = _NOTE.sub(" ", remaining)
        if shorter == remaining or not _SIGN.sub("", shorter).strip():
            break
        remaining = shorter
    return _SPACES.sub(" ", _SIGN.sub("", remaining))


def keep_notes(text: str) -> str:
    """Keep the text in brackets as part of the word: 静か(な) is 静かな."""
    return _LONE.sub("", text)


def speak_asides(text: str) -> str:
    """Speak the text in brackets between pauses, but not faces and translations."""
    remaining = text
    for _ in range(_DEEPEST):
        spoken = _NOTE.sub(_speak_aside, remaining)
        if spoken == remaining:
            break
        remaining = spoken
    return _LONE.sub("", remaining)


def is_note_only(text: str) -> bool:
    """Whether all of a text is in brackets: （no）."""
    return bool(text.strip()) and not _NOTE.sub("", text).strip()


def has_brackets(text: str) -> bool:
    return _LONE.search(text) is not None


def drop_open_note(text: str) -> str:
    """Drop a note without a closing bracket: ミリ（メートル is ミリ."""
    return _OPEN_NOTE.sub("", text)


def drop_emoticons(text: str) -> str:
    return _FACE.sub("", text)


def _speak_aside(found: re.Match[str]) -> str:
    bracket, inside = found.group()[0], found.group()[1:-1].strip()
    if _ONLY_STOPS.fullmatch(inside):
        return inside
    if inside in _COMPANY:
        return _COMPANY[inside]
    if (
        _STAGE.fullmatch(inside)
        or inside.startswith(("〜", "～", "~", "=", "＝"))
        or not _SPEAKABLE_ASIDE.search(inside)
    ):
        return ""
    if bracket in "[［{｛〈《" or _KANA.fullmatch(inside):
        return inside
    return f"、{inside}、"


# Signs that are spoken, signs that only separate, and silent signs.
_SPOKEN_SIGNS = str.maketrans({"△": "三角", "◎": "二重丸"})
_SILENT = (
    r"[※＊*†‡•‣◦●◆◇▲▼▽▶►◀◁■□〃ゝゞヽヾ§¶#＃^＾`´｀|｜\\_＿<>＜＞{}｛｝\[\]［］【】〔〕〈〉《》]+"
)
_LETTER = r"\u3400-\u9fff々ァ-ヺーA-Za-zＡ-Ｚａ-ｚ"

#: A particle behind a wave; without the wave it is a kana letter.
_PARTICLE = compile_lazy(r"\s*[〜～~…‥]+\s*([はへ])\s*[〜～~…‥。]*\s*")
_ALNUM = "A-Za-zＡ-Ｚａ-ｚÀ-ÿ0-9０-９"


def find_particle_sound(text: str) -> str | None:
    """Return ワ for 〜は and エ for 〜へ; None for all other texts, including the letters は and へ."""
    found = _PARTICLE.fullmatch(text)
    return None if found is None else PARTICLE_SOUNDS[found[1]]


_verbalize_marks = pipeline(
    # × is バツ, except between numbers.
    replace_matches(r"(?<!○)×(?!\s?[0-9０-９])", "バツ"),
    # 〇 that is no number is ○, which is said まる.
    replace_matches(
        r"(?<![0-9０-９一二三四五六七八九十百千〇])〇(?![0-9０-９一二三四五六七八九十百千年〇])",
        "○",
    ),
    lambda text: text.translate(_SPOKEN_SIGNS),
    replace_matches("[ ]?[→⇒⇔↔←➡]+[ ]?", "、"),
)
_verbalize_waves = pipeline(
    # 東京〜大阪 is said with から.
    replace_matches(
        rf"(?<=[{_LETTER}])\s?[〜～~]+\s?(?=[\u3400-\u9fffァ-ヺA-Za-zＡ-Ｚａ-ｚ])", "から"
    ),
    # えーと, すごーい and そうねー; before other kana a wave replaces a word.
    replace_matches(
        r"(?<=[えあうん])(?<![ぁ-ゖァ-ヺ\u3400-\u9fff々].)[〜～~]+"
        r"|(?<=[ぁ-ゖァ-ヺ])[〜～~]+(?=[いうね](?![ぁ-ゖ])|ございま|[^\w〜～~]|\Z)",
        "ー",
    ),
    replace_matches(r"(?<=[ぁ-ゖァ-ヺ])[〜～~]+(?=[ぁ-ゖァ-ヺ])", "、"),
    replace_matches(r"[〜～~]+", ""),
)
_drop_silent_signs = pipeline(
    # Without a pause 3 > 2 would be 32.
    replace_matches(rf"(?<=[0-9０-９]) ?{_SILENT} ?(?=[0-9０-９])", "、"),
    replace_matches(_SILENT, ""),
    # Spaces have no sound, except between words in Latin letters.
    replace_matches(rf"(?<![{_ALNUM}.,!?&＆:;'\")/]) +| +(?![{_ALNUM}&＆'\"(/])", ""),
    str.strip,
    # No pause twice, none at the beginning or the end.
    replace_matches(r"[、，]\s*(?:[、，]\s*)+", "、"),
    replace_matches(r"[、，]\s*(?=[。．！？!?」』\n]|$)|(?:^|(?<=[。「『\n]))[、，・\s]+", ""),
    replace_matches(r"。[。\s]+", "。"),
    str.strip,
)

#: Converts the signs of running text.
verbalize_signs = pipeline(_verbalize_marks, _verbalize_waves, _drop_silent_signs)

#: Converts the signs of a word, whose placeholders are already pauses.
verbalize_word_signs = skip_if(
    compile_lazy("[ぁ-ゖァ-ヺー一-鿿々]*"), pipeline(_verbalize_marks, _drop_silent_signs)
)

# Never spoken: blanks to fill in, web addresses, texts of marks alone.
NOTHING_TO_SAY = "the text contains nothing that can be spoken"
BLANK_TO_FILL = "the text contains a blank to fill in"

#: Written by programs for a missing value.
ABSENT = frozenset(["None", "none", "null", "NULL", "NaN", "N/A", "n/a"])
_NUMERAL = "0-9０-９一二三四五六七八九十百千万年"
_BLANK = compile_lazy(
    r"[_＿]{2,}|[(（\[［【{｛〔〈《「『][\s_＿・…．.?？]*[)）\]］】}｝〕〉》」』]"
    r"|[○●×△▲]{2,}(?<!○×)|[□■]"
    rf"|(?<![{_NUMERAL}〇])〇{{2,}}(?![{_NUMERAL}〇])"
)

#: Only dots: a speaker is silent. [...] is the gap of a flash card.
_DOTS = compile_lazy(r"[(（「『](?=\s*[・…‥．.])[\s・…‥．.]+[?？!！]*[)）」』]")

#: Bullets before the text of a line; a square or dot before a particle is a blank to fill in.
_BULLET = compile_lazy(
    r"^[ ]*(?:[■●](?![ ]?[にをはがでともへの](?![ぁ-ゖ]))|□(?=[ ](?![にをはがでともへの](?![ぁ-ゖ]))|[^ ぁ-ゖ]))"
    r"(?=[ ]?[^\s■□○●×△▲])",
    re.MULTILINE,
)

#: In running text, a single _ that does not separate Latin words is also a blank.
_SMALL_BLANK = compile_lazy(r"(?<![A-Za-z0-9_＿])[_＿](?![A-Za-z0-9_＿])")

#: Patterns that begin with a part of speech: N＋です, V-て＋います, 動詞て形＋ください.
_FORMULA = compile_lazy(
    r"[ 〜～~]*((?:[NVSＮＶＳ][0-9０-９]?|[AＡ](?=[-‐−－])|NP|VP|NA|Na|Adj|adj|Noun|noun|Verb|verb"
    r"|(?:[いなイナ]?形容|[名動助副])詞|普通形|辞書形|丁寧形|(?:[てた]|ない|ます|意向|可能|連用)形)"
    r"[ぁ-ゖ形\-‐−－ー〜～() （）]{0,8}(?:[(（][^()（）\n]{1,8}[)）])?[+＋])[ 〜～~]*[ぁ-ゖ\u3400-\u9fff]"
)
_ADDRESS = compile_lazy(r"(?:https?://|www\.)[!-~]+", re.IGNORECASE)
_JAPANESE = compile_lazy(r"[ぁ-ゖァ-ヺ\u3400-\u9fff々]")
_GOES_ON = compile_lazy(rf"[ ]?{_JAPANESE.pattern}")

#: Characters with a reading in an engine's dictionary: kana, kanji, Latin, Greek, digits, some signs.
_SPEAKABLE = compile_lazy(
    r"[ぁ-ゖァ-ヺ\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〆〇A-Za-zＡ-Ｚａ-ｚ0-9０-９Ⅰ-ⅻ①-⑳¼-¾⅐-⅞"
    r"Α-Ωα-ωÀ-ÖØ-öø-ÿ%％&＆@＠+＋÷×○△◎℃♂♀〒¥￥$＄€£]"
)
_SOUNDLESS = compile_lazy(r"[ッっー、。\s]*")


def find_silence_reason(text: str) -> str | None:
    """Return why a text is not spoken; None if it is."""
    return find_unspeakable_reason(text) or find_empty_reason(text)


def find_unspeakable_reason(text: str) -> str | None:
    """Return why a part of a text cannot be spoken; None if all of it can."""
    if _BLANK.search(drop_dots(text)):
        return BLANK_TO_FILL
    formula = _FORMULA.match(text)
    if formula is not None:
        return (
            f"the text is a formula that contains {formula[1]!r}, not words: use its examples "
            "instead"
        )
    addresses = list(_ADDRESS.finditer(text))
    alone = addresses and not _JAPANESE.search(drop_addresses(text))
    if alone or any(_GOES_ON.match(text, address.end()) for address in addresses):
        return "the text contains a web address, which cannot be read aloud"
    return None


def drop_dots(text: str) -> str:
    """Drop 「……」 and （…）, and the bullets before lines."""
    return _DOTS.sub("", _BULLET.sub("", text))


def has_small_blank(text: str) -> bool:
    return _SMALL_BLANK.search(text) is not None


def find_empty_reason(text: str) -> str | None:
    """Return why a text has nothing that can be spoken; None if it has."""
    if not text.strip():
        return "the text is empty"
    if text.strip() in ABSENT:
        return f"the text is {text.strip()!r}, which programs write for a missing value"
    if _SPEAKABLE.search(text) is None or _SOUNDLESS.fullmatch(text):
        return NOTHING_TO_SAY
    return None


def drop_addresses(text: str) -> str:
    """Drop web addresses from a text."""
    return _ADDRESS.sub("", text)
