"""From a parsed catalogue to its clips, its silent texts and the problems found in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tts_assets.catalogue.document import DocumentFormat
from tts_assets.catalogue.fields import EntryProblemError
from tts_assets.catalogue.ids import Ids
from tts_assets.catalogue.plain import plainly
from tts_assets.catalogue.rules import Rule, Slot
from tts_assets.catalogue.unused import advice, missing_on
from tts_assets.domain import Clip, Kind, Place, Unspoken
from tts_assets.errors import InputError
from tts_assets.mapping import ROOT_LIST, Overwrite, ShapeError, found, is_built_in, kinds_like

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tts_assets.catalogue.document import Document
    from tts_assets.mapping import Source

#: A URL, a path without blanks or the name of a file, in Anki's brackets or not.
_ADDRESS = re.compile(
    r"\s*(?:[a-z][a-z0-9+.-]*:\S|\.{0,2}/\S|[!-~]+/[!-~]*\Z"
    r"|.*\.[a-z0-9]{2,5}\]?(?:[?#]\S*)?\s*\Z)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(slots=True, kw_only=True)
class Catalogue:
    """What one source finds in one file.

    Args:
        file: its path as given.
        source: how it is read.
        entries: how many records it has.
        clips: everything to be said, in the order of the file.
        unspoken: texts that yield no clip, and why.
        problems: entries and values that cannot be used.
    """

    file: str
    source: Source
    entries: int = 0
    clips: list[Clip] = field(default_factory=list)
    unspoken: list[Unspoken] = field(default_factory=list)
    problems: list[InputError] = field(default_factory=list)


def kind_of(file: str, root: object) -> Kind | None:
    """What a file teaches: as its name, its entries or its folder say; None when none is clear."""
    path = PurePath(file)
    stem, folder = path.stem.lower(), path.parent.name.lower()
    named = [kind for kind in Kind if re.search(rf"(?<![a-z]){kind}(?![a-z])", stem)]
    if len(named) == 1:
        return named[0]
    if not named and re.search(r"(?<![a-z])readings(?![a-z])", stem):
        return Kind.READING
    if folder in list(Kind):
        return Kind(folder)
    if folder == "readings":
        return Kind.READING
    first = root[0] if isinstance(root, list) and root else None
    looks = kinds_like(set(first)) if isinstance(first, dict) else []
    return looks[0] if len(looks) == 1 else None


def read(
    document: Document, source: Source, amend: Callable[[Clip], Clip] | None = None
) -> Catalogue:
    """All of a catalogue at once; see :class:`Reader`.

    Raises:
        InputError: the records do not lie where the source says.
    """
    reader = Reader(document, source, amend)
    clips = list(reader.clips())
    catalogue = reader.finished()
    catalogue.clips = clips
    return catalogue


class Reader:
    """Goes through a catalogue clip by clip; problems are collected, not raised."""

    def __init__(
        self,
        document: Document,
        source: Source,
        amend: Callable[[Clip], Clip] | None = None,
    ) -> None:
        """Begin.

        Args:
            document: what is read.
            source: how.
            amend: makes of a clip what is said instead; raises InputError where that cannot be.

        Raises:
            InputError: the records do not lie where the source says, or URLs have no column.
        """
        self._document = document
        self._source = source
        self._amend = amend
        texts = document.format is DocumentFormat.CSV
        if texts:
            self._check_columns()
        self._rules = tuple(Rule(rule, source, texts=texts) for rule in source.clips)
        self._plainly = tuple(plainly(rule, source, document.file) for rule in source.clips)
        self._ids = Ids(document, source, self._rules)
        self._catalogue = Catalogue(file=document.file, source=source)
        self._problems: list[tuple[Place, str, str]] = []
        self._replaces_all = source.overwrite is Overwrite.ALWAYS
        self._elsewhere = self._found()

    @property
    def source(self) -> Source:
        """How it is read."""
        return self._source

    @property
    def document(self) -> Document:
        """What is read."""
        return self._document

    def records(self) -> Iterator[tuple[Place, Any]]:
        """Every record with its place."""
        if self._elsewhere is None:
            return (((index,), record) for index, record in enumerate(self._document.root))
        return iter(self._elsewhere)

    def clips(self) -> Iterator[Clip]:
        """Everything to be said, in the order of the file."""
        return self._said() if self._amend is None else self._amended(self._amend)

    def _amended(self, amend: Callable[[Clip], Clip]) -> Iterator[Clip]:
        for clip in self._said():
            try:
                amended = amend(clip)
            except InputError as problem:
                self._catalogue.problems.append(problem)
                continue
            yield amended

    def _said(self) -> Iterator[Clip]:
        ways = tuple(zip(self._plainly, self._rules, strict=True))
        for position, (place, record) in enumerate(self.records()):
            self._catalogue.entries += 1
            try:
                entry_id = self._ids.of(record, place, position)
            except (EntryProblemError, RecursionError) as problem:
                self._note(_of_place(problem, place), f"entry {position + 1}")
                continue
            for plain, rule in ways:
                try:
                    if plain is not None and (said := plain(record, place, entry_id)) is not None:
                        yield said
                        continue
                    for slot in rule.slots(record, place):
                        clip = self._clip(slot, entry_id)
                        if clip is not None:
                            yield clip
                except (EntryProblemError, RecursionError) as problem:
                    self._note(_of_place(problem, place), f"entry {entry_id}")

    def finished(self) -> Catalogue:
        """What was found besides clips; lines of problems are found in one scan."""
        if self._problems:
            places = {place for place, _, _ in self._problems}
            lines = self._document.lines_of(places)
            self._catalogue.problems.extend(
                InputError(message, file=self._document.file, entry=who, line=lines.get(place))
                for place, who, message in self._problems
            )
        return self._catalogue

    def _found(self) -> list[tuple[Place, Any]] | None:
        """The records, if they are not simply the items of the list that the document is."""
        root, records = self._document.root, self._source.records
        if isinstance(root, list) and records.steps == ROOT_LIST.steps:
            return None
        if records is ROOT_LIST:
            message = "the file must be a list of entries: [ {...}, {...} ]"
            raise self._misplaced(message, ())
        try:
            places = list(found(root, records.steps))
        except ShapeError as problem:
            message = f"the records do not lie at {records.text}: {problem}"
            raise self._misplaced(message, problem.place) from problem
        missing = None if places else missing_on(root, records.steps)
        if missing is not None:
            raise self._misplaced(f"no record lies at {records.text}{advice(missing)}", ())
        return places

    def _check_columns(self) -> None:
        """A target that no row can have is told of once, before anything is made."""
        if is_built_in(self._source):
            # Of the built-in rules, those for lists find none in a table.
            return
        table = self._document.table()
        for rule in self._source.clips:
            for key, path in rule.targets.items():
                why = table.why_no_field(path.steps[0] if len(path.steps) == 1 else None)
                if why is not None:
                    where = f"{self._source.short_name}, clip {rule.part}: {key}"
                    message = f"{path.text!r} ({where}) {why}"
                    raise InputError(message, file=self._document.file)

    def _misplaced(self, message: str, place: Place) -> InputError:
        return InputError(
            f"{message}{' ' if message.endswith('?') else '; '}say with `records` of a [[source]] table where they are",
            file=self._document.file,
            line=self._document.lines_of([place]).get(place),
        )

    def _clip(self, slot: Slot, entry_id: str) -> Clip | None:
        part, at, said, place, url, parallel, voice, timeline = slot
        catalogue = self._catalogue
        kind = catalogue.source.kind
        if isinstance(said, EntryProblemError):
            self._note(said, f"entry {entry_id}")
        elif isinstance(said, str):
            catalogue.unspoken.append(
                Unspoken(
                    kind=kind, file=catalogue.file, entry=entry_id, part=part, reason=said, at=at
                )
            )
        elif (wrong := self._wrong_in(place, url)) is not None:
            self._note(EntryProblemError(wrong, place or at), f"entry {entry_id}")
        elif timeline and (wrong := self._wrong_in(timeline.place, timeline.url)) is not None:
            self._note(EntryProblemError(wrong, timeline.place), f"entry {entry_id}")
        else:
            return Clip(
                kind,
                catalogue.file,
                entry_id,
                part,
                place,
                said,
                parallel,
                _filled(url),
                voice,
                at,
                catalogue.source.name,
                timeline and timeline._replace(url=_filled(timeline.url)),
            )
        return None

    def _wrong_in(self, place: Place | None, url: Any) -> str | None:
        """Why a URL cannot be written over what is there; None where it can."""
        if url is None:
            return None
        if not isinstance(url, str):
            keys = [key for key in place or () if isinstance(key, str)]
            return f"{keys[-1]!r} holds neither text nor null, and a URL belongs there"
        if url and self._replaces_all and not url.isspace() and not _ADDRESS.match(url):
            return (
                f"a URL would replace {url[:40]!r}, which is no address of a recording: empty it, "
                "or let it go to another field"
            )
        return None

    def _note(self, problem: EntryProblemError, who: str) -> None:
        self._problems.append((problem.place, who, str(problem)))


def _filled(url: str | None) -> str | None:
    """The URL that a field has; None for a blank one."""
    return url if url and not url.isspace() else None


def _of_place(problem: EntryProblemError | RecursionError, place: Place) -> EntryProblemError:
    """What is wrong with a record; where nothing else is known, its nesting."""
    if isinstance(problem, EntryProblemError):
        return problem
    return EntryProblemError("a value is nested too deeply to be read: remove it", place)
