"""Which fields of an object are texts to be said, and which tell how these are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tts_assets.japanese.accent import accent_of
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.mapping import Say, Step
from tts_assets.propose.fields import MOST, Field, fields_of, first
from tts_assets.propose.names import Role, name_of
from tts_assets.propose.sounds import paired
from tts_assets.propose.spoken import Spoken
from tts_assets.propose.values import cleaned, fits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.mapping.path import Steps
    from tts_assets.propose.shape import Shape

_READINGS_OF_KANJI = (Role.ON, Role.KUN)
_NEARLY_ALL = 0.8
_A_NAME = 8
_KANJI = {"kanji", "漢字", "literal", "character", "char", "letter", "文字"}
_JAPANESE = {"ja", "jp", "jpn", "japanese"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cast:
    """The fields of an object, by the parts they play."""

    objects: list[Any]
    fields: list[Field]
    texts: list[Field]
    kana: list[Field]
    of_kanji: list[Field]
    speaker: Field | None


def said_of(steps: Steps, shape: Shape) -> list[Spoken]:
    """What is said of the objects that stand at one place, the main text first.

    Args:
        steps: from the root to the objects.
        shape: what they have in common.
    """
    cast = _cast(fields_of(shape), [each for each in shape.values if each])
    said = _characters(cast) or [*_texts(cast), *_lists(cast)] or _kana_alone(steps, cast)
    said = [*said, *(_of_kanji(field) for field in cast.of_kanji)]
    languages = tuple(field.steps for field in cast.fields if _tells_language(field))
    whole = [replace(each, language=languages) if each.each is None else each for each in said]
    return paired(whole, cast.fields, cast.objects)


def _cast(fields: list[Field], objects: list[Any]) -> _Cast:
    free = [field for field in fields if not field.is_sound]
    readings = [field for field in free if _is_of_kanji(field)]
    of_kanji = [field for field in readings if not _is_repeated(field, readings)]
    rest = [field for field in free if field not in readings]
    kana = [field for field in rest if field.is_kana]
    texts = [field for field in rest if field.is_japanese and not field.is_reading]
    running = any(field.content.running > MOST for field in texts)
    speakers = [field for field in rest if running and _may_speak(field)]
    texts = [field for field in texts if field not in speakers]
    return _Cast(
        objects=objects,
        fields=fields,
        texts=sorted(texts, key=lambda field: field.rank),
        kana=kana,
        of_kanji=of_kanji,
        speaker=speakers[0] if speakers else None,
    )


def _is_of_kanji(field: Field) -> bool:
    content = field.content
    named = any(map(field.name.may_be, _READINGS_OF_KANJI))
    plain = field.row is not None or not field.listed
    return named and plain and content.kana + content.romaji >= _NEARLY_ALL


def _is_repeated(field: Field, readings: Sequence[Field]) -> bool:
    """Whether it has in romaji what another has in kana."""
    return field.content.kana == 0 and any(
        other.steps[:-1] == field.steps[:-1] != () and other.content.kana > 0 for other in readings
    )


def _may_speak(field: Field) -> bool:
    content = field.content
    named = field.name.may_be(Role.SPEAKER) and not field.listed
    return (
        named and 0 < content.length <= _A_NAME and content.running == 0 and content.single < MOST
    )


def _tells_language(field: Field) -> bool:
    if not field.name.may_be(Role.LANGUAGE) or field.listed:
        return False
    codes = {text.lower().replace("_", "-").split("-")[0] for text in field.shape.texts}
    return bool(codes & _JAPANESE) and bool(codes - _JAPANESE)


def _characters(cast: _Cast) -> list[Spoken]:
    """A table of kana: katakana first, as a bare は or へ would be said as the particle."""
    letters = [
        field
        for field in cast.kana
        if not field.listed and field.content.letter > MOST and field.content.distinct > MOST
    ]
    if not letters or any(field.content.kanji for field in cast.texts):
        return []
    letters.sort(key=lambda field: "katakana" not in "".join(field.name.tokens))
    reading = tuple(field.steps for field in letters)
    return [Spoken(field=letters[0], say=Say.READING, reading=reading)]


def _texts(cast: _Cast) -> list[Spoken]:
    plain = [field for field in cast.texts if not field.listed]
    kana = [field for field in cast.kana if not field.listed or field.row or _in_readings(field)]
    readings = _partners(plain, kana, cast)
    used = {id(reading) for reading in readings.values()}
    said: list[Spoken] = []
    for field in plain:
        reading = readings.get(id(field))
        if id(field) in used or (reading is None and _is_nothing(field, cast)):
            continue
        said.append(_spoken(field, reading, cast, is_main=not said))
    return said


def _in_readings(field: Field) -> bool:
    """Whether it lies in a list of readings, such as readings[*].kana."""
    keys = [step for step in field.steps if isinstance(step, str)]
    return Role.READING in name_of((keys[0],)).roles


def _is_nothing(field: Field, cast: _Cast) -> bool:
    """A Japanese text of unknown name is said only where something else belongs to it."""
    sounds = any(each.is_sound for each in cast.fields)
    known = field.rank[0] < _UNKNOWN or field.is_about
    return not known and not sounds


_UNKNOWN = 4


def _spoken(field: Field, reading: Field | None, cast: _Cast, *, is_main: bool) -> Spoken:
    readings = [reading] if reading else [field] if field.is_kana else []
    spelled = [field, *readings] if reading and _is_filled_by(field, reading, cast) else [field]
    say = _say(field, cast)
    if say is Say.READING and not readings:
        readings = [each for each in cast.of_kanji if is_main]
    if say in {Say.WORD, Say.READING} and not (reading and reading.shape.always):
        readings += _romaji(field, cast)
    furigana = [] if reading or say is Say.READING else _furigana(field, cast)
    marked = field in furigana
    return Spoken(
        field=field,
        say=say,
        text=() if marked else tuple(each.steps for each in spelled),
        reading=tuple(each.steps for each in readings),
        furigana=tuple(each.steps for each in furigana),
        accent=tuple(each.steps for each in _accents(field, cast, is_main=is_main)),
        speaker=(cast.speaker.steps,) if cast.speaker and say is Say.SENTENCE else (),
        aside=field.is_about,
    )


def _say(field: Field, cast: _Cast) -> Say:
    content, name = field.content, field.name
    if content.labelled >= 1 - MOST:
        return Say.DIALOGUE
    if content.running >= MOST or (field.is_sentence and content.running > 0):
        return Say.SENTENCE
    if name.may_be(Role.TITLE) and not name.may_be(Role.WORD):
        return Say.TITLE
    of_kanji = is_kanji(field) or (cast.of_kanji and content.single > MOST)
    return Say.READING if of_kanji else Say.WORD


def is_kanji(field: Field) -> bool:
    """Whether a field holds single kanji, and says so."""
    named = _KANJI & {*field.name.tokens}
    return bool(named) and field.content.single > MOST and field.content.kanji > MOST


def _is_filled_by(field: Field, reading: Field, cast: _Cast) -> bool:
    """Whether the reading stands where the spelling does not: words that have no kanji."""
    blank = [one for one in cast.objects if first(one, field.steps) is None]
    return bool(blank) and all(first(one, reading.steps) is not None for one in blank)


def _partners(texts: Sequence[Field], kana: Sequence[Field], cast: _Cast) -> dict[int, Field]:
    """The reading of each text, by the identity of the text."""
    scores = sorted(
        (
            (-score, number, at)
            for number, text in enumerate(texts)
            for at, reading in enumerate(kana)
            if reading is not text and (score := _score(text, reading, cast)) >= 1
        )
    )
    found: dict[int, Field] = {}
    for _, number, at in scores:
        text, reading = texts[number], kana[at]
        # A reading has no reading, and is that of one text.
        if id(text) in found or reading in found.values() or id(reading) in found:
            continue
        if text not in found.values():
            found[id(text)] = reading
    return found


def _score(text: Field, reading: Field, cast: _Cast) -> float:
    """How well a reading goes with a text; below 1 it does not."""
    if text.is_kana and not reading.name.may_be(Role.READING):
        return 0.0
    pairs = [(first(one, text.steps), first(one, reading.steps)) for one in cast.objects]
    both = [
        (cleaned(word), cleaned(kana))
        for word, kana in pairs
        if isinstance(word, str) and isinstance(kana, str)
    ]
    if not both:
        return 0.0
    share = sum(fits(word, kana) for word, kana in both) / len(both)
    if share < 1 - MOST or (share < MOST and not reading.name.may_be(Role.READING)):
        return 0.0
    about, tokens = reading.name.about(Role.READING), frozenset(text.name.tokens)
    score = 2 * share + bool(about & tokens) - bool(about - tokens)
    score += 0.5 * reading.name.may_be(Role.READING)
    # The word of a record rather than its one kanji, where both are there.
    return score - 0.5 * bool(text.qualifiers - about) - 0.2 * (text.content.single > MOST)


def _romaji(text: Field, cast: _Cast) -> list[Field]:
    return [
        field
        for field in cast.fields
        if field.name.may_be(Role.ROMAJI)
        and (field.row or not field.listed)
        and field.content.romaji >= _NEARLY_ALL
        and field.name.about(Role.ROMAJI, Role.READING) <= text.name.about() | {"word"}
        and not text.qualifiers - field.name.about()
    ][:1]


def _furigana(text: Field, cast: _Cast) -> list[Field]:
    if text.content.furigana >= 1 - MOST:
        return [text]
    return [
        field
        for field in cast.fields
        if field.content.furigana >= 1 - MOST
        and not field.listed
        and field.name.about(Role.READING) <= text.name.about()
    ][:1]


def _accents(text: Field, cast: _Cast, *, is_main: bool) -> list[Field]:
    found = []
    for field in cast.fields:
        about = field.name.about(Role.ACCENT, Role.READING)
        meant = about <= text.name.about() if about else is_main
        if field.name.may_be(Role.ACCENT) and meant and not field.listed and _are_accents(field):
            found.append(field)
    return found[:1]


def _are_accents(field: Field) -> bool:
    values = [value for value in field.shape.values if value not in (None, "", [])]
    return bool(values) and sum(map(_is_accent, values)) >= _NEARLY_ALL * len(values)


def _is_accent(value: Any) -> bool:
    try:
        return accent_of(value, None) is not None
    except UnusableTextError:
        return False


def _lists(cast: _Cast) -> list[Spoken]:
    """What lists of texts say: spellings of one word, or texts of which each is said."""
    plain = any(not field.listed and not field.is_about for field in cast.texts)
    listed = [field for field in cast.texts if field.listed]
    if not plain:
        for text in listed:
            for reading in cast.kana:
                if reading.listed and reading is not text and _are_spellings(text, reading, cast):
                    spelled = (text.steps, reading.steps)
                    return [Spoken(field=text, say=Say.WORD, text=spelled, reading=spelled[1:])]
    return [
        Spoken(
            field=field,
            say=Say.SENTENCE if field.content.running >= MOST else Say.WORD,
            each=field.steps,
            text=((),),
            reading=((),) if field.is_kana else (),
            aside=field.is_about or (plain and field.content.running < MOST),
        )
        for field in listed
        if field.row is not None and field.rank[0] < _UNKNOWN
    ]


def _are_spellings(text: Field, reading: Field, cast: _Cast) -> bool:
    """Whether two lists are the spellings and the readings of one word."""
    pairs = [(first(one, text.steps), first(one, reading.steps)) for one in cast.objects]
    both = [(word, kana) for word, kana in pairs if isinstance(word, str) and isinstance(kana, str)]
    share = sum(fits(word, kana) for word, kana in both) / len(both) if both else 0.0
    return text.content.kanji >= MOST and share >= MOST and len(cast.objects) > 1


def _kana_alone(steps: Steps, cast: _Cast) -> list[Spoken]:
    """Kana without a spelling: a reading of what the record is about, or a word in kana."""
    kana = next((field for field in cast.kana if not field.listed), None)
    if kana is None:
        return []
    keys = [step for step in steps if isinstance(step, str)]
    roles = set(name_of(tuple(keys[-1:])).roles) if keys and steps[-1:] == (Step.EVERY,) else set()
    if roles & {*_READINGS_OF_KANJI, Role.READING}:
        return [Spoken(field=kana, say=Say.READING, reading=(kana.steps,), of_record=True)]
    if not kana.name.may_be(Role.READING) and kana.rank[0] == _UNKNOWN:
        return []
    return [Spoken(field=kana, say=Say.WORD, text=(kana.steps,), reading=(kana.steps,))]


def _of_kanji(field: Field) -> Spoken:
    return Spoken(
        field=field,
        say=Say.READING,
        reading=((),) if field.row is not None else (field.steps,),
        each=field.steps if field.row is not None else None,
        every=field.row is None,
        of_record=True,
    )
