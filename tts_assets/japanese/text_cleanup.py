"""Prepares input text for the rules: plain characters, no markup, furigana in internal markup."""

from __future__ import annotations

import html
import re
import unicodedata

from tts_assets.japanese.furigana import find_full_kana, mark_furigana, mark_reading, strip_readings
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.text_rules import compile_lazy, pipeline, replace_matches, skip_if

_BROKEN = compile_lazy(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd-\uffff]")
_ONE_SIGN = str.maketrans(
    {
        "㈱": "株式会社",
        "㈲": "有限会社",
        "№": "No.",
        **dict.fromkeys("✕✖❌", "×"),
        **dict.fromkeys("⭕◯", "○"),
        "〻": "々",
        "≒": "＝",
    }
)


def check_characters(text: str) -> str:
    """Return the text unchanged if it has no broken characters.

    Raises:
        UnusableTextError: it has control characters, lone surrogates or replacement characters.
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
        return "which replaces a lost character"
    return "no character" if character > "\ufffd" else "a control character"


def _compose_kana(text: str) -> str:
    voiced = text.replace("\u309b", "\u3099").replace("\u309c", "\u309a")
    return unicodedata.normalize("NFC", voiced)


def _expand_iteration_marks(found: re.Match[str]) -> str:
    """こゝろ is こころ, いすゞ is いすず."""
    kana, marks = found.groups()
    voiced = unicodedata.normalize("NFC", kana + "\u3099")
    return kana + "".join(voiced if mark in "ゞヾ" and len(voiced) == 1 else kana for mark in marks)


#: Normalizes characters for the other rules.
clean_characters = pipeline(
    lambda text: text.translate(_ONE_SIGN),
    # Half-width kana, squared and enclosed words such as ㎏ and ㈱, radicals, digraphs.
    replace_matches(
        r"[\uff61-\uff9f\u3300-\u33ff\u3200-\u32ff\u2e80-\u2fdfゟヿℓ]+",
        lambda found: unicodedata.normalize("NFKC", found.group()),
    ),
    _compose_kana,
    # Joiners, marks of direction, variation selectors, private characters, marks without a letter.
    replace_matches(
        r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
        r"\u0300-\u036f\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ue000-\uf8ff\U000e0000-\U0010ffff]",
        "",
    ),
    # An escaped line end may be the beginning of a command, as in \\ruby{.
    replace_matches(r"\r\n?|[\u2028\u2029]|\\r\\n|\\[rn](?![a-z]+\{)", "\n"),
    replace_matches(r"(?:[^\S\n]|\\t(?![a-z]+\{))+", " "),
    # Emoji; not ♀ and ♂, which have readings.
    replace_matches(r"[\U0001f000-\U0001faff\u2600-\u263f\u2641\u2643-\u27bf\u2b00-\u2bff]", ""),
    replace_matches(r"([ぁ-ゖァ-ヺ])([ゝゞヽヾ]+)", _expand_iteration_marks),
)

# Markup: converts HTML, Markdown and flash-card fields to plain text with marked furigana.
_BLOCK_NAMES = "br|p|div|li|ul|ol|dl|dt|dd|tr|table|h[1-6]|hr|blockquote"
_BLOCK = compile_lazy(rf"</?(?:{_BLOCK_NAMES})(?:\s[^<>]*|/)?>", re.IGNORECASE)
_RUBY_PART = compile_lazy(r"(?<![^<>])([^<>]*)<rt(?:\s[^<>]*)?>([^<>]*)(?:</rt>)?", re.IGNORECASE)

#: A line end of the source within Japanese text.
_WRAPPED = compile_lazy(
    r"(?<=[ぁ-ゖァ-ヺー\u3400-\u9fff々])[ ]*\n[ ]*(?=[ぁ-ゖァ-ヺー\u3400-\u9fff々])"
)
_ADDRESS = r"[!-'*-Z\\^-~]*"


def unescape_entities(text: str) -> str:
    """Unescape entities repeatedly, because data are often escaped twice."""
    while "&" in text and (plain := html.unescape(text)) != text:
        text = plain
    return text


def _mark_ruby(part: re.Match[str]) -> str:
    base, reading = part.groups()
    return mark_reading(base, reading) if base.strip() and reading.strip() else base


def _break_lines(text: str) -> str:
    """Break lines at block elements; line ends of the source are then only spaces."""
    if _BLOCK.search(text) is None:
        return text
    return _BLOCK.sub("\n", _WRAPPED.sub("", text).replace("\n", " "))


#: Expands Anki's cloze deletions, drops its sound files.
_expand_cards = skip_if(
    compile_lazy(r"[^\[{]*"),
    pipeline(
        replace_matches(r"\{\{c\d+::([^{}]*)\}\}", lambda hidden: hidden[1].partition("::")[0]),
        replace_matches(r"\[(?:sound|anki):[^\[\]]*\]", "", re.IGNORECASE),
    ),
)
_convert_html = skip_if(
    compile_lazy(r"[^<]*"),
    pipeline(
        # An underlined blank.
        replace_matches(r"<(u|ins)(?: [^<>]*)?>[\s_＿]*</\1>", "＿＿", re.IGNORECASE),
        # Like in browsers, an unclosed comment or script extends to the end.
        replace_matches(
            r"<!--.*?(?:-->|\Z)|<(script|style)\b[^<>]*>.*?(?:</\1>|\Z)",
            "",
            re.DOTALL | re.IGNORECASE,
        ),
        replace_matches(r"<rp(?:\s[^<>]*)?>[^<>]*(?:</rp>)?", "", re.IGNORECASE),
        replace_matches(rf"</?(?!(?:ruby|rt|{_BLOCK_NAMES})\b)[A-Za-z][^<>]*>", "", re.IGNORECASE),
        replace_matches(
            r"<ruby(?:\s[^<>]*)?>(.*?)(?:</ruby>|\Z)",
            lambda ruby: _RUBY_PART.sub(_mark_ruby, ruby[1]),
            re.DOTALL | re.IGNORECASE,
        ),
        _break_lines,
        replace_matches(r"</?[A-Za-z][^<>]*>", ""),
    ),
)

#: Removes the markup from a text.
strip_markup = pipeline(
    _expand_cards,
    _convert_html,
    # Markdown: links, line starts, emphasis.
    replace_matches(
        rf"(!?)\[([^\[\]\n]*)\]\((?={_ADDRESS}[./#:]){_ADDRESS}\)",
        lambda link: "" if link[1] else link[2],
    ),
    replace_matches(r"^[ ]*(?:#{1,6}[ ]+|>[ ]+|[-*+•‣◦][ ]+|・[ ]*)", "", re.MULTILINE),
    replace_matches(r"\*\*|~~|`|(?<![0-9０-９])(?<![0-9０-９] )\*|\*(?! ?[0-9０-９])", ""),
    replace_matches(" {2,}", " "),
)

#: The first step for every input text.
prepare_text = skip_if(
    compile_lazy("[ぁ-ゖァ-ヺー一-鿿々、。？！]*"),
    pipeline(
        check_characters,
        unescape_entities,
        check_characters,
        clean_characters,
        strip_markup,
        mark_furigana,
    ),
)


def attach_furigana(text: str, furigana: str) -> str:
    """Return the text with furigana if that is the same text; else the text alone.

    Raises:
        UnusableTextError: one of them has broken characters.
    """
    plain, marked = (
        "".join(strip_readings(prepare_text(each)).split()) for each in (text, furigana)
    )
    return furigana if plain == marked else text


def extract_furigana_reading(text: str) -> str | None:
    """Extract the reading of a text from its furigana, in katakana: タベル of 食[た]べる.

    None if a part has no reading.

    Raises:
        UnusableTextError: the text has broken characters.
    """
    return find_full_kana(prepare_text(text))
