"""The use case `speak`: one text to a file, or as a stream that begins before its end is made."""

from tts_assets.speak.run import Spoken, speak
from tts_assets.speak.words import Words

__all__ = ["Spoken", "Words", "speak"]
