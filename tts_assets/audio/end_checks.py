"""Whether a clip ends with its last sound: neither before it is over nor with a noise after it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tts_assets.audio.check_rules import Rule
from tts_assets.audio.expected_length import MEI
from tts_assets.audio.measure import HOP_SECONDS
from tts_assets.audio.openjtalk_durations import is_whispered
from tts_assets.model import Finding, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.audio.expected_length import ExpectedSound
    from tts_assets.audio.speech_activity import SpeechActivity
    from tts_assets.model import Pronunciation


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
