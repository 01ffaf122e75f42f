"""The built-in schemas: which clips an entry of each kind has, and where their URLs belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tts_assets.domain import Kind, Place, SpokenForm
from tts_assets.japanese import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Entry: TypeAlias = dict[str, Any]

#: A text longer than this is refused: it is a mistake, or belongs into several entries.
LONGEST_TEXT = 5_000

_URL = "audioUrl"


class EntryProblemError(ValueError):
    """A value that cannot be used; ``place`` leads to it from the entry."""

    def __init__(self, message: str, *place: str | int) -> None:
        """Say what is wrong, and with which key or index."""
        super().__init__(message)
        self.place: Place = place


class Slot(NamedTuple):
    """One clip that an entry asks for; places are seen from the entry.

    Args:
        part: which clip of the entry it is.
        place: where its URL lies or will lie.
        url: the value that is there now.
        form: what is said, or the reason why nothing is, or what is wrong.
        parallel: see Clip.
    """

    part: str
    place: Place
    url: Any
    form: SpokenForm | str | EntryProblemError
    parallel: str | None = None


def slots(kind: Kind, entry: Entry) -> Iterator[Slot]:
    """The clips that an entry of this kind asks for.

    Raises:
        EntryProblemError: a list of the entry is none; the clips before it stand.
    """
    return _SCHEMAS[kind](entry)


def kinds_like(keys: set[str]) -> list[Kind]:
    """The kinds whose entries have at least these keys."""
    return [kind for kind, needed in _SIGNATURES.items() if needed <= keys]


_SIGNATURES = {
    Kind.CHARACTERS: {"hiragana", "katakana"},
    Kind.KANJI: {"kanji"},
    Kind.VOCABULARY: {"word"},
    Kind.GRAMMAR: {"title", "examples"},
    Kind.READING: {"title", "text"},
    Kind.LISTENING: {"title", "text"},
}


def _vocabulary(entry: Entry) -> Iterator[Slot]:
    yield Slot("word", (_URL,), entry.get(_URL), _said("word", _word, entry, "word"))


def _grammar(entry: Entry) -> Iterator[Slot]:
    return _examples(entry, "japanese", _sentence)


def _kanji(entry: Entry) -> Iterator[Slot]:
    yield Slot("kanji", (_URL,), entry.get(_URL), _said("kanji", _main_reading, entry))
    for key in ("onyomi", "kunyomi"):
        urls = entry.get(f"{key}Audio")
        for index in range(len(_list(entry, key))):
            url = urls[index] if isinstance(urls, list) and index < len(urls) else None
            form = _said(key, _reading_of, entry, key, index)
            yield Slot(f"{key}-{index + 1}", (f"{key}Audio", index), url, form, key)
    yield from _examples(entry, "word", _word)


def _characters(entry: Entry) -> Iterator[Slot]:
    # Katakana: a bare hiragana は or へ would be said as the particle.
    key = "katakana" if entry.get("katakana") else "hiragana"
    yield Slot("kana", (_URL,), entry.get(_URL), _said(key, _kana, entry, key))


def _passage(entry: Entry) -> Iterator[Slot]:
    yield Slot("text", (_URL,), entry.get(_URL), _said("text", _sentence, entry, "text"))


def _dialogue(entry: Entry) -> Iterator[Slot]:
    yield Slot("text", (_URL,), entry.get(_URL), _said("text", _lines, entry, "text"))


_SCHEMAS: dict[Kind, Callable[[Entry], Iterator[Slot]]] = {
    Kind.VOCABULARY: _vocabulary,
    Kind.GRAMMAR: _grammar,
    Kind.KANJI: _kanji,
    Kind.CHARACTERS: _characters,
    Kind.READING: _passage,
    Kind.LISTENING: _dialogue,
}


def _examples(
    entry: Entry, key: str, say: Callable[[Entry, str], SpokenForm | str]
) -> Iterator[Slot]:
    for index, example in enumerate(_list(entry, "examples")):
        part, place = f"example-{index + 1}", ("examples", index)
        form: SpokenForm | str | EntryProblemError
        if isinstance(example, dict):
            form, url = _said(key, say, example, key), example.get(_URL)
            if isinstance(form, EntryProblemError):
                form.place = (*place, *form.place)
        else:
            message = f"examples[{index}] is {_a(example)}, and must be an object"
            form, url = EntryProblemError(message, *place), None
        yield Slot(part, (*place, _URL), url, form)


def _said(
    key: str, say: Callable[..., SpokenForm | str], *arguments: Any
) -> SpokenForm | str | EntryProblemError:
    """What ``say`` makes of its arguments; what is wrong with the text at ``key`` is a value, too."""
    try:
        return say(*arguments)
    except EntryProblemError as problem:
        return problem
    except normalise.UnusableTextError as problem:
        return EntryProblemError(str(problem), key)


def _kana(entry: Entry, key: str) -> SpokenForm | str:
    return normalise.spoken_kana(_needed(entry, key))


def _lines(entry: Entry, key: str) -> SpokenForm | str:
    return normalise.spoken_dialogue(_needed(entry, key))


def _word(entry: Entry, key: str = "word") -> SpokenForm | str:
    return normalise.spoken_word(_needed(entry, key), _text(entry, "reading"))


def _sentence(entry: Entry, key: str) -> SpokenForm | str:
    return normalise.spoken_text(_needed(entry, key))


def _main_reading(entry: Entry) -> SpokenForm | str:
    """A kanji is said as its first reading, on'yomi before kun'yomi."""
    for key in ("onyomi", "kunyomi"):
        for index, reading in enumerate(_list(entry, key)):
            if reading != "":
                return _reading_of(entry, key, index)
    return normalise.spoken_word(_needed(entry, "kanji"))


def _reading_of(entry: Entry, key: str, index: int) -> SpokenForm | str:
    """A reading is said as the word it makes: た.べる of 食 as 食べる, which carries its accent."""
    reading = entry[key][index]
    if not isinstance(reading, str):
        raise EntryProblemError(f"{key}[{index}] is {_a(reading)}, and must be text", key, index)
    if not reading.strip():
        return "the reading is empty"
    _, _, okurigana = reading.partition(".")
    return normalise.spoken_word(_needed(entry, "kanji") + okurigana, reading)


def _needed(entry: Entry, key: str) -> str:
    """A text that the schema asks for; null says that there is none, absence is a mistake."""
    if key not in entry:
        raise EntryProblemError(f"it has no {key!r}")
    return _text(entry, key) or ""


def _text(entry: Entry, key: str) -> str | None:
    value = entry.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise EntryProblemError(f"{key!r} is {_a(value)}, and must be text", key)
    if len(value) > LONGEST_TEXT:
        raise EntryProblemError(
            f"{key!r} has {len(value):,} characters; at most {LONGEST_TEXT:,} make one clip: "
            "split it into several entries",
            key,
        )
    return value


def _list(entry: Entry, key: str) -> list[Any]:
    value = entry.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise EntryProblemError(f"{key!r} is {_a(value)}, and must be a list", key)
    return value


_NAMES = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}


def _a(value: object) -> str:
    """What JSON calls a value, with its article."""
    return _NAMES.get(type(value), "a number")
