"""Check the level, length, pauses and end of a clip."""

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
    compute_bounds,
    estimate_speech_seconds,
    is_whispered,
)
from tts_assets.audio.measure import HOP_SECONDS
from tts_assets.errors import format_count
from tts_assets.model import (
    MAX_PEAK,
    SHORTEST_SOUND_SECONDS,
    SILENT_PEAK,
    Finding,
    split_morae,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tts_assets.audio.expected_length import ExpectedSound
    from tts_assets.audio.measure import AudioMeasurements
    from tts_assets.audio.speech_activity import SpeechActivity
    from tts_assets.model import Pronunciation, Samples


_NEAR_CEILING_DB = 1.0  #: a quiet clip whose peak is this near the ceiling cannot be louder
_TOLERANCE_DB = 0.3
_OFFSET_SHARE = 0.1  #: the mean of clips of data/ is at most 0.03 of their RMS
_HOPS = 2  #: two hops of 10 ms, to contain a period of the voice
_LOUD_DB = -10.0

#: The crest factor (peak over RMS): 1.41 for a sine, which some nasals approach, and 1 for a square wave.
#: In the loudest 20 ms of the clips of data/ it is at least 1.43.
_LEAST_CREST = 1.34


def check_silence(measured: AudioMeasurements) -> Iterator[Finding]:
    if measured.seconds < SHORTEST_SOUND_SECONDS:
        count = format_count(measured.size, "sample")
        message = f"it has {count if measured.size else 'no samples'}, which is no sound"
        yield Finding(Rule.EMPTY, count, f"{SHORTEST_SOUND_SECONDS:g} s", message)
        return
    if measured.strange:
        message = (
            f"{measured.strange} of its {measured.size} samples are not numbers, or over "
            f"{MAX_PEAK:g} times full scale"
        )
        yield Finding(Rule.BROKEN, f"{measured.strange} samples", "0 samples", message)
    peak = abs(float(measured.peaks.max()))
    if peak < SILENT_PEAK:
        message = (
            f"its {measured.seconds:.2f} s are silence: their peak is {peak:.2g} of full scale"
        )
        yield Finding(Rule.SILENT, f"{peak:.2g}", f"{SILENT_PEAK:g}", message)


def check_loudness(lufs: float, peak_dbtp: float, expected: ExpectedSound) -> Iterator[Finding]:
    sound = expected.sound
    over = peak_dbtp - sound.peak_dbtp
    if over > _TOLERANCE_DB:
        message = f"its true peak is {peak_dbtp:.1f} dBTP; the limit is {sound.peak_dbtp:g}"
        yield _decibels(Rule.PEAK, peak_dbtp, sound.peak_dbtp, "dBTP", message)
    miss = lufs - sound.lufs
    at_ceiling = miss < 0 and over > -_NEAR_CEILING_DB
    if abs(miss) > TOLERANCE_LU and not at_ceiling:
        message = f"it has {lufs:.1f} LUFS instead of {sound.lufs:g}"
        yield _decibels(Rule.LOUDNESS, lufs, sound.lufs, "LUFS", message)


def check_waveform(speech: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:  # noqa: ARG001 - as others
    """Check for clipping and a DC offset."""
    measured = speech.measured
    effective = math.sqrt(float(measured.powers.mean(dtype=np.float64)))
    share = abs(measured.mean) / effective
    if share > _OFFSET_SHARE:
        message = f"its mean is {measured.mean:+.3f} of full scale instead of zero"
        yield Finding(Rule.DC, f"{share:.0%}", f"{_OFFSET_SHARE:.0%}", message)
    crest = _least_crest(speech)
    if crest < _LEAST_CREST:
        message = f"its waveform is clipped: a peak is {crest:.2f} times its RMS value"
        yield Finding(Rule.CLIPPED, f"{crest:.2f}", f"{_LEAST_CREST:g}", message)


def _least_crest(speech: SpeechActivity) -> float:
    """The least crest factor of loud parts; inf for a very short sound."""
    count = speech.peaks.size // _HOPS * _HOPS
    if not count:
        return math.inf
    powers = 10 ** (speech.levels_db[:count].reshape(-1, _HOPS) / 10)
    power = powers.mean(axis=1)
    loudest = float(speech.measured.powers.max())
    peaks = speech.peaks[:count].reshape(-1, _HOPS).max(axis=1)
    crests = peaks / np.sqrt(power * loudest)
    loud = power >= power.max() * 10 ** (_LOUD_DB / 10)
    return float(crests[loud].min())


def _decibels(rule: Rule, measured: float, limit: float, unit: str, message: str) -> Finding:
    return Finding(rule, f"{measured:.1f} {unit}", f"{limit:g} {unit}", message)


#: A clip keeps 20 ms of its own silence, and lossy codecs smear edges and fade weak ends: clips of
#: data/ have 10 to 30 ms more silence before them than requested, and 10 to 250 more after them.
_LEAD_LESS, _LEAD_MORE = 0.04, 0.10
_TRAIL_LESS, _TRAIL_MORE = 0.06, 0.30

#: The longest closures of clips of data/ are 0.13 s, of っ; slower voices have longer ones, and
#: audible pauses begin at about this.
_PAUSE_SECONDS = 0.3

_LONGEST_PAUSE = 1.5  #: the pauses of OpenJTalk last up to 0.75 s
_STILL_DB = -70.0  #: below the noise of engines in silence and closures
_SAME = 0.9  #: the correlation of a repeated sound: a voice never repeats itself sample by sample
_LEAST_REPEAT = 0.2
_COARSE_HZ = 4_000


def check_edges(speech: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Check the silence before and after the clip."""
    sound = expected.sound
    lead, trail = speech.begin, speech.measured.seconds - speech.end
    for rule, found, target, less, more, where in (
        (Rule.LEAD, lead, sound.lead_ms / 1000, _LEAD_LESS, _LEAD_MORE, "before"),
        (Rule.TRAIL, trail, sound.trail_ms / 1000, _TRAIL_LESS, _TRAIL_MORE, "behind"),
    ):
        if not target - less <= found <= target + more:
            message = f"it has {found:.2f} s of silence {where} it instead of {target:.2f}"
            yield _seconds(rule, found, target, message)


def check_length(speech: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Check that the duration fits the text."""
    spoken = expected.pronunciation
    if spoken is None:
        return
    least, most = compute_bounds(spoken, expected)
    count = sum(len(split_morae(phrase.kana)) for phrase in spoken.phrases)
    message = f"it lasts {speech.seconds:.2f} s for {count} morae, but its text takes"
    foreseen = estimate_speech_seconds(spoken, expected.speed)
    least_speech = LEAST_SPOKEN_SHARE * foreseen
    if speech.seconds < least:
        yield _seconds(Rule.SHORT, speech.seconds, least, f"{message} {least:.2f} s at least")
    elif foreseen >= LEAST_SPOKEN_SECONDS and speech.speech_seconds < least_speech:
        message = f"a voice speaks for {speech.speech_seconds:.2f} s of it, but {count} morae take"
        yield _seconds(
            Rule.SHORT,
            speech.speech_seconds,
            least_speech,
            f"{message} {least_speech:.2f} s at least",
        )
    if speech.seconds > most:
        yield _seconds(Rule.LONG, speech.seconds, most, f"{message} {most:.2f} s at most")


def check_pauses(speech: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Check for pauses that are misplaced or too long."""
    spoken = expected.pronunciation
    slow = min(1.0, expected.speed)
    if spoken is not None:
        yield from _pauses(speech, expected, spoken, slow)
    voice = KNOWN.get(expected.voice)
    if voice is None or expected.pauses_ms or spoken is None:
        return
    still = max((gap.seconds for gap in speech.gaps(_STILL_DB)), default=0.0)
    pauses = any(phrase.pause for phrase in spoken.phrases[:-1])
    limit = (voice.still_pause_seconds if pauses else voice.still_seconds) / slow
    if still > limit:
        message = f"it is completely silent for {still:.2f} s: its audio was muted there"
        yield _seconds(Rule.PAUSE, still, limit, message)


def _pauses(
    speech: SpeechActivity, expected: ExpectedSound, spoken: Pronunciation, slow: float
) -> Iterator[Finding]:
    least = _PAUSE_SECONDS / slow
    longest = max([_LONGEST_PAUSE / slow, *(ms / 1000 + least for ms in expected.pauses_ms)])
    belong = sum(phrase.pause for phrase in spoken.phrases[:-1]) + len(expected.pauses_ms)
    gaps = [gap for gap in speech.gaps() if gap.seconds > least]
    if len(gaps) > belong:
        worst = max(gaps, key=lambda gap: gap.seconds)
        message = f"it pauses {_times(len(gaps))}, at {worst.begin:.2f} s for {worst.seconds:.2f} s"
        message += f", but its text has {_count(belong)}"
        yield _seconds(Rule.PAUSE, worst.seconds, least, message)
        return
    for gap in gaps:
        if gap.seconds > longest:
            message = f"it pauses at {gap.begin:.2f} s for {gap.seconds:.2f} s"
            yield _seconds(Rule.PAUSE, gap.seconds, longest, message)


def find_repetition(speech: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Check for a sound that is repeated sample by sample, unless the text repeats itself."""
    spoken = expected.pronunciation
    if (
        spoken is None
        or expected.pauses_ms
        or _is_twice("".join(phrase.kana for phrase in spoken.phrases))
    ):
        return
    measured = speech.measured
    step = max(1, measured.rate_hz // _COARSE_HZ)
    begin, end = (round(at * measured.rate_hz) for at in (speech.begin, speech.end))
    sound = measured.beginning[begin:end]
    coarse = sound[: sound.size // step * step].reshape(-1, step).mean(axis=1)
    rate_hz = measured.rate_hz / step
    least = round(_LEAST_REPEAT * rate_hz)
    if coarse.size <= 2 * least:
        return
    likeness = _autocorrelate(coarse)[least : coarse.size - least]
    best = int(likeness.argmax())
    if likeness[best] > _SAME:
        after = (least + best) / rate_hz
        message = f"the same sound comes again after {after:.2f} s"
        yield Finding(Rule.REPEAT, f"{likeness[best]:.2f}", f"{_SAME:g}", message)


def _is_twice(kana: str) -> bool:
    middle = len(kana) // 2
    return kana[:middle] == kana[middle:]


def _autocorrelate(sound: Samples) -> NDArray[np.float64]:
    """The normalised autocorrelation by lag; 1 for equal sounds."""
    size = 1 << (2 * sound.size - 1).bit_length()
    spectrum = np.fft.rfft(sound, size)
    products = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[: sound.size]
    energy = np.concatenate(([0.0], np.cumsum(np.square(sound, dtype=np.float64))))
    lags = np.arange(sound.size)
    head, tail = energy[sound.size - lags], energy[-1] - energy[lags]
    # A tiny overlap correlates with anything.
    floor = 0.05 * energy[-1]
    likeness: NDArray[np.float64] = products / np.sqrt(
        np.maximum(head, floor) * np.maximum(tail, floor)
    )
    return likeness


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _count(pauses: int) -> str:
    return "no pause" if not pauses else "1 pause" if pauses == 1 else f"{pauses} pauses"


def _seconds(rule: Rule, measured: float, limit: float, message: str) -> Finding:
    return Finding(rule, f"{measured:.2f} s", f"{limit:.2f} s", message)


#: In the last 20 ms of a complete clip, the voice has faded by 13 dB or more.
_CUT_DB = -12.0
_CUT_HOPS = 2

_CUT_SECONDS = 0.15  #: shorter sounds have no time to fade
_TAIL_SECONDS = 0.45  #: unvoiced endings, as of です, take up to 0.25 s

#: A puff is louder than the first level relative to the loudest 10 ms, and the silence before it is below
#: the second: codecs leave noise of -45 dB. Clicks of 20 ms do not count.
_PUFF_DB, _APART_DB = -33.0, -42.0
_PUFF_SECONDS, _APART_SECONDS = 0.035, 0.065

#: Closures before a last mora without pitch, in seconds: 0.04 to 0.08 of three of Kokoro's voices and
#: Mei, and 0.17 of ッ. The vowel of such a カ or タ has 0.1.
_LEAST_CLOSURE, _MOST_CLOSURE, _MOST_LONG_CLOSURE = 0.025, 0.105, 0.25
_LEAST_VOWEL_SECONDS = 0.08

_MOST_CREAKY = 2  #: a man may creak through both of カッタ
_STOPS = frozenset("カキクケコタチツテトパピプペポ")


class _Burst(NamedTuple):
    """A sound after the last voiced one."""

    gap: float  #: seconds of silence before it
    seconds: float  #: its length
    level_db: float  #: the level of its loudest 10 ms, relative to the loudest of the clip

    @property
    def is_puff(self) -> bool:
        """Whether it is longer than a click, and separate from the sound before it."""
        is_apart = self.gap >= _APART_SECONDS and self.seconds >= _PUFF_SECONDS
        return is_apart and self.level_db >= _PUFF_DB


class _End(NamedTuple):
    """The morae at the end of a text that may lack pitch."""

    bursts: int  #: the number of these morae after a closure
    most_gap: float  #: the longest closure, in seconds
    least_seconds: float  #: the shortest sound after a closure

    def has(self, burst: _Burst) -> bool:
        is_closure = _LEAST_CLOSURE <= burst.gap <= self.most_gap
        return is_closure and burst.seconds >= self.least_seconds


def check_end(speech: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    """Check that the clip does not end within its last sound, or in a noise after it."""
    yield from _find_cut(speech, expected)
    if speech.measured.size > speech.measured.beginning.size:
        return
    (voiced,) = np.nonzero(~np.isnan(speech.hertz))
    if not voiced.size:
        return
    slow = min(1.0, expected.speed)
    own, puffs = _split_bursts(_find_bursts(speech, voiced[-1]), expected.pronunciation, slow)
    tail = (speech.hertz.size - 1 - voiced[-1]) * HOP_SECONDS - sum(each.gap for each in own)
    limit = _TAIL_SECONDS / slow
    if tail > limit:
        message = f"sound continues for {tail:.2f} s after its last voiced sound"
        yield Finding(Rule.TAIL, f"{tail:.2f} s", f"{limit:.2f} s", message)
    elif puffs:
        puff = puffs[0]
        message = f"a noise of {puff.seconds:.2f} s follows {puff.gap:.2f} s after its end"
        yield Finding(Rule.TAIL, f"{puff.level_db:.0f} dB", f"{_PUFF_DB:g} dB", message)


def _find_cut(speech: SpeechActivity, expected: ExpectedSound) -> Iterator[Finding]:
    # Other voices may end abruptly, as do 7 of 10 clips of espeak-ng.
    is_mei = expected.voice in MEI
    if is_mei and speech.seconds >= _CUT_SECONDS and not _ends_in_a_closure(expected):
        powers = 10 ** (speech.levels_db[-_CUT_HOPS:] / 10)
        level = 10 * math.log10(float(powers.mean()))
        if level > _CUT_DB:
            message = f"it ends abruptly, {-level:.0f} dB below its loudest sound"
            yield Finding(Rule.CUT, f"{level:.0f} dB", f"{_CUT_DB:g} dB", message)


def _ends_in_a_closure(expected: ExpectedSound) -> bool:
    spoken = expected.pronunciation
    return spoken is not None and bool(spoken.phrases) and spoken.phrases[-1].kana.endswith("ッ")


def _find_bursts(speech: SpeechActivity, last_voiced: int) -> list[_Burst]:
    """The sounds that begin after the last voiced hop, each after a silence."""
    gaps = speech.gaps(_APART_DB)
    ends = [*(gap.begin for gap in gaps[1:]), speech.end]
    bursts = []
    # Not strict: without gaps, there is one end too many.
    for gap, end in zip(gaps, ends, strict=False):
        first, after = (round((at - speech.begin) / HOP_SECONDS) for at in (gap.end, end))
        if last_voiced < first < after:
            level = float(speech.levels_db[first:after].max())
            bursts.append(_Burst(gap.seconds, end - gap.end, level))
    return bursts


def _split_bursts(
    bursts: list[_Burst], spoken: Pronunciation | None, slow: float
) -> tuple[list[_Burst], list[_Burst]]:
    """Split bursts into those that may be the last morae, and puffs; none without a pronunciation."""
    own: list[_Burst] = []
    puffs: list[_Burst] = []
    if spoken is None:
        return own, puffs
    morae = [mora for phrase in spoken.phrases for mora in split_morae(phrase.kana)]
    end = _find_voiceless_end(morae)
    end = end._replace(most_gap=end.most_gap / slow)
    for burst in bursts:
        if len(own) < end.bursts and end.has(burst):
            own.append(burst)
        elif burst.is_puff:
            puffs.append(burst)
    return own, puffs


def _find_voiceless_end(morae: list[str]) -> _End:
    """The last morae that may be whispered, or else the last ones that begin with stops."""
    bursts, at = 0, len(morae)
    while at and (morae[at - 1] == "ッ" or is_whispered(morae[at - 1], "カ")):
        at -= 1
        bursts += morae[at][0] in _STOPS
    least = 0.0
    if at == len(morae):
        least = _LEAST_VOWEL_SECONDS
        while (
            at and bursts < _MOST_CREAKY and (morae[at - 1] == "ッ" or morae[at - 1][0] in _STOPS)
        ):
            at -= 1
            bursts += morae[at] != "ッ"
    is_long = "ッ" in morae[max(0, at - 1) :]
    return _End(bursts, _MOST_LONG_CLOSURE if is_long else _MOST_CLOSURE, least)
