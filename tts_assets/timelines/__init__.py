"""Time lines of passages: who is heard when, in files beside the asset, for apps that follow along."""

from tts_assets.timelines.captions import lrc, webvtt
from tts_assets.timelines.document import (
    VERSION,
    CueData,
    Timeline,
    TimelineDocument,
    document,
    of_line,
    read,
)
from tts_assets.timelines.files import (
    heal,
    is_right,
    make_way,
    ours,
    remove,
    rendered,
    store_timeline,
)
from tts_assets.timelines.words import place_words, time_words

__all__ = [
    "VERSION",
    "CueData",
    "Timeline",
    "TimelineDocument",
    "document",
    "heal",
    "is_right",
    "lrc",
    "make_way",
    "of_line",
    "ours",
    "place_words",
    "read",
    "remove",
    "rendered",
    "store_timeline",
    "time_words",
    "webvtt",
]
