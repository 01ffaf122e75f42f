"""The events, transcripts and report of a transcription."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tts_assets.engines.asr.recognizer_protocol import Utterance

if TYPE_CHECKING:
    from tts_assets.errors import InputError


class TranscriptGap(NamedTuple):
    """A section that could not be transcribed, in seconds from the beginning of the recording."""

    begin: float
    end: float
    reason: str


TranscriptPiece: TypeAlias = Utterance | TranscriptGap


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The transcript of one recording.

    Args:
        file: its path, as given or found.
        name: the path of its transcript in an output folder, without the suffix.
        seconds: its length.
        language: the spoken language.
        recognizer: the name of the recognizer.
        model: its model, if it has several.
        pieces: utterances and gaps, in order.
        chunks: the number of chunks.
        failed: the number of chunks that are gaps.
        problem: why it ends before the recording does; None if it is complete.
    """

    file: str
    name: str
    seconds: float
    language: str
    recognizer: str
    model: str
    pieces: tuple[TranscriptPiece, ...]
    chunks: int
    failed: int
    problem: str | None = None


# The events of a transcription, and its report.


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionStarted:
    """The recognizer starts.

    Args:
        recordings: the number of recordings.
        seconds: their total length, without those of unknown length.
        workers: the number of chunks recognized in parallel.
    """

    recordings: int
    seconds: float
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRecognized:
    """A chunk was recognized, or has failed.

    Args:
        file: its recording.
        begin: its start in the recording, in seconds.
        end: its end.
        letters: the number of recognized letters.
        seconds: how long recognition took, with all attempts.
        attempts: the number of attempts.
        error: why it is a gap; None if it is none.
    """

    file: str
    begin: float
    end: float
    letters: int
    seconds: float
    attempts: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyReduced:
    """Many chunks fail, or succeed again: the new number of chunks recognized in parallel."""

    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingTranscribed:
    """A recording is done; ``number`` is its place among all of them, from 0."""

    number: int
    transcript: Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingUnusable:
    """A file that cannot be transcribed, or only in part."""

    problem: InputError


TranscriptionEvent: TypeAlias = (
    TranscriptionStarted
    | ChunkRecognized
    | ConcurrencyReduced
    | RecordingTranscribed
    | RecordingUnusable
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionReport:
    """The report of a transcription.

    Args:
        recordings: the number of transcribed recordings.
        audio_seconds: their total length.
        chunks: the number of their chunks.
        failed: the number of chunks that are gaps.
        problems: files that cannot be transcribed, or only in part.
        workers: the number of chunks recognized in parallel.
        seconds: how long it took.
    """

    recordings: int
    audio_seconds: float
    chunks: int
    failed: int
    problems: tuple[InputError, ...]
    workers: int
    seconds: float

    @property
    def success_rate(self) -> float:
        """The share of recognized chunks, 0 to 1."""
        return 1.0 if not self.chunks else (self.chunks - self.failed) / self.chunks
