"""Assigns voices to the speakers of a dialogue, by configuration or by words in their names."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from tts_assets.errors import show_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.config.settings import SpeakerSettings
    from tts_assets.model import Turn, Voice, VoiceInfo


#: Words for people by gender; 弟子 (pupil) is no brother, and 夫人 (wife) no husband.
_FEMALE = re.compile(
    "女|母|姉|妹|妻|娘|奥さん|夫人|婦人|ママ|お?かあさん|お?ねえさん|いもうと|むすめ|お?ばあ|おば(?:さん|ちゃん|$)"
    r"|\b(?:wom[ae]n|girl|female|lady|mother|mom|sister|wife|daughter|aunt|grandmother|mrs|ms|miss)\b",
    re.IGNORECASE,
)
_MALE = re.compile(
    "男|父|兄|弟(?!子)|(?<![大工丈])夫(?![人婦])|息子|少年|紳士|パパ|お?とうさん|お?にいさん|おとうと|むすこ|お?じい"
    r"|おじ(?:さん|ちゃん|$)|\b(?:m[ae]n|boy|male|gentleman|father|dad|brother|husband|son|uncle|grandfather|mr)\b",
    re.IGNORECASE,
)

#: Scripts of listening tests write M and F.
_HER = re.compile(r".+ちゃん|F")
_HIM = re.compile(r".+(?:くん|君)|M")
_NUMBER = re.compile(r"[\s\d]+$")

#: Factors of the speaking rate for further speakers of one voice; 10 % is audible at once.
_SPEED_FACTORS = (0.9, 1.1, 0.85, 1.15, 0.8, 1.2)

_MAX_VOICES_LISTED = 8  #: how many voices the error for a missing voice lists


def assign_voices(
    turns: Sequence[Turn],
    own: Voice,
    voices: Sequence[VoiceInfo],
    speakers: Sequence[SpeakerSettings],
) -> dict[str, Voice]:
    """Assign a voice to each speaker of a passage.

    A source or ``[[speaker]]`` takes precedence, and the narrator has the run's own voice. The other
    speakers choose in order: an unused voice of the gender of their name, or of a gender not used
    yet if the name has none; any unused voice; the run's own voice at another speed. The run's own
    voice comes first among unused ones.

    Args:
        turns: the turns, in order.
        own: the voice of the run, or of the clip.
        voices: the voices of the engine.
        speakers: the settings of speakers.

    Returns:
        a voice for each name in the turns, in order.
    """
    rows = {_key(row.name): row for row in speakers}
    assigner = _VoiceAssigner(own, voices)
    names = dict.fromkeys(turn.speaker for turn in turns)
    of_source = {turn.speaker: turn.voice for turn in turns if turn.voice is not None}
    requests: dict[str, tuple[str | None, float | None]] = {}
    for name in names:
        row = rows.get(_key(name))
        named = of_source.get(name) or (row and row.voice)
        if name == "":
            named = named or own.name
        requests[name] = (named or None, row.speed if row else None)
    found = {
        name: assigner.assign(voice, speed)
        for name, (voice, speed) in requests.items()
        if voice is not None
    }
    for name, (voice, speed) in requests.items():
        if voice is None:
            found[name] = assigner.choose(gender_of(name), speed)
    return {name: found[name] for name in names}


def gender_of(speaker: str) -> str:
    """``female`` or ``male`` if the name of a speaker has such a word; else ""."""
    name = _NUMBER.sub("", _key(speaker))
    # The last word of 姉の友だち decides, but the first of 女の店員.
    words = [name.rpartition("の")[2], *(name[:1] for word in ("男の", "女の") if word in name[:2])]
    for word in words:
        female, male = _FEMALE.search(word), _MALE.search(word)
        if female or male:
            return "" if female and male else "female" if female else "male"
    return "female" if _HER.fullmatch(name) else "male" if _HIM.fullmatch(name) else ""


def problem_with_speed(voice: VoiceInfo, speed: float) -> str | None:
    """Explain why a voice does not support a speed; None if it does."""
    slowest, fastest = voice.speeds
    if slowest <= speed <= fastest and not (voice.whole_speeds and speed != int(speed)):
        return None
    takes = "whole speeds only" if voice.whole_speeds else f"{slowest:g} to {fastest:g}"
    return f"speed = {speed:g}: the voice {voice.name} takes {takes}"


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip()


class _VoiceAssigner:
    """Assigns voices, and remembers the used ones."""

    def __init__(self, own: Voice, voices: Sequence[VoiceInfo]) -> None:
        self._own = own
        self._voices = {each.name: each for each in voices}
        language = _languages(own.language)
        same_language = [each.name for each in voices if _languages(each.language) == language]
        self._names = list(dict.fromkeys((own.name, *same_language)))
        self._used: set[tuple[str, float]] = set()

    def assign(self, name: str, speed: float | None) -> Voice:
        """Assign a named voice, even if it is used already."""
        info = self._voices.get(name)
        voice = replace(
            self._own,
            name=name,
            language=self._own.language if info is None else info.language,
            speed=self._own.speed if speed is None else speed,
        )
        self._used.add((voice.name, voice.speed))
        return voice

    def choose(self, gender: str, speed: float | None) -> Voice:
        """Choose the best voice for a gender; "" for any."""
        used_names = {name for name, _ in self._used}
        used_genders = {self._gender(name) for name in used_names}
        free = [name for name in self._names if name not in used_names]
        fitting = [
            name
            for name in free
            if (self._gender(name) == gender if gender else self._gender(name) not in used_genders)
        ]
        unknown = [name for name in free if not self._gender(name)]
        for name in (*fitting, *unknown, *free):
            return self.assign(name, speed)
        speeds = [speed] if speed is not None else list(self._iter_speeds())
        unused = (each for each in speeds if (self._own.name, each) not in self._used)
        return self.assign(self._own.name, next(unused, speed))

    def _gender(self, name: str) -> str:
        info = self._voices.get(name)
        return "" if info is None else info.gender

    def _iter_speeds(self) -> Iterator[float]:
        """Speeds of the run's own voice, the speed of the run first."""
        info = self._voices.get(self._own.name)
        yield self._own.speed
        if info is None or info.whole_speeds:
            return
        slowest, fastest = info.speeds
        for factor in _SPEED_FACTORS:
            speed = round(self._own.speed * factor, 4)
            if slowest <= speed <= fastest:
                yield speed


def _languages(tag: str) -> str:
    return re.split("[-_]", tag)[0].lower()


def describe_missing_voice(provider: str, voice: str, voices: Sequence[str]) -> str:
    """The error message for a voice that a provider does not have, with the nearest names first.

    Args:
        provider: its name.
        voice: the name that it does not have.
        voices: the names of all its voices.
    """
    near = difflib.get_close_matches(voice[:200], voices, n=3, cutoff=0.0)
    names = [*near, *(name for name in voices if name not in near)]
    more = len(names) - _MAX_VOICES_LISTED
    rest = f" and {more} more: tts-assets voices" if more > 0 else ""
    listed = ", ".join(names[:_MAX_VOICES_LISTED])
    return f"{provider} has no voice {show_value(voice)}; it has: {listed}{rest}"
