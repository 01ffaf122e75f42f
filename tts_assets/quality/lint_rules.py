"""Readings as the data write them, and what is odd about how they are written."""

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
_WORD = rf"{_LETTER}++(?:['’-]{_LETTER}++)*+"
_LATIN_WORDS = re.compile(rf"(?<!{_LETTER})(?<!{_LETTER}['’-]){_WORD}(?:[,.;:]?\s+{_WORD})*+")

#: Not an abbreviation or a unit: CD, km, vs.
_LONG_WORD = re.compile(rf"(?={_LETTER}*[a-z\u00df-\u024f]{{2}}){_LETTER}{{3,}}")
_JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ\u3400-\u9fff々〆]")


class EntryReadings:
    """Looks up the readings of one catalogue's clips as they are written there."""

    def __init__(self, reader: CatalogueReader) -> None:
        """Compile the fields for the readings of each of the source's rules."""
        self._root = reader.document.root
        self._way = reader.source.records.steps
        self._rules = {rule.part: rule for rule in reader.source.clips}
        self._fields = {rule.part: _compile_reading_field(rule) for rule in reader.source.clips}

    def say_mode(self, clip: Clip) -> TextType:
        """How the text of a clip is made into what is said."""
        return self._rules[_rule_part(clip)].say

    def find_reading(self, clip: Clip) -> str | None:
        """The reading that the entry writes for a clip; None where it writes none."""
        rule, depth = self._rules[_rule_part(clip)], len(self._way)
        place: Place = clip.at[:depth]
        record = _value_at(self._root, place)
        way = (*self._way, *(rule.each.steps if rule.each else ()))
        subject = ClipSubject(record, place, _value_at(record, clip.at[depth:]), clip.at, way)
        try:
            value = self._fields[_rule_part(clip)](subject)
        except EntryProblemError:
            return None
        return value if isinstance(value, str) else None

    def find_unspoken_readings(self, clip: Clip) -> tuple[str, ...]:
        """The other readings that the entry offers for a word and no clip says, in katakana."""
        rule, said = self._rules[_rule_part(clip)], clip.form.reading
        if (
            rule.say is not TextType.WORD
            or rule.alternatives is AlternativesPolicy.ALL
            or said is None
        ):
            return ()
        written = _NOTE.sub("", self.find_reading(clip) or "")
        offered = [_normalise_reading(each) for each in _ALTERNATIVE.split(written)]
        # せん・せい is one reading, kanji by kanji.
        if said not in offered:
            return ()
        return tuple(each for each in dict.fromkeys(offered) if each and each != said)


def _compile_reading_field(rule: ClipRule) -> Callable[[ClipSubject], Any]:
    return make_getter(rule.reading) if rule.join is None else make_joiner(rule.reading, rule.join)


def _rule_part(clip: Clip) -> str:
    """The part as its rule names it, without the numbers of items and alternatives."""
    return clip.part.partition("-")[0]


def _value_at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def is_latin(given: str) -> bool:
    """Whether a reading is written in Latin letters; notes in brackets do not count."""
    return _LATIN.search(_NOTE.sub("", given)) is not None


def find_foreign_words(text: str) -> str | None:
    """The words in a row that are not Japanese; None where there are none but abbreviations.

    A single word among Japanese may be a name that Japanese has taken over, and is none of them.
    """
    text = unicodedata.normalize("NFKC", text)
    alone = not _JAPANESE.search(text)
    runs = [found.group() for found in _LATIN_WORDS.finditer(text)]
    return max(
        (run for run in runs if _LONG_WORD.search(run) and (alone or " " in run)),
        key=lambda run: run.count(" "),
        default=None,
    )


def find_mixed_script(given: str, reading: str, text: str) -> str | None:
    """The katakana that stands among the hiragana of a reading, and not in the spelling.

    Args:
        given: the reading as the data write it; it may hold alternatives.
        reading: the one of them that counts, in katakana.
        text: the spelling.
    """
    offered = [_NOTE.sub("", each) for each in _ALTERNATIVE.split(given)]
    meant = [each for each in offered if _normalise_reading(each) == reading] or offered
    for piece in (piece for each in meant for piece in _OKURIGANA.split(each)):
        if not _HIRAGANA.search(piece):
            continue
        for run in _KATAKANA_RUN.findall(piece):
            if run.rstrip("ー") not in text:
                return str(run)
    return None


def _normalise_reading(text: str) -> str:
    return _NO_KANA.sub("", kana_to_katakana(romaji_to_katakana(text) or text))


# What is doubtful about one clip: a column of rules over what is given and what is read.


#: So many words in a row may be a name.
_MAX_NAME_WORDS = 2


class LintInput(NamedTuple):
    """A clip, and all that is known of how it is said.

    Args:
        clip: what is asked for.
        given: the reading as the entry writes it; None where it gives none.
        say: how its text is made into what is said.
        said: how the dictionary says it, or why it cannot.
        unaccented: the same without the entry's accent, where the entry gives that alone.
        unsaid: other readings that the entry offers and no clip says, in katakana.
    """

    clip: Clip
    given: str | None
    say: TextType
    said: Pronunciation | str
    unaccented: Pronunciation | str | None = None
    unsaid: tuple[str, ...] = ()


class RuleViolation(NamedTuple):
    """A rule that is broken, how badly, and what to say about it."""

    rule: LintRule
    message: str
    severity: Severity | None = None


_OptionalViolation: TypeAlias = RuleViolation | None


def lint_clip(spoken: LintInput) -> Iterator[LintFinding]:
    """Everything that is doubtful about a clip, the worst first; lines are not known yet."""
    said = spoken.said
    clip = spoken.clip
    phrases = () if isinstance(said, str) else said.phrases
    kana = "".join(phrase.kana for phrase in phrases)
    for rule in _CHECKS:
        remark = rule(spoken)
        if remark is not None:
            yield LintFinding(
                rule=remark.rule,
                severity=remark.severity or DEFAULT_SEVERITY[remark.rule],
                message=remark.message,
                file=clip.file,
                entry=clip.entry,
                part=clip.part,
                text=clip.form.text,
                reading=kana or clip.form.reading,
                accent=format_accent_phrases(phrases) or None,
                pitch=format_pitch_line(phrases) or None,
            )


def _check_unreadable(spoken: LintInput) -> _OptionalViolation:
    """Why the dictionary cannot say it: most often an accent behind the word's last mora."""
    form = spoken.clip.form
    if not isinstance(spoken.said, str):
        return None
    kana = form.reading
    if kana is None and isinstance(spoken.unaccented, Pronunciation):
        kana = "".join(phrase.kana for phrase in spoken.unaccented.phrases)
    count = len(split_morae(kana or ""))
    if kana is None or form.accent is None or form.accent <= count:
        return RuleViolation(LintRule.UNREADABLE, spoken.said)
    return RuleViolation(
        LintRule.ACCENT_RANGE,
        (
            f"the accent is {form.accent}, but {kana} has only {count} morae: give the mora "
            "after which the pitch falls, or 0"
        ),
    )


def _check_sentence_reading(spoken: LintInput) -> _OptionalViolation:
    said, form = spoken.said, spoken.clip.form
    if isinstance(said, str) or said.doubt is None:
        return None
    if not form.readings and (not form.sentence or form.reading is None):
        return None
    severity = Severity.NOTE if said.basis is Basis.NBEST else None
    return RuleViolation(LintRule.SENTENCE_READING, said.doubt, severity)


def _check_ambiguous_reading(spoken: LintInput) -> _OptionalViolation:
    """Words of a sentence whose reading neither the entry nor their context decides."""
    said = spoken.said
    if isinstance(said, str) or not said.ambiguous:
        return None
    return RuleViolation(
        LintRule.AMBIGUOUS_READING,
        (
            f"{describe_ambiguities(said.ambiguous)}: if that is wrong, add furigana to the "
            "word, a kana line, or an override with the reading"
        ),
    )


def _check_word_reading(spoken: LintInput) -> _OptionalViolation:
    """A word that the dictionary reads otherwise; many a reading of a kanji is no word alone."""
    said, form = spoken.said, spoken.clip.form
    if isinstance(said, str) or form.sentence or form.readings or said.doubt is None:
        return None
    if said.basis is Basis.NBEST:
        return RuleViolation(LintRule.READING_DIFFERS, f"{said.doubt}, and is said")
    if said.basis is not Basis.FORCED:
        return None
    cause = f"{said.doubt}; the entry's reading is forced"
    if spoken.say is TextType.READING:
        return RuleViolation(LintRule.READING_DIFFERS, cause)
    if said.near is not None:
        asked = (
            f"did you mean {said.near}? if the reading is right, give the entry an accent to "
            "confirm it"
        )
        return RuleViolation(LintRule.READING_TYPO, f"{cause}; {asked}")
    # Who knows the accent knows the word.
    severity = Severity.NOTE if said.accent_basis is AccentBasis.DATA else None
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
    """A word's reading in Latin letters; that of a sentence is not said, only held against it."""
    form, given = spoken.clip.form, spoken.given
    if given is None or form.reading is None or form.sentence or not is_latin(given):
        return None
    return RuleViolation(LintRule.READING_LATIN, f"the reading {given!r} is read as {form.reading}")


def _check_unspoken_readings(spoken: LintInput) -> _OptionalViolation:
    if not spoken.unsaid:
        return None
    return RuleViolation(
        LintRule.READING_UNSAID,
        (
            f"of several readings, only {spoken.clip.form.reading} is spoken, not "
            f'{", ".join(spoken.unsaid)}: give each an entry, or set alternatives = "all" in '
            "its [[source]]"
        ),
    )


def _check_foreign_words(spoken: LintInput) -> _OptionalViolation:
    """Words that a Japanese voice spells out, or says as if they were its own."""
    form = spoken.clip.form
    if form.reading is not None:
        return None
    words = find_foreign_words(form.text)
    if words is None:
        return None
    # New York and iPad mini are said in Japanese, too.
    severity = Severity.NOTE if words.count(" ") < _MAX_NAME_WORDS else None
    return RuleViolation(
        LintRule.TEXT_LATIN,
        f"a Japanese voice speaks {words!r}: remove it from the text, or give its reading",
        severity,
    )


def _check_guessed_accent(spoken: LintInput) -> _OptionalViolation:
    """A forced word; a reading of a kanji has no accent until it is part of a word."""
    said, form = spoken.said, spoken.clip.form
    if isinstance(said, str) or said.accent_basis is not AccentBasis.GUESSED:
        return None
    if spoken.say is TextType.READING:
        return None
    whose = "a word with a forced reading" if form.sentence else form.text
    where = "that word an accent in [[dictionary]]" if form.sentence else "the entry an accent"
    return RuleViolation(
        LintRule.ACCENT_GUESSED,
        (
            f"the accent of {whose} is unknown and {format_accent_phrases(said.phrases)} is a "
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
