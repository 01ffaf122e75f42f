"""Compiles clip rules for many records: texts, readings, speakers and URL slots."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tts_assets.catalogues.field_lookup import (
    ABSENT,
    MAX_PASSAGE_LENGTH,
    MAX_TEXT_LENGTH,
    ClipSubject,
    EntryProblemError,
    describe_missing_field,
    find_current_value,
    find_direct_keys,
    find_skip_reason,
    make_getter,
    make_joiner,
    require_text,
)
from tts_assets.config.catalogue_sources import (
    OVERRIDE_KEY,
    AlternativesPolicy,
    ClipRule,
    OverwritePolicy,
    TextType,
)
from tts_assets.config.source_paths import PathStep, ShapeError
from tts_assets.japanese import running_text, text_cleanup, word_forms
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.japanese.word_forms import build_plain_word
from tts_assets.model import (
    Clip,
    Kind,
    Parallel,
    Place,
    SpokenForm,
    Target,
    is_katakana,
    kana_to_katakana,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.source_paths import FieldPath


class ClipPosition(NamedTuple):
    """The position of a clip among all clips of a rule in a record."""

    item: str | int | None  #: the last step to its item; None if the rule has no items
    number: int  #: the index of the alternative within its text
    out_of: int  #: the number of alternatives of the text


class UrlTarget:
    """A compiled path to the field for a URL."""

    def __init__(self, to: FieldPath, rule: ClipRule) -> None:
        """Compile the path of a rule."""
        self._to = to
        self._each = rule.each
        self._row = to.steps.index(PathStep.SAME) if PathStep.SAME in to.steps else None
        key = to.steps[0] if len(to.steps) == 1 and not to.from_record else None
        #: The common case: the URL is in the item itself, under one key.
        self._key = key if isinstance(key, str) else None

    def locate_url(self, subject: ClipSubject, position: ClipPosition) -> Target | None:
        """The place for a URL, and its current value.

        None if there is no place: only the first alternative of a text may have one.

        Raises:
            EntryProblemError: a value on the path has another shape.
        """
        if position.number and (self._row is None or position.item is not None):
            return None
        to, at, item = self._to, subject.at, subject.item
        if self._key is not None and type(item) is dict:
            return Target((*at, self._key), item.get(self._key))
        base, value = (subject.record_at, subject.record) if to.from_record else (at, item)
        row = position.number if position.item is None else position.item
        # Targets contain no EVERY.
        steps: Place = tuple(row if step is PathStep.SAME else step for step in to.steps)  # type: ignore[misc]
        try:
            url = find_current_value(value, steps, self._row)
        except ShapeError as problem:
            raise EntryProblemError(
                f"no URL can be written to {to.text}: {problem}", base
            ) from problem
        # The values of an object have an object beside them, with the same keys.
        is_list = self._row is not None and not isinstance(row, str)
        parallel = self._locate_array(subject, base, value, position.out_of) if is_list else None
        return Target((*base, *steps), url, parallel)

    def _locate_array(self, subject: ClipSubject, base: Place, value: Any, count: int) -> Parallel:
        """The list that contains the URL: as long as the list of items, or of alternatives."""
        before: Place = self._to.steps[: self._row]  # type: ignore[assignment] # [#] is the first
        place = (*base, *before)
        current = find_current_value(value, before)
        if self._each is None:
            return Parallel(place, count, None, _find_spare_texts(current, count))
        beside = subject.at[:-1]
        items: Any = subject.record
        for step in beside[len(subject.record_at) :]:
            items = items[step]
        same_object = beside[:-1] == place[:-1] and isinstance(beside[-1], str)
        key = str(beside[-1]) if same_object else None
        return Parallel(place, len(items), key, _find_spare_texts(current, len(items)))


def _find_spare_texts(value: Any, count: int) -> tuple[str, ...]:
    """The surplus texts of a list; also a text in place of the list."""
    rest = value[count:] if isinstance(value, list) else [value]
    return tuple(each for each in rest if isinstance(each, str) and each)


# Fields beside the texts of a list: their speakers or readings.


#: The indexes and keys that the wildcards of a path matched on the way to a value.
_ItemPath: TypeAlias = tuple[str | int, ...]


def compile_passage_lines(rule: ClipRule) -> Callable[[ClipSubject], list[tuple[str, str]]] | None:
    """Compile a getter of the lines of a passage, each with its speaker, "" for none.

    None for a rule without joined texts or without a speaker for each.
    """
    of_each = any(PathStep.EVERY in path.steps for path in rule.speaker)
    if rule.join is None or rule.furigana or not of_each:
        return None

    def read_lines(subject: ClipSubject) -> list[tuple[str, str]]:
        names = _find_first_values(rule.speaker, subject)
        texts = _find_first_values(rule.text, subject)
        return [(_find_nearest_name(names, items), text) for items, text in texts.items()]

    return read_lines


def compile_ruby_joiner(rule: ClipRule) -> Callable[[ClipSubject], str | None] | None:
    """Compile a getter that joins a list of words with readings into HTML ruby.

    None for a rule whose texts are not the words of one text, or have no readings beside them.
    """
    between = rule.join
    if between is None or between.strip(" 　") or rule.furigana or not _share_one_list(rule):
        return None

    def join_words(subject: ClipSubject) -> str | None:
        readings = _find_first_values(rule.reading, subject)
        words = _find_first_values(rule.text, subject)
        return (
            between.join(_write_ruby(word, readings.get(at)) for at, word in words.items()) or None
        )

    return join_words


def _share_one_list(rule: ClipRule) -> bool:
    lists = [
        {_find_list_steps(path) for path in paths if PathStep.EVERY in path.steps}
        for paths in (rule.text, rule.reading)
    ]
    return len(lists[0]) == 1 and lists[0] == lists[1]


def _find_list_steps(path: FieldPath) -> tuple[object, ...]:
    last = max(at for at, step in enumerate(path.steps) if step is PathStep.EVERY)
    return (path.from_record, *path.steps[:last])


def _write_ruby(word: str, reading: str | None) -> str:
    """Write a word with its reading; kana need none, as a particle's reading may be phonetic."""
    if not reading or reading == word or is_katakana(kana_to_katakana(word)):
        return escape(word)
    return f"<ruby>{escape(word)}<rt>{escape(reading)}</rt></ruby>"


def assign_speaker(form: SpokenForm, speaker: object, voices: Mapping[str, str]) -> SpokenForm:
    """Assign a speaker to the lines of a passage that have none."""
    name = str(speaker)
    turns = [
        turn if turn.speaker else turn._replace(speaker=name, voice=voices.get(name))
        for turn in form.turns
    ]
    return form._replace(turns=tuple(turns))


def _find_first_values(paths: tuple[FieldPath, ...], subject: ClipSubject) -> dict[_ItemPath, str]:
    """The values of the first path that has any, by their item paths."""
    for path in paths:
        found = {
            _extract_item_path(path, place): str(value)
            for place, value in subject.resolve_path(path)
            if value is not None and value != ""
        }
        if found:
            return found
    return {}


def _extract_item_path(path: FieldPath, place: tuple[Any, ...]) -> _ItemPath:
    steps = zip(path.steps, place, strict=False)
    return tuple(key for step, key in steps if step is PathStep.EVERY)


def _find_nearest_name(names: Mapping[_ItemPath, str], items: _ItemPath) -> str:
    """The name beside a text, or beside the list that contains it."""
    around = (items[:count] for count in range(len(items), -1, -1))
    return next((names[each] for each in around if each in names), "")


# The clip rules of a source, compiled for many records.


#: The forms to speak, or the reason why there are none.
FormsOrReason: TypeAlias = tuple[SpokenForm, ...] | str

#: Names of Japanese in data: ISO 639 codes, the country code and the language's names.
_JAPANESE_CODES = {"ja", "jp", "jpn", "japanese", "日本語"}
_ALTERNATIVES = re.compile(r"[/／;；・、,，|｜\s]")
_KANA = re.compile(r"[ぁ-ゖァ-ヺー]+")

#: Kinds whose running text is always a passage, even if short.
_PASSAGE_KINDS = frozenset({Kind.READING, Kind.LISTENING})


class ClipSlot(NamedTuple):
    """One clip that a record asks for."""

    part: str  #: the part of the entry
    at: Place  #: the place of the item that it speaks
    #: The form to speak, the reason why there is none, or a problem.
    content: SpokenForm | str | EntryProblemError
    target: Target | None = None  #: the place of its URL; None for none
    voice: str | None = None  #: as in :class:`Clip`
    timeline: Target | None = None  #: as in :class:`Clip`


class CompiledRule:
    """A clip rule with its fields compiled."""

    def __init__(self, rule: ClipRule, source: Source, *, texts: bool = False) -> None:
        """Compile a rule of a source; ``texts``: its records contain only texts, as in a table."""
        self.speed = rule.speed
        self._texts = texts
        self._rule = rule
        self._most = MAX_PASSAGE_LENGTH if rule.say.is_running else MAX_TEXT_LENGTH
        self._voices = source.voices
        self._passage = source.kind in _PASSAGE_KINDS
        self._record_steps = source.records.steps
        self._item_steps = (*self._record_steps, *(rule.each.steps if rule.each else ()))
        self._text, self._reading = (
            make_getter(paths) if rule.join is None else make_joiner(paths, rule.join)
            for paths in (rule.text, rule.reading)
        )
        self._furigana = make_getter(rule.furigana)
        self._ruby = compile_ruby_joiner(rule)
        self._accent = make_getter(rule.accent)
        self._speaker = make_getter(rule.speaker)
        self._lines = compile_passage_lines(rule)
        self._language = make_getter(rule.language)
        self._to = None if rule.to is None else UrlTarget(rule.to, rule)
        self._timeline = None if rule.timeline is None else UrlTarget(rule.timeline, rule)

    def find_slots(self, record: Any, place: Place) -> list[ClipSlot]:
        """The clips of one record.

        Raises:
            EntryProblemError: the value at ``each`` is no list of items.
        """
        each = self._rule.each
        whole = ClipSubject(record, place, record, place, self._record_steps)
        if each is None:
            return self._make_slots(whole, self._rule.part, None)
        slots: list[ClipSlot] = []
        for index, (inner, item) in enumerate(whole.resolve_path(each)):
            subject = ClipSubject(record, place, item, (*place, *inner), self._item_steps)
            last = inner[-1] if inner else 0
            slots += self._make_slots(subject, f"{self._rule.part}-{index + 1}", last)
        return slots

    def collect_raw_values(self, record: Any, place: Place) -> list[Any]:
        """The raw texts and readings of a record, which distinguish it from others."""
        each = self._rule.each
        whole = ClipSubject(record, place, record, place, self._record_steps)
        items = [((), record)] if each is None else whole.resolve_path(each)
        subjects = [
            ClipSubject(record, place, item, (*place, *at), self._item_steps) for at, item in items
        ]
        fields = (self._text, self._reading, self._furigana)
        return [
            None if (value := field(subject)) is ABSENT else value
            for subject in subjects
            for field in fields
        ]

    def _make_slots(
        self, subject: ClipSubject, part: str, index: str | int | None
    ) -> list[ClipSlot]:
        slots: list[ClipSlot] = []
        try:
            forms = self._read_forms(subject)
            if isinstance(forms, str):
                return [ClipSlot(part, subject.at, forms)]
            voice = None
            if self._rule.speaker and self._lines is None:
                voice, forms = self._assign_voice(self._speaker(subject), forms)
            for number, form in enumerate(forms):
                name = f"{part}-{number + 1}" if number else part
                position = ClipPosition(index, number, len(forms))
                slots.append(self._make_slot(subject, name, form, voice, position))
        except EntryProblemError as problem:
            slots.append(ClipSlot(part, subject.at, problem))
        return slots

    def _read_forms(self, subject: ClipSubject) -> FormsOrReason:
        rule = self._rule
        if rule.skip and (reason := find_skip_reason(rule.skip, subject, texts=self._texts)):
            return reason
        if rule.language and (reason := self._find_foreign_language(subject)):
            return reason
        raw, reading_raw = self._text(subject), self._reading(subject)
        text = require_text(raw, subject, rule.text, self._most)
        reading = require_text(reading_raw, subject, rule.reading, self._most)
        furigana = None
        if self._ruby is not None:
            reading, furigana = None, self._ruby(subject)
        elif rule.furigana:
            furigana = require_text(self._furigana(subject), subject, rule.furigana, self._most)
        accent = self._accent(subject) if rule.accent else None
        if raw is ABSENT and furigana is None and (rule.text or reading_raw is ABSENT):
            raise EntryProblemError(describe_missing_field(rule.text or rule.reading), subject.at)
        try:
            if furigana is not None:
                text = text or furigana
                reading = reading or text_cleanup.extract_furigana_reading(furigana)
                if reading is None:
                    text = text_cleanup.attach_furigana(text, furigana)
            if self._lines is not None and self._rule.say.is_running:
                lines = self._lines(subject)
                forms = running_text.build_line_forms(lines, reading, voices=self._voices)
            else:
                forms = self._normalise_text(
                    text or "", reading, None if accent is ABSENT else accent
                )
        except UnusableTextError as problem:
            paths = rule.text or rule.reading
            raise EntryProblemError(str(problem), subject.locate_field(paths)) from problem
        return (
            forms[:1]
            if rule.alternatives is AlternativesPolicy.FIRST and type(forms) is tuple
            else forms
        )

    def _normalise_text(self, text: str, reading: str | None, accent: Any) -> FormsOrReason:
        say = self._rule.say
        if say is TextType.WORD:
            return word_forms.build_word_forms(text, reading, accent, separators=self._rule.split)
        if say is TextType.READING:
            return self._normalise_reading(text, reading, accent)
        if say is TextType.TITLE:
            return word_forms.build_title_forms(text, reading)
        build_forms = (
            running_text.build_text_forms
            if say is TextType.SENTENCE
            else running_text.build_dialogue_forms
        )
        return build_forms(text, reading, passage=self._passage, voices=self._voices)

    def _normalise_reading(self, text: str, reading: str | None, accent: Any) -> FormsOrReason:
        """Speak a reading as its word, which has an accent: た.べる of 食 as 食べる."""
        split = self._rule.split
        if reading is None or not reading.strip():
            if text and not self._rule.each:
                return word_forms.build_word_forms(text, None, accent, separators=split)
            return "the reading is empty"
        if text:
            word = text + _extract_okurigana(reading)
            return word_forms.build_word_forms(word, reading, accent, separators=split)
        return word_forms.build_kana_forms(reading, accent, separators=split)

    def _find_foreign_language(self, subject: ClipSubject) -> str | None:
        language = self._language(subject)
        if language is None or language is ABSENT:
            return None
        japanese = re.split(r"[-_]", str(language).strip().lower())[0] in _JAPANESE_CODES
        return None if japanese else f"left out: its language is {language!r}, not Japanese"

    def _assign_voice(
        self, speaker: Any, forms: tuple[SpokenForm, ...]
    ) -> tuple[str | None, tuple[SpokenForm, ...]]:
        """The voice of a speaker, and the forms with that speaker."""
        if speaker is None or speaker is ABSENT:
            return None, forms
        return self._voices.get(str(speaker)), tuple(
            assign_speaker(form, speaker, self._voices) for form in forms
        )

    def _make_slot(
        self,
        subject: ClipSubject,
        part: str,
        form: SpokenForm,
        voice: str | None,
        position: ClipPosition,
    ) -> ClipSlot:
        target = None if self._to is None else self._to.locate_url(subject, position)
        timeline = None
        # Only passages have time lines.
        if self._timeline is not None and form.turns:
            timeline = self._timeline.locate_url(subject, position)
        return ClipSlot(part, subject.at, form, target, voice, timeline)


def _extract_okurigana(reading: str) -> str:
    """The kana after the dot of た.べる, which belong to the spelling, too."""
    _, _, after = reading.partition(".")
    if not after or _ALTERNATIVES.search(reading):
        return ""
    kana = _KANA.match(after)
    return kana.group() if kana else ""


# A fast path for records with a plain word, which are the most common ones.


_new_tuple = tuple.__new__  #: creates a full named tuple without calling Python code

#: Returns the clip of a record, given its place and entry id; None to use the full rule.
PlainWordReader: TypeAlias = "Callable[[Any, Place, str], Clip | None]"


def compile_plain_word(rule: ClipRule, source: Source, file: str) -> PlainWordReader | None:
    """Compile a fast reader of the plain words of a rule in a file.

    None for a rule that has more than a text, its reading and a URL beside them.
    """
    form_of, url_key = _compile_form(rule), _find_url_key(rule)
    if form_of is None or url_key is None:
        return None
    kind, part, name, speed = source.kind, rule.part, source.name, rule.speed
    replaces_all = source.overwrite is OverwritePolicy.ALWAYS

    def read_clip(record: Any, place: Place, entry_id: str) -> Clip | None:
        if type(record) is not dict or OVERRIDE_KEY in record:
            return None
        form = form_of(record)
        if form is None:
            return None
        url = record.get(url_key)
        if url is not None and (replaces_all or type(url) is not str or not url.strip()):
            return None
        at = (*place, url_key)
        return _new_tuple(
            Clip, (kind, file, entry_id, part, at, form, None, url, None, place, name, None, speed)
        )

    return read_clip


def _compile_form(rule: ClipRule) -> Callable[[dict[str, Any]], SpokenForm | None] | None:
    """Compile a builder of the form of a record with a plain word; None for other rules."""
    has_extras = rule.each or rule.skip or rule.furigana or rule.speaker or rule.language
    texts, readings, accents = map(find_direct_keys, (rule.text, rule.reading, rule.accent))
    if has_extras or rule.say is not TextType.WORD or rule.join is not None or accents is None:
        return None
    if texts is None or readings is None or len(texts) != 1 or len(readings) != 1:
        return None
    text_key, reading_key, accent_keys = texts[0], readings[0], frozenset(accents)

    def build_form(record: dict[str, Any]) -> SpokenForm | None:
        if not accent_keys.isdisjoint(record) and any(
            record.get(key) is not None for key in accents
        ):
            return None
        text, reading = record.get(text_key), record.get(reading_key)
        if type(text) is not str or len(text) > MAX_TEXT_LENGTH:
            return None
        if reading is not None and (type(reading) is not str or len(reading) > MAX_TEXT_LENGTH):
            return None
        return build_plain_word(text, reading)

    return build_form


def _find_url_key(rule: ClipRule) -> str | None:
    """The record's own key for the URL of a rule; None if the URL is elsewhere."""
    if rule.to is None or rule.to.from_record or len(rule.to.steps) != 1:
        return None
    key = rule.to.steps[0]
    return key if isinstance(key, str) else None
