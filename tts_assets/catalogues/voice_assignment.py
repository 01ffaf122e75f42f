"""Assigns voices to the speakers of a dialogue: by configuration, or by the words of their names."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from tts_assets.errors import show_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.config.settings import SpeakerSettings
    from tts_assets.model import Turn, Voice


#: What people are called; a 弟子 is no brother, and a 夫人 no husband.
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

#: M and F are what scripts of listening tests write.
_HER = re.compile(r".+ちゃん|F")
_HIM = re.compile(r".+(?:くん|君)|M")
_NUMBER = re.compile(r"[\s\d]+$")

#: How much slower or faster one voice speaks for another speaker; 10 % is heard at once.
_SPEED_FACTORS = (0.9, 1.1, 0.85, 1.15, 0.8, 1.2)

#: How many voices are listed where the requested one does not exist.
_MAX_VOICES_LISTED = 8


class Candidate(Protocol):
    """What is to be known of a voice before it is given to somebody."""

    @property
    def name(self) -> str:
        """What to type after ``--voice``."""
        ...

    @property
    def language(self) -> str:
        """What it speaks, as a BCP 47 tag."""
        ...

    @property
    def gender(self) -> str:
        """``female``, ``male``, or "" where nobody says."""
        ...

    @property
    def speeds(self) -> tuple[float, float]:
        """The slowest and the fastest that it speaks."""
        ...

    @property
    def whole_speeds(self) -> bool:
        """Whether it takes whole numbers only."""
        ...


def assign_voices(
    turns: Sequence[Turn],
    own: Voice,
    voices: Sequence[Candidate],
    speakers: Sequence[SpeakerSettings],
) -> dict[str, Voice]:
    """The voice of each speaker of a passage.

    What a source or ``[[speaker]]`` says comes first, and the narrator has the run's own voice. Then
    speakers choose in their order: the run's own voice, or the first that nobody has, of the gender
    of their name, or of one not heard yet; any that nobody has; the run's own at another pace.

    Args:
        turns: who speaks, in order.
        own: the voice of the run, or of the clip.
        voices: those of the engine.
        speakers: what the settings say of speakers.

    Returns:
        a voice for each name in the turns, in their order.
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
    """``female`` or ``male``, where the name of a speaker says so; else ""."""
    name = _NUMBER.sub("", _key(speaker))
    # Of 姉の友だち the last word says who it is, and of 女の店員 the first.
    words = [name.rpartition("の")[2], *(name[:1] for word in ("男の", "女の") if word in name[:2])]
    for word in words:
        female, male = _FEMALE.search(word), _MALE.search(word)
        if female or male:
            return "" if female and male else "female" if female else "male"
    return "female" if _HER.fullmatch(name) else "male" if _HIM.fullmatch(name) else ""


def problem_with_speed(voice: Candidate, speed: float) -> str | None:
    """What to say of a speed that a voice does not take; None where it does."""
    slowest, fastest = voice.speeds
    if slowest <= speed <= fastest and not (voice.whole_speeds and speed != int(speed)):
        return None
    takes = "whole speeds only" if voice.whole_speeds else f"{slowest:g} to {fastest:g}"
    return f"speed = {speed:g}: the voice {voice.name} takes {takes}"


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip()


class _VoiceAssigner:
    """Voices as they are given away."""

    def __init__(self, own: Voice, voices: Sequence[Candidate]) -> None:
        self._own = own
        self._voices = {each.name: each for each in voices}
        language = _languages(own.language)
        same_language = [each.name for each in voices if _languages(each.language) == language]
        self._names = list(dict.fromkeys((own.name, *same_language)))
        self._used: set[tuple[str, float]] = set()

    def assign(self, name: str, speed: float | None) -> Voice:
        """A voice that was asked for, whoever else has it."""
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
        """The best voice that is left for somebody of that gender; "" for one who may have any."""
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
        """Speeds of the run's own voice, that of the run first."""
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
