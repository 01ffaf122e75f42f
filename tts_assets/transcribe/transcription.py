"""The use case `transcribe`: chunks recognized in parallel and joined to one text."""

from __future__ import annotations

import time
from difflib import SequenceMatcher
from itertools import chain, takewhile
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.build.pool import (
    AdaptiveConcurrency,
    FailureRules,
    Pool,
    Result,
    restart_time_limit,
)
from tts_assets.engines.asr.hosted_recognizer import (
    count_fitting_workers,
    provider_for,
)
from tts_assets.engines.asr.recognizer_protocol import Recognized, Utterance, Word
from tts_assets.errors import ClipError, EngineCrashError, FatalError, InputError, UsageError
from tts_assets.transcribe.recordings import ChunkJob, RecordingFile, find_recordings, read_chunks
from tts_assets.transcribe.transcription_events import (
    ChunkRecognized,
    ConcurrencyReduced,
    RecordingTranscribed,
    RecordingUnusable,
    Transcript,
    TranscriptGap,
    TranscriptionEvent,
    TranscriptionReport,
    TranscriptionStarted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tts_assets.config.settings import Settings
    from tts_assets.engines.asr.recognizer_protocol import Recognizer, RecognizerProvider
    from tts_assets.transcribe.transcription_events import TranscriptPiece


_SAME_SECONDS = 1.5  #: the times of equal text in two chunks differ by less than this
_MIN_LETTERS = 2  #: a single letter may match by chance


class RecognizedChunk(NamedTuple):
    """The result of a chunk; times in seconds from the beginning of the recording."""

    begin: float  #: the start of the chunk
    end: float  #: its end
    #: The recognized text, with times from the chunk's start; or why it failed.
    recognized: Recognized | str


class ChunkJoiner:
    """Joins chunks, which may arrive in any order, in the order of the recording."""

    def __init__(self) -> None:
        """Start without chunks."""
        self._pending: dict[int, RecognizedChunk] = {}
        self._next = 0
        self._pieces: list[TranscriptPiece] = []
        self._end = 0.0

    def add_chunk(self, number: int, chunk: RecognizedChunk) -> None:
        """Add a chunk by its position, from 0."""
        self._pending[number] = chunk
        while (ready := self._pending.pop(self._next, None)) is not None:
            self._next += 1
            self._append_chunk(ready)

    @property
    def pieces(self) -> tuple[TranscriptPiece, ...]:
        """The joined pieces."""
        return tuple(self._pieces)

    def _append_chunk(self, chunk: RecognizedChunk) -> None:
        if isinstance(chunk.recognized, str):
            self._pieces.append(
                TranscriptGap(max(chunk.begin, self._end), chunk.end, chunk.recognized)
            )
        else:
            found = [_shift_utterance(each, chunk.begin) for each in chunk.recognized.utterances]
            if chunk.begin < self._end:
                found = self._merge_overlap(found, chunk.begin)
            self._pieces += found
        self._end = chunk.end

    def _merge_overlap(self, found: list[Utterance], begin: float) -> list[Utterance]:
        """Remove what both the last chunk and this one recognized."""
        if self._pieces and isinstance(last := self._pieces[-1], TranscriptGap):
            # The gap ends where this chunk begins.
            self._pieces[-1] = last._replace(end=max(last.begin, begin))
            return found
        recent: list[Utterance] = []
        while self._pieces and isinstance(last := self._pieces[-1], Utterance) and last.end > begin:
            recent.insert(0, last)
            self._pieces.pop()
        kept, rest = _split_overlap(recent, found, begin, self._end)
        self._pieces += kept
        return rest


class _TimedLetter(NamedTuple):
    """A letter with its time, and the number of its word."""

    text: str
    at: float
    word: int


def _split_overlap(
    before: list[Utterance], after: list[Utterance], begin: float, end: float
) -> tuple[list[Utterance], list[Utterance]]:
    """Cut two transcripts of the same overlap so that each word is in one of them.

    ``before`` are the utterances of the earlier chunk that reach into the overlap, ``after`` those
    of the later chunk; the overlap is from ``begin`` to ``end``.
    """
    first, second = list(_iter_letters(before)), list(_iter_letters(after))
    low = sum(letter.at < begin - _SAME_SECONDS for letter in first)
    high = sum(letter.at <= end + _SAME_SECONDS for letter in second)
    shared = _find_shared_run(first[low:], second[:high])
    if shared is None:
        middle = (begin + end) / 2
        keep = _find_word_end(first, sum(letter.at < middle for letter in first))
        skip = _find_word_end(second, sum(letter.at < middle for letter in second))
    else:
        at, other_at, size = shared
        place = _find_word_edge(first[low + at : low + at + size])
        keep, skip = low + at + (place or size), other_at + (place or size)
        if place is None:
            keep, skip = _find_word_end(first, keep), _find_word_end(second, skip)
    return list(_slice_utterances(before, 0, keep)), list(
        _slice_utterances(after, skip, len(second))
    )


def _iter_letters(utterances: Iterable[Utterance]) -> Iterator[_TimedLetter]:
    """Every letter, with its time between its word's beginning and end."""
    words = chain.from_iterable(map(_get_words, utterances))
    for number, word in enumerate(words):
        step = (word.end - word.begin) / max(1, len(word.text))
        for place, letter in enumerate(word.text):
            yield _TimedLetter(letter.casefold(), word.begin + (place + 0.5) * step, number)


def _find_shared_run(
    first: list[_TimedLetter], second: list[_TimedLetter]
) -> tuple[int, int, int] | None:
    """The longest run of letters that both have at about the same time; None for none.

    Returns:
        Its start in each, and its length.
    """
    one, other = ([letter.text for letter in letters] for letters in (first, second))
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    candidates = [
        (block.size * (1 - apart / _SAME_SECONDS), block)
        for block in matcher.get_matching_blocks()
        if block.size >= _MIN_LETTERS
        and (apart := abs(first[block.a].at - second[block.b].at)) < _SAME_SECONDS
    ]
    # Long runs, and runs at the same time, rarely match by chance.
    best = max(candidates, key=lambda each: each[0], default=None)
    return None if best is None else best[1]


def _find_word_edge(shared: list[_TimedLetter]) -> int | None:
    """Where to switch from one transcript to the other, in the letters that both have.

    Between words, nearest the middle, where both are most reliable; None within a single word.
    """
    edges = [at for at in range(1, len(shared)) if shared[at].word != shared[at - 1].word]
    return min(edges, key=lambda at: abs(at - len(shared) / 2), default=None)


def _find_word_end(letters: list[_TimedLetter], at: int) -> int:
    """The end of the word around a position; the position itself in texts without spaces."""
    begin = at
    while 0 < begin < len(letters) and letters[begin - 1].word == letters[begin].word:
        begin -= 1
    if begin == at or not letters[begin].text.isspace():
        return at
    rest = takewhile(
        lambda letter: letter.word == letters[begin].word and not letter.text.isspace(),
        letters[at:],
    )
    return at + sum(1 for _ in rest)


def _slice_utterances(utterances: Iterable[Utterance], begin: int, end: int) -> Iterator[Utterance]:
    """The utterances, reduced to a range of all their letters."""
    place = 0
    for utterance in utterances:
        words, whole = [], True
        for word in _get_words(utterance):
            low, high = max(begin - place, 0), min(end - place, len(word.text))
            place += len(word.text)
            whole = whole and (low, high) == (0, len(word.text))
            if low < high:
                words.append(_slice_word(word, low, high))
        if whole:
            yield utterance
        elif words:
            yield _build_utterance(words, utterance)


def _build_utterance(words: list[Word], utterance: Utterance) -> Utterance:
    text = "".join(word.text for word in words)
    timed_words = tuple(words) if utterance.words else ()
    return Utterance(words[0].begin, words[-1].end, text, utterance.confidence, timed_words)


def _slice_word(word: Word, low: int, high: int) -> Word:
    """Some letters of a word, with their share of its time."""
    step = (word.end - word.begin) / len(word.text)
    begin, end = word.begin + low * step, word.begin + high * step
    return Word(round(begin, 3), round(end, 3), word.text[low:high], word.confidence)


def _get_words(utterance: Utterance) -> tuple[Word, ...]:
    """Its words; the whole utterance as one word if the recognizer reports none."""
    begin, end, text, confidence, words = utterance
    return words or (Word(begin, end, text, confidence),)


def _shift_utterance(utterance: Utterance, seconds: float) -> Utterance:
    """The utterance, shifted to later times."""
    words = tuple(
        word._replace(begin=round(word.begin + seconds, 3), end=round(word.end + seconds, 3))
        for word in utterance.words
    )
    begin, end = round(utterance.begin + seconds, 3), round(utterance.end + seconds, 3)
    return utterance._replace(begin=begin, end=end, words=words)


# From recordings to transcripts: one pool recognizes the chunks of all, and each is joined.


#: Attempts for each chunk. If the recognizer crashes, it has already retried the chunk alone.
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
        settings: ``settings.transcribe`` selects the recognizer and its options.
        paths: files, folders and globs.
        distinct: whether each transcript needs its own name, as files in a folder do.
        on_event: called with each event; with each transcript as soon as it is complete.

    Raises:
        UsageError: the settings cannot be used, or two transcripts would have the same name.
        FatalError: the recognizer or its model is missing, or has failed.
    """
    begun = time.monotonic()
    found = find_recordings(paths, distinct=distinct)
    try:
        provider = provider_for(settings)
    except FatalError:
        if found.recordings:
            raise
        # Report wrong paths first: finding them must not require a model.
        problems = "; ".join(map(str, found.problems))
        raise UsageError(problems or "there is no recording to transcribe") from None
    run = _TranscriptionRun(settings, provider, on_event)
    for problem in found.problems:
        run.report_problem(problem)
    if found.recordings:
        await run.recognize_all(found.recordings)
    return run.build_report(time.monotonic() - begun)


class _RecordingProgress:
    """A recording whose chunks are being recognized."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.joiner = ChunkJoiner()
        self.done = self.failed = 0
        self.seconds = 0.0
        self.chunks: int | None = None
        self.problem: str | None = None


class _TranscriptionRun:
    """The state of a transcription."""

    def __init__(
        self,
        settings: Settings,
        provider: RecognizerProvider,
        on_event: Callable[[TranscriptionEvent], None],
    ) -> None:
        self._settings = settings.transcribe
        self._provider = provider
        self._on_event = on_event
        self._open: dict[RecordingFile, _RecordingProgress] = {}
        self._problems: list[InputError] = []
        self._recordings = self._chunks = self._failed = self._workers = 0
        self._seconds = 0.0

    def report_problem(self, problem: InputError) -> None:
        """Report a file that cannot be transcribed."""
        self._problems.append(problem)
        self._on_event(RecordingUnusable(problem=problem))

    async def recognize_all(self, recordings: Sequence[RecordingFile]) -> None:
        """Recognize all chunks of all recordings.

        Raises:
            FatalError: the recognizer has failed.
        """
        settings = self._settings
        self._workers = self._choose_worker_count(recordings)
        opened = self._provider.open(
            workers=self._workers,
            timeout_seconds=settings.chunk_timeout_seconds,
            voice_only=True,
        )
        seconds = sum(recording.seconds or 0.0 for recording in recordings)
        self._open = {each: _RecordingProgress(number) for number, each in enumerate(recordings)}
        self._on_event(
            TranscriptionStarted(recordings=len(recordings), seconds=seconds, workers=self._workers)
        )
        async with opened as recognizer:
            await self._run_chunks(recordings, recognizer)

    def _choose_worker_count(self, recordings: Sequence[RecordingFile]) -> int:
        """The number of chunks recognized in parallel: at most as many as there can be."""
        settings = self._settings
        if not settings.parallel:
            return 1
        workers = settings.concurrency or count_fitting_workers(
            self._provider, settings.chunk_seconds
        )
        lengths = [recording.seconds for recording in recordings]
        if None in lengths:
            return workers
        # A chunk has at least two thirds of the full length.
        shortest = settings.chunk_seconds * 2 / 3
        return min(workers, sum(1 + int((each or 0.0) / shortest) for each in lengths))

    async def _run_chunks(
        self, recordings: Sequence[RecordingFile], recognizer: Recognizer
    ) -> None:
        language = self._settings.language

        async def recognize_chunk(job: ChunkJob) -> Recognized:
            if not job.chunk.samples.size:
                return Recognized()
            restart = restart_time_limit()
            return await recognizer.recognize(
                job.chunk.samples, language=language, restart_timer=restart
            )

        jobs = read_chunks(
            recordings,
            at_once=self._settings.jobs,
            chunk_seconds=self._settings.chunk_seconds,
            on_end=self._end_recording,
        )
        concurrency = AdaptiveConcurrency(self._workers)
        timeout = self._settings.chunk_timeout_seconds
        async with Pool(
            recognize_chunk, limit=self._workers, timeout=timeout, rules=_FAILURE_RULES
        ) as pool:
            async for result in pool.run(jobs):
                self._record_result(result)
                if (workers := concurrency.record_result(result)) is not None:
                    pool.limit = workers
                    self._on_event(ConcurrencyReduced(workers=workers))
        if pool.over is not None:
            raise pool.over

    def _record_result(self, result: Result[ChunkJob, Recognized]) -> None:
        """Join the result of a chunk, and report it."""
        recording, chunk = result.job
        progress = self._open[recording]
        value = result.value
        error = None if value is not None else str(result.error) or type(result.error).__name__
        recognized = Recognized() if value is None else value
        progress.joiner.add_chunk(
            chunk.number, RecognizedChunk(chunk.begin, chunk.end, error or recognized)
        )
        progress.done += 1
        progress.failed += error is not None
        progress.seconds = max(progress.seconds, chunk.end)
        self._on_event(
            ChunkRecognized(
                file=str(recording.path),
                begin=chunk.begin,
                end=chunk.end,
                letters=len(recognized.text),
                seconds=result.seconds,
                attempts=result.attempt,
                error=error,
            )
        )
        self._close_if_complete(recording, progress)

    def _end_recording(self, recording: RecordingFile, chunks: int, problem: str | None) -> None:
        """Record that a recording is read to its end, or up to an error."""
        progress = self._open[recording]
        progress.chunks = chunks
        progress.problem = problem
        self._close_if_complete(recording, progress)

    def _close_if_complete(self, recording: RecordingFile, progress: _RecordingProgress) -> None:
        if progress.done != progress.chunks:
            return
        del self._open[recording]
        if progress.problem is not None:
            self.report_problem(InputError(progress.problem, file=str(recording.path)))
        self._recordings += 1
        self._chunks += progress.done
        self._failed += progress.failed
        self._seconds += progress.seconds
        transcript = self._build_transcript(recording, progress)
        self._on_event(RecordingTranscribed(number=progress.number, transcript=transcript))

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
            chunks=progress.done,
            failed=progress.failed,
            problem=progress.problem,
        )

    def build_report(self, seconds: float) -> TranscriptionReport:
        """The report of all finished work."""
        return TranscriptionReport(
            recordings=self._recordings,
            audio_seconds=self._seconds,
            chunks=self._chunks,
            failed=self._failed,
            problems=tuple(self._problems),
            workers=self._workers,
            seconds=seconds,
        )
