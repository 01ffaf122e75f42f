"""Overrides as data, and how what is written for one is understood."""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.catalogues.field_lookup import MAX_PASSAGE_LENGTH
from tts_assets.errors import show_value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


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
        part: which of the entry's clips.
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
            raise ValueError(f"it says nothing: give at least one of {', '.join(_VALUE_PARSERS)}")
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
    values: object, known: dict[str, Callable[[Any], Any]], what: str
) -> dict[str, Any]:
    """The values of an object, understood key by key."""
    if not isinstance(values, dict):
        raise ValueError(f"{what} must be an object: {{...}}")  # noqa: TRY004 - one kind for all
    found = {}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"{what} has {name!r:.80}: {_suggest_name(name, known)}")
        try:
            found[name] = known[name](value)
        except (ValueError, OverflowError) as exc:
            raise ValueError(f"{name} = {show_value(value)}: {exc}") from exc
    return found


def _suggest_name(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name[:40], known, n=1)
    return f"did you mean {near[0]}?" if near else f"it may have {', '.join(known)}"


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
        raise ValueError("no file can have that name")
    return str(value)


def _parse_words(value: Any) -> str:
    if len(_parse_clean_text(value)) > _MAX_WORDS_LENGTH:
        raise ValueError(f"it must have {_MAX_WORDS_LENGTH:,} characters at most")
    return str(value)


def _parse_clean_text(value: Any) -> str:
    broken = _BROKEN_CHARACTER.search(_parse_string(value))
    if broken is not None:
        raise ValueError(
            f"character {broken.start() + 1} is U+{ord(broken.group()):04X}, which nobody can see "
            "or say: remove it"
        )
    return str(value)


def _parse_spoken_text(value: Any) -> str:
    if not _parse_clean_text(value).strip():
        raise ValueError("it is blank: write what is to be said, or leave it out")
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
            "it must be a whole number: the mora after which the pitch falls, or 0 for none"
        )
    return value


def _parse_voice(value: Any) -> str:
    if not _VOICE.fullmatch(_parse_words(value)):
        raise ValueError("it must be a provider and one of its voices, such as openjtalk/mei")
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
