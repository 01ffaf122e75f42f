"""The header of a shard's output folder, and its files read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tts_assets.build.plan import plan_voices, recipes, shared_sounds
from tts_assets.errors import InputError
from tts_assets.regular_files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider


#: What to do about a part that is damaged.
AGAIN = "run that shard again, which goes on where it ended, or leave its folder out"


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
        raise InputError(f"its last line is torn: {AGAIN}", file=str(path), line=line)
    return data


# What a shard tells of itself: which one it is, of what plan, and how far it came.


#: The name of its file.
HEADER_NAME = "shard.json"


#: What the whole folder is like. A newer one is refused.
VERSION = 1


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a shard was told, and how far it came.

    Args:
        version: of the folder; see :data:`OVERRIDES_VERSION`.
        index: which shard it is, from 1.
        count: how many there are.
        finished: its run came to its end, be it an early one; else it was killed, or is at work.
        left: clips that it did not come to, because its run ended early.
        forced: what was fresh was to be made anew, too.
        provider: the engine's name.
        engine: the engine's parts with their versions.
        voice: who speaks what asks for no voice of its own, and how fast.
        sound: how the assets were to sound and to be stored.
        templates: of the assets and URLs of all sources.
        catalogues: hash of all that the clips say, of all shards.
        plan: hash of the recipes of all shards.
    """

    version: int
    index: int
    count: int
    finished: bool
    left: int = 0
    forced: bool
    provider: str
    engine: str
    voice: str
    sound: str
    templates: tuple[str, ...]
    catalogues: str
    plan: str

    @property
    def name(self) -> str:
        """Which shard it is, in words."""
        return f"shard {self.index}/{self.count}"

    def differs(self, other: Header) -> str | None:
        """What keeps two shards from being of one plan, with both sides; None where nothing does."""
        for what in ("count", "provider", "engine", "voice", "sound", "templates"):
            mine, its = getattr(self, what), getattr(other, what)
            if mine != its:
                return f"{what} {_show_value(mine)} and {_show_value(its)}"
        if self.catalogues != other.catalogues:
            return "catalogues: other files, entries, texts, readings or voices"
        if self.plan != other.plan:
            return "recipes: another dictionary of one's own, or another version of tts-assets"
        return None


class _HeaderVersion(msgspec.Struct):
    """As much of a header as tells whether the rest can be read."""

    version: int


def header(
    settings: Settings, provider: Provider, sums: shared_sounds.Sums, *, finished: bool
) -> Header:
    """What a shard tells of itself.

    Args:
        settings: of its run.
        provider: its engine.
        sums: what its survey saw.
        finished: whether its run came to its end.
    """
    shard = settings.shard
    assert shard is not None  # noqa: S101 - only shards have headers
    voice = plan_voices.find_voice(settings, provider)
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
    """What the shard of a folder tells of itself; None where there is no such file.

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
        raise InputError(f"this is no header of a shard ({exc}): {AGAIN}", file=str(path)) from exc
    raise InputError(
        f"a newer tts-assets wrote it (version {version} of shards, and this one knows them up to "
        f"{VERSION}): upgrade tts-assets here",
        file=str(path),
    )


def _show_value(value: object) -> str:
    """A value of a header, which may be anybody's, on one line."""
    return ", ".join(map(repr, value)) if isinstance(value, tuple) else repr(value)
