"""Which assets are measured: those of the clips of the catalogues, or sounds that are named."""

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
from tts_assets.build.plan.make_plan import make_plan
from tts_assets.build.plan.output_folder import (
    open_downloads,
    open_storage,
    read_known_ledger,
    read_ledger_lines,
)
from tts_assets.build.plan.plan_types import SourceAddresses
from tts_assets.build.plan.planner import State
from tts_assets.engines import registry
from tts_assets.engines.registry import AccentSupport
from tts_assets.errors import UsageError
from tts_assets.japanese.accent_notation import parse_accent_phrases
from tts_assets.model import AccentBasis, Basis, Decided, Finding, Format, Pronunciation, Sound
from tts_assets.quality.quality_reports import DAMAGED, MISSING, ClipName
from tts_assets.store.asset_file_names import ENDINGS
from tts_assets.store.atomic_files import Storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tts_assets.audio.speech_activity import SpeakingRate
    from tts_assets.build.plan import planner
    from tts_assets.build.plan.plan_types import Plan
    from tts_assets.config.settings import Settings
    from tts_assets.store.ledger import AssetRecord
    from tts_assets.store.ledger_line import Line

#: Downloads from a bucket at once, and how far they are ahead of the measuring.
_DOWNLOADS, _DOWNLOADS_AHEAD = 8, 64


@dataclass(slots=True, kw_only=True)
class AssetsToVerify:
    """What is to be measured, and what the catalogues alone tell of it.

    Args:
        clips: the clips of each asset, by its path below the output folder or as it was named.
        outside: sounds that were named and lie elsewhere.
        gone: assets that were made and have no file, and why that is known.
        faults: why an asset's file cannot be what was made, where that is known already.
        recorded: what the ledger says of each asset.
        tidy: the ledger has one line for each asset.
        unmade: as in VerifyReport.
        found: what was read; None where only sounds were named.
    """

    clips: dict[str, list[ClipName]] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)
    gone: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    recorded: Mapping[str, AssetRecord] = field(default_factory=dict)
    tidy: bool = True
    unmade: int = 0
    found: Plan | None = None

    def add_asset(self, asset: str, *clips: ClipName) -> None:
        """Have an asset measured, for these clips."""
        self.clips.setdefault(asset, []).extend(clips)


class _UnresolvedAsset(NamedTuple):
    """A clip whose asset may be there or not."""

    assets: tuple[str, ...]
    state: State
    reason: str
    name: ClipName


def find_assets_to_verify(settings: Settings) -> AssetsToVerify:
    """Find out what is to be measured; nothing is changed.

    Of the paths, sounds and folders within the output folder are measured themselves; all others
    are catalogues.

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
    named = (
        _load_from_catalogues(replace(settings, paths=rest))
        if rest
        else _load_from_ledger(settings)
    )
    for path in sounds:
        _add_path(path, settings.state_folder, named)
    return named


def _is_sound_path(path: str, output: str) -> bool:
    if os.path.isdir(path):  # noqa: PTH112 - Path refuses some texts
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(output))
    return path.lower().endswith(ENDINGS)


def _add_path(given: str, output: str, named: AssetsToVerify) -> None:
    """Have a sound measured that was named, or all in a folder; by paths below the output folder."""
    root, path = Path(os.path.realpath(output)), Path(os.path.realpath(given))
    if not path.is_relative_to(root):
        named.add_asset(given)
        named.outside.add(given)
        return
    asset = path.relative_to(root).as_posix()
    if not path.is_dir():
        named.add_asset(asset)
        return
    for file in sorted(Storage(root).sizes(["" if asset == "." else asset])):
        if _is_sound_name(file):
            named.add_asset(file)


def _is_sound_name(file: str) -> bool:
    name = file.rpartition("/")[2]
    return name.lower().endswith(ENDINGS) and name[0] != "."


def _load_from_ledger(settings: Settings) -> AssetsToVerify:
    """What the ledger says, where no catalogue is asked."""
    known = read_known_ledger(open_storage(settings))
    return AssetsToVerify(recorded=known.recorded, tidy=known.tidy)


def _load_from_catalogues(settings: Settings) -> AssetsToVerify:
    """The assets of all clips, and files in their folders that no clip has, where all is read."""
    provider, _ = registry.choose_engine(settings)
    look = _AssetCollector(settings)
    found = make_plan(settings, provider, look.collect_clip)
    return look.resolve_all(found)


class _AssetCollector:
    """Takes in one clip after the other, and keeps as little of each as there need be."""

    def __init__(self, settings: Settings) -> None:
        self._storage = open_storage(settings)
        self._whole = settings.is_whole
        self._wanted = AssetsToVerify()
        self._unsettled: list[_UnresolvedAsset] = []
        self._addresses = SourceAddresses(settings).every()

    def collect_clip(self, item: planner.ClipPlan) -> bool:
        """Take in a clip as the survey tells it; it need not be kept there."""
        clip = item.clip
        name = ClipName(clip.kind, clip.file, clip.entry, clip.part, clip.at)
        if item.state is State.FRESH:
            self._wanted.add_asset(item.asset, name)
            return False
        assets: tuple[str, ...] = (item.held or item.asset,)
        if item.state is State.LOCKED:
            assets = self._find_recordings(item)
        self._unsettled.append(_UnresolvedAsset(assets, item.state, item.reason, name))
        return False

    def resolve_all(self, found: Plan) -> AssetsToVerify:
        """What is to be measured, when all clips were seen and all files are known."""
        wanted = self._wanted
        wanted.found, wanted.recorded, wanted.tidy = found, found.recorded, not found.untidy
        for each in self._unsettled:
            self._resolve_asset(each, found.present)
        if self._whole:
            for file in found.present:
                if file not in found.recorded and file not in wanted.clips and _is_sound_name(file):
                    wanted.add_asset(file)
        return wanted

    def _resolve_asset(self, each: _UnresolvedAsset, present: Mapping[str, int]) -> None:
        asset = next((asset for asset in each.assets if self._has_file(asset, present)), None)
        if asset is not None:
            self._wanted.add_asset(asset, each.name)
            if each.state is State.DAMAGED:
                self._wanted.faults[asset] = each.reason
        elif each.state is State.MISSING:
            self._wanted.add_asset(each.assets[0], each.name)
            self._wanted.gone[each.assets[0]] = each.reason
        elif each.state is not State.LOCKED:
            self._wanted.unmade += 1

    def _has_file(self, asset: str, present: Mapping[str, int]) -> bool:
        """Whether an asset has a file; recordings may lie in folders where no template puts any."""
        if asset in present:
            return True
        # A URL leads nowhere out of the folder, and libsndfile reads none of the others.
        is_inside = ".." not in asset.split("/") and not asset.startswith(("/", "\\"))
        return is_inside and _is_sound_name(asset) and self._storage.size_of(asset) is not None

    def _find_recordings(self, item: planner.ClipPlan) -> tuple[str, ...]:
        """Where somebody's recording may lie: behind its URL, or under the name of the asset."""
        url = item.clip.url
        if url is None or url == item.url:
            return (item.asset,)
        found = (addresses.asset_at(url) for addresses in self._addresses)
        return tuple(asset for asset in found if asset is not None)


# The speaking rates of all voices that a ledger has clips of.


#: What these rules find may make a clip longer or shorter.
_OF_LENGTH = frozenset({Rule.SHORT, Rule.LONG, Rule.PAUSE, Rule.TAIL, Rule.REPEAT})

#: More clips of one voice tell nothing new.
_MOST_CLIPS = 2_000

#: The silence around a clip, as ``build.plan.recipes.sound_words`` writes it.
_EDGE_SILENCE = re.compile(r"\b(lead|trail)=(\d{1,6})\b")

#: What ``audio.prepare.trim`` leaves of a clip's own silence.
_OWN_EDGE_SILENCE = 0.04


class _TimedClip(NamedTuple):
    """What is kept of a line; those with the lowest hashes stay, which come from everywhere."""

    order: int
    spoken: str
    seconds: float


class SpeakingRates:
    """How fast voices speak; each rate is learned when it is first needed.

    Every unknown voice has a rate of its own, at every speed and with every version of its engine.
    Passages do not count, nor clips whose length was found wrong when they were made, nor clips
    whose pronunciation is not recorded.
    """

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        """Take in the lines of a ledger; 2,000 of a voice are kept at most."""
        self._clips: dict[tuple[str, str, float], list[_TimedClip]] = {}
        self._learned: dict[tuple[str, str, float], SpeakingRate | None] = {}
        for line in lines:
            if line.spoken and not line.cues and line.voice not in MEI:
                self._keep(line)

    def of(self, voice: str, engine: str, speed: float) -> SpeakingRate | None:
        """The pace of a voice, by provider and name, with its engine as the ledger has it.

        None where nothing could be learned.
        """
        key = (voice, engine, speed)
        if key not in self._learned:
            # Threads that ask at once learn the same.
            self._learned[key] = _learn_rate(self._clips.get(key, []))
        return self._learned[key]

    def _keep(self, line: Line) -> None:
        silence = dict(_EDGE_SILENCE.findall(line.sound))
        seconds = line.seconds - sum(map(int, silence.values())) / 1000 - _OWN_EDGE_SILENCE
        # A person may have edited the ledger.
        if len(silence) != 2 or not 0 < seconds < math.inf:
            return
        if any(finding.rule in _OF_LENGTH for finding in line.findings):
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


# What an asset should sound like, by its line in the ledger.


#: The fields that the words of a line's sound are for, by the names of the settings.
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
    """Tells what is expected of assets."""

    def __init__(self, settings: Settings, paces: SpeakingRates) -> None:
        self._settings = settings
        self._paces = paces
        self._accents = AccentSupport(settings)

    def build_expected(self, line: Line | None) -> ExpectedSound:
        """What a line tells of its asset; without one, no more than that it is sound."""
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
            # Several together are like none of them.
            voice=line.voice
            if {each[1:] for each in line.speakers} <= {_own_speaker(line)}
            else "",
            # Those of a passage were held against its segments when it was made.
            says_accents=not line.cues and self._accents.has_accent_control(line.voice),
            pauses_ms=pauses,
            pace=self._paces.of(line.voice, line.engine, line.speed),
        )


def parse_sound(words: str, own: Sound) -> Sound:
    """The sound that ``build.plan.recipes.sound_words`` wrote; what it does not tell is as in ``own``."""
    told = {field: getattr(own, field) for field, _ in _SOUND_FIELDS.values()}
    for word in words.split():
        name, _, value = word.partition("=")
        if name in _SOUND_FIELDS:
            field, kind = _SOUND_FIELDS[name]
            # A person may have edited the ledger.
            with suppress(ValueError):
                told[field] = kind(value)
    return Sound(**told)


def _build_pronunciation(line: Line) -> Pronunciation | None:
    phrases = parse_accent_phrases(line.spoken)
    if not phrases:
        return None
    basis = Basis(line.basis) if line.basis in set(Basis) else Basis.UNCHECKED
    # Lines do not tell where an accent came from; whether it is said, the voice tells.
    return Pronunciation(phrases=phrases, basis=basis, accent_basis=AccentBasis.DICTIONARY)


def _own_speaker(line: Line) -> tuple[str, float]:
    return line.voice, line.speed


# One asset measured: its bytes held against the ledger, its sound against the rules.


#: What can be asked of any sound, whoever made it and whatever it should say.
_RULES_OF_ANY_SOUND = frozenset(
    {Rule.UNDECODABLE, Rule.EMPTY, Rule.BROKEN, Rule.SILENT, Rule.CLIPPED, Rule.NO_SPEECH}
)

#: What cannot be asked of a passage: pauses between its segments are not those of its phrases.
_RULES_NOT_OF_PASSAGES = frozenset({Rule.SHORT, Rule.LONG})


class MeasureTask(NamedTuple):
    """One asset, and all that is known of it.

    Args:
        asset: its name in verdicts.
        path: its file.
        line: what the ledger says of it; None where it says nothing.
        expected: what it should sound like.
        fault: why its file cannot be what was made; None where it may be.
        gone: why it should be there; None where it is.
    """

    asset: str
    path: str
    line: Line | None
    expected: ExpectedSound
    fault: str | None = None
    gone: str | None = None


def measure_asset(item: MeasureTask) -> tuple[Finding, ...]:
    """What is wrong with an asset; its file is read piece by piece."""
    path, line = Path(item.path), item.line
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A named pipe would be waited for, without end.
            return (_report_unreadable("its path is not a file"),)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        found = check_file(path, item.expected)
    except FileNotFoundError:
        told = "there is no such file" if line is None else "its file is missing"
        return (_report_missing(item.gone or told),)
    except OSError as exc:
        return (_report_unreadable(f"its file cannot be read: {exc.strerror}"),)
    if line is None:
        found = tuple(each for each in found if each.rule in _RULES_OF_ANY_SOUND)
        return found if item.fault is None else (_report_damaged(item.fault, size, None), *found)
    is_damaged = item.fault is not None or sha256 != line.sha256
    if not is_damaged and line.review is not None and line.review.decided is Decided.APPROVED:
        # A reviewer listened to these bytes, and accepted how they sound.
        return ()
    if line.cues:
        found = tuple(each for each in found if each.rule not in _RULES_NOT_OF_PASSAGES)
    if is_damaged:
        told = item.fault or "its file differs from what was generated"
        found = (_report_damaged(told, size, line.bytes), *found)
    else:
        found = (*found, *_iter_past_findings(line, found))
    return found


def _iter_past_findings(line: Line, found: tuple[Finding, ...]) -> Iterator[Finding]:
    """What was found when an asset was made, and is not found once more."""
    rules = {each.rule for each in found}
    for finding in line.findings:
        # Of a passage, one rule may be broken by several segments.
        if finding not in found and (line.cues or finding.rule not in rules):
            yield finding._replace(told=f"{finding.told} (found when it was generated)")


def _report_missing(told: str) -> Finding:
    return Finding(MISSING, "no file", "a file", told)


def _report_damaged(told: str, size: int, made: int | None) -> Finding:
    limit = "what was made" if made is None else f"the {made} bytes that were generated"
    return Finding(DAMAGED, f"{size} bytes", limit, told)


def _report_unreadable(told: str) -> Finding:
    return Finding(Rule.UNDECODABLE, "no bytes", "a sound file", told)


# The assets to be measured, one after the other, each with its line of the ledger.


def iter_assets(
    settings: Settings, wanted: AssetsToVerify, paces: SpeakingRates
) -> Iterator[MeasureTask]:
    """All that is wanted: first what the ledger knows, in its order, then everything else.

    Raises:
        InputError: the ledger cannot be read.
    """
    expectations = ExpectationBuilder(settings, paces)
    storage, downloads = open_storage(settings), open_downloads(settings)

    def create_task(named: tuple[str, Line | None]) -> MeasureTask:
        asset, line = named
        # What was named by a path outside of the folder stays as it was named.
        path = Path(asset) if asset in wanted.outside else storage.fetch(asset, downloads)
        return MeasureTask(
            asset,
            str(path),
            line,
            expectations.build_expected(line),
            wanted.faults.get(asset),
            wanted.gone.get(asset),
        )

    every = _iter_with_lines(settings, wanted)
    if settings.bucket_url is None:
        yield from map(create_task, every)
        return
    with ThreadPoolExecutor(_DOWNLOADS) as threads:
        while some := list(islice(every, _DOWNLOADS_AHEAD)):
            yield from threads.map(create_task, some)


def _iter_with_lines(
    settings: Settings, wanted: AssetsToVerify
) -> Iterator[tuple[str, Line | None]]:
    rest = dict.fromkeys(wanted.clips)
    for line in read_ledger_lines(settings, tidy=wanted.tidy):
        said = (line.recipe, line.bytes)
        if line.asset in rest and wanted.recorded.get(line.asset) == said:
            del rest[line.asset]
            yield line.asset, line
    for asset in rest:
        yield asset, None
