"""The command `init`: looks at files, and writes how they are read into a `tts-assets.toml`."""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, takewhile
from pathlib import Path

import typer

from tts_assets.catalogues.detect.proposal import Proposal, propose_sources
from tts_assets.catalogues.detect.proposal_toml import (
    SourcePreview,
    format_quantity,
    format_toml,
    preview_sources,
)
from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.command_output import CommandOutput
from tts_assets.cli.output.console_text import escape_unsafe, shorten_text
from tts_assets.config.catalogue_sources import is_built_in
from tts_assets.config.command_options import is_report
from tts_assets.config.load_settings import FILE, find
from tts_assets.config.settings import OVERRIDES, OutputFormat, Settings
from tts_assets.config.source_paths import format_steps
from tts_assets.errors import UsageError, format_command
from tts_assets.model import Clip
from tts_assets.store import ledger_line
from tts_assets.store.atomic_files import sweep, write_whole

_CATALOGUE_SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt")

#: Folders in which nobody keeps what they write themselves.
_SKIPPED_FOLDERS = {
    "node_modules",
    "__pycache__",
    "site-packages",
    "venv",
    "env",
    "dist",
    "build",
    "out",
    "target",
    "vendor",
    "coverage",
}

#: How many first clips are shown, and how many of the notes and the problems.
_MAX_CLIPS_SHOWN = 10
_MAX_NOTES_SHOWN = 20


def run_init(paths: Sequence[str], *, force: bool, dry_run: bool) -> ExitCode:
    """Propose a configuration, show the first clips that it makes, and write it.

    Where settings are in effect already, its tables are shown and nothing is written.

    Args:
        paths: files and folders to look at; none for the working folder.
        force: write over a file that is there.
        dry_run: only show the configuration.

    Raises:
        UsageError: a path is not there, or the file cannot be written.
    """
    target = Path(FILE)
    here = Path.cwd() / target
    settings = None if force else here if here.exists() else find(Path.cwd())
    show = CommandOutput(OutputFormat.TEXT)
    passed: dict[str, str] = {}
    proposal = propose_sources(
        _iter_catalogue_files(paths or ["."], passed), only_tables=settings is not None
    )
    found = preview_sources(
        [each.source for each in proposal.drafts], proposal.paths, most=_MAX_CLIPS_SHOWN
    )
    _print_files(proposal, found, show)
    _print_skipped({**passed, **proposal.passed}, proposal.foreign, show)
    if not found.total.clips:
        show.print_error(
            "no catalogues were found, and nothing was written; name the files or folders that "
            f"contain your entries: {format_command('init', 'PATH')}"
        )
        return ExitCode.NOTHING
    _print_clips(found, show)
    if dry_run:
        show.print_lines(map(escape_unsafe, format_toml(proposal, found).splitlines()))
        show.print_error("dry run: nothing was written")
        return ExitCode.OK
    if settings is not None and not _may_overwrite(settings, target):
        show.print_error(_show_tables(settings, format_toml(proposal, found), show))
        return ExitCode.OK
    _write_config(target, format_toml(proposal, found))
    show.print_line(
        f"wrote {FILE}; next: check it, then run `tts-assets lint` and `tts-assets generate`"
    )
    return ExitCode.OK


def _may_overwrite(settings: Path, target: Path) -> bool:
    """Whether somebody who is there to be asked wants the file to be replaced."""
    there = settings == Path.cwd() / target and sys.stdin.isatty()
    return there and typer.confirm(f"{FILE} already exists. Overwrite it?")


def _show_tables(settings: Path, tables: str, show: CommandOutput) -> str:
    """Print the tables, and tell where to put them: a second file would hide the settings."""
    where = "into it"
    if settings.name == "pyproject.toml":
        where = "under its [tool.tts-assets]"
        tables = re.sub(
            r"^((?:# )?\[\[)(?=source)", r"\1tool.tts-assets.", tables, flags=re.MULTILINE
        )
    if settings.parent != Path.cwd():
        where += ", with `files` as seen from its folder"
    show.print_lines(map(escape_unsafe, tables.splitlines()))
    return (
        f"note: {_to_relative_name(settings)} already contains settings, so nothing was "
        f"written: put the tables printed above {where}, or replace it by a {FILE} with "
        "--force"
    )


def _write_config(target: Path, text: str) -> None:
    try:
        sweep(target.parent)
        write_whole(target, text.encode())
    except OSError as exc:
        raise UsageError(f"{target} cannot be written: {exc.strerror}") from exc


def _iter_catalogue_files(
    paths: Sequence[str], passed: dict[str, str]
) -> Iterator[tuple[str, bytes]]:
    """Every file that may be a catalogue, under the name that a configuration gives it.

    Those that cannot be read go into ``passed``, with the reason.
    """
    for given in paths:
        if not os.path.exists(given):  # noqa: PTH110 - Path.exists() raises for long names
            raise UsageError(f"{given}: there is no such file or folder")
    output = Path(Settings().output).resolve()
    seen: set[Path] = set()
    for file in chain.from_iterable(map(_walk_files, paths)):
        name, real = _to_relative_name(file), Path(os.path.realpath(file))
        if real in seen:
            continue
        seen.add(real)
        try:
            if reason := _find_skip_reason(name, real, output):
                passed[name] = reason
            else:
                yield name, file.read_bytes()
        except OSError as exc:
            passed[name] = f"cannot be read: {exc.strerror}"


def _find_skip_reason(name: str, real: Path, output: Path) -> str | None:
    """Why a file is not even opened; None if it is."""
    if name != name.encode(errors="replace").decode():
        return "its name is not UTF-8, so a configuration cannot name it"
    if real.name == OVERRIDES:
        return "it contains overrides"
    if real.is_relative_to(output):
        return f"it is in {output.name}, the folder for the clips: move it, or set `output`"
    return None


def _walk_files(given: str) -> Iterator[Path]:
    path = Path(given)
    if path.is_file():
        yield path
        return
    for root, folders, names in os.walk(path):
        folders[:] = (
            []
            if ledger_line.LEDGER_NAME in names
            else sorted(filter(_may_hold_catalogues, folders))
        )
        if ledger_line.LEDGER_NAME in names:
            # An output folder of ours.
            continue
        for name in sorted(names):
            file = Path(root, name)
            if not name.lower().endswith(_CATALOGUE_SUFFIXES) or name.startswith("."):
                continue
            # A pipe of such a name would never end.
            if file.is_file() and not is_report(str(file)):
                yield file


def _may_hold_catalogues(folder: str) -> bool:
    return not folder.startswith(".") and folder not in _SKIPPED_FOLDERS


def _to_relative_name(file: Path) -> str:
    """The path seen from the working folder, where it lies in it."""
    here = Path.cwd()
    path = Path(os.path.normpath(here / file))
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def _print_files(proposal: Proposal, found: SourcePreview, show: CommandOutput) -> None:
    """What was recognised."""
    if proposal.paths:
        for file, kind in proposal.built_in.items():
            show.print_line(f"{file}: {kind}, a built-in shape")
    for draft in proposal.drafts:
        source = draft.source
        count = found.sources.get(source.name)
        what = "a built-in shape" if is_built_in(source) else f"records at {source.records.text}"
        show.print_line(
            f"{', '.join(source.files)}: {source.kind}, {what}, "
            f"{format_quantity(found.entries.get(source.name, 0), 'entry')}, "
            f"{format_quantity(count.clips if count else 0, 'clip')}"
        )


def _print_skipped(passed: Mapping[str, str], foreign: int, show: CommandOutput) -> None:
    """What was passed over, and why."""
    for file, reason in list(passed.items())[:_MAX_NOTES_SHOWN]:
        show.print_error(f"note: {file}: skipped: {reason}")
    if len(passed) > _MAX_NOTES_SHOWN:
        show.print_error(
            f"note: {format_quantity(len(passed) - _MAX_NOTES_SHOWN, 'more file')} skipped"
        )
    if foreign:
        show.print_error(f"note: {format_quantity(foreign, 'file')} without Japanese skipped")


def _print_clips(found: SourcePreview, show: CommandOutput) -> None:
    """Some clips of every sort, how many there are, and what cannot be used."""
    for clip in _choose_examples(found):
        form = clip.form
        reading = (
            f" ({shorten_text(form.reading)})" if form.reading and form.reading != form.text else ""
        )
        show.print_line(
            f"  {clip.kind} {shorten_text(clip.entry)} {clip.part} {shorten_text(form.text)}{reading} "
            f"-> {_describe_url_path(clip)}"
        )
    urls = f"; {found.total.urls:,} already have a URL" if found.total.urls else ""
    silent = f"; {format_quantity(found.unspoken, 'text')} left out" if found.unspoken else ""
    show.print_line(f"{format_quantity(found.total.clips, 'clip')} in all{urls}{silent}")
    for problem in found.problems[:_MAX_CLIPS_SHOWN]:
        show.print_line(f"problem: {problem}")
    if len(found.problems) > _MAX_CLIPS_SHOWN:
        show.print_line(
            f"... and {format_quantity(len(found.problems) - _MAX_CLIPS_SHOWN, 'more problem')}"
        )


def _choose_examples(found: SourcePreview) -> list[Clip]:
    """The first clip of every rule, and as many others of each source as there is room for."""
    heads = [count.first for count in found.rules.values() if count.first is not None][
        :_MAX_CLIPS_SHOWN
    ]
    room = _MAX_CLIPS_SHOWN - len(heads)
    rows = [[clip for clip in row if clip not in heads] for row in found.first.values()]
    while room > 0 and any(rows):
        for row in rows:
            if row and room > 0:
                heads.append(row.pop(0))
                room -= 1
    order = {name: number for number, name in enumerate(found.first)}
    return sorted(heads, key=lambda clip: order[clip.source])


def _describe_url_path(clip: Clip) -> str:
    """Where its URL goes, from what it is said of."""
    if clip.place is None:
        return "nowhere"
    pairs = zip(clip.place, clip.at, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return format_steps(clip.place[same:])
