"""Which objects of a document are its records, and what is said of each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.detect.cast import is_kanji
from tts_assets.catalogues.detect.fields import MOST, fields_of, values_at
from tts_assets.catalogues.detect.names import OF_GRAMMAR, PASSAGES, Role, name_of, tokens_of
from tts_assets.catalogues.detect.shape import objects_in
from tts_assets.catalogues.detect.texts import said_of
from tts_assets.config.sources.path import KEY, Step
from tts_assets.config.sources.source import Say
from tts_assets.model import Kind, kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tts_assets.catalogues.detect.shape import Shape
    from tts_assets.catalogues.detect.spoken import Spoken
    from tts_assets.config.sources.path import Steps


#: So few texts in a list of a file's own may be anything.
_FEW = 2
_RUNNING = {Say.SENTENCE, Say.DIALOGUE}


#: What file names say of a kind, besides its own name.
_HINTS = {
    Kind.VOCABULARY: {"vocabulary", "vocab", "word", "goi", "tango", "単語", "語彙"},
    Kind.GRAMMAR: {"grammar", "bunpou", "bunpo", "文法", "文型"},
    Kind.KANJI: {"kanji", "漢字"},
    Kind.CHARACTERS: {"character", "kana", "hiragana", "katakana", "かな", "仮名"},
    Kind.READING: {"reading", "story", "dokkai", "読解"},
    Kind.LISTENING: {"listening", "dialogue", "dialog", "conversation", "choukai", "聴解", "会話"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The objects at one place, and what is said of them; ``steps`` lead there from the root."""

    steps: Steps
    shape: Shape
    said: list[Spoken]


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Records of one shape.

    Args:
        part: the records themselves.
        chosen: what is said of them and of the items in them.
        others: what could be said, too.
        parents: the objects that they lie in, the nearest first.
    """

    part: Part
    chosen: list[tuple[Part, Spoken]] = field(default_factory=list)
    others: list[tuple[Part, Spoken]] = field(default_factory=list)
    parents: list[Part] = field(default_factory=list)

    @property
    def main(self) -> Spoken | None:
        """What the record itself is about, where that has a text."""
        own = [each for part, each in self.chosen if part is self.part]
        rest = [each for part, each in self.others if part is self.part]
        return next(
            (each for each in [*own, *rest] if (each.text or each.furigana) and not each.each), None
        )


def records_in(shape: Shape, *, but: Callable[[object], bool] | None = None) -> list[Records]:
    """Every sort of records in a document of that shape, but not below such steps."""
    parts = [
        Part(steps=steps, shape=inner, said=said_of(steps, inner))
        for steps, inner in objects_in(shape)
        if but is None or not any(map(but, steps))
    ]
    taken = {(*part.steps, *steps) for part in parts for each in part.said for steps in each.taken}
    parts = [part for part in parts if part.steps not in taken or _has_sounds(part)]
    found: list[Records] = []
    done: list[Steps] = []
    for part in parts:
        if any(part.steps[: len(steps)] == steps for steps in done):
            continue
        below = [each for each in parts if each is not part and _is_in(each, part)]
        if _is_entry(part, below):
            parents = [each for each in parts if each is not part and _is_in(part, each)]
            found.append(_chosen(part, below, parents[::-1]))
            done.append(part.steps)
    spoken = [each for each in found if each.chosen]
    return [each for each in spoken if not _is_of_titles(each)] or spoken


def _is_of_titles(records: Records) -> bool:
    """Whether only titles would be said, such as those of books; patterns of grammar are taught."""
    return all(
        _is_title(each)
        and not each.field.content.pattern
        and not OF_GRAMMAR & {*each.field.name.tokens}
        for _, each in records.chosen
    )


def _is_in(part: Part, other: Part) -> bool:
    return part.steps[: len(other.steps)] == other.steps


def _has_sounds(part: Part) -> bool:
    return any(each.sound for each in part.said)


def _is_title(each: Spoken) -> bool:
    return each.say is Say.TITLE and each.sound is None


def _is_entry(part: Part, below: list[Part]) -> bool:
    """Whether these objects are records, rather than what records lie in."""
    own = [each for each in part.said if not _is_title(each)]
    inner = [each for one in below for each in one.said]
    if own:
        alone = bool(part.steps) or any(each.sound for each in own)
        several = own[0].each is not None and len(own[0].field.shape.texts) > _FEW
        return alone or several or bool(own[0].text and own[0].reading) or own[0].say in _RUNNING
    if not inner:
        return bool(part.said and part.steps)
    # The id of an object in it, such as info.id, may be that of the file.
    named = any(name_of((key,)).may_be(Role.ID) for key in part.shape.fields)
    details = all(each.say in _RUNNING or each.of_record for each in inner)
    return details and (bool(part.steps) or named)


def _chosen(part: Part, below: list[Part], parents: list[Part]) -> Records:
    everything = [
        (one, _with_sound_beside(part, one, each)) for one in (part, *below) for each in one.said
    ]
    spoken = [(one, each) for one, each in everything if not _is_title(each)] or everything
    heard = any(each.sound for _, each in spoken)
    main = next((each for one, each in spoken if one is part and not each.of_record), None)
    read = any(each.of_record and each.sound for _, each in spoken)
    is_kanji_record = _is_of_kanji(part, below)
    words = _examples_of(main, (part, *below))
    copies = _find_copies(part, main, spoken)
    found = Records(part=part, parents=parents)
    for one, each in spoken:
        if each in copies or (each is main and (words or _is_said_by_readings(each, everything))):
            said = False
        elif each in words:
            said = True
        elif heard:
            is_word = each is main and _is_word(each) and bool(part.steps)
            said = each.sound is not None or is_word or (each.of_record and not read)
        elif one is part:
            said = each is main or each.of_record or each.is_cell
        else:
            said = main is None or (is_kanji_record and each.say not in _RUNNING)
        (found.chosen if said else found.others).append((one, each))
    return found


def _with_sound_beside(part: Part, one: Part, each: Spoken) -> Spoken:
    """The text of objects in a list, with the list of sounds that runs beside it in the record."""
    inner = one.steps[len(part.steps) :]
    if (
        each.sound
        or each.each
        or each.aside
        or inner.count(Step.EVERY) != 1
        or each is not one.said[0]
    ):
        return each
    tokens = {token for key in inner if isinstance(key, str) for token in tokens_of(key)}
    for sound in fields_of(part.shape):
        if sound.is_sound and sound.row and tokens & sound.name.about(Role.AUDIO):
            counts = [
                (len(values_at(value, inner)), len(values_at(value, sound.steps)))
                for value in part.shape.values
            ]
            if all(texts == urls for texts, urls in counts if urls):
                return replace(each, sound=sound, beside=True)
    return each


def _examples_of(main: Spoken | None, parts: Iterable[Part]) -> list[Spoken]:
    """The words with readings in what a kanji or a key has without a reading of its own."""
    if main is None or main.say in _RUNNING or main.reading or main.furigana or main.sound:
        return []
    if main.text[:1] != ((KEY.text,),) and main.field.content.single <= MOST:
        return []
    return [
        each
        for one in parts
        for each in one.said
        if each.say is Say.WORD and (each.reading or each.furigana) and not is_kanji(each.field)
    ]


def _find_copies(
    part: Part, main: Spoken | None, spoken: Sequence[tuple[Part, Spoken]]
) -> list[Spoken]:
    """What says nothing that something else of the record does not say, too, in the same way."""
    objects = [value for value in part.shape.values if value]
    rows = [
        (each, [_texts_in(value, one.steps[len(part.steps) :], each) for value in objects])
        for one, each in spoken
        if each.join is None
    ]
    copies: list[Spoken] = []
    # Of two, the one with a sound stays; of equals, the first.
    last_first = rows[::-1]
    for each, texts in sorted(last_first, key=lambda row: bool(row[0].reading)):
        if each is main or each.sound is not None or not any(texts):
            continue
        for other, others in rows:
            same = each.say is other.say and other is not each and other not in copies
            if same and all(one <= another for one, another in zip(texts, others, strict=True)):
                copies.append(each)
                break
    return copies


def _texts_in(value: Any, inner: Steps, each: Spoken) -> set[str]:
    """What is said of an object; readings of its own in katakana."""
    paths = each.reading if each.of_record else each.text or each.furigana or each.reading
    texts = values_at(value, (*inner, *(each.each or ()), *paths[0]))
    fold = kana_to_katakana if each.of_record else str
    return {fold(text).strip() for text in texts if isinstance(text, str) and text.strip()}


def texts_of(records: Records, roots: Sequence[Any]) -> set[str]:
    """All that is said of the records of some documents."""
    return {
        text
        for part, each in records.chosen
        for root in roots
        for text in _texts_in(root, part.steps, each)
    }


def _is_said_by_readings(kanji: Spoken, everything: Iterable[tuple[Part, Spoken]]) -> bool:
    """Whether a kanji or a word has no sound of its own, and each of its readings has a clip."""
    if kanji.sound is not None:
        return False
    readings = [each for _, each in everything if each.of_record]
    return any(kanji.say is Say.READING or each.sound for each in readings)


def _is_word(each: Spoken) -> bool:
    """A word; or a kanji, if it is known how that is read."""
    return each.say is Say.WORD or (each.say is Say.READING and bool(each.reading))


def _is_of_kanji(part: Part, below: Iterable[Part]) -> bool:
    own = any(each.of_record or is_kanji(each.field) for each in part.said)
    return own or any(_is_reading_list(one, each) for one in below for each in one.said)


def _is_reading_list(part: Part, each: Spoken) -> bool:
    keys = tuple(step for step in part.steps if isinstance(step, str))[-1:]
    roles = name_of(keys).roles
    return each.of_record and (Role.ON in roles or Role.KUN in roles)


def guess_kind(records: Records, file: str) -> Kind:
    """What records teach, as their fields say, and where these are not clear the file's name."""
    hinted = [kind for kind, words in _HINTS.items() if words & {*tokens_of(file)}]
    hint = hinted[0] if len(hinted) == 1 else None
    part, said = records.part, [each for _, each in records.chosen]
    below = [one for one, _ in records.chosen if one is not part]
    if all(each.say is Say.READING and not each.text and not each.of_record for each in said):
        return Kind.CHARACTERS
    if _is_of_kanji(part, below):
        return Kind.KANJI
    if any(each.say not in _RUNNING and each.say is not Say.TITLE for each in said):
        return Kind.VOCABULARY
    if hint in {Kind.GRAMMAR, Kind.READING, Kind.LISTENING}:
        return hint
    return _kind_of_running(part, said, nested=bool(below and part.steps))


def _kind_of_running(part: Part, said: list[Spoken], *, nested: bool) -> Kind:
    """What records teach that have nothing but titles and running text."""
    fields = fields_of(part.shape)
    names = {token for each in fields if not each.listed for token in each.name.tokens}
    talks = any(each.name.may_be(Role.SPEAKER) and each.listed for each in fields)
    if talks or any(each.speaker or each.say is Say.DIALOGUE for each in said):
        return Kind.LISTENING
    titled = any(each.say is Say.TITLE for each in said)
    if names & OF_GRAMMAR or titled or (nested and "title" in names):
        return Kind.GRAMMAR
    passages = "title" in names or any(map(_is_passage, said))
    return Kind.READING if passages else Kind.GRAMMAR


def _is_passage(each: Spoken) -> bool:
    """Whether it is more than a sentence: so are lines that are said as one, and what is called so."""
    content, tokens = each.field.content, {*each.field.name.tokens}
    return bool(each.join) or bool(PASSAGES & tokens) or content.several > 1 - MOST
