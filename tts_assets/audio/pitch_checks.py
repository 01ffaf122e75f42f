"""Checks of pitch: the accent of a phrase, and the range of the voice."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tts_assets.audio import speech_activity
from tts_assets.audio.expected_length import KNOWN, Rule, is_whispered, mora_seconds
from tts_assets.audio.measure import HOP_SECONDS
from tts_assets.audio.speech_activity import stretches
from tts_assets.model import AccentBasis, Finding, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.audio.expected_length import ExpectedSound, KnownVoice
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


# Whether a clip is speech at all, and its voice's own.


#: Of shorter sounds nobody can tell: ン of 50 ms, a whispered シ.
_LEAST_SECONDS = 0.3

#: The middle of a word moves by 1 dB at least (校, one long vowel); hum and noise stay as they are.
_LEAST_MOVEMENT_DB = 0.6

#: Words without any voice are short: 0.3 s of 月 have 50 ms of it.
_VOICELESS_SECONDS = 0.45

#: So many frames of pitch tell how high a voice is.
_LEAST_FRAMES = 15

#: What speech does: nine in ten clips of data/ have voice in 44 to 89 of 100 frames, their pitch
#: moves by 0.11 to 0.75 semitones from one to the next, and nine tenths of them have a range of 6.2
#: semitones. A model is asked about others only.
_LEAST_VOICED, _MOST_VOICED = 0.5, 0.92
_LEAST_STEP, _MOST_STEP = 0.1, 0.75
_LEAST_RANGE = 5.0

#: Silero's probability for the likeliest 32 ms of clips of data/ is 0.55 and more.
_LEAST_PROBABILITY = 0.15

#: Nobody speaks for longer without a sound that is like speech.
_ASKED_SECONDS = 5.0


def no_speech(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:  # noqa: ARG001 - as others
    """Hum, tones and noise; and what a model of speech says, where one is installed."""
    if course.seconds < _LEAST_SECONDS:
        return
    levels = course.levels_db
    middle = levels[levels.size // 5 : levels.size - levels.size // 5]
    movement = float(middle.std())
    voiced = int(np.count_nonzero(~np.isnan(course.hertz))) * HOP_SECONDS
    if movement < _LEAST_MOVEMENT_DB:
        told = f"it is no speech: its level moves by {movement:.1f} dB only, as hum and noise do"
        measured, limit = f"{movement:.1f} dB", f"{_LEAST_MOVEMENT_DB:g} dB"
        yield Finding(Rule.NO_SPEECH, measured, limit, told)
    elif not voiced and course.seconds > _VOICELESS_SECONDS:
        told = f"it is no speech: no voice is heard in {course.seconds:.2f} s"
        yield Finding(Rule.NO_SPEECH, "0 s", f"{HOP_SECONDS:g} s", told)
    elif not _is_like_speech(course):
        yield from _unlike_speech(course)


def _is_like_speech(course: SpeechActivity) -> bool:
    """Whether voice and none take turns in it, and its pitch glides far: no tone nor noise does so."""
    semitones = 12 * np.log2(course.hertz)
    voiced = ~np.isnan(semitones)
    steps = np.abs(np.diff(semitones))[voiced[1:] & voiced[:-1]]
    if not steps.size or not _LEAST_VOICED <= voiced.mean() <= _MOST_VOICED:
        return False
    low, high = np.quantile(semitones[voiced], [0.1, 0.9])
    return bool(_LEAST_STEP <= np.median(steps) <= _MOST_STEP and high - low >= _LEAST_RANGE)


def _unlike_speech(course: SpeechActivity) -> Iterator[Finding]:
    heard = course.heard
    begin = round(course.begin * heard.rate_hz)
    asked = heard.beginning[begin : begin + round(_ASKED_SECONDS * heard.rate_hz)]
    likeliest = speech_activity.likeliest(asked, heard.rate_hz)
    if likeliest is not None and likeliest < _LEAST_PROBABILITY:
        told = f"it is no speech: Silero VAD is sure of it by {1 - likeliest:.0%}"
        yield Finding(Rule.NO_SPEECH, f"{likeliest:.2f}", f"{_LEAST_PROBABILITY:g}", told)


def wrong_pitch(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Whether it is as high as its voice: played at another rate it is not."""
    known = KNOWN.get(expected.voice)
    hertz = course.hertz[~np.isnan(course.hertz)]
    if known is None or hertz.size < _LEAST_FRAMES:
        return
    found = float(np.median(hertz))
    if not known.lowest_hz <= found <= known.highest_hz:
        nearest = known.lowest_hz if found < known.lowest_hz else known.highest_hz
        told = (
            f"its voice is at {found:.0f} Hz, and {expected.voice} speaks"
            f" at {known.lowest_hz:.0f} to {known.highest_hz:.0f}"
        )
        yield Finding(Rule.PITCH, f"{found:.0f} Hz", f"{nearest:.0f} Hz", told)
