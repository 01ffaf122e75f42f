"""What is measured in a sound: in one pass and block by block, so that hours of it take little memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tts_assets.audio.checks.pitch import NO_PITCH, pitch
from tts_assets.audio.level import audible_powers
from tts_assets.audio.loudness import block_powers, gated_lufs
from tts_assets.audio.peaks import highest_dbtp
from tts_assets.audio.waveform import whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tts_assets.model import Samples


#: What one value of what is measured along the sound stands for.
HOP_SECONDS = 0.01


#: Steps of loudness that are measured at once, and those that the next measurement begins with.
_STEPS_AT_ONCE, _STEPS_AGAIN = 200, 4
_STEPS_PER_SECOND = 10


#: The voice is listened to as far as this: what is no speech, or another voice, shows long before.
_VOICE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was measured in a sound.

    Args:
        rate_hz: samples per second.
        size: how many samples there are.
        strange: how many of them are no numbers.
        mean: of all samples.
        peak_dbtp: the true peak, -inf for silence.
        lufs: the integrated loudness, -inf for silence; nan where nobody asked for it.
        powers: mean square of each 10 ms, shape (hops,).
        peaks: highest magnitude of each 10 ms, shape (hops,).
        beginning: its first 30 s.
        hertz: the pitch of the beginning every 10 ms, nan where nothing is voiced.
    """

    rate_hz: int
    size: int
    strange: int
    mean: float
    peak_dbtp: float
    lufs: float
    powers: NDArray[np.float32]
    peaks: NDArray[np.float32]
    beginning: Samples
    hertz: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """The length of all of it."""
        return self.size / self.rate_hz


def listen(blocks: Iterable[Samples], rate_hz: int, *, measure_level: bool) -> Heard:
    """Measure a sound.

    Args:
        blocks: mono samples, full scale at -1..1; all but the last as long as :func:`block_size`
            tells.
        rate_hz: samples per second.
        measure_level: whether loudness and true peak are wanted, which take the longest.
    """
    meter = _Meter(rate_hz=rate_hz)
    for block in blocks:
        meter.hear(block, measure_level=measure_level)
    return meter.heard(measure_level=measure_level)


def block_size(rate_hz: int) -> int:
    """How many samples are measured at once."""
    return _STEPS_AT_ONCE * round(rate_hz / _STEPS_PER_SECOND)


@dataclass(slots=True, kw_only=True)
class _Meter:
    """What is known so far."""

    rate_hz: int
    size: int = 0
    strange: int = 0
    sum: float = 0.0
    peak_dbtp: float = -math.inf
    before: Samples | None = None
    #: Of a hop that is not whole yet.
    rest: Samples = field(default_factory=lambda: np.empty(0, np.float32))
    loudness: list[NDArray[np.float64]] = field(default_factory=list)
    powers: list[NDArray[np.float32]] = field(default_factory=list)
    peaks: list[NDArray[np.float32]] = field(default_factory=list)
    beginning: list[Samples] = field(default_factory=list)

    def hear(self, block: Samples, *, measure_level: bool) -> None:
        block = self._numbers(block)
        if self.size < _VOICE_SECONDS * self.rate_hz:
            self.beginning.append(block)
        self.size += block.size
        self.sum += float(block.sum(dtype=np.float64))
        self._along(np.concatenate([self.rest, block]) if self.rest.size else block)
        if measure_level:
            self._level(block)

    def heard(self, *, measure_level: bool) -> Heard:
        self._along(np.pad(self.rest, (0, -self.rest.size % self._hop)))
        beginning = _joined(self.beginning)[: _VOICE_SECONDS * self.rate_hz]
        return Heard(
            rate_hz=self.rate_hz,
            size=self.size,
            strange=self.strange,
            mean=self.sum / max(1, self.size),
            peak_dbtp=self.peak_dbtp,
            lufs=self._lufs(beginning) if measure_level else math.nan,
            powers=_joined(self.powers),
            peaks=_joined(self.peaks),
            beginning=beginning,
            hertz=pitch(beginning, self.rate_hz) if beginning.size else NO_PITCH,
        )

    @property
    def _hop(self) -> int:
        return max(1, round(HOP_SECONDS * self.rate_hz))

    def _numbers(self, block: Samples) -> Samples:
        strange = block.size - int(np.count_nonzero(np.isfinite(block)))
        if not strange:
            return block
        self.strange += strange
        return np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)

    def _along(self, samples: Samples) -> None:
        hops = samples.size // self._hop
        rows = samples[: hops * self._hop].reshape(hops, self._hop)
        self.powers.append(np.einsum("ij,ij->i", rows, rows) / np.float32(self._hop))
        self.peaks.append(np.maximum(rows.max(axis=1, initial=0), -rows.min(axis=1, initial=0)))
        self.rest = samples[hops * self._hop :]

    def _level(self, block: Samples) -> None:
        """Loudness and true peak, with so much of what went before that no edge is heard."""
        again = self.before is not None
        window = block if self.before is None else np.concatenate([self.before, block])
        self.peak_dbtp = max(self.peak_dbtp, highest_dbtp(whole(window), self.rate_hz))
        self.loudness.append(block_powers(whole(window), self.rate_hz)[1 if again else 0 :])
        self.before = window[-_STEPS_AGAIN * round(self.rate_hz / _STEPS_PER_SECOND) :]

    def _lufs(self, beginning: Samples) -> float:
        lufs = gated_lufs(np.concatenate([np.empty(0), *self.loudness]))
        if lufs == -math.inf and self.size == beginning.size:
            # A short sound that ends before a block is complete.
            return gated_lufs(audible_powers(whole(beginning), self.rate_hz))
        return lufs


def _joined(parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.float32), *parts])
