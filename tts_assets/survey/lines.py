"""The lines on which the records of clips stand, found in one scan of a document for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tts_assets import catalogue, plan
    from tts_assets.domain import Place


def told_with_lines(
    document: catalogue.Document, refused: Sequence[tuple[Place, InputError]]
) -> Iterator[InputError]:
    """What is wrong with clips that cannot be used, by the places of their records."""
    if not refused:
        return
    # A template that is wrong refuses every clip of a file.
    lines = document.lines_of({place for place, _ in refused})
    for place, each in refused:
        yield InputError(each.message, file=each.file, entry=each.entry, line=lines.get(place))


def find_lines(
    document: catalogue.Document,
    planned: list[plan.Planned],
    first: int,
    is_wanted: Callable[[plan.Planned], bool],
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
    lines = document.lines_of({planned[number].clip.at for number in numbers})
    for number in numbers:
        item = planned[number]
        planned[number] = item._replace(line=lines.get(item.clip.at))
