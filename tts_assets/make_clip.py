"""One recipe to one asset: speak, finish, store, record; safe to repeat, safe to be killed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from anyio import to_thread

from tts_assets import ledger, plan
from tts_assets.errors import ClipError, TtsAssetsError
from tts_assets.japanese.accent import notation
from tts_assets.providers import Recorder
from tts_assets.storage import sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio import CapacityLimiter

    from tts_assets.domain import Pronunciation, Recording, Sound, SpokenForm, Voice
    from tts_assets.plan import Job
    from tts_assets.providers import Speaker
    from tts_assets.storage import AppendLog, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """What every clip of a run is made with.

    Args:
        speaker: the engine, ready.
        voice: who speaks what asks for no voice of its own.
        engine: tells the engine's parts with their versions, for the name of a voice.
        sound: how the assets must sound and be stored.
        recipes: tells what was asked of the engine, for the ledger.
        storage: where they go.
        log: the open ledger.
        threads: bounds the threads in which sound is finished and stored.
    """

    speaker: Speaker
    voice: Voice
    engine: Callable[[str], str]
    sound: Sound
    recipes: plan.Recipes
    storage: Storage
    log: AppendLog
    threads: CapacityLimiter


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of a job.

    Args:
        seconds: the length of the speech.
        bytes: the size of one asset.
        pronunciation: how it was said, where the engine can tell.
        credit: the line that its licence asks for, where that is known only now; "" for none.
        billed: what a service charged for it, in its own credits; None where nobody tells.
    """

    seconds: float
    bytes: int
    pronunciation: Pronunciation | None = None
    credit: str = ""
    billed: float | None = None


async def make_clip(job: Job, studio: Studio, *, on_start: Callable[[], None]) -> Made:
    """Make a job's asset, under each of its names.

    Raises:
        ClipError: the engine cannot say it, or what it said is unusable.
        FatalError: the engine is gone, or nothing can be stored.
    """
    voice = studio.voice if job.voice is None else replace(studio.voice, name=job.voice)
    try:
        recording = await _record(job.form, voice, studio, on_start)
    except TtsAssetsError:
        raise
    except Exception as exc:
        # The engine's code is not ours: whatever it raises is a failure of this clip.
        raise ClipError(f"the engine failed with {type(exc).__name__}: {exc}") from exc
    await to_thread.run_sync(_store, job, voice, studio, recording, limiter=studio.threads)
    return Made(
        seconds=recording.seconds,
        bytes=len(recording.data),
        pronunciation=recording.pronunciation,
        credit=recording.credit,
        billed=recording.billed,
    )


async def _record(
    form: SpokenForm, voice: Voice, studio: Studio, on_start: Callable[[], None]
) -> Recording:
    speaker = studio.speaker
    if isinstance(speaker, Recorder):
        return await speaker.record(form, voice, studio.sound, on_start=on_start)
    from tts_assets.audio import finish  # noqa: PLC0415 - heavy; mostly the engine's process does it

    speech = await speaker.speak(form, voice, on_start=on_start)
    recording = await to_thread.run_sync(finish, speech, studio.sound, limiter=studio.threads)
    return replace(
        recording,
        pronunciation=speech.pronunciation,
        billed=speech.billed,
        credit=speech.credit,
    )


def _store(job: Job, voice: Voice, studio: Studio, recording: Recording) -> None:
    for asset in job.assets:
        line = _line(job, asset, voice, studio, recording)
        # It was paid for once, whatever it is called.
        recording = replace(recording, billed=None)
        store_asset(line, recording.data, studio.storage, studio.log)


def store_asset(line: ledger.Line, data: bytes, storage: Storage, log: AppendLog) -> None:
    """Store an asset with its line, in the order that the ledger's own words give reasons for.

    Raises:
        FatalError: the disk is full, gone or read-only.
    """
    encoded = ledger.encode(line)
    if line.recipe in line.asset:
        log.append(encoded)
        storage.put(line.asset, data)
    else:
        log.append(ledger.being_replaced(line.asset))
        storage.put(line.asset, data)
        log.append(encoded)


def leave_tidy(storage: Storage) -> None:
    """Bring everything to the disk, and leave the ledger sorted, and such that git can merge it.

    Raises:
        FatalError: the disk is full, gone or read-only.
    """
    storage.settle()
    path = storage.root / ledger.NAME
    if not path.exists():
        return
    data = path.read_bytes()
    tidy = ledger.compacted(data, file=str(path), hash_of=storage.hash_of)
    if tidy != data:
        storage.replace(ledger.NAME, tidy)
    if not (storage.root / ledger.ATTRIBUTES_NAME).exists():
        storage.replace(ledger.ATTRIBUTES_NAME, ledger.ATTRIBUTES)


def _line(job: Job, asset: str, voice: Voice, studio: Studio, recording: Recording) -> ledger.Line:
    said = recording.pronunciation
    form = job.form
    return ledger.Line(
        asset=asset,
        version=ledger.VERSION,
        recipe=job.recipe,
        brief=studio.recipes.brief(form, job.voice),
        text=form.text,
        reading=form.reading,
        accent=form.accent,
        sentence=form.sentence,
        readings=form.readings,
        words=studio.recipes.words_in(form.text),
        spoken=notation(said.phrases) if said else "",
        basis=said.basis if said else "",
        voice=f"{voice.provider}/{voice.name}",
        speed=voice.speed,
        sound=plan.sound_words(studio.sound),
        engine=studio.engine(voice.name),
        sha256=sha256(recording.data),
        bytes=len(recording.data),
        seconds=recording.seconds,
        lufs=recording.lufs,
        peak_dbtp=recording.peak_dbtp,
        billed=recording.billed,
        credit=recording.credit,
    )
