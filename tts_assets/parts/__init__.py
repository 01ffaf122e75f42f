"""The folder of a shard: what it tells of its plan, its clips' URLs, and all of it read for a merge."""

from tts_assets.parts.header import HEADER_NAME, Header, encoded, header, read_header
from tts_assets.parts.part import Part, Told, read
from tts_assets.parts.replaced import REPLACED_NAME, Replaced, encoded_replaced, read_replaced
from tts_assets.parts.urls import URLS_NAME, Patch, check_name, encoded_urls, patch, short_name

__all__ = [
    "HEADER_NAME",
    "REPLACED_NAME",
    "URLS_NAME",
    "Header",
    "Part",
    "Patch",
    "Replaced",
    "Told",
    "check_name",
    "encoded",
    "encoded_replaced",
    "encoded_urls",
    "header",
    "patch",
    "read",
    "read_header",
    "read_replaced",
    "short_name",
]
