"""The voices of a run, checked; its recipes; and the ledger lines that its clips would get."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tts_assets.build.plan.recipes import Recipes
from tts_assets.catalogues import voice_assignment
from tts_assets.catalogues.review_edits import AvailableVoices
from tts_assets.engines import registry
from tts_assets.errors import EngineNotReadyError, UsageError
from tts_assets.model import Voice
from tts_assets.store import ledger
from tts_assets.store.ledger_line import FORM_FIELDS

if TYPE_CHECKING:
    from tts_assets.build.plan.recipes import AssignVoices
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider, VoiceInfo
    from tts_assets.model import SpokenForm


def find_voice(settings: Settings, provider: Provider) -> Voice:
    """The requested voice.

    Raises:
        UsageError: the provider has no such voice.
    """
    info = find_voice_info(settings, provider)
    return Voice(
        provider=provider.name, name=info.name, language=info.language, speed=settings.speed
    )


def find_voice_info(settings: Settings, provider: Provider) -> VoiceInfo:
    """The provider's information about the requested voice."""
    voices = provider.voices()
    for info in voices:
        if settings.voice in (None, info.name):
            return info
    names = [info.name for info in voices]
    if not names:
        raise EngineNotReadyError(provider.name, provider.problem() or "it has no voices")
    owner = registry.find_voice_owner(settings, provider.name)
    if owner is not None:
        raise UsageError(
            f"{provider.name} has no voice {settings.voice!r}; it is a voice of {owner}: "
            f"add --provider {owner}, or omit the voice"
        )
    raise UsageError(
        voice_assignment.describe_missing_voice(provider.name, settings.voice or "", names)
    )


def list_speakers(settings: Settings, provider: Provider) -> AvailableVoices:
    """The available voices, for the overrides of reviewers."""
    return AvailableVoices(
        voice=find_voice(settings, provider), voices=provider.voices(), speakers=settings.speakers
    )


def create_recipes(settings: Settings, provider: Provider) -> Recipes:
    """The recipes of a run's clips."""
    return Recipes(
        voice=find_voice(settings, provider),
        engine=provider.engine,
        sound=settings.sound,
        words=settings.words,
        accents=provider.accents,
        pauses=settings.pauses,
        assign_voices=create_voice_assigner(settings, provider),
    )


def create_voice_assigner(settings: Settings, provider: Provider) -> AssignVoices:
    """A function that assigns voices to the speakers of a passage."""

    def assign_voices(form: SpokenForm, own: Voice) -> dict[str, Voice]:
        return voice_assignment.assign_voices(form.turns, own, provider.voices(), settings.speakers)

    return assign_voices


class ProvenanceBuilder:
    """Builds the ledger lines that clips would get if they were generated now."""

    def __init__(self, settings: Settings, provider: Provider) -> None:
        """Set the inputs that the clips of a run have in common."""
        self._settings = settings
        self._provider = provider
        self._voice = find_voice(settings, provider)
        self._recipes = create_recipes(settings, provider)

    def build(
        self, form: SpokenForm, voice_name: str | None, recipe: str, speed: float | None = None
    ) -> ledger.Provenance:
        """The line of a spoken form; voice and speed are None for the run's own."""
        name = voice_name or self._voice.name
        return ledger.Provenance(
            recipe=recipe,
            **{field: getattr(form, field) for field in FORM_FIELDS if field != "accent"},
            accent=form.accent if self._provider.accents(name) else None,
            words=self._recipes.words_in(form.text),
            voice=f"{self._voice.provider}/{name}",
            speed=self._voice.speed if speed is None else speed,
            sound=self._recipes.sound_words(form),
            speakers=self._recipes.speakers(form, voice_name, speed),
            engine=self._provider.engine(name),
        )


def check_voices(settings: Settings, provider: Provider) -> None:
    """Check that every configured voice exists and supports its speed.

    Raises:
        UsageError: a voice is missing or does not support its speed, or a speaker has two tables.
    """
    for source in settings.sources:
        for name in source.voices.values():
            try:
                find_voice_info(replace(settings, voice=name), provider)
            except UsageError as problem:
                raise UsageError(f"{source.name}: voices: {problem}") from problem
        for rule in source.clips:
            where = f"{source.name}, clip {rule.part}"
            _check_speed(find_voice_info(settings, provider), rule.speed, where)
    seen: set[str] = set()
    for speaker in settings.speakers:
        where = f"[[speaker]] {speaker.name!r}"
        if speaker.name in seen:
            raise UsageError(f"{where} occurs twice: keep one")
        seen.add(speaker.name)
        try:
            info = find_voice_info(
                replace(settings, voice=speaker.voice or settings.voice), provider
            )
        except UsageError as problem:
            raise UsageError(f"{where}: {problem}") from problem
        _check_speed(info, speaker.speed, where)


def _check_speed(info: VoiceInfo, speed: float | None, where: str) -> None:
    problem = None if speed is None else voice_assignment.problem_with_speed(info, speed)
    if problem is not None:
        raise UsageError(f"{where}: {problem}")
