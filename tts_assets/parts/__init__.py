"""The folder of a shard: what it tells of its plan, its clips' URLs, and all of it read for a merge."""

from tts_assets.parts.header import HEADER_NAME, Header, encoded, header, read_header
from tts_assets.parts.part import Part, Told, read
from tts_assets.parts.urls import URLS_NAME, Patch, encoded_urls, patch, short_name

__all__ = [
    "HEADER_NAME",
    "URLS_NAME",
    "Header",
    "Part",
    "Patch",
    "Told",
    "encoded",
    "encoded_urls",
    "header",
    "patch",
    "read",
    "read_header",
    "short_name",
]
