"""Refused takes as rows of the page: a person listens to them, and accepts or rejects them."""

from __future__ import annotations

import glob
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from anyio import to_thread

from tts_assets.engines import registry
from tts_assets.engines.registry import AccentSupport
from tts_assets.japanese.accent_notation import parse_accent_phrases
from tts_assets.model import Decided
from tts_assets.review.review_items import (
    CLIPS,
    SoundHistory,
    format_count_clause,
    load_record_details,
)
from tts_assets.review.review_items import collect_review_items as find
from tts_assets.review.review_rows import (
    EarlierSound,
    ReviewRow,
    ReviewRows,
    predict_morae,
    to_clip_use,
)
from tts_assets.review.sound_previews import HashedFile, load_previews
from tts_assets.store import decisions
from tts_assets.store.paid_journal import Opinion
from tts_assets.store.segment_cache import place_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tts_assets.catalogues.review_edits import OverrideValues
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider
    from tts_assets.model import Clip, Decision, Phrase, Place
    from tts_assets.review.review_items import PreviousSound, RecordDetails, ReviewItems
    from tts_assets.review.review_rows import ClipUse, TimedMora
    from tts_assets.review.sound_previews import SoundPreview
    from tts_assets.store.ledger_line import Line
    from tts_assets.store.paid_journal import DoubtfulTake


#: What the page calls the reason for which a take was refused.
TAKE_RULE = "doubtful take"


def take_to_file(take: DoubtfulTake) -> HashedFile:
    """The file of a take."""
    return HashedFile(take.path, take.record.sha256)


def build_take_row(
    take: DoubtfulTake, uses: tuple[ClipUse, ...], picture: SoundPreview, *, sound: str
) -> ReviewRow:
    """The row of a take.

    Args:
        take: the take.
        uses: the clips that want it.
        picture: how it looks.
        sound: its address beside the page.
    """
    sent = take.purchase.sent
    told = f"{take.record.fault}; accept it to use it in the next run, or reject it to buy another"
    return ReviewRow(
        asset=take.file_name,
        sha256=take.record.sha256,
        sound=sound,
        uses=uses,
        text=sent.text,
        reading=None,
        accent=None,
        sentence=True,
        phrases=(),
        basis="",
        voice=f"{sent.service}/{sent.voice}",
        speed=1.0,
        seconds=picture.seconds or take.record.seconds,
        lufs=None,
        peak_dbtp=None,
        findings=({"rule": TAKE_RULE, "measured": "", "limit": "", "told": told},),
        decision=None if take.opinion is Opinion.UNDECIDED else take.decision,
        peaks=picture.peaks,
        pitch=picture.pitch,
    )


# The use case behind the page: each sound with its clips, what the ledger says, and its picture.


async def load_rows(
    settings: Settings,
    *,
    can_make: bool = False,
    on_progress: Callable[[int, int], None] = lambda _, __: None,
) -> ReviewRows:
    """Find out what a reviewer is shown; nothing is changed but the pictures that are kept.

    Args:
        settings: which catalogues and entries, which folder, which engine.
        can_make: whether sounds can be made again from where they are shown.
        on_progress: called with how many sounds were drawn so far, and how many there are.

    Raises:
        UsageError: a path or a setting is wrong.
        InputError: the ledger or the journal is damaged.
        FatalError: the output folder cannot be listed, or there is no engine.
    """
    look = await to_thread.run_sync(_load_sources, settings)
    pictures = await load_previews(
        look.list_files(), look.place, look.collect_hashes(), on_progress
    )
    return await to_thread.run_sync(_RowBuilder(look, pictures, can_make=can_make).build_rows)


async def load_entry_rows(
    settings: Settings, *, file: str, entry: str, can_make: bool = False
) -> ReviewRows:
    """The same for one entry of one catalogue, as after its sound was made again.

    Args:
        settings: those of all.
        file: the catalogue, as a use names it.
        entry: the entry's id.
        can_make: as in :func:`rows`.

    Raises:
        UsageError: as in :func:`rows`; so do the others.
    """
    one = replace(
        settings, paths=(file,), ids=(glob.escape(entry),), kinds=(), since=None, partial=True
    )
    return await load_rows(one, can_make=can_make)


class _ReviewSources(NamedTuple):
    """All that is known before pictures are drawn.

    Args:
        settings: those of the run.
        provider: the engine.
        wanted: the sounds and their clips.
        told: what is told of the records of the clips.
        earlier: of each asset, the sound that its clip had before.
        place: where pictures are kept.
    """

    settings: Settings
    provider: Provider
    wanted: ReviewItems
    told: Mapping[tuple[str, Place], RecordDetails]
    earlier: Mapping[str, PreviousSound]
    place: Path

    def to_hashed_file(self, line: Line) -> HashedFile:
        return HashedFile(Path(self.settings.output, line.asset), line.sha256)

    def list_files(self) -> list[HashedFile]:
        own = [self.to_hashed_file(line) for line in self.wanted.lines.values()]
        earlier = [each.sound for each in self.earlier.values()]
        return list(dict.fromkeys([*own, *earlier, *self._find_takes()]))

    def collect_hashes(self) -> set[str]:
        others = (*(each.sound for each in self.earlier.values()), *self._find_takes())
        return self.wanted.sums | {each.sha256 for each in others}

    def _find_takes(self) -> list[HashedFile]:
        return [take_to_file(take) for take, _ in self.wanted.takes]


def _load_sources(settings: Settings) -> _ReviewSources:
    provider, _ = registry.choose_engine(settings)
    history = SoundHistory(decisions.read_journal(Path(settings.output)), settings)
    wanted = find(settings, provider, history.collect_sounds)
    earlier = {}
    for asset, line in wanted.lines.items():
        found = history.find_latest(wanted.clips[asset], asset, line.sha256)
        if found is not None:
            earlier[asset] = found
    clips = [clip for asset in wanted.lines for clip in wanted.clips[asset]]
    clips += [clip for _, each in wanted.takes for clip in each]
    told = load_record_details(clips, wanted.found.catalogues)
    place = place_for(settings.temp, settings.output)
    return _ReviewSources(settings, provider, wanted, told, earlier, place)


class _RowBuilder:
    """Puts rows together of all that is known."""

    def __init__(
        self, look: _ReviewSources, pictures: Mapping[HashedFile, SoundPreview], *, can_make: bool
    ) -> None:
        self._look = look
        self._pictures = pictures
        self._can_make = can_make
        self._accents = AccentSupport(look.settings)
        self._sounds: dict[str, Path] = {}

    def build_rows(self) -> ReviewRows:
        """All rows, and what else is told."""
        wanted = self._look.wanted
        # In the order of the catalogues, not in that of the ledger.
        known = [wanted.lines[asset] for asset in wanted.clips if asset in wanted.lines]
        made = [row for line in known if (row := self._build_row(line)) is not None]
        # Behind all others: a clip that has a sound is shown by that first.
        takes = self._build_take_rows()
        notes = list(wanted.list_notes())
        if other := len(known) - len(made):
            notes.append(
                f"{format_count_clause(other, 'sound')} left out, with other bytes than were made: "
                "`generate --deep` makes them again"
            )
        return ReviewRows(
            clips=(*made, *takes),
            sounds=self._sounds,
            provider=self._look.provider.name,
            voices=self._look.provider.voices(),
            notes=tuple(notes),
            problems=tuple(wanted.found.trouble.problems),
            unmatched=wanted.found.unmatched,
        )

    def _build_row(self, line: Line) -> ReviewRow | None:
        """The row of one sound; None where its file has other bytes."""
        sound = self._look.to_hashed_file(line)
        picture = self._pictures.get(sound)
        if picture is None:
            return None
        address = f"{CLIPS}/{line.asset}"
        self._sounds[address] = sound.path
        clips, told = self._look.wanted.clips[line.asset], self._look.told
        phrases = parse_accent_phrases(line.spoken)
        return ReviewRow(
            asset=line.asset,
            sha256=line.sha256,
            sound=quote(address),
            uses=tuple(to_clip_use(clip, told[clip.file, clip.at]) for clip in clips),
            text=line.text,
            reading=line.reading,
            accent=line.accent,
            sentence=line.sentence,
            phrases=phrases,
            basis=line.basis,
            voice=line.voice,
            speed=line.speed,
            seconds=line.seconds,
            lufs=line.lufs,
            peak_dbtp=line.peak_dbtp,
            findings=tuple(each._asdict() for each in line.findings),
            decision=_drop_undecided(line.review),
            cues=line.cues,
            peaks=picture.peaks,
            pitch=picture.pitch,
            morae=() if line.cues else self._build_morae(line.voice, phrases, picture),
            earlier=self._build_earlier(line.asset),
            override=self._find_override(clips),
            again=self._can_make,
        )

    def _build_take_rows(self) -> list[ReviewRow]:
        """The rows of takes that were refused; equal sounds have one row."""
        found: dict[str, ReviewRow] = {}
        for take, clips in self._look.wanted.takes:
            picture = self._pictures.get(take_to_file(take))
            if picture is None or take.file_name in found:
                continue
            address = f"{CLIPS}/{take.file_name}"
            self._sounds[address] = take.path
            uses = tuple(to_clip_use(clip, self._look.told[clip.file, clip.at]) for clip in clips)
            found[take.file_name] = build_take_row(take, uses, picture, sound=quote(address))
        return list(found.values())

    def _build_morae(
        self, voice: str, phrases: tuple[Phrase, ...], picture: SoundPreview
    ) -> tuple[TimedMora, ...]:
        morae = predict_morae(phrases, picture)
        if self._accents.has_accent_control(voice):
            return morae
        # What the voice makes of the sounds, nobody knows: nothing is drawn above the others.
        return tuple(mora._replace(high=0) for mora in morae)

    def _find_override(self, clips: Iterable[Clip]) -> OverrideValues | None:
        """What stands in place of what an entry says, of the first clip that has any."""
        found = map(self._look.wanted.found.overrides.find_override, clips)
        return next((each.say for each in found if each is not None), None)

    def _build_earlier(self, asset: str) -> EarlierSound | None:
        found = self._look.earlier.get(asset)
        picture = None if found is None else self._pictures.get(found.sound)
        if found is None or picture is None:
            return None
        before = found.before
        line = self._look.wanted.others.get((before.asset, before.sha256))
        self._sounds[found.address] = found.sound.path
        return EarlierSound(
            sound=quote(found.address),
            sha256=before.sha256,
            asset=before.asset,
            seconds=picture.seconds,
            peaks=picture.peaks,
            pitch=picture.pitch,
            phrases=() if line is None else parse_accent_phrases(line.spoken),
            voice="" if line is None else line.voice,
            speed=None if line is None else line.speed,
            decision=before.decision,
        )


def _drop_undecided(review: Decision | None) -> Decision | None:
    return None if review is None or review.decided is Decided.UNDECIDED else review
