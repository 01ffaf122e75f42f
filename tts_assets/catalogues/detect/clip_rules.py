"""From what is said of an object to a clip rule: its paths, its name, a place for its URL."""

from __future__ import annotations

import re
from itertools import chain, count
from typing import TYPE_CHECKING

from tts_assets.catalogues.detect.fields import MOST, fields_of, first, values_at
from tts_assets.catalogues.detect.names import Role, is_metadata, roles_of, tokens_of
from tts_assets.config.sources.path import KEY, Path, Step, found, written
from tts_assets.config.sources.source import Alternatives, ClipRule, Say, Skip
from tts_assets.model import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.catalogues.detect.records import Part, Records
    from tts_assets.catalogues.detect.spoken import Spoken
    from tts_assets.catalogues.document import Document
    from tts_assets.config.sources.path import Steps


#: The key of a URL, and the column of a table, where there is none yet.
NEW_KEY = "audioUrl"
NEW_COLUMN = "audio"
_ODD = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_NAME = 30


#: What the items of a list are called, where its name says so.
_TELLING = {"example", "sentence", "line", "word"}
_NAMES = {
    Kind.KANJI: "kanji",
    Kind.CHARACTERS: "kana",
    Kind.READING: "text",
    Kind.LISTENING: "text",
    Kind.GRAMMAR: "title",
    Kind.VOCABULARY: "word",
}


class ClipRules:
    """Writes the clip rules of one sort of records."""

    def __init__(
        self, records: Records, kind: Kind, documents: Sequence[Document], *, is_table: bool
    ) -> None:
        """Begin; a table has no place for lists and objects."""
        self._records = records
        self._kind = kind
        self._documents = documents
        self._is_table = is_table
        self._names: set[str] = set()
        self._targets: set[tuple[Steps, Steps]] = set()
        #: The texts of targets that are not in the files yet.
        self.new: set[str] = set()

    def of(self, part: Part, spoken: Spoken) -> ClipRule:
        """The rule for a text of the record, or of the items in it."""
        inner = part.steps[len(self._records.part.steps) :]
        each = (*inner, *(spoken.each or ()))
        return ClipRule(
            part=self._name(part, spoken),
            each=path(each) if each else None,
            say=spoken.say,
            text=self._texts(spoken, from_record=bool(each)),
            reading=tuple(map(path, spoken.reading)),
            furigana=tuple(map(path, spoken.furigana)),
            accent=tuple(map(path, spoken.accent)),
            speaker=tuple(map(path, spoken.speaker)),
            language=tuple(map(path, spoken.language)),
            alternatives=self._alternatives(spoken),
            join=spoken.join,
            skip=self._skip(part, spoken),
            to=self._target(part, spoken, inner),
        )

    def unused(self) -> tuple[str, ...]:
        """Sounds that no rule writes."""
        start = len(self._records.part.steps)
        parts = {part.steps: part for part, _ in self._records.chosen}
        return tuple(
            written((*steps[start:], *field.steps))
            for steps, part in parts.items()
            for field in fields_of(part.shape)
            if field.is_sound or field.content.sound > MOST
            if (steps, field.steps) not in self._targets
            if field.row is not None or not field.listed
        )

    def _alternatives(self, spoken: Spoken) -> Alternatives:
        several = spoken.every and not self._is_table
        return Alternatives.ALL if several else Alternatives.FIRST

    def _texts(self, spoken: Spoken, *, from_record: bool) -> tuple[Path, ...]:
        if not spoken.of_record:
            return tuple(map(path, spoken.text))
        main = self._records.main
        return tuple(path(each, from_record=from_record) for each in (main.text if main else ()))

    def _name(self, part: Part, spoken: Spoken) -> str:
        """A name for the clip that no other rule has."""
        numbered = (f"text{number}" for number in count(2))
        wishes = (
            _ODD.sub("_", name).strip("_")[:_LONGEST_NAME]
            for name in chain(self._wishes(part, spoken), numbered)
        )
        name = next(each for each in wishes if each[:1].isalpha() and each not in self._names)
        self._names.add(name)
        return name

    def _wishes(self, part: Part, spoken: Spoken) -> list[str]:
        own = _telling_key(spoken.field.steps)
        inner = part.steps[len(self._records.part.steps) :]
        row = _last_key(spoken.each or inner)
        if spoken.is_cell:
            return ["_".join(str(key) for key in spoken.field.steps), own]
        if spoken.of_record:
            tokens = {*tokens_of(row), *spoken.field.name.tokens}
            roles = {role for token in tokens for role in roles_of(token)}
            known = "onyomi" if Role.ON in roles else "kunyomi" if Role.KUN in roles else "reading"
            return [known, row, own]
        if row:
            telling = [token for token in tokens_of(row) if token in _TELLING]
            return [*telling, row.removesuffix("s"), f"{row}_{own}"]
        main = self._records.main
        if main is None or main.field is spoken.field:
            is_example = self._kind is Kind.GRAMMAR and spoken.say is not Say.TITLE
            return ["example" if is_example else _NAMES[self._kind], own]
        return [own, "example"]

    def _skip(self, part: Part, spoken: Spoken) -> tuple[Skip, ...]:
        """A condition for objects that lack the text: else each would be reported."""
        if spoken.but is not None:
            return (Skip(field=path(spoken.but[0]), values=spoken.but[1]),)
        steps = spoken.text or spoken.reading or spoken.furigana
        if (KEY.text,) in steps:
            # Metadata among the records have a key, too.
            steps = spoken.reading if self._has_metadata(part) else ()
        if spoken.each or not steps:
            return ()
        objects = [
            value for document in self._documents for value in values_at(document.root, part.steps)
        ]
        # Without its reading, even an empty one, a kanji would be said bare.
        look = first if spoken.of_record else values_at
        lacking = [one for one in objects if not any(look(one, each) for each in steps)]
        if not lacking:
            return ()
        return (Skip(field=path(steps[-1]), missing=True),)

    def _has_metadata(self, part: Part) -> bool:
        return any(
            is_metadata(place[-1])
            for document in self._documents
            for place, _ in found(document.root, part.steps)
            if place
        )

    def _target(self, part: Part, spoken: Spoken, inner: Steps) -> Path | None:
        sound = spoken.sound
        if (spoken.each and inner) or (sound and isinstance(sound.steps[-1], int)):
            return None
        if sound is not None:
            where = self._records.part if spoken.beside else part
            self._targets.add((where.steps, sound.steps))
            steps = (*sound.row, Step.SAME) if sound.row is not None else sound.steps
            return path(steps, from_record=bool(spoken.each or spoken.beside))
        if any(isinstance(value, list) for value in part.shape.values if value):
            return self._beside_rows(part, inner)
        return self._new_target(part, spoken)

    def _beside_rows(self, part: Part, inner: Steps) -> Path | None:
        """A list of URLs beside a list of rows, which have no place for any."""
        if inner[-1:] != (Step.EVERY,) or inner.count(Step.EVERY) > 1 or len(inner) < 2:
            return None
        steps = (*inner[:-2], f"{inner[-2]}Audio", Step.SAME)
        return self._added(part, steps, from_record=True)

    def _new_target(self, part: Part, spoken: Spoken) -> Path:
        row = spoken.each[:-1] if spoken.each else spoken.field.steps
        own = "key" if row == (KEY.text,) else _last_key(row)
        beside = f"{own}_{NEW_COLUMN}" if self._is_table else f"{own}Audio"
        if spoken.is_cell and row[:-1]:
            return self._added(part, (*row[:-1], NEW_KEY))
        if spoken.each or (spoken.every and not self._is_table):
            steps = (*row[:-1], beside, Step.SAME)
            return self._added(part, steps, from_record=bool(spoken.each))
        plain = NEW_COLUMN if self._is_table else NEW_KEY
        keys = {(key,) for key in part.shape.fields if isinstance(key, str)}
        alone = spoken.is_cell or (spoken.of_record and part is self._records.part)
        wishes = (beside,) if alone else (plain, beside)
        key = next(
            each
            for each in chain(wishes, (f"{beside}{number}" for number in count(2)))
            if (each,) not in keys and (part.steps, (each,)) not in self._targets
        )
        return self._added(part, (key,))

    def _added(self, part: Part, steps: Steps, *, from_record: bool = False) -> Path:
        self._targets.add((part.steps, steps))
        target = path(steps, from_record=from_record)
        self.new.add(target.text)
        return target


def path(steps: Steps, *, from_record: bool = False) -> Path:
    """A path with these steps, from the item or from the record."""
    if steps == (KEY.text,):
        return KEY
    text = written(steps)
    if not from_record:
        return Path(text, steps)
    text = "$" if not steps else f"${text}" if text.startswith("[") else f"$.{text}"
    return Path(text, steps, from_record=True)


def _telling_key(steps: Steps) -> str:
    """The last key that says more than which language it is: the sentence of sentence.jp."""
    keys = [step for step in steps if isinstance(step, str)]
    idle = {Role.JAPANESE, Role.FORM}
    telling = [
        key for key in keys if any(not idle.intersection(roles_of(one)) for one in tokens_of(key))
    ]
    return (telling or keys or [""])[-1]


def _last_key(steps: Steps) -> str:
    return next((step for step in reversed(steps) if isinstance(step, str)), "")
