"""The file of overrides: one on each line, sorted, so that git merges what two people write.

Lines begin with their comma: none of them changes when another comes behind it. With ``merge=union``
in ``.gitattributes`` git takes the lines of both sides, even where they meet.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.json_text import lines_of, value_of
from tts_assets.catalogues.overrides.data import Key, Override
from tts_assets.catalogues.overrides.typed import resolved
from tts_assets.catalogues.repeated import repeated_keys
from tts_assets.errors import FatalError, InputError
from tts_assets.regular_files import read_regular
from tts_assets.store import storage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


#: Goes up when an override would mean something else.
VERSION = 1
_ATTRIBUTES = ".gitattributes"


#: A name that stands in that file as it is.
_PLAIN_NAME = re.compile(r"[\w.-]+", re.ASCII)


#: When the review page wrote an override; others may have written anything.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", re.ASCII)


#: How often somebody else may be found at the file: writing takes milliseconds.
_TRIES = 100


def read(path: str | Path) -> tuple[Override, ...]:
    """All overrides of a file, in its order; none where there is no such file.

    Raises:
        InputError: it cannot be read, or something in it cannot be meant.
    """
    file = str(path)
    try:
        data = read_regular(path)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise InputError(f"the overrides cannot be read: {reason}", file=file) from exc
    return overrides_in(data, file)


def overrides_in(data: bytes, file: str) -> tuple[Override, ...]:
    """The overrides that bytes hold.

    Args:
        data: all of a file.
        file: its path, for messages.

    Raises:
        InputError: something in it cannot be meant.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise InputError("it is not UTF-8: save it in UTF-8", file=file, line=line) from exc
    if not text.strip():
        raise InputError("it is empty: delete it, or write []", file=file)
    rows = value_of(text, file=file)
    if not isinstance(rows, list):
        raise InputError("it must be a list of overrides: [ {...}, {...} ]", file=file)
    for key, line in repeated_keys(text):
        raise InputError(
            f"the key {key!r:.80} stands in this object already: keep one of them",
            file=file,
            line=line,
        )
    lines = lines_of(text, [(number,) for number in range(len(rows))])
    found: dict[Key, Override] = {}
    for number, row in enumerate(rows):
        if number == 0 and _is_header(row, file):
            continue
        _add(found, row, file, lines.get((number,)))
    return tuple(found.values())


def write(path: str | Path, override: Override) -> None:
    """Set an override, in place of one for the same clip; all others stay. Blocks.

    Raises:
        InputError: what is in the file cannot be meant: it is left as it is.
        FatalError: the file cannot be written.
    """
    own = override.key

    def with_it(rows: Mapping[Key, Override]) -> dict[Key, Override]:
        others = {key: row for key, row in rows.items() if not _are_of_one_clip(key, own, path)}
        return {**others, own: override}

    _change(Path(path), with_it)


def lock_of(path: Path) -> Path:
    """The file that is locked while another one is written."""
    return path.parent / f".{path.name[:60]}.tts-assets.lock"


def encoded(overrides: Mapping[Key, Override]) -> bytes:
    """All of a file, whatever order its overrides come in."""
    lines = [_line({"version": VERSION})]
    lines += [_line(override.values()) for _, override in sorted(overrides.items())]
    return ("[" + "\n,".join(lines) + "\n]\n").encode()


def _are_of_one_clip(one: Key, other: Key, path: str | Path) -> bool:
    """Whether two are, though somebody may have spelled the catalogue's path in another way."""
    return one[1:] == other[1:] and resolved(one.file, path) == resolved(other.file, path)


def _is_header(row: object, file: str) -> bool:
    """Whether an object tells the version of the file, and no override."""
    if not isinstance(row, dict) or "version" not in row:
        return False
    if row != {"version": VERSION}:
        raise InputError(
            f"its version is {row['version']!r:.40}, and this tts-assets knows {VERSION}: upgrade "
            "tts-assets here",
            file=file,
        )
    return True


def _add(found: dict[Key, Override], row: object, file: str, line: int | None) -> None:
    try:
        override = Override.of(row, line)
    except ValueError as exc:
        raise InputError(str(exc), file=file, entry=_who(row), line=line) from exc
    other = found.setdefault(override.key, override)
    if other.meaning == override.meaning:
        return
    # Git brings lines of both sides, also those that one of them has changed.
    if not _are_dated(other, override):
        raise InputError(
            f"line {other.line} says something else of the same clip, its {override.part!r:.80}: "
            "keep one of them",
            file=file,
            entry=_who(row),
            line=line,
        )
    found[override.key] = max(other, override, key=lambda each: each.at)


def _are_dated(one: Override, other: Override) -> bool:
    """Whether both tell when they were written, and one is the later."""
    return one.at != other.at and all(_TIME.fullmatch(each.at) for each in (one, other))


def _who(row: object) -> str | None:
    entry = row.get("entry") if isinstance(row, dict) else None
    return f"entry {entry}" if isinstance(entry, str) else None


def _line(values: dict[str, Any]) -> str:
    """An object on one line, in which nothing hides: what has no glyph is written as an escape."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _refuse_link_out(path: Path, real: Path) -> None:
    """Refuse a link that leads out of the folder of its file: a repository may have brought it.

    Raises:
        FatalError: it does.
    """
    folder = os.path.realpath(path.parent)
    if path.is_symlink() and not real.is_relative_to(folder):
        raise FatalError(
            f"{path}: it is a symbolic link that leads out of {folder}: name the file itself in "
            "`overrides`, or delete the link"
        )


def _change(path: Path, change: Callable[[Mapping[Key, Override]], dict[Key, Override]]) -> None:
    real = Path(os.path.realpath(path))
    _refuse_link_out(path, real)
    tries = 0

    def waiting() -> None:
        nonlocal tries
        tries += 1
        if tries > _TRIES:
            raise FatalError(
                f"another program keeps {lock_of(real)}: end it, then write the override again"
            )

    with storage.fatal(f"cannot write {path}"):
        real.parent.mkdir(parents=True, exist_ok=True)
        with storage.lock(lock_of(real), waiting):
            storage.sweep(real.parent)
            before = {each.key: each for each in read(path)}
            after = change(before)
            if after == before:
                return
            like = real.stat() if real.exists() else None
            storage.write_whole(real, encoded(after), like=like)
            _let_git_merge(real)
            storage.sync_folder(real.parent)


def _let_git_merge(path: Path) -> None:
    """Have git take the lines of both sides, unless somebody has told it what to do here."""
    attributes = path.parent / _ATTRIBUTES
    in_git = any((folder / ".git").exists() for folder in path.parents)
    if in_git and not attributes.exists() and _PLAIN_NAME.fullmatch(path.name):
        storage.write_whole(attributes, f"{path.name} merge=union\n".encode())
