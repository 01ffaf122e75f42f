"""The folder of the models: complete and partial files, and what can be removed."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from tts_assets.engines.models import known_models
from tts_assets.engines.models.known_models import KNOWN, find_model, whisper_names
from tts_assets.engines.models.model_validation import find_file_flaw, sha256_of
from tts_assets.errors import FatalError, UsageError
from tts_assets.regular_files import open_to_append, read_regular
from tts_assets.store import atomic_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tts_assets.config.settings import ModelSettings
    from tts_assets.engines.models.known_models import ModelFile, SpeechModel


#: What stands beside a file: unfinished, what is known of that, not what it should be, its sum.
PART, NOTE, REJECTED, RECORD = ".part", ".part.json", ".rejected", ".sha256"

#: No step of a file's name may lead up or hide, and each is a name on every system.
_STEP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_SUM = re.compile("[0-9a-f]{64}")


class ModelState(StrEnum):
    """What there is of a model."""

    HERE = "here"
    PARTLY = "partly here"
    ABSENT = "not here"
    DAMAGED = "damaged size"


@dataclass(frozen=True, slots=True)
class ModelCache:
    """A folder of models; nothing is made before something is fetched.

    Args:
        folder: where they lie, one folder below for each engine.
    """

    folder: Path

    @classmethod
    def from_settings(cls, settings: ModelSettings) -> ModelCache:
        """The folder that the settings name, or the one in the user's cache folder.

        Raises:
            UsageError: nobody has the home that they name.
        """
        if settings.folder is not None:
            try:
                return cls(Path(settings.folder).expanduser())
            except RuntimeError as exc:
                raise UsageError(
                    f"models.folder {settings.folder!r} names a user who has no home: write it out"
                ) from exc
        from platformdirs import user_cache_path  # noqa: PLC0415 - not needed for --help

        return cls(user_cache_path("tts-assets") / "models")

    def file_path(self, file: ModelFile) -> Path:
        """Where a file lies, or would lie.

        Raises:
            UsageError: its name leads out of the folder, or is no name on some system.
        """
        steps = file.name.split("/")
        if not all(_STEP.fullmatch(step) for step in steps):
            raise UsageError(
                f"a model's file cannot be named {file.name!r}: write letters, digits, - _ . and /"
            )
        return self.folder.joinpath(*steps)

    def has_model(self, model: SpeechModel) -> bool:
        """Whether all files of a model are here, with their sizes; their sums are not looked at."""
        return self.find_state(model) is ModelState.HERE

    def find_state(self, model: SpeechModel) -> ModelState:
        """What there is of a model, told by the sizes of its files."""
        sizes = [(file.bytes, _read_size(self.file_path(file))) for file in model.files]
        if any(_is_wrong(wanted, size) for wanted, size in sizes):
            return ModelState.DAMAGED
        if None not in [size for _, size in sizes]:
            return ModelState.HERE
        begun = any(
            _read_size(path_beside(self.file_path(file), PART)) is not None for file in model.files
        )
        some = any(size is not None for _, size in sizes)
        return ModelState.PARTLY if some or begun else ModelState.ABSENT

    def find_fault(self, file: ModelFile) -> str | None:
        """None where a file is here and what it should be, else what is wrong with it.

        Raises:
            FatalError: it cannot be read.
        """
        path = self.file_path(file)
        size = _read_size(path)
        if size is None:
            return "it is not here"
        if _is_wrong(file.bytes, size):
            return f"it has {size:,} bytes" + (f" and not {file.bytes:,}" if file.bytes else "")
        wanted = file.sha256 or self.find_recorded_sum(file)
        try:
            if wanted is None:
                # Put there by hand: its first use is trusted, if it can be what it is called.
                return find_file_flaw(path, path.name)
            found = sha256_of(path, self.folder)
        except OSError as exc:
            raise FatalError(f"cannot read {path}: {exc.strerror}") from exc
        return None if found == wanted else f"its SHA-256 is {found} and not {wanted}"

    def find_recorded_sum(self, file: ModelFile) -> str | None:
        """The sum that a file without a pinned one had when it was first seen.

        Raises:
            UsageError: what is written there is no sum.
        """
        record = path_beside(self.file_path(file), RECORD)
        try:
            first = read_regular(record).decode("ascii").partition(" ")[0].strip()
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            first = ""
        if _SUM.fullmatch(first):
            return first
        raise UsageError(f"{record} holds no SHA-256; delete it to trust the file as it is now")

    def piper_voices_folder(self) -> Path:
        """Where fetched Piper voices lie, each an ``.onnx`` file with its ``.onnx.json``."""
        return self.folder / "piper"

    def whisper_folder(self, name: str) -> Path:
        """Where a fetched Whisper model lies, by its size.

        Raises:
            KeyError: there is none of that size.
        """
        return self.folder / known_models.whisper_folder(name)

    def list_models(self) -> tuple[SpeechModel, ...]:
        """Every known model, and the others that are here or were begun."""
        known = {model.name for model in KNOWN}
        found = {
            path.name.partition(".")[0]
            for path in self.piper_voices_folder().glob("*.onnx*")
            if path.name.endswith((".onnx", PART))
        }
        extra = []
        for name in sorted(found - known):
            try:
                extra.append(find_model(name))
            except UsageError:
                # Somebody put a file of theirs there.
                continue
        # Of two names for one model, the first.
        others = {model.files: model for model in map(find_model, reversed(whisper_names()))}
        heard = [
            m for m in reversed(others.values()) if self.find_state(m) is not ModelState.ABSENT
        ]
        return (*KNOWN, *extra, *heard)

    def lock_path(self, file: ModelFile) -> Path:
        """The lock that is held while a file is fetched or removed."""
        path = self.file_path(file)
        return path.with_name(f".{path.name}.lock")

    def remove_model(self, model: SpeechModel, waiting: Callable[[], None]) -> int:
        """Delete a model's files, and what is left of unfinished and rejected ones.

        A recorded sum stays: the next download has to match it.

        Args:
            model: whose files.
            waiting: called now and then while another run is at one of them.

        Returns:
            How many bytes were freed.

        Raises:
            FatalError: one cannot be deleted.
        """
        freed = 0
        for file in model.files:
            final = self.file_path(file)
            if not final.parent.is_dir():
                continue
            try:
                with atomic_files.lock(self.lock_path(file), waiting):
                    freed += sum(map(_delete_file, (final, *list_leftovers(final))))
                    for end in (NOTE, RECORD):
                        atomic_files.sweep(final.parent, path_beside(final, end).name)
            except OSError as exc:
                raise FatalError(f"cannot remove {final}: {exc.strerror or exc}") from exc
        return freed


def list_leftovers(final: Path) -> list[Path]:
    """What may stand beside a file, and is of no use once the file is right."""
    return [path_beside(final, ending) for ending in (PART, NOTE, REJECTED)]


def _delete_file(path: Path) -> int:
    """The bytes that were freed."""
    size = _read_size(path)
    path.unlink(missing_ok=True)
    return size or 0


def path_beside(path: Path, ending: str) -> Path:
    """The name of what stands beside a file."""
    return path.with_name(path.name + ending)


def _read_size(path: Path) -> int | None:
    """None where there is no such file."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def _is_wrong(wanted: int | None, size: int | None) -> bool:
    """Whether a file that is there cannot be what it should be."""
    if size is None:
        return False
    return size == 0 if wanted is None else size != wanted


# The unfinished file of a download: what is here of it, and of which version on the server.


#: A strong validator (RFC 9110, section 8.8.3), without what no header may say again.
ETAG = r'^"[!#-~]*"\Z'


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Which version of a file a server has.

    Args:
        etag: its strong validator; None where the server gives none.
        bytes: its size; None where the server does not say.
    """

    etag: Annotated[str, msgspec.Meta(pattern=ETAG)] | None
    bytes: int | None


class PartialFile:
    """``NAME.part``, and beside it what is known of the whole; methods block.

    What an ended run leaves is gone on with; a full disk does not cost what is here.
    """

    def __init__(self, final: Path) -> None:
        """Name it; nothing is made yet."""
        self.path = path_beside(final, PART)
        self._note = path_beside(final, NOTE)
        self._is_pieced = True

    @property
    def size(self) -> int:
        """How many bytes are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def is_pieced(self) -> bool:
        """Whether its bytes may be of several answers, which need not fit together."""
        return self._is_pieced

    def version(self) -> Version | None:
        """Of which version the bytes are; None where nobody can tell."""
        try:
            return msgspec.json.decode(read_regular(self._note), type=Version)
        except (OSError, ValueError, RecursionError):
            return None

    def begin_version(self, version: Version) -> None:
        """Start anew, with nothing.

        Raises:
            FatalError: the disk is full, gone or read-only.
        """
        with translate_write_errors(self.path):
            self.drop()
            atomic_files.write_whole(self._note, msgspec.json.encode(version))

    def drop(self) -> None:
        """Forget it all."""
        self._is_pieced = False
        # The note first: bytes without a note are never gone on with.
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    @contextmanager
    def open(self) -> Iterator[Callable[[bytes], None]]:
        """Yield what adds bytes at its end; they are on the disk when this ends well.

        Raises:
            FatalError: the disk is full, gone or read-only; from what is yielded, too.
        """
        with translate_write_errors(self.path):
            # Without a buffer: what was taken is in the file, whatever happens next.
            file = os.fdopen(open_to_append(self.path), "ab", buffering=0)
            self._is_pieced = self._is_pieced or self.size > 0

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
        """Give it its final name, in one step.

        Raises:
            FatalError: the disk is gone or read-only.
        """
        with translate_write_errors(final):
            self.path.replace(final)
            self._note.unlink(missing_ok=True)
            atomic_files.sync_folder(final.parent)


@contextmanager
def translate_write_errors(path: Path) -> Iterator[None]:
    """Say what cannot be written, and what to do.

    Raises:
        FatalError: instead of an OSError.
    """
    try:
        yield
    except OSError as exc:
        advice = (
            ": make room, then run again; what is here is kept" if atomic_files.is_full(exc) else ""
        )
        raise FatalError(f"cannot write {path}: {exc.strerror or exc}{advice}") from exc


def refuse_lack_of_space(folder: Path, needed: int) -> None:
    """Refuse to begin what cannot be stored.

    Args:
        folder: where it goes; it need not exist yet.
        needed: bytes.

    Raises:
        FatalError: the disk has less.
    """
    while not folder.exists():
        folder = folder.parent
    with translate_write_errors(folder):
        free = shutil.disk_usage(folder).free
    if free < needed:
        raise FatalError(
            f"{folder} has {free / 1e6:,.1f} MB left and {needed / 1e6:,.1f} MB are needed: make "
            "room, or name another folder in models.folder"
        )
