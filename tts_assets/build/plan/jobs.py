"""The work that a plan asks for: one job for each recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts_assets.build.plan.planner import TO_MAKE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.model import Clip, SpokenForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One recipe to make: equal clips are said once, and stored under each name they have.

    Args:
        recipe: what to make.
        form: what is said.
        voice: the name of the voice that the entries ask for; None for the run's own.
        speed: the speed that is asked for; None for the run's own.
        assets: the paths below the output folder, sorted.
        clips: those that want it.
    """

    recipe: str
    form: SpokenForm
    voice: str | None = None
    speed: float | None = None
    assets: tuple[str, ...]
    clips: tuple[Clip, ...]


def list_jobs(planned: Iterable[ClipPlan]) -> list[Job]:
    """The work that a plan asks for, one job for each recipe, in the order of the catalogues.

    What has its sound already under another name is not spoken again.
    """
    wanted: dict[str, list[ClipPlan]] = {}
    for item in planned:
        if item.state in TO_MAKE and item.held is None:
            wanted.setdefault(item.recipe, []).append(item)
    return [
        Job(
            recipe=recipe,
            form=items[0].clip.form,
            voice=items[0].clip.voice,
            speed=items[0].clip.speed,
            assets=tuple(sorted({item.asset for item in items})),
            clips=tuple(item.clip for item in items),
        )
        for recipe, items in wanted.items()
    ]
