"""One page as one file: equal input gives equal bytes, and data never become markup or code."""

from __future__ import annotations

import hashlib
import html
import re
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.pages.policy import policy, source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tts_assets.pages.layouts import Layout

#: What would end an inline element early, or change how its end is found.
_ENDS = {
    "script": re.compile(rb"</script|<!--", re.IGNORECASE),
    "style": re.compile(rb"</style", re.IGNORECASE),
}
#: What HTML or JavaScript may take for something else in JSON; there it is only within texts.
_ESCAPES = {
    b"<": rb"\u003c",
    b">": rb"\u003e",
    b"&": rb"\u0026",
    "\u2028".encode(): rb"\u2028",
    "\u2029".encode(): rb"\u2029",
}
_NONCE_BYTES = 16


class Page(NamedTuple):
    """A page as it is written or sent.

    Args:
        html: all of it, in UTF-8.
        policy: what it may do, for the header ``Content-Security-Policy``; the page says the same
            of itself, without what only a header can say.
    """

    html: bytes
    policy: str


def page(
    layout: Layout,
    *,
    title: str,
    data: Mapping[str, bytes],
    connect: bool = False,
    nonce: str | None = None,
) -> Page:
    """A page with its data.

    Args:
        layout: which page.
        title: what the browser calls it.
        data: JSON in UTF-8 for elements ``<script type="application/json">`` of these ids.
        connect: it is sent by a server, which it may talk with; otherwise it is a file.
        nonce: what libraries sign their styles with, new for each answer of a server; None for one
            that is made of the content.

    Raises:
        ValueError: a script, a style or the nonce has what cannot stand in a page.
    """
    styles = [_inline("style", _joined(layout.styles))]
    styles[:0] = [_inline("style", _read(each.style)) for each in layout.libraries if each.style]
    scripts = [_inline("script", _read(each.script)) for each in layout.libraries]
    scripts.append(_inline("script", _own(layout)))
    body = _read(layout.body)
    blocks = [_block(name, content) for name, content in data.items()]
    if not any(each.makes_styles for each in layout.libraries):
        nonce = None
    elif nonce is None:
        nonce = _derived(title.encode(), *styles, *scripts, body, *blocks)
    elif not re.fullmatch(r"[A-Za-z0-9+/_-]{16,}={0,2}", nonce):
        raise ValueError("a nonce has 16 characters of Base64 or more")
    allowed = _allowed(layout, styles, scripts, connect=connect, nonce=nonce)
    head = _head(title, policy(allowed), nonce)
    document = [
        *head,
        *(b"<style>%s</style>" % each for each in styles),
        b"</head>\n<body>",
        body,
        *blocks,
        *(b"<script>%s</script>" % each for each in scripts),
        b"</body>\n</html>\n",
    ]
    # Only a header can say who may show the page in a frame.
    return Page(b"\n".join(document), policy({**allowed, "frame-ancestors": ()}))


def _allowed(
    layout: Layout, styles: list[bytes], scripts: list[bytes], *, connect: bool, nonce: str | None
) -> dict[str, tuple[str, ...]]:
    own = ("'self'",)
    allowed: dict[str, tuple[str, ...]] = {
        "default-src": (),
        "script-src": tuple(map(source, scripts)),
        "style-src": (*map(source, styles), *([f"'nonce-{nonce}'"] if nonce else ())),
        "img-src": ("data:",),
    }
    if layout.plays:
        # To some browsers two files are never of one origin; only a file can load a file.
        allowed["media-src"] = own if connect else (*own, "file:")
    if connect:
        allowed["connect-src"] = own
    allowed |= {"base-uri": (), "form-action": ()}
    if not any(each.makes_markup for each in layout.libraries):
        # No script of the page may turn a text into markup or code.
        allowed |= {"require-trusted-types-for": ("'script'",), "trusted-types": ()}
    return allowed


def _head(title: str, meta_policy: str, nonce: str | None) -> list[bytes]:
    named = f'<meta name="style-nonce" content="{nonce}">' if nonce else ""
    lines = (
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(meta_policy)}">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{html.escape(title)}</title>",
        # Without one a browser asks the server for it.
        '<link rel="icon" href="data:,">',
        named,
    )
    return [line.encode("utf-8", "replace") for line in lines if line]


def _block(name: str, content: bytes) -> bytes:
    for plain, escape in _ESCAPES.items():
        content = content.replace(plain, escape)
    opening = f'<script type="application/json" id="{html.escape(name)}">'
    return opening.encode() + content + b"</script>"


def _own(layout: Layout) -> bytes:
    return b'(() => {\n"use strict";\n%s\n})();' % _joined(layout.scripts)


def _inline(element: str, code: bytes) -> bytes:
    """Code that can stand in an element."""
    if found := _ENDS[element].search(code):
        raise ValueError(f"a {element} of a page cannot hold {found.group().decode()!r}")
    return b"\n%s\n" % code.strip()


def _joined(names: tuple[str, ...]) -> bytes:
    return b"\n".join(b"/* %s */\n%s" % (name.encode(), _read(name).strip()) for name in names)


def _read(name: str) -> bytes:
    # Line ends are those of the policy's hashes: a browser reads CR LF as LF.
    return files(__package__).joinpath(name).read_bytes().replace(b"\r\n", b"\n")


def _derived(*content: bytes) -> str:
    """A nonce that is the same for the same content."""
    return hashlib.sha256(b"\0".join(content)).hexdigest()[: 2 * _NONCE_BYTES]
