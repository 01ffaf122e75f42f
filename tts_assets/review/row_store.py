"""The rows of the page in their current state, and the sound files that they name."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import msgspec

from tts_assets.model import Decided, Decision
from tts_assets.regular_files import open_regular
from tts_assets.review.html_page import REVIEW_LAYOUT, HtmlPage, build_page
from tts_assets.review.review_items import CLIPS, EARLIER
from tts_assets.review.review_rows import EarlierSound, PageMode, build_payload, move_sounds
from tts_assets.store import ledger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import BufferedReader

    from tts_assets.review.review_rows import ClipUse, ReviewRow, ReviewRows
    from tts_assets.review.sound_previews import AccentMatch
    from tts_assets.store.decisions import SoundDecision

#: This many characters of the hash tell two sounds of one name apart.
_TAG_LENGTH = 16
_TAG_PATTERN = re.compile(f"[0-9a-f]{{{_TAG_LENGTH}}}")


class OpenedSound(NamedTuple):
    """A sound file whose hash was checked; the caller closes it."""

    file: BufferedReader
    size: int
    sha256: str


class SoundFolder:
    """Opens the sound files below one folder; each is hashed once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._hashes: dict[str, tuple[tuple[int, ...], str]] = {}

    def open_sound(self, name: str) -> OpenedSound | None:
        """A sound file by its path below the folder; None if it is missing or lies elsewhere."""
        path = self._resolve_path(name)
        if path is None:
            return None
        try:
            # The file may have been replaced by a pipe, or a link.
            file = open_regular(path, follow_links=False)
        except OSError:
            return None
        try:
            status = os.fstat(file.fileno())
            return OpenedSound(file, status.st_size, self._hash_file(name, file, status))
        except OSError:
            file.close()
            return None

    def _resolve_path(self, name: str) -> str | None:
        """The real path of a file of the folder; None if it leads outside."""
        parts = name.split("/")
        if "\\" in name or "\0" in name or not {"", ".", ".."}.isdisjoint(parts):
            return None
        root = os.path.realpath(self.root)
        path = os.path.realpath(os.path.join(root, *parts))  # noqa: PTH118 - with realpath
        return path if path.startswith(root.rstrip(os.sep) + os.sep) else None

    def _hash_file(self, name: str, file: BufferedReader, status: os.stat_result) -> str:
        version = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        cached = self._hashes.get(name)
        if cached is None or cached[0] != version:
            cached = (version, hashlib.file_digest(file, "sha256").hexdigest())
            self._hashes[name] = cached
        return cached[1]


class RowStore:
    """Changed in the event loop only; threads read values that are replaced as a whole."""

    def __init__(self, found: ReviewRows, *, project: str, kept: Path) -> None:
        """Index the rows of a page with this title; ``kept`` is the folder of replaced sounds."""
        self.found = found
        self._kept = kept
        self._project = project
        self._rows: dict[str, ReviewRow] = {}
        # By asset and hash: decisions reach the ledger later than the page.
        self._session_decisions: dict[tuple[str, str], Decision] = {}
        self._sounds: dict[str, tuple[SoundFolder, str]] = {}
        self._folders: dict[str, SoundFolder] = {}
        self._set_rows({row.asset: move_sounds(row, _tag_address) for row in found.clips})
        self._add_sounds(found.sounds)

    def get_row(self, asset: str) -> ReviewRow | None:
        return self._rows.get(asset)

    def find_row(self, use: ClipUse) -> ReviewRow | None:
        """The row of a clip; None if the clip has no sound."""
        rows = (row for row in self._rows.values() if any(each.key == use.key for each in row.uses))
        return next(rows, None)

    def render_page(self) -> HtmlPage:
        """The page in its current state; blocks."""
        return build_page(
            REVIEW_LAYOUT,
            title=f"Review: {self._project}",
            data={
                "review-data": build_payload(self.found, mode=PageMode.SERVE, project=self._project)
            },
            connect=True,
            nonce=secrets.token_urlsafe(16),
        )

    def open_sound(self, address: str, tag: str = "") -> OpenedSound | None:
        """The sound of a row; blocks.

        Args:
            address: below the page, not encoded.
            tag: the beginning of its hash, as in its row; anything else accepts any bytes. A
                decision applies to the bytes that were played, so no others may replace them.
        """
        place = self._sounds.get(address)
        sound = None if place is None else place[0].open_sound(place[1])
        is_tag = _TAG_PATTERN.fullmatch(tag) is not None
        if sound is None or not is_tag or sound.sha256.startswith(tag):
            return sound
        sound.file.close()
        return None

    def find_path(self, asset: str) -> Path | None:
        """The path of an asset's sound; None if it has no row."""
        place = self._sounds.get(f"{CLIPS}/{asset}") if asset in self._rows else None
        return None if place is None else place[0].root / place[1]

    def keep_accents(self, row: ReviewRow, accents: tuple[AccentMatch, ...]) -> None:
        """Show the recognized accents of a sound, if its row still has that sound."""
        now = self._rows.get(row.asset)
        if now is not None and now.sha256 == row.sha256:
            changed = msgspec.structs.replace(now, accents=accents)
            self._set_rows(self._rows | {row.asset: changed})

    def has_sound(self, asset: str, sha256: str) -> bool:
        """Whether an asset's file has these bytes now; blocks."""
        sound = self.open_sound(f"{CLIPS}/{asset}")
        if sound is None:
            return False
        sound.file.close()
        return sound.sha256 == sha256

    def record_decisions(self, latest: Mapping[tuple[str, str], SoundDecision]) -> None:
        """Show decisions, by asset and hash, in rows that still have that sound."""
        changed: dict[str, ReviewRow] = {}
        for sound, each in latest.items():
            before = self._session_decisions.setdefault(sound, each.decision)
            if ledger.order(before) < ledger.order(each.decision):
                self._session_decisions[sound] = each.decision
            row = self._rows.get(each.asset)
            if row is not None and row.sha256 == each.sha256:
                changed[row.asset] = self._with_decision(row)
        self._set_rows(self._rows | changed)

    def refresh_rows(self, found: ReviewRows) -> list[tuple[str, ReviewRow]]:
        """Update the rows of one entry; clips without a sound keep their former one.

        Clips of other entries in the rows found are not listed.

        Returns:
            The new and changed rows, each with the asset whose place it takes.
        """
        self._add_sounds(found.sounds)
        self.found = replace(self.found, forms={**self.found.forms, **found.forms})
        fresh = {
            row.asset: self._with_decision(move_sounds(row, _tag_address)) for row in found.clips
        }
        fresh_keys = {use.key for row in fresh.values() for use in row.uses}
        before = self._rows
        rows: dict[str, ReviewRow] = {}
        places: dict[str, str] = {}
        for asset, row in before.items():
            mine = fresh_keys & {use.key for use in row.uses}
            others = tuple(use for use in row.uses if use.key not in mine)
            if others:
                _merge_row(rows, msgspec.structs.replace(row, uses=others))
            if mine:
                # If it was replaced, it was kept.
                kept = _kept_name(row)
                self._add_sound(f"{EARLIER}/{kept}", self._kept / kept)
            for now in fresh.values():
                if any(use.key in mine for use in now.uses):
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
        """A row with the decision of this session, if that is later than its own."""
        latest = self._session_decisions.get((row.asset, row.sha256))
        own = row.decision
        if latest is None or (own is not None and ledger.order(own) > ledger.order(latest)):
            return row
        visible = None if latest.decided is Decided.UNDECIDED else latest
        return msgspec.structs.replace(row, decision=visible)

    def _set_rows(self, rows: dict[str, ReviewRow]) -> None:
        self._rows = rows
        self.found = replace(self.found, clips=tuple(rows.values()))

    def _add_sounds(self, sounds: Mapping[str, Path]) -> None:
        """Allow requests for the sounds of rows; no others are served."""
        for address, path in sounds.items():
            self._add_sound(address, path)

    def _add_sound(self, address: str, path: Path) -> None:
        name = address.partition("/")[2]
        root = Path(*path.parts[: -len(name.split("/"))])
        self._sounds[address] = (self._folders.setdefault(str(root), SoundFolder(root)), name)


def _merge_row(
    rows: dict[str, ReviewRow], row: ReviewRow, *, order: tuple[ClipUse, ...] = ()
) -> None:
    """Add a row, or the clips of it to the row of the same asset; clips in `order` come first."""
    other = rows.get(row.asset)
    uses = {use.key: use for use in ((*other.uses, *row.uses) if other else row.uses)}
    places = {use.key: number for number, use in enumerate(order)}
    ordered = sorted(uses.values(), key=lambda use: places.get(use.key, len(places)))
    rows[row.asset] = msgspec.structs.replace(row, uses=tuple(ordered))


def _with_earlier(now: ReviewRow, before: ReviewRow) -> ReviewRow:
    """A row with its former sound to compare with, unless it has another one."""
    if now.earlier is not None or now.sha256 == before.sha256:
        return now
    is_kept = before.asset == now.asset
    address = f"{EARLIER}/{_kept_name(before)}" if is_kept else f"{CLIPS}/{before.asset}"
    fields = {name: getattr(before, name) for name in EarlierSound.__struct_fields__} | {
        "sound": _tag_address(quote(address), before.sha256),
        "decision": before.decision or Decision(decided=Decided.UNDECIDED, at=""),
    }
    earlier = EarlierSound(**fields)
    return msgspec.structs.replace(now, earlier=earlier)


def _kept_name(row: ReviewRow) -> str:
    return f"{row.sha256}.{row.asset.rpartition('.')[2]}"


def _tag_address(sound: str, sha256: str) -> str:
    """An address that names the bytes, so that browsers cache no others for it."""
    return f"{sound}?{sha256[:_TAG_LENGTH]}"
