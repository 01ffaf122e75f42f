"""The ledger: one line of JSON for each asset, saying what it was made from and what it is.

Lines are appended while a run goes on. An asset whose name carries its recipe gets its name after
its line, so that an asset without a line means that the ledger was lost, never that a run was
killed. One named by an id, or made once more, takes new bytes under an old name: before that comes a line without
recipe, and after it the line of the new bytes, so that no line ever vouches for other bytes than its
own. At the end lines are sorted, one for each asset, without totals or times: two branches that add
different clips merge without conflict, by git's own way of taking the lines of both.

What people decided of a sound stands in its line, and is bound to its bytes: other bytes are
undecided, equal ones keep the latest decision on them.
"""

from tts_assets.ledger.known import Known, Recorded, compacted, read, read_from, uncompacted
from tts_assets.ledger.line import (
    ATTRIBUTES,
    ATTRIBUTES_NAME,
    NAME,
    VERSION,
    Line,
    being_replaced,
    encode,
)
from tts_assets.ledger.origin import Origin, asset_of, origins, origins_of, whole_lines, without
from tts_assets.ledger.passages import passages
from tts_assets.ledger.pieces import lines_of
from tts_assets.ledger.reviews import Reviewed, latest, order, reviewed

__all__ = [
    "ATTRIBUTES",
    "ATTRIBUTES_NAME",
    "NAME",
    "VERSION",
    "Known",
    "Line",
    "Origin",
    "Recorded",
    "Reviewed",
    "asset_of",
    "being_replaced",
    "compacted",
    "encode",
    "latest",
    "lines_of",
    "order",
    "origins",
    "origins_of",
    "passages",
    "read",
    "read_from",
    "reviewed",
    "uncompacted",
    "whole_lines",
    "without",
]
