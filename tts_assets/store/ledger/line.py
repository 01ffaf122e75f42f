"""A line of the ledger as it is written."""

from __future__ import annotations

import msgspec

from tts_assets.model import Cue, Decision, Finding

#: The ledger's name inside the output folder.
LEDGER_NAME = "ledger.jsonl"


#: Tells git to take the lines of both sides where two branches changed the ledger.
ATTRIBUTES_NAME = ".gitattributes"
ATTRIBUTES = b"ledger.jsonl merge=union\nfailures.jsonl merge=union\ndecisions.jsonl merge=union\n"


#: What lines are like; lines without a version are of the first. A newer one is refused.
VERSION = 2


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one asset was made from, and what it is; what is not known is left out.

    Args:
        asset: its path below the output folder.
        version: of the line; see :data:`VERSION`.
        recipe: the hash of everything that can change its sound.
        brief: the hash of what was asked of the engine, whichever version of it there was.
        text: the spelling that was to be said.
        reading: the reading that was to be heard, in katakana; None where none was given.
        accent: the accent nucleus that was given; None where none was.
        sentence: it is running text.
        readings: what was given for parts of the text only: stretches with their readings.
        boundaries: where the text had a space that is not said, as in SpokenForm.
        romanized: the reading was in Latin letters.
        words: the words of the user's dictionary that stand in the text.
        spoken: how the engine said it, in accent notation such as ハ↓シ.
        basis: how the engine came by that reading.
        voice: provider and name of the voice.
        speed: the voice's speed.
        sound: how it was to sound and to be stored, as ``name=value``.
        engine: the engine's parts with their versions.
        sha256: hash of the file's bytes.
        bytes: the file's size.
        seconds: its length.
        lufs: its integrated loudness.
        peak_dbtp: its true peak.
        billed: what a service charged for it, in its own credits.
        credit: the line that the voice's licence asks for, where a service told it.
        speakers: of a passage, each speaker with the voice, as in ``voice``, and its speed.
        cues: of a passage, its time line: begin and end in seconds, speaker and text.
        word_cues: of a passage, its time line in words, where a service reports their times; as in
            `cues`.
        findings: what is wrong with how it sounds: rule, measured, limit, and both in words.
        review: what somebody who listened decided of these bytes; None where nobody did.
    """

    asset: str
    version: int = 1
    recipe: str
    brief: str = ""
    text: str
    reading: str | None
    accent: int | None = None
    sentence: bool = False
    readings: tuple[tuple[str, str], ...] = ()
    boundaries: tuple[int, ...] = ()
    romanized: bool = False
    words: tuple[str, ...] = ()
    spoken: str = ""
    basis: str = ""
    voice: str
    speed: float
    sound: str = ""
    engine: str
    sha256: str
    bytes: int
    seconds: float
    lufs: float
    peak_dbtp: float
    billed: float | None = None
    credit: str = ""
    speakers: tuple[tuple[str, str, float], ...] = ()
    cues: tuple[Cue, ...] = ()
    word_cues: tuple[Cue, ...] = ()
    findings: tuple[Finding, ...] = ()
    review: Decision | None = None


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A line that takes back what earlier ones say of an asset, until the next one.

    A decision on the bytes that are being replaced stays with it, in case the same come again.
    """

    asset: str
    version: int = VERSION
    recipe: str = ""
    bytes: int = 0
    brief: str | msgspec.UnsetType = msgspec.UNSET
    sha256: str | msgspec.UnsetType = msgspec.UNSET
    review: Decision | msgspec.UnsetType = msgspec.UNSET


def encode(line: Line) -> bytes:
    """The line with its line feed."""
    return msgspec.json.encode(line) + b"\n"


def being_replaced(asset: str) -> bytes:
    """A line that takes back what earlier ones say of an asset, until the next one."""
    return msgspec.json.encode(Mark(asset=asset)) + b"\n"
