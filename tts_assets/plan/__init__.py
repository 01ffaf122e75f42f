"""What has to be made, and why: recipes, asset names, and the state of every clip."""

from tts_assets.plan.addresses import Addresses
from tts_assets.plan.changes import Aspect, Change, Judged, Kept
from tts_assets.plan.jobs import Job, jobs
from tts_assets.plan.planner import TO_MAKE, Planned, Planner, State
from tts_assets.plan.recipes import SCHEMA, Cast, Recipes, sound_words
from tts_assets.plan.urls import lacks_url, timeline_url, urls_due

__all__ = [
    "SCHEMA",
    "TO_MAKE",
    "Addresses",
    "Aspect",
    "Cast",
    "Change",
    "Job",
    "Judged",
    "Kept",
    "Planned",
    "Planner",
    "Recipes",
    "State",
    "jobs",
    "lacks_url",
    "sound_words",
    "timeline_url",
    "urls_due",
]
