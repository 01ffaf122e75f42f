"""Recipes: one short hash of everything that can change how a clip sounds."""

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

    #: Assigns a voice to each speaker of a passage, by name; its argument is the clip's own voice.
    AssignVoices: TypeAlias = Callable[[SpokenForm, Voice], Mapping[str, Voice]]


#: A speaker's name, the provider and name of the voice, and its speed.
Speaker: TypeAlias = tuple[str, str, float]

_Own: TypeAlias = tuple[str | None, float | None]  #: the clip's own voice and speed, if any
SCHEMA = 4  #: increment if the same inputs give other audio: a change of trimming, for example
PASSAGES = 1  #: increment if passages are segmented or joined differently

#: Hex digits of a recipe in file names: 96 bits, so collisions are negligible for 10**9 clips.
DIGITS = 24
_RECIPE = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{{DIGITS}}}(?![0-9a-f])")


def recipes_in(text: str) -> list[str]:
    """All substrings of a text that look like recipes, as in a URL of an earlier template."""
    return _RECIPE.findall(text)


def _assign_own_voice(form: SpokenForm, own: Voice) -> Mapping[str, Voice]:
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
        assign_voices: AssignVoices = _assign_own_voice,
    ) -> None:
        """Set the inputs that the clips of a run have in common.

        Args:
            voice: the default voice.
            engine: returns the engine's parts with their versions, for the name of a voice.
            sound: the loudness and the file format of the assets.
            words: the user's dictionary; a word affects only texts that contain its spelling.
            accents: whether a voice follows pitch accents; if not, they don't affect recipes.
            pauses: the silence between the segments of passages; None for the default.
            assign_voices: assigns voices to the speakers of passages.
        """
        self._voice = voice
        self._engine = engine
        self._sound = sound
        self._sound_words = sound_words(sound)
        self._accents = accents
        self._pauses = pauses or Pauses()
        self._assign_voices = assign_voices
        self._begun: dict[tuple[_Own, bool], tuple[hashlib.blake2b, bool]] = {}
        self._words = _Words(words) if words else None
        #: The result of `describe_engine` for each voice used so far.
        self.engines: dict[str, str] = {}

    def hash_clip(
        self, form: SpokenForm, voice: str | None = None, speed: float | None = None
    ) -> str:
        """The recipe of a form: 24 hex digits of BLAKE2b, keyed with the common inputs.

        Args:
            form: the spoken form.
            voice: the name of the voice that the entry requests; None for the run's own.
            speed: the speed of this clip; None for the run's own.
        """
        return self._hash(form, (voice, speed), whole=True)

    def hash_request(
        self, form: SpokenForm, voice: str | None = None, speed: float | None = None
    ) -> str:
        """The hash of the request to the engine, without its version; as long as a recipe."""
        return self._hash(form, (voice, speed), whole=False)

    def _hash(self, form: SpokenForm, own: _Own, *, whole: bool) -> str:
        begun = self._begun.get((own, whole))
        if begun is None:
            begun = self._begun[own, whole] = self._begin(own, whole=whole)
        common, says_accents = begun
        recipe = common.copy()
        recipe.update(self._hash_form(form, says_accents=says_accents))
        if form.turns:
            recipe.update(self._passage(form, own, whole=whole))
        return recipe.hexdigest()

    def hash_segment(self, form: SpokenForm, voice: Voice, around: tuple[str, str]) -> str:
        """The recipe of a cached segment: of its samples before loudness normalisation.

        Args:
            form: the spoken form; it has no turns.
            voice: the voice.
            around: the texts before and after it, if they are sent to the engine; else "".
        """
        common = (asdict(voice), self._engine(voice.name), self._sound.rate_hz, SCHEMA, PASSAGES)
        recipe = hashlib.blake2b(json.dumps([*common, *around]).encode(), digest_size=DIGITS // 2)
        recipe.update(self._hash_form(form, says_accents=self._accents(voice.name)))
        return recipe.hexdigest()

    def speakers(
        self, form: SpokenForm, voice: str | None = None, speed: float | None = None
    ) -> tuple[Speaker, ...]:
        """The speakers of a passage, each with provider, voice and speed."""
        voices = self._assign_voices(form, self._own((voice, speed))) if form.turns else {}
        return tuple(
            (name, f"{each.provider}/{each.name}", each.speed) for name, each in voices.items()
        )

    def sound_words(self, form: SpokenForm) -> str:
        """The sound of a clip as text, with the pauses of a passage."""
        if not form.turns:
            return self._sound_words
        pauses = self._pauses_in(form)
        lengths = (f"pause-{name.removesuffix('_ms')}={ms}" for name, ms in pauses.items())
        return " ".join((self._sound_words, *lengths))

    def words_in(self, text: str) -> tuple[str, ...]:
        """The words of the user's dictionary in a text, with their readings and accents."""
        return () if self._words is None else self._words.describe_text(text)

    def _hash_form(self, form: SpokenForm, *, says_accents: bool) -> bytes:
        # The separator cannot be part of a text: control characters are refused on reading.
        text, reading, accent, sentence, readings, _, boundaries, romanized = form
        content = f"{text}\0{reading or ''}"
        if not says_accents:
            accent = None
        if accent is not None or sentence:
            content += f"\0{accent}\0{sentence}"
        for span, kana in readings:
            content += f"\1{span}\1{kana}"
        # Add only what is set, so that the recipes of other forms don't change.
        if boundaries:
            content += f"\3{boundaries}"
        if romanized:
            content += "\4"
        if self._words is not None:
            content += self._words.in_text(text)
        return content.encode()

    def _passage(self, form: SpokenForm, own: _Own, *, whole: bool) -> bytes:
        """The other inputs of a passage: its turns, their voices, and the pauses."""
        voices = self._assign_voices(form, self._own(own))
        inputs: list[object] = [
            [(turn.size, turn.speaker) for turn in form.turns],
            [(name, asdict(each)) for name, each in voices.items()],
            self._pauses_in(form),
        ]
        if whole:
            inputs += [PASSAGES, [self._ask_engine(each.name) for each in voices.values()]]
        return b"\2" + json.dumps(inputs, sort_keys=True).encode()

    def _pauses_in(self, form: SpokenForm) -> dict[str, int]:
        """The pauses that a passage can contain: without a repeated speaker, no paragraph pause."""
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
        """The hash of the common inputs with a voice and speed, and if the voice follows accents."""
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
    """The inputs of a voice's recipes: the engine's parts, and whether it follows accents."""
    return f"{parts} accents={says_accents}"


def sound_words(sound: Sound) -> str:
    """The sound of clips as ``name=value name=value``, by the names of the settings."""
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
    """Finds the words of a dictionary in texts, including words inside other words."""

    def __init__(self, words: tuple[DictionaryWord, ...]) -> None:
        # A stable sort: the order of two words with one spelling may decide which is spoken.
        ordered = self._ordered = sorted(words, key=lambda word: word.surface)
        self._entries = [
            f"\0{word.surface}\0{word.reading}\0{word.accent}\0{word.kind}" for word in ordered
        ]
        self._by_first: dict[str, list[tuple[str, int]]] = {}
        for number, word in enumerate(ordered):
            surface = _fold_width(word.surface)
            self._by_first.setdefault(surface[0], []).append((surface, number))
        self._firsts = frozenset(self._by_first)

    def in_text(self, text: str) -> str:
        """The dictionary entries for a text, joined; "" for none."""
        return "".join(self._entries[number] for number in self._numbers_in(text))

    def describe_text(self, text: str) -> tuple[str, ...]:
        """The dictionary entries for a text, in readable form."""
        words = [self._ordered[number] for number in self._numbers_in(text)]
        return tuple(
            f"{word.surface}={word.reading}{'' if word.accent is None else f' {word.accent}'} {word.kind}"
            for word in words
        )

    def _numbers_in(self, text: str) -> list[int]:
        text = _fold_width(text)
        # A fast path: most texts contain no first character of a word.
        if self._firsts.isdisjoint(text):
            return []
        return sorted(
            number
            for first in self._firsts.intersection(text)
            for surface, number in self._by_first[first]
            if surface in text
        )


def _fold_width(text: str) -> str:
    """Normalise wide and narrow characters, which engines do not distinguish."""
    return unicodedata.normalize("NFKC", text)
