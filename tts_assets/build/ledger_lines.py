from __future__ import annotations

import io
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tts_assets.build.survey.files import ledger_bytes, opened_ledger
from tts_assets.store.ledger import known, origin
from tts_assets.store.ledger.line import LEDGER_NAME
from tts_assets.store.ledger.pieces import pieces
from tts_assets.store.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.config.model import Settings
    from tts_assets.store.ledger.line import Line


def read_ledger_lines(settings: Settings, *, tidy: bool) -> Iterator[Line]:
    """The lines of the ledger, one for each asset; of a long one, a piece at a time is in memory.

    Args:
        settings: whose output folder.
        tidy: it has one line for each asset.

    Raises:
        InputError: it cannot be read.
    """
    with ExitStack() as opened:
        stream: BinaryIO
        if tidy:
            stream = opened.enter_context(opened_ledger(Path(settings.output)))
        else:
            folder = Storage(Path(settings.output))
            file = str(folder.root / LEDGER_NAME)
            data = ledger_bytes(settings)
            stream = io.BytesIO(known.compacted(data, file=file, hash_of=folder.hash_of))
        for piece in pieces(stream):
            yield from origin.whole_lines(piece)
