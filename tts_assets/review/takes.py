"""Refused takes as rows of the page: a person listens to them, and accepts or rejects them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.kept_takes import Opinion
from tts_assets.review.drawing import HashedFile
from tts_assets.review.row import ReviewRow

if TYPE_CHECKING:
    from tts_assets.kept_takes import DoubtfulTake
    from tts_assets.review.pictures import SoundPreview
    from tts_assets.review.row import ClipUse

#: What the page calls the reason for which a take was refused.
TAKE_RULE = "doubtful take"


def take_to_file(take: DoubtfulTake) -> HashedFile:
    """The file of a take."""
    return HashedFile(take.path, take.kept.sha256)


def build_take_row(
    take: DoubtfulTake, uses: tuple[ClipUse, ...], picture: SoundPreview, *, sound: str
) -> ReviewRow:
    """The row of a take.

    Args:
        take: the take.
        uses: the clips that want it.
        picture: how it looks.
        sound: its address beside the page.
    """
    sent = take.purchase.sent
    told = f"{take.kept.fault}; accept it to use it in the next run, or reject it to buy another"
    return ReviewRow(
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
        findings=({"rule": TAKE_RULE, "measured": "", "limit": "", "told": told},),
        decision=None if take.opinion is Opinion.UNDECIDED else take.decision,
        peaks=picture.peaks,
        pitch=picture.pitch,
    )
