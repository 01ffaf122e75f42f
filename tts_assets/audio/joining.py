"""The finished segments of a passage joined to one asset, of which little is in memory at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from tts_assets.audio.level import audible_powers, compute_gated_lufs
from tts_assets.audio.prepare import silences
from tts_assets.audio.render import render
from tts_assets.audio.waveform import Waveform, whole
from tts_assets.errors import ClipError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from tts_assets.model import Samples, Sound


# As silent as ``trim`` takes for silence, of a segment whose peak is near 1.
_HEARD = 10.0 ** (-50.0 / 20.0)


class Joint(NamedTuple):
    """A segment in its place.

    Args:
        read: loads its samples as ``audio.prepare.ready`` returned them; called a few times.
        frames: how many samples it has.
        level: as ``audio.prepare.ready`` returned it.
        voice: who speaks; segments of one voice are brought to their level together.
        pause_ms: the silence behind it.
    """

    read: Callable[[], Samples]
    frames: int
    level: float
    voice: str
    pause_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedSound:
    """What became of segments: the asset's figures, as in Recording, and where each is heard.

    Args:
        seconds: its length.
        lufs: its integrated loudness.
        peak_dbtp: its true peak.
        spans: of each segment where its sound begins and ends, in seconds from the beginning.
        starts: of each segment where its samples begin, a little before its sound does.
    """

    seconds: float
    lufs: float
    peak_dbtp: float
    spans: tuple[tuple[float, float], ...]
    starts: tuple[float, ...]


def join(joints: Sequence[Joint], sound: Sound, into: BinaryIO) -> JoinedSound:
    """Put segments in a row, level them as one and encode them; equal input gives equal bytes.

    Where several voices speak, each is first brought to the loudness of the others. Loudness and
    true peak hold for the whole file as players decode it, as in :func:`tts_assets.audio.finish`,
    which makes the same bytes of a single segment. Memory does not grow with the length.

    Args:
        joints: the segments in their order.
        sound: settings that ``audio.formats.find_edit_problem`` finds nothing wrong with.
        into: a file open for reading and writing; what it holds is replaced.

    Raises:
        ClipError: there are no segments, one of them is silent, not finite or of another length
            than it should be, nothing audible is left, or the format cannot hold so much.
        OSError: a file cannot be read or written.
    """
    if not joints:
        raise ClipError("There is no segment to join: the text may hold nothing that can be said.")
    gains, margins = _gains(joints, sound.rate_hz)
    gaps = _gaps(joints, margins, sound.rate_hz)
    places = _places(joints, gaps, sound)
    wave = _row(joints, places, gaps, gains, sound)
    found = render(wave, sound, into)
    return JoinedSound(
        seconds=round(wave.size / sound.rate_hz, 3),
        lufs=found.lufs,
        peak_dbtp=found.peak_dbtp,
        spans=tuple(
            ((place + before) / sound.rate_hz, (place + joint.frames - behind) / sound.rate_hz)
            for place, joint, (before, behind) in zip(places, joints, margins, strict=True)
        ),
        starts=tuple(place / sound.rate_hz for place in places),
    )


class _Margins(NamedTuple):
    """Samples at both ends of a segment in which nothing is heard."""

    before: int
    behind: int


def _margins(samples: Samples) -> _Margins:
    """What ``trim`` left of the silence; it is part of the pauses."""
    (loud,) = np.nonzero(np.abs(samples) > _HEARD)
    if not loud.size:
        return _Margins(0, 0)
    return _Margins(int(loud[0]), samples.size - 1 - int(loud[-1]))


def _gaps(joints: Sequence[Joint], margins: Sequence[_Margins], rate_hz: int) -> list[int]:
    """The silence to put behind each segment, so that nothing is heard for as long as is asked."""
    after = [*(each.before for each in margins[1:]), 0]
    return [
        max(0, round(joint.pause_ms * rate_hz / 1000) - own.behind - next_before)
        if joint.pause_ms
        else 0
        for joint, own, next_before in zip(joints, margins, after, strict=True)
    ]


def _places(joints: Sequence[Joint], gaps: Sequence[int], sound: Sound) -> list[int]:
    """Where each segment begins, in samples."""
    places = []
    place, _ = silences(0, sound.rate_hz, lead_ms=sound.lead_ms, trail_ms=0)
    for joint, gap in zip(joints, gaps, strict=True):
        places.append(place)
        place += joint.frames + gap
    return places


def _row(
    joints: Sequence[Joint],
    places: Sequence[int],
    gaps: Sequence[int],
    gains: Sequence[np.float32],
    sound: Sound,
) -> Waveform:
    """All segments with the silence around and between them."""
    size = places[-1] - places[0] + joints[-1].frames + gaps[-1]
    lead, trail = silences(size, sound.rate_hz, lead_ms=sound.lead_ms, trail_ms=sound.trail_ms)

    def blocks() -> Iterator[Samples]:
        yield np.zeros(lead, dtype=np.float32)
        for joint, gap, gain in zip(joints, gaps, gains, strict=True):
            yield joint.read() * gain
            yield np.zeros(gap, dtype=np.float32)
        yield np.zeros(trail, dtype=np.float32)

    return Waveform(size=lead + size + trail, blocks=blocks)


def _gains(joints: Sequence[Joint], rate_hz: int) -> tuple[list[np.float32], list[_Margins]]:
    """What each segment is multiplied with, so that all voices are equally loud; and its margins.

    Within a voice segments keep the levels at which the engine spoke them. The voice that is the
    softest for its peak stays at a peak of 1, so that no other rises above it.
    """
    tops: dict[str, float] = {}
    for joint in joints:
        tops[joint.voice] = max(joint.level, tops.get(joint.voice, 0.0))
    powers: dict[str, list[NDArray[np.float64]]] = {voice: [] for voice in tops}
    margins: list[_Margins] = []
    for number, joint in enumerate(joints, start=1):
        samples = _check_samples(joint, f"Segment {number} of {len(joints)}")
        margins.append(_margins(samples))
        if len(tops) > 1:
            gain = np.float32(joint.level / tops[joint.voice])
            powers[joint.voice].append(audible_powers(whole(samples * gain), rate_hz))
    evening_db = _balance_db(powers)
    gains = [
        np.float32(joint.level / tops[joint.voice] * 10.0 ** (evening_db[joint.voice] / 20.0))
        for joint in joints
    ]
    return gains, margins


def _balance_db(powers: dict[str, list[NDArray[np.float64]]]) -> dict[str, float]:
    """Gain of each voice, from the powers of its blocks; 0 for one alone."""
    if len(powers) == 1:
        return dict.fromkeys(powers, 0.0)
    lufs = {voice: compute_gated_lufs(np.concatenate(some)) for voice, some in powers.items()}
    # A hum below what can be heard has no loudness that could be evened.
    least = min((value for value in lufs.values() if value > -np.inf), default=0.0)
    # Noise in the last bits of a measurement must not reach the samples.
    return {
        voice: round(least - value, 2) if value > -np.inf else 0.0 for voice, value in lufs.items()
    }


def _check_samples(joint: Joint, name: str) -> Samples:
    """The samples of a segment, if they are those that it should have."""
    samples = joint.read()
    if samples.shape != (joint.frames,):
        raise ClipError(
            f"{name} has samples of shape {samples.shape} where {joint.frames} were made: its file"
            " is damaged, so delete it and run again."
        )
    peak = float(np.abs(samples).max(initial=0.0))
    if not 0.0 < peak < np.inf:
        raise ClipError(
            f"{name} cannot be heard, as its samples reach {peak:g} times full scale: its file is"
            " damaged, so delete it and run again."
        )
    return samples
