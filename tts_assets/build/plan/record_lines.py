"""The lines on which the records of clips stand, found in one scan of a document for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tts_assets.build.plan import planner
    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.model import Place


def add_line_numbers(
    document: Document, refused: Sequence[tuple[Place, InputError]]
) -> Iterator[InputError]:
    """What is wrong with clips that cannot be used, by the places of their records."""
    if not refused:
        return
    # A template that is wrong refuses every clip of a file.
    lines = document.find_lines({place for place, _ in refused})
    for place, each in refused:
        yield InputError(each.message, file=each.file, entry=each.entry, line=lines.get(place))


def find_lines(
    document: Document,
    planned: list[planner.ClipPlan],
    first: int,
    is_wanted: Callable[[planner.ClipPlan], bool],
) -> None:
    """Give clips the lines of their records.

    Args:
        document: the one that they are of.
        planned: all clips.
        first: the number of the first that is of this document.
        is_wanted: tells whose lines are looked for.
    """
    numbers = [number for number in range(first, len(planned)) if is_wanted(planned[number])]
    if not numbers:
        return
    lines = document.find_lines({planned[number].clip.at for number in numbers})
    for number in numbers:
        item = planned[number]
        planned[number] = item._replace(line=lines.get(item.clip.at))
