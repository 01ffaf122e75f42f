"""Characters: those that cannot be meant are refused, and each thing is written in one way."""

from __future__ import annotations

import html
import re
import unicodedata

from tts_assets.japanese.furigana import find_full_kana, mark_furigana, mark_reading, strip_readings
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.text_rules import compile_lazy, pipeline, skip_if

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

# Markup: HTML, Markdown and flash-card fields to plain text, in which furigana are marked.
_CLOZE = compile_lazy(r"\{\{c\d+::([^{}]*)\}\}")
_MEDIA = compile_lazy(r"\[(?:sound|anki):[^\[\]]*\]", re.IGNORECASE)
_UNDERLINED_BLANK = compile_lazy(r"<(u|ins)(?: [^<>]*)?>[\s_＿]*</\1>", re.IGNORECASE)

#: As browsers read them, an open one lasts to the end.
_COMMENT = compile_lazy(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b[^<>]*>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE
)
_RUBY_PAREN = compile_lazy(r"<rp(?:\s[^<>]*)?>[^<>]*(?:</rp>)?", re.IGNORECASE)
_OTHER_TAG = compile_lazy(
    r"</?(?!(?:ruby|rt|br|p|div|li|ul|ol|dl|dt|dd|tr|table|h[1-6]|hr|blockquote)\b)"
    r"[A-Za-z][^<>]*>",
    re.IGNORECASE,
)
_RUBY = compile_lazy(r"<ruby(?:\s[^<>]*)?>(.*?)(?:</ruby>|\Z)", re.DOTALL | re.IGNORECASE)
_RUBY_PART = compile_lazy(r"(?<![^<>])([^<>]*)<rt(?:\s[^<>]*)?>([^<>]*)(?:</rt>)?", re.IGNORECASE)
_BLOCK = compile_lazy(
    r"</?(?:br|p|div|li|ul|ol|dl|dt|dd|tr|table|h[1-6]|hr|blockquote)(?:\s[^<>]*|/)?>",
    re.IGNORECASE,
)

#: The end of a line of the source within Japanese words.
_WRAPPED = compile_lazy(
    r"(?<=[ぁ-ゖァ-ヺー\u3400-\u9fff々])[ ]*\n[ ]*(?=[ぁ-ゖァ-ヺー\u3400-\u9fff々])"
)
_TAG = compile_lazy(r"</?[A-Za-z][^<>]*>")
_ADDRESS = r"[!-'*-Z\\^-~]*"
_LINK = compile_lazy(rf"(!?)\[([^\[\]\n]*)\]\((?={_ADDRESS}[./#:]){_ADDRESS}\)")
_LINE_START = compile_lazy(r"^[ ]*(?:#{1,6}[ ]+|>[ ]+|[-*+•‣◦][ ]+|・[ ]*)", re.MULTILINE)
_SPACES = compile_lazy(" {2,}")
_EMPHASIS = compile_lazy(r"\*\*|~~|`|(?<![0-9０-９])(?<![0-9０-９] )\*|\*(?! ?[0-9０-９])")


def unescape_entities(text: str) -> str:
    """Entities as what they stand for; data are often escaped twice."""
    while "&" in text and (plain := html.unescape(text)) != text:
        text = plain
    return text


def _expand_cards(text: str) -> str:
    """Anki's cloze deletions said, its sound files dropped."""
    if "[" not in text and "{" not in text:
        return text
    return _MEDIA.sub("", _CLOZE.sub(lambda hidden: hidden[1].partition("::")[0], text))


def _draw_blanks(text: str) -> str:
    return _UNDERLINED_BLANK.sub("＿＿", text)


def _drop_inline_tags(text: str) -> str:
    return _OTHER_TAG.sub("", _RUBY_PAREN.sub("", _COMMENT.sub("", text)))


def _mark_rubies(text: str) -> str:
    return _RUBY.sub(
        lambda ruby: _RUBY_PART.sub(lambda part: _mark_ruby(*part.groups()), ruby[1]), text
    )


def _mark_ruby(base: str, reading: str) -> str:
    return mark_reading(base, reading) if base.strip() and reading.strip() else base


def _break_lines(text: str) -> str:
    """Where lines are elements, the line ends of the source are only spaces."""
    if _BLOCK.search(text) is None:
        return text
    return _BLOCK.sub("\n", _WRAPPED.sub("", text).replace("\n", " "))


def _drop_tags(text: str) -> str:
    return _TAG.sub("", text)


def _convert_html(text: str) -> str:
    return _html_rules(text) if "<" in text else text


def _drop_markdown(text: str) -> str:
    linked = _LINK.sub(lambda link: "" if link[1] else link[2], text)
    return _EMPHASIS.sub("", _LINE_START.sub("", linked))


def _join_spaces(text: str) -> str:
    return _SPACES.sub(" ", text)


_html_rules = pipeline(_draw_blanks, _drop_inline_tags, _mark_rubies, _break_lines, _drop_tags)

#: What is behind the markup.
strip_markup = pipeline(_expand_cards, _convert_html, _drop_markdown, _join_spaces)

# Any text made ready for the rules: every character plain, no markup, furigana marked.


#: The beginning of every way of normalising.
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
    """The text as it stands with furigana, where these are of that text; else the text alone.

    Raises:
        UnusableTextError: one of them holds broken characters.
    """
    plain, marked = (
        "".join(strip_readings(prepare_text(each)).split()) for each in (text, furigana)
    )
    return furigana if plain == marked else text


def extract_furigana_reading(text: str) -> str | None:
    """The reading that is written into a text, in katakana: タベル of 食[た]べる.

    None where some of it has no reading.

    Raises:
        UnusableTextError: the text holds broken characters.
    """
    return find_full_kana(prepare_text(text))
