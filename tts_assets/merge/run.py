"""From parts to the output folder and the catalogues: look at everything, then change it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets import failures, ledger
from tts_assets.errors import FatalError, InputError
from tts_assets.events import Waiting
from tts_assets.make_clip import leave_tidy, store_asset
from tts_assets.merge.joined import WAITING_NAME, Joined
from tts_assets.merge.readers import readers
from tts_assets.parts import short_name
from tts_assets.storage import AppendLog, Storage, sha256
from tts_assets.write_back import write_back

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tts_assets.events import Event
    from tts_assets.merge.joined import PartLine
    from tts_assets.merge.readers import Readers
    from tts_assets.settings import Settings
    from tts_assets.write_back import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What became of the parts.

    Args:
        parts: their folders, in the order of the shards; they are as they were.
        count: how many shards there are.
        missing: the shards that were not merged, now or earlier.
        copied: assets that the output folder got.
        there: assets that it had already.
        failed: clips that the shards could not make.
        urls_written: URLs that the catalogues got.
        urls_missed: URLs whose entry changed since.
        urls_waiting: URLs that are written when the missing shards are merged.
        problems: catalogues and entries that took no URL.
    """

    parts: tuple[str, ...]
    count: int
    missing: tuple[int, ...] = ()
    copied: int = 0
    there: int = 0
    failed: int = 0
    urls_written: int = 0
    urls_missed: int = 0
    urls_waiting: int = 0
    problems: tuple[InputError, ...] = ()


def merge(
    settings: Settings,
    folders: Sequence[Path] = (),
    *,
    on_event: Callable[[Event], None] | None = None,
) -> Merged:
    """Join parts, any number of them in any order, and again those that were joined before.

    All is looked at before anything is changed. An asset that the output folder has already, whole
    and made from the same recipe, stays as it is, unless its shard was told to remake what is
    fresh. URLs are written when the last shard of a plan is merged, all in one go, so that new keys
    stand in the catalogues as a single run would have put them; until then they wait.

    Args:
        settings: which output folder, and how catalogues are read.
        folders: where the parts are; none for all beside the output folder.
        on_event: called while another run is at work in the output folder or in a catalogue.

    Raises:
        UsageError: there are no parts, or a catalogue is not there.
        InputError: a part is none, damaged or of another plan than the others, or parts contradict
            each other, or what waits for them; or the ledger of the output folder is damaged.
        FatalError: the output folder cannot be written to.
    """
    tell = on_event or (lambda _: None)
    store = Storage(Path(settings.output))
    joined = Joined(settings, folders)
    catalogues = readers(settings, joined.urls)
    _lines(store)
    store.prepare()
    with store.locked(lambda: tell(Waiting(path=str(store.root)))):
        merged = _store(joined, store)
        if joined.missing:
            known = sum(each.known for each in catalogues.values())
            if not merged.copied and joined.is_known(known):
                return replace(merged, missing=())
            store.replace(WAITING_NAME, joined.waiting())
            return replace(merged, urls_waiting=sum(map(len, joined.urls.values())))
        for file, urls in joined.urls.items():
            merged = _write(merged, catalogues[file], urls, tell)
        if not merged.problems:
            store.remove(WAITING_NAME)
    return merged


def _lines(store: Storage) -> dict[str, ledger.Line]:
    """What the ledger of the output folder says of its assets.

    Raises:
        InputError: it is damaged.
    """
    path = store.root / ledger.NAME
    if not path.exists():
        return {}
    tidy = ledger.compacted(path.read_bytes(), file=str(path), hash_of=store.hash_of)
    return {line.asset: line for line in ledger.whole_lines(tidy)}


def _store(joined: Joined, store: Storage) -> Merged:
    """Bring assets, ledger and failures into the output folder."""
    before = _lines(store)
    wanted = [
        each
        for asset, each in sorted(joined.lines.items())
        if not _is_right(before.get(asset), each, store)
    ]
    store.sweep(sorted({asset.rpartition("/")[0] for asset in joined.lines}))
    if wanted:
        log = AppendLog(store.root / ledger.NAME)
        try:
            with ThreadPoolExecutor() as threads:
                # Gone through, or nothing that went wrong would be raised.
                for _ in threads.map(lambda each: _copy(each, store, log), wanted):
                    pass
        finally:
            log.close()
    leave_tidy(store)
    return Merged(
        parts=tuple(str(part.folder) for part in joined.parts),
        count=joined.count,
        missing=joined.missing,
        copied=len(wanted),
        there=len(joined.lines) - len(wanted),
        failed=_remember(joined, store),
    )


def _is_right(before: ledger.Line | None, each: PartLine, store: Storage) -> bool:
    """Whether an asset of the output folder is whole, and what its clip asks for."""
    now = each.line
    if before is None or before.recipe != now.recipe:
        return False
    if each.part.header.forced and before.sha256 != now.sha256:
        return False
    return store.hash_of(now.asset) == before.sha256


def _copy(each: PartLine, store: Storage, log: AppendLog) -> None:
    path = each.part.folder / each.line.asset
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise FatalError(f"cannot read {path}: {exc.strerror}") from exc
    if sha256(data) != each.line.sha256:
        raise FatalError(f"{path} was changed while it was merged: merge again")
    store_asset(each.line, data, store, log)


def _remember(joined: Joined, store: Storage) -> int:
    """Take over what could not be made; how many clips that are."""
    path = store.root / failures.NAME
    before = path.read_bytes() if path.exists() else b""
    record = b"".join(part.failures for part in joined.parts)
    after = failures.updated(
        before[: before.rfind(b"\n") + 1] + record,
        file=str(path),
        made={each.line.recipe for each in joined.lines.values()},
        failed={},
    )
    if not after:
        store.remove(failures.NAME)
    elif after != before:
        store.replace(failures.NAME, after)
    return len(failures.read(record, file=str(path)))


def _write(
    merged: Merged,
    catalogue: Readers,
    urls: Mapping[Address, str],
    tell: Callable[[Event], None],
) -> Merged:
    """Write the URLs of one catalogue."""
    names = {short_name(source.name): source.name for source in catalogue.sources}
    wanted = {
        (names.get(source, source), entry, part, form): url
        for (source, entry, part, form), url in urls.items()
    }
    file = catalogue.file
    try:
        written = write_back(file, catalogue.sources, wanted, lambda: tell(Waiting(path=file)))
    except InputError as problem:
        return replace(merged, problems=(*merged.problems, problem))
    return replace(
        merged,
        urls_written=merged.urls_written + written.urls,
        urls_missed=merged.urls_missed + written.missed,
        problems=(*merged.problems, *dict.fromkeys(written.problems)),
    )
