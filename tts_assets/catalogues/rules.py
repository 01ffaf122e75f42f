"""What is said of a record: the clip rules of a source, made ready to go through many records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tts_assets.catalogues.fields import (
    ABSENT,
    LONGEST_PASSAGE,
    LONGEST_TEXT,
    EntryProblemError,
    Subject,
    getter,
    joiner,
    missing,
    skipped,
    text_of,
)
from tts_assets.catalogues.places import Position, UrlPath
from tts_assets.catalogues.speakers import join_ruby, lines_of, with_speaker
from tts_assets.config.sources.source import Alternatives, ClipRule, Say
from tts_assets.japanese import running_text, text_cleanup, word_forms
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.model import Kind, Parallel, Place, SpokenForm, Target

if TYPE_CHECKING:
    from tts_assets.config.sources.source import Source


#: The forms that are said, or the reason why nothing is.
Said: TypeAlias = tuple[SpokenForm, ...] | str


#: What data call Japanese: ISO 639, the country's code in its place, and the language's names.
_JAPANESE = {"ja", "jp", "jpn", "japanese", "日本語"}
_ALTERNATIVES = re.compile(r"[/／;；・、,，|｜\s]")
_KANA = re.compile(r"[ぁ-ゖァ-ヺー]+")
_RUNNING = frozenset({Say.SENTENCE, Say.DIALOGUE})


#: Kinds whose running text is a passage, however short.
_PASSAGES = frozenset({Kind.READING, Kind.LISTENING})


class Slot(NamedTuple):
    """One clip that a record asks for.

    Args:
        part: which clip of the entry it is.
        at: where the item that it is said of lies.
        said: what is said, or the reason why nothing is, or what is wrong.
        place: where its URL lies or will lie; None for nowhere.
        url: the value that is there now.
        parallel: see Clip.
        voice: see Clip.
        timeline: see Clip.
    """

    part: str
    at: Place
    said: SpokenForm | str | EntryProblemError
    place: Place | None = None
    url: Any = None
    parallel: Parallel | None = None
    voice: str | None = None
    timeline: Target | None = None


class Rule:
    """A clip rule with its fields compiled."""

    def __init__(self, rule: ClipRule, source: Source, *, texts: bool = False) -> None:
        """Compile a rule of a source; ``texts``: its records have only texts, as in a table."""
        self._texts = texts
        self._rule = rule
        running = rule.say in {Say.SENTENCE, Say.DIALOGUE}
        self._most = LONGEST_PASSAGE if running else LONGEST_TEXT
        self._voices = source.voices
        self._passage = source.kind in _PASSAGES
        self._way = source.records.steps
        self._way_of_items = (*self._way, *(rule.each.steps if rule.each else ()))
        self._text = joiner(rule.text, rule.join) if rule.join is not None else getter(rule.text)
        self._reading = (
            joiner(rule.reading, rule.join) if rule.join is not None else getter(rule.reading)
        )
        self._furigana = getter(rule.furigana)
        self._ruby = join_ruby(rule)
        self._accent = getter(rule.accent)
        self._speaker = getter(rule.speaker)
        self._lines = lines_of(rule)
        self._language = getter(rule.language)
        self._to = None if rule.to is None else UrlPath(rule.to, rule)
        self._timeline = None if rule.timeline is None else UrlPath(rule.timeline, rule)

    def slots(self, record: Any, place: Place) -> list[Slot]:
        """The clips of one record.

        Raises:
            EntryProblemError: the items are none.
        """
        each = self._rule.each
        whole = Subject(record, place, record, place, self._way)
        if each is None:
            return self._of(whole, self._rule.part, None)
        slots: list[Slot] = []
        for index, (inner, item) in enumerate(whole.values(each)):
            subject = Subject(record, place, item, (*place, *inner), self._way_of_items)
            last = inner[-1] if inner else 0
            slots += self._of(subject, f"{self._rule.part}-{index + 1}", last)
        return slots

    def raw(self, record: Any, place: Place) -> list[Any]:
        """The texts and readings of a record as they are, to tell it from others."""
        each = self._rule.each
        whole = Subject(record, place, record, place, self._way)
        items = [((), record)] if each is None else whole.values(each)
        subjects = [
            Subject(record, place, item, (*place, *at), self._way_of_items) for at, item in items
        ]
        fields = (self._text, self._reading, self._furigana)
        return [
            None if (value := field(subject)) is ABSENT else value
            for subject in subjects
            for field in fields
        ]

    def _of(self, subject: Subject, part: str, index: str | int | None) -> list[Slot]:
        slots: list[Slot] = []
        try:
            said = self._said(subject)
            if isinstance(said, str):
                return [Slot(part, subject.at, said)]
            voice = None
            if self._rule.speaker and self._lines is None:
                voice, said = self._spoken_by(self._speaker(subject), said)
            for number, form in enumerate(said):
                name = f"{part}-{number + 1}" if number else part
                position = Position(index, number, len(said))
                slots.append(self._slot(subject, name, form, voice, position))
        except EntryProblemError as problem:
            slots.append(Slot(part, subject.at, problem))
        return slots

    def _said(self, subject: Subject) -> Said:
        rule = self._rule
        if rule.skip and (reason := skipped(rule.skip, subject, texts=self._texts)):
            return reason
        if rule.language and (reason := self._foreign(subject)):
            return reason
        raw, reading_raw = self._text(subject), self._reading(subject)
        text = text_of(raw, subject, rule.text, self._most)
        reading = text_of(reading_raw, subject, rule.reading, self._most)
        furigana = None
        if self._ruby is not None:
            reading, furigana = None, self._ruby(subject)
        elif rule.furigana:
            furigana = text_of(self._furigana(subject), subject, rule.furigana, self._most)
        accent = self._accent(subject) if rule.accent else None
        if raw is ABSENT and furigana is None and (rule.text or reading_raw is ABSENT):
            raise EntryProblemError(missing(rule.text or rule.reading), subject.at)
        try:
            if furigana is not None:
                text = text or furigana
                reading = reading or text_cleanup.extract_furigana_reading(furigana)
                if reading is None:
                    text = text_cleanup.attach_furigana(text, furigana)
            if self._lines is not None and self._rule.say in _RUNNING:
                lines = self._lines(subject)
                said = running_text.build_line_forms(lines, reading, voices=self._voices)
            else:
                said = self._normalised(text or "", reading, None if accent is ABSENT else accent)
        except UnusableTextError as problem:
            paths = rule.text or rule.reading
            raise EntryProblemError(str(problem), subject.place_of(paths)) from problem
        return said[:1] if rule.alternatives is Alternatives.FIRST and type(said) is tuple else said

    def _normalised(self, text: str, reading: str | None, accent: Any) -> Said:
        say = self._rule.say
        if say is Say.WORD:
            return word_forms.build_word_forms(text, reading, accent, separators=self._rule.split)
        if say is Say.READING:
            return self._reading_of(text, reading, accent)
        if say is Say.TITLE:
            return word_forms.build_title_forms(text, reading)
        spoken = (
            running_text.build_text_forms
            if say is Say.SENTENCE
            else running_text.build_dialogue_forms
        )
        return spoken(text, reading, passage=self._passage, voices=self._voices)

    def _reading_of(self, text: str, reading: str | None, accent: Any) -> Said:
        """A reading is said as the word it makes: た.べる of 食 as 食べる, which carries its accent."""
        split = self._rule.split
        if reading is None or not reading.strip():
            if text and not self._rule.each:
                return word_forms.build_word_forms(text, None, accent, separators=split)
            return "the reading is empty"
        if text:
            word = text + _okurigana(reading)
            return word_forms.build_word_forms(word, reading, accent, separators=split)
        return word_forms.build_kana_forms(reading, accent, separators=split)

    def _foreign(self, subject: Subject) -> str | None:
        language = self._language(subject)
        if language is None or language is ABSENT:
            return None
        japanese = re.split(r"[-_]", str(language).strip().lower())[0] in _JAPANESE
        return None if japanese else f"left out: its language is {language!r}, not Japanese"

    def _spoken_by(
        self, speaker: Any, forms: tuple[SpokenForm, ...]
    ) -> tuple[str | None, tuple[SpokenForm, ...]]:
        """The voice of a speaker, and forms that are said by that speaker."""
        if speaker is None or speaker is ABSENT:
            return None, forms
        return self._voices.get(str(speaker)), tuple(
            with_speaker(form, speaker, self._voices) for form in forms
        )

    def _slot(
        self, subject: Subject, part: str, form: SpokenForm, voice: str | None, position: Position
    ) -> Slot:
        target = None if self._to is None else self._to.target(subject, position)
        timeline = None
        # Nothing but a passage has a time line.
        if self._timeline is not None and form.turns:
            timeline = self._timeline.target(subject, position)
        if target is None:
            return Slot(part, subject.at, form, voice=voice, timeline=timeline)
        place, url, parallel = target
        return Slot(part, subject.at, form, place, url, parallel, voice, timeline)


def _okurigana(reading: str) -> str:
    """The kana behind the dot of た.べる, which the spelling has as well."""
    _, _, after = reading.partition(".")
    if not after or _ALTERNATIVES.search(reading):
        return ""
    kana = _KANA.match(after)
    return kana.group() if kana else ""
