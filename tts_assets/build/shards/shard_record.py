"""The output folder of a shard: its header, its records, and its URLs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from tts_assets.build.plan import plan_types, recipes
from tts_assets.catalogues.write_back import PendingUrl, make_pending_url
from tts_assets.errors import InputError
from tts_assets.model import SpokenForm, Turn
from tts_assets.regular_files import read_regular
from tts_assets.store import ledger
from tts_assets.store.asset_file_names import is_asset_name
from tts_assets.store.failures import NAME, read_failures
from tts_assets.store.ledger_line import LEDGER_NAME, Line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tts_assets.catalogues.write_back import ClipAddress
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Clip


T = TypeVar("T")

#: What to do about a part that is damaged.
AGAIN = "run that shard again to resume it, or leave its folder out"


def data_of(path: Path) -> bytes | None:
    """A file of a part; None where there is none.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return read_regular(path, follow_links=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise InputError(f"cannot be read: {exc.strerror}", file=str(path)) from exc


def whole_lines_of(path: Path) -> bytes:
    """A file of lines that a run has finished; nothing where there is none.

    Raises:
        InputError: it cannot be read, or its last line is torn.
    """
    data = data_of(path) or b""
    if data and not data.endswith(b"\n"):
        line = data.count(b"\n") + 1
        raise InputError(f"its last line is truncated: {AGAIN}", file=str(path), line=line)
    return data


# The header of a shard: its number, its plan, and its progress.


#: The name of its file.
HEADER_NAME = "shard.json"

#: What the whole folder is like. A newer one is refused.
VERSION = 1


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs of a shard, and its progress."""

    version: int  #: of the folder; see :data:`OVERRIDES_VERSION`
    index: int  #: which shard it is, from 1
    count: int  #: how many there are
    finished: bool  #: whether its run ended, even early; else it was killed or is still running
    left: int = 0  #: clips that it did not generate because its run ended early
    forced: bool  #: whether `--force` was given
    provider: str  #: the engine's name
    engine: str  #: the engine's parts with their versions
    voice: str  #: the default voice and its speed
    sound: str  #: the loudness and the file format of the assets
    templates: tuple[str, ...]  #: of the assets and URLs of all sources
    catalogues: str  #: hash of all that the clips say, of all shards
    plan: str  #: hash of the recipes of all shards

    @property
    def name(self) -> str:
        """Which shard it is, in words."""
        return f"shard {self.index}/{self.count}"

    def differs(self, other: Header) -> str | None:
        """The first difference between the plans of two shards; None if they have the same plan."""
        for what in ("count", "provider", "engine", "voice", "sound", "templates"):
            mine, its = getattr(self, what), getattr(other, what)
            if mine != its:
                return f"{what} {_show_value(mine)} and {_show_value(its)}"
        if self.catalogues != other.catalogues:
            return "catalogues: other files, entries, texts, readings or voices"
        if self.plan != other.plan:
            return "recipes: another [[dictionary]], or another version of tts-assets"
        return None


class _HeaderVersion(msgspec.Struct):
    """The version of a header, to check whether the rest can be read."""

    version: int


def header(
    settings: Settings, provider: Provider, sums: plan_types.Sums, *, finished: bool
) -> Header:
    """Build the header of a shard.

    Args:
        settings: the settings of its run.
        provider: its engine.
        sums: the hashes of its plan.
        finished: whether its run ended.
    """
    shard = settings.shard
    assert shard is not None  # noqa: S101 - only shards have headers
    voice = plan_types.find_voice(settings, provider)
    own = {(each.asset or settings.asset, each.url or settings.url) for each in settings.sources}
    templates = [(settings.asset, settings.url), *sorted(own - {(settings.asset, settings.url)})]
    return Header(
        version=VERSION,
        index=shard.index,
        count=shard.count,
        finished=finished,
        forced=settings.force,
        provider=provider.name,
        engine=provider.engine(voice.name),
        voice=f"{voice.name} at {voice.speed:g}",
        sound=recipes.sound_words(settings.sound),
        templates=tuple(f"{asset} {url}" for asset, url in templates),
        catalogues=sums.catalogues,
        plan=sums.plan,
    )


def encode_header(value: Header) -> bytes:
    """A header as it is written."""
    return msgspec.json.format(msgspec.json.encode(value)) + b"\n"


def read_header(folder: Path) -> Header | None:
    """The header of the shard in a folder; None if there is none.

    Raises:
        InputError: it cannot be read, is damaged, or of a newer version.
    """
    path = folder / HEADER_NAME
    data = data_of(path)
    if data is None:
        return None
    try:
        version = msgspec.json.decode(data, type=_HeaderVersion).version
        if version <= VERSION:
            return msgspec.json.decode(data, type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise InputError(
            f"this is not the header of a shard ({exc}): {AGAIN}", file=str(path)
        ) from exc
    raise InputError(
        (
            f"a newer tts-assets wrote it (shard version {version}; this one reads versions up "
            f"to {VERSION}): upgrade tts-assets on this machine"
        ),
        file=str(path),
    )


def _show_value(value: object) -> str:
    """An untrusted value of a header, escaped, on one line."""
    return ", ".join(map(repr, value)) if isinstance(value, tuple) else repr(value)


# The records of a shard: URLs to write, assets that it replaced, and its ledger.


#: The name of its file; there is none where the output folder had nothing.
REPLACED_NAME = "replaced.jsonl"


class Replaced(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What may be replaced: anything else under that name came since."""

    asset: str  #: its path, relative to the output folder
    recipe: str  #: what the ledger said that it was made from; empty where it did not know the file
    sha256: str  #: hash of its bytes, as the ledger said; or of the file that it did not know


def encode_replaced(found: Iterable[Replaced]) -> bytes:
    """All of it as it is written: a line each."""
    return msgspec.json.Encoder().encode_lines(sorted(set(found)))


def read_replaced(folder: Path) -> list[Replaced]:
    """All of it, as the folder of a shard tells it.

    Raises:
        InputError: the file cannot be read, or is damaged.
    """
    lines = _decode_lines(folder / REPLACED_NAME, Replaced, "a record of replaced URLs")
    return [each for each, _ in lines]


# The URLs of a shard's clips, a line each, for the merge to write into the catalogues.


#: The name of their file.
URLS_NAME = "urls.jsonl"


class Patch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The URL of a clip, and what it belongs to."""

    file: str  #: the catalogue, as seen from the output folder
    source: str  #: the short name of the source that found it
    entry: str  #: the entry's id
    part: str  #: which of its clips, or the time line of which
    text: str  #: what is said, with the rest of the spoken form
    reading: str | None = None
    accent: int | None = None
    sentence: bool = False
    readings: tuple[tuple[str, str], ...] = ()
    turns: tuple[Turn, ...] = ()
    boundaries: tuple[int, ...] = ()
    romanized: bool = False
    url: str  #: the address
    #: What stood in its place when its shard was planned, and gives way to it.
    instead_of: tuple[str, ...] = ()

    @property
    def address(self) -> ClipAddress:
        """What the URL belongs to, with the short name of its source."""
        form = SpokenForm(*(getattr(self, name) for name in SpokenForm._fields))
        return self.source, self.entry, self.part, form

    @property
    def pending_url(self) -> PendingUrl:
        """What is to be written."""
        return PendingUrl(self.url, self.instead_of)


def short_name(source: str) -> str:
    """The name of a source without the configuration's file, which lies elsewhere elsewhere."""
    return source.rpartition(": ")[2]


def patch(clip: Clip, url: str, output: str) -> Patch:
    """The URL of a clip."""
    return Patch(
        file=plan_types.from_output(clip.file, output),
        source=short_name(clip.source),
        entry=clip.entry,
        part=clip.part,
        url=url,
        # What is not UTF-8 cannot be told, and then gives way only where everything does.
        instead_of=tuple(filter(_is_utf8, make_pending_url(clip, url).instead_of)),
        **clip.form._asdict(),
    )


def check_name(file: str, output: str) -> None:
    """See that a merge can be told which catalogue is meant.

    Raises:
        InputError: its path cannot be written down.
    """
    try:
        plan_types.from_output(file, output).encode()
    except UnicodeEncodeError as exc:
        raise InputError(
            (
                "its path is not UTF-8, so a shard cannot record where its URLs belong: rename "
                "it, or omit --shard"
            ),
            file=file,
        ) from exc


def _is_utf8(text: str) -> bool:
    return text.encode(errors="ignore").decode() == text


def encode_urls(patches: Iterable[Patch]) -> bytes:
    """URLs as they are written: a line each."""
    return msgspec.json.Encoder().encode_lines(patches)


# All of a part, read once its run came to its end.


class ShardRecord(NamedTuple):
    """Where a line of a part stands."""

    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardOutput:
    """All that a shard left in its folder."""

    folder: Path  #: where it is
    header: Header  #: its header
    lines: dict[str, tuple[Line, ShardRecord]]  #: its ledger lines by asset, and where they stand
    #: The recipes and hashes that the output folder had for an asset, by its path, when its shard
    #: was planned.
    replaced: dict[str, set[tuple[str, str]]]
    urls: list[tuple[Patch, ShardRecord]]  #: the URLs of its clips, and where they stand
    failures: bytes  #: the bytes of its record of failures


def read_shard(folder: Path) -> ShardOutput:
    """All of a part that came to its end.

    Raises:
        InputError: it is none, did not come to its end, or is damaged.
    """
    header = read_header(folder)
    if header is None:
        what = "there is no such folder" if not folder.is_dir() else f"it has no {HEADER_NAME}"
        raise InputError(
            f"this is not the folder of a run with --shard: {what}; name only shard folders",
            file=str(folder),
        )
    if not header.finished:
        raise InputError(
            f"the run of {header.name} was killed or is still in progress: {AGAIN}",
            file=str(folder),
        )
    path = folder / NAME
    record = data_of(path) or b""
    read_failures(record, file=str(path))
    return ShardOutput(
        folder=folder,
        header=header,
        lines=_lines(folder / LEDGER_NAME),
        replaced=_read_replaced(folder),
        urls=_decode_lines(folder / URLS_NAME, Patch, "the URL of a shard"),
        failures=record,
    )


def _lines(path: Path) -> dict[str, tuple[Line, ShardRecord]]:
    data = whole_lines_of(path)
    # Refuses what is no line at all, is newer, or leads out of the folder.
    ledger.read_ledger(data, file=str(path))
    found: dict[str, tuple[Line, ShardRecord]] = {}
    for number, raw in enumerate(data.splitlines(), 1):
        if not raw.strip():
            continue
        line = next(ledger.whole_lines(raw), None)
        if line is None or not line.recipe or line.asset in found:
            raise InputError(
                f"a finished run does not write such a line: {AGAIN}",
                file=str(path),
                line=number,
            )
        if not is_asset_name(line.asset):
            raise InputError(
                (
                    f"{line.asset!r} is not the name of an asset, so no run wrote this line: "
                    "leave this folder out, or run its shard again in an empty folder"
                ),
                file=str(path),
                line=number,
            )
        found[line.asset] = line, ShardRecord(str(path), number)
    return found


def _read_replaced(folder: Path) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for each in read_replaced(folder):
        found.setdefault(each.asset, set()).add((each.recipe, each.sha256))
    return found


def _decode_lines(path: Path, kind: type[T], what: str) -> list[tuple[T, ShardRecord]]:
    """The records in a file of a part, a line each, and where they stand.

    Raises:
        InputError: the file cannot be read, or a line is no such record.
    """
    decoder = msgspec.json.Decoder(kind)
    found = []
    for number, raw in enumerate(whole_lines_of(path).splitlines(), 1):
        try:
            found.append((decoder.decode(raw), ShardRecord(str(path), number)))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise InputError(
                f"this is not {what} ({exc}): {AGAIN}", file=str(path), line=number
            ) from exc
    return found
