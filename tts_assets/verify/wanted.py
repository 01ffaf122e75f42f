"""Which assets are measured: those of the clips of the catalogues, or sounds that are named."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tts_assets import plan, providers
from tts_assets import survey as surveys
from tts_assets.errors import UsageError
from tts_assets.plan import State
from tts_assets.plan.names import ENDINGS
from tts_assets.storage import Storage
from tts_assets.survey.files import known_by
from tts_assets.verdicts import ClipName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tts_assets.ledger import Recorded
    from tts_assets.settings import Settings


@dataclass(slots=True, kw_only=True)
class AssetsToVerify:
    """What is to be measured, and what the catalogues alone tell of it.

    Args:
        clips: the clips of each asset, by its path below the output folder or as it was named.
        outside: sounds that were named and lie elsewhere.
        gone: assets that were made and have no file, and why that is known.
        faults: why an asset's file cannot be what was made, where that is known already.
        recorded: what the ledger says of each asset.
        tidy: the ledger has one line for each asset.
        unmade: as in VerifyReport.
        found: what was read; None where only sounds were named.
    """

    clips: dict[str, list[ClipName]] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)
    gone: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    recorded: Mapping[str, Recorded] = field(default_factory=dict)
    tidy: bool = True
    unmade: int = 0
    found: surveys.Survey | None = None

    def add_asset(self, asset: str, *clips: ClipName) -> None:
        """Have an asset measured, for these clips."""
        self.clips.setdefault(asset, []).extend(clips)


class _UnresolvedAsset(NamedTuple):
    """A clip whose asset may be there or not."""

    assets: tuple[str, ...]
    state: State
    reason: str
    name: ClipName


def find_assets_to_verify(settings: Settings) -> AssetsToVerify:
    """Find out what is to be measured; nothing is changed.

    Of the paths, sounds and folders within the output folder are measured themselves; all others
    are catalogues.

    Raises:
        UsageError: a path, the voice or a template is wrong.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be listed.
    """
    sounds = [path for path in settings.paths if _is_sound_path(path, settings.output)]
    if not sounds:
        return _load_from_catalogues(settings)
    if settings.ids or settings.since or settings.kinds:
        raise UsageError(
            f"{sounds[0]} is a sound, and --id, --since and --type choose entries of catalogues: name "
            "catalogues, or leave these options out"
        )
    rest = tuple(path for path in settings.paths if path not in sounds)
    named = (
        _load_from_catalogues(replace(settings, paths=rest))
        if rest
        else _load_from_ledger(settings)
    )
    for path in sounds:
        _add_path(path, settings.output, named)
    return named


def _is_sound_path(path: str, output: str) -> bool:
    if os.path.isdir(path):  # noqa: PTH112 - Path refuses some texts
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(output))
    return path.lower().endswith(ENDINGS)


def _add_path(given: str, output: str, named: AssetsToVerify) -> None:
    """Have a sound measured that was named, or all in a folder; by paths below the output folder."""
    root, path = Path(os.path.realpath(output)), Path(os.path.realpath(given))
    if not path.is_relative_to(root):
        named.add_asset(given)
        named.outside.add(given)
        return
    asset = path.relative_to(root).as_posix()
    if not path.is_dir():
        named.add_asset(asset)
        return
    for file in sorted(Storage(root).sizes(["" if asset == "." else asset])):
        if _is_sound_name(file):
            named.add_asset(file)


def _is_sound_name(file: str) -> bool:
    name = file.rpartition("/")[2]
    return name.lower().endswith(ENDINGS) and name[0] != "."


def _load_from_ledger(settings: Settings) -> AssetsToVerify:
    """What the ledger says, where no catalogue is asked."""
    known = known_by(Storage(Path(settings.output)))
    return AssetsToVerify(recorded=known.recorded, tidy=known.tidy)


def _load_from_catalogues(settings: Settings) -> AssetsToVerify:
    """The assets of all clips, and files in their folders that no clip has, where all is read."""
    provider, _ = providers.choose(settings)
    look = _AssetCollector(settings)
    found = surveys.survey(settings, provider, look.collect_clip)
    return look.resolve_all(found)


class _AssetCollector:
    """Takes in one clip after the other, and keeps as little of each as there need be."""

    def __init__(self, settings: Settings) -> None:
        self._output = Path(settings.output)
        self._whole = settings.is_whole
        self._wanted = AssetsToVerify()
        self._unsettled: list[_UnresolvedAsset] = []
        self._addresses = surveys.SourceAddresses(settings).every()

    def collect_clip(self, item: plan.Planned) -> bool:
        """Take in a clip as the survey tells it; it need not be kept there."""
        clip = item.clip
        name = ClipName(clip.kind, clip.file, clip.entry, clip.part, clip.at)
        if item.state is State.FRESH:
            self._wanted.add_asset(item.asset, name)
            return False
        assets: tuple[str, ...] = (item.held or item.asset,)
        if item.state is State.LOCKED:
            assets = self._find_recordings(item)
        self._unsettled.append(_UnresolvedAsset(assets, item.state, item.reason, name))
        return False

    def resolve_all(self, found: surveys.Survey) -> AssetsToVerify:
        """What is to be measured, when all clips were seen and all files are known."""
        wanted = self._wanted
        wanted.found, wanted.recorded, wanted.tidy = found, found.recorded, not found.untidy
        for each in self._unsettled:
            self._resolve_asset(each, found.present)
        if self._whole:
            for file in found.present:
                if file not in found.recorded and file not in wanted.clips and _is_sound_name(file):
                    wanted.add_asset(file)
        return wanted

    def _resolve_asset(self, each: _UnresolvedAsset, present: Mapping[str, int]) -> None:
        asset = next((asset for asset in each.assets if self._has_file(asset, present)), None)
        if asset is not None:
            self._wanted.add_asset(asset, each.name)
            if each.state is State.DAMAGED:
                self._wanted.faults[asset] = each.reason
        elif each.state is State.MISSING:
            self._wanted.add_asset(each.assets[0], each.name)
            self._wanted.gone[each.assets[0]] = each.reason
        elif each.state is not State.LOCKED:
            self._wanted.unmade += 1

    def _has_file(self, asset: str, present: Mapping[str, int]) -> bool:
        """Whether an asset has a file; recordings may lie in folders where no template puts any."""
        if asset in present:
            return True
        # A URL leads nowhere out of the folder, and libsndfile reads none of the others.
        is_inside = ".." not in asset.split("/") and not asset.startswith(("/", "\\"))
        return is_inside and _is_sound_name(asset) and (self._output / asset).is_file()

    def _find_recordings(self, item: plan.Planned) -> tuple[str, ...]:
        """Where somebody's recording may lie: behind its URL, or under the name of the asset."""
        url = item.clip.url
        if url is None or url == item.url:
            return (item.asset,)
        found = (addresses.asset_at(url) for addresses in self._addresses)
        return tuple(asset for asset in found if asset is not None)
