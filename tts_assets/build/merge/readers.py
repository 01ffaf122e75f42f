"""The catalogues that get URLs from parts, wherever their project lies by now, and who reads them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.build.shards.urls import short_name
from tts_assets.build.survey import shared
from tts_assets.catalogues.open_catalogues import Trouble, open_catalogues
from tts_assets.catalogues.overrides.book import Book
from tts_assets.config.shard import place_of
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tts_assets.catalogues.write_back import Address, Wanted
    from tts_assets.config.model import Settings
    from tts_assets.config.sources.source import Source


@dataclass(slots=True)
class Readers:
    """Who reads a catalogue.

    Args:
        file: its path from here.
        sources: in the order in which they read it.
        known: how many of its URLs it has.
        overrides: what is said instead of its entries.
    """

    file: str
    sources: list[Source] = field(default_factory=list)
    known: int = 0
    overrides: Book = field(default_factory=Book)


def readers(settings: Settings, urls: Mapping[str, Mapping[Address, Wanted]]) -> dict[str, Readers]:
    """Who reads each catalogue, by its path as seen from the output folder.

    Args:
        settings: how catalogues are read.
        urls: what they are to get, whose sources are told by their short names.

    Raises:
        UsageError: a catalogue is not there.
        InputError: one cannot be read.
    """
    if not urls:
        return {}
    paths = {_from_here(file, settings.output): file for file in urls}
    trouble = Trouble()
    found: dict[str, Readers] = {}
    overrides = Book(settings.overrides)
    chosen = replace(settings, paths=tuple(paths), kinds=(), partial=True)
    for reader in open_catalogues(chosen, trouble, overrides):
        file = shared.from_output(reader.document.file, settings.output)
        each = found.setdefault(file, Readers(reader.document.file, overrides=overrides))
        each.sources.append(reader.source)
        source = short_name(reader.source.name)
        wanted = urls.get(file, {})
        for clip in chain.from_iterable(each.taking_urls() for each in reader.clips()):
            url = wanted.get((source, clip.entry, clip.part, clip.form))
            each.known += url is not None and url.url == clip.url
    for path, file in paths.items():
        if file not in found:
            what = "it is no catalogue by this configuration: merge with that of the shards"
            problems = (problem for problem in trouble.problems if problem.file == path)
            raise next(problems, InputError(what, file=path))
    return found


def _from_here(file: str, output: str) -> str:
    """The path of a file that is told as seen from the output folder; short where it can be."""
    path = Path(os.path.normpath(Path(place_of(output), file)))
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
