"""Refused takes as rows of the page: a person listens to them, and accepts or rejects them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.kept_takes import Opinion
from tts_assets.review.drawing import Sound
from tts_assets.review.row import Row

if TYPE_CHECKING:
    from tts_assets.kept_takes import DoubtfulTake
    from tts_assets.review.pictures import Picture
    from tts_assets.review.row import Use

#: What the page calls the reason for which a take was refused.
RULE = "doubtful take"


def find_sound(take: DoubtfulTake) -> Sound:
    """The file of a take."""
    return Sound(take.path, take.kept.sha256)


def make_take_row(
    take: DoubtfulTake, uses: tuple[Use, ...], picture: Picture, *, sound: str
) -> Row:
    """The row of a take.

    Args:
        take: the take.
        uses: the clips that want it.
        picture: how it looks.
        sound: its address beside the page.
    """
    sent = take.purchase.sent
    told = f"{take.kept.fault}; accept it to use it in the next run, or reject it to buy another"
    return Row(
        asset=take.name,
        sha256=take.kept.sha256,
        sound=sound,
        uses=uses,
        text=sent.text,
        reading=None,
        accent=None,
        sentence=True,
        phrases=(),
        basis="",
        voice=f"{sent.service}/{sent.voice}",
        speed=1.0,
        seconds=picture.seconds or take.kept.seconds,
        lufs=None,
        peak_dbtp=None,
        findings=({"rule": RULE, "measured": "", "limit": "", "told": told},),
        decision=None if take.opinion is Opinion.UNDECIDED else take.decision,
        peaks=picture.peaks,
        pitch=picture.pitch,
    )
