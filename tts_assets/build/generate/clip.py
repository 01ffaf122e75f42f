"""One clip generated: synthesized, finished, checked, and stored with its ledger line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

import anyio
import msgspec
from anyio import to_thread

from tts_assets.audio import formats
from tts_assets.audio.audio_checks import check_bytes
from tts_assets.audio.expected_length import ExpectedSound
from tts_assets.build.plan import voice_selection
from tts_assets.engines import machine
from tts_assets.engines.machine import IMPOSED_MELODY
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
from tts_assets.store import ledger, portable_names, segment_cache, timelines
from tts_assets.store.atomic_files import sha256, translate_os_errors
from tts_assets.store.ledger_line import (
    ATTRIBUTES,
    ATTRIBUTES_NAME,
    FORM_FIELDS,
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
    from tts_assets.build.plan.recipes import AssignVoices, Recipes
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

    #: A segment: the engine's speech, the prepared audio, and its failed checks.
    SegmentTake: TypeAlias = tuple[tuple[Speech, PreparedSpeech], tuple[Finding, ...]]

T = TypeVar("T")


class StoredData(NamedTuple):
    """Bytes already stored under all names of their clip: the hash in hex, and the size."""

    sha256: str
    size: int


@runtime_checkable
class ClipExecutor(Protocol):
    """Generates clips on other machines, including checks and time limits."""

    @property
    def target_clips(self) -> int:
        """The number of clips to submit at once; more than the workers, so that some wait."""
        ...

    on_change: Callable[[], None]

    def stop(self) -> None:
        """Start no more clips: waiting ones raise StoppedError, those in progress are returned."""
        ...

    async def record_clip(
        self, form: SpokenForm, voice: Voice, assets: tuple[str, ...]
    ) -> tuple[Recording, StoredData | None]:
        """Generate a clip; without its bytes if it is stored, which is allowed under these names."""
        ...

    async def record_segment(
        self, form: SpokenForm, voice: Voice, around: tuple[str, str], *, timed: bool
    ) -> SegmentTake:
        """Generate a segment of a passage; the returned speech has no samples."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """Everything that the clips of a run have in common."""

    speaker: Speaker | ClipExecutor  #: the open engine, or the executor on other machines
    voice: Voice  #: the default voice
    provider: Provider  #: the engine
    sound: Sound  #: the loudness and the file format of the assets
    recipes: Recipes  #: hashes the inputs of clips, for the ledger
    assign_voices: AssignVoices  #: assigns voices to the speakers of passages
    temp: Path  #: the folder for the segments of unfinished passages
    threads: CapacityLimiter  #: limits the threads that prepare and store audio
    #: How often to regenerate a clip that fails a check, if the voice is not deterministic.
    remakes: int = 0
    takes: TakeStore | None = None  #: the paid recordings; None if requests are not recorded

    def own_voice(self, job: Job) -> Voice:
        """The voice of a job, or of its narrator."""
        voice = self.voice if job.voice is None else replace(self.voice, name=job.voice)
        return voice if job.speed is None else replace(voice, speed=job.speed)

    def expect(
        self, voice: Voice, pronunciation: Pronunciation | None, *, is_segment: bool = False
    ) -> ExpectedSound:
        """The values to check a recording of this voice against."""
        return ExpectedSound(
            sound=self.sound,
            pronunciation=pronunciation,
            speed=voice.speed,
            voice=f"{voice.provider}/{voice.name}",
            says_accents=self.provider.accents(voice.name),
            is_imposed=IMPOSED_MELODY in self.provider.engine(voice.name),
            is_segment=is_segment,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputTarget:
    """The destination of the assets of a run."""

    storage: Storage  #: the output folder
    log: AppendLog  #: the open ledger
    rejected: Container[str] = frozenset()  #: the assets whose audio a reviewer rejected
    earlier: Path = Path()  #: the folder that keeps the rejected audio when it is replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedClip:
    """A finished clip: its recording, and what the ledger records besides."""

    recording: Recording  #: its bytes, unless they are in a file or stored, and its measurements
    file: Path | None = None  #: the file with its bytes
    stored: StoredData | None = None  #: its hash and size, if it is stored under all its names
    billed: float | None = None  #: the amount that a service charged for it, including earlier runs
    cues: tuple[Cue, ...] = ()  #: the time line of a passage
    word_cues: tuple[Cue, ...] = ()  #: the same by words, if a service reports their times
    repeated: bool = False  #: whether it has exactly the bytes that a reviewer rejected

    @property
    def data(self) -> bytes | Path:
        """Its bytes, or the file that contains them."""
        return self.recording.data if self.file is None else self.file


async def make_clip(
    job: Job, context: BuildContext, target: OutputTarget, *, restart_timer: Callable[[], None]
) -> FinishedClip:
    """Generate a job's asset, and store it under each of its names."""
    assets: tuple[str, ...] = ()
    if isinstance(context.speaker, ClipExecutor) and target.storage.is_shared:
        assets = await to_thread.run_sync(_offer_names, job, target, limiter=context.threads)
    clip = await record(job, context, restart_timer=restart_timer, assets=assets)
    return await to_thread.run_sync(store, job, context, target, clip, limiter=context.threads)


def _offer_names(job: Job, target: OutputTarget) -> tuple[str, ...]:
    """The names under which a worker may store a clip; none if existing audio must be kept.

    Mark each as unfinished in the ledger until its line follows, in case the run is killed.
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
    restart_timer: Callable[[], None],
    assets: tuple[str, ...] = (),
) -> FinishedClip:
    """Generate a job's clip in one piece, without storing it on this machine.

    ``restart_timer`` is called when the work starts, and again if it restarts; workers may store
    the clip under ``assets``.
    """
    try:
        recording, stored = await record_form(
            job.form, context.own_voice(job), context, restart_timer=restart_timer, assets=assets
        )
    except TtsAssetsError:
        raise
    except Exception as exc:
        raise to_clip_error(exc) from exc
    return FinishedClip(recording=recording, stored=stored, billed=sum_billed(recording.billed))


def to_timeout_error(limit_seconds: float) -> ClipTimeoutError:
    """The error for work that exceeded its time limit."""
    return ClipTimeoutError(
        f"timed out after {limit_seconds:g} s; to change the limit, set --timeout"
    )


def to_clip_error(exc: Exception) -> ClipError:
    """Turn an unexpected exception of an engine, which is third-party code, into a clip's failure."""
    if is_out_of_memory(exc):
        return ClipError(OUT_OF_MEMORY)
    return ClipError(f"the engine failed with {type(exc).__name__}: {exc}")


async def record_form(
    form: SpokenForm,
    voice: Voice,
    context: BuildContext,
    *,
    restart_timer: Callable[[], None],
    assets: tuple[str, ...] = (),
) -> tuple[Recording, StoredData | None]:
    """The first take of a form that passes all checks, or else the one that fails the fewest.

    Returns:
        The take, and the data that workers of a cluster stored under ``assets``.
    """
    speaker = context.speaker
    if isinstance(speaker, ClipExecutor):
        return await speaker.record_clip(form, voice, assets)

    async def take() -> tuple[Recording, tuple[Finding, ...]]:
        recording = await _record(form, voice, context, speaker, restart_timer)
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
    """The first of several takes that passes all checks, or else the one that fails the fewest.

    Call a deterministic voice once: it would only repeat itself. If another take fails, or the run
    stops, keep the best so far, as it may be paid for.
    """
    best, findings = await take()
    for _ in range(0 if context.provider.repeats(voice.name) else context.remakes):
        # A recording of an earlier run was accepted, or is all that was paid for.
        if not findings or ((order := find_order()) is not None and order.uses_earlier):
            break
        try:
            other, other_findings = await take()
        except (ClipError, StoppedError):
            break
        if len(other_findings) < len(findings):
            best, findings = other, other_findings
    return best, findings


async def _record(
    form: SpokenForm,
    voice: Voice,
    context: BuildContext,
    speaker: Speaker,
    restart_timer: Callable[[], None],
) -> Recording:
    if isinstance(speaker, Recorder):
        return await speaker.record(form, voice, context.sound, restart_timer=restart_timer)
    from tts_assets.audio.render import finish  # noqa: PLC0415 - heavy; mostly the engine's process does it

    speech = await speaker.speak(form, voice, restart_timer=restart_timer)
    recording = await to_thread.run_sync(finish, speech, context.sound, limiter=context.threads)
    return replace(
        recording,
        pronunciation=speech.pronunciation,
        billed=speech.billed,
        credit=speech.credit,
    )


def store(
    job: Job, context: BuildContext, target: OutputTarget, clip: FinishedClip
) -> FinishedClip:
    """Store a clip under each of its names, and record it in the ledger; returns it without bytes."""
    billed, repeated = clip.billed, False
    for asset in job.assets:
        line = msgspec.structs.replace(_line(job, asset, context, clip), billed=billed)
        repeated |= store_asset(line, clip.data if clip.stored is None else None, target)
        # Charge it to its first name only.
        billed = None
    return replace(clip, recording=replace(clip.recording, data=b""), repeated=repeated)


def store_asset(line: Line, data: bytes | Path | None, target: OutputTarget) -> bool:
    """Store an asset with its line.

    A new asset whose name has its recipe gets its line first. Any other is marked as unfinished in
    the ledger before it is stored, and gets its line afterwards.

    ``data`` is its bytes, or the file that contains them; None if it is already stored.

    Returns:
        Whether a reviewer rejected exactly these bytes.
    """
    storage, log, asset = target.storage, target.log, line.asset
    for each in (asset, *(portable_names.timelines_of(asset) if line.cues else ())):
        storage.refuse_folder(each)
    repeated = False
    encoded = encode(line)
    if asset in target.rejected:
        repeated = segment_cache.keep_rejected_audio(
            target.earlier, asset, storage, unless=line.sha256
        )
    timelines.delete_outdated(line, storage)
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
    """Sync the assets to disk, sort the ledger, and have git merge it."""
    storage.sync_new_names()
    path = storage.root / LEDGER_NAME
    if not path.exists():
        return
    with translate_os_errors(f"cannot read {path}"):
        data = read_regular(path, follow_links=False)
    tidy = ledger.compact_ledger(data, file=str(path), hash_of=storage.hash_of)
    if storage.is_shared:
        tidy = ledger.drop_marks(tidy, lambda asset: storage.size_of(asset) is not None)
    write_git_attributes(storage)
    if tidy != data:
        storage.replace(LEDGER_NAME, tidy)


def write_git_attributes(storage: Storage) -> None:
    """Have git merge the ledger of a folder, unless the folder has a .gitattributes already."""
    if not (storage.root / ATTRIBUTES_NAME).exists():
        storage.replace(ATTRIBUTES_NAME, ATTRIBUTES)


def _line(job: Job, asset: str, context: BuildContext, clip: FinishedClip) -> Line:
    recording, form, voice = clip.recording, job.form, context.own_voice(job)
    pronunciation = recording.pronunciation
    stored = clip.stored or StoredData(sha256(clip.data), _size_of(clip.data))
    return Line(
        asset=asset,
        version=VERSION,
        recipe=job.recipe,
        brief=context.recipes.hash_request(form, job.voice, job.speed),
        **{name: getattr(form, name) for name in FORM_FIELDS},
        words=context.recipes.words_in(form.text),
        spoken=format_accent_phrases(pronunciation.phrases) if pronunciation else "",
        basis=pronunciation.basis if pronunciation else "",
        voice=f"{voice.provider}/{voice.name}",
        speed=voice.speed,
        sound=context.recipes.sound_words(form),
        engine=context.provider.engine(voice.name),
        sha256=stored.sha256,
        bytes=stored.size,
        seconds=recording.seconds,
        lufs=recording.lufs,
        peak_dbtp=recording.peak_dbtp,
        credit=recording.credit,
        speakers=context.recipes.speakers(form, job.voice, job.speed),
        cues=clip.cues,
        word_cues=clip.word_cues,
        findings=recording.findings,
    )


def _size_of(data: bytes | Path) -> int:
    return len(data) if isinstance(data, bytes) else data.stat().st_size


# Preflight checks, and the build context of a run.


def check_ready(settings: Settings, provider: Provider, *, needs_engine: bool = True) -> None:
    """Check that this machine can generate clips with these settings.

    Args:
        settings: the settings.
        provider: the engine.
        needs_engine: whether the run synthesizes any text.

    Raises:
        UsageError: the format cannot store such audio.
        FatalError: the engine is missing.
    """
    problem = formats.find_sound_problem(settings.sound)
    if problem is not None:
        raise UsageError(problem)
    problem = provider.problem() if needs_engine else None
    if problem is not None:
        raise EngineNotReadyError(provider.name, problem)


def auto_workers(provider: Provider) -> int:
    """The number of workers for ``--concurrency auto``, if nothing else uses the machine."""
    if isinstance(provider, Remote):
        return provider.max_concurrent
    return machine.default_worker_count(provider.base_mib, provider.footprint_mib)


def create_context(
    settings: Settings, provider: Provider, speaker: Speaker | ClipExecutor, workers: int
) -> BuildContext:
    """Create the build context of a run with this many clips at the same time."""
    return BuildContext(
        speaker=speaker,
        voice=voice_selection.find_voice(settings, provider),
        provider=provider,
        sound=settings.sound,
        recipes=voice_selection.create_recipes(settings, provider),
        assign_voices=voice_selection.create_voice_assigner(settings, provider),
        temp=segment_cache.cache_dir_for(settings.temp, settings.folder),
        threads=anyio.CapacityLimiter(workers),
        # Don't pay twice because a check failed.
        remakes=0 if isinstance(provider, Priced) else settings.remakes,
    )
