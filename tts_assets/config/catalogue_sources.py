"""Sources: how to read catalogues of any shape, which clips to generate, where to write URLs."""

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
    """How a text is converted into spoken forms."""

    #: A word, with its reading where there is one.
    WORD = "word"
    #: A reading of a kanji, or kana that stand alone.
    READING = "reading"
    #: A sentence or a passage; a reading is aligned with it.
    SENTENCE = "sentence"
    #: Lines with the names of their speakers.
    DIALOGUE = "dialogue"
    #: The title of a grammar pattern: 〜です／〜ます.
    TITLE = "title"

    @property
    def is_running(self) -> bool:
        """Whether it is running text: sentences or lines."""
        return self in {TextType.SENTENCE, TextType.DIALOGUE}


class AlternativesPolicy(StrEnum):
    """How to speak a text with alternatives, such as いい/よい."""

    #: Only the first is spoken.
    FIRST = "first"
    #: Each is a clip.
    ALL = "all"


class OverwritePolicy(StrEnum):
    """Whether ``generate`` replaces the URL that an entry already has."""

    #: Only if this tool wrote it; the URL of a recording from elsewhere is kept.
    OURS = "ours"
    #: Always, whoever wrote it.
    ALWAYS = "always"


class IdOrigin(StrEnum):
    """Where a record's id comes from."""

    FIELD = "field"
    #: The keys and indexes of its path.
    KEY = "key"
    #: The name of its file.
    FILE = "file"
    #: A hash of its spoken text.
    HASH = "hash"
    #: A field of its parent object, and its own index there.
    PARENT = "parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdRule:
    """A record's id: where it comes from; for FIELD and PARENT, the fields to try in turn."""

    of: IdOrigin = IdOrigin.FIELD
    paths: tuple[FieldPath, ...] = ()


ROOT_LIST = FieldPath("$[*]", (PathStep.EVERY,), from_record=True)  #: every item of a root list


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipCondition:
    """A condition under which a clip is skipped."""

    field: FieldPath  #: the value to check
    values: tuple[object, ...] = ()  #: skip if the value is one of these
    pattern: re.Pattern[str] | None = None  #: skip if the value is text that this matches
    missing: bool = False  #: skip if the value is absent, null or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRule:
    """A rule for one clip of a record, or of each item of a list in it.

    Of several paths for one field, the first that has a value is used.
    """

    part: str  #: the name of the clip within its entry; numbered where there is ``each``
    text: tuple[FieldPath, ...]  #: the spelling
    #: The items; None for the record itself. The other paths begin at the item, or at the record if
    #: they begin with ``$``.
    each: FieldPath | None = None
    say: TextType = TextType.WORD  #: the type of the text
    reading: tuple[FieldPath, ...] = ()  #: its kana or romaji
    furigana: tuple[FieldPath, ...] = ()  #: the spelling with inline readings, such as 食[た]べる
    accent: tuple[FieldPath, ...] = ()  #: the accent nucleus, in any known notation
    speaker: tuple[FieldPath, ...] = ()  #: the speaker; the source maps speakers to voices
    #: The language of the text; texts in other languages than Japanese are skipped.
    language: tuple[FieldPath, ...] = ()
    split: tuple[str, ...] | None = None  #: the separators of alternatives; None for the usual ones
    #: Whether only the first of them is spoken.
    alternatives: AlternativesPolicy = AlternativesPolicy.FIRST
    #: The separator between all texts of a path; None to use only the first text.
    join: str | None = None
    skip: tuple[SkipCondition, ...] = ()  #: conditions under which the clip is skipped
    speed: float | None = None  #: 1.0 is the voice's own rate; None for the speed of the run
    to: FieldPath | None = None  #: where the URL goes; None for nowhere
    #: Where the URL of a passage's time line goes; None for nowhere.
    timeline: FieldPath | None = None

    @property
    def targets(self) -> Mapping[str, FieldPath]:
        """The fields for URLs, by the rule's keys."""
        found = {"to": self.to, "timeline": self.timeline}
        return {key: path for key, path in found.items() if path is not None}


#: The fields of a clip rule with the paths that are read.
RULE_FIELDS = ("text", "reading", "furigana", "accent", "speaker", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Catalogues of one shape.

    Args:
        kind: the kind of their entries.
        clips: the clip rules for each record.
        name: its name in messages.
        files: glob patterns of their paths; none for the built-in shapes.
        records: from the document's root to each record.
        id: where a record's id comes from.
        asset: template of the assets' paths; None for the run's own.
        url: template of their URLs; None for the run's own.
        overwrite: which existing URLs are replaced.
        voices: the voice of each speaker.
        columns: the names of a CSV file's columns, if it has no header.
        delimiter: the delimiter of a CSV file; None to detect it.
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


def shorten_source_name(name: str) -> str:
    """The name of a source without the path of its configuration, which depends on the machine: source 1."""
    return name.rpartition(": ")[2]


# The built-in shapes, one for each kind of catalogue.


#: The key of an object in a record or item whose fields take precedence over the others.
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

# Katakana first, because a bare hiragana は or へ would be spoken as the particle. Files of
# characters may contain kanji, too, which are spoken with their first reading.
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


#: The source of each kind without a configured source.
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
    """Whether its clip rules are the built-in ones of its kind."""
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


# Check that URLs overwrite neither a field that is read nor each other.


def check_targets(source: Source) -> None:
    """Check that no URL would overwrite a field that is read, or the place of another URL.

    Raises:
        UsageError: a URL would; the message names the clip and the path.
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
    """A field for a URL: the clip's part, a description, the key of the rule, and its steps."""

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
    """Yield every path that is read, with its purpose and its steps from the record.

    All indexes are replaced by ``PathStep.EVERY``.
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
            # Skipping clips that have a URL is a valid condition.
            if not skip.missing and skip.pattern is None:
                yield "skip", skip.field, _resolve_steps(skip.field, rule)


def _resolve_steps(path: FieldPath, rule: ClipRule) -> PathSteps:
    """The steps from the record, with all indexes generalized."""
    before = () if path.from_record or rule.each is None else rule.each.steps
    return _generalize_steps((*before, *path.steps))


def _generalize_steps(steps: PathSteps) -> PathSteps:
    return tuple(step if isinstance(step, str) else PathStep.EVERY for step in steps)
