"""What stands where: the catalogues, the assets that exist, and the plan that follows."""

from tts_assets.survey.earlier import changes
from tts_assets.survey.look import Survey, ledger_bytes, survey
from tts_assets.survey.voices import Origins, recipes, voice, voice_info

__all__ = [
    "Origins",
    "Survey",
    "changes",
    "ledger_bytes",
    "recipes",
    "survey",
    "voice",
    "voice_info",
]
