"""Markup: HTML, Markdown and flash-card fields to plain text, in which furigana are marked."""

from __future__ import annotations

import html
import re

from tts_assets.japanese.normalise.column import pipeline
from tts_assets.japanese.normalise.furigana import mark_reading
from tts_assets.japanese.regex import compile_lazy

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
