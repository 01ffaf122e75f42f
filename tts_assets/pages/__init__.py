"""Pages that are one file each: our scripts and styles, vendored libraries and data, under one policy."""

from tts_assets.pages.assembly import Page, page
from tts_assets.pages.layouts import REPORT, REVIEW, Layout, Library

__all__ = ["REPORT", "REVIEW", "Layout", "Library", "Page", "page"]
