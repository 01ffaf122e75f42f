"""Build the rows of the page from the plan, the ledger, the decisions and the previews."""

from __future__ import annotations

import glob
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from anyio import to_thread

from tts_assets.build.plan.output_folder import open_downloads, open_storage
from tts_assets.engines import registry
from tts_assets.engines.registry import AccentSupport
from tts_assets.errors import format_count
from tts_assets.japanese.accent_notation import parse_accent_phrases
from tts_assets.model import Decided
from tts_assets.review.review_items import (
    CLIPS,
    SoundHistory,
    collect_review_items,
    load_record_details,
)
from tts_assets.review.review_rows import (
    EarlierSound,
    ReviewRow,
    ReviewRows,
    predict_morae,
    to_clip_use,
)
from tts_assets.review.sound_previews import HashedFile, accents_key, load_previews
from tts_assets.store import decisions
from tts_assets.store.paid_journal import Opinion
from tts_assets.store.segment_cache import cache_dir_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tts_assets.catalogues.review_edits import OverrideValues
    from tts_assets.config.settings import Settings
    from tts_assets.model import Clip, Phrase, SpokenForm
    from tts_assets.review.review_items import PreviousSound
    from tts_assets.review.review_rows import ClipUse, TimedMora
    from tts_assets.review.sound_previews import AccentMatch, SoundPreview
    from tts_assets.store.ledger_line import Line
    from tts_assets.store.paid_journal import DoubtfulTake


TAKE_RULE = "doubtful take"  #: the rule of a take's finding


#: The fields of a row that are those of its ledger line.
_LINE_FIELDS = (
    *("asset", "sha256", "text", "reading", "accent", "sentence", "basis", "voice", "speed"),
    *("seconds", "lufs", "peak_dbtp", "cues"),
)


async def load_rows(
    settings: Settings,
    *,
    can_make: bool = False,
    on_progress: Callable[[int, int], None] = lambda _, __: None,
) -> ReviewRows:
    """Load all rows; changes nothing but the cache of previews.

    Args:
        settings: which catalogues and entries, which folder, which engine.
        can_make: whether the page can regenerate clips.
        on_progress: called with how many sounds were drawn so far, and how many there are.

    Raises:
        UsageError: a path or a setting is wrong.
        InputError: the ledger or the journal is damaged.
        FatalError: the output folder cannot be listed, or there is no engine.
    """
    builder = await to_thread.run_sync(partial(_RowBuilder, settings, can_make=can_make))
    place = cache_dir_for(settings.temp, settings.state_folder)
    previews = await load_previews(
        builder.list_files(), place, builder.collect_hashes(), on_progress
    )
    return await to_thread.run_sync(builder.build_rows, previews)


async def load_entry_rows(settings: Settings, *, file: str, entry: str) -> ReviewRows:
    """Load the rows of one entry of one catalogue after its sound was regenerated."""
    one = replace(
        settings, paths=(file,), ids=(glob.escape(entry),), kinds=(), since=None, partial=True
    )
    return await load_rows(one, can_make=True)


class _RowBuilder:
    """Loads everything except previews, then builds the rows."""

    def __init__(self, settings: Settings, *, can_make: bool) -> None:
        self._settings = settings
        self._can_make = can_make
        self._storage = open_storage(settings)
        self._downloads = open_downloads(settings)
        self._provider, _ = registry.choose_engine(settings)
        self._accents = AccentSupport(settings)
        self._sounds: dict[str, Path] = {}
        self._forms: dict[str, SpokenForm] = {}
        self._previews: Mapping[HashedFile, SoundPreview] = {}
        history = SoundHistory(decisions.read_journal(Path(settings.state_folder)), settings)
        items = self._items = collect_review_items(settings, self._provider, history)
        self._earlier: dict[str, PreviousSound] = {}
        for asset, line in items.lines.items():
            found = history.find_latest(items.clips[asset], asset, line.sha256)
            if found is not None:
                self._earlier[asset] = found
        clips = [clip for asset in items.lines for clip in items.clips[asset]]
        clips += [clip for _, each in items.takes for clip in each]
        self._details = load_record_details(clips, items.plan.catalogues)

    def list_files(self) -> list[HashedFile]:
        own = map(self._to_file, self._items.lines.values())
        return list(dict.fromkeys([*own, *self._list_other_files()]))

    def collect_hashes(self) -> set[str]:
        return self._items.sums | {each.sha256 for each in self._list_other_files()}

    def _to_file(self, line: Line) -> HashedFile:
        path = self._storage.fetch_known(line.asset, line.sha256, self._downloads)
        return HashedFile(path, line.sha256)

    def _list_other_files(self) -> list[HashedFile]:
        earlier = [each.sound for each in self._earlier.values()]
        return earlier + [_take_to_file(take) for take, _ in self._items.takes]

    def build_rows(self, previews: Mapping[HashedFile, SoundPreview]) -> ReviewRows:
        self._previews = previews
        items = self._items
        # In the order of the catalogues, not in that of the ledger.
        lines = [items.lines[asset] for asset in items.clips if asset in items.lines]
        rows = [row for line in lines if (row := self._build_row(line)) is not None]
        notes = list(items.list_notes())
        if other := len(lines) - len(rows):
            notes.append(
                f"{format_count(other, 'sound is', 'sounds are')} left out, as the bytes differ from the "
                "ledger: run `generate --deep`"
            )
        return ReviewRows(
            # Takes last: a clip that has a sound is shown by that first.
            clips=(*rows, *self._build_take_rows()),
            sounds=self._sounds,
            forms=self._forms,
            provider=self._provider.name,
            voices=self._provider.voices(),
            notes=tuple(notes),
            problems=tuple(items.plan.trouble.problems),
            unmatched=items.plan.unmatched,
        )

    def _build_row(self, line: Line) -> ReviewRow | None:
        """The row of one sound; None if its file has other bytes."""
        sound = self._to_file(line)
        preview = self._previews.get(sound)
        if preview is None:
            return None
        clips = self._items.clips[line.asset]
        phrases = parse_accent_phrases(line.spoken)
        is_undecided = line.review is None or line.review.decided is Decided.UNDECIDED
        return ReviewRow(
            **{name: getattr(line, name) for name in _LINE_FIELDS},
            sound=self._add_sound(f"{CLIPS}/{line.asset}", sound.path),
            uses=self._list_uses(clips),
            phrases=phrases,
            findings=tuple(_to_row_finding(*each) for each in line.findings),
            decision=None if is_undecided else line.review,
            peaks=preview.peaks,
            pitch=preview.pitch,
            morae=() if line.cues else self._build_morae(line, phrases, preview),
            accents=self._find_accents(line, phrases, preview),
            earlier=self._build_earlier(line.asset),
            override=self._find_override(clips),
            again=self._can_make,
        )

    def _list_uses(self, clips: Iterable[Clip]) -> tuple[ClipUse, ...]:
        return tuple(to_clip_use(clip, self._details[clip.file, clip.at]) for clip in clips)

    def _add_sound(self, address: str, path: Path) -> str:
        self._sounds[address] = path
        return quote(address)

    def _build_take_rows(self) -> list[ReviewRow]:
        """The rows of refused takes; equal sounds have one row."""
        rows: dict[str, ReviewRow] = {}
        for take, clips in self._items.takes:
            preview = self._previews.get(_take_to_file(take))
            if preview is not None and take.file_name not in rows:
                rows[take.file_name] = self._build_take_row(take, clips, preview)
        return list(rows.values())

    def _build_take_row(
        self, take: DoubtfulTake, clips: Iterable[Clip], preview: SoundPreview
    ) -> ReviewRow:
        sent = take.purchase.sent
        message = (
            f"{take.record.fault}; accept it to use it in the next run, or reject it to buy another"
        )
        return ReviewRow(
            asset=take.file_name,
            sha256=take.record.sha256,
            sound=self._add_sound(f"{CLIPS}/{take.file_name}", take.path),
            uses=self._list_uses(clips),
            text=sent.text,
            reading=None,
            accent=None,
            sentence=True,
            phrases=(),
            basis="",
            voice=f"{sent.service}/{sent.voice}",
            speed=1.0,
            seconds=preview.seconds or take.record.seconds,
            lufs=None,
            peak_dbtp=None,
            findings=(_to_row_finding(TAKE_RULE, "", "", message),),
            decision=None if take.opinion is Opinion.UNDECIDED else take.decision,
            peaks=preview.peaks,
            pitch=preview.pitch,
        )

    def _build_morae(
        self, line: Line, phrases: tuple[Phrase, ...], preview: SoundPreview
    ) -> tuple[TimedMora, ...]:
        morae = predict_morae(phrases, preview)
        if self._accents.follows_accents(line.voice, line.engine):
            return morae
        # The accent of such a voice is unknown: draw no high morae.
        return tuple(mora._replace(high=0) for mora in morae)

    def _find_accents(
        self, line: Line, phrases: tuple[Phrase, ...], preview: SoundPreview
    ) -> tuple[AccentMatch, ...] | None:
        """The cached accents; None if they were not recognized, or compared with others."""
        if line.cues or not phrases:
            return ()
        form = None
        if not self._accents.follows_accents(line.voice, line.engine):
            form = self._forms[line.asset] = _choose_form(self._items.clips[line.asset])
        key = accents_key(line.voice, phrases, form, self._settings)
        return preview.accents if preview.accents_key == key else None

    def _find_override(self, clips: Iterable[Clip]) -> OverrideValues | None:
        """The override of the first clip that has one."""
        found = map(self._items.plan.overrides.find_override, clips)
        return next((each.say for each in found if each is not None), None)

    def _build_earlier(self, asset: str) -> EarlierSound | None:
        found = self._earlier.get(asset)
        preview = None if found is None else self._previews.get(found.sound)
        if found is None or preview is None:
            return None
        before = found.before
        line = self._items.others.get((before.asset, before.sha256))
        return EarlierSound(
            sound=self._add_sound(found.address, found.sound.path),
            sha256=before.sha256,
            asset=before.asset,
            seconds=preview.seconds,
            peaks=preview.peaks,
            pitch=preview.pitch,
            phrases=() if line is None else parse_accent_phrases(line.spoken),
            voice="" if line is None else line.voice,
            speed=None if line is None else line.speed,
            decision=before.decision,
        )


def _choose_form(clips: Sequence[Clip]) -> SpokenForm:
    """What is spoken, with the accent of the first clip that has one."""
    forms = [clip.form for clip in clips]
    return next((form for form in forms if form.accent is not None), forms[0])


def _take_to_file(take: DoubtfulTake) -> HashedFile:
    return HashedFile(take.path, take.record.sha256)


def _to_row_finding(rule: str, measured: str, limit: str, message: str) -> dict[str, str]:
    return {"rule": rule, "measured": measured, "limit": limit, "told": message}
