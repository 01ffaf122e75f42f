"""Pages that are one file each: our scripts and styles, vendored libraries and data, under one policy."""

from tts_assets.pages.assembly import HtmlPage, build_page
from tts_assets.pages.layouts import REPORT_LAYOUT, REVIEW_LAYOUT, PageLayout, ScriptLibrary

__all__ = [
    "REPORT_LAYOUT",
    "REVIEW_LAYOUT",
    "HtmlPage",
    "PageLayout",
    "ScriptLibrary",
    "build_page",
]
