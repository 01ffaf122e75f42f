"""Assemble a page into one HTML file with a content security policy (CSP Level 3).

Equal input gives equal bytes, and data never become markup or code.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class ScriptLibrary(NamedTuple):
    """A third-party library as published; see ``vendor/vendor.json``."""

    script: str  #: a path below this package; it defines one global name
    style: str | None = None  #: its style sheet, if any
    makes_styles: bool = False  #: it adds style elements, and needs a nonce for them
    makes_markup: bool = False  #: it sets markup from text, so trusted types cannot be required


#: Draws waveforms; defines WaveSurfer.
WAVESURFER = ScriptLibrary(
    "vendor/wavesurfer.js-8.0.1/wavesurfer.min.js", makes_styles=True, makes_markup=True
)

#: Draws plots; defines uPlot.
UPLOT = ScriptLibrary("vendor/uplot-1.6.32/uPlot.iife.min.js", "vendor/uplot-1.6.32/uPlot.min.css")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLayout:
    """The files of a page, as paths below this package."""

    body: str  #: the markup between ``<body>`` and ``</body>``
    styles: tuple[str, ...]  #: style sheets in order
    #: Our scripts, run in this order inside one strict-mode function, whose scope they share.
    scripts: tuple[str, ...]
    libraries: tuple[ScriptLibrary, ...] = ()  #: run before them
    plays: bool = False  #: whether it plays sounds


def _name_files(suffix: str, *names: str) -> tuple[str, ...]:
    return tuple(f"review/{name}.{suffix}" for name in names)


#: The review page.
REVIEW_LAYOUT = PageLayout(
    body="review/review.html",
    styles=_name_files(
        "css",
        *("tokens", "controls", "page", "list", "deck", "dialogs", "panel"),
        *("phone",),
    ),
    scripts=_name_files(
        "js",
        *("app", "elements", "storage", "model", "waveform", "decisions", "server"),
        *("player", "filters", "facets", "address", "rows", "list", "replaced"),
        *("votes", "deck", "progress", "dialogs", "keys", "morae", "accents", "pitch"),
        *("drawing", "picture_media", "picture", "facts", "compare"),
        *("accent_picker", "again_typed", "again", "jobs", "panel", "start"),
    ),
    libraries=(WAVESURFER,),
    plays=True,
)

#: The report of a run.
REPORT_LAYOUT = PageLayout(
    body="report/report.html",
    styles=("review/tokens.css", "report/report.css"),
    scripts=("report/plots.js", "report/report.js"),
    libraries=(UPLOT,),
)


def hash_source(code: bytes) -> str:
    """The CSP source of an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(code).digest()).decode()}'"


def format_policy(directives: Mapping[str, tuple[str, ...]]) -> str:
    """A policy; a directive without sources allows nothing."""
    return "; ".join(
        f"{name} {' '.join(sources) or _NO_SOURCES}" for name, sources in directives.items()
    )


_NO_SOURCES = "'none'"

#: Text that would end an inline element early, or change how its end is found.
_END_PATTERNS = {
    "script": re.compile(rb"</script|<!--", re.IGNORECASE),
    "style": re.compile(rb"</style", re.IGNORECASE),
}

#: Characters of JSON strings that have a meaning in HTML or JavaScript.
_DATA_ESCAPES = {
    b"<": rb"\u003c",
    b">": rb"\u003e",
    b"&": rb"\u0026",
    "\u2028".encode(): rb"\u2028",
    "\u2029".encode(): rb"\u2029",
}
_NONCE_BYTES = 16


class HtmlPage(NamedTuple):
    """A page in UTF-8, and its policy for the header ``Content-Security-Policy``.

    The page has the same policy in a meta element, without the directives only a header may have.
    """

    html: bytes
    policy: str


def build_page(
    layout: PageLayout,
    *,
    title: str,
    data: Mapping[str, bytes],
    connect: bool = False,
    nonce: str | None = None,
) -> HtmlPage:
    """Assemble a page with its data.

    Args:
        layout: its files.
        title: its title.
        data: JSON in UTF-8 for ``<script type="application/json">`` elements by id.
        connect: it is sent by a server, which it may call; otherwise it is a file.
        nonce: for the styles of libraries, new for each response; None derives one from the content.

    Raises:
        ValueError: a script, a style or the nonce cannot be embedded.
    """
    styles = [_format_inline("style", _join_files(layout.styles))]
    styles[:0] = [
        _format_inline("style", _read_file(each.style)) for each in layout.libraries if each.style
    ]
    scripts = [_format_inline("script", _read_file(each.script)) for each in layout.libraries]
    own = b'(() => {\n"use strict";\n%s\n})();' % _join_files(layout.scripts)
    scripts.append(_format_inline("script", own))
    body = _read_file(layout.body)
    blocks = [_build_data_block(name, content) for name, content in data.items()]
    if not any(each.makes_styles for each in layout.libraries):
        nonce = None
    elif nonce is None:
        content = b"\0".join([title.encode(), *styles, *scripts, body, *blocks])
        nonce = hashlib.sha256(content).hexdigest()[: 2 * _NONCE_BYTES]
    elif not re.fullmatch(r"[A-Za-z0-9+/_-]{16,}={0,2}", nonce):
        raise ValueError("a nonce has 16 characters of Base64 or more")
    allowed = _build_directives(layout, styles, scripts, connect=connect, nonce=nonce)
    head = _build_head(title, format_policy(allowed), nonce)
    document = [
        *head,
        *(b"<style>%s</style>" % each for each in styles),
        b"</head>\n<body>",
        body,
        *blocks,
        *(b"<script>%s</script>" % each for each in scripts),
        b"</body>\n</html>\n",
    ]
    # Only a header may have frame-ancestors.
    return HtmlPage(b"\n".join(document), format_policy({**allowed, "frame-ancestors": ()}))


def _build_directives(
    layout: PageLayout,
    styles: list[bytes],
    scripts: list[bytes],
    *,
    connect: bool,
    nonce: str | None,
) -> dict[str, tuple[str, ...]]:
    own = ("'self'",)
    allowed: dict[str, tuple[str, ...]] = {
        "default-src": (),
        "script-src": tuple(map(hash_source, scripts)),
        "style-src": (*map(hash_source, styles), *([f"'nonce-{nonce}'"] if nonce else ())),
        "img-src": ("data:",),
    }
    if layout.plays:
        # Some browsers treat every file as its own origin; only a file can load a file.
        allowed["media-src"] = own if connect else (*own, "file:")
    if connect:
        allowed["connect-src"] = own
    allowed |= {"base-uri": (), "form-action": ()}
    if not any(each.makes_markup for each in layout.libraries):
        # Forbid scripts to turn text into markup or code.
        allowed |= {"require-trusted-types-for": ("'script'",), "trusted-types": ()}
    return allowed


def _build_head(title: str, meta_policy: str, nonce: str | None) -> list[bytes]:
    nonce_line = f'<meta name="style-nonce" content="{nonce}">' if nonce else ""
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
        # Without one a browser requests /favicon.ico.
        '<link rel="icon" href="data:,">',
        nonce_line,
    )
    return [line.encode("utf-8", "replace") for line in lines if line]


def _build_data_block(name: str, content: bytes) -> bytes:
    for plain, escape in _DATA_ESCAPES.items():
        content = content.replace(plain, escape)
    opening = f'<script type="application/json" id="{html.escape(name)}">'
    return opening.encode() + content + b"</script>"


def _format_inline(element: str, code: bytes) -> bytes:
    if found := _END_PATTERNS[element].search(code):
        raise ValueError(f"a {element} of a page cannot hold {found.group().decode()!r}")
    return b"\n%s\n" % code.strip()


def _join_files(names: tuple[str, ...]) -> bytes:
    return b"\n".join(b"/* %s */\n%s" % (name.encode(), _read_file(name).strip()) for name in names)


def _read_file(name: str) -> bytes:
    # Browsers normalise CR LF to LF before they compare the policy's hashes.
    return files(__package__).joinpath("web", name).read_bytes().replace(b"\r\n", b"\n")
