"""What people decided of sounds: the journal of all that they ever did, and its way into the ledger."""

from tts_assets.decisions.decision import (
    LONGEST_BYTES,
    LONGEST_NAME,
    LONGEST_REASON,
    VERSION,
    SoundDecision,
    Use,
    load,
    parse,
)
from tts_assets.decisions.journal import NAME, append, read
from tts_assets.decisions.settle import Settled, latest, settle

__all__ = [
    "LONGEST_BYTES",
    "LONGEST_NAME",
    "LONGEST_REASON",
    "NAME",
    "VERSION",
    "Settled",
    "SoundDecision",
    "Use",
    "append",
    "latest",
    "load",
    "parse",
    "read",
    "settle",
]
