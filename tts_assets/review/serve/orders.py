"""What pages send: decisions, and clips that are to be made again."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

import msgspec

from tts_assets.decisions import LONGEST_NAME, LONGEST_REASON


class PageRequestError(Exception):
    """Something that a page asked for cannot be done; why, in words for people."""

    def __init__(self, words: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        """Say why, and as what HTTP status."""
        super().__init__(words)
        self.status = status


class DecisionBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions, each as the journal has them; one that is none must not keep the others back."""

    decisions: list[msgspec.Raw]


class RegenerateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A clip that is to be made again.

    Args:
        asset: of which row.
        sha256: the hash of the sound that the page shows of it.
        use: which of the row's clips.
        say: what is to be said in place of what is said now; nothing for another take.
        by: who asks; "" where nobody says.
        reason: why; "" for no reason.
    """

    asset: str
    sha256: str
    use: int = 0
    say: dict[str, Any] | None = None
    by: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""
