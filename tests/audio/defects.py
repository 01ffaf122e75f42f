"""Defects, planted on clips of the real voice: what a check must find."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from tts_assets.audio.codec import decode
from tts_assets.audio.expected_length import Rule
from tts_assets.audio.render import finish
from tts_assets.model import Sound, Speech

SOUND = Sound()
#: A little more than the pause that a comma makes for.
_BETWEEN_SECONDS = 0.1


class DamagedTake(NamedTuple):
    """What was said, and something else that the same voice has said.

    Args:
        speech: as the engine gave it.
        clip: the same, finished.
        other: another text, of another length.
    """

    speech: Speech
    clip: bytes
    other: Speech


def cut(take: DamagedTake, part: float) -> bytes:
    """Only the first part of what is heard is there."""
    sound = heard(take.speech)
    return _finished(take, sound[: round(part * sound.size)])


def _cut_in_half(take: DamagedTake) -> bytes:
    return cut(take, 0.5)


def _cut_at_four_fifths(take: DamagedTake) -> bytes:
    return cut(take, 0.8)


def _doubled(take: DamagedTake) -> bytes:
    return _finished(take, np.tile(heard(take.speech), 2))


def _silenced(take: DamagedTake) -> bytes:
    """Of the middle, 0.2 s are not there, or 40 of 100 where that is more."""
    sound = heard(take.speech).copy()
    width = max(round(0.4 * sound.size), round(0.2 * take.speech.rate_hz))
    width = min(width, round(0.7 * sound.size))
    sound[(sound.size - width) // 2 :][:width] = 0
    return _finished(take, sound)


def _clipped(take: DamagedTake) -> bytes:
    sound = heard(take.speech)
    return _finished(take, np.clip(6 * sound / np.abs(sound).max(), -1, 1))


def _quiet(take: DamagedTake) -> bytes:
    return finish(take.speech, replace(SOUND, lufs=SOUND.lufs - 6)).data


def _loud(take: DamagedTake) -> bytes:
    return finish(take.speech, replace(SOUND, lufs=SOUND.lufs + 6, peak_dbtp=0)).data


def _with_offset(take: DamagedTake) -> bytes:
    return _stored(decode(take.clip)[0] + np.float32(0.05))


def _at_another_rate(take: DamagedTake) -> bytes:
    return finish(take.speech, replace(SOUND, rate_hz=16_000)).data


def _played_faster(take: DamagedTake) -> bytes:
    return finish(replace(take.speech, rate_hz=take.speech.rate_hz * 3 // 2), SOUND).data


def _played_slower(take: DamagedTake) -> bytes:
    return finish(replace(take.speech, rate_hz=take.speech.rate_hz * 2 // 3), SOUND).data


def _with_noise_behind(take: DamagedTake) -> bytes:
    sound = heard(take.speech)
    noise = _noise(round(0.6 * take.speech.rate_hz)) * np.float32(0.05 * np.abs(sound).max())
    return _finished(take, np.concatenate([sound, noise]))


def add_puff(speech: Speech, *, seconds: float, level_db: float, gap_seconds: float) -> Speech:
    """A breath behind the last sound, with so much silence in between.

    Args:
        speech: as the engine gave it.
        seconds: how long the breath is.
        level_db: its effective value, beside that of the loudest 10 ms of the speech.
        gap_seconds: the silence.
    """
    sound, rate_hz = heard(speech), speech.rate_hz
    hop = rate_hz // 100
    loudest = np.square(sound[: sound.size // hop * hop].reshape(-1, hop)).mean(axis=1).max()
    # A mean of four samples takes the hiss from the noise, as lips and teeth do.
    breath = np.convolve(_noise(round(seconds * rate_hz)), np.ones(4), "same")
    ramp = np.minimum(1.0, np.arange(breath.size) / (0.01 * rate_hz))
    breath *= ramp * ramp[::-1]
    breath *= np.sqrt(loudest / np.square(breath).mean()) * 10 ** (level_db / 20)
    gap = np.zeros(round(gap_seconds * rate_hz))
    return replace(speech, samples=np.concatenate([sound, gap, breath]).astype(np.float32))


def _with_puff_behind(take: DamagedTake) -> bytes:
    return finish(add_puff(take.speech, seconds=0.06, level_db=-20, gap_seconds=0.13), SOUND).data


def _with_babble_behind(take: DamagedTake) -> bytes:
    pause = np.zeros(round(_BETWEEN_SECONDS * take.speech.rate_hz), np.float32)
    return _finished(take, np.concatenate([heard(take.speech), pause, heard(take.other)]))


def _other_word(take: DamagedTake) -> bytes:
    return finish(take.other, SOUND).data


def _empty(take: DamagedTake) -> bytes:
    return _stored(decode(take.clip)[0][:0])


def _silent(take: DamagedTake) -> bytes:
    return _stored(np.zeros_like(decode(take.clip)[0]))


def _stereo(take: DamagedTake) -> bytes:
    samples = decode(take.clip)[0]
    return _stored(np.stack([samples, samples], axis=1))


def _hum(take: DamagedTake) -> bytes:
    times = np.arange(heard(take.speech).size) / take.speech.rate_hz
    return _finished(take, sum(np.sin(2 * np.pi * 50 * n * times) / n for n in (1, 2, 3, 5)))


def _tone(take: DamagedTake) -> bytes:
    times = np.arange(heard(take.speech).size) / take.speech.rate_hz
    return _finished(take, np.sin(2 * np.pi * 440 * times))


def _white_noise(take: DamagedTake) -> bytes:
    return _finished(take, _noise(heard(take.speech).size))


def _in_another_format(take: DamagedTake) -> bytes:
    return _stored(decode(take.clip)[0], format="WAV")


def _half_of_the_file(take: DamagedTake) -> bytes:
    return take.clip[: len(take.clip) // 2]


def _no_sound_file(take: DamagedTake) -> bytes:
    return b"<html>" + take.clip[6:1000].replace(b"\xff", b"\x00")


def _without_silence_around(take: DamagedTake) -> bytes:
    return finish(take.speech, replace(SOUND, lead_ms=0, trail_ms=0)).data


def _with_a_second_behind(take: DamagedTake) -> bytes:
    return finish(take.speech, replace(SOUND, trail_ms=SOUND.trail_ms + 1000)).data


class Defect(NamedTuple):
    """How a clip is damaged, and the rules of which one must find it."""

    plant: Callable[[DamagedTake], bytes]
    rules: frozenset[Rule]


def _defect(plant: Callable[[DamagedTake], bytes], *rules: Rule) -> Defect:
    return Defect(plant, frozenset(rules))


DEFECTS = {
    "cut in half": _defect(_cut_in_half, Rule.SHORT, Rule.CUT),
    "cut at 80 %": _defect(_cut_at_four_fifths, Rule.SHORT, Rule.CUT),
    "doubled": _defect(_doubled, Rule.LONG, Rule.REPEAT),
    "silenced middle": _defect(_silenced, Rule.PAUSE, Rule.SHORT),
    "clipped": _defect(_clipped, Rule.CLIPPED),
    "6 LU too quiet": _defect(_quiet, Rule.LOUDNESS),
    "6 LU too loud": _defect(_loud, Rule.LOUDNESS, Rule.PEAK),
    "offset": _defect(_with_offset, Rule.DC),
    "another rate": _defect(_at_another_rate, Rule.RATE),
    "played 1.5 times as fast": _defect(_played_faster, Rule.SHORT, Rule.PITCH),
    "played 1.5 times as slow": _defect(_played_slower, Rule.LONG, Rule.PITCH),
    "noise behind": _defect(_with_noise_behind, Rule.TAIL, Rule.LONG),
    "puff behind": _defect(_with_puff_behind, Rule.TAIL),
    "another word behind": _defect(_with_babble_behind, Rule.LONG, Rule.PAUSE),
    "word of another length": _defect(_other_word, Rule.SHORT, Rule.LONG),
    "empty": _defect(_empty, Rule.EMPTY, Rule.UNDECODABLE),
    "silent": _defect(_silent, Rule.SILENT),
    "stereo": _defect(_stereo, Rule.CHANNELS),
    "hum": _defect(_hum, Rule.NO_SPEECH),
    "tone": _defect(_tone, Rule.NO_SPEECH),
    "white noise": _defect(_white_noise, Rule.NO_SPEECH),
    "another format": _defect(_in_another_format, Rule.FORMAT),
    "half of the file": _defect(_half_of_the_file, Rule.UNDECODABLE),
    "no sound file": _defect(_no_sound_file, Rule.UNDECODABLE),
    "no silence around": _defect(_without_silence_around, Rule.LEAD, Rule.TRAIL),
    "a second of silence behind": _defect(_with_a_second_behind, Rule.TRAIL),
}


def heard(speech: Speech) -> NDArray[np.float32]:
    """The samples without the silence around them."""
    (loud,) = np.nonzero(np.abs(speech.samples) > 0.005 * np.abs(speech.samples).max())
    heard: NDArray[np.float32] = speech.samples[loud[0] : loud[-1] + 1]
    return heard


def _noise(size: int) -> NDArray[np.float32]:
    return np.random.default_rng(size).normal(0, 0.3, size).astype(np.float32)


def _finished(take: DamagedTake, samples: Any) -> bytes:
    return finish(replace(take.speech, samples=samples.astype(np.float32)), SOUND).data


def _stored(samples: NDArray[np.float32], *, format: str = "MP3") -> bytes:  # noqa: A002 - as soundfile calls it
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SOUND.rate_hz, format=format)
    return buffer.getvalue()
