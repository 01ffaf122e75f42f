"""Pictures of sounds that were drawn before, kept in a file by the hash of what they show."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

import msgspec

from tts_assets import waiting
from tts_assets.errors import FatalError
from tts_assets.regular_files import read_regular, refuse_link
from tts_assets.review.pictures import PREVIEW_VERSION, SoundPreview
from tts_assets.storage import AppendLog, sweep, write_whole

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

#: The folder within that of a place, and the file in it.
FOLDER, NAME = "pictures", "pictures.jsonl"

#: So many pictures of sounds that are gone are no reason to write the file anew.
_MAX_STALE_LINES = 100

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(SoundPreview)


class PreviewCache:
    """The pictures of one place: a file that grows by lines, and is written anew when many are old.

    All of it can be drawn again. So what cannot be read is drawn again, and where nothing can be
    written everything else goes on.
    """

    def __init__(self, place: Path) -> None:
        """Open that of a place; nothing is made before a picture is kept."""
        self._path = place / FOLDER / NAME
        self._log: AppendLog | None = None
        self._pictures: dict[str, SoundPreview] = {}
        self._lines = 0

    def __enter__(self) -> Self:
        try:
            data = read_regular(self._path, follow_links=False)
        except OSError:
            return self
        for line in data.split(b"\n"):
            self._lines += bool(line)
            with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                picture = _decoder.decode(line)
                if picture.version == PREVIEW_VERSION:
                    self._pictures[picture.sha256] = picture
        return self

    def __exit__(self, *_: object) -> None:
        if self._log is not None:
            with contextlib.suppress(FatalError):
                self._log.close()

    def find_preview(self, sha256: str) -> SoundPreview | None:
        """The picture of a sound, if it was drawn before."""
        return self._pictures.get(sha256)

    def add_previews(self, pictures: Collection[SoundPreview]) -> None:
        """Add some."""
        self._pictures.update({each.sha256: each for each in pictures})
        self._lines += len(pictures)
        with contextlib.suppress(FatalError, OSError):
            if self._log is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                waiting.refuse_links(self._path.parent.parent)
                refuse_link(self._path.parent)
                sweep(self._path.parent)
                self._log = AppendLog(self._path)
            self._log.append(b"".join(_encoder.encode(each) + b"\n" for each in pictures))

    def drop_stale(self, there: Collection[str]) -> None:
        """Drop the pictures of sounds that are gone, when they are many.

        Args:
            there: the hashes of all sounds that may be drawn again.
        """
        kept = [each for sha256, each in self._pictures.items() if sha256 in there]
        if self._lines - len(kept) <= _MAX_STALE_LINES + len(kept) // 2:
            return
        data = b"".join(_encoder.encode(each) + b"\n" for each in kept)
        with contextlib.suppress(OSError):
            write_whole(self._path, data, sync=False)
