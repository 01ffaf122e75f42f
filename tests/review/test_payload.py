"""What the page is told, inside a script element and out of it."""

from __future__ import annotations

import base64
import html.parser
import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.review.conftest import HOSTILE, Shown
from tts_assets.model import Kind
from tts_assets.review.html_page import REPORT_LAYOUT, build_page
from tts_assets.review.review_rows import PageMode, build_payload

#: Every key that the page reads of a row.
KEYS = (
    "asset sha256 sound uses text reading accent sentence phrases basis voice speed seconds lufs "
    "peak_dbtp findings decision cues peaks pitch pitch_step morae accents earlier override again"
)


def _told(shown: Shown, mode: PageMode = PageMode.EXPORT) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(build_payload(shown.rows(), mode=mode, project="<b>"))
    return found


def test_it_is_told_as_the_page_reads_it(shown: Shown) -> None:
    told = _told(shown)
    assert (told["version"], told["mode"], told["project"]) == (1, "export", "<b>")
    assert (told["provider"], told["voices"]) == ("openjtalk", [])
    row = next(row for row in told["clips"] if row["text"] == "橋")
    assert list(row) == KEYS.split()
    assert row["phrases"] == [["ハシ", 2, False]]
    assert [(kana, high) for kana, _, _, high in row["morae"]] == [("ハ", 0), ("シ", 1)]
    assert len(base64.b64decode(row["peaks"])) == round(row["seconds"] * 100)
    assert len(base64.b64decode(row["pitch"])) == round(row["seconds"] * 50)
    assert row["uses"] == [
        {
            "kind": Kind.VOCABULARY,
            "file": "data/vocabulary.json",
            "entry": "bridge",
            "part": "word",
            "level": "N5",
            "source": "built-in",
            "line": 2,
        }
    ]


def test_voices_are_told_where_clips_can_be_made_again(shown: Shown) -> None:
    voices = _told(shown, PageMode.SERVE)["voices"]
    assert voices[0] == {"name": "openjtalk/mei", "speeds": [0.25, 4.0]}


def test_a_row_by_itself_is_what_it_is_among_the_others(shown: Shown) -> None:
    row = msgspec.to_builtins(shown.rows().clips[0])
    assert json.loads(json.dumps(row)) == _told(shown)["clips"][0]


class _Elements(html.parser.HTMLParser):
    """What a browser makes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.data = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag if not attrs or tag == "script" else f"{tag} {attrs}")

    def handle_data(self, data: str) -> None:
        self.data += data


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "-->]]>",
        HOSTILE,
        "&lt;&amp;&#60;",
        "\u2028\u2029\u202e\u2066\u0000\x1b[2J",
        "\\<\\u003c\\",
        "<" * 10_000,
        "😀" * 100,
    ],
)
def test_no_text_can_leave_the_script_element(text: str) -> None:
    layout = replace(REPORT_LAYOUT, scripts=(), libraries=(), styles=())
    told = {"x": msgspec.json.encode({"text": text})}
    html = build_page(layout, title="t", data=told).html.decode()
    data = html.partition('id="x">')[2].partition("</script>")[0].encode()
    assert json.loads(data) == {"text": text}
    assert not set(data) & set(b"<>&")
    assert not any(sign in data.decode() for sign in "\u2028\u2029")
    page = _Elements()
    page.feed(f'<script type="application/json">{data.decode()}</script><p>')
    assert page.found == ["script", "p"]
    assert json.loads(page.data) == {"text": text}
