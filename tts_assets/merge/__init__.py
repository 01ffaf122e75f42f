"""The use case `merge`: what shards made becomes assets, a ledger and URLs as if one run had made them."""

from tts_assets.merge.joined import WAITING_NAME
from tts_assets.merge.run import Merged, merge

__all__ = ["WAITING_NAME", "Merged", "merge"]
