"""A row of the page: all that it is told of one sound, in the shape in which it reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

# Needed at run time: what is written of a row is read out of the annotations.
from tts_assets.domain import Cue, Decision, Phrase  # noqa: TC001
from tts_assets.overrides import Say  # noqa: TC001
from tts_assets.review.morae import TimedMora  # noqa: TC001
from tts_assets.review.pictures import PITCH_STEP

if TYPE_CHECKING:
    from tts_assets.domain import Clip
    from tts_assets.review.records import RecordDetails


class ClipUse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A clip that a sound is heard in.

    Args:
        kind: what its catalogue teaches.
        file: the catalogue's path as given.
        entry: the entry's id.
        part: which of the entry's clips.
        level: how far its learners are, such as N5; "" where nothing tells.
        source: the name of the source that found it.
        line: the 1-based line of its record; None where that is not known.
    """

    kind: str
    file: str
    entry: str
    part: str
    level: str
    source: str
    line: int | None


class EarlierSound(msgspec.Struct, frozen=True, kw_only=True):
    """Another sound that a clip had before, and that somebody decided of.

    Args:
        sound: its address beside the page.
        sha256: the hash of its bytes.
        asset: the name that it had.
        seconds: how long it is.
        peaks: as in :class:`tts_assets.review.pictures.Picture`.
        pitch: the same.
        phrases: how it was said, where that is known still.
        voice: who said it; "" where that is not known any more.
        speed: how fast; None where that is not known any more.
        decision: what was decided of it.
    """

    sound: str
    sha256: str
    asset: str
    seconds: float
    peaks: bytes
    pitch: bytes
    phrases: tuple[Phrase, ...]
    voice: str
    speed: float | None
    decision: Decision


class ReviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """One sound, the clips that it is heard in, and how it looks.

    Args:
        asset: its path below the output folder.
        sha256: the hash of its bytes, to which decisions are bound.
        sound: its address beside the page.
        uses: the clips that it is heard in, at least one, in the order of the catalogues.
        text: what is said.
        reading: the reading that was given, in katakana; None where none was.
        accent: the accent that was given; None where none was.
        sentence: it is running text.
        phrases: how it is said.
        basis: how sure the reading is.
        voice: provider and name of the voice.
        speed: the voice's speed.
        seconds: its length.
        lufs: its integrated loudness; None for a take that is not levelled yet.
        peak_dbtp: its true peak; None as for `lufs`.
        findings: what is wrong with how it sounds: rule, measured, limit, and both in words.
        decision: what was decided of it; None where nobody has decided, or took it back.
        cues: of a passage, its time line.
        peaks: as in :class:`tts_assets.review.pictures.Picture`.
        pitch: the same.
        pitch_step: seconds from one value of the pitch to the next.
        morae: when each mora should be heard, and how high; nothing of a passage.
        earlier: the sound that its clip had before; None where there is none any more.
        override: what stands in place of what the entry says; None for nothing.
        again: it can be made again here.
    """

    asset: str
    sha256: str
    sound: str
    uses: tuple[ClipUse, ...]
    text: str
    reading: str | None
    accent: int | None
    sentence: bool
    phrases: tuple[Phrase, ...]
    basis: str
    voice: str
    speed: float
    seconds: float
    lufs: float | None
    peak_dbtp: float | None
    findings: tuple[dict[str, str], ...] = ()
    decision: Decision | None = None
    cues: tuple[Cue, ...] = ()
    peaks: bytes = b""
    pitch: bytes = b""
    pitch_step: float = PITCH_STEP
    morae: tuple[TimedMora, ...] = ()
    earlier: EarlierSound | None = None
    override: Say | None = None
    again: bool = False


def to_clip_use(clip: Clip, told: RecordDetails) -> ClipUse:
    """A clip as the page names it."""
    return ClipUse(
        kind=clip.kind.value,
        file=escape_surrogates(clip.file),
        entry=escape_surrogates(clip.entry),
        part=escape_surrogates(clip.part),
        level=told.level,
        source=escape_surrogates(clip.source),
        line=told.line,
    )


def escape_surrogates(text: str) -> str:
    """A text as it can be written; names of files may have bytes in them that are no text."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
