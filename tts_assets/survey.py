"""What stands where: the catalogues, the assets that exist, and the plan that follows."""

from __future__ import annotations

import difflib
import gc
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets import catalogue, ledger, plan
from tts_assets.domain import Kind, Voice
from tts_assets.errors import InputError, UsageError
from tts_assets.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tts_assets.catalogue import Catalogue
    from tts_assets.providers import Provider, VoiceInfo
    from tts_assets.settings import Settings

#: Folders in which nobody keeps catalogues.
_SKIPPED = {"node_modules", "__pycache__"}


@dataclass(slots=True, kw_only=True)
class Survey:
    """Everything known before a run.

    Args:
        catalogues: those of the wanted kinds.
        problems: files and entries that cannot be used.
        notes: files that were passed over, and why.
        states: how many clips stand how.
        planned: the clips that matter, in the order of the files.
        untidy: a killed run left something to clear away in the output folder.
    """

    catalogues: list[Catalogue] = field(default_factory=list)
    problems: list[InputError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    states: dict[plan.State, int] = field(default_factory=lambda: dict.fromkeys(plan.State, 0))
    planned: list[plan.Planned] = field(default_factory=list)
    untidy: bool = False


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
    with _uncollected():
        planner = plan.Planner(
            recipes=plan.Recipes(
                voice=voice(settings, provider), engine=provider.engine(), sound=settings.sound
            ),
            addresses=plan.Addresses(settings.url, settings.sound.format),
            present=storage.sizes([kind.value for kind in settings.kinds or Kind]),
            recorded=known.sizes,
            force=settings.force,
        )
        for path, named in _files(settings):
            reader = _reader(path, settings, found, named=named)
            if reader is not None:
                for item in map(planner.state_of, reader.clips()):
                    found.states[item.state] += 1
                    if matters(item):
                        found.planned.append(item)
                _finish(reader, found)
    return found


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
    raise UsageError(
        f"{provider.name} has no voice {settings.voice!r}; it has: {', '.join(near + rest)}"
    )


def _files(settings: Settings) -> Iterator[tuple[str, bool]]:
    """Every catalogue file once, and whether it was named itself rather than found in a folder."""
    seen: set[str] = set()
    output = os.path.realpath(settings.output)
    for given in settings.paths:
        path = Path(given)
        if not path.exists():
            raise UsageError(f"{given}: there is no such file or folder")
        for file in _in_folder(path, output) if path.is_dir() else [str(path)]:
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file, not path.is_dir()


def _in_folder(folder: Path, output: str) -> Iterator[str]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and os.path.realpath(Path(root, name)) != output
        )
        yield from (
            str(Path(root, name))
            for name in sorted(names)
            if name.endswith(".json") and not name.startswith(".")
        )


def _reader(
    path: str, settings: Settings, found: Survey, *, named: bool
) -> catalogue.Reader | None:
    """A reader of the catalogue, if it is one of a wanted kind; what is wrong goes into ``found``."""
    kind = catalogue.kind_of(path, None)
    if kind is not None and settings.kinds and kind not in settings.kinds:
        return None
    try:
        document = catalogue.parse(_bytes(path), file=path)
        kind = kind or catalogue.kind_of(path, document.root)
        if kind is None:
            _pass_over(path, found, named=named)
            return None
        if settings.kinds and kind not in settings.kinds:
            return None
        return catalogue.Reader(document, kind)
    except InputError as problem:
        if named or kind is not None:
            found.problems.append(problem)
        else:
            found.notes.append(f"{problem}: passed over")
        return None


def _finish(reader: catalogue.Reader, found: Survey) -> None:
    read = reader.finished()
    found.catalogues.append(read)
    found.problems.extend(read.problems)


def _pass_over(path: str, found: Survey, *, named: bool) -> None:
    """A file that cannot be told to be a catalogue is a problem only if it was asked for by name."""
    message = (
        "neither its name nor its entries tell what it teaches: put one of "
        f"{', '.join(Kind)} into its name or its folder's"
    )
    if named:
        found.problems.append(InputError(message, file=path))
    else:
        found.notes.append(f"{path}: passed over, {message}")


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as exc:
        raise InputError(f"cannot be read: {exc.strerror}", file=path) from exc
