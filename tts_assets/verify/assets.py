"""The assets to be measured, one after the other, each with its line of the ledger."""

from __future__ import annotations

import io
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tts_assets import ledger
from tts_assets.ledger.pieces import pieces
from tts_assets.storage import Storage
from tts_assets.survey import ledger_bytes, opened_ledger
from tts_assets.verify.expected import ExpectationBuilder
from tts_assets.verify.measure import MeasureTask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.checks import Paces
    from tts_assets.ledger import Line
    from tts_assets.settings import Settings
    from tts_assets.verify.wanted import AssetsToVerify


def iter_assets(settings: Settings, wanted: AssetsToVerify, paces: Paces) -> Iterator[MeasureTask]:
    """All that is wanted: first what the ledger knows, in its order, then everything else.

    Raises:
        InputError: the ledger cannot be read.
    """
    expectations = ExpectationBuilder(settings, paces)
    rest = dict.fromkeys(wanted.clips)

    def create_task(asset: str, line: Line | None) -> MeasureTask:
        # What was named by a path outside of the folder stays as it was named.
        path = Path(asset) if asset in wanted.outside else Path(settings.output, asset)
        return MeasureTask(
            asset,
            str(path),
            line,
            expectations.build_expected(line),
            wanted.faults.get(asset),
            wanted.gone.get(asset),
        )

    for line in read_ledger_lines(settings, tidy=wanted.tidy):
        said = (line.recipe, line.bytes)
        if line.asset in rest and wanted.recorded.get(line.asset) == said:
            del rest[line.asset]
            yield create_task(line.asset, line)
    for asset in rest:
        yield create_task(asset, None)


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
            file = str(folder.root / ledger.NAME)
            data = ledger_bytes(settings)
            stream = io.BytesIO(ledger.compacted(data, file=file, hash_of=folder.hash_of))
        for piece in pieces(stream):
            yield from ledger.whole_lines(piece)
