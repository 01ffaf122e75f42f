"""The command `review apply`: takes decisions into the ledger, and says what became of them."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tts_assets.cli.exit_code import ExitCode
from tts_assets.cli.output.show import Show
from tts_assets.cli.output.text import many, one_line
from tts_assets.config.model import OutputFormat, Settings
from tts_assets.model import Decided
from tts_assets.review.save_decisions import ApplyResult
from tts_assets.review.save_decisions import apply_decisions as take
from tts_assets.store.decisions.decision import SoundDecision

#: More are counted, not listed.
_LISTED = 20


def apply(settings: Settings, files: list[str]) -> ExitCode:
    """Take decisions into the ledger, show how that went, and say it in the exit code.

    Args:
        settings: which output folder.
        files: what the review page saved, or journals; none for the journal of the output folder.
    """
    show = Show(settings.output_format)
    applied = take(settings, [Path(file) for file in files], on_event=show.waiting)
    if settings.output_format is OutputFormat.JSON:
        show.data(applied_data(applied))
    else:
        _tell(applied, show)
    # That clips were made again since is the way of a journal, and nothing to act on.
    return ExitCode.FINDINGS if applied.stale and not applied.is_history else ExitCode.OK


def applied_data(applied: ApplyResult) -> dict[str, Any]:
    """What became of decisions, as plain data."""
    return {
        "journal": applied.journal,
        "read": applied.read,
        "new": applied.new,
        "applied": len(applied.written),
        **_counts(applied.written),
        "known": len(applied.known),
        "takes": _counts(applied.takes),
        "stale": [
            {
                "asset": each.asset,
                "sha256": each.sha256,
                "decided": each.decided.value,
                "at": each.at,
                "by": each.by,
                "reason": each.reason,
            }
            for each in applied.stale
        ],
    }


def _tell(applied: ApplyResult, show: Show) -> None:
    if not applied.is_history:
        for each in applied.stale[:_LISTED]:
            show.error(f"stale: {one_line(each.asset)}: {_told(each)}")
        if len(applied.stale) > _LISTED:
            rest = len(applied.stale) - _LISTED
            show.error(f"... and {rest:,} more; --output-format json has them all")
    counts = ", ".join(f"{count:,} {what}" for what, count in _counts(applied.written).items())
    show.line(f"read      {many(applied.read, 'decision')}, {applied.new:,} new to the journal")
    show.line(f"applied   {many(len(applied.written), 'decision')}: {counts}")
    if applied.known:
        show.line(f"known     {many(len(applied.known), 'decision')} that the ledger had already")
    if applied.takes:
        takes = many(len(applied.takes), "decision")
        show.line(f"takes     {takes} on kept takes: `tts-assets generate` acts on them")
    if applied.stale:
        told = "" if applied.is_history else "; listen to those that are there now"
        stale = many(len(applied.stale), "decision")
        show.line(f"stale     {stale} on sounds that are not there any more{told}")


def _told(each: SoundDecision) -> str:
    who = f" by {one_line(each.by)}" if each.by else ""
    return f"{each.decided}{who} at {each.at}, and made again or deleted since"


def _counts(decisions: Iterable[SoundDecision]) -> dict[str, int]:
    found = Counter(each.decided for each in decisions)
    return {decided.value: found[decided] for decided in Decided}
