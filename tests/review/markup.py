"""A page as a browser sees it: its elements with their attributes and texts, by the standard library's parser."""

from __future__ import annotations

import base64
import hashlib
from html.parser import HTMLParser
from typing import NamedTuple


class Element(NamedTuple):
    """An element, with the text that follows its start."""

    name: str
    attributes: dict[str, str | None]
    text: str


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(Element(tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        # What follows is no text of the element.
        self.found.append(Element(f"/{tag}", {}, ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            last = self.found[-1]
            self.found[-1] = last._replace(text=last.text + data)


def elements(html: bytes, name: str) -> list[Element]:
    """All elements of that name, in their order."""
    parser = _Parser()
    parser.feed(html.decode())
    return [each for each in parser.found if each.name == name]


def policy_of(html: bytes) -> dict[str, list[str]]:
    """What a page allows itself."""
    (meta,) = (
        each
        for each in elements(html, "meta")
        if each.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    return directives(meta.attributes["content"] or "")


def directives(policy: str) -> dict[str, list[str]]:
    """The sources of each directive."""
    return {words[0]: words[1:] for words in map(str.split, policy.split(";"))}


def hash_of(code: str) -> str:
    """Code as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
