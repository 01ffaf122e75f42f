"""The command `init`: inspects files, and writes a `tts-assets.toml` that says how to read them."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, takewhile
from pathlib import Path

import typer

from tts_assets.catalogues.catalogue_files import explain_missing_path
from tts_assets.catalogues.detect.proposal import Proposal, propose_sources
from tts_assets.catalogues.detect.proposal_toml import (
    SourcePreview,
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
from tts_assets.errors import UsageError, format_command, format_count
from tts_assets.model import Clip
from tts_assets.store import ledger_line
from tts_assets.store.atomic_files import atomic_write, sweep

_CATALOGUE_SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt")

#: Folders of dependencies and build outputs.
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

#: Clips and problems to show, and notes.
_MAX_CLIPS_SHOWN = 10
_MAX_NOTES_SHOWN = 20


def run_init(paths: Sequence[str], *, force: bool, dry_run: bool) -> ExitCode:
    """Propose a configuration, show its first clips, and write it.

    If a configuration already applies, print the proposed tables and write nothing.

    Args:
        paths: files and folders to inspect; empty for the working folder.
        force: overwrite an existing file.
        dry_run: only show the configuration.

    Raises:
        UsageError: a path does not exist, or the file cannot be written.
    """
    target = Path(FILE)
    existing = Path.cwd() / target
    settings = None if force else existing if existing.exists() else find(Path.cwd())
    show = CommandOutput(OutputFormat.TEXT)
    skipped: dict[str, str] = {}
    proposal = propose_sources(
        _iter_catalogue_files(paths or ["."], skipped), only_tables=settings is not None
    )
    preview = preview_sources(
        [each.source for each in proposal.drafts], proposal.paths, most=_MAX_CLIPS_SHOWN
    )
    _print_files(proposal, preview, show)
    _print_skipped({**skipped, **proposal.passed}, proposal.foreign, show)
    if preview.total.clips:
        _print_clips(preview, show)
        _print_unspoken_fields(proposal, show)
    _print_problems(preview, show)
    if not preview.total.clips:
        show.print_error(
            "no clips were found, and nothing was written; correct the problems"
            if preview.problems
            else "no catalogues were found, and nothing was written; name the files or folders that "
            f"contain your entries: {format_command('init', 'PATH')}"
        )
        return ExitCode.NOTHING
    if dry_run:
        show.print_lines(map(escape_unsafe, format_toml(proposal, preview).splitlines()))
        show.print_error("dry run: nothing was written")
        return ExitCode.OK
    if settings is not None and not _confirm_overwrite(settings, target):
        show.print_error(_show_tables(settings, format_toml(proposal, preview), show))
        return ExitCode.OK
    _write_config(target, format_toml(proposal, preview))
    show.print_line(
        f"wrote {FILE}; next: check it, then run `tts-assets lint` and `tts-assets generate`"
    )
    return ExitCode.OK


def _confirm_overwrite(settings: Path, target: Path) -> bool:
    """Ask on a terminal whether to replace the file; False without a terminal."""
    can_ask = settings == Path.cwd() / target and sys.stdin.isatty()
    return can_ask and typer.confirm(f"{FILE} already exists. Overwrite it?")


def _show_tables(settings: Path, tables: str, show: CommandOutput) -> str:
    """Print the tables and return a note that says where to put them.

    A second file would hide the existing settings.
    """
    where = "into it"
    if settings.name == "pyproject.toml":
        where = "under its [tool.tts-assets]"
        tables = re.sub(
            r"^((?:# )?\[\[)(?=source)", r"\1tool.tts-assets.", tables, flags=re.MULTILINE
        )
    if settings.parent != Path.cwd():
        where += ", with `files` relative to its folder"
    show.print_lines(map(escape_unsafe, tables.splitlines()))
    return (
        f"note: {_to_relative_name(settings)} already contains settings, so nothing was "
        f"written: put the tables printed above {where}, or replace it by a {FILE} with "
        "--force"
    )


def _write_config(target: Path, text: str) -> None:
    try:
        sweep(target.parent)
        atomic_write(target, text.encode())
    except OSError as exc:
        raise UsageError(f"{target} cannot be written: {exc.strerror}") from exc


def _iter_catalogue_files(
    paths: Sequence[str], skipped: dict[str, str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the name, as in a configuration, and bytes of every file that may be a catalogue.

    Skipped files go into ``skipped``, with the reason.
    """
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110 - Path.exists() raises for long names
            raise UsageError(f"{path}: {explain_missing_path(Path(path))}")
    output = Path(Settings().output).resolve()
    seen: set[Path] = set()

    def skip_folder(error: OSError) -> None:
        name = _to_relative_name(Path(error.filename))
        skipped[name] = f"the folder cannot be listed: {error.strerror}"

    for file in chain.from_iterable(_walk_files(path, skip_folder) for path in paths):
        name, real = _to_relative_name(file), Path(os.path.realpath(file))
        if real in seen:
            continue
        seen.add(real)
        try:
            if reason := _find_skip_reason(name, real, output):
                skipped[name] = reason
            else:
                yield name, file.read_bytes()
        except OSError as exc:
            skipped[name] = f"cannot be read: {exc.strerror}"


def _find_skip_reason(name: str, real: Path, output: Path) -> str | None:
    """The reason to skip a file without reading it; None to read it."""
    if name != name.encode(errors="replace").decode():
        return "its name is not UTF-8, so a configuration cannot name it"
    if real.name == OVERRIDES:
        return "it contains overrides"
    if real.is_relative_to(output):
        return f"it is in {output.name}, the folder for the clips: move it, or set `output`"
    return None


def _walk_files(start: str, on_error: Callable[[OSError], None] | None = None) -> Iterator[Path]:
    path = Path(start)
    if path.is_file():
        yield path
        return
    for root, folders, names in os.walk(path, onerror=on_error):
        folders[:] = (
            []
            if ledger_line.LEDGER_NAME in names
            else sorted(filter(_may_hold_catalogues, folders))
        )
        if ledger_line.LEDGER_NAME in names:
            # An output folder.
            continue
        for name in sorted(names):
            file = Path(root, name)
            if not name.lower().endswith(_CATALOGUE_SUFFIXES) or name.startswith("."):
                continue
            # Skip pipes: reading one would never end.
            if file.is_file() and not is_report(str(file)):
                yield file


def _may_hold_catalogues(folder: str) -> bool:
    return not folder.startswith(".") and folder not in _SKIPPED_FOLDERS


def _to_relative_name(file: Path) -> str:
    """The path relative to the working folder if it is inside, else absolute."""
    folder = Path.cwd()
    path = Path(os.path.normpath(folder / file))
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def _print_files(proposal: Proposal, preview: SourcePreview, show: CommandOutput) -> None:
    """Print the recognized files."""
    if proposal.paths:
        for file, kind in proposal.built_in.items():
            show.print_line(f"{file}: {kind}, a built-in shape")
    for draft in proposal.drafts:
        source = draft.source
        count = preview.sources.get(source.name)
        shape = "a built-in shape" if is_built_in(source) else f"records at {source.records.text}"
        show.print_line(
            f"{', '.join(source.files)}: {source.kind}, {shape}, "
            f"{format_count(preview.entries.get(source.name, 0), 'entry', 'entries')}, "
            f"{format_count(count.clips if count else 0, 'clip')}"
        )


def _print_skipped(skipped: Mapping[str, str], foreign: int, show: CommandOutput) -> None:
    """Print the skipped files and the reasons."""
    for file, reason in list(skipped.items())[:_MAX_NOTES_SHOWN]:
        show.print_error(f"note: {file}: skipped: {reason}")
    if len(skipped) > _MAX_NOTES_SHOWN:
        show.print_error(
            f"note: {format_count(len(skipped) - _MAX_NOTES_SHOWN, 'more file')} skipped"
        )
    if foreign:
        show.print_error(f"note: {format_count(foreign, 'file')} without Japanese skipped")


def _print_clips(preview: SourcePreview, show: CommandOutput) -> None:
    """Print example clips and the totals."""
    for clip in _choose_examples(preview):
        form = clip.form
        reading = (
            f" ({shorten_text(form.reading)})" if form.reading and form.reading != form.text else ""
        )
        show.print_line(
            f"  {clip.kind} {shorten_text(clip.entry)} {clip.part} {shorten_text(form.text)}{reading} "
            f"-> {_describe_url_path(clip)}"
        )
    urls = f"; {preview.total.urls:,} already have a URL" if preview.total.urls else ""
    unspoken = f"; {format_count(preview.unspoken, 'text')} left out" if preview.unspoken else ""
    show.print_line(f"{format_count(preview.total.clips, 'clip')} in all{urls}{unspoken}")


def _print_unspoken_fields(proposal: Proposal, show: CommandOutput) -> None:
    """Name the fields with Japanese that the comments of the configuration explain."""
    fields: list[str] = []
    for draft in proposal.drafts:
        for rule in draft.others:
            texts = [path.text for path in (rule.text or rule.furigana or rule.reading)[:1]]
            fields.append(".".join([rule.each.text, *texts] if rule.each else texts))
        fields += draft.unsaid
    if fields:
        more = f" and {len(fields) - _MAX_CLIPS_SHOWN:,} more" if fields[_MAX_CLIPS_SHOWN:] else ""
        show.print_line(
            f"not spoken: {', '.join(map(shorten_text, fields[:_MAX_CLIPS_SHOWN]))}{more}: "
            "see the comments of the configuration"
        )


def _print_problems(preview: SourcePreview, show: CommandOutput) -> None:
    for problem in preview.problems[:_MAX_CLIPS_SHOWN]:
        show.print_line(f"problem: {problem}")
    if len(preview.problems) > _MAX_CLIPS_SHOWN:
        show.print_line(
            f"... and {format_count(len(preview.problems) - _MAX_CLIPS_SHOWN, 'more problem')}"
        )


def _choose_examples(preview: SourcePreview) -> list[Clip]:
    """The first clip of every rule, then clips of each source in turn up to the limit."""
    examples = [count.first for count in preview.rules.values() if count.first is not None][
        :_MAX_CLIPS_SHOWN
    ]
    room = _MAX_CLIPS_SHOWN - len(examples)
    rows = [[clip for clip in row if clip not in examples] for row in preview.first.values()]
    while room > 0 and any(rows):
        for row in rows:
            if row and room > 0:
                examples.append(row.pop(0))
                room -= 1
    order = {name: number for number, name in enumerate(preview.first)}
    return sorted(examples, key=lambda clip: order[clip.source])


def _describe_url_path(clip: Clip) -> str:
    """The path of a clip's URL, relative to its text."""
    if clip.place is None:
        return "nowhere"
    pairs = zip(clip.place, clip.at, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return format_steps(clip.place[same:])
