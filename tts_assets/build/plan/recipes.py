"""Recipes: one short hash for everything that can change how a clip sounds."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeAlias

from tts_assets.model import Pauses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tts_assets.model import DictionaryWord, Sound, SpokenForm, Voice

    #: Tells the voice of each speaker of a passage, by name; the second voice is the clip's own.
    Cast: TypeAlias = Callable[[SpokenForm, Voice], Mapping[str, Voice]]


#: A speaker's name, the provider and name of the voice, and its speed.
Speaker: TypeAlias = tuple[str, str, float]

#: The voice and the speed of a clip's own, where it has any.
_Own: TypeAlias = tuple[str | None, float | None]

#: Goes up when the same recipe would mean another sound: a change of trimming, say.
SCHEMA = 4

#: Goes up when the same passage would be made of other segments, or be joined in another way.
PASSAGES = 1

#: Hex digits of a recipe in file names: 96 bits, no collision to fear among 10**9 clips.
DIGITS = 24
_RECIPE = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{{DIGITS}}}(?![0-9a-f])")


def recipes_in(text: str) -> list[str]:
    """All that stands in a text and looks like a recipe, as in a URL of an earlier template."""
    return _RECIPE.findall(text)


def _alone(form: SpokenForm, own: Voice) -> Mapping[str, Voice]:
    return {turn.speaker: own for turn in form.turns}


class Recipes:
    """Hashes spoken forms together with everything else that can change their sound."""

    def __init__(  # noqa: PLR0913 - all that can change a sound
        self,
        *,
        voice: Voice,
        engine: Callable[[str], str],
        sound: Sound,
        words: tuple[DictionaryWord, ...] = (),
        accents: Callable[[str], bool] = lambda _: True,
        pauses: Pauses | None = None,
        cast: Cast = _alone,
    ) -> None:
        """Fix what the clips of a run have in common.

        Args:
            voice: who speaks what asks for no voice of its own.
            engine: tells the engine's parts with their versions, for the name of a voice.
            sound: how the assets sound and are stored.
            words: the user's dictionary; each word counts only where its spelling stands.
            accents: whether a voice says the accents that it is given; if not, they count nowhere.
            pauses: the silence between the segments of passages; None for the usual.
            cast: who speaks in passages.
        """
        self._voice = voice
        self._engine = engine
        self._sound = sound
        self._accents = accents
        self._pauses = pauses or Pauses()
        self._cast = cast
        self._begun: dict[_Own, tuple[hashlib.blake2b, bool]] = {}
        self._briefs: dict[_Own, tuple[hashlib.blake2b, bool]] = {}
        self._words = _Words(words) if words else None
        #: What `describe_engine` tells of each voice that was asked for so far.
        self.engines: dict[str, str] = {}

    def of(self, form: SpokenForm, voice: str | None = None, speed: float | None = None) -> str:
        """The recipe of a form: 24 hex digits of BLAKE2b, keyed with what all have in common.

        Args:
            form: what is said.
            voice: the name of the voice that the entry asks for; None for the run's own.
            speed: the speed of this clip; None for the run's own.
        """
        own = (voice, speed)
        begun = self._begun.get(own)
        if begun is None:
            begun = self._begun[own] = self._begin(own, whole=True)
        common, says_accents = begun
        recipe = common.copy()
        recipe.update(self._hash_form(form, says_accents=says_accents))
        if form.turns:
            recipe.update(self._passage(form, own, whole=True))
        return recipe.hexdigest()

    def brief(self, form: SpokenForm, voice: str | None = None, speed: float | None = None) -> str:
        """What is asked of the engine, whichever version of it there is; as long as a recipe."""
        own = (voice, speed)
        begun = self._briefs.get(own)
        if begun is None:
            begun = self._briefs[own] = self._begin(own, whole=False)
        common, says_accents = begun
        brief = common.copy()
        brief.update(self._hash_form(form, says_accents=says_accents))
        if form.turns:
            brief.update(self._passage(form, own, whole=False))
        return brief.hexdigest()

    def of_segment(self, form: SpokenForm, voice: Voice, around: tuple[str, str]) -> str:
        """The recipe of a segment as it waits: of its samples, which no loudness has changed yet.

        Args:
            form: what is said; it has no turns.
            voice: who says it.
            around: the texts before and behind it, where the engine is told them; else "".
        """
        common = (asdict(voice), self._engine(voice.name), self._sound.rate_hz, SCHEMA, PASSAGES)
        recipe = hashlib.blake2b(json.dumps([*common, *around]).encode(), digest_size=DIGITS // 2)
        recipe.update(self._hash_form(form, says_accents=self._accents(voice.name)))
        return recipe.hexdigest()

    def speakers(
        self, form: SpokenForm, voice: str | None = None, speed: float | None = None
    ) -> tuple[Speaker, ...]:
        """Who speaks in a passage: each speaker with provider, voice and speed."""
        cast = self._cast(form, self._own((voice, speed))) if form.turns else {}
        return tuple(
            (name, f"{each.provider}/{each.name}", each.speed) for name, each in cast.items()
        )

    def sound_words(self, form: SpokenForm) -> str:
        """How a clip sounds and is stored; of a passage, its pauses, too."""
        words = sound_words(self._sound)
        if not form.turns:
            return words
        pauses = self._pauses_in(form)
        told = (f"pause-{name.removesuffix('_ms')}={ms}" for name, ms in pauses.items())
        return " ".join((words, *told))

    def words_in(self, text: str) -> tuple[str, ...]:
        """The words of the user's dictionary that stand in a text, with all that is said of them."""
        return () if self._words is None else self._words.describe_text(text)

    def _hash_form(self, form: SpokenForm, *, says_accents: bool) -> bytes:
        # The separator cannot be part of a text: control characters are refused on reading.
        said = f"{form.text}\0{form.reading or ''}"
        accent = form.accent if says_accents else None
        if accent is not None or form.sentence:
            said += f"\0{accent}\0{form.sentence}"
        for stretch, kana in form.readings:
            said += f"\1{stretch}\1{kana}"
        # Only forms that have them: all others keep their recipes.
        if form.boundaries:
            said += f"\3{form.boundaries}"
        if form.romanized:
            said += "\4"
        if self._words is not None:
            said += self._words.in_text(form.text)
        return said.encode()

    def _passage(self, form: SpokenForm, own: _Own, *, whole: bool) -> bytes:
        """What else makes a passage: its turns, who speaks them, and the pauses between."""
        cast = self._cast(form, self._own(own))
        made: list[object] = [
            [(turn.size, turn.speaker) for turn in form.turns],
            [(name, asdict(each)) for name, each in cast.items()],
            self._pauses_in(form),
        ]
        if whole:
            made += [PASSAGES, [self._ask_engine(each.name) for each in cast.values()]]
        return b"\2" + json.dumps(made, sort_keys=True).encode()

    def _pauses_in(self, form: SpokenForm) -> dict[str, int]:
        """Those that a passage may have: who never speaks twice has no paragraphs."""
        pauses = asdict(self._pauses)
        speakers = {turn.speaker for turn in form.turns}
        if len(speakers) == len(form.turns):
            del pauses["paragraph_ms"]
        if len(speakers) == 1:
            del pauses["turn_ms"]
        return pauses

    def _own(self, own: _Own) -> Voice:
        name, speed = own
        voice = self._voice if name is None else replace(self._voice, name=name)
        return voice if speed is None else replace(voice, speed=speed)

    def _begin(self, own: _Own, *, whole: bool) -> tuple[hashlib.blake2b, bool]:
        """A hash of all that is not the form, with this voice and speed instead of the run's own.

        And whether that voice says accents.
        """
        voice = self._own(own)
        common: dict[str, object] = {"voice": asdict(voice), "sound": asdict(self._sound)}
        if whole:
            common |= {"schema": SCHEMA, "engine": self._ask_engine(voice.name)}
        key = hashlib.sha256(json.dumps(common, sort_keys=True).encode()).digest()
        return hashlib.blake2b(digest_size=DIGITS // 2, key=key), self._accents(voice.name)

    def _ask_engine(self, voice: str) -> str:
        """The engine's parts for a voice."""
        parts = self._engine(voice)
        self.engines[voice] = describe_engine(parts, says_accents=self._accents(voice))
        return parts


def describe_engine(parts: str, *, says_accents: bool) -> str:
    """All that the recipes of a voice depend on: the engine's parts, and whether it says accents."""
    return f"{parts} accents={says_accents}"


def sound_words(sound: Sound) -> str:
    """How clips sound and are stored, as ``name=value name=value``, by the names of the settings."""
    values: dict[str, str | int] = {
        "format": sound.format.value,
        "rate": sound.rate_hz,
        "lufs": f"{sound.lufs:g}",
        "peak": f"{sound.peak_dbtp:g}",
        "lead": sound.lead_ms,
        "trail": sound.trail_ms,
        "bitrate": sound.bitrate_kbps,
        "vorbis-quality": f"{sound.vorbis_quality:g}",
    }
    return " ".join(f"{name}={value}" for name, value in values.items())


class _Words:
    """Finds the words of a dictionary in texts, those inside others, too."""

    def __init__(self, words: tuple[DictionaryWord, ...]) -> None:
        # Stable: of two words with one spelling, their order may decide which of them is said.
        ordered = self._ordered = sorted(words, key=lambda word: word.surface)
        self._said = [
            f"\0{word.surface}\0{word.reading}\0{word.accent}\0{word.kind}" for word in ordered
        ]
        self._by_first: dict[str, list[tuple[str, int]]] = {}
        for number, word in enumerate(ordered):
            surface = _fold_width(word.surface)
            self._by_first.setdefault(surface[0], []).append((surface, number))
        self._firsts = frozenset(self._by_first)

    def in_text(self, text: str) -> str:
        """All that the dictionary says about a text; "" when it says nothing."""
        return "".join(self._said[number] for number in self._numbers_in(text))

    def describe_text(self, text: str) -> tuple[str, ...]:
        """The same in words for people."""
        words = [self._ordered[number] for number in self._numbers_in(text)]
        return tuple(
            f"{word.surface}={word.reading}{'' if word.accent is None else f' {word.accent}'} {word.kind}"
            for word in words
        )

    def _numbers_in(self, text: str) -> list[int]:
        text = _fold_width(text)
        # Most texts have none of their first characters, and are looked at no longer.
        if self._firsts.isdisjoint(text):
            return []
        return sorted(
            number
            for first in self._firsts.intersection(text)
            for surface, number in self._by_first[first]
            if surface in text
        )


def _fold_width(text: str) -> str:
    """One spelling for wide and narrow characters, which engines do not tell apart."""
    return unicodedata.normalize("NFKC", text)
