"""What stands where: the catalogues, the assets that exist, and the plan that follows."""

from __future__ import annotations

import difflib
import gc
import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets import catalogue, ledger, plan
from tts_assets.domain import Voice
from tts_assets.errors import InputError, UsageError
from tts_assets.mapping import BUILT_IN, Overwrite
from tts_assets.open_catalogues import Trouble, open_catalogues
from tts_assets.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tts_assets.catalogue import Catalogue
    from tts_assets.domain import Clip, Place
    from tts_assets.mapping import Source
    from tts_assets.providers import Provider, VoiceInfo
    from tts_assets.settings import Settings


#: Voices named to who asks for one that is not there.
_NAMED = 8


@dataclass(slots=True, kw_only=True)
class Survey:
    """Everything known before a run.

    Args:
        catalogues: those of the wanted kinds, once for each source that reads them.
        trouble: files and entries that cannot be used, and files that were passed over.
        states: how many clips stand how.
        planned: the clips that matter, in the order of the files.
        untidy: a killed run left something to clear away in the output folder.
        present: the size of every asset that exists, by its path.
    """

    catalogues: list[Catalogue] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)
    states: dict[plan.State, int] = field(default_factory=lambda: dict.fromkeys(plan.State, 0))
    planned: list[plan.Planned] = field(default_factory=list)
    untidy: bool = False
    present: dict[str, int] = field(default_factory=dict)
    _places: dict[tuple[str, Place], Clip] = field(default_factory=dict)
    _objects: dict[tuple[str, Place], Clip] = field(default_factory=dict)

    def claim(self, clip: Clip) -> None:
        """Give a place for a URL to a clip.

        Raises:
            InputError: another clip has it, or one that lies within it or around it.
        """
        if clip.place is None:
            return
        file = os.path.realpath(clip.file)
        other = self._places.setdefault((file, clip.place), clip)
        around = [clip.place[:end] for end in range(1, len(clip.place))]
        for place in around:
            if isinstance(place[-1], str):
                other = self._places.get((file, place), other)
                self._objects.setdefault((file, place), clip)
        other = self._objects.get((file, clip.place), other)
        if other is not clip:
            raise InputError(
                f"the URL of its {clip.part} would take the place of that of {other.part} "
                f"({other.source}): give each clip a `to` of its own",
                file=clip.file,
                entry=f"entry {clip.entry}",
            )


def survey(
    settings: Settings,
    provider: Provider,
    matters: Callable[[plan.Planned], bool] = lambda _: True,
) -> Survey:
    """Read the catalogues and look at the output folder; nothing is changed.

    Args:
        settings: which catalogues, what sound, which folder.
        provider: the engine that the clips are for.
        matters: which clips to keep; most are fresh, and of no interest to most callers.

    Raises:
        UsageError: a path, the voice or the URL template is wrong.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be listed.
    """
    found = Survey()
    storage = Storage(Path(settings.output))
    known = _ledger(settings)
    found.untidy = not known.tidy or storage.has_leftovers()
    addresses = _Addresses(settings)
    found.present = storage.sizes(addresses.folders())
    chosen = voice(settings, provider)
    _check_voices(settings, provider)
    with _uncollected():
        planner = plan.Planner(
            recipes=plan.Recipes(
                voice=chosen,
                engine=provider.engine,
                sound=settings.sound,
                words=settings.words,
                accents=provider.accents,
            ),
            present=found.present,
            recorded=known.recorded,
            force=settings.force,
        )
        for reader in open_catalogues(settings, found.trouble):
            _plan(reader, planner, addresses, found, matters)
            # Or all of the last document is looked at once more by the collector.
            del reader
    return found


def _plan(
    reader: catalogue.Reader,
    planner: plan.Planner,
    addresses: _Addresses,
    found: Survey,
    matters: Callable[[plan.Planned], bool],
) -> None:
    """Hold the clips of one reader against what is there."""
    source = reader.source
    names = addresses.of(source)
    keep_foreign = source.overwrite is Overwrite.OURS
    refused: list[tuple[Place, InputError]] = []
    for clip in reader.clips():
        try:
            if source.files:
                found.claim(clip)
            item = planner.state_of(clip, names, keep_foreign=keep_foreign)
        except InputError as problem:
            refused.append((clip.at, problem))
            continue
        found.states[item.state] += 1
        if matters(item):
            found.planned.append(item)
    if refused:
        # In one scan: a template that is wrong refuses every clip of a file.
        lines = reader.document.lines_of({place for place, _ in refused})
        found.trouble.problems.extend(
            InputError(each.message, file=each.file, entry=each.entry, line=lines.get(place))
            for place, each in refused
        )
    read = reader.finished()
    found.catalogues.append(read)
    found.trouble.problems.extend(read.problems)


class _Addresses:
    """The names of assets and URLs, as each source wants them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[tuple[str, str], plan.Addresses] = {}
        for source in (*settings.sources, *BUILT_IN.values()):
            self.of(source)

    def of(self, source: Source) -> plan.Addresses:
        settings = self._settings
        names = (source.asset or settings.asset, source.url or settings.url)
        if names not in self._made:
            try:
                self._made[names] = plan.Addresses(*names, settings.sound.format)
            except UsageError as problem:
                if source.asset is None and source.url is None:
                    raise
                raise UsageError(f"{source.name}: {problem}") from problem
        return self._made[names]

    def folders(self) -> list[str]:
        """The folders below the output folder in which assets can lie."""
        return sorted({folder for names in self._made.values() for folder in names.folders()})


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from looking again and again at what grows here, and stays."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _ledger(settings: Settings) -> ledger.Known:
    path = Path(settings.output) / ledger.NAME
    try:
        return ledger.read(path.read_bytes(), file=str(path))
    except (FileNotFoundError, NotADirectoryError):
        return ledger.Known()
    except OSError as exc:
        raise InputError(f"cannot be read: {exc.strerror}", file=str(path)) from exc


def voice(settings: Settings, provider: Provider) -> Voice:
    """The voice that was asked for.

    Raises:
        UsageError: the provider has none of that name.
    """
    info = voice_info(settings, provider)
    return Voice(
        provider=provider.name, name=info.name, language=info.language, speed=settings.speed
    )


def voice_info(settings: Settings, provider: Provider) -> VoiceInfo:
    """What the provider says about the voice that was asked for."""
    voices = provider.voices()
    for info in voices:
        if settings.voice in (None, info.name):
            return info
    names = [info.name for info in voices]
    near = difflib.get_close_matches(settings.voice or "", names, n=3, cutoff=0.0)
    rest = [name for name in names if name not in near]
    more = f" and {len(names) - _NAMED} more: tts-assets voices" if len(names) > _NAMED else ""
    raise UsageError(
        f"{provider.name} has no voice {settings.voice!r}; it has: "
        f"{', '.join((near + rest)[:_NAMED])}{more}"
    )


def _check_voices(settings: Settings, provider: Provider) -> None:
    """Every voice that a source gives to a speaker must be there."""
    for source in settings.sources:
        for name in source.voices.values():
            try:
                voice_info(replace(settings, voice=name), provider)
            except UsageError as problem:
                raise UsageError(f"{source.name}: voices: {problem}") from problem
