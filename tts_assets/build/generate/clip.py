"""One clip generated: synthesized, finished, checked, and stored with its ledger line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, runtime_checkable

import anyio
import msgspec
from anyio import to_thread

from tts_assets.audio import formats
from tts_assets.audio.audio_checks import check_bytes
from tts_assets.audio.expected_length import ExpectedSound
from tts_assets.build.plan import plan_types
from tts_assets.engines import machine
from tts_assets.engines.protocol import Priced, Recorder, Remote
from tts_assets.errors import (
    OUT_OF_MEMORY,
    ClipError,
    ClipTimeoutError,
    EngineNotReadyError,
    StoppedError,
    TtsAssetsError,
    UsageError,
    is_out_of_memory,
)
from tts_assets.japanese.accent_notation import format_accent_phrases
from tts_assets.regular_files import read_regular
from tts_assets.store import asset_file_names, ledger, segment_cache, timelines
from tts_assets.store.atomic_files import fatal, sha256
from tts_assets.store.ledger_line import (
    ATTRIBUTES,
    ATTRIBUTES_NAME,
    LEDGER_NAME,
    VERSION,
    Line,
    encode,
    encode_replacement,
)
from tts_assets.store.paid_speech import find_order, sum_billed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container

    from anyio import CapacityLimiter

    from tts_assets.audio.prepare import PreparedSpeech
    from tts_assets.build.plan.planner import Job
    from tts_assets.build.plan.recipes import Cast, Recipes
    from tts_assets.config.settings import Settings
    from tts_assets.engines.protocol import Provider, Speaker
    from tts_assets.model import (
        Cue,
        Finding,
        Pronunciation,
        Recording,
        Sound,
        Speech,
        SpokenForm,
        Voice,
    )
    from tts_assets.store.atomic_files import AppendLog, Storage
    from tts_assets.store.paid_speech import TakeStore

T = TypeVar("T")


class StoredData(NamedTuple):
    """Bytes that lie under all names of their clip already: the hash in hex, and the size."""

    sha256: str
    size: int


@runtime_checkable
class ClipExecutor(Protocol):
    """Makes clips elsewhere: spoken, finished, checked, and within their time limits."""

    @property
    def target_clips(self) -> int:
        """How many clips to hand over at once; more than there are workers, as some wait."""
        ...

    on_change: Callable[[], None]

    def stop(self) -> None:
        """Begin nothing more: what waits ends with StoppedError, what is being made is returned."""
        ...

    async def record_clip(
        self, form: SpokenForm, voice: Voice, assets: tuple[str, ...]
    ) -> tuple[Recording, StoredData | None]:
        """Make a clip.

        Args:
            form: the text with its reading.
            voice: who speaks.
            assets: names under which the clip may be stored where it is made; none for not at all.

        Returns:
            the clip, without its bytes if they are stored.
        """
        ...

    async def record_segment(
        self, form: SpokenForm, voice: Voice, around: tuple[str, str], *, timed: bool
    ) -> tuple[tuple[Speech, PreparedSpeech], tuple[Finding, ...]]:
        """Make a segment of a passage; the speech comes without its samples."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """What every clip of a run is made with.

    Args:
        speaker: the engine, ready; or who makes clips elsewhere.
        voice: who speaks what asks for no voice of its own.
        engine: tells the engine's parts with their versions, for the name of a voice.
        accents: tells whether a voice says accents, by its name.
        repeats: tells whether a voice says one form in the same bits each time, by its name.
        sound: how the assets must sound and be stored.
        recipes: tells what was asked of the engine, for the ledger.
        cast: tells who speaks in passages.
        temp: where segments of unfinished passages wait.
        threads: bounds the threads in which sound is finished and stored.
        remakes: how often a clip that breaks a rule is made once more, where that may help.
        takes: what services were paid for; None where requests are not recorded.
    """

    speaker: Speaker | ClipExecutor
    voice: Voice
    engine: Callable[[str], str]
    accents: Callable[[str], bool]
    repeats: Callable[[str], bool]
    sound: Sound
    recipes: Recipes
    cast: Cast
    temp: Path
    threads: CapacityLimiter
    remakes: int = 0
    takes: TakeStore | None = None

    def own_voice(self, job: Job) -> Voice:
        """Who speaks a job, or narrates it."""
        voice = self.voice if job.voice is None else replace(self.voice, name=job.voice)
        return voice if job.speed is None else replace(voice, speed=job.speed)

    def expect(
        self, voice: Voice, said: Pronunciation | None, *, is_segment: bool = False
    ) -> ExpectedSound:
        """What a sound of this voice is held against."""
        return ExpectedSound(
            sound=self.sound,
            pronunciation=said,
            speed=voice.speed,
            voice=f"{voice.provider}/{voice.name}",
            says_accents=self.accents(voice.name),
            is_segment=is_segment,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputTarget:
    """Where the assets of a run go.

    Args:
        storage: the output folder.
        log: the open ledger.
        rejected: the assets whose sounds somebody rejected.
        earlier: where these sounds are kept when others take their names.
    """

    storage: Storage
    log: AppendLog
    rejected: Container[str] = frozenset()
    earlier: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredClip:
    """What became of a job.

    Args:
        seconds: the length of the speech.
        bytes: the size of one asset.
        lufs: its integrated loudness.
        pronunciation: how it was said, where the engine can tell.
        credit: the line that its licence asks for, where that is known only now; "" for none.
        billed: what a service charged for it in this run, in its own credits; None where nobody
            tells.
        findings: the audio checks that it failed.
        repeated: it has the very bytes that somebody rejected.
    """

    seconds: float
    bytes: int
    lufs: float
    pronunciation: Pronunciation | None = None
    credit: str = ""
    billed: float | None = None
    findings: tuple[Finding, ...] = ()
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an asset has in it.

    Args:
        data: its bytes, or the file that has them; nothing if they are stored.
        made: what is known of them.
        lufs: its integrated loudness.
        peak_dbtp: its true peak.
        billed: what a service charged for it, in earlier runs, too.
        cues: of a passage, its time line.
        word_cues: the same in words, where a service reports their times.
        stored: what is known of its bytes, if they lie under all its names already.
    """

    data: bytes | Path
    made: StoredClip
    lufs: float
    peak_dbtp: float
    billed: float | None = None
    cues: tuple[Cue, ...] = ()
    word_cues: tuple[Cue, ...] = ()
    stored: StoredData | None = None


async def make_clip(
    job: Job, context: BuildContext, target: OutputTarget, *, on_start: Callable[[], None]
) -> StoredClip:
    """Make a job's asset, under each of its names.

    Raises:
        ClipError: the engine cannot say it, or what it said is unusable.
        FatalError: the engine is gone, or nothing can be stored.
    """
    assets: tuple[str, ...] = ()
    if isinstance(context.speaker, ClipExecutor) and target.storage.is_shared:
        assets = await to_thread.run_sync(_offer_names, job, target, limiter=context.threads)
    content = await record(job, context, on_start=on_start, assets=assets)
    return await to_thread.run_sync(store, job, context, target, content, limiter=context.threads)


def _offer_names(job: Job, target: OutputTarget) -> tuple[str, ...]:
    """The names under which a worker may store a clip: none if an earlier sound is to be kept.

    Until its line follows, the ledger calls each unfinished: a run may be killed in between.
    """
    if any(asset in target.rejected or not target.storage.is_new(asset) for asset in job.assets):
        return ()
    for asset in job.assets:
        target.log.append(encode_replacement(asset))
    return tuple(job.assets)


async def record(
    job: Job,
    context: BuildContext,
    *,
    on_start: Callable[[], None],
    assets: tuple[str, ...] = (),
) -> Content:
    """What a job's asset has in it, without storing it here; for what is said in one piece.

    Args:
        job: what is to be made.
        context: what it is made with.
        on_start: called when the work begins, and again if it has to begin anew.
        assets: names under which workers may store it.

    Raises:
        ClipError: the engine cannot say it, or what it said is unusable.
        FatalError: the engine is gone.
    """
    try:
        recording, stored = await record_form(
            job.form, context.own_voice(job), context, on_start=on_start, assets=assets
        )
    except TtsAssetsError:
        raise
    except Exception as exc:
        raise strange(exc) from exc
    made = StoredClip(
        seconds=recording.seconds,
        bytes=len(recording.data) if stored is None else stored.size,
        lufs=recording.lufs,
        pronunciation=recording.pronunciation,
        credit=recording.credit,
        billed=recording.billed,
        findings=recording.findings,
    )
    return Content(
        data=recording.data,
        stored=stored,
        made=made,
        lufs=recording.lufs,
        peak_dbtp=recording.peak_dbtp,
        billed=sum_billed(recording.billed),
    )


def out_of_time(limit_seconds: float) -> ClipTimeoutError:
    """What to say of work that its time limit has stopped."""
    return ClipTimeoutError(
        f"timed out after {limit_seconds:g} s; to change the limit, set --timeout"
    )


def strange(exc: Exception) -> ClipError:
    """What an engine raised that it should not: its code is not ours, so it is this clip's failure."""
    if is_out_of_memory(exc):
        return ClipError(OUT_OF_MEMORY)
    return ClipError(f"the engine failed with {type(exc).__name__}: {exc}")


async def record_form(
    form: SpokenForm,
    voice: Voice,
    context: BuildContext,
    *,
    on_start: Callable[[], None],
    assets: tuple[str, ...] = (),
) -> tuple[Recording, StoredData | None]:
    """The take of a form that breaks no rule, or else the one that breaks fewest.

    Returns:
        the take, and what workers of a cluster have stored of it under ``assets``.
    """
    speaker = context.speaker
    if isinstance(speaker, ClipExecutor):
        return await speaker.record_clip(form, voice, assets)

    async def take() -> tuple[Recording, tuple[Finding, ...]]:
        recording = await _record(form, voice, context, speaker, on_start)
        expected = context.expect(voice, recording.pronunciation)
        check = partial(
            check_bytes,
            recording.data,
            expected,
            lufs=recording.lufs,
            peak_dbtp=recording.peak_dbtp,
        )
        return recording, await to_thread.run_sync(check, limiter=context.threads)

    recording, findings = await best_take(take, context, voice)
    return replace(recording, findings=findings), None


async def best_take(
    take: Callable[[], Awaitable[tuple[T, tuple[Finding, ...]]]],
    context: BuildContext,
    voice: Voice,
) -> tuple[T, tuple[Finding, ...]]:
    """The first of several takes that breaks no rule, or else the one that breaks fewest.

    A voice that repeats itself is asked once: it would only say the same again. One that fails when
    it is asked again has said what it can. After a stop the first take is kept, as it may be paid for.
    """
    best, findings = await take()
    for _ in range(0 if context.repeats(voice.name) else context.remakes):
        # A sound of an earlier run was accepted, or is all that was paid for.
        if not findings or ((order := find_order()) is not None and order.uses_earlier):
            break
        try:
            other, its_own = await take()
        except (ClipError, StoppedError):
            break
        if len(its_own) < len(findings):
            best, findings = other, its_own
    return best, findings


async def _record(
    form: SpokenForm,
    voice: Voice,
    context: BuildContext,
    speaker: Speaker,
    on_start: Callable[[], None],
) -> Recording:
    if isinstance(speaker, Recorder):
        return await speaker.record(form, voice, context.sound, on_start=on_start)
    from tts_assets.audio.render import finish  # noqa: PLC0415 - heavy; mostly the engine's process does it

    speech = await speaker.speak(form, voice, on_start=on_start)
    recording = await to_thread.run_sync(finish, speech, context.sound, limiter=context.threads)
    return replace(
        recording,
        pronunciation=speech.pronunciation,
        billed=speech.billed,
        credit=speech.credit,
    )


def store(job: Job, context: BuildContext, target: OutputTarget, content: Content) -> StoredClip:
    """Store what was made for a job under each of its names, and say in the ledger what it is.

    Raises:
        FatalError: the disk is full, gone or read-only.
    """
    billed, repeated = content.billed, False
    for asset in job.assets:
        line = _line(job, asset, context, content)
        line = msgspec.structs.replace(line, billed=billed)
        data = content.data if content.stored is None else None
        repeated |= store_asset(line, data, target)
        # It was paid for once, whatever it is called.
        billed = None
    return replace(content.made, repeated=repeated)


def store_asset(line: Line, data: bytes | Path | None, target: OutputTarget) -> bool:
    """Store an asset with its line, in the order that the ledger's own words give reasons for.

    Args:
        line: what is known of it.
        data: its bytes, or the file that has them; None if it is stored.
        target: where it goes.

    Returns:
        Whether somebody rejected the very bytes that it has now.

    Raises:
        FatalError: the disk is full, gone or read-only.
    """
    storage, log, asset = target.storage, target.log, line.asset
    for each in (asset, *(asset_file_names.timelines_of(asset) if line.cues else ())):
        storage.refuse_folder(each)
    repeated = False
    encoded = encode(line)
    if asset in target.rejected:
        repeated = segment_cache.keep(target.earlier, asset, storage, unless=line.sha256)
    timelines.make_way(line, storage)
    if data is None:
        log.append(encoded)
    elif line.recipe in asset and storage.is_new(asset):
        log.append(encoded)
        storage.put(asset, data)
    else:
        log.append(encode_replacement(asset))
        storage.put(asset, data)
        log.append(encoded)
    timelines.store_timeline(line, storage)
    return repeated


def leave_tidy(storage: Storage) -> None:
    """Bring everything to the disk, and leave the ledger sorted, and such that git can merge it.

    Raises:
        FatalError: the disk is full, gone or read-only.
    """
    storage.settle()
    path = storage.root / LEDGER_NAME
    if not path.exists():
        return
    with fatal(f"cannot read {path}"):
        data = read_regular(path, follow_links=False)
    tidy = ledger.compact_ledger(data, file=str(path), hash_of=storage.hash_of)
    if storage.is_shared:
        tidy = ledger.drop_marks(tidy, lambda asset: storage.size_of(asset) is not None)
    write_git_attributes(storage)
    if tidy != data:
        storage.replace(LEDGER_NAME, tidy)


def write_git_attributes(storage: Storage) -> None:
    """Have git merge the ledger of a folder, unless somebody has said already what git does there.

    Raises:
        FatalError: the disk is full, gone or read-only.
    """
    if not (storage.root / ATTRIBUTES_NAME).exists():
        storage.replace(ATTRIBUTES_NAME, ATTRIBUTES)


def _line(job: Job, asset: str, context: BuildContext, content: Content) -> Line:
    made, form, voice = content.made, job.form, context.own_voice(job)
    said = made.pronunciation
    return Line(
        asset=asset,
        version=VERSION,
        recipe=job.recipe,
        brief=context.recipes.brief(form, job.voice, job.speed),
        text=form.text,
        reading=form.reading,
        accent=form.accent,
        sentence=form.sentence,
        readings=form.readings,
        boundaries=form.boundaries,
        romanized=form.romanized,
        words=context.recipes.words_in(form.text),
        spoken=format_accent_phrases(said.phrases) if said else "",
        basis=said.basis if said else "",
        voice=f"{voice.provider}/{voice.name}",
        speed=voice.speed,
        sound=context.recipes.sound_words(form),
        engine=context.engine(voice.name),
        sha256=sha256(content.data) if content.stored is None else content.stored.sha256,
        bytes=made.bytes,
        seconds=made.seconds,
        lufs=content.lufs,
        peak_dbtp=content.peak_dbtp,
        credit=made.credit,
        speakers=context.recipes.speakers(form, job.voice, job.speed),
        cues=content.cues,
        word_cues=content.word_cues,
        findings=made.findings,
    )


# Creates the context of a run: the engine started, the folders, the preflight checks.


def check_ready(settings: Settings, provider: Provider, *, needs_engine: bool = True) -> None:
    """See that clips can be made with these settings here.

    Args:
        settings: what is wanted.
        provider: the engine.
        needs_engine: whether anything is to be said.

    Raises:
        UsageError: the sound cannot be stored so.
        FatalError: the engine is missing.
    """
    problem = formats.find_sound_problem(settings.sound)
    if problem is not None:
        raise UsageError(problem)
    problem = provider.problem() if needs_engine else None
    if problem is not None:
        raise EngineNotReadyError(provider.name, problem)


def auto_workers(provider: Provider) -> int:
    """What ``--concurrency auto`` means for an engine that has the machine for itself."""
    if isinstance(provider, Remote):
        return provider.max_concurrent
    return machine.default_worker_count(provider.base_mib, provider.footprint_mib)


def create_context(
    settings: Settings, provider: Provider, speaker: Speaker | ClipExecutor, workers: int
) -> BuildContext:
    """What the clips of a run are made with.

    Args:
        settings: what is wanted.
        provider: the engine.
        speaker: the engine made ready.
        workers: how many clips are made at once.

    Raises:
        UsageError: the provider has no such voice.
    """
    return BuildContext(
        speaker=speaker,
        voice=plan_types.find_voice(settings, provider),
        engine=provider.engine,
        accents=provider.accents,
        repeats=provider.repeats,
        sound=settings.sound,
        recipes=plan_types.recipes(settings, provider),
        cast=plan_types.cast(settings, provider),
        temp=segment_cache.place_for(settings.temp, settings.folder),
        threads=anyio.CapacityLimiter(workers),
        # What is paid for is not bought again because of how it sounds.
        remakes=0 if isinstance(provider, Priced) else settings.remakes,
    )
