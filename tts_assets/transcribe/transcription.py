"""From recordings to transcripts: chunks of all of them heard by one pool, and joined as they come."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tts_assets.build.adaptive_concurrency import AdaptiveConcurrency
from tts_assets.build.pool import FailureRules, Pool, Result, time_limit_restarter
from tts_assets.engines.asr.hosted_recognizer import (
    count_fitting_workers,
    open_recognizer,
    provider_for,
)
from tts_assets.engines.asr.recognizer_protocol import Recognized
from tts_assets.errors import ClipError, EngineCrashError, FatalError, InputError
from tts_assets.transcribe.chunk_joiner import ChunkJoiner, RecognizedChunk
from tts_assets.transcribe.recordings import ChunkJob, RecordingFile, find_recordings, read_chunks
from tts_assets.transcribe.transcription_events import (
    ChunkRecognized,
    ConcurrencyReduced,
    RecordingTranscribed,
    RecordingUnusable,
    Transcript,
    TranscriptionEvent,
    TranscriptionReport,
    TranscriptionStarted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tts_assets.config.settings import Settings
    from tts_assets.engines.asr.recognizer_protocol import Recognizer, RecognizerProvider


#: How often a chunk is tried. One that the recognizer dies of was tried alone already.
_MAX_ATTEMPTS = 3
_FAILURE_RULES = FailureRules(
    failures=(ClipError,),
    fatal=(FatalError,),
    attempts=_MAX_ATTEMPTS,
    retry=lambda _, error: not isinstance(error, EngineCrashError),
)


async def transcribe_recordings(
    settings: Settings,
    paths: Sequence[str],
    *,
    distinct: bool = True,
    on_event: Callable[[TranscriptionEvent], None] = lambda _: None,
) -> TranscriptionReport:
    """Transcribe recordings; equal recordings give equal transcripts, with any number of workers.

    Args:
        settings: ``config.transcribe`` says by whom and how.
        paths: files, folders and globs.
        distinct: each transcript is to have a name of its own, as files in a folder must.
        on_event: is told what happens, transcripts as soon as they are whole.

    Raises:
        UsageError: the settings cannot be used, or two transcripts would have one name.
        FatalError: the recognizer or its model is missing, or can hear no more.
    """
    begun = time.monotonic()
    provider = provider_for(settings)
    found = find_recordings(paths, distinct=distinct)
    run = _TranscriptionRun(settings, provider, on_event)
    for problem in found.problems:
        run.report_problem(problem)
    if found.recordings:
        await run.recognize_all(found.recordings)
    return run.build_report(time.monotonic() - begun)


class _RecordingProgress:
    """A recording of which chunks are being heard."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.joiner = ChunkJoiner()
        self.heard = self.failed = 0
        self.seconds = 0.0
        self.chunks: int | None = None
        self.problem: str | None = None


class _TranscriptionRun:
    """A transcription as it stands."""

    def __init__(
        self,
        settings: Settings,
        provider: RecognizerProvider,
        tell: Callable[[TranscriptionEvent], None],
    ) -> None:
        self._settings = settings.transcribe
        self._provider = provider
        self._tell = tell
        self._open: dict[RecordingFile, _RecordingProgress] = {}
        self._problems: list[InputError] = []
        self._recordings = self._chunks = self._failed = self._workers = 0
        self._seconds = 0.0

    def report_problem(self, problem: InputError) -> None:
        """Take note of a file that cannot be transcribed."""
        self._problems.append(problem)
        self._tell(RecordingUnusable(problem=problem))

    async def recognize_all(self, recordings: Sequence[RecordingFile]) -> None:
        """Hear all chunks of all recordings.

        Raises:
            FatalError: the recognizer can hear no more.
        """
        wanted = self._settings
        self._workers = self._choose_worker_count(recordings)
        opened = open_recognizer(
            self._provider,
            workers=self._workers,
            timeout_seconds=wanted.chunk_timeout_seconds,
            voice_only=True,
        )
        seconds = sum(recording.seconds or 0.0 for recording in recordings)
        self._open = {each: _RecordingProgress(number) for number, each in enumerate(recordings)}
        self._tell(
            TranscriptionStarted(recordings=len(recordings), seconds=seconds, workers=self._workers)
        )
        async with opened as recognizer:
            await self._run_chunks(recordings, recognizer)

    def _choose_worker_count(self, recordings: Sequence[RecordingFile]) -> int:
        """How many chunks are heard at once: no more than there can be."""
        wanted = self._settings
        if not wanted.parallel:
            return 1
        fitting = wanted.concurrency or count_fitting_workers(self._provider, wanted.chunk_seconds)
        lengths = [recording.seconds for recording in recordings]
        if None in lengths:
            return fitting
        # Chunks are cut at two thirds of their length at the earliest.
        shortest = wanted.chunk_seconds * 2 / 3
        return min(fitting, sum(1 + int((each or 0.0) / shortest) for each in lengths))

    async def _run_chunks(
        self, recordings: Sequence[RecordingFile], recognizer: Recognizer
    ) -> None:
        language = self._settings.language

        async def recognize_chunk(job: ChunkJob) -> Recognized:
            if not job.chunk.samples.size:
                return Recognized()
            restart = time_limit_restarter()
            return await recognizer.recognize(
                job.chunk.samples, language=language, on_start=restart
            )

        jobs = read_chunks(
            recordings,
            at_once=self._settings.jobs,
            chunk_seconds=self._settings.chunk_seconds,
            ended=self._end_recording,
        )
        easing = AdaptiveConcurrency(self._workers)
        timeout = self._settings.chunk_timeout_seconds
        async with Pool(
            recognize_chunk, limit=self._workers, timeout=timeout, rules=_FAILURE_RULES
        ) as pool:
            async for result in pool.run(jobs):
                self._record_result(result)
                if (workers := _adapt_concurrency(easing, result)) is not None:
                    pool.limit = workers
                    self._tell(ConcurrencyReduced(workers=workers))
        if pool.over is not None:
            raise pool.over

    def _record_result(self, result: Result[ChunkJob, Recognized]) -> None:
        """A chunk is done with."""
        recording, chunk = result.job
        progress = self._open[recording]
        value = result.value
        error = None if value is not None else str(result.error) or type(result.error).__name__
        told = Recognized() if value is None else value
        progress.joiner.add_chunk(
            chunk.number, RecognizedChunk(chunk.begin, chunk.end, error or told)
        )
        progress.heard += 1
        progress.failed += error is not None
        progress.seconds = max(progress.seconds, chunk.end)
        self._tell(
            ChunkRecognized(
                file=str(recording.path),
                begin=chunk.begin,
                end=chunk.end,
                letters=len(told.text),
                seconds=result.seconds,
                attempts=result.attempt,
                error=error,
            )
        )
        self._close_if_complete(recording, progress)

    def _end_recording(self, recording: RecordingFile, chunks: int, problem: str | None) -> None:
        """A recording is read to its end, or as far as it goes."""
        progress = self._open[recording]
        progress.chunks = chunks
        progress.problem = problem
        self._close_if_complete(recording, progress)

    def _close_if_complete(self, recording: RecordingFile, progress: _RecordingProgress) -> None:
        if progress.heard != progress.chunks:
            return
        del self._open[recording]
        if progress.problem is not None:
            self.report_problem(InputError(progress.problem, file=str(recording.path)))
        self._recordings += 1
        self._chunks += progress.heard
        self._failed += progress.failed
        self._seconds += progress.seconds
        transcript = self._build_transcript(recording, progress)
        self._tell(RecordingTranscribed(number=progress.number, transcript=transcript))

    def _build_transcript(
        self, recording: RecordingFile, progress: _RecordingProgress
    ) -> Transcript:
        return Transcript(
            file=str(recording.path),
            name=recording.name,
            seconds=progress.seconds,
            language=self._settings.language,
            recognizer=self._provider.name,
            model=self._provider.model,
            pieces=progress.joiner.pieces,
            chunks=progress.heard,
            failed=progress.failed,
            problem=progress.problem,
        )

    def build_report(self, seconds: float) -> TranscriptionReport:
        """What was done so far."""
        return TranscriptionReport(
            recordings=self._recordings,
            audio_seconds=self._seconds,
            chunks=self._chunks,
            failed=self._failed,
            problems=tuple(self._problems),
            workers=self._workers,
            seconds=seconds,
        )


def _adapt_concurrency(
    easing: AdaptiveConcurrency, result: Result[ChunkJob, Recognized]
) -> int | None:
    """How many chunks to hear at once from now on; None where that has not changed."""
    before = easing.limit
    for _ in range(result.attempt - 1):
        easing.saw(ok=False)
    easing.saw(ok=result.ok)
    return None if easing.limit == before else easing.limit
