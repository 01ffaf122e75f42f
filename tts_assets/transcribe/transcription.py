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
    time_limit_restarter,
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


#: Where two chunks heard the same, their times differ by less.
_SAME_SECONDS = 1.5

#: One letter may be the same by chance.
_MIN_LETTERS = 2


class RecognizedChunk(NamedTuple):
    """What became of a chunk; times in seconds from the beginning of the recording.

    Args:
        begin: when the chunk begins.
        end: when it ends.
        recognized: what was heard, with times from the chunk's beginning; or why nothing was.
    """

    begin: float
    end: float
    recognized: Recognized | str


class ChunkJoiner:
    """Takes chunks as they are ready, in any order, and joins them in their own."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._waiting: dict[int, RecognizedChunk] = {}
        self._next = 0
        self._pieces: list[TranscriptPiece] = []
        self._end = 0.0

    def add_chunk(self, number: int, heard: RecognizedChunk) -> None:
        """Take a chunk; its number is its place, from 0."""
        self._waiting[number] = heard
        while (ready := self._waiting.pop(self._next, None)) is not None:
            self._next += 1
            self._append_chunk(ready)

    @property
    def pieces(self) -> tuple[TranscriptPiece, ...]:
        """All that is joined."""
        return tuple(self._pieces)

    def _append_chunk(self, heard: RecognizedChunk) -> None:
        if isinstance(heard.recognized, str):
            self._pieces.append(
                TranscriptGap(max(heard.begin, self._end), heard.end, heard.recognized)
            )
        else:
            found = [_shift_utterance(each, heard.begin) for each in heard.recognized.utterances]
            if heard.begin < self._end:
                found = self._merge_overlap(found, heard.begin)
            self._pieces += found
        self._end = heard.end

    def _merge_overlap(self, found: list[Utterance], begin: float) -> list[Utterance]:
        """Take back what the last chunk and this one heard twice."""
        if self._pieces and isinstance(last := self._pieces[-1], TranscriptGap):
            # The gap ends where somebody hears again.
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
    """A letter of a word, when it is heard, and which word it belongs to."""

    text: str
    at: float
    word: int


def _split_overlap(
    before: list[Utterance], after: list[Utterance], begin: float, end: float
) -> tuple[list[Utterance], list[Utterance]]:
    """Cut two tellings of the same stretch so that each word is in one of them.

    Args:
        before: what the chunk before heard, as far as it reaches into the stretch.
        after: what the chunk behind heard.
        begin: when the stretch begins.
        end: when it ends.
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
    """The longest run of letters that both have at about the same time; None where there is none.

    Returns:
        Where it begins in either, and how long it is.
    """
    one, other = ([letter.text for letter in letters] for letters in (first, second))
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    fitting = [
        (block.size * (1 - apart / _SAME_SECONDS), block)
        for block in matcher.get_matching_blocks()
        if block.size >= _MIN_LETTERS
        and (apart := abs(first[block.a].at - second[block.b].at)) < _SAME_SECONDS
    ]
    # Long runs are hardly alike by chance, nor are those of one moment.
    best = max(fitting, key=lambda each: each[0], default=None)
    return None if best is None else best[1]


def _find_word_edge(shared: list[_TimedLetter]) -> int | None:
    """Where to pass from one telling to the other, in what they share.

    Between words, nearest the middle, which both heard best; None where that is inside of one.
    """
    edges = [at for at in range(1, len(shared)) if shared[at].word != shared[at - 1].word]
    return min(edges, key=lambda at: abs(at - len(shared) / 2), default=None)


def _find_word_end(letters: list[_TimedLetter], at: int) -> int:
    """The end of the word that a place is inside of; the place itself in texts without spaces."""
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
    """The utterances with only these of all their letters."""
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
    told = tuple(words) if utterance.words else ()
    return Utterance(words[0].begin, words[-1].end, text, utterance.confidence, told)


def _slice_word(word: Word, low: int, high: int) -> Word:
    """Some letters of a word, with their share of its time."""
    step = (word.end - word.begin) / len(word.text)
    begin, end = word.begin + low * step, word.begin + high * step
    return Word(round(begin, 3), round(end, 3), word.text[low:high], word.confidence)


def _get_words(utterance: Utterance) -> tuple[Word, ...]:
    """Its words; where nobody tells them, it is one."""
    begin, end, text, confidence, words = utterance
    return words or (Word(begin, end, text, confidence),)


def _shift_utterance(utterance: Utterance, seconds: float) -> Utterance:
    """The same, later."""
    words = tuple(
        word._replace(begin=round(word.begin + seconds, 3), end=round(word.end + seconds, 3))
        for word in utterance.words
    )
    begin, end = round(utterance.begin + seconds, 3), round(utterance.end + seconds, 3)
    return utterance._replace(begin=begin, end=end, words=words)


# From recordings to transcripts: chunks of all of them heard by one pool, and joined as they come.


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
    found = find_recordings(paths, distinct=distinct)
    try:
        provider = provider_for(settings)
    except FatalError:
        if found.recordings:
            raise
        # Nobody installs a model to learn that a path is wrong.
        problems = "; ".join(map(str, found.problems))
        raise UsageError(problems or "there is no recording to transcribe") from None
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
        opened = self._provider.open(
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
