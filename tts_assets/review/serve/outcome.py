"""What became of clips that were ordered, and how pages are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tts_assets.review.payload import row_to_builtins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets import plan
    from tts_assets.domain import Clip
    from tts_assets.events import Report
    from tts_assets.review.row import ReviewRow
    from tts_assets.review.serve.prepared import RegenerateJob

_UNMARKED_MESSAGE = (
    "it could not be marked as rejected, which another take begins with: try once more"
)
#: Why what was made is not shown.
CHANGED_MESSAGE = (
    "its entry, or what was typed for it, was changed meanwhile: `generate` makes it as it is now"
)
#: Why a clip that waited was not made.
STOPPED_MESSAGE = "the server was stopped before it was made: `generate` makes it"


def build_job_event(  # noqa: PLR0913 - what an event has
    number: str,
    asset: str,
    state: str,
    message: str = "",
    *,
    row: ReviewRow | None = None,
    done: int = 0,
    out_of: int = 1,
) -> dict[str, Any]:
    """An event as pages are told it.

    Args:
        number: of the job; "" where nobody ordered it.
        asset: whose row it is about; where there is another row, that takes its place.
        state: queued, making, made, same or failed.
        message: what else is to be told, in words.
        row: how it stands now.
        done: how many parts of the sound are made.
        out_of: how many it has.
    """
    return {
        "type": "again",
        "job": number,
        "asset": asset,
        "state": state,
        "message": message,
        "row": None if row is None else row_to_builtins(row),
        "done": done,
        "out_of": out_of,
    }


def is_job_for(job: RegenerateJob, clip: Clip) -> bool:
    """Whether a job is for a clip."""
    use = job.use
    own = use.file, use.source, use.entry, use.part
    return own == (clip.file, clip.source, clip.entry, clip.part)


def is_job_in(rows: Iterable[ReviewRow], job: RegenerateJob) -> bool:
    """Whether a job's clip has a sound among those of its entry."""
    use = job.use
    return any(
        (use.source, use.entry, use.part) == (each.source, each.entry, each.part)
        for row in rows
        for each in row.uses
    )


def find_jobs(batch: list[RegenerateJob], made: plan.Job) -> list[RegenerateJob]:
    """Those of a batch that wait for what is made."""
    return [job for job in batch if any(is_job_for(job, clip) for clip in made.clips)]


def find_failure(job: RegenerateJob, report: Report) -> str | None:
    """Why a clip was not made; None where it was, or need not be."""
    reason = next((each.reason for each in report.failures if is_job_for(job, each.clip)), None)
    if reason is None and not any(is_job_for(job, item.clip) for item in report.planned):
        # Its entry may be no more what it was, or nobody could mark it as to be made.
        problem = next((str(each) for each in report.problems), None)
        return problem or (_UNMARKED_MESSAGE if job.is_take else None)
    if reason is None and report.stopped:
        return STOPPED_MESSAGE
    if reason is None and report.left:
        return f"left for another run by {report.bound}"
    return reason or report.fatal
