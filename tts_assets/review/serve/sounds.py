"""Sound files sent from the output folder: whole or in ranges, and never another file."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import anyio.to_thread
from starlette.responses import StreamingResponse

from tts_assets.domain import Format

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from io import BufferedReader
    from pathlib import Path

    from starlette.datastructures import Headers
    from starlette.types import Receive, Scope, Send

#: How much of a file is in memory at a time, in bytes.
_BLOCK_BYTES = 128 * 1024

_MEDIA_TYPES = {
    Format.MP3: "audio/mpeg",
    Format.OPUS: 'audio/ogg; codecs="opus"',
    Format.OGG: 'audio/ogg; codecs="vorbis"',
    Format.FLAC: "audio/flac",
    Format.WAV: "audio/wav",
}
#: One range; who asks for several at once gets the whole, as RFC 9110 allows.
_RANGE_PATTERN = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII)


class ByteRange(NamedTuple):
    """The bytes of a file from ``begin`` up to, and without, ``end``."""

    begin: int
    end: int


class OpenedSound(NamedTuple):
    """An opened sound file.

    Args:
        file: the file, to be closed by who sends it.
        size: its length in bytes.
        sha256: the hash of its bytes, in hex.
    """

    file: BufferedReader
    size: int
    sha256: str


class SoundFolder:
    """The sound files below one folder; their hashes are found once."""

    def __init__(self, root: Path) -> None:
        """Serve from a folder, which need not be there yet."""
        self._root = root
        self._hashes: dict[str, tuple[tuple[int, ...], str]] = {}

    def open_sound(self, name: str) -> OpenedSound | None:
        """A sound file; None where there is none of that name in the folder itself.

        Args:
            name: its path below the folder; the caller knows that it is the name of a sound.
        """
        path = self._resolve_path(name)
        if path is None:
            return None
        try:
            # Without waiting: what takes the place of a file may be a pipe.
            number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _O_BINARY)
        except OSError:
            return None
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode):
            os.close(number)
            return None
        file = os.fdopen(number, "rb")
        try:
            return OpenedSound(file, status.st_size, self._hash_file(name, file, status))
        except OSError:
            file.close()
            return None

    def _resolve_path(self, name: str) -> str | None:
        """The real path of a file of the folder; None where the way to it leads out."""
        parts = name.split("/")
        if "\\" in name or "\0" in name or not {"", ".", ".."}.isdisjoint(parts):
            return None
        root = os.path.realpath(self._root)
        path = os.path.realpath(os.path.join(root, *parts))  # noqa: PTH118 - with realpath
        return path if path.startswith(root.rstrip(os.sep) + os.sep) else None

    def _hash_file(self, name: str, file: BufferedReader, status: os.stat_result) -> str:
        seen = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        known = self._hashes.get(name)
        if known is None or known[0] != seen:
            known = (seen, hashlib.file_digest(file, "sha256").hexdigest())
            self._hashes[name] = known
        return known[1]


_O_BINARY = getattr(os, "O_BINARY", 0)


def create_sound_response(sound: OpenedSound, name: str, headers: Headers) -> StreamingResponse:
    """What is answered to a request for a sound: all of it, a part, or that there is no such part.

    Args:
        sound: an opened file, which the answer closes.
        name: what tells its format.
        headers: of the request.
    """
    tag = f'"{sound.sha256}"'
    told = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        # By its hash; one that was made again is asked for anew.
        "Cache-Control": "private, no-cache",
    }
    kind = _MEDIA_TYPES[Format(name.rpartition(".")[2])]
    if tag in headers.get("if-none-match", ""):
        return _SoundResponse(sound, ByteRange(0, 0), HTTPStatus.NOT_MODIFIED, told)
    part = parse_range(headers.get("range"), sound.size)
    if part is None or headers.get("if-range", tag) != tag:
        told["Content-Length"] = str(sound.size)
        return _SoundResponse(sound, ByteRange(0, sound.size), HTTPStatus.OK, told, kind)
    if part.begin >= part.end:
        told |= {"Content-Range": f"bytes */{sound.size}", "Content-Length": "0"}
        return _SoundResponse(sound, part, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, told)
    told["Content-Range"] = f"bytes {part.begin}-{part.end - 1}/{sound.size}"
    told["Content-Length"] = str(part.end - part.begin)
    return _SoundResponse(sound, part, HTTPStatus.PARTIAL_CONTENT, told, kind)


def parse_range(range_header: str | None, size: int) -> ByteRange | None:
    """The part of a file that is asked for; None for all of it, an empty one where there is none."""
    found = _RANGE_PATTERN.fullmatch((range_header or "").strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        # The last so many bytes.
        return ByteRange(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        # No range at all, says RFC 9110: as if none had been asked for.
        return None
    return ByteRange(int(first), min(size, int(last) + 1) if last else size)


class _SoundResponse(StreamingResponse):
    """A part of a file, and the file closed afterwards."""

    def __init__(
        self,
        sound: OpenedSound,
        part: ByteRange,
        status: HTTPStatus,
        headers: dict[str, str],
        kind: str | None = None,
    ) -> None:
        super().__init__(_read_range(sound.file, part), status, headers, media_type=kind)
        self._file = sound.file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; of a file that nobody reads to its end, too, nothing stays open."""
        try:
            if scope["method"] == "HEAD":
                self.body_iterator = _read_range(self._file, ByteRange(0, 0))
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


async def _read_range(file: BufferedReader, part: ByteRange) -> AsyncIterator[bytes]:
    at = part.begin
    while at < part.end:
        block = await anyio.to_thread.run_sync(
            _read_block, file, at, min(_BLOCK_BYTES, part.end - at)
        )
        if not block:
            return
        yield block
        at += len(block)


def _read_block(file: BufferedReader, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
