"""A time line as captions for players: WebVTT and LRC, whatever stands in its names and texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tts_assets.store.timelines.document import Timeline


#: The longest time that is told: what a ledger that somebody edited says may be anything.
_LONGEST_SECONDS = 360_000.0


#: What no player shows, or what it acts on.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


#: LRC has no way to escape its signs for times and words: these look like them.
_LOOK_ALIKES = str.maketrans({"[": "［", "]": "］", "<": "＜", ">": "＞"})


def webvtt(timeline: Timeline) -> bytes:
    """A time line as WebVTT (W3C), each speaker as the voice of a cue.

    In a cue text ``&``, ``<`` and ``>`` are escaped, and so no ``-->`` is left; blank lines, which would
    end the cue, are left out.
    """
    blocks = ["WEBVTT"]
    for cue in timeline.cues:
        begin = _milliseconds(cue.begin)
        # A cue must end after its beginning.
        end = max(_milliseconds(cue.end), begin + 1)
        name = " ".join(_lines_of(cue.speaker)).translate(_ESCAPES)
        text = "\n".join(_lines_of(cue.text)).translate(_ESCAPES)
        voice = f"<v {name}>" if name else ""
        blocks.append(f"{_clock(begin)} --> {_clock(end)}\n{voice}{text}".rstrip("\n"))
    return ("\n\n".join(blocks) + "\n").encode()


def lrc(timeline: Timeline) -> bytes:
    """A time line as LRC: a line with its beginning for each cue, and one that clears the last.

    Square and angle brackets would be read as times: wide ones stand in their place.
    """
    lines = []
    for cue in timeline.cues:
        name, text = (
            " ".join(_lines_of(each)).translate(_LOOK_ALIKES) for each in (cue.speaker, cue.text)
        )
        lines.append(f"{_stamp(cue.begin)}{name}{name and '：'}{text}")
    if timeline.cues:
        lines.append(_stamp(max(cue.end for cue in timeline.cues)))
    return "".join(f"{line}\n" for line in lines).encode()


def _lines_of(text: str) -> list[str]:
    """The lines of a text that have something in them, without what nobody sees."""
    clean = _CONTROLS.sub("", text)
    return [line for each in clean.splitlines() if (line := each.strip())]


def _milliseconds(seconds: float) -> int:
    return round(min(max(seconds, 0.0), _LONGEST_SECONDS) * 1000)


def _clock(milliseconds: int) -> str:
    """A time of WebVTT: hours, minutes, seconds and thousandths."""
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"


def _stamp(seconds: float) -> str:
    """A time of LRC: minutes, seconds and hundredths."""
    whole, hundredths = divmod(_milliseconds(seconds) // 10, 100)
    minutes, whole = divmod(whole, 60)
    return f"[{minutes:02}:{whole:02}.{hundredths:02}]"
