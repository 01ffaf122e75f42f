"""What `verify` is told: which part of the clips is listened to, and how much may be misheard."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from tts_assets.config.values import Parse
from tts_assets.errors import UsageError

#: Above 0%, and 100% at most.
_PATTERN = r"^(?!0+(\.0+)?%$)([0-9]{1,2}(\.[0-9]{1,6})?|100(\.0+)?)%$"
_SHARE = re.compile(_PATTERN)


#: More than anybody can wait for.
MOST = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How many of the clips: so many, or such a share of them.

    Args:
        count: how many; None for a share.
        percent: above 0 and at most 100; None for a count.
    """

    count: int | None = None
    percent: float | None = None

    def of(self, total: int) -> int:
        """How many that are of all; of a share at least one, where there is any."""
        if self.percent is None:
            return min(self.count or 0, total)
        return math.ceil(total * self.percent / 100)

    def __str__(self) -> str:
        return str(self.count) if self.percent is None else f"{self.percent:g}%"


def _sample_of(value: Any) -> Sample:
    share = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if share is not None:
        return Sample(percent=float(value[:-1]))
    count = int(value) if isinstance(value, str) else value
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError
    if not 1 <= count <= MOST:
        raise ValueError
    return Sample(count=count)


#: How it is written.
SAMPLE = Parse(
    _sample_of,
    {
        "anyOf": [
            {"type": "string", "pattern": _PATTERN},
            {"type": "integer", "minimum": 1, "maximum": MOST},
        ]
    },
    "a share of the clips such as 2%, or a number of them such as 50",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifySettings:
    """What speech recognition listens to.

    Args:
        sample: which part of the clips it hears; None for none.
        seed: another one draws other clips.
        cer: the share of morae that may be other ones than were to be said, from 0 to 1.
    """

    sample: Sample | None = None
    seed: int = 0
    cer: float = 0.34

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            UsageError: a value is out of its bounds.
        """
        if not 0 <= self.cer <= 1:
            raise UsageError(f"settings out of bounds: verify.cer={self.cer!r}")
