"""The file of overrides: one on each line, sorted, so that git can merge concurrent edits.

A line begins with its comma, so that adding a line after it does not change it. With
``merge=union`` in ``.gitattributes``, git keeps the lines of both sides, even adjacent ones.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from tts_assets.catalogues.json_text import find_repeated_keys, find_value_lines, parse_json
from tts_assets.catalogues.review_edits import (
    Override,
    OverrideKey,
    override_form,
    resolve_catalogue_path,
)
from tts_assets.config.catalogue_sources import shorten_source_name
from tts_assets.errors import FatalError, InputError, show_value
from tts_assets.model import kana_to_katakana
from tts_assets.regular_files import read_regular
from tts_assets.store import atomic_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.catalogues.review_edits import AvailableVoices
    from tts_assets.model import Clip, SpokenForm


#: Incremented when the meaning of an override changes.
OVERRIDES_VERSION = 1
_ATTRIBUTES = ".gitattributes"

#: A name that needs no escaping in ``.gitattributes``.
_PLAIN_NAME = re.compile(r"[\w.-]+", re.ASCII)

#: The format of the times that the review page writes; other programs may write any text.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", re.ASCII)

_TRIES = 100  #: how often to wait for the lock; writing takes milliseconds


def read_overrides(path: str | Path) -> tuple[Override, ...]:
    """Read all overrides of a file, in order; none if the file does not exist.

    Raises:
        InputError: the file cannot be read, or is invalid.
    """
    file = str(path)
    try:
        data = read_regular(path)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise InputError(f"the overrides cannot be read: {reason}", file=file) from exc
    return parse_overrides(data, file)


def parse_overrides(data: bytes, file: str) -> tuple[Override, ...]:
    """Parse the content of a file of overrides.

    Args:
        data: the content.
        file: its path, for messages.

    Raises:
        InputError: the content is invalid.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise InputError("it is not UTF-8: save it in UTF-8", file=file, line=line) from exc
    if not text.strip():
        raise InputError("it is empty: delete it, or write []", file=file)
    rows = parse_json(text, file=file)
    if not isinstance(rows, list):
        raise InputError("it must be a list of overrides: [ {...}, {...} ]", file=file)
    for key, line in find_repeated_keys(text):
        raise InputError(
            f"the key {key!r:.80} occurs twice in this object: keep one of them",
            file=file,
            line=line,
        )
    lines = find_value_lines(text, [(number,) for number in range(len(rows))])
    found: dict[OverrideKey, Override] = {}
    for number, row in enumerate(rows):
        if number == 0 and _is_header(row, file):
            continue
        _add_row(found, row, file, lines.get((number,)))
    return tuple(found.values())


def write_override(path: str | Path, override: Override) -> None:
    """Write an override, replacing one for the same clip. Blocks.

    Raises:
        InputError: the file is invalid; it is left unchanged.
        FatalError: the file cannot be written.
    """
    path = Path(path)
    real = Path(os.path.realpath(path))
    _refuse_outside_link(path, real)
    tries = 0

    def count_attempt() -> None:
        nonlocal tries
        tries += 1
        if tries > _TRIES:
            raise FatalError(
                f"another program locks {find_lock_path(real)}: end it, then save the "
                "override again"
            )

    with atomic_files.translate_os_errors(f"cannot write {path}"):
        real.parent.mkdir(parents=True, exist_ok=True)
        with atomic_files.lock(find_lock_path(real), count_attempt):
            atomic_files.sweep(real.parent)
            before = {each.key: each for each in read_overrides(path)}
            own = override.key
            after = {key: row for key, row in before.items() if not _is_same_clip(key, own, path)}
            after[own] = override
            if after == before:
                return
            like = real.stat() if real.exists() else None
            atomic_files.atomic_write(real, encode_overrides(after), like=like)
            _write_git_attributes(real)
            atomic_files.sync_folder(real.parent)


def find_lock_path(path: Path) -> Path:
    """The lock file of a file."""
    return path.parent / f".{path.name[:60]}.tts-assets.lock"


def encode_overrides(overrides: Mapping[OverrideKey, Override]) -> bytes:
    """Encode the file, with the overrides sorted."""
    lines = [_format_line({"version": OVERRIDES_VERSION})]
    lines += [_format_line(override.to_json()) for _, override in sorted(overrides.items())]
    return ("[" + "\n,".join(lines) + "\n]\n").encode()


def _is_same_clip(one: OverrideKey, other: OverrideKey, path: str | Path) -> bool:
    """Whether two keys are of one clip, even if they spell the catalogue's path differently."""
    return one[1:] == other[1:] and resolve_catalogue_path(
        one.file, path
    ) == resolve_catalogue_path(other.file, path)


def _is_header(row: object, file: str) -> bool:
    """Whether an object is the header with the version, not an override."""
    if not isinstance(row, dict) or "version" not in row:
        return False
    if row != {"version": OVERRIDES_VERSION}:
        raise InputError(
            (
                f"its version is {row['version']!r:.40}, but this tts-assets reads "
                f"{OVERRIDES_VERSION}: upgrade tts-assets on this machine"
            ),
            file=file,
        )
    return True


def _add_row(found: dict[OverrideKey, Override], row: object, file: str, line: int | None) -> None:
    try:
        override = Override.from_json(row, line)
    except ValueError as exc:
        raise InputError(str(exc), file=file, entry=_describe_entry(row), line=line) from exc
    other = found.setdefault(override.key, override)
    if other.signature == override.signature:
        return
    # A union merge also keeps both versions of a line that one side changed.
    if not _have_different_dates(other, override):
        raise InputError(
            (
                f"line {other.line} contradicts it for the same clip, {override.part!r:.80}: "
                "keep one of them"
            ),
            file=file,
            entry=_describe_entry(row),
            line=line,
        )
    found[override.key] = max(other, override, key=lambda each: each.at)


def _have_different_dates(one: Override, other: Override) -> bool:
    """Whether both have valid times, and the times differ."""
    return one.at != other.at and all(_TIME.fullmatch(each.at) for each in (one, other))


def _describe_entry(row: object) -> str | None:
    entry = row.get("entry") if isinstance(row, dict) else None
    return f"entry {entry}" if isinstance(entry, str) else None


def _format_line(values: dict[str, Any]) -> str:
    """Format an object on one line; unprintable characters become escapes."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _refuse_outside_link(path: Path, real: Path) -> None:
    """Refuse a link to outside its folder, because it may come from an untrusted repository.

    Raises:
        FatalError: the file is such a link.
    """
    folder = os.path.realpath(path.parent)
    if path.is_symlink() and not real.is_relative_to(folder):
        raise FatalError(
            f"{path}: it is a symbolic link that leaves {folder}: name the file itself in "
            "`overrides`, or delete the link"
        )


def _write_git_attributes(path: Path) -> None:
    """Make git merge the lines of both sides, unless the folder has ``.gitattributes``."""
    attributes = path.parent / _ATTRIBUTES
    in_git = any((folder / ".git").exists() for folder in path.parents)
    if in_git and not attributes.exists() and _PLAIN_NAME.fullmatch(path.name):
        atomic_files.atomic_write(attributes, f"{path.name} merge=union\n".encode())


# The overrides of a run: applied to their clips, and reported if they have none.


#: Applies an override to a clip; raises InputError if the result cannot be spoken.
ClipAmender: TypeAlias = Callable[["Clip"], "Clip"]

_MAX_NOTES = 5  #: how many notes of one kind are shown; more are counted


class OverrideSet:
    """All overrides of a run, by catalogue."""

    def __init__(
        self, path: str | None = None, load_voices: Callable[[], AvailableVoices] | None = None
    ) -> None:
        """Read the file of overrides.

        Args:
            path: its path; None or a missing file for no overrides.
            load_voices: returns the voices of the run; without it, voices and speeds are not
                overridden.

        Raises:
            InputError: the file is invalid.
        """
        self.path = path or ""
        overrides = read_overrides(path) if path else ()
        self._voices = None if load_voices is None or not overrides else load_voices()
        self._by_file: dict[str, dict[tuple[str, str, str], Override]] = {}
        for each in overrides:
            self._add_override(each)
        #: The applied overrides, by file, source, entry and part of their clips.
        self.at_work: dict[tuple[str, str, str, str], Override] = {}
        #: Why overrides of existing clips are not applied, by the same keys.
        self.outdated: dict[tuple[str, str, str, str], str] = {}
        self._read: set[tuple[str, str]] = set()
        self._matched: set[Override] = set()

    def _add_override(self, override: Override) -> None:
        """Add an override; refuse a second one for its clip with another spelling of the file."""
        rows = self._by_file.setdefault(resolve_catalogue_path(override.file, self.path), {})
        other = rows.setdefault((override.source, override.entry, override.part), override)
        if other is not override:
            raise InputError(
                (
                    f"line {other.line} is for the same clip, but names its file "
                    f"{other.file!r:.80}: keep one of them"
                ),
                file=self.path,
                entry=f"entry {override.entry}",
                line=override.line,
            )

    def find_override(self, clip: Clip) -> Override | None:
        """The override that is applied to a clip; None if there is none."""
        return self.at_work.get((clip.file, clip.source, clip.entry, clip.part))

    def make_amender(self, file: str, source: str) -> ClipAmender | None:
        """Make the function that applies a catalogue's overrides to its clips; None if it has none.

        Args:
            file: its path as given.
            source: the name of the source that reads it.
        """
        if not self._by_file:
            return None
        real, short = os.path.realpath(file), shorten_source_name(source)
        self._read.add((real, short))
        rows = {
            (each.entry, each.part): each
            for each in self._by_file.get(real, {}).values()
            if each.source == short
        }
        if not rows:
            return None

        def amend_clip(clip: Clip) -> Clip:
            override = rows.get((clip.entry, clip.part))
            return clip if override is None else self._apply_override(clip, override)

        return amend_clip

    def list_notes(self, *, whole: bool, unread: Iterable[str] = ()) -> list[str]:
        """Notes on overrides that were not applied, after all catalogues were read.

        Args:
            whole: whether the run read all catalogues.
            unread: the files that could not be read; their overrides are not reported.
        """
        skipped = {os.path.realpath(file) for file in unread}
        unmatched = [
            (
                f"{self._describe_location(each)}: it matches no clip of {each.file} in "
                f"{each.source}: correct or remove it; `tts-assets explain` shows entries and parts"
            )
            for real, rows in self._by_file.items()
            for each in rows.values()
            if each not in self._matched and real not in skipped
            if whole or (real, each.source) in self._read
        ]
        return [*_truncate_notes(list(self.outdated.values())), *_truncate_notes(unmatched)]

    def _apply_override(self, clip: Clip, override: Override) -> Clip:
        self._matched.add(override)
        if not _still_applies(override, clip.form):
            then = _format_text(override.text, kana_to_katakana(override.reading))
            now = _format_text(
                clip.form.text, (clip.form.reading or "") if override.reading else ""
            )
            self.outdated[clip.file, clip.source, clip.entry, clip.part] = (
                f"{self._describe_location(override)}: not applied: it was written for the "
                f"text {then}, but the entry's text is now {now}: write it again, or remove "
                "it"
            )
            return clip
        try:
            amended = clip._replace(form=override_form(clip.form, override.say))
            if self._voices is not None:
                amended = self._voices.apply_voice(amended, override.say)
        except ValueError as problem:
            raise InputError(
                f"its override (part {override.part}) cannot be used: {problem}",
                file=self.path,
                entry=f"entry {clip.entry}",
                line=override.line,
            ) from problem
        self.at_work[clip.file, clip.source, clip.entry, clip.part] = override
        return amended

    def _describe_location(self, override: Override) -> str:
        line = "" if override.line is None else f":{override.line}"
        return f"{self.path}{line}: the override of entry {override.entry} ({override.part})"


def _truncate_notes(notes: list[str]) -> list[str]:
    """Keep the first notes, and count the rest."""
    more = len(notes) - _MAX_NOTES
    return notes if more <= 0 else [*notes[:_MAX_NOTES], f"and {more:,} more such overrides"]


def _still_applies(override: Override, form: SpokenForm) -> bool:
    """Whether an entry still has the text and reading that an override was written for."""
    # The entry may have adopted the typed reading.
    readings = {kana_to_katakana(each) for each in (override.reading, override.say.reading) if each}
    is_read_so = not override.reading or kana_to_katakana(form.reading or "") in readings
    return form.text == override.text and is_read_so


def _format_text(text: str, reading: str) -> str:
    return f"{show_value(text)} ({show_value(reading)})" if reading else show_value(text)
