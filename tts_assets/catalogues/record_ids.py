"""The ids of records: where they come from, and that no two are one to a file system."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.field_lookup import EntryProblemError
from tts_assets.config.catalogue_sources import IdOrigin
from tts_assets.config.source_paths import PathStep, ShapeError, describe_type, find_values

if TYPE_CHECKING:
    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.catalogues.compiled_rules import CompiledRule
    from tts_assets.config.catalogue_sources import Source
    from tts_assets.model import Place


#: The longest id in bytes of UTF-8, so that it fits into a file name beside a kind and a part.
MAX_ID_BYTES = 200
_UNSAFE_IN_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class RecordIds:
    """Gives every record of a document its id."""

    def __init__(self, document: Document, source: Source, rules: tuple[CompiledRule, ...]) -> None:
        """Begin a document; ``rules`` tell what a hash is made of."""
        self._document = document
        self._id = source.id
        self._steps = source.records.steps
        self._rules = rules
        self._seen: dict[str, int] = {}
        #: Those of the ids that are not their own key among the seen ones.
        self._unfolded: dict[str, str] = {}
        first = source.id.paths[0] if source.id.paths else None
        alone = (
            source.id.of is IdOrigin.FIELD and first is not None and first.steps == (first.text,)
        )
        #: The common case: a number under one key.
        self._key = first.text if first is not None and alone else None

    def assign_id(self, record: Any, place: Place, position: int) -> str:
        """The id of a record, if no other record has one that could be taken for it.

        Raises:
            EntryProblemError: it has none, or one that cannot be used.
        """
        if self._key is not None and type(record) is dict:
            value = record.get(self._key)
            if type(value) is int and self._seen.setdefault(str(value), position) == position:
                return str(value)
        if self._id.of is IdOrigin.HASH:
            return self._hash_texts(record, place, position)
        if self._id.of is IdOrigin.FIELD:
            name, value = self._read_id_field(record, place)
        else:
            name, value = "place", self._derive_from_path(place)
        text = value if isinstance(value, str) else str(value)
        wrong = _find_text_problem(text) if isinstance(value, str) else None
        if wrong is None:
            folded = _fold_id(text)
            other = self._seen.setdefault(folded, position)
            if other == position:
                if folded != text:
                    self._unfolded[folded] = text
                return text
            same_text = self._unfolded.get(folded, folded) == text
            same = "the same" if same_text else "too much like the"
            wrong = f"{text!r} is {same} {name!r} of entry {other + 1}: give it one of its own"
        at = (*place, name) if isinstance(record, dict) and name in record else place
        raise EntryProblemError(f"its {name!r} {wrong}", at)

    def _read_id_field(self, record: Any, place: Place) -> tuple[str, str | int]:
        if not isinstance(record, dict):
            raise EntryProblemError("it is not an object { ... }", place)
        name, value = self._id.paths[0].text, None
        for path in self._id.paths:
            value = self._read_id_value(record, path.steps, place)
            if value is not None and value != "":
                name = path.text
                break
        if isinstance(value, bool) or not isinstance(value, str | int):
            what = (
                f"it has no {name!r}"
                if value is None
                else f"its {name!r} is {describe_type(value)}, and must be text or a whole number"
            )
            at = (*place, name) if name in record else place
            raise EntryProblemError(f"{what}: give every entry one of its own", at)
        return name, value

    def _read_id_value(self, record: dict[str, Any], steps: tuple[Any, ...], place: Place) -> Any:
        if len(steps) == 1 and isinstance(steps[0], str):
            return record.get(steps[0])
        try:
            return next((value for _, value in find_values(record, steps)), None)
        except ShapeError as problem:
            raise EntryProblemError(str(problem), (*place, *problem.place)) from problem

    def _derive_from_path(self, place: Place) -> str:
        """An id from where the record lies: no two records can lie at one place."""
        if self._id.of is IdOrigin.FILE:
            stem = PurePath(self._document.file).stem
            return "-".join([stem, *self._wildcard_steps(place, 0)])
        if self._id.of is IdOrigin.KEY:
            return "-".join(self._wildcard_steps(place, 0)) or "1"
        for depth in range(len(place) - 1, -1, -1):
            parent = self._document.root
            for step in place[:depth]:
                parent = parent[step]
            if isinstance(parent, dict):
                value = self._read_id_value(parent, self._id.paths[0].steps, place[:depth])
                if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                    return "-".join([str(value), *self._wildcard_steps(place, depth)])
        raise EntryProblemError(
            f"nothing that it lies in has {self._id.paths[0].text!r}: give it one, or choose "
            "another id",
            place,
        )

    def _wildcard_steps(self, place: Place, depth: int) -> list[str]:
        """The keys and numbers that tell records apart: those that a wildcard stands for."""
        pairs = list(zip(place, self._steps, strict=True))[depth:]
        return [
            str(step + 1 if isinstance(step, int) else step)
            for step, wanted in pairs
            if wanted is PathStep.EVERY
        ]

    def _hash_texts(self, record: Any, place: Place, position: int) -> str:
        said = [rule.collect_raw_values(record, place) for rule in self._rules]
        data = json.dumps(said, ensure_ascii=True, sort_keys=True, default=str).encode()
        digest = hashlib.sha256(data).hexdigest()[:16]
        # Two records that say the same are told apart by their order.
        name, number = digest, 1
        while self._seen.setdefault(name, position) != position:
            number += 1
            name = f"{digest}-{number}"
        return name


def _find_text_problem(text: str) -> str | None:
    """Why a text is no id; None when it is. Slashes are escaped where files are named by ids."""
    if not text.strip():
        return "is empty"
    if _UNSAFE_IN_ID.search(text):
        return f"{text[:60]!r} has a control or a broken character: remove it"
    size = len(text.encode())
    if size > MAX_ID_BYTES:
        return f"is {size} bytes long; at most {MAX_ID_BYTES} are allowed"
    return None


def _fold_id(entry_id: str) -> str:
    """One spelling for ids that some file systems cannot tell apart."""
    if entry_id.isascii():
        return entry_id.lower()
    return unicodedata.normalize("NFC", entry_id).casefold()
