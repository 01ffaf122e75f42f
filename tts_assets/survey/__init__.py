"""What stands where: the catalogues, the assets that exist, and the plan that follows."""

from tts_assets.survey.look import Survey, ledger_bytes, survey
from tts_assets.survey.voices import recipes, voice, voice_info

__all__ = ["Survey", "ledger_bytes", "recipes", "survey", "voice", "voice_info"]
