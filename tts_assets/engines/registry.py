"""The registry of engines, built in or from other packages, and the choice of one for a run."""

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
        """Create a registry without loading plug-ins.

        Args:
            kind: the word for such a plug-in in messages.
            group: the entry-point group of other packages.
            built_in: ``module:factory`` by name.
            warning: issued if a plug-in of another package cannot be loaded.
        """
        self._warning = warning
        self._kind = kind
        self._group = group
        self._built_in = built_in

    def list_names(self) -> tuple[str, ...]:
        """All names, the built-in ones first."""
        return (*self._built_in, *sorted(self._list_registered().keys() - self._built_in.keys()))

    def load_plugin(self, name: str, settings: Settings) -> Plugin:
        """Import the module of a plug-in and call its factory.

        Raises:
            UsageError: the name is unknown, or the code of another package is broken.
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
        """The error message for an unknown name."""
        names = self.list_names()
        hint = suggest_names(name, names, others="")
        return f"there is no {self._kind} {name!r}; {f'{hint} There' if hint else 'there'} are: {', '.join(names)}"

    def _list_registered(self) -> dict[str, str]:
        # Heavy, and not needed for built-in plug-ins.
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


def find_voice_owner(settings: Settings, excluded: str) -> str | None:
    """Another local engine that has the voice of the settings; None if there is none."""
    settings_without_voice = replace(settings, voice=None)
    for name in list_engine_names():
        # Skip services, which accept any voice name, and ignore broken plug-ins.
        with contextlib.suppress(Exception):
            engine = None if name == excluded else load_engine(name, settings_without_voice)
            if engine is None or isinstance(engine, Remote):
                continue
            if any(voice.name == settings.voice for voice in engine.voices()):
                return name
    return None


_MELODY = "melody="  #: the part of an engine version that names the imposed melody


class AccentSupport:
    """Whether voices follow the pitch accents of the data; each engine is loaded once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._support_by_voice: dict[str, bool] = {}
        self._melody_by_voice: dict[str, bool] = {}

    def follows_accents(self, voice: str, engine: str) -> bool:
        """Whether a clip follows pitch accents, by its voice and its engine as in the ledger.

        A voice with an imposed melody may have spoken before accents were imposed on it.
        """
        if _MELODY in engine:
            return True
        return self.has_accent_control(voice) and not self._has_melody(voice)

    def _has_melody(self, voice: str) -> bool:
        """Whether a melody is imposed on a voice that follows accents."""
        if voice not in self._melody_by_voice:
            provider, _, name = voice.partition("/")
            parts = load_engine(provider, self._settings).engine(name)
            self._melody_by_voice[voice] = _MELODY in parts
        return self._melody_by_voice[voice]

    def has_accent_control(self, voice: str) -> bool:
        """Whether a voice, given as ``provider/name``, follows pitch accents."""
        if voice not in self._support_by_voice:
            provider, _, name = voice.partition("/")
            try:
                self._support_by_voice[voice] = load_engine(provider, self._settings).accents(name)
            except TtsAssetsError:
                # The engine is not installed, so its accent control is unknown.
                self._support_by_voice[voice] = False
        return self._support_by_voice[voice]


AUTO = "auto"  #: the value of ``--provider`` that leaves the choice to the program

#: Natural voices first, then the embedded voice, which is always correct but never natural; last, the
#: system's voice, which takes no readings.
_BEST_FIRST = (
    ("piper", "a natural voice that follows your accents"),
    ("kokoro", "a natural voice that follows your accents"),
    ("openjtalk", "it is always installed"),
    ("say", "the system's own voice"),
)


class Choice(NamedTuple):
    """The engine of a run, and the reason for the choice; None if it was requested."""

    provider: Provider
    reason: str | None


def choose_engine(settings: Settings) -> Choice:
    """Choose the engine that the settings name, or the best available one with the requested voices.

    Raises:
        UsageError: the engine is unknown, or no available engine has the voices.
        FatalError: no engine is available.
    """
    if settings.provider != AUTO:
        return Choice(load_engine(settings.provider, settings), None)
    names = {settings.voice, *(v for each in settings.sources for v in each.voices.values())}
    names |= {each.voice for each in settings.speakers}
    rejected: list[str] = []
    any_available = False
    for name, description in _BEST_FIRST:
        try:
            provider = load_engine(name, settings)
            problem = provider.problem()
            misfit = None if problem else _describe_misfit(provider, settings, names - {None})
        except UsageError as exc:
            problem, misfit = str(exc), None
        else:
            if problem is None and misfit is None:
                return Choice(provider, "; ".join([f"{name}: {description}", *rejected]))
        any_available = any_available or problem is None
        rejected.append(f"not {name}: {problem or misfit}")
    if any_available:
        raise UsageError(f"no engine that is ready has the requested voices: {'; '.join(rejected)}")
    raise FatalError(f"no engine can be used on this machine: {'; '.join(rejected)}")


def _describe_misfit(
    provider: Provider, settings: Settings, names: AbstractSet[str | None]
) -> str | None:
    """The reason why an available engine does not fit the settings."""
    offered = provider.voices()
    if missing := names - {voice.name for voice in offered}:
        return f"it has no voice {', '.join(sorted(map(repr, missing)))}"
    japanese = settings.voice is not None or offered[0].language.startswith("ja")
    return None if japanese else "it has no Japanese voice"


def list_named_voices(settings: Settings, service_voices: tuple[str, ...]) -> tuple[str, ...]:
    """The voices that the settings name, each once, for services whose list is not requested.

    The order: the voice of the run, those in the service's table, those of sources and of speakers.
    """
    source_voices = (name for each in settings.sources for name in each.voices.values())
    run_voice = () if settings.voice is None else (settings.voice,)
    speaker_voices = (each.voice for each in settings.speakers if each.voice is not None)
    return tuple(dict.fromkeys((*run_voice, *service_voices, *source_voices, *speaker_voices)))
