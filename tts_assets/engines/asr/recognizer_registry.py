"""Recognizers by name: built in, or registered by other packages."""

from __future__ import annotations

import difflib
import importlib
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import TYPE_CHECKING

from tts_assets.errors import UsageError

if TYPE_CHECKING:
    from tts_assets.config.settings import Settings
    from tts_assets.engines.asr.recognizer_protocol import RecognizerProvider


#: The entry-point group under which a package registers ``name = "module:factory"``.
GROUP = "tts_assets.recognizers"
_BUILT_IN = {
    "faster-whisper": "tts_assets.engines.asr.faster_whisper:FasterWhisper",
    "pocketsphinx": "tts_assets.engines.asr.pocketsphinx:PocketSphinx",
}


def names() -> tuple[str, ...]:
    """Every recognizer's name, the built-in ones first."""
    return (*_BUILT_IN, *sorted(_list_plugins().keys() - _BUILT_IN.keys()))


def get(name: str, settings: Settings) -> RecognizerProvider:
    """The recognizer of that name, its module loaded now.

    Args:
        name: what stands after ``--recognizer``.
        settings: what it may have to know.

    Raises:
        UsageError: there is none, or a plug-in's code is broken.
    """
    target = _BUILT_IN.get(name) or _list_plugins().get(name)
    if target is None:
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]}? There are" if near else "there are"
        raise UsageError(f"there is no recognizer {name!r}; {hint}: {', '.join(names())}")
    module, _, factory = target.partition(":")
    try:
        provider: RecognizerProvider = getattr(importlib.import_module(module), factory)(settings)
    except Exception as exc:
        if name in _BUILT_IN:
            raise
        raise UsageError(
            f"the recognizer {name!r} ({target}) could not be loaded: "
            f"{type(exc).__name__}: {exc}; mend or remove its package, or choose another"
        ) from exc
    return provider


def _list_plugins() -> dict[str, str]:
    return {point.name: point.value for point in entry_points(group=GROUP)}


# Whether the packages of recognizers are installed, told without loading them.


def absent(package: str) -> str:
    """The package's name where it is not installed; "" where it is."""
    try:
        version(package)
    except PackageNotFoundError:
        return package
    return ""
