"""From parts to the output folder and the catalogues: look at everything, then change it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.build.events import Waiting
from tts_assets.build.generate.clip import leave_tidy
from tts_assets.build.plan import output_folder
from tts_assets.build.shards.merge_assets import copy, read_origins, read_rejections, sort_out
from tts_assets.build.shards.merge_patches import WAITING_NAME, MergedShards, readers
from tts_assets.build.shards.shard_record import short_name
from tts_assets.catalogues.write_back import write_urls
from tts_assets.errors import InputError
from tts_assets.store import failures, rejected_audio
from tts_assets.store.atomic_files import Storage
from tts_assets.store.timelines import heal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tts_assets.build.events import Event
    from tts_assets.build.shards.merge_patches import PartLine, Readers
    from tts_assets.catalogues.write_back import ClipAddress, PendingUrl
    from tts_assets.config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What became of the parts.

    Args:
        parts: their folders, in the order of the shards; they are as they were.
        count: how many shards there are.
        missing: the shards that were not merged, now or earlier.
        copied: assets that the output folder got.
        there: assets that it had already.
        changed: assets that it keeps, because they came after the shards were planned.
        failed: clips that the shards could not make.
        left: clips that the shards did not come to.
        urls_written: URLs that the catalogues got.
        urls_missed: URLs whose entry changed since, or has somebody's recording by now.
        urls_waiting: URLs that are written when the missing shards are merged.
        problems: catalogues and entries that took no URL.
    """

    parts: tuple[str, ...]
    count: int
    missing: tuple[int, ...] = ()
    copied: int = 0
    there: int = 0
    changed: tuple[str, ...] = ()
    failed: int = 0
    left: int = 0
    urls_written: int = 0
    urls_missed: int = 0
    urls_waiting: int = 0
    problems: tuple[InputError, ...] = ()


def merge(
    settings: Settings,
    folders: Sequence[Path] = (),
    *,
    on_event: Callable[[Event], None] | None = None,
    on_copied: Callable[[int, int], None] | None = None,
) -> Merged:
    """Join parts, any number of them in any order, and again those that were joined before.

    All is looked at before anything is changed. An asset that the output folder has already, whole
    and made from the same recipe, stays as it is, unless its shard was told to remake what is
    fresh; so does what came under its name after its shard was planned. URLs are written when the
    last shard of a plan is merged, all in one go, so that new keys stand in the catalogues as a
    single run would have put them; until then they wait.

    Args:
        settings: which output folder, and how catalogues are read.
        folders: where the parts are; none for all beside the output folder.
        on_event: called while another run is at work in the output folder or in a catalogue.
        on_copied: called for each asset that the output folder gets, with how many it has got and
            how many it will.

    Raises:
        UsageError: there are no parts, or a catalogue is not there.
        InputError: a part is none, damaged or of another plan than the others, or parts contradict
            each other, or what waits for them; or the ledger of the output folder is damaged, or
            its record of failures.
        FatalError: the output folder cannot be written to.
    """
    tell = on_event or (lambda _: None)
    store = Storage(Path(settings.output))
    joined = MergedShards(settings, folders)
    catalogues = readers(settings, joined.urls)
    read_origins(store)
    _failures(store)
    store.prepare()
    with store.lock(lambda: tell(Waiting(path=str(store.root)))):
        earlier = rejected_audio.folder(settings.temp, settings.output)
        merged = _store(joined, store, on_copied or (lambda *_: None), earlier)
        if joined.missing:
            known = sum(each.known for each in catalogues.values())
            if not (merged.copied or merged.changed) and joined.is_known(known):
                return replace(merged, missing=())
            store.replace(WAITING_NAME, joined.encode_waiting())
            return replace(merged, urls_waiting=sum(map(len, joined.urls.values())))
        for file, urls in joined.urls.items():
            merged = _write(merged, catalogues[file], urls, tell)
        if not merged.problems:
            store.remove(WAITING_NAME)
    return merged


def _store(
    joined: MergedShards, store: Storage, copied: Callable[[int, int], None], earlier: Path
) -> Merged:
    """Bring assets, ledger and failures into the output folder."""
    failed_before = _failures(store)
    rejected = read_rejections(store)
    found = sort_out(joined.lines, store, rejected)
    folders = sorted({asset.rpartition("/")[0] for asset in joined.lines})
    store.refuse_links(folders)
    store.sweep(folders)
    numbers = count(1)

    def one_more() -> None:
        copied(next(numbers), len(found.wanted))

    copy(found.wanted, store, one_more, rejected=rejected, earlier=earlier)
    leave_tidy(store)
    # What was there already may be there since a merge that was killed at once.
    heal(store, {each.line.asset for each in found.there if each.line.cues})
    return Merged(
        parts=tuple(str(part.folder) for part in joined.parts),
        count=joined.count,
        missing=joined.missing,
        copied=len(found.wanted),
        there=len(found.there),
        changed=tuple(each.line.asset for each in found.changed),
        failed=_remember(joined, [*found.wanted, *found.there], failed_before, store),
        left=joined.left,
    )


def _failures(store: Storage) -> bytes:
    """The record of failures of the output folder, without a last line that was torn.

    Raises:
        InputError: it is damaged, or cannot be read.
    """
    path = store.root / failures.NAME
    data = output_folder.bytes_of(path)
    failures.read_failures(data, file=str(path))
    return data[: data.rfind(b"\n") + 1]


def _remember(joined: MergedShards, made: Iterable[PartLine], before: bytes, store: Storage) -> int:
    """Take over what could not be made; how many clips that are."""
    path = store.root / failures.NAME
    record = b"".join(part.failures for part in joined.parts)
    after = failures.update_failures(
        before + record,
        file=str(path),
        made={each.line.recipe for each in made},
        failed={},
    )
    store.leave(failures.NAME, after, before=before)
    return len(failures.read_failures(record, file=str(path)))


def _write(
    merged: Merged,
    catalogue: Readers,
    urls: Mapping[ClipAddress, PendingUrl],
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
        waiting = partial(tell, Waiting(path=file))
        written = write_urls(file, catalogue.sources, wanted, waiting, catalogue.overrides)
    except InputError as problem:
        return replace(merged, problems=(*merged.problems, problem))
    return replace(
        merged,
        urls_written=merged.urls_written + written.urls,
        urls_missed=merged.urls_missed + written.missed,
        problems=(*merged.problems, *dict.fromkeys(written.problems)),
    )
