"""What people who listened decided of the sounds of clips, as far as a plan is concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.build.plan.planner import State

if TYPE_CHECKING:
    from tts_assets.build.plan.planner import Planned
    from tts_assets.build.survey.found import Survey
    from tts_assets.model import Decision


class Reviews:
    """Holds clips that are fresh against the decisions on their sounds."""

    def __init__(self, found: Survey, *, unapproved: bool) -> None:
        """Begin.

        Args:
            found: what the ledger says of decisions.
            unapproved: whether a fresh clip matters if nobody has approved its sound.
        """
        self._found = found
        self._unapproved = unapproved

    def settled(self, item: Planned, own: Planned) -> Planned:
        """A fresh clip as it stands by what was decided of its sound.

        Args:
            item: the clip, and the asset that serves it.
            own: the same by its own recipe: what another engine made is made by this one.
        """
        decision = self._found.rejected.get(item.asset)
        if decision is not None:
            return own._replace(state=State.REJECTED, reason=_told(decision))
        self._found.approvals += item.asset in self._found.approved
        return item

    def matters(self, item: Planned) -> bool:
        """Whether a clip is one that nobody has approved, where that is asked for."""
        return (
            self._unapproved
            and item.state is State.FRESH
            and item.asset not in self._found.approved
        )

    def may_matter(self, item: Planned) -> bool:
        """The same of a clip that may turn out to be one, or to be rejected."""
        return item.asset in self._found.rejected or self.matters(item)


def _told(decision: Decision) -> str:
    """Who rejected a sound, and why, as far as they said."""
    who = f"rejected by {decision.by}" if decision.by else "somebody rejected its sound"
    return f"{who}: {decision.reason}" if decision.reason else who
