"""What is known of voices: how high they speak, and how still their silences are."""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    """What clips of a voice have in common.

    Args:
        lowest_hz: the median of their pitch is not lower.
        highest_hz: nor higher.
        still_seconds: no closure of theirs is this long without any sound, at a speed of 1.
        still_pause_seconds: nor is the middle of a pause.
        middle_hz: what accents on the first mora begin above, and others below, as a rule.
    """

    lowest_hz: float
    highest_hz: float
    still_seconds: float
    still_pause_seconds: float
    middle_hz: float


#: Measured on all clips of data/, at speeds of 0.7, 1 and 1.3.
KNOWN = {
    "openjtalk/mei": Known(
        lowest_hz=235.0,
        highest_hz=455.0,
        still_seconds=0.10,
        still_pause_seconds=0.16,
        middle_hz=300.0,
    )
}
