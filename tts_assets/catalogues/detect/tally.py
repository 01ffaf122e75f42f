"""What the proposed sources find in the files: counted, with the first clips to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tts_assets.catalogues.open_catalogues import Trouble, open_catalogues
from tts_assets.config.model import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.config.sources.source import Source
    from tts_assets.errors import InputError
    from tts_assets.model import Clip


@dataclass(slots=True, kw_only=True)
class Count:
    """What one source, or one of its clip rules, finds.

    Args:
        clips: how many clips.
        urls: how many of them have a URL already.
        first: the first of them.
    """

    clips: int = 0
    urls: int = 0
    first: Clip | None = None

    def add(self, clip: Clip) -> None:
        """Count a clip."""
        self.clips += 1
        self.urls += clip.url is not None
        self.first = self.first or clip


@dataclass(slots=True, kw_only=True)
class Tally:
    """What all sources find.

    Args:
        total: all clips.
        sources: by the name of the source.
        rules: by the names of the source and of the rule.
        entries: records, by the name of the source.
        unspoken: how many texts yield no clip.
        first: the first clips of each source.
        problems: what cannot be used.
    """

    total: Count = field(default_factory=Count)
    sources: dict[str, Count] = field(default_factory=dict)
    rules: dict[tuple[str, str], Count] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)
    unspoken: int = 0
    first: dict[str, list[Clip]] = field(default_factory=dict)
    problems: list[InputError] = field(default_factory=list)


def tally(sources: Sequence[Source], paths: Sequence[str], *, most: int) -> Tally:
    """Read the files as they are proposed to be read.

    Args:
        sources: the proposed sources, each with a name of its own.
        paths: files and folders of the built-in shapes.
        most: how many first clips of each source to keep.
    """
    counted, trouble = Tally(), Trouble()
    if not sources and not paths:
        return counted
    settings = Settings(sources=tuple(sources), paths=tuple(paths))
    for reader in open_catalogues(settings, trouble):
        name = reader.source.name
        for clip in reader.clips():
            rule = clip.part.partition("-")[0]
            for count in (
                counted.total,
                counted.sources.setdefault(name, Count()),
                counted.rules.setdefault((name, rule), Count()),
            ):
                count.add(clip)
            row = counted.first.setdefault(name, [])
            if len(row) < most:
                row.append(clip)
        read = reader.finished()
        counted.entries[name] = counted.entries.get(name, 0) + read.entries
        counted.unspoken += len(read.unspoken)
        counted.problems.extend(read.problems)
    counted.problems.extend(trouble.problems)
    return counted
