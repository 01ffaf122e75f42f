"""The built-in shapes: one for each kind of catalogue, in the words that a configuration uses."""

from __future__ import annotations

from tts_assets.config.sources.path import Path, parse_path
from tts_assets.config.sources.source import ClipRule, Id, Say, Source
from tts_assets.model import Kind

#: An object in a record or an item that overrides what its other fields say.
OVERRIDE = "tts"


def paths(*texts: str) -> tuple[Path, ...]:
    """Several paths, to be tried in turn."""
    return tuple(parse_path(text) for text in texts)


_URL = parse_path("audioUrl")
_READING = paths("tts.reading", "reading")
_ACCENT = paths("tts.accent", "accent", "pitch")


def _readings_of_kanji(key: str) -> ClipRule:
    return ClipRule(
        part=key,
        each=parse_path(f"{key}[*]"),
        say=Say.READING,
        text=paths("$.kanji"),
        reading=paths("@"),
        to=parse_path(f"$.{key}Audio[#]"),
    )


_WORD = ClipRule(
    part="word", text=paths("tts.text", "word"), reading=_READING, accent=_ACCENT, to=_URL
)
_EXAMPLE_WORD = ClipRule(
    part="example",
    each=parse_path("examples[*]"),
    text=paths("tts.text", "word"),
    reading=_READING,
    accent=_ACCENT,
    to=_URL,
)
_EXAMPLE_SENTENCE = ClipRule(
    part="example",
    each=parse_path("examples[*]"),
    say=Say.SENTENCE,
    text=paths("tts.text", "japanese"),
    reading=_READING,
    to=_URL,
)
_KANJI = ClipRule(
    part="kanji",
    say=Say.READING,
    text=paths("tts.text", "kanji"),
    reading=paths("tts.reading", "onyomi[*]", "kunyomi[*]"),
    accent=paths("tts.accent"),
    to=_URL,
)


# Katakana first: a bare hiragana は or へ would be said as the particle. Files of characters may
# have kanji, too, which are said by their first reading.
_KANA = ClipRule(
    part="kana",
    say=Say.READING,
    text=(),
    reading=paths("tts.reading", "katakana", "hiragana", "onyomi[*]", "kunyomi[*]"),
    accent=paths("tts.accent"),
    to=_URL,
)


def _whole(say: Say) -> ClipRule:
    return ClipRule(
        part="text", say=say, text=paths("tts.text", "text"), reading=paths("tts.reading"), to=_URL
    )


#: What is read of each kind where no configuration says otherwise.
BUILT_IN = {
    kind: Source(kind=kind, clips=clips, id=Id(paths=paths(*ids)))
    for kind, clips, ids in (
        (Kind.VOCABULARY, (_WORD,), ("id",)),
        (Kind.GRAMMAR, (_EXAMPLE_SENTENCE,), ("id",)),
        (
            Kind.KANJI,
            (_KANJI, _readings_of_kanji("onyomi"), _readings_of_kanji("kunyomi"), _EXAMPLE_WORD),
            ("id",),
        ),
        (Kind.CHARACTERS, (_KANA,), ("id", "hiragana", "katakana", "kanji")),
        (Kind.READING, (_whole(Say.SENTENCE),), ("id",)),
        (Kind.LISTENING, (_whole(Say.DIALOGUE),), ("id",)),
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


def kinds_like(keys: set[str]) -> list[Kind]:
    """The kinds whose records have at least these keys."""
    return [kind for kind, needed in _SIGNATURES.items() if needed <= keys]
