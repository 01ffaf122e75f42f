"""The command `init`: looks at files, and writes how they are read into a `tts-assets.toml`."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, takewhile
from pathlib import Path

import typer

from tts_assets import ledger
from tts_assets.cli.exit_code import ExitCode
from tts_assets.console import Show
from tts_assets.console.text import short
from tts_assets.domain import Clip
from tts_assets.errors import UsageError
from tts_assets.mapping import written
from tts_assets.propose import Proposal, Tally, propose, tally, toml_of
from tts_assets.settings import FILE, OutputFormat
from tts_assets.storage import write_whole

_ENDINGS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt")
#: Folders in which nobody keeps what they write themselves.
_SKIPPED = {
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
_SHOWN = 10
_LISTED = 20


def init(paths: Sequence[str], *, force: bool, stdout: bool = False) -> ExitCode:
    """Propose a configuration, write it, and show the first clips that it makes.

    Args:
        paths: files and folders to look at; none for the working folder.
        force: write over a file that is there.
        stdout: write the configuration to standard output, and nothing else there.

    Raises:
        UsageError: a path is not there, or the file is and may not be written over.
    """
    target = Path(FILE)
    asks = target.exists() and not (force or stdout)
    if asks and not sys.stdin.isatty():
        raise UsageError(f"{FILE} is there already; --force writes over it, --stdout only shows")
    show = Show(OutputFormat.TEXT)
    say = show.error if stdout else show.line
    proposal = _named(propose(_files(paths or ["."])))
    found = tally([each.source for each in proposal.drafts], proposal.paths, most=_SHOWN)
    _tell_files(proposal, found, say, show.error)
    if not found.total.clips:
        show.error("no catalogue was found, so nothing is written; a [[source]] table can tell")
        return ExitCode.NOTHING
    text = toml_of(proposal, found)
    if stdout:
        sys.stdout.write(text)
    elif asks and not typer.confirm(f"{FILE} is there already. Write over it?"):
        show.line(f"{FILE} is left as it was")
        return ExitCode.OK
    else:
        write_whole(target, text.encode())
        show.line(f"\nwrote {FILE}; the first clips that it makes:")
    _tell_clips(found, say)
    return ExitCode.OK


def _files(paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Every file that may be a catalogue, under the name that a configuration gives it."""
    for given in paths:
        if not Path(given).exists():
            raise UsageError(f"{given}: there is no such file or folder")
    seen: set[str] = set()
    for file in chain.from_iterable(map(_below, paths)):
        real = os.path.realpath(file)
        if real not in seen:
            seen.add(real)
            yield _name(file), file.read_bytes()


def _below(given: str) -> Iterator[Path]:
    path = Path(given)
    if path.is_file():
        yield path
        return
    for root, folders, names in os.walk(path):
        folders[:] = [] if ledger.NAME in names else sorted(filter(_may_hold, folders))
        if ledger.NAME in names:
            # An output folder of ours.
            continue
        for name in sorted(names):
            if name.lower().endswith(_ENDINGS) and not name.startswith("."):
                yield Path(root, name)


def _may_hold(folder: str) -> bool:
    return not folder.startswith(".") and folder not in _SKIPPED


def _name(file: Path) -> str:
    """The path seen from the working folder, where it lies in it."""
    here = Path.cwd()
    path = Path(os.path.normpath(here / file))
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def _named(proposal: Proposal) -> Proposal:
    """The proposal with a name for each source, by which its clips are known."""
    drafts = tuple(
        replace(draft, source=replace(draft.source, name=f"source {number}"))
        for number, draft in enumerate(proposal.drafts, 1)
    )
    return replace(proposal, drafts=drafts)


def _tell_files(
    proposal: Proposal, found: Tally, say: Callable[[str], None], warn: Callable[[str], None]
) -> None:
    """What was recognised, and what was passed over."""
    if proposal.paths:
        for file, kind in proposal.built_in.items():
            say(f"{file}: {kind}, a built-in shape")
    for draft in proposal.drafts:
        source = draft.source
        count = found.sources.get(source.name)
        what = "a built-in shape" if draft.is_built_in else f"records at {source.records.text}"
        say(
            f"{', '.join(source.files)}: {source.kind}, {what}, "
            f"{_number(found.entries.get(source.name, 0), 'entry', 'entries')}, "
            f"{_number(count.clips if count else 0, 'clip', 'clips')}"
        )
    for file, reason in list(proposal.passed.items())[:_LISTED]:
        warn(f"note: {file}: passed over: {reason}")
    if len(proposal.passed) > _LISTED:
        warn(f"note: {len(proposal.passed) - _LISTED:,} more files were passed over")
    if proposal.foreign:
        warn(f"note: {_number(proposal.foreign, 'file has', 'files have')} no Japanese in it")


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _tell_clips(found: Tally, say: Callable[[str], None]) -> None:
    """Some clips of every sort, how many there are, and what to type next."""
    for clip in _some(found):
        form = clip.form
        reading = f" ({form.reading})" if form.reading and form.reading != form.text else ""
        say(
            f"  {clip.kind} {short(clip.entry)} {clip.part} {short(form.text)}{reading} "
            f"-> {_target(clip)}"
        )
    urls = f"; {found.total.urls:,} have a URL already" if found.total.urls else ""
    silent = f"; {found.unspoken:,} texts yield none" if found.unspoken else ""
    say(f"{_number(found.total.clips, 'clip', 'clips')} in all{urls}{silent}")
    for problem in found.problems[:_SHOWN]:
        say(f"problem: {problem}")
    if len(found.problems) > _SHOWN:
        say(f"... and {len(found.problems) - _SHOWN:,} more problems")
    say("next: look through the file, then `tts-assets lint`, `tts-assets generate --dry-run`")


def _some(found: Tally) -> list[Clip]:
    """The first clip of every rule, and as many others of each source as there is room for."""
    heads = [count.first for count in found.rules.values() if count.first is not None][:_SHOWN]
    room = _SHOWN - len(heads)
    rows = [[clip for clip in row if clip not in heads] for row in found.first.values()]
    while room > 0 and any(rows):
        for row in rows:
            if row and room > 0:
                heads.append(row.pop(0))
                room -= 1
    order = {name: number for number, name in enumerate(found.first)}
    return sorted(heads, key=lambda clip: order[clip.source])


def _target(clip: Clip) -> str:
    """Where its URL goes, from what it is said of."""
    if clip.place is None:
        return "nowhere"
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(clip.place, clip.at, strict=False)))
    return written(clip.place[same:])
