"""The rules of lint: checks of one clip's text, reading and accent."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tts_assets.catalogues.field_lookup import (
    ClipSubject,
    EntryProblemError,
    make_getter,
    make_joiner,
)
from tts_assets.config.catalogue_sources import AlternativesPolicy, TextType
from tts_assets.errors import format_count
from tts_assets.japanese.accent_notation import format_accent_phrases, format_pitch_line
from tts_assets.japanese.homographs import describe_ambiguities
from tts_assets.japanese.kana import romaji_to_katakana
from tts_assets.model import AccentBasis, Basis, Pronunciation, kana_to_katakana, split_morae
from tts_assets.quality.quality_reports import DEFAULT_SEVERITY, LintFinding, LintRule, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tts_assets.catalogues.catalogue_reader import CatalogueReader
    from tts_assets.config.catalogue_sources import ClipRule
    from tts_assets.model import Clip, Place

_NOTE = re.compile(r"[（(［\[【<][^（()）［\[\]］【】<>]*[)）\]］】>]")
_ALTERNATIVE = re.compile(r"[/／;；、,，・|｜\n]")

#: Marks of okurigana and affixes: dictionaries may change the script there, as in アイ.する.
_OKURIGANA = re.compile(r"[.．\-‐－~～〜]")
_NO_KANA = re.compile(r"[^ァ-ヺー]")
_HIRAGANA = re.compile(r"[ぁ-ゖ]")
_KATAKANA_RUN = re.compile(r"[ァ-ヺ][ァ-ヺー]*")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024fＡ-Ｚａ-ｚ]")
_LETTER = r"[A-Za-z\u00c0-\u024f]"
_WORD = rf"{_LETTER}++(?:['’-]{_LETTER}++)*"
_LATIN_WORDS = re.compile(rf"(?<!{_LETTER})(?<!{_LETTER}['’-]){_WORD}(?:[,.;:]?\s+{_WORD})*")

#: Not an abbreviation or a unit: CD, km, vs.
_LONG_WORD = re.compile(rf"(?={_LETTER}*[a-z\u00df-\u024f]{{2}}){_LETTER}{{3,}}")
_JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ\u3400-\u9fff々〆]")


class EntryReadings:
    """Looks up the readings of one catalogue's clips as they are written there."""

    def __init__(self, reader: CatalogueReader) -> None:
        """Compile the fields for the readings of each of the source's rules."""
        self._root = reader.document.root
        self._record_steps = reader.source.records.steps
        self._rules = {rule.part: rule for rule in reader.source.clips}
        self._fields = {rule.part: _compile_reading_field(rule) for rule in reader.source.clips}

    def say_mode(self, clip: Clip) -> TextType:
        """How the text of a clip becomes its spoken text."""
        return self._rules[_rule_part(clip)].say

    def find_reading(self, clip: Clip) -> str | None:
        """The reading of a clip as its entry writes it; None if the entry has none."""
        rule, depth = self._rules[_rule_part(clip)], len(self._record_steps)
        place: Place = clip.at[:depth]
        record = _value_at(self._root, place)
        steps = (*self._record_steps, *(rule.each.steps if rule.each else ()))
        subject = ClipSubject(record, place, _value_at(record, clip.at[depth:]), clip.at, steps)
        try:
            value = self._fields[_rule_part(clip)](subject)
        except EntryProblemError:
            return None
        return value if isinstance(value, str) else None

    def find_unspoken_readings(self, clip: Clip) -> tuple[str, ...]:
        """The entry's other readings of a word, which no clip speaks, in katakana."""
        rule, spoken = self._rules[_rule_part(clip)], clip.form.reading
        if (
            rule.say is not TextType.WORD
            or rule.alternatives is AlternativesPolicy.ALL
            or spoken is None
        ):
            return ()
        written = _NOTE.sub("", self.find_reading(clip) or "")
        alternatives = [_normalise_reading(each) for each in _ALTERNATIVE.split(written)]
        # せん・せい is one reading, kanji by kanji.
        if spoken not in alternatives:
            return ()
        return tuple(each for each in dict.fromkeys(alternatives) if each and each != spoken)


def _compile_reading_field(rule: ClipRule) -> Callable[[ClipSubject], Any]:
    return make_getter(rule.reading) if rule.join is None else make_joiner(rule.reading, rule.join)


def _rule_part(clip: Clip) -> str:
    """The part as its rule names it, without the numbers of items and alternatives."""
    return clip.part.partition("-")[0]


def _value_at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def is_latin(written: str) -> bool:
    """Whether a reading is written in Latin letters; notes in brackets do not count."""
    return _LATIN.search(_NOTE.sub("", written)) is not None


def find_foreign_words(text: str) -> str | None:
    """The longest run of words that are not Japanese; None if there are only abbreviations.

    A single word in a Japanese text does not count: it may be a name used in Japanese.
    """
    text = unicodedata.normalize("NFKC", text)
    has_no_japanese = not _JAPANESE.search(text)
    runs = [found.group() for found in _LATIN_WORDS.finditer(text)]
    return max(
        (run for run in runs if _LONG_WORD.search(run) and (has_no_japanese or " " in run)),
        key=lambda run: run.count(" "),
        default=None,
    )


def find_mixed_script(written: str, reading: str, text: str) -> str | None:
    """The katakana among the hiragana of a reading that the spelling does not have.

    Args:
        written: the reading as the data write it; may contain alternatives.
        reading: the alternative that counts, in katakana.
        text: the spelling.
    """
    alternatives = [_NOTE.sub("", each) for each in _ALTERNATIVE.split(written)]
    matching = [each for each in alternatives if _normalise_reading(each) == reading]
    for piece in (piece for each in matching or alternatives for piece in _OKURIGANA.split(each)):
        if not _HIRAGANA.search(piece):
            continue
        for run in _KATAKANA_RUN.findall(piece):
            if run.rstrip("ー") not in text:
                return str(run)
    return None


def _normalise_reading(text: str) -> str:
    return _NO_KANA.sub("", kana_to_katakana(romaji_to_katakana(text) or text))


# The checks of one clip, by its entry's data and the dictionary's reading.


_MAX_NAME_WORDS = 2  #: a run of up to this many words may be a name


class LintInput(NamedTuple):
    """A clip, with its entry's reading and the dictionary's."""

    clip: Clip  #: the clip
    given: str | None  #: the reading as the entry writes it; None for none
    say: TextType  #: how its text becomes its spoken text
    pronunciation: Pronunciation | str = ""  #: the dictionary's pronunciation, or why there is none
    #: The same without the entry's accent, if the entry gives only the accent.
    unaccented: Pronunciation | str | None = None
    unspoken: tuple[str, ...] = ()  #: the entry's other readings, which no clip speaks, in katakana


class RuleViolation(NamedTuple):
    """A broken rule, its message, and its severity if that is not the default."""

    rule: LintRule
    message: str
    severity: Severity | None = None


_OptionalViolation: TypeAlias = RuleViolation | None


def lint_clip(spoken: LintInput) -> Iterator[LintFinding]:
    """The findings of one clip, the most severe rules first; without lines."""
    pronunciation = spoken.pronunciation
    clip = spoken.clip
    phrases = () if isinstance(pronunciation, str) else pronunciation.phrases
    kana = "".join(phrase.kana for phrase in phrases)
    for rule in _CHECKS:
        violation = rule(spoken)
        if violation is not None:
            yield LintFinding(
                rule=violation.rule,
                severity=violation.severity or DEFAULT_SEVERITY[violation.rule],
                message=violation.message,
                file=clip.file,
                entry=clip.entry,
                part=clip.part,
                text=clip.form.text,
                reading=kana or clip.form.reading,
                accent=format_accent_phrases(phrases) or None,
                pitch=format_pitch_line(phrases) or None,
            )


def _check_unreadable(spoken: LintInput) -> _OptionalViolation:
    """A form that the dictionary cannot read: usually its accent lies after the last mora."""
    form = spoken.clip.form
    if not isinstance(spoken.pronunciation, str):
        return None
    kana = form.reading
    if kana is None and isinstance(spoken.unaccented, Pronunciation):
        kana = "".join(phrase.kana for phrase in spoken.unaccented.phrases)
    count = len(split_morae(kana or ""))
    if kana is None or form.accent is None or form.accent <= count:
        return RuleViolation(LintRule.UNREADABLE, spoken.pronunciation)
    return RuleViolation(
        LintRule.ACCENT_RANGE,
        (
            f"the accent is {form.accent}, but {kana} has only "
            f"{format_count(count, 'mora', 'morae')}: give the mora after which the pitch falls, or 0"
        ),
    )


def _check_sentence_reading(spoken: LintInput) -> _OptionalViolation:
    pronunciation, form = spoken.pronunciation, spoken.clip.form
    if isinstance(pronunciation, str) or pronunciation.doubt is None:
        return None
    if not form.readings and (not form.sentence or form.reading is None):
        return None
    severity = Severity.NOTE if pronunciation.basis is Basis.NBEST else None
    return RuleViolation(LintRule.SENTENCE_READING, pronunciation.doubt, severity)


def _check_ambiguous_reading(spoken: LintInput) -> _OptionalViolation:
    """Words of a sentence whose reading neither the entry nor their context decides."""
    pronunciation = spoken.pronunciation
    if isinstance(pronunciation, str) or not pronunciation.ambiguous:
        return None
    return RuleViolation(
        LintRule.AMBIGUOUS_READING,
        (
            f"{describe_ambiguities(pronunciation.ambiguous)}: if that is wrong, add furigana to the "
            "word, a kana line, or an override with the reading"
        ),
    )


def _check_word_reading(spoken: LintInput) -> _OptionalViolation:
    """A word that the dictionary reads differently; many readings of a kanji are not words."""
    pronunciation, form = spoken.pronunciation, spoken.clip.form
    if (
        isinstance(pronunciation, str)
        or form.sentence
        or form.readings
        or pronunciation.doubt is None
    ):
        return None
    if pronunciation.basis is Basis.NBEST:
        return RuleViolation(LintRule.READING_DIFFERS, f"{pronunciation.doubt}, and is spoken")
    if pronunciation.basis is not Basis.FORCED:
        return None
    cause = f"{pronunciation.doubt}; the entry's reading is forced"
    if spoken.say is TextType.READING:
        return RuleViolation(LintRule.READING_DIFFERS, cause)
    if pronunciation.near is not None:
        hint = (
            f"did you mean {pronunciation.near}? if the reading is right, give the entry an accent to "
            "confirm it"
        )
        return RuleViolation(LintRule.READING_TYPO, f"{cause}; {hint}")
    # An entry with an accent is probably right about the reading.
    severity = Severity.NOTE if pronunciation.accent_basis is AccentBasis.DATA else None
    return RuleViolation(
        LintRule.READING_UNKNOWN,
        f"{cause}: check it; if it is right, give the entry an accent to confirm it",
        severity,
    )


def _check_mixed_script(spoken: LintInput) -> _OptionalViolation:
    form, given = spoken.clip.form, spoken.given
    if given is None or form.reading is None:
        return None
    run = find_mixed_script(given, form.reading, form.text)
    if run is None:
        return None
    return RuleViolation(
        LintRule.READING_MIXED,
        (f"the reading {given!r} mixes {run} in katakana with hiragana: write it in one script"),
    )


def _check_latin_reading(spoken: LintInput) -> _OptionalViolation:
    """A word's reading in Latin letters; a sentence's reading is only compared, not spoken."""
    form, given = spoken.clip.form, spoken.given
    if given is None or form.reading is None or form.sentence or not is_latin(given):
        return None
    return RuleViolation(LintRule.READING_LATIN, f"the reading {given!r} is read as {form.reading}")


def _check_unspoken_readings(spoken: LintInput) -> _OptionalViolation:
    if not spoken.unspoken:
        return None
    return RuleViolation(
        LintRule.READING_UNSAID,
        (
            f"of several readings, only {spoken.clip.form.reading} is spoken, not "
            f'{", ".join(spoken.unspoken)}: give each an entry, or set alternatives = "all" in '
            "its [[source]]"
        ),
    )


def _check_foreign_words(spoken: LintInput) -> _OptionalViolation:
    """Foreign words, which a Japanese voice spells out or mispronounces."""
    form = spoken.clip.form
    if form.reading is not None:
        return None
    words = find_foreign_words(form.text)
    if words is None:
        return None
    # New York and iPad mini are also used in Japanese.
    severity = Severity.NOTE if words.count(" ") < _MAX_NAME_WORDS else None
    return RuleViolation(
        LintRule.TEXT_LATIN,
        f"a Japanese voice speaks {words!r}: remove it from the text, or give its reading",
        severity,
    )


def _check_guessed_accent(spoken: LintInput) -> _OptionalViolation:
    """A forced word with a guessed accent; a single kanji's reading has no accent of its own."""
    pronunciation, form = spoken.pronunciation, spoken.clip.form
    if isinstance(pronunciation, str) or pronunciation.accent_basis is not AccentBasis.GUESSED:
        return None
    if spoken.say is TextType.READING:
        return None
    whose = "a word with a forced reading" if form.sentence else form.text
    where = "that word an accent in [[dictionary]]" if form.sentence else "the entry an accent"
    return RuleViolation(
        LintRule.ACCENT_GUESSED,
        (
            f"the accent of {whose} is unknown and {format_accent_phrases(pronunciation.phrases)} is a "
            f"guess: give {where}"
        ),
    )


_CHECKS = (
    _check_unreadable,
    _check_sentence_reading,
    _check_ambiguous_reading,
    _check_word_reading,
    _check_mixed_script,
    _check_foreign_words,
    _check_latin_reading,
    _check_unspoken_readings,
    _check_guessed_accent,
)
