"""Whether the pitch of a phrase falls where its accent says; only a clear contradiction is found."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tts_assets.audio.check_rules import KNOWN, Rule
from tts_assets.audio.measure import HOP_SECONDS
from tts_assets.audio.openjtalk_durations import is_whispered, mora_seconds
from tts_assets.audio.speech_activity import stretches
from tts_assets.model import AccentBasis, Finding, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.audio.check_rules import KnownVoice
    from tts_assets.audio.expected_length import ExpectedSound
    from tts_assets.audio.speech_activity import SpeechActivity
    from tts_assets.model import Phrase, Pronunciation

_SURE = frozenset({AccentBasis.DATA, AccentBasis.DICTIONARY})


#: Part of a syllable, or only a longer vowel: such a second mora is as high as the first with any
#: accent (J. Pierrehumbert and M. Beckman, Japanese Tone Structure, 1988).
_BOUND = frozenset("ンッーアイウエオ")
_BOUND_FIRST = frozenset("ンッー")


#: Semitones beside the middle of a known voice. The first of two morae is 0.7 below it at least in
#: words of data/ that are accented there (half of them are 2.6 above), and 2.2 above at most in
#: others (half of them are 2.7 below); 3.1 before a second that may be whispered.
_LOWEST_OF_TWO, _HIGHEST_OF_TWO, _HIGHEST_BEFORE_WHISPER = -1.2, 2.4, 3.5


#: The first of more morae, less this part of its rise to the second, is 2.3 below at least (half of
#: them are 2.4 above) where it is accented. Of others only those are believed to be accented there
#: that fall behind the second like such words.
_RISE_SHARE = 0.3
_LOWEST = -2.5
_HIGHEST, _HIGHEST_IN_SENTENCE = 1.0, 1.5
_RISE, _FALL = 3.5, 3.5


#: Semitones from the first mora to the second, for voices that nobody knows. Words accented on the
#: first rise by 3.8 at most, as the peak comes late (M. Sugito's ososagari); in sentences, or where
#: they fall behind that peak, by up to 7.8. Others rise by 3.5 and more in nineteen of twenty cases.
_MOST_RISE, _MOST_LATE_RISE = 5.3, 8.0
_LATE_FALL = 2.5
_LEAST_RISE, _LEAST_SHORT_RISE = 2.0, 0.0


class _Start(NamedTuple):
    """How a phrase begins, which nothing but silence is before.

    Args:
        phrase: what it should be.
        morae: its own.
        alone: whether nothing follows before the next silence.
        pitch: of its first three morae, in semitones; nan for one without voice.
    """

    phrase: Phrase
    morae: list[str]
    alone: bool
    pitch: tuple[float, float, float]

    @property
    def rise(self) -> float:
        """From the first mora to the second."""
        return self.pitch[1] - self.pitch[0]

    @property
    def fall(self) -> float:
        """From the second to the third."""
        return self.pitch[1] - self.pitch[2]

    @property
    def may_be_whispered(self) -> bool:
        """Whether its second mora is the last, and its vowel one that may lose its voice there."""
        return self.alone and len(self.morae) == 2 and is_whispered(self.morae[1], "カ")


def wrong_accents(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Phrases that must begin high and do not, or the other way round.

    Looked at is the first phrase behind each silence, as its morae can be found in the sound; and
    only those whose first two morae have a voice and a vowel of their own.
    """
    said = expected.pronunciation
    if said is None or not expected.says_accents or said.accent_basis not in _SURE:
        return
    known = KNOWN.get(expected.voice)
    for phrase, begin, end, kana in _breaths(course, said):
        own = split_morae(phrase.kana)
        if not _can_be_judged(own):
            continue
        start = _Start(phrase, own, phrase.kana == kana, _melody(course, begin, end, kana))
        if known is None:
            yield from _by_its_rise(start)
        else:
            yield from _by_its_height(start, known)


def _by_its_height(start: _Start, known: KnownVoice) -> Iterator[Finding]:
    height = start.pitch[0] - 12 * math.log2(known.middle_hz)
    if len(start.morae) == 2 and start.alone:
        # The end of a word without a voice tells that something else was measured.
        lowest, is_sure = _LOWEST_OF_TWO, not math.isnan(start.rise)
        highest = _HIGHEST_BEFORE_WHISPER if start.may_be_whispered else _HIGHEST_OF_TWO
    else:
        height -= _RISE_SHARE * (0.0 if math.isnan(start.rise) else start.rise)
        lowest, highest = _LOWEST, _HIGHEST if start.alone else _HIGHEST_IN_SENTENCE
        # A comparison with nan is false.
        is_sure = start.phrase.accent == 1 or (start.rise < _RISE and start.fall > _FALL)
    if not is_sure:
        return
    if start.phrase.accent == 1 and height < lowest:
        yield _begins("low", height, lowest, start)
    if start.phrase.accent != 1 and height > highest:
        yield _begins("high", height, highest, start)


def _by_its_rise(start: _Start) -> Iterator[Finding]:
    if start.may_be_whispered:
        return
    if start.phrase.accent == 1:
        most = _MOST_RISE if start.alone and not start.fall >= _LATE_FALL else _MOST_LATE_RISE
        if start.rise > most:
            yield _begins("low", start.rise, most, start)
        return
    is_short = len(start.morae) == 2
    least = _LEAST_SHORT_RISE if is_short else _LEAST_RISE
    if start.rise < least and (start.alone if is_short else start.fall > _FALL):
        yield _begins("high", start.rise, least, start)


def _begins(how: str, measured: float, limit: float, start: _Start) -> Finding:
    first = start.morae[0]
    wanted = "the pitch must fall" if start.phrase.accent == 1 else "no fall belongs"
    told = f"{start.phrase.kana} begins {how}, and after its {first} {wanted}"
    return Finding(Rule.ACCENT, f"{measured:+.1f} semitones", f"{limit:+g} semitones", told)


def _breaths(course: SpeechActivity, said: Pronunciation) -> list[tuple[Phrase, float, float, str]]:
    """The first phrase of what is said in one breath, with begin, end and all kana of that.

    Nothing where the silences that are heard are not those that there should be.
    """
    groups: list[list[Phrase]] = [[]]
    for phrase in said.phrases:
        groups[-1].append(phrase)
        if phrase.pause:
            groups.append([])
    groups = [group for group in groups if group]
    heard = stretches(course.begin, course.end, course.gaps(), len(groups))
    return [
        (group[0], *stretch, "".join(phrase.kana for phrase in group))
        for group, stretch in zip(groups, heard, strict=False)
    ]


def _can_be_judged(said: list[str]) -> bool:
    if len(said) < 2 or said[0] in _BOUND_FIRST or said[1] in _BOUND:
        return False
    after = said[2] if len(said) > 2 else ""
    return not is_whispered(said[0], said[1]) and not is_whispered(said[1], after)


def _melody(
    course: SpeechActivity, begin: float, end: float, kana: str
) -> tuple[float, float, float]:
    """The pitch of a mora is the median over the second half of its time."""
    lengths = np.asarray(mora_seconds(kana))
    times = np.concatenate(([0.0], np.cumsum(lengths))) * (end - begin) / lengths.sum() + begin
    found = [_semitones(course, (one + two) / 2, two) for one, two in pairwise(times[:4])]
    first, second, third = [*found, math.nan, math.nan, math.nan][:3]
    return first, second, third


def _semitones(course: SpeechActivity, begin: float, end: float) -> float:
    first = round((begin - course.begin) / HOP_SECONDS)
    hertz = course.hertz[first : round((end - course.begin) / HOP_SECONDS) + 1]
    voiced = hertz[~np.isnan(hertz)]
    return float(12 * np.log2(np.median(voiced))) if voiced.size else float("nan")
