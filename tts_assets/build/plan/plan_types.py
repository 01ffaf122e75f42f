"""The plan: clips by state, shards, asset names, voices and problems."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.build.plan import asset_names
from tts_assets.build.plan.planner import Judged, State
from tts_assets.build.plan.recipes import DIGITS, Recipes
from tts_assets.catalogues import voice_assignment
from tts_assets.catalogues.catalogue_files import LoadProblems
from tts_assets.catalogues.override_file import OverrideSet
from tts_assets.catalogues.review_edits import AvailableVoices
from tts_assets.catalogues.voice_assignment import describe_missing_voice
from tts_assets.config.catalogue_sources import BUILT_IN
from tts_assets.config.command_options import place_of
from tts_assets.engines import registry
from tts_assets.errors import EngineNotReadyError, InputError, UsageError
from tts_assets.model import Voice
from tts_assets.store import ledger
from tts_assets.store.ledger_line import FORM_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tts_assets.build.plan import planner
    from tts_assets.build.plan.planner import ClipPlan
    from tts_assets.build.plan.recipes import Cast
    from tts_assets.catalogues.catalogue_document import Document
    from tts_assets.catalogues.catalogue_files import Catalogue
    from tts_assets.config.catalogue_sources import Source
    from tts_assets.config.command_options import Shard
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider, VoiceInfo
    from tts_assets.model import Clip, Decision, Place, SpokenForm


@dataclass(slots=True, kw_only=True)
class Plan:
    """The state of all clips before a run."""

    #: The catalogues of the selected kinds, once for each source that reads them.
    catalogues: list[Catalogue] = field(default_factory=list)
    #: Unusable files and entries, and skipped files.
    trouble: LoadProblems = field(default_factory=LoadProblems)
    #: The number of clips in each state.
    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    #: The clips that matter, in the order of the files.
    planned: list[planner.ClipPlan] = field(default_factory=list)
    untidy: bool = False  #: whether an interrupted run left files to delete in the output folder
    #: The size of every asset that exists, by its path.
    present: dict[str, int] = field(default_factory=dict)
    #: The ledger's record of each asset, by its path.
    recorded: Mapping[str, ledger.AssetRecord] = field(default_factory=dict)
    approved: set[str] = field(default_factory=set)  #: the assets whose audio a reviewer approved
    #: The decision on each asset whose audio a reviewer rejected, by its path.
    rejected: dict[str, Decision] = field(default_factory=dict)
    approvals: int = 0  #: the number of fresh clips with approved audio
    judged_by: Judged = Judged.FILES  #: what the clips were compared with
    kept: tuple[planner.KeptClipGroup, ...] = ()  #: clips that are kept although the engine changed
    #: The hashes that identify the plan of this shard; None for a run without shards.
    sums: Sums | None = None
    passed_over: int = 0  #: clips to generate that ``--only`` excluded
    #: The assets of fresh passages whose time lines must be written.
    untimed: list[str] = field(default_factory=list)
    #: A message about requested ids that no entry has; None if all exist.
    unmatched: str | None = None
    #: The overrides of reviewers, and which of them apply.
    overrides: OverrideSet = field(default_factory=OverrideSet)
    #: The folders of assets that were listed, below the output folder.
    folders: tuple[str, ...] = ()
    #: The engine's parts that recipes depend on, for each voice used.
    engines: dict[str, str] = field(default_factory=dict)
    recalled: bool = False  #: whether it was remembered, and so lacks the data of single assets
    _places: dict[tuple[str, Place], Clip] = field(default_factory=dict)
    _objects: dict[tuple[str, Place], Clip] = field(default_factory=dict)

    def claim(self, clip: Clip, file: str) -> None:
        """Reserve the places for a clip's URLs; ``file``: the real path of its catalogue.

        Raises:
            InputError: another clip has one of them, or one inside or around it.
        """
        self._claim(clip, file)
        if clip.timeline is not None:
            self._claim(clip.with_timeline()[1], file)

    def _claim(self, clip: Clip, file: str) -> None:
        if clip.place is None:
            return
        other = self._places.setdefault((file, clip.place), clip)
        around = [clip.place[:end] for end in range(1, len(clip.place))]
        for place in around:
            if isinstance(place[-1], str):
                other = self._places.get((file, place), other)
                self._objects.setdefault((file, place), clip)
        other = self._objects.get((file, clip.place), other)
        if other is not clip:
            raise InputError(
                f"the URL of its {clip.part} would replace that of {other.part} ({other.source}): "
                "give each clip its own `to`",
                file=clip.file,
                entry=f"entry {clip.entry}",
            )


# The line numbers of records, found in one scan of a document.


def add_line_numbers(
    document: Document, refused: Sequence[tuple[Place, InputError]]
) -> Iterator[InputError]:
    """Add line numbers to the errors of unusable clips, by the places of their records."""
    if not refused:
        return
    # One scan for all: a wrong template refuses every clip of a file.
    lines = document.find_lines({place for place, _ in refused})
    for place, each in refused:
        yield InputError(each.message, file=each.file, entry=each.entry, line=lines.get(place))


def find_lines(
    document: Document,
    planned: list[planner.ClipPlan],
    first: int,
    needs_line: Callable[[planner.ClipPlan], bool],
) -> None:
    """Add the lines of their records to the clips of a document, from the index ``first`` on."""
    numbers = [number for number in range(first, len(planned)) if needs_line(planned[number])]
    if not numbers:
        return
    lines = document.find_lines({planned[number].clip.at for number in numbers})
    for number in numbers:
        item = planned[number]
        planned[number] = item._replace(line=lines.get(item.clip.at))


# Assign clips to shards by hash: evenly, and hardly affected by other clips.


_PART, _WHOLE = 1, 20  #: the size of a shard differs from its fair share by at most a twentieth

#: Half of a recipe's digits: the first half determines its shard, the second its rank.
_HALF = DIGITS // 2
_BITS = 4 * _HALF


def shards(recipes: Iterable[str], count: int) -> list[set[str]]:
    """The recipes of each shard.

    A recipe is in the shard that its hash points to. Only if that shard has over 5 % more than its
    fair share, or another over 5 % less, the recipes of the highest rank go to the next shard with
    room. So the result depends only on the set of recipes, and

    - the size of each shard is its fair share within 5 %, or within one clip if that is more;
    - one recipe more or less moves hardly any other. Measured with 1,000 recipes, an insertion
      moves 0.1 others in the mean with 2 shards, 0.6 with 4, 1.5 with 8, 2.6 with 20, at most 9,
      and none at all in 95, 59, 37 and 23 of 100 times; sorted hashes cut into equal runs move
      0.5, 1.3, 2.6 and 6.8, whatever their number is. With 10,000 recipes and 4 shards: none.

    Args:
        recipes: the recipes of all clips; equal ones count once.
        count: the number of shards.

    Returns:
        One set for each shard; each recipe is in exactly one of them.
    """
    by_hash: list[list[str]] = [[] for _ in range(count)]
    for recipe in set(recipes):
        by_hash[int(recipe[:_HALF], 16) * count >> _BITS].append(recipe)
    least, most = _bounds(sum(map(len, by_hash)), count)
    movers = _movers(by_hash, least, most)
    moving = set(movers)
    found = [set(shard) - moving for shard in by_hash]
    _place(movers, found, least, most)
    return found


def _bounds(total: int, count: int) -> tuple[int, int]:
    """The fewest and the most recipes that a shard may have."""
    least = min(-(-total * (_WHOLE - _PART) // (count * _WHOLE)), total // count)
    most = max(total * (_WHOLE + _PART) // (count * _WHOLE), -(-total // count))
    return least, most


def _movers(by_hash: list[list[str]], least: int, most: int) -> list[str]:
    """The recipes that cannot stay in the shard of their hash, by rank."""
    movers: list[str] = []
    spare: list[str] = []
    for shard in by_hash:
        shard.sort(key=_rank)
        spare += shard[least:most]
        movers += shard[most:]
    lacking = _count_lacking(by_hash, least)
    if len(movers) < lacking:
        movers += sorted(spare, key=_rank)[len(movers) - lacking :]
    return sorted(movers, key=_rank)


def _place(movers: list[str], found: list[set[str]], least: int, most: int) -> None:
    """Put each recipe into the next shard with room; shards with too few come first."""
    lacking = _count_lacking(found, least)
    for number, mover in enumerate(movers):
        room = least if number < lacking else most
        at = int(mover[_HALF:], 16) % len(found)
        while len(found[at]) >= room:
            at = (at + 1) % len(found)
        found[at].add(mover)


def _count_lacking(found: Iterable[list[str] | set[str]], least: int) -> int:
    return sum(max(0, least - len(shard)) for shard in found)


def _rank(recipe: str) -> str:
    return recipe[_HALF:] + recipe[:_HALF]


# The hashes that the shards of one plan have in common.


#: The size of the hashes. They are summed: order doesn't matter, equal clips don't cancel out.
_BYTES = 16


class Sums(NamedTuple):
    """The hashes that the shards of one plan have in common, whatever assets exist."""

    catalogues: str  #: the hash of the spoken forms of all clips and of their places
    plan: str  #: the same with their recipes


class Shared:
    """Collects all clips of the catalogues, and selects those of one shard."""

    def __init__(self, shard: Shard, output: str) -> None:
        """Start without clips; paths of catalogues are relative to the output folder."""
        self._shard = shard
        self._recipes: set[str] = set()
        self._catalogues = self._plan = 0
        self._from_output = cache(lambda file: from_output(file, output))

    def see(self, item: ClipPlan) -> None:
        """Add a clip with its own recipe, whatever assets exist."""
        clip = item.clip
        # Without a speed, keep the hash from before clips could have one.
        speed = () if clip.speed is None else (clip.speed,)
        file = self._from_output(clip.file)
        request = _hash((file, clip.entry, clip.part, clip.voice, *clip.form, *speed))
        self._catalogues += request
        self._plan += request * int(item.recipe, 16)
        self._recipes.add(item.recipe)

    def own(self) -> set[str]:
        """The recipes of this shard, once all clips are added."""
        return shards(self._recipes, self._shard.count)[self._shard.index - 1]

    def sums(self) -> Sums:
        """The hashes of all added clips."""
        return Sums(_hex(self._catalogues), _hex(self._plan))


def from_output(file: str, output: str) -> str:
    """The path of a file relative to the output folder, so that it doesn't depend on the machine.

    If the output folder is a link, the path is relative to the link, which is in the project.
    """
    try:
        path = os.path.relpath(os.path.realpath(file), place_of(output))
    except ValueError:
        # On another drive of Windows.
        path = os.path.realpath(file)
    return path.replace(os.sep, "/")


def _hash(parts: tuple[object, ...]) -> int:
    # repr escapes lone surrogates, and keeps the parts apart.
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=_BYTES).digest())


def _hex(total: int) -> str:
    return (total % (1 << 8 * _BYTES)).to_bytes(_BYTES).hex()


# The templates of assets and URLs of each source.
class SourceAddresses:
    """The templates of assets and URLs of each source."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._addresses: dict[tuple[str, str], asset_names.Addresses] = {}
        for source in (*settings.sources, *BUILT_IN.values()):
            self.of(source)

    def of(self, source: Source) -> asset_names.Addresses:
        settings = self._settings
        names = (source.asset or settings.asset, source.url or settings.url)
        if names not in self._addresses:
            try:
                self._addresses[names] = asset_names.Addresses(*names, settings.sound.format)
            except UsageError as problem:
                if source.asset is None and source.url is None:
                    raise
                raise UsageError(f"{source.name}: {problem}") from problem
            if settings.bucket_url is not None and not self._addresses[names].by_recipe:
                raise UsageError(
                    f"asset: the template {names[0]!r} has no {{recipe}}, which names in a bucket need: "
                    "its objects are cached forever, and two runs must not write different sounds "
                    "under one name"
                )
        return self._addresses[names]

    def every(self) -> list[asset_names.Addresses]:
        """The addresses of all sources, each pair of templates once."""
        return [each for _, each in sorted(self._addresses.items(), key=lambda each: each[0])]

    def folders(self) -> list[str]:
        """The folders below the output folder that can contain assets."""
        return sorted({folder for names in self._addresses.values() for folder in names.folders()})


# The voices of a run, and the recipes of its clips.


def find_voice(settings: Settings, provider: Provider) -> Voice:
    """The requested voice.

    Raises:
        UsageError: the provider has no such voice.
    """
    info = voice_info(settings, provider)
    return Voice(
        provider=provider.name, name=info.name, language=info.language, speed=settings.speed
    )


def voice_info(settings: Settings, provider: Provider) -> VoiceInfo:
    """The provider's information about the requested voice."""
    voices = provider.voices()
    for info in voices:
        if settings.voice in (None, info.name):
            return info
    names = [info.name for info in voices]
    if not names:
        raise EngineNotReadyError(provider.name, provider.problem() or "it has no voices")
    owner = registry.find_voice_owner(settings, provider.name)
    if owner is not None:
        raise UsageError(
            f"{provider.name} has no voice {settings.voice!r}; it is a voice of {owner}: "
            f"add --provider {owner}, or omit the voice"
        )
    raise UsageError(describe_missing_voice(provider.name, settings.voice or "", names))


def list_speakers(settings: Settings, provider: Provider) -> AvailableVoices:
    """The available voices, for the overrides of reviewers."""
    return AvailableVoices(
        voice=find_voice(settings, provider), voices=provider.voices(), speakers=settings.speakers
    )


def recipes(settings: Settings, provider: Provider) -> Recipes:
    """The recipes of a run's clips."""
    return Recipes(
        voice=find_voice(settings, provider),
        engine=provider.engine,
        sound=settings.sound,
        words=settings.words,
        accents=provider.accents,
        pauses=settings.pauses,
        cast=cast(settings, provider),
    )


def cast(settings: Settings, provider: Provider) -> Cast:
    """A function that assigns voices to the speakers of a passage."""

    def voices(form: SpokenForm, own: Voice) -> dict[str, Voice]:
        return voice_assignment.assign_voices(form.turns, own, provider.voices(), settings.speakers)

    return voices


class Origins:
    """Builds the ledger lines that clips would get if they were generated now."""

    def __init__(self, settings: Settings, provider: Provider) -> None:
        """Set the inputs that the clips of a run have in common."""
        self._settings = settings
        self._provider = provider
        self._voice = find_voice(settings, provider)
        self._recipes = recipes(settings, provider)

    def of(
        self, form: SpokenForm, voice_name: str | None, recipe: str, speed: float | None = None
    ) -> ledger.Provenance:
        """The line of a spoken form; voice and speed are None for the run's own."""
        name = voice_name or self._voice.name
        return ledger.Provenance(
            recipe=recipe,
            **{field: getattr(form, field) for field in FORM_FIELDS if field != "accent"},
            accent=form.accent if self._provider.accents(name) else None,
            words=self._recipes.words_in(form.text),
            voice=f"{self._voice.provider}/{name}",
            speed=self._voice.speed if speed is None else speed,
            sound=self._recipes.sound_words(form),
            speakers=self._recipes.speakers(form, voice_name, speed),
            engine=self._provider.engine(name),
        )


def check_voices(settings: Settings, provider: Provider) -> None:
    """Check that every configured voice exists and supports its speed.

    Raises:
        UsageError: a voice is missing or does not support its speed, or a speaker has two tables.
    """
    for source in settings.sources:
        for name in source.voices.values():
            try:
                voice_info(replace(settings, voice=name), provider)
            except UsageError as problem:
                raise UsageError(f"{source.name}: voices: {problem}") from problem
        for rule in source.clips:
            where = f"{source.name}, clip {rule.part}"
            _check_speed(voice_info(settings, provider), rule.speed, where)
    seen: set[str] = set()
    for speaker in settings.speakers:
        where = f"[[speaker]] {speaker.name!r}"
        if speaker.name in seen:
            raise UsageError(f"{where} occurs twice: keep one")
        seen.add(speaker.name)
        try:
            info = voice_info(replace(settings, voice=speaker.voice or settings.voice), provider)
        except UsageError as problem:
            raise UsageError(f"{where}: {problem}") from problem
        _check_speed(info, speaker.speed, where)


def _check_speed(info: VoiceInfo, speed: float | None, where: str) -> None:
    problem = None if speed is None else voice_assignment.problem_with_speed(info, speed)
    if problem is not None:
        raise UsageError(f"{where}: {problem}")
