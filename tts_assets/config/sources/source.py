"""How catalogues of any shape are read: where records lie, what is said of each, where URLs go."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tts_assets.config.sources.path import Path, Step

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from tts_assets.model import Kind


class Say(StrEnum):
    """How a text is made into what is said."""

    #: A word, with its reading where there is one.
    WORD = "word"
    #: A reading of a kanji, or kana that stand alone.
    READING = "reading"
    #: A sentence or a passage; a reading is only held against it.
    SENTENCE = "sentence"
    #: Lines with the names of who speaks them.
    DIALOGUE = "dialogue"
    #: The title of a grammar pattern: 〜です／〜ます.
    TITLE = "title"


class Alternatives(StrEnum):
    """What becomes of a text that offers several, such as いい/よい."""

    #: Only the first is said.
    FIRST = "first"
    #: Each is a clip.
    ALL = "all"


class Overwrite(StrEnum):
    """Which URLs that are there already give way to ours."""

    #: Those that this tool wrote; somebody's recording is kept.
    OURS = "ours"
    #: Every one.
    ALWAYS = "always"


class IdFrom(StrEnum):
    """Where a record's id comes from."""

    FIELD = "field"
    #: The keys and indices under which it stands.
    KEY = "key"
    #: The name of its file.
    FILE = "file"
    #: A hash of what is said of it.
    HASH = "hash"
    #: A field of the object that it lies in, and its own index there.
    PARENT = "parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Id:
    """A record's id: where it comes from; for FIELD and PARENT, the fields to try in turn."""

    of: IdFrom = IdFrom.FIELD
    paths: tuple[Path, ...] = ()


#: Every item of the list that the document is.
ROOT_LIST = Path("$[*]", (Step.EVERY,), from_record=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A condition under which nothing is said.

    Args:
        field: the value that is looked at.
        values: it is one of these.
        pattern: it is text in which this is found.
        missing: it is absent, null or "".
    """

    field: Path
    values: tuple[object, ...] = ()
    pattern: re.Pattern[str] | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRule:
    """One thing that is said of a record, or of each item of a list in it.

    Of several paths for one field, the first that leads to something counts.

    Args:
        part: the name of the clip within its entry; numbered where there is ``each``.
        each: the items; None for the record itself. The other paths begin at the item, or at
            the record if they begin with ``$``.
        say: how the text is made into what is said.
        text: the spelling.
        reading: its kana or romaji.
        furigana: the spelling with its reading written into it, such as 食[た]べる.
        accent: the accent nucleus, in any known notation.
        speaker: who speaks; the source says which voice that is.
        language: the language of the text; what is not Japanese is not said.
        split: what parts alternatives; None for the usual marks.
        alternatives: whether only the first of them is said.
        join: what stands between the texts of a path that leads to several; None to take the
            first.
        skip: conditions under which nothing is said.
        to: where the URL goes; None for nowhere.
        timeline: where the URL of a passage's time line goes; None for nowhere.
    """

    part: str
    text: tuple[Path, ...]
    each: Path | None = None
    say: Say = Say.WORD
    reading: tuple[Path, ...] = ()
    furigana: tuple[Path, ...] = ()
    accent: tuple[Path, ...] = ()
    speaker: tuple[Path, ...] = ()
    language: tuple[Path, ...] = ()
    split: tuple[str, ...] | None = None
    alternatives: Alternatives = Alternatives.FIRST
    join: str | None = None
    skip: tuple[Skip, ...] = ()
    to: Path | None = None
    timeline: Path | None = None

    @property
    def targets(self) -> Mapping[str, Path]:
        """Where URLs go, by the keys that say it."""
        found = {"to": self.to, "timeline": self.timeline}
        return {key: path for key, path in found.items() if path is not None}


#: The fields of a clip rule that name what is read.
FIELDS = ("text", "reading", "furigana", "accent", "speaker", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Catalogues of one shape.

    Args:
        kind: what they teach.
        clips: what is said of each record.
        name: how messages call it.
        files: glob patterns of their paths; none for the built-in shapes.
        records: from the document's root to each record.
        id: where a record's id comes from.
        asset: template of the assets' paths; None for the run's own.
        url: template of their URLs; None for the run's own.
        overwrite: which URLs give way.
        voices: the voice of each speaker.
        columns: the names of a CSV file's columns, if it has no header.
        delimiter: what parts a CSV file's fields; None to find out.
    """

    kind: Kind
    clips: tuple[ClipRule, ...]
    name: str = "built-in"
    files: tuple[str, ...] = ()
    records: Path = ROOT_LIST
    id: Id = field(default_factory=Id)
    asset: str | None = None
    url: str | None = None
    overwrite: Overwrite = Overwrite.OURS
    voices: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    delimiter: str | None = None

    @property
    def short_name(self) -> str:
        """How messages call it that need not name the configuration's file: source 1."""
        return self.name.rpartition(": ")[2]
