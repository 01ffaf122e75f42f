"""A fault as data: what is planted, how a run is disturbed, and which ends are right."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from campaigns.fault_table.project import Project, remove_path, write_file

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal[
    "file",
    "append",
    "link",
    "hard link",
    "fifo",
    "folder",
    "socket",
    "device",
    "tmpfs",
    "read-only",
]
Disturbance = Callable[[subprocess.Popen[bytes], Project], None]
#: A run goes on, some clips fail, the input is wrong, or the disk ends it; never a bug (3).
ANY_END = frozenset({0, 1, 2, 4})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """Something put into a project before the run, and taken away after it.

    Args:
        path: where, from the folder of the project.
        kind: what.
        content: the bytes, the target of a link, or the options of a mount.
    """

    path: str
    kind: Kind = "file"
    content: bytes = b""

    def put(self, project: Project) -> Callable[[], None]:
        """Put it there; the result takes it away."""
        path = project.folder / self.path
        if "*" in self.path:
            path = min(project.folder.glob(self.path))
        if self.kind in ("tmpfs", "read-only"):
            return self._mount(project, path)
        before = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        if self.kind != "append":
            with suppress(FileNotFoundError, NotADirectoryError):
                remove_path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._create(path)
        planted = _describe(path)

        def take_away() -> None:
            # A run that replaced what it cannot use by its own file did right.
            if self.path.startswith("audio") and _describe(path) != planted:
                return
            remove_path(path)
            if before is not None:
                write_file(path, before)

        return take_away

    def _create(self, path: Path) -> None:
        match self.kind:
            case "append":
                with path.open("ab") as file:
                    file.write(self.content)
            case "link" | "device":
                path.symlink_to(os.fsdecode(self.content))
            case "hard link":
                path.hardlink_to(path.parent / os.fsdecode(self.content))
            case "fifo":
                os.mkfifo(path)
            case "folder":
                write_file(path / "inside.txt", b"inside\n")
            case "socket":
                _bind_socket(path)
            case _:
                write_file(path, self.content)

    def _mount(self, project: Project, path: Path) -> Callable[[], None]:
        path.mkdir(parents=True, exist_ok=True)
        options = os.fsdecode(self.content)
        if self.kind == "tmpfs":
            _run_mount("-t", "tmpfs", "-o", options, "tmpfs", str(path))
            project.mounts.append(path)
            return lambda: _run_mount("-o", "remount,size=32m,nr_inodes=1000", str(path))
        _run_mount("--bind", str(path), str(path))
        project.mounts.append(path)
        _run_mount("-o", "remount,bind,ro", str(path))
        return lambda: _run_mount("-o", "remount,bind,rw", str(path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A row of the table.

    Args:
        name: what ``--only`` takes.
        family: what it belongs to.
        base: the project it happens to.
        plants: what is put there before, and taken away after.
        wrap: the program that starts the run in a disturbed way, with its arguments.
        environment: variables of the run; an empty value removes one.
        during: disturbs the run while it goes on.
        words: a command other than that of the base.
        codes: the right exit codes.
        spoilt: what the fault itself makes unusable: ``ledger``, ``catalogue``, ``sounds``.
        finish: commands after the fault is gone and before the last run, which may still end
            as the fault did.
        scenario: of the simulator, while the fault lasts.
        point: a system call to fail at, with the error: ``fsync``, ``EIO``.
        tries: how often; of a point, how many of its calls are visited.
        kills: its share of all kills, 0 for a fault that is no kill.
        needs: what of this machine it needs: ``root``, ``strace``, ``faketime``.
        is_kill: whether ``during`` kills the run.
        is_edited: whether ``during`` edits a catalogue, which is then put back.
        may_add_outside: whether new files may come through a link to a folder outside.
        limit_seconds: when a run hangs.
    """

    name: str
    family: str
    base: str = "words"
    plants: tuple[Plant, ...] = ()
    wrap: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    during: Disturbance | None = None
    words: tuple[str, ...] | None = None
    codes: frozenset[int] = ANY_END
    spoilt: str = ""
    finish: tuple[tuple[str, ...], ...] = ()
    scenario: Mapping[str, object] = field(default_factory=dict)
    point: tuple[str, str] | None = None
    tries: int = 1
    kills: float = 0.0
    needs: tuple[str, ...] = ()
    is_kill: bool = False
    is_edited: bool = False
    may_add_outside: bool = False
    limit_seconds: float = 60.0


def _describe(path: Path) -> object:
    status = path.lstat() if os.path.lexists(path) else None
    if status is None:
        return None
    content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    return status.st_mode, status.st_ino, content


def _bind_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        # Addresses of sockets are short: by its folder's number.
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)


def _run_mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)
