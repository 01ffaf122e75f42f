"""Find the assets to verify, those of catalogues or given files, and measure each one."""

from __future__ import annotations

import hashlib
import heapq
import math
import os
import re
import stat
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.audio.audio_checks import check_file
from tts_assets.audio.expected_length import MEI, ExpectedSound, Rule
from tts_assets.build.plan.asset_names import SourceAddresses
from tts_assets.build.plan.make_plan import make_plan
from tts_assets.build.plan.output_folder import (
    open_downloads,
    open_storage,
    read_known_ledger,
    read_ledger_lines,
)
from tts_assets.build.plan.planner import State
from tts_assets.config.command_options import AccentScope
from tts_assets.engines import registry
from tts_assets.engines.machine import IMPOSED_MELODY
from tts_assets.engines.registry import AccentSupport
from tts_assets.errors import UsageError
from tts_assets.japanese.accent_notation import parse_accent_phrases
from tts_assets.model import AccentBasis, Basis, Decided, Finding, Format, Pronunciation, Sound
from tts_assets.quality.quality_reports import DAMAGED, MISSING, ClipName
from tts_assets.store.atomic_files import Storage
from tts_assets.store.portable_names import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tts_assets.audio.speech_activity import SpeakingRate
    from tts_assets.build.plan import planner
    from tts_assets.build.plan.plan import Plan
    from tts_assets.config.settings import Settings
    from tts_assets.model import SpokenForm
    from tts_assets.store.ledger import AssetRecord
    from tts_assets.store.ledger_line import Line

#: Concurrent downloads from a bucket, and how many assets they are ahead of the measurements.
_DOWNLOADS, _DOWNLOADS_AHEAD = 8, 64


@dataclass(slots=True, kw_only=True)
class AssetsToVerify:
    """The assets to measure, and what the catalogues and the plan show about them."""

    #: The clips of each asset, by its path below the output folder, or as given.
    clips: dict[str, list[ClipName]] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)  #: given audio files outside the output folder
    #: Generated assets without a file, and the reason.
    gone: dict[str, str] = field(default_factory=dict)
    #: The assets whose files cannot be as generated, and the reason.
    faults: dict[str, str] = field(default_factory=dict)
    #: The ledger's record of each asset.
    recorded: Mapping[str, AssetRecord] = field(default_factory=dict)
    tidy: bool = True  #: the ledger has one line for each asset
    ungenerated: int = 0  #: as in VerifyReport
    #: What the clips of assets say, if the accents of all are recognized.
    forms: dict[str, SpokenForm] = field(default_factory=dict)
    found: Plan | None = None  #: the plan; None if only audio files were given

    def add_asset(self, asset: str, *clips: ClipName) -> None:
        """Add an asset to measure, for these clips."""
        self.clips.setdefault(asset, []).extend(clips)

    def add_form(self, asset: str, form: SpokenForm) -> None:
        """Add what a clip says, unless it is a passage; the first form with an accent counts."""
        known = self.forms.get(asset)
        if not form.turns and (known is None or known.accent is None):
            self.forms[asset] = form


class _UnresolvedAsset(NamedTuple):
    """A clip whose asset may exist or not."""

    assets: tuple[str, ...]
    state: State
    reason: str
    name: ClipName
    form: SpokenForm | None


def find_assets_to_verify(settings: Settings) -> AssetsToVerify:
    """Find the assets to measure; changes nothing.

    Audio files, and folders in the output folder, are measured directly; other paths are catalogues.

    Raises:
        UsageError: a path, the voice or a template is wrong.
        InputError: the ledger is damaged.
        FatalError: the output folder cannot be listed.
    """
    sounds = [path for path in settings.paths if _is_sound_path(path, settings.state_folder)]
    if not sounds:
        return _load_from_catalogues(settings)
    if settings.ids or settings.since or settings.kinds:
        raise UsageError(
            f"{sounds[0]} is an audio file, but --id, --since and --type select entries of "
            "catalogues: name catalogues, or omit these options"
        )
    rest = tuple(path for path in settings.paths if path not in sounds)
    assets = (
        _load_from_catalogues(replace(settings, paths=rest))
        if rest
        else _load_from_ledger(settings)
    )
    for path in sounds:
        _add_path(path, settings.state_folder, assets)
    return assets


def _is_sound_path(path: str, output: str) -> bool:
    if os.path.isdir(path):  # noqa: PTH112 - Path refuses some texts
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(output))
    return path.lower().endswith(ENDINGS)


def _add_path(given_path: str, output: str, assets: AssetsToVerify) -> None:
    """Add a given audio file, or all in a folder, by paths below the output folder."""
    root, path = Path(os.path.realpath(output)), Path(os.path.realpath(given_path))
    if not path.is_relative_to(root):
        assets.add_asset(given_path)
        assets.outside.add(given_path)
        return
    asset = path.relative_to(root).as_posix()
    if not path.is_dir():
        assets.add_asset(asset)
        return
    for file in sorted(Storage(root).sizes(["" if asset == "." else asset])):
        if _is_sound_name(file):
            assets.add_asset(file)


def _is_sound_name(file: str) -> bool:
    name = file.rpartition("/")[2]
    return name.lower().endswith(ENDINGS) and name[0] != "."


def _load_from_ledger(settings: Settings) -> AssetsToVerify:
    """The ledger's records alone, without catalogues."""
    ledger = read_known_ledger(open_storage(settings))
    return AssetsToVerify(recorded=ledger.recorded, tidy=ledger.tidy)


def _load_from_catalogues(settings: Settings) -> AssetsToVerify:
    """The assets of all clips; if all catalogues are read, also unused files in their folders."""
    provider, _ = registry.choose_engine(settings)
    collector = _AssetCollector(settings)
    plan = make_plan(settings, provider, collector.collect_clip)
    return collector.resolve_all(plan)


class _AssetCollector:
    """Collects the assets of clips one by one, and keeps as little of each as possible."""

    def __init__(self, settings: Settings) -> None:
        self._storage = open_storage(settings)
        self._is_whole = settings.is_whole
        self._keeps_forms = settings.verify.accents is AccentScope.ALL
        self._assets = AssetsToVerify()
        self._unresolved: list[_UnresolvedAsset] = []
        self._addresses = SourceAddresses(settings).list_all()

    def collect_clip(self, item: planner.ClipPlan) -> bool:
        """Collect a planned clip; False, as the plan need not keep it."""
        clip = item.clip
        name = ClipName(clip.kind, clip.file, clip.entry, clip.part, clip.at)
        form = clip.form if self._keeps_forms else None
        if item.state is State.FRESH:
            self._add_clip(item.asset, name, form)
            return False
        assets: tuple[str, ...] = (item.held or item.asset,)
        if item.state is State.LOCKED:
            assets = self._find_recordings(item)
        self._unresolved.append(_UnresolvedAsset(assets, item.state, item.reason, name, form))
        return False

    def _add_clip(self, asset: str, name: ClipName, form: SpokenForm | None) -> None:
        self._assets.add_asset(asset, name)
        if form is not None:
            self._assets.add_form(asset, form)

    def resolve_all(self, plan: Plan) -> AssetsToVerify:
        """The assets to measure, once all clips are collected and all files are listed."""
        assets = self._assets
        assets.found, assets.recorded, assets.tidy = plan, plan.recorded, not plan.untidy
        for each in self._unresolved:
            self._resolve_asset(each, plan.present)
        if self._is_whole:
            for file in plan.present:
                if file not in plan.recorded and file not in assets.clips and _is_sound_name(file):
                    assets.add_asset(file)
        return assets

    def _resolve_asset(self, each: _UnresolvedAsset, present: Mapping[str, int]) -> None:
        asset = next((asset for asset in each.assets if self._has_file(asset, present)), None)
        if asset is not None:
            self._add_clip(asset, each.name, each.form)
            if each.state is State.DAMAGED:
                self._assets.faults[asset] = each.reason
        elif each.state is State.MISSING:
            self._assets.add_asset(each.assets[0], each.name)
            self._assets.gone[each.assets[0]] = each.reason
        elif each.state is not State.LOCKED:
            self._assets.ungenerated += 1

    def _has_file(self, asset: str, present: Mapping[str, int]) -> bool:
        """Whether an asset has a file; recordings may be in folders that no template uses."""
        if asset in present:
            return True
        # Follow no URL out of the folder, and open only formats that libsndfile reads.
        is_inside = ".." not in asset.split("/") and not asset.startswith(("/", "\\"))
        return is_inside and _is_sound_name(asset) and self._storage.size_of(asset) is not None

    def _find_recordings(self, item: planner.ClipPlan) -> tuple[str, ...]:
        """The assets that may be a person's recording: that of its URL, or the clip's own."""
        url = item.clip.url
        if url is None or url == item.url:
            return (item.asset,)
        found = (addresses.asset_at(url) for addresses in self._addresses)
        return tuple(asset for asset in found if asset is not None)


# The speaking rates of all voices with clips in a ledger.


#: Clips that fail these rules may be too long or too short.
_LENGTH_RULES = frozenset({Rule.SHORT, Rule.LONG, Rule.PAUSE, Rule.TAIL, Rule.REPEAT})

_MOST_CLIPS = 2_000  #: more clips of one voice do not improve its rate

#: The silence around a clip, as ``build.plan.recipes.sound_words`` writes it.
_EDGE_SILENCE = re.compile(r"\b(lead|trail)=(\d{1,6})\b")

_OWN_EDGE_SILENCE = 0.04  #: what ``audio.prepare.trim`` leaves of a clip's own silence


class _TimedClip(NamedTuple):
    """The part of a line that is kept; the lines with the lowest hashes are a random sample."""

    order: int
    spoken: str
    seconds: float


class SpeakingRates:
    """How fast voices speak; each rate is learned when it is first needed.

    Every unknown voice has its own rate for each speed and engine version. Passages do not count,
    nor clips of a wrong length, nor clips whose pronunciation is not recorded.
    """

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        """Collect the lines of a ledger; at most 2,000 for each voice are kept."""
        self._clips: dict[tuple[str, str, float], list[_TimedClip]] = {}
        self._learned: dict[tuple[str, str, float], SpeakingRate | None] = {}
        for line in lines:
            if line.spoken and not line.cues and line.voice not in MEI:
                self._keep(line)

    def find_rate(self, voice: str, engine: str, speed: float) -> SpeakingRate | None:
        """The rate of a voice (provider and name), with its engine as in the ledger.

        None if it cannot be learned.
        """
        key = (voice, engine, speed)
        if key not in self._learned:
            # Concurrent threads learn the same rate.
            self._learned[key] = _learn_rate(self._clips.get(key, []))
        return self._learned[key]

    def _keep(self, line: Line) -> None:
        silence = dict(_EDGE_SILENCE.findall(line.sound))
        seconds = line.seconds - sum(map(int, silence.values())) / 1000 - _OWN_EDGE_SILENCE
        # A person may have edited the ledger.
        if len(silence) != 2 or not 0 < seconds < math.inf:
            return
        if any(finding.rule in _LENGTH_RULES for finding in line.findings):
            return
        kept = self._clips.setdefault((line.voice, line.engine, line.speed), [])
        clip = _TimedClip(-zlib.crc32(line.recipe.encode()), line.spoken, seconds)
        if len(kept) < _MOST_CLIPS:
            heapq.heappush(kept, clip)
        else:
            heapq.heappushpop(kept, clip)


def _learn_rate(clips: list[_TimedClip]) -> SpeakingRate | None:
    from tts_assets.audio.speech_activity import LEAST_CLIPS, Example, learn_pace  # noqa: PLC0415 - heavy

    if len(clips) < LEAST_CLIPS:
        return None
    examples = [Example(_parse_learned_pronunciation(clip.spoken), clip.seconds) for clip in clips]
    return learn_pace([each for each in examples if each.spoken.phrases])


def _parse_learned_pronunciation(spoken: str) -> Pronunciation:
    return Pronunciation(
        phrases=parse_accent_phrases(spoken),
        basis=Basis.UNCHECKED,
        accent_basis=AccentBasis.GUESSED,
    )


# The expected sound of an asset, by its line in the ledger.


#: The field and type of each setting in a line's `sound`, by the setting's name.
_SOUND_FIELDS = {
    "format": ("format", Format),
    "rate": ("rate_hz", int),
    "lufs": ("lufs", float),
    "peak": ("peak_dbtp", float),
    "lead": ("lead_ms", int),
    "trail": ("trail_ms", int),
    "bitrate": ("bitrate_kbps", int),
    "vorbis-quality": ("vorbis_quality", float),
}


class ExpectationBuilder:
    """Builds the expected sound of assets."""

    def __init__(self, settings: Settings, rates: SpeakingRates) -> None:
        self._settings = settings
        self._rates = rates
        self._accents = AccentSupport(settings)

    def build_expected(self, line: Line | None) -> ExpectedSound:
        """The expected sound by the ledger line; without a line, only the sound settings."""
        own = self._settings.sound
        if line is None:
            return ExpectedSound(
                sound=own, pronunciation=None, speed=1.0, voice="", says_accents=False
            )
        pauses = tuple(
            max(0, round((after.begin - before.end) * 1000))
            for before, after in pairwise(line.cues)
        )
        return ExpectedSound(
            sound=parse_sound(line.sound, own),
            pronunciation=_build_pronunciation(line),
            # A person may have edited the ledger.
            speed=line.speed if line.speed > 0 else 1.0,
            # Several speakers together match the rate of none of them.
            voice=line.voice
            if {each[1:] for each in line.speakers} <= {(line.voice, line.speed)}
            else "",
            # The accents of a passage were checked in its segments when it was generated.
            says_accents=not line.cues and self._accents.follows_accents(line.voice, line.engine),
            is_imposed=IMPOSED_MELODY in line.engine,
            pauses_ms=pauses,
            pace=self._rates.find_rate(line.voice, line.engine, line.speed),
        )


def parse_sound(words: str, own: Sound) -> Sound:
    """The sound that ``build.plan.recipes.sound_words`` wrote; missing fields come from ``own``."""
    values = {field: getattr(own, field) for field, _ in _SOUND_FIELDS.values()}
    for word in words.split():
        name, _, value = word.partition("=")
        if name in _SOUND_FIELDS:
            field, kind = _SOUND_FIELDS[name]
            # A person may have edited the ledger.
            with suppress(ValueError):
                values[field] = kind(value)
    return Sound(**values)


def _build_pronunciation(line: Line) -> Pronunciation | None:
    phrases = parse_accent_phrases(line.spoken)
    if not phrases:
        return None
    basis = Basis(line.basis) if line.basis in set(Basis) else Basis.UNCHECKED
    # A line does not record where an accent came from; the voice shows whether it is spoken.
    return Pronunciation(phrases=phrases, basis=basis, accent_basis=AccentBasis.DICTIONARY)


# One asset measured: its bytes compared with the ledger, its sound checked by the rules.


#: The rules that apply to any sound, also one that we did not generate.
_RULES_OF_ANY_SOUND = frozenset(
    {Rule.UNDECODABLE, Rule.EMPTY, Rule.BROKEN, Rule.SILENT, Rule.CLIPPED, Rule.NO_SPEECH}
)

#: The rules that do not apply to passages: pauses between segments are not those of phrases.
_RULES_NOT_OF_PASSAGES = frozenset({Rule.SHORT, Rule.LONG})


class MeasureTask(NamedTuple):
    """One asset, with its ledger line and its expected sound."""

    asset: str  #: its name in verdicts
    path: str  #: its file
    line: Line | None  #: its ledger line; None for none
    expected: ExpectedSound  #: its expected sound
    #: What its clip says; None if its accents are not recognized by that.
    form: SpokenForm | None = None
    fault: str | None = None  #: why its file cannot be as generated; None if it may be
    gone: str | None = None  #: why it should exist; None if it does


def measure_asset(item: MeasureTask) -> tuple[Finding, ...]:
    """The findings of one asset; its file is read block by block."""
    path, line = Path(item.path), item.line
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # Opening a named pipe would block forever.
            return (_report_unreadable("its path is not a file"),)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        found = check_file(path, item.expected)
    except FileNotFoundError:
        reason = "there is no such file" if line is None else "its file is missing"
        return (Finding(MISSING, "no file", "a file", item.gone or reason),)
    except OSError as exc:
        return (_report_unreadable(f"its file cannot be read: {exc.strerror}"),)
    if line is None:
        found = tuple(each for each in found if each.rule in _RULES_OF_ANY_SOUND)
        return found if item.fault is None else (_report_damaged(item.fault, size, None), *found)
    is_damaged = item.fault is not None or sha256 != line.sha256
    if not is_damaged and line.review is not None and line.review.decided is Decided.APPROVED:
        # A reviewer approved these bytes.
        return ()
    if line.cues:
        found = tuple(each for each in found if each.rule not in _RULES_NOT_OF_PASSAGES)
    if is_damaged:
        reason = item.fault or "its file differs from what was generated"
        found = (_report_damaged(reason, size, line.bytes), *found)
    else:
        found = (*found, *_iter_past_findings(line, found))
    return found


def _iter_past_findings(line: Line, found: tuple[Finding, ...]) -> Iterator[Finding]:
    """The findings from when an asset was generated that were not found again."""
    rules = {each.rule for each in found}
    for finding in line.findings:
        # Several segments of a passage may break the same rule.
        if finding not in found and (line.cues or finding.rule not in rules):
            yield finding._replace(message=f"{finding.message} (found when it was generated)")


def _report_damaged(message: str, size: int, recorded_size: int | None) -> Finding:
    limit = (
        "the generated file"
        if recorded_size is None
        else f"the {recorded_size} bytes that were generated"
    )
    return Finding(DAMAGED, f"{size} bytes", limit, message)


def _report_unreadable(message: str) -> Finding:
    return Finding(Rule.UNDECODABLE, "no bytes", "a sound file", message)


# The assets to measure, one by one, each with its ledger line.


def iter_assets(
    settings: Settings, assets: AssetsToVerify, rates: SpeakingRates
) -> Iterator[MeasureTask]:
    """All assets to measure: first those in the ledger, in its order, then the others.

    Raises:
        InputError: the ledger cannot be read.
    """
    expectations = ExpectationBuilder(settings, rates)
    storage, downloads = open_storage(settings), open_downloads(settings)

    def create_task(asset_line: tuple[str, Line | None]) -> MeasureTask:
        asset, line = asset_line
        # A path outside the folder is used as given.
        path = Path(asset) if asset in assets.outside else storage.fetch(asset, downloads)
        return MeasureTask(
            asset,
            str(path),
            line,
            expectations.build_expected(line),
            assets.forms.get(asset),
            assets.faults.get(asset),
            assets.gone.get(asset),
        )

    every = _iter_with_lines(settings, assets)
    if settings.bucket_url is None:
        yield from map(create_task, every)
        return
    with ThreadPoolExecutor(_DOWNLOADS) as threads:
        while batch := list(islice(every, _DOWNLOADS_AHEAD)):
            yield from threads.map(create_task, batch)


def _iter_with_lines(
    settings: Settings, assets: AssetsToVerify
) -> Iterator[tuple[str, Line | None]]:
    rest = dict.fromkeys(assets.clips)
    for line in read_ledger_lines(settings, tidy=assets.tidy):
        record = (line.recipe, line.bytes)
        if line.asset in rest and assets.recorded.get(line.asset) == record:
            del rest[line.asset]
            yield line.asset, line
    for asset in rest:
        yield asset, None
