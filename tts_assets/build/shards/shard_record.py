"""The output folder of a shard: its header, its records, and its URLs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from tts_assets.build.plan import recipes, shard_selection, voice_selection
from tts_assets.build.plan.output_folder import bytes_of
from tts_assets.catalogues.write_back import PendingUrl, make_pending_url
from tts_assets.config.catalogue_sources import shorten_source_name
from tts_assets.config.command_options import MOST_SHARDS
from tts_assets.errors import InputError, format_count
from tts_assets.model import SpokenForm, Turn
from tts_assets.store import ledger
from tts_assets.store.atomic_files import NOT_JSON, decode_lines
from tts_assets.store.failures import NAME, read_failures
from tts_assets.store.ledger_line import LEDGER_NAME, Line
from tts_assets.store.portable_names import is_asset_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tts_assets.catalogues.write_back import ClipAddress
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Clip


T = TypeVar("T")

#: What to do about a damaged shard.
AGAIN = "run that shard again to resume it, or leave its folder out"
#: The same about the record of what it replaces, which only a new run knows.
_ANEW = "delete its folder and run that shard again, or leave its folder out"

# The header of a shard: its number, its plan, and its progress.


HEADER_NAME = "shard.json"  #: the name of its file

#: The version of the folder format. Newer versions are refused.
VERSION = 1


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs of a shard, and its progress."""

    version: int  #: the version of the folder format
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
    #: The number of lines in each record of a finished run; empty from an older tts-assets.
    lines: dict[str, int] = {}

    def __post_init__(self) -> None:
        """Refuse a shard that cannot exist.

        Raises:
            ValueError: ``index`` and ``count`` do not fit.
        """
        if not 1 <= self.index <= self.count <= MOST_SHARDS:
            raise ValueError(f"there is no {self.name}")

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
    settings: Settings, provider: Provider, hashes: shard_selection.PlanHashes, *, finished: bool
) -> Header:
    """Build the header of a shard; ``finished``: whether its run ended."""
    shard = settings.shard
    assert shard is not None  # noqa: S101 - only shards have headers
    voice = voice_selection.find_voice(settings, provider)
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
        catalogues=hashes.catalogues,
        plan=hashes.plan,
    )


def encode_header(value: Header) -> bytes:
    """The bytes of the header's file."""
    return msgspec.json.format(msgspec.json.encode(value)) + b"\n"


def read_header(folder: Path) -> Header | None:
    """The header of the shard in a folder; None if there is none.

    Raises:
        InputError: it cannot be read, is damaged, or of a newer version.
    """
    path = folder / HEADER_NAME
    data = bytes_of(path)
    if not data:
        return None
    try:
        version = msgspec.json.decode(data, type=_HeaderVersion).version
        if version <= VERSION:
            return msgspec.json.decode(data, type=Header)
    except NOT_JSON as exc:
        raise InputError(
            f"this is not the header of a shard ({exc}): delete this file, then {AGAIN}",
            file=str(path),
        ) from exc
    raise InputError(
        f"a newer tts-assets wrote it (shard version {version}; this one reads versions up "
        f"to {VERSION}): upgrade tts-assets on this machine",
        file=str(path),
    )


def _show_value(value: object) -> str:
    """An untrusted value of a header, escaped, on one line."""
    return ", ".join(map(repr, value)) if isinstance(value, tuple) else repr(value)


# The records of a shard: the assets that it replaces, and the URLs to write.


#: The name of the file of replaced assets; missing if there are none.
REPLACED_NAME = "replaced.jsonl"

URLS_NAME = "urls.jsonl"  #: the name of the file of URLs


class Replaced(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An asset of the output folder that the shard may replace; any other change there is newer."""

    asset: str  #: its path, relative to the output folder
    recipe: str  #: its recipe in the ledger; "" if the ledger does not contain it
    sha256: str  #: its hash in the ledger, or that of its file


def encode_replaced(found: Iterable[Replaced]) -> bytes:
    """The bytes of the file of replaced assets, one line each."""
    return msgspec.json.Encoder().encode_lines(sorted(set(found)))


def read_replaced(folder: Path) -> list[Replaced]:
    """The replaced assets of a shard.

    Raises:
        InputError: the file cannot be read, or is damaged.
    """
    path = folder / REPLACED_NAME
    lines = _read_lines(path, Replaced, "a record of replaced URLs", advice=_ANEW)
    return [each for each, _ in lines]


class Patch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The URL of a clip or of its time line, and its place in a catalogue."""

    file: str  #: the catalogue, relative to the output folder
    source: str  #: the short name of the source that found it
    entry: str  #: the entry's id
    part: str  #: the part of the entry
    text: str  #: the spoken text; the other fields of the spoken form follow
    reading: str | None = None
    accent: int | None = None
    sentence: bool = False
    readings: tuple[tuple[str, str], ...] = ()
    turns: tuple[Turn, ...] = ()
    boundaries: tuple[int, ...] = ()
    romanized: bool = False
    url: str  #: the URL
    instead_of: tuple[str, ...] = ()  #: the values at its place when the shard was planned

    @property
    def address(self) -> ClipAddress:
        """The address of the clip, with the short name of its source."""
        form = SpokenForm(*(getattr(self, name) for name in SpokenForm._fields))
        return self.source, self.entry, self.part, form

    @property
    def pending_url(self) -> PendingUrl:
        """The URL to write."""
        return PendingUrl(self.url, self.instead_of)


def patch(clip: Clip, url: str, output: str) -> Patch:
    """The record of a clip's URL."""
    return Patch(
        file=shard_selection.from_output(clip.file, output),
        source=shorten_source_name(clip.source),
        entry=clip.entry,
        part=clip.part,
        url=url,
        # Other values cannot be recorded, and are replaced only if all foreign ones are.
        instead_of=tuple(filter(_is_utf8, make_pending_url(clip, url).instead_of)),
        **clip.form._asdict(),
    )


def check_name(file: str, output: str) -> None:
    """Check that the path of a catalogue can be recorded.

    Raises:
        InputError: it is not UTF-8.
    """
    if not _is_utf8(shard_selection.from_output(file, output)):
        raise InputError(
            "its path is not UTF-8, so a shard cannot record where its URLs belong: rename "
            "it, or omit --shard",
            file=file,
        )


def _is_utf8(text: str) -> bool:
    return text.encode(errors="ignore").decode() == text


def encode_urls(patches: Iterable[Patch]) -> bytes:
    """The bytes of the file of URLs, one line each."""
    return msgspec.json.Encoder().encode_lines(patches)


# A finished shard, read for the merge.


class ShardRecord(NamedTuple):
    """The file and the line of a shard's record."""

    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"

    def to_error(self, problem: str) -> InputError:
        """The error for a problem with this record."""
        return InputError(problem, file=self.file, line=self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardOutput:
    """The content of a shard's folder."""

    folder: Path  #: the folder
    header: Header  #: its header
    lines: dict[str, tuple[Line, ShardRecord]]  #: its ledger lines by asset, with their places
    #: The recipes and hashes of the assets that it may replace, by their paths.
    replaced: dict[str, set[tuple[str, str]]]
    urls: list[tuple[Patch, ShardRecord]]  #: the URLs of its clips, with their places
    failures: bytes  #: the bytes of its record of failures


def read_shard(folder: Path) -> ShardOutput:
    """The content of a finished shard.

    Raises:
        InputError: the folder is not that of a shard, or its run is not finished, or it is damaged.
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
    record = _read_whole(folder / NAME)
    read_failures(record, file=str(folder / NAME))
    replaced: dict[str, set[tuple[str, str]]] = {}
    for each in read_replaced(folder):
        replaced.setdefault(each.asset, set()).add((each.recipe, each.sha256))
    found = ShardOutput(
        folder=folder,
        header=header,
        lines=_read_ledger(folder / LEDGER_NAME),
        replaced=replaced,
        urls=_read_lines(folder / URLS_NAME, Patch, "the URL of a shard"),
        failures=record,
    )
    _refuse_lost_lines(folder, header)
    return found


def count_lines(folder: Path) -> dict[str, int]:
    """The number of lines in each record of a shard."""
    names = (LEDGER_NAME, NAME, REPLACED_NAME, URLS_NAME)
    return {name: bytes_of(folder / name).count(b"\n") for name in names}


def _refuse_lost_lines(folder: Path, header: Header) -> None:
    """Refuse a record that is incomplete, for instance because its folder was not copied to the end."""
    found = count_lines(folder)
    for name, written in header.lines.items():
        if found.get(name, 0) < written:
            raise InputError(
                f"it has {found.get(name, 0):,} of the {format_count(written, 'line')} that its "
                "run wrote: copy that folder again, or run its shard again",
                file=str(folder / name),
            )


def _read_ledger(path: Path) -> dict[str, tuple[Line, ShardRecord]]:
    # Refuse lines that are invalid, of a newer version, or of assets outside the folder.
    ledger.read_ledger(_read_whole(path), file=str(path))
    found: dict[str, tuple[Line, ShardRecord]] = {}
    for line, record in _read_lines(path, Line, "a line of a finished run"):
        if not line.recipe or line.asset in found:
            raise record.to_error(f"a finished run does not write such a line: {AGAIN}")
        if not is_asset_name(line.asset):
            raise record.to_error(
                f"{line.asset!r} is not the name of an asset, so no run wrote this line: "
                "leave this folder out, or run its shard again in an empty folder"
            )
        found[line.asset] = line, record
    return found


def _read_whole(path: Path, *, advice: str = AGAIN) -> bytes:
    """The bytes of a file of lines, without an incomplete one; empty if there is none."""
    data = bytes_of(path)
    if data and not data.endswith(b"\n"):
        record = ShardRecord(str(path), data.count(b"\n") + 1)
        raise record.to_error(f"its last line is truncated: {advice}")
    return data


def _read_lines(
    path: Path, kind: type[T], what: str, *, advice: str = AGAIN
) -> list[tuple[T, ShardRecord]]:
    """The records in a file, one in each line, with their places."""
    problem = f"this is not {what} ({{}}): {advice}"
    lines = decode_lines(
        _read_whole(path, advice=advice),
        msgspec.json.Decoder(kind),
        file=str(path),
        problem=problem,
    )
    return [(each, ShardRecord(str(path), number)) for number, each in lines]
