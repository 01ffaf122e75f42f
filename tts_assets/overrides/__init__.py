"""What reviewers say instead of what an entry says: read, checked, applied to clips, and written.

Overrides stand in a file of their own, so that catalogues stay what they are, and who owns those may
take an override over, or not. One is for one clip, and for the text that its entry had when it was
written: when the entry says something else, it is not applied any more, and that is told.
"""

from tts_assets.overrides.book import Amends, Book
from tts_assets.overrides.changed import Changed
from tts_assets.overrides.data import Key, Override, Say
from tts_assets.overrides.file import overrides_in, read, write
from tts_assets.overrides.form import said, written
from tts_assets.overrides.speaking import Speaking
from tts_assets.overrides.typed import key_of, made, problem_with

__all__ = [
    "Amends",
    "Book",
    "Changed",
    "Key",
    "Override",
    "Say",
    "Speaking",
    "key_of",
    "made",
    "overrides_in",
    "problem_with",
    "read",
    "said",
    "write",
    "written",
]
