"""What stands where: the catalogues, the assets that exist, and the plan that follows."""

from tts_assets.survey.addresses import SourceAddresses
from tts_assets.survey.earlier import changes
from tts_assets.survey.files import bytes_of, ledger_bytes, opened_ledger
from tts_assets.survey.found import Survey
from tts_assets.survey.look import survey
from tts_assets.survey.shared import Sums, from_output
from tts_assets.survey.voices import Origins, cast, recipes, speaking, voice, voice_info

__all__ = [
    "Origins",
    "SourceAddresses",
    "Sums",
    "Survey",
    "bytes_of",
    "cast",
    "changes",
    "from_output",
    "ledger_bytes",
    "opened_ledger",
    "recipes",
    "speaking",
    "survey",
    "voice",
    "voice_info",
]
