"""The commands `models list`, `fetch`, `path` and `remove`, with the progress of downloads."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tts_assets.cli.exit_code import ExitCode, run_until_signal
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.console_text import (
    LinePrinter,
    escape_unsafe,
    format_megabytes,
)
from tts_assets.cli.output.progress_view import ProgressFigures, open_progress_view
from tts_assets.config.settings import OutputFormat, Settings
from tts_assets.engines.http.http_client import redact_url
from tts_assets.engines.models.download import download_models, measure_models
from tts_assets.engines.models.known_models import (
    KNOWN,
    Advanced,
    Event,
    ModelReady,
    Quarantined,
    Retrying,
    SpeechModel,
    WaitingForDownload,
    choose_models,
)
from tts_assets.engines.models.model_cache import ModelCache, ModelState
from tts_assets.engines.models.model_server import build_file_url
from tts_assets.errors import UsageError, format_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.console import Console

    from tts_assets.cli.output.progress_view import ProgressView
    from tts_assets.config.settings import Progress


def run_models_list(settings: Settings) -> ExitCode:
    """List every known model and its state on this machine."""
    cache = ModelCache.from_settings(settings.models)
    show = CommandOutput(settings.output_format)
    try:
        build_file_url(KNOWN[0].files[0], settings.models.mirror)
    except UsageError as exc:
        # The list does not need the mirror.
        show.print_error(f"{exc}; the listed addresses are those of the publishers")
        settings = replace(settings, models=replace(settings.models, mirror=None))
    states = [(model, cache.find_state(model)) for model in cache.list_models()]
    if settings.output_format is OutputFormat.JSON:
        show.print_json([_to_model_data(model, state, cache, settings) for model, state in states])
        return ExitCode.OK
    for source in dict.fromkeys(_find_source_url(model, settings) for model, _ in states):
        show.print_line(f"from {source}")
        for model, state in states:
            if _find_source_url(model, settings) == source:
                # No table: it would fold names, which could not be copied then.
                size = format_megabytes(model.total_bytes)
                show.print_line(f"  {model.name:<27} {state.value:<12} {size:>12}  {model.licence}")
    return ExitCode.OK


def run_models_fetch(
    settings: Settings, names: list[str], *, yes: bool, options: Mapping[str, str | None]
) -> ExitCode:
    """Download missing models after consent.

    Args:
        settings: the settings.
        names: models, voices, groups.
        yes: consent was given.
        options: the other options as typed, to print the command that consents.
    """
    models = choose_models(names)
    cache = ModelCache.from_settings(settings.models)
    show = CommandOutput(settings.output_format)
    missing = [model for model in models if any(map(cache.find_fault, model.files))]
    if missing and not settings.models.offline:
        can_ask = can_ask_user()
        if yes or can_ask:
            missing = [*run_until_signal(partial(measure_models, missing, settings.models))]
        _announce_downloads(missing, cache, settings, show)
        if not yes and not can_ask:
            raise UsageError(
                "nothing is downloaded without consent; type: "
                f"{_format_consent_command(names, options)}"
            )
        if not yes and not typer.confirm("Download?", default=True, err=True):
            show.print_error("nothing was downloaded")
            return ExitCode.USAGE
    _fetch_models(models, cache, settings, show)
    return ExitCode.OK


def run_models_path(settings: Settings, name: str | None) -> ExitCode:
    """Print the path of the model cache, or of a model in it."""
    cache = ModelCache.from_settings(settings.models)
    show = CommandOutput(OutputFormat.TEXT)
    if name is None:
        # The cache need not exist.
        show.print_line(str(cache.folder))
        return ExitCode.OK
    models = choose_models([name])
    for model in models:
        show.print_line(str(cache.file_path(model.files[0])))
    return ExitCode.OK if all(map(cache.has_model, models)) else ExitCode.FINDINGS


def run_models_remove(settings: Settings, names: list[str]) -> ExitCode:
    """Delete models and their partial files."""
    cache = ModelCache.from_settings(settings.models)
    show = CommandOutput(OutputFormat.TEXT)
    announced: set[str] = set()
    for model in choose_models(names):
        freed = cache.remove_model(model, partial(_show_wait, show, model.name, announced))
        outcome = f"removed, {format_megabytes(freed)} freed" if freed else "it was not installed"
        show.print_line(f"{model.name}: {outcome}")
    return ExitCode.OK


def _show_wait(show: CommandOutput, name: str, announced: set[str]) -> None:
    if name not in announced:
        announced.add(name)
        show.print_error(f"another run is downloading {name}; waiting for it")


def _to_model_data(
    model: SpeechModel, state: ModelState, cache: ModelCache, settings: Settings
) -> dict[str, str | int | bool | None]:
    return {
        "model": model.name,
        "provider": model.provider,
        "about": model.about,
        "bytes": model.total_bytes,
        "state": state.value,
        "licence": model.licence,
        "from": _find_source_url(model, settings),
        "path": str(cache.file_path(model.files[0])),
    }


def _find_source_url(model: SpeechModel, settings: Settings) -> str:
    """The URL of the folder with a model's files."""
    return redact_url(build_file_url(model.files[0], settings.models.mirror)).rpartition("/")[0]


def _announce_downloads(
    models: list[SpeechModel], cache: ModelCache, settings: Settings, show: CommandOutput
) -> None:
    """Print the models to download, with size, source, licence and target."""
    for model in models:
        show.print_error(f"{model.name}: {format_megabytes(model.total_bytes)}, {model.about}")
        show.print_error(f"  from     {_find_source_url(model, settings)}")
        show.print_error(f"  licence  {model.licence}")
        show.print_error(f"  to       {cache.file_path(model.files[0]).parent}")


def _format_consent_command(names: list[str], options: Mapping[str, str | None]) -> str:
    """The same command with --yes; a mirror URL with a password becomes MIRROR."""
    words = ["models", "fetch", *names]
    for option, value in options.items():
        if value is not None:
            words += [
                option,
                value if redact_url(value) == value or "://" not in value else "MIRROR",
            ]
    return format_command(*words, "--yes")


def can_ask_user() -> bool:
    """Whether a user can answer a question; never on a CI machine, even with a terminal."""
    is_build = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return not is_build and sys.stdin.isatty() and sys.stderr.isatty()


def _fetch_models(
    models: Sequence[SpeechModel], cache: ModelCache, settings: Settings, show: CommandOutput
) -> None:
    ready: list[ModelReady] = []
    with show_download_progress(settings.progress, show.errors) as show_progress:

        def handle_event(event: Event) -> None:
            if isinstance(event, ModelReady):
                ready.append(event)
            show_progress(event)

        run_until_signal(
            partial(download_models, models, cache, settings.models, on_event=handle_event)
        )
    for each in ready:
        show.print_line(
            f"{each.file}: {'fetched' if each.fetched else 'here already'}: {each.path}"
        )
        if each.recorded is not None:
            show.print_error(
                f"note: {each.file} has no pinned SHA-256: {each.recorded} was recorded on "
                f"this first download, in {Path(f'{each.path}.sha256')}"
            )


# Progress of downloads on standard error.


@contextmanager
def show_download_progress(
    progress: Progress, console: Console
) -> Iterator[Callable[[Event], None]]:
    """A callback that shows the progress of downloads.

    Args:
        progress: bar, lines, none, or auto: a bar on a terminal, else lines.
        console: the console on standard error.
    """
    with open_progress_view(progress, console) as view:
        yield (lambda _: None) if view is None else _DownloadReporter(console, view)


class _DownloadReporter(LinePrinter):
    """Prints events and the progress of each download."""

    def __init__(self, console: Console, view: ProgressView) -> None:
        super().__init__(console)
        self._view = view
        #: By file, the time of its first event, and the bytes already downloaded by an earlier run.
        self._starts: dict[str, tuple[float, int]] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case Advanced():
                self._show_advance(event)
            case WaitingForDownload(file=file):
                self.print_once(f"another run is using {file}; waiting for it")
            case Retrying(file=file, reason=reason, seconds=seconds, anew=anew):
                action = "starting over" if anew else "trying again"
                self.print_line(f"{file}: {reason}; {action} in {seconds:g} s")
            case Quarantined(file=file, path=path, reason=reason):
                self.print_line(f"{file}: {reason}: not used, kept as {path}")
            case _:
                pass

    def _show_advance(self, event: Advanced) -> None:
        now = time.monotonic()
        started_at, before = self._starts.setdefault(event.file, (now, event.done))
        bytes_per_second = (event.done - before) / max(now - started_at, 1e-6)
        done = format_megabytes(event.done)
        share = event.done / event.total if event.total else 0.0
        figures = ProgressFigures(
            count=f"{done} of {format_megabytes(event.total)}" if event.total else done,
            share=share,
            is_last=event.done == event.total,
            details=(f"{format_megabytes(int(bytes_per_second))}/s",) if bytes_per_second else (),
            seconds_left=(event.total - event.done) / bytes_per_second
            if bytes_per_second and event.total and share < 1
            else None,
        )
        self._view.show(figures, escape_unsafe(event.file))
