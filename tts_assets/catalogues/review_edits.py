"""Overrides as data, and what reviewers type: the form it makes, and the override that stores it."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field, fields, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.catalogues import voice_assignment
from tts_assets.catalogues.field_lookup import MAX_PASSAGE_LENGTH, MAX_TEXT_LENGTH
from tts_assets.errors import show_value, suggest_names
from tts_assets.japanese import running_text, word_forms
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.model import is_katakana, kana_to_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tts_assets.catalogues.voice_assignment import Candidate
    from tts_assets.config.settings import SpeakerSettings
    from tts_assets.model import Clip, SpokenForm, Voice


#: The slowest and the fastest that may be asked of a voice, as in the settings.
_SLOWEST, _FASTEST = 0.25, 4

#: More characters than any name, note or reason needs.
_MAX_WORDS_LENGTH = 10_000

#: Line breaks and tabs may stand in what is said.
_BROKEN_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NO_FILE = re.compile(r"[\x00\ud800-\udfff]")
_VOICE = re.compile(r"[^\s/]+/\S(?:.*\S)?")


class OverrideKey(NamedTuple):
    """Which clip an override is for.

    Args:
        file: the catalogue's path, seen from the folder of the overrides, with /.
        source: the short name of the source that found the clip.
        entry: the entry's id.
        part: the part of the entry that the clip speaks.
    """

    file: str
    source: str
    entry: str
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideValues:
    """What is said instead; None for what the entry, or the run, says.

    Args:
        text: the spelling, with furigana such as 角[かど] and names of speakers, as in catalogues.
            The entry's reading and accent are those of its own text: they go with it.
        reading: its kana or romaji. The entry's accent is that of its own reading: it goes with it.
        accent: the mora after which the pitch falls, 0 for none; of words only.
        voice: who says it, as ``provider/name``; means nothing to another provider.
        speed: 1.0 is the voice's own pace. It goes with the voice, where one is named.
    """

    text: str | None = None
    reading: str | None = None
    accent: int | None = None
    voice: str | None = None
    speed: float | None = None

    @classmethod
    def from_json(cls, values: object) -> OverrideValues:
        """What was typed, from decoded JSON.

        Raises:
            ValueError: what is wrong with it, in words.
        """
        found = _parse_object(values, _VALUE_PARSERS, "`say`")
        if not found:
            raise ValueError(
                f"it changes nothing: give at least one of {', '.join(_VALUE_PARSERS)}"
            )
        return cls(**found)

    def to_json(self) -> dict[str, Any]:
        """What was typed, by its names."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in found.items() if value is not None}

    def merge_onto(self, earlier: OverrideValues | None) -> OverrideValues:
        """What was typed now together with what was typed before, and still holds."""
        if earlier is None:
            return self
        if self.text is not None:
            earlier = replace(earlier, reading=None, accent=None)
        elif self.reading is not None:
            earlier = replace(earlier, accent=None)
        return replace(earlier, **self.to_json())


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a reviewer says of one clip instead of its entry.

    Args:
        file: as in Key.
        source: as in Key.
        entry: as in Key.
        part: as in Key.
        text: what the entry said when this was written; of an entry that says something else by
            now nobody knows what it should be.
        reading: the reading that the entry gave then: many a spelling is that of several words; ""
            for whatever it gives.
        say: what is said instead.
        by: who wrote it; "" where nobody says.
        at: when, in UTC, as ISO 8601 writes it; "" where nobody says.
        reason: why; "" for no reason.
        line: where it stands in its file, from 1; None for nowhere yet.
    """

    file: str
    source: str
    entry: str
    part: str
    text: str
    say: OverrideValues
    reading: str = ""
    by: str = ""
    at: str = ""
    reason: str = ""
    line: int | None = field(default=None, compare=False)

    @property
    def key(self) -> OverrideKey:
        """Which clip it is for."""
        return OverrideKey(self.file, self.source, self.entry, self.part)

    @property
    def signature(self) -> tuple[str, str, OverrideValues]:
        """All that makes a sound of it: two that mean the same may stand beside each other."""
        return self.text, self.reading, self.say

    @classmethod
    def from_json(cls, values: object, line: int | None = None) -> Override:
        """An override from decoded JSON.

        Raises:
            ValueError: what is wrong with it, in words.
        """
        found = _parse_object(values, _OVERRIDE_PARSERS, "an override")
        for name in _REQUIRED_KEYS:
            if name not in found:
                raise ValueError(f"it has no {name!r}: {', '.join(_REQUIRED_KEYS)} are needed")
        return cls(**found, line=line)

    def to_json(self) -> dict[str, Any]:
        """What is written for it, by its names."""
        found = {name: getattr(self, name) for name in _OVERRIDE_PARSERS}
        filled = {name: value for name, value in found.items() if value or name in _REQUIRED_KEYS}
        return filled | {"say": self.say.to_json()}


def _parse_object(
    values: object, parsers: dict[str, Callable[[Any], Any]], what: str
) -> dict[str, Any]:
    """The values of an object, understood key by key."""
    if not isinstance(values, dict):
        raise ValueError(f"{what} must be an object: {{...}}")  # noqa: TRY004 - one kind for all
    found = {}
    for name, value in values.items():
        if name not in parsers:
            raise ValueError(f"{what} has {name!r:.80}: {suggest_names(name, parsers)}")
        try:
            found[name] = parsers[name](value)
        except (ValueError, OverflowError) as exc:
            raise ValueError(f"{name} = {show_value(value)}: {exc}") from exc
    return found


def _parse_string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("it must be text")  # noqa: TRY004 - see _taken
    return value


def _parse_name(value: Any) -> str:
    if not _parse_string(value):
        raise ValueError("it must not be empty")
    return str(value)


def _parse_file(value: Any) -> str:
    if _NO_FILE.search(_parse_name(value)):
        raise ValueError("this is not a valid file name")
    return str(value)


def _parse_words(value: Any) -> str:
    if len(_parse_clean_text(value)) > _MAX_WORDS_LENGTH:
        raise ValueError(f"it must have {_MAX_WORDS_LENGTH:,} characters at most")
    return str(value)


def _parse_clean_text(value: Any) -> str:
    broken = _BROKEN_CHARACTER.search(_parse_string(value))
    if broken is not None:
        raise ValueError(
            f"character {broken.start() + 1} is U+{ord(broken.group()):04X}, which is "
            "invisible and cannot be spoken: remove it"
        )
    return str(value)


def _parse_spoken_text(value: Any) -> str:
    if not _parse_clean_text(value).strip():
        raise ValueError("it is blank: write the text to be spoken, or omit it")
    if len(value) > MAX_PASSAGE_LENGTH:
        raise ValueError(f"it must have {MAX_PASSAGE_LENGTH:,} characters at most")
    return str(value)


def _parse_accent(value: Any) -> int:
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or not 0 <= value <= MAX_PASSAGE_LENGTH
    ):
        raise ValueError(
            "it must be an integer: the mora after which the pitch falls, or 0 for none"
        )
    return value


def _parse_voice(value: Any) -> str:
    if not _VOICE.fullmatch(_parse_words(value)):
        raise ValueError("it must be an engine and one of its voices, such as openjtalk/mei")
    return str(value)


def _parse_speed(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not _SLOWEST <= value <= _FASTEST:
        raise ValueError(f"it must be a number from {_SLOWEST} to {_FASTEST}")
    return float(value)


_VALUE_PARSERS: dict[str, Callable[[Any], Any]] = {
    "text": _parse_spoken_text,
    "reading": _parse_spoken_text,
    "accent": _parse_accent,
    "voice": _parse_voice,
    "speed": _parse_speed,
}
_OVERRIDE_PARSERS: dict[str, Callable[[Any], Any]] = {
    "file": _parse_file,
    "source": _parse_name,
    "entry": _parse_name,
    "part": _parse_name,
    "text": _parse_string,
    "reading": _parse_string,
    "say": OverrideValues.from_json,
    "by": _parse_words,
    "at": _parse_words,
    "reason": _parse_words,
}
_REQUIRED_KEYS = ("file", "source", "entry", "part", "text", "say")


# What reviewers type for a clip: the form it makes, and the override that stores it.


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
        f"the accent is {accent}, but {show_value(kana)} has only {count} morae: give the "
        "mora after which the pitch falls, or 0"
    )


def _normalise_text(form: SpokenForm, text: str, reading: str | None) -> SpokenForm:
    """The one form of a text, made by the rules for the kind of text that the clip has."""
    if form.turns:
        # Their speakers keep their voices.
        voices = {turn.speaker: turn.voice for turn in form.turns if turn.voice is not None}
        named = any(turn.speaker for turn in form.turns)
        build_forms = running_text.build_dialogue_forms if named else running_text.build_text_forms
        found = build_forms(text, reading, passage=True, voices=voices)
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
            f"{show_value(text)} has {len(text):,} characters; the limit for a clip is "
            f"{MAX_TEXT_LENGTH:,}"
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
            f"the reading {show_value(reading)} cannot be aligned with its text: give the "
            "text as well, or write the reading into it, as in 角[かど]"
        )
    return form._replace(
        reading=found.reading, readings=found.readings, accent=None, romanized=found.romanized
    )


def _set_accent(form: SpokenForm, accent: int) -> SpokenForm:
    if form.sentence:
        raise UnusableTextError(
            "running text has no accent: set the accent of its word in [[dictionary]]"
        )
    kana = form.reading or kana_to_katakana(form.text)
    problem = find_accent_problem(accent, kana) if is_katakana(kana) else None
    if problem is not None:
        raise UnusableTextError(problem)
    return form._replace(accent=accent)


def _require_single_form(found: tuple[SpokenForm, ...] | str, typed: str) -> SpokenForm:
    """The form, where there is one."""
    if isinstance(found, str):
        raise UnusableTextError(f"nothing would be spoken for {show_value(typed)}: {found}")
    if len(found) > 1:
        several = ", ".join(dict.fromkeys(form.reading or form.text for form in found))
        raise UnusableTextError(
            f"{show_value(typed)} has several alternatives ({several:.80}): write the intended one"
        )
    return found[0]


# Who can speak in a run, and who of them is meant by what was typed.


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
            voices = [f"{provider}/{each.name}" for each in self.voices]
            raise ValueError(
                voice_assignment.describe_missing_voice(provider, say.voice or "", voices)
            )
        if name or say.speed is not None:
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
        speeds = {own.name: own.speed}
        if clip.form.turns:
            assigned = voice_assignment.assign_voices(
                clip.form.turns, own, self.voices, self.speakers
            )
            speeds = {each.name: each.speed for each in assigned.values()}
        for info in self.voices:
            if info.name in speeds and (
                wrong := voice_assignment.problem_with_speed(info, speeds[info.name])
            ):
                raise ValueError(wrong)


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
    clip: Clip, say: OverrideValues, available: AvailableVoices, kana: str | None = None
) -> str | None:
    """What is wrong with what was typed for a clip, in words for who typed it; None if nothing is.

    Args:
        clip: as a survey has it.
        say: all of it, what still holds of an earlier override, too: that of :func:`made`.
        available: who can speak.
        kana: the kana that the clip is said with now, where that is known: its morae are counted
            where neither the entry nor the reviewer gives a reading.
    """
    try:
        form = override_form(clip.form, say)
        available.apply_voice(clip._replace(form=form), say)
    except ValueError as problem:
        return str(problem)
    if not available.is_for_provider(say):
        own = available.voice
        return (
            f"{say.voice!r:.80} is not a voice of {own.provider}, the engine of this clip: "
            f"choose one of its voices, such as {own.provider}/{own.name}"
        )
    if say.accent is None or form.reading is not None or say.text is not None or not kana:
        return None
    return find_accent_problem(say.accent, kana)


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
