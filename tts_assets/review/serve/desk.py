"""What lies before the reviewer: the rows of the page as they stand, and where their sounds are."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from tts_assets import ledger
from tts_assets.domain import Decided, Decision
from tts_assets.pages import REVIEW, Page, page
from tts_assets.review.earlier import CLIPS, EARLIER
from tts_assets.review.payload import Mode, payload
from tts_assets.review.row import Earlier
from tts_assets.review.serve.sounds import Sounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tts_assets.decisions import SoundDecision
    from tts_assets.review.row import Row, Use
    from tts_assets.review.rows import Rows
    from tts_assets.review.serve.sounds import Sound

#: So much of a hash tells two sounds of one name apart.
_TAG = 16
_IS_TAG = re.compile(f"[0-9a-f]{{{_TAG}}}")


class Desk:
    """Changed in the event loop only; what is read in threads is replaced as a whole."""

    def __init__(self, found: Rows, *, project: str, kept: Path) -> None:
        """Lay out what was found.

        Args:
            found: all rows.
            project: what the page calls itself.
            kept: the folder of sounds that were replaced.
        """
        self._kept = kept
        self._project = project
        self._found = found
        self._rows: dict[str, Row] = {}
        # By asset and hash: the ledger is told of them later than the page.
        self._decided: dict[tuple[str, str], Decision] = {}
        self._sounds: dict[str, tuple[Sounds, str]] = {}
        self._folders: dict[str, Sounds] = {}
        self._lay({row.asset: _tagged(row) for row in found.clips})
        self._add_sounds(found)

    def row(self, asset: str) -> Row | None:
        """The row of an asset; None where there is none."""
        return self._rows.get(asset)

    def row_of(self, use: Use) -> Row | None:
        """The row in which a clip is heard; None where it has no sound."""
        found = (
            row for row in self._rows.values() if any(_key(each) == _key(use) for each in row.uses)
        )
        return next(found, None)

    def page(self) -> Page:
        """The page as things stand; blocks."""
        data = payload(self._found, mode=Mode.SERVE, project=self._project)
        return page(
            REVIEW,
            title=f"Review: {self._project}",
            data={"review-data": data},
            connect=True,
            nonce=secrets.token_urlsafe(16),
        )

    def sound(self, address: str, tag: str = "") -> Sound | None:
        """The sound at an address below the page, which only those of rows have; blocks.

        Args:
            address: as in the rows, not encoded.
            tag: how the hash of its bytes begins, as its row tells; anything else for any bytes.
                Who hears a sound decides of its bytes: no others must be heard in their place.
        """
        place = self._sounds.get(address)
        sound = None if place is None else place[0].open(place[1])
        is_tag = _IS_TAG.fullmatch(tag) is not None
        if sound is None or not is_tag or sound.sha256.startswith(tag):
            return sound
        sound.file.close()
        return None

    def is_there(self, asset: str, sha256: str) -> bool:
        """Whether an asset's file has these bytes now; blocks."""
        sound = self.sound(f"clips/{asset}")
        if sound is None:
            return False
        sound.file.close()
        return sound.sha256 == sha256

    def decided(self, latest: Mapping[tuple[str, str], SoundDecision]) -> None:
        """Show decisions, by asset and hash, where their rows are still there."""
        changed: dict[str, Row] = {}
        for sound, each in latest.items():
            before = self._decided.setdefault(sound, each.decision)
            if ledger.order(before) < ledger.order(each.decision):
                self._decided[sound] = each.decision
            row = self._rows.get(each.asset)
            if row is not None and row.sha256 == each.sha256:
                changed[row.asset] = self._as_decided(row)
        self._lay(self._rows | changed)

    def renew(self, found: Rows) -> list[tuple[str, Row]]:
        """Take in how the clips of an entry stand now; those without a sound keep the one they had.

        Args:
            found: all rows that this entry has; what other entries hear of them is not in it.

        Returns:
            The rows that are new or changed, each with the asset whose place it takes.
        """
        self._add_sounds(found)
        fresh = {row.asset: self._as_decided(_tagged(row)) for row in found.clips}
        heard = {_key(use) for now in fresh.values() for use in now.uses}
        before = self._rows
        rows: dict[str, Row] = {}
        places: dict[str, str] = {}
        for asset, row in before.items():
            mine = heard.intersection(map(_key, row.uses))
            others = tuple(use for use in row.uses if _key(use) not in mine)
            if others:
                _put(rows, msgspec.structs.replace(row, uses=others))
            if mine:
                # Where it was replaced, it was kept.
                kept = f"{row.sha256}.{row.asset.rpartition('.')[2]}"
                self._add_sound(f"{EARLIER}/{kept}", self._kept / kept)
            for now in fresh.values():
                if mine.intersection(map(_key, now.uses)):
                    _put(rows, _compared(now, row), order=row.uses)
                    places.setdefault(now.asset, asset)
        for now in fresh.values():
            # A clip that had no sound before.
            if now.asset not in places:
                _put(rows, now)
        self._lay(rows)
        changed = (asset for asset, row in rows.items() if row != before.get(asset))
        return [(places.get(asset, asset), rows[asset]) for asset in changed]

    def _as_decided(self, row: Row) -> Row:
        """A row as found, with what was decided of its sound since, if that is later."""
        latest = self._decided.get((row.asset, row.sha256))
        known = row.decision
        if latest is None or (known is not None and ledger.order(known) > ledger.order(latest)):
            return row
        shown = None if latest.decided is Decided.UNDECIDED else latest
        return msgspec.structs.replace(row, decision=shown)

    def _lay(self, rows: dict[str, Row]) -> None:
        self._rows = rows
        self._found = replace(self._found, clips=tuple(rows.values()))

    def _add_sounds(self, found: Rows) -> None:
        """Let the sounds of rows be heard, and no others."""
        for address, path in found.sounds.items():
            self._add_sound(address, path)

    def _add_sound(self, address: str, path: Path) -> None:
        name = address.partition("/")[2]
        root = Path(*path.parts[: -len(name.split("/"))])
        self._sounds[address] = (self._folders.setdefault(str(root), Sounds(root)), name)


def _key(use: Use) -> tuple[str, str, str, str]:
    return use.file, use.source, use.entry, use.part


def _put(rows: dict[str, Row], row: Row, *, order: tuple[Use, ...] = ()) -> None:
    """Add a row; one that is there already is heard in the clips of both.

    Args:
        rows: where to.
        row: which.
        order: the clips in the order that they had; others come behind them.
    """
    other = rows.get(row.asset)
    uses = {_key(use): use for use in ((*other.uses, *row.uses) if other else row.uses)}
    places = {_key(use): number for number, use in enumerate(order)}
    last = len(places)
    sorted_uses = sorted(uses.values(), key=lambda use: places.get(_key(use), last))
    rows[row.asset] = msgspec.structs.replace(row, uses=tuple(sorted_uses))


def _compared(now: Row, before: Row) -> Row:
    """A row with the sound that it had until now, unless it has another to be compared with.

    Who comes later is told of earlier sounds by what was decided of them; nothing need have been.
    """
    if now.earlier is not None or now.sha256 == before.sha256:
        return now
    kept = f"{EARLIER}/{before.sha256}.{before.asset.rpartition('.')[2]}"
    address = kept if before.asset == now.asset else f"{CLIPS}/{before.asset}"
    nothing = Decision(decided=Decided.UNDECIDED, at="")
    earlier = Earlier(
        sound=_tag(quote(address), before.sha256),
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


def _tagged(row: Row) -> Row:
    """A row whose addresses tell the bytes that are meant: a browser keeps none for others."""
    earlier = row.earlier
    if earlier is not None:
        tagged = _tag(earlier.sound, earlier.sha256)
        earlier = msgspec.structs.replace(earlier, sound=tagged)
    return msgspec.structs.replace(row, sound=_tag(row.sound, row.sha256), earlier=earlier)


def _tag(sound: str, sha256: str) -> str:
    return f"{sound}?{sha256[:_TAG]}"
