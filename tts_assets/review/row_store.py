"""Sound files sent from the output folder: whole or in ranges, and never another file."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import msgspec

from tts_assets.model import Decided, Decision
from tts_assets.review.html_page import REVIEW_LAYOUT, HtmlPage, build_page
from tts_assets.review.review_items import CLIPS, EARLIER
from tts_assets.review.review_rows import EarlierSound, PageMode, build_payload
from tts_assets.store import ledger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import BufferedReader

    from tts_assets.review.review_rows import ClipUse, ReviewRow, ReviewRows
    from tts_assets.store.decisions import SoundDecision


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

# What lies before the reviewer: the rows of the page as they stand, and where their sounds are.


#: So much of a hash tells two sounds of one name apart.
_TAG_LENGTH = 16
_TAG_PATTERN = re.compile(f"[0-9a-f]{{{_TAG_LENGTH}}}")


class RowStore:
    """Changed in the event loop only; what is read in threads is replaced as a whole."""

    def __init__(self, found: ReviewRows, *, project: str, kept: Path) -> None:
        """Lay out what was found.

        Args:
            found: all rows.
            project: what the page calls itself.
            kept: the folder of sounds that were replaced.
        """
        self._kept = kept
        self._project = project
        self._found = found
        self._rows: dict[str, ReviewRow] = {}
        # By asset and hash: the ledger is told of them later than the page.
        self._decided: dict[tuple[str, str], Decision] = {}
        self._sounds: dict[str, tuple[SoundFolder, str]] = {}
        self._folders: dict[str, SoundFolder] = {}
        self._set_rows({row.asset: _tag_row(row) for row in found.clips})
        self._add_sounds(found)

    def get_row(self, asset: str) -> ReviewRow | None:
        """The row of an asset; None where there is none."""
        return self._rows.get(asset)

    def find_row(self, use: ClipUse) -> ReviewRow | None:
        """The row in which a clip is heard; None where it has no sound."""
        found = (
            row
            for row in self._rows.values()
            if any(_use_key(each) == _use_key(use) for each in row.uses)
        )
        return next(found, None)

    def render_page(self) -> HtmlPage:
        """The page as things stand; blocks."""
        data = build_payload(self._found, mode=PageMode.SERVE, project=self._project)
        return build_page(
            REVIEW_LAYOUT,
            title=f"Review: {self._project}",
            data={"review-data": data},
            connect=True,
            nonce=secrets.token_urlsafe(16),
        )

    def open_sound(self, address: str, tag: str = "") -> OpenedSound | None:
        """The sound at an address below the page, which only those of rows have; blocks.

        Args:
            address: as in the rows, not encoded.
            tag: how the hash of its bytes begins, as its row tells; anything else for any bytes.
                Who hears a sound decides of its bytes: no others must be heard in their place.
        """
        place = self._sounds.get(address)
        sound = None if place is None else place[0].open_sound(place[1])
        is_tag = _TAG_PATTERN.fullmatch(tag) is not None
        if sound is None or not is_tag or sound.sha256.startswith(tag):
            return sound
        sound.file.close()
        return None

    def has_sound(self, asset: str, sha256: str) -> bool:
        """Whether an asset's file has these bytes now; blocks."""
        sound = self.open_sound(f"clips/{asset}")
        if sound is None:
            return False
        sound.file.close()
        return sound.sha256 == sha256

    def record_decisions(self, latest: Mapping[tuple[str, str], SoundDecision]) -> None:
        """Show decisions, by asset and hash, where their rows are still there."""
        changed: dict[str, ReviewRow] = {}
        for sound, each in latest.items():
            before = self._decided.setdefault(sound, each.decision)
            if ledger.order(before) < ledger.order(each.decision):
                self._decided[sound] = each.decision
            row = self._rows.get(each.asset)
            if row is not None and row.sha256 == each.sha256:
                changed[row.asset] = self._with_decision(row)
        self._set_rows(self._rows | changed)

    def refresh_rows(self, found: ReviewRows) -> list[tuple[str, ReviewRow]]:
        """Take in how the clips of an entry stand now; those without a sound keep the one they had.

        Args:
            found: all rows that this entry has; what other entries hear of them is not in it.

        Returns:
            The rows that are new or changed, each with the asset whose place it takes.
        """
        self._add_sounds(found)
        fresh = {row.asset: self._with_decision(_tag_row(row)) for row in found.clips}
        heard = {_use_key(use) for now in fresh.values() for use in now.uses}
        before = self._rows
        rows: dict[str, ReviewRow] = {}
        places: dict[str, str] = {}
        for asset, row in before.items():
            mine = heard.intersection(map(_use_key, row.uses))
            others = tuple(use for use in row.uses if _use_key(use) not in mine)
            if others:
                _merge_row(rows, msgspec.structs.replace(row, uses=others))
            if mine:
                # Where it was replaced, it was kept.
                kept = f"{row.sha256}.{row.asset.rpartition('.')[2]}"
                self._add_sound(f"{EARLIER}/{kept}", self._kept / kept)
            for now in fresh.values():
                if mine.intersection(map(_use_key, now.uses)):
                    _merge_row(rows, _with_earlier(now, row), order=row.uses)
                    places.setdefault(now.asset, asset)
        for now in fresh.values():
            # A clip that had no sound before.
            if now.asset not in places:
                _merge_row(rows, now)
        self._set_rows(rows)
        changed = (asset for asset, row in rows.items() if row != before.get(asset))
        return [(places.get(asset, asset), rows[asset]) for asset in changed]

    def _with_decision(self, row: ReviewRow) -> ReviewRow:
        """A row as found, with what was decided of its sound since, if that is later."""
        latest = self._decided.get((row.asset, row.sha256))
        known = row.decision
        if latest is None or (known is not None and ledger.order(known) > ledger.order(latest)):
            return row
        shown = None if latest.decided is Decided.UNDECIDED else latest
        return msgspec.structs.replace(row, decision=shown)

    def _set_rows(self, rows: dict[str, ReviewRow]) -> None:
        self._rows = rows
        self._found = replace(self._found, clips=tuple(rows.values()))

    def _add_sounds(self, found: ReviewRows) -> None:
        """Let the sounds of rows be heard, and no others."""
        for address, path in found.sounds.items():
            self._add_sound(address, path)

    def _add_sound(self, address: str, path: Path) -> None:
        name = address.partition("/")[2]
        root = Path(*path.parts[: -len(name.split("/"))])
        self._sounds[address] = (self._folders.setdefault(str(root), SoundFolder(root)), name)


def _use_key(use: ClipUse) -> tuple[str, str, str, str]:
    return use.file, use.source, use.entry, use.part


def _merge_row(
    rows: dict[str, ReviewRow], row: ReviewRow, *, order: tuple[ClipUse, ...] = ()
) -> None:
    """Add a row; one that is there already is heard in the clips of both.

    Args:
        rows: where to.
        row: which.
        order: the clips in the order that they had; others come behind them.
    """
    other = rows.get(row.asset)
    uses = {_use_key(use): use for use in ((*other.uses, *row.uses) if other else row.uses)}
    places = {_use_key(use): number for number, use in enumerate(order)}
    last = len(places)
    sorted_uses = sorted(uses.values(), key=lambda use: places.get(_use_key(use), last))
    rows[row.asset] = msgspec.structs.replace(row, uses=tuple(sorted_uses))


def _with_earlier(now: ReviewRow, before: ReviewRow) -> ReviewRow:
    """A row with the sound that it had until now, unless it has another to be compared with.

    Who comes later is told of earlier sounds by what was decided of them; nothing need have been.
    """
    if now.earlier is not None or now.sha256 == before.sha256:
        return now
    kept = f"{EARLIER}/{before.sha256}.{before.asset.rpartition('.')[2]}"
    address = kept if before.asset == now.asset else f"{CLIPS}/{before.asset}"
    nothing = Decision(decided=Decided.UNDECIDED, at="")
    earlier = EarlierSound(
        sound=_tag_address(quote(address), before.sha256),
        sha256=before.sha256,
        asset=before.asset,
        seconds=before.seconds,
        peaks=before.peaks,
        pitch=before.pitch,
        phrases=before.phrases,
        voice=before.voice,
        speed=before.speed,
        decision=before.decision or nothing,
    )
    return msgspec.structs.replace(now, earlier=earlier)


def _tag_row(row: ReviewRow) -> ReviewRow:
    """A row whose addresses tell the bytes that are meant: a browser keeps none for others."""
    earlier = row.earlier
    if earlier is not None:
        tagged = _tag_address(earlier.sound, earlier.sha256)
        earlier = msgspec.structs.replace(earlier, sound=tagged)
    return msgspec.structs.replace(row, sound=_tag_address(row.sound, row.sha256), earlier=earlier)


def _tag_address(sound: str, sha256: str) -> str:
    return f"{sound}?{sha256[:_TAG_LENGTH]}"
