"""The names of assets and URLs, as each source wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.build.plan import addresses
from tts_assets.config.sources.builtin import BUILT_IN
from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from tts_assets.config.model import Settings
    from tts_assets.config.sources.source import Source


class SourceAddresses:
    """The names of assets and URLs, as each source wants them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[tuple[str, str], addresses.Addresses] = {}
        for source in (*settings.sources, *BUILT_IN.values()):
            self.of(source)

    def of(self, source: Source) -> addresses.Addresses:
        settings = self._settings
        names = (source.asset or settings.asset, source.url or settings.url)
        if names not in self._made:
            try:
                self._made[names] = addresses.Addresses(*names, settings.sound.format)
            except UsageError as problem:
                if source.asset is None and source.url is None:
                    raise
                raise UsageError(f"{source.name}: {problem}") from problem
        return self._made[names]

    def every(self) -> list[addresses.Addresses]:
        """Those of all sources, each pair of templates once."""
        return [made for _, made in sorted(self._made.items(), key=lambda each: each[0])]

    def folders(self) -> list[str]:
        """The folders below the output folder in which assets can lie."""
        return sorted({folder for names in self._made.values() for folder in names.folders()})
