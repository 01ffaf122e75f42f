"""How catalogues of any shape are read: where records lie, what is said of each, where URLs go."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.config.source_paths import FieldPath, PathStep, parse_path
from tts_assets.errors import UsageError
from tts_assets.model import Kind

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping

    from tts_assets.config.source_paths import PathSteps


class TextType(StrEnum):
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

    @property
    def is_running(self) -> bool:
        """Whether it is running text: sentences or lines."""
        return self in {TextType.SENTENCE, TextType.DIALOGUE}


class AlternativesPolicy(StrEnum):
    """What becomes of a text that offers several, such as いい/よい."""

    #: Only the first is said.
    FIRST = "first"
    #: Each is a clip.
    ALL = "all"


class OverwritePolicy(StrEnum):
    """Which URLs that are there already give way to ours."""

    #: Those that this tool wrote; somebody's recording is kept.
    OURS = "ours"
    #: Every one.
    ALWAYS = "always"


class IdOrigin(StrEnum):
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
class IdRule:
    """A record's id: where it comes from; for FIELD and PARENT, the fields to try in turn."""

    of: IdOrigin = IdOrigin.FIELD
    paths: tuple[FieldPath, ...] = ()


#: Every item of the list that the document is.
ROOT_LIST = FieldPath("$[*]", (PathStep.EVERY,), from_record=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipCondition:
    """A condition under which nothing is said.

    Args:
        field: the value that is looked at.
        values: it is one of these.
        pattern: it is text in which this is found.
        missing: it is absent, null or "".
    """

    field: FieldPath
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
        speed: 1.0 is the voice's own pace; None for the speed of the run.
        to: where the URL goes; None for nowhere.
        timeline: where the URL of a passage's time line goes; None for nowhere.
    """

    part: str
    text: tuple[FieldPath, ...]
    each: FieldPath | None = None
    say: TextType = TextType.WORD
    reading: tuple[FieldPath, ...] = ()
    furigana: tuple[FieldPath, ...] = ()
    accent: tuple[FieldPath, ...] = ()
    speaker: tuple[FieldPath, ...] = ()
    language: tuple[FieldPath, ...] = ()
    split: tuple[str, ...] | None = None
    alternatives: AlternativesPolicy = AlternativesPolicy.FIRST
    join: str | None = None
    skip: tuple[SkipCondition, ...] = ()
    speed: float | None = None
    to: FieldPath | None = None
    timeline: FieldPath | None = None

    @property
    def targets(self) -> Mapping[str, FieldPath]:
        """Where URLs go, by the keys that say it."""
        found = {"to": self.to, "timeline": self.timeline}
        return {key: path for key, path in found.items() if path is not None}


#: The fields of a clip rule that name what is read.
RULE_FIELDS = ("text", "reading", "furigana", "accent", "speaker", "language")


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
    records: FieldPath = ROOT_LIST
    id: IdRule = field(default_factory=IdRule)
    asset: str | None = None
    url: str | None = None
    overwrite: OverwritePolicy = OverwritePolicy.OURS
    voices: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    delimiter: str | None = None

    @property
    def short_name(self) -> str:
        """How messages call it that need not name the configuration's file: source 1."""
        return self.name.rpartition(": ")[2]


# The built-in shapes: one for each kind of catalogue, in the words that a configuration uses.


#: An object in a record or an item that overrides what its other fields say.
OVERRIDE_KEY = "tts"


def parse_paths(*texts: str) -> tuple[FieldPath, ...]:
    """Several paths, to be tried in turn."""
    return tuple(parse_path(text) for text in texts)


_URL = parse_path("audioUrl")
_READING = parse_paths("tts.reading", "reading")
_ACCENT = parse_paths("tts.accent", "accent", "pitch")


def _build_kanji_rule(key: str) -> ClipRule:
    return ClipRule(
        part=key,
        each=parse_path(f"{key}[*]"),
        say=TextType.READING,
        text=parse_paths("$.kanji"),
        reading=parse_paths("@"),
        to=parse_path(f"$.{key}Audio[#]"),
    )


_WORD = ClipRule(
    part="word", text=parse_paths("tts.text", "word"), reading=_READING, accent=_ACCENT, to=_URL
)
_EXAMPLE_WORD = ClipRule(
    part="example",
    each=parse_path("examples[*]"),
    text=parse_paths("tts.text", "word"),
    reading=_READING,
    accent=_ACCENT,
    to=_URL,
)
_EXAMPLE_SENTENCE = ClipRule(
    part="example",
    each=parse_path("examples[*]"),
    say=TextType.SENTENCE,
    text=parse_paths("tts.text", "japanese"),
    reading=_READING,
    to=_URL,
)
_KANJI = ClipRule(
    part="kanji",
    say=TextType.READING,
    text=parse_paths("tts.text", "kanji"),
    reading=parse_paths("tts.reading", "onyomi[*]", "kunyomi[*]"),
    accent=parse_paths("tts.accent"),
    to=_URL,
)

# Katakana first: a bare hiragana は or へ would be said as the particle. Files of characters may
# have kanji, too, which are said by their first reading.
_KANA = ClipRule(
    part="kana",
    say=TextType.READING,
    text=(),
    reading=parse_paths("tts.reading", "katakana", "hiragana", "onyomi[*]", "kunyomi[*]"),
    accent=parse_paths("tts.accent"),
    to=_URL,
)


def _build_text_rule(say: TextType) -> ClipRule:
    return ClipRule(
        part="text",
        say=say,
        text=parse_paths("tts.text", "text"),
        reading=parse_paths("tts.reading"),
        to=_URL,
    )


#: What is read of each kind where no configuration says otherwise.
BUILT_IN = {
    kind: Source(kind=kind, clips=clips, id=IdRule(paths=parse_paths(*ids)))
    for kind, clips, ids in (
        (Kind.VOCABULARY, (_WORD,), ("id",)),
        (Kind.GRAMMAR, (_EXAMPLE_SENTENCE,), ("id",)),
        (
            Kind.KANJI,
            (_KANJI, _build_kanji_rule("onyomi"), _build_kanji_rule("kunyomi"), _EXAMPLE_WORD),
            ("id",),
        ),
        (Kind.CHARACTERS, (_KANA,), ("id", "hiragana", "katakana", "kanji")),
        (Kind.READING, (_build_text_rule(TextType.SENTENCE),), ("id",)),
        (Kind.LISTENING, (_build_text_rule(TextType.DIALOGUE),), ("id",)),
    )
}


def is_built_in(source: Source) -> bool:
    """Whether its clip rules are the built-in ones of its kind, and no one's own."""
    return source.clips is BUILT_IN[source.kind].clips


_SIGNATURES = {
    Kind.CHARACTERS: {"hiragana", "katakana"},
    Kind.KANJI: {"kanji"},
    Kind.VOCABULARY: {"word"},
    Kind.GRAMMAR: {"title", "examples"},
    Kind.READING: {"title", "text"},
    Kind.LISTENING: {"title", "text"},
}


def match_kinds(keys: set[str]) -> list[Kind]:
    """The kinds whose records have at least these keys."""
    return [kind for kind, needed in _SIGNATURES.items() if needed <= keys]


# Where URLs go: never into a field that is read, and never into one another.


def check_targets(source: Source) -> None:
    """Look whether a URL could be written over something that is read, or over another URL's place.

    Raises:
        UsageError: it could; the message names the clip and both paths.
    """
    targets = list(_list_targets(source))
    for target in targets:
        for name, path, steps in list_read_paths(source):
            if steps[: len(target.steps)] == target.steps:
                raise UsageError(
                    f"{source.name}: the URL of {target.what} would overwrite the field "
                    f"read as {name} ({path.text}): set `{target.key}` to a separate field"
                )
    for one, other in permutations(targets, 2):
        within = other.steps[: len(one.steps)] == one.steps
        if within and (len(one.steps) < len(other.steps) or one.part == other.part):
            where = "lie within" if one.steps != other.steps else "replace"
            raise UsageError(
                f"{source.name}: the URL of {other.what} would {where} that of {one.what}: "
                f"set `{other.key}` to a separate field"
            )


class _RuleTarget(NamedTuple):
    """Where a URL goes: the clip's part, whose URL it is, the key that says it, and its steps."""

    part: str
    what: str
    key: str
    steps: PathSteps


def _list_targets(source: Source) -> Iterator[_RuleTarget]:
    for rule in source.clips:
        for key, path in rule.targets.items():
            what = rule.part if path is rule.to else f"the time line of {rule.part}"
            yield _RuleTarget(rule.part, what, key, _resolve_steps(path, rule))


def list_read_paths(source: Source) -> Iterator[tuple[str, FieldPath, PathSteps]]:
    """Every path that is read, with what it is for and its steps from the record.

    An index in them is ``PathStep.EVERY``, whichever it is.
    """
    if source.id.of is IdOrigin.FIELD:
        yield from (("id", path, path.steps) for path in source.id.paths)
    for rule in source.clips:
        if rule.each is not None:
            yield "each", rule.each, _generalize_steps(rule.each.steps)
        for name in RULE_FIELDS:
            for path in getattr(rule, name):
                yield name, path, _resolve_steps(path, rule)
        for skip in rule.skip:
            # Left out where there is a URL is a condition that makes sense.
            if not skip.missing and skip.pattern is None:
                yield "skip", skip.field, _resolve_steps(skip.field, rule)


def _resolve_steps(path: FieldPath, rule: ClipRule) -> PathSteps:
    """The steps from the record, with every index as any index."""
    before = () if path.from_record or rule.each is None else rule.each.steps
    return _generalize_steps((*before, *path.steps))


def _generalize_steps(steps: PathSteps) -> PathSteps:
    return tuple(step if isinstance(step, str) else PathStep.EVERY for step in steps)
