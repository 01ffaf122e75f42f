"""What has to be made, and why: recipes, asset names, and the state of every clip."""

from tts_assets.plan.addresses import Addresses
from tts_assets.plan.jobs import Job, jobs
from tts_assets.plan.planner import TO_MAKE, Planned, Planner, State
from tts_assets.plan.recipes import SCHEMA, Recipes

__all__ = [
    "SCHEMA",
    "TO_MAKE",
    "Addresses",
    "Job",
    "Planned",
    "Planner",
    "Recipes",
    "State",
    "jobs",
]
