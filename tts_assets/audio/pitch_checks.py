"""Check the accents of phrases, that a clip is speech, and the pitch of its voice."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tts_assets.audio import speech_activity
from tts_assets.audio.expected_length import (
    KNOWN,
    Rule,
    estimate_mora_seconds,
    is_whispered,
    split_at_pauses,
)
from tts_assets.audio.measure import HOP_SECONDS, find_median
from tts_assets.audio.speech_activity import divide_at_gaps
from tts_assets.model import AccentBasis, Finding, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.audio.expected_length import ExpectedSound, KnownVoice
    from tts_assets.audio.speech_activity import SpeechActivity
    from tts_assets.model import Phrase, Pronunciation

_SURE = frozenset({AccentBasis.DATA, AccentBasis.DICTIONARY})

#: Second morae that end a syllable or lengthen a vowel: they are as high as the first with any accent (J. Pierrehumbert and M. Beckman, Japanese Tone Structure, 1988).
_SYLLABLE_ENDS = frozenset("ンッーアイウエオ")
_SYLLABLE_ENDS_FIRST = frozenset("ンッー")

#: Semitones relative to the middle of a calibrated voice. The first of two morae is 0.7 below it at least in
#: words of data/ that are accented there (half of them are 2.6 above), and 2.2 above at most in
#: others (half of them are 2.7 below); 3.1 before a second that may be whispered.
_LOWEST_OF_TWO, _HIGHEST_OF_TWO, _HIGHEST_BEFORE_WHISPER = -1.2, 2.4, 3.5

#: The first of more morae, less this part of its rise to the second, is 2.3 below at least (half of
#: them are 2.4 above) if it is accented. Others are reported only if they fall after the second like
#: such words.
_RISE_SHARE = 0.3
_LOWEST = -2.5
_HIGHEST, _HIGHEST_IN_SENTENCE = 1.0, 1.5
_RISE, _FALL = 3.5, 3.5

#: Semitones from the first mora to the second, for voices without calibration. Words accented on the
#: first rise by 3.8 at most, as the peak comes late (M. Sugito's ososagari); in sentences, or if they
#: fall after that peak, by up to 7.8. Others rise by 3.5 and more in nineteen of twenty cases.
_MOST_RISE, _MOST_LATE_RISE = 5.3, 8.0
_LATE_FALL = 2.5
_LEAST_RISE, _LEAST_SHORT_RISE = 2.0, 0.0

#: Kokoro's voices make the last mora before a silence longer by this factor, and their peaks come early:
#: after an accented first mora they fall by 2.9 and more, and else by 2.6 at most, but in one of 236
#: words and phrases. Imposed peaks come as early: of 461 clips of two voices with rightly imposed
#: accents, 4 are reported, and 6 with the limits for unknown voices.
_EARLY_VOICES = "kokoro/"
_LAST_MORA = 2.2
_LEAST_EARLY_RISE = -2.75


class _Start(NamedTuple):
    """The beginning of a phrase after a silence."""

    phrase: Phrase  #: the expected phrase
    morae: list[str]  #: its morae
    alone: bool  #: whether a silence follows it
    #: The pitch of its first three morae in semitones; nan if unvoiced.
    pitch: tuple[float, float, float]

    @property
    def rise(self) -> float:
        return self.pitch[1] - self.pitch[0]

    @property
    def fall(self) -> float:
        return self.pitch[1] - self.pitch[2]

    @property
    def may_be_whispered(self) -> bool:
        """Whether its second mora is the last, and may be devoiced."""
        return self.alone and len(self.morae) == 2 and is_whispered(self.morae[1], "カ")


def check_accents(speech: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Check which phrases begin high.

    Only the first phrase after each silence is checked, as only its morae can be located, and only if
    its first two morae are voiced and have their own vowels.
    """
    spoken = expected.pronunciation
    if spoken is None or not expected.says_accents:
        return
    if spoken.accent_basis is AccentBasis.ENGINE:
        message = "its accents are the voice's own: its morae were not found in the sound"
        yield Finding(Rule.ACCENT, "the voice's own", "those of the reading", message)
    if spoken.accent_basis not in _SURE:
        return
    calibration = KNOWN.get(expected.voice)
    is_kokoro = expected.voice.startswith(_EARLY_VOICES)
    is_early = is_kokoro or expected.is_imposed
    for phrase, begin, end, kana in _list_breaths(speech, spoken):
        own = split_morae(phrase.kana)
        if not _is_checkable(own):
            continue
        seconds = estimate_mora_seconds(kana)
        if is_kokoro:
            seconds[-1] *= _LAST_MORA
        melody = _measure_melody(speech, begin, end, seconds)
        start = _Start(phrase, own, phrase.kana == kana, melody)
        if calibration is not None:
            yield from _check_height(start, calibration)
        elif is_early:
            yield from _check_early_rise(start)
        else:
            yield from _check_rise(start)


def _check_height(start: _Start, calibration: KnownVoice) -> Iterator[Finding]:
    height = start.pitch[0] - 12 * math.log2(calibration.middle_hz)
    if len(start.morae) == 2 and start.alone:
        # If the end is unvoiced, the measured pitch is of another sound.
        lowest, is_sure = _LOWEST_OF_TWO, not math.isnan(start.rise)
        highest = _HIGHEST_BEFORE_WHISPER if start.may_be_whispered else _HIGHEST_OF_TWO
    else:
        height -= _RISE_SHARE * (0.0 if math.isnan(start.rise) else start.rise)
        lowest, highest = _LOWEST, _HIGHEST if start.alone else _HIGHEST_IN_SENTENCE
        # Comparisons with nan are false.
        is_sure = start.phrase.accent == 1 or (start.rise < _RISE and start.fall > _FALL)
    if not is_sure:
        return
    if start.phrase.accent == 1 and height < lowest:
        yield _accent_finding("low", height, lowest, start)
    if start.phrase.accent != 1 and height > highest:
        yield _accent_finding("high", height, highest, start)


def _check_early_rise(start: _Start) -> Iterator[Finding]:
    if start.phrase.accent == 1:
        yield from _check_rise(start)
    elif start.rise < _LEAST_EARLY_RISE and not start.may_be_whispered:
        yield _accent_finding("high", start.rise, _LEAST_EARLY_RISE, start)


def _check_rise(start: _Start) -> Iterator[Finding]:
    if start.may_be_whispered:
        return
    if start.phrase.accent == 1:
        most = _MOST_RISE if start.alone and not start.fall >= _LATE_FALL else _MOST_LATE_RISE
        if start.rise > most:
            yield _accent_finding("low", start.rise, most, start)
        return
    is_short = len(start.morae) == 2
    least = _LEAST_SHORT_RISE if is_short else _LEAST_RISE
    if start.rise < least and (start.alone if is_short else start.fall > _FALL):
        yield _accent_finding("high", start.rise, least, start)


def _accent_finding(how: str, measured: float, limit: float, start: _Start) -> Finding:
    first = start.morae[0]
    rule = "the pitch must fall" if start.phrase.accent == 1 else "no fall belongs"
    message = f"{start.phrase.kana} begins {how}, and after its {first} {rule}"
    return Finding(Rule.ACCENT, f"{measured:+.1f} semitones", f"{limit:+g} semitones", message)


def _list_breaths(
    speech: SpeechActivity, spoken: Pronunciation
) -> list[tuple[Phrase, float, float, str]]:
    """The first phrase of each breath group, with start, end and all kana of the group.

    Empty if the pauses differ from the expected ones.
    """
    groups = split_at_pauses(spoken.phrases)
    spans = divide_at_gaps(speech.begin, speech.end, speech.gaps(), len(groups))
    return [
        (group[0], *stretch, "".join(phrase.kana for phrase in group))
        for group, stretch in zip(groups, spans, strict=False)
    ]


def _is_checkable(morae: list[str]) -> bool:
    if len(morae) < 2 or morae[0] in _SYLLABLE_ENDS_FIRST or morae[1] in _SYLLABLE_ENDS:
        return False
    after = morae[2] if len(morae) > 2 else ""
    return not is_whispered(morae[0], morae[1]) and not is_whispered(morae[1], after)


def _measure_melody(
    speech: SpeechActivity, begin: float, end: float, seconds: list[float]
) -> tuple[float, float, float]:
    """The pitch of the first three morae, each the median over its second half."""
    lengths = np.asarray(seconds)
    times = np.concatenate(([0.0], np.cumsum(lengths))) * (end - begin) / lengths.sum() + begin
    found = [_semitones(speech, (one + two) / 2, two) for one, two in pairwise(times[:4])]
    first, second, third = [*found, math.nan, math.nan, math.nan][:3]
    return first, second, third


def _semitones(speech: SpeechActivity, begin: float, end: float) -> float:
    first = round((begin - speech.begin) / HOP_SECONDS)
    hertz = speech.hertz[first : round((end - speech.begin) / HOP_SECONDS) + 1]
    voiced = hertz[~np.isnan(hertz)]
    return float(12 * np.log2(find_median(voiced))) if voiced.size else float("nan")


_LEAST_SECONDS = 0.3  #: shorter sounds, such as ン of 50 ms or a whispered シ, cannot be classified

#: The middle of a word varies by 1 dB at least (校, one long vowel); hum and noise are constant.
_LEAST_MOVEMENT_DB = 0.6

_VOICELESS_SECONDS = 0.45  #: words may be almost unvoiced if short: 月 has 50 ms of voice in 0.3 s
_LEAST_FRAMES = 15  #: frames needed for the pitch of a voice

#: Nine in ten clips of data/ have voice in 44 to 89 of 100 frames, their pitch moves by 0.11 to 0.75
#: semitones from one to the next, and nine tenths of them have a range of 6.2 semitones. The model
#: runs only for others.
_LEAST_VOICED, _MOST_VOICED = 0.5, 0.92
_LEAST_STEP, _MOST_STEP = 0.1, 0.75
_LEAST_RANGE = 5.0

#: Silero's probability for the likeliest 32 ms of clips of data/ is 0.55 and more.
_LEAST_PROBABILITY = 0.15

_EXAMINED_SECONDS = 5.0  #: the beginning that the model examines


def check_speech(speech: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:  # noqa: ARG001 - as others
    """Check for hum, tones and noise, with a speech model if one is installed."""
    if speech.seconds < _LEAST_SECONDS:
        return
    levels = speech.levels_db
    middle = levels[levels.size // 5 : levels.size - levels.size // 5]
    movement = float(middle.std())
    voiced = int(np.count_nonzero(~np.isnan(speech.hertz))) * HOP_SECONDS
    if movement < _LEAST_MOVEMENT_DB:
        message = f"it is not speech: its level varies by only {movement:.1f} dB, like hum or noise"
        measured, limit = f"{movement:.1f} dB", f"{_LEAST_MOVEMENT_DB:g} dB"
        yield Finding(Rule.NO_SPEECH, measured, limit, message)
    elif not voiced and speech.seconds > _VOICELESS_SECONDS:
        message = f"it is not speech: no voice was found in {speech.seconds:.2f} s"
        yield Finding(Rule.NO_SPEECH, "0 s", f"{HOP_SECONDS:g} s", message)
    elif not _is_like_speech(speech):
        yield from _unlike_speech(speech)


def _is_like_speech(speech: SpeechActivity) -> bool:
    """Whether voiced and unvoiced parts alternate, and the pitch glides: not in tones or noise."""
    semitones = 12 * np.log2(speech.hertz)
    voiced = ~np.isnan(semitones)
    steps = np.abs(np.diff(semitones))[voiced[1:] & voiced[:-1]]
    if not steps.size or not _LEAST_VOICED <= voiced.mean() <= _MOST_VOICED:
        return False
    # The quantiles of NumPy import masked arrays, as its median does.
    ordered = np.sort(semitones[voiced])
    low, high = np.interp([0.1, 0.9], np.linspace(0, 1, ordered.size), ordered)
    return bool(_LEAST_STEP <= find_median(steps) <= _MOST_STEP and high - low >= _LEAST_RANGE)


def _unlike_speech(speech: SpeechActivity) -> Iterator[Finding]:
    measured = speech.measured
    begin = round(speech.begin * measured.rate_hz)
    beginning = measured.beginning[begin : begin + round(_EXAMINED_SECONDS * measured.rate_hz)]
    likeliest = speech_activity.measure_speech_probability(beginning, measured.rate_hz)
    if likeliest is not None and likeliest < _LEAST_PROBABILITY:
        message = (
            f"it is not speech: Silero VAD gives it a speech probability of {1 - likeliest:.0%}"
        )
        yield Finding(Rule.NO_SPEECH, f"{likeliest:.2f}", f"{_LEAST_PROBABILITY:g}", message)


def check_pitch(speech: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Check that the pitch is in the range of the voice; at a wrong playback rate it is not."""
    calibration = KNOWN.get(expected.voice)
    hertz = speech.hertz[~np.isnan(speech.hertz)]
    if calibration is None or hertz.size < _LEAST_FRAMES:
        return
    found = float(find_median(hertz))
    if not calibration.lowest_hz <= found <= calibration.highest_hz:
        nearest = calibration.lowest_hz if found < calibration.lowest_hz else calibration.highest_hz
        message = (
            f"its voice is at {found:.0f} Hz, but {expected.voice} speaks at "
            f"{calibration.lowest_hz:.0f} to {calibration.highest_hz:.0f}"
        )
        yield Finding(Rule.PITCH, f"{found:.0f} Hz", f"{nearest:.0f} Hz", message)
