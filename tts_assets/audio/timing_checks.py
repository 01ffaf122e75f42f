"""Checks of level, of length, and of the end of a clip."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tts_assets.audio.expected_length import (
    KNOWN,
    LEAST_SPOKEN_SECONDS,
    LEAST_SPOKEN_SHARE,
    MEI,
    TOLERANCE_LU,
    Rule,
    bounds,
    estimate_speech_seconds,
    is_whispered,
)
from tts_assets.audio.measure import HOP_SECONDS
from tts_assets.model import Finding, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tts_assets.audio.expected_length import ExpectedSound
    from tts_assets.audio.measure import AudioMeasurements
    from tts_assets.audio.speech_activity import SpeechActivity
    from tts_assets.model import Pronunciation, Samples


#: What stays below is no speech; the pipeline that makes clips says so, too.
SILENT_PEAK = 1e-4

#: So near its ceiling a clip that is too quiet could not have been louder.
_NEAR_CEILING_DB = 1.0
_TOLERANCE_DB = 0.3

#: The mean of a clip of data/ is at most 0.03 of its effective value.
_OFFSET_SHARE = 0.1

#: Two of 10 ms, so that a period of the voice is within.
_HOPS = 2
_LOUD_DB = -10.0

#: Peak over effective value: 1.41 of a sine, which some nasals come near, 1 of a square wave. In
#: the loudest 20 ms of the clips of data/ it is 1.43 at least.
_LEAST_CREST = 1.34


def check_silence(heard: AudioMeasurements) -> Iterator[Finding]:
    """Whether there is anything to be heard."""
    if not heard.size:
        yield Finding(Rule.EMPTY, "0 samples", "1 sample", "it has no samples")
        return
    if heard.strange:
        told = f"{heard.strange} of its {heard.size} samples are no numbers"
        yield Finding(Rule.BROKEN, f"{heard.strange} samples", "0 samples", told)
    peak = float(heard.peaks.max())
    if peak < SILENT_PEAK:
        told = f"its {heard.seconds:.2f} s are silence: their peak is {peak:.2g} of full scale"
        yield Finding(Rule.SILENT, f"{peak:.2g}", f"{SILENT_PEAK:g}", told)


def wrong_level(heard: AudioMeasurements, expected: ExpectedSound) -> Iterator[Finding]:
    """Loudness and true peak, where they were to be reached."""
    yield from wrong_figures(heard.lufs, heard.peak_dbtp, expected)


def wrong_figures(lufs: float, peak_dbtp: float, expected: ExpectedSound) -> Iterator[Finding]:
    """The same, by the figures alone: loudness in LUFS, and true peak in dBTP."""
    sound = expected.sound
    over = peak_dbtp - sound.peak_dbtp
    if over > _TOLERANCE_DB:
        told = f"its true peak is {peak_dbtp:.1f} dBTP, and may be {sound.peak_dbtp:g}"
        yield _decibels(Rule.PEAK, peak_dbtp, sound.peak_dbtp, "dBTP", told)
    miss = lufs - sound.lufs
    at_ceiling = miss < 0 and over > -_NEAR_CEILING_DB
    if abs(miss) > TOLERANCE_LU and not at_ceiling:
        told = f"it has {lufs:.1f} LUFS instead of {sound.lufs:g}"
        yield _decibels(Rule.LOUDNESS, lufs, sound.lufs, "LUFS", told)


def wrong_waveform(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:  # noqa: ARG001 - as others
    """Clipping, and an offset."""
    heard = course.heard
    effective = math.sqrt(float(heard.powers.mean(dtype=np.float64)))
    share = abs(heard.mean) / effective
    if share > _OFFSET_SHARE:
        told = f"it swings around {heard.mean:+.3f} of full scale instead of around zero"
        yield Finding(Rule.DC, f"{share:.0%}", f"{_OFFSET_SHARE:.0%}", told)
    crest = _least_crest(course)
    if crest < _LEAST_CREST:
        told = f"its waveform is cut off: a peak is {crest:.2f} times its effective value"
        yield Finding(Rule.CLIPPED, f"{crest:.2f}", f"{_LEAST_CREST:g}", told)


def _least_crest(course: SpeechActivity) -> float:
    """The least ratio of peak and effective value in what is loud; inf where it is too short."""
    count = course.peaks.size // _HOPS * _HOPS
    if not count:
        return math.inf
    powers = 10 ** (course.levels_db[:count].reshape(-1, _HOPS) / 10)
    power = powers.mean(axis=1)
    loudest = float(course.heard.powers.max())
    peaks = course.peaks[:count].reshape(-1, _HOPS).max(axis=1)
    crests = peaks / np.sqrt(power * loudest)
    loud = power >= power.max() * 10 ** (_LOUD_DB / 10)
    return float(crests[loud].min())


def _decibels(rule: Rule, measured: float, limit: float, unit: str, told: str) -> Finding:
    return Finding(rule, f"{measured:.1f} {unit}", f"{limit:g} {unit}", told)


# Whether a clip has its length: silence around it, all of its sounds, and no gaps.


#: A clip keeps 20 ms of its own silence, lossy codecs smear an edge, and let a weak end fade: clips
#: of data/ have 10 to 30 ms more before them than asked for, and 10 to 250 more behind them.
_LEAD_LESS, _LEAD_MORE = 0.04, 0.10
_TRAIL_LESS, _TRAIL_MORE = 0.06, 0.30

#: The longest closures of clips of data/ are 0.13 s, where っ is one; slower voices have longer
#: ones, and what is a pause to the ear begins at about this.
_PAUSE_SECONDS = 0.3

#: The pauses of OpenJTalk have up to 0.75 s.
_LONGEST_PAUSE = 1.5

#: What is heard of engines in silence, and of closures; nothing is heard below.
_STILL_DB = -70.0

#: Sounds that come again as they were, sample by sample: a voice never does that.
_SAME = 0.9
_LEAST_REPEAT = 0.2
_COARSE_HZ = 4_000


def wrong_edges(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """The silence before and behind the clip."""
    sound = expected.sound
    lead, trail = course.begin, course.heard.seconds - course.end
    for rule, found, wanted, less, more, where in (
        (Rule.LEAD, lead, sound.lead_ms / 1000, _LEAD_LESS, _LEAD_MORE, "before"),
        (Rule.TRAIL, trail, sound.trail_ms / 1000, _TRAIL_LESS, _TRAIL_MORE, "behind"),
    ):
        if not wanted - less <= found <= wanted + more:
            told = f"there are {found:.2f} s of silence {where} it instead of {wanted:.2f}"
            yield _seconds(rule, found, wanted, told)


def wrong_length(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Whether it can be all that it should say, and that alone."""
    said = expected.pronunciation
    if said is None:
        return
    least, most = bounds(said, expected)
    count = sum(len(split_morae(phrase.kana)) for phrase in said.phrases)
    told = f"it takes {course.seconds:.2f} s for {count} morae, and what it should say takes"
    foreseen = estimate_speech_seconds(said, expected.speed)
    spoken = LEAST_SPOKEN_SHARE * foreseen
    if course.seconds < least:
        yield _seconds(Rule.SHORT, course.seconds, least, f"{told} {least:.2f} s at least")
    elif foreseen >= LEAST_SPOKEN_SECONDS and course.speech_seconds < spoken:
        told = f"a voice speaks for {course.speech_seconds:.2f} s of it, and {count} morae take"
        yield _seconds(Rule.SHORT, course.speech_seconds, spoken, f"{told} {spoken:.2f} s at least")
    if course.seconds > most:
        yield _seconds(Rule.LONG, course.seconds, most, f"{told} {most:.2f} s at most")


def wrong_gaps(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Pauses where none belong, or that are too long."""
    said = expected.pronunciation
    slow = min(1.0, expected.speed)
    if said is not None:
        yield from _pauses(course, expected, said, slow)
    voice = KNOWN.get(expected.voice)
    if voice is None or expected.pauses_ms or said is None:
        return
    still = max((gap.seconds for gap in course.gaps(_STILL_DB)), default=0.0)
    pauses = any(phrase.pause for phrase in said.phrases[:-1])
    limit = (voice.still_pause_seconds if pauses else voice.still_seconds) / slow
    if still > limit:
        told = f"nothing at all is heard for {still:.2f} s of it: it was silenced there"
        yield _seconds(Rule.PAUSE, still, limit, told)


def _pauses(
    course: SpeechActivity, expected: ExpectedSound, said: Pronunciation, slow: float
) -> Iterator[Finding]:
    least = _PAUSE_SECONDS / slow
    longest = max([_LONGEST_PAUSE / slow, *(ms / 1000 + least for ms in expected.pauses_ms)])
    belong = sum(phrase.pause for phrase in said.phrases[:-1]) + len(expected.pauses_ms)
    gaps = [gap for gap in course.gaps() if gap.seconds > least]
    if len(gaps) > belong:
        worst = max(gaps, key=lambda gap: gap.seconds)
        told = f"it pauses {_times(len(gaps))}, at {worst.begin:.2f} s for {worst.seconds:.2f} s"
        told += f", and what it should say has {_count(belong)}"
        yield _seconds(Rule.PAUSE, worst.seconds, least, told)
        return
    for gap in gaps:
        if gap.seconds > longest:
            told = f"it pauses at {gap.begin:.2f} s for {gap.seconds:.2f} s"
            yield _seconds(Rule.PAUSE, gap.seconds, longest, told)


def find_repetition(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Whether it holds the same sound twice, sample by sample, and nothing is to be said twice."""
    said = expected.pronunciation
    if (
        said is None
        or expected.pauses_ms
        or _is_twice("".join(phrase.kana for phrase in said.phrases))
    ):
        return
    heard = course.heard
    step = max(1, heard.rate_hz // _COARSE_HZ)
    begin, end = (round(at * heard.rate_hz) for at in (course.begin, course.end))
    sound = heard.beginning[begin:end]
    coarse = sound[: sound.size // step * step].reshape(-1, step).mean(axis=1)
    rate_hz = heard.rate_hz / step
    least = round(_LEAST_REPEAT * rate_hz)
    if coarse.size <= 2 * least:
        return
    likeness = _likeness(coarse)[least : coarse.size - least]
    best = int(likeness.argmax())
    if likeness[best] > _SAME:
        after = (least + best) / rate_hz
        told = f"the same sound comes again after {after:.2f} s"
        yield Finding(Rule.REPEAT, f"{likeness[best]:.2f}", f"{_SAME:g}", told)


def _is_twice(kana: str) -> bool:
    middle = len(kana) // 2
    return kana[:middle] == kana[middle:]


def _likeness(sound: Samples) -> NDArray[np.float64]:
    """How like a sound is to itself so many samples later, where both overlap; 1 for the same."""
    size = 1 << (2 * sound.size - 1).bit_length()
    spectrum = np.fft.rfft(sound, size)
    products = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[: sound.size]
    energy = np.concatenate(([0.0], np.cumsum(np.square(sound, dtype=np.float64))))
    lags = np.arange(sound.size)
    head, tail = energy[sound.size - lags], energy[-1] - energy[lags]
    # Where next to nothing overlaps, anything is like anything.
    floor = 0.05 * energy[-1]
    likeness: NDArray[np.float64] = products / np.sqrt(
        np.maximum(head, floor) * np.maximum(tail, floor)
    )
    return likeness


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _count(pauses: int) -> str:
    return "no pause" if not pauses else "1 pause" if pauses == 1 else f"{pauses} pauses"


def _seconds(rule: Rule, measured: float, limit: float, told: str) -> Finding:
    return Finding(rule, f"{measured:.2f} s", f"{limit:.2f} s", told)


# Whether a clip ends with its last sound: neither before it is over nor with a noise after it.


#: In the last 20 ms of a clip its voice has faded by 13 dB and more.
_CUT_DB = -12.0
_CUT_HOPS = 2

#: Shorter sounds have no time to fade.
_CUT_SECONDS = 0.15

#: Endings without voice, as of です, take up to 0.25 s.
_TAIL_SECONDS = 0.45

#: A puff is as loud as this beside the loudest 10 ms, and in the silence before it nothing reaches
#: the second level: codecs leave noise of -45 dB. Clicks of 20 ms are none.
_PUFF_DB, _APART_DB = -33.0, -42.0
_PUFF_SECONDS, _APART_SECONDS = 0.035, 0.065

#: The closures before a last mora of which no pitch is found, in seconds: of three of Kokoro's
#: voices and Mei 0.04 to 0.08, and 0.17 where it is ッ. The vowel of such a カ or タ has 0.1.
_LEAST_CLOSURE, _MOST_CLOSURE, _MOST_LONG_CLOSURE = 0.025, 0.105, 0.25
_LEAST_VOWEL_SECONDS = 0.08

#: A man may creak through both of カッタ.
_MOST_CREAKY = 2
_STOPS = frozenset("カキクケコタチツテトパピプペポ")


class _Burst(NamedTuple):
    """A sound after the last voiced one, and the silence before it.

    Args:
        gap: seconds of silence.
        seconds: how long it is.
        level_db: its loudest 10 ms beside the loudest of the clip.
    """

    gap: float
    seconds: float
    level_db: float

    @property
    def is_puff(self) -> bool:
        """Whether it is no click, and apart from the sound before it."""
        is_apart = self.gap >= _APART_SECONDS and self.seconds >= _PUFF_SECONDS
        return is_apart and self.level_db >= _PUFF_DB


class _End(NamedTuple):
    """The morae at the end of a text of which no pitch may be found.

    Args:
        bursts: how many of them follow a closure.
        most_gap: the longest closure, in seconds.
        least_seconds: the shortest sound after it.
    """

    bursts: int
    most_gap: float
    least_seconds: float

    def has(self, burst: _Burst) -> bool:
        """Whether a burst may be one of them."""
        is_closure = _LEAST_CLOSURE <= burst.gap <= self.most_gap
        return is_closure and burst.seconds >= self.least_seconds


def wrong_end(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Whether it ends before its last sound does, or a noise follows its last sound."""
    yield from _find_cut(course, expected)
    if course.heard.size > course.heard.beginning.size:
        return
    (voiced,) = np.nonzero(~np.isnan(course.hertz))
    if not voiced.size:
        return
    slow = min(1.0, expected.speed)
    own, puffs = _split_bursts(_find_bursts(course, voiced[-1]), expected.pronunciation, slow)
    tail = (course.hertz.size - 1 - voiced[-1]) * HOP_SECONDS - sum(each.gap for each in own)
    limit = _TAIL_SECONDS / slow
    if tail > limit:
        told = f"sound goes on for {tail:.2f} s after its last voiced sound"
        yield Finding(Rule.TAIL, f"{tail:.2f} s", f"{limit:.2f} s", told)
    elif puffs:
        puff = puffs[0]
        told = f"a noise of {puff.seconds:.2f} s follows {puff.gap:.2f} s after its end"
        yield Finding(Rule.TAIL, f"{puff.level_db:.0f} dB", f"{_PUFF_DB:g} dB", told)


def _find_cut(course: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    # Others may end so as a rule: of espeak-ng's clips 7 of 10 do.
    known = expected.voice in MEI
    if known and course.seconds >= _CUT_SECONDS and not _ends_in_a_closure(expected):
        powers = 10 ** (course.levels_db[-_CUT_HOPS:] / 10)
        level = 10 * math.log10(float(powers.mean()))
        if level > _CUT_DB:
            told = f"it ends as if cut off, {-level:.0f} dB below its loudest"
            yield Finding(Rule.CUT, f"{level:.0f} dB", f"{_CUT_DB:g} dB", told)


def _ends_in_a_closure(expected: ExpectedSound) -> bool:
    said = expected.pronunciation
    return said is not None and bool(said.phrases) and said.phrases[-1].kana.endswith("ッ")


def _find_bursts(course: SpeechActivity, last_voiced: int) -> list[_Burst]:
    """The sounds that begin after a hop of the course, each after a silence."""
    gaps = course.gaps(_APART_DB)
    ends = [*(gap.begin for gap in gaps[1:]), course.end]
    bursts = []
    # Without any gap there is an end too many.
    for gap, end in zip(gaps, ends, strict=False):
        first, behind = (round((at - course.begin) / HOP_SECONDS) for at in (gap.end, end))
        if last_voiced < first < behind:
            level = float(course.levels_db[first:behind].max())
            bursts.append(_Burst(gap.seconds, end - gap.end, level))
    return bursts


def _split_bursts(
    bursts: list[_Burst], said: Pronunciation | None, slow: float
) -> tuple[list[_Burst], list[_Burst]]:
    """Those that may be the last morae, and puffs; none where nothing is known of the text."""
    own: list[_Burst] = []
    puffs: list[_Burst] = []
    if said is None:
        return own, puffs
    end = _find_voiceless_end(
        [mora for phrase in said.phrases for mora in split_morae(phrase.kana)]
    )
    end = end._replace(most_gap=end.most_gap / slow)
    for burst in bursts:
        if len(own) < end.bursts and end.has(burst):
            own.append(burst)
        elif burst.is_puff:
            puffs.append(burst)
    return own, puffs


def _find_voiceless_end(said: list[str]) -> _End:
    """Morae that may be whispered, from the last one back; or else last ones that begin with stops."""
    bursts, at = 0, len(said)
    while at and (said[at - 1] == "ッ" or is_whispered(said[at - 1], "カ")):
        at -= 1
        bursts += said[at][0] in _STOPS
    least = 0.0
    if at == len(said):
        least = _LEAST_VOWEL_SECONDS
        while at and bursts < _MOST_CREAKY and (said[at - 1] == "ッ" or said[at - 1][0] in _STOPS):
            at -= 1
            bursts += said[at] != "ッ"
    is_long = "ッ" in said[max(0, at - 1) :]
    return _End(bursts, _MOST_LONG_CLOSURE if is_long else _MOST_CLOSURE, least)
