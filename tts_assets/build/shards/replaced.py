"""What the output folder had under the names of a shard's assets when the shard was planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tts_assets.build.shards.files import AGAIN, whole_lines_of
from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


#: The name of its file; there is none where the output folder had nothing.
REPLACED_NAME = "replaced.jsonl"


class Replaced(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What may be replaced: anything else under that name came since.

    Args:
        asset: its path below the output folder.
        recipe: what the ledger said that it was made from; empty where it did not know the file.
        sha256: hash of its bytes, as the ledger said; or of the file that it did not know.
    """

    asset: str
    recipe: str
    sha256: str


def encoded_replaced(found: Iterable[Replaced]) -> bytes:
    """All of it as it is written: a line each."""
    return b"".join(msgspec.json.encode(each) + b"\n" for each in sorted(set(found)))


def read_replaced(folder: Path) -> list[Replaced]:
    """All of it, as the folder of a shard tells it.

    Raises:
        InputError: the file cannot be read, or is damaged.
    """
    path = folder / REPLACED_NAME
    decoder = msgspec.json.Decoder(Replaced)
    found = []
    for number, raw in enumerate(whole_lines_of(path).splitlines(), 1):
        try:
            found.append(decoder.decode(raw))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise InputError(
                f"this does not tell what a shard replaces ({exc}): {AGAIN}",
                file=str(path),
                line=number,
            ) from exc
    return found
