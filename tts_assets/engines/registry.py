"""Engines by name: built in, or registered by other packages; which one a run uses."""

from __future__ import annotations

import contextlib
import importlib
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from tts_assets.engines.protocol import Remote
from tts_assets.errors import FatalError, TtsAssetsError, UsageError, suggest_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider

Plugin = TypeVar("Plugin")


class PluginRegistry(Generic[Plugin]):
    """Plug-ins by name: built in, or registered by other packages as ``name = "module:factory"``."""

    def __init__(
        self,
        kind: str,
        group: str,
        built_in: Mapping[str, str],
        warning: type[Warning] | None = None,
    ) -> None:
        """Load nothing yet.

        Args:
            kind: what users call such a plug-in.
            group: the entry-point group of other packages.
            built_in: ``module:factory`` by name.
            warning: issued where a registered one cannot be loaded.
        """
        self._warning = warning
        self._kind = kind
        self._group = group
        self._built_in = built_in

    def list_names(self) -> tuple[str, ...]:
        """All names, the built-in ones first."""
        return (*self._built_in, *sorted(self._list_registered().keys() - self._built_in.keys()))

    def load_plugin(self, name: str, settings: Settings) -> Plugin:
        """The plug-in of that name, its module imported now and its factory called.

        Raises:
            UsageError: there is none, or the code of another package is broken.
        """
        target = self._built_in.get(name) or self._list_registered().get(name)
        if target is None:
            raise UsageError(self.describe_unknown(name))
        module, _, factory = target.partition(":")
        try:
            plugin: Plugin = getattr(importlib.import_module(module), factory)(settings)
        except Exception as exc:
            if name in self._built_in:
                raise
            message = (
                f"the {self._kind} {name!r} ({target}) could not be loaded: "
                f"{type(exc).__name__}: {exc}; repair or remove its package, or choose another"
            )
            if self._warning is not None:
                warnings.warn(message, self._warning, stacklevel=2)
            raise UsageError(message) from exc
        return plugin

    def describe_unknown(self, name: str) -> str:
        """The error message for a name that does not exist."""
        names = self.list_names()
        hint = suggest_names(name, names, others="")
        return f"there is no {self._kind} {name!r}; {f'{hint} There' if hint else 'there'} are: {', '.join(names)}"

    def _list_registered(self) -> dict[str, str]:
        # Heavy, and not needed for what is built in.
        from importlib.metadata import entry_points  # noqa: PLC0415

        return {point.name: point.value for point in entry_points(group=self._group)}


class BrokenProviderWarning(UserWarning):
    """A registered engine of another package could not be loaded."""


_BUILT_IN = {
    "openjtalk": "tts_assets.engines.openjtalk:OpenJTalk",
    "kokoro": "tts_assets.engines.kokoro:Kokoro",
    "piper": "tts_assets.engines.piper:Piper",
    "say": "tts_assets.engines.say:MacOSSay",
    "voicevox": "tts_assets.engines.voicevox:Voicevox",
    "elevenlabs": "tts_assets.engines.elevenlabs:ElevenLabs",
    "openai": "tts_assets.engines.openai:openai",
}
_engines: PluginRegistry[Provider] = PluginRegistry(
    "provider", "tts_assets.providers", _BUILT_IN, BrokenProviderWarning
)
list_engine_names = _engines.list_names
load_engine = _engines.load_plugin
describe_unknown_engine = _engines.describe_unknown


def find_voice_owner(settings: Settings, other: str) -> str | None:
    """The engine on this machine, other than one, that has the voice of the settings; None for none."""
    plain = replace(settings, voice=None)
    for name in list_engine_names():
        # A service has whatever voices the settings name. A broken plug-in is no reason to fail.
        with contextlib.suppress(Exception):
            engine = None if name == other else load_engine(name, plain)
            if engine is None or isinstance(engine, Remote):
                continue
            if any(voice.name == settings.voice for voice in engine.voices()):
                return name
    return None


class AccentSupport:
    """Whether voices follow the pitch accents of the data; each engine is loaded once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, bool] = {}

    def has_accent_control(self, voice: str) -> bool:
        """Whether a voice, given as ``provider/name``, does."""
        if voice not in self._known:
            provider, _, name = voice.partition("/")
            try:
                self._known[voice] = load_engine(provider, self._settings).accents(name)
            except TtsAssetsError:
                # The engine is not installed now, so what it did with accents is unknown.
                self._known[voice] = False
        return self._known[voice]


#: The word after ``--provider`` that leaves the choice to the program.
AUTO = "auto"

#: Natural voices first, then the embedded one, which is always right and never natural; the system's
#: knows no readings.
_BEST_FIRST = (
    ("piper", "a natural voice that follows your accents"),
    ("kokoro", "a natural voice that follows your accents"),
    ("openjtalk", "it is always installed"),
    ("say", "the system's own voice"),
)


class Choice(NamedTuple):
    """The engine of a run, and why it was chosen; None where it was requested."""

    provider: Provider
    reason: str | None


def choose_engine(settings: Settings) -> Choice:
    """The engine that the settings name, or the best that is ready and has their voices.

    Raises:
        UsageError: there is no engine of that name, or none that is ready has the voices.
        FatalError: none is ready.
    """
    if settings.provider != AUTO:
        return Choice(load_engine(settings.provider, settings), None)
    names = {settings.voice, *(v for each in settings.sources for v in each.voices.values())}
    names |= {each.voice for each in settings.speakers}
    passed: list[str] = []
    ready = False
    for name, merit in _BEST_FIRST:
        try:
            provider = load_engine(name, settings)
            problem = provider.problem()
            lacks = None if problem else _describe_lacking(provider, settings, names - {None})
        except UsageError as exc:
            problem, lacks = str(exc), None
        else:
            if problem is None and lacks is None:
                return Choice(provider, "; ".join([f"{name}: {merit}", *passed]))
        ready = ready or problem is None
        passed.append(f"not {name}: {problem or lacks}")
    if ready:
        raise UsageError(f"no engine that is ready has the requested voices: {'; '.join(passed)}")
    raise FatalError(f"no engine can be used on this machine: {'; '.join(passed)}")


def _describe_lacking(
    provider: Provider, settings: Settings, names: AbstractSet[str | None]
) -> str | None:
    """What is missing from an engine that is ready."""
    offered = provider.voices()
    if missing := names - {voice.name for voice in offered}:
        return f"it has no voice {', '.join(sorted(map(repr, missing)))}"
    japanese = settings.voice is not None or offered[0].language.startswith("ja")
    return None if japanese else "it has no Japanese voice"


def list_named_voices(settings: Settings, own: tuple[str, ...]) -> tuple[str, ...]:
    """The voices that the settings name, each once, for services that are not asked for theirs.

    First the voice of the run, then those in the service's own table, of sources and of speakers.
    """
    of_sources = (name for each in settings.sources for name in each.voices.values())
    chosen = () if settings.voice is None else (settings.voice,)
    of_speakers = (each.voice for each in settings.speakers if each.voice is not None)
    return tuple(dict.fromkeys((*chosen, *own, *of_sources, *of_speakers)))
