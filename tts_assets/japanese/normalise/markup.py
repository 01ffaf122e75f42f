"""Markup: HTML, Markdown and flash-card fields to plain text, in which furigana are marked."""

from __future__ import annotations

import html
import re

from tts_assets.japanese.normalise.column import column
from tts_assets.japanese.normalise.furigana import marked
from tts_assets.japanese.regex import regex

_CLOZE = regex(r"\{\{c\d+::([^{}]*)\}\}")
_MEDIA = regex(r"\[(?:sound|anki):[^\[\]]*\]", re.IGNORECASE)
_UNDERLINED_BLANK = regex(r"<(u|ins)(?: [^<>]*)?>[\s_＿]*</\1>", re.IGNORECASE)
#: As browsers read them, an open one lasts to the end.
_COMMENT = regex(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b[^<>]*>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE
)
_RUBY_PAREN = regex(r"<rp(?:\s[^<>]*)?>[^<>]*(?:</rp>)?", re.IGNORECASE)
_OTHER_TAG = regex(
    r"</?(?!(?:ruby|rt|br|p|div|li|ul|ol|dl|dt|dd|tr|table|h[1-6]|hr|blockquote)\b)"
    r"[A-Za-z][^<>]*>",
    re.IGNORECASE,
)
_RUBY = regex(r"<ruby(?:\s[^<>]*)?>(.*?)(?:</ruby>|\Z)", re.DOTALL | re.IGNORECASE)
_RUBY_PART = regex(r"(?<![^<>])([^<>]*)<rt(?:\s[^<>]*)?>([^<>]*)(?:</rt>)?", re.IGNORECASE)
_BLOCK = regex(
    r"</?(?:br|p|div|li|ul|ol|dl|dt|dd|tr|table|h[1-6]|hr|blockquote)(?:\s[^<>]*|/)?>",
    re.IGNORECASE,
)
#: The end of a line of the source within Japanese words.
_WRAPPED = regex(r"(?<=[ぁ-ゖァ-ヺー\u3400-\u9fff々])[ ]*\n[ ]*(?=[ぁ-ゖァ-ヺー\u3400-\u9fff々])")
_TAG = regex(r"</?[A-Za-z][^<>]*>")
_ADDRESS = r"[!-'*-Z\\^-~]*"
_LINK = regex(rf"(!?)\[([^\[\]\n]*)\]\((?={_ADDRESS}[./#:]){_ADDRESS}\)")
_LINE_START = regex(r"^[ ]*(?:#{1,6}[ ]+|>[ ]+|[-*+•‣◦][ ]+|・[ ]*)", re.MULTILINE)
_SPACES = regex(" {2,}")
_EMPHASIS = regex(r"\*\*|~~|`|(?<![0-9０-９])(?<![0-9０-９] )\*|\*(?! ?[0-9０-９])")


def unescaped(text: str) -> str:
    """Entities as what they stand for; data are often escaped twice."""
    while "&" in text and (plain := html.unescape(text)) != text:
        text = plain
    return text


def _cards_opened(text: str) -> str:
    """Anki's cloze deletions said, its sound files dropped."""
    if "[" not in text and "{" not in text:
        return text
    return _MEDIA.sub("", _CLOZE.sub(lambda hidden: hidden[1].partition("::")[0], text))


def _blanks_drawn(text: str) -> str:
    return _UNDERLINED_BLANK.sub("＿＿", text)


def _inline_tags_dropped(text: str) -> str:
    return _OTHER_TAG.sub("", _RUBY_PAREN.sub("", _COMMENT.sub("", text)))


def _rubies_marked(text: str) -> str:
    return _RUBY.sub(lambda ruby: _RUBY_PART.sub(lambda part: _part(*part.groups()), ruby[1]), text)


def _part(base: str, reading: str) -> str:
    return marked(base, reading) if base.strip() and reading.strip() else base


def _lines_broken(text: str) -> str:
    """Where lines are elements, the line ends of the source are only spaces."""
    if _BLOCK.search(text) is None:
        return text
    return _BLOCK.sub("\n", _WRAPPED.sub("", text).replace("\n", " "))


def _tags_dropped(text: str) -> str:
    return _TAG.sub("", text)


def _html_read(text: str) -> str:
    return _html(text) if "<" in text else text


def _markdown_dropped(text: str) -> str:
    linked = _LINK.sub(lambda link: "" if link[1] else link[2], text)
    return _EMPHASIS.sub("", _LINE_START.sub("", linked))


def _spaces_joined(text: str) -> str:
    return _SPACES.sub(" ", text)


_html = column(_blanks_drawn, _inline_tags_dropped, _rubies_marked, _lines_broken, _tags_dropped)

#: What is behind the markup.
without_markup = column(_cards_opened, _html_read, _markdown_dropped, _spaces_joined)
