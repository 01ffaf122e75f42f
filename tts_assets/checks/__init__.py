"""What is wrong with how a clip sounds: its sound is measured, and held against rules."""

from tts_assets.checks.check import check_bytes, check_file, check_level, check_samples
from tts_assets.checks.expected import Expected
from tts_assets.checks.paces import Paces
from tts_assets.checks.rules import Rule

__all__ = ["Expected", "Paces", "Rule", "check_bytes", "check_file", "check_level", "check_samples"]
