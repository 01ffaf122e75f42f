"""What is told of records beside their clips: the lines where they begin, and their levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tts_assets import open_catalogues
from tts_assets.errors import InputError
from tts_assets.review.levels import find_jlpt_level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets.catalogue import Catalogue
    from tts_assets.domain import Clip, Place


class RecordDetails(NamedTuple):
    """What is told of the record or item that a clip is said of.

    Args:
        line: the 1-based line where it begins; None where that is not known.
        level: as in :func:`tts_assets.review.levels.level_of`.
    """

    line: int | None
    level: str


def load_record_details(
    clips: Iterable[Clip], catalogues: Iterable[Catalogue]
) -> dict[tuple[str, Place], RecordDetails]:
    """What is told of clips, by file and place; each file is scanned once.

    Args:
        clips: any number, of any files.
        catalogues: those that they come from.
    """
    places: dict[str, set[Place]] = {}
    for clip in clips:
        places.setdefault(clip.file, set()).add(clip.at)
    sources = {each.file: each.source for each in catalogues}
    found: dict[tuple[str, Place], RecordDetails] = {}
    for file, wanted in places.items():
        try:
            document = open_catalogues.read(file, sources[file])
        except InputError:
            # Somebody has changed it meanwhile.
            found |= {
                (file, at): RecordDetails(None, find_jlpt_level(None, (), file)) for at in wanted
            }
            continue
        lines = document.lines_of(wanted)
        found |= {
            (file, at): RecordDetails(lines.get(at), find_jlpt_level(document.root, at, file))
            for at in wanted
        }
    return found
