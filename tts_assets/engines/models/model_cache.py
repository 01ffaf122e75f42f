"""The model cache: complete and partial files, their SHA-256 sums, and their removal."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tts_assets.engines.models import known_models
from tts_assets.engines.models.known_models import KNOWN, find_model, whisper_names
from tts_assets.engines.onnx_models import is_whole_model
from tts_assets.errors import FatalError, UsageError
from tts_assets.regular_files import open_regular, open_to_append, read_regular, refuse_link
from tts_assets.store import atomic_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tts_assets.config.settings import ModelSettings
    from tts_assets.engines.models.known_models import ModelFile, SpeechModel


#: A CTranslate2 model starts with a four-byte version and a length-prefixed kind.
_VERSION = 4
_WHISPER = bytes(_VERSION) + b"\x0c\x00WhisperSpec\x00"


class _Configuration(msgspec.Struct):
    """The required fields of a Piper voice's configuration."""

    audio: dict[str, Any]
    phoneme_id_map: dict[str, Any]


def find_file_flaw(path: Path, name: str) -> str | None:
    """The reason why a file does not fit its name; None if it fits.

    Args:
        path: the file, under any name.
        name: its final name: ``.onnx`` has to be a whole model, ``.onnx.json`` the configuration of
            a voice, ``model.bin`` a Whisper model, and other JSON files have to be JSON.

    Raises:
        OSError: it cannot be read.
    """
    if name.endswith(".onnx"):
        return None if is_whole_model(path) else "it is not a complete ONNX model"
    if name.endswith(".onnx.json"):
        return None if _is_json(path, _Configuration) else "it is not the configuration of a voice"
    if name.endswith(".json"):
        return None if _is_json(path, Any) else "it is not JSON"
    if name == "model.bin":
        with open_regular(path) as file:
            is_model = file.read(len(_WHISPER)).endswith(_WHISPER[_VERSION:])
        return None if is_model else "it is not a Whisper model in CTranslate2 format"
    return None


def _is_json(path: Path, shape: Any) -> bool:
    try:
        msgspec.json.decode(read_regular(path), type=shape)
    except (ValueError, RecursionError):
        return False
    return True


_SUMS_FOLDER = ".sums"  #: the subfolder of cached sums

#: A file changed this recently may change again without a new timestamp: FAT's have two seconds.
_TICK_NS = 2_000_000_000


class _Sum(msgspec.Struct, frozen=True, kw_only=True):
    """The cached sum of a file, with the data that identify its content; the path's bytes are in hex."""

    path: str
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    sha256: str = ""


def sha256_of(path: Path, cache: Path) -> str:
    """The SHA-256 of a file, in hex; the file is read only if it has changed since the last call.

    The sum is cached by path, inode, size and times, in a subfolder of ``cache`` if that is writable.
    A file that was changed within the last two seconds is always read, because its next change may
    not change its times.

    Raises:
        OSError: the file cannot be read.
    """
    # Taken before reading: a later change gets a later time.
    begun = time.time_ns()
    with open_regular(path) as file:
        status = os.fstat(file.fileno())
        now = _Sum(
            path=os.fsencode(os.path.realpath(path)).hex(),
            inode=status.st_ino,
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            # Unlike the modification time, it cannot be set back.
            ctime_ns=status.st_ctime_ns,
        )
        record = cache / _SUMS_FOLDER / f"{atomic_files.sha256(now.path.encode())[:16]}.json"
        with suppress(OSError, ValueError, RecursionError):
            cached = msgspec.json.decode(read_regular(record, follow_links=False), type=_Sum)
            if msgspec.structs.replace(cached, sha256="") == now:
                return cached.sha256
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if begun - max(now.mtime_ns, now.ctime_ns) > _TICK_NS:
        # Without a cached sum, the next call only takes longer.
        with suppress(OSError):
            record.parent.mkdir(parents=True, exist_ok=True)
            refuse_link(record.parent)
            atomic_files.sweep(record.parent)
            found = msgspec.structs.replace(now, sha256=digest)
            atomic_files.atomic_write(record, msgspec.json.encode(found))
    return digest


#: Suffixes of the files beside a file: partial file, its metadata, rejected file, recorded sum.
PART, NOTE, REJECTED, RECORD = ".part", ".part.json", ".rejected", ".sha256"

#: A path component that is valid on every system, and neither hidden nor "..".
_PATH_COMPONENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_SHA256 = re.compile("[0-9a-f]{64}")


class ModelState(StrEnum):
    """How much of a model is stored."""

    HERE = "here"
    PARTLY = "partly here"
    ABSENT = "not here"
    DAMAGED = "damaged size"


def _find_part(part: str) -> Path | None:
    """A file of an installed package, without importing it; None if it is missing."""
    package, _, name = part.partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / name
    return path if path.is_file() else None


@dataclass(frozen=True, slots=True)
class ModelCache:
    """A folder of models, with one subfolder for each engine; created by the first download."""

    folder: Path

    @classmethod
    def from_settings(cls, settings: ModelSettings) -> ModelCache:
        """Use the folder that the settings name, or the one in the user's cache folder.

        Raises:
            UsageError: the settings name a user without a home folder.
        """
        if settings.folder is not None:
            try:
                return cls(Path(settings.folder).expanduser())
            except RuntimeError as exc:
                raise UsageError(
                    f"models.folder {settings.folder!r} names a user without a home folder: "
                    "write the whole path"
                ) from exc
        from platformdirs import user_cache_path  # noqa: PLC0415 - not needed for --help

        return cls(user_cache_path("tts-assets") / "models")

    def file_path(self, file: ModelFile) -> Path:
        """The path of a file, which need not exist.

        Raises:
            UsageError: its name leads out of the folder, or is invalid on some system.
        """
        components = file.name.split("/")
        if not all(_PATH_COMPONENT.fullmatch(component) for component in components):
            raise UsageError(
                f"the file of a model cannot be named {file.name!r}: use letters, digits, - "
                "_ . and /"
            )
        return self.folder.joinpath(*components)

    def has_model(self, model: SpeechModel) -> bool:
        """Whether all files of a model are stored in the right size; sums are not checked."""
        return self.find_state(model) is ModelState.HERE

    def find_state(self, model: SpeechModel) -> ModelState:
        """How much of a model is stored, by the sizes of its files."""
        paths = [self.file_path(file) for file in model.files]
        sizes = [_read_size(path) for path in paths]
        if any(map(_has_wrong_size, [file.bytes for file in model.files], sizes)):
            return ModelState.DAMAGED
        if None not in sizes:
            return ModelState.HERE
        sizes += [_read_size(path_beside(path, PART)) for path in paths]
        return ModelState.ABSENT if set(sizes) == {None} else ModelState.PARTLY

    def find_fault(self, file: ModelFile) -> str | None:
        """The reason why a stored file cannot be used; None if it can.

        Raises:
            FatalError: it cannot be read.
        """
        path = self.file_path(file)
        size = _read_size(path)
        if size is None:
            return "it is not installed"
        if _has_wrong_size(file.bytes, size):
            return f"it has {size:,} bytes" + (f" and not {file.bytes:,}" if file.bytes else "")
        expected = file.sha256 or self.find_recorded_sum(file)
        try:
            if expected is None:
                # A file copied by hand: trust its first use if it fits its name.
                return find_file_flaw(path, path.name)
            found = sha256_of(path, self.folder)
        except OSError as exc:
            raise FatalError(f"cannot read {path}: {exc.strerror}") from exc
        return None if found == expected else f"its SHA-256 is {found} and not {expected}"

    def has_parts(self, file: ModelFile) -> bool:
        """Whether the installed packages have all parts of a file."""
        return bool(file.parts) and None not in map(_find_part, file.parts)

    def join_parts(self, file: ModelFile) -> None:
        """Join a file from the parts in installed packages, unless it is stored.

        Raises:
            FatalError: its sum does not match, or it cannot be written.
        """
        path = self.file_path(file)
        parts = [each for each in map(_find_part, file.parts) if each is not None]
        if path.is_file() or not parts or len(parts) < len(file.parts):
            return
        try:
            data = b"".join(map(read_regular, parts))
            found = hashlib.sha256(data).hexdigest()
            if found != file.sha256:
                packages = ", ".join(part.partition("/")[0] for part in file.parts)
                raise FatalError(
                    f"{packages}: they should contain {path.name}, but its SHA-256 would be {found} "
                    f"and not {file.sha256}: install other versions, or run tts-assets models fetch"
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_files.sweep(path.parent)
            atomic_files.atomic_write(path, data)
        except OSError as exc:
            raise FatalError(f"{path} cannot be written: {exc.strerror or exc}") from exc

    def find_recorded_sum(self, file: ModelFile) -> str | None:
        """The sum that an unpinned file had when it was first used.

        Raises:
            UsageError: the recorded sum is invalid.
        """
        record = path_beside(self.file_path(file), RECORD)
        try:
            first = read_regular(record).decode("ascii").partition(" ")[0].strip()
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            first = ""
        if _SHA256.fullmatch(first):
            return first
        raise UsageError(
            f"{record} does not contain a SHA-256; delete it to trust the current file"
        )

    def piper_voices_folder(self) -> Path:
        """The folder of Piper voices, each an ``.onnx`` file with its ``.onnx.json``."""
        return self.folder / "piper"

    def whisper_folder(self, name: str) -> Path:
        """The folder of a Whisper model."""
        return self.folder / known_models.whisper_folder(name)

    def list_models(self) -> tuple[SpeechModel, ...]:
        """All known models, and others that are stored at least in part."""
        voices = {
            path.name.partition(".")[0]
            for path in self.piper_voices_folder().glob("*.onnx*")
            if path.name.endswith((".onnx", PART))
        }
        models = [*KNOWN]
        for name in sorted(voices - {model.name for model in KNOWN}):
            # Skip the users' own files.
            with suppress(UsageError):
                models.append(find_model(name))
        # If a model has two names, list it under the first.
        whisper = {model.files: model for model in map(find_model, reversed(whisper_names()))}
        models += [
            m for m in reversed(whisper.values()) if self.find_state(m) is not ModelState.ABSENT
        ]
        return tuple(models)

    def lock_path(self, file: ModelFile) -> Path:
        """The lock file of a file that is being downloaded or removed."""
        path = self.file_path(file)
        return path.with_name(f".{path.name}.lock")

    def remove_model(self, model: SpeechModel, on_wait: Callable[[], None]) -> int:
        """Delete a model's files, including partial and rejected ones, and return the bytes freed.

        Recorded sums stay: the next download has to match them. ``on_wait`` is called repeatedly
        while another run holds the lock of a file.

        Raises:
            FatalError: a file cannot be deleted.
        """
        freed = 0
        for file in model.files:
            final = self.file_path(file)
            if not final.parent.is_dir():
                continue
            try:
                with atomic_files.lock(self.lock_path(file), on_wait):
                    for path in (final, *list_partial_files(final)):
                        freed += _read_size(path) or 0
                        path.unlink(missing_ok=True)
                    for end in (NOTE, RECORD):
                        atomic_files.sweep(final.parent, path_beside(final, end).name)
            except OSError as exc:
                raise FatalError(f"cannot remove {final}: {exc.strerror or exc}") from exc
        return freed


def list_partial_files(final: Path) -> list[Path]:
    """The files beside a file that are useless once it is valid."""
    return [path_beside(final, ending) for ending in (PART, NOTE, REJECTED)]


def path_beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _read_size(path: Path) -> int | None:
    """The size of a file; None if it does not exist."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def _has_wrong_size(expected: int | None, size: int | None) -> bool:
    """Whether the size of a stored file is wrong."""
    if size is None:
        return False
    return size == 0 if expected is None else size != expected


#: A strong validator (RFC 9110, section 8.8.3) that can be sent back in a header.
ETAG = r'^"[!#-~]*"\Z'


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A server's version of a file: strong validator and size, each None if not reported."""

    etag: Annotated[str, msgspec.Meta(pattern=ETAG)] | None
    bytes: int | None


class PartialFile:
    """The partial download ``NAME.part`` and its metadata; methods block.

    An interrupted download resumes from it, even after a full disk.
    """

    def __init__(self, final: Path) -> None:
        self.path = path_beside(final, PART)
        self._note = path_beside(final, NOTE)
        #: Whether its bytes may be of several responses, and so of different versions.
        self.is_pieced = True

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.path.stat().st_size if self.path.exists() else 0

    def version(self) -> Version | None:
        """The version of the file that its bytes belong to; None if unknown."""
        try:
            return msgspec.json.decode(read_regular(self._note), type=Version)
        except (OSError, ValueError, RecursionError):
            return None

    def begin_version(self, version: Version) -> None:
        """Restart from an empty file.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        with translate_write_errors(self.path):
            self.drop()
            atomic_files.atomic_write(self._note, msgspec.json.encode(version))

    def drop(self) -> None:
        """Delete the partial file and its metadata."""
        self.is_pieced = False
        # Delete the metadata first: a download never resumes without it.
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    @contextmanager
    def open(self) -> Iterator[Callable[[bytes], None]]:
        """Yield a function that appends bytes; sync them to disk after the block.

        Raises:
            FatalError: the disk is full, gone or read-only; the function raises it, too.
        """
        with translate_write_errors(self.path):
            # Unbuffered, so that a killed run keeps the received bytes.
            file = os.fdopen(open_to_append(self.path), "ab", buffering=0)
            self.is_pieced = self.is_pieced or self.size > 0

        def append(data: bytes) -> None:
            rest = memoryview(data)
            with translate_write_errors(self.path):
                while rest:
                    rest = rest[file.write(rest) :]

        with file:
            yield append
            with translate_write_errors(self.path):
                os.fsync(file.fileno())

    def move_to(self, final: Path) -> None:
        """Rename it to its final name atomically.

        Raises:
            FatalError: the disk is gone or read-only.
        """
        with translate_write_errors(final):
            self.path.replace(final)
            self._note.unlink(missing_ok=True)
            atomic_files.sync_folder(final.parent)


@contextmanager
def translate_write_errors(path: Path) -> Iterator[None]:
    """Translate an OSError to a FatalError with the path and the remedy."""
    try:
        yield
    except OSError as exc:
        advice = (
            ": free some disk space, then run again; existing files are kept"
            if atomic_files.is_full(exc)
            else ""
        )
        raise FatalError(f"cannot write {path}: {exc.strerror or exc}{advice}") from exc


def require_space(folder: Path, needed: int) -> None:
    """Raise FatalError if the disk of a folder, which need not exist, lacks space."""
    while not folder.exists():
        folder = folder.parent
    with translate_write_errors(folder):
        free = shutil.disk_usage(folder).free
    if free < needed:
        raise FatalError(
            f"{folder} has {free / 1000000.0:,.1f} MB left, but {needed / 1000000.0:,.1f} "
            "MB are needed: free some space, or set models.folder to another folder"
        )
