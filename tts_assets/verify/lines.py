"""The lines of the records whose assets have something wrong, found when all else is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets import open_catalogues
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.catalogue import Catalogue
    from tts_assets.domain import Place
    from tts_assets.verdicts import ClipName


def add_record_lines(
    clips: Mapping[str, tuple[ClipName, ...]], catalogues: Iterable[Catalogue]
) -> dict[str, tuple[ClipName, ...]]:
    """The clips of assets, each with the line of its record where that can be told."""
    places: dict[str, set[Place]] = {}
    for names in clips.values():
        for name in names:
            places.setdefault(name.file, set()).add(name.at)
    sources = {each.file: each.source for each in catalogues}
    lines: dict[str, dict[Place, int]] = {}
    for file, wanted in places.items():
        try:
            lines[file] = open_catalogues.read(file, sources[file]).lines_of(wanted)
        except InputError:
            # Somebody has changed it meanwhile.
            lines[file] = {}
    return {
        asset: tuple(name._replace(line=lines[name.file].get(name.at)) for name in names)
        for asset, names in clips.items()
    }
