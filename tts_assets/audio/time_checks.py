"""Whether a clip has its length: silence around it, all of its sounds, and no gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tts_assets.audio.check_rules import KNOWN, Rule
from tts_assets.audio.expected_length import (
    LEAST_SPOKEN_SECONDS,
    LEAST_SPOKEN_SHARE,
    bounds,
    estimate_speech_seconds,
)
from tts_assets.model import Finding, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tts_assets.audio.expected_length import ExpectedSound
    from tts_assets.audio.speech_activity import SpeechActivity
    from tts_assets.model import Pronunciation, Samples


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
