"""The commands `models list`, `fetch`, `path` and `remove`: what engines speak with, got and given up."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import typer

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.downloads import downloads, megabytes
from tts_assets.cli.output.show import Show
from tts_assets.cli.signals import run_until_signal
from tts_assets.config.model import OutputFormat, Settings
from tts_assets.engines.models.address import address
from tts_assets.engines.models.events import Event, Ready
from tts_assets.engines.models.fetch import fetch as download
from tts_assets.engines.models.fetch import measured
from tts_assets.engines.models.known import KNOWN, Model, chosen
from tts_assets.engines.models.store import State, Store
from tts_assets.engines.web import shown
from tts_assets.errors import UsageError


def list_models(settings: Settings) -> ExitCode:
    """Every known model, and whether it is here."""
    store = Store.of(settings.models)
    show = Show(settings.output_format)
    try:
        address(KNOWN[0].files[0], settings.models.mirror)
    except UsageError as exc:
        # What is here can be told without it.
        show.error(f"{exc}; listed are the addresses of the publishers")
        settings = replace(settings, models=replace(settings.models, mirror=None))
    found = [(model, store.state(model)) for model in store.models()]
    if settings.output_format is OutputFormat.JSON:
        show.data([_described(model, state, store, settings) for model, state in found])
        return ExitCode.OK
    for source in dict.fromkeys(_source(model, settings) for model, _ in found):
        show.line(f"from {source}")
        for model, state in found:
            if _source(model, settings) == source:
                # No table: a name that is folded cannot be copied.
                size = megabytes(model.bytes)
                show.line(f"  {model.name:<27} {state.value:<12} {size:>12}  {model.licence}")
    return ExitCode.OK


def fetch(
    settings: Settings, names: list[str], *, yes: bool, given: Mapping[str, str | None]
) -> ExitCode:
    """Download what is not here, once somebody has agreed to it.

    Args:
        settings: of the run.
        names: models, voices, groups.
        yes: it is agreed to.
        given: the other options as they were typed, for the command that agrees.
    """
    models = chosen(names)
    store = Store.of(settings.models)
    show = Show(settings.output_format)
    wanting = [model for model in models if any(map(store.fault, model.files))]
    if wanting and not settings.models.offline:
        can_ask = _can_ask()
        if yes or can_ask:
            wanting = [*run_until_signal(partial(measured, wanting, settings.models))]
        _announce(wanting, store, settings, show)
        if not yes and not can_ask:
            raise UsageError(
                "nothing is downloaded before somebody agrees; to agree, type: "
                f"{_agreeing(names, given)}"
            )
        if not yes and not typer.confirm("Download?", default=True, err=True):
            show.error("nothing was downloaded")
            return ExitCode.USAGE
    _fetch(models, store, settings, show)
    return ExitCode.OK


def path(settings: Settings, name: str | None) -> ExitCode:
    """Where the store, or a model in it, lies."""
    store = Store.of(settings.models)
    show = Show(OutputFormat.TEXT)
    if name is None:
        # Where models would lie is known before there is any.
        show.line(str(store.folder))
        return ExitCode.OK
    models = chosen([name])
    for model in models:
        show.line(str(store.path(model.files[0])))
    return ExitCode.OK if all(map(store.has, models)) else ExitCode.FINDINGS


def remove(settings: Settings, names: list[str]) -> ExitCode:
    """Delete models, and what unfinished downloads of them left."""
    store = Store.of(settings.models)
    show = Show(OutputFormat.TEXT)
    told: set[str] = set()
    for model in chosen(names):
        freed = store.remove(model, partial(_wait, show, model.name, told))
        what = f"removed, {megabytes(freed)} freed" if freed else "nothing of it was here"
        show.line(f"{model.name}: {what}")
    return ExitCode.OK


def _wait(show: Show, name: str, told: set[str]) -> None:
    if name not in told:
        told.add(name)
        show.error(f"another run is fetching {name}: waiting for it to end")


def _described(
    model: Model, state: State, store: Store, settings: Settings
) -> dict[str, str | int | bool | None]:
    return {
        "model": model.name,
        "provider": model.provider,
        "about": model.about,
        "bytes": model.bytes,
        "state": state.value,
        "licence": model.licence,
        "from": _source(model, settings),
        "path": str(store.path(model.files[0])),
    }


def _source(model: Model, settings: Settings) -> str:
    """The folder that a model's files are fetched from."""
    return shown(address(model.files[0], settings.models.mirror)).rpartition("/")[0]


def _announce(models: list[Model], store: Store, settings: Settings, show: Show) -> None:
    """What would be downloaded, from where and under which licence."""
    for model in models:
        show.error(f"{model.name}: {megabytes(model.bytes)}, {model.about}")
        show.error(f"  from     {_source(model, settings)}")
        show.error(f"  licence  {model.licence}")
        show.error(f"  to       {store.path(model.files[0]).parent}")


def _agreeing(names: list[str], given: Mapping[str, str | None]) -> str:
    """The same command with the word that agrees; logs of build machines get no passwords."""
    words = ["tts-assets", "models", "fetch", *names]
    for option, value in given.items():
        if value is not None:
            words += [option, value if shown(value) == value or "://" not in value else "MIRROR"]
    return shlex.join([*words, "--yes"])


def _can_ask() -> bool:
    """Whether somebody is there to answer; a build machine is nobody, with a terminal or not."""
    is_build = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return not is_build and sys.stdin.isatty() and sys.stderr.isatty()


def _fetch(models: Sequence[Model], store: Store, settings: Settings, show: Show) -> None:
    ready: list[Ready] = []
    with downloads(settings.progress, show.errors) as tell:

        def told(event: Event) -> None:
            if isinstance(event, Ready):
                ready.append(event)
            tell(event)

        run_until_signal(partial(download, models, store, settings.models, tell=told))
    for each in ready:
        show.line(f"{each.file}: {'fetched' if each.fetched else 'here already'}: {each.path}")
        if each.recorded is not None:
            show.error(
                f"note: nobody pins the SHA-256 of {each.file}: {each.recorded} was trusted now, "
                f"and is recorded in {Path(f'{each.path}.sha256')} for all later downloads"
            )
