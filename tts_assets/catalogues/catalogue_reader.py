"""Reads the clips, ids, skipped texts and problems of a parsed catalogue."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from operator import attrgetter
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.catalogues.catalogue_document import DocumentFormat
from tts_assets.catalogues.catalogue_files import Catalogue
from tts_assets.catalogues.compiled_rules import ClipSlot, CompiledRule, compile_plain_word
from tts_assets.catalogues.field_lookup import EntryProblemError
from tts_assets.config.catalogue_sources import (
    OVERRIDE_KEY,
    ROOT_LIST,
    RULE_FIELDS,
    IdOrigin,
    OverwritePolicy,
    is_built_in,
    match_kinds,
    shorten_source_name,
)
from tts_assets.config.source_paths import (
    FieldPath,
    PathStep,
    ShapeError,
    describe_type,
    find_values,
)
from tts_assets.errors import InputError, suggest, suggest_names
from tts_assets.model import Clip, Kind, Place, Unspoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.config.catalogue_sources import ClipRule, Source
    from tts_assets.config.source_paths import PathSteps
    from tts_assets.model import Target


#: The longest id in bytes of UTF-8, so that it fits into a file name with a kind and a part.
MAX_ID_BYTES = 200
ID_ADVICE = ": give it a unique one"  #: how the problem with an id that occurs twice ends
_UNSAFE_IN_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class RecordIds:
    """Assigns every record of a document its id."""

    def __init__(self, document: Document, source: Source, rules: tuple[CompiledRule, ...]) -> None:
        """Start with no ids; ``rules`` select the texts that a hash covers."""
        self._document = document
        self._id = source.id
        self._steps = source.records.steps
        self._rules = rules
        self._seen: dict[str, int] = {}
        #: The original spelling of each id that differs from its folded one.
        self._unfolded: dict[str, str] = {}
        first = source.id.paths[0] if source.id.paths else None
        is_direct = (
            source.id.of is IdOrigin.FIELD and first is not None and first.steps == (first.text,)
        )
        #: The common case: an integer under one key.
        self._key = first.text if first is not None and is_direct else None

    def assign_id(self, record: Any, place: Place, position: int) -> str:
        """The id of a record.

        Raises:
            EntryProblemError: the record has no id, or one that is invalid or too similar to another.
        """
        if self._key is not None and type(record) is dict:
            value = record.get(self._key)
            if type(value) is int:
                text = str(value)
                if self._seen.setdefault(text, position) == position:
                    return text
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
            same = "also that" if same_text else "too similar to that"
            wrong = f"{text!r} is {same} of record {other + 1}{ID_ADVICE}"
        at = (*place, name) if isinstance(record, dict) and name in record else place
        raise EntryProblemError(f"its {name!r} {wrong}", at)

    def _read_id_field(self, record: Any, place: Place) -> tuple[str, str | int]:
        if not isinstance(record, dict):
            raise EntryProblemError("it is not an object {...}", place)
        name, value = self._id.paths[0].text, None
        for path in self._id.paths:
            value = self._read_id_value(record, path.steps, place)
            if value is not None and value != "":
                name = path.text
                break
        if isinstance(value, bool) or not isinstance(value, str | int):
            is_missing = value is None and name not in record
            what = (
                f"it has no {name!r}"
                if is_missing
                else f"its {name!r} is {describe_type(value)}, but must be text or an integer"
            )
            at = (*place, name) if name in record else place
            hint = suggest(name, list(record)[:_MAX_KEYS_KEPT]) if is_missing else ""
            raise EntryProblemError(f"{what}: give every entry a unique one{hint}", at)
        return name, value

    def _read_id_value(self, record: dict[str, Any], steps: tuple[Any, ...], place: Place) -> Any:
        if len(steps) == 1 and isinstance(steps[0], str):
            return record.get(steps[0])
        try:
            return next((value for _, value in find_values(record, steps)), None)
        except ShapeError as problem:
            raise EntryProblemError(str(problem), (*place, *problem.place)) from problem

    def _derive_from_path(self, place: Place) -> str:
        """Derive an id from the record's path, which is unique."""
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
            (f"none of its parents has {self._id.paths[0].text!r}: add it, or choose another id"),
            place,
        )

    def _wildcard_steps(self, place: Place, depth: int) -> list[str]:
        """The keys and 1-based indexes that the wildcards of the path matched."""
        pairs = list(zip(place, self._steps, strict=True))[depth:]
        return [
            str(step + 1 if isinstance(step, int) else step)
            for step, wildcard in pairs
            if wildcard is PathStep.EVERY
        ]

    def _hash_texts(self, record: Any, place: Place, position: int) -> str:
        texts = [rule.collect_raw_values(record, place) for rule in self._rules]
        data = json.dumps(texts, ensure_ascii=True, sort_keys=True, default=str).encode()
        digest = hashlib.sha256(data).hexdigest()[:16]
        # Records with the same texts are numbered in order.
        name, number = digest, 1
        while self._seen.setdefault(name, position) != position:
            number += 1
            name = f"{digest}-{number}"
        return name


def _find_text_problem(text: str) -> str | None:
    """Explain why a text is no valid id; None if it is. File names escape the slashes of ids."""
    if not text.strip():
        return "is empty"
    if _UNSAFE_IN_ID.search(text):
        return f"{text[:60]!r} contains a control character or a broken character: remove it"
    size = len(text.encode())
    if size > MAX_ID_BYTES:
        return f"is {size} bytes long; at most {MAX_ID_BYTES} are allowed"
    return None


def _fold_id(entry_id: str) -> str:
    """Fold ids that some file systems treat as equal to one spelling."""
    if entry_id.isascii():
        return entry_id.lower()
    return unicodedata.normalize("NFC", entry_id).casefold()


# Read the clips, skipped texts and problems of a parsed catalogue.


#: A URL, a path without blanks or a file name, with or without Anki's brackets.
_URL_LIKE = re.compile(
    r"\s*(?:[a-z][a-z0-9+.-]*:\S|\.{0,2}/\S|[!-~]+/[!-~]*\Z"
    r"|.*\.[a-z0-9]{2,5}\]?(?:[?#]\S*)?\s*\Z)",
    re.IGNORECASE | re.DOTALL,
)


def guess_catalogue_kind(file: str, root: object) -> Kind | None:
    """Guess the kind of a catalogue from its name, its folder or its entries; None if unclear."""
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
    kinds = match_kinds(set(first)) if isinstance(first, dict) else []
    return kinds[0] if len(kinds) == 1 else None


def read_catalogue(
    document: Document, source: Source, amend: Callable[[Clip], Clip] | None = None
) -> Catalogue:
    """Read all of a catalogue at once; see :class:`CatalogueReader`.

    Raises:
        InputError: the records are not where the source says.
    """
    reader = CatalogueReader(document, source, amend)
    clips = list(reader.iter_clips())
    catalogue = reader.finish()
    catalogue.clips = clips
    return catalogue


class CatalogueReader:
    """Reads a catalogue clip by clip; collects problems instead of raising them."""

    def __init__(
        self,
        document: Document,
        source: Source,
        amend: Callable[[Clip], Clip] | None = None,
    ) -> None:
        """Compile the rules of the source, and find the records.

        Args:
            document: the parsed catalogue.
            source: the rules for reading it.
            amend: applies overrides to a clip; raises InputError if it cannot.

        Raises:
            InputError: the records are not where the source says, or URLs have no column.
        """
        self._document = document
        self._source = source
        self._amend = amend
        texts = document.format is DocumentFormat.CSV
        if texts:
            self._check_columns()
        self._rules = tuple(CompiledRule(rule, source, texts=texts) for rule in source.clips)
        self._plain_readers = tuple(
            compile_plain_word(rule, source, document.file) for rule in source.clips
        )
        self._ids = RecordIds(document, source, self._rules)
        self._catalogue = Catalogue(file=document.file, source=source, digest=document.digest)
        self._problems: list[tuple[Place, str, str]] = []
        self._replaces_all = source.overwrite is OverwritePolicy.ALWAYS
        self._records = self._find_records()

    @property
    def source(self) -> Source:
        """The rules for reading the catalogue."""
        return self._source

    @property
    def document(self) -> Document:
        """The parsed catalogue."""
        return self._document

    def iter_records(self) -> Iterator[tuple[Place, Any]]:
        """Every record with its place."""
        if self._records is None:
            return (((index,), record) for index, record in enumerate(self._document.root))
        return iter(self._records)

    @property
    def has_root_records(self) -> bool:
        """Whether the records are the items of a root list, so that none is within another."""
        return self._records is None

    @property
    def unspoken(self) -> list[Unspoken]:
        """The texts without a clip that were read so far."""
        return self._catalogue.unspoken

    def iter_clips(self, skips: Callable[[Any], bool] | None = None) -> Iterator[Clip]:
        """All clips, in the order of the file.

        Args:
            skips: whether the clips of a record are not needed; None if all are.
        """
        clips = self._read_clips(skips)
        return clips if self._amend is None else self._amend_clips(self._amend, clips)

    def _amend_clips(self, amend: Callable[[Clip], Clip], clips: Iterable[Clip]) -> Iterator[Clip]:
        for clip in clips:
            try:
                amended = amend(clip)
            except InputError as problem:
                self._catalogue.problems.append(problem)
                continue
            yield amended

    def _read_clips(self, skips: Callable[[Any], bool] | None) -> Iterator[Clip]:
        readers = tuple(zip(self._plain_readers, self._rules, strict=True))
        for position, (place, record) in enumerate(self.iter_records()):
            self._catalogue.entries += 1
            try:
                entry_id = self._ids.assign_id(record, place, position)
            except (EntryProblemError, RecursionError) as problem:
                self._add_problem(_locate_problem(problem, place), f"entry {position + 1}")
                continue
            if skips is not None and skips(record):
                continue
            for read_plain, rule in readers:
                try:
                    if (
                        read_plain is not None
                        and (clip := read_plain(record, place, entry_id)) is not None
                    ):
                        yield clip
                        continue
                    for slot in rule.find_slots(record, place):
                        clip = self._make_clip(slot, entry_id, rule.speed)
                        if clip is not None:
                            yield clip
                except (EntryProblemError, RecursionError) as problem:
                    self._add_problem(_locate_problem(problem, place), f"entry {entry_id}")

    def finish(self) -> Catalogue:
        """Return the catalogue without its clips; find the lines of all problems in one scan."""
        if self._problems:
            places = {place for place, _, _ in self._problems}
            lines = self._document.find_lines(places)
            self._catalogue.problems.extend(
                InputError(message, file=self._document.file, entry=entry, line=lines.get(place))
                for place, entry, message in self._problems
            )
        return self._catalogue

    def _find_records(self) -> list[tuple[Place, Any]] | None:
        """The records; None if they are simply the items of a root list."""
        root, records = self._document.root, self._source.records
        if isinstance(root, list) and records.steps == ROOT_LIST.steps:
            return None
        if records is ROOT_LIST:
            message = "the file must be a list of entries: [ {...}, {...} ]"
            raise self._explain_misplaced(message, ())
        try:
            places = list(find_values(root, records.steps))
        except ShapeError as problem:
            message = f"there are no records at {records.text}: {problem}"
            raise self._explain_misplaced(message, problem.place) from problem
        missing = None if places else find_missing_key(root, records.steps)
        if missing is not None:
            raise self._explain_misplaced(
                f"there is no record at {records.text}{suggest_key(missing)}", ()
            )
        return places

    def _check_columns(self) -> None:
        """Report a target that no row can have once, before any clip is generated."""
        if is_built_in(self._source):
            # Built-in rules for lists match nothing in a table.
            return
        table = self._document.detect_table()
        for rule in self._source.clips:
            for key, path in rule.targets.items():
                why = table.find_column_problem(path.steps[0] if len(path.steps) == 1 else None)
                if why is not None:
                    where = f"{shorten_source_name(self._source.name)}, clip {rule.part}: {key}"
                    message = f"{path.text!r} ({where}) {why}"
                    raise InputError(message, file=self._document.file)

    def _explain_misplaced(self, message: str, place: Place) -> InputError:
        return InputError(
            f"{message}{' ' if message.endswith('?') else '; '}say with `records` of a [[source]] table where they are",
            file=self._document.file,
            line=self._document.find_lines([place]).get(place),
        )

    def _make_clip(self, slot: ClipSlot, entry_id: str, speed: float | None) -> Clip | None:
        part, at, content, target, voice, timeline = slot
        catalogue = self._catalogue
        kind = catalogue.source.kind
        if isinstance(content, EntryProblemError):
            self._add_problem(content, f"entry {entry_id}")
            return None
        if isinstance(content, str):
            catalogue.unspoken.append(
                Unspoken(
                    kind=kind, file=catalogue.file, entry=entry_id, part=part, reason=content, at=at
                )
            )
            return None
        for each in (target, timeline):
            if each is not None and (wrong := self._find_url_problem(each)) is not None:
                self._add_problem(EntryProblemError(wrong, each.place), f"entry {entry_id}")
                return None
        place, url, parallel = target or (None, None, None)
        return Clip(
            kind,
            catalogue.file,
            entry_id,
            part,
            place,
            content,
            parallel,
            _url_or_none(url),
            voice,
            at,
            catalogue.source.name,
            timeline and timeline._replace(url=_url_or_none(timeline.url)),
            speed,
        )

    def _find_url_problem(self, target: Target) -> str | None:
        """Explain why a URL cannot replace the current value; None if it can."""
        url: Any = target.url
        if url is None:
            return None
        if not isinstance(url, str):
            keys = [key for key in target.place if isinstance(key, str)]
            return f"{keys[-1]!r} must contain text or null, because a URL is written there"
        if url and self._replaces_all and not url.isspace() and not _URL_LIKE.match(url):
            return (
                f"a URL would replace {url[:40]!r}, which is not the address of a "
                "recording: empty the field, or set `to` to another field"
            )
        return None

    def _add_problem(self, problem: EntryProblemError, entry: str) -> None:
        self._problems.append((problem.place, entry, str(problem)))


def _url_or_none(url: str | None) -> str | None:
    """The URL of a field; None if it is blank."""
    return url if url and not url.isspace() else None


def _locate_problem(problem: EntryProblemError | RecursionError, place: Place) -> EntryProblemError:
    """The problem with its place; a recursion error becomes a problem of the record's nesting."""
    if isinstance(problem, EntryProblemError):
        return problem
    return EntryProblemError("a value is nested too deeply: remove it", place)


# Paths of a source that match nothing in any record, because of a typo or another shape.


#: How many of the present keys are kept, and how many are listed if none is similar.
_MAX_KEYS_KEPT = 100
_MAX_KEYS_LISTED = 8


class MissingKey(NamedTuple):
    """Where a path fails to match: the missing key, the present keys, and the depth."""

    key: str = ""
    keys: tuple[str, ...] = ()
    depth: int = 0


def find_missing_key(value: Any, steps: PathSteps, depth: int = 0) -> MissingKey | None:
    """Find where a path fails to match; None if it matches, even null or an empty list."""
    if not steps or value is None:
        return None
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if isinstance(value, dict) and step in value:
            return find_missing_key(value[step], rest, depth + 1)
        return MissingKey(step, tuple(value), depth) if isinstance(value, dict) else MissingKey()
    if value in ([], {}):
        return None
    deepest = MissingKey()
    for each in _expand_step(value, step):
        missing = find_missing_key(each, rest, depth + 1)
        if missing is None:
            return None
        deepest = max(deepest, missing, key=attrgetter("depth"))
    return deepest


def _expand_step(value: Any, step: int | PathStep) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values() if step is PathStep.EVERY else ()
    if not isinstance(value, list):
        return ()
    return value[step : step + 1] if isinstance(step, int) else value


def suggest_key(missing: MissingKey) -> str:
    """Suggest similar keys, or list the present ones."""
    names = [key for key in missing.keys if key]
    if not names:
        return ""
    more = ", ..." if len(names) > _MAX_KEYS_LISTED else ""
    some = f"there are {', '.join(map(repr, names[:_MAX_KEYS_LISTED]))}{more}"
    return f": {suggest_names(missing.key, names, most=3, show=repr, others=some)}"


class UnusedPathError(InputError):
    """No path of a field matches anything, so the clips would be wrong.

    Attributes:
        source: the name of the field's source.
    """

    source: str = ""


class _PathUse:
    """A path of a clip rule, and the keys that records have instead."""

    def __init__(self, rule: ClipRule, name: str, path: FieldPath) -> None:
        self.label = f"clip {rule.part}: {name}"
        self.alternatives = len(getattr(rule, name)) if name in RULE_FIELDS else 1
        self.path = path
        self.file: str | None = None
        self._each = None if name == "each" or path.from_record else rule.each
        self._missing = MissingKey()

    def has_match(self, file: str, records: Iterable[Any]) -> bool:
        """Whether the path matches in any of these records."""
        for record in records:
            for item in _iter_items(record, self._each):
                missing = find_missing_key(item, self.path.steps)
                if missing is None:
                    return True
                if missing.keys:
                    self.file = self.file or file
                    self._merge_missing(missing)
        return False

    def make_problem(self, source: str) -> InputError | None:
        """The error for an unused path; None if no object could have had the key."""
        if self.file is None:
            return None
        hint = suggest_key(self._missing)
        message = f"no record has {self.path.text!r} ({source}, {self.label}){hint}"
        return InputError(message, file=self.file)

    def describe_new_field(self, source: str) -> str | None:
        """Describe a new field for URLs whose name is similar to that of another field."""
        new = self._missing.key
        # A prefix or a suffix is intended, such as audioUrl or kanaAudio beside audio.
        others = [
            key
            for key in self._missing.keys
            if not (new.startswith(key) or key.startswith(new) or new.lower().endswith(key.lower()))
        ]
        hint = suggest(new, others)
        if self.file is None or not hint:
            return None
        return f"{self.file}: no record has {self.path.text!r} ({source}, {self.label}), so it is added{hint}"

    def _merge_missing(self, missing: MissingKey) -> None:
        if missing.depth > self._missing.depth or not self._missing.keys:
            self._missing = missing
        elif missing.depth == self._missing.depth and len(self._missing.keys) < _MAX_KEYS_KEPT:
            keys = dict.fromkeys((*self._missing.keys, *missing.keys))
            self._missing = missing._replace(keys=tuple(keys)[:_MAX_KEYS_KEPT])


class UnusedPaths:
    """The paths of a configured source that have not matched so far."""

    def __init__(self, source: Source) -> None:
        """Start with all paths of the source; those of built-in shapes are not checked."""
        self._uses = [] if is_built_in(source) else list(_list_path_uses(source))
        # The field for a URL may be new, but also a typo.
        self._targets = [
            _PathUse(rule, name, path)
            for rule in source.clips
            for name, path in rule.targets.items()
            if self._uses and all(isinstance(step, str) for step in path.steps)
        ]
        self._name = shorten_source_name(source.name)
        self._full_name = source.name

    def check_records(self, reader: CatalogueReader) -> None:
        """Search the records of a file for each path, up to its first match."""
        if not (self._uses or self._targets):
            return
        document = reader.document
        columns: tuple[str, ...] = ()
        if document.format is DocumentFormat.CSV:
            # A short row may lack a column that the table has.
            columns = document.detect_table().columns
        self._uses, self._targets = (
            [
                use
                for use in uses
                if not (use.path.steps[:1] and use.path.steps[0] in columns)
                and not use.has_match(
                    document.file, (record for _, record in reader.iter_records())
                )
            ]
            for uses in (self._uses, self._targets)
        )

    @property
    def is_empty(self) -> bool:
        """Whether every path has matched."""
        return not (self._uses or self._targets)

    def list_notes(self) -> Iterator[str]:
        """A note for each new URL field whose name is similar to an existing one."""
        for use in self._targets:
            note = use.describe_new_field(self._name)
            if note is not None:
                yield note

    def list_problems(self) -> list[InputError]:
        """A problem for each path that never matched."""
        problems = [(use, use.make_problem(self._name)) for use in self._uses]
        return [self._mark_unused(problem, use) for use, problem in problems if problem is not None]

    def _mark_unused(self, problem: InputError, use: _PathUse) -> InputError:
        """Make the problem an UnusedPathError if no other path of the field matches."""
        unused = sum(each.label == use.label for each in self._uses)
        if unused < use.alternatives:
            return problem
        spoils = UnusedPathError(problem.message, file=problem.file)
        spoils.source = self._full_name
        return spoils


def _list_path_uses(source: Source) -> Iterator[_PathUse]:
    for rule in source.clips:
        if rule.each is not None:
            yield _PathUse(rule, "each", rule.each)
        for name in RULE_FIELDS:
            paths: tuple[FieldPath, ...] = getattr(rule, name)
            # Fields of the override object are optional.
            yield from (
                _PathUse(rule, name, path) for path in paths if path.steps[:1] != (OVERRIDE_KEY,)
            )
        for condition in rule.skip:
            yield _PathUse(rule, "skip.field", condition.field)


def _iter_items(record: Any, each: FieldPath | None) -> Iterator[Any]:
    if each is None:
        yield record
        return
    try:
        for _, item in find_values(record, each.steps):
            yield item
    except ShapeError:
        # The reader reports this problem.
        return
