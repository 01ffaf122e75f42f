"""One thing that is said of an object, before it is known which object is the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts_assets.config.sources.path import Step

if TYPE_CHECKING:
    from tts_assets.catalogues.detect.fields import Field
    from tts_assets.config.sources.path import Steps
    from tts_assets.config.sources.source import Say


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A text and what belongs to it; paths begin at the object, or at the item of ``each``.

    Args:
        field: what it is named after.
        say: how the text is made into what is said.
        text: the spelling.
        reading: its kana or romaji.
        furigana: the spelling with its reading written into it.
        accent: the accent nucleus.
        speaker: who speaks.
        language: the language of the text.
        each: the list of texts of which each is said.
        every: each of the alternatives in one text is said.
        join: what stands between the texts of a list that are said as one; None for one text.
        of_record: it is a reading of what the record is about.
        but: a field of each item, and its values with which that is left out.
        sound: where its URL is, or waits to be.
        beside: the sound stands in a list of the record, beside that of the texts.
        aside: it is only said if it has a sound.
        is_word: it is what the record is about, though its name does not say so.
        is_cell: it is one of several of its kind, all of which are said.
    """

    field: Field
    say: Say
    text: tuple[Steps, ...] = ()
    reading: tuple[Steps, ...] = ()
    furigana: tuple[Steps, ...] = ()
    accent: tuple[Steps, ...] = ()
    speaker: tuple[Steps, ...] = ()
    language: tuple[Steps, ...] = ()
    each: Steps | None = None
    every: bool = False
    join: str | None = None
    of_record: bool = False
    but: tuple[Steps, tuple[str, ...]] | None = None
    sound: Field | None = None
    beside: bool = False
    aside: bool = False
    is_word: bool = False
    is_cell: bool = False

    @property
    def rank(self) -> tuple[int, bool, int]:
        """How likely it is what a record is about, the likeliest first."""
        return (0, True, self.field.position) if self.is_word else self.field.rank

    @property
    def taken(self) -> set[Steps]:
        """The lists of objects whose texts are taken into this one."""
        return {
            steps[: steps.index(Step.EVERY) + 1]
            for steps in (*self.text, *self.reading)
            if Step.EVERY in steps[:-1]
        }
