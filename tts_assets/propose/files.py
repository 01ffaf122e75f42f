"""Which patterns name the files of one shape, and no other file."""

from __future__ import annotations

import glob
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

#: So few files are named one by one, where they do not fill a folder.
_FEW = 2


def patterns_of(files: Collection[str], others: Collection[str]) -> tuple[str, ...]:
    """The shortest patterns that match these files and none of the others.

    Args:
        files: their paths, as a configuration names them.
        others: the paths of all other files that are known.
    """
    if len(files) == 1:
        return tuple(files)
    for pattern in _candidates(sorted(files)):
        if not any(_matches(other, pattern) for other in others):
            return (pattern,)
    folders: dict[tuple[str, str], list[str]] = {}
    for file in sorted(files):
        folders.setdefault((str(PurePath(file).parent), PurePath(file).suffix), []).append(file)
    if len(folders) > 1:
        rows = [patterns_of(row, {*others, *files} - {*row}) for row in folders.values()]
        return tuple(pattern for row in rows for pattern in row)
    return tuple(sorted(files))


def folders_of(files: Collection[str], others: Collection[str]) -> tuple[str, ...]:
    """The files, or instead of all of a folder's files the folder, if no other is in it."""
    taken = [folder for file in others for folder in PurePath(file).parents]
    found: dict[str, None] = {}
    for file in sorted(files):
        folders = [folder for folder in PurePath(file).parents if folder not in taken]
        whole = [folder for folder in folders if str(folder) not in {".", "/"}]
        found[whole[0].as_posix() if whole else file] = None
    return tuple(found)


def _candidates(files: list[str]) -> Iterator[str]:
    """Patterns that match all of the files, the narrowest kind first."""
    paths = [PurePath(file) for file in files]
    endings = {path.suffix for path in paths}
    if len(endings) > 1:
        return
    ending = endings.pop()
    folders = [path.parent for path in paths]
    if len(set(folders)) == 1:
        # In the project's own folder other files of any sort may turn up.
        if str(folders[0]) != ".":
            yield _joined(folders[0], f"*{ending}")
        if len(files) > _FEW:
            start = "".join(_common([path.name for path in paths]))
            end = "".join(_common([path.stem[::-1] for path in paths]))[::-1]
            if start:
                yield _joined(folders[0], f"{glob.escape(start)}*{ending}")
            if end:
                yield _joined(folders[0], f"*{glob.escape(end)}{ending}")
        return
    names = {path.name for path in paths}
    above = PurePath(*_common([folder.parts for folder in folders]))
    depths = {len(folder.parts) - len(above.parts) for folder in folders}
    middle = "/".join(["*"] * depths.pop()) if len(depths) == 1 else "**"
    if str(above) != "." or middle != "**":
        if len(names) == 1:
            yield _joined(above, f"{middle}/{glob.escape(names.pop())}")
        yield _joined(above, f"{middle}/*{ending}")


def _joined(folder: PurePath, name: str) -> str:
    return name if str(folder) == "." else f"{glob.escape(folder.as_posix())}/{name}"


def _common(rows: Sequence[Sequence[str]]) -> list[str]:
    """What all rows begin with."""
    columns = zip(*rows, strict=False)
    return [column[0] for column in takewhile(lambda column: len({*column}) == 1, columns)]


def _matches(path: str, pattern: str) -> bool:
    """Whether ``glob`` would find this path with this pattern."""
    return _match(PurePath(path).parts, PurePath(pattern).parts)


def _match(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_match(path[at:], pattern[1:]) for at in range(len(path)))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _match(path[1:], pattern[1:])
