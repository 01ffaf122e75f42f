"""A page is one file whose policy names what is in it, and data are never anything else."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.review.markup import directives, elements, hash_of, policy_of
from tts_assets.review import html_page as assembling
from tts_assets.review.html_page import REPORT_LAYOUT, REVIEW_LAYOUT, PageLayout, build_page

HERE = Path(assembling.__file__).parent / "web"
HOSTILE = (
    "</script><script>alert(1)</script><!-- & \u2028\u2029 \u202e 語 <img src=x onerror=alert(1)>"
)
LAYOUTS = pytest.mark.parametrize(
    "layout", [REVIEW_LAYOUT, REPORT_LAYOUT], ids=["review", "report"]
)


@LAYOUTS
@pytest.mark.parametrize("connect", [False, True])
def test_the_policy_names_the_scripts_and_styles_that_are_there_and_no_others(
    layout: PageLayout,
    connect: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    made = build_page(layout, title="t", data={"d": b"{}"}, connect=connect)
    allowed = policy_of(made.html)
    scripts = [each for each in elements(made.html, "script") if "type" not in each.attributes]
    assert allowed["script-src"] == [hash_of(each.text) for each in scripts]
    styles = [hash_of(each.text) for each in elements(made.html, "style")]
    assert [each for each in allowed["style-src"] if "nonce" not in each] == styles
    assert allowed["default-src"] == allowed["base-uri"] == allowed["form-action"] == ["'none'"]
    assert "unsafe" not in made.policy
    assert allowed.get("connect-src", []) == (["'self'"] if connect else [])


@LAYOUTS
def test_a_header_says_the_same_and_who_may_frame_the_page(layout: PageLayout) -> None:
    made = build_page(layout, title="t", data={}, connect=True, nonce="0123456789abcdef")
    header = directives(made.policy)
    assert header.pop("frame-ancestors") == ["'none'"]
    assert header == policy_of(made.html)


def test_sounds_come_from_where_the_page_does_and_to_a_file_from_files() -> None:
    assert policy_of(build_page(REVIEW_LAYOUT, title="", data={}).html)["media-src"] == [
        "'self'",
        "file:",
    ]
    served = build_page(REVIEW_LAYOUT, title="", data={}, connect=True)
    assert policy_of(served.html)["media-src"] == ["'self'"]
    assert "media-src" not in policy_of(build_page(REPORT_LAYOUT, title="", data={}).html)


@LAYOUTS
def test_nothing_is_loaded_and_nothing_acts_but_what_is_hashed(layout: PageLayout) -> None:
    made = build_page(layout, title="t", data={}).html
    assert made.startswith(b'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n')
    for name in ("script", "link", "img", "iframe", "audio", "source"):
        for each in elements(made, name):
            address = each.attributes.get("src") or each.attributes.get("href")
            assert address is None or address == "data:,", each
    body = (HERE / layout.body).read_text("utf-8")
    assert not re.search(r"<script|<style|\s(style|on\w+)\s*=", body)
    assert elements(made, "meta")[2].attributes == {"name": "referrer", "content": "no-referrer"}


def test_data_and_title_stay_text_whatever_they_hold() -> None:
    data = json.dumps({"text": HOSTILE}, ensure_ascii=False).encode()
    usual = build_page(REPORT_LAYOUT, title="t", data={"d": b"{}"}).html
    made = build_page(REPORT_LAYOUT, title=HOSTILE, data={"d": data}).html
    (block,) = (each for each in elements(made, "script") if each.attributes.get("id") == "d")
    assert json.loads(block.text) == {"text": HOSTILE}
    assert not re.search(r"[<>&\u2028\u2029]", block.text)
    assert elements(made, "title")[0].text.strip() == HOSTILE
    for name in ("script", "img", "meta"):
        assert len(elements(made, name)) == len(elements(usual, name))


def test_equal_input_gives_equal_bytes_and_another_gives_another_nonce() -> None:
    one, same, other = (
        build_page(REVIEW_LAYOUT, title="t", data={"d": data}) for data in (b"[1]", b"[1]", b"[2]")
    )
    assert one == same
    assert _nonce(one.html) != _nonce(other.html)


def test_libraries_that_make_styles_learn_the_nonce_and_only_they_have_one() -> None:
    made = build_page(REVIEW_LAYOUT, title="t", data={}, connect=True, nonce="Zm9vYmFyMTIzNDU2Nzg5")
    assert _nonce(made.html) == "Zm9vYmFyMTIzNDU2Nzg5"
    assert "'nonce-Zm9vYmFyMTIzNDU2Nzg5'" in policy_of(made.html)["style-src"]
    assert (
        b"nonce" not in build_page(REPORT_LAYOUT, title="t", data={}).html.partition(b"<body>")[0]
    )


@pytest.mark.parametrize(
    "nonce", ["", "short", "0123456789abcdef; script-src *", "'" * 20, "é" * 20]
)
def test_a_nonce_that_is_none_is_refused(nonce: str) -> None:
    with pytest.raises(ValueError, match="a nonce has 16 characters"):
        build_page(REVIEW_LAYOUT, title="t", data={}, nonce=nonce)


def test_markup_from_text_is_refused_by_the_browser_where_no_library_needs_it() -> None:
    allowed = policy_of(build_page(REPORT_LAYOUT, title="t", data={}).html)
    assert allowed["require-trusted-types-for"] == ["'script'"]
    assert allowed["trusted-types"] == ["'none'"]
    assert "trusted-types" not in policy_of(build_page(REVIEW_LAYOUT, title="t", data={}).html)


@LAYOUTS
def test_every_file_of_a_page_is_in_it_in_its_order(layout: PageLayout) -> None:
    folder = (HERE / layout.body).parent
    files = {f"{folder.name}/{each.name}" for each in folder.iterdir() if each.is_file()}
    named = {layout.body, *layout.styles, *layout.scripts}
    assert files <= named, "add it to tts_assets/review/html_page.py"
    own = elements(build_page(layout, title="t", data={}).html, "script")[-1].text
    assert re.findall(r"^/\* (\S+\.js) \*/$", own, re.MULTILINE) == list(layout.scripts)
    assert own.startswith('\n(() => {\n"use strict";\n')
    assert own.endswith("\n})();\n")


@pytest.mark.parametrize("code", ["x = '</SCRIPT>'", "x <!--y"])
def test_a_script_that_would_end_early_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web/x.js").write_text(code)
    monkeypatch.setattr(assembling, "files", lambda _: tmp_path)
    layout = PageLayout(body="x.js", styles=(), scripts=("x.js",))
    with pytest.raises(ValueError, match="a script of a page cannot hold"):
        build_page(layout, title="t", data={})


def test_line_ends_of_a_checkout_on_windows_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web/x.js").write_bytes(b"let a;\r\nlet b;\r\n")
    (tmp_path / "web/y.js").write_bytes(b"let a;\nlet b;\n")
    monkeypatch.setattr(assembling, "files", lambda _: tmp_path)
    layout = PageLayout(body="x.js", styles=(), scripts=("x.js",))
    made = build_page(layout, title="t", data={}).html
    assert b"\r" not in made
    other = build_page(replace(layout, body="y.js", scripts=("y.js",)), title="t", data={}).html
    assert len(made) == len(other)


def _nonce(html: bytes) -> str | None:
    (meta,) = (
        each for each in elements(html, "meta") if each.attributes.get("name") == "style-nonce"
    )
    return meta.attributes["content"]
