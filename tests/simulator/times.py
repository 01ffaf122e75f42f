"""When each character of a text is spoken: both voices are made of pieces of known length.

The times of OpenJTalk's voice are exact at speed 1; at others it makes some sounds longer than others.
"""

import asyncio
import base64
import re
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

import msgspec

from tests.simulator.speech import LEAD_SECONDS, seconds_of

_PHONEME = re.compile(r"-(.*?)\+")


async def with_times(engine: str, text: str, speed: float, audio: bytes) -> bytes:
    """The answer of ``with-timestamps``: a sound file, and the times of the characters."""
    sound = base64.b64encode(audio).decode()
    return msgspec.json.encode({"audio_base64": sound} | await alignments(engine, text, speed))


async def alignments(engine: str, text: str, speed: float) -> dict[str, Any]:
    """The times of the characters, as an item of the history has them."""
    if engine == "tones":
        spans = _of_tones(text, speed)
    else:
        plain = await asyncio.to_thread(_of_openjtalk, text)
        spans = [(begin / speed, end / speed) for begin, end in plain]
    alignment = {
        "characters": list(text),
        "character_start_times_seconds": [round(begin, 3) for begin, _ in spans],
        "character_end_times_seconds": [round(end, 3) for _, end in spans],
    }
    return {"alignment": alignment, "normalized_alignment": alignment}


def _of_tones(text: str, speed: float) -> list[tuple[float, float]]:
    lengths = [seconds_of(letter) / speed for letter in text]
    return list(pairwise(accumulate(lengths, initial=LEAD_SECONDS)))


@lru_cache(maxsize=1024)
def _of_openjtalk(text: str) -> tuple[tuple[float, float], ...]:
    """The length of a sound depends on its own label alone, so that labels can be spoken one by one."""
    import pyopenjtalk

    labels = pyopenjtalk.extract_fullcontext(text)
    spoken = [pyopenjtalk.synthesize([label]) for label in labels]
    ends = [0.0, *accumulate(samples.size / rate_hz for samples, rate_hz in spoken)]
    names = [found[1] for found in map(_PHONEME.search, labels) if found]
    spans = [(0.0, 0.0)] * len(text)
    # The first label is silence.
    at = 1
    for word in pyopenjtalk.g2p_mapping(text):
        (begin, end), phonemes = word["char_span"], word["phonemes"]
        # Several marks are one pause, and one of some marks is nobody's.
        at += names[at] == "pau" and bool(phonemes) and phonemes != ["pau"]
        first = at
        at += len(phonemes) if phonemes != ["pau"] or names[at] == "pau" else 0
        step = (ends[at] - ends[first]) / max(1, end - begin)
        for number in range(begin, end):
            start = ends[first] + (number - begin) * step
            spans[number] = (start, start + step)
    # What is in no word lasts no time.
    for number in range(1, len(text)):
        if spans[number] == (0.0, 0.0):
            spans[number] = (spans[number - 1][1],) * 2
    return tuple(spans)
