"""From a parsed catalogue to its clips, its silent texts and the problems found in it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tts_assets.catalogue.document import lines_of
from tts_assets.catalogue.schemas import EntryProblemError, Slot, kinds_like, slots
from tts_assets.domain import Clip, Kind, Place, Unspoken
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.catalogue.document import Document

#: The longest id in bytes of UTF-8, so that it fits into a file name beside a kind and a part.
LONGEST_ID = 200

_UNSAFE_IN_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff/\\]")


@dataclass(slots=True, kw_only=True)
class Catalogue:
    """What one file holds.

    Args:
        file: its path as given.
        kind: what it teaches.
        entries: how many records it has.
        clips: everything to be said, in the order of the file.
        unspoken: texts that yield no clip, and why.
        problems: entries and values that cannot be used.
    """

    file: str
    kind: Kind
    entries: int
    clips: list[Clip] = field(default_factory=list)
    unspoken: list[Unspoken] = field(default_factory=list)
    problems: list[InputError] = field(default_factory=list)


def kind_of(file: str, root: object) -> Kind | None:
    """What a file teaches: as its name, its entries or its folder say; None when none is clear."""
    path = PurePath(file)
    named = [kind for kind in Kind if re.search(rf"(?<![a-z]){kind}(?![a-z])", path.stem.lower())]
    if len(named) == 1:
        return named[0]
    if path.parent.name.lower() in list(Kind):
        return Kind(path.parent.name.lower())
    first = root[0] if isinstance(root, list) and root else None
    looks = kinds_like(set(first)) if isinstance(first, dict) else []
    return looks[0] if len(looks) == 1 else None


def read(document: Document, kind: Kind) -> Catalogue:
    """All of a catalogue at once; see :class:`Reader`.

    Raises:
        InputError: the document's root is not a list of entries.
    """
    reader = Reader(document, kind)
    clips = list(reader.clips())
    catalogue = reader.finished()
    catalogue.clips = clips
    return catalogue


class Reader:
    """Goes through a catalogue clip by clip; problems are collected, not raised."""

    def __init__(self, document: Document, kind: Kind) -> None:
        """Begin.

        Raises:
            InputError: the document's root is not a list of entries.
        """
        self._root = document.root
        if not isinstance(self._root, list):
            message = "the file must be a list of entries: [ {...}, {...} ]"
            raise InputError(message, file=document.file, line=1)
        self._document = document
        self._catalogue = Catalogue(file=document.file, kind=kind, entries=len(self._root))
        self._seen: dict[str, tuple[int, str]] = {}
        self._problems: list[tuple[Place, str, str]] = []

    def clips(self) -> Iterator[Clip]:
        """Everything to be said, in the order of the file."""
        kind = self._catalogue.kind
        for position, entry in enumerate(self._root):
            try:
                entry_id = self._id(entry, position)
            except EntryProblemError as problem:
                self._note(problem, position, f"entry {position + 1}")
                continue
            try:
                for slot in slots(kind, entry):
                    clip = self._clip(slot, position, entry_id)
                    if clip is not None:
                        yield clip
            except EntryProblemError as problem:
                self._note(problem, position, f"entry {entry_id}")

    def finished(self) -> Catalogue:
        """What was found besides clips; lines of problems are found in one scan."""
        if self._problems:
            places = {place for place, _, _ in self._problems}
            lines = lines_of(self._document.text, places)
            self._catalogue.problems.extend(
                InputError(message, file=self._document.file, entry=who, line=lines.get(place))
                for place, who, message in self._problems
            )
        return self._catalogue

    def _clip(self, slot: Slot, position: int, entry_id: str) -> Clip | None:
        part, place, url, form, parallel = slot
        catalogue = self._catalogue
        if isinstance(form, EntryProblemError):
            self._note(form, position, f"entry {entry_id}")
        elif isinstance(form, str):
            catalogue.unspoken.append(
                Unspoken(
                    kind=catalogue.kind,
                    file=catalogue.file,
                    entry=entry_id,
                    part=part,
                    reason=form,
                )
            )
        elif url is not None and not isinstance(url, str):
            key = next(key for key in reversed(place) if isinstance(key, str))
            message = f"{key!r} holds neither text nor null, and a URL belongs there"
            self._note(EntryProblemError(message, *place), position, f"entry {entry_id}")
        else:
            place = (position, *place)
            return Clip(
                catalogue.kind, catalogue.file, entry_id, part, place, form, parallel, url or None
            )
        return None

    def _id(self, entry: Any, position: int) -> str:
        """The entry's id as text, if no other entry has one that could be taken for it."""
        if not isinstance(entry, dict):
            raise EntryProblemError("it is not an object { ... }")
        key = "id"
        if self._catalogue.kind is Kind.CHARACTERS and "id" not in entry:
            key = "hiragana" if entry.get("hiragana") else "katakana"
        value = entry.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int):
            what = f"it has no {key!r}" if value is None else f"its {key!r} is no text or number"
            raise EntryProblemError(f"{what}: give every entry one of its own", *_at(entry, key))
        text = str(value)
        if isinstance(value, str) and (wrong := _id_problem(text)):
            raise EntryProblemError(f"its {key!r} {wrong}", key)
        other, other_text = self._seen.setdefault(_folded(text), (position, text))
        if other != position:
            same = "the same" if other_text == text else "too much like the"
            raise EntryProblemError(
                f"its {key!r} {text!r} is {same} {key!r} of entry {other + 1}: "
                "give it one of its own",
                key,
            )
        return text

    def _note(self, problem: EntryProblemError, position: int, who: str) -> None:
        self._problems.append(((position, *problem.place), who, str(problem)))


def _at(entry: dict[str, Any], key: str) -> tuple[str, ...]:
    return (key,) if key in entry else ()


def _id_problem(text: str) -> str | None:
    """Why a text is no id that is safe in file names and addresses; None when it is."""
    if not text.strip():
        return "is empty"
    if _UNSAFE_IN_ID.search(text) or text in {".", ".."}:
        return f"{text[:60]!r} has a slash, a control or a broken character, or names a folder"
    size = len(text.encode())
    if size > LONGEST_ID:
        return f"is {size} bytes long; at most {LONGEST_ID} are allowed"
    return None


def _folded(entry_id: str) -> str:
    """One spelling for ids that some file systems cannot tell apart."""
    if entry_id.isascii():
        return entry_id.lower()
    return unicodedata.normalize("NFC", entry_id).casefold()
