"""One recipe to one asset: speak, finish, store, record; safe to repeat, safe to be killed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyio import to_thread

from tts_assets import audio, ledger
from tts_assets.errors import ClipError, TtsAssetsError
from tts_assets.providers import Recorder
from tts_assets.storage import sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio import CapacityLimiter

    from tts_assets.domain import Recording, Sound, Voice
    from tts_assets.plan import Job
    from tts_assets.providers import Speaker
    from tts_assets.storage import AppendLog, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """What every clip of a run is made with.

    Args:
        speaker: the engine, ready.
        voice: who speaks.
        engine: the engine's parts with their versions, for the ledger.
        sound: how the assets must sound and be stored.
        storage: where they go.
        log: the open ledger.
        threads: bounds the threads in which sound is finished and stored.
    """

    speaker: Speaker
    voice: Voice
    engine: str
    sound: Sound
    storage: Storage
    log: AppendLog
    threads: CapacityLimiter


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of a job: the length of the speech, and the bytes of one asset."""

    seconds: float
    bytes: int


async def make_clip(job: Job, studio: Studio, *, on_start: Callable[[], None]) -> Made:
    """Make a job's asset, under each of its names.

    Raises:
        ClipError: the engine cannot say it, or what it said is unusable.
        FatalError: the engine is gone, or nothing can be stored.
    """
    try:
        recording = await _record(job, studio, on_start)
    except TtsAssetsError:
        raise
    except Exception as exc:
        # The engine's code is not ours: whatever it raises is a failure of this clip.
        raise ClipError(f"the engine failed with {type(exc).__name__}: {exc}") from exc
    await to_thread.run_sync(_store, job, studio, recording, limiter=studio.threads)
    return Made(seconds=recording.seconds, bytes=len(recording.data))


async def _record(job: Job, studio: Studio, on_start: Callable[[], None]) -> Recording:
    speaker = studio.speaker
    if isinstance(speaker, Recorder):
        return await speaker.record(job.form, studio.voice, studio.sound, on_start=on_start)
    speech = await speaker.speak(job.form, studio.voice, on_start=on_start)
    return await to_thread.run_sync(audio.finish, speech, studio.sound, limiter=studio.threads)


def _store(job: Job, studio: Studio, recording: Recording) -> None:
    for asset in job.assets:
        # First the line, then the name: see the ledger's own words on why.
        studio.log.append(ledger.encode(_line(job, asset, studio, recording)))
        studio.storage.put(asset, recording.data)


def _line(job: Job, asset: str, studio: Studio, recording: Recording) -> ledger.Line:
    return ledger.Line(
        asset=asset,
        recipe=job.recipe,
        text=job.form.text,
        reading=job.form.reading,
        voice=f"{studio.voice.provider}/{studio.voice.name}",
        speed=studio.voice.speed,
        engine=studio.engine,
        sha256=sha256(recording.data),
        bytes=len(recording.data),
        seconds=recording.seconds,
        lufs=recording.lufs,
        peak_dbtp=recording.peak_dbtp,
    )
