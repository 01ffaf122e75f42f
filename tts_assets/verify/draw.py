"""Which clips are listened to: drawn by their hashes, so that the same are drawn in any order."""

from __future__ import annotations

import hashlib
import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from tts_assets.settings import Sample


def sample_assets(assets: Collection[str], sample: Sample, seed: int) -> frozenset[str]:
    """Those of some assets that are listened to.

    The lowest hashes are drawn, so that one asset more or less changes the draw by one at most.

    Args:
        assets: all that could be.
        sample: how many.
        seed: another one draws others.
    """
    key = seed.to_bytes(8)

    def hash_rank(asset: str) -> bytes:
        return hashlib.blake2b(
            asset.encode("utf-8", "surrogateescape"), key=key, digest_size=16
        ).digest()

    return frozenset(heapq.nsmallest(sample.of(len(assets)), assets, key=hash_rank))
