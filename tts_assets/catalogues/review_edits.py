"""What reviewers type for a clip: the form it makes, and the override that stores it."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from tts_assets.catalogues import voice_assignment
from tts_assets.catalogues.field_lookup import MAX_TEXT_LENGTH
from tts_assets.catalogues.override_data import Override, OverrideKey
from tts_assets.japanese import running_text, word_forms
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.model import is_katakana, kana_to_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.catalogues.override_data import OverrideValues
    from tts_assets.catalogues.voice_assignment import Candidate
    from tts_assets.config.settings import SpeakerSettings
    from tts_assets.model import Clip, SpokenForm, Voice


def override_form(form: SpokenForm, say: OverrideValues) -> SpokenForm:
    """What is said of a clip.

    What was typed goes through the rules for texts of catalogues: a word through those of words,
    running text and passages through theirs.

    Args:
        form: what its entry says.
        say: what was typed instead.

    Raises:
        UnusableTextError: it cannot be said.
    """
    if say.text is not None:
        form = _normalise_text(form, say.text, say.reading)
    elif say.reading is not None:
        form = (_reread_text if form.sentence else _reread_word)(form, say.reading)
    return form if say.accent is None else _set_accent(form, say.accent)


def form_to_text(form: SpokenForm) -> str:
    """A form as somebody would type it: of a dialogue each line behind the name of its speaker."""
    lines, at = [], 0
    for turn in form.turns:
        words = form.text[at : at + turn.size]
        lines.append(f"{turn.speaker}：{words}" if turn.speaker else words)
        at += turn.size
    return "\n".join(lines) if lines else form.text


def find_accent_problem(accent: int, kana: str) -> str | None:
    """What is wrong with an accent of these kana; None where nothing is."""
    count = len(split_morae(kana))
    if accent <= count:
        return None
    return (
        f"the accent is {accent}, and {_shorten_text(kana)} has only {count} morae: give the mora after "
        "which the pitch falls, or 0"
    )


def _normalise_text(form: SpokenForm, text: str, reading: str | None) -> SpokenForm:
    """The one form of a text, made by the rules for the kind of text that the clip has."""
    if form.turns:
        # Their speakers keep their voices.
        voices = {turn.speaker: turn.voice for turn in form.turns if turn.voice is not None}
        named = any(turn.speaker for turn in form.turns)
        spoken = running_text.build_dialogue_forms if named else running_text.build_text_forms
        found = spoken(text, reading, passage=True, voices=voices)
    elif form.sentence:
        found = running_text.build_text_forms(text, reading)
    else:
        _refuse_long_text(text)
        _refuse_long_text(reading or "")
        found = word_forms.build_word_forms(text, reading)
    return _require_single_form(found, text)


def _refuse_long_text(text: str) -> None:
    if len(text) > MAX_TEXT_LENGTH:
        raise UnusableTextError(
            f"{_shorten_text(text)} has {len(text):,} characters; at most {MAX_TEXT_LENGTH:,} make one clip"
        )


def _reread_word(form: SpokenForm, reading: str) -> SpokenForm:
    _refuse_long_text(reading)
    kana = _require_single_form(word_forms.build_kana_forms(reading), reading).reading
    return form._replace(reading=kana, accent=None, readings=())


def _reread_text(form: SpokenForm, reading: str) -> SpokenForm:
    """Running text with another reading, which it is held against."""
    found = _normalise_text(form, form_to_text(form), reading)
    if found.text != form.text or not (found.reading or found.readings):
        raise UnusableTextError(
            f"the reading {_shorten_text(reading)} cannot be laid beside its text: type the text, too, or "
            "write the reading into it, as in 角[かど]"
        )
    return form._replace(
        reading=found.reading, readings=found.readings, accent=None, romanized=found.romanized
    )


def _set_accent(form: SpokenForm, accent: int) -> SpokenForm:
    if form.sentence:
        raise UnusableTextError(
            "running text has no accent of its own: give that of its word in [[dictionary]]"
        )
    kana = form.reading or kana_to_katakana(form.text)
    problem = find_accent_problem(accent, kana) if is_katakana(kana) else None
    if problem is not None:
        raise UnusableTextError(problem)
    return form._replace(accent=accent)


def _require_single_form(found: tuple[SpokenForm, ...] | str, typed: str) -> SpokenForm:
    """The form, where there is one."""
    if isinstance(found, str):
        raise UnusableTextError(f"nothing would be said for {_shorten_text(typed)}: {found}")
    if len(found) > 1:
        several = ", ".join(dict.fromkeys(form.reading or form.text for form in found))
        raise UnusableTextError(
            f"{_shorten_text(typed)} offers several things to say ({several:.80}): write the one that is meant"
        )
    return found[0]


def _shorten_text(text: str) -> str:
    told = repr(text)
    return told if len(told) <= 60 else f"{told[:59]}…"


# Who can speak in a run, and who of them is meant by what was typed.


#: Voices named to who asks for one that is not there.
_MAX_VOICES_LISTED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableVoices:
    """Who can speak in a run.

    Args:
        voice: the run's own.
        voices: those of its provider.
        speakers: what the settings say of speakers of dialogues.
    """

    voice: Voice
    voices: Sequence[Candidate]
    speakers: Sequence[SpeakerSettings] = ()

    def apply_voice(self, clip: Clip, say: OverrideValues) -> Clip:
        """The clip with the voice and the speed that were typed.

        A speed is one of the voice that it was typed with: neither means anything to another
        provider.

        Raises:
            ValueError: the provider has no such voice, or it does not take that speed.
        """
        provider, _, name = (say.voice or "").partition("/")
        if say.voice is not None and provider != self.voice.provider:
            return clip
        if name and name not in {each.name for each in self.voices}:
            raise ValueError(self._explain_missing_voice(say.voice or ""))
        clip = clip._replace(voice=name or clip.voice, speed=say.speed)
        self._check_speed(clip)
        return clip

    def is_for_provider(self, say: OverrideValues) -> bool:
        """Whether the voice that was typed is one of this provider, or none was."""
        return say.voice is None or say.voice.partition("/")[0] == self.voice.provider

    def _check_speed(self, clip: Clip) -> None:
        if clip.speed is None:
            return
        own = replace(self.voice, name=clip.voice or self.voice.name, speed=clip.speed)
        speak = {own.name: own.speed}
        if clip.form.turns:
            cast = voice_assignment.assign_voices(clip.form.turns, own, self.voices, self.speakers)
            speak = {each.name: each.speed for each in cast.values()}
        for info in self.voices:
            if info.name in speak and (
                wrong := voice_assignment.problem_with_speed(info, speak[info.name])
            ):
                raise ValueError(wrong)

    def _explain_missing_voice(self, voice: str) -> str:
        provider = self.voice.provider
        names = [f"{provider}/{each.name}" for each in self.voices]
        near = difflib.get_close_matches(voice[:200], names, n=3, cutoff=0.0)
        rest = [name for name in names if name not in near]
        more = (
            f" and {len(names) - _MAX_VOICES_LISTED} more: tts-assets voices"
            if len(names) > _MAX_VOICES_LISTED
            else ""
        )
        return (
            f"{provider} has no voice {voice!r:.80}; it has: "
            f"{', '.join((near + rest)[:_MAX_VOICES_LISTED])}{more}"
        )


# What a reviewer typed for a clip: what is wrong with it, and the override that it makes.


def make_override_key(clip: Clip, path: str | Path) -> OverrideKey:
    """Which override is for a clip; ``path``: the file of overrides."""
    source = clip.source.rpartition(": ")[2]
    return OverrideKey(_relativize_path(clip.file, str(path)), source, clip.entry, clip.part)


def resolve_catalogue_path(file: str, path: str | Path) -> str:
    """The real path of the catalogue that a key names; ``path``: the file of overrides."""
    return os.path.realpath(Path(_find_overrides_folder(str(path)), file))


def make_override(  # noqa: PLR0913 - what an override has
    clip: Clip,
    say: OverrideValues,
    path: str | Path,
    *,
    earlier: Override | None = None,
    by: str = "",
    at: str = "",
    reason: str = "",
) -> Override:
    """The override that is to be written for what somebody typed.

    Args:
        clip: what it is for, as a survey has it.
        say: what was typed now.
        path: the file of overrides.
        earlier: the override that is at work for the clip, where there is one: what was typed for
            it stays, unless it was typed anew.
        by: who typed it.
        at: when.
        reason: why.
    """
    text, reading = clip.form.text, clip.form.reading or ""
    if earlier is not None:
        text, reading, say = earlier.text, earlier.reading, say.merge_onto(earlier.say)
    own = make_override_key(clip, path)._asdict()
    return Override(**own, text=text, reading=reading, say=say, by=by, at=at, reason=reason)


def find_edit_problem(
    clip: Clip, say: OverrideValues, speaking: AvailableVoices, heard: str | None = None
) -> str | None:
    """What is wrong with what was typed for a clip, in words for who typed it; None if nothing is.

    Args:
        clip: as a survey has it.
        say: all of it, what still holds of an earlier override, too: that of :func:`made`.
        speaking: who can speak.
        heard: the kana that the clip is said with now, where that is known: its morae are counted
            where neither the entry nor the reviewer gives a reading.
    """
    try:
        form = override_form(clip.form, say)
        speaking.apply_voice(clip._replace(form=form), say)
    except ValueError as problem:
        return str(problem)
    if not speaking.is_for_provider(say):
        own = speaking.voice
        return (
            f"{say.voice!r:.80} is no voice of {own.provider}, which speaks here: choose one of its "
            f"own, such as {own.provider}/{own.name}"
        )
    if say.accent is None or form.reading is not None or say.text is not None or not heard:
        return None
    return find_accent_problem(say.accent, heard)


def _relativize_path(file: str, path: str) -> str:
    real = os.path.realpath(file)
    try:
        return PurePath(os.path.relpath(real, _find_overrides_folder(path))).as_posix()
    except ValueError:
        # On another drive of Windows.
        return PurePath(real).as_posix()


def _find_overrides_folder(path: str) -> str:
    """The folder of the overrides: where they are a link, that of the link, as it lies in the project."""
    return os.path.realpath(Path(path).parent)
