"""What `init` proposes: how catalogues of any shape are read, found out by looking at them."""

from tts_assets.propose.proposal import Proposal, propose
from tts_assets.propose.tally import Tally, tally
from tts_assets.propose.toml import number, toml_of

__all__ = ["Proposal", "Tally", "number", "propose", "tally", "toml_of"]
