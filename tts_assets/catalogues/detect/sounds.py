"""Which address of a clip belongs to which text: by their names, their places and their values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tts_assets.catalogues.detect.fields import MOST, first, values_at
from tts_assets.catalogues.detect.names import EXAMPLES, OF_GRAMMAR, Role, roles_of, roles_short_for
from tts_assets.catalogues.detect.spoken import Spoken
from tts_assets.config.sources.source import Say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.catalogues.detect.fields import Field
    from tts_assets.config.sources.path import Steps

_RUNNING = {Say.SENTENCE, Say.DIALOGUE}


def paired(said: Sequence[Spoken], fields: Sequence[Field], objects: Sequence[Any]) -> list[Spoken]:
    """What is said, each with the sound that belongs to it, where there is one.

    Args:
        said: what could be said, the likeliest first.
        fields: all fields of the object.
        objects: some such objects.
    """
    sounds = [field for field in fields if field.is_sound]
    rows = [_joined(each) for each in said if each.each and each.say in _RUNNING]
    # The first of several readings has the one sound.
    rows += [
        replace(each, reading=(each.field.steps,), each=None)
        for each in said
        if each.each and each.of_record
    ]
    untitled = any(each.say is not Say.TITLE for each in said)
    choices = [*said, *rows, *_passages(fields, with_examples=not untitled)]
    scores = sorted(
        (-score, number, at)
        for number, sound in enumerate(sounds)
        for at, each in enumerate(choices)
        if (score := _score(sound, each, said, objects)) is not None
    )
    taken: dict[int, int] = {}
    for _, number, at in scores:
        if number not in taken.values() and at not in taken:
            taken[at] = number
    if not taken and (lone := _lone(sounds, fields, said)) is not None:
        taken[0] = lone
    heard = [_heard(choices[at], sounds[number]) for at, number in taken.items()]
    done = {each.field.steps for each in heard}
    rest = [each for each in said if each.field.steps not in done and not each.aside]
    return sorted([*heard, *rest], key=lambda each: (each.of_record, each.rank))


def _heard(each: Spoken, sound: Field) -> Spoken:
    """A text with its sound: of alternatives that share one URL, the first is said."""
    return replace(each, sound=sound, every=each.every and sound.row is not None)


def _joined(each: Spoken) -> Spoken:
    if each.join is None:
        return replace(each, text=(each.field.steps,), each=None, join="\n")
    text, reading = (
        tuple((*(each.each or ()), *steps) for steps in paths)
        for paths in (each.text, each.reading)
    )
    return replace(each, text=text, reading=reading, each=None)


def _passages(fields: Sequence[Field], *, with_examples: bool) -> list[Spoken]:
    """Texts in lists of objects that can be said as one; examples of something are no passage."""
    return [
        Spoken(
            field=field,
            say=Say.DIALOGUE if field.content.labelled >= 1 - MOST else Say.SENTENCE,
            text=(field.steps,),
            reading=_beside(field, Role.READING, fields),
            speaker=_beside(field, Role.SPEAKER, fields),
            join="\n",
        )
        for field in fields
        if field.listed and field.row is None and field.is_japanese
        if field.content.running > MOST and not _is_reading_beside(field, fields)
        if with_examples or not EXAMPLES & {*field.name.tokens}
    ]


def _beside(text: Field, role: Role, fields: Sequence[Field]) -> tuple[Steps, ...]:
    """What plays a part beside a text, in the same objects."""
    return tuple(
        each.steps
        for each in fields
        if each is not text and each.steps[:-1] == text.steps[:-1] and each.name.may_be(role)
        if (each.is_kana if role is Role.READING else not each.content.running)
    )[:1]


def _is_reading_beside(field: Field, fields: Sequence[Field]) -> bool:
    """Whether it is the reading of another text in the same objects."""
    others = (each for each in fields if each is not field and each.steps[:-1] == field.steps[:-1])
    return field.name.may_be(Role.READING) and any(each.content.running > MOST for each in others)


def _score(
    sound: Field, each: Spoken, said: Sequence[Spoken], objects: Sequence[Any]
) -> float | None:
    """How well a sound goes with a text; None if not at all."""
    if not _same_shape(sound, each, objects):
        return None
    about = sound.name.about(Role.AUDIO)
    tokens = each.field.name.about()
    shared = about & tokens
    short = {one for one in about - shared if _is_short_for(one, tokens)}
    foreign = about - shared - short
    kin = frozenset(token for token in foreign if _is_kin(token, each))
    if shared or short:
        score = 3.0 + len(shared) - len(foreign) - 0.25 * len(tokens - about)
    elif kin and not each.aside and not each.join:
        score = 2.5 - len(foreign - kin)
    elif about or each.aside:
        return None
    else:
        score = _plain_score(each, said)
    near = 0.3 / (1 + abs(sound.position - each.field.position))
    same_object = sound.steps[:-1] == each.field.steps[:-1] != ()
    return score + near + same_object + 2 * _named_after(sound, each, objects)


def _is_kin(token: str, each: Spoken) -> bool:
    """Whether a sound of sentences, or of words, goes with what is one by its values."""
    sort = Role.SENTENCE if each.say in _RUNNING else Role.WORD
    return each.say in {*_RUNNING, Say.WORD} and (
        sort in roles_of(token) or (not roles_of(token) and sort in roles_short_for(token))
    )


def _plain_score(each: Spoken, said: Sequence[Spoken]) -> float:
    """How well a sound that is only called a sound goes with a text."""
    if each.join:
        return 0.5
    pattern = bool(OF_GRAMMAR & {*each.field.name.tokens}) or each.field.content.pattern > 0
    if each.say is Say.TITLE and not pattern:
        return 0.2
    return 1.0 + 0.5 * (each.field is said[0].field)


def _is_short_for(token: str, tokens: frozenset[str]) -> bool:
    return any(other.startswith(token) and other != token for other in tokens)


def _same_shape(sound: Field, each: Spoken, objects: Sequence[Any]) -> bool:
    """Whether there is one URL for each clip."""
    if sound.row is None:
        return not sound.listed and each.each is None
    if each.every:
        return True
    if each.each is None:
        return False
    pairs = [(values_at(one, each.field.steps), values_at(one, sound.steps)) for one in objects]
    filled = [(texts, urls) for texts, urls in pairs if texts and urls]
    same = sum(len(texts) == len(urls) for texts, urls in filled)
    return same >= MOST * len(filled)


def _named_after(sound: Field, each: Spoken, objects: Sequence[Any]) -> float:
    """The share of addresses in which the text stands, as in /audio/学生.mp3."""
    texts = [(first(one, each.field.steps), first(one, sound.steps)) for one in objects]
    both = [(text, url) for text, url in texts if isinstance(text, str) and isinstance(url, str)]
    if not both or each.join:
        return 0.0
    return sum(text in unquote(url) for text, url in both) / len(both)


def _lone(sounds: Sequence[Field], fields: Sequence[Field], said: Sequence[Spoken]) -> int | None:
    """A sound of an odd name for the main text where nothing fits better: the grammar_audio of jp."""
    if not said or said[0].aside or said[0].each or said[0].every:
        return None
    own = said[0].field.name.about()
    for number, sound in enumerate(sounds):
        about = sound.name.about(Role.AUDIO)
        # The meaning_audio beside a meaning is of that.
        others = {token for each in fields if each is not sound for token in each.name.tokens}
        meant = {token for token in about & others if roles_of(token)} - own
        if not sound.listed and not meant:
            return number
    return None
