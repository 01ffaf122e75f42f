"""Who speaks in a run, and what names the sound of its clips."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

from tts_assets.build.plan.recipes import Cast, Recipes
from tts_assets.catalogues import voice_assignment
from tts_assets.catalogues.review_edits import AvailableVoices
from tts_assets.errors import UsageError
from tts_assets.model import Voice
from tts_assets.store import ledger

if TYPE_CHECKING:
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider, VoiceInfo
    from tts_assets.model import SpokenForm


#: Voices named to who asks for one that is not there.
_NAMED = 8


def find_voice(settings: Settings, provider: Provider) -> Voice:
    """The voice that was asked for.

    Raises:
        UsageError: the provider has none of that name.
    """
    info = voice_info(settings, provider)
    return Voice(
        provider=provider.name, name=info.name, language=info.language, speed=settings.speed
    )


def voice_info(settings: Settings, provider: Provider) -> VoiceInfo:
    """What the provider says about the voice that was asked for."""
    voices = provider.voices()
    for info in voices:
        if settings.voice in (None, info.name):
            return info
    names = [info.name for info in voices]
    near = difflib.get_close_matches(settings.voice or "", names, n=3, cutoff=0.0)
    rest = [name for name in names if name not in near]
    more = f" and {len(names) - _NAMED} more: tts-assets voices" if len(names) > _NAMED else ""
    raise UsageError(
        f"{provider.name} has no voice {settings.voice!r}; it has: "
        f"{', '.join((near + rest)[:_NAMED])}{more}"
    )


def list_speakers(settings: Settings, provider: Provider) -> AvailableVoices:
    """Who can speak in a run, for what reviewers ask of single clips.

    Raises:
        UsageError: the provider has no such voice.
    """
    return AvailableVoices(
        voice=find_voice(settings, provider), voices=provider.voices(), speakers=settings.speakers
    )


def recipes(settings: Settings, provider: Provider) -> Recipes:
    """What names the sound of the clips of a run.

    Raises:
        UsageError: the provider has no such voice.
    """
    return Recipes(
        voice=find_voice(settings, provider),
        engine=provider.engine,
        sound=settings.sound,
        words=settings.words,
        accents=provider.accents,
        pauses=settings.pauses,
        cast=cast(settings, provider),
    )


def cast(settings: Settings, provider: Provider) -> Cast:
    """Who speaks in the passages of a run."""

    def voices(form: SpokenForm, own: Voice) -> dict[str, Voice]:
        return voice_assignment.assign_voices(form.turns, own, provider.voices(), settings.speakers)

    return voices


class Origins:
    """Tells what lines of the ledger would say if their clips were made now."""

    def __init__(self, settings: Settings, provider: Provider) -> None:
        """Fix what the clips of a run have in common.

        Raises:
            UsageError: the provider has no such voice.
        """
        self._settings = settings
        self._provider = provider
        self._voice = find_voice(settings, provider)
        self._recipes = recipes(settings, provider)

    def of(
        self, form: SpokenForm, voice_name: str | None, recipe: str, speed: float | None = None
    ) -> ledger.Provenance:
        """What is said of a form; voice and speed are None for the run's own."""
        name = voice_name or self._voice.name
        return ledger.Provenance(
            recipe=recipe,
            text=form.text,
            reading=form.reading,
            accent=form.accent if self._provider.accents(name) else None,
            sentence=form.sentence,
            readings=form.readings,
            boundaries=form.boundaries,
            romanized=form.romanized,
            words=self._recipes.words_in(form.text),
            voice=f"{self._voice.provider}/{name}",
            speed=self._voice.speed if speed is None else speed,
            sound=self._recipes.sound_words(form),
            speakers=self._recipes.speakers(form, voice_name, speed),
            engine=self._provider.engine(name),
        )


def check_voices(settings: Settings, provider: Provider) -> None:
    """See that every voice that is given to a speaker is there, and takes its speed.

    Raises:
        UsageError: one is not, or does not; or a speaker has two tables.
    """
    for source in settings.sources:
        for name in source.voices.values():
            try:
                voice_info(replace(settings, voice=name), provider)
            except UsageError as problem:
                raise UsageError(f"{source.name}: voices: {problem}") from problem
    seen: set[str] = set()
    for speaker in settings.speakers:
        where = f"[[speaker]] {speaker.name!r}"
        if speaker.name in seen:
            raise UsageError(f"{where} is there twice: keep one")
        seen.add(speaker.name)
        try:
            info = voice_info(replace(settings, voice=speaker.voice or settings.voice), provider)
        except UsageError as problem:
            raise UsageError(f"{where}: {problem}") from problem
        _check_speed(info, speaker.speed, where)


def _check_speed(info: VoiceInfo, speed: float | None, where: str) -> None:
    problem = None if speed is None else voice_assignment.problem_with_speed(info, speed)
    if problem is not None:
        raise UsageError(f"{where}: {problem}")
