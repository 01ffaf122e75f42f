"""Overrides as data: parse what reviewers type, apply it to a form, store it as an override."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field, fields, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.catalogues import voice_assignment
from tts_assets.catalogues.field_lookup import MAX_PASSAGE_LENGTH, MAX_TEXT_LENGTH
from tts_assets.config.catalogue_sources import shorten_source_name
from tts_assets.errors import format_count, show_value, suggest_names
from tts_assets.japanese import running_text, word_forms
from tts_assets.japanese.kana import UnusableTextError
from tts_assets.model import is_katakana, kana_to_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tts_assets.config.settings import SpeakerSettings
    from tts_assets.model import Clip, SpokenForm, Voice, VoiceInfo


_SLOWEST, _FASTEST = 0.25, 4  #: the range of speaking rates, as in the settings
_MAX_WORDS_LENGTH = 10_000  #: the longest name, note or reason, in characters

#: Spoken text may contain line breaks and tabs.
_BROKEN_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NO_FILE = re.compile(r"[\x00\ud800-\udfff]")
_VOICE = re.compile(r"[^\s/]+/\S(?:.*\S)?")


class OverrideKey(NamedTuple):
    """Which clip an override is for."""

    file: str  #: the catalogue's path relative to the folder of the overrides, with /
    source: str  #: the short name of the source that found the clip
    entry: str  #: the entry's id
    part: str  #: the part of the entry that the clip speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideValues:
    """The values that replace those of the entry or the run; None keeps them."""

    #: The spelling, with furigana such as 角[かど] and speaker names, as in catalogues. It also
    #: replaces the entry's reading and accent, which belong to the entry's text.
    text: str | None = None
    reading: str | None = None  #: its kana or romaji. It also replaces the entry's accent.
    accent: int | None = None  #: the mora after which the pitch falls, 0 for none; of words only
    voice: str | None = None  #: the voice, as ``provider/name``; other providers ignore it
    #: 1.0 is the voice's own rate. It applies to the named voice only, if there is one.
    speed: float | None = None

    @classmethod
    def from_json(cls, values: object) -> OverrideValues:
        """Parse the values that a reviewer typed from decoded JSON.

        Raises:
            ValueError: a value is invalid.
        """
        found = _parse_object(values, _VALUE_PARSERS, "`say`")
        if not found:
            raise ValueError(
                f"it changes nothing: give at least one of {', '.join(_VALUE_PARSERS)}"
            )
        return cls(**found)

    def to_json(self) -> dict[str, Any]:
        """The values that are set, by name."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in found.items() if value is not None}

    def merge_onto(self, earlier: OverrideValues | None) -> OverrideValues:
        """Merge with earlier values.

        A new text drops the earlier reading and accent, a new reading the earlier accent.
        """
        if earlier is None:
            return self
        if self.text is not None:
            earlier = replace(earlier, reading=None, accent=None)
        elif self.reading is not None:
            earlier = replace(earlier, accent=None)
        return replace(earlier, **self.to_json())


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A reviewer's values for one clip, which replace those of its entry."""

    file: str  #: as in :class:`OverrideKey`
    source: str  #: as in :class:`OverrideKey`
    entry: str  #: as in :class:`OverrideKey`
    part: str  #: as in :class:`OverrideKey`
    #: The entry's text when this was written. The override is not applied to another text.
    text: str
    say: OverrideValues  #: the new values
    #: The entry's reading at that time, because one spelling may be several words; "" for any
    #: reading.
    reading: str = ""
    by: str = ""  #: the author; "" if unknown
    at: str = ""  #: the time, in UTC, in ISO 8601; "" if unknown
    reason: str = ""  #: why; "" for no reason
    #: Its 1-based line in the file; None if it is not in a file yet.
    line: int | None = field(default=None, compare=False)

    @property
    def key(self) -> OverrideKey:
        """The key of its clip."""
        return OverrideKey(self.file, self.source, self.entry, self.part)

    @property
    def signature(self) -> tuple[str, str, OverrideValues]:
        """All that affects the audio. Duplicate overrides with equal signatures do not conflict."""
        return self.text, self.reading, self.say

    @classmethod
    def from_json(cls, values: object, line: int | None = None) -> Override:
        """Parse an override from decoded JSON.

        Raises:
            ValueError: a value is missing or invalid.
        """
        found = _parse_object(values, _OVERRIDE_PARSERS, "an override")
        for name in _REQUIRED_KEYS:
            if name not in found:
                raise ValueError(f"it has no {name!r}: {', '.join(_REQUIRED_KEYS)} are needed")
        return cls(**found, line=line)

    def to_json(self) -> dict[str, Any]:
        """The values that are written to the file, by name."""
        found = {name: getattr(self, name) for name in _OVERRIDE_PARSERS}
        filled = {name: value for name, value in found.items() if value or name in _REQUIRED_KEYS}
        return filled | {"say": self.say.to_json()}


def _parse_object(
    values: object, parsers: dict[str, Callable[[Any], Any]], what: str
) -> dict[str, Any]:
    """Parse each value of an object with the parser of its key."""
    if not isinstance(values, dict):
        raise ValueError(f"{what} must be an object: {{...}}")  # noqa: TRY004 - callers catch ValueError
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
        raise ValueError("it must be text")  # noqa: TRY004 - _parse_object catches ValueError
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


# Apply what a reviewer typed to the form of a clip.


def override_form(form: SpokenForm, say: OverrideValues) -> SpokenForm:
    """Apply a reviewer's values to a form.

    The typed text follows the rules for texts of catalogues, by type: word, running text or passage.

    Args:
        form: the form of the entry.
        say: the values that a reviewer typed.

    Raises:
        UnusableTextError: the result cannot be spoken.
    """
    if say.text is not None:
        form = _normalise_text(form, say.text, say.reading)
    elif say.reading is not None:
        form = (_reread_text if form.sentence else _reread_word)(form, say.reading)
    return form if say.accent is None else _set_accent(form, say.accent)


def form_to_text(form: SpokenForm) -> str:
    """Format a form as text to edit; each line of a dialogue begins with its speaker's name."""
    lines, at = [], 0
    for turn in form.turns:
        words = form.text[at : at + turn.size]
        lines.append(f"{turn.speaker}：{words}" if turn.speaker else words)
        at += turn.size
    return "\n".join(lines) if lines else form.text


def find_accent_problem(accent: int, kana: str) -> str | None:
    """Explain why an accent does not fit these kana; None if it does."""
    count = len(split_morae(kana))
    if accent <= count:
        return None
    return (
        f"the accent is {accent}, but {show_value(kana)} has only "
        f"{format_count(count, 'mora', 'morae')}: give the mora after which the pitch falls, or 0"
    )


def _normalise_text(form: SpokenForm, text: str, reading: str | None) -> SpokenForm:
    """Build the only form of a text, by the rules for the clip's type of text."""
    if form.turns:
        # Speakers keep the voices that the source assigned.
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
    """Align another reading with the running text of a form."""
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
    """Return the only form; refuse none or several."""
    if isinstance(found, str):
        raise UnusableTextError(f"nothing would be spoken for {show_value(typed)}: {found}")
    if len(found) > 1:
        several = ", ".join(dict.fromkeys(form.reading or form.text for form in found))
        raise UnusableTextError(
            f"{show_value(typed)} has several alternatives ({several:.80}): write the intended one"
        )
    return found[0]


# The voices of a run, and the one that a reviewer typed.


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableVoices:
    """The voices of a run."""

    voice: Voice  #: the voice of the run
    voices: Sequence[VoiceInfo]  #: the voices of its provider
    speakers: Sequence[SpeakerSettings] = ()  #: the settings of the speakers of dialogues

    def apply_voice(self, clip: Clip, say: OverrideValues) -> Clip:
        """Set the typed voice and speed of a clip.

        A speed belongs to the voice that it was typed with. Other providers ignore both.

        Raises:
            ValueError: the provider has no such voice, or the voice does not support that speed.
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
        """Whether the typed voice is one of this provider's, or no voice was typed."""
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


# Check what a reviewer typed for a clip, and make an override of it.


def make_override_key(clip: Clip, path: str | Path) -> OverrideKey:
    """The key of a clip's override; ``path`` is the file of overrides."""
    source = shorten_source_name(clip.source)
    return OverrideKey(_relativize_path(clip.file, str(path)), source, clip.entry, clip.part)


def resolve_catalogue_path(file: str, path: str | Path) -> str:
    """The real path of the catalogue that a key names; ``path`` is the file of overrides."""
    return os.path.realpath(Path(_find_overrides_folder(str(path)), file))


def make_override(  # noqa: PLR0913 - the fields of an override
    clip: Clip,
    say: OverrideValues,
    path: str | Path,
    *,
    earlier: Override | None = None,
    by: str = "",
    at: str = "",
    reason: str = "",
) -> Override:
    """Make the override to write for what a reviewer typed.

    Args:
        clip: the clip, as in the plan.
        say: the values that the reviewer typed.
        path: the file of overrides.
        earlier: the override that is applied to the clip, if any. Its values are kept unless the
            reviewer typed new ones.
        by: the author.
        at: the time.
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
    """Explain to a reviewer why the values typed for a clip are invalid; None if they are valid.

    Args:
        clip: the clip, as in the plan.
        say: the values of :func:`make_override`, those of an earlier override included.
        available: the voices of the run.
        kana: the kana that the clip is spoken with now, if known. Its morae are counted if neither
            the entry nor the reviewer gives a reading.
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
        # The file is on another Windows drive.
        return PurePath(real).as_posix()


def _find_overrides_folder(path: str) -> str:
    """The folder of the overrides; for a symbolic link, the folder that contains the link."""
    return os.path.realpath(Path(path).parent)
